//! What a field or a named value comes from: a value for all rows, a text with expressions, or a table of values.
//!
//! A table is strict: what it does not list is a mistake of the row, unless the table says what stands for the rest. Where
//! its column or expression leads is for `mapping`.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, closest};
use crate::text::document::Document;
use crate::text::lookalike::did_you_mean;
use crate::text::pointer::Pointer;
use crate::text::spelling::canonical;

use super::{MapEntry, Written};

/// The keys that a table may have.
const KEYS: [&str; 3] = ["from", "values", "default"];

/// What a field or a named value comes from.
#[derive(Debug, Clone)]
pub enum MapValue {
    /// A text with expressions, or a value for all rows.
    Given(Value),
    /// A value for each of some texts.
    Table(Box<ValueTable>),
    /// A text that is several notes where it is too long for one.
    Split(Box<SplitText>),
}

/// A text, and how long one note of it may be.
#[derive(Debug, Clone)]
pub struct SplitText {
    /// A column's name, or a text with expressions.
    pub from: Written,
    /// So many letters.
    pub at: usize,
}

/// A note has at least so many letters where texts are split, and at most so many.
const SPLIT_AT: std::ops::RangeInclusive<u64> = 100..=10_000_000;
const SPLIT_EXAMPLE: &str = "as in { from: \"{{ body }}\", split_at: 10000 }";

/// What stands for what.
#[derive(Debug, Clone)]
pub struct ValueTable {
    /// A column's name, or a text with expressions.
    pub from: Written,
    /// What is listed, by the text that it is compared by.
    pub values: Vec<(String, Value)>,
    /// What stands for all that is not listed; none where that is a mistake.
    pub default: Option<Value>,
}

/// The text by which a cell and an entry of a table are compared.
pub(crate) fn compared(text: &str) -> Cow<'_, str> {
    match canonical(text) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The entries of `map` or `let`, which stand at `root`. What is wrong with one goes to `problems`, and it is left out.
pub(super) fn entries(
    document: &Document,
    root: &str,
    map: &IndexMap<String, Value>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<MapEntry> {
    let entries = map.iter().filter_map(|(field, value)| {
        let pointer = Pointer::of([root, field]);
        let value = match as_table(value) {
            Some(split) if split.contains_key("split_at") => {
                let split = read_split(document, &pointer, (split, root), problems)?;
                MapValue::Split(Box::new(split))
            }
            Some(table) => {
                let table = read_table(document, &pointer, table, problems)?;
                MapValue::Table(Box::new(table))
            }
            None => MapValue::Given(value.clone()),
        };
        Some(MapEntry {
            field: field.clone(),
            value,
            field_place: document.place_of_key(&pointer),
            value_place: document.place_at(&pointer),
        })
    });
    let entries: Vec<MapEntry> = entries.collect();
    refuse_second_split(&entries, problems);
    entries
}

/// A mapping that is meant as a table; any other is a value.
fn as_table(value: &Value) -> Option<&Map<String, Value>> {
    let map = value.as_object()?;
    let is_meant = ["values", "from", "split_at"].into_iter().any(|key| map.contains_key(key));
    is_meant.then_some(map)
}

fn read_split(
    document: &Document,
    pointer: &Pointer,
    (split, root): (&Map<String, Value>, &str),
    problems: &mut Vec<Diagnostic>,
) -> Option<SplitText> {
    let before = problems.len();
    let mut refuse = |at: &Pointer, message: &str, hint: &str| {
        let place = document.place_at(at);
        problems.push(Diagnostic::error(Code::InvalidValue, place, message).hint(hint));
    };
    if root != "map" {
        refuse(
            pointer,
            "a value with a name cannot be split: `split_at` is for a field",
            "write it under `map`",
        );
    }
    let from = split.get("from").and_then(Value::as_str).filter(|from| !from.trim().is_empty());
    if from.is_none() {
        let message = "what is split does not say where its text comes from: `from` is a column's name or a text with an expression";
        refuse(pointer, message, SPLIT_EXAMPLE);
    }
    let at = split.get("split_at").and_then(Value::as_u64).filter(|at| SPLIT_AT.contains(at));
    if at.is_none() {
        let message = format!(
            "`split_at` is the number of letters that one note may have, from {} to {}",
            SPLIT_AT.start(),
            SPLIT_AT.end()
        );
        refuse(&pointer.join("split_at"), &message, SPLIT_EXAMPLE);
    }
    for key in split.keys().filter(|key| !["from", "split_at"].contains(&key.as_str())) {
        let message = format!("`{key}` does not go with `split_at`");
        refuse(&pointer.join(key), &message, "leave one of them out");
    }
    let (from, at) = from.zip(at).filter(|_| problems.len() == before)?;
    Some(SplitText {
        from: Written { text: from.to_owned(), place: document.place_at(&pointer.join("from")) },
        at: usize::try_from(at).unwrap_or(usize::MAX),
    })
}

/// Of several texts that are split no note could tell which part of which it is.
fn refuse_second_split(entries: &[MapEntry], problems: &mut Vec<Diagnostic>) {
    let split = entries.iter().filter(|entry| matches!(entry.value, MapValue::Split(_)));
    for entry in split.skip(1) {
        let message = "only one field of a row can be split";
        let problem = Diagnostic::error(Code::InvalidValue, entry.value_place.clone(), message);
        problems.push(problem.hint("leave `split_at` out of all but one"));
    }
}

fn read_table(
    document: &Document,
    pointer: &Pointer,
    table: &Map<String, Value>,
    problems: &mut Vec<Diagnostic>,
) -> Option<ValueTable> {
    let before = problems.len();
    let mut refuse = |at: &Pointer, message: &str, hint: &str| {
        let place = document.place_at(at);
        problems.push(Diagnostic::error(Code::InvalidValue, place, message).hint(hint));
    };
    let example = "as in { from: \"Internal\", values: { \"Yes\": true, \"No\": false } }";
    let from = match table.get("from") {
        Some(Value::String(from)) if !from.trim().is_empty() => Some(from.clone()),
        Some(_) => {
            refuse(
                &pointer.join("from"),
                "`from` is a column's name or a text with an expression",
                example,
            );
            None
        }
        None => {
            refuse(
                pointer,
                "a table of values does not say what it is compared with: `from` is missing",
                example,
            );
            None
        }
    };
    let values = match table.get("values") {
        Some(Value::Object(values)) if !values.is_empty() => values.clone(),
        Some(_) => {
            refuse(
                &pointer.join("values"),
                "`values` says which value stands for which text",
                example,
            );
            Map::new()
        }
        None => {
            refuse(pointer, "a table of values lists no `values`", example);
            Map::new()
        }
    };
    let holds_expression = |value: &Value| value.as_str().is_some_and(|text| text.contains("{{"));
    for (text, value) in &values {
        if holds_expression(value) {
            let message = "a value of a table is the same for all rows, and is no expression";
            let hint = "give it a name under `let`, or choose with {{ a if b else c }}";
            refuse(&pointer.join("values").join(text), message, hint);
        }
    }
    if table.get("default").is_some_and(holds_expression) {
        let message = "the default of a table is the same for all rows, and is no expression";
        refuse(&pointer.join("default"), message, "choose with {{ a if b else c }} instead");
    }
    for key in table.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        let place = document.place_of_key(&pointer.join(key));
        let message = format!("`{key}` is not known in a table of values");
        let problem = Diagnostic::error(Code::UnknownKey, place, message);
        problems.push(match closest(key, &KEYS) {
            Some(near) => problem.hint(did_you_mean(key, near)),
            None => problem.hint("known here: from, values, default"),
        });
    }
    let listed = listed(document, &pointer.join("values"), &values, problems);
    let from = from.filter(|_| problems.len() == before)?;
    Some(ValueTable {
        from: Written { text: from, place: document.place_at(&pointer.join("from")) },
        values: listed,
        default: table.get("default").cloned(),
    })
}

