//! Where a job stands: its rows counted in one scan, its last runs, and the first rows that need a look.

use std::collections::BinaryHeap;

use rusqlite::{Connection, Row, params};

use super::fault::Unread;
use super::mandates;
use super::reader::{Gathering, read_row};
use super::scan::{Listener, Owners, Which, scan};
use super::settling::settled_at;
use super::undoing;
use super::{invalid, run_sources};
use crate::ledger::{
    FailedRow, INVALID_KEPT, JobId, JobName, JobStatus, Mandate, OwnerId, RunRecord, SettledRow,
    Unfinished,
};
use crate::row::{Life, RowId, Settlement, Standing, Totals};

pub(super) fn read(
    connection: &Connection,
    id: JobId,
    job: JobName,
    runs: u32,
    rows: u32,
) -> Result<JobStatus, Unread> {
    let moment = connection.unchecked_transaction()?;
    let runs = run_records(&moment, id, runs)?;
    let mut count = Count::new(&moment, id, &runs, rows)?;
    scan(&moment, Which::All, &mut count)?;
    told(&moment, (id, job), runs, count)
}

/// Likewise, and all rows of the job with it, of the same moment and in the same scan.
pub(super) fn read_with_rows(
    connection: &Connection,
    id: JobId,
    job: JobName,
    runs: u32,
    rows: u32,
) -> Result<(JobStatus, Gathering), Unread> {
    let moment = connection.unchecked_transaction()?;
    let runs = run_records(&moment, id, runs)?;
    let count = Count::new(&moment, id, &runs, rows)?;
    let mut both = Both { gathering: Gathering::new(&moment, id)?, count };
    scan(&moment, Which::All, &mut both)?;
    let Both { mut gathering, count } = both;
    gathering.finish(&moment)?;
    Ok((told(&moment, (id, job), runs, count)?, gathering))
}

fn told(
    moment: &Connection,
    (id, job): (JobId, JobName),
    mut runs: Vec<RunRecord>,
    count: Count,
) -> Result<JobStatus, Unread> {
    let Count { mut totals, first, endless, .. } = count;
    for run in &mut runs {
        let found = endless.iter().find(|(id, _)| *id == run.id);
        run.totals = found.map_or(run.totals, |(_, totals)| *totals);
    }
    let listed = first.into_sorted_vec().into_iter();
    let failed = listed.map(|(_, row, state)| failed_row(moment, RowId(row), state));
    let failed = failed.collect::<Result<Vec<FailedRow>, Unread>>()?;
    let more_failed = (totals.failed + totals.in_doubt).saturating_sub(failed.len() as u64);
    // The last run that has read the whole source knew of rows that never came to be sent. Rows that came back are but some.
    let whole = runs.iter().find_map(|run| Some((run.id, run.whole_source()?)));
    if let Some((run, (rows, invalid))) = whole {
        // Its rows are those that it wanted: not those that had been dismissed by then.
        let dismissed = match totals.dismissed {
            0 => 0,
            _ => dismissed_before(moment, id, run)?,
        };
        let seen = rows + dismissed;
        let never_sent = seen.saturating_sub(totals.rows);
        let kept = invalid::read(moment, id)?.len();
        // What has come back since and was sent is taken from those that are kept; of very many not all are.
        let have_come_back = runs.iter().any(|later| {
            later.id > run && later.source.as_ref().is_some_and(|read| read.came_back)
        });
        let invalid = match kept {
            0 if have_come_back => 0,
            0 | INVALID_KEPT.. => invalid,
            some => some as u64,
        };
        let invalid = invalid.min(never_sent);
        totals.invalid += invalid;
        totals.not_started += never_sent - invalid;
        totals.rows = totals.rows.max(seen);
    }
    let whole = whole.map(|(run, _)| run);
    Ok(JobStatus { job, totals, whole, runs, failed, more_failed })
}

