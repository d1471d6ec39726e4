//! Reads the text of an expression without understanding it: where its filters, its subscripts and its names stand.
//!
//! What they mean is for the language; this is for messages and for checks before any row is read.

use std::ops::Range;

use super::ROW;

/// Ranges of the names that stand behind a `|` outside quotes.
pub(super) fn filter_names(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut names = Vec::new();
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'|') => {
                let blanks =
                    bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let start = at + 1 + blanks;
                let length = bytes[start..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                    .count();
                if length > 0 {
                    names.push(start..start + length);
                }
            }
            _ => {}
        }
    }
    names
}

/// Ranges of the names in `row['…']` and `row["…"]` outside quotes; but for names with an escape in them.
pub(super) fn row_subscripts(text: &str) -> Vec<Range<usize>> {
    let mut names = Vec::new();
    let mut quote = None;
    let mut before = None;
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None => {
                let begins = before.is_none_or(|before| !is_word(before) && before != '.');
                names.extend(Some(at).filter(|_| begins).and_then(|at| row_subscript(text, at)));
            }
        }
        before = Some(letter);
    }
    names
}

/// The range of the name where `row['…']` begins at `at`.
fn row_subscript(text: &str, at: usize) -> Option<Range<usize>> {
    let inside = text[at..].strip_prefix(ROW)?.trim_start().strip_prefix('[')?.trim_start();
    let open = inside.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
    let name = inside[1..].split(open).next()?;
    let closed = inside[1 + name.len()..].strip_prefix(open)?.trim_start().starts_with(']');
    let start = text.len() - inside.len() + 1;
    (closed && !name.contains('\\')).then(|| start..start + name.len())
}

/// The one column that all uses of the whole row in an expression name; none where they name several, or cannot be told.
pub(super) fn one_of_row(text: &str) -> Option<&str> {
    let (mut quote, mut before, mut found) = (None, None, None);
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if text[at..].starts_with(ROW)
                && before.is_none_or(|before| !is_word(before) && before != '.')
                && !text[at + ROW.len()..].starts_with(is_word) =>
            {
                let name = row_subscript(text, at).or_else(|| row_attribute(text, at))?;
                if found.is_some_and(|found| found != &text[name.clone()]) {
                    return None;
                }
                found = Some(&text[name]);
            }
            None => {}
        }
        before = Some(letter);
    }
    found
}

/// The range of the name where `row.…` begins at `at`.
fn row_attribute(text: &str, at: usize) -> Option<Range<usize>> {
    let start = at + ROW.len() + 1;
    let name = text[at..].strip_prefix(ROW)?.strip_prefix('.')?;
    let end = name.find(|letter| !is_word(letter)).unwrap_or(name.len());
    (end > 0).then(|| start..start + end)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where a name stands as a word of its own.
pub(super) fn find_word(text: &str, word: &str) -> Option<Range<usize>> {
    text.match_indices(word).map(|(at, _)| at..at + word.len()).find(|range| {
        !text[..range.start].ends_with(is_word) && !text[range.end..].starts_with(is_word)
    })
}
