//! When may the next request leave? Quotas, pauses, back-off; what push-backs do to it is in `pressure`.
//!
//! All quotas hold at once, for every request: first attempts, repeats, logins. Pure but for the state it
//! keeps: the moment is an argument, chance too. Which request goes is for `engine`.
//!
//! A quota of `n` in a window `W` is `n` permits: a request holds one from its departure until its answer has come and `W`
//! has passed (`window`). So whoever keeps the quota sees no more than `n` in any window, wherever it is laid and however
//! long each request is on its way, and all but the latency's share of it is used. `spacing` spreads requests over the
//! window.

mod block;
mod pressure;
mod register;
mod share;
mod spacing;
mod timetable;
mod twice_told;
mod window;

use std::time::Duration;

use crate::text::quota::Quota;

use pressure::Pressure;
pub(crate) use pressure::{PushBack, Slowdown};
pub(crate) use register::{Process, Register, Report, Run, View};
use share::Share;
use spacing::Spacing;
pub(crate) use timetable::Timetable;
use window::Window;

/// A moment, as the time since the pace began. Monotonic; never a wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Moment(pub Duration);

impl Moment {
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Several quotas, and pauses that the other side asked for.
pub(crate) struct Pace {
    quotas: Vec<Quota>,
    spacings: Vec<Spacing>,
    quota_windows: Vec<Window>,
    /// Those that only others go by.
    windows_of_others: Vec<(Duration, Window)>,
    /// Requests that have left and have no answer yet.
    under_way: u32,
    pressure: Pressure,
    /// None where the pace is this run's own.
    share: Option<Share>,
    /// The requests of earlier runs that the ledger knows, until others have told what they know.
    of_ledger: Option<OfLedger>,
}

/// Requests of earlier runs, as the ledger tells of them.
struct OfLedger {
    told_at: Moment,
    past: Past,
}

/// Requests of an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndedRequests {
    /// How long ago the last of them came to its end.
    pub ago: Duration,
    pub count: u32,
}

/// What is known of the requests of earlier runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Past {
    /// How long ago the last came to its end, and how many there were but for some: enough for windows that would take long to
    /// wait for. A short one counts as full.
    About(Duration, Vec<EndedRequests>),
    /// All.
    All(Vec<EndedRequests>),
}

/// A window no longer than this is waited for where it is not sure what is left of it.
const SHORT: Duration = Duration::from_secs(90);

impl Pace {
    /// For as many requests as there may be.
    #[cfg(test)]
    pub(crate) fn new(quotas: &[Quota]) -> Self {
        Self::for_requests(quotas, u64::MAX)
    }

    /// For about so many requests: a quota that allows as many at once does not make them wait.
    pub(crate) fn for_requests(quotas: &[Quota], requests: u64) -> Self {
        Self {
            quotas: quotas.to_vec(),
            spacings: spacing::spread(quotas, requests).map(Spacing::new).collect(),
            quota_windows: quotas.iter().map(Window::new).collect(),
            windows_of_others: Vec::new(),
            under_way: 0,
            pressure: Pressure::new(quotas),
            share: None,
            of_ledger: None,
        }
    }

    /// The same, shared with other runs: nothing leaves before they are heard of.
    pub(crate) fn shared(self) -> Self {
        Self { share: Share::new(&self.quotas), ..self }
    }

    /// The same, of which others are told. It goes by what it knows alone.
    pub(crate) fn told(self) -> Self {
        Self { share: Share::telling(&self.quotas), ..self }
    }

    /// How long requests count for the longest of some quotas; none where there are none.
    pub(crate) fn longest_window(quotas: &[Quota]) -> Option<Duration> {
        quotas.iter().map(|quota| Window::new(quota).lasts()).max()
    }

    /// None where there are no quotas.
    pub(crate) fn shortest_window(&self) -> Option<Duration> {
        self.quotas.iter().map(|quota| quota.window).min()
    }

    /// Takes a permit for one request now, or says when to ask again.
    ///
    /// Either every quota counts the request, or none does. Its end is told by [`answered`](Self::answered).
    pub(crate) fn acquire(&mut self, now: Moment) -> Result<(), Moment> {
        let next = self.next(now);
        if next > now {
            return Err(next);
        }
        for spacing in &self.spacings {
            spacing.take(now);
        }
        if let Some(share) = &mut self.share {
            share.left();
        }
        self.under_way = self.under_way.saturating_add(1);
        self.pressure.leave(now, self.allowed());
        Ok(())
    }

    /// A request that has left was answered, or nobody waits for its answer any more.
    pub(crate) fn answered(&mut self, now: Moment) {
        self.under_way = self.under_way.saturating_sub(1);
        let of_others = self.windows_of_others.iter_mut().map(|(_, window)| window);
        for window in self.quota_windows.iter_mut().chain(of_others) {
            window.answered(1, now);
        }
        if let Some(share) = &mut self.share {
            share.ended(now);
        }
    }

