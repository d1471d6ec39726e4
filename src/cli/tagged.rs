//! Standard output for the events of one job of several: each line says which job it is of.
//!
//! It knows no event: a line is an object of JSON, and gets one more member, behind the first.

use std::io::{self, Write};

/// Writes lines on, each with the job's name in it.
pub(super) struct Tagged {
    to: Box<dyn Write + Send>,
    /// `,"job":"…"`.
    member: Vec<u8>,
    /// A line whose end has not come.
    line: Vec<u8>,
}

impl Tagged {
    pub(super) fn new(to: Box<dyn Write + Send>, job: &str) -> Self {
        let member = format!(",\"job\":{}", serde_json::Value::from(job)).into_bytes();
        Self { to, member, line: Vec::new() }
    }

    fn write_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        // The first member is the event's word, which has no sign in it that would have to be escaped.
        let quotes = line.iter().enumerate().filter(|(_, byte)| **byte == b'"');
        match quotes.map(|(at, _)| at + 1).nth(3).filter(|_| line.starts_with(b"{\"event\":\"")) {
            Some(end) => {
                self.to.write_all(&line[..end])?;
                self.to.write_all(&self.member)?;
                self.to.write_all(&line[end..])
            }
            None => self.to.write_all(&line),
        }
    }
}

impl Write for Tagged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.write_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
