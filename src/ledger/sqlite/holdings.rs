//! What rows own of what lists show: one pass over what was sent in the lanes that are looked through, and one over the
//! ids of what was made.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use super::fault::text;
use super::scan::{Owners, attempted};
use crate::ledger::{JobId, OwnerId};
use crate::row::{Attempted, Elsewhere, Holdings, Made, Maker, Making, Newest, Outcome, Page};
use crate::text::address;
use crate::text::place::RowPlace;

/// Of so many other lanes something is told.
const MOST_ELSEWHERE: usize = 4;
/// So many of the outcomes of the last rows are gone through for them.
const MOST_LOOKED_AT: i64 = 10_000;
/// What is read of a start.
const START: &str = "id, number, owner, row, operation, lane, at, remote_at, line, key";

/// See [`crate::ledger::Reader::owned`].
pub(super) fn read(
    connection: &Connection,
    job: JobId,
    pages: &[Page],
) -> rusqlite::Result<Vec<Holdings>> {
    // All of one moment, while the recorder writes to the file.
    let moment = connection.unchecked_transaction()?;
    let owners = Owners::read(&moment)?;
    let mut lanes: HashMap<(String, String), LaneHoldings> = HashMap::new();
    let here = at_one_address(&moment, job)?;
    let is_here = |owner| owners.job(owner).is_none_or(|job| here.contains(&job));
    let wants_makers = pages.iter().any(|page| page.wants_makers);
    let names: HashSet<&str> = pages.iter().map(|page| page.lane.as_str()).collect();
    for start in last_starts(&moment, &names)? {
        let of_job = owners.job(start.owner) == Some(job);
        let lane = (start.operation.clone(), start.lane.clone());
        let lane = lanes.entry(lane).or_default();
        lane.take(&moment, &start, of_job)?;
        if wants_makers && is_here(start.owner) {
            lane.makers.push(start.maker(&moment)?);
        }
    }
    let made = made(&moment, pages, &is_here)?;
    let mut latest = HashMap::new();
    for page in pages {
        if !latest.contains_key(page.operation.as_str()) {
            let lanes = MOST_ELSEWHERE + names.len();
            latest.insert(&*page.operation, elsewhere(&moment, job, &page.operation, lanes)?);
        }
    }
    let holdings = pages.iter().map(|page| {
        let lane = lanes.get(&(page.operation.clone(), page.lane.clone()));
        let others = latest.get(page.operation.as_str()).into_iter().flatten();
        let others = others.filter(|other| other.lane != page.lane).take(MOST_ELSEWHERE);
        Holdings {
            ids: made.of(page),
            newest: lane.and_then(LaneHoldings::newest),
            nameless: lane.is_some_and(LaneHoldings::is_nameless),
            elsewhere: others.cloned().collect(),
            makers: match page.wants_makers {
                true => lane.map(|lane| lane.makers.clone()).unwrap_or_default(),
                false => Vec::new(),
            },
        }
    });
    Ok(holdings.collect())
}

/// Of so many lanes what was made there last at the target of a job by an operation, as far as nothing was done to it since.
/// Rows get their ids in the order in which they are first sent.
fn elsewhere(
    connection: &Connection,
    job: JobId,
    operation: &str,
    lanes: usize,
) -> rusqlite::Result<Vec<Elsewhere>> {
    let query = "SELECT starts.lane, ends.remote_id, starts.at, starts.remote_at FROM \
                 (SELECT id, number, remote_id, outcome FROM ends ORDER BY id DESC LIMIT ?3) AS ends \
                 CROSS JOIN starts ON starts.id = ends.id AND starts.number = ends.number \
                 CROSS JOIN owners ON owners.id = starts.owner \
                 CROSS JOIN runs ON runs.id = owners.run \
                 CROSS JOIN jobs ON jobs.id = runs.job \
                 WHERE ends.remote_id IS NOT NULL AND ends.outcome IN ('succeeded', 'found') \
                 AND starts.operation = ?2 AND (jobs.base_url, jobs.account) = \
                 (SELECT base_url, account FROM jobs WHERE id = ?1) \
                 AND starts.number = (SELECT max(number) FROM starts AS last WHERE last.id = starts.id) \
                 ORDER BY ends.id DESC";
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(params![job.0, operation, MOST_LOOKED_AT])?;
    let mut found: Vec<Elsewhere> = Vec::new();
    while found.len() < lanes
        && let Some(row) = rows.next()?
    {
        let lane = text(row, 0)?;
        if found.iter().all(|known| known.lane != lane) {
            let attempted = attempted(row, 2)?;
            let made = Newest { id: text(row, 1)?.to_owned(), attempted };
            found.push(Elsewhere { lane: lane.to_owned(), made });
        }
    }
    Ok(found)
}

