//! Requests are spread over a window, not sent all at its beginning: the `governor` crate's GCRA, with what it does not
//! offer: a clock that is set by hand, and a question that takes no permit, so that several quotas decide together.
//!
//! Not the keeping of a quota: that no window is exceeded is for `window`. So turns that were missed may be made up for
//! here: as many as are saved up, a fifth of a window at the most.

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

use super::Moment;

/// What part of a window's requests may be made up for at once.
const SAVED: u32 = 5;
/// Of a quota that has that many.
const FEWEST_SAVED: u32 = 2;

/// The requests of one quota, spread over its window.
pub(super) struct Spacing {
    limiter: RateLimiter<NotKeyed, Tentative, HandClock, NoOpMiddleware<Nanos>>,
    state: Tentative,
    burst: NonZeroU32,
    period: Duration,
}

impl Spacing {
    pub(super) fn new(quota: &Quota) -> Self {
        let (burst, period) = (burst(quota), period(quota));
        // A period is never zero, so the fallback is never taken; it keeps this total.
        let rate = GovernorQuota::with_period(period)
            .unwrap_or(GovernorQuota::per_second(NonZeroU32::MIN));
        let state = Tentative::default();
        let limiter =
            RateLimiter::new(rate.allow_burst(burst), state.clone(), HandClock::default());
        Self { limiter, state, burst, period }
    }

    /// The time between two requests when none is saved up.
    pub(super) fn period(&self) -> Duration {
        self.period
    }

    /// The earliest moment at which a request may leave. Takes nothing.
    pub(super) fn next(&self, now: Moment) -> Moment {
        self.ask(now, false).err().unwrap_or(now)
    }

    /// How many requests could leave at once.
    pub(super) fn saved(&self, now: Moment) -> u64 {
        let Some(arrival) = self.state.state.get() else { return 1 };
        let now = u64::try_from(now.0.as_nanos()).unwrap_or(u64::MAX);
        let period = u64::try_from(self.period.as_nanos()).unwrap_or(u64::MAX).max(1);
        let owed = arrival.as_u64().saturating_sub(now).div_ceil(period);
        u64::from(self.burst.get()).saturating_sub(owed)
    }

    /// When two requests may leave one right after the other; none where that is never.
    pub(super) fn next_two(&self, now: Moment) -> Option<Moment> {
        let saved = self.burst.get().checked_sub(2)?;
        // The first takes all that is saved up.
        let Some(arrival) = self.state.state.get() else { return Some(now) };
        let owed = Duration::from(arrival).saturating_sub(self.period.saturating_mul(saved));
        Some(now.max(Moment(owed)))
    }

    /// Counts a request that [`next`](Self::next) allowed.
    pub(super) fn take(&self, now: Moment) {
        let _allowed = self.ask(now, true);
    }

    fn ask(&self, now: Moment, keep: bool) -> Result<(), Moment> {
        let instant = Nanos::from(now.0);
        self.limiter.clock().0.set(instant);
        self.state.keep.set(keep);
        // Nothing is saved up when a run begins: the first takes it all.
        let cells = if self.state.state.get().is_none() { self.burst } else { NonZeroU32::MIN };
        match self.limiter.check_n(cells) {
            Ok(Err(not_until)) => Err(now.after(not_until.wait_time_from(instant))),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

/// Of several quotas those by which so many requests are spread. As many as fit in one window are merely counted.
pub(super) fn spread(quotas: &[Quota], requests: u64) -> impl Iterator<Item = &Quota> {
    quotas.iter().filter(move |quota| u64::from(quota.requests.get()) < requests)
}

fn burst(quota: &Quota) -> NonZeroU32 {
    let burst = (quota.requests.get() / SAVED).max(FEWEST_SAVED).min(quota.requests.get());
    NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)
}

/// The time between two requests when a quota's are spread over its window.
pub(super) fn period(quota: &Quota) -> Duration {
    (quota.window / quota.requests.get()).max(Duration::from_nanos(1))
}

/// A clock that is set by hand, since the moment is an argument.
#[derive(Debug, Clone, Default)]
struct HandClock(Cell<Nanos>);

impl Clock for HandClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.get()
    }
}

/// A limiter's state that can be asked without being changed.
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
