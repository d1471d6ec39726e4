//! When a run has to be over.

use std::time::Duration;

use super::pace::Moment;

/// When a run has to be over: at a time, after so long, or both; whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// A time that comes, as it was reckoned when the run began, and by this machine's clock, in unix milliseconds, where it is
    /// a time of day: the earlier one counts, since a machine that slept has not felt the time pass.
    pub until: Option<(Moment, Option<i64>)>,
    /// When the run has taken as long as it may.
    pub longest: Option<Moment>,
}

impl Deadline {
    /// How long it is until then; `wall` is now by this machine's clock, in unix milliseconds.
    pub(crate) fn left(self, moment: Moment, wall: i64) -> Duration {
        self.until_left(moment, wall).min(self.longest_left(moment))
    }

    /// Whether it is how long the run may take that is over first, and not a time that comes. Clocks may leap, so that is not
    /// known before.
    pub(crate) fn is_by_longest(self, moment: Moment, wall: i64) -> bool {
        self.longest_left(moment) < self.until_left(moment, wall)
    }

    /// How long the run may take in all, as far as that was known when it began.
    pub(crate) fn whole(self) -> Duration {
        let until = self.until.map(|(until, _)| until);
        until.into_iter().chain(self.longest).min().map_or(Duration::MAX, |end| end.0)
    }

    fn until_left(self, moment: Moment, wall: i64) -> Duration {
        let Some((until, by_clock)) = self.until else { return Duration::MAX };
        let by_clock = by_clock.map(|end| {
            let left = u64::try_from(end.saturating_sub(wall)).unwrap_or(0);
            Duration::from_millis(left)
        });
        until.since(moment).min(by_clock.unwrap_or(Duration::MAX))
    }

    fn longest_left(self, moment: Moment) -> Duration {
        self.longest.map_or(Duration::MAX, |longest| longest.since(moment))
    }
}
