//! The file of a ledger, open: how it is found, connected to and set up.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::{Unread, Unwritten, misfit_column, not_opened, of_io, refuse_folder};
use super::format::{self, Found};
use super::lock::{JobLock, other_holder};
use super::presence::{self, Presence};
use crate::ledger::{Deed, LedgerError, Location, Open, StorageFault};
use crate::text::private_file;

/// How long to wait for another process that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
/// As many prepared statements a connection keeps.
const STATEMENTS: usize = 32;

/// A ledger file, open.
#[derive(Debug)]
pub(crate) struct FileLedger {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// Its files, where it was opened to be written.
    pub(super) presence: Presence,
}

impl Open for FileLedger {
    type Lock = JobLock;

    fn open(place: impl Into<Location>) -> Result<Self, LedgerError> {
        let Location::File(path) = place.into();
        Self::open_with(&path, |path| {
            make_private(path);
            Connection::open(path)
        })
    }

    fn open_claimed(path: &Path, lock: &JobLock) -> Result<Self, LedgerError> {
        let is_older = {
            let connection =
                connect_to_read(path).map_err(|error| not_opened(path, false, &error))?;
            matches!(Self::over(connection, path).found()?, Found::Older(_))
        };
        let holder = match is_older {
            true => other_holder(path, lock).map_err(|error| of_io(path, Deed::Lock, &error))?,
            false => None,
        };
        match holder {
            Some(holder) => {
                Err(LedgerError::OlderInUse { ledger: Location::File(path.to_owned()), holder })
            }
            None => Self::open(path),
        }
    }

    fn open_to_read(place: impl Into<Location>) -> Result<Option<Self>, LedgerError> {
        let Location::File(path) = place.into();
        refuse_kept(&path)?;
        refuse_folder(&path)?;
        if !path.exists() {
            return Ok(None);
        }
        let connection =
            connect_to_read(&path).map_err(|error| not_opened(&path, false, &error))?;
        let ledger = Self::over(connection, &path);
        match ledger.found()? {
            Found::Nothing if was_used(&path)? => return Err(LedgerError::Emptied { path }),
            Found::Nothing => return Ok(None),
            Found::Older(format) => {
                ledger.refuse_unfit(format)?;
                format::show_as_current(&ledger.connection, format)
                    .map_err(|error| ledger.storage(Deed::Read, &error))?;
            }
            Found::Current => ledger.refuse_incomplete()?,
        }
        Ok(Some(ledger))
    }

    /// Where the file is gone meanwhile it is put back, and that is the error.
    fn open_again(&self) -> Result<Self, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags);
        if !self.presence.is_kept() {
            return Err(match self.path.exists() {
                true => LedgerError::Moved { path: self.path.clone() },
                false => self.regain(true, None)?.error,
            });
        }
        let connection = connection.map_err(|error| not_opened(&self.path, false, &error))?;
        let ledger = Self::over(connection, &self.path);
        // The first connection sees to the log.
        let set_up = ledger.set_up().and_then(|()| ledger.leave_log());
        set_up.map_err(|error| ledger.not_a_ledger(Deed::Open, &error))?;
        Ok(ledger)
    }
}

