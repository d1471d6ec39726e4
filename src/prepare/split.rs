//! A text that is too long for one note, as several: cut where a reader would, each with its number at its end.
//!
//! A row with such a text comes to several rows before it is read any further, so that each has a name of its own in the
//! ledger, goes in its turn and is sent once. Not for texts that are cut off: nothing is lost here but the blanks at a cut.

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::declared::connector::Effect;
use crate::source::{Columns, Lines, Record, Share, Source, Unfold};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::pointer::Pointer;
use crate::text::visible::shown;

use super::fields::UncheckedRow;
use super::mapping::{Kept, NamedValue, Row};
use super::prepared::{Findings, RowKey};
use super::sieve::Sieve;
use super::{FieldOrigin, Preparer};

/// A row comes to no more notes than this.
const MOST_PARTS: usize = 100;

/// Stands in the keys of parts between the row's own key and the part's number. No row's own key may end so.
const PART_MARK: &str = "#part";

/// What would be more parts than there may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl TooMany {
    pub(super) fn message(split_at: usize) -> String {
        format!("the text is longer than {MOST_PARTS} parts of {split_at} letters each")
    }
}

/// How many parts a text has; none has more letters than `split_at`, its ending among them.
fn count(text: &str, split_at: usize) -> Result<usize, TooMany> {
    parts(text, split_at).map(|parts| parts.len())
}

/// The share of a text, with its number at its end; all of it where it is short enough.
pub(super) fn share_of(
    text: &str,
    split_at: usize,
    share: Option<Share>,
) -> Result<Option<String>, TooMany> {
    let parts = parts(text, split_at)?;
    if parts.len() == 1 {
        return Ok(None);
    }
    let number = share.map_or(1, |share| share.number);
    let part = parts.get(number - 1).copied().unwrap_or_default();
    Ok(Some(format!("{part}{}", ending(number, parts.len()))))
}

fn ending(number: usize, count: usize) -> String {
    format!("\n({number}/{count})")
}

/// The parts of a text, without their endings.
fn parts(text: &str, split_at: usize) -> Result<Vec<&str>, TooMany> {
    if text.len() <= split_at || text.chars().nth(split_at).is_none() {
        return Ok(vec![text]);
    }
    // How long an ending is hangs on how many there are.
    for count in [9, 99] {
        let room = split_at.saturating_sub(ending(count, count).len()).max(1);
        let cut = cut(text, room);
        if cut.len() <= count {
            return Ok(cut);
        }
    }
    let room = split_at.saturating_sub(ending(MOST_PARTS, MOST_PARTS).len()).max(1);
    Some(cut(text, room)).filter(|cut| cut.len() <= MOST_PARTS).ok_or(TooMany)
}

/// Where a text may be cut, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seam {
    Paragraph,
    Line,
    Sentence,
    Blank,
    Letter,
}

/// Cuts a text into parts of at most so many letters; into one more than there may be where it is longer than all of them.
fn cut(mut text: &str, room: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    while parts.len() <= MOST_PARTS {
        let Some((end, next)) = seam(text, room) else {
            parts.push(text);
            break;
        };
        parts.push(&text[..end]);
        text = &text[next..];
    }
    parts
}

/// Where the first part ends and the next one begins; none where the text is one part.
fn seam(text: &str, room: usize) -> Option<(usize, usize)> {
    let mut found: [Option<(usize, usize)>; 5] = [None; 5];
    let (mut letters, mut before) = (0, "");
    // Where the blanks begin that the letter before ends, and whether a line ends among them.
    let mut blanks: Option<(usize, bool)> = None;
    for (at, grapheme) in text.grapheme_indices(true) {
        letters += grapheme.chars().count();
        let is_blank = grapheme.chars().all(char::is_whitespace);
        if letters > room && !is_blank {
            let whole = (at, at);
            let from =
                |least: usize, seam: Seam| found[seam as usize].filter(|(end, _)| *end >= least);
            // A seam far in front would leave a short part: a worse one further on is better.
            let best = from(at / 2, Seam::Paragraph)
                .or_else(|| from(at / 2, Seam::Line))
                .or_else(|| from(at / 2, Seam::Sentence))
                .or_else(|| from(at / 8, Seam::Blank))
                .or(Some(whole).filter(|_| at > 0));
            // A letter that is longer than a part may be is a part.
            return Some(best.unwrap_or((grapheme.len(), grapheme.len())))
                .filter(|(_, next)| *next < text.len());
        }
        if is_blank {
            let is_line = grapheme.ends_with('\n') || grapheme == "\r";
            let (start, has_line) = blanks.unwrap_or((at, false));
            let seam = match (is_line, has_line) {
                (true, true) => Seam::Paragraph,
                (true, false) => Seam::Line,
                (false, true) => Seam::Letter,
                (false, false) if before.ends_with(['.', '!', '?', '…', ':', ';']) => {
                    Seam::Sentence
                }
                (false, false) => Seam::Blank,
            };
            // Blanks in front of a line belong to it.
            if seam != Seam::Letter && start > 0 {
                found[seam as usize] = Some((start, at + grapheme.len()));
            }
            blanks = Some((start, has_line || is_line));
        } else {
            blanks = None;
            before = grapheme;
        }
    }
    None
}

