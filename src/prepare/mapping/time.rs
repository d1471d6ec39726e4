//! Points in time as people write them, turned into numbers. The zone is the job's; nothing is guessed.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;

/// Why there is no point in time. The words are for the person who wrote the time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TimeError {
    #[error("epoch_ms turns written times into milliseconds, and this is {kind}")]
    NotWritten { kind: &'static str },
    #[error(
        "`{text}` is no time that is understood: write 2026-03-01T09:00:00+07:00, or name the format"
    )]
    NotUnderstood { text: String },
    #[error("`{text}` does not fit the format `{format}`")]
    OtherFormat { text: String, format: String },
    /// The calendar or the clock has no such moment.
    #[error("`{text}` is no point in time: {cause}")]
    NoMoment { text: String, cause: String },
    #[error("`{text}` is no point in time: {month} {year} has {days} days")]
    NoSuchDay { text: String, month: &'static str, year: i16, days: i8 },
    #[error("the time names no zone, and the job has no `timezone`")]
    NoZone,
    /// Clocks are set forward or back there.
    #[error("`{civil}` happens twice or never in its time zone, where clocks change")]
    TwiceOrNever { civil: DateTime },
}

/// Unix milliseconds of a written time.
///
/// Without a format the time is ISO 8601, as in `2026-03-01T09:00:00+07:00` or `2026-03-01 09:00`.
pub(super) fn epoch_milliseconds(
    text: &str,
    format: Option<&str>,
    zone: Option<&TimeZone>,
) -> Result<i64, TimeError> {
    let text = text.trim();
    match format {
        Some(format) => formatted(text, format, zone),
        None => iso(text, zone),
    }
}

fn iso(text: &str, zone: Option<&TimeZone>) -> Result<i64, TimeError> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_millisecond());
    }
    let not_understood = |_| {
        let date = text.get(..10).and_then(|date| strtime::parse("%Y-%m-%d", date).ok());
        let no_such_day = date.and_then(|parsed| no_such_day(text, &parsed));
        no_such_day.unwrap_or_else(|| TimeError::NotUnderstood { text: text.to_owned() })
    };
    in_zone(text.parse::<DateTime>().map_err(not_understood)?, zone)
}

fn formatted(text: &str, format: &str, zone: Option<&TimeZone>) -> Result<i64, TimeError> {
    let other_format =
        |_| TimeError::OtherFormat { text: text.to_owned(), format: format.to_owned() };
    let no_moment = |error: jiff::Error| TimeError::NoMoment {
        text: text.to_owned(),
        cause: error.to_string(),
    };
    let parsed = strtime::parse(format, text).map_err(other_format)?;
    if let Some(error) = no_such_day(text, &parsed) {
        return Err(error);
    }
    if parsed.offset().is_some() || parsed.iana_time_zone().is_some() {
        return Ok(parsed.to_timestamp().map_err(no_moment)?.as_millisecond());
    }
    let civil = parsed
        .to_datetime()
        .or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0)))
        .map_err(no_moment)?;
    in_zone(civil, zone)
}

/// What is wrong with a day that its month does not have.
fn no_such_day(text: &str, parsed: &BrokenDownTime) -> Option<TimeError> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (year, month, day) = (parsed.year()?, parsed.month()?, parsed.day()?);
    let days = Date::new(year, month, 1).ok()?.days_in_month();
    let month = MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    (day > days).then(|| TimeError::NoSuchDay { text: text.to_owned(), month, year, days })
}

fn in_zone(civil: DateTime, zone: Option<&TimeZone>) -> Result<i64, TimeError> {
    let zone = zone.ok_or(TimeError::NoZone)?;
    let moment = zone.to_ambiguous_timestamp(civil).unambiguous();
    Ok(moment.map_err(|_| TimeError::TwiceOrNever { civil })?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_zone() {
        let saigon = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let day_first = Some("%d/%m/%Y %H:%M");
        for (text, format, zone, expected) in [
            ("31/01/2025 14:00", day_first, Some(&saigon), Ok(1_738_306_800_000)),
            (" 31/01/2025 14:00 ", day_first, Some(&saigon), Ok(1_738_306_800_000)),
            ("31/01/2025", Some("%d/%m/%Y"), Some(&saigon), Ok(1_738_256_400_000)),
            ("2025-01-31T07:00:00Z", None, None, Ok(1_738_306_800_000)),
            ("2025-01-31T14:00:00+07:00", None, None, Ok(1_738_306_800_000)),
            ("2025-01-31 14:00", None, Some(&saigon), Ok(1_738_306_800_000)),
            ("31/01/2025 14:00 +0700", Some("%d/%m/%Y %H:%M %z"), None, Ok(1_738_306_800_000)),
            ("2025-01-31 14:00", None, None, Err("no `timezone`")),
            ("2025-31-01 14:00", day_first, Some(&saigon), Err("does not fit")),
            ("31/02/2025 14:00", day_first, Some(&saigon), Err("February 2025 has 28 days")),
            ("2028-02-30 14:00", None, Some(&saigon), Err("February 2028 has 29 days")),
            ("2025-04-31T14:00:00+07:00", None, None, Err("April 2025 has 30 days")),
            ("30/03/2025 02:30", day_first, Some(&berlin), Err("twice or never")),
            ("26/10/2025 02:30", day_first, Some(&berlin), Err("twice or never")),
            ("tomorrow", None, Some(&saigon), Err("no time that is understood")),
        ] {
            match (epoch_milliseconds(text, format, zone), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
                (Err(found), Err(part)) => {
                    assert!(found.to_string().contains(part), "{text}: {found}");
                }
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            }
        }
    }
}
