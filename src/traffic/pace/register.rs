//! The requests of all runs on this machine for one account: what each run is told of the others when it says how it stands
//! itself. Values and decisions only; where the register lies, and the lock that makes runs take turns, is for `shared_pace`.
//!
//! A run enters what it has sent (when the answers came, how many) and how many requests may yet count before it comes again:
//! those under way and the few *permits* that it takes along. So what counts of a run is never more than what its entry says,
//! and a run that leaves that much room for the others keeps the quota with them, whatever each of them knows of time. A run
//! that does not come again gives its permits back: when its lease is over, or at once where it is known to have died.
//!
//! Different runs may go by different quotas. Each keeps its own by itself; together they go no faster than the fastest of them
//! may, in no window that any of them goes by, so that a slow one is not starved by a fast one. What runs did that are over
//! counts for everybody's own quota.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::text::quota::Quota;

use super::EndedRequests;

/// How long the permits of a run are good for when it has come.
pub(crate) const LEASE: Duration = Duration::from_secs(2);
/// How long requests are remembered at least.
const REMEMBERED: u64 = 3_600_000;
/// And at the most, whatever window somebody asks for.
const LONGEST: u64 = 7 * 86_400_000;
/// The time of requests is kept to this part of their age.
const FINE: u64 = 64;
/// A register with more than this is none.
const MOST_RUNS: usize = 512;
const MOST_GROUPS: usize = 65_536;
/// More windows than these nobody goes by.
const MOST_WINDOWS: usize = 32;
/// Alone, a run takes along this part of a quota; not alone, this part.
const BATCH_ALONE: u32 = 5;
const BATCH: u32 = 50;

/// When, in milliseconds of the register's clock, and how many requests had been answered by then.
type Group = (u64, u32);

/// See the module's text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    /// From when on it knows of all requests.
    since: u64,
    /// The longest window that anybody goes by.
    longest: u64,
    /// The requests of runs that are over.
    past: Vec<Group>,
    runs: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    run: u64,
    process: Option<Process>,
    /// When it last came.
    came: u64,
    /// How many more may count until it comes again.
    reserved: u32,
    /// Since when it has waited for others, and for how many permits.
    waits: Option<(u64, u32)>,
    /// Its quotas: the window in milliseconds, and how many in it.
    quotas: Vec<(u64, u32)>,
    ended: Vec<Group>,
}

/// What tells whether a run is still there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Process {
    pub number: u32,
    /// Where that number counts.
    pub space: String,
}

/// A run, as the register knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub number: u64,
    pub process: Option<Process>,
}

/// How a run stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub quotas: Vec<Quota>,
    /// How many requests of its own count in windows that it knows of, those under way included.
    pub counts: Vec<(Duration, u32)>,
    pub under_way: u32,
    /// Requests that have come to an end since it last came.
    pub ended: Vec<EndedRequests>,
    /// Whether it has something to send.
    pub wants: bool,
    /// Whether it will not come again.
    pub leaves: bool,
}

/// What a run is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// How many requests may leave before it comes again, beyond those under way.
    pub permits: u32,
    /// Requests of others that have ended, and those that may count meanwhile.
    pub others: Vec<EndedRequests>,
    pub reserved: u32,
    /// How many requests of all runs together there may be in windows that anybody goes by.
    pub limits: Vec<(Duration, u32)>,
    /// Whether another run is there.
    pub is_shared: bool,
    /// How many are.
    pub other_runs: u32,
    /// How long all requests have been entered.
    pub known_for: Duration,
}

impl Register {
    /// One that knows nothing of what was before.
    pub(crate) fn begin(now: u64) -> Self {
        Self { since: now, ..Self::default() }
    }

    /// Whether it may have been written by a run.
    pub(crate) fn is_sound(&self) -> bool {
        let groups = self.runs.iter().map(|run| run.ended.len()).sum::<usize>() + self.past.len();
        let quotas = self.runs.iter().map(|run| run.quotas.len()).max().unwrap_or(0);
        self.runs.len() <= MOST_RUNS && groups <= MOST_GROUPS && quotas <= MOST_RUNS
    }

    /// The clock has been set by so much since it was last written.
    pub(crate) fn shift(&mut self, by: i64) {
        let moved = |at: &mut u64| *at = at.saturating_add_signed(by);
        moved(&mut self.since);
        self.past.iter_mut().for_each(|(at, _)| moved(at));
        for run in &mut self.runs {
            moved(&mut run.came);
            run.ended.iter_mut().for_each(|(at, _)| moved(at));
            run.waits.iter_mut().for_each(|(at, _)| moved(at));
        }
    }

