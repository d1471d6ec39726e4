//! `epoch_ms`: a written or counted time as unix milliseconds.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};

use super::super::shortcut::Scalar;
use super::super::time::{self, TimeError};
use super::super::time_count::{Count, counted};
use super::{Argument, Example, Filter, Setting, refusal};

pub(super) const FILTER: Filter = Filter {
    name: "epoch_ms",
    about: "a written or counted time as unix milliseconds",
    details: "Without a format the time is ISO 8601, as in 2026-03-01T09:00:00+07:00 or 2026-03-01 09:00. A format is written as \
              for strftime: %d %m %Y, %y for a year of two digits (69 to 99 are 1969 to 1999), %b for Jan to Dec, %H %M %S, %I \
              with %p for clocks of twelve hours (AM and PM, or SA and CH), %z for an offset, %s for seconds since 1970. Of \
              several formats the first that fits counts. A time that names no offset is one of the job's `timezone`, and \
              one that never happened there or happened twice is a problem of the row; so are days that do not exist, and \
              0000-00-00. A number is read only where the job says what it counts. Nothing gives nothing.",
    arguments: &[
        Argument { name: "format", about: "a format, or a list of formats" },
        Argument {
            name: "unit='s'",
            about: "the value counts seconds since 1970; unit='ms', milliseconds",
        },
        Argument {
            name: "excel=true",
            about: "a number is a date of Excel that came out as days; excel=1904 for files of old Macs. A text is a time as \
                    ever: by one of the formats, or ISO 8601",
        },
        Argument {
            name: "zone='UTC'",
            about: "the zone of times that name none, if not the job's",
        },
    ],
    examples: &[
        Example {
            given: &[("t", "05/03/2024 08:15")],
            expression: "{{ t | epoch_ms('%d/%m/%Y %H:%M') }}",
            gives: "1709601300000",
        },
        Example {
            given: &[("t", "2024-03-05T01:15:00Z")],
            expression: "{{ t | epoch_ms }}",
            gives: "1709601300000",
        },
        Example {
            given: &[("t", "05/03/2024")],
            expression: "{{ t | epoch_ms(['%d/%m/%Y %H:%M', '%d/%m/%Y']) }}",
            gives: "1709571600000",
        },
        Example {
            given: &[("t", "05/03/24 8:15 SA")],
            expression: "{{ t | epoch_ms('%d/%m/%y %I:%M %p') }}",
            gives: "1709601300000",
        },
        Example {
            given: &[("t", "1709601300")],
            expression: "{{ t | epoch_ms(unit='s') }}",
            gives: "1709601300000",
        },
        Example {
            given: &[("t", "45356.34375")],
            expression: "{{ t | epoch_ms(excel=true) }}",
            gives: "1709601300000",
        },
        Example {
            given: &[("t", "05/03/2024")],
            expression: "{{ t | epoch_ms(['%d/%m/%Y %H:%M', '%d/%m/%Y'], excel=true) }}",
            gives: "1709571600000",
        },
        Example {
            given: &[("t", "2024-03-05T08:15:00")],
            expression: "{{ t | epoch_ms('%d/%m/%Y', excel=true) }}",
            gives: "1709601300000",
        },
        Example {
            given: &[("t", "2024-03-05 01:15:00")],
            expression: "{{ t | epoch_ms(zone='UTC') }}",
            gives: "1709601300000",
        },
    ],
    add: Some(add),
    short: Some(short),
};

fn add(environment: &mut Environment<'static>, setting: &Arc<Setting>) {
    let setting = Arc::clone(setting);
    environment.add_filter(
        "epoch_ms",
        move |value: Value, format: Option<Value>, options: Kwargs| {
            let reading = Reading::of(format, &options)?;
            epoch_ms(&value, &reading, &setting)
        },
    );
}

/// The same for a text that is a time.
fn short<'a>(
    value: Scalar<'a>,
    arguments: &'a [Scalar<'static>],
    setting: &Setting,
) -> Option<Scalar<'a>> {
    let format = match arguments {
        [] => None,
        [Scalar::Text(format)] => Some(&**format),
        _ => return None,
    };
    match value {
        Scalar::Nothing => Some(Scalar::Nothing),
        Scalar::Text(text) if text.trim().is_empty() => Some(Scalar::Nothing),
        Scalar::Text(text) => {
            time::epoch_milliseconds(&text, format, setting.zone.as_ref()).ok().map(Scalar::Integer)
        }
        Scalar::Bool(_) | Scalar::Integer(_) => None,
    }
}

/// How a time is to be read.
struct Reading {
    /// None of them: ISO 8601.
    formats: Vec<Value>,
    count: Option<Count>,
    zone: Option<TimeZone>,
}

