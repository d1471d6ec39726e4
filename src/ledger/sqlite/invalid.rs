//! Rows that were invalid when the last run of a job began, in a table of their own: a file of an older version has none until
//! there is something to write into it, and an older version does not mind that there is one.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{FileLedger, later};
use crate::ledger::{InvalidRow, JobId, LedgerError, Run};
use crate::text::place::RowPlace;

const TABLE: &str = "invalid_rows";

/// Puts rows in the place of those that an earlier run has found.
pub(super) fn write(ledger: &FileLedger, run: Run, rows: &[InvalidRow]) -> Result<(), LedgerError> {
    ledger.writing(|| {
        let immediate = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&ledger.connection, immediate)?;
        match (later::is_there(&transaction, TABLE)?, rows.is_empty()) {
            (false, true) => return Ok(()),
            (false, false) => later::make(&transaction, TABLE)?,
            (true, _) => {}
        }
        transaction.execute("DELETE FROM invalid_rows WHERE job = ?1", [run.job.0])?;
        {
            let mut insert = transaction.prepare(
                "INSERT INTO invalid_rows (job, run, row, line, \"column\", code, message) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for InvalidRow { place, column, code, message } in rows {
                insert.execute(params![
                    run.job.0, run.id, place.row, place.line, column, code, message
                ])?;
            }
        }
        transaction.commit()
    })
}

/// A row is invalid no more: it is sent in another form.
pub(super) fn forget(connection: &Connection, job: JobId, row: u64) -> rusqlite::Result<()> {
    let query = "DELETE FROM invalid_rows WHERE job = ?1 AND row = ?2";
    connection.prepare_cached(query)?.execute(params![job.0, row]).map(drop)
}

pub(super) fn is_there(connection: &Connection) -> rusqlite::Result<bool> {
    later::is_there(connection, TABLE)
}

/// The rows of a job, in the order of the source.
pub(super) fn read(connection: &Connection, job: JobId) -> rusqlite::Result<Vec<InvalidRow>> {
    if !is_there(connection)? {
        return Ok(Vec::new());
    }
    let query = "SELECT row, line, \"column\", code, message FROM invalid_rows WHERE job = ?1 \
                 ORDER BY row, rowid";
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([job.0], |row| {
        Ok(InvalidRow {
            place: RowPlace::of(row.get(0)?, row.get(1)?),
            column: row.get(2)?,
            code: row.get(3)?,
            message: row.get(4)?,
        })
    })?;
    rows.collect()
}
