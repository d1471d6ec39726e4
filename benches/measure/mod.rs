//! What a program cost: wall time, processor time and peak memory of one child, as the system accounts for them.
//!
//! A child's figures are its own and those of nobody else: not the bench's, not a server's beside it. The
//! system says them where a child is waited for with `wait4`; elsewhere there is wall time alone. A child's peak
//! cannot be less than the bench's own when it was started, so a bench keeps nothing large in memory.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: u64 = 3;

/// What one run cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub wall: Duration,
    pub accounts: Option<Accounts>,
}

/// What only some systems tell.
#[cfg_attr(not(unix), allow(dead_code))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accounts {
    /// User and system.
    pub cpu: Duration,
    /// In bytes.
    pub peak: u64,
}

impl Cost {
    /// In words, with how much of `count` things was done in a second.
    pub(crate) fn words(&self, count: u64, things: &str) -> String {
        let rate = count as f64 / self.wall.as_secs_f64();
        let wall = format!("{:7.3} s  {rate:9.0} {things}/s", self.wall.as_secs_f64());
        match self.accounts {
            None => wall,
            Some(Accounts { cpu, peak }) => {
                let (cpu, peak) = (cpu.as_secs_f64(), peak as f64 / f64::from(1 << 20));
                let each = cpu * 100_000.0 / count as f64;
                format!(
                    "{wall}  cpu {cpu:6.2} s ({each:5.3} s per 100k {things})  peak {peak:5.1} MiB"
                )
            }
        }
    }
}

/// Whether this is `cargo bench`; a test run that builds everything must not be held up by measuring.
pub(crate) fn is_wanted() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// How many rows to measure with: the first number among the arguments, or NOTEFERRY_BENCH_ROWS.
pub(crate) fn rows(default: u64) -> u64 {
    let argument = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    argument.or_else(|| number("NOTEFERRY_BENCH_ROWS")).unwrap_or(default)
}

/// How often to measure each thing: NOTEFERRY_BENCH_RUNS.
pub(crate) fn runs() -> u64 {
    number("NOTEFERRY_BENCH_RUNS").unwrap_or(RUNS)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The program that is measured: that of this build, or NOTEFERRY_BENCH_PROGRAM to compare with another. The
/// user's own settings are kept away from it.
pub(crate) fn noteferry() -> Command {
    let program = std::env::var_os("NOTEFERRY_BENCH_PROGRAM")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_noteferry")), PathBuf::from);
    let mut command = Command::new(program);
    let ours = |name: &str| name.starts_with("STRINGEE") || name.starts_with("NOTEFERRY");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
        command.env_remove(name);
    }
    command
}

/// A folder for what a bench writes, on a real disk and gone afterwards.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder can be written to")
}

/// Runs a command to its end. What it says goes to a file in `folder`, and is shown if it fails.
pub(crate) fn cost(command: &mut Command, folder: &Path) -> Cost {
    let words = folder.join("words.txt");
    let file = File::create(&words).expect("the bench's folder can be written to");
    let again = file.try_clone().expect("a file can be had twice");
    command.stdin(Stdio::null()).stdout(file).stderr(again);
    let began = Instant::now();
    let child = command.spawn().expect("the program is there: cargo has built it");
    let (succeeded, accounts) = wait(child);
    let wall = began.elapsed();
    if !succeeded {
        let said = std::fs::read_to_string(&words).unwrap_or_default();
        panic!("{command:?} failed:\n{said}");
    }
    Cost { wall, accounts }
}

#[cfg(unix)]
#[allow(unsafe_code)] // the system alone knows what a child has used
fn wait(child: Child) -> (bool, Option<Accounts>) {
    let id = libc::pid_t::try_from(child.id()).expect("a process id is one");
    let mut status = 0;
    // SAFETY: `rusage` is numbers only, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to values that live through the call; `child` is ours and not waited for yet.
    let waited = unsafe { libc::wait4(id, &raw mut status, 0, &raw mut usage) };
    assert_eq!(waited, id, "a child can be waited for once");
    let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
    let peak = u64::try_from(usage.ru_maxrss).unwrap_or(0) * PEAK_UNIT;
    let succeeded = libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0;
    (succeeded, Some(Accounts { cpu, peak }))
}

/// Apple counts bytes, all others kibibytes.
#[cfg(unix)]
const PEAK_UNIT: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

#[cfg(unix)]
fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

#[cfg(not(unix))]
fn wait(mut child: Child) -> (bool, Option<Accounts>) {
    (child.wait().expect("a child can be waited for").success(), None)
}
