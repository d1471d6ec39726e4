//! How a file is written, beyond its format: its encoding, the signs and the header of its table, where its rows are and
//! how long they may be.
//!
//! What was said, and nothing that was found in the file.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::input::Encoding;
use super::{DataPath, Each, RowLimit, SheetName};

/// How a file is written, and how rows are found in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manner {
    /// How its letters are written.
    pub encoding: Encoding,
    /// How its table is written, where it is one.
    pub table: Table,
    /// How rows are found, where each line or item is not simply one.
    pub shape: Shape,
    /// How long a row may be.
    pub longest: RowLimit,
}

/// How rows are found in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// Of JSON: where the rows are.
    pub at: Option<DataPath>,
    /// What makes several rows of one.
    pub each: Option<Each>,
    /// Of a workbook: its sheet; none where it is the first that is not hidden.
    pub sheet: Option<SheetName>,
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
    /// The line, or the row of a sheet, that has the names of the columns, from 1; none where it is the first in which something
    /// is written, or is looked for in the sheet.
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
