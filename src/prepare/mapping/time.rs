//! Points in time as people write them, turned into numbers. The zone is the job's; nothing is guessed.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// Why there is no point in time. The words are for the person who wrote the time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TimeError {
    #[error("epoch_ms turns written times into milliseconds, and this is {kind}{remark}")]
    NotWritten { kind: &'static str, remark: &'static str },
    #[error(
        "`{text}` is what databases write where there is no time: let `nulls` name it, or leave the row out"
    )]
    Zero { text: String },
    #[error("`{text}` fits none of the formats {formats}")]
    NoFormat { text: String, formats: String },
    #[error("`{text}` is no number of {unit}")]
    NoCount { text: String, unit: &'static str },
    #[error("`{text}` counts {unit} to a time that no calendar has: is the unit right?")]
    FarCount { text: String, unit: &'static str },
    #[error("`{text}` is no day of Excel's calendar: {cause}")]
    NoSerial { text: String, cause: &'static str },
    #[error(
        "`{text}` is no time that is understood: write 2026-03-01T09:00:00+07:00, or name the format"
    )]
    NotUnderstood { text: String },
    #[error("`{text}` does not fit the format `{format}`{remark}")]
    OtherFormat { text: String, format: String, remark: &'static str },
    #[error(
        "`{text}` read by the format `{format}` is in the year {year}: %Y is a year of four digits, and %y one of two"
    )]
    ShortYear { text: String, format: String, year: i16 },
    /// The calendar or the clock has no such moment.
    #[error("`{text}` is no point in time: {cause}")]
    NoMoment { text: String, cause: String },
    #[error("`{text}` is no point in time: {month} {year} has {days} days")]
    NoSuchDay { text: String, month: &'static str, year: i16, days: i8 },
    #[error("the time names no zone, and the job has no `timezone`")]
    NoZone,
    #[error(
        "{civil} never happens in {zone}, where clocks are set forward over it: write {after} for the moment after, or add the \
         offset to the time"
    )]
    Never { civil: String, zone: String, after: String },
    #[error(
        "{civil} happens twice in {zone}, where clocks are set back: add the offset, {first} for the first and {second} for the \
         second"
    )]
    Twice { civil: String, zone: String, first: Offset, second: Offset },
}

/// Unix milliseconds of a written time.
///
/// Without a format the time is ISO 8601, as in `2026-03-01T09:00:00+07:00` or `2026-03-01 09:00`.
pub(super) fn epoch_milliseconds(
    text: &str,
    format: Option<&str>,
    zone: Option<&TimeZone>,
) -> Result<i64, TimeError> {
    let text = &*plain_blanks(text.trim());
    match format {
        Some(format) => formatted(text, &plain_blanks(format), zone),
        None => iso(text, zone),
    }
}

/// The same by the first of several formats that the time fits. A day that its month does not have fits no other.
pub(super) fn epoch_milliseconds_of_any(
    text: &str,
    formats: &[&str],
    zone: Option<&TimeZone>,
) -> Result<i64, TimeError> {
    if let [format] = formats {
        return epoch_milliseconds(text, Some(format), zone);
    }
    for format in formats {
        match epoch_milliseconds(text, Some(format), zone) {
            Err(TimeError::OtherFormat { .. } | TimeError::ShortYear { .. }) => {}
            read => return read,
        }
    }
    let formats: Vec<String> = formats.iter().map(|format| format!("`{format}`")).collect();
    Err(TimeError::NoFormat { text: text.trim().to_owned(), formats: formats.join(", ") })
}

/// The same text with a usual blank for each blank of another kind, as spreadsheets and web pages have them.
fn plain_blanks(text: &str) -> Cow<'_, str> {
    let is_odd = |letter: char| letter.is_whitespace() && letter != ' ';
    match text.contains(is_odd) {
        true => Cow::Owned(text.replace(is_odd, " ")),
        false => Cow::Borrowed(text),
    }
}

fn iso(text: &str, zone: Option<&TimeZone>) -> Result<i64, TimeError> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_millisecond());
    }
    if is_zero(text) {
        return Err(TimeError::Zero { text: text.to_owned() });
    }
    let not_understood = || {
        let date = text.get(..10).and_then(|date| strtime::parse("%Y-%m-%d", date).ok());
        let no_such_day = date.and_then(|parsed| no_such_day(text, &parsed));
        no_such_day.unwrap_or_else(|| TimeError::NotUnderstood { text: text.to_owned() })
    };
    // A time without a zone is read without a look at what follows it, so nothing may follow.
    if let Some((civil, zone)) = zone_apart(text) {
        let moment = format!("{civil}{zone}").parse::<Timestamp>().ok();
        let moment = moment.or_else(|| Some(text.parse::<Zoned>().ok()?.timestamp()));
        return moment.map(Timestamp::as_millisecond).ok_or_else(not_understood);
    }
    in_zone(text.parse::<DateTime>().map_err(|_| not_understood())?, zone)
}

