//! When a run has to be over: `--deadline` and `--max-duration`, as written and as meant.

use std::time::{Duration, Instant};

use jiff::civil::{DateTime, Time};
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::traffic::deadline::Deadline;
use crate::traffic::pace::Moment;

use super::arguments::TimeArguments;

/// A time as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The next time that clocks here show it.
    TimeOfDay(Time),
    /// Here, on that day.
    Local(DateTime),
    /// Anywhere.
    Instant(Timestamp),
}

impl Until {
    /// Reads `06:00`, `2026-11-25T06:00` or `2026-11-25T06:00+07:00`.
    pub fn parse(text: &str) -> Result<Self, String> {
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

/// When the run has to be over, counted from the start of its engine: the earlier of both.
pub struct RunTime {
    began: Instant,
    until: Option<(Timestamp, Duration)>,
    longest: Option<Duration>,
}

impl RunTime {
    /// `now` is the moment at which the program began.
    pub fn new(arguments: &TimeArguments, now: &Zoned) -> Result<Self, Diagnostic> {
        let until = match arguments.deadline {
            None => None,
            Some(until) => {
                let moment = until.resolve(now);
                let left = moment
                    .and_then(|moment| {
                        Duration::try_from(moment.duration_since(now.timestamp())).ok()
                    })
                    .filter(|left| !left.is_zero());
                Some(moment.zip(left).ok_or_else(has_passed)?)
            }
        };
        Ok(Self { began: Instant::now(), until, longest: arguments.max_duration })
    }

    /// The deadline for an engine that starts now.
    pub fn deadline(&self) -> Option<Deadline> {
        let shortest = self.until.map(|(_, left)| left).into_iter().chain(self.longest).min()?;
        Some(Deadline {
            moment: Moment(shortest.saturating_sub(self.began.elapsed())),
            wall: self.until.map(|(moment, _)| moment.as_millisecond()),
        })
    }
}

fn has_passed() -> Diagnostic {
    Diagnostic::error(Code::Deadline, Place::Nowhere, "the time that --deadline names has passed")
        .hint("nothing was sent; name a time that lies ahead, or a time of day such as 06:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(deadline: Option<&str>, max_duration: Option<u64>) -> TimeArguments {
        TimeArguments {
            deadline: deadline.map(|text| Until::parse(text).unwrap()),
            max_duration: max_duration.map(Duration::from_secs),
        }
    }

    #[test]
    fn a_time_is_the_next_of_its_kind() {
        let now: Zoned = "2026-11-24T22:30:00[Asia/Ho_Chi_Minh]".parse().unwrap();
        for (text, expected) in [
            ("06:00", Some("2026-11-25T06:00:00+07:00")),
            ("23:15:30", Some("2026-11-24T23:15:30+07:00")),
            ("22:30", Some("2026-11-25T22:30:00+07:00")),
            ("2026-11-24T23:00", Some("2026-11-24T23:00:00+07:00")),
            ("2026-11-24 23:00", Some("2026-11-24T23:00:00+07:00")),
            ("2026-11-24T16:00Z", Some("2026-11-24T16:00:00Z")),
            ("2026-11-24T15:00Z", None),
            ("2026-11-24T22:00", None),
        ] {
            let expected = expected.map(|text| text.parse::<Timestamp>().unwrap());
            let found = RunTime::new(&arguments(Some(text), None), &now);
            assert_eq!(found.ok().map(|time| time.until.unwrap().0), expected, "{text}");
        }
        for text in ["", "6", "soon", "25:00", "2026-13-01T00:00", "06:00 tomorrow"] {
            assert!(Until::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_night_with_a_changed_clock_has_its_own_length() {
        let now: Zoned = "2026-03-28T23:00:00[Europe/Berlin]".parse().unwrap();
        let time = RunTime::new(&arguments(Some("06:00"), None), &now).unwrap();
        assert_eq!(time.until.unwrap().1, Duration::from_secs(6 * 3600));
    }

    #[test]
    fn the_earlier_of_both_counts() {
        let now: Zoned = "2026-11-24T22:30:00[UTC]".parse().unwrap();
        let moment = |deadline, longest| {
            let time = RunTime::new(&arguments(deadline, longest), &now).unwrap();
            time.deadline().map(|deadline| deadline.moment.0.as_secs_f64().ceil())
        };
        assert_eq!(moment(None, None), None);
        assert_eq!(moment(Some("23:30"), None), Some(3600.0));
        assert_eq!(moment(Some("23:30"), Some(60)), Some(60.0));
        assert_eq!(moment(Some("23:30"), Some(7200)), Some(3600.0));
    }
}
