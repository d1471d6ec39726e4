//! The way through a ledger's tables: one pass over the rows, each with its attempts.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, Statement};
use url::{Host, Url};

use crate::ledger::sqlite::fault::Unread;
use crate::ledger::sqlite::format::{FORMAT, replaced_views};
use crate::ledger::sqlite::later;
use crate::ledger::sqlite::reader::{Sum, no_row_id, sums};
use crate::ledger::sqlite::scan::{Entry, Listener, Owners, Which, scan};
use crate::ledger::sqlite::snapshots;
use crate::ledger::sqlite::values::{self, moment_or_null};
use crate::ledger::{
    CheckScope, Inspection, JobId, LedgerRow, OwnerId, Problem, ROW_IDS, ViewRow, ViewSays,
};
use crate::row::{Contradiction, Digest, KeyHash, Life, RowState};
use crate::text::address;
use crate::text::place::RowPlace;

/// As many lines of SQLite's own check are told.
const MOST_DAMAGES: u32 = 20;
/// Spreads small numbers over all bits of a hash.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A job of the ledger.
struct Job {
    name: String,
    base_url: String,
    /// Whether it is one of those to look at.
    chosen: bool,
    /// Names the target among those of the ledger; none where every run of it may have had a new StringeeX, which
    /// counts its ids from 1 again.
    target: Option<u64>,
}

