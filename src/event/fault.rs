//! A step that cannot be: what happened does not fit where the row stands. It is a fault of this program, so the run
//! ends with it: going on would be guessing.

use crate::row::IllegalTransition;

/// What happened to which row, and where that row stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The row's number in the source; none where there is no such row in hand.
    pub row: Option<u64>,
    pub stage: Stage,
    pub happening: Happening,
    /// The step of the row's life that its state does not allow, where it is that.
    pub transition: Option<IllegalTransition>,
}

/// Where a row in hand stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// It is not in hand.
    Nowhere,
    /// It waits in its lane.
    Queued,
    /// What it changes or deletes is being read.
    Unread,
    /// Its attempt is being entered in the ledger.
    Starting,
    /// Its attempt is in the ledger, and its request waits for its turn.
    Cleared,
    /// Its request is under way.
    InFlight,
    /// What came of its request is being weighed.
    Landed,
    /// It is to be looked for.
    Sought,
    /// A look for it is under way.
    Looking,
    /// It waits for another attempt or another look.
    Waiting,
    /// Its token was refused, and other rows are tried first.
    Suspect,
    /// The run stopped before its request left.
    Withdrawn,
    /// Its end is being entered in the ledger.
    Ending,
}

impl Stage {
    pub(crate) const ALL: [Self; 13] = [
        Self::Nowhere,
        Self::Queued,
        Self::Unread,
        Self::Starting,
        Self::Cleared,
        Self::InFlight,
        Self::Landed,
        Self::Sought,
        Self::Looking,
        Self::Waiting,
        Self::Suspect,
        Self::Withdrawn,
        Self::Ending,
    ];
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Happening {
    /// Its turn came, to be entered in the ledger.
    Begun,
    /// The ledger has its start.
    StartDurable,
    /// The ledger has its end.
    EndDurable,
    /// The ledger will never have its start.
    StartUnwritten,
    /// The ledger will never have its end.
    EndUnwritten,
    /// Its request was sent.
    Sent,
    /// Its request came to an end.
    Replied,
    /// It was to be looked for.
    Sought,
    /// A look for it was sent.
    LookSent,
    /// A look for it came to an end.
    Looked,
    /// It was put off until later.
    PutOff,
    /// It went on after a wait.
    Resumed,
    /// It ended.
    Ended,
}
