//! What happened, durable: the only truth on a rerun.
//!
//! A SQLite file (WAL, `synchronous=FULL`) with a row for each row of a source that was ever sent and one for
//! each attempt; `schema.sql` documents every column. States are not stored but follow from the attempts,
//! through the one transition function of `row_state`. [`Recorder`] writes, in groups; [`JobReader`] reads; [`Rescue`]
//! keeps what could not be written; `presence` notices that the file was taken away meanwhile, and puts it back;
//! [`JobLock`] keeps a second run of the same job out, and the operating system frees it whatever happens.
//! What a state means for a rerun is for `plan`.

mod attempt;
mod check;
mod error;
#[cfg(test)]
pub(crate) mod faulty_disk;
mod history;
mod lock;
mod presence;
mod reader;
mod recorder;
mod rescue;
mod status;
// Until the ledger has columns for reasons, it keeps the sentences that reports make of them.
#[allow(clippy::duplicate_mod)]
#[path = "../report/words/cause.rs"]
mod stated;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::row::Totals;

pub use check::{CheckScope, Checked, Finding, Findings, LedgerRow, Problem, check};
pub use error::{LedgerError, StorageFault};
pub use history::{Candidate, History};
pub use lock::JobLock;
use presence::Presence;
pub use reader::JobReader;
pub use recorder::{Ack, InTrouble, News, Recorder, Written};
pub use rescue::{Rescue, TakenIn, waiting_outcomes};
pub use status::{FailedRow, JobStatus, RunRecord};

/// The format that this version writes. It reads the older ones, too, and brings a file up to date when it writes to it.
pub const FORMAT: i64 = 2;
/// The first format, which did not keep the other side's clock.
const FIRST_FORMAT: i64 = 1;
const APPLICATION_ID: i64 = 0x4e46_4c44;
/// How long to wait for another process that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// A ledger file, open.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    /// Whether attempts say when they were started by the other side's clock.
    knows_remote_clock: bool,
    /// Its files, where it was opened to be written.
    presence: Presence,
}

/// A job in a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobId(pub(crate) i64);

/// A run in a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunId(pub(crate) i64);

/// What a job in the ledger is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobName {
    pub name: String,
    /// The base URL, or `sandbox`.
    pub base_url: String,
    /// Empty where the connector names none.
    pub account: String,
}

