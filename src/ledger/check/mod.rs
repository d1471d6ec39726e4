//! Looks a ledger file through: whether SQLite finds it whole, and whether what it says can have happened.
//!
//! Reads only, in one pass over the rows; what it remembers are sixteen bytes a row for keys and as many for ids.
//! What is found is a value, never an error: an error is only what is no ledger at all. A letter that was changed
//! into another letter cannot be found, since the file has no sums over its texts. Times are not compared: clocks
//! may be set.

mod file_head;
mod finding;
mod life;
mod walk;

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{
    APPLICATION_ID, BUSY_TIMEOUT, Ledger, LedgerError, StorageFault, beside, connect_to_read,
    not_opened,
};
use file_head::FileHead;
use walk::Walk;

pub use finding::{Finding, Findings, LedgerRow, Problem};

/// What to look at.
pub struct CheckScope<'a> {
    /// The job's name; none for all of them.
    pub job: Option<&'a str>,
    /// Whether an operation makes something new, so that two of its rows cannot have made the same.
    pub creates: &'a dyn Fn(&str) -> bool,
}

/// A ledger, looked through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    pub bytes: u64,
    /// The bytes of the log beside it, which is a part of it; none where there is no log.
    pub log_bytes: Option<u64>,
    /// None where the file does not say.
    pub format: Option<i64>,
    pub jobs: u64,
    pub runs: u64,
    /// Runs that are under way, or were killed.
    pub endless_runs: u64,
    pub rows: u64,
    pub attempts: u64,
    pub findings: Findings,
}

/// Looks a ledger file through; none where there is no file. An error is what cannot be read as a ledger: another
/// file, a newer format, one that may not be opened.
pub fn check(path: &Path, scope: &CheckScope<'_>) -> Result<Option<Checked>, LedgerError> {
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(None) };
    let log_bytes = std::fs::metadata(beside(path, "-wal")).ok().map(|log| log.len());
    let mut checked = Checked { bytes: metadata.len(), log_bytes, ..Checked::default() };
    let head = FileHead::read(path);
    let has_log = log_bytes.is_some_and(|bytes| bytes > 0);
    if metadata.is_file() && checked.bytes == 0 && !has_log {
        checked.findings.add(None, Problem::Empty);
        return Ok(Some(checked));
    }
    if let Some(expected) = head.expected.filter(|expected| checked.bytes < *expected && !has_log) {
        let bytes = checked.bytes;
        checked.findings.add(None, Problem::Truncated { bytes, expected });
    }
    let ledger = match open(path) {
        Ok(ledger) => ledger,
        // Why its end may be missing is known; that it is a ledger as well, or its head would not say so.
        Err(Unopened::Damaged { cause }) if head.is_ours => {
            checked.findings.add(None, Problem::Stopped { rows: 0, attempts: 0, cause });
            return Ok(Some(checked));
        }
        Err(Unopened::Foreign) if head.is_ours => {
            checked.findings.add(None, Problem::DamagedHead);
            return Ok(Some(checked));
        }
        Err(unopened) => return Err(unopened.into_error(path)),
    };
    match ledger.check_format()? {
        0 => checked.findings.add(None, Problem::Empty),
        format => {
            checked.format = Some(format);
            Walk::new(&ledger.connection, scope, &mut checked).all();
        }
    }
    Ok(Some(checked))
}

/// Why a file could not be opened.
enum Unopened {
    Foreign,
    Damaged { cause: String },
    Other(LedgerError),
}

impl Unopened {
    fn into_error(self, path: &Path) -> LedgerError {
        let path = path.to_owned();
        match self {
            Self::Foreign => LedgerError::NotALedger { path },
            Self::Damaged { cause } => {
                LedgerError::Storage { path, deed: "read", fault: StorageFault::Damaged, cause }
            }
            Self::Other(error) => error,
        }
    }
}

/// A connection that leaves no trace, not even where a log lies beside a copy, without the log's index.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let is_writable = |metadata: std::fs::Metadata| !metadata.permissions().readonly();
    let indexed = !beside(path, "-wal").exists() || beside(path, "-shm").exists();
    if indexed || !std::fs::metadata(path).is_ok_and(is_writable) {
        return connect_to_read(path);
    }
    // Who reads such a log alone keeps its index in memory. To be alone takes a lock, and that a file that could be
    // written to; it is not.
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA locking_mode = EXCLUSIVE")?;
    Ok(connection)
}

/// Opens a file however damaged, as long as SQLite can make anything of it.
fn open(path: &Path) -> Result<Ledger, Unopened> {
    let prepared = connect(path).and_then(|connection| {
        // A file whose end is missing is then read as far as it goes.
        connection.execute_batch("PRAGMA writable_schema = ON; BEGIN")?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    });
    let connection = prepared.map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Unopened::Foreign,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure) => {
            Unopened::Damaged { cause: error.to_string() }
        }
        _ => Unopened::Other(not_opened(path, false, &error)),
    })?;
    let ledger = Ledger::over(connection, path);
    match ledger.check_format() {
        Err(LedgerError::NotALedger { .. }) => Err(Unopened::Foreign),
        Err(error) => Err(Unopened::Other(error)),
        Ok(_) => Ok(ledger),
    }
}