/// How many of a job's rows persons had dismissed before a run.
fn dismissed_before(moment: &Connection, job: JobId, run: i64) -> rusqlite::Result<u64> {
    let settled = settled_at(moment, job)?;
    let before = |row: &&SettledRow| row.said == Settlement::Dismissed && row.run < run;
    Ok(settled.iter().filter(before).count() as u64)
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

/// Two listeners to one scan.
struct Both {
    gathering: Gathering,
    count: Count,
}

impl Listener for Both {
    // The gathering's columns come first, as it reads them.
    const START: &'static str = "key, digest, at, remote_at, row";
    const END: &'static str = Gathering::END;
    const WHOLE: bool = false;

    fn start(&mut self, owner: OwnerId, start: &Row<'_>) -> rusqlite::Result<()> {
        self.gathering.start(owner, start)?;
        self.count.begun(owner, || start.get(Self::START_FROM + 4))
    }

    fn end(&mut self, end: &Row<'_>) -> rusqlite::Result<()> {
        self.gathering.end(end)
    }

    fn dangling(&mut self) {
        self.gathering.dangling();
    }

    fn row(&mut self, id: i64, owner: OwnerId, life: Life) -> Result<(), Unread> {
        self.count.row(id, owner, life.clone())?;
        self.gathering.row(id, owner, life)
    }
}

impl Listener for Count {
    const START: &'static str = "row";
    const WHOLE: bool = false;

    fn start(&mut self, owner: OwnerId, start: &Row<'_>) -> rusqlite::Result<()> {
        self.begun(owner, || start.get(Self::START_FROM))
    }

    fn row(&mut self, id: i64, owner: OwnerId, life: Life) -> Result<(), Unread> {
        let Some(place) = self.place.take() else { return Ok(()) };
        let standing = life.standing();
        if let Some(totals) = self.endless_run(owner) {
            // By the run: an undoing that came to nothing is what it did not come to.
            count_one(totals, life.state().standing());
        }
        let totals = &mut self.totals;
        totals.rows += 1;
        totals.requests += u64::try_from(life.attempts()).unwrap_or_default();
        let unfinished = match standing {
            Standing::NotStarted | Standing::Deferred => {
                totals.not_started += 1;
                return Ok(());
            }
            Standing::Done => {
                totals.succeeded += 1;
                return Ok(());
            }
            Standing::Dismissed => {
                totals.dismissed += 1;
                return Ok(());
            }
            Standing::Undone => {
                totals.undone += 1;
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
    fn new(
        moment: &Connection,
        job: JobId,
        runs: &[RunRecord],
        rows: u32,
    ) -> rusqlite::Result<Self> {
        let endless = runs.iter().filter(|run| run.ended_at.is_none());
        Ok(Self {
            owners: Owners::read(moment)?,
            endless: endless.map(|run| (run.id, Totals::default())).collect(),
            job,
            place: None,
            totals: Totals::default(),
            most: usize::try_from(rows).unwrap_or(usize::MAX),
            first: BinaryHeap::new(),
        })
    }

    /// An attempt was begun; `place` reads where its row stood in the source.
    fn begun(
        &mut self,
        owner: OwnerId,
        place: impl FnOnce() -> rusqlite::Result<i64>,
    ) -> rusqlite::Result<()> {
        if self.owners.job(owner) == Some(self.job) {
            self.place = Some(place()?);
        }
        if let Some(totals) = self.endless_run(owner) {
            totals.requests += 1;
        }
        Ok(())
    }

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
        Standing::Dismissed => &mut totals.dismissed,
        Standing::Undone => &mut totals.undone,
        Standing::Refused | Standing::GivenUp => &mut totals.failed,
        Standing::Started | Standing::UnderWay | Standing::InDoubt | Standing::Contradictory => {
            &mut totals.in_doubt
        }
    };
    *count += 1;
}

/// Why a row is not done, where it is not.
pub(super) fn unfinished(connection: &Connection, row: RowId) -> Result<Option<FailedRow>, Unread> {
    let Some((life, _)) = read_row(connection, row)? else { return Ok(None) };
    let state = match life.standing() {
        Standing::Refused | Standing::GivenUp => Unfinished::Failed,
        Standing::Started | Standing::UnderWay | Standing::InDoubt | Standing::Contradictory => {
            Unfinished::InDoubt
        }
        Standing::NotStarted
        | Standing::Deferred
        | Standing::Done
        | Standing::Dismissed
        | Standing::Undone => {
            return Ok(None);
        }
    };
    failed_row(connection, row, state).map(Some)
}

fn failed_row(connection: &Connection, row: RowId, state: Unfinished) -> Result<FailedRow, Unread> {
    let (life, sent) = read_row(connection, row)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(FailedRow {
        id: row,
        place: sent.place.clone(),
        key: sent.key,
        lane: sent.lane,
        state,
        attempts: u32::try_from(life.attempts()).unwrap_or(u32::MAX),
        operation: sent.last_operation,
        undoes: life.undoing().is_some(),
        may_have_acted: life.may_have_acted(),
        thing: sent.thing,
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
            mandate: Mandate::default(),
            source: None,
            undoes: None,
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
    for record in &mut records {
        record.mandate = mandates::read(connection, record.id)?;
        record.undoes = undoing::undone_by(connection, record.id)?;
        record.source = run_sources::read(connection, record.id)?;
    }
    Ok(records)
}
