//! What a ledger says of its jobs, for `status`.

use rusqlite::params;

use crate::row::Totals;

use super::{JobId, JobName, Ledger, LedgerError};

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStatus {
    pub job: JobName,
    /// `rows` are those that were ever sent, or those that the last run that came to an end knew of.
    pub totals: Totals,
    /// Newest first.
    pub runs: Vec<RunRecord>,
    /// Rows that failed or are in doubt, in the order of the source.
    pub failed: Vec<FailedRow>,
    /// How many more of those there are.
    pub more_failed: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    pub id: i64,
    pub started_at: i64,
    /// None for a run that is under way or was killed.
    pub ended_at: Option<i64>,
    pub exit: Option<u8>,
    pub totals: Totals,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRow {
    pub row: u64,
    pub line: u64,
    pub key: String,
    /// `failed` or `in_doubt`.
    pub state: String,
    pub attempts: u32,
    pub code: Option<String>,
    pub message: Option<String>,
}

impl Ledger {
    /// All jobs in the order in which they came.
    pub fn jobs(&self) -> Result<Vec<(JobId, JobName)>, LedgerError> {
        let read = || {
            let mut statement = self
                .connection
                .prepare("SELECT id, name, base_url, account FROM jobs ORDER BY id")?;
            let jobs = statement.query_map([], |row| {
                Ok((
                    JobId(row.get(0)?),
                    JobName { name: row.get(1)?, base_url: row.get(2)?, account: row.get(3)? },
                ))
            })?;
            jobs.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| self.storage("read", &error))
    }

    /// Where a job stands, with at most so many runs and failed rows.
    pub fn status(
        &self,
        id: JobId,
        job: JobName,
        runs: u32,
        failed: u32,
    ) -> Result<JobStatus, LedgerError> {
        let read = || {
            let mut totals = self.totals(id)?;
            let listed = self.failed_rows(id, failed)?;
            let more_failed = (totals.failed + totals.in_doubt).saturating_sub(listed.len() as u64);
            let runs = self.run_records(id, runs)?;
            // The last run knew of rows that never came to be sent.
            let seen =
                runs.iter().find(|run| run.ended_at.is_some()).map_or(0, |run| run.totals.rows);
            totals.not_started += seen.saturating_sub(totals.rows);
            totals.rows = totals.rows.max(seen);
            Ok(JobStatus { job, totals, runs, failed: listed, more_failed })
        };
        read().map_err(|error| self.storage("read", &error))
    }

    fn totals(&self, id: JobId) -> rusqlite::Result<Totals> {
        let mut totals = Totals::default();
        let query = "SELECT states.state, count(*), sum(states.attempts) FROM row_states AS states \
                     JOIN rows ON rows.id = states.id WHERE rows.job = ?1 GROUP BY states.state";
        let mut statement = self.connection.prepare(query)?;
        let counts = statement.query_map([id.0], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?, row.get::<_, u64>(2)?))
        })?;
        for count in counts {
            let (state, rows, requests) = count?;
            totals.rows += rows;
            totals.requests += requests;
            match state.as_str() {
                "succeeded" => totals.succeeded += rows,
                "failed" => totals.failed += rows,
                "in_doubt" => totals.in_doubt += rows,
                _ => totals.not_started += rows,
            }
        }
        Ok(totals)
    }

    fn failed_rows(&self, id: JobId, most: u32) -> rusqlite::Result<Vec<FailedRow>> {
        let query = "SELECT states.row, states.line, states.key, states.state, states.attempts, states.code, \
                     states.message FROM row_states AS states JOIN rows ON rows.id = states.id \
                     WHERE rows.job = ?1 AND states.state IN ('failed', 'in_doubt') ORDER BY states.row LIMIT ?2";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map(params![id.0, most], |row| {
            Ok(FailedRow {
                row: row.get(0)?,
                line: row.get(1)?,
                key: row.get(2)?,
                state: row.get(3)?,
                attempts: row.get(4)?,
                code: row.get(5)?,
                message: row.get(6)?,
            })
        })?;
        rows.collect()
    }

    fn run_records(&self, id: JobId, most: u32) -> rusqlite::Result<Vec<RunRecord>> {
        let query = "SELECT id, started_at, ended_at, exit, rows, succeeded, already_done, failed, invalid, in_doubt, \
                     not_started, requests FROM runs WHERE job = ?1 ORDER BY id DESC LIMIT ?2";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map(params![id.0, most], |row| {
            let count = |at: usize| row.get::<_, Option<u64>>(at).map(Option::unwrap_or_default);
            Ok(RunRecord {
                id: row.get(0)?,
                started_at: row.get(1)?,
                ended_at: row.get(2)?,
                exit: row.get(3)?,
                totals: Totals {
                    rows: count(4)?,
                    succeeded: count(5)?,
                    already_done: count(6)?,
                    failed: count(7)?,
                    invalid: count(8)?,
                    in_doubt: count(9)?,
                    not_started: count(10)?,
                    requests: count(11)?,
                },
            })
        })?;
        rows.collect()
    }
}
