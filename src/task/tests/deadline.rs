//! Times by which a run has to be over.

use std::time::Duration;

use jiff::{Timestamp, Zoned};

use crate::task::deadline::{RunTime, TimeLimits, Until};

fn limits(deadline: Option<&str>, longest: Option<u64>) -> TimeLimits {
    TimeLimits {
        deadline: deadline.map(|text| Until::parse(text).unwrap()),
        longest: longest.map(Duration::from_secs),
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
        let found = RunTime::new(&limits(Some(text), None), &now);
        assert_eq!(found.ok().map(|time| time.until.unwrap().0), expected, "{text}");
    }
    for text in ["", "6", "soon", "25:00", "2026-13-01T00:00", "06:00 tomorrow"] {
        assert!(Until::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_night_with_a_changed_clock_has_its_own_length() {
    let now: Zoned = "2026-03-28T23:00:00[Europe/Berlin]".parse().unwrap();
    let time = RunTime::new(&limits(Some("06:00"), None), &now).unwrap();
    assert_eq!(time.until.unwrap().1, Duration::from_secs(6 * 3600));
}

#[test]
fn the_earlier_of_both_counts() {
    let now: Zoned = "2026-11-24T22:30:00[UTC]".parse().unwrap();
    let moment = |deadline, longest| {
        let time = RunTime::new(&limits(deadline, longest), &now).unwrap();
        time.deadline().map(|deadline| deadline.whole().as_secs_f64().ceil())
    };
    assert_eq!(moment(None, None), None);
    assert_eq!(moment(Some("23:30"), None), Some(3600.0));
    assert_eq!(moment(Some("23:30"), Some(60)), Some(60.0));
    assert_eq!(moment(Some("23:30"), Some(7200)), Some(3600.0));
}
