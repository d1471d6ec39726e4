//! What a ledger file knows of rows: all of a job at once, or some by their ids.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::FileLedger;
use super::fault::{Unread, text, text_or_null};
use super::mandates;
use super::rescue::waiting_outcomes;
use super::scan::{Listener, Owners, Which, attempted, scan};
use super::values::moment_or_null;
use crate::ledger::{
    Acts, Approval, Corrections, DoneRow, FailedRow, History, HistoryRow, InvalidRow, JobId,
    JobName, JobStatus, LedgerError, Misfit, OwnerId, PlanId, ReadFile, Reader, Requests,
    SettledRow, TurnedRow, Verification,
};
use crate::row::{
    CameTo, Cause, Contradiction, Digest, Doubt, Earlier, Holdings, KeyHash, Known, Life, Outcome,
    Page, Purpose, Reason, RowId, RowState, Snapshot, Sought, Uncounted,
};
use crate::text::place::RowPlace;
use crate::text::spelling::is_same;

/// Of a row of `jobs`: whether there is an attempt that did something, or of which nobody knows that it did nothing. What holds
/// of an attempt is what the view `attempts` shows.
const HAS_DONE: &str = "EXISTS (SELECT 1 FROM starts JOIN owners ON owners.id = starts.owner \
                        JOIN runs ON runs.id = owners.run WHERE runs.job = jobs.id AND NOT EXISTS \
                        (SELECT 1 FROM ends WHERE ends.id = starts.id AND ends.number = starts.number \
                        AND ends.outcome IN ('refused', 'deferred', 'given_up', 'not_found', 'denied') AND ends.owner = \
                        (SELECT owner FROM ends AS last WHERE last.id = starts.id AND last.number = starts.number \
                        ORDER BY last.outcome IN ('succeeded', 'found') DESC, last.owner DESC LIMIT 1)))";

impl Reader for FileLedger {
    fn jobs(&self) -> Result<Vec<(JobId, JobName)>, LedgerError> {
        let read = || {
            let mut statement = self
                .connection
                .prepare("SELECT id, name, base_url, account FROM jobs ORDER BY id")?;
            let jobs = statement.query_map([], |row| {
                let name =
                    JobName { name: row.get(1)?, base_url: row.get(2)?, account: row.get(3)? };
                Ok((JobId(row.get(0)?), name))
            })?;
            jobs.collect()
        };
        self.reading(read)
    }

    fn unused_jobs(&self) -> Result<HashSet<JobId>, LedgerError> {
        // Where nothing was connected, nothing has left.
        let query = "WITH used AS (SELECT DISTINCT owner FROM starts WHERE NOT EXISTS (SELECT 1 FROM ends \
                     WHERE ends.id = starts.id AND ends.number = starts.number AND ends.outcome = 'deferred' \
                     AND ends.reason = 'no_connection')) \
                     SELECT id FROM jobs WHERE id NOT IN (SELECT runs.job FROM used \
                     CROSS JOIN owners ON owners.id = used.owner CROSS JOIN runs ON runs.id = owners.run)";
        self.reading(|| -> rusqlite::Result<HashSet<JobId>> {
            let mut statement = self.connection.prepare(query)?;
            let jobs = statement.query_map([], |row| row.get(0).map(JobId))?;
            jobs.collect()
        })
    }

    fn find_job(&self, job: &JobName) -> Result<Option<JobId>, LedgerError> {
        let query = "SELECT id FROM jobs WHERE name = ?1 AND base_url = ?2 AND account = ?3";
        let of = params![job.name, job.base_url, job.account];
        self.reading(|| {
            self.connection.query_row(query, of, |row| row.get(0).map(JobId)).optional()
        })
    }

    fn other_accounts(&self, job: &JobName) -> Result<Vec<String>, LedgerError> {
        let query = format!(
            "SELECT account FROM jobs WHERE name = ?1 AND base_url = ?2 AND account <> ?3 AND {HAS_DONE} \
             ORDER BY account"
        );
        self.reading(|| {
            let mut statement = self.connection.prepare(&query)?;
            let of = params![job.name, job.base_url, job.account];
            let accounts = statement.query_map(of, |row| row.get(0))?;
            accounts.collect()
        })
    }

