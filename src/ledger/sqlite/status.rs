//! Where a job stands: its rows counted in one scan, its last runs, and the first rows that need a look.

use std::collections::BinaryHeap;

use rusqlite::{Connection, Row, params};

use super::fault::Unread;
use super::reader::read_row;
use super::scan::{Listener, Owners, Which, scan};
use crate::ledger::{FailedRow, JobId, JobName, JobStatus, OwnerId, RunRecord, Unfinished};
use crate::row::{Life, RowId, Standing, Totals};

pub(super) fn read(
    connection: &Connection,
    id: JobId,
    job: JobName,
    runs: u32,
    rows: u32,
) -> Result<JobStatus, Unread> {
    let moment = connection.unchecked_transaction()?;
    let most = usize::try_from(rows).unwrap_or(usize::MAX);
    let owners = Owners::read(&moment)?;
    let mut runs = run_records(&moment, id, runs)?;
    let endless = runs.iter().filter(|run| run.ended_at.is_none());
    let mut count = Count {
        owners,
        endless: endless.map(|run| (run.id, Totals::default())).collect(),
        job: id,
        place: None,
        totals: Totals::default(),
        most,
        first: BinaryHeap::new(),
    };
    scan(&moment, Which::All, &mut count)?;
    let Count { mut totals, first, endless, .. } = count;
    for run in &mut runs {
        let found = endless.iter().find(|(id, _)| *id == run.id);
        run.totals = found.map_or(run.totals, |(_, totals)| *totals);
    }
    let listed = first.into_sorted_vec().into_iter();
    let failed = listed.map(|(_, row, state)| failed_row(&moment, RowId(row), state));
    let failed = failed.collect::<Result<Vec<FailedRow>, Unread>>()?;
    let more_failed = (totals.failed + totals.in_doubt).saturating_sub(failed.len() as u64);
    // The last run knew of rows that never came to be sent.
    let seen = runs.iter().find(|run| run.ended_at.is_some()).map_or(0, |run| run.totals.rows);
    totals.not_started += seen.saturating_sub(totals.rows);
    totals.rows = totals.rows.max(seen);
    Ok(JobStatus { job, totals, runs, failed, more_failed })
}

/// The rows of a job, counted, and the first that need a look.
struct Count {
    owners: Owners,
    /// The runs without an end, and what they have come to.
    endless: Vec<(i64, Totals)>,
    job: JobId,
    /// Where the row in hand stood in the source, where it is one of the job.
    place: Option<i64>,
    totals: Totals,
    most: usize,
    /// By their places.
    first: BinaryHeap<(i64, i64, Unfinished)>,
}

impl Listener for Count {
    const START: &'static str = "row";
    const WHOLE: bool = false;

    fn start(&mut self, owner: OwnerId, start: &Row<'_>) -> rusqlite::Result<()> {
        if self.owners.job(owner) == Some(self.job) {
            self.place = Some(start.get(Self::START_FROM)?);
        }
        if let Some(totals) = self.endless_run(owner) {
            totals.requests += 1;
        }
        Ok(())
    }

    fn row(&mut self, id: i64, owner: OwnerId, life: Life) -> rusqlite::Result<()> {
        let Some(place) = self.place.take() else { return Ok(()) };
        if let Some(totals) = self.endless_run(owner) {
            count_one(totals, life.standing());
        }
        let totals = &mut self.totals;
        totals.rows += 1;
        totals.requests += u64::try_from(life.attempts()).unwrap_or_default();
        let unfinished = match life.standing() {
            Standing::NotStarted | Standing::Deferred => {
                totals.not_started += 1;
                return Ok(());
            }
            Standing::Done => {
                totals.succeeded += 1;
                return Ok(());
            }
            Standing::Refused | Standing::GivenUp => {
                totals.failed += 1;
                Unfinished::Failed
            }
            // What a row did that contradicts itself is not known.
            Standing::Started
            | Standing::UnderWay
            | Standing::InDoubt
            | Standing::Contradictory => {
                totals.in_doubt += 1;
                Unfinished::InDoubt
            }
        };
        self.first.push((place, id, unfinished));
        if self.first.len() > self.most {
            self.first.pop();
        }
        Ok(())
    }
}

impl Count {
    fn endless_run(&mut self, owner: OwnerId) -> Option<&mut Totals> {
        if self.endless.is_empty() {
            return None;
        }
        let (_, run) = self.owners.job_and_run(owner)?;
        self.endless.iter_mut().find(|(id, _)| *id == run).map(|(_, totals)| totals)
    }
}

/// Counts a row of a run that has no end.
fn count_one(totals: &mut Totals, standing: Standing) {
    let count = match standing {
        Standing::NotStarted | Standing::Deferred => &mut totals.not_started,
        Standing::Done => &mut totals.succeeded,
        Standing::Refused | Standing::GivenUp => &mut totals.failed,
        Standing::Started | Standing::UnderWay | Standing::InDoubt | Standing::Contradictory => {
            &mut totals.in_doubt
        }
    };
    *count += 1;
}

fn failed_row(connection: &Connection, row: RowId, state: Unfinished) -> Result<FailedRow, Unread> {
    let (life, sent) = read_row(connection, row)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(FailedRow {
        place: sent.place.clone(),
        key: sent.key,
        state,
        attempts: u32::try_from(life.attempts()).unwrap_or(u32::MAX),
        cause: sent.cause,
    })
}

fn run_records(connection: &Connection, id: JobId, most: u32) -> rusqlite::Result<Vec<RunRecord>> {
    let query = "SELECT id, started_at, ended_at, exit, rows, succeeded, already_done, failed, invalid, in_doubt, \
                 not_started, requests FROM runs WHERE job = ?1 ORDER BY id DESC LIMIT ?2";
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map(params![id.0, most], |row| {
        let count = |at: usize| row.get::<_, Option<u64>>(at).map(Option::unwrap_or_default);
        Ok(RunRecord {
            id: row.get(0)?,
            started_at: row.get(1)?,
            ended_at: row.get(2)?,
            exit: row.get(3)?,
            reason: None,
            totals: Totals {
                rows: count(4)?,
                succeeded: count(5)?,
                already_done: count(6)?,
                failed: count(7)?,
                invalid: count(8)?,
                in_doubt: count(9)?,
                not_started: count(10)?,
                requests: count(11)?,
                ..Totals::default()
            },
        })
    })?;
    let mut records: Vec<RunRecord> = rows.collect::<rusqlite::Result<_>>()?;
    // An older file has no room for it.
    if let Ok(mut reasons) = connection.prepare("SELECT reason FROM runs WHERE id = ?1") {
        for record in &mut records {
            record.reason = reasons.query_row([record.id], |row| row.get(0))?;
        }
    }
    Ok(records)
}
