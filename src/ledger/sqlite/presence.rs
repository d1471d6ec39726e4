//! Whether the ledger that a run writes is still the one that the next run will find.
//!
//! A file may be deleted or replaced while it is open: a clean-up, `git clean`, a copy put back. What is written then goes
//! well and goes nowhere, and the next run would send everything again. So the recorder looks after each commit, before it
//! acknowledges anything, and puts the ledger back: an open file that was deleted still holds all that was written.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;

use super::FileLedger;
use super::file::{beside, make_folder};
use crate::ledger::{LedgerError, NoCopy, Run};

/// The files of a ledger, as they were when it was opened to be written.
#[derive(Debug, Default)]
pub(super) struct Presence {
    files: Vec<(PathBuf, Identity)>,
    /// The log's index, which means nothing without these.
    index: Option<(PathBuf, Identity)>,
}

impl Presence {
    /// Takes note of a ledger's file and its log, as far as they are there.
    pub(super) fn of(ledger: &Path) -> io::Result<Self> {
        let known = |path: PathBuf| -> io::Result<Option<(PathBuf, Identity)>> {
            Ok(identity(&path)?.map(|identity| (path, identity)))
        };
        let files = [known(ledger.to_owned())?, known(beside(ledger, "-wal"))?];
        let files = files.into_iter().flatten().collect();
        Ok(Self { files, index: known(beside(ledger, "-shm"))? })
    }

    /// Whether all of them are where they were. A file that cannot be looked at is not one that is gone.
    pub(super) fn is_kept(&self) -> bool {
        self.files.iter().all(|(path, known)| match identity(path) {
            Ok(found) => found.as_ref() == Some(known),
            Err(_) => true,
        })
    }

    /// Whether the ledger's own file, which is the first, is the one that it was at another time.
    pub(super) fn is_same_ledger(&self, before: &Self) -> bool {
        self.files.first() == before.files.first()
    }

    /// Whether a file is one of them.
    fn is_own(&self, path: &Path) -> bool {
        let known = self.files.iter().chain(&self.index).find(|(name, _)| name == path);
        known.is_some_and(|(_, known)| matches!(identity(path), Ok(Some(found)) if found == *known))
    }
}

/// A ledger that was taken away, where it is now.
pub(super) struct Regained {
    pub ledger: FileLedger,
    pub error: LedgerError,
    /// Whether it is a copy of all that the open one held, down to the last write.
    pub is_copy: bool,
}

impl FileLedger {
    /// Writes all that the open ledger holds to its old place. Where another file stands there now, or another run holds the
    /// job (`is_ours` says that none does), a file beside it is written instead. The file is on the disk when this returns.
    /// Where a run of another job has put the same ledger back already, that file is taken.
    pub(super) fn regain(
        &self,
        is_ours: bool,
        written: Option<RunWrites>,
    ) -> Result<Regained, LedgerError> {
        let path = self.path.clone();
        let lost = |cause: NoCopy| LedgerError::Lost { path: path.clone(), cause };
        let told = |error: io::Error| lost(NoCopy::Told(error.to_string()));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.map_or(Ok(()), make_folder).map_err(told)?;
        let written = written.filter(|_| is_ours);
        if let Some(found) = written.and_then(|written| self.put_back_by_another(written)) {
            return Ok(found);
        }
        let copy = self.copied().map_err(&lost)?;
        let is_free = is_ours && self.frees_its_place();
        // Neither of these takes the place of a file that is there.
        let is_placed = is_free && place(&copy, &path).is_ok();
        if !is_placed
            && let Some(found) = written.and_then(|written| self.put_back_by_another(written))
        {
            // The other run was faster.
            let _ = std::fs::remove_file(&copy);
            return Ok(found);
        }
        let kept = match is_placed {
            true => Ok(path.clone()),
            false => vacant(&path, |name| place(&copy, name)),
        };
        let synced = kept.and_then(|kept| sync_folder(folder).map(|()| kept));
        let kept = synced.map_err(told)?;
        let _ = std::fs::remove_file(&copy);
        let ledger = Self::open_kept(&kept)?;
        let error = match kept == path {
            true => LedgerError::PutBack { path },
            false => LedgerError::Replaced { path, kept },
        };
        Ok(Regained { ledger, error, is_copy: true })
    }

    /// The ledger that is in this one's place, if it knows all that this one had acknowledged.
    fn put_back_by_another(&self, written: RunWrites) -> Option<Regained> {
        // With a log that is not its own a file would seem to be what it is not.
        let is_own = |path: &Path| self.presence.is_own(path);
        let is_other =
            self.path.exists() && !is_own(&self.path) && !is_own(&beside(&self.path, "-wal"));
        let ledger = is_other.then(|| Self::open_kept(&self.path).ok()).flatten()?;
        let (mine, theirs) = (self.extent(written).ok()?, ledger.extent(written).ok()?);
        let knows = theirs.run == mine.run
            && theirs.starts >= mine.starts - written.starts
            && theirs.ends >= mine.ends - written.ends;
        let error = LedgerError::PutBack { path: self.path.clone() };
        knows.then_some(Regained { ledger, error, is_copy: false })
    }

