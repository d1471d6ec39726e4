//! How written times are to be read: the formats of a column, by what stands in it.
//!
//! Whether the day or the month comes first is told by values in which only one of the two can; where none tells, the day is
//! taken to come first, and that is said. No time is computed here.

use std::collections::BTreeSet;

/// How the times of a column are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeSeen {
    pub reading: Reading,
    pub order: DayOrder,
    /// Whether some of them name no zone.
    pub is_civil: bool,
    /// Values that are written in none of these ways, a few of them.
    pub odd: Vec<String>,
}

/// What `epoch_ms` has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Nothing: all of them are ISO 8601.
    Iso,
    /// These formats.
    Formats(Vec<String>),
    /// These formats, if any, beside the days and numbers of a workbook.
    Workbook(Vec<String>),
    /// A count since 1970.
    Seconds,
    Milliseconds,
}

/// Which of day and month comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayOrder {
    /// The values leave no choice: names of months, or the year first.
    NoChoice,
    /// Only one way fits all values.
    Sure { day_first: bool },
    /// Both ways fit.
    Open { day_first: bool },
    /// Neither way fits all values.
    Mixed,
}

/// A value that was understood.
struct Written {
    format: String,
    is_iso: bool,
    is_civil: bool,
    /// The two numbers that may be day and month.
    pair: Option<(u32, u32)>,
}

/// How times are written; none where most of the values are no times. `day_first` is what somebody has said.
pub(super) fn recognise<'a>(
    values: impl Iterator<Item = &'a str> + Clone,
    day_first: Option<bool>,
    is_workbook: bool,
) -> Option<TimeSeen> {
    let all = values.clone().count();
    if all == 0 {
        return None;
    }
    if let Some(counted) = counted(values.clone()).filter(|_| !is_workbook) {
        let (order, odd) = (DayOrder::NoChoice, Vec::new());
        return Some(TimeSeen { reading: counted, order, is_civil: false, odd });
    }
    let is_serial = |text: &str| is_workbook && text.parse::<f64>().is_ok();
    let mut pairs = Vec::new();
    let mut odd = Vec::new();
    let mut plain: Vec<&str> = Vec::new();
    let mut serials = 0_usize;
    for text in values {
        match written(text, true) {
            _ if is_serial(text) => serials += 1,
            Some(found) => {
                pairs.extend(found.pair);
                plain.push(text);
            }
            None => odd.push(text.to_owned()),
        }
    }
    // Any number may be days since 1900, so numbers alone say nothing.
    if plain.is_empty() || odd.len() * 4 > all {
        return None;
    }
    let order = order_of(&pairs, day_first);
    let day_first = match order {
        DayOrder::Sure { day_first } | DayOrder::Open { day_first } => day_first,
        DayOrder::NoChoice | DayOrder::Mixed => true,
    };
    let found: Vec<Written> = plain.iter().filter_map(|text| written(text, day_first)).collect();
    let is_civil = serials > 0 || found.iter().any(|one| one.is_civil);
    let is_all_iso = found.iter().all(|one| one.is_iso);
    let formats = |keeps_iso: bool| {
        let wanted = found.iter().filter(|one| keeps_iso || !one.is_iso);
        let formats: BTreeSet<&str> = wanted.map(|one| one.format.as_str()).collect();
        let mut formats: Vec<String> = formats.into_iter().map(str::to_owned).collect();
        // The one that says more fits fewer texts, so it comes first.
        formats.sort_by_key(|format| std::cmp::Reverse(format.len()));
        formats
    };
    let reading = match is_workbook {
        true => Reading::Workbook(formats(false)),
        false if is_all_iso => Reading::Iso,
        false => Reading::Formats(formats(true)),
    };
    odd.truncate(3);
    Some(TimeSeen { reading, order, is_civil, odd })
}

