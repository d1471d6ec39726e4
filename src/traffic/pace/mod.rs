//! When may the next request leave? Quotas, pauses, back-off; what push-backs do to it is in `pressure`.
//!
//! All quotas hold at once, for every request: first attempts, repeats, logins. Pure but for the state it
//! keeps: the moment is an argument, chance too. Which request goes is for `engine`.
//!
//! A quota of `n` in a window `W` is kept by the `governor` crate's GCRA with a burst `b` and a period
//! `T = W / (n - b)`: any window, wherever it is laid, then sees at most `b + W/T = n` requests. A burst of
//! one percent of a second's worth keeps fast rates exact, where timers are coarser than the period.
//!
//! `governor` counts each quota; what it does not offer is added around it: a clock that is set by hand, a question that
//! takes no permit, so that several quotas decide together, and what is saved up, which is computed from its state.

mod pressure;

use std::cell::Cell;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota as GovernorQuota, RateLimiter};

use crate::text::quota::Quota;

use pressure::{Pressure, Windows};
pub(crate) use pressure::{PushBack, Slowdown};

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
    limits: Vec<Limit>,
    paused_until: Moment,
    windows: Windows,
    pressure: Pressure,
}

struct Limit {
    limiter: RateLimiter<NotKeyed, Tentative, HandClock, NoOpMiddleware<Nanos>>,
    state: Tentative,
    burst: NonZeroU32,
    period: Duration,
}

impl Pace {
    pub(crate) fn new(quotas: &[Quota]) -> Self {
        Self {
            limits: quotas.iter().map(Limit::new).collect(),
            paused_until: Moment::default(),
            windows: Windows::of(quotas),
            pressure: Pressure::default(),
        }
    }

    /// Takes a permit for one request now, or says when to ask again.
    ///
    /// Either every quota counts the request, or none does.
    pub(crate) fn acquire(&mut self, now: Moment) -> Result<(), Moment> {
        let next = self.next(now);
        if next > now {
            return Err(next);
        }
        for limit in &self.limits {
            limit.take(now);
        }
        self.pressure.leave(now, self.allowed());
        Ok(())
    }

    /// The earliest moment, from `now` on, at which a request may leave.
    pub(crate) fn next(&self, now: Moment) -> Moment {
        let free = self.limits.iter().map(|limit| limit.next(now)).max().unwrap_or(now);
        free.max(self.paused_until).max(self.pressure.next(now))
    }

    /// The time between two requests when none is saved up: that of the slowest quota, or longer after a push-back.
    pub(crate) fn period(&self, now: Moment) -> Duration {
        self.quota_period().max(self.pressure.gap(now).unwrap_or_default())
    }

    fn quota_period(&self) -> Duration {
        self.limits.iter().map(|limit| limit.period).max().unwrap_or_default()
    }

    /// Requests per second that the quotas allow in the long run.
    fn allowed(&self) -> f64 {
        let period = self.quota_period();
        if period.is_zero() { UNLIMITED } else { period.as_secs_f64().recip() }
    }

    /// Whether more than `ahead` requests could leave at once, because the quotas have that much saved up.
    pub(crate) fn has_burst(&self, now: Moment, ahead: usize) -> bool {
        self.paused_until <= now
            && self.pressure.gap(now).is_none()
            && self.limits.iter().all(|limit| limit.saved(now) > ahead as u64)
    }

    /// How long nothing will leave because of a pause.
    pub(crate) fn paused(&self, now: Moment) -> Option<Duration> {
        (self.paused_until > now).then(|| self.paused_until.since(now))
    }

    /// A request that left at `sent_at` has been let in: it was answered, and not by a push-back.
    pub(crate) fn let_in(&mut self, sent_at: Moment) {
        self.pressure.let_in(sent_at);
    }

    /// The other side asks for less. The quota is shared, so everybody waits; a pause that lasts longer stays.
    pub(crate) fn push_back(&mut self, push_back: PushBack, now: Moment, chance: f64) -> Slowdown {
        let allowed = self.allowed();
        let slowdown = self.pressure.pushed_back(push_back, &self.windows, allowed, now, chance);
        self.paused_until = self.paused_until.max(now.after(slowdown.wait));
        slowdown
    }

    /// Counts the requests of an earlier run, the last of which left `ago` before `now`.
    ///
    /// How many requests the earlier run sent does not matter: once a burst's worth of periods has passed since the last of
    /// them, no window that spans both runs can see more than its quota.
    pub(crate) fn continue_after(&mut self, now: Moment, ago: Duration) {
        for limit in &self.limits {
            let owed = limit.period.saturating_mul(limit.burst.get());
            self.paused_until = self.paused_until.max(now.after(owed.saturating_sub(ago)));
        }
    }
}