    /// A run has come. `has_died` knows of a process that it is no more.
    pub(crate) fn come(
        &mut self,
        run: &Run,
        report: &Report,
        now: u64,
        has_died: &dyn Fn(&Process) -> bool,
    ) -> View {
        self.put_right(now);
        self.retire(run, now, has_died);
        self.enter(run, report, now);
        let others: Vec<&Entry> =
            self.runs.iter().filter(|entry| entry.run != run.number).collect();
        let other_runs = others.iter().filter(|entry| !entry.is_over(now)).count();
        let is_shared = other_runs > 0;
        let reserved = others.iter().fold(0, |sum: u32, entry| sum.saturating_add(entry.reserved));
        let ended = others.iter().flat_map(|entry| &entry.ended).chain(&self.past);
        let limits = limits(&report.quotas, &others, now);
        let mut view = View {
            permits: 0,
            others: ended.map(|(at, count)| earlier(*at, *count, now)).collect(),
            reserved,
            limits,
            is_shared,
            other_runs: u32::try_from(other_runs).unwrap_or(u32::MAX),
            known_for: Duration::from_millis(now - self.since),
        };
        let own: Vec<_> = report.quotas.iter().map(|quota| (quota.window, most(quota))).collect();
        let own_room = room(report, &own, &[], 0);
        let wish = batch(&report.quotas, is_shared).min(own_room);
        let queued = self.queued_before(run, now);
        view.permits = match report.wants && !report.leaves {
            false => 0,
            // It goes by what it knows of the others, and nobody else needs to be left anything.
            true if !is_shared => batch(&report.quotas, false),
            true => {
                let free = room(report, &view.limits, &view.others, reserved);
                wish.min(free.saturating_sub(queued))
            }
        };
        self.book(run, report, &view, (wish, now));
        self.thin(now);
        view
    }

    /// Nothing is later than now, whatever somebody has written.
    fn put_right(&mut self, now: u64) {
        let right = |at: &mut u64| *at = (*at).min(now);
        right(&mut self.since);
        self.past.iter_mut().for_each(|(at, _)| right(at));
        for run in &mut self.runs {
            right(&mut run.came);
            run.ended.iter_mut().for_each(|(at, _)| right(at));
            run.waits.iter_mut().for_each(|(at, _)| right(at));
        }
    }

    /// What runs have left that have not come again: their permits may have been used to the last moment.
    fn retire(&mut self, own: &Run, now: u64, has_died: &dyn Fn(&Process) -> bool) {
        for entry in self.runs.iter_mut().filter(|entry| entry.run != own.number) {
            let died = entry.process.as_ref().is_some_and(has_died);
            let end = if died { now } else { entry.came.saturating_add(lease()) };
            if died || entry.is_over(now) {
                let (count, at) = (std::mem::take(&mut entry.reserved), end.min(now));
                entry.ended.extend((count > 0).then_some((at, count)));
                entry.waits = None;
                self.past.append(&mut entry.ended);
                entry.came = 0;
            }
        }
        // One that is merely slow comes back as a new one.
        self.runs.retain(|entry| entry.run == own.number || entry.came > 0);
    }

    fn enter(&mut self, run: &Run, report: &Report, now: u64) {
        let quotas = report.quotas.iter().map(|quota| (window(quota), quota.requests.get()));
        let quotas: Vec<(u64, u32)> = quotas.collect();
        self.longest =
            self.longest.max(quotas.iter().map(|(window, _)| *window).max().unwrap_or(0));
        let at = match self.runs.iter().position(|entry| entry.run == run.number) {
            Some(at) => at,
            None => {
                self.runs.push(Entry {
                    run: run.number,
                    process: run.process.clone(),
                    came: now,
                    reserved: 0,
                    waits: None,
                    quotas: Vec::new(),
                    ended: Vec::new(),
                });
                self.runs.len() - 1
            }
        };
        let Some(entry) = self.runs.get_mut(at) else { return };
        (entry.came, entry.quotas) = (now, quotas);
        let ended = report.ended.iter();
        entry.ended.extend(ended.map(|ended| (now.saturating_sub(whole(ended.ago)), ended.count)));
    }

    /// How many permits those wait for who came before this run.
    fn queued_before(&self, run: &Run, now: u64) -> u32 {
        let own = self.runs.iter().find(|entry| entry.run == run.number);
        let since = own.and_then(|entry| entry.waits).map_or(now, |(since, _)| since);
        let others = self.runs.iter().filter(|entry| entry.run != run.number);
        let waits = others.filter_map(|entry| entry.waits).filter(|(at, _)| *at < since);
        waits.fold(0, |sum: u32, (_, count)| sum.saturating_add(count))
    }