pub(super) struct Walk<'a> {
    connection: &'a Connection,
    scope: &'a CheckScope<'a>,
    checked: &'a mut Inspection,
    jobs: HashMap<i64, Job>,
    /// Hashes of jobs with keys, and the ids of the rows.
    keys: Vec<(u64, i64)>,
    /// Hashes of targets with the ids of what was made, and the ids of the rows.
    claims: Vec<(u64, i64)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        scope: &'a CheckScope<'a>,
        checked: &'a mut Inspection,
    ) -> Self {
        Self {
            connection,
            scope,
            checked,
            jobs: HashMap::new(),
            keys: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// Goes as far as the file can be read.
    pub(super) fn all(mut self) {
        let pages = self.pages().and_then(|()| self.references());
        let problem = match self.contents().and(pages.map_err(Unread::from)) {
            Ok(()) => return,
            Err(Unread::Misfit(misfit)) => Problem::Unreadable(misfit),
            Err(Unread::Sqlite(error)) => {
                let (rows, attempts) = (self.checked.rows, self.checked.attempts);
                Problem::Stopped { rows, attempts, cause: error.to_string() }
            }
        };
        self.add(None, problem);
    }

    fn contents(&mut self) -> Result<(), Unread> {
        self.read_jobs()?;
        for misfit in values::misfits(self.connection)? {
            self.add(None, Problem::Unreadable(misfit));
        }
        self.read_runs()?;
        self.read_rows()?;
        self.read_snapshots()?;
        self.read_unsent()?;
        self.read_views()?;
        self.compare_keys()?;
        self.compare_claims()?;
        Ok(())
    }

    fn add(&mut self, row: Option<LedgerRow>, problem: Problem) {
        self.checked.findings.add(row, problem);
    }

    /// SQLite's own look at every page, index and column.
    fn pages(&mut self) -> rusqlite::Result<()> {
        let mut statement =
            self.connection.prepare(&format!("PRAGMA integrity_check({MOST_DAMAGES})"))?;
        let mut lines = statement.query([])?;
        while let Some(line) = lines.next()? {
            let words: String = line.get(0)?;
            for words in words.lines().filter(|words| *words != "ok" && !words.starts_with("***")) {
                self.add(None, Problem::Damaged { words: words.to_owned() });
            }
        }
        Ok(())
    }

    /// Entries without the entry that they belong to.
    fn references(&mut self) -> rusqlite::Result<()> {
        let query = "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check() GROUP BY 1, 2 ORDER BY 1, 2";
        let mut statement = self.connection.prepare(query)?;
        let mut counts = statement.query([])?;
        while let Some(count) = counts.next()? {
            let (table, parent, entries) = (count.get(0)?, count.get(1)?, count.get(2)?);
            self.add(None, Problem::Dangling { table, parent, entries });
        }
        Ok(())
    }

    fn read_jobs(&mut self) -> rusqlite::Result<()> {
        let mut statement =
            self.connection.prepare("SELECT id, name, base_url, account FROM jobs ORDER BY id")?;
        let mut targets: HashMap<(String, String), u64> = HashMap::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, base_url, account) = (lossy(row, 1)?, lossy(row, 2)?, lossy(row, 3)?);
            let next = targets.len() as u64;
            let target = *targets.entry((address::normal(&base_url), account)).or_insert(next);
            let chosen = self.scope.job.is_none_or(|job| job == name);
            self.checked.jobs += u64::from(chosen);
            let target = Some(target).filter(|_| !is_rehearsal(&base_url));
            self.jobs.insert(row.get(0)?, Job { name, base_url, chosen, target });
        }
        Ok(())
    }

    fn read_runs(&mut self) -> rusqlite::Result<()> {
        let query = "SELECT job, ended_at IS NULL FROM runs ORDER BY id";
        let mut statement = self.connection.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if !self.is_chosen(row.get(0)?) {
                continue;
            }
            self.checked.runs += 1;
            self.checked.endless_runs += u64::from(row.get::<_, bool>(1)?);
        }
        // A sum that is no integer is one of numbers that cannot be, which has been told.
        for Sum { job, run, rows, sum } in sums(self.connection).unwrap_or_default() {
            if self.is_chosen(job.0) {
                self.add(None, Problem::RunSum { run, rows, sum });
            }
        }
        Ok(())
    }

    fn is_chosen(&self, job: i64) -> bool {
        // What belongs to no job is told where all jobs are looked at.
        self.jobs.get(&job).map_or(self.scope.job.is_none(), |job| job.chosen)
    }

    /// Follows each row through its attempts.
    fn read_rows(&mut self) -> Result<(), Unread> {
        let connection = self.connection;
        let view = connection.prepare("SELECT state, attempts FROM row_states WHERE id = ?1");
        let view = match view {
            Ok(view) => Some(view),
            Err(error) => {
                self.add(None, Problem::ViewUnreadable { cause: error.to_string() });
                None
            }
        };
        let owners = Owners::read(connection)?;
        scan(connection, Which::All, &mut Rows { walk: self, owners, view, hand: Hand::default() })
    }

    /// What was kept before requests: each belongs to one, and can be given back.
    fn read_snapshots(&mut self) -> rusqlite::Result<()> {
        if !later::is_there(self.connection, "snapshots")? {
            return Ok(());
        }
        let query = "SELECT count(*) FROM snapshots WHERE NOT EXISTS (SELECT 1 FROM starts \
                     WHERE starts.id = snapshots.id AND starts.number = snapshots.number)";
        let entries: u64 = self.connection.query_row(query, [], |row| row.get(0))?;
        if entries > 0 {
            let (table, parent) = ("snapshots".to_owned(), "starts".to_owned());
            self.add(None, Problem::Dangling { table, parent, entries });
        }
        let query = "SELECT id, number, remote_id, maker, fields, made_at, read_at FROM snapshots \
                     WHERE EXISTS (SELECT 1 FROM starts WHERE starts.id = snapshots.id) ORDER BY id, number";
        let mut statement = self.connection.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(column) = snapshots::fault(row)? else { continue };
            let (job, place, _) = self.row_again(row.get(0)?)?;
            if self.is_chosen(job) {
                let attempt = row.get(1)?;
                self.add(Some(place), Problem::UnreadableSnapshot { attempt, column });
            }
        }
        Ok(())
    }

    /// Rows without an attempt, which only older formats can have.
    fn read_unsent(&mut self) -> rusqlite::Result<()> {
        if self.checked.format == Some(FORMAT) {
            return Ok(());
        }
        let query = "SELECT job, row, line, key, lane FROM main.rows AS rows \
                     WHERE NOT EXISTS (SELECT 1 FROM main.attempts AS attempts WHERE attempts.row = rows.id)";
        let mut statement = self.connection.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let job = row.get(0)?;
            if self.is_chosen(job) {
                self.checked.rows += 1;
                let place = self.place(job, row, 1)?;
                self.add(Some(place), Problem::NoAttempt);
            }
        }
        Ok(())
    }

    /// The views as they stand there; older formats had others.
    fn read_views(&mut self) -> rusqlite::Result<()> {
        if self.checked.format == Some(FORMAT) {
            for (view, is_gone) in replaced_views(self.connection)? {
                self.add(None, Problem::ViewReplaced { view, is_gone });
            }
        }
        Ok(())
    }

    /// A row's place, from the columns `row, line, key, lane`.
    fn place(&self, job: i64, row: &Row<'_>, from: usize) -> rusqlite::Result<LedgerRow> {
        let known = self.jobs.get(&job);
        Ok(LedgerRow {
            job: known.map_or_else(|| "?".to_owned(), |job| job.name.clone()),
            base_url: known.map_or_else(|| "?".to_owned(), |job| job.base_url.clone()),
            place: RowPlace::of(row.get(from)?, row.get(from + 1)?),
            key: row.get(from + 2)?,
            lane: row.get(from + 3)?,
        })
    }

    /// A row whose request makes something new, or for which something new was found, has that for itself.
    fn remember_claim(&mut self, id: i64, sent: &Sent, life: &Life) {
        let RowState::Succeeded { id: Some(made), .. } = life.state() else { return };
        if life.was_found() || (self.scope.creates)(&sent.operation) {
            let target = self.jobs.get(&sent.job).and_then(|job| job.target);
            let owner = target.unwrap_or_else(|| !sent.run.unsigned_abs());
            self.claims.push((spread(KeyHash::of(made), owner), id));
        }
    }

    fn compare_view(
        &mut self,
        id: i64,
        place: &LedgerRow,
        life: &Life,
        view: &mut Statement<'_>,
    ) -> rusqlite::Result<()> {
        let word = word(life.state());
        let said = view
            .query_row([id], |row| {
                let state = row.get_ref(0)?.as_str().unwrap_or("?");
                let attempts: i64 = row.get(1)?;
                let agrees = state == word && attempts == life.attempts();
                Ok((!agrees).then(|| ViewRow { state: state.to_owned(), attempts }))
            })
            .optional();
        let said = match said {
            Ok(Some(None)) => return Ok(()),
            Ok(Some(Some(said))) => ViewSays::Row(said),
            Ok(None) => ViewSays::Nothing,
            Err(error) if matches!(error, rusqlite::Error::SqliteFailure(..)) => return Err(error),
            Err(error) => ViewSays::Unreadable { cause: error.to_string() },
        };
        let replay = ViewRow { state: word.to_owned(), attempts: life.attempts() };
        self.add(Some(place.clone()), Problem::ViewDiffers { view: said, replay });
        Ok(())
    }

    fn compare_keys(&mut self) -> rusqlite::Result<()> {
        for group in groups_of_equals(std::mem::take(&mut self.keys)) {
            let mut seen: HashMap<(i64, String), u64> = HashMap::new();
            for id in group {
                let (job, place, _) = self.row_again(id)?;
                let key = (job, place.key.clone());
                if let Some(other) = seen.get(&key).copied() {
                    self.add(Some(place), Problem::KeyTwice { other });
                } else {
                    seen.insert(key, place.place.row);
                }
            }
        }
        Ok(())
    }

    fn compare_claims(&mut self) -> rusqlite::Result<()> {
        for group in groups_of_equals(std::mem::take(&mut self.claims)) {
            let mut seen: HashMap<String, LedgerRow> = HashMap::new();
            for row in group {
                let (_, place, id) = self.row_again(row)?;
                let Some(id) = id else { continue };
                if let Some(other) = seen.get(&id).cloned() {
                    self.add(Some(place), Problem::MadeTwice { id, other });
                } else {
                    seen.insert(id, place);
                }
            }
        }
        Ok(())
    }

    /// A row once more: its job, its place, and what the other side calls what it made.
    fn row_again(&self, id: i64) -> rusqlite::Result<(i64, LedgerRow, Option<String>)> {
        let mut statement = self.connection.prepare_cached(
            "SELECT runs.job, starts.row, line, key, lane, (SELECT remote_id FROM ends WHERE ends.id = starts.id \
             AND ends.number = starts.number ORDER BY ends.outcome IN ('succeeded', 'found') DESC, ends.owner DESC LIMIT 1) \
             FROM starts \
             JOIN owners ON owners.id = starts.owner JOIN runs ON runs.id = owners.run \
             WHERE starts.id = ?1 ORDER BY starts.number DESC LIMIT 1",
        )?;
        statement.query_row([id], |row| {
            let job = row.get(0)?;
            Ok((job, self.place(job, row, 1)?, row.get(5)?))
        })
    }
}

