//! When a run has to be over: a time of the clock, a longest duration, or both; as written and as meant.

use std::time::{Duration, Instant};

use jiff::civil::{DateTime, Time};
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::event::Ending;
use crate::report::of_passed_deadline;
use crate::text::diagnostic::Diagnostic;
use crate::traffic::deadline::Deadline;
use crate::traffic::pace::Moment;

/// A time as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// The next time that clocks here show it.
    TimeOfDay(Time),
    /// Here, on that day.
    Local(DateTime),
    /// Anywhere.
    Instant(Timestamp),
}

impl Until {
    /// Reads `06:00`, `2026-11-25T06:00` or `2026-11-25T06:00+07:00`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let found = match trimmed.contains(['T', ' ', '-']) {
            false => trimmed.parse().map(Self::TimeOfDay).ok(),
            true => trimmed
                .parse()
                .map(Self::Instant)
                .or_else(|_| trimmed.parse().map(Self::Local))
                .ok(),
        };
        found.ok_or_else(|| {
            format!("`{text}` is no time: write 06:00, 2026-11-25T06:00 or 2026-11-25T06:00+07:00")
        })
    }

    /// The moment that is meant; none where there is no such time.
    fn resolve(self, now: &Zoned) -> Option<Timestamp> {
        match self {
            Self::Instant(moment) => Some(moment),
            Self::Local(local) => {
                local.to_zoned(now.time_zone().clone()).ok().map(|zoned| zoned.timestamp())
            }
            Self::TimeOfDay(time) => {
                let on = |day: jiff::civil::Date| {
                    day.to_datetime(time).to_zoned(now.time_zone().clone()).ok()
                };
                let today = on(now.date()).filter(|today| today > now);
                today
                    .or_else(|| on(now.date().checked_add(1.day()).ok()?))
                    .map(|zoned| zoned.timestamp())
            }
        }
    }
}

/// How long a run may take, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TimeLimits {
    /// It has to be over by then.
    pub deadline: Option<Until>,
    /// It has to be over after so long.
    pub longest: Option<Duration>,
}

impl TimeLimits {
    /// Which limit has come for a run that began at one moment, if one has.
    pub(crate) fn over(&self, began: &Zoned, now: &Zoned) -> Option<Ending> {
        let is_past = |until: Until| until.resolve(began).is_some_and(|end| now.timestamp() >= end);
        let took = || Duration::try_from(now.timestamp().duration_since(began.timestamp()));
        if self.deadline.is_some_and(is_past) {
            return Some(Ending::Deadline);
        }
        let is_long = |longest: &Duration| took().is_ok_and(|took| took >= *longest);
        self.longest.filter(is_long).map(|_| Ending::MaxDuration)
    }
}

/// When a run has to be over, counted from the start of its engine: the earlier of both.
pub(super) struct RunTime {
    began: Instant,
    pub(super) until: Option<(Timestamp, Duration)>,
    longest: Option<Duration>,
}

impl RunTime {
    /// `now` is the moment at which the program began.
    pub(super) fn new(limits: &TimeLimits, now: &Zoned) -> Result<Self, Diagnostic> {
        let until = match limits.deadline {
            None => None,
            Some(until) => {
                let moment = until.resolve(now);
                let left = moment
                    .and_then(|moment| {
                        Duration::try_from(moment.duration_since(now.timestamp())).ok()
                    })
                    .filter(|left| !left.is_zero());
                Some(moment.zip(left).ok_or_else(of_passed_deadline)?)
            }
        };
        Ok(Self { began: Instant::now(), until, longest: limits.longest })
    }

    /// The deadline for an engine that starts now.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        let elapsed = self.began.elapsed();
        let from_now = |span: Duration| Moment(span.saturating_sub(elapsed));
        let until =
            self.until.map(|(moment, left)| (from_now(left), Some(moment.as_millisecond())));
        let longest = self.longest.map(from_now);
        (until.is_some() || longest.is_some()).then_some(Deadline { until, longest })
    }
}