impl FileLedger {
    pub(in crate::ledger) fn open_with(
        path: &Path,
        connect: impl FnOnce(&Path) -> rusqlite::Result<Connection>,
    ) -> Result<Self, LedgerError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder).map_err(|error| of_io(path, Deed::Make, &error))?;
        }
        refuse_kept(path)?;
        refuse_folder(path)?;
        if presence::has_two_names(path) {
            return Err(LedgerError::TwoNames { path: path.to_owned() });
        }
        Self::open_at(path, connect)
    }

    /// Opens one whatever lies beside it.
    pub(super) fn open_kept(path: &Path) -> Result<Self, LedgerError> {
        Self::open_at(path, |path| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags)
        })
    }

    fn open_at(
        path: &Path,
        connect: impl FnOnce(&Path) -> rusqlite::Result<Connection>,
    ) -> Result<Self, LedgerError> {
        // A file that was there before and is empty now is no new ledger.
        let existed = path.exists();
        let before = Presence::of(path).map_err(|error| of_io(path, Deed::Open, &error))?;
        let connection = connect(path).map_err(|error| not_opened(path, true, &error))?;
        let mut ledger = Self::over(connection, path);
        ledger.set_up().map_err(|error| ledger.not_a_ledger(Deed::Open, &error))?;
        match ledger.found()? {
            Found::Nothing if existed && was_used(path)? => {
                return Err(LedgerError::Emptied { path: path.to_owned() });
            }
            Found::Nothing => ledger.create()?,
            Found::Older(format) => {
                ledger.refuse_unfit(format)?;
                ledger.upgrade()?;
            }
            Found::Current => {
                ledger.refuse_incomplete()?;
                ledger.renew_views()?;
            }
        }
        let presence = Presence::of(path).map_err(|error| of_io(path, Deed::Open, &error))?;
        if existed && !presence.is_same_ledger(&before) {
            // It is not known which of the two the connection has.
            return Err(LedgerError::Moved { path: path.to_owned() });
        }
        ledger.presence = presence;
        Ok(ledger)
    }

    pub(super) fn over(connection: Connection, path: &Path) -> Self {
        Self { connection, path: path.to_owned(), presence: Presence::default() }
    }

    fn set_up(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        if self.connection.is_readonly("main")? {
            // SQLite would be content to read.
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
            return Err(rusqlite::Error::SqliteFailure(code, None));
        }
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        // Fewer, larger checkpoints: most pages of a run are written several times before they rest.
        self.connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
        // What belongs together is written together; `check` looks for what does not.
        self.connection.pragma_update(None, "foreign_keys", false)?;
        plan_once(&self.connection)
    }

    /// A file that was never a ledger is not called a damaged one.
    pub(super) fn not_a_ledger(&self, deed: Deed, error: &rusqlite::Error) -> LedgerError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => {
                LedgerError::NotALedger { ledger: self.location() }
            }
            _ => self.storage(deed, error),
        }
    }

    pub(super) fn storage(&self, deed: Deed, error: &rusqlite::Error) -> LedgerError {
        let (ledger, fault) = (self.location(), StorageFault::of_ledger(&self.path, error));
        match misfit_column(error) {
            // The file could be read, but not what it holds.
            Some(_) => LedgerError::Misfit { ledger, misfit: None },
            None => LedgerError::Storage { ledger, deed, fault, cause: format::words_of(error) },
        }
    }

    pub(super) fn unread(&self, unread: Unread) -> LedgerError {
        match unread {
            Unread::Sqlite(error) => self.storage(Deed::Read, &error),
            Unread::Misfit(misfit) => {
                LedgerError::Misfit { ledger: self.location(), misfit: Some(misfit) }
            }
        }
    }

    pub(super) fn unwritten(&self, unwritten: &Unwritten) -> LedgerError {
        match *unwritten {
            Unwritten::Sqlite(ref error) => self.storage(Deed::Write, error),
            Unwritten::NumberTaken { row, number } => {
                LedgerError::NumberTaken { ledger: self.location(), row, number }
            }
        }
    }

    pub(super) fn location(&self) -> Location {
        Location::File(self.path.clone())
    }
}

/// A connection that only reads, and makes no file.
pub(super) fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Without a log there is nothing to recover, and an immutable file is read without one being made.
    let suffix = if beside(path, "-wal").exists() { "" } else { "?immutable=1" };
    let connection =
        Connection::open_with_flags(format!("file:{}{suffix}", uri_path(path)), flags)?;
    patient(&connection)?;
    plan_once(&connection)?;
    Ok(connection)
}

/// Lets a connection wait for another process that writes.
pub(super) fn patient(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)
}

/// Lets no value that is bound to a statement change its plan: SQLite would prepare it anew for each.
fn plan_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// A file that SQLite keeps beside its own: `-wal` is the log, with what has not come to rest yet; `-shm` its index.
pub(in crate::ledger) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl FileLedger {
    /// Refuses to go on where better knowledge has come to lie beside the ledger.
    pub(super) fn refuse_kept(&self) -> Result<(), LedgerError> {
        refuse_kept(&self.path)
    }
}

/// A ledger beside which its better knowledge lies is not used.
fn refuse_kept(path: &Path) -> Result<(), LedgerError> {
    let kept = presence::kept_beside(path);
    match kept.map_err(|error| of_io(path, Deed::Find, &error))? {
        Some(kept) => Err(LedgerError::Superseded { path: path.to_owned(), kept }),
        None => Ok(()),
    }
}

/// Whether a run has used the ledger before: its lock is made when the ledger has been, and stays beside it.
fn was_used(path: &Path) -> Result<bool, LedgerError> {
    let start = format!("{}.", path.file_name().unwrap_or_default().to_string_lossy());
    let names = presence::neighbours(path).map_err(|error| of_io(path, Deed::Find, &error))?;
    Ok(names.iter().any(|name| {
        let name = name.to_string_lossy();
        name.starts_with(&start) && name.ends_with(".lock")
    }))
}

/// Makes the ledger's folder, with a file that keeps its contents out of a git repository.
pub(super) fn make_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    private_file::folders().create(folder)?;
    if folder.file_name().is_some_and(|name| name == ".noteferry") {
        std::fs::write(folder.join(".gitignore"), "*\n")?;
    }
    Ok(())
}

/// Makes the file of a ledger where there is none, for this user alone; what lies beside it later is made likewise by
/// SQLite. Why that fails is told when the file is opened.
fn make_private(path: &Path) {
    let _ = private_file::for_one(OpenOptions::new().write(true).create_new(true)).open(path);
}

/// A path as it may stand in a `file:` URI.
fn uri_path(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
