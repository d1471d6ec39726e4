//! Rows that are shown in full, chosen for what may go wrong with them: the first and the last, the longest and the
//! shortest, one of every kind, and those that look like markup or carry links.

use serde::Serialize;

use super::row::{Chip, PageRow};
use crate::report::words::{counted, number};

/// Kinds of rows that are told apart; a source may have a kind of its own for each row.
const MOST_KINDS: usize = 12;

/// Rows that are shown in full.
#[derive(Debug, Default)]
pub(super) struct Samples {
    first: Option<PageRow>,
    last: Option<PageRow>,
    longest: Option<PageRow>,
    shortest: Option<PageRow>,
    most_lines: Option<PageRow>,
    markup: Option<PageRow>,
    linked: Option<PageRow>,
    /// One for each operation and set of facts, without times of their own.
    kinds: Vec<PageRow>,
}

/// A row that is shown in full.
#[derive(Debug, Serialize)]
pub(super) struct Sample {
    labels: Vec<String>,
    place: String,
    key: String,
    lane: String,
    operation: String,
    chips: Vec<Chip>,
    text: String,
    more: String,
}

impl Samples {
    /// Looks at a row that would be sent.
    pub(super) fn see(&mut self, row: &PageRow) {
        let lines = |row: &PageRow| row.text.bytes().filter(|byte| *byte == b'\n').count();
        keep(&mut self.first, row, |_| false);
        keep(&mut self.longest, row, |known| row.characters > known.characters);
        keep(&mut self.shortest, row, |known| row.characters < known.characters);
        if lines(row) > 0 {
            keep(&mut self.most_lines, row, |known| lines(row) > lines(known));
        }
        if looks_like_markup(&row.text) {
            keep(&mut self.markup, row, |_| false);
        }
        if row.text.contains("://") {
            keep(&mut self.linked, row, |_| false);
        }
        let is_same =
            |known: &PageRow| known.operation == row.operation && known.chips == row.chips;
        if self.kinds.len() < MOST_KINDS && !self.kinds.iter().any(is_same) {
            self.kinds.push(row.clone());
        }
        self.last = Some(row.clone());
    }

    /// The samples, each row once with all that it stands for.
    pub(super) fn told(&self) -> Vec<Sample> {
        let chosen = [
            (&self.longest, "longest"),
            (&self.markup, "looks like markup"),
            (&self.most_lines, "most lines"),
            (&self.linked, "has a link"),
            (&self.shortest, "shortest"),
            (&self.first, "first"),
            (&self.last, "last"),
        ];
        let chosen = chosen.iter().filter_map(|(row, label)| Some((row.as_ref()?, *label)));
        let kinds = self.kinds.iter().map(|row| (row, "one of its kind"));
        let mut samples: Vec<(u64, Sample)> = Vec::new();
        for (row, label) in chosen.chain(kinds) {
            match samples.iter_mut().find(|(known, _)| *known == row.row) {
                Some((_, sample)) => sample.labels.push(label.to_owned()),
                None => samples.push((row.row, Sample::of(row, label))),
            }
        }
        samples.into_iter().map(|(_, sample)| sample).collect()
    }
}

impl Sample {
    fn of(row: &PageRow, label: &str) -> Self {
        let more = match row.is_cut {
            true => format!(
                "Cut short here: the text has {} characters.",
                number(row.characters as u64)
            ),
            false => counted(row.characters as u64, "character"),
        };
        Self {
            labels: vec![label.to_owned()],
            place: format!("row {}, line {}", row.row, row.line),
            key: row.key.clone(),
            lane: row.lane.clone(),
            operation: row.operation.clone(),
            chips: row.chips.clone(),
            text: row.text.clone(),
            more,
        }
    }
}

/// Keeps a row where none is kept yet, or where it is better than the one that is.
fn keep(kept: &mut Option<PageRow>, row: &PageRow, is_better: impl FnOnce(&PageRow) -> bool) {
    if kept.as_ref().is_none_or(is_better) {
        *kept = Some(row.clone());
    }
}

/// Whether a text has something in it that looks like a tag or an entity of HTML.
fn looks_like_markup(text: &str) -> bool {
    let is_tag = |rest: &str| {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let ends = rest[name.len()..].starts_with(['>', ' ', '/']);
        name.chars().next().is_some_and(|first| first.is_ascii_alphabetic()) && ends
    };
    let entities = ["&nbsp;", "&amp;", "&lt;", "&gt;", "&quot;", "&#"];
    text.match_indices('<').any(|(at, _)| is_tag(&text[at + 1..]))
        || entities.iter().any(|entity| text.contains(entity))
}
