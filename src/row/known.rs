//! What a ledger knows of a row. What follows from it is for `plan`.

use std::fmt;

use crate::text::place::RowPlace;

use super::{Attempted, Cause, Digest, Life, Position, RowState, Undoing};

/// A row's id: given by the ledger, the same for all attempts of the row, and nothing more than a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RowId(pub i64);

impl fmt::Display for RowId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Where a row stands, in a byte: its state without what goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Standing {
    NotStarted,
    /// A request left, or was about to, and nothing is known of it.
    Started,
    /// Likewise, and whoever has started it is at work: it is nobody else's to look for or to send.
    UnderWay,
    Deferred,
    /// Done: whatever is to be known of the row is that it succeeded.
    Done,
    Refused,
    GivenUp,
    InDoubt,
    /// A person wants no more of it.
    Dismissed,
    /// What it had done was undone.
    Undone,
    /// Its attempts contradict each other. Why is told when it is looked up.
    Contradictory,
}

impl Standing {
    /// Whether something was begun of the row that is not done, and that nobody has dismissed.
    pub(crate) fn is_unfinished(self) -> bool {
        match self {
            Self::NotStarted | Self::Deferred | Self::Done | Self::Dismissed | Self::Undone => {
                false
            }
            Self::Started
            | Self::UnderWay
            | Self::Refused
            | Self::GivenUp
            | Self::InDoubt
            | Self::Contradictory => true,
        }
    }
}

/// What the ledger knows of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Earlier {
    /// Where the row stands: with what was undone taken away, and as it stood before an undoing that came to nothing.
    pub state: RowState,
    /// Where it stands among its operations.
    pub position: Position,
    /// What became of the undoing of what it had done; none where its last operation was not to undo it, or a person wants no
    /// more of that.
    pub undoing: Option<Undoing>,
    /// Who has its last attempt in hand at this moment; none where nobody has, or it has ended.
    pub holder: Option<String>,
    /// Why its last attempt did not succeed; none where it did, or nothing is known.
    pub cause: Option<Cause>,
}

impl Earlier {
    /// Of a row in its first operation that nobody has in hand, with no word of why it stands there.
    #[cfg(test)]
    pub(crate) fn of(state: RowState) -> Self {
        Self::at(state, 1)
    }

    /// Likewise, in another operation.
    #[cfg(test)]
    pub(crate) fn at(state: RowState, turn: u32) -> Self {
        let position = Position::of(&state, turn);
        Self { state, position, undoing: None, holder: None, cause: None }
    }
}

impl Earlier {
    /// As a row's life tells it.
    pub(crate) fn of_life(life: &Life, holder: Option<String>, cause: Option<Cause>) -> Self {
        let (state, position, undoing) = (life.row_state(), life.position(), life.undoing());
        Self { state, position, undoing, holder, cause }
    }

    /// The operation that its last attempt was of, counting from 1.
    pub(crate) fn turn(&self) -> u32 {
        self.position.turn()
    }
}

/// A row that the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub id: RowId,
    /// The key as it was written when the row was last sent.
    pub key: String,
    pub earlier: Earlier,
    /// Names the content that was last sent.
    pub digest: Digest,
    /// The operation and the lane that it was last sent in.
    pub operation: String,
    pub lane: String,
    /// What the other side calls what was made.
    pub remote_id: Option<String>,
    /// What the row has made last, as far as that has a name: what it is about while a further operation of it is under way.
    pub thing: Option<String>,
    /// Names the contents of which one is there, as far as the row's requests go: the one that was done last, and those that
    /// may have acted since.
    pub there: Vec<Digest>,
    /// Where it stood in the source when it was last sent.
    pub place: RowPlace,
    /// When the last attempt was started; of several in a row that may have acted, the first.
    pub attempted: Attempted,
}
