//! `date`: unix milliseconds as a written time.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, Value};

use super::super::shortcut::Scalar;
use super::super::time::TimeError;
use super::epoch_ms::{time_refusal, zone_of};
use super::{Argument, Example, Filter, Setting, is_empty, refusal};

pub(super) const FILTER: Filter = Filter {
    name: "date",
    about: "unix milliseconds as a written time",
    details: "What a cell holds goes through epoch_ms first. The time is written as clocks show it in the job's `timezone`, by \
              a format as for strftime; %H:%M:%S is the time of day, %z the offset. Nothing gives nothing.",
    arguments: &[
        Argument { name: "format", about: "how the time is written" },
        Argument { name: "zone='UTC'", about: "the zone, if not the job's" },
    ],
    examples: &[
        Example {
            given: &[("created_at", "2024-03-05T01:15:00Z")],
            expression: "{{ created_at | epoch_ms | date('%d/%m/%Y %H:%M') }}",
            gives: "05/03/2024 08:15",
        },
        Example {
            given: &[("created_at", "2024-03-05T01:15:00Z")],
            expression: "{{ created_at | epoch_ms | date('%Y-%m-%dT%H:%M:%S%:z', zone='UTC') }}",
            gives: "2024-03-05T01:15:00+00:00",
        },
    ],
    add: Some(add),
    short: Some(short),
};

/// A longer format writes no time.
const LONGEST: usize = 1000;

fn add(environment: &mut Environment<'static>, setting: &Arc<Setting>) {
    let setting = Arc::clone(setting);
    environment.add_filter("date", move |value: Value, format: &str, options: Kwargs| {
        let zone = zone_of(&options)?;
        options.assert_all_used()?;
        if is_empty(&value) {
            return Ok(Value::from(()));
        }
        let milliseconds = value.as_i64().filter(|_| value.is_number());
        let milliseconds = milliseconds.ok_or_else(|| {
            refusal(format!("date writes a number of milliseconds, and `{value}` is none: put epoch_ms before date"))
        })?;
        let zone = zone.as_ref().or(setting.zone.as_ref());
        let zone = zone.ok_or_else(|| time_refusal(TimeError::NoZone))?;
        date(milliseconds, format, zone).map(Value::from)
    });
}

/// The same for a number.
fn short<'a>(
    value: Scalar<'a>,
    arguments: &'a [Scalar<'static>],
    setting: &Setting,
) -> Option<Scalar<'a>> {
    match (value, arguments, &setting.zone) {
        (Scalar::Nothing, [Scalar::Text(_)], _) => Some(Scalar::Nothing),
        (Scalar::Integer(milliseconds), [Scalar::Text(format)], Some(zone)) => {
            date(milliseconds, format, zone).ok().map(|text| Scalar::Text(text.into()))
        }
        _ => None,
    }
}

fn date(milliseconds: i64, format: &str, zone: &TimeZone) -> Result<String, Error> {
    let moment = Timestamp::from_millisecond(milliseconds);
    let moment = moment.map_err(|_| {
        refusal(format!("{milliseconds} milliseconds lead to a time that no calendar has"))
    })?;
    if format.len() > LONGEST {
        return Err(refusal(format!("the format of date is longer than {LONGEST} bytes")));
    }
    let written = strtime::format(format, &moment.to_zoned(zone.clone()));
    written.map_err(|error| refusal(format!("date cannot write a time by `{format}`: {error}")))
}
