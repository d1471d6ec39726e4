//! What rows have done, operation by operation, for whoever undoes it: values. What is to be undone is for `plan`.

use crate::row::{CameTo, Position, RowId};
use crate::text::place::RowPlace;

/// A row, and what it has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TurnedRow {
    pub row: RowId,
    pub key: String,
    /// Where it stood in the source when it was last sent.
    pub place: RowPlace,
    /// In the order in which that was done.
    pub turns: Vec<Turn>,
    /// Where it stands among them.
    pub position: Position,
    /// Whether the job that is asked about has it.
    pub is_own: bool,
}

/// One operation of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Counts from 1.
    pub number: u32,
    /// The run that has sent it last.
    pub run: i64,
    pub operation: String,
    pub lane: String,
    /// Whether it was to undo what was done before.
    pub undoes: bool,
    pub came_to: CameTo,
    /// What the other side calls what was made.
    pub id: Option<String>,
    /// The first request of those that may have acted: what was there before it was there before the operation.
    pub first: Option<u32>,
    /// The last request.
    pub last: u32,
    /// The print of what the last has left there, as lists are compared by; none where it is not known.
    pub print: Option<i64>,
}
