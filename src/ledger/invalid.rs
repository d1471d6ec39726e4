//! Rows that were invalid when a run began, as far as a ledger keeps them: what `status` tells where nobody reads the source.

use crate::text::place::RowPlace;

/// So many of them are kept. What a run has found wrong with more is in its own output.
pub(crate) const INVALID_KEPT: usize = 10_000;
/// So many characters of what is wrong are kept.
const LONGEST: usize = 300;

/// A row that was invalid, and what was wrong with it first of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidRow {
    pub place: RowPlace,
    /// In which column; none where it is the row as a whole.
    pub column: Option<String>,
    /// The word of the diagnostic.
    pub code: String,
    pub message: String,
}

impl InvalidRow {
    pub(crate) fn new(place: RowPlace, column: Option<&str>, code: &str, message: &str) -> Self {
        let mut message: String = message.to_owned();
        if let Some((end, _)) = message.char_indices().nth(LONGEST) {
            message.truncate(end);
            message.push('…');
        }
        Self { place, column: column.map(str::to_owned), code: code.to_owned(), message }
    }
}