impl RunId {
    /// The run's number in the ledger.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl Ledger {
    /// Opens a ledger, making it where there is none. What this returns has been written to the disk.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Self::open_with(path, |path| Connection::open(path))
    }

    fn open_with(
        path: &Path,
        connect: impl FnOnce(&Path) -> rusqlite::Result<Connection>,
    ) -> Result<Self, LedgerError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder).map_err(|error| of_io(path, "made", &error))?;
        }
        refuse_kept(path)?;
        Self::open_at(path, connect)
    }

    /// Opens one whatever lies beside it.
    fn open_kept(path: &Path) -> Result<Self, LedgerError> {
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
        let connection = connect(path).map_err(|error| not_opened(path, true, &error))?;
        let mut ledger = Self::over(connection, path);
        ledger.set_up().map_err(|error| ledger.not_a_ledger("opened", &error))?;
        match ledger.check_format()? {
            0 if existed && was_used(path) => {
                return Err(LedgerError::Emptied { path: path.to_owned() });
            }
            0 => ledger.create()?,
            FIRST_FORMAT => ledger.update()?,
            _ => {}
        }
        ledger.presence = Presence::of(path);
        Ok(ledger)
    }

    /// Another connection to the same file. Where that is gone meanwhile it is put back, and that is the error.
    pub fn open_again(&self) -> Result<Self, LedgerError> {
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
        set_up.map_err(|error| ledger.not_a_ledger("opened", &error))?;
        Ok(ledger)
    }

    fn over(connection: Connection, path: &Path) -> Self {
        let presence = Presence::default();
        Self { connection, path: path.to_owned(), knows_remote_clock: true, presence }
    }

    /// Opens a ledger to read; none where there is no file. Leaves no trace on the disk.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, LedgerError> {
        refuse_kept(path)?;
        if !path.exists() {
            return Ok(None);
        }
        let connection = connect_to_read(path).map_err(|error| not_opened(path, false, &error))?;
        let mut ledger = Self::over(connection, path);
        let format = ledger.check_format()?;
        if format == 0 && was_used(path) {
            return Err(LedgerError::Emptied { path: path.to_owned() });
        }
        ledger.knows_remote_clock = format > FIRST_FORMAT;
        Ok((format != 0).then_some(ledger))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The job's id; the job is entered where it is new.
    pub fn enter_job(&self, job: &JobName, now: i64) -> Result<JobId, LedgerError> {
        if let Some(id) = self.find_job(job)? {
            return Ok(id);
        }
        self.connection
            .execute(
                "INSERT INTO jobs (name, base_url, account, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![job.name, job.base_url, job.account, now],
            )
            .map_err(|error| self.storage("written", &error))?;
        Ok(JobId(self.connection.last_insert_rowid()))
    }

    /// The job's id, if the ledger knows it.
    pub fn find_job(&self, job: &JobName) -> Result<Option<JobId>, LedgerError> {
        self.connection
            .query_row(
                "SELECT id FROM jobs WHERE name = ?1 AND base_url = ?2 AND account = ?3",
                params![job.name, job.base_url, job.account],
                |row| row.get(0).map(JobId),
            )
            .optional()
            .map_err(|error| self.storage("read", &error))
    }

    /// Other accounts for which the same job has sent something to the same address.
    pub fn other_accounts(&self, job: &JobName) -> Result<Vec<String>, LedgerError> {
        let query = "SELECT account FROM jobs WHERE name = ?1 AND base_url = ?2 AND account <> ?3 \
                     AND EXISTS (SELECT 1 FROM rows WHERE rows.job = jobs.id) ORDER BY account";
        let read = || {
            let mut statement = self.connection.prepare(query)?;
            let accounts = statement
                .query_map(params![job.name, job.base_url, job.account], |row| row.get(0))?;
            accounts.collect::<Result<Vec<String>, rusqlite::Error>>()
        };
        read().map_err(|error| self.storage("read", &error))
    }

    /// What the job's rows were known by in its last run; none where it has sent nothing.
    pub fn keyed_by(&self, job: JobId) -> Result<Option<String>, LedgerError> {
        let query = "SELECT keyed_by FROM runs WHERE job = ?1 \
                     AND EXISTS (SELECT 1 FROM rows WHERE rows.job = ?1) ORDER BY id DESC LIMIT 1";
        let found = self.connection.query_row(query, [job.0], |row| row.get(0)).optional();
        found.map_err(|error| self.storage("read", &error))
    }

    /// Enters a run. Durable when this returns. `keyed_by` is the job's key as written, or empty.
    pub fn begin_run(&self, job: JobId, keyed_by: &str, now: i64) -> Result<RunId, LedgerError> {
        self.connection
            .execute(
                "INSERT INTO runs (job, keyed_by, started_at) VALUES (?1, ?2, ?3)",
                params![job.0, keyed_by, now],
            )
            .map_err(|error| self.storage("written", &error))?;
        Ok(RunId(self.connection.last_insert_rowid()))
    }

    /// Writes how a run ended. Durable when this returns.
    pub fn end_run(
        &self,
        run: RunId,
        totals: &Totals,
        exit: u8,
        now: i64,
    ) -> Result<(), LedgerError> {
        self.connection
            .execute(
                "UPDATE runs SET ended_at = ?2, exit = ?3, rows = ?4, succeeded = ?5, already_done = ?6, failed = ?7, \
                 invalid = ?8, in_doubt = ?9, not_started = ?10, requests = ?11 WHERE id = ?1",
                params![
                    run.0,
                    now,
                    exit,
                    totals.rows,
                    totals.succeeded,
                    totals.already_done,
                    totals.failed,
                    totals.invalid,
                    totals.in_doubt,
                    totals.not_started,
                    totals.requests
                ],
            )
            .map_err(|error| self.storage("written", &error))?;
        Ok(())
    }

    /// When the last request to an address left, by any job; unix milliseconds.
    pub fn last_request(&self, base_url: &str) -> Result<Option<i64>, LedgerError> {
        let query = "SELECT max(attempts.started_at) FROM attempts JOIN runs ON runs.id = attempts.run \
                     JOIN jobs ON jobs.id = runs.job WHERE jobs.base_url = ?1";
        self.connection
            .query_row(query, [base_url], |row| row.get(0))
            .map_err(|error| self.storage("read", &error))
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
        self.connection.pragma_update(None, "foreign_keys", true)?;
        self.connection.set_prepared_statement_cache_capacity(32);
        plan_once(&self.connection)
    }

    /// The file's format; 0 for an empty file.
    fn check_format(&self) -> Result<i64, LedgerError> {
        let pragma =
            |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let format = pragma("user_version").map_err(|error| self.not_a_ledger("read", &error))?;
        let application =
            pragma("application_id").map_err(|error| self.not_a_ledger("read", &error))?;
        let tables: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(|error| self.not_a_ledger("read", &error))?;
        match (application, format) {
            (APPLICATION_ID, FIRST_FORMAT..=FORMAT) => Ok(format),
            (APPLICATION_ID, found) if found > FORMAT => {
                Err(LedgerError::Newer { path: self.path.clone(), found, known: FORMAT })
            }
            (0, 0) if tables == 0 => Ok(0),
            _ => Err(LedgerError::NotALedger { path: self.path.clone() }),
        }
    }

    /// Lays out an empty file. Two processes may try at once; the second finds the work done.
    fn create(&self) -> Result<(), LedgerError> {
        let made = self.connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
            let tables: i64 =
                self.connection
                    .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if tables == 0 {
                self.connection.execute_batch(include_str!("schema.sql"))?;
            }
            self.connection.execute_batch("COMMIT")
        });
        made.map_err(|error| self.storage("made", &error))
    }

    /// Brings a file of the first format up to date. Two processes may try at once; the second finds the work done.
    fn update(&self) -> Result<(), LedgerError> {
        let made = self.connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
            let format: i64 =
                self.connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if format == FIRST_FORMAT {
                self.connection.execute_batch(
                    "ALTER TABLE attempts ADD COLUMN remote_started_at INTEGER; PRAGMA user_version = 2;",
                )?;
            }
            self.connection.execute_batch("COMMIT")
        });
        made.map_err(|error| self.storage("brought up to date", &error))
    }

    /// A file that was never a ledger is not called a damaged one.
    fn not_a_ledger(&self, deed: &'static str, error: &rusqlite::Error) -> LedgerError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => {
                LedgerError::NotALedger { path: self.path.clone() }
            }
            _ => self.storage(deed, error),
        }
    }

    fn storage(&self, deed: &'static str, error: &rusqlite::Error) -> LedgerError {
        let fault = StorageFault::of_sqlite(error);
        LedgerError::Storage { path: self.path.clone(), deed, fault, cause: error.to_string() }
    }
}

