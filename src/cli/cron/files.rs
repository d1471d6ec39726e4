//! Files that say how a run ended: each is put in its place whole.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::private_file::for_one;

/// Puts a text in the place of a file, or leaves that as it is.
pub(super) fn put(file: &Path, text: &str) -> io::Result<()> {
    let mut beside = tempfile::NamedTempFile::new_in(folder_of(file))?;
    beside.write_all(text.as_bytes())?;
    open_to_others(beside.as_file())?;
    beside.as_file().sync_all()?;
    beside.persist(file).map(drop).map_err(|error| error.error)
}

/// Refuses a place at which no file can be.
pub(super) fn refuse(file: &Path) -> Result<(), Diagnostic> {
    if file.is_dir() {
        return Err(unwritable(file, "a folder is there"));
    }
    match folder_of(file).is_dir() {
        true => Ok(()),
        false => Err(unwritable(file, "there is no such folder")),
    }
}

/// Opens a log: what stands there stays.
pub(super) fn open_log(file: &Path) -> Result<File, Diagnostic> {
    if is_pipe(file) {
        return Err(unwritable(
            file,
            "a pipe is there, and a run does not wait for whoever reads it",
        ));
    }
    // What the other side says of a row may quote its text, so a new one is for this user alone.
    let opened = for_one(OpenOptions::new().append(true).create(true)).open(file);
    opened.map_err(|error| unwritable(file, &error.to_string()))
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

fn unwritable(file: &Path, cause: &str) -> Diagnostic {
    let place = Place::File(file.display().to_string().into());
    let message = format!("the file cannot be written here: {cause}");
    Diagnostic::error(Code::UnwritableFile, place, message)
        .hint("name a file in a folder that is there and may be written to")
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
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