/// How long so many requests take at one quota.
pub(crate) fn time_for(requests: u64, quota: &Quota) -> Duration {
    let (burst, period) = burst_and_period(quota);
    let waiting = requests.saturating_sub(u64::from(burst.get()));
    Duration::try_from_secs_f64(period.as_secs_f64() * waiting as f64).unwrap_or(Duration::MAX)
}

impl Limit {
    fn new(quota: &Quota) -> Self {
        let (burst, period) = burst_and_period(quota);
        // A period is never zero, so the fallback is never taken; it keeps this total.
        let rate = GovernorQuota::with_period(period)
            .unwrap_or(GovernorQuota::per_second(NonZeroU32::MIN));
        let state = Tentative::default();
        let limiter =
            RateLimiter::new(rate.allow_burst(burst), state.clone(), HandClock::default());
        Self { limiter, state, burst, period }
    }

    /// The earliest moment at which this quota lets a request leave. Takes nothing.
    fn next(&self, now: Moment) -> Moment {
        self.ask(now, false).err().unwrap_or(now)
    }

    /// How many requests could leave at once.
    fn saved(&self, now: Moment) -> u64 {
        let owed = self.state.state.get().map_or(0, |arrival| arrival.as_u64());
        let now = u64::try_from(now.0.as_nanos()).unwrap_or(u64::MAX);
        let period = u64::try_from(self.period.as_nanos()).unwrap_or(u64::MAX).max(1);
        u64::from(self.burst.get()).saturating_sub(owed.saturating_sub(now).div_ceil(period))
    }

    /// Counts a request that [`next`](Self::next) allowed.
    fn take(&self, now: Moment) {
        let _allowed = self.ask(now, true);
    }

    fn ask(&self, now: Moment, keep: bool) -> Result<(), Moment> {
        let instant = Nanos::from(now.0);
        self.limiter.clock().0.set(instant);
        self.state.keep.set(keep);
        self.limiter.check().map_err(|not_until| now.after(not_until.wait_time_from(instant)))
    }
}

/// The largest burst that costs a window at most one percent of a second, and a tenth of itself, and the period that
/// goes with it.
fn burst_and_period(quota: &Quota) -> (NonZeroU32, Duration) {
    let requests = quota.requests.get();
    let burst =
        (quota.per_second() * 0.01).ceil().clamp(1.0, f64::from(requests / 10).max(1.0)) as u32;
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    // One request in a window: the next may follow when the window is over.
    let shared = requests.saturating_sub(burst.get()).max(1);
    let period = quota.window.div_f64(f64::from(shared)) + Duration::from_nanos(1);
    (burst, period)
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

/// A clock that is set by hand, since the moment is an argument.
#[derive(Debug, Clone, Default)]
struct HandClock(Cell<Nanos>);

impl Clock for HandClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.get()
    }
}

/// A limiter's state that can be asked without being changed, so that several limiters can decide together.
#[derive(Debug, Clone, Default)]
struct Tentative {
    state: Rc<Cell<Option<Nanos>>>,
    keep: Rc<Cell<bool>>,
}

impl StateStore for Tentative {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (answer, state) = decide(self.state.get())?;
        if self.keep.get() {
            self.state.set(Some(state));
        }
        Ok(answer)
    }
}