fn order_of(pairs: &[(u32, u32)], said: Option<bool>) -> DayOrder {
    let fits = |day_first: bool| {
        pairs.iter().all(|(first, second)| {
            let (day, month) = if day_first { (first, second) } else { (second, first) };
            *month <= 12 && *day <= 31
        })
    };
    match (pairs.is_empty(), said, fits(true), fits(false)) {
        (true, ..) => DayOrder::NoChoice,
        (_, Some(day_first), ..) => DayOrder::Sure { day_first },
        (_, _, true, true) => DayOrder::Open { day_first: true },
        (_, _, true, false) => DayOrder::Sure { day_first: true },
        (_, _, false, true) => DayOrder::Sure { day_first: false },
        (_, _, false, false) => DayOrder::Mixed,
    }
}

/// Whether all values count seconds, or milliseconds, of years that people remember.
fn counted<'a>(mut values: impl Iterator<Item = &'a str> + Clone) -> Option<Reading> {
    let within = |text: &str, unit: u64| {
        let count = text.parse::<u64>().ok().filter(|_| !text.starts_with('0'));
        count.is_some_and(|count| (631_152_000..4_102_444_800).contains(&(count / unit)))
    };
    if values.clone().all(|text| text.len() >= 12 && within(text, 1000)) {
        return Some(Reading::Milliseconds);
    }
    values.all(|text| within(text, 1)).then_some(Reading::Seconds)
}

/// The format of a written time.
fn written(text: &str, day_first: bool) -> Option<Written> {
    let text = text.trim();
    if let Some((date, rest)) = date_of(text, day_first) {
        if rest.is_empty() {
            return Some(date.into_written(String::new(), false));
        }
        let (joint, rest) = joint_of(rest)?;
        let (time, rest) = time_of(rest)?;
        let zone = zone_of(rest)?;
        let is_zoned = !zone.is_empty();
        let is_plain = time.starts_with("%H:%M") && (joint == "T" || joint == " ");
        let is_iso = date.format == "%Y-%m-%d" && is_plain;
        let mut written = date.into_written(format!("{joint}{time}{zone}"), is_zoned);
        written.is_iso = is_iso;
        return Some(written);
    }
    // The time of day may come first, as it does in Vietnamese.
    let (time, rest) = time_of(text)?;
    let (joint, rest) = joint_of(rest)?;
    let (date, rest) = date_of(rest, day_first)?;
    rest.is_empty().then(|| {
        let format = format!("{time}{joint}{}", date.format);
        Written { format, is_iso: false, is_civil: true, pair: date.pair }
    })
}

struct Date {
    format: String,
    pair: Option<(u32, u32)>,
}

impl Date {
    fn into_written(self, rest: String, is_zoned: bool) -> Written {
        let format = format!("{}{rest}", self.format);
        Written { format, is_iso: false, is_civil: !is_zoned, pair: self.pair }
    }
}

/// A number at the beginning of a text, how many digits it has, and what comes behind it.
fn number(text: &str, most: usize) -> Option<(u32, usize, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let value = text.get(..digits)?.parse().ok()?;
    Some((value, digits, text.get(digits..)?))
}

fn sign(text: &str) -> Option<(char, &str)> {
    let sign = text.chars().next().filter(|sign| "/-. ".contains(*sign))?;
    Some((sign, &text[sign.len_utf8()..]))
}

fn date_of(text: &str, day_first: bool) -> Option<(Date, &str)> {
    let (first, digits, rest) = number(text, 4)?;
    let (one, rest) = sign(rest)?;
    if digits == 4 {
        let (month, _, rest) = number(rest, 2)?;
        let (other, rest) = sign(rest)?;
        let (day, _, rest) = number(rest, 2)?;
        let is_date =
            one == other && one != ' ' && (1..=12).contains(&month) && (1..=31).contains(&day);
        return is_date.then(|| (Date { format: format!("%Y{one}%m{one}%d"), pair: None }, rest));
    }
    if digits > 2 || first == 0 {
        return None;
    }
    if let Some(rest) = month_name(rest) {
        let (other, rest) = sign(rest)?;
        let (year, rest) = year_of(rest)?;
        let is_date = one == other && first <= 31;
        return is_date
            .then(|| (Date { format: format!("%d{one}%b{one}{year}"), pair: None }, rest));
    }
    let (second, _, rest) = number(rest, 2)?;
    let (other, rest) = sign(rest)?;
    let (year, rest) = year_of(rest)?;
    let is_date = one == other && one != ' ' && first <= 31 && second <= 31 && second > 0;
    let format = match day_first {
        true => format!("%d{one}%m{one}{year}"),
        false => format!("%m{one}%d{one}{year}"),
    };
    is_date.then_some((Date { format, pair: Some((first, second)) }, rest))
}

