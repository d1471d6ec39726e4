//! What becomes of a row, given what happened to it before.
//!
//! Pure: a table. `plan` shows what this says, and `run` does it.

use crate::declared::connector::{Effect, Repeat};
use crate::declared::job::InDoubt;
use crate::row::{Earlier, RowState};

/// What becomes of a row. A new fate is one variant here; the compiler then asks for it everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Send(Sending),
    /// It would be sent, but the pilot has enough rows without it.
    Later(Sending),
    /// It is done already.
    Skip(Done),
    /// It needs a decision by a person first.
    Hold(Held),
    /// It is invalid.
    Reject,
    /// The job does not want it.
    LeaveOut(LeftOut),
}

/// How a row is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    /// Nothing of it can be under way.
    Fresh,
    /// Likewise, but it stands behind a row of its lane that is looked for first: it goes only once that one is settled.
    IfSettled,
    /// An earlier request may have acted, and a second is harmless.
    Repeat,
    /// An earlier request may have acted, and a second may make the same once more: the job wants it so.
    Resend,
    /// An earlier request may have acted: it is looked for, and sent again only if it surely did not.
    Settle,
}

impl Sending {
    /// Whether an earlier request may have acted.
    pub(crate) fn may_have_acted(self) -> bool {
        match self {
            Self::Fresh | Self::IfSettled => false,
            Self::Repeat | Self::Resend | Self::Settle => true,
        }
    }

    /// Whether it is sent though an earlier request may have acted, without a look.
    pub(crate) fn is_again(self) -> bool {
        matches!(self, Self::Repeat | Self::Resend)
    }
}

/// Why the job does not want a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// A condition of the job's `where` is not true of it.
    Filtered,
    /// An earlier row has its key and its content, and is sent for both.
    Duplicate,
    /// A person has looked at what became of it, and wants no more of it.
    Dismissed,
    /// What it had done was undone.
    Undone,
}

/// Whether a row that is done is still what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    Unchanged,
    /// Its content has changed since. It is not sent again.
    Changed,
}

/// Why a row is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// A request may have acted.
    InDoubt,
    /// It was refused, and nothing about it has changed since.
    Refused,
    /// It stands behind a row of its lane that is in doubt or under way and held, and must not overtake it.
    Behind,
    /// Somebody else is at work on it at this moment.
    UnderWay,
}

impl Fate {
    /// The fate that the row would have if no row stood before it in its lane.
    pub(super) fn alone(self) -> Self {
        match self {
            Self::Send(Sending::IfSettled) => Self::Send(Sending::Fresh),
            Self::Later(Sending::IfSettled) => Self::Later(Sending::Fresh),
            fate => fate,
        }
    }
}

/// Lists every fate once. A fate that is not listed does not compile.
macro_rules! all_fates {
    ($($fate:ident $(($how:path))?),+ $(,)?) => {
        impl Fate {
            pub(crate) const ALL: [Self; [$(stringify!($fate)),+].len()] = [$(Self::$fate $(($how))?),+];

            /// The fate's place in [`Fate::ALL`].
            pub(crate) fn index(self) -> usize {
                match self {
                    $(Self::$fate $(($how))?)|+ => {
                        Self::ALL.iter().position(|fate| *fate == self).unwrap_or_default()
                    }
                }
            }
        }
    };
}

all_fates!(
    Send(Sending::Fresh),
    Send(Sending::IfSettled),
    Send(Sending::Repeat),
    Send(Sending::Resend),
    Send(Sending::Settle),
    Later(Sending::Fresh),
    Later(Sending::IfSettled),
    Later(Sending::Repeat),
    Later(Sending::Resend),
    Later(Sending::Settle),
    Skip(Done::Unchanged),
    Skip(Done::Changed),
    Hold(Held::InDoubt),
    Hold(Held::Refused),
    Hold(Held::Behind),
    Hold(Held::UnderWay),
    Reject,
    LeaveOut(LeftOut::Filtered),
    LeaveOut(LeftOut::Duplicate),
    LeaveOut(LeftOut::Dismissed),
    LeaveOut(LeftOut::Undone),
);

/// What is known of a row when its fate is decided.
#[derive(Debug, Clone)]
pub(crate) struct Facts<'a> {
    /// None where the ledger does not know the row.
    pub earlier: Option<&'a Earlier>,
    pub valid: bool,
    /// Whether what would be sent is what was sent before.
    pub unchanged: bool,
    /// Whether the row is of another operation or another lane than what was sent under its key.
    pub is_another: bool,
    pub effect: Effect,
    pub repeat: Repeat,
    /// Whether a lost answer can be settled by looking.
    pub settles: bool,
    pub in_doubt: InDoubt,
    pub retry_failed: bool,
}

/// Decides a row's fate.
///
/// What is done is done (but another row under its key is another row), even if it would be invalid today: a reminder that has passed since is no fault.
pub(crate) fn decide(facts: &Facts<'_>) -> Fate {
    let state = match facts.earlier {
        // Reading changes nothing and its answer is gone: it is done anew.
        _ if facts.effect == Effect::Read => &RowState::NotStarted,
        Some(earlier) => &earlier.state,
        None => &RowState::NotStarted,
    };
    let earlier = facts.earlier.filter(|_| facts.effect != Effect::Read);
    match state {
        RowState::Started { .. } if earlier.is_some_and(|earlier| earlier.holder.is_some()) => {
            Fate::Hold(Held::UnderWay)
        }
        // Nor is it sent again by itself what a person has undone.
        RowState::Succeeded { .. } if earlier.is_some_and(|earlier| earlier.undoes) => {
            Fate::LeaveOut(LeftOut::Undone)
        }
        // What it was sent for first is done. Only a further operation goes on with such a row.
        _ if earlier.is_some_and(|earlier| earlier.turn > 1) => match state.may_have_acted() {
            true => Fate::Hold(Held::InDoubt),
            false if facts.unchanged => Fate::Skip(Done::Unchanged),
            false => Fate::Skip(Done::Changed),
        },
        // Its key is taken: passing it over as done would lose it.
        RowState::Succeeded { .. } | RowState::Dismissed { .. } if facts.is_another => Fate::Reject,
        RowState::Succeeded { .. } if facts.unchanged => Fate::Skip(Done::Unchanged),
        RowState::Succeeded { .. } => Fate::Skip(Done::Changed),
        RowState::Dismissed { .. } => Fate::LeaveOut(LeftOut::Dismissed),
        RowState::Started { .. } | RowState::InDoubt { .. } => in_doubt(facts),
        _ if !facts.valid => Fate::Reject,
        RowState::Refused { .. } if facts.unchanged && !facts.retry_failed => {
            Fate::Hold(Held::Refused)
        }
        RowState::NotStarted
        | RowState::Deferred { .. }
        | RowState::Refused { .. }
        | RowState::GivenUp { .. } => Fate::Send(Sending::Fresh),
    }
}

/// The fate of a row of which a request may have acted.
fn in_doubt(facts: &Facts<'_>) -> Fate {
    match (facts.repeat, facts.in_doubt) {
        (Repeat::Harmless, _) if facts.valid => Fate::Send(Sending::Repeat),
        (Repeat::Harmful, InDoubt::Verify) if facts.settles => Fate::Send(Sending::Settle),
        (Repeat::Harmful, InDoubt::Resend) if facts.valid => Fate::Send(Sending::Resend),
        (Repeat::Harmless | Repeat::Harmful, _) => Fate::Hold(Held::InDoubt),
    }
}