/// How long so many requests take at the quotas, and which quota binds; no time and none without quotas.
pub(crate) fn duration(requests: u64, quotas: &[Quota]) -> (Duration, Option<Quota>) {
    let slowest = quotas.iter().map(|quota| (time_for(requests, quota), *quota));
    match slowest.max_by_key(|(duration, _)| *duration) {
        Some((duration, quota)) => (duration, Some(quota)),
        None => (Duration::ZERO, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quotas(texts: &[&str]) -> Vec<Quota> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// Asks as often as it is told to and waits as it is told to, with some dawdling.
    fn leave(pace: &mut Pace, count: usize, mut dawdle: impl FnMut() -> Duration) -> Vec<Duration> {
        let mut now = Moment::default();
        let mut left = Vec::new();
        while left.len() < count {
            match pace.acquire(now) {
                Ok(()) => {
                    left.push(now.0);
                    now = now.after(dawdle());
                }
                Err(next) => {
                    assert!(next > now);
                    now = next;
                }
            }
        }
        left
    }

    fn most_in_a_window(left: &[Duration], window: Duration) -> usize {
        left.iter()
            .enumerate()
            .map(|(at, start)| {
                left[at..].iter().take_while(|moment| **moment - *start < window).count()
            })
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_window_sees_more_than_its_quota(
            requests in 1_u32..400,
            window in 1_u64..20_000,
            other in 1_u32..50,
            other_window in 1_u64..5_000,
            dawdles in proptest::collection::vec(0_u64..3_000, 1..20),
        ) {
            let texts = [format!("{requests}/{window}ms"), format!("{other}/{other_window}ms")];
            let quotas: Vec<Quota> = texts.iter().map(|text| text.parse().unwrap()).collect();
            let mut turn = 0;
            let left = leave(&mut Pace::new(&quotas), 300, || {
                turn += 1;
                Duration::from_millis(dawdles[turn % dawdles.len()])
            });
            for quota in &quotas {
                prop_assert!(most_in_a_window(&left, quota.window) <= quota.requests.get() as usize, "{quota}");
            }
        }

        #[test]
        fn no_window_over_two_runs_sees_more_than_its_quota(requests in 1_u32..60, first in 1_usize..100, gap in 0_u64..3_000) {
            let quotas = quotas(&[&format!("{requests}/1s")]);
            let mut left = leave(&mut Pace::new(&quotas), first, Duration::default);
            let died = *left.last().unwrap() + Duration::from_millis(gap);
            let mut second = Pace::new(&quotas);
            second.continue_after(Moment::default(), Duration::from_millis(gap));
            left.extend(leave(&mut second, 100, Duration::default).into_iter().map(|moment| died + moment));
            prop_assert!(most_in_a_window(&left, quotas[0].window) <= requests as usize);
        }
    }

    #[test]
    fn the_rate_is_used() {
        for (texts, count, at_most) in [
            (vec!["30/10s"], 30, 10.0),
            (vec!["9000/1h"], 9000, 3600.0),
            (vec!["30/10s", "300/10s", "9000/1h"], 9000, 3601.0),
            (vec!["1/1s"], 10, 9.1),
            (vec!["20000/s"], 20_000, 1.0),
            (vec!["1000/10ms"], 10_000, 0.111),
            (vec![], 1000, 0.0),
        ] {
            let left = leave(&mut Pace::new(&quotas(&texts)), count, Duration::default);
            let took = left.last().unwrap().as_secs_f64();
            assert!(took <= at_most + 0.01, "{texts:?} took {took}");
        }
    }

    #[test]
    fn a_fast_rate_survives_coarse_timers() {
        // Timers wake a millisecond late; a burst of one percent of a second makes up for it.
        let mut pace = Pace::new(&quotas(&["5000/s"]));
        let (mut now, mut left) = (Moment::default(), 0);
        while now.0 < Duration::from_secs(2) {
            match pace.acquire(now) {
                Ok(()) => left += 1,
                Err(next) => now = next.after(Duration::from_millis(1)),
            }
        }
        assert!(left >= 9_800, "{left}");
    }

    #[test]
    fn a_pause_holds_everything() {
        let mut pace = Pace::new(&quotas(&["1000/s"]));
        let resume = Moment(Duration::from_secs(3));
        for seconds in [3, 1] {
            let asked = Some(Duration::from_secs(seconds));
            let sent_at = Moment::default();
            pace.push_back(PushBack { sent_at, asked, clock: None }, sent_at, 0.5);
        }
        assert_eq!(pace.acquire(Moment::default()), Err(resume));
        assert_eq!(pace.acquire(resume), Ok(()));
    }

    #[test]
    fn back_off_doubles_and_ends() {
        for (attempts, chance, expected) in [
            (1, 1.0, 500),
            (2, 1.0, 1_000),
            (3, 0.5, 1_000),
            (8, 1.0, 60_000),
            (1000, 1.0, 60_000),
            (5, 0.0, 0),
        ] {
            assert_eq!(back_off(attempts, chance), Duration::from_millis(expected));
        }
        assert_eq!(asked_wait(Duration::from_secs(999_999)), LONGEST_ASKED);
    }

    #[test]
    fn the_tightest_quota_binds() {
        let quotas: Vec<Quota> =
            ["30/10s", "300/10s", "9000/1h"].iter().map(|text| text.parse().unwrap()).collect();
        let (duration, quota) = super::duration(50_000, &quotas);
        assert_eq!(quota, Some(quotas[2]));
        assert!((20_000.0..20_010.0).contains(&duration.as_secs_f64()), "{duration:?}");
        // A few requests never come near the quota of an hour, but for its even pace.
        let (duration, _) = super::duration(1, &quotas);
        assert_eq!(duration, Duration::ZERO);
        assert_eq!(super::duration(5, &[]), (Duration::ZERO, None));
    }
}
