//! Files that say how a run ended: each is put in its place whole, and only where nothing or an earlier one is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use serde_json::Value;

use crate::cli::place::{of_refusal, unwritable};
use crate::table::{self, Destination, Refusal, Staying};
use crate::text::diagnostic::Diagnostic;
use crate::text::private_file::for_one;

/// More than this of a file, in bytes, is not read: it is none of these.
const MOST: u64 = 1 << 20;
const REFUSED: &str = "the file cannot be written here";

/// What such a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Summary,
    Metrics,
}

impl Kind {
    /// Whether a file is an earlier one, or has nothing in it.
    fn is_that_of(self, file: &Path) -> bool {
        let mut text = Vec::new();
        let read = File::open(file).and_then(|file| file.take(MOST).read_to_end(&mut text));
        read.is_ok() && (text.is_empty() || self.is_shown_by(&text))
    }

    fn is_shown_by(self, text: &[u8]) -> bool {
        match self {
            Self::Metrics => text.starts_with(b"# TYPE noteferry_"),
            Self::Summary => serde_json::from_slice::<Value>(text).is_ok_and(|told| {
                matches!(told["event"].as_str(), Some("started" | "finished"))
                    && ["process", "version", "command", "started_at"]
                        .iter()
                        .all(|field| told.get(field).is_some())
            }),
        }
    }

    fn earlier(self) -> &'static str {
        match self {
            Self::Summary => "an earlier summary",
            Self::Metrics => "earlier metrics",
        }
    }

    fn look(self, file: &Path, staying: &Staying) -> Result<(), Refusal> {
        let destination = Destination { path: Some(file.to_owned()), replaces: false };
        destination.refuse(staying, |file| self.is_that_of(file))
    }
}

/// Puts a text in the place of a file, or leaves that as it is.
pub(super) fn put(file: &Path, kind: Kind, text: &str) -> io::Result<()> {
    match kind.look(file, &Staying::default()) {
        Ok(()) => {}
        Err(Refusal::Io(error)) => return Err(error),
        Err(_) => return Err(io::Error::other("something else is there by now")),
    }
    let mut beside = table::beside(file)?;
    beside.as_file_mut().write_all(text.as_bytes())?;
    open_to_others(beside.as_file())?;
    table::put(beside, file)
}

/// Refuses a place at which no file can be, or at which something else is.
pub(super) fn refuse(file: &Path, kind: Kind, staying: &Staying) -> Result<(), Diagnostic> {
    kind.look(file, staying).map_err(|refusal| of_refusal(file, &refusal, kind.earlier()))?;
    // What cannot be made now cannot be made when the run is over.
    table::beside(file).map(drop).map_err(|error| unwritable(file, REFUSED, &error))
}

/// Opens a log: what stands there stays.
pub(super) fn open_log(file: &Path, staying: &Staying) -> Result<File, Diagnostic> {
    if staying.holds(file) {
        return Err(of_refusal(file, &Refusal::Source, ""));
    }
    if is_pipe(file) {
        let error =
            io::Error::other("a pipe is there, and a run does not wait for whoever reads it");
        return Err(unwritable(file, REFUSED, &error));
    }
    // What the other side says of a row may quote its text, so a new one is for this user alone.
    let opened = for_one(OpenOptions::new().append(true).create(true)).open(file);
    opened.map_err(|error| unwritable(file, REFUSED, &error))
}

#[cfg(unix)]
fn is_pipe(file: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    file.metadata().is_ok_and(|found| found.file_type().is_fifo())
}

/// Elsewhere a pipe has no place among files.
#[cfg(not(unix))]
fn is_pipe(_file: &Path) -> bool {
    false
}

/// A monitor that runs as somebody else reads them; there is no text of a row in them.
#[cfg(unix)]
fn open_to_others(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// Elsewhere they get the rights of their folder.
#[cfg(not(unix))]
fn open_to_others(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_run_has_written_is_taken_for_it() {
        let summary = r#"{"event":"started","process":1,"version":"0.1.0","command":"noteferry run","started_at":"x"}"#;
        for (text, is_summary, is_metrics) in [
            (summary, true, false),
            ("# TYPE noteferry_rows gauge\n", false, true),
            (r#"{"event":"started"}"#, false, false),
            (r#"{"event":"finished","process":1,"version":"0.1.0","command":"x"}"#, false, false),
            ("id,ticket,body\n", false, false),
            ("# TYPE node_load1 gauge\n", false, false),
            ("job: notes\n", false, false),
        ] {
            assert_eq!(Kind::Summary.is_shown_by(text.as_bytes()), is_summary, "{text}");
            assert_eq!(Kind::Metrics.is_shown_by(text.as_bytes()), is_metrics, "{text}");
        }
    }
}
