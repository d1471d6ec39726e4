//! A YAML text as the parser brings it: with what bounds it is read, and where each value stands.
//!
//! Not for what the values mean, nor for what is wrong with a text.

use std::fmt;
use std::ops::Range;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_yaml::Spanned;

use super::node::{Content, Key, Node};

/// So many bytes more than a file has may stand in all of its texts: aliases repeat them.
const REPEATED_BYTES: usize = 16 << 20;

/// YAML 1.2's plain meaning: `yes`, `0123` and `1_000` are text. Enough room for a job with 100,000 rows in it. `length` is
/// that of the file.
pub(super) fn yaml_options(length: usize) -> serde_yaml::Options {
    serde_yaml::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        budget: serde_yaml::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
            max_total_scalar_bytes: length.saturating_add(REPEATED_BYTES),
        },
        // A few lines of aliases of aliases stand for any number of values.
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 100_000 },
    }
}

/// What the deserializer brings, before spans are sorted out.
pub(super) enum Raw {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

pub(super) fn node(raw: Spanned<Raw>, text: &str) -> Node {
    let span = span_of(&raw.referenced, text);
    let content = match raw.value {
        Raw::Null => Content::Null,
        Raw::Bool(value) => Content::Bool(value),
        Raw::Number(number) => Content::Number(written_number(number, &span, text)),
        Raw::Text(value) => Content::Text(value.into()),
        Raw::List(items) => Content::List(items.into_iter().map(|item| node(item, text)).collect()),
        Raw::Map(entries) => Content::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let span = span_of(&key.referenced, text);
                    (Key { name: key.value.into(), span }, node(value, text))
                })
                .collect(),
        ),
    };
    Node { span, content }
}

/// A number as the user wrote it: a field that takes text gets `0x1F` and `1e5` so. An alias stands elsewhere than
/// where its value was written, so it counts as it was understood.
fn written_number(understood: String, span: &Range<usize>, text: &str) -> Box<str> {
    let begins = |written: &&str| {
        written.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
    };
    let written = text.get(span.clone()).map(str::trim).filter(begins);
    match written {
        Some(written) if !written.contains(char::is_whitespace) => written.into(),
        _ => understood.into(),
    }
}

fn span_of(location: &serde_yaml::Location, text: &str) -> Range<usize> {
    let span = location.span();
    match (span.byte_offset(), span.byte_len()) {
        (Some(start), Some(length)) => {
            let start = usize::try_from(start).unwrap_or(0).min(text.len());
            let end = start.saturating_add(usize::try_from(length).unwrap_or(0)).min(text.len());
            start..end
        }
        _ => {
            let start = offset_of(text, location.line(), location.column());
            start..start
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

/// Where a line and a column are, in bytes.
pub(super) fn offset_of(text: &str, line: u64, column: u64) -> usize {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(usize::try_from(line).unwrap_or(1).saturating_sub(1))
        .map(str::len)
        .sum();
    let rest = &text[line_start.min(text.len())..];
    let columns = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    line_start + rest.char_indices().nth(columns).map_or(rest.len(), |(at, _)| at)
}
