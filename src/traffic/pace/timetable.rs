//! How long requests take at a pace, on a calm server: the same reckoning as the pace itself, without its chances.
//!
//! Three things make requests wait: the spacing of a quota, which spreads as many as it allows over its window; its window,
//! which counts each from its departure until its answer and a window more; and that only so many are under way at once.

use std::time::Duration;

use crate::text::quota::Quota;

use super::spacing;
use super::window::Window;

/// See the module's text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timetable {
    /// Those that make so many requests wait.
    quotas: Vec<Quota>,
    /// Requests under way at once, at the most.
    concurrency: u64,
    /// How long one is under way.
    latency: Duration,
}

impl Timetable {
    pub(crate) fn new(
        requests: u64,
        quotas: &[Quota],
        concurrency: u32,
        latency: Duration,
    ) -> Self {
        let quotas = spacing::spread(quotas, requests).copied().collect();
        Self { quotas, concurrency: u64::from(concurrency.max(1)), latency }
    }

    /// The same with what is known by now of how long one is under way.
    pub(crate) fn with_latency(&self, latency: Duration) -> Self {
        Self { latency, ..self.clone() }
    }

    /// When so many of them have been answered, and the quota that they wait for; none where that is not a quota, or where they
    /// need not wait.
    pub(crate) fn answered(&self, requests: u64) -> (Duration, Option<Quota>) {
        let Some(before) = requests.checked_sub(1) else { return (Duration::ZERO, None) };
        let rounds = seconds(self.latency) * requests.div_ceil(self.concurrency) as f64;
        let by_quota = self.quotas.iter().map(|quota| (self.by_quota(before, quota), *quota));
        match by_quota.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
            Some((waits, quota)) if waits + seconds(self.latency) > rounds => {
                (duration(waits + seconds(self.latency)), (before > 0).then_some(quota))
            }
            _ => (duration(rounds), None),
        }
    }

    /// How long after the first the one leaves that has so many before it.
    fn by_quota(&self, before: u64, quota: &Quota) -> f64 {
        let most = u64::from(quota.requests.get());
        let full = before / most;
        let spaced = seconds(spacing::period(quota)) * (before % most) as f64;
        let window = seconds(Window::new(quota).lasts()) + seconds(self.latency);
        full as f64 * window + spaced
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
