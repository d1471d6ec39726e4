//! Files that runs of a job have read, in a table that older files may not have.

use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{FileLedger, later};
use crate::ledger::{FilesNow, JobId, LedgerError, ReadFile, Run};

const TABLE: &str = "source_files";

/// Writes what a run has read, and which files are let go: all of it, or nothing.
pub(super) fn write(
    ledger: &FileLedger,
    run: Run,
    files: &FilesNow,
    now: i64,
) -> Result<(), LedgerError> {
    if files.read.is_empty() && files.let_go.is_empty() {
        return Ok(());
    }
    ledger.writing(|| {
        let immediate = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&ledger.connection, immediate)?;
        later::make(&transaction, TABLE)?;
        {
            let mut insert = transaction.prepare(
                "INSERT OR REPLACE INTO source_files (job, name, manner, rows, read_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for ReadFile { name, manner, rows } in &files.read {
                insert.execute(params![run.job.0, name, manner, rows, now])?;
            }
            let mut delete =
                transaction.prepare("DELETE FROM source_files WHERE job = ?1 AND name = ?2")?;
            for name in &files.let_go {
                delete.execute(params![run.job.0, name])?;
            }
        }
        transaction.commit()
    })
}

/// The files of a job.
pub(super) fn read(connection: &Connection, job: JobId) -> rusqlite::Result<Vec<ReadFile>> {
    if !later::is_there(connection, TABLE)? {
        return Ok(Vec::new());
    }
    let query = "SELECT name, manner, rows FROM source_files WHERE job = ?1 ORDER BY name";
    let mut statement = connection.prepare(query)?;
    let files = statement.query_map([job.0], |row| {
        Ok(ReadFile {
            name: row.get::<_, Arc<str>>(0)?,
            manner: row.get::<_, Arc<str>>(1)?,
            rows: row.get(2)?,
        })
    })?;
    files.collect()
}