/// What was sent in a lane by one operation.
#[derive(Default)]
struct LaneHoldings {
    /// What the job has made.
    made: Vec<(Turn, Newest)>,
    /// When the first of the job's rows went of which nobody knows whether they have made something.
    first_open: Option<Turn>,
    /// Rows that are done, and nobody knows what they have made.
    nameless: usize,
    /// Rows of which nobody knows whether they have made something.
    open: usize,
    /// All rows, where they are asked for.
    makers: Vec<Maker>,
}

impl LaneHoldings {
    fn take(
        &mut self,
        connection: &Connection,
        start: &Start,
        of_job: bool,
    ) -> rusqlite::Result<()> {
        match start.end(connection)? {
            (Some(Outcome::Succeeded | Outcome::Found), Some(id)) if of_job => {
                self.made.push((start.turn(), Newest { id, attempted: start.attempted }));
            }
            // What a person names is that row's, and measures nothing: people mistype.
            (Some(Outcome::Succeeded | Outcome::Found | Outcome::Confirmed), Some(_)) => {}
            (Some(Outcome::Succeeded | Outcome::Found | Outcome::Confirmed), None) => {
                self.nameless += 1
            }
            (None | Some(Outcome::Lost), _) => {
                self.open += 1;
                if of_job {
                    let first = self.first_open.unwrap_or(start.first);
                    self.first_open = Some(first.min(start.first));
                }
            }
            (Some(_), _) => {}
        }
        Ok(())
    }

    /// What was made last before the row that is looked for.
    fn newest(&self) -> Option<Newest> {
        let before = |turn: &Turn| self.first_open.is_none_or(|open| *turn < open);
        let made = self.made.iter().filter(|(turn, _)| before(turn));
        made.max_by_key(|(turn, _)| *turn).map(|(_, newest)| newest.clone())
    }

    /// One of those that are open is the one that is looked for.
    fn is_nameless(&self) -> bool {
        self.nameless + self.open.saturating_sub(1) > 0
    }
}

/// When a row went, compared with others of its job and lane: they go one at a time, run after run, and in a run in the
/// order of the source. Clocks do not matter.
type Turn = (OwnerId, u64);

struct Start {
    /// When the row went for the first time.
    first: Turn,
    id: i64,
    number: i64,
    owner: OwnerId,
    row: u64,
    operation: String,
    lane: String,
    attempted: Attempted,
    first_attempted: Attempted,
    line: u64,
    key: String,
}

impl Start {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            first: (OwnerId(row.get(2)?), row.get(3)?),
            id: row.get(0)?,
            number: row.get(1)?,
            owner: OwnerId(row.get(2)?),
            row: row.get(3)?,
            operation: text(row, 4)?.to_owned(),
            lane: text(row, 5)?.to_owned(),
            attempted: attempted(row, 6)?,
            first_attempted: attempted(row, 6)?,
            line: row.get(8)?,
            key: text(row, 9)?.to_owned(),
        })
    }

    /// What came of it, as far as that is known, and what was made.
    fn end(&self, connection: &Connection) -> rusqlite::Result<(Option<Outcome>, Option<String>)> {
        let query = "SELECT outcome, remote_id FROM ends WHERE id = ?1 AND number = ?2 \
                     ORDER BY outcome IN ('succeeded', 'found') DESC, owner DESC LIMIT 1";
        let mut statement = connection.prepare_cached(query)?;
        let of = params![self.id, self.number];
        let end: Option<(Option<String>, Option<String>)> =
            statement.query_row(of, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (outcome, id) = end.unwrap_or_default();
        match outcome.as_deref().and_then(Outcome::parse) {
            Some(Outcome::Dismissed) => Ok((self.end_before_persons(connection)?, None)),
            outcome => Ok((outcome, id)),
        }
    }

    /// What was known of it before a person wanted no more of it.
    fn end_before_persons(&self, connection: &Connection) -> rusqlite::Result<Option<Outcome>> {
        let query = "SELECT outcome FROM ends WHERE id = ?1 AND number = ?2 \
                     AND outcome NOT IN ('confirmed', 'denied', 'dismissed') ORDER BY owner DESC LIMIT 1";
        let mut statement = connection.prepare_cached(query)?;
        let of = params![self.id, self.number];
        let end: Option<String> = statement.query_row(of, |row| row.get(0)).optional()?;
        Ok(end.as_deref().and_then(Outcome::parse))
    }

    fn maker(&self, connection: &Connection) -> rusqlite::Result<Maker> {
        let making = match self.end(connection)? {
            (Some(Outcome::Succeeded | Outcome::Found | Outcome::Confirmed), Some(id)) => {
                Making::Named(id)
            }
            (Some(Outcome::Succeeded | Outcome::Found | Outcome::Confirmed), None) => {
                Making::Nameless
            }
            (None | Some(Outcome::Lost), _) => Making::Open,
            (Some(_), _) => Making::Nothing,
        };
        let query = "SELECT EXISTS (SELECT 1 FROM ends WHERE id = ?1 \
                     AND outcome IN ('found', 'not_found', 'denied'))";
        let mut settled = connection.prepare_cached(query)?;
        Ok(Maker {
            place: RowPlace::of(self.row, self.line),
            key: self.key.as_str().into(),
            making,
            first: self.first_attempted,
            last: self.attempted,
            turn: (self.owner.0, self.row),
            is_settled: settled.query_row([self.id], |row| row.get(0))?,
        })
    }

    fn turn(&self) -> Turn {
        (self.owner, self.row)
    }
}

