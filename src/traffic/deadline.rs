//! When a run has to be over.

use std::time::Duration;

use super::pace::Moment;

/// When a run has to be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub moment: Moment,
    /// The same by this machine's clock, in unix milliseconds, where it is a time of day: the earlier one counts, since a
    /// machine that slept has not felt the time pass.
    pub wall: Option<i64>,
    /// Whether it is how long the run may take that is over first, and not a time that has come.
    pub is_longest: bool,
}

impl Deadline {
    /// How long it is until then; `wall` is now by this machine's clock, in unix milliseconds.
    pub(crate) fn left(self, moment: Moment, wall: i64) -> Duration {
        let by_wall = self
            .wall
            .map(|end| Duration::from_millis(u64::try_from(end.saturating_sub(wall)).unwrap_or(0)));
        self.moment.since(moment).min(by_wall.unwrap_or(Duration::MAX))
    }
}