    fn book(&mut self, run: &Run, report: &Report, view: &View, (wish, now): (u32, u64)) {
        let Some(at) = self.runs.iter().position(|entry| entry.run == run.number) else { return };
        let Some(entry) = self.runs.get_mut(at) else { return };
        entry.reserved = report.under_way.saturating_add(view.permits);
        let waits = report.wants && view.is_shared && view.permits == 0 && wish > 0;
        entry.waits = waits.then(|| (entry.waits.map_or(now, |(since, _)| since), wish));
        if report.leaves {
            let mut entry = self.runs.swap_remove(at);
            self.past.append(&mut entry.ended);
            // Nobody waits for what is under way, and it may yet arrive.
            self.past.extend((entry.reserved > 0).then_some((now, entry.reserved)));
        }
    }

    /// What is long over is forgotten, and the older something is the less exactly its time is known: never too early.
    fn thin(&mut self, now: u64) {
        let remembered = self.longest.clamp(REMEMBERED, LONGEST);
        let lists = self.runs.iter_mut().map(|run| &mut run.ended);
        for list in lists.chain(std::iter::once(&mut self.past)) {
            list.retain(|(at, _)| now.saturating_sub(*at) <= remembered);
            for (at, _) in list.iter_mut() {
                // The grids lie within one another, so that a time moves no further than to the coarsest.
                let part = (now.saturating_sub(*at) / FINE).max(1);
                let grid = 1 << part.ilog2();
                *at = at.next_multiple_of(grid).min(now);
            }
            list.sort_unstable();
            list.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    kept.1 = kept.1.saturating_add(later.1);
                }
                same
            });
        }
    }
}

impl Entry {
    fn is_over(&self, now: u64) -> bool {
        now.saturating_sub(self.came) > lease()
    }
}

/// How many requests of all runs there may be in the windows that any of them goes by: as many as the fastest may make.
fn limits(own: &[Quota], others: &[&Entry], now: u64) -> Vec<(Duration, u32)> {
    let own: Vec<(u64, u32)> = own.iter().map(|quota| (window(quota), most(quota))).collect();
    let there = others.iter().filter(|entry| !entry.is_over(now));
    let runs: Vec<&[(u64, u32)]> =
        there.map(|entry| entry.quotas.as_slice()).chain([own.as_slice()]).collect();
    let mut windows: Vec<u64> =
        runs.iter().flat_map(|quotas| quotas.iter()).map(|(window, _)| (*window).max(1)).collect();
    windows.sort_unstable();
    windows.dedup();
    windows.truncate(MOST_WINDOWS);
    let most = |window| runs.iter().map(|quotas| allowed(quotas, window)).max().unwrap_or(0);
    windows.iter().map(|window| (Duration::from_millis(*window), most(*window))).collect()
}

/// How many requests quotas allow in a window.
fn allowed(quotas: &[(u64, u32)], window: u64) -> u32 {
    let in_window = |(length, count): &(u64, u32)| {
        u64::from(*count).saturating_mul(window.div_ceil((*length).max(1)))
    };
    let least = quotas.iter().map(in_window).min().unwrap_or(0);
    u32::try_from(least).unwrap_or(u32::MAX)
}

/// For how many more requests there is room beside those that count.
fn room(
    report: &Report,
    limits: &[(Duration, u32)],
    others: &[EndedRequests],
    reserved: u32,
) -> u32 {
    let free = limits.iter().map(|(window, limit)| {
        let own = report.counts.iter().filter(|(length, _)| length == window);
        let own = own.map(|(_, count)| *count).max().unwrap_or(report.under_way);
        let counting = others.iter().filter(|earlier| earlier.ago <= *window);
        let counted = counting.fold(reserved, |sum, earlier| sum.saturating_add(earlier.count));
        limit.saturating_sub(counted).saturating_sub(own)
    });
    free.min().unwrap_or(u32::MAX)
}

/// How many permits a run takes along.
fn batch(quotas: &[Quota], is_shared: bool) -> u32 {
    let part = if is_shared { BATCH } else { BATCH_ALONE };
    quotas.iter().map(|quota| most(quota) / part).min().unwrap_or(0).max(1)
}

fn most(quota: &Quota) -> u32 {
    quota.requests.get()
}

fn window(quota: &Quota) -> u64 {
    whole(quota.window).max(1)
}

fn lease() -> u64 {
    whole(LEASE)
}

/// So long ago at the most.
fn earlier(at: u64, count: u32, now: u64) -> EndedRequests {
    EndedRequests { ago: Duration::from_millis(now.saturating_sub(at)), count }
}

fn whole(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
