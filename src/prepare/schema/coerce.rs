//! From a text cell to the type that a schema asks for: strictly, or not at all.

use std::borrow::Cow;

use serde_json::{Number, Value};

use crate::row::FieldValue;
use crate::text::code::Code;
use crate::text::lookalike::{Lookalike, did_you_mean, seen_as};
use crate::text::pointer::Pointer;
use crate::text::violation::{Subject, Violation};

/// What a field's schema takes, as far as turning text into it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    /// A list, a mapping, or several types: text is read as JSON.
    Json,
}

impl Kind {
    /// The kind that a property's schema asks for; one that names no type takes text.
    pub(crate) fn of(schema: &Value) -> Self {
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect()
            }
            _ => return Self::Text,
        };
        match types.as_slice() {
            ["integer"] => Self::Integer,
            ["number"] => Self::Number,
            ["boolean"] => Self::Boolean,
            names if names.contains(&"string") => Self::Text,
            _ => Self::Json,
        }
    }

    /// Reads a cell's text, which is not empty. Text stays as it is, to the byte.
    pub(crate) fn read(self, text: Cow<'_, str>) -> Result<FieldValue<'_>, Violation> {
        match self {
            Self::Text => Ok(FieldValue::Text(text)),
            Self::Integer => integer(&text),
            Self::Number => number(&text),
            Self::Boolean => boolean(&text),
            Self::Json => {
                let read = serde_json::from_str::<Value>(&text);
                let message = "JSON, for the field takes more than text";
                read.map(FieldValue::from).map_err(|_| refusal(message, None))
            }
        }
    }

    /// Takes a whole number; a text field takes its digits.
    pub(crate) fn read_integer(self, number: i64) -> Result<FieldValue<'static>, Violation> {
        match self {
            Self::Integer | Self::Number | Self::Json => Ok(FieldValue::Number(number.into())),
            Self::Text => Ok(FieldValue::Text(number.to_string().into())),
            Self::Boolean => boolean(&number.to_string()),
        }
    }

    /// Passes a truth value on; a text field takes its word, as it takes a number's digits.
    pub(crate) fn read_boolean(self, value: bool) -> Result<FieldValue<'static>, Violation> {
        match self {
            Self::Boolean | Self::Json => Ok(FieldValue::Bool(value)),
            Self::Text => Ok(FieldValue::Text(value.to_string().into())),
            Self::Integer | Self::Number => Err(refusal("a number, and is true or false", None)),
        }
    }
}

fn integer(text: &str) -> Result<FieldValue<'static>, Violation> {
    let digits = text.trim();
    if let Ok(value) = digits.parse::<i64>() {
        return Ok(FieldValue::Number(value.into()));
    }
    if let Ok(value) = digits.parse::<u64>() {
        return Ok(FieldValue::Number(value.into()));
    }
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    if let Some(hint) = odd_digits(digits) {
        return Err(refusal("a whole number", Some(&hint)));
    }
    let hint = if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        "the number is too large to be carried without loss"
    } else if digits.parse::<f64>().is_ok() {
        "write it without a decimal point and without an exponent; a spreadsheet may have changed it"
    } else {
        "write digits only"
    };
    Err(refusal("a whole number", Some(hint)))
}

fn number(text: &str) -> Result<FieldValue<'static>, Violation> {
    let written = text.trim();
    let number = serde_json::from_str::<Number>(written).ok().map(FieldValue::Number);
    let comma = || written.contains(',').then(|| "write the decimals after a point".to_owned());
    number.ok_or_else(|| refusal("a number", odd_digits(written).or_else(comma).as_deref()))
}

/// A number to the eye, with letters in it that are no digits, or are not seen.
fn odd_digits(text: &str) -> Option<String> {
    let odd = Lookalike::in_name(text, "")?;
    Some(format!("what is written has {} in it: {}", odd.named(), odd.advice()))
}

fn boolean(text: &str) -> Result<FieldValue<'static>, Violation> {
    let word = text.trim();
    let is = |words: [&str; 3]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if is(["true", "1", "yes"]) {
        Ok(FieldValue::Bool(true))
    } else if is(["false", "0", "no"]) {
        Ok(FieldValue::Bool(false))
    } else {
        let words = ["true", "false", "1", "0", "yes", "no"];
        let known = "true, false, 1, 0, yes and no are understood".to_owned();
        let hint = seen_as(word, &words).map_or(known, |meant| did_you_mean(word, meant));
        Err(refusal("true or false", Some(&hint)))
    }
}

fn refusal(message: &str, hint: Option<&str>) -> Violation {
    Violation {
        pointer: Pointer::root(),
        code: Code::WrongType,
        message: message.to_owned(),
        hint: hint.map(str::to_owned),
        subject: Subject::MustBe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_read_strictly() {
        for (kind, text, value) in [
            (Kind::Text, " 007 ", Some(json!(" 007 "))),
            (Kind::Text, "12345678901234567890", Some(json!("12345678901234567890"))),
            (Kind::Integer, "7", Some(json!(7))),
            (Kind::Integer, " -7 ", Some(json!(-7))),
            (Kind::Integer, "18446744073709551615", Some(json!(18446744073709551615_u64))),
            (Kind::Integer, "18446744073709551616", None),
            (Kind::Integer, "1.0", None),
            (Kind::Integer, "1E+15", None),
            (Kind::Integer, "0x10", None),
            (Kind::Integer, "seven", None),
            (Kind::Number, "1.5", Some(json!(1.5))),
            (Kind::Number, "1,5", None),
            (Kind::Number, "NaN", None),
            (Kind::Boolean, "Yes", Some(json!(true))),
            (Kind::Boolean, "0", Some(json!(false))),
            (Kind::Boolean, "FALSE", Some(json!(false))),
            (Kind::Boolean, "on", None),
            (Kind::Boolean, "2", None),
            (Kind::Json, "[1,2]", Some(json!([1, 2]))),
            (Kind::Json, "[1,", None),
        ] {
            let read = kind.read(text.into()).ok();
            assert_eq!(read.map(|read| read.to_json()), value, "{kind:?} {text:?}");
        }
    }

    #[test]
    fn the_kind_follows_the_schema() {
        for (schema, kind) in [
            (json!({"type": "string"}), Kind::Text),
            (json!({"type": ["integer", "null"]}), Kind::Integer),
            (json!({"type": ["string", "integer"]}), Kind::Text),
            (json!({"type": "array"}), Kind::Json),
            (json!({"enum": ["a"]}), Kind::Text),
        ] {
            assert_eq!(Kind::of(&schema), kind, "{schema}");
        }
    }
}
