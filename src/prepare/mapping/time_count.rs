//! Points in time that are counted: seconds or milliseconds since 1970, days as Excel counts them.
//!
//! What is counted is always said, never guessed from how large a number is. Times in words are for `time`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::time::{TimeError, in_zone};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Seconds,
    Milliseconds,
    /// Days of Excel's calendar, which begins in this year: 1900 or, in files of old Macs, 1904.
    Days {
        from: i16,
    },
}

impl Count {
    fn unit(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Days { .. } => "days",
        }
    }
}

/// Unix milliseconds of a count, written in digits with a point.
pub(super) fn counted(text: &str, count: Count, zone: Option<&TimeZone>) -> Result<i64, TimeError> {
    let text = text.trim();
    match count {
        Count::Seconds => since_1970(text, 3, count),
        Count::Milliseconds => since_1970(text, 0, count),
        Count::Days { from } => in_zone(day(text, from)?, zone),
    }
}

/// `shift` is how many digits behind the point belong to the milliseconds.
fn since_1970(text: &str, shift: usize, count: Count) -> Result<i64, TimeError> {
    let unit = count.unit();
    let no_count = || TimeError::NoCount { text: text.to_owned(), unit };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) {
        return Err(no_count());
    }
    let fraction: String = fraction.chars().chain("000".chars()).take(shift).collect();
    let far = || TimeError::FarCount { text: text.to_owned(), unit };
    let milliseconds: i64 = format!("{whole}{fraction}").parse().map_err(|_| far())?;
    let milliseconds = if text.starts_with('-') { -milliseconds } else { milliseconds };
    let moment = Timestamp::from_millisecond(milliseconds).map_err(|_| far())?;
    Ok(moment.as_millisecond())
}

/// The last day that Excel has, 31 December 9999.
const LAST: f64 = 2_958_466.0;
const DAY: f64 = 86_400_000.0;

fn day(text: &str, from: i16) -> Result<jiff::civil::DateTime, TimeError> {
    let refused = |cause| TimeError::NoSerial { text: text.to_owned(), cause };
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let serial: f64 = match text.parse() {
        Ok(serial) if plain => serial,
        _ if text.contains(',') => return Err(refused("it has a comma, where a point belongs")),
        _ => return Err(refused("it is no number")),
    };
    let first = match (from, serial) {
        (_, serial) if serial >= LAST => {
            return Err(refused("it is after the year 9999, and perhaps no count of days"));
        }
        (1904, _) => Date::constant(1904, 1, 1),
        (_, serial) if serial < 1.0 => {
            return Err(refused("it is a time of day without a date"));
        }
        // Excel has a 29 February in 1900, as Lotus 1-2-3 had.
        (_, serial) if (60.0..61.0).contains(&serial) => {
            return Err(refused("it stands for 29 February 1900, which never was"));
        }
        (_, serial) if serial < 60.0 => Date::constant(1899, 12, 31),
        _ => Date::constant(1899, 12, 30),
    };
    // Both are far from where a float ends.
    #[allow(clippy::cast_possible_truncation)]
    let milliseconds = (serial * DAY).round() as i64;
    let moment = first.at(0, 0, 0, 0).checked_add(SignedDuration::from_millis(milliseconds));
    moment.map_err(|_| refused("it is in no year that is known"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_by_their_unit() {
        let saigon = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let (days, old) = (Count::Days { from: 1900 }, Count::Days { from: 1904 });
        for (text, count, expected) in [
            ("1709518269", Count::Seconds, Ok(1_709_518_269_000)),
            ("1709518269.5", Count::Seconds, Ok(1_709_518_269_500)),
            ("1709518269.0", Count::Seconds, Ok(1_709_518_269_000)),
            (" -1.25 ", Count::Seconds, Ok(-1250)),
            ("1709518269000", Count::Milliseconds, Ok(1_709_518_269_000)),
            ("1709518269000.0", Count::Milliseconds, Ok(1_709_518_269_000)),
            ("1709518269000", Count::Seconds, Err("is the unit right?")),
            ("99999999999999999999", Count::Milliseconds, Err("is the unit right?")),
            ("2024-03-04", Count::Seconds, Err("no number of seconds")),
            ("1.7e9", Count::Seconds, Err("no number of seconds")),
            // 05/03/2024 08:15 in Saigon.
            ("45356.34375", days, Ok(1_709_601_300_000)),
            // 23:59:59, as Excel shows it.
            ("45357.99998842592", days, Ok(1_709_744_399_000)),
            ("43894.34375", old, Ok(1_709_601_300_000)),
            ("1", days, Ok(-2_209_014_390_000)),
            ("60", days, Err("29 February 1900")),
            ("0.5", days, Err("time of day")),
            ("45356,34375", days, Err("comma")),
            ("1709518269", days, Err("after the year 9999")),
            ("inf", days, Err("no number")),
        ] {
            match (counted(text, count, Some(&saigon)), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
                (Err(found), Err(part)) => {
                    assert!(found.to_string().contains(part), "{text}: {found}");
                }
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            }
        }
    }
}