    fn has_done(&self, job: JobId) -> Result<bool, LedgerError> {
        let query = format!("SELECT {HAS_DONE} FROM jobs WHERE id = ?1");
        self.reading(|| {
            let found = self.connection.query_row(&query, [job.0], |row| row.get(0)).optional();
            found.map(Option::unwrap_or_default)
        })
    }

    fn keyed_by(&self, job: JobId) -> Result<Option<String>, LedgerError> {
        let query = "SELECT keyed_by FROM runs WHERE job = ?1 \
                     AND EXISTS (SELECT 1 FROM starts JOIN owners ON owners.id = starts.owner \
                     JOIN runs AS own ON own.id = owners.run WHERE own.job = ?1) ORDER BY id DESC LIMIT 1";
        self.reading(|| self.connection.query_row(query, [job.0], |row| row.get(0)).optional())
    }

    fn last_run(&self, job: JobId) -> Result<i64, LedgerError> {
        self.reading(|| mandates::last_run(&self.connection, job))
    }

    fn touched_behind(
        &self,
        job: JobId,
        run: i64,
        plan: PlanId,
    ) -> Result<HashSet<KeyHash>, LedgerError> {
        self.reading(|| mandates::touched(&self.connection, job, run, plan))
    }

    fn approval_of(&self, plan: PlanId) -> Result<Option<Approval>, LedgerError> {
        self.reading(|| mandates::approval_of(&self.connection, plan))
    }

    fn last_request(&self, base_url: &str) -> Result<Option<i64>, LedgerError> {
        self.reading(|| last_request(&self.connection, base_url))
    }

    fn requests_since(&self, base_url: &str, since: i64) -> Result<Requests, LedgerError> {
        self.reading(|| requests_since(&self.connection, base_url, since))
    }

    fn last_owner(&self, job: JobId) -> Result<OwnerId, LedgerError> {
        self.reading(|| last_owner(&self.connection, job))
    }

    fn history(&self, job: JobId) -> Result<History, LedgerError> {
        let gathered = self.reading(|| -> Result<_, Unread> {
            // All of one moment, while other processes may write to the file.
            let moment = self.connection.unchecked_transaction()?;
            let mut gathering = Gathering::new(&moment, job)?;
            scan(&moment, Which::All, &mut gathering)?;
            gathering.finish(&moment)?;
            Ok(gathering)
        })?;
        self.as_history(gathered)
    }

    fn find_many(&self, rows: &[(RowId, &str)]) -> Result<Vec<Option<Known>>, LedgerError> {
        rows.iter().map(|(row, key)| self.find_one(*row, Some(key))).collect()
    }

    fn known_row(&self, row: RowId) -> Result<Option<Known>, LedgerError> {
        self.find_one(row, None)
    }

    fn print(&self, row: RowId, content: Digest) -> Result<Option<i64>, LedgerError> {
        self.reading(|| super::snapshots::print(&self.connection, row, content))
    }

    fn owned(&self, job: JobId, pages: &[Page]) -> Result<Vec<Holdings>, LedgerError> {
        self.reading(|| super::holdings::read(&self.connection, job, pages))
    }

    fn sought(&self, job: JobId) -> Result<Vec<Sought>, LedgerError> {
        self.reading(|| super::sought::read(&self.connection, job))
    }

    fn uncounted(&self, job: JobId) -> Result<Vec<Uncounted>, LedgerError> {
        self.reading(|| super::counts::left(&self.connection, job))
    }

    fn settled(&self, job: JobId) -> Result<Vec<SettledRow>, LedgerError> {
        self.reading(|| super::settling::settled(&self.connection, job))
    }

    fn settlements(&self, job: JobId) -> Result<Vec<SettledRow>, LedgerError> {
        self.reading(|| super::settling::settlements(&self.connection, job))
    }

    fn maker(&self, job: JobId, id: &str) -> Result<Option<(RowPlace, String)>, LedgerError> {
        self.reading(|| super::settling::maker(&self.connection, job, id))
    }

