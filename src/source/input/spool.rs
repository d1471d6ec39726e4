//! What is piped in, kept in a file without a name until nobody needs it: rows are read twice.
//!
//! The file lies in the system's folder for temporary files and is gone with the process, however that ends. Not for what
//! the bytes mean.

use std::fs::{File, Metadata};
use std::io::{self, IsTerminal as _, Read, Seek, SeekFrom};
use std::sync::Arc;

/// All that was piped in.
#[derive(Debug)]
pub struct Spool {
    file: Arc<File>,
}

impl Spool {
    /// Takes all that is piped into the program.
    ///
    /// # Errors
    /// Nothing is piped in, or it cannot be read or kept.
    pub fn of_standard_input() -> io::Result<Self> {
        let input = io::stdin();
        if input.is_terminal() {
            return Err(io::Error::other("nothing is piped in, and a terminal is no file"));
        }
        Self::of(&mut input.lock())
    }

    /// Takes all there is to read.
    pub(super) fn of(input: &mut dyn Read) -> io::Result<Self> {
        let mut file = tempfile::tempfile()?;
        io::copy(input, &mut file)?;
        Ok(Self { file: Arc::new(file) })
    }

    pub(super) fn about(&self) -> Option<Metadata> {
        self.file.metadata().ok()
    }

    /// Reads it from its start, whoever else reads it.
    pub(super) fn reader(&self) -> Reader {
        Reader { file: Arc::clone(&self.file), at: 0 }
    }
}

/// One of several readings of a file that is open once.
pub(super) struct Reader {
    file: Arc<File>,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.file, buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}
