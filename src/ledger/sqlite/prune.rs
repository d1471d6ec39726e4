//! Takes out of a file what nobody needs any more, and makes it smaller.
//!
//! The only place where entries are deleted: whole jobs at a target, and runs without entries, in one transaction. Which of
//! them may go is not decided here. The last job, the last run and its owner stay, empty, so that no number is given twice.

use rusqlite::{Transaction, TransactionBehavior, params};

use super::{FileLedger, later};
use crate::ledger::{Extent, JobId, LedgerError, Pruning, Reader as _};

/// What is known of a job or a run beside its entries; a file may lack these tables.
const OF_JOBS: [&str; 4] = ["corrections", "invalid_rows", "verifications", "source_files"];
const OF_RUNS: [&str; 5] = ["uncounted", "mandates", "corrections", "invalid_rows", "run_sources"];

impl FileLedger {
    /// How much there is of each job.
    pub(crate) fn extents(&self) -> Result<Vec<Extent>, LedgerError> {
        let entries = "SELECT count(DISTINCT starts.id), count(*), max(starts.at) FROM starts \
                       CROSS JOIN owners ON owners.id = starts.owner CROSS JOIN runs ON runs.id = owners.run \
                       WHERE runs.job = ?1";
        let runs = "SELECT count(*), max(max(started_at), coalesce(max(ended_at), 0)) FROM runs WHERE job = ?1";
        let found = "SELECT max(ends.at) FROM ends CROSS JOIN owners ON owners.id = ends.owner \
                     CROSS JOIN runs ON runs.id = owners.run WHERE runs.job = ?1";
        let mut extents = Vec::new();
        for (id, name) in self.jobs()? {
            extents.push(self.reading(|| -> rusqlite::Result<Extent> {
                let one = |query: &str| self.connection.prepare(query);
                let (rows, requests, sent): (u64, u64, Option<i64>) = one(entries)?
                    .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                let (runs, run): (u64, Option<i64>) =
                    one(runs)?.query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let known: Option<i64> = one(found)?.query_row([id.0], |row| row.get(0))?;
                let last = [sent, run, known].into_iter().flatten().max().unwrap_or_default();
                Ok(Extent { id, name: name.clone(), rows, requests, runs, last })
            })?);
        }
        Ok(extents)
    }

    /// Runs that have entered nothing, and behind which a later run of their job has said all that the next one has to know.
    pub(crate) fn empty_runs(&self) -> Result<Vec<(JobId, i64)>, LedgerError> {
        let has = |query: &str| self.connection.prepare(query).is_ok();
        // A file of an older version does not say what runs have left.
        if !has("SELECT uncounted, reason FROM runs LIMIT 0")
            || !has("SELECT run FROM uncounted LIMIT 0")
        {
            return Ok(Vec::new());
        }
        // A row that a later run has sent corrected is known as such by the first run that was to send it, and the invalid rows
        // of a job are those of the last run that looked at all of them.
        let mut has_left = String::new();
        for table in ["mandates", "corrections", "invalid_rows"] {
            if has(&format!("SELECT run FROM {table} LIMIT 0")) {
                let one = format!(" OR EXISTS (SELECT 1 FROM {table} WHERE {table}.run = runs.id)");
                has_left.push_str(&one);
            }
        }
        // How many rows a job has is known by the last run that has read all of them.
        if has("SELECT run FROM run_sources LIMIT 0") {
            has_left.push_str(
                " OR EXISTS (SELECT 1 FROM run_sources AS own WHERE own.run = runs.id AND own.came_back = 0 \
                 AND NOT EXISTS (SELECT 1 FROM run_sources AS later JOIN runs AS others ON others.id = later.run \
                 WHERE others.job = runs.job AND later.run > own.run AND later.came_back = 0))",
            );
        }
        let query = format!(
            "WITH busy AS (SELECT DISTINCT owner FROM starts UNION SELECT DISTINCT owner FROM ends) \
             SELECT job, id FROM runs WHERE ended_at IS NOT NULL AND id < (SELECT max(later.id) FROM runs AS later \
             WHERE later.job = runs.job AND later.ended_at IS NOT NULL AND later.uncounted IS NOT NULL \
             AND coalesce(later.reason, '') <> 'settled') \
             AND NOT (EXISTS (SELECT 1 FROM owners JOIN busy ON busy.owner = owners.id WHERE owners.run = runs.id) \
             OR EXISTS (SELECT 1 FROM uncounted WHERE uncounted.run = runs.id){has_left}) ORDER BY id"
        );
        self.reading(|| {
            let mut statement = self.connection.prepare(&query)?;
            let runs = statement.query_map([], |row| Ok((JobId(row.get(0)?), row.get(1)?)))?;
            runs.collect()
        })
    }

