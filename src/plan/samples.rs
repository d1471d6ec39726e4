//! Which of the rows that would be sent are worth a look: the longest, those that look like markup, those of many lines.
//!
//! A few numbers are kept, whatever the source holds. How such a row is shown is for `report`.

use std::collections::BTreeMap;

use crate::prepare::Draft;
use crate::row::FieldValue;

use super::fates::Fates;

/// So many of the rows that are shown are chosen for what may go wrong with them, where that leaves room for the first.
const MOST_CHOSEN: usize = 4;

/// What is seen of a row's texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looks {
    letters: usize,
    lines: usize,
    is_like_markup: bool,
    has_odd_signs: bool,
}

impl Looks {
    /// None of a row of which no request can be made.
    pub(super) fn of(draft: &Draft<'_>) -> Option<Self> {
        let texts = draft.fields()?.iter().filter_map(|(_, value)| match value {
            FieldValue::Text(text) => Some(&**text),
            _ => None,
        });
        let longest = texts.max_by_key(|text| text.len())?;
        Some(Self {
            letters: longest.chars().count(),
            lines: longest.bytes().filter(|byte| *byte == b'\n').count(),
            is_like_markup: is_like_markup(longest),
            has_odd_signs: longest.chars().any(|letter| {
                letter == '\u{fffd}' || (letter.is_control() && !letter.is_whitespace())
            }),
        })
    }
}

/// Whether something in a text looks like a tag or an entity of HTML.
fn is_like_markup(text: &str) -> bool {
    let is_tag = |(at, _): (usize, &str)| {
        let rest = text[at + 1..].trim_start_matches('/');
        rest.starts_with(|letter: char| letter.is_ascii_alphabetic()) && rest.contains('>')
    };
    text.match_indices('<').any(is_tag)
        || ["&nbsp;", "&lt;", "&amp;"].iter().any(|one| text.contains(one))
}

/// The rows that are worth a look, by their numbers in the reading.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples {
    longest: Option<(usize, u64)>,
    most_lines: Option<(usize, u64)>,
    markup: Option<u64>,
    odd: Option<u64>,
}

impl Samples {
    /// Looks at a row that would be sent.
    pub(super) fn see(&mut self, row: u64, looks: Looks) {
        if self.longest.is_none_or(|(letters, _)| looks.letters > letters) {
            self.longest = Some((looks.letters, row));
        }
        if looks.lines > self.most_lines.map_or(0, |(lines, _)| lines) {
            self.most_lines = Some((looks.lines, row));
        }
        if looks.is_like_markup {
            self.markup.get_or_insert(row);
        }
        if looks.has_odd_signs {
            self.odd.get_or_insert(row);
        }
    }

    /// So many rows to show, each with why it was chosen; the first rows fill up what is left.
    pub(crate) fn chosen(&self, fates: &Fates, most: u64) -> BTreeMap<u64, Option<&'static str>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let first = fates.first_sent(most);
        let chosen = [
            (self.odd, "signs that cannot be seen"),
            (self.markup, "looks like markup"),
            (self.longest.map(|(_, row)| row), "the longest text"),
            (self.most_lines.map(|(_, row)| row), "the most lines"),
        ];
        let mut rows: BTreeMap<u64, Option<&'static str>> = BTreeMap::new();
        // Where all are shown nobody has to choose.
        let is_all = first.len() < most || fates.tally().to_send() <= first.len() as u64;
        let room = if is_all { 0 } else { MOST_CHOSEN.min(most.saturating_sub(1)) };
        for (row, why) in chosen {
            if let Some(row) = row
                && rows.len() < room
                && !rows.contains_key(&row)
            {
                rows.insert(row, Some(why));
            }
        }
        for row in first {
            if rows.len() < most {
                rows.entry(row).or_insert(None);
            }
        }
        rows
    }
}
