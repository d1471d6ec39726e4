//! The requests of a job over time, gathered one after the other in a room that does not grow: what was sent when, how fast
//! answers came, which lanes were slow.
//!
//! Each run has a fixed number of slots, which become wider where it lasts. Only the last runs that sent something have any.

use std::collections::BTreeMap;

use super::latency::Latencies;
use crate::ledger::{Exported, RunRecord};
use crate::row::Outcome;

/// So many runs are drawn: the last that sent something.
const RUNS: usize = 24;
/// So many slots has a run at the most.
const SLOTS: usize = 256;
/// How wide slots are at first, in milliseconds.
const FIRST_WIDTH: i64 = 1_000;
/// So many lanes are named.
const LANES: usize = 10;
/// So many pauses are named, and nothing shorter counts as one.
const PAUSES: usize = 8;
const SHORTEST_PAUSE: i64 = 5_000;
/// Rows are counted by how many requests they took: one, two, three, four, and more.
const TURNS: usize = 5;
/// The answer of a server that wants to be asked later.
const TOO_MANY: i64 = 429;

/// What was sent in a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Slot {
    pub requests: u64,
    pub succeeded: u64,
    pub refused: u64,
    /// Those that surely did nothing, and were or are to be sent again.
    pub deferred: u64,
    /// Those whose answer was lost, or that nobody knows of.
    pub lost: u64,
    /// Those of which a person has said what became of them, whatever was known before.
    pub settled: u64,
    /// Those that were not the first of their rows.
    pub again: u64,
    pub latencies: Latencies,
}

impl Slot {
    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.succeeded += other.succeeded;
        self.refused += other.refused;
        self.deferred += other.deferred;
        self.lost += other.lost;
        self.settled += other.settled;
        self.again += other.again;
        self.latencies.add(&other.latencies);
    }

    fn see(&mut self, request: &Exported) {
        self.requests += 1;
        self.again += u64::from(request.attempt > 1);
        match request.outcome() {
            Some(Outcome::Succeeded | Outcome::Found) => self.succeeded += 1,
            Some(Outcome::Refused) => self.refused += 1,
            Some(Outcome::Deferred | Outcome::GivenUp | Outcome::NotFound) => {
                self.deferred += 1;
            }
            Some(Outcome::Confirmed | Outcome::Denied | Outcome::Dismissed) => self.settled += 1,
            Some(Outcome::Lost) | None => self.lost += 1,
        }
        if let Some(took) = answered_after(request) {
            self.latencies.see(took);
        }
    }
}

/// How long its answer took, in milliseconds; none where there was none, or where that was found out otherwise.
fn answered_after(request: &Exported) -> Option<u64> {
    let is_answer = match request.outcome()? {
        Outcome::Succeeded => true,
        Outcome::Refused | Outcome::Deferred | Outcome::GivenUp => request.status.is_some(),
        _ => false,
    };
    let took = request.ended_at?.checked_sub(request.started_at)?;
    u64::try_from(took).ok().filter(|_| is_answer)
}

/// The requests of a run.
#[derive(Debug, Clone)]
struct Series {
    run: i64,
    started_at: i64,
    /// How wide a slot is, in milliseconds.
    width: i64,
    slots: Vec<Slot>,
}

impl Series {
    fn see(&mut self, request: &Exported) {
        let offset = request.started_at.saturating_sub(self.started_at).max(0);
        while offset / self.width >= SLOTS as i64 {
            self.widen();
        }
        let at = usize::try_from(offset / self.width).unwrap_or_default();
        if self.slots.len() <= at {
            self.slots.resize(at + 1, Slot::default());
        }
        self.slots[at].see(request);
    }

    fn widen(&mut self) {
        self.width = self.width.saturating_mul(2);
        self.slots = halved(&self.slots);
    }

    /// Times in which nothing was sent, between others in which something was.
    fn pauses(&self) -> Vec<Pause> {
        let mut pauses = Vec::new();
        let mut last = None;
        let busy = self.slots.iter().enumerate().filter(|(_, slot)| slot.requests > 0);
        for (at, _) in busy {
            let empty = last.map_or(0, |last: usize| at - last - 1) as i64;
            if let Some(last) = last.filter(|_| empty * self.width >= SHORTEST_PAUSE) {
                let from = self.started_at + (last as i64 + 1) * self.width;
                pauses.push(Pause { run: self.run, from, lasted: empty * self.width });
            }
            last = Some(at);
        }
        pauses
    }
}

fn halved(slots: &[Slot]) -> Vec<Slot> {
    let pair = |pair: &[Slot]| {
        let mut sum = pair.first().cloned().unwrap_or_default();
        pair.iter().skip(1).for_each(|other| sum.add(other));
        sum
    };
    slots.chunks(2).map(pair).collect()
}