    /// Takes it out: all of it or nothing.
    pub(crate) fn prune(&self, pruning: &Pruning) -> Result<(), LedgerError> {
        self.writing(|| {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            pruning.jobs.iter().try_for_each(|job| forget(&transaction, *job))?;
            for run in &pruning.empty_runs {
                delete_run(&transaction, *run)?;
            }
            transaction.commit()
        })
    }

    /// Gives back to the disk what is free in the file. That needs as much room again for a while; where there is none, the
    /// file stays as large as it was.
    pub(crate) fn shrink(&self) -> Result<(), LedgerError> {
        self.writing(|| {
            self.connection.execute_batch("VACUUM")?;
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        })
    }
}

fn forget(transaction: &Transaction<'_>, job: JobId) -> rusqlite::Result<()> {
    let owners =
        "SELECT owners.id FROM owners JOIN runs ON runs.id = owners.run WHERE runs.job = ?1";
    if later::is_there(transaction, "snapshots")? {
        let rows = format!("SELECT id FROM starts WHERE owner IN ({owners})");
        transaction.execute(&format!("DELETE FROM snapshots WHERE id IN ({rows})"), [job.0])?;
    }
    for table in ["ends", "starts"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE owner IN ({owners})"), [job.0])?;
    }
    let runs: Vec<i64> = {
        let mut statement = transaction.prepare("SELECT id FROM runs WHERE job = ?1")?;
        let runs = statement.query_map([job.0], |row| row.get(0))?;
        runs.collect::<rusqlite::Result<_>>()?
    };
    for run in runs {
        delete_run(transaction, run)?;
    }
    for table in OF_JOBS {
        delete_from(transaction, table, ("job", job.0))?;
    }
    let unused = "DELETE FROM jobs WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM runs WHERE job = ?1) \
                  AND id < (SELECT max(id) FROM jobs)";
    transaction.execute(unused, [job.0]).map(drop)
}

fn delete_from(
    transaction: &Transaction<'_>,
    table: &str,
    (column, id): (&str, i64),
) -> rusqlite::Result<()> {
    if later::is_there(transaction, table)? {
        transaction.execute(&format!("DELETE FROM {table} WHERE {column} = ?1"), [id])?;
    }
    Ok(())
}

fn delete_run(transaction: &Transaction<'_>, run: i64) -> rusqlite::Result<()> {
    for table in OF_RUNS {
        delete_from(transaction, table, ("run", run))?;
    }
    let is_last = "SELECT ?1 = (SELECT max(id) FROM runs) \
                   OR EXISTS (SELECT 1 FROM owners WHERE run = ?1 AND id = (SELECT max(id) FROM owners))";
    if transaction.query_row(is_last, [run], |row| row.get(0))? {
        let blank = "UPDATE runs SET rows = NULL, succeeded = NULL, already_done = NULL, failed = NULL, invalid = NULL, \
                     in_doubt = NULL, not_started = NULL, requests = NULL WHERE id = ?1";
        return transaction.execute(blank, [run]).map(drop);
    }
    transaction.execute("DELETE FROM owners WHERE run = ?1", params![run])?;
    transaction.execute("DELETE FROM runs WHERE id = ?1", params![run]).map(drop)
}
