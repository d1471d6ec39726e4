//! Writes `src/often.ld`: which functions ordinary work executes, for the linker to lay them side by side (`build.rs` says why).
//!
//!     NOTEFERRY_OFTEN=no CARGO_PROFILE_BENCH_STRIP=none cargo bench --bench often
//!
//! To be called when ordinary work has come to execute much that it did not. Valgrind has to be there, whose callgrind names every
//! function that a command has executed, and `nm` of binutils. Names lose the hash at their end, by which they would hold for one
//! compiler and one profile. Nothing is measured here; `benches/run.rs` and `benches/sources.rs` show the peak of memory that
//! comes of it.

#[path = "data/mod.rs"]
mod data;
#[allow(dead_code)] // nothing is measured
mod measure;
mod sandbox;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sandbox::Sandbox;

/// Enough for every buffer to be filled and every bound of an ordinary run to be met.
const ROWS: u64 = 2_000;

/// A check of a plain file executes more functions than that.
const FEWEST: usize = 500;

const NESTED_JOB: &str = "job: nested\noperation: ticket_note.create\n\
    source: { json: tickets.json, at: /tickets, each: /comments }\n\
    map: { ticket_id: '{{ parent.id }}', note: '{{ body }}', is_internal_note: true }\n";

fn main() {
    if !measure::is_wanted() {
        return;
    }
    let folder = measure::folder();
    let at = |name: &str| folder.path().join(name);
    let written = "the disk has room";
    data::write_notes(&at("plain.csv"), ROWS, false).expect(written);
    data::write_notes(&at(data::KEYED_FILE), ROWS, true).expect(written);
    std::fs::write(at("keyed.yaml"), data::KEYED_JOB).expect(written);
    std::fs::write(at("nested.yaml"), NESTED_JOB).expect(written);
    std::fs::write(at("tickets.json"), tickets()).expect(written);
    let sandbox = Sandbox::start();
    let mut often = Often::default();
    // What the least commands need comes first: they need nothing of what comes after.
    for (title, words) in [
        ("check", "check plain.csv --operation ticket_note.create"),
        ("check, by a job", "check keyed.yaml"),
        ("check, nested JSON", "check nested.yaml"),
        ("run", "run plain.csv --operation ticket_note.create --ledger plain.db"),
        ("run, by a job", "run keyed.yaml"),
        ("run, all of it done", "run keyed.yaml"),
        ("plan", "plan keyed.yaml"),
        ("status", "status keyed.yaml"),
    ] {
        let count = often.add(title, executed(folder.path(), &sandbox, words));
        println!("{title}: {count} functions more");
        assert!(
            title != "check" || count > FEWEST,
            "this program is stripped, or is laid out by such a list"
        );
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/often.ld");
    std::fs::write(&path, often.script(&all_functions(&program())))
        .expect("the source folder can be written to");
    println!("{}", path.display());
}

fn tickets() -> String {
    let body = "Khách báo không đăng nhập được, đã gọi lại và hẹn ngày mai. ".repeat(4);
    let comment = |id: u64| format!("{{\"id\": {id}, \"body\": \"{body}\"}}");
    let ticket = |id: u64| format!("{{\"id\": \"tk_{id}\", \"comments\": [{}]}}", comment(id));
    let all: Vec<String> = (1..=ROWS).map(ticket).collect();
    format!("{{\"tickets\": [{}]}}", all.join(","))
}

/// Which functions of the program a command executes, in the order in which callgrind names them.
fn executed(folder: &Path, sandbox: &Sandbox, words: &str) -> Vec<String> {
    let (program, out) = (program(), folder.join("executed.out"));
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--demangle=no"]);
    command.arg(format!("--callgrind-out-file={}", out.display())).arg(&program);
    command.args(words.split(' ')).arg("--no-progress").current_dir(folder);
    if words.starts_with("run") {
        command.args(["--rate", "100000/s", "--concurrency", "64"]);
        command.args(["--base-url", sandbox.text("base_url")]);
    }
    command.env("STRINGEEX_EMAIL", sandbox.text("email"));
    command.env("STRINGEEX_PASSWORD", sandbox.text("password"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let ended = command.output().expect("valgrind is installed");
    assert!(ended.status.success(), "{words}: {}", String::from_utf8_lossy(&ended.stderr));
    let profile = std::fs::read(&out).expect("callgrind writes what it has counted");
    functions(&String::from_utf8_lossy(&profile), &program)
}

fn program() -> PathBuf {
    PathBuf::from(measure::noteferry().get_program())
}

/// The functions of `program` that have a count in a profile of callgrind's. A name is said once, with its number, and then
/// meant by the number.
fn functions(profile: &str, program: &Path) -> Vec<String> {
    let (mut objects, mut names) = (HashMap::new(), HashMap::new());
    let (mut is_ours, mut found) = (false, Vec::new());
    for line in profile.lines() {
        let Some((kind, rest)) = line.split_once('=') else { continue };
        let known = match kind {
            "ob" | "cob" => &mut objects,
            "fn" | "cfn" => &mut names,
            _ => continue,
        };
        let (number, name) = rest.split_once(' ').unwrap_or((rest, ""));
        let name = known.entry(number.to_owned()).or_insert_with(|| name.to_owned()).clone();
        match kind {
            "ob" => is_ours = Path::new(&name) == program,
            "fn" if is_ours => found.push(name),
            _ => {}
        }
    }
    found
}

/// Of each function of the program its name, and of functions of one name as many.
fn all_functions(program: &Path) -> Vec<String> {
    let listed = Command::new("nm").arg(program).output().expect("nm is installed");
    let listed = String::from_utf8_lossy(&listed.stdout);
    // An address, a kind, and the name: `t` and `T` are code.
    let symbols =
        listed.lines().filter_map(|line| line.split_once(" t ").or_else(|| line.split_once(" T ")));
    symbols.map(|(_, name)| name.to_owned()).collect()
}

/// What ordinary work executes.
#[derive(Default)]
struct Often {
    known: HashSet<String>,
    /// Of each command what none before has executed.
    commands: Vec<(&'static str, Vec<String>)>,
}

impl Often {
    /// Adds what a command executes, and says how much of that none before has.
    fn add(&mut self, title: &'static str, functions: Vec<String>) -> usize {
        // Of one that calls itself callgrind says `'2`, of one without a name its address.
        let names = functions
            .into_iter()
            .map(|name| name.split('\'').next().unwrap_or_default().to_owned());
        let is_plain =
            |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_$.".contains(c));
        let named =
            names.filter(|name| !name.is_empty() && !name.starts_with("0x") && is_plain(name));
        let mut new: Vec<String> = named.filter(|name| self.known.insert(name.clone())).collect();
        new.sort_unstable();
        let count = new.len();
        self.commands.push((title, new));
        count
    }

    /// What the linker is to be told, of a program with all these functions. A name stands for all that bear it, whatever their hash,
    /// which differs with the compiler and with the profile; one that hundreds share, of which few are executed, is left out.
    fn script(&self, all: &[String]) -> String {
        let count = |names: &mut dyn Iterator<Item = &String>| {
            names.fold(HashMap::new(), |mut counts: HashMap<String, usize>, name| {
                *counts.entry(pattern(name)).or_default() += 1;
                counts
            })
        };
        let (all, executed) = (count(&mut all.iter()), count(&mut self.known.iter()));
        let is_meant = |pattern: &String| {
            executed.get(pattern).unwrap_or(&0) * MOST >= *all.get(pattern).unwrap_or(&0)
        };
        // What a compiler holds to be unlikely is done once by most commands: growing a list, setting up a table.
        let mut script =
            "/* Written by benches/often.rs, for build.rs. */\nSECTIONS {\n.text.often : {\n\
            *(.text.unlikely.*)\n"
                .to_owned();
        for (title, names) in &self.commands {
            let patterns = names.iter().map(|name| pattern(name)).filter(is_meant);
            let mut sections: Vec<String> =
                patterns.map(|pattern| format!(".text.{pattern}\n")).collect();
            sections.dedup();
            script.push_str(&format!("/* {title} */\n*(\n{})\n", sections.concat()));
        }
        script.push_str("}\n}\nINSERT BEFORE .text;\n");
        script
    }
}

/// A name is meant where at least one in so many functions that bear it is executed.
const MOST: usize = 40;

/// A name with a star for what names the compiler and not the function: the hash at the end, what tells crates of one name apart,
/// and the number of what was taken into another unit.
fn pattern(name: &str) -> String {
    let hash = name.starts_with("_ZN").then(|| name.rfind("17h")).flatten();
    let taken = || {
        name.split_once(".llvm.").map_or_else(|| name.to_owned(), |(name, _)| format!("{name}*"))
    };
    match hash {
        Some(at) => format!("{}*", &name[..at + 3]),
        None if name.starts_with("_R") => without_compiler(&taken()),
        None => taken(),
    }
}

/// A name as `_RNvCs1234_4core3fmt5write`, with a star for what stands between `Cs` and `_`.
fn without_compiler(name: &str) -> String {
    let mut parts = name.split("Cs");
    let mut pattern = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let told_apart = part.split_once('_').filter(|(told_apart, _)| told_apart.len() > 8);
        let part = told_apart.map_or(format!("Cs{part}"), |(_, name)| format!("Cs*_{name}"));
        pattern.push_str(&part);
    }
    pattern
}