/// A connection that only reads, and makes no file.
fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Without a log there is nothing to recover, and an immutable file is read without one being made.
    let suffix = if beside(path, "-wal").exists() { "" } else { "?immutable=1" };
    let connection =
        Connection::open_with_flags(format!("file:{}{suffix}", uri_path(path)), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    plan_once(&connection)?;
    Ok(connection)
}

/// Lets no value that is bound to a statement change its plan: SQLite would prepare it anew for each.
fn plan_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// A file that SQLite keeps beside its own: `-wal` is the log, with what has not come to rest yet; `-shm` its index.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn of_io(path: &Path, deed: &'static str, error: &std::io::Error) -> LedgerError {
    let fault = StorageFault::of_io(error);
    LedgerError::Storage { path: path.to_owned(), deed, fault, cause: error.to_string() }
}

/// Why a file could not be opened. SQLite hardly says, so the system is asked.
fn not_opened(path: &Path, to_write: bool, error: &rusqlite::Error) -> LedgerError {
    let deed = "opened";
    let fault = StorageFault::of_sqlite(error);
    let storage = |fault, cause| LedgerError::Storage { path: path.to_owned(), deed, fault, cause };
    if path.is_dir() {
        return storage(StorageFault::Misplaced, "it is a folder".to_owned());
    }
    let mut options = std::fs::OpenOptions::new();
    match options.read(true).write(to_write).create(to_write).open(path) {
        Err(error) if fault == StorageFault::Unopened => of_io(path, deed, &error),
        _ => storage(fault, error.to_string()),
    }
}

/// A ledger beside which its better knowledge lies is not used.
fn refuse_kept(path: &Path) -> Result<(), LedgerError> {
    match presence::kept_beside(path) {
        Some(kept) => Err(LedgerError::Superseded { path: path.to_owned(), kept }),
        None => Ok(()),
    }
}

/// Whether a run has used the ledger before: its lock is made when the ledger has been, and stays beside it.
fn was_used(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let start = format!("{}.", name.to_string_lossy());
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with(&start) && name.ends_with(".lock")
    })
}

/// Makes the ledger's folder; what is in it is nobody's business but the user's, least of all a repository's.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    if folder.file_name().is_some_and(|name| name == ".noteferry") {
        std::fs::write(folder.join(".gitignore"), "*\n")?;
    }
    Ok(())
}

/// A path as it may stand in a `file:` URI.
fn uri_path(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

#[cfg(test)]
mod tests;