/// The rows on the way past.
struct Rows<'w, 'a> {
    walk: &'w mut Walk<'a>,
    owners: Owners,
    view: Option<Statement<'a>>,
    hand: Hand,
}

/// The row in hand.
#[derive(Default)]
struct Hand {
    /// As it was last sent; none where no start of it can be read.
    sent: Option<Sent>,
    attempts: u64,
    problems: Vec<Problem>,
}

struct Sent {
    job: i64,
    run: i64,
    operation: String,
    place: LedgerRow,
}

impl Rows<'_, '_> {
    fn sent(&self, owner: OwnerId, start: &Row<'_>) -> rusqlite::Result<Sent> {
        // What belongs to no run is told as such, and is no job's.
        let (job, run) = self.owners.job_and_run(owner).unwrap_or((JobId(0), 0));
        start.get(Self::START_FROM + 4).map(Digest)?;
        let place = self.walk.place(job.0, start, Self::START_FROM)?;
        Ok(Sent { job: job.0, run, operation: start.get(4)?, place })
    }
}

impl Listener for Rows<'_, '_> {
    const START: &'static str = "row, line, key, lane, digest";
    const END: &'static str = "at, status, code, reason, doubt, message";

    fn start(&mut self, owner: OwnerId, start: &Row<'_>) -> rusqlite::Result<()> {
        self.hand.attempts += 1;
        let mut sent = self.sent(owner, start)?;
        let attempt = start.get(1)?;
        if let Some(first) = &self.hand.sent {
            if self.owners.job_and_run(owner).is_some() && sent.job != first.job {
                self.hand.problems.push(Problem::ForeignRun { attempt, run: sent.run });
                sent.job = first.job;
                sent.place.job.clone_from(&first.place.job);
                sent.place.base_url.clone_from(&first.place.base_url);
            }
            if sent.place.key != first.place.key {
                let key = std::mem::replace(&mut sent.place.key, first.place.key.clone());
                self.hand.problems.push(Problem::KeysDiffer { attempt, key });
            }
        }
        self.hand.sent = Some(sent);
        Ok(())
    }

