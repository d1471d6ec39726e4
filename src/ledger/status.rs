//! What a ledger says of its jobs, for `status`: values. Reading them is for the kind of ledger.

use crate::row::{Cause, RowId, Totals};
use crate::text::place::RowPlace;

use super::{JobName, Mandate, SETTLED};

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobStatus {
    pub job: JobName,
    /// `rows` are those that were ever sent, or those that the last run knew of which has read the whole source. Rows that it
    /// has found invalid are told as such, but for those that have come back since.
    pub totals: Totals,
    /// The last run that has read the whole source, as far as that is known.
    pub whole: Option<i64>,
    /// Newest first.
    pub runs: Vec<RunRecord>,
    /// Rows that failed or are in doubt, in the order of the source.
    pub failed: Vec<FailedRow>,
    /// How many more of those there are.
    pub more_failed: u64,
}

/// What a run has read, as it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunSource {
    /// As the job names it.
    pub name: String,
    /// Rows of the job came back, in the place of its source.
    pub came_back: bool,
    /// Those that the job wants.
    pub rows: u64,
    /// Those of them that are invalid.
    pub invalid: u64,
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
    /// What it has read; none where that was not written down.
    pub source: Option<RunSource>,
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
    /// The operation whose request has left last.
    pub operation: String,
    /// Whether that was to undo what the row had done.
    pub undoes: bool,
    /// Whether a request of it may have acted, be it before the last.
    pub may_have_acted: bool,
    /// What it is about, where that has a name.
    pub thing: Option<String>,
    /// Why; none where nothing is known.
    pub cause: Option<Cause>,
}

impl RunRecord {
    /// Whether it is a run of the job's rows: not what a person has said, and not what undoes another.
    pub(crate) fn is_of_rows(&self) -> bool {
        self.reason.as_deref() != Some(SETTLED) && self.undoes.is_none()
    }

    /// How many rows the job wants and how many of them are invalid, where the run has read its whole source and that is known.
    pub(crate) fn whole_source(&self) -> Option<(u64, u64)> {
        match (&self.source, self.ended_at) {
            _ if !self.is_of_rows() => None,
            (Some(source), _) if source.came_back => None,
            (_, Some(_)) => Some((self.totals.rows, self.totals.invalid)),
            (Some(source), None) => Some((source.rows, source.invalid)),
            (None, None) => None,
        }
    }
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
