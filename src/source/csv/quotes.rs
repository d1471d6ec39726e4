//! Whether the quotes of a record are where quotes may be.
//!
//! The `csv` crate finds a record in any bytes: a quote that is never closed takes the rest of the file
//! for one cell, and text behind a closing quote becomes part of its cell, which is what a quote that
//! was left open looks like from the next quoted cell. Both are faults here. Not for what the cells are:
//! the crate has cut them, and the text they were cut from is only held against them.

use csv::ByteRecord;

use super::super::window::line_feeds;
use super::dialect::Dialect;

/// A cell of more lines is a quote that somebody forgot to close.
const MOST_LINES: u64 = 1_000;

/// A quoted cell that is not sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken {
    pub cell: usize,
    /// Where in the record's text its quote opens.
    pub quote: usize,
    pub cause: Cause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The text ends before the quote is closed.
    Open,
    TooLong,
    /// Behind the closing quote more text stands, at this place.
    TextAfter {
        at: usize,
    },
}

/// The first quoted cell that is not sound, of cells and the text they were cut from, which ends where
/// its line break begins.
pub(super) fn first_broken(text: &[u8], cells: &ByteRecord, dialect: &Dialect) -> Option<Broken> {
    // Each cell but the last has a delimiter: if nothing else is missing, then nothing was quoted.
    if text.len() + 1 == cells.as_slice().len() + cells.len() {
        return None;
    }
    let mut at = 0;
    for (cell, content) in cells.iter().enumerate() {
        let length = if dialect.quote.is_some() && text.get(at) == dialect.quote.as_ref() {
            match quoted_length(&text[at..], dialect) {
                Ok(length) => length,
                Err(cause) => return Some(Broken { cell, quote: at, cause: cause.moved(at) }),
            }
        } else {
            content.len()
        };
        at += length + 1;
    }
    None
}

/// The length of the quoted cell that the text begins with.
fn quoted_length(text: &[u8], dialect: &Dialect) -> Result<usize, Cause> {
    let inside = text.get(1..).unwrap_or_default();
    let closing = dialect.closing_quote(inside);
    if line_feeds(&inside[..closing.unwrap_or(inside.len())]) > MOST_LINES {
        return Err(Cause::TooLong);
    }
    let length = closing.ok_or(Cause::Open)? + 2;
    match text.get(length) {
        Some(byte) if *byte != dialect.delimiter => Err(Cause::TextAfter { at: length }),
        _ => Ok(length),
    }
}

impl Cause {
    /// The same, seen from so many bytes before.
    fn moved(self, by: usize) -> Self {
        match self {
            Self::TextAfter { at } => Self::TextAfter { at: at + by },
            other => other,
        }
    }
}
