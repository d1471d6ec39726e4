//! Tells the linker which functions ordinary work executes, so that it lays them side by side.
//!
//! A system maps a program in windows (64 KiB on Linux), and a run executes a quarter of this one. Scattered as the compiler
//! leaves them, its functions touch nearly every window: ten megabytes that no command needs. `src/often.ld` names them;
//! `benches/often.rs` writes it. Nothing depends on that: a name that no longer exists is passed over, and where the linker
//! does not understand such a file, which is tried first, the program is as it would be without.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const OFTEN: &str = "src/often.ld";
/// Set to `no`, functions lie as the compiler leaves them. `benches/often.rs` needs that: valgrind names no function that lies elsewhere.
const SWITCH: &str = "NOTEFERRY_OFTEN";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={OFTEN}");
    println!("cargo:rerun-if-env-changed={SWITCH}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // What is built to be debugged is linked often and lives shortly.
    if !is("CARGO_CFG_TARGET_OS", "linux") || !is("PROFILE", "release") || is(SWITCH, "no") {
        return;
    }
    let Some((argument, scratch)) = argument().zip(env::var_os("OUT_DIR").map(PathBuf::from))
    else {
        return;
    };
    if links(&scratch, &argument) {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}

/// What the linker is to be told.
fn argument() -> Option<String> {
    let path = Path::new(&env::var_os("CARGO_MANIFEST_DIR")?).join(OFTEN);
    // A comma would end the argument.
    let path = path.to_str().filter(|path| !path.contains(','))?;
    Some(format!("-Wl,-T,{path}"))
}

/// Whether a program of nothing can be linked that way, by the compiler, the linker and the flags of this build.
fn links(scratch: &Path, argument: &str) -> bool {
    let (Some(compiler), Some(target)) = (env::var_os("RUSTC"), env::var_os("TARGET")) else {
        return false;
    };
    let source = scratch.join("nothing.rs");
    if std::fs::write(&source, "fn main() {}\n").is_err() {
        return false;
    }
    let mut command = Command::new(compiler);
    command.arg(&source).arg("--target").arg(target).arg("-o").arg(scratch.join("nothing"));
    command.arg("-C").arg(format!("link-arg={argument}"));
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut setting = OsString::from("linker=");
        setting.push(linker);
        command.arg("-C").arg(setting);
    }
    if let Ok(flags) = env::var("CARGO_ENCODED_RUSTFLAGS") {
        command.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