    fn unfinished(&self, row: RowId) -> Result<Option<FailedRow>, LedgerError> {
        self.reading(|| super::status::unfinished(&self.connection, row))
    }

    fn invalid_rows(&self, job: JobId) -> Result<Vec<InvalidRow>, LedgerError> {
        self.reading(|| super::invalid::read(&self.connection, job))
    }

    fn done(&self, job: JobId, tell: &mut dyn FnMut(&DoneRow) -> bool) -> Result<(), LedgerError> {
        self.reading(|| super::done::read(&self.connection, job, tell))
    }

    fn acts(&self, job: JobId) -> Result<Acts, LedgerError> {
        self.reading(|| super::acts::read(&self.connection, job))
    }

    fn turned(&self, job: JobId, run: i64) -> Result<Vec<TurnedRow>, LedgerError> {
        self.reading(|| super::undoing::turned(&self.connection, job, run))
    }

    fn snapshot(&self, row: RowId, number: u32) -> Result<Option<Snapshot>, LedgerError> {
        self.reading(|| super::snapshots::before(&self.connection, (row, number)))
    }

    fn last_verification(&self, job: JobId) -> Result<Option<Verification>, LedgerError> {
        self.reading(|| super::verifications::last(&self.connection, job))
    }

    fn status(
        &self,
        id: JobId,
        job: JobName,
        runs: u32,
        rows: u32,
    ) -> Result<JobStatus, LedgerError> {
        self.reading(|| super::status::read(&self.connection, id, job, runs, rows))
    }

    fn status_and_history(
        &self,
        id: JobId,
        job: JobName,
        runs: u32,
        rows: u32,
    ) -> Result<(JobStatus, History), LedgerError> {
        let read = || super::status::read_with_rows(&self.connection, id, job, runs, rows);
        let (status, gathered) = self.reading(read)?;
        Ok((status, self.as_history(gathered)?))
    }
}

impl FileLedger {
    /// What was gathered, unless the ledger has been made to forget something.
    fn as_history(&self, gathered: Gathering) -> Result<History, LedgerError> {
        if gathered.ownerless > 0 {
            let starts = gathered.ownerless;
            return Err(LedgerError::OwnersMissing { ledger: self.location(), starts });
        }
        if let Some(Gone { run, told, found }) = gathered.gone
            && !self.waits_for_outcomes(gathered.job)?
        {
            return Err(LedgerError::OutcomesGone { ledger: self.location(), run, told, found });
        }
        if let Some((run, rows, sum)) = gathered.lowered {
            return Err(LedgerError::RunSum { ledger: self.location(), run, rows, sum });
        }
        match gathered.dangling {
            0 => {
                let history = History::of(gathered.rows).corrected(gathered.corrections);
                let history = history.of_files(gathered.files);
                self.refuse_one_key_twice(&history)?;
                Ok(history)
            }
            ends => Err(LedgerError::StartsMissing { ledger: self.location(), ends }),
        }
    }

    /// Whether outcomes of a job wait beside the ledger to be brought in.
    fn waits_for_outcomes(&self, job: JobId) -> Result<bool, LedgerError> {
        let name = self.jobs()?.into_iter().find(|(id, _)| *id == job);
        let waiting = name.map(|(_, name)| waiting_outcomes(&self.path, &name)).transpose()?;
        Ok(waiting.is_some_and(|files| !files.is_empty()))
    }

