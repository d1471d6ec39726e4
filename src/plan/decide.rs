//! What becomes of a row, given what happened to it before.
//!
//! Pure: a table. `plan` shows what this says, and `run` does it.

use crate::declared::connector::{Effect, Repeat};
use crate::declared::job::InDoubt;
use crate::row::{Earlier, Reason, RowState, Undoing};

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
    /// The row is done and has changed since: what it has made is changed.
    Update,
    /// Likewise, and an earlier request for that may have acted; a second is harmless.
    UpdateAgain,
    /// The row is done and no longer in the source: what it has made is deleted.
    Delete,
    /// Likewise, and an earlier request for that may have acted; a second is harmless.
    DeleteAgain,
}

impl Sending {
    /// Whether an earlier request may have acted.
    pub(crate) fn may_have_acted(self) -> bool {
        match self {
            Self::Fresh | Self::IfSettled | Self::Update | Self::Delete => false,
            Self::Repeat | Self::Resend | Self::Settle | Self::UpdateAgain | Self::DeleteAgain => {
                true
            }
        }
    }

    /// Whether what the row has made is changed.
    pub(crate) fn is_update(self) -> bool {
        matches!(self, Self::Update | Self::UpdateAgain)
    }

    /// Whether what the row has made is deleted.
    pub(crate) fn is_delete(self) -> bool {
        matches!(self, Self::Delete | Self::DeleteAgain)
    }

    /// Whether it is sent though an earlier request may have acted, without a look.
    pub(crate) fn is_again(self) -> bool {
        matches!(self, Self::Repeat | Self::Resend | Self::UpdateAgain | Self::DeleteAgain)
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
    /// Whether no run sends the row any more, as things are: it is done, or a person wants no more of it.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Skip(_) | Self::LeaveOut(LeftOut::Dismissed | LeftOut::Undone))
    }

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
    Send(Sending::Update),
    Send(Sending::UpdateAgain),
    Send(Sending::Delete),
    Send(Sending::DeleteAgain),
    Later(Sending::Fresh),
    Later(Sending::IfSettled),
    Later(Sending::Repeat),
    Later(Sending::Resend),
    Later(Sending::Settle),
    Later(Sending::Update),
    Later(Sending::UpdateAgain),
    Later(Sending::Delete),
    Later(Sending::DeleteAgain),
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
    /// What was sent last under its key.
    pub last: Last,
    /// Whether what a changed row has made is to be changed, and can be.
    pub updates: bool,
    /// Whether a row is made anew that comes again after what it had made was deleted.
    pub comes_again: bool,
    pub effect: Effect,
    pub repeat: Repeat,
    /// Whether a lost answer can be settled by looking.
    pub settles: bool,
    pub in_doubt: InDoubt,
    pub retry_failed: bool,
    /// Whether a row is sent again of which what it had done was undone.
    pub undone: bool,
}

/// What was sent last under a row's key, beside what the row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// What it is for, or nothing.
    Own,
    /// What changes what it has made.
    Update,
    /// What deletes what it has made.
    Delete,
    /// Something else.
    Another,
}

/// Of a row that has come again, and whose deletion came to nothing.
fn kept(facts: &Facts<'_>) -> Fate {
    let earlier = facts.earlier;
    let is_open = earlier.is_some_and(|earlier| earlier.position.may_have_acted());
    let reason = earlier.and_then(|earlier| earlier.cause.as_ref()).map(|cause| cause.reason);
    match (changed(facts), reason) {
        // One before the last attempt may have deleted it.
        _ if is_open => Fate::Hold(Held::InDoubt),
        // An update looks first whether it is there.
        (Fate::Skip(_), Some(Reason::NotListed)) => Fate::Hold(Held::Refused),
        (Fate::Skip(_), _) if facts.unchanged => Fate::Skip(Done::Unchanged),
        (fate, _) => fate,
    }
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
    let undoing = earlier.and_then(|earlier| earlier.undoing);
    match state {
        RowState::Started { .. } if earlier.is_some_and(|earlier| earlier.holder.is_some()) => {
            Fate::Hold(Held::UnderWay)
        }
        _ if undoing == Some(Undoing::InDoubt) => Fate::Hold(Held::InDoubt),
        // Nor is it sent again by itself what a person has undone.
        _ if undoing == Some(Undoing::Done) && !facts.undone => Fate::LeaveOut(LeftOut::Undone),
        // All that it had done.
        RowState::NotStarted if undoing == Some(Undoing::Done) => match facts.valid {
            true => Fate::Send(Sending::Fresh),
            false => Fate::Reject,
        },
        _ if facts.last == Last::Update => updated(state, facts),
        RowState::Succeeded { .. } if facts.last == Last::Delete && facts.comes_again => {
            if facts.valid { Fate::Send(Sending::Fresh) } else { Fate::Reject }
        }
        // What it was sent for first is done. Only a further operation goes on with such a row.
        _ if facts.last != Last::Own && earlier.is_some_and(|earlier| earlier.turn() > 1) => {
            match state {
                _ if state.may_have_acted() => Fate::Hold(Held::InDoubt),
                // A person wants no more of it, and what it has made may be there.
                RowState::Dismissed { .. } => Fate::LeaveOut(LeftOut::Dismissed),
                RowState::Refused { .. } | RowState::Deferred { .. } | RowState::GivenUp { .. }
                    if facts.last == Last::Delete =>
                {
                    kept(facts)
                }
                _ if facts.unchanged => Fate::Skip(Done::Unchanged),
                _ => Fate::Skip(Done::Changed),
            }
        }
        // Its key is taken: passing it over as done would lose it.
        RowState::Succeeded { .. } | RowState::Dismissed { .. } if facts.is_another => Fate::Reject,
        RowState::Succeeded { .. } if facts.unchanged => Fate::Skip(Done::Unchanged),
        RowState::Succeeded { .. } => changed(facts),
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

/// The fate of a row that is done and has changed since.
fn changed(facts: &Facts<'_>) -> Fate {
    match facts.updates && facts.valid && !facts.is_another {
        true => Fate::Send(Sending::Update),
        false => Fate::Skip(Done::Changed),
    }
}

/// The fate of a row of which what it had made was changed, or was to be.
fn updated(state: &RowState, facts: &Facts<'_>) -> Fate {
    let updates = facts.updates && facts.valid && !facts.is_another;
    match state {
        RowState::Succeeded { .. } | RowState::Dismissed { .. } if facts.is_another => Fate::Reject,
        RowState::Succeeded { .. } if facts.unchanged => Fate::Skip(Done::Unchanged),
        RowState::Dismissed { .. } => Fate::LeaveOut(LeftOut::Dismissed),
        RowState::Started { .. } | RowState::InDoubt { .. } if updates => {
            Fate::Send(Sending::UpdateAgain)
        }
        RowState::Started { .. } | RowState::InDoubt { .. } => Fate::Hold(Held::InDoubt),
        RowState::Refused { .. } if facts.unchanged && !facts.retry_failed => {
            Fate::Hold(Held::Refused)
        }
        RowState::NotStarted
        | RowState::Succeeded { .. }
        | RowState::Refused { .. }
        | RowState::Deferred { .. }
        | RowState::GivenUp { .. } => changed(facts),
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
