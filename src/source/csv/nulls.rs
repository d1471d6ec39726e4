//! Texts that stand for nothing: which cells have one, and no quotes around it.
//!
//! `NULL` as a database writes it is nothing, `"NULL"` is a text that somebody has written. Not for empty cells.

use csv::ByteRecord;

use super::dialect::Dialect;
use super::quotes::length_of_cell;
use crate::source::columns::Columns;
use crate::source::manner::Nulls;

/// The texts, by column.
#[derive(Debug, Default)]
pub(super) struct NullTexts {
    everywhere: Vec<Box<[u8]>>,
    of_columns: Vec<(usize, Vec<Box<[u8]>>)>,
}

impl NullTexts {
    /// The texts for columns of a header.
    ///
    /// # Errors
    /// Names that the header does not have.
    pub(super) fn of(nulls: &Nulls, columns: &Columns) -> Result<Self, Vec<Box<str>>> {
        let bytes = |texts: &[Box<str>]| texts.iter().map(|text| text.as_bytes().into()).collect();
        match nulls {
            Nulls::Everywhere(texts) => {
                Ok(Self { everywhere: bytes(texts), of_columns: Vec::new() })
            }
            Nulls::In(named) => {
                let unknown: Vec<Box<str>> = named
                    .iter()
                    .filter(|(name, _)| columns.all(name).is_empty())
                    .map(|(name, _)| name.clone())
                    .collect();
                if !unknown.is_empty() {
                    return Err(unknown);
                }
                let of_columns = named.iter().flat_map(|(name, texts)| {
                    columns.all(name).into_iter().map(move |column| (column, bytes(texts)))
                });
                Ok(Self { everywhere: Vec::new(), of_columns: of_columns.collect() })
            }
        }
    }

    pub(super) fn has(&self, column: usize, cell: &[u8]) -> bool {
        let here = self.of_columns.iter().filter(|(at, _)| *at == column);
        let mut texts = here.flat_map(|(_, texts)| texts).chain(&self.everywhere);
        texts.any(|text| **text == *cell)
    }

    fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.of_columns.is_empty()
    }

    /// Which cells of a sound record mean nothing; `text` is what they were cut from.
    pub(super) fn find(
        &self,
        text: &[u8],
        cells: &ByteRecord,
        dialect: &Dialect,
        found: &mut Vec<usize>,
    ) {
        if self.is_empty() || !cells.iter().enumerate().any(|(at, cell)| self.has(at, cell)) {
            return;
        }
        let mut start = 0;
        for (column, cell) in cells.iter().enumerate() {
            let rest = text.get(start..).unwrap_or_default();
            let quoted = length_of_cell(rest, dialect);
            if quoted.is_none() && self.has(column, cell) {
                found.push(column);
            }
            start += quoted.unwrap_or(cell.len()) + 1;
        }
    }
}