    fn end(&mut self, end: &Row<'_>) -> rusqlite::Result<()> {
        let attempt = end.get(1)?;
        let (has_outcome, has_ended) =
            (end.get::<_, Option<String>>(2)?.is_some(), moment_or_null(end, Self::END_FROM)?);
        if has_outcome != has_ended.is_some() {
            self.hand.problems.push(Problem::HalfEnded { attempt });
        }
        // Read since a run will.
        end.get::<_, Option<u16>>(Self::END_FROM + 1)?;
        (Self::END_FROM + 2..Self::END_FROM + 6)
            .try_for_each(|at| end.get::<_, Option<String>>(at).map(drop))
    }

    fn contradiction(&mut self, contradiction: Contradiction) {
        self.hand.problems.push(Problem::Life(contradiction));
    }

    /// Tells of an entry that does not hold what it should; whatever else is wrong ends the reading.
    fn unreadable(&mut self, entry: Entry<'_>, error: rusqlite::Error) -> Result<(), Unread> {
        let place = match entry {
            Entry::Start(_) => None,
            Entry::End(_) => self.hand.sent.as_ref().map(|sent| sent.place.clone()),
        };
        self.walk.add(place, Problem::Unreadable(entry.misfit(error)?));
        Ok(())
    }

    fn row(&mut self, id: i64, _: OwnerId, life: Life) -> Result<(), Unread> {
        let Hand { sent, attempts, problems } = std::mem::take(&mut self.hand);
        let Some(sent) = sent else {
            self.walk.checked.rows += 1;
            return Ok(());
        };
        if !self.walk.is_chosen(sent.job) {
            return Ok(());
        }
        self.walk.checked.rows += 1;
        self.walk.checked.attempts += attempts;
        if !(0..ROW_IDS).contains(&id) {
            self.walk.add(Some(sent.place.clone()), Problem::Unreadable(no_row_id(id)));
        }
        problems.into_iter().for_each(|problem| self.walk.add(Some(sent.place.clone()), problem));
        let key = spread(KeyHash::of(&sent.place.key), sent.job.unsigned_abs());
        self.walk.keys.push((key, id));
        if let Some(attempt) = life.contested() {
            self.walk.add(Some(sent.place.clone()), Problem::Contested { attempt });
        }
        if life.is_broken() {
            return Ok(());
        }
        if let Some(view) = &mut self.view {
            self.walk.compare_view(id, &sent.place, &life, view)?;
        }
        self.walk.remember_claim(id, &sent, &life);
        Ok(())
    }
}

/// A state in the words of the output.
fn word(state: &RowState) -> &'static str {
    match state {
        RowState::NotStarted | RowState::Deferred { .. } => "not_started",
        RowState::Started { .. } | RowState::InDoubt { .. } => "in_doubt",
        RowState::Succeeded { .. } => "succeeded",
        RowState::Refused { .. } | RowState::GivenUp { .. } => "failed",
        RowState::Dismissed { .. } => "dismissed",
    }
}

/// A text, in whatever state it is.
fn lossy(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let bytes = row.get_ref(column)?.as_bytes_or_null()?.unwrap_or_default();
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// A hash that is another one for each owner.
fn spread(KeyHash(hash): KeyHash, owner: u64) -> u64 {
    hash.wrapping_add(owner.wrapping_add(1).wrapping_mul(SPREAD))
}

/// The rows of each hash that occurs more than once, in the order of their ids.
fn groups_of_equals(mut hashes: Vec<(u64, i64)>) -> Vec<Vec<i64>> {
    hashes.sort_unstable();
    let groups = hashes.chunk_by(|one, other| one.0 == other.0);
    let several = groups.filter(|group| group.len() > 1);
    several.map(|group| group.iter().map(|(_, id)| *id).collect()).collect()
}

/// Whether an address is one of this machine, where a sandbox may stand.
fn is_rehearsal(base_url: &str) -> bool {
    let Ok(url) = Url::parse(base_url) else { return true };
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => true,
    }
}
