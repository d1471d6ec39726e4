//! Files without a name, in the folder for temporary files, and what is told where there is no room for one.
//!
//! Not for what is kept: the system takes such a file away with the process.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::window::CHUNK;

/// A file that nobody else sees.
///
/// # Errors
/// There can be none; the error is [`NoRoom`].
pub(super) fn file() -> io::Result<File> {
    tempfile::tempfile().map_err(no_room)
}

/// Such a file with all that there is to read.
///
/// # Errors
/// It cannot be read, or there is no room for it.
pub(super) fn kept(input: &mut dyn Read) -> io::Result<File> {
    let mut file = file()?;
    let mut chunk = vec![0; CHUNK];
    loop {
        match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => file.write_all(&chunk[..count]).map_err(no_room)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(no_room)?;
    Ok(file)
}

/// Reads at a place of a file, wherever anybody else reads it.
///
/// # Errors
/// It cannot be read.
#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

/// Reads at a place of a file, wherever anybody else reads it.
///
/// # Errors
/// It cannot be read.
#[cfg(windows)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// What it means that such a file cannot be written or read.
pub(super) fn no_room(error: io::Error) -> io::Error {
    let words = error.to_string();
    io::Error::new(error.kind(), NoRoom { folder: std::env::temp_dir(), words })
}

/// A temporary file cannot be had, or takes no more.
#[derive(Debug)]
pub(super) struct NoRoom {
    folder: PathBuf,
    words: String,
}

impl NoRoom {
    /// What an error says of a temporary file, if it does; also where others share it.
    pub(super) fn of(error: &io::Error) -> Option<&Self> {
        let inner = error.get_ref()?;
        if let Some(shared) = inner.downcast_ref::<Arc<io::Error>>() {
            return Self::of(shared);
        }
        inner.downcast_ref()
    }

    pub(super) fn hint(&self) -> &'static str {
        "what is piped in, put in order or unpacked is kept there until the end: make room in that folder, or name another one \
         in the environment variable TMPDIR (on Windows: TEMP)"
    }
}

impl std::fmt::Display for NoRoom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (folder, words) = (self.folder.display(), &self.words);
        write!(formatter, "a temporary file cannot be kept in the folder {folder}: {words}")
    }
}

impl std::error::Error for NoRoom {}
