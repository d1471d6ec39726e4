//! Reads the arguments of filters in an expression, as far as they are texts that the job itself says.
//!
//! What can be known of them before any row is for `language`. Whatever is in doubt is no such text.

use std::ops::Range;

use super::scan::filter_names;

/// A filter with its arguments.
#[derive(Debug)]
pub(super) struct Call<'t> {
    pub(super) name: &'t str,
    pub(super) arguments: Vec<Argument<'t>>,
}

/// What stands between two commas.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Argument<'t> {
    /// The name before an equals sign.
    pub(super) keyword: Option<&'t str>,
    /// The value as it is written, and where.
    pub(super) value: Range<usize>,
    /// Where the insides of its texts stand: of one in quotes, or of a list of such.
    pub(super) texts: Vec<Range<usize>>,
}

impl<'t> Call<'t> {
    /// The argument at a place, if it has no name.
    pub(super) fn argument(&self, at: usize) -> Option<&Argument<'t>> {
        self.arguments.get(at).filter(|argument| argument.keyword.is_none())
    }

    /// The argument of a name.
    pub(super) fn named(&self, name: &str) -> Option<&Argument<'t>> {
        self.arguments.iter().find(|argument| argument.keyword == Some(name))
    }
}

/// All filters of an expression that have parentheses.
pub(super) fn calls(text: &str) -> Vec<Call<'_>> {
    let names = filter_names(text).into_iter();
    let calls = names.filter_map(|name| {
        let rest = &text[name.end..];
        let open = name.end + (rest.len() - rest.trim_start().len());
        text[open..].starts_with('(').then_some(())?;
        let close = open + 1 + end_of(&text[open + 1..])?;
        let parts = parts(text, open + 1..close);
        let arguments = parts.into_iter().map(|part| argument(text, part)).collect();
        Some(Call { name: &text[name], arguments })
    });
    calls.collect()
}

/// Where the bracket that stands before a text is closed.
fn end_of(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    outside_quotes(text).find_map(|(at, byte)| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return Some(at),
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        None
    })
}

/// What stands between the commas of a range, without blanks around.
fn parts(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut depth = 0_usize;
    let mut ends: Vec<usize> = Vec::new();
    for (at, byte) in outside_quotes(&text[range.clone()]) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => ends.push(range.start + at),
            _ => {}
        }
    }
    ends.push(range.end);
    let mut start = range.start;
    let parts = ends.into_iter().map(|end| {
        let part = start..end;
        start = end + 1;
        trimmed(text, part)
    });
    parts.filter(|part| !part.is_empty()).collect()
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..(start + part.trim().len())
}

fn argument(text: &str, part: Range<usize>) -> Argument<'_> {
    let written = &text[part.clone()];
    let is_name = |name: &&str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let named = written.split_once('=').filter(|(_, value)| !value.starts_with('='));
    let keyword = named.map(|(name, _)| name.trim()).filter(is_name);
    let value = match (keyword, named) {
        (Some(_), Some((_, value))) => trimmed(text, part.end - value.len()..part.end),
        _ => part,
    };
    let inside = &text[value.clone()];
    let texts = match inside.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')) {
        Some(_) => {
            let items = parts(text, value.start + 1..value.end - 1);
            let texts: Option<Vec<_>> =
                items.into_iter().map(|item| inside_quotes(text, item)).collect();
            texts.unwrap_or_default()
        }
        None => inside_quotes(text, value.clone()).into_iter().collect(),
    };
    Argument { keyword, value, texts }
}

/// The range within the quotes of one text; none where it is more or other than that.
fn inside_quotes(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let written = &text[range.clone()];
    let quote = written.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
    let inside = written[1..].strip_suffix(quote)?;
    let is_one = outside_quotes(written).next().is_none();
    is_one.then(|| range.start + 1..range.start + 1 + inside.len())
}

/// The bytes of an expression that stand in no text of it, with their places. Quotes are left out.
pub(super) fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, u8)> + '_ {
    let (mut quote, mut escaped) = (None, false);
    text.bytes().enumerate().filter(move |(_, byte)| match quote {
        Some(_) if escaped => {
            escaped = false;
            false
        }
        Some(_) if *byte == b'\\' => {
            escaped = true;
            false
        }
        Some(open) if *byte == open => {
            quote = None;
            false
        }
        Some(_) => false,
        None if matches!(byte, b'\'' | b'"') => {
            quote = Some(*byte);
            false
        }
        None => true,
    })
}