    fn windows(&self) -> impl Iterator<Item = &Window> {
        self.quota_windows.iter().chain(self.windows_of_others.iter().map(|(_, window)| window))
    }

    /// The earliest moment, from `now` on, at which a request may leave.
    pub(crate) fn next(&self, now: Moment) -> Moment {
        let turns = self.spacings.iter().map(|spacing| spacing.next(now));
        let free = self.windows().map(|window| window.next(now, self.under_way));
        let shared = self.share.iter().map(|share| share.next(now));
        let next = turns.chain(free).chain(shared).max().unwrap_or(now);
        next.max(self.pressure.next(now, self.under_way))
    }

    /// The time between two requests when none is saved up: that of the slowest quota, or longer after a push-back.
    pub(crate) fn period(&self, now: Moment) -> Duration {
        self.quota_period().max(self.pressure.gap(now).unwrap_or_default())
    }

    fn quota_period(&self) -> Duration {
        self.spacings.iter().map(Spacing::period).max().unwrap_or_default()
    }

    /// When two requests may leave within a time of one another, as far as quotas are spread; none where that is never, which
    /// nothing is saved up for.
    pub(crate) fn two_within(&self, time: Duration, now: Moment) -> Option<Moment> {
        let slow = self.spacings.iter().filter(|spacing| spacing.period() >= time);
        slow.map(|spacing| spacing.next_two(now)).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Requests per second that the quotas allow in the long run.
    fn allowed(&self) -> f64 {
        let period = self.quota_period();
        if period.is_zero() { UNLIMITED } else { period.as_secs_f64().recip() }
    }

    /// Whether more than `ahead` requests could leave at once, because the quotas have that much saved up.
    pub(crate) fn has_burst(&self, now: Moment, ahead: usize) -> bool {
        let ahead = ahead as u64;
        self.pressure.next(now, self.under_way) <= now
            && self.pressure.gap(now).is_none()
            && self.spacings.iter().all(|spacing| spacing.saved(now) > ahead)
            && self.windows().all(|window| u64::from(window.free(now, self.under_way)) > ahead)
            && self.share.as_ref().is_none_or(|share| u64::from(share.permits(now)) > ahead)
    }

    /// How long nothing will leave because of a pause.
    pub(crate) fn paused(&self, now: Moment) -> Option<Duration> {
        self.pressure.paused(now)
    }

    /// How long nothing will leave because requests of before, those of others among them, have used a quota up; none where
    /// that is no longer than requests are apart anyway.
    pub(crate) fn spent(&self, now: Moment) -> Option<Duration> {
        let free = self.windows().map(|window| window.next(now, self.under_way)).max()?;
        let wait = free.since(now);
        (wait > self.quota_period()).then_some(wait)
    }

    /// How many other runs share the pace at present, as far as they were heard of.
    pub(crate) fn shared_with(&self) -> u32 {
        let heeds = self.share.as_ref().filter(|share| !share.only_tells());
        heeds.map_or(0, Share::other_runs)
    }

    /// A request that left at `sent_at` has been let in: it was answered, and not by a push-back.
    pub(crate) fn let_in(&mut self, sent_at: Moment, now: Moment) {
        self.pressure.let_in(sent_at, now, self.allowed());
    }

    /// The other side's clock has been told, in unix milliseconds.
    pub(crate) fn hear_clock(&mut self, clock: Option<i64>, now: Moment) {
        self.pressure.hear_clock(clock, now);
    }

    /// The other side asks for less. The quota is shared, so everybody waits, unless that seems to be about one request.
    pub(crate) fn push_back(&mut self, push_back: PushBack, now: Moment, chance: f64) -> Slowdown {
        self.pressure.pushed_back(push_back, self.allowed(), now, chance)
    }

    /// When it is to say next how it stands, to those that it is shared with. `wants` says whether there is something to send.
    pub(crate) fn comes_at(&self, now: Moment, wants: bool) -> Option<Moment> {
        self.share.as_ref()?.comes_at(now, wants, self.under_way)
    }

    /// How it stands, for those that it is shared with. Nothing leaves before it has [heard](Self::hear).
    pub(crate) fn come(&mut self, now: Moment, wants: bool, leaves: bool) -> Option<Report> {
        let share = self.share.as_mut()?;
        // What it goes by is nothing that others may go by.
        let (quotas, wants) = match share.only_tells() {
            true => (Vec::new(), false),
            false => (self.quotas.clone(), wants),
        };
        let own = self.quotas.iter().map(|quota| quota.window).zip(&self.quota_windows);
        let of_others = self.windows_of_others.iter().map(|(length, window)| (*length, window));
        let counts = own
            .chain(of_others)
            .map(|(length, window)| (length, window.counts(now).saturating_add(self.under_way)));
        Some(Report {
            quotas,
            counts: counts.collect(),
            under_way: self.under_way,
            ended: share.comes(now),
            wants,
            leaves,
        })
    }

    /// What the others do. Gives how long they keep everything from leaving, where nothing has left yet.
    pub(crate) fn hear(&mut self, view: &View, now: Moment) -> Option<Duration> {
        let share = self.share.as_mut()?;
        let is_first = share.is_new();
        share.hears(view.permits, view.other_runs);
        if share.only_tells() {
            return None;
        }
        let lengths = self.quotas.iter().map(|quota| quota.window);
        let limit_of = |length| view.limits.iter().find(|(window, _)| *window == length);
        for (window, length) in self.quota_windows.iter_mut().zip(lengths) {
            if let Some((_, limit)) = limit_of(length) {
                window.hear(now, &view.others, view.reserved, *limit);
            }
        }
        self.hear_windows(view, now);
        self.count_once(view, now);
        let next = self.windows().map(|window| window.next(now, self.under_way)).max();
        is_first.then(|| next.unwrap_or(now).since(now))
    }

    /// What the ledger knows of earlier runs is forgotten where the others have told it, too.
    fn count_once(&mut self, view: &View, now: Moment) {
        let Some(OfLedger { told_at, past }) = self.of_ledger.take() else { return };
        let (Past::About(_, known) | Past::All(known)) = &past;
        let untold = twice_told::untold(known, &view.others, now.since(told_at));
        for window in &mut self.quota_windows {
            let lasts = window.lasts();
            let mut counting = untold.iter().filter(|earlier| earlier.ago < lasts).peekable();
            // Of one that counts as full since some may be missing, the others have to tell all.
            let is_full = matches!(past, Past::About(..)) && lasts <= SHORT;
            if is_full && (view.known_for < lasts || counting.peek().is_some()) {
                continue;
            }
            window.forget_all();
            for earlier in counting {
                window.count_until(earlier.count, now.after(lasts.saturating_sub(earlier.ago)));
            }
        }
    }

    /// Windows that only others go by.
    fn hear_windows(&mut self, view: &View, now: Moment) {
        let is_heard = |length| view.limits.iter().any(|(window, _)| *window == length);
        self.windows_of_others.retain(|(length, _)| is_heard(*length));
        for (length, limit) in &view.limits {
            if self.quotas.iter().any(|quota| quota.window == *length) {
                continue;
            }
            let at = self.windows_of_others.iter().position(|(window, _)| window == length);
            let at = at.unwrap_or_else(|| {
                let longest = self.quota_windows.iter().max_by_key(|window| window.lasts());
                let window = longest.map(|longest| Window::of_others(*length, longest));
                self.windows_of_others.extend(window.map(|window| (*length, window)));
                self.windows_of_others.len().saturating_sub(1)
            });
            if let Some((_, window)) = self.windows_of_others.get_mut(at) {
                window.hear(now, &view.others, view.reserved, *limit);
            }
        }
    }

    /// Nothing can be heard of others: the pace is this run's own from now on. Gives whether it was not before.
    pub(crate) fn go_alone(&mut self) -> bool {
        let heeded = self.share.take().is_some_and(|share| !share.only_tells());
        self.windows_of_others.clear();
        heeded
    }

    /// Counts the requests of earlier runs. Where it is not known how many there were, the last window counts as full.
    pub(crate) fn continue_after(&mut self, now: Moment, past: &Past) {
        self.of_ledger = Some(OfLedger { told_at: now, past: past.clone() });
        for window in &mut self.quota_windows {
            let full = |ago: &Duration| vec![EndedRequests { ago: *ago, count: window.most() }];
            let counts = match past {
                Past::About(ago, _) if window.lasts() <= SHORT => full(ago),
                Past::About(_, known) | Past::All(known) => known.clone(),
            };
            for earlier in counts {
                let left = window.lasts().saturating_sub(earlier.ago);
                if !left.is_zero() {
                    window.count_until(earlier.count, now.after(left));
                }
            }
        }
    }
}

/// How long to wait before another attempt: "full jitter", a random part of a bound that doubles each time.
///
/// `attempts` have been made; `chance` is in 0..1. Never longer than [`LONGEST_BACK_OFF`].
pub(crate) fn back_off(attempts: u32, chance: f64) -> Duration {
    let bound = FIRST_BACK_OFF
        .saturating_mul(1 << attempts.saturating_sub(1).min(16))
        .min(LONGEST_BACK_OFF);
    bound.mul_f64(chance.clamp(0.0, 1.0))
}

/// How long to wait where the other side has said for how long: as it says, but not beyond reason.
pub(crate) fn asked_wait(asked: Duration) -> Duration {
    asked.min(LONGEST_ASKED)
}

/// What counts as the rate where there is no quota, in requests per second.
const UNLIMITED: f64 = 1e6;
const FIRST_BACK_OFF: Duration = Duration::from_millis(500);
/// The longest back-off between two attempts of one row.
pub(crate) const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);
/// The longest wait that a `Retry-After` can ask for: the longest window that an API is known to have.
pub(crate) const LONGEST_ASKED: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;