/// What is listed, each text once: two that are compared as one and stand for different values are a mistake.
fn listed(
    document: &Document,
    pointer: &Pointer,
    values: &Map<String, Value>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(String, Value)> {
    let mut listed: Vec<(String, Value)> = Vec::with_capacity(values.len());
    for (text, value) in values {
        let compared = compared(text).into_owned();
        match listed.iter().find(|(known, _)| *known == compared) {
            Some((_, known)) if known == value => {}
            Some(_) => {
                let place = document.place_of_key(&pointer.join(text));
                let message = format!("`{compared}` is listed twice, with different values");
                let problem = Diagnostic::error(Code::InvalidValue, place, message);
                problems
                    .push(problem.hint("blanks at the ends do not count: leave one of them out"));
            }
            None => listed.push((compared, value.clone())),
        }
    }
    listed
}

/// A text with what the named values in it mean, as far as they are written; none where it names none.
pub(super) fn with_meanings(text: &str, named: &IndexMap<String, Value>) -> Option<String> {
    let mut meanings: Vec<String> = Vec::new();
    let mut all = text.to_owned();
    // Each sees those above it, so whoever begins below has all that are asked for.
    for (name, value) in named.iter().rev().filter(|(name, _)| !name.is_empty()) {
        if names_word(&all, name) {
            let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            all.push_str(&format!(" {written}"));
            meanings.push(format!("{name}: {written}"));
        }
    }
    meanings.reverse();
    (!meanings.is_empty()).then(|| format!("{text} with {}", meanings.join(", ")))
}

/// Whether a name stands in a text as a word of its own.
fn names_word(text: &str, name: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(|letter| !is_word(letter)).any(|word| word == name)
}

/// Whether a text of the job holds an expression, and is no column's name.
pub(crate) fn has_expression(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_its_names_mean() {
        let named: IndexMap<String, Value> = serde_json::from_value(serde_json::json!({
            "plain": "{{ id | trim }}",
            "whole": "{{ plain }}-{{ kind }}",
            "kind": { "from": "Kind", "values": { "a": 1 } },
            "other": "{{ plain }}",
        }))
        .unwrap();
        for (key, expected) in [
            ("{{ id }}", None),
            ("{{ plain_id }}", None),
            ("{{ plain }}", Some("{{ plain }} with plain: {{ id | trim }}")),
            (
                "{{ whole }}",
                Some("{{ whole }} with plain: {{ id | trim }}, whole: {{ plain }}-{{ kind }}"),
            ),
            (
                "{{ row['kind'] }}",
                Some(r#"{{ row['kind'] }} with kind: {"from":"Kind","values":{"a":1}}"#),
            ),
        ] {
            assert_eq!(with_meanings(key, &named).as_deref(), expected, "{key}");
        }
    }
}
