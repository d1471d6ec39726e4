//! Where a part of a text of the job stands in its file.
//!
//! YAML writes a text in many ways: plain, in quotes with escapes, as a block whose lines are set in. The file's letters and
//! the text's are gone through side by side; where they do not fit each other, the place is that of the whole text.

use std::ops::Range;
use std::sync::Arc;

use crate::declared::job::Written;
use crate::text::diagnostic::Place;

/// The place of a range within `at`, which is a range of the text; of all of `at` without a range.
pub(super) fn place_in(written: &Written, at: &Range<usize>, range: Option<Range<usize>>) -> Place {
    let Place::Text(source, span) = &written.place else { return written.place.clone() };
    let raw = source.text.get(span.clone()).unwrap_or_default();
    let range = range.unwrap_or(0..at.len());
    let (start, end) = (at.start + range.start, at.start + range.end);
    let found = match raw.find(written.text.as_str()) {
        Some(offset) => Some(offset + start..offset + end),
        None => aligned(raw, &written.text, start..end),
    };
    match found {
        Some(found) => {
            Place::Text(Arc::clone(source), span.start + found.start..span.start + found.end)
        }
        None => written.place.clone(),
    }
}

/// How a text is written in YAML, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// A block, whose lines are set in so far.
    Block {
        indent: usize,
        is_folded: bool,
    },
    DoubleQuoted,
    SingleQuoted,
    Plain,
}

/// The range of a YAML text that a range of what it says stands in.
fn aligned(raw: &str, text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let (style, begin) = style(raw);
    let (raw, mut at) = (raw.as_bytes(), begin);
    let (mut start, mut end) = (None, None);
    for (position, letter) in text.bytes().enumerate() {
        // Line ends that say nothing by themselves.
        while raw.get(at) == Some(&b'\r') {
            at += 1;
        }
        if position == range.start {
            start = Some(at);
        }
        if position == range.end {
            end = Some(at);
            break;
        }
        at = match (style, raw.get(at)?) {
            (Style::DoubleQuoted, b'\\') => escape(raw, at, letter)?,
            (Style::SingleQuoted, b'\'') if letter == b'\'' => at + 2,
            (_, b'\n') => line_end(raw, at, style, letter)?,
            (_, found) if *found == letter => at + 1,
            (Style::Plain | Style::DoubleQuoted, b' ') if letter == b' ' => at + 1,
            _ => return None,
        };
    }
    let start = start.or((range.start == text.len()).then_some(at))?;
    let end = end.or((range.end == text.len()).then_some(at))?;
    (start <= end).then_some(start..end)
}

fn style(raw: &str) -> (Style, usize) {
    match raw.as_bytes().first() {
        Some(b'"') => (Style::DoubleQuoted, 1),
        Some(b'\'') => (Style::SingleQuoted, 1),
        Some(sign @ (b'|' | b'>')) => {
            let header = raw.find('\n').map_or(raw.len(), |end| end + 1);
            let first = raw[header..].lines().find(|line| !line.trim().is_empty());
            let indent = first.map_or(0, |line| line.len() - line.trim_start_matches(' ').len());
            let style = Style::Block { indent, is_folded: *sign == b'>' };
            (style, header + past_indent(raw.as_bytes(), header, indent))
        }
        _ => (Style::Plain, 0),
    }
}

/// How many blanks follow, up to as many.
fn past_indent(raw: &[u8], at: usize, most: usize) -> usize {
    raw[at..].iter().take(most).take_while(|byte| **byte == b' ').count()
}

/// The place behind an escape that stands for a letter of ASCII.
fn escape(raw: &[u8], at: usize, letter: u8) -> Option<usize> {
    let meant = match raw.get(at + 1)? {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        other => *other,
    };
    (meant == letter).then_some(at + 2)
}

/// The place behind line ends that stand for a blank or for as many line ends.
fn line_end(raw: &[u8], at: usize, style: Style, letter: u8) -> Option<usize> {
    if letter != b'\n' && letter != b' ' {
        return None;
    }
    let (most, is_folded) = match style {
        Style::Block { indent, is_folded } => (indent, is_folded),
        Style::DoubleQuoted | Style::SingleQuoted | Style::Plain => (usize::MAX, true),
    };
    let is_first = !is_behind_line_end(raw, at);
    let mut next = at + 1;
    next += past_indent(raw, next, most);
    // Where lines are folded, the first of several line ends says nothing.
    if is_folded && letter == b'\n' && is_first && raw.get(next) == Some(&b'\n') {
        next += 1;
        next += past_indent(raw, next, most);
    }
    Some(next)
}

/// Whether nothing but blanks stands between a line end and a place.
fn is_behind_line_end(raw: &[u8], at: usize) -> bool {
    raw[..at].iter().rev().find(|byte| **byte != b' ') == Some(&b'\n')
}