    pub(super) fn reading<T, E: Into<Unread>>(
        &self,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, LedgerError> {
        read().map_err(|error| self.unread(error.into()))
    }

    fn refuse_one_key_twice(&self, history: &History) -> Result<(), LedgerError> {
        let key = |row: RowId| -> Result<Option<String>, LedgerError> {
            let read = self.reading(|| read_row(&self.connection, row))?;
            Ok(read.map(|(_, sent)| sent.key))
        };
        for (one, other) in history.pairs() {
            match (key(one)?, key(other)?) {
                (Some(key), Some(same)) if key == same => {
                    return Err(LedgerError::KeyTwice { ledger: self.location(), key });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn find_one(&self, row: RowId, key: Option<&str>) -> Result<Option<Known>, LedgerError> {
        let read = self.reading(|| read_row(&self.connection, row))?;
        let is_it = |sent: &Sent| key.is_none_or(|key| is_same(&sent.key, key));
        let Some((life, sent)) = read.filter(|(_, sent)| is_it(sent)) else {
            return Ok(None);
        };
        if let Some(cause) = sent.contradiction {
            let key = sent.key;
            return Err(LedgerError::Inconsistent { ledger: self.location(), key, cause });
        }
        Ok(Some(Known {
            id: row,
            key: sent.key,
            remote_id: match life.row_state() {
                RowState::Succeeded { id, .. } => id,
                _ => None,
            },
            earlier: Earlier::of_life(&life, sent.holder, sent.cause),
            digest: sent.digest,
            thing: sent.thing,
            there: sent.there,
            operation: sent.operation,
            lane: sent.lane,
            place: sent.place,
            attempted: life.attempted(),
        }))
    }
}

/// All rows of a job, gathered.
pub(super) struct Gathering {
    owners: Owners,
    job: JobId,
    /// The owner of the start that was read last, and its job: most starts have the owner of the one before.
    last: Option<(OwnerId, Option<JobId>)>,
    /// The key and the last digest of the row in hand, where it is one of the job.
    row: Option<(KeyHash, Digest)>,
    rows: Vec<HistoryRow>,
    corrections: Corrections,
    files: Vec<ReadFile>,
    /// Entries of rows that were never begun, in any job.
    dangling: u64,
    /// Starts of owners or runs that are gone.
    ownerless: u64,
    /// Outcomes by which a row is done, of each run of the job.
    done: HashMap<i64, u64>,
    /// A run that did more rows than the ledger still tells of.
    gone: Option<Gone>,
    /// A run whose counts come to less than its rows: no run writes that, but whoever takes entries out of the ledger may lower
    /// a count. With both numbers.
    lowered: Option<(i64, i64, i64)>,
}

/// A run whose outcomes somebody has deleted: how many rows it did, and the outcomes of how many are there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone {
    pub run: i64,
    pub told: u64,
    pub found: u64,
}

impl Gathering {
    pub(super) fn new(moment: &Connection, job: JobId) -> rusqlite::Result<Self> {
        let (owners, rows) = (Owners::read(moment)?, Vec::new());
        let done = HashMap::new();
        Ok(Self {
            owners,
            job,
            last: None,
            row: None,
            rows,
            corrections: Corrections::default(),
            files: Vec::new(),
            dangling: 0,
            ownerless: 0,
            done,
            gone: None,
            lowered: None,
        })
    }

    /// All has been heard: looks whether a run did rows of which nothing is there any more.
    pub(super) fn finish(&mut self, moment: &Connection) -> rusqlite::Result<()> {
        self.corrections = super::corrections::read(moment, self.job)?;
        self.files = super::source_files::read(moment, self.job)?;
        self.gone = outcomes_gone(moment, self.job, &self.done)?.into_iter().next();
        let sums = sums(moment)?.into_iter();
        let lowered = sums.filter(|sum| sum.job == self.job && sum.sum < sum.rows);
        self.lowered = lowered.map(|sum| (sum.run, sum.rows, sum.sum)).next();
        Ok(())
    }
}

/// Runs of a job that did rows of which nothing is there any more; `done` are the outcomes by which rows are done, of each run.
/// Runs of older versions have owners without a name, and did not say who found out. A start of which nobody knew an outcome by
/// then may be a row that it did, where its rescue file was lost; such a row is in doubt, or has been looked for since.
pub(super) fn outcomes_gone(
    moment: &Connection,
    job: JobId,
    done: &HashMap<i64, u64>,
) -> rusqlite::Result<Vec<Gone>> {
    let mut runs = moment.prepare(
        "SELECT id, succeeded FROM runs WHERE job = ?1 AND succeeded > 0 AND ended_at IS NOT NULL AND EXISTS \
         (SELECT 1 FROM owners WHERE owners.run = runs.id AND owners.name <> '') ORDER BY id",
    )?;
    let mut runs = runs.query([job.0])?;
    let mut gone = Vec::new();
    while let Some(run) = runs.next()? {
        let (run, told): (i64, u64) = (run.get(0)?, run.get(1)?);
        let found = done.get(&run).copied().unwrap_or_default();
        if told > found && told - found > unknown_starts(moment, run)? {
            gone.push(Gone { run, told, found });
        }
    }
    Ok(gone)
}

/// The counts of a run.
pub(super) struct Sum {
    pub job: JobId,
    pub run: i64,
    pub rows: i64,
    pub sum: i64,
}

/// Runs whose counts do not come to as many as they have rows.
pub(super) fn sums(moment: &Connection) -> rusqlite::Result<Vec<Sum>> {
    let mut runs = moment.prepare(
        "SELECT job, id, rows, succeeded + already_done + failed + invalid + in_doubt + not_started AS sum FROM runs \
         WHERE rows <> sum ORDER BY id",
    )?;
    let sums = runs.query_map([], |row| {
        Ok(Sum { job: JobId(row.get(0)?), run: row.get(1)?, rows: row.get(2)?, sum: row.get(3)? })
    })?;
    sums.collect()
}

/// Starts of a job up to a run of which nobody had said by the end of that run what came of them.
fn unknown_starts(moment: &Connection, run: i64) -> rusqlite::Result<u64> {
    let query = "SELECT count(*) FROM starts WHERE owner IN (SELECT owners.id FROM owners \
                 JOIN runs ON runs.id = owners.run JOIN runs AS this ON this.job = runs.job \
                 WHERE this.id = ?1 AND runs.id <= this.id) AND NOT EXISTS \
                 (SELECT 1 FROM ends WHERE ends.id = starts.id AND ends.number = starts.number AND ends.outcome <> 'lost' \
                 AND ends.owner <= (SELECT max(id) FROM owners WHERE run = ?1))";
    moment.query_row(query, [run], |row| row.get(0))
}

impl Listener for Gathering {
    // What cannot be is told before anything is sent, and not when it is needed.
    const START: &'static str = "key, digest, at, remote_at";
    const END: &'static str = "owner, remote_id, at";
    const WHOLE: bool = false;

    fn start(&mut self, owner: OwnerId, start: &Row<'_>) -> rusqlite::Result<()> {
        let job = match self.last {
            Some((last, job)) if last == owner => job,
            _ => self.owners.job(owner),
        };
        attempted(start, Self::START_FROM + 2)?;
        self.last = Some((owner, job));
        self.ownerless += u64::from(job.is_none());
        // What undoes a row is not what its source says.
        if job == Some(self.job) && !(self.row.is_some() && self.owners.undoes(owner)) {
            let key = KeyHash::of(text(start, Self::START_FROM)?);
            self.row = Some((key, Digest(start.get(Self::START_FROM + 1)?)));
        }
        Ok(())
    }

    fn end(&mut self, end: &Row<'_>) -> rusqlite::Result<()> {
        text_or_null(end, Self::END_FROM + 1)?;
        moment_or_null(end, Self::END_FROM + 2)?;
        if matches!(text_or_null(end, 2)?, Some("succeeded" | "found"))
            && let Some((job, run)) = self.owners.job_and_run(OwnerId(end.get(Self::END_FROM)?))
            && job == self.job
        {
            *self.done.entry(run).or_default() += 1;
        }
        Ok(())
    }

    fn dangling(&mut self) {
        self.dangling += 1;
    }

    fn row(&mut self, id: i64, owner: OwnerId, life: Life) -> Result<(), Unread> {
        let Some((key, digest)) = self.row.take() else { return Ok(()) };
        let standing = self.owners.standing(owner, &life);
        let row = HistoryRow::new(RowId(id), key, digest, standing);
        self.rows.push(row.ok_or_else(|| Unread::Misfit(no_row_id(id)))?);
        Ok(())
    }
}

/// An id that is no row's.
pub(super) fn no_row_id(id: i64) -> Misfit {
    Misfit { table: "starts", id: Some(id), column: Some("id".to_owned()) }
}

/// What a row was when it was last sent, and what came of it. What undoes it leaves it as it was before what is undone.
#[derive(Default)]
pub(super) struct Sent {
    pub key: String,
    pub place: RowPlace,
    pub operation: String,
    pub lane: String,
    pub digest: Digest,
    /// What it has made last, as far as that has a name.
    pub thing: Option<String>,
    /// The contents of which one is there.
    pub there: Vec<Digest>,
    /// None where it succeeded, or nothing is known.
    pub cause: Option<Cause>,
    /// Who has it in hand at this moment.
    pub holder: Option<String>,
    /// The operation whose request has left last: what undoes the row, where that is its last.
    pub last_operation: String,
    /// The first thing in it that cannot have happened.
    pub contradiction: Option<Contradiction>,
}

/// What of a row is there as far as its operations go, before one of them.
#[derive(Clone, Default)]
struct Before {
    operation: String,
    lane: String,
    digest: Digest,
    thing: Option<String>,
    there: Vec<Digest>,
}

impl Sent {
    fn before(&self) -> Before {
        let Self { operation, lane, digest, thing, there, .. } = self;
        Before {
            operation: operation.clone(),
            lane: lane.clone(),
            digest: *digest,
            thing: thing.clone(),
            there: there.clone(),
        }
    }

    /// What has become of the request that began last, which is not one that undoes the row.
    fn note(&mut self, outcome: Option<Outcome>, id: Option<&str>) {
        let own = self.digest;
        match outcome {
            Some(outcome) if outcome.succeeds() => {
                self.there = vec![own];
                self.thing = id.map(str::to_owned).or(self.thing.take());
            }
            Some(outcome) if outcome.denies() => {
                // Several of one content may have left, and each may have acted by itself.
                self.there.pop_if(|last| *last == own);
            }
            _ => {}
        }
    }

    /// What the row has done last was undone: what was there before is there again. What was deleted has another name then.
    fn undo(&mut self, before: Before, anew: Option<String>) {
        let Before { operation, lane, digest, thing, there } = before;
        // That what undoes a row has acted is known of what is its own.
        if there.is_empty() {
            (self.thing, self.there) = (None, Vec::new());
            return;
        }
        (self.operation, self.lane, self.digest) = (operation, lane, digest);
        (self.thing, self.there) = (anew.or(thing), there);
    }
}

/// Reads a row by its id; none where there is no such row.
pub(super) fn read_row(
    connection: &Connection,
    row: RowId,
) -> Result<Option<(Life, Sent)>, Unread> {
    let mut one = One {
        sent: Sent::default(),
        standing: Vec::new(),
        in_hand: Turn::default(),
        is_open: false,
        found: None,
    };
    scan(connection, Which::One(row.0), &mut one)?;
    let One { mut sent, found, .. } = one;
    let Some((owner, life)) = found else { return Ok(None) };
    if matches!(life.state(), RowState::Started { .. }) {
        let query = "SELECT name FROM owners WHERE id = ?1 AND until > unixepoch('subsec') * 1000";
        let mut statement = connection.prepare_cached(query)?;
        sent.holder = statement.query_row([owner.0], |row| row.get(0)).optional()?;
    }
    Ok(Some((life, sent)))
}

struct One {
    sent: Sent,
    /// What was there before each operation that was done and is not undone.
    standing: Vec<Before>,
    in_hand: Turn,
    /// Whether nobody knows what the last attempt did.
    is_open: bool,
    found: Option<(OwnerId, Life)>,
}

/// The operation of a row that is being read.
#[derive(Default)]
struct Turn {
    undoes: bool,
    /// What was there before it.
    before: Before,
    /// Why the row stood where it did.
    cause: Option<Cause>,
    /// What it has made, where it undoes.
    anew: Option<String>,
}

impl One {
    /// The operation in hand is over.
    fn resolve(&mut self, came_to: CameTo) {
        let Turn { undoes, before, cause, anew } = std::mem::take(&mut self.in_hand);
        match (came_to, undoes) {
            (CameTo::Done, false) => self.standing.push(before),
            (CameTo::Done, true) => {
                if let Some(before) = self.standing.pop() {
                    self.sent.undo(before, anew);
                }
            }
            (CameTo::Nothing, true) => self.sent.cause = cause,
            (CameTo::Nothing | CameTo::Unknown, _) => {}
        }
    }
}

impl Listener for One {
    const START: &'static str = "key, row, line, lane, digest";
    const END: &'static str = "status, code, reason, doubt, message";

    fn turn(&mut self, purpose: Purpose, over: Option<CameTo>) {
        if let Some(came_to) = over {
            self.resolve(came_to);
        }
        let (before, cause) = (self.sent.before(), self.sent.cause.clone());
        self.in_hand = Turn { undoes: purpose == Purpose::Undo, before, cause, anew: None };
    }

    fn start(&mut self, _: OwnerId, start: &Row<'_>) -> rusqlite::Result<()> {
        let sent = &mut self.sent;
        if !self.is_open {
            sent.cause = None;
        }
        self.is_open = true;
        sent.last_operation = start.get(4)?;
        if self.in_hand.undoes {
            return Ok(());
        }
        sent.operation.clone_from(&sent.last_operation);
        sent.key = start.get(Self::START_FROM)?;
        sent.place.row = start.get(Self::START_FROM + 1)?;
        sent.place.line = start.get(Self::START_FROM + 2)?;
        sent.lane = start.get(Self::START_FROM + 3)?;
        sent.digest = Digest(start.get(Self::START_FROM + 4)?);
        // Nobody knows yet what it does.
        sent.there.push(sent.digest);
        Ok(())
    }

    fn end(&mut self, end: &Row<'_>) -> rusqlite::Result<()> {
        let cause = cause(end, Self::END_FROM)?;
        let first = self.sent.cause.take();
        let outcome = text_or_null(end, 2)?.map(Outcome::parse);
        self.is_open = outcome.is_none_or(|outcome| outcome == Some(Outcome::Lost));
        let (said, id) = (outcome.flatten(), text_or_null(end, 3)?);
        match self.in_hand.undoes {
            true if said.is_some_and(Outcome::succeeds) => {
                self.in_hand.anew = id.map(str::to_owned).or(self.in_hand.anew.take());
            }
            true => {}
            false => self.sent.note(said, id),
        }
        // What a person says is no cause: that stays what it was.
        if said.is_some_and(Outcome::is_of_person) {
            self.sent.cause = first;
            return Ok(());
        }
        self.sent.cause = match (first, cause) {
            // Why it is in doubt is why its first answer was lost; why that could not be settled is what the last look says.
            (Some(first), Some(cause)) if self.is_open => {
                Some(Cause { doubt: cause.doubt, ..first })
            }
            (first, None) if self.is_open => first,
            (_, cause) => cause,
        };
        Ok(())
    }

    fn contradiction(&mut self, contradiction: Contradiction) {
        self.sent.contradiction.get_or_insert(contradiction);
    }

    fn row(&mut self, _: i64, owner: OwnerId, life: Life) -> Result<(), Unread> {
        if !life.is_broken() && !matches!(life.state(), RowState::Dismissed { .. }) {
            self.resolve(life.came_to());
        }
        self.found = Some((owner, life));
        Ok(())
    }
}

/// The last owner of a job's rows; zero where there is none.
pub(super) fn last_owner(connection: &Connection, job: JobId) -> rusqlite::Result<OwnerId> {
    let query = "SELECT coalesce(max(owners.id), 0) FROM owners JOIN runs ON runs.id = owners.run \
                 WHERE runs.job = ?1";
    connection.prepare_cached(query)?.query_row([job.0], |row| row.get(0).map(OwnerId))
}

/// By the last run of each job that has sent anything. A run's end is no earlier than its last request, and is all that
/// counts for the pace; only of a run without an end its entries are asked. An outcome is no earlier than its request, nor
/// than the look that settled it.
fn last_request(connection: &Connection, base_url: &str) -> rusqlite::Result<Option<i64>> {
    let mut runs = connection.prepare(
        "SELECT runs.id, runs.job, runs.ended_at FROM runs JOIN jobs ON jobs.id = runs.job \
         WHERE jobs.base_url = ?1 AND (runs.ended_at IS NULL OR runs.requests > 0) ORDER BY runs.id DESC",
    )?;
    let mut requests = connection.prepare(
        "SELECT max(at) FROM (SELECT starts.at, starts.owner FROM starts UNION ALL SELECT ends.at, ends.owner FROM ends) \
         WHERE owner IN (SELECT id FROM owners WHERE run = ?1)",
    )?;
    let mut last: HashMap<i64, i64> = HashMap::new();
    let mut runs = runs.query([base_url])?;
    while let Some(row) = runs.next()? {
        let (run, job, ended_at): (i64, i64, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if last.contains_key(&job) {
            continue;
        }
        let moment = match ended_at {
            Some(moment) => Some(moment),
            None => requests.query_row([run], |row| row.get(0))?,
        };
        last.extend(moment.map(|moment| (job, moment)));
    }
    Ok(last.into_values().max())
}

/// A run that has ended knows how many requests it made; those that are no row's outcome count at its end. Of one without
/// an end the starts count, and once more what became known by looking. What persons say is no request.
fn requests_since(
    connection: &Connection,
    base_url: &str,
    since: i64,
) -> rusqlite::Result<Requests> {
    let mut found = Requests { ended: Vec::new(), is_whole: true };
    let mut runs = connection.prepare(
        "SELECT runs.id, runs.ended_at, coalesce(runs.requests, 0) FROM runs JOIN jobs ON jobs.id = runs.job \
         WHERE jobs.base_url = ?1 AND (runs.ended_at IS NULL \
         OR (runs.ended_at >= ?2 AND (runs.requests IS NULL OR runs.requests > 0)))",
    )?;
    let mut ends = connection.prepare(
        "SELECT (at / 1000 + 1) * 1000, count(*) FROM ends \
         WHERE owner IN (SELECT id FROM owners WHERE run = ?1) GROUP BY 1",
    )?;
    let mut unended = connection.prepare(
        "SELECT (at / 1000 + 1) * 1000, count(*) FROM (SELECT at, owner FROM starts UNION ALL \
         SELECT at, owner FROM ends WHERE outcome IN ('lost', 'found', 'not_found')) \
         WHERE owner IN (SELECT id FROM owners WHERE run = ?1) AND at >= ?2 GROUP BY 1",
    )?;
    let mut runs = runs.query(params![base_url, since])?;
    while let Some(row) = runs.next()? {
        let (run, ended_at, requests): (i64, Option<i64>, u32) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let entry = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let entries: Vec<(i64, u32)> = match ended_at {
            Some(_) => ends.query_map([run], entry)?.collect::<Result<_, _>>()?,
            None => unended.query_map([run, since], entry)?.collect::<Result<_, _>>()?,
        };
        if let Some(ended_at) = ended_at {
            let counted = entries.iter().map(|(_, count)| count).sum();
            found.ended.push((ended_at, requests.saturating_sub(counted)));
        }
        found.is_whole &= ended_at.is_some() || entries.is_empty();
        found.ended.extend(entries);
    }
    found.ended.retain(|(at, count)| *at >= since && *count > 0);
    Ok(found)
}

/// Why something did not succeed, from the columns `status, code, reason, doubt, message`; none where they say nothing.
/// Older entries have no reason: their message was made to be read, and is told as it stands.
fn cause(row: &Row<'_>, from: usize) -> rusqlite::Result<Option<Cause>> {
    let cause = Cause {
        status: row.get(from)?,
        code: row.get(from + 1)?,
        reason: text_or_null(row, from + 2)?.and_then(Reason::parse).unwrap_or_default(),
        doubt: text_or_null(row, from + 3)?.and_then(Doubt::parse),
        message: row.get(from + 4)?,
    };
    Ok(Some(cause).filter(|cause| *cause != Cause::default()))
}
