//! What the readings find wrong with a row that its text alone does not show, and how a source has changed between them:
//! facts. The sentences are `report`'s.

use std::sync::Arc;

use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;

/// What is wrong with a row, or with the source as a whole.
#[derive(Debug, Clone)]
pub(crate) enum RowProblem {
    /// What is written there, by itself.
    Written(Diagnostic),
    /// Its key is that of a row that is done and was another one.
    KeyTaken(Box<TakenKey>),
    /// Its key is that of an earlier row of the source.
    KeyRepeated(Box<RepeatedKey>),
    /// It has come back with a key that is another row's.
    KeyOfAnother { place: RowPlace, key: String },
    /// A row with its reference has come back already, with another key.
    CameBackTwice { place: RowPlace },
    /// It has come back and says what another row has sent.
    SentBefore { place: RowPlace, item: String },
    /// The source has fewer rows than it must have.
    TooFewRows { source: Arc<str>, rows: u64, least: u64 },
    /// The source has none, which is told and passed over.
    NoRows { source: Arc<str> },
    /// It has some, and the job's conditions leave out all of them, which is told and passed over.
    NoneKept { source: Arc<str>, rows: u64 },
}

/// A key that is known, for another row.
#[derive(Debug, Clone)]
pub(crate) struct TakenKey {
    pub place: RowPlace,
    pub key: String,
    /// The lane, or the operation, that it was for.
    pub then: String,
    /// The one that it is for now.
    pub now: String,
    /// A person has dismissed the row whose key it is, which is not done.
    pub dismissed: bool,
}

/// A key that comes again.
#[derive(Debug, Clone)]
pub(crate) struct RepeatedKey {
    pub place: RowPlace,
    pub key: String,
    /// Row and line of the first that bears it, where that was looked for.
    pub first: Option<(u64, u64)>,
    /// Whether it is the same key only where the spelling of texts does not count.
    pub is_spelt_otherwise: bool,
    /// What the connector calls what a row makes.
    pub item: String,
    /// The rows are some that come back: the key is what the ledger knows them by, and may be none of theirs.
    pub returned: bool,
}

/// How a source differs from what it was when its rows were checked.
#[derive(Debug, Clone)]
pub(crate) enum SourceChange {
    /// Another row stands here.
    Row(RowPlace),
    /// The file of that name has fewer rows.
    Fewer(Arc<str>),
}

impl SourceChange {
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Row(place) => place.clone().into(),
            Self::Fewer(file) => Place::File(Arc::clone(file)),
        }
    }
}

impl From<Diagnostic> for RowProblem {
    fn from(problem: Diagnostic) -> Self {
        Self::Written(problem)
    }
}
