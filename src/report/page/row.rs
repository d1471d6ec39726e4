//! One row as a page shows it.

use std::sync::Arc;

use serde::Serialize;

use super::super::plan::{Group, reason};
use super::super::words::one_line;
use super::mask::Mask;
use super::says;
use crate::declared::connector::Operation;
use crate::plan::{Look, Step};
use crate::row::{Field, FieldValue, Fields};
use crate::text::visible::shown;

/// A text of a page is no longer than this many bytes; a longer one is cut, which is said.
const LONGEST: usize = 4_000;

/// One row as a page shows it.
#[derive(Debug, Clone)]
pub(super) struct PageRow {
    pub group: Group,
    pub row: u64,
    pub line: u64,
    pub key: String,
    pub lane: String,
    pub operation: String,
    pub chips: Vec<Chip>,
    pub text: String,
    /// What is seen of the whole text, before it is cut.
    pub look: Look,
    pub is_cut: bool,
}

/// A fact about a row, in a word or two.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub(super) struct Chip {
    /// How it looks: `yes`, `no`, `time`, `state`.
    pub kind: &'static str,
    pub words: String,
}

/// How rows are read for a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub mask: Option<Mask>,
}

impl Reading {
    pub(super) fn row(self, step: &Step) -> PageRow {
        let hidden = |text: &str| match self.mask {
            Some(mask) => mask.of(text),
            None => shown(text).into_owned(),
        };
        let group = Group::of(step.fate);
        let (mut chips, mut text) = (Vec::new(), String::new());
        if let (Some(ready), Some(operation)) = (&step.ready, &step.operation) {
            chips = chips_of(operation, &ready.fields);
            text = text_of(operation, &ready.fields);
        }
        let why = match group {
            Group::Send if reason(step).is_none() => None,
            _ => reason(step),
        };
        let whole = std::mem::take(&mut text);
        let (cut, is_cut) = cut(&whole, LONGEST);
        text = safe_lines(cut, &hidden);
        if let Some(why) = why {
            // A message may repeat what stands in a cell.
            let why = if self.mask.is_some() { group.word().to_owned() } else { one_line(&why) };
            chips.push(Chip { kind: "state", words: short(&why) });
        }
        if text.is_empty() && group == Group::Reject {
            text = "This row is invalid and would not be sent.".to_owned();
        }
        let lane = match (&step.ready, &step.known) {
            (Some(ready), _) => one_line(&ready.lane),
            (None, Some(known)) => one_line(&known.lane),
            (None, None) => String::new(),
        };
        PageRow {
            group,
            row: step.place.row,
            line: step.place.line,
            key: hidden(&one_line(&step.key)),
            lane,
            operation: step.operation.as_ref().map_or(String::new(), |one| one_line(&one.name)),
            look: Look::of((step.operation.as_ref().map(|one| &one.name), &chips), &whole),
            chips,
            text,
            is_cut,
        }
    }
}

/// What unseen characters there are is shown, line by line: line breaks stay.
fn safe_lines(text: &str, hidden: &dyn Fn(&str) -> String) -> String {
    let lines: Vec<String> = text.lines().map(hidden).collect();
    lines.join("\n")
}

/// The beginning of a text of at most so many bytes, and whether that is not all of it.
pub(super) fn cut(text: &str, bytes: usize) -> (&str, bool) {
    match text.len() > bytes {
        true => (&text[..text.floor_char_boundary(bytes)], true),
        false => (text, false),
    }
}

fn short(text: &str) -> String {
    let (short, is_cut) = cut(text, 160);
    if is_cut { format!("{short}…") } else { short.to_owned() }
}

/// The text that people read: the one that a marker would be written into, or else the first that is no part of an address.
fn body_field(operation: &Operation) -> Option<Field> {
    let fields = &operation.fields;
    operation.marked_field().or_else(|| {
        let texts = fields.properties().filter(|(_, name, _)| fields.is_text(name));
        let mut free = texts.map(|(field, _, _)| field);
        free.find(|field| !operation.outside_body.contains(field))
    })
}

fn text_of(operation: &Operation, fields: &Fields<'_>) -> String {
    let text = body_field(operation).and_then(|field| fields.get(field));
    text.map(plain).unwrap_or_default()
}

fn plain(value: &FieldValue<'_>) -> String {
    value.as_str().map_or_else(|| value.to_json().to_string(), str::to_owned)
}

fn chips_of(operation: &Arc<Operation>, fields: &Fields<'_>) -> Vec<Chip> {
    let set = &operation.fields;
    let flags = set.flags().filter_map(|field| {
        let name = set.name(field);
        let said = match fields.get(field) {
            Some(FieldValue::Bool(value)) => *value,
            _ => set.default_of(name)?.as_bool()?,
        };
        let words = set.counted_as(name, said).map(one_line);
        let words = words.unwrap_or_else(|| format!("{name}: {said}"));
        Some(Chip { kind: if said { "yes" } else { "no" }, words })
    });
    let times = operation.times().filter(|rule| rule.when.holds(fields));
    let times = times.filter(|rule| fields.has(rule.field)).map(|rule| {
        let words = says::field_words(set.name(rule.field));
        Chip { kind: "time", words }
    });
    flags.chain(times).collect()
}
