//! What rows of a job have done, each operation of a row by itself: what a verification holds the other side to. Values; reading
//! them is for the kind of ledger.

use std::collections::HashSet;

use crate::row::{Digest, KeyHash, RowId};
use crate::text::place::RowPlace;

/// Something that a row has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Act {
    pub row: RowId,
    pub key: String,
    /// Where the row stood when it was sent.
    pub place: RowPlace,
    pub operation: String,
    pub lane: String,
    /// Names what was sent.
    pub digest: Digest,
    /// What the other side calls what was made; none where nobody knows, or nothing was made.
    pub id: Option<String>,
    /// When its request was started; unix milliseconds.
    pub at: i64,
    /// Whether the row has done nothing since.
    pub is_last: bool,
}

/// All that rows of a job have done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Acts {
    /// In the order in which it was done.
    pub done: Vec<Act>,
    /// The ids of all that rows of any job have made at the same address.
    pub owned: HashSet<KeyHash>,
    /// Rows of which nobody knows what they did.
    pub in_doubt: u64,
    /// Rows that were refused, or given up.
    pub failed: u64,
    /// Rows that a person wants no more of.
    pub dismissed: u64,
    /// Rows that were undone.
    pub undone: u64,
}
