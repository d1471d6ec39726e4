//! Rows that have come back corrected, in a table of their own: a file of an older version has none until there is something
//! to write into it, and an older version does not mind that there is one.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{FileLedger, invalid, later};
use crate::ledger::{Correction, Corrections, JobId, LedgerError, Run};
use crate::row::{Fingerprint, KeyHash};

const TABLE: &str = "corrections";

/// Writes all of them, or none.
pub(super) fn write(ledger: &FileLedger, run: Run, rows: &[Correction]) -> Result<(), LedgerError> {
    ledger.writing(|| {
        let immediate = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&ledger.connection, immediate)?;
        if !later::is_there(&transaction, TABLE)? {
            later::make(&transaction, TABLE)?;
        }
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO corrections (job, key, original, run) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (job, key, original) DO NOTHING",
            )?;
            let has_invalid = invalid::is_there(&transaction)?;
            for Correction { key, original, row } in rows {
                insert.execute(params![run.job.0, key, original.0.as_slice(), run.id])?;
                if has_invalid {
                    invalid::forget(&transaction, run.job, *row)?;
                }
            }
        }
        transaction.commit()
    })
}

/// The corrected rows of a job.
pub(super) fn read(connection: &Connection, job: JobId) -> rusqlite::Result<Corrections> {
    let mut corrections = Corrections::default();
    if !later::is_there(connection, TABLE)? {
        return Ok(corrections);
    }
    let mut statement = connection
        .prepare("SELECT key, original FROM corrections WHERE job = ?1 ORDER BY run, rowid")?;
    let mut rows = statement.query([job.0])?;
    while let Some(row) = rows.next()? {
        let key = KeyHash::of(row.get_ref(0)?.as_str()?);
        let original: Vec<u8> = row.get(1)?;
        if let Ok(original) = original.try_into() {
            corrections.add(Fingerprint(original), key);
        }
    }
    Ok(corrections)
}
