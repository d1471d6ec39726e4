//! `epoch_ms`: a written time as unix milliseconds.

use std::sync::Arc;

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};

use super::super::shortcut::Scalar;
use super::super::time::{self, TimeError};
use super::Setting;

/// Adds the filter to the language.
pub(super) fn add(environment: &mut Environment<'static>, setting: &Arc<Setting>) {
    let setting = Arc::clone(setting);
    environment.add_filter("epoch_ms", move |value: Value, format: Option<Value>| {
        let format = format.filter(|format| !format.is_none() && !format.is_undefined());
        let text = format.as_ref().map(|format| {
            let not_text =
                || Error::new(ErrorKind::InvalidOperation, "the format of epoch_ms is a text");
            format.as_str().ok_or_else(not_text)
        });
        epoch_ms(&value, text.transpose()?, &setting)
    });
}

/// The same for a text that is a time.
pub(super) fn short<'a>(
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

fn epoch_ms(value: &Value, format: Option<&str>, setting: &Setting) -> Result<Value, Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(Value::from(()));
    }
    let digits = (value.kind() == ValueKind::Number && format.is_some()).then(|| value.to_string());
    let Some(text) = value.as_str().or(digits.as_deref()) else {
        let kind = if value.kind() == ValueKind::Number { "a number" } else { "no text" };
        return Err(refusal(TimeError::NotWritten { kind }));
    };
    if text.trim().is_empty() {
        return Ok(Value::from(()));
    }
    let read = time::epoch_milliseconds(text, format, setting.zone.as_ref());
    read.map(Value::from).map_err(refusal)
}

/// Carries the error through the evaluation of the expression around the filter.
fn refusal(error: TimeError) -> Error {
    Error::new(ErrorKind::InvalidOperation, error.to_string()).with_source(error)
}

/// The error of the filter, where an evaluation failed because of it.
pub(in super::super) fn time_error(error: &Error) -> Option<&TimeError> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
        .find_map(|error| error.downcast_ref::<TimeError>())
}