/// A time in which a run sent nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pause {
    pub run: i64,
    /// Unix milliseconds, and how many it lasted, to within a slot.
    pub from: i64,
    pub lasted: i64,
}

/// A lane, and the longest that an answer took there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlowLane {
    pub lane: String,
    pub longest: u64,
    /// The row that it took so long for.
    pub row: i64,
}

/// A slot where it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub run: i64,
    /// When it begins, in unix milliseconds.
    pub at: i64,
    pub begins_run: bool,
    pub slot: Slot,
}

/// All requests that a report is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic {
    series: BTreeMap<i64, Series>,
    pub(super) all: Slot,
    /// Answers that asked to be asked later.
    pub(super) pushed_back: u64,
    /// Rows by how many requests they took.
    pub(super) turns: [u64; TURNS],
    slowest: Vec<SlowLane>,
    /// Runs that sent something and are not drawn.
    pub(super) undrawn: usize,
}

impl Traffic {
    /// For the requests of these runs.
    pub(crate) fn of_runs<'r>(runs: impl Iterator<Item = &'r RunRecord>) -> Self {
        let mut sent: Vec<&RunRecord> = runs.filter(|run| run.totals.requests > 0).collect();
        sent.sort_by_key(|run| std::cmp::Reverse(run.id));
        let series = |run: &&RunRecord| {
            let (run, started_at) = (run.id, run.started_at);
            (run, Series { run, started_at, width: FIRST_WIDTH, slots: Vec::new() })
        };
        Self {
            series: sent.iter().take(RUNS).map(series).collect(),
            undrawn: sent.len().saturating_sub(RUNS),
            ..Self::default()
        }
    }

    pub(crate) fn see(&mut self, request: &Exported) {
        self.all.see(request);
        self.pushed_back += u64::from(request.status == Some(TOO_MANY));
        if request.is_last {
            let turn = usize::try_from(request.attempt.max(1) - 1).unwrap_or(TURNS);
            self.turns[turn.min(TURNS - 1)] += 1;
        }
        if let Some(series) = self.series.get_mut(&request.run) {
            series.see(request);
        }
        if let Some(took) = answered_after(request) {
            self.see_lane(request, took);
        }
    }

    /// Which lanes come first by the longest is exact: one that was passed over comes back with what is longer than all that
    /// it was passed over with.
    fn see_lane(&mut self, request: &Exported, took: u64) {
        if let Some(known) = self.slowest.iter_mut().find(|known| known.lane == request.lane) {
            if took > known.longest {
                (known.longest, known.row) = (took, request.row);
            }
            return;
        }
        let lane = || SlowLane { lane: request.lane.clone(), longest: took, row: request.row };
        if self.slowest.len() < LANES {
            self.slowest.push(lane());
        } else if let Some(least) = self.slowest.iter_mut().min_by_key(|known| known.longest)
            && least.longest < took
        {
            *least = lane();
        }
    }

    /// The lanes in which an answer took longest, the slowest first.
    pub(super) fn slowest(&self) -> Vec<&SlowLane> {
        let mut lanes: Vec<&SlowLane> = self.slowest.iter().collect();
        lanes.sort_by_key(|lane| (std::cmp::Reverse(lane.longest), lane.row));
        lanes
    }

    /// The longest pauses, in the order in which they were.
    pub(super) fn pauses(&self) -> Vec<Pause> {
        let mut pauses: Vec<Pause> = self.series.values().flat_map(Series::pauses).collect();
        pauses.sort_by_key(|pause| std::cmp::Reverse(pause.lasted));
        pauses.truncate(PAUSES);
        pauses.sort_by_key(|pause| pause.from);
        pauses
    }

    /// All that is drawn, in so many columns at the most, one run after the other without the time between them; and how wide a
    /// column is, in milliseconds.
    pub(super) fn columns(&self, most: usize) -> (i64, Vec<Column>) {
        let mut series: Vec<Series> = self.series.values().cloned().collect();
        let mut width = series.iter().map(|one| one.width).max().unwrap_or(FIRST_WIDTH);
        loop {
            for one in &mut series {
                while one.width < width {
                    one.widen();
                }
            }
            let columns: usize = series.iter().map(|one| one.slots.len()).sum();
            if columns <= most.max(RUNS) {
                break;
            }
            width = width.saturating_mul(2);
        }
        let columns = series.into_iter().flat_map(|one| {
            one.slots.into_iter().enumerate().map(move |(at, slot)| Column {
                run: one.run,
                at: one.started_at.saturating_add(at as i64 * width),
                begins_run: at == 0,
                slot,
            })
        });
        (width, columns.collect())
    }
}
