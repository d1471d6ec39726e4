//! Rows that are done, as a ledger tells of them for systems that link to what was made: values.

use crate::text::place::RowPlace;

/// A row that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DoneRow {
    pub key: String,
    /// What the other side calls what was made; none where nothing tells it.
    pub remote_id: Option<String>,
    pub operation: String,
    /// In words, as in `ticket tk_1`.
    pub lane: String,
    /// Where it stood in the source when it was last sent.
    pub place: RowPlace,
    /// When that became known, in unix milliseconds.
    pub at: i64,
    /// The run that found out.
    pub run: i64,
}

/// Of which rows is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DoneSince {
    /// All of them.
    Ever,
    /// Those of a run, and of the ones after it.
    Run(i64),
    /// Those since a moment, in unix milliseconds.
    Moment(i64),
}

impl DoneSince {
    pub(crate) fn has(self, row: &DoneRow) -> bool {
        match self {
            Self::Ever => true,
            Self::Run(run) => row.run >= run,
            Self::Moment(moment) => row.at >= moment,
        }
    }
}