/// The key of the part of that number of the row that has a key.
pub(crate) fn key_of_part(key: String, number: usize) -> String {
    if number > 1 { format!("{key}{PART_MARK}{number}") } else { key }
}

/// Says of a row how many notes its text comes to.
pub(super) struct Splitter {
    pub columns: Columns,
    pub named: Arc<[NamedValue]>,
    pub fields: Arc<[FieldOrigin]>,
    pub sieve: Arc<Sieve>,
}

impl Unfold for Splitter {
    fn count(&self, record: &Record) -> usize {
        let kept = Kept::of(&self.named);
        let row = Row::new(record, &self.columns, &kept);
        if self.sieve.leaves_out(row) {
            return 1;
        }
        let split = self.fields.iter().find_map(|field| Some((field, field.split_at?)));
        let Some((field, split_at)) = split else { return 1 };
        // What is wrong with it is told with the row, which is one.
        field.origin.value(row).map_or(1, |value| count(&value.text(), split_at).unwrap_or(1))
    }
}

impl Preparer {
    /// The source, with a row for each note that a row comes to.
    pub(super) fn unfolded(&self, source: Source) -> Source {
        if !self.splits() {
            return source;
        }
        Source::unfolded(
            source,
            Arc::new(Splitter {
                columns: self.columns.clone(),
                named: Arc::clone(&self.named),
                fields: Arc::clone(&self.fields),
                sieve: Arc::clone(&self.sieve),
            }),
        )
    }

    /// Whether the text of a field may come to several notes.
    pub(crate) fn splits(&self) -> bool {
        self.fields.iter().any(|field| field.split_at.is_some())
    }

    /// The key of a share of a row. The first has the row's own: where a text grows beyond one note, what was sent of it is
    /// known.
    pub(super) fn key_of_share(key: RowKey, share: Option<Share>) -> RowKey {
        match (key, share) {
            (RowKey::Written(key), Some(Share { number, .. })) => {
                RowKey::Written(key_of_part(key, number))
            }
            (key, _) => key,
        }
    }

    /// The key that a row has itself, whichever of its parts it is; none where it has none.
    pub(crate) fn whole_key(&self, record: &Record) -> Option<String> {
        match self.identity_of(self.row(record, &self.kept())).0 {
            RowKey::Written(key) => Some(key),
            RowKey::Content | RowKey::Missing => None,
        }
    }

    /// That a key cannot be a row's own, since it looks like that of a part of another row; none where it can.
    pub(super) fn unfit_key(&self, key: &str, place: impl Fn() -> Place) -> Option<Diagnostic> {
        if !self.splits() {
            return None;
        }
        let (_, number) = key.rsplit_once(PART_MARK)?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let message =
            format!("the row's key {} ends as the keys of parts of a split text do", shown(key));
        let hint = format!(
            "`split_at` gives the further parts of a row its key with {PART_MARK}2, {PART_MARK}3 and so on; let the job's `key` end otherwise"
        );
        Some(Diagnostic::error(Code::InvalidValue, place(), message).hint(hint))
    }

    /// Counts the row where it comes to several notes.
    pub(super) fn note_split(&self, row: &UncheckedRow<'_>, findings: &mut Findings) {
        let record = row.row.record;
        let Some(Share { number: 1, count }) = record.share else { return };
        let Some(field) = self.fields.iter().find(|field| field.split_at.is_some()) else { return };
        let mut place = self.place(record, None, Some(Pointer::of([&*field.field])));
        place.row.within = None;
        let split = &mut findings.remarks.split;
        split.are_keyless = !self.has_key();
        split.add(&field.field, count, Place::Row(place), record.place.line);
    }
}

/// Rows that come to several notes: counted, and told once.
#[derive(Debug, Default)]
pub(super) struct SplitRows {
    first: Option<(Arc<str>, Place)>,
    rows: Lines,
    notes: usize,
    /// Whether each part is known by its own text alone.
    are_keyless: bool,
}

