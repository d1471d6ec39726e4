//! The way through a ledger's tables: one pass over the rows, each with its attempts.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, Statement};
use url::{Host, Url};

use super::life::{Attempt, Life};
use super::{CheckScope, Checked, LedgerRow, Problem};
use crate::row::Digest;
use crate::row::KeyHash;
use crate::row::RowState;

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

/// A row, as far as other rows matter to it.
struct Entry {
    id: i64,
    job: i64,
    operation: String,
    place: LedgerRow,
}

pub(super) struct Walk<'a> {
    connection: &'a Connection,
    scope: &'a CheckScope<'a>,
    checked: &'a mut Checked,
    jobs: HashMap<i64, Job>,
    /// Which job a run is of.
    runs: HashMap<i64, i64>,
    /// Hashes of jobs with keys, and the ids of the rows.
    keys: Vec<(u64, i64)>,
    /// Hashes of targets with the ids of what was made, and the ids of the rows.
    claims: Vec<(u64, i64)>,
}

impl<'a> Walk<'a> {
    pub fn new(
        connection: &'a Connection,
        scope: &'a CheckScope<'a>,
        checked: &'a mut Checked,
    ) -> Self {
        Self {
            connection,
            scope,
            checked,
            jobs: HashMap::new(),
            runs: HashMap::new(),
            keys: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// Goes as far as the file can be read.
    pub fn all(mut self) {
        let pages = self.pages().and_then(|()| self.references());
        let contents = self
            .read_jobs()
            .and_then(|()| self.read_runs())
            .and_then(|()| self.read_rows())
            .and_then(|()| self.compare_keys())
            .and_then(|()| self.compare_claims());
        if let Err(error) = contents.and(pages) {
            let (rows, attempts) = (self.checked.rows, self.checked.attempts);
            self.add(None, Problem::Stopped { rows, attempts, cause: error.to_string() });
        }
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
            let target = *targets.entry((base_url.clone(), account)).or_insert(next);
            let chosen = self.scope.job.is_none_or(|job| job == name);
            self.checked.jobs += u64::from(chosen);
            let target = Some(target).filter(|_| !is_rehearsal(&base_url));
            self.jobs.insert(row.get(0)?, Job { name, base_url, chosen, target });
        }
        Ok(())
    }

    fn read_runs(&mut self) -> rusqlite::Result<()> {
        let query = "SELECT id, job, ended_at IS NULL, rows, \
                     succeeded + already_done + failed + invalid + in_doubt + not_started FROM runs ORDER BY id";
        let mut statement = self.connection.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (run, job) = (row.get(0)?, row.get(1)?);
            self.runs.insert(run, job);
            if !self.is_chosen(job) {
                continue;
            }
            self.checked.runs += 1;
            self.checked.endless_runs += u64::from(row.get::<_, bool>(2)?);
            // A sum that is no integer is none of small numbers.
            let sum = row.get::<_, Option<i64>>(4).unwrap_or(Some(i64::MAX));
            if let (Some(rows), Some(sum)) = (row.get(3)?, sum)
                && rows != sum
            {
                self.add(None, Problem::RunSum { run, rows, sum });
            }
        }
        Ok(())
    }

    fn is_chosen(&self, job: i64) -> bool {
        // What belongs to no job is told where all jobs are looked at.
        self.jobs.get(&job).map_or(self.scope.job.is_none(), |job| job.chosen)
    }