/// The last start of each row that was last sent in one of some lanes.
fn last_starts(connection: &Connection, lanes: &HashSet<&str>) -> rusqlite::Result<Vec<Start>> {
    let places = vec!["?"; lanes.len()].join(", ");
    let query = format!("SELECT {START} FROM starts WHERE lane IN ({places}) ORDER BY id, number");
    let mut statement = connection.prepare(&query)?;
    let mut rows = statement.query(params_from_iter(lanes))?;
    let mut last: Vec<Start> = Vec::new();
    while let Some(row) = rows.next()? {
        let start = Start::of(row)?;
        match last.last_mut().filter(|before| before.id == start.id) {
            Some(before) => {
                let (first, first_attempted) = (before.first, before.first_attempted);
                *before = Start { first, first_attempted, ..start };
            }
            None => last.push(start),
        }
    }
    Ok(last)
}

/// Whose word holds of an attempt.
const HOLDS: &str = "SELECT owner FROM ends WHERE id = ?1 AND number = ?2 \
                     ORDER BY outcome IN ('succeeded', 'found') DESC, owner DESC LIMIT 1";

/// What rows have made of what pages show, by its id.
/// None where a person says so: it is a row's, and nobody has seen it made.
struct MadeById(HashMap<String, Option<(String, Attempted, Turn)>>);

impl MadeById {
    fn of(&self, page: &Page) -> HashMap<String, Option<Made>> {
        let of_page = page.ids.iter().filter_map(|id| {
            let Some((lane, attempted, (owner, row))) = self.0.get(id)? else {
                return Some((id.clone(), None));
            };
            let (in_lane, turn) = (*lane == page.lane, (owner.0, *row));
            let made = Made { attempted: *attempted, in_lane, turn };
            Some((id.clone(), Some(made)))
        });
        of_page.collect()
    }
}

/// The jobs that send to the address of one: elsewhere the same id is another thing's.
pub(super) fn at_one_address(
    connection: &Connection,
    job: JobId,
) -> rusqlite::Result<HashSet<JobId>> {
    let mut statement = connection.prepare_cached("SELECT id, base_url FROM jobs")?;
    let jobs = statement.query_map([], |row| {
        Ok((JobId(row.get(0)?), address::normal(&row.get::<_, String>(1)?)))
    })?;
    let jobs: HashMap<JobId, String> = jobs.collect::<rusqlite::Result<_>>()?;
    let here = jobs.get(&job);
    Ok(jobs.iter().filter(|(_, url)| Some(*url) == here).map(|(job, _)| *job).collect())
}

/// Of some ids those that rows whose owners are `is_here` have made.
fn made(
    connection: &Connection,
    pages: &[Page],
    is_here: &dyn Fn(OwnerId) -> bool,
) -> rusqlite::Result<MadeById> {
    let asked: HashSet<&str> =
        pages.iter().flat_map(|page| &page.ids).map(String::as_str).collect();
    let mut made = HashMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT id, number, remote_id, outcome, owner FROM ends WHERE remote_id IS NOT NULL",
    )?;
    let mut holds = connection.prepare_cached(HOLDS)?;
    let mut start = connection.prepare_cached(
        "SELECT lane, at, remote_at, owner, row FROM starts WHERE id = ?1 AND number = ?2",
    )?;
    let mut ends = statement.query([])?;
    while made.len() < asked.len()
        && let Some(end) = ends.next()?
    {
        let id = text(end, 2)?;
        if !asked.contains(id) {
            continue;
        }
        let (row, number): (i64, i64) = (end.get(0)?, end.get(1)?);
        let is_of_person = text(end, 3)? == Outcome::Confirmed.word();
        if is_of_person
            && holds.query_row([row, number], |last| last.get::<_, i64>(0))?
                != end.get::<_, i64>(4)?
        {
            // It was taken back, or said otherwise.
            continue;
        }
        let sent = start.query_row([row, number], |row| {
            let attempted = attempted(row, 1)?;
            Ok((row.get(0)?, attempted, (OwnerId(row.get(3)?), row.get(4)?)))
        });
        let nowhere = || (String::new(), Attempted::default(), (OwnerId(0), 0));
        let sent: (String, Attempted, Turn) = sent.optional()?.unwrap_or_else(nowhere);
        if !is_here(sent.2.0) {
            continue;
        }
        // What was changed later was made by the first that names it.
        made.entry(id.to_owned()).or_insert((!is_of_person).then_some(sent));
    }
    Ok(MadeById(made))
}
