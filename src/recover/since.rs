//! From when on an item may be of an attempt. Clocks: the other side's that dates answers, the one that dates items, and ours.

use std::time::Duration;

use crate::row::Attempted;

/// How much earlier than the attempt an item may seem to have been made: the `Date` header and many a list count
/// in whole seconds.
pub(super) const TOLERANCE_MILLISECONDS: i64 = 2_000;
/// How far the clocks of the other side's machines may differ: the machine that dates answers need not be the one that dates
/// items.
pub(super) const DISAGREEMENT_MILLISECONDS: i64 = 60_000;
/// How far a clock of ours may have been wrong at an attempt of which the other side's clock is not known.
const CLOCK_ERROR_MILLISECONDS: i64 = 48 * 3_600_000;

/// From when on an item may be of an attempt, by the other side's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// Unix milliseconds.
    pub moment: i64,
    /// Whether the other side's clock was known when the attempt was started. If not, a clock of ours that was set
    /// meanwhile may make an item seem older than the attempt that made it.
    pub certain: bool,
}

/// Something of which is known when it was sent, and when it was made as the list has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// Unix milliseconds, by the clock that dates items.
    pub made: i64,
    /// When it was sent.
    pub sent: Attempted,
}

impl Since {
    /// The earliest moment, by the other side's clock, at which an attempt can have made something.
    ///
    /// `wall` is now by this machine's clock, `remote` by the other side's.
    pub fn of(attempted: Attempted, wall: i64, remote: Option<i64>) -> Self {
        let ahead = remote.map_or(0, |remote| remote.saturating_sub(wall));
        Self {
            moment: attempted
                .remote_at
                .unwrap_or(attempted.at.saturating_add(ahead))
                .saturating_sub(TOLERANCE_MILLISECONDS),
            certain: attempted.remote_at.is_some(),
        }
    }

    /// Likewise, by the clock that dates items, going by something of which both moments are known.
    ///
    /// The other side's clock tells how long after one another the two were sent only where ours agrees with it: one of
    /// them may have been put right in between. Then the earlier moment counts, and nothing is certain.
    pub(super) fn by(attempted: Attempted, dated: Dated) -> Self {
        let ours = attempted.at.saturating_sub(dated.sent.at);
        let theirs = attempted.remote_at.zip(dated.sent.remote_at);
        let theirs = theirs.map(|(at, before)| at.saturating_sub(before));
        let agrees = |theirs: &i64| theirs.abs_diff(ours) <= DISAGREEMENT_MILLISECONDS as u64;
        let certain = theirs.is_some_and(|theirs| agrees(&theirs));
        let later = match theirs {
            Some(theirs) if certain => theirs,
            Some(theirs) => theirs.min(ours),
            None => ours,
        };
        let moment = dated.made.saturating_add(later);
        Self { moment: moment.saturating_sub(TOLERANCE_MILLISECONDS), certain }
    }

    /// Before this, nothing is of the attempt, however wrong the clocks were.
    pub(super) fn earliest(self) -> i64 {
        self.moment.saturating_sub(self.error())
    }

    /// Likewise, where what dates items may be another clock than that of the answers.
    pub(super) fn earliest_by_any_clock(self) -> i64 {
        self.moment.saturating_sub(CLOCK_ERROR_MILLISECONDS)
    }

    /// After this, nothing is of the attempt, which may have acted so long after its start.
    pub(super) fn latest(self, span: Duration) -> i64 {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let moment = self.moment.saturating_add(2 * TOLERANCE_MILLISECONDS);
        moment.saturating_add(span).saturating_add(self.error())
    }

    fn error(self) -> i64 {
        if self.certain { DISAGREEMENT_MILLISECONDS } else { CLOCK_ERROR_MILLISECONDS }
    }

    /// What is older than this need not be seen, of a list that is cut.
    pub(super) fn far_enough(self) -> i64 {
        if self.certain { self.moment } else { self.earliest() }
    }
}