fn year_of(text: &str) -> Option<(&'static str, &str)> {
    match number(text, 4)? {
        (_, 4, rest) => Some(("%Y", rest)),
        (_, 2, rest) => Some(("%y", rest)),
        _ => None,
    }
}

fn month_name(text: &str) -> Option<&str> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = text.get(..3)?.to_ascii_lowercase();
    let rest = &text[3..];
    let is_short = !rest.starts_with(|letter: char| letter.is_alphabetic());
    (is_short && MONTHS.contains(&name.as_str())).then_some(rest)
}

/// What stands between the day and the time of day.
fn joint_of(text: &str) -> Option<(&'static str, &str)> {
    let joints = [(", ", ", "), ("T", "T"), (" ", " ")];
    joints
        .iter()
        .find_map(|(joint, format)| Some((*format, text.strip_prefix(joint)?.trim_start())))
}

fn time_of(text: &str) -> Option<(String, &str)> {
    let (hour, _, rest) = number(text, 2)?;
    let (minute, digits, rest) = number(rest.strip_prefix(':')?, 2)?;
    if hour > 24 || minute > 59 || digits != 2 {
        return None;
    }
    let (mut behind, mut rest) = (":%M".to_owned(), rest);
    if let Some((_, 2, after)) = rest.strip_prefix(':').and_then(|rest| number(rest, 2)) {
        behind.push_str(":%S");
        rest = after;
        let fraction = rest
            .strip_prefix('.')
            .map(|rest| rest.trim_start_matches(|l: char| l.is_ascii_digit()));
        if let Some(after) = fraction {
            behind.push_str("%.f");
            rest = after;
        }
    }
    let trimmed = rest.trim_start();
    let half = trimmed.get(..2).map(str::to_uppercase);
    if half.is_some_and(|half| ["AM", "PM", "SA", "CH"].contains(&half.as_str())) {
        let blank = if rest.len() > trimmed.len() { " " } else { "" };
        return Some((format!("%I{behind}{blank}%p"), &trimmed[2..]));
    }
    Some((format!("%H{behind}"), rest))
}

/// What stands for the zone; empty where none is named.
fn zone_of(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Some("");
    }
    let offset = text.strip_prefix(['+', '-']);
    let is_offset = offset.is_some_and(|offset| {
        offset.len() >= 2 && offset.chars().all(|letter| letter.is_ascii_digit() || letter == ':')
    });
    (text == "Z" || is_offset).then_some("%z")
}

/// Whether a text is a time as any column of times has them.
pub(super) fn is_time(text: &str) -> bool {
    written(text, true).is_some()
}

/// The day of a written time; none where it is not understood.
pub(super) fn date_in(text: &str, times: &TimeSeen) -> Option<jiff::civil::Date> {
    use jiff::civil::Date;
    use jiff::fmt::strtime::BrokenDownTime;
    let text = text.trim();
    let iso = || Date::strptime("%Y-%m-%d", text.get(..10)?).ok();
    let formats = match &times.reading {
        Reading::Seconds | Reading::Milliseconds => {
            let count: i64 = text.parse().ok()?;
            let seconds = if times.reading == Reading::Seconds { count } else { count / 1000 };
            let moment = jiff::Timestamp::from_second(seconds).ok()?;
            return Some(moment.to_zoned(jiff::tz::TimeZone::UTC).date());
        }
        Reading::Iso => return iso(),
        Reading::Formats(formats) | Reading::Workbook(formats) => formats,
    };
    // Halves of the day say nothing of the day.
    let text = text.replace("SA", "AM").replace("CH", "PM");
    let read = |format: &String| BrokenDownTime::parse(format, &text).ok()?.to_date().ok();
    formats.iter().find_map(read).or_else(iso)
}
