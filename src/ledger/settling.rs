//! What persons say of rows that a ledger knows, and why it cannot be said: values. Reading and writing them is for the kind
//! of ledger.

use crate::row::{RowId, Settlement};
use crate::text::place::RowPlace;

use super::{JobName, Unfinished};

/// Why a run ended in which a person has settled rows: its word in the ledger.
pub(crate) const SETTLED: &str = "settled";

/// What a person says of rows that were sent.
#[derive(Debug, Clone)]
pub(crate) struct Settling<'a> {
    /// Who says it, in the person's own words.
    pub by: &'a str,
    pub comment: Option<&'a str>,
    /// The job's key as written, or empty.
    pub keyed_by: &'a str,
    /// Each row, its last attempt, and what is said of it.
    pub rows: Vec<(RowId, u32, Settlement)>,
}

/// A row of which a person's word holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettledRow {
    pub id: RowId,
    /// The attempt that it is said of: the row's last.
    pub attempt: u32,
    pub place: RowPlace,
    pub key: String,
    /// In words, as in `ticket tk_1`.
    pub lane: String,
    pub said: Settlement,
    /// Whoever says it, and when, in unix milliseconds.
    pub by: String,
    pub at: i64,
    pub comment: Option<String>,
    /// The run in which it was said.
    pub run: i64,
}

/// A row that is settled now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettledNow {
    pub deed: SettledDeed,
    pub place: RowPlace,
    pub key: String,
    /// In words, as in `ticket tk_1`.
    pub lane: String,
    pub before: Before,
}

/// What the last request of a row was to do, of which a person says what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SettledDeed {
    /// To make something, which is there or not.
    #[default]
    Make,
    /// To change something that is there.
    Change,
    /// To delete it.
    Delete,
    /// To undo what the row had done.
    Undo,
}

/// Where a row stood before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Before {
    Unfinished(Unfinished),
    /// A person had said this.
    Settled(Settlement),
}

/// Why nothing is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unsettled {
    /// The ledger does not know the job, at the address that is named.
    UnknownJob { job: String },
    /// The ledger does not know the job at the place that is asked about; where it does.
    NotThere { job: String, asked: JobName, targets: Vec<JobName> },
    /// The job has gone to several places, and none is named.
    SeveralTargets { targets: Vec<JobName> },
    /// No row of this number or key needs a person's word.
    NotOpen { row: RowName },
    /// It surely did nothing: there is nothing to find out.
    HasFailed { place: RowPlace, key: String },
    /// A person has said something of it before.
    Settled { place: RowPlace, key: String, by: String },
    /// It was sent again, or settled, since a person was asked about it.
    MovedOn { place: RowPlace, key: String },
    /// There is nothing to be taken back.
    NothingSaid { row: RowName },
    /// Several rows stood there in the source, one after the other.
    SeveralRows { row: u64, keys: Vec<String> },
    /// One id for several rows.
    OneIdForMany { id: String, rows: u64 },
    /// What the row changes or deletes is something else.
    IsNotIts { id: String, own: String, place: RowPlace, key: String },
    /// Another row has made that.
    IsAnothers { id: String, place: RowPlace, key: String },
}

/// How a row was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowName {
    Number(u64),
    Key(String),
}
