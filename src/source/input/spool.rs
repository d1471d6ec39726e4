//! What is piped in, kept in a file without a name until nobody needs it: rows are read twice.
//!
//! The file lies in the system's folder for temporary files and is gone with the process, however that ends. Not for what
//! the bytes mean.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Seek, SeekFrom};
use std::sync::{Arc, OnceLock};

use crate::source::scratch;

/// All that is piped in.
#[derive(Debug, Default)]
pub struct Spool {
    /// None until somebody reads it.
    kept: OnceLock<Result<Arc<File>, Unkept>>,
}

/// Why there is nothing to read.
#[derive(Debug, Clone)]
pub(super) enum Unkept {
    /// Nothing is piped in.
    Nothing,
    /// It cannot be read or kept.
    Error(Arc<io::Error>),
}

impl Spool {
    /// What there is to read, as a test has it.
    #[cfg(test)]
    pub(super) fn of(mut input: impl Read) -> Self {
        Self { kept: keep(&mut input).map_err(|error| Unkept::Error(Arc::new(error))).into() }
    }

    /// Reads it from its start, whoever else reads it. The first who asks has all of it taken in.
    ///
    /// # Errors
    /// Nothing is piped in, or it cannot be read or kept.
    pub(super) fn reader(&self) -> Result<Reader, Unkept> {
        let kept = self.kept.get_or_init(|| {
            let input = io::stdin();
            if input.is_terminal() {
                return Err(Unkept::Nothing);
            }
            keep(&mut input.lock()).map_err(|error| Unkept::Error(Arc::new(error)))
        });
        kept.clone().map(|file| Reader { file, at: 0 })
    }
}

fn keep(input: &mut dyn Read) -> io::Result<Arc<File>> {
    scratch::kept(input).map(Arc::new)
}

/// One of several readings of a file that is open once.
pub(super) struct Reader {
    file: Arc<File>,
    at: u64,
}

impl Reader {
    pub(super) fn about(&self) -> Option<std::fs::Metadata> {
        self.file.metadata().ok()
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = scratch::read_at(&self.file, buffer, self.at)?;
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