/// Whether all digits of what looks like a date are zero.
fn is_zero(text: &str) -> bool {
    let mut digits = text.bytes().filter(u8::is_ascii_digit).peekable();
    text.len() >= 8 && digits.peek().is_some() && digits.all(|digit| digit == b'0')
}

/// A time and the offset or zone behind it, as the language of times writes that; none where it names none.
fn zone_apart(text: &str) -> Option<(&str, &str)> {
    // Behind the date, whose hyphens are none of an offset.
    let begin = text.char_indices().nth(10)?.0;
    let at = begin + text[begin..].find(['+', '-', '[', 'Z', 'z', 'U', 'G'])?;
    let zone = match &text[at..] {
        "UTC" | "GMT" => "Z",
        zone => zone,
    };
    Some((text[..at].trim_end(), zone))
}

fn formatted(text: &str, format: &str, zone: Option<&TimeZone>) -> Result<i64, TimeError> {
    let other_format = |_| TimeError::OtherFormat {
        text: text.to_owned(),
        format: format.to_owned(),
        remark: remark(text, format),
    };
    let no_moment = |error: jiff::Error| TimeError::NoMoment {
        text: text.to_owned(),
        cause: error.to_string(),
    };
    let parsed = strtime::parse(format, text);
    let otherwise = |written: Option<String>, error| match written {
        Some(text) => strtime::parse(format, text),
        None => Err(error),
    };
    let parsed = parsed.or_else(|error| otherwise(with_offset(text, format), error));
    let parsed = parsed.or_else(|error| otherwise(with_half_of_day(text, format), error));
    if parsed.is_err() && is_zero(text) {
        return Err(TimeError::Zero { text: text.to_owned() });
    }
    let parsed = parsed.map_err(other_format)?;
    if let Some(moment) = parsed.timestamp() {
        return Ok(moment.as_millisecond());
    }
    if let Some(year) = parsed.year().filter(|year| (0..1000).contains(year)) {
        let (text, format) = (text.to_owned(), format.to_owned());
        return Err(TimeError::ShortYear { text, format, year });
    }
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

/// The text with an offset for the Z that says UTC, where the format reads an offset.
fn with_offset(text: &str, format: &str) -> Option<String> {
    let offset = if format.contains("%:z") { "+00:00" } else { "+0000" };
    let reads_offset = format.contains("%z") || format.contains("%:z");
    let at = text.rfind(['Z', 'z']).filter(|_| reads_offset)?;
    let is_alone = !text[at + 1..].starts_with(char::is_alphanumeric)
        && !text[..at].ends_with(char::is_alphabetic);
    is_alone.then(|| format!("{}{offset}{}", &text[..at], &text[at + 1..]))
}

/// The text with AM or PM for the SÁNG and CHIỀU of Vietnamese clocks, where the format reads a half of the day.
fn with_half_of_day(text: &str, format: &str) -> Option<String> {
    if !format.contains("%p") && !format.contains("%P") {
        return None;
    }
    let at = text.char_indices().rev().map(|(at, _)| at).find(|at| {
        let is_half =
            |half: &str| text[*at..].get(..2).is_some_and(|found| found.eq_ignore_ascii_case(half));
        (is_half("SA") || is_half("CH"))
            && !text[..*at].ends_with(char::is_alphabetic)
            && !text[*at + 2..].starts_with(char::is_alphabetic)
    })?;
    let half = if text[at..].starts_with(['S', 's']) { "AM" } else { "PM" };
    Some(format!("{}{half}{}", &text[..at], &text[at + 2..]))
}

/// What may be the reason that a text does not fit a format, where it shows.
fn remark(text: &str, format: &str) -> &'static str {
    let digits = |count: usize| {
        let mut runs = text.split(|letter: char| !letter.is_ascii_digit());
        runs.any(|run| run.len() == count)
    };
    let is_number = text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && !format.contains("%s") {
        return ": it looks like a count since 1970, which %s reads in seconds";
    }
    if format.contains("%y") && digits(4) {
        return ": %y is a year of two digits, and %Y one of four";
    }
    if !text.contains(':') && format.contains("%H") {
        return ": it has no time of day";
    }
    if text.contains(':')
        && !["%H", "%I", "%k", "%l", "%T", "%R"].iter().any(|hour| format.contains(hour))
    {
        return ": it has a time of day, which the format does not read (%H:%M)";
    }
    ""
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

fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("the job's zone").to_owned()
}