impl Reading {
    fn of(format: Option<Value>, options: &Kwargs) -> Result<Self, Error> {
        let (unit, excel): (Option<Value>, Option<Value>) =
            (options.get("unit")?, options.get("excel")?);
        let zone = zone_of(options)?;
        options.assert_all_used()?;
        let formats = match format {
            None => Vec::new(),
            Some(format) if format.is_none() || format.is_undefined() => Vec::new(),
            Some(format) if format.as_str().is_some() => vec![format],
            Some(format) => match format.try_iter() {
                Ok(formats) => formats.collect(),
                Err(_) => {
                    return Err(refusal("the format of epoch_ms is a text or a list of texts"));
                }
            },
        };
        if formats.iter().any(|format| format.as_str().is_none()) {
            return Err(refusal("each format of epoch_ms is a text"));
        }
        let of_unit = match unit.as_ref().map(|unit| unit.as_str()) {
            None => None,
            Some(Some("s")) => Some(Count::Seconds),
            Some(Some("ms")) => Some(Count::Milliseconds),
            Some(_) => return Err(refusal("the unit of epoch_ms is 's' or 'ms'")),
        };
        let of_excel = match excel.as_ref().map(|excel| (excel.as_i64(), excel.is_true())) {
            None | Some((_, false)) => None,
            Some((Some(1904), _)) => Some(Count::Days { from: 1904 }),
            Some((Some(1 | 1900) | None, true)) => Some(Count::Days { from: 1900 }),
            Some(_) => return Err(refusal("excel of epoch_ms is true, or 1904")),
        };
        let count = match (of_unit, of_excel) {
            (Some(_), Some(_)) => {
                return Err(refusal("epoch_ms takes a unit or excel, and not both"));
            }
            (unit, excel) => unit.or(excel),
        };
        if of_unit.is_some() && !formats.is_empty() {
            return Err(refusal("epoch_ms takes a format or a unit, and not both"));
        }
        Ok(Self { formats, count, zone })
    }
}

/// The zone that a filter's arguments name; none where they name none.
pub(super) fn zone_of(options: &Kwargs) -> Result<Option<TimeZone>, Error> {
    let Some(zone) = options.get::<Option<&str>>("zone")? else { return Ok(None) };
    let found = TimeZone::get(zone).map(Some);
    found.map_err(|_| refusal(format!("there is no time zone `{zone}`")))
}

fn epoch_ms(value: &Value, reading: &Reading, setting: &Setting) -> Result<Value, Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(Value::from(()));
    }
    let is_number = value.kind() == ValueKind::Number;
    let is_read = reading.count.is_some() || !reading.formats.is_empty();
    let text = match value.as_str() {
        Some(text) => Cow::Borrowed(text),
        None if is_number && is_read => Cow::Owned(value.to_string()),
        None => {
            let (kind, remark) = match is_number {
                true => (
                    "a number",
                    ": say what it counts, as in epoch_ms(unit='s'), unit='ms' or excel=true",
                ),
                false => ("no text", ""),
            };
            return Err(time_refusal(TimeError::NotWritten { kind, remark }));
        }
    };
    if text.trim().is_empty() {
        return Ok(Value::from(()));
    }
    let zone = reading.zone.as_ref().or(setting.zone.as_ref());
    let formats: Vec<&str> = reading.formats.iter().filter_map(|format| format.as_str()).collect();
    let read = match reading.count {
        Some(count @ Count::Days { .. }) if !is_number => of_sheet(&text, count, &formats, zone),
        Some(count) => counted(&text, count, zone),
        None if formats.is_empty() => time::epoch_milliseconds(&text, None, zone),
        None => time::epoch_milliseconds_of_any(&text, &formats, zone),
    };
    read.map(Value::from).map_err(time_refusal)
}

/// A text of a sheet, in which people and programs write times as they like: as the formats say, as date cells come out, or
/// as a count of days.
fn of_sheet(
    text: &str,
    days: Count,
    formats: &[&str],
    zone: Option<&TimeZone>,
) -> Result<i64, TimeError> {
    let by_format = match formats {
        [] => None,
        formats => Some(time::epoch_milliseconds_of_any(text, formats, zone)),
    };
    let is_count = text.trim().bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match by_format {
        Some(Ok(moment)) => Ok(moment),
        by_format if !is_count => {
            let iso = time::epoch_milliseconds(text, None, zone);
            let is_iso = text.trim().get(4..5) == Some("-");
            match by_format {
                _ if iso.is_ok() || is_iso => iso,
                Some(refused) => refused,
                None => counted(text, days, zone),
            }
        }
        _ => counted(text, days, zone),
    }
}

/// Carries the error through the evaluation of the expression around the filter.
pub(super) fn time_refusal(error: TimeError) -> Error {
    Error::new(ErrorKind::InvalidOperation, error.to_string()).with_source(error)
}

/// The error of the filter, where an evaluation failed because of it.
pub(in super::super) fn time_error(error: &Error) -> Option<&TimeError> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
        .find_map(|error| error.downcast_ref::<TimeError>())
}
