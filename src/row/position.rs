//! Where a row stands among its operations, and from that which attempt of which of them may come next: the one answer to both,
//! for whoever sends.
//!
//! Made of a replayed [`Life`](super::Life), and agrees with what that lets follow. Whether anything is sent is for `plan`.

use super::{Attempted, RowState, Standing};

/// What an operation of a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Purpose {
    /// To do what the job wants of it.
    #[default]
    Do,
    /// To undo what was done last.
    Undo,
}

/// Where a row stands among its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// Where its last operation stands.
    pub(super) state: Standing,
    /// All attempts of the row.
    pub(super) attempts: u32,
    /// Its last operation, counting from 1; 0 before the first.
    pub(super) turn: u32,
    /// What that is for.
    pub(super) purpose: Purpose,
    /// Whether an attempt of it may have acted, and nobody knows.
    pub(super) may_have_acted: bool,
    /// When the last attempt was begun; of several in a row that may have acted, the first.
    pub(super) attempted: Attempted,
}

/// The attempt of a row that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next {
    /// The operation that it is of, counting from 1.
    pub turn: u32,
    /// How many attempts there were before, of all operations.
    pub attempts: u32,
    pub follows: Follows,
    /// When the one before was begun; of several in a row that may have acted, the first.
    pub attempted: Option<Attempted>,
}

/// What an attempt comes after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follows {
    /// Nothing.
    Nothing,
    /// Another operation, which is over.
    Operation,
    /// An attempt of the same operation that surely did not act.
    Attempt,
    /// One that may have acted.
    OpenAttempt,
}

impl Next {
    /// The first attempt of a row.
    pub(crate) const FIRST: Self =
        Self { turn: 1, attempts: 0, follows: Follows::Nothing, attempted: None };

    /// Where the row stands before it.
    pub(crate) fn before(self) -> RowState {
        let attempts = self.attempts;
        match self.follows {
            Follows::Nothing => RowState::NotStarted,
            Follows::Operation => RowState::Succeeded { attempts, id: None },
            Follows::Attempt => RowState::Deferred { attempts },
            Follows::OpenAttempt => RowState::InDoubt { attempts },
        }
    }
}

impl Position {
    /// The operation that was begun last, counting from 1.
    pub(crate) fn turn(&self) -> u32 {
        self.turn
    }

    /// Whether an attempt of that operation may have acted, and nobody knows: also where a later one was refused.
    pub(crate) fn may_have_acted(&self) -> bool {
        self.may_have_acted
    }

    /// The attempt that may come next for a purpose; none where none may.
    pub(crate) fn next(&self, purpose: Purpose) -> Option<Next> {
        let follows = match self.state {
            Standing::NotStarted if purpose == Purpose::Do => Follows::Nothing,
            Standing::NotStarted | Standing::Contradictory | Standing::Undone => return None,
            Standing::Done => Follows::Operation,
            // What undoes a row is an operation of its own, and so is what comes after it.
            _ if purpose != self.purpose && self.may_have_acted => return None,
            _ if purpose != self.purpose => Follows::Operation,
            // A person wants no more of it.
            Standing::Dismissed => return None,
            Standing::Started | Standing::UnderWay | Standing::InDoubt => Follows::OpenAttempt,
            // That the last attempt did not act says nothing of those before.
            Standing::Refused | Standing::GivenUp | Standing::Deferred
                if self.may_have_acted && purpose == Purpose::Undo =>
            {
                Follows::OpenAttempt
            }
            Standing::Refused | Standing::GivenUp | Standing::Deferred => Follows::Attempt,
        };
        let is_new = matches!(follows, Follows::Nothing | Follows::Operation);
        Some(Next {
            turn: self.turn.saturating_add(u32::from(is_new)),
            attempts: self.attempts,
            follows,
            attempted: (self.attempts > 0).then_some(self.attempted),
        })
    }

    #[cfg(test)]
    pub(crate) fn of(state: &RowState, turn: u32) -> Self {
        Self {
            state: state.standing(),
            attempts: state.attempts(),
            turn,
            purpose: Purpose::Do,
            may_have_acted: state.may_have_acted(),
            attempted: Attempted::default(),
        }
    }
}
