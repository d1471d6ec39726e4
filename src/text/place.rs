//! Where a row stands: which file, which row of it, on which line. Where something is wrong with a text or a cell is
//! for `diagnostic`.

use std::sync::Arc;

/// Where a row stands in its source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowPlace {
    /// As the user calls it; none where only a ledger tells of the row, which knows no file.
    pub file: Option<Arc<str>>,
    /// Counts from 1 over data rows; 0 is the header.
    pub row: u64,
    /// The physical line that the row starts on, from 1.
    pub line: u64,
    /// What of the line it is, where several rows come of one, as in `/comments/2` or `Comment[2]`; of a cell of a sheet,
    /// its address.
    pub within: Option<Arc<str>>,
}

impl RowPlace {
    /// A place of which the file is not known.
    pub fn of(row: u64, line: u64) -> Self {
        Self { row, line, ..Self::default() }
    }

    /// What the user calls the file, or nothing.
    pub fn file(&self) -> &str {
        self.file.as_deref().unwrap_or_default()
    }
}
