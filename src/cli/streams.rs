//! Standard output and standard error, and whether what was written there arrived.
//!
//! Nothing that cannot be written ends a verb. That it could not is remembered for the process, told at the end, and
//! then the exit code is not 0. How the words come about is for others.

use std::fs::File;
use std::io::{self, ErrorKind, Write, stderr, stdout};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::report::exit;
use crate::text::visible::safe;

/// So long the last word is tried to be said.
const LAST_WORD: Duration = Duration::from_secs(1);
const OUTPUT: &str = "standard output";
const ERROR: &str = "standard error";

const LOG_FILE: &str = "the log file";

/// What is told goes there, too.
static LOG: OnceLock<Mutex<Log>> = OnceLock::new();
/// What did not arrive first.
static LOST: Mutex<Option<Lost>> = Mutex::new(None);

#[derive(Debug, Clone)]
struct Lost {
    stream: &'static str,
    /// In the system's words.
    cause: String,
    /// Whoever read it has gone away.
    is_closed: bool,
}

/// How a verb takes it that its reader has gone away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// Whoever read has seen enough, as `head` has.
    IsEnough,
    /// What the reader was to be told has been done, and somebody has to know.
    IsLoss,
}

/// Standard output, as a writer that can travel.
pub(super) fn data() -> Box<dyn Write + Send> {
    Box::new(Heeded { stream: OUTPUT, out: stdout() })
}

/// Standard error, likewise.
pub(super) fn words() -> Box<dyn Write + Send> {
    Box::new(Heeded { stream: ERROR, out: stderr() })
}

/// The file that is written beside them, likewise; nowhere where there is none.
pub(super) fn log() -> Box<dyn Write + Send> {
    match LOG.get() {
        Some(log) => Box::new(Logged(log)),
        None => Box::new(io::sink()),
    }
}

/// Whether there is such a file.
pub(super) fn is_logged() -> bool {
    LOG.get().is_some()
}

/// One of them, and the file beside it.
pub(super) fn and_log(stream: Box<dyn Write + Send>) -> Box<dyn Write + Send> {
    match LOG.get() {
        Some(log) => Box::new(Both { stream, log: Logged(log) }),
        None => stream,
    }
}

/// From now on what is told goes to this file, too: with a time before each line, unless lines carry it themselves.
pub(super) fn log_to(file: File, is_stamped: bool) {
    let _ = LOG.set(Mutex::new(Log { file, is_stamped, line: Vec::new(), is_lost: false }));
}

/// Draws lines in the place of as many as were drawn before; only on a terminal.
pub(super) fn redraw(before: usize, lines: &[String]) {
    let up = if before > 0 { format!("\u{1b}[{before}A\u{1b}[J") } else { String::new() };
    let text: String = lines.iter().map(|line| format!("{}\n", safe(line))).collect();
    let mut to = data();
    let _ = to.write_all(up.as_bytes()).and_then(|()| to.write_all(text.as_bytes()));
    let _ = to.flush();
}

/// Writes all of a text to one of them.
pub(super) fn write(mut to: Box<dyn Write + Send>, text: &str) {
    // What went wrong is remembered below.
    let _ = to.write_all(safe(text).as_bytes()).and_then(|()| to.flush());
}

/// Takes note that the output broke off for another reason, unless it is known why.
pub(super) fn broke_off(cause: &str) {
    remember("the output", cause.to_owned(), false);
}

/// Takes note that a file of the run could not be written.
pub(super) fn not_kept(file: &'static str, cause: String) {
    remember(file, cause, false);
}

/// Takes note that something could not be written there by others.
pub(super) fn not_written(is_data: bool, fault: &io::Error) {
    let stream = if is_data { OUTPUT } else { ERROR };
    remember(stream, fault.to_string(), fault.kind() == ErrorKind::BrokenPipe);
}

/// The exit code that a run would have that ended now, as far as what it had to say has arrived.
pub(super) fn exit_so_far(code: u8) -> u8 {
    match (code, LOST.lock().unwrap_or_else(PoisonError::into_inner).is_some()) {
        (exit::DONE, true) => exit::STOPPED,
        (code, _) => code,
    }
}

/// The exit code of a verb that is done: never 0 where something that it had to say did not arrive.
pub(super) fn exit_code(code: u8, closed: Closed) -> u8 {
    let lost = LOST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(lost) = lost.filter(|lost| !lost.is_closed || closed == Closed::IsLoss) else {
        return code;
    };
    let Lost { stream, cause, .. } = lost;
    let what_holds = match closed {
        Closed::IsEnough => "what it shows is not complete",
        Closed::IsLoss => {
            "the run went on to its end, and what came of each row is in the ledger: see noteferry status"
        }
    };
    let text = format!("error: {stream} could not be written to its end: {cause}; {what_holds}\n");
    write_in_time(text);
    match code {
        exit::DONE => exit::STOPPED,
        code => code,
    }
}

/// Writes to standard error, which may be read by the same one who has stopped reading.
fn write_in_time(text: String) {
    let (done, is_done) = sync_channel(1);
    std::thread::spawn(move || {
        write(words(), &text);
        let _ = done.send(());
    });
    let _ = is_done.recv_timeout(LAST_WORD);
}

fn remember(stream: &'static str, cause: String, is_closed: bool) {
    let lost = Lost { stream, cause, is_closed };
    LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(lost);
}

/// A file in which everything is told once more.
struct Log {
    file: File,
    /// Each line begins with its time.
    is_stamped: bool,
    /// What was written of a line that is not at its end yet.
    line: Vec<u8>,
    /// Something did not arrive: what comes after that would not belong to it.
    is_lost: bool,
}

impl Log {
    fn take(&mut self, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
        let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') else { return };
        let rest = self.line.split_off(end + 1);
        let whole = std::mem::replace(&mut self.line, rest);
        let told = match self.is_stamped {
            true => stamped(&String::from_utf8_lossy(&whole)).into_bytes(),
            false => whole,
        };
        if self.is_lost {
            return;
        }
        if let Err(error) = self.file.write_all(&told) {
            self.is_lost = true;
            remember(LOG_FILE, error.to_string(), false);
        }
    }
}

/// Lines with the time before each, and without colors.
fn stamped(text: &str) -> String {
    let now = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string();
    text.lines().map(|line| format!("{now} {}\n", colorless(line))).collect()
}

fn colorless(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut text = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| text.push_str(part.split_once('m').map_or(part, |(_, after)| after)));
    text
}

/// The log, for whoever writes to it.
struct Logged(&'static Mutex<Log>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What went wrong is remembered, and keeps nobody from telling the rest.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream and the log. Where the one cannot be written the other goes on; what went wrong is remembered by each.
struct Both {
    stream: Box<dyn Write + Send>,
    log: Logged,
}

impl Write for Both {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.log.write_all(bytes)?;
        let _ = self.stream.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.stream.flush();
        Ok(())
    }
}

/// A stream whose faults are remembered.
struct Heeded<W> {
    stream: &'static str,
    out: W,
}

impl<W> Heeded<W> {
    fn heed<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.inspect_err(|error| {
            if error.kind() != ErrorKind::Interrupted {
                not_written(self.stream == OUTPUT, error);
            }
        })
    }
}

impl<W: Write> Write for Heeded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.out.write(bytes);
        self.heed(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.out.flush();
        self.heed(done)
    }
}
