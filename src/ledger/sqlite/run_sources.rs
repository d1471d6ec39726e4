//! What runs have read as they began, in a table that older files may not have.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{FileLedger, later};
use crate::ledger::{LedgerError, Run, RunSource};

const TABLE: &str = "run_sources";

/// Writes what a run has read.
pub(super) fn write(ledger: &FileLedger, run: Run, source: &RunSource) -> Result<(), LedgerError> {
    ledger.writing(|| {
        let immediate = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&ledger.connection, immediate)?;
        later::make(&transaction, TABLE)?;
        let query = "INSERT INTO run_sources (run, source, came_back, rows, invalid) VALUES (?1, ?2, ?3, ?4, ?5)";
        let RunSource { name, came_back, rows, invalid } = source;
        transaction.execute(query, params![run.id, name, came_back, rows, invalid])?;
        transaction.commit()
    })
}

/// What a run has read; none where nobody has written it down.
pub(super) fn read(connection: &Connection, run: i64) -> rusqlite::Result<Option<RunSource>> {
    if !later::is_there(connection, TABLE)? {
        return Ok(None);
    }
    let query = "SELECT source, came_back, rows, invalid FROM run_sources WHERE run = ?1";
    let mut statement = connection.prepare_cached(query)?;
    let found = statement.query_row([run], |row| {
        Ok(RunSource {
            name: row.get(0)?,
            came_back: row.get(1)?,
            rows: row.get(2)?,
            invalid: row.get(3)?,
        })
    });
    found.optional()
}
