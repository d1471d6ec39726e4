//! Rows that are made of the rows of other sources: several files as one, a row for each of several cells, rows in an order.
//!
//! Each is a stream like the source it stands in for; what they share is here. How they do it stands in a file for each.

use std::sync::Arc;

use super::columns::{Keys, Lines};
use super::record::Record;
use super::{Read, Source};

/// A stream of rows that is made of others.
pub(super) trait Made: Send {
    /// Reads the next row. Its place has the number that the row has in the file, or none, where rows are numbered through.
    fn next(&mut self, record: &mut Record, keys: &mut Keys) -> Read;

    /// Somebody wants to know what rows have in a column.
    fn ask(&mut self, name: &str);

    /// Rows that were passed over, since nothing is written in them, by file.
    fn blank(&self) -> Vec<(Arc<str>, Lines)>;

    /// Whether rows keep the numbers that they have.
    fn keeps_numbers(&self) -> bool {
        false
    }
}

/// The blank rows of a source, by file, where there are any.
pub(super) fn blank_of(source: &Source) -> Vec<(Arc<str>, Lines)> {
    match &source.rows {
        super::RowReader::Made(made) => made.blank(),
        _ if source.blank.count == 0 => Vec::new(),
        _ => vec![(Arc::clone(&source.name), source.blank.clone())],
    }
}
