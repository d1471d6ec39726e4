//! How a file is written, beyond its format: its encoding, the signs and the header of its table, how long its rows may be.
//!
//! What was said, and nothing that was found in the file.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::RowLimit;
use super::input::Encoding;

/// How a file is written.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// How its letters are written.
    pub encoding: Encoding,
    /// How its table is written, where it is one.
    pub table: Table,
    /// How long a row may be.
    pub longest: RowLimit,
}

/// How a table is written; what stands between its cells is the format's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What stands around a cell; none where nothing does, so that a quote is a sign like any other.
    pub quote: Option<u8>,
    /// What stands before a sign that means itself.
    pub escape: Option<u8>,
    /// What a line begins with that is no row.
    pub comment: Option<u8>,
    /// The names of the columns, where the file does not have them.
    pub header: Option<Arc<[Arc<str>]>>,
    /// The line that has the names of the columns, from 1; none where it is the first in which something is written.
    pub header_row: Option<NonZeroU32>,
    /// Texts that stand for nothing where they are not quoted.
    pub nulls: Nulls,
}

/// Texts that stand for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nulls {
    /// In every column.
    Everywhere(Vec<Box<str>>),
    /// In these columns, each with its own.
    In(Vec<(Box<str>, Vec<Box<str>>)>),
}

impl Default for Table {
    /// As RFC 4180 has it.
    fn default() -> Self {
        Self {
            quote: Some(b'"'),
            escape: None,
            comment: None,
            header: None,
            header_row: None,
            nulls: Nulls::default(),
        }
    }
}

impl Default for Nulls {
    fn default() -> Self {
        Self::Everywhere(Vec::new())
    }
}

/// A sign of a table as people write it: the character, or its name where it cannot be seen. None of what cannot be one.
pub(crate) fn sign_of(written: &str) -> Option<u8> {
    match (written, written.as_bytes()) {
        ("tab" | "\\t", _) => Some(b'\t'),
        (_, [byte]) if byte.is_ascii() && !b"\r\n\0".contains(byte) => Some(*byte),
        _ => None,
    }
}
