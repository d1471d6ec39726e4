//! A row's fields as the validator of a JSON Schema looks at them, without making JSON of them.

use std::borrow::Cow;
use std::slice;
use std::sync::Arc;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object, cmp};
use serde_json::map;
use serde_json::{Map, Number, Value};

use super::{Field, FieldValue, Fields};

/// How validators read rows.
pub struct RowJson;

/// A row, or something in it.
#[derive(Debug, Clone, Copy)]
pub enum Instance<'a> {
    /// The fields of a row, and the names of all that its operation has.
    Row {
        names: &'a [Arc<str>],
        fields: &'a Fields<'a>,
    },
    Value(&'a FieldValue<'a>),
    /// What is within a list or a mapping.
    Json(&'a Value),
    /// The name of a field.
    Name(&'a str),
}

impl Json for RowJson {
    type Node<'a> = Instance<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Instance<'_>) -> T) -> T {
        f(Instance::Name(string))
    }
}

impl<'a> Instance<'a> {
    /// What is within a list, a mapping or null, where that is what this is.
    fn json(&self) -> Option<&'a Value> {
        match self {
            Self::Json(value) => Some(value),
            Self::Value(FieldValue::Json(value)) => Some(value),
            Self::Row { .. } | Self::Value(_) | Self::Name(_) => None,
        }
    }
}

impl<'a> Node<'a, RowJson> for Instance<'a> {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Members<'a>> {
        match self {
            Self::Row { names, fields } => Some(Members::Row { names, fields }),
            other => other.json()?.as_object().map(Members::Json),
        }
    }

    fn as_array(&self) -> Option<Items<'a>> {
        self.json()?.as_array().map(|items| Items(items))
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Value(FieldValue::Text(text)) => Some(Cow::Borrowed(text)),
            Self::Name(name) => Some(Cow::Borrowed(name)),
            other => other.json()?.as_str().map(Cow::Borrowed),
        }
    }

    fn as_number(&self) -> Option<&'a Number> {
        match self {
            Self::Value(FieldValue::Number(number)) => Some(number),
            other => match other.json()? {
                Value::Number(number) => Some(number),
                _ => None,
            },
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Value(FieldValue::Bool(value)) => Some(*value),
            other => other.json()?.as_bool(),
        }
    }

    fn is_null(&self) -> bool {
        self.json().is_some_and(Value::is_null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Self::Row { .. } => JsonType::Object,
            Self::Name(_) | Self::Value(FieldValue::Text(_)) => JsonType::String,
            Self::Value(FieldValue::Number(_)) => JsonType::Number,
            Self::Value(FieldValue::Bool(_)) => JsonType::Boolean,
            Self::Value(FieldValue::Json(value)) => type_of(value),
            Self::Json(value) => type_of(value),
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self, expected) {
            (Self::Value(FieldValue::Text(text)), expected) => *expected == **text,
            (Self::Value(FieldValue::Bool(value)), expected) => *expected == *value,
            (Self::Value(FieldValue::Number(number)), Value::Number(_)) => {
                cmp::equal(&Value::Number((*number).clone()), expected)
            }
            (Self::Value(FieldValue::Number(_)), _) => false,
            _ => cmp::equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        match self {
            Self::Row { names, fields } => {
                let members = fields
                    .iter()
                    .map(|(field, value)| (name_of(names, field).to_owned(), value.to_json()));
                Cow::Owned(Value::Object(members.collect()))
            }
            Self::Value(FieldValue::Json(value)) => Cow::Borrowed(value),
            Self::Value(value) => Cow::Owned(value.to_json()),
            Self::Json(value) => Cow::Borrowed(value),
            Self::Name(name) => Cow::Owned(Value::String((*name).to_owned())),
        }
    }

    fn identity(&self) -> Option<NodeIdentity> {
        let address = match self {
            Self::Row { fields, .. } => std::ptr::from_ref(*fields).addr(),
            Self::Value(FieldValue::Json(value)) => std::ptr::from_ref::<Value>(value).addr(),
            Self::Value(value) => std::ptr::from_ref(*value).addr(),
            Self::Json(value) => std::ptr::from_ref(*value).addr(),
            Self::Name(_) => return None,
        };
        Some(NodeIdentity::new(address))
    }
}

fn type_of(value: &Value) -> JsonType {
    match value {
        Value::Null => JsonType::Null,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(_) => JsonType::Number,
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    }
}

fn name_of(names: &[Arc<str>], field: Field) -> &str {
    names.get(field.place()).map_or("", AsRef::as_ref)
}

/// What a row or a mapping consists of.
pub enum Members<'a> {
    Row { names: &'a [Arc<str>], fields: &'a Fields<'a> },
    Json(&'a Map<String, Value>),
}

/// Goes through the members of a row or a mapping.
pub enum MembersIter<'a> {
    Row { names: &'a [Arc<str>], values: slice::Iter<'a, (Field, FieldValue<'a>)> },
    Json(map::Iter<'a>),
}

impl<'a> Object<'a, RowJson> for Members<'a> {
    type Node = Instance<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        match self {
            Self::Row { fields, .. } => fields.values.len(),
            Self::Json(members) => members.len(),
        }
    }

    fn get(&self, key: &Box<str>) -> Option<Instance<'a>> {
        match self {
            Self::Row { names, fields } => {
                let mut values = fields.values.iter();
                let found = values.find(|(field, _)| *name_of(names, *field) == **key);
                found.map(|(_, value)| Instance::Value(value))
            }
            Self::Json(members) => Map::get(members, &**key).map(Instance::Json),
        }
    }

    fn members(&self) -> MembersIter<'a> {
        match self {
            Self::Row { names, fields } => MembersIter::Row { names, values: fields.values.iter() },
            Self::Json(members) => MembersIter::Json(members.iter()),
        }
    }
}

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, Instance<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Row { names, values } => {
                let (field, value) = values.next()?;
                Some((name_of(names, *field), Instance::Value(value)))
            }
            Self::Json(members) => {
                members.next().map(|(name, value)| (name.as_str(), Instance::Json(value)))
            }
        }
    }
}

/// What a list consists of.
pub struct Items<'a>(&'a [Value]);

impl<'a> Array<'a, RowJson> for Items<'a> {
    type Node = Instance<'a>;
    type ElementsIter = std::iter::Map<slice::Iter<'a, Value>, fn(&'a Value) -> Instance<'a>>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Self::ElementsIter {
        self.0.iter().map(Instance::Json)
    }

    fn is_unique(&self) -> bool {
        jsonschema::json::unique::is_unique(self.0)
    }
}
