//! Looks a ledger file through: whether SQLite finds it whole, and whether what it says can have happened.
//!
//! Reads only, in one pass over the rows; what it remembers are sixteen bytes a row for keys and as many for ids.
//! What is found is a value, never an error: an error is only what is no ledger at all. A letter that was changed
//! into another letter cannot be found, since the file has no sums over its texts. Times are not compared: clocks
//! may be set.

mod file_head;
mod walk;

use std::collections::HashMap;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::fault::{not_opened, refuse_folder};
use super::file::{beside, connect_to_read, patient};
use super::format::{FORMAT, Found, show_as_current};
use super::reader::{Gone, outcomes_gone};
use super::rescue::waiting_outcomes;
use super::{FileLedger, JobLock};
use crate::ledger::{
    CheckScope, Deed, Inspection, JobId, JobName, LedgerError, Location, Problem, Reader as _,
    StorageFault,
};
use file_head::FileHead;
use walk::Walk;

/// Looks a ledger file through; none where there is no file. An error is what cannot be read as a ledger: another
/// file, a newer format, one that may not be opened.
pub(crate) fn inspect(
    place: impl Into<Location>,
    scope: &CheckScope<'_>,
) -> Result<Option<Inspection>, LedgerError> {
    let Location::File(path) = &place.into();
    refuse_folder(path)?;
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(None) };
    let log_bytes = std::fs::metadata(beside(path, "-wal")).ok().map(|log| log.len());
    let mut checked = Inspection { bytes: metadata.len(), log_bytes, ..Inspection::default() };
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
    let format = match ledger.found()? {
        Found::Nothing => {
            checked.findings.add(None, Problem::Empty);
            return Ok(Some(checked));
        }
        Found::Older(format) => {
            if let Err(LedgerError::Incomplete { missing, .. }) = ledger.refuse_unfit(format) {
                checked.findings.add(None, Problem::Incomplete(missing));
            }
            show_as_current(&ledger.connection, format)
                .map_err(|error| ledger.storage(Deed::Read, &error))?;
            format
        }
        Found::Current => {
            if let Err(LedgerError::Incomplete { missing, .. }) = ledger.refuse_incomplete() {
                checked.findings.add(None, Problem::Incomplete(missing));
            }
            FORMAT
        }
    };
    checked.format = Some(format);
    // First of all: a run that ends while the file is looked through has no end in what is read of it.
    checked.held_by = holders(&ledger, scope);
    Walk::new(&ledger.connection, scope, &mut checked).all();
    // What waits to be brought in is not there yet.
    if checked.findings.kept.is_empty() && checked.held_by.is_empty() && !waits(&ledger) {
        // What cannot be read has been told by the walk.
        let gone = gone_outcomes(&ledger, scope).unwrap_or_default();
        gone.into_iter().for_each(|problem| checked.findings.add(None, problem));
    }
    Ok(Some(checked))
}

/// Whether outcomes wait beside the ledger, or may.
fn waits(ledger: &FileLedger) -> bool {
    let jobs = ledger.jobs().unwrap_or_default();
    let waiting = |name| waiting_outcomes(&ledger.path, name);
    !jobs.iter().all(|(_, name)| waiting(name).is_ok_and(|found| found.is_empty()))
}

/// Runs that say of more rows that these were done than outcomes of them say so, as every reading looks for them.
fn gone_outcomes(ledger: &FileLedger, scope: &CheckScope<'_>) -> rusqlite::Result<Vec<Problem>> {
    let query = "SELECT owners.run, count(*) FROM ends JOIN owners ON owners.id = ends.owner \
                 WHERE ends.outcome IN ('succeeded', 'found') GROUP BY owners.run";
    let mut statement = ledger.connection.prepare(query)?;
    let done = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let done = done.collect::<rusqlite::Result<HashMap<i64, u64>>>()?;
    let mut problems = Vec::new();
    for (job, _) in chosen_jobs(ledger, scope) {
        let gone = outcomes_gone(&ledger.connection, job, &done)?.into_iter();
        problems.extend(gone.map(|Gone { run, told, found }| Problem::OutcomesGone {
            run,
            told,
            found,
        }));
    }
    Ok(problems)
}

/// Who holds the jobs at this moment. What cannot be read is told by the walk.
fn holders(ledger: &FileLedger, scope: &CheckScope<'_>) -> Vec<String> {
    let chosen = chosen_jobs(ledger, scope).into_iter();
    chosen.filter_map(|(_, name)| JobLock::held_by(&ledger.path, &name)).collect()
}

fn chosen_jobs(ledger: &FileLedger, scope: &CheckScope<'_>) -> Vec<(JobId, JobName)> {
    let jobs = ledger.jobs().unwrap_or_default().into_iter();
    jobs.filter(|(_, name)| scope.job.is_none_or(|job| job == name.name)).collect()
}

/// Why a file could not be opened.
enum Unopened {
    Foreign,
    Damaged { cause: String },
    Other(LedgerError),
}

impl Unopened {
    fn into_error(self, path: &Path) -> LedgerError {
        let ledger = Location::from(path);
        match self {
            Self::Foreign => LedgerError::NotALedger { ledger },
            Self::Damaged { cause } => LedgerError::Storage {
                ledger,
                deed: Deed::Read,
                fault: StorageFault::Damaged,
                cause,
            },
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
    // A process that reads such a log alone keeps its index in memory. SQLite lets it be alone only with a connection that
    // could write; nothing is written with this one.
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    patient(&connection)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA locking_mode = EXCLUSIVE")?;
    Ok(connection)
}

/// Opens a file however damaged, as long as SQLite can make anything of it.
fn open(path: &Path) -> Result<FileLedger, Unopened> {
    refuse_folder(path).map_err(Unopened::Other)?;
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
    let ledger = FileLedger::over(connection, path);
    match ledger.found() {
        Err(LedgerError::NotALedger { .. }) => Err(Unopened::Foreign),
        Err(error) => Err(Unopened::Other(error)),
        Ok(_) => Ok(ledger),
    }
}
