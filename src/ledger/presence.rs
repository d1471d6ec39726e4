//! Whether the ledger that a run writes is still the one that the next run will find.
//!
//! A file may be deleted or replaced while it is open: a clean-up, `git clean`, a copy put back. What is written then goes
//! well and goes nowhere, and the next run would send everything again. So the recorder looks after each commit, before it
//! acknowledges anything, and puts the ledger back: an open file that was deleted still holds all that was written.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;

use super::{Ledger, LedgerError, beside, make_folder};

/// The files of a ledger, as they were when it was opened to be written.
#[derive(Debug, Default)]
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

    /// Whether a file is one of them, or is not there.
    fn is_own(&self, path: &Path) -> bool {
        let found = identity(path);
        let known = self.files.iter().find(|(name, _)| name == path).map(|(_, known)| known);
        found.is_none() || found.as_ref() == known
    }
}

impl Ledger {
    /// Writes all that the open ledger holds to where it was, or beside it where another file is now, or another run
    /// (`is_ours` says that there is none). Gives it opened anew, and what is to be said. It is on the disk when this returns.
    pub(super) fn put_back(&self, is_ours: bool) -> Result<(Self, LedgerError), LedgerError> {
        let path = self.path.clone();
        let lost = |cause: String| LedgerError::Lost { path: path.clone(), cause };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.map_or(Ok(()), make_folder).map_err(|error| lost(error.to_string()))?;
        let is_free = is_ours && self.frees_its_place();
        let kept = if is_free { path.clone() } else { vacant(&path) };
        // Whatever closes this must not delete a log that is another's by then.
        let written = self
            .leave_log()
            .and_then(|()| self.connection.execute("VACUUM INTO ?1", [kept.to_string_lossy()]))
            .map_err(|error| error.to_string())
            .and_then(|_| sync(&kept, folder).map_err(|error| error.to_string()));
        if let Err(cause) = written {
            // Half a ledger is worse than none.
            let _ = std::fs::remove_file(&kept);
            return Err(lost(cause));
        }
        let ledger = Self::open(&kept)?;
        let error = match is_free {
            true => LedgerError::PutBack { path },
            false => LedgerError::Replaced { path, kept },
        };
        Ok((ledger, error))
    }

    /// Whether nothing is where the ledger was. A log that is its own is deleted: what it holds is written with the rest.
    fn frees_its_place(&self) -> bool {
        let log = beside(&self.path, "-wal");
        if self.path.exists() || !self.presence.is_own(&log) {
            return false;
        }
        for name in [log, beside(&self.path, "-shm")] {
            // It may be gone as well.
            let _ = std::fs::remove_file(name);
        }
        true
    }

    /// Lets the log be where it is when the connection is closed.
    pub(super) fn leave_log(&self) -> rusqlite::Result<()> {
        let setting = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        self.connection.set_db_config(setting, true).map(drop)
    }
}

/// A ledger that was put beside this one, since another had taken its place. It knows what this one does not.
pub(super) fn kept_beside(ledger: &Path) -> Option<PathBuf> {
    let folder = ledger.parent().filter(|folder| !folder.as_os_str().is_empty());
    let start = format!("{}.kept", ledger.file_name()?.to_string_lossy());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?.flatten();
    let is_kept = |entry: &std::fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.strip_prefix(&start).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    entries.filter(is_kept).map(|entry| ledger.with_file_name(entry.file_name())).min()
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
fn identity_of(metadata: &std::fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere SQLite opens its files so that nobody can delete or replace them meanwhile.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity_of(_metadata: &std::fs::Metadata) -> Identity {}

fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|metadata| identity_of(&metadata))
}

/// Whether an open file is the one at a path.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let open = file.metadata().ok().map(|metadata| identity_of(&metadata));
    open.is_some() && open == identity(path)
}
