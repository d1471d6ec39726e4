//! What a ledger knows of a row. What follows from it is for `plan`.

use super::{Attempted, Digest, RowState};

/// What the ledger knows of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub state: RowState,
    /// The refusal's or the last failure's words.
    pub message: Option<String>,
}

/// A row that the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The row's id in the ledger.
    pub id: i64,
    pub earlier: Earlier,
    /// Names the content that was last sent.
    pub digest: Digest,
    /// The operation and the lane that it was last sent in.
    pub operation: String,
    pub lane: String,
    /// What the other side calls what was made.
    pub remote_id: Option<String>,
    /// When the last attempt was started; of several in a row that may have acted, the first.
    pub attempted: Attempted,
}
