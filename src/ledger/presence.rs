//! Whether the ledger that a run writes is still the one that the next run will find.
//!
//! A file may be deleted or replaced while it is open: a clean-up, `git clean`, a copy put back. What is written then goes
//! well and goes nowhere, and the next run would send everything again. So the recorder looks after each commit, before it
//! acknowledges anything, and puts the ledger back: an open file that was deleted still holds all that was written.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::{Ledger, LedgerError, beside, make_folder};

/// The files of a ledger, as they were when a run opened them.
#[derive(Debug)]
pub(super) struct Presence {
    files: Vec<(PathBuf, Identity)>,
}

impl Presence {
    /// Takes note of a ledger's file and its log, as far as they are there.
    pub fn of(ledger: &Path) -> Self {
        let known = |path: PathBuf| Some((identity(&path)?, path));
        let files = [ledger.to_owned(), beside(ledger, "-wal")].into_iter().filter_map(known);
        Self { files: files.map(|(identity, path)| (path, identity)).collect() }
    }

    /// Whether all of them are where they were.
    pub fn is_kept(&self) -> bool {
        self.files.iter().all(|(path, known)| identity(path).as_ref() == Some(known))
    }
}

impl Ledger {
    /// Writes all that the open ledger holds to where it was, or beside it if another file is there now. Gives it opened
    /// anew, and what is to be said. It is on the disk when this returns.
    pub(super) fn put_back(&self) -> Result<(Self, LedgerError), LedgerError> {
        let path = self.path.clone();
        let lost = |cause: String| LedgerError::Lost { path: path.clone(), cause };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.map_or(Ok(()), make_folder).map_err(|error| lost(error.to_string()))?;
        // A log without its ledger belongs to no other, and one with another ledger is that one's own.
        let is_free = !path.exists() && !beside(&path, "-wal").exists();
        let kept = if is_free { path.clone() } else { vacant(&path) };
        let name = kept.to_string_lossy();
        self.connection
            .execute("VACUUM INTO ?1", [name.as_ref()])
            .map_err(|error| lost(error.to_string()))?;
        sync(&kept, folder).map_err(|error| lost(error.to_string()))?;
        let ledger = Self::open(&kept)?;
        let error = match is_free {
            true => LedgerError::PutBack { path },
            false => LedgerError::Replaced { path, kept },
        };
        Ok((ledger, error))
    }
}

/// `ledger.db.kept`, or the first with a number that is not there yet.
fn vacant(path: &Path) -> PathBuf {
    let numbered = (2_u32..).map(|number| beside(path, &format!(".kept{number}")));
    let mut names = std::iter::once(beside(path, ".kept")).chain(numbered);
    names.find(|name| !name.exists()).unwrap_or_else(|| beside(path, ".kept"))
}

fn sync(file: &Path, folder: Option<&Path>) -> io::Result<()> {
    File::open(file)?.sync_all()?;
    sync_folder(folder.unwrap_or(Path::new(".")))
}

/// A file's name is in its folder, and that is written apart from it.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows has no such thing: it writes names down by itself.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// What tells a file from another of its name: the disk and its number there.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere SQLite opens its files so that nobody can delete or replace them meanwhile.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    path.exists().then_some(())
}
