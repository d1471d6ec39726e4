//! What a ledger says of its jobs, for `status`: values. Reading them is for the kind of ledger.

use crate::row::{Cause, RowId, Totals};
use crate::text::place::RowPlace;

use super::{JobName, Mandate};

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobStatus {
    pub job: JobName,
    /// `rows` are those that were ever sent, or those that the last run that came to an end knew of.
    pub totals: Totals,
    /// Newest first.
    pub runs: Vec<RunRecord>,
    /// Rows that failed or are in doubt, in the order of the source.
    pub failed: Vec<FailedRow>,
    /// How many more of those there are.
    pub more_failed: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunRecord {
    pub id: i64,
    pub started_at: i64,
    /// None for a run that is under way or was killed.
    pub ended_at: Option<i64>,
    pub exit: Option<u8>,
    /// Why it stopped before its end, in a word; none where it did not, or where that was not written down.
    pub reason: Option<String>,
    /// What it carried out, and on whose word.
    pub mandate: Mandate,
    /// The run that it undoes; none where it undoes none.
    pub undoes: Option<i64>,
    /// Of a run without an end, what its rows say: how many of those that it sent stand where.
    pub totals: Totals,
}

/// A row that needs a look, as it was last sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedRow {
    pub id: RowId,
    pub place: RowPlace,
    pub key: String,
    /// In words, as in `ticket tk_1`.
    pub lane: String,
    pub state: Unfinished,
    pub attempts: u32,
    /// Why; none where nothing is known.
    pub cause: Option<Cause>,
}

/// Why a row that was sent is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Unfinished {
    /// It was refused, or could not be sent as often as it was tried.
    Failed,
    /// A request left and may have acted.
    InDoubt,
}

impl Unfinished {
    /// The word in the output.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
        }
    }
}
