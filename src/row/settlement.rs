//! What a person says of a row that was sent, having looked at the other side.
//!
//! A person's word holds until another is said, and never against what an answer or a look has shown: see
//! [`super::Life`]. Whether a row may be settled so is for whoever asks.

use super::Outcome;

/// What a person says of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// What it was for is there, and the other side may have a name for it.
    There { id: Option<String> },
    /// It is not there, so that it may be sent again.
    Absent,
    /// Whatever became of it: it is neither sent nor told of again.
    Dismissed,
    /// Nothing any more: what was known before a person said anything holds again.
    Withdrawn,
}

impl Settlement {
    /// The outcome that the ledger keeps; none for one that takes a person's word back.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::There { .. } => Some(Outcome::Confirmed),
            Self::Absent => Some(Outcome::Denied),
            Self::Dismissed => Some(Outcome::Dismissed),
            Self::Withdrawn => None,
        }
    }

    /// What the other side calls what is there.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::There { id } => id.as_deref(),
            Self::Absent | Self::Dismissed | Self::Withdrawn => None,
        }
    }
}
