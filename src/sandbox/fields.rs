//! A JSON body, taken field by field and strictly: each of its type, none left over.
//!
//! Not a schema: what the fields of a note mean is said in `notes`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use super::answer::Refusal;

/// Why a body has no fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BodyError {
    NotJson,
    NotAnObject,
}

/// The fields of an object that have not been taken yet.
#[derive(Debug)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, Value)>);

impl<'a> Fields<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, BodyError> {
        serde_json::from_slice(body).map_err(|error| match error.classify() {
            Category::Data => BodyError::NotAnObject,
            Category::Syntax | Category::Eof | Category::Io => BodyError::NotJson,
        })
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(field, _)| field == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// A text that must be there and not be empty.
    pub(super) fn required_text(&mut self, name: &str) -> Result<String, Refusal> {
        match self.take(name) {
            Some(Value::String(text)) if text.is_empty() => {
                Err(Refusal::field(name, "must not be empty"))
            }
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Refusal::field(name, "must be a text")),
            None => Err(Refusal::field(name, "is required")),
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(Refusal::field(name, "must be true or false")),
        }
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match value.as_i64() {
            Some(number) => Ok(Some(number)),
            None => Err(Refusal::field(name, "must be a whole number")),
        }
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Refusal::field(name, "is unknown or given twice")),
        }
    }
}

/// A key that is copied only if it holds escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some((Key(name), value)) = map.next_entry::<Key<'de>, Value>()? {
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_have_fields() {
        for (body, expected) in [
            ("", BodyError::NotJson),
            ("{", BodyError::NotJson),
            ("{} {}", BodyError::NotJson),
            (r#"{"a":1,}"#, BodyError::NotJson),
            ("note=1", BodyError::NotJson),
            ("[]", BodyError::NotAnObject),
            ("null", BodyError::NotAnObject),
            ("\"a\"", BodyError::NotAnObject),
        ] {
            assert_eq!(Fields::parse(body.as_bytes()).unwrap_err(), expected, "{body}");
        }
        assert_eq!(Fields::parse(b"{\"a\":\"\xff\"}").unwrap_err(), BodyError::NotJson);
    }

    #[test]
    fn fields_are_taken_by_name_and_none_may_be_left() {
        let body = br#"{"n\u006fte":"a","flag":true,"number":-3}"#;
        let mut fields = Fields::parse(body).unwrap();
        assert_eq!(fields.required_text("note").as_deref(), Ok("a"));
        assert_eq!(fields.number("number"), Ok(Some(-3)));
        assert_eq!(fields.number("other"), Ok(None));
        let left = fields.finish().unwrap_err();
        assert_eq!((left.r, &*left.message), (2, "flag is unknown or given twice"));
    }
}
