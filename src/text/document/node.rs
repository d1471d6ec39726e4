//! The values of a YAML file, each with the bytes that it was written in.
//!
//! Not for reading the text, which is in `raw`.

use std::ops::Range;

use serde_json::{Map, Number, Value};

/// The most keys that a mapping may have.
pub(super) const MOST_KEYS: usize = 5_000;

/// A value and the bytes it was written in.
#[derive(Debug, Clone)]
pub struct Node {
    pub span: Range<usize>,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    Null,
    Bool(bool),
    /// As written, so that a 20-digit id loses nothing.
    Number(Box<str>),
    Text(Box<str>),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping and the bytes it was written in.
#[derive(Debug, Clone)]
pub struct Key {
    pub name: Box<str>,
    pub span: Range<usize>,
}

impl Node {
    /// Where a mapping stands that has more keys than there may be.
    pub(super) fn oversized_mapping(&self) -> Option<Range<usize>> {
        match &self.content {
            Content::Map(entries) if entries.len() > MOST_KEYS => Some(self.span.clone()),
            Content::Map(entries) => {
                entries.iter().find_map(|(_, value)| value.oversized_mapping())
            }
            Content::List(items) => items.iter().find_map(Self::oversized_mapping),
            _ => None,
        }
    }

    /// The value of a key, where this is a mapping.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.child(name).map(|found| found.1)
    }

    pub(super) fn child(&self, token: &str) -> Option<(Option<&Key>, &Node)> {
        match &self.content {
            Content::Map(entries) => entries
                .iter()
                .find(|(key, _)| *key.name == *token)
                .map(|(key, node)| (Some(key), node)),
            Content::List(items) => {
                token.parse::<usize>().ok().and_then(|at| items.get(at)).map(|node| (None, node))
            }
            _ => None,
        }
    }

    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self.content, Content::List(_) | Content::Map(_))
    }

    /// The value as JSON. A number that JSON's numbers cannot hold without loss becomes text.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(text) => json_number(text),
            Content::Text(text) => Value::String(text.to_string()),
            Content::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Content::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| (key.name.to_string(), node.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

fn json_number(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return Value::Number(number.into());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Value::String(text.to_owned());
    }
    match text.parse::<f64>().ok().and_then(Number::from_f64) {
        Some(number) => Value::Number(number),
        None => Value::String(text.to_owned()),
    }
}
