//! Whether the quotes of a record are where quotes may be.
//!
//! The `csv` crate finds a record in any bytes: a quote that is never closed takes the rest of the file
//! for one cell, and text behind a closing quote becomes part of its cell, which is what a quote that
//! was left open looks like from the next quoted cell. Both are faults here. Not for what the cells are:
//! the crate has cut them, and the text they were cut from is only held against them.

use csv::ByteRecord;

use super::super::window::line_feeds;
use super::dialect::Dialect;

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
    /// Behind the closing quote more text stands, at this place.
    TextAfter { at: usize },
}

/// Whether all quoted cells are sound, of cells and the text they were cut from, which ends where its
/// line break begins. Tells how many line feeds are quoted.
///
/// # Errors
/// The first quoted cell that is not sound.
pub(super) fn check(text: &[u8], cells: &ByteRecord, dialect: &Dialect) -> Result<u64, Broken> {
    // Each cell but the last has a delimiter: if nothing else is missing, then nothing was quoted.
    if text.len() + 1 == cells.as_slice().len() + cells.len() {
        return Ok(0);
    }
    let (mut at, mut lines) = (0, 0);
    for (cell, content) in cells.iter().enumerate() {
        if dialect.quote.is_some() && text.get(at) == dialect.quote.as_ref() {
            let quoted = Quoted::at_start_of(&text[at..], dialect).map_err(|cause| Broken {
                cell,
                quote: at,
                cause: cause.moved(at),
            })?;
            at += quoted.length + 1;
            lines += quoted.lines;
        } else {
            at += content.len() + 1;
        }
    }
    Ok(lines)
}

/// How long the quoted cell is that a text begins with; none where it begins with another, or with one that is not sound.
pub(super) fn length_of_cell(text: &[u8], dialect: &Dialect) -> Option<usize> {
    let is_quoted = dialect.quote.is_some() && text.first() == dialect.quote.as_ref();
    is_quoted.then(|| Quoted::at_start_of(text, dialect).ok()).flatten().map(|cell| cell.length)
}

/// A quoted cell that is sound, its quotes among its length.
struct Quoted {
    length: usize,
    lines: u64,
}

impl Quoted {
    fn at_start_of(text: &[u8], dialect: &Dialect) -> Result<Self, Cause> {
        let inside = text.get(1..).unwrap_or_default();
        let closing = dialect.closing_quote(inside).ok_or(Cause::Open)?;
        let lines = line_feeds(&inside[..closing]);
        let length = closing + 2;
        match text.get(length) {
            Some(byte) if *byte != dialect.delimiter => Err(Cause::TextAfter { at: length }),
            _ => Ok(Self { length, lines }),
        }
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
