//! Standard output and standard error, and whether what was written there arrived.
//!
//! Nothing that cannot be written ends a verb. That it could not is remembered for the process, told at the end, and
//! then the exit code is not 0. How the words come about is for others.

use std::io::{self, ErrorKind, Write, stderr, stdout};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::report::exit;
use crate::text::visible::safe;

/// So long the last word is tried to be said.
const LAST_WORD: Duration = Duration::from_secs(1);
const OUTPUT: &str = "standard output";
const ERROR: &str = "standard error";

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

/// Writes all of a text to one of them.
pub(super) fn write(mut to: Box<dyn Write + Send>, text: &str) {
    // What went wrong is remembered below.
    let _ = to.write_all(safe(text).as_bytes()).and_then(|()| to.flush());
}

/// Takes note that the output broke off for another reason, unless it is known why.
pub(super) fn broke_off(cause: &str) {
    remember("the output", cause.to_owned(), false);
}

/// Takes note that something could not be written there by others.
pub(super) fn not_written(is_data: bool, fault: &io::Error) {
    let stream = if is_data { OUTPUT } else { ERROR };
    remember(stream, fault.to_string(), fault.kind() == ErrorKind::BrokenPipe);
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
