//! What is written of jobs and runs.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::FileLedger;
use super::counts;
use super::journal::take_ids;
use super::mandates;
use super::reader::last_owner;
use super::snapshots;
use super::undoing;
use super::verifications;
use crate::ledger::{
    Books, Claim, Correction, Deed, FilesNow, InvalidRow, JobId, LedgerError, Mandate, OwnerId,
    Reader as _, Run, RunSource, Settling, TakenIn, Validity, Verification,
};
use crate::row::{Totals, Uncounted};

impl Books for FileLedger {
    fn enter_job(&self, claim: &dyn Claim, now: i64) -> Result<JobId, LedgerError> {
        let job = claim.job();
        if let Some(id) = self.find_job(job)? {
            return Ok(id);
        }
        self.writing(|| {
            self.connection.execute(
                "INSERT INTO jobs (name, base_url, account, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![job.name, job.base_url, job.account, now],
            )?;
            Ok(JobId(self.connection.last_insert_rowid()))
        })
    }

    fn begin_run(
        &self,
        claim: &dyn Claim,
        after: OwnerId,
        keyed_by: &str,
        now: i64,
    ) -> Result<Run, LedgerError> {
        let job = self.enter_job(claim, now)?;
        let until = match claim.validity() {
            Validity::Held => None,
            Validity::Until(moment) => Some(moment),
        };
        let begun = self.writing(|| {
            let immediate = TransactionBehavior::Immediate;
            let transaction = Transaction::new_unchecked(&self.connection, immediate)?;
            if last_owner(&transaction, job)? > after {
                return Ok(None);
            }
            transaction.execute(
                "INSERT INTO runs (job, keyed_by, started_at) VALUES (?1, ?2, ?3)",
                params![job.0, keyed_by, now],
            )?;
            let id = transaction.last_insert_rowid();
            snapshots::make_room_for_prints(&transaction)?;
            transaction.execute(
                "INSERT INTO owners (run, name, until) VALUES (?1, ?2, ?3)",
                params![id, claim.holder(), until],
            )?;
            let owner = OwnerId(transaction.last_insert_rowid());
            let first_row = take_ids(&transaction)?;
            transaction.commit()?;
            Ok(Some(Run { id, job, owner, first_row }))
        })?;
        begun.ok_or_else(|| LedgerError::Overtaken { ledger: self.location() })
    }

    fn entrust(&self, run: Run, mandate: &Mandate) -> Result<(), LedgerError> {
        if mandate.is_empty() {
            return Ok(());
        }
        self.writing(|| {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            mandates::write(&transaction, run.id, mandate)?;
            transaction.commit()
        })
    }

    fn note_source(&self, run: Run, source: &RunSource) -> Result<(), LedgerError> {
        super::run_sources::write(self, run, source)
    }

    fn note_files(&self, run: Run, files: &FilesNow, now: i64) -> Result<(), LedgerError> {
        super::source_files::write(self, run, files, now)
    }

    fn note_undoing(&self, run: Run, of: i64) -> Result<(), LedgerError> {
        self.writing(|| {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            undoing::note(&transaction, run.id, of)?;
            transaction.commit()
        })
    }

    fn correct(&self, run: Run, rows: &[Correction]) -> Result<(), LedgerError> {
        super::corrections::write(self, run, rows)
    }

    fn note_invalid(&self, run: Run, rows: &[InvalidRow]) -> Result<(), LedgerError> {
        super::invalid::write(self, run, rows)
    }

    fn end_run(
        &self,
        run: Run,
        totals: &Totals,
        (exit, reason): (u8, Option<&str>),
        left: Option<&[Uncounted]>,
        now: i64,
    ) -> Result<(), LedgerError> {
        self.writing(|| {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            if reason.is_some() {
                make_room_for_reason(&transaction)?;
                let query = "UPDATE runs SET reason = ?2 WHERE id = ?1";
                transaction.execute(query, params![run.id, reason])?;
            }
            if let Some(left) = left {
                counts::leave(&transaction, run, left)?;
            }
            transaction.execute(
                "UPDATE runs SET ended_at = ?2, exit = ?3, rows = ?4, succeeded = ?5, already_done = ?6, failed = ?7, \
                 invalid = ?8, in_doubt = ?9, not_started = ?10, requests = ?11 WHERE id = ?1",
                params![
                    run.id,
                    now,
                    exit,
                    // The ledger tells of rows that the job wants.
                    totals.rows - totals.left_out(),
                    totals.succeeded,
                    totals.already_done,
                    totals.failed,
                    totals.invalid,
                    totals.in_doubt,
                    totals.not_started,
                    totals.requests
                ],
            )?;
            transaction.commit()
        })
    }

    fn settle(
        &self,
        claim: &dyn Claim,
        settling: &Settling<'_>,
        now: i64,
    ) -> Result<i64, LedgerError> {
        super::settling::settle(self, claim, settling, now)
    }

    fn keep_verification(
        &self,
        claim: &dyn Claim,
        found: &Verification,
    ) -> Result<i64, LedgerError> {
        let job = self.enter_job(claim, found.began_at)?;
        self.writing(|| {
            let immediate = TransactionBehavior::Immediate;
            let transaction = Transaction::new_unchecked(&self.connection, immediate)?;
            let number = verifications::write(&transaction, job, found)?;
            transaction.commit()?;
            Ok(number)
        })
    }

    fn take_in(&self, claim: &dyn Claim) -> Result<Vec<TakenIn>, LedgerError> {
        super::rescue::take_in(self, claim.job())
    }
}

impl FileLedger {
    pub(super) fn writing<T>(
        &self,
        write: impl FnOnce() -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        write().map_err(|error| self.storage(Deed::Write, &error))
    }
}

/// An older version has made no room for it in its files, and does not mind that there is.
pub(super) fn make_room_for_reason(connection: &Connection) -> rusqlite::Result<()> {
    let query = "SELECT count(*) FROM pragma_table_info('runs') WHERE name = 'reason'";
    match connection.query_row(query, [], |row| row.get::<_, i64>(0))? {
        0 => connection.execute_batch("ALTER TABLE runs ADD COLUMN reason TEXT"),
        _ => Ok(()),
    }
}
