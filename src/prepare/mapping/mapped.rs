//! A mapped value in its other forms: on its own, as a text, as the language and the shortcuts see it.

use std::borrow::Cow;

use minijinja::Value;
use minijinja::value::Serde;

use super::Mapped;
use super::expression::number_value;
use super::shortcut::{LONGEST_TEXT, Scalar};

impl Mapped<'_> {
    /// A copy that needs nothing else.
    pub(super) fn owned(&self) -> Mapped<'static> {
        self.borrowed().into_owned()
    }

    /// The same, on its own.
    pub(crate) fn into_owned(self) -> Mapped<'static> {
        match self {
            Self::Absent => Mapped::Absent,
            Self::Bool(value) => Mapped::Bool(value),
            Self::Number(text) => Mapped::Number(Cow::Owned(text.into_owned())),
            Self::Integer(number) => Mapped::Integer(number),
            Self::Text(text) => Mapped::Text(Cow::Owned(text.into_owned())),
            Self::Json(value) => Mapped::Json(value),
        }
    }

    /// The value as a text shows it; empty where there is none.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Absent => Cow::Borrowed(""),
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Number(text) | Self::Text(text) => Cow::Borrowed(text),
            Self::Json(value) => Cow::Owned(value.to_string()),
        }
    }

    /// As the language sees it.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Absent => Value::from(()),
            Self::Bool(value) => Value::from(*value),
            Self::Number(text) => number_value(text),
            Self::Integer(number) => Value::from(*number),
            Self::Text(text) => Value::from(&**text),
            Self::Json(value) => Value::from(Serde(value)),
        }
    }

    /// As a shortcut sees it; none where only the language knows.
    pub(super) fn to_scalar(&self) -> Option<Scalar<'static>> {
        match self {
            Self::Absent => Some(Scalar::Nothing),
            Self::Bool(value) => Some(Scalar::Bool(*value)),
            Self::Number(text) => text.parse().ok().map(Scalar::Integer),
            Self::Integer(number) => Some(Scalar::Integer(*number)),
            Self::Text(text) if text.len() <= LONGEST_TEXT => {
                Some(Scalar::Text(Cow::Owned(text.clone().into_owned())))
            }
            Self::Text(_) | Self::Json(_) => None,
        }
    }
}