pub(super) fn in_zone(civil: DateTime, zone: Option<&TimeZone>) -> Result<i64, TimeError> {
    let zone = zone.ok_or(TimeError::NoZone)?;
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    let written = || civil.strftime("%Y-%m-%d %H:%M").to_string();
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => {}
        AmbiguousOffset::Gap { .. } => {
            let after = ambiguous.later().map(|moment| moment.to_zoned(zone.clone()));
            let after = after.map(|moment| moment.strftime("%H:%M").to_string());
            let after = after.unwrap_or_default();
            return Err(TimeError::Never { civil: written(), zone: zone_name(zone), after });
        }
        AmbiguousOffset::Fold { before, after } => {
            return Err(TimeError::Twice {
                civil: written(),
                zone: zone_name(zone),
                first: before,
                second: after,
            });
        }
    }
    let no_moment =
        |error: jiff::Error| TimeError::NoMoment { text: written(), cause: error.to_string() };
    Ok(ambiguous.unambiguous().map_err(no_moment)?.as_millisecond())
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
            ("30/03/2025 02:30", day_first, Some(&berlin), Err("never happens in Europe/Berlin")),
            ("30/03/2025 02:30", day_first, Some(&berlin), Err("write 03:30")),
            ("26/10/2025 02:30", day_first, Some(&berlin), Err("+02 for the first and +01")),
            ("31/01/25", Some("%d/%m/%Y"), Some(&saigon), Err("year 25: %Y is a year of four")),
            ("31/01/25", Some("%d/%m/%y"), Some(&saigon), Ok(1_738_256_400_000)),
            ("31/01/2025", Some("%d/%m/%y"), Some(&saigon), Err("%y is a year of two")),
            ("31/01/2025 14:00", Some("%d/%m/%Y"), Some(&saigon), Err("has a time of day")),
            ("31/01/2025", day_first, Some(&saigon), Err("has no time of day")),
            ("1738306800", Some("%s"), None, Ok(1_738_306_800_000)),
            ("1738306800", day_first, Some(&saigon), Err("%s reads")),
            ("2025-01-31T07:00:00Z", Some("%Y-%m-%dT%H:%M:%S%z"), None, Ok(1_738_306_800_000)),
            ("2025-01-31T07:00:00Z", Some("%Y-%m-%dT%H:%M:%S%:z"), None, Ok(1_738_306_800_000)),
            ("31/01/2025\u{a0}14:00", day_first, Some(&saigon), Ok(1_738_306_800_000)),
            ("31/01/2025\u{202f}14:00", day_first, Some(&saigon), Ok(1_738_306_800_000)),
            ("tomorrow", None, Some(&saigon), Err("no time that is understood")),
            ("2025-01-31 14:00:00 +07:00", None, None, Ok(1_738_306_800_000)),
            ("2025-01-31 14:00:00 +0700", None, Some(&berlin), Ok(1_738_306_800_000)),
            ("2025-01-31T07:00:00.000+0000", None, Some(&berlin), Ok(1_738_306_800_000)),
            ("2025-01-31 07:00:00 UTC", None, Some(&berlin), Ok(1_738_306_800_000)),
            ("2025-01-31T07:00:00Z", None, Some(&berlin), Ok(1_738_306_800_000)),
            ("2025-01-31T14:00[Asia/Ho_Chi_Minh]", None, Some(&berlin), Ok(1_738_306_800_000)),
            ("2025-01-31T14:00:00+99:00", None, Some(&saigon), Err("no time that is understood")),
            ("2025-01-31T14:00:00 CET", None, Some(&saigon), Err("no time that is understood")),
            ("0000-00-00 00:00:00", None, Some(&saigon), Err("where there is no time")),
            ("00/00/0000 00:00", day_first, Some(&saigon), Err("where there is no time")),
            ("05/03/2024 8:15 SA", Some("%d/%m/%Y %I:%M %p"), Some(&saigon), Ok(1_709_601_300_000)),
            ("05/03/2024 8:15 ch", Some("%d/%m/%Y %I:%M %p"), Some(&saigon), Ok(1_709_644_500_000)),
            ("05/Mar/24 12:00 AM", Some("%d/%b/%y %I:%M %p"), Some(&saigon), Ok(1_709_571_600_000)),
            (
                "31/Feb/24 9:00 AM",
                Some("%d/%b/%y %I:%M %p"),
                Some(&saigon),
                Err("February 2024 has"),
            ),
            // Clocks showed the sun's own time, 7 hours, 6 minutes and 30 seconds before Greenwich.
            ("1900-01-01 07:06:30", None, Some(&saigon), Ok(-2_208_988_800_000)),
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
