//! An attempt: a request of a row. What is said of it before it leaves, and what came of it.
//!
//! Values only; writing them down is for `ledger`.

use std::sync::Arc;

use crate::text::place::RowPlace;

use super::{Cause, Digest, RowEvent, RowId, Snapshot};

/// When an attempt was started, in unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attempted {
    /// By this machine's clock, which may have been wrong, or set since.
    pub at: i64,
    /// By the other side's clock, where an answer had told it by then.
    pub remote_at: Option<i64>,
}

/// An attempt that is about to leave.
#[derive(Debug, Clone)]
pub(crate) struct AttemptStart {
    /// The row's id, where the ledger knows it already.
    pub known: Option<RowId>,
    pub key: Arc<str>,
    pub place: RowPlace,
    pub operation: Arc<str>,
    pub lane: String,
    pub digest: Digest,
    /// Counts from 1, over all runs and all operations of the row.
    pub number: u32,
    /// Which operation of the row it is of, counting from 1: it is created, say, and then changed.
    pub turn: u32,
    /// Whether an earlier one may have acted, so that the row may have, even if this one surely does not.
    pub repeats: bool,
    /// Unix milliseconds.
    pub at: i64,
    /// The same by the other side's clock, where that is known.
    pub remote_at: Option<i64>,
    /// The print of what it leaves there, as lists are compared by; none where that is not known.
    pub print: Option<i64>,
    /// What was there before.
    pub snapshot: Option<Box<Snapshot>>,
}

/// What came of an attempt.
#[derive(Debug, Clone)]
pub(crate) struct AttemptEnd {
    pub outcome: Outcome,
    /// The row's id, where the attempt is of an earlier run.
    pub known: Option<RowId>,
    pub number: u32,
    pub cause: Option<Cause>,
    pub remote_id: Option<String>,
    pub at: i64,
}

/// How an attempt ended, in the ledger's words; the last three are a person's, who has looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeded,
    Refused,
    Deferred,
    GivenUp,
    Lost,
    Found,
    NotFound,
    /// A person says that what it was for is there.
    Confirmed,
    /// A person says that it is not there.
    Denied,
    /// A person wants no more of the row, whatever it did.
    Dismissed,
}

impl Outcome {
    pub(crate) const ALL: [Self; 10] = [
        Self::Succeeded,
        Self::Refused,
        Self::Deferred,
        Self::GivenUp,
        Self::Lost,
        Self::Found,
        Self::NotFound,
        Self::Confirmed,
        Self::Denied,
        Self::Dismissed,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Refused => "refused",
            Self::Deferred => "deferred",
            Self::GivenUp => "given_up",
            Self::Lost => "lost",
            Self::Found => "found",
            Self::NotFound => "not_found",
            Self::Confirmed => "confirmed",
            Self::Denied => "denied",
            Self::Dismissed => "dismissed",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// Whether it says that the attempt surely made nothing.
    pub(crate) fn denies(self) -> bool {
        match self {
            Self::Refused | Self::Deferred | Self::GivenUp | Self::NotFound | Self::Denied => true,
            Self::Succeeded | Self::Lost | Self::Found | Self::Confirmed | Self::Dismissed => false,
        }
    }

    /// Whether it says that the attempt did what it was for.
    pub(crate) fn succeeds(self) -> bool {
        matches!(self, Self::Succeeded | Self::Found | Self::Confirmed)
    }

    /// Whether a person says it. What a person says holds until another is said.
    pub(crate) fn is_of_person(self) -> bool {
        matches!(self, Self::Confirmed | Self::Denied | Self::Dismissed)
    }

    /// The event that this outcome is for its row.
    pub(crate) fn event(self, id: Option<String>) -> RowEvent {
        match self {
            Self::Succeeded => RowEvent::Succeeded { id },
            Self::Refused => RowEvent::Refused,
            Self::Deferred => RowEvent::Deferred,
            Self::GivenUp => RowEvent::GivenUp,
            Self::Lost => RowEvent::Lost,
            Self::Found | Self::Confirmed => RowEvent::Found { id },
            Self::NotFound | Self::Denied => RowEvent::NotFound,
            Self::Dismissed => RowEvent::Dismissed,
        }
    }
}
