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

    /// What was passed over, by file.
    fn passed(&self) -> Vec<Passed>;

    /// Whether some of its columns tell of the rows, and are none of theirs.
    fn tells(&self) -> bool {
        false
    }

    /// Whether rows keep the numbers that they have.
    fn keeps_numbers(&self) -> bool {
        false
    }
}

/// What no rows come of, in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passed {
    pub file: Arc<str>,
    pub lines: Lines,
    pub why: Why,
}

/// Why no rows come of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// Nothing is written in it.
    Blank,
    /// It is an object that lacks what `each` makes rows of.
    Lacking {
        path: Arc<str>,
        /// Whether no object of the file has it.
        do_all: bool,
        /// The key that is not there, and those that the first such object has instead.
        slip: (Arc<str>, Vec<Arc<str>>),
    },
}

/// What a source has passed over, by file.
pub(super) fn passed_by(source: &Source) -> Vec<Passed> {
    let passed = |lines: &Lines, why| {
        let file = Arc::clone(&source.name);
        (lines.count > 0).then(|| Passed { file, lines: lines.clone(), why })
    };
    match &source.rows {
        super::RowReader::Made(made) => made.passed(),
        super::RowReader::JsonEach(rows) => {
            let lacking = rows.lacking().and_then(|(lines, why)| passed(lines, why));
            passed(&source.blank, Why::Blank).into_iter().chain(lacking).collect()
        }
        _ => passed(&source.blank, Why::Blank).into_iter().collect(),
    }
}
