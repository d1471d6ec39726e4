//! Which of the rows that would be sent are worth a look, and why: one choice for a plan's samples, its page and a pilot.
//!
//! One row is kept for each reason, whatever the source holds. How a reason is called is for `report`.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use crate::row::{FieldValue, Fields};

/// Why a row is worth a look, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Notable {
    /// Its text has signs that cannot be seen.
    OddSigns,
    /// Its text looks like HTML.
    Markup,
    Longest,
    MostLines,
    /// Its text has a link.
    Linked,
    Shortest,
    First,
    Last,
    /// No row before it says the same in all but text and times.
    OneOfItsKind,
}

/// What tells a row from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Stands for all rows of the same kind.
    pub kind: u64,
    pub characters: usize,
    pub lines: usize,
    pub is_markup: bool,
    pub is_linked: bool,
    pub has_odd_signs: bool,
}

impl Look {
    /// Of a row with this text; `kind` is the same for rows of the same kind.
    pub(crate) fn of(kind: impl Hash, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        kind.hash(&mut hasher);
        Self {
            kind: hasher.finish(),
            characters: text.chars().count(),
            lines: text.bytes().filter(|byte| *byte == b'\n').count(),
            is_markup: looks_like_markup(text),
            is_linked: text.contains("://"),
            has_odd_signs: text.chars().any(|letter| {
                letter == '\u{fffd}' || (letter.is_control() && !letter.is_whitespace())
            }),
        }
    }

    /// Of a row whose text is the longest of its fields.
    pub(super) fn of_fields(kind: impl Hash, fields: &Fields<'_>) -> Self {
        let texts = fields.iter().filter_map(|(_, value)| FieldValue::as_str(value));
        Self::of(kind, texts.max_by_key(|text| text.len()).unwrap_or_default())
    }
}

/// Whether a text has something in it that looks like a tag or an entity of HTML.
fn looks_like_markup(text: &str) -> bool {
    let is_tag = |rest: &str| {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && behind.starts_with(['>', ' ', '/', '\n'])
    };
    let entities = ["&nbsp;", "&amp;", "&lt;", "&gt;", "&quot;", "&#"];
    text.match_indices('<').any(|(at, _)| is_tag(&text[at + 1..]))
        || text.contains('&') && entities.iter().any(|entity| text.contains(entity))
}

/// The rows that are worth a look, each as whoever asks keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Notables<T> {
    /// So many kinds are told apart: a source may have a kind of its own for each row.
    most_kinds: usize,
    kinds: Vec<(u64, T)>,
    odd: Option<T>,
    markup: Option<T>,
    longest: Option<(usize, T)>,
    most_lines: Option<(usize, T)>,
    linked: Option<T>,
    shortest: Option<(usize, T)>,
    first: Option<T>,
    last: Option<T>,
}

impl<T: Clone> Notables<T> {
    pub(crate) fn telling_apart(most_kinds: usize) -> Self {
        Self {
            most_kinds,
            kinds: Vec::new(),
            odd: None,
            markup: None,
            longest: None,
            most_lines: None,
            linked: None,
            shortest: None,
            first: None,
            last: None,
        }
    }

    /// Looks at the next row. Of two that are alike the first is kept.
    pub(crate) fn see(&mut self, look: Look, row: &T) {
        let keep = |kept: &mut Option<T>| {
            kept.get_or_insert_with(|| row.clone());
        };
        keep(&mut self.first);
        if look.has_odd_signs {
            keep(&mut self.odd);
        }
        if look.is_markup {
            keep(&mut self.markup);
        }
        if look.is_linked {
            keep(&mut self.linked);
        }
        let (characters, lines) = (look.characters, look.lines);
        // Some rows have no text.
        if characters > self.longest.as_ref().map_or(0, |(most, _)| *most) {
            self.longest = Some((characters, row.clone()));
        }
        if lines > self.most_lines.as_ref().map_or(0, |(most, _)| *most) {
            self.most_lines = Some((lines, row.clone()));
        }
        if self.shortest.as_ref().is_none_or(|(least, _)| characters < *least) {
            self.shortest = Some((characters, row.clone()));
        }
        if self.kinds.len() < self.most_kinds
            && self.kinds.iter().all(|(kind, _)| *kind != look.kind)
        {
            self.kinds.push((look.kind, row.clone()));
        }
        self.last = Some(row.clone());
    }

    /// The rows, each with why: the gravest reason first, and one row of each kind at the end.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Notable, &T)> {
        let single = [
            (Notable::OddSigns, self.odd.as_ref()),
            (Notable::Markup, self.markup.as_ref()),
            (Notable::Longest, self.longest.as_ref().map(|(_, row)| row)),
            (Notable::MostLines, self.most_lines.as_ref().map(|(_, row)| row)),
            (Notable::Linked, self.linked.as_ref()),
            (Notable::Shortest, self.shortest.as_ref().map(|(_, row)| row)),
            (Notable::First, self.first.as_ref()),
            (Notable::Last, self.last.as_ref()),
        ];
        let single = single.into_iter().filter_map(|(why, row)| Some((why, row?)));
        single.chain(self.kinds())
    }

    /// One row of each kind.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (Notable, &T)> {
        self.kinds.iter().map(|(_, row)| (Notable::OneOfItsKind, row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_tag_or_an_entity_is_markup() {
        for (text, expected) in [
            ("<b>x</b>", true),
            ("a <br> b", true),
            ("a <br/>", true),
            ("</p>", true),
            ("<a href=\"x\">", true),
            ("<table\nclass=\"x\">", true),
            ("a&nbsp;b", true),
            ("&#233;", true),
            ("1 < 2 > 0", false),
            ("<3", false),
            ("Lan <lan@example.vn>", false),
            ("R&D", false),
            ("<", false),
            ("", false),
        ] {
            assert_eq!(looks_like_markup(text), expected, "{text}");
        }
    }

    #[test]
    fn a_row_is_kept_for_each_reason() {
        let texts = [
            "Xin chào",
            "<p>một</p>",
            "hai\ndòng",
            "một câu dài hơn tất cả những câu còn lại ở đây",
            "https://example.vn",
            "\u{7}",
            "x",
            "hai\ndòng",
        ];
        let mut notables = Notables::telling_apart(2);
        for (row, text) in (1..).zip(texts) {
            notables.see(Look::of(row % 3, text), &row);
        }
        let found: Vec<(Notable, i32)> = notables.each().map(|(why, row)| (why, *row)).collect();
        let expected = [
            (Notable::OddSigns, 6),
            (Notable::Markup, 2),
            (Notable::Longest, 4),
            (Notable::MostLines, 3),
            (Notable::Linked, 5),
            (Notable::Shortest, 6),
            (Notable::First, 1),
            (Notable::Last, 8),
            (Notable::OneOfItsKind, 1),
            (Notable::OneOfItsKind, 2),
        ];
        assert_eq!(found, expected);
        let mut without = Notables::telling_apart(1);
        without.see(Look::of((), ""), &1);
        let found: Vec<Notable> = without.each().map(|(why, _)| why).collect();
        use Notable::{First, Last, OneOfItsKind, Shortest};
        assert_eq!(found, [Shortest, First, Last, OneOfItsKind]);
    }
}