    /// Makes a copy beside the ledger, under a new name; it is on the disk when this returns.
    fn copied(&self) -> Result<PathBuf, NoCopy> {
        let copy = beside(&self.path, &format!(".copy{:08x}", fastrand::u32(..)));
        let name = copy.to_str().ok_or(NoCopy::PathNotUtf8)?;
        let written =
            self.leave_log().and_then(|()| self.connection.execute("VACUUM INTO ?1", [name]));
        let written = written
            .map_err(|error| error.to_string())
            .and_then(|_| sync(&copy).map_err(|error| error.to_string()));
        if let Err(cause) = written {
            let _ = std::fs::remove_file(&copy);
            return Err(NoCopy::Told(cause));
        }
        Ok(copy)
    }

    /// Whether nothing is where the ledger was. A log that is its own is deleted: what it holds is in the copy.
    fn frees_its_place(&self) -> bool {
        let log = beside(&self.path, "-wal");
        let is_gone = |path: &Path| matches!(identity(path), Ok(None));
        if !is_gone(&self.path) || !(is_gone(&log) || self.presence.is_own(&log)) {
            return false;
        }
        let own =
            [log, beside(&self.path, "-shm")].into_iter().filter(|name| self.presence.is_own(name));
        // They may be gone as well.
        own.for_each(|name| drop(std::fs::remove_file(name)));
        true
    }

    /// How much it holds of a job.
    fn extent(&self, written: RunWrites) -> rusqlite::Result<Extent> {
        let run = "SELECT jobs.id, jobs.name, jobs.base_url, jobs.account, runs.started_at FROM runs \
                   JOIN jobs ON jobs.id = runs.job WHERE runs.id = ?1";
        let run = self.connection.query_row(run, [written.run.id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
        let count = |table: &str| {
            let count = format!(
                "SELECT count(*) FROM {table} JOIN owners ON owners.id = {table}.owner \
                 JOIN runs ON runs.id = owners.run WHERE runs.job = ?1"
            );
            self.connection.query_row(&count, [written.run.job.0], |row| row.get(0))
        };
        Ok(Extent { run, starts: count("starts")?, ends: count("ends")? })
    }

    /// Lets the log be where it is when the connection is closed: by then it may be another's.
    pub(super) fn leave_log(&self) -> rusqlite::Result<()> {
        let setting = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        self.connection.set_db_config(setting, true).map(drop)
    }
}

/// A run, and how many starts and ends of it are written and not acknowledged yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunWrites {
    pub run: Run,
    pub starts: i64,
    pub ends: i64,
}

/// How much a ledger holds of a job: entries are only ever added.
struct Extent {
    /// The run, and its job.
    run: (i64, String, String, String, i64),
    starts: i64,
    ends: i64,
}

/// A ledger that was put beside this one, since another had taken its place. It knows what this one does not.
pub(in crate::ledger) fn kept_beside(ledger: &Path) -> io::Result<Option<PathBuf>> {
    let start = format!("{}.kept", ledger.file_name().unwrap_or_default().to_string_lossy());
    let is_kept = |name: &OsString| {
        let name = name.to_string_lossy();
        name.strip_prefix(&start).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let kept = neighbours(ledger)?.into_iter().filter(is_kept);
    Ok(kept.map(|name| ledger.with_file_name(name)).min())
}

/// The names of all that lies in a ledger's folder; nothing where there is none.
pub(super) fn neighbours(ledger: &Path) -> io::Result<Vec<OsString>> {
    let folder = ledger.parent().filter(|folder| !folder.as_os_str().is_empty());
    match std::fs::read_dir(folder.unwrap_or(Path::new("."))) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name())).collect(),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

/// Gives a copy another name, unless that is taken. Not every file system knows of two names for one file.
fn place(copy: &Path, name: &Path) -> io::Result<()> {
    match std::fs::hard_link(copy, name) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let mut file = File::create_new(name)?;
            let written = io::copy(&mut File::open(copy)?, &mut file).and_then(|_| file.sync_all());
            // Half a ledger is worse than none.
            written.inspect_err(|_| drop(std::fs::remove_file(name)))
        }
        linked => linked,
    }
}

/// Takes `ledger.db.kept`, or the first with a number that is not there yet.
fn vacant(path: &Path, take: impl Fn(&Path) -> io::Result<()>) -> io::Result<PathBuf> {
    let numbered = (2_u32..).map(|number| beside(path, &format!(".kept{number}")));
    for name in std::iter::once(beside(path, ".kept")).chain(numbered) {
        match take(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            taken => return taken.map(|()| name),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn sync(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()
}

/// A file's name is in its folder, and that is written apart from it.
#[cfg(unix)]
fn sync_folder(folder: Option<&Path>) -> io::Result<()> {
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Windows has no such thing: it writes names down by itself.
#[cfg(not(unix))]
fn sync_folder(_folder: Option<&Path>) -> io::Result<()> {
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

/// Elsewhere SQLite opens its files so that they cannot be deleted or replaced meanwhile.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity_of(_metadata: &std::fs::Metadata) -> Identity {}

/// Whether a file has another name, as hard links give. What lies beside a ledger lies beside one of its names.
#[cfg(unix)]
pub(super) fn has_two_names(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.nlink() > 1)
}

/// Elsewhere that cannot be asked of a file that is not open.
#[cfg(not(unix))]
pub(super) fn has_two_names(_path: &Path) -> bool {
    false
}

/// None where there is no such file.
fn identity(path: &Path) -> io::Result<Option<Identity>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(identity_of(&metadata))),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether an open file is the one at a path. A file that cannot be looked at is not one that is gone.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let open = file.metadata().map(|metadata| identity_of(&metadata));
    match (open, identity(path)) {
        (Ok(open), Ok(found)) => found == Some(open),
        (Err(_), _) | (_, Err(_)) => true,
    }
}
