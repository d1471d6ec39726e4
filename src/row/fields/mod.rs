//! The values of a row's fields, flat: a field is known by its number, so that nothing is hashed and no name is copied.
//!
//! Which fields there are, and what they are called, is for the connector; whether the values fit is for `schema`,
//! which looks at them through [`RowJson`].

mod instance;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::{Number, Value};

use crate::text::spelling::{Spelling, has_one_spelling, is_canonical};

pub(crate) use instance::{Instance, RowJson};

/// A field of an operation, by its place in the declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(u16);

/// The value of a field. Text may still stand where it was read from.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue<'r> {
    Text(Cow<'r, str>),
    Number(Number),
    Bool(bool),
    /// A list, a mapping, or null.
    Json(Box<Value>),
}

/// The values of a row's fields, in the order of the declaration; absent fields are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields<'r> {
    values: Vec<(Field, FieldValue<'r>)>,
}

impl Field {
    /// The field at a place in the declaration, counting from 0. No operation has more than 65,536.
    pub fn at(place: usize) -> Option<Self> {
        u16::try_from(place).ok().map(Self)
    }

    /// The place in the declaration, counting from 0.
    pub fn place(self) -> usize {
        usize::from(self.0)
    }
}

impl<'r> Fields<'r> {
    /// No values yet, and room for some.
    pub fn with_capacity(count: usize) -> Self {
        Self { values: Vec::with_capacity(count) }
    }

    pub fn get(&self, field: Field) -> Option<&FieldValue<'r>> {
        self.values.iter().find(|(known, _)| *known == field).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, field: Field) -> Option<&mut FieldValue<'r>> {
        self.values.iter_mut().find(|(known, _)| *known == field).map(|(_, value)| value)
    }

    pub fn has(&self, field: Field) -> bool {
        self.get(field).is_some()
    }

    /// Sets a value. Cheapest in the order of the declaration.
    pub fn set(&mut self, field: Field, value: FieldValue<'r>) {
        if self.values.last().is_none_or(|(last, _)| *last < field) {
            self.values.push((field, value));
            return;
        }
        match self.values.binary_search_by_key(&field, |(known, _)| *known) {
            Ok(at) => self.values[at].1 = value,
            Err(at) => self.values.insert(at, (field, value)),
        }
    }

    /// Takes a value out, if it is there.
    pub(crate) fn remove(&mut self, field: Field) {
        self.values.retain(|(known, _)| *known != field);
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Field, &FieldValue<'r>)> {
        self.values.iter().map(|(field, value)| (*field, value))
    }

    /// The same values with all texts written so.
    pub(crate) fn spelt(&self, spelling: Spelling) -> Fields<'_> {
        let values = self.values.iter();
        Fields { values: values.map(|(field, value)| (*field, value.spelt(spelling))).collect() }
    }

    /// Whether all texts are written as they are compared.
    pub(crate) fn are_canonical(&self) -> bool {
        self.values.iter().all(|(_, value)| value.all_texts(is_canonical))
    }

    /// Whether there is but one way to write the texts.
    pub(crate) fn have_one_spelling(&self) -> bool {
        self.values.iter().all(|(_, value)| value.all_texts(has_one_spelling))
    }

    /// The same values without anything borrowed.
    pub fn into_owned(self) -> Fields<'static> {
        let values = self.values.into_iter();
        Fields { values: values.map(|(field, value)| (field, value.into_owned())).collect() }
    }
}

impl FieldValue<'_> {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Bool(_) | Self::Json(_) => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            Self::Text(_) | Self::Bool(_) | Self::Json(_) => None,
        }
    }

    /// Whether there is a value at all, and not null.
    pub fn is_something(&self) -> bool {
        !matches!(self, Self::Json(value) if value.is_null())
    }

    /// Whether it is exactly this JSON value.
    pub fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(own), Value::String(other)) => own == other,
            (Self::Number(own), Value::Number(other)) => own == other,
            (Self::Bool(own), Value::Bool(other)) => own == other,
            (Self::Json(own), other) => **own == *other,
            _ => false,
        }
    }

    fn spelt(&self, spelling: Spelling) -> FieldValue<'_> {
        match self {
            Self::Text(text) => FieldValue::Text(spelling.of(text)),
            Self::Number(number) => FieldValue::Number(number.clone()),
            Self::Bool(value) => FieldValue::Bool(*value),
            Self::Json(value) => FieldValue::Json(Box::new(spelt_json(value, spelling))),
        }
    }

    fn all_texts(&self, holds: fn(&str) -> bool) -> bool {
        match self {
            Self::Text(text) => holds(text),
            Self::Number(_) | Self::Bool(_) => true,
            Self::Json(value) => all_texts_of_json(value, holds),
        }
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone().into_owned()),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Bool(value) => Value::Bool(*value),
            Self::Json(value) => Value::clone(value),
        }
    }

    pub fn into_owned(self) -> FieldValue<'static> {
        match self {
            Self::Text(text) => FieldValue::Text(Cow::Owned(text.into_owned())),
            Self::Number(number) => FieldValue::Number(number),
            Self::Bool(value) => FieldValue::Bool(value),
            Self::Json(value) => FieldValue::Json(value),
        }
    }
}

fn spelt_json(value: &Value, spelling: Spelling) -> Value {
    match value {
        Value::String(text) => Value::String(spelling.of(text).into_owned()),
        Value::Array(values) => values.iter().map(|value| spelt_json(value, spelling)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, value)| (spelling.of(name).into_owned(), spelt_json(value, spelling)))
                .collect()
        }
        other => other.clone(),
    }
}

fn all_texts_of_json(value: &Value, holds: fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => holds(text),
        Value::Array(values) => values.iter().all(|value| all_texts_of_json(value, holds)),
        Value::Object(members) => {
            members.iter().all(|(name, value)| holds(name) && all_texts_of_json(value, holds))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

impl From<Value> for FieldValue<'static> {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(Cow::Owned(text)),
            Value::Number(number) => Self::Number(number),
            Value::Bool(value) => Self::Bool(value),
            other => Self::Json(Box::new(other)),
        }
    }
}
