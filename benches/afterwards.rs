//! What it costs to write out what is not done, and what is, beside reading the rows of the ledger with `sqlite3`: processor
//! time and peak memory, all in one run of the bench.
//!
//!     cargo bench --bench afterwards
//!     cargo bench --bench afterwards -- 100000
//!
//! A million notes, or as many as the argument or NOTEFERRY_BENCH_ROWS says, are sent once to a sandbox in a process of its
//! own; then every tenth of them is made one that was refused, in the ledger. `sqlite3` reads the rows; `done` and `rejects`
//! write theirs to a file. Nothing here judges: whoever runs it compares.
//!
//! The aims, as ratios to the processor time of `sqlite3`: 5 for each, and memory that grows by the forty bytes a row of the
//! history with `rejects`, and not at all with `done`. Without `sqlite3` on the machine there are no ratios.

mod data;
mod measure;
mod sandbox;

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
    let folder = measure::folder();
    let csv = folder.path().join(data::KEYED_FILE);
    data::write_notes(&csv, rows, true).expect("the disk has room");
    let job = folder.path().join("keyed.yaml");
    std::fs::write(&job, data::KEYED_JOB).expect("the disk has room");
    let bench = Bench { job, rows, sandbox: Sandbox::start(), folder };
    println!("a job with a key, {rows} rows");
    bench.run();
}

struct Bench {
    job: PathBuf,
    rows: u64,
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl Bench {
    fn run(&self) {
        let first = measure::cost(&mut self.sending(), self.folder.path());
        println!("  the first run: {}", first.words(self.rows, "rows"));
        self.refuse_every_tenth();
        let base = self.measure("sqlite3, all rows", None, || self.read());
        self.measure("done", base, || self.writing("done", "done.csv"));
        self.measure("rejects", base, || self.writing("rejects", "rejects.csv"));
        self.measure("done, as lines of JSON", base, || self.writing("done", "done.jsonl"));
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join(".noteferry/ledger.db")
    }

    fn refuse_every_tenth(&self) {
        let ledger = rusqlite::Connection::open(self.ledger()).expect("the run has made it");
        let refuse = "UPDATE ends SET outcome = 'refused', remote_id = NULL, code = '4', reason = 'answered', \
                      message = 'ticket not found' WHERE id % 10 = 0";
        ledger.execute(refuse, []).expect("nobody else writes");
        let count =
            "UPDATE runs SET failed = succeeded / 10, succeeded = succeeded - succeeded / 10";
        ledger.execute(count, []).expect("nobody else writes");
    }

    /// What a person would do without these verbs.
    fn read(&self) -> Command {
        let mut command = Command::new("sqlite3");
        command.args(["-csv", "-header"]).arg(self.ledger());
        command.arg("SELECT starts.key, ends.remote_id, starts.lane, starts.operation, ends.at, starts.row FROM starts \
                     JOIN ends ON ends.id = starts.id AND ends.number = starts.number");
        command.stdout(std::process::Stdio::null());
        command
    }

    fn writing(&self, verb: &str, file: &str) -> Command {
        let mut command = measure::noteferry();
        command.arg(verb).arg(&self.job).arg("-o").arg(self.folder.path().join(file));
        command.args(["--no-progress", "--force"]);
        command
    }

    fn sending(&self) -> Command {
        let mut command = measure::noteferry();
        command.arg("run").arg(&self.job).args([
            "--no-progress",
            "--rate",
            "1000000/s",
            "--concurrency",
            "64",
        ]);
        command.args(["--base-url", self.sandbox.text("base_url")]);
        command.env("STRINGEEX_EMAIL", self.sandbox.text("email"));
        command.env("STRINGEEX_PASSWORD", self.sandbox.text("password"));
        command
    }

    /// Measures some times and shows each; gives the middle one's processor time in seconds, if there is such a program.
    fn measure(
        &self,
        what: &str,
        base: Option<f64>,
        mut command: impl FnMut() -> Command,
    ) -> Option<f64> {
        let program = command().get_program().to_owned();
        if Command::new(&program).arg("--version").output().is_err() {
            println!("  {what}: there is no {}", program.display());
            return None;
        }
        let mut times = Vec::new();
        for _ in 0..measure::runs() {
            let cost = measure::cost(&mut command(), self.folder.path());
            let cpu = cpu(&cost);
            let ratio =
                base.map_or(String::new(), |base| format!("  {:5.2} x sqlite3", cpu / base));
            println!("  {what:<24}{}{ratio}", cost.words(self.rows, "rows"));
            times.push(cpu);
        }
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    }
}

/// Processor time in seconds; where the system does not tell it, the time by the wall.
fn cpu(cost: &Cost) -> f64 {
    cost.accounts.map_or(cost.wall, |accounts| accounts.cpu).as_secs_f64()
}