impl SplitRows {
    fn add(&mut self, field: &Arc<str>, count: usize, place: Place, line: u64) {
        self.first.get_or_insert_with(|| (Arc::clone(field), place));
        self.rows.add(line);
        self.notes += count;
    }

    /// Takes in what was counted of rows that come later.
    pub(super) fn append(&mut self, later: Self) {
        self.first = self.first.take().or(later.first);
        self.rows.append(&later.rows);
        self.notes += later.notes;
        self.are_keyless |= later.are_keyless;
    }

    pub(super) fn warning(&self) -> Option<Diagnostic> {
        let (field, place) = self.first.as_ref()?;
        let rows = match self.rows.count {
            1 => "1 row".to_owned(),
            count => format!("{count} rows"),
        };
        let message = format!(
            "`{field}` of {rows} is split: they come to {} requests, each of which is counted as a row ({})",
            self.notes,
            self.rows.lines()
        );
        let warning = Diagnostic::warning(Code::SplitText, place.clone(), message);
        let hint = match self.are_keyless {
            false => "`split_at` in the job says so; the parts end with (1/2), (2/2) and so on",
            true => {
                "`split_at` in the job says so; the parts end with (1/2), (2/2) and so on; the job has no `key`, so a text that was \
                 sent before, whole or in other parts, is sent once more"
            }
        };
        Some(Diagnostic { once: true, ..warning.hint(hint) })
    }
}

/// What is wrong with splitting a field for an operation.
pub(super) fn unfit(effect: Effect, operation: &str, place: &Place) -> Option<Diagnostic> {
    if effect == Effect::Create {
        return None;
    }
    let message =
        format!("`split_at` makes several requests of one row, and {operation} makes nothing new");
    let problem = Diagnostic::error(Code::InvalidValue, place.clone(), message);
    Some(
        problem
            .hint("leave `split_at` out, or cut the text off, as in {{ note | truncate(10000) }}"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_cut_where_a_reader_would_cut_them() {
        for (text, room, expected) in [
            ("short", 10, &["short"][..]),
            ("one two three", 8, &["one two", "three"]),
            ("para one\n\npara two", 12, &["para one", "para two"]),
            ("a line\nnext one", 10, &["a line", "next one"]),
            ("One is. Two is it", 12, &["One is.", "Two is it"]),
            ("  set in\n  as well", 11, &["  set in", "  as well"]),
            ("abcdefghij", 4, &["abcd", "efgh", "ij"]),
            ("a\r\nb\r\n\r\nc d", 8, &["a\r\nb", "c d"]),
            ("ễễễ", 2, &["ễễ", "ễ"]),
            ("e\u{302}\u{303}e\u{302}\u{303}", 4, &["e\u{302}\u{303}", "e\u{302}\u{303}"]),
            ("👨‍👩‍👧👨‍👩‍👧", 3, &["👨‍👩‍👧", "👨‍👩‍👧"]),
            ("x\n\nlong enough here", 14, &["x\n\nlong enough", "here"]),
            ("ends \n\n ", 5, &["ends \n\n "]),
        ] {
            assert_eq!(cut(text, room), expected, "{text:?}");
        }
    }

    #[test]
    fn each_part_says_which_it_is() {
        let text = "word ".repeat(50);
        let of = |number| share_of(&text, 100, Some(Share { number, count: 3 })).unwrap().unwrap();
        assert!(of(1).ends_with("word\n(1/3)") && of(3).ends_with("word \n(3/3)"), "{}", of(3));
        assert_eq!(share_of("short", 100, None), Ok(None));
        assert_eq!(share_of(&"x".repeat(100), 100, None), Ok(None));
        assert_eq!(count(&"x".repeat(100 * 100), 100), Err(TooMany));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_but_blanks_at_a_cut(text in "[ab. \n\r\u{302}\u{301}ế👨‍👩]{0,400}", split_at in 20_usize..90) {
            let parts = parts(&text, split_at).unwrap();
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&text), bare(&parts.concat()));
            let count = parts.len();
            for (at, part) in parts.iter().enumerate() {
                let sent = if count == 1 { (*part).to_owned() } else { format!("{part}{}", ending(at + 1, count)) };
                let graphemes = part.graphemes(true).count();
                prop_assert!(sent.chars().count() <= split_at || graphemes == 1 || part.trim_end().chars().count() < split_at, "{part:?}");
            }
            // No part begins in the midst of a letter.
            let mut from = 0;
            for part in &parts {
                let at = from + text[from..].find(part).unwrap();
                prop_assert!(at == 0 || text.grapheme_indices(true).any(|(start, _)| start == at), "{part:?}");
                from = at + part.len();
            }
        }
    }
}
