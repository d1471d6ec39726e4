//! What a rerun costs beside a check: processor time and peak memory, all in one run of the bench.
//!
//!     cargo bench --bench rerun
//!     cargo bench --bench rerun -- 100000
//!
//! A million notes, or as many as the argument or NOTEFERRY_BENCH_ROWS says, are checked, and sent once to a sandbox in
//! a process of its own. Then they are run again with nothing to do, planned, run again with one new row at the end of
//! the file, and their status is asked for. This is done for a data file, whose rows are known by their content, and
//! for a job with a `key` and an expression. Nothing here judges: whoever runs it compares with the figures below.
//!
//! The aims, as ratios to the processor time of the check: 2.0 for a rerun and for a plan, 2.2 with one new row; one
//! second for the status; and no more memory than 64 MiB and 40 bytes a row.
//!
//! # Figures
//!
//! November 2026, two cores with others at work on them, a million rows of a data file, seconds of processor time (the
//! middle one of three, each beside a check of its own), and the ratio to that check:
//!
//! | what | seconds | ratio |
//! |---|---|---|
//! | check | 1.36 | |
//! | run again, all done | 2.20 | 1.6 (1.6 to 1.7) |
//! | plan, all done | 1.94 | 1.5 (1.2 to 1.6) |
//! | status of the ledger | 0.78 at the quietest | |
//! | status of the file, whose rows it counts | 2.4 | 1.8 |
//!
//! With one new row 1.9, and of a job with a key 1.9 and 1.8, in a build some small changes older. At most 60 MiB; a status of
//! the file 95. Status keeps to its second where it is asked of the ledger alone: with a job it reads the source, as a check
//! does. A rerun reads the ledger for 0.5 s, a third of which is the system's; the digest of each row, which a check does not
//! make, takes 0.35 s. Finding a row in the history costs nothing as long as the source is in about the order in which it was
//! sent, and a fetch from memory or three for each row elsewhere.

mod data;
mod measure;
mod sandbox;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use measure::Cost;
use sandbox::Sandbox;

const ROWS: u64 = 1_000_000;

fn main() {
    if !measure::is_wanted() {
        return;
    }
    let rows = measure::rows(ROWS);
    for keyed in [false, true] {
        let bench = Bench::new(rows, keyed);
        println!("{}, {rows} rows", if keyed { "a job with a key" } else { "a data file" });
        bench.run();
    }
}

/// A file of notes, the job that sends them, and where they go.
struct Bench {
    folder: tempfile::TempDir,
    rows: u64,
    csv: PathBuf,
    /// What follows the verb.
    job: Vec<String>,
    sandbox: Sandbox,
}

impl Bench {
    fn new(rows: u64, keyed: bool) -> Self {
        let folder = measure::folder();
        let csv = folder.path().join(data::KEYED_FILE);
        data::write_notes(&csv, rows, keyed).expect("the disk has room");
        let path = if keyed { folder.path().join("keyed.yaml") } else { csv.clone() };
        let mut job = vec![path.display().to_string()];
        if keyed {
            std::fs::write(&path, data::KEYED_JOB).expect("the disk has room");
        } else {
            job.extend(["--operation", "ticket_note.create"].map(str::to_owned));
        }
        Self { folder, rows, csv, job, sandbox: Sandbox::start() }
    }

    fn run(&self) {
        let check = self.measure("check", None, || self.command("check"));
        let first = measure::cost(&mut self.sending("run"), self.folder.path());
        println!("  the first run: {}", first.words(self.rows, "rows"));
        self.measure("run again, all done", Some(check), || self.sending("run"));
        self.measure("plan, all done", Some(check), || self.sending("plan"));
        let mut new = 0;
        self.measure("run again, one new row", Some(check), || {
            new += 1;
            self.add_row(new);
            self.sending("run")
        });
        self.measure("status", Some(check), || self.command("status"));
    }

    /// Measures some times and shows each; gives the middle one's processor time in seconds.
    fn measure(&self, what: &str, base: Option<f64>, mut command: impl FnMut() -> Command) -> f64 {
        let mut times = Vec::new();
        for _ in 0..measure::runs() {
            let cost = measure::cost(&mut command(), self.folder.path());
            let cpu = cpu(&cost);
            let ratio = base.map_or(String::new(), |base| format!("  {:5.2} x check", cpu / base));
            println!("  {what:<24}{}{ratio}", cost.words(self.rows, "rows"));
            times.push(cpu);
        }
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = measure::noteferry();
        command.arg(verb).args(&self.job).arg("--no-progress");
        command
    }

    fn sending(&self, verb: &str) -> Command {
        let mut command = self.command(verb);
        command.args(["--rate", "1000000/s", "--concurrency", "64"]);
        command.args(["--base-url", self.sandbox.text("base_url")]);
        command.env("STRINGEEX_EMAIL", self.sandbox.text("email"));
        command.env("STRINGEEX_PASSWORD", self.sandbox.text("password"));
        command
    }

    /// Adds the so-manieth new row to the end of the file.
    fn add_row(&self, number: u64) {
        let numbered = self.job.len() == 1;
        let id = if numbered { format!("N{number},") } else { String::new() };
        let mut file = OpenOptions::new().append(true).open(&self.csv).expect("the file is there");
        writeln!(file, "{id}tk_new{number},a new note,true,0,0,,").expect("the disk has room");
    }
}

/// Processor time in seconds; where the system does not tell it, the time by the wall.
fn cpu(cost: &Cost) -> f64 {
    cost.accounts.map_or(cost.wall, |accounts| accounts.cpu).as_secs_f64()
}