    fn read_rows(&mut self) -> rusqlite::Result<()> {
        let mut rows = self.connection.prepare(
            "SELECT id, job, key, row, line, operation, lane, digest FROM rows ORDER BY id",
        )?;
        let mut attempts = self.connection.prepare(
            "SELECT number, run, outcome, ended_at IS NOT NULL, remote_id, code, message FROM attempts WHERE row = ?1 ORDER BY number",
        )?;
        let view = self.connection.prepare("SELECT state, attempts FROM row_states WHERE id = ?1");
        let mut view = match view {
            Ok(view) => Some(view),
            Err(error) => {
                self.add(None, Problem::ViewUnreadable { cause: error.to_string() });
                None
            }
        };
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let (id, job) = (row.get(0)?, row.get(1)?);
            if !self.is_chosen(job) {
                continue;
            }
            self.checked.rows += 1;
            match self.entry(id, job, row) {
                Ok(entry) => self.look_at(&entry, &mut attempts, view.as_mut())?,
                Err(error) => self.unreadable(None, ("rows", Some(id)), (row, error))?,
            }
        }
        Ok(())
    }

    fn entry(&self, id: i64, job: i64, row: &Row<'_>) -> rusqlite::Result<Entry> {
        let known = self.jobs.get(&job);
        let place = LedgerRow {
            job: known.map_or_else(|| "?".to_owned(), |job| job.name.clone()),
            base_url: known.map_or_else(|| "?".to_owned(), |job| job.base_url.clone()),
            row: row.get(3)?,
            line: row.get(4)?,
            key: row.get(2)?,
            lane: row.get(6)?,
        };
        row.get(7).map(Digest)?;
        Ok(Entry { id, job, operation: row.get(5)?, place })
    }

    /// Tells of an entry that does not hold what it should; whatever else is wrong ends the reading.
    fn unreadable(
        &mut self,
        place: Option<LedgerRow>,
        (table, id): (&'static str, Option<i64>),
        (row, error): (&Row<'_>, rusqlite::Error),
    ) -> rusqlite::Result<()> {
        use rusqlite::Error;
        let column = match &error {
            Error::FromSqlConversionFailure(column, ..)
            | Error::IntegralValueOutOfRange(column, _)
            | Error::Utf8Error(column, _)
            | Error::InvalidColumnType(column, ..) => *column,
            _ => return Err(error),
        };
        let column = row.as_ref().column_name(column).unwrap_or("?").to_owned();
        self.add(place, Problem::Unreadable { table, id, column });
        Ok(())
    }

    /// Follows a row through its attempts, and remembers what no other row may have.
    fn look_at(
        &mut self,
        entry: &Entry,
        attempts: &mut Statement<'_>,
        view: Option<&mut Statement<'_>>,
    ) -> rusqlite::Result<()> {
        self.keys.push((spread(KeyHash::of(&entry.place.key), entry.job.unsigned_abs()), entry.id));
        let mut life = Life::default();
        let mut found = attempts.query([entry.id])?;
        while let Some(row) = found.next()? {
            self.checked.attempts += 1;
            match Attempt::read(row) {
                Ok(attempt) => {
                    for problem in life.follow(&attempt) {
                        self.add(Some(entry.place.clone()), problem);
                    }
                    if self.runs.get(&attempt.run).is_some_and(|job| *job != entry.job) {
                        let problem =
                            Problem::ForeignRun { attempt: attempt.number, run: attempt.run };
                        self.add(Some(entry.place.clone()), problem);
                    }
                }
                Err(error) => {
                    life.broken = true;
                    let place = Some(entry.place.clone());
                    self.unreadable(place, ("attempts", None), (row, error))?;
                }
            }
        }
        if life.last == 0 && !life.broken {
            self.add(Some(entry.place.clone()), Problem::NoAttempt);
        } else if !life.broken {
            self.compare_view(entry, &life, view)?;
            self.remember_claim(entry, &life);
        }
        Ok(())
    }

    fn compare_view(
        &mut self,
        entry: &Entry,
        life: &Life,
        view: Option<&mut Statement<'_>>,
    ) -> rusqlite::Result<()> {
        let Some(view) = view else { return Ok(()) };
        let said = view
            .query_row([entry.id], |row| {
                let state = row.get_ref(0)?.as_str().unwrap_or("?");
                let attempts: i64 = row.get(1)?;
                let agrees = state == life.word() && attempts == life.last;
                Ok((!agrees).then(|| told(state, attempts)))
            })
            .optional();
        let said = match said {
            Ok(Some(None)) => return Ok(()),
            Ok(Some(Some(said))) => said,
            Ok(None) => "nothing".to_owned(),
            Err(error) if matches!(error, rusqlite::Error::SqliteFailure(..)) => return Err(error),
            Err(error) => error.to_string(),
        };
        let replay = told(life.word(), life.last);
        self.add(Some(entry.place.clone()), Problem::ViewDiffers { view: said, replay });
        Ok(())
    }

    /// A row whose request makes something new, or for which something new was found, has that for itself.
    fn remember_claim(&mut self, entry: &Entry, life: &Life) {
        let RowState::Succeeded { id: Some(id), .. } = &life.state else { return };
        if life.was_found || (self.scope.creates)(&entry.operation) {
            let target = self.jobs.get(&entry.job).and_then(|job| job.target);
            let owner = target.unwrap_or_else(|| !life.run.unsigned_abs());
            self.claims.push((spread(KeyHash::of(id), owner), entry.id));
        }
    }

    fn compare_keys(&mut self) -> rusqlite::Result<()> {
        let (connection, keys) = (self.connection, std::mem::take(&mut self.keys));
        let mut statement = connection.prepare(
            "SELECT id, job, key, row, line, operation, lane, digest FROM rows WHERE id = ?1",
        )?;
        for group in groups_of_equals(keys) {
            let mut seen: HashMap<(i64, String), u64> = HashMap::new();
            for id in group {
                let entry = statement.query_row([id], |row| self.entry(id, row.get(1)?, row))?;
                let key = (entry.job, entry.place.key.clone());
                if let Some(other) = seen.get(&key).copied() {
                    self.add(Some(entry.place), Problem::KeyTwice { other });
                } else {
                    seen.insert(key, entry.place.row);
                }
            }
        }
        Ok(())
    }

    fn compare_claims(&mut self) -> rusqlite::Result<()> {
        let (connection, claims) = (self.connection, std::mem::take(&mut self.claims));
        let mut statement = connection.prepare(
            "SELECT id, job, key, row, line, operation, lane, digest, (SELECT remote_id FROM attempts \
             WHERE attempts.row = rows.id ORDER BY number DESC LIMIT 1) FROM rows WHERE id = ?1",
        )?;
        for group in groups_of_equals(claims) {
            let mut seen: HashMap<String, LedgerRow> = HashMap::new();
            for row in group {
                let (entry, id): (Entry, String) = statement.query_row([row], |found| {
                    Ok((self.entry(row, found.get(1)?, found)?, found.get(8)?))
                })?;
                if let Some(other) = seen.get(&id).cloned() {
                    self.add(Some(entry.place), Problem::MadeTwice { id, other });
                } else {
                    seen.insert(id, entry.place);
                }
            }
        }
        Ok(())
    }
}

fn told(state: &str, attempts: i64) -> String {
    match attempts {
        1 => format!("{state} after 1 attempt"),
        _ => format!("{state} after {attempts} attempts"),
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
