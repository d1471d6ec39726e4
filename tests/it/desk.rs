//! A folder with files, and the binary started in it: arguments and environment in, status and output out.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;

use noteferry::proofs::Quota;
use noteferry::sandbox::{EMAIL, Options, PASSWORD, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

/// A job of notes with keys, whose rows are in `notes.csv`: `id,ticket,body`.
pub(crate) const NOTES_JOB: &str = r#"job: notes
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: "{{ ticket }}"
  note: "{{ body }}"
  is_internal_note: true
key: "{{ id }}"
"#;

/// The counts of a closing event that make up its rows.
const COUNTS: [&str; 10] = [
    "succeeded",
    "already_done",
    "failed",
    "invalid",
    "in_doubt",
    "not_started",
    "filtered",
    "duplicates",
    "dismissed",
    "undone",
];

/// Rows for [`NOTES_JOB`]: `Note 1` to `Note N`, one after the other on so many tickets.
pub(crate) fn notes_csv(rows: usize, tickets: usize) -> String {
    let mut csv = "id,ticket,body\n".to_owned();
    for row in 1..=rows {
        csv.push_str(&format!("k{row},tk_{},Note {row}\n", row % tickets));
    }
    csv
}

/// A sandbox without quotas, with faults as in `503=5%`.
pub(crate) fn sandbox(faults: &str) -> Sandbox {
    sandbox_with(Options { faults: faults.parse().unwrap(), ..unhurried() })
}

pub(crate) fn sandbox_with(options: Options) -> Sandbox {
    Sandbox::start(options).unwrap()
}

/// No quotas, and a push-back does not say for how long.
pub(crate) fn unhurried() -> Options {
    Options { quotas: Vec::<Quota>::new(), retry_after: false, ..Options::default() }
}

/// The texts of the notes that a sandbox has been given, ticket by ticket, those of one in the order of their arrival:
/// between tickets, which a run writes to side by side, there is none.
pub(crate) fn texts(sandbox: &Sandbox) -> Vec<String> {
    let books = sandbox.books();
    let mut notes: Vec<_> = books["notes"].as_array().unwrap().iter().collect();
    notes.sort_by_key(|note| note["ticket_id"].as_str().unwrap());
    notes.iter().map(|note| note["note"].as_str().unwrap().to_owned()).collect()
}

/// How many requests a sandbox has seen, logins included.
pub(crate) fn requests(sandbox: &Sandbox) -> u64 {
    sandbox.books()["requests"].as_u64().unwrap()
}

/// A temporary folder, and what the binary finds in its environment.
pub(crate) struct Desk {
    folder: TempDir,
    /// What its runs share, as those of one user.
    state: Arc<TempDir>,
    variables: Vec<(String, String)>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            state: Arc::new(tempfile::tempdir().unwrap()),
            variables: Vec::new(),
        }
    }

    /// A desk with [`NOTES_JOB`] as `job.yaml` and these rows.
    pub(crate) fn with_notes(csv: impl AsRef<[u8]>) -> Self {
        Self::new().file("job.yaml", NOTES_JOB).file("notes.csv", csv)
    }

    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(name, content);
        self
    }

    /// With a StringeeX whose lists are of no use to settle a lost answer.
    pub(crate) fn without_recovery(self) -> Self {
        self.with_connector(|text| {
            let mut inside = false;
            let kept = text.lines().filter(|line| {
                inside = line.starts_with("recover:") || (inside && line.starts_with("  "));
                !inside
            });
            kept.map(|line| format!("{line}\n")).collect()
        })
    }

    /// With a StringeeX that is done with a lost request after so long.
    pub(crate) fn sure_after(self, wait: &str) -> Self {
        let sure_after = format!("sure_after: {wait}");
        self.with_connector(|text| text.replace("sure_after: 10s", &sure_after))
    }

    /// With a StringeeX whose 503 says that it surely did not act.
    pub(crate) fn trusting_503(self) -> Self {
        self.with_connector(|text| text.replace("status: [408, 425, 429]", "status: [429, 503]"))
    }

    /// With a StringeeX, as shipped or as it is on the desk already, of which each file is written a little differently.
    pub(crate) fn with_connector(self, change: impl Fn(String) -> String) -> Self {
        let shipped = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/stringeex"));
        let own = self.path("schemas/stringeex");
        for entry in std::fs::read_dir(if own.exists() { &own } else { shipped }).unwrap() {
            let path = entry.unwrap().path();
            let text = change(std::fs::read_to_string(&path).unwrap());
            let name = path.file_name().unwrap().to_str().unwrap();
            self.write(&format!("schemas/stringeex/{name}"), text);
        }
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Another desk of the same user.
    pub(crate) fn beside(mut self, other: &Self) -> Self {
        self.state = Arc::clone(&other.state);
        self
    }

    /// Where its runs keep what they share.
    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The files below the folder, sorted, with their contents; but for locks.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let is_lock = |path: &Path| path.extension() == Some(OsStr::new("lock"));
        let is_below = |path: &Path| path.starts_with(self.folder.path());
        let files = self.all_files().into_iter();
        files.filter(|(path, _)| is_below(path) && !is_lock(path)).collect()
    }

    /// All of them. Some systems let nobody read a lock that is held; then it is left out.
    pub(crate) fn all_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(self.folder.path(), &mut files);
        collect(self.state.path(), &mut files);
        files.sort();
        files
    }

    /// The ledger of the jobs in the folder itself, as anyone can read it.
    pub(crate) fn ledger(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path(".noteferry/ledger.db")).unwrap()
    }

    /// Runs the binary to its end. Arguments are separated by blanks.
    pub(crate) fn call(&self, arguments: &str) -> Outcome {
        self.start(arguments).outcome()
    }

    /// Runs a job against a sandbox, with its credentials and no pace; gives events.
    pub(crate) fn run(&self, sandbox: &Sandbox, arguments: &str) -> Outcome {
        self.start_run(sandbox, arguments).outcome()
    }

    pub(crate) fn start_run(&self, sandbox: &Sandbox, arguments: &str) -> Started {
        Started::spawn(self.run_command(sandbox, arguments))
    }

    /// Likewise, where no file can be larger than so many KiB.
    #[cfg(unix)]
    pub(crate) fn start_run_within(
        &self,
        room: u64,
        sandbox: &Sandbox,
        arguments: &str,
    ) -> Started {
        let run = self.run_command(sandbox, arguments);
        let mut command = Command::new("sh");
        // POSIX counts in blocks of 512 bytes. A write over the limit brings a signal, too.
        let script = format!("ulimit -f {}; exec \"$0\" \"$@\"", room * 2);
        command.arg("-c").arg(script).arg(run.get_program()).args(run.get_args());
        command.current_dir(self.folder.path()).env_clear();
        command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Started::spawn(command)
    }

    /// Likewise, where a signal was to be ignored from the start.
    #[cfg(unix)]
    pub(crate) fn start_run_ignoring(
        &self,
        signal: &str,
        sandbox: &Sandbox,
        arguments: &str,
    ) -> Started {
        let run = self.run_command(sandbox, arguments);
        let mut command = Command::new("sh");
        let script = format!("trap '' {signal}; exec \"$0\" \"$@\"");
        command.arg("-c").arg(script).arg(run.get_program()).args(run.get_args());
        command.current_dir(self.folder.path()).env_clear();
        command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Started::spawn(command)
    }

    fn run_command(&self, sandbox: &Sandbox, arguments: &str) -> Command {
        let address = sandbox.base_url();
        let arguments =
            format!("run {arguments} --base-url {address} --rate 1000/10ms --format json");
        let mut command = self.command(&arguments);
        command.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
        command
    }

    /// Starts the binary against a sandbox, with its credentials.
    pub(crate) fn start_at(&self, sandbox: &Sandbox, arguments: &str) -> Started {
        let mut command = self.command(&format!("{arguments} --base-url {}", sandbox.base_url()));
        command.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
        Started::spawn(command)
    }

    /// Runs the binary to its end against a sandbox, with its credentials; tells what people are told.
    pub(crate) fn call_at(&self, sandbox: &Sandbox, arguments: &str) -> Outcome {
        let mut command = self.command(&format!("{arguments} --base-url {}", sandbox.base_url()));
        command.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
        Started::spawn(command).outcome()
    }

    /// What would run the binary so.
    #[cfg(target_os = "linux")]
    pub(crate) fn command_at(&self, sandbox: &Sandbox, arguments: &str) -> Command {
        let mut command = self.command(&format!("{arguments} --base-url {}", sandbox.base_url()));
        command.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
        command
    }

    /// Likewise, with this piped in.
    pub(crate) fn call_piped(&self, sandbox: &Sandbox, arguments: &str, input: &[u8]) -> Outcome {
        let mut command = self.command(&format!("{arguments} --base-url {}", sandbox.base_url()));
        command.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
        let mut started = Started::spawn(command.stdin(Stdio::piped()));
        let (mut pipe, input) = (started.child.stdin.take().unwrap(), input.to_vec());
        // Whoever is refused does not read it.
        let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
        let outcome = started.outcome();
        writer.join().unwrap();
        outcome
    }

    /// Likewise, where the folder of connectors is not named.
    pub(crate) fn start_plain(&self, arguments: &str) -> Started {
        let command = self.command("");
        let mut plain = Command::new(command.get_program());
        plain.current_dir(self.folder.path()).args(arguments.split_whitespace()).env_clear();
        plain.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        plain.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Started::spawn(&mut plain)
    }

    pub(crate) fn start(&self, arguments: &str) -> Started {
        Started::spawn(self.command(arguments))
    }

    /// Runs the binary to its end, with its words and data going there; what is not piped is not heard.
    pub(crate) fn call_into(&self, arguments: &str, stdout: Stdio, stderr: Stdio) -> Outcome {
        let mut command = self.command(arguments);
        let output = command.stdout(stdout).stderr(stderr).output().unwrap();
        Outcome {
            status: output.status.code().unwrap_or(-1),
            killed: was_killed(output.status),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Nothing of the environment that the tests run in gets through.
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_noteferry"));
        command.current_dir(self.folder.path()).args(arguments.split_whitespace()).env_clear();
        if self.path("schemas/stringeex").exists() && !arguments.starts_with("sandbox") {
            // What lies near the job takes no built-in connector's place unless it is named.
            command.args(["--connectors", "schemas"]);
        }
        for name in ["SystemRoot", "TEMP", "TMP", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("TZ", "UTC").env("NOTEFERRY_STATE", self.state.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// Takes out of a ledger what came of an attempt, as if its run had died before it could write that down.
pub(crate) fn forget_outcome(ledger: &rusqlite::Connection, row: i64, number: i64) {
    let forget = "DELETE FROM ends WHERE id = ? AND number = ?";
    ledger.execute(forget, (row, number)).unwrap();
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if let Ok(content) = std::fs::read(&path) {
            files.push((path, content));
        }
    }
}

/// The binary under way. Killed when it is dropped.
pub(crate) struct Started {
    child: Child,
    lines: Option<Lines<BufReader<ChildStdout>>>,
    heard: String,
}

impl Started {
    fn spawn(mut command: impl std::borrow::BorrowMut<Command>) -> Self {
        let command = command.borrow_mut();
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines: Some(lines), heard: String::new() }
    }

    /// Waits for the next line on stdout, but for the one that says that a run has started.
    pub(crate) fn line(&mut self) -> Option<String> {
        loop {
            let line = self.lines.as_mut()?.next()?.unwrap();
            self.heard.push_str(&line);
            self.heard.push('\n');
            if !line.starts_with("{\"event\":\"started\"") {
                return Some(line);
            }
        }
    }

    /// Ends it at once, as a loss of power would, unless it has ended by itself.
    pub(crate) fn kill(mut self) -> Outcome {
        self.child.kill().unwrap();
        self.outcome()
    }

    /// Closes stdout and stderr from the reader's side, and waits for the end; gives the status.
    pub(crate) fn deaf(mut self) -> i32 {
        self.lines = None;
        self.child.stderr = None;
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// The arguments that every user of the machine can see.
    #[cfg(target_os = "linux")]
    pub(crate) fn arguments(&self) -> String {
        std::fs::read_to_string(format!("/proc/{}/cmdline", self.child.id())).unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the system says of the process, in one of its files.
    #[cfg(target_os = "linux")]
    pub(crate) fn system_says(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }

    /// Sends a signal, as in `INT`.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Sends a signal again and again, as somebody does who has lost patience.
    #[cfg(unix)]
    pub(crate) fn signal_until_it_ends(&mut self, name: &str) {
        while self.child.try_wait().unwrap().is_none() {
            self.signal(name);
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Waits for the end, and reads nothing of stdout until then; gives the status and what stands on stderr.
    pub(crate) fn unread(mut self) -> (i32, String) {
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), stderr)
    }

    /// Waits for the end.
    pub(crate) fn outcome(mut self) -> Outcome {
        // Both pipes are emptied at once, or a talkative child would wait for its reader.
        let mut pipe = self.child.stderr.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        });
        while self.line().is_some() {}
        let stderr = reader.join().unwrap();
        let status = self.child.wait().unwrap();
        let stdout = std::mem::take(&mut self.heard);
        Outcome { status: status.code().unwrap_or(-1), killed: was_killed(status), stdout, stderr }
    }
}

#[cfg(unix)]
fn was_killed(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(libc::SIGKILL)
}

/// A killed process has an exit code here, which is also that of a run with failed rows.
#[cfg(not(unix))]
fn was_killed(status: ExitStatus) -> bool {
    status.code() == Some(1)
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub status: i32,
    /// By [`Started::kill`].
    pub killed: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// The events on stdout. Whatever the end of a run, its rows add up.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        let events: Vec<Value> =
            self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        if let Some(last) = events.last().filter(|last| last["event"] == "finished") {
            let count = |name: &str| last[name].as_u64().unwrap();
            let ends = COUNTS;
            assert_eq!(count("rows"), ends.into_iter().map(count).sum::<u64>(), "{self}");
            assert_eq!(last["exit"], self.status, "{self}");
        }
        events
    }

    /// The events of one kind.
    #[track_caller]
    pub(crate) fn all(&self, kind: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == kind).collect()
    }

    /// The closing event of a run, and there is no other.
    #[track_caller]
    pub(crate) fn finished(&self) -> Value {
        let events = self.events();
        let count = events.iter().filter(|event| event["event"] == "finished").count();
        assert_eq!(count, 1, "{self}");
        let last = events.last().unwrap().clone();
        assert_eq!(last["event"], "finished", "{self}");
        last
    }

    /// Asserts counts of the closing event, as in `succeeded=3 failed=1`; those not named are 0, but `rows`
    /// and `requests`, which are anything.
    #[track_caller]
    pub(crate) fn counts(&self, expected: &str) -> &Self {
        let last = self.finished();
        let mut found = Vec::new();
        for name in COUNTS {
            if last[name] != 0 {
                found.push(format!("{name}={}", last[name]));
            }
        }
        for name in ["rows", "requests"] {
            if expected.contains(&format!("{name}=")) {
                found.push(format!("{name}={}", last[name]));
            }
        }
        let mut wanted: Vec<&str> = expected.split_whitespace().collect();
        wanted.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, wanted, "{self}");
        self
    }

    /// The event of a row.
    #[track_caller]
    pub(crate) fn row(&self, row: u64) -> Value {
        let rows = self.all("row");
        let found = rows.iter().find(|event| event["row"] == row);
        found.unwrap_or_else(|| panic!("no event of row {row}\n{self}")).clone()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "exit: {}\n--- stdout\n{}--- stderr\n{}",
            self.status, self.stdout, self.stderr
        )
    }
}

/// Asserts what a person reads, but for ports, times and durations.
#[track_caller]
pub(crate) fn assert_reads(name: &str, shown: impl std::fmt::Display) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]");
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "[time]");
    settings.add_filter(r"\b\d\d-\d\d \d\d:\d\d\b", "[time]");
    settings.add_filter(r"process \d+( on \S+)?", "process [id]");
    settings.add_filter(r"rehearsal-\d{8}-\d{6}", "rehearsal-[time]");
    settings.add_filter(r"(less than 1 s|<1 s|\b\d+ s\b)", "[duration]");
    settings.add_filter(r": [^:\n]*\(os error \d+\)", ": [the system's words]");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, shown.to_string()));
}
