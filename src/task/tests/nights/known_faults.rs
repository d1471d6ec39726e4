//! Faults that are known and not mended yet, which stories steer clear of. Each is a line; whoever mends one takes its line out,
//! and what refers to it.

/// A person may dismiss an undoing in doubt, and a further undoing then contradicts the ledger.
pub(super) const NOBODY_DISMISSES_UNDOINGS: bool = true;
/// Lists that are always too old are read again without end.
pub(super) const NO_LIST_IS_STALE: bool = true;
/// A note that a person has deleted closes its lane.
pub(super) const DELETED_NOTES_CLOSE_LANES: bool = true;
/// What was made anew goes by the id of what was deleted.
pub(super) const NEW_IDS_ARE_NOT_USED: bool = true;
/// A failed undoing freezes its row.
pub(super) const FAILED_UNDOINGS_FREEZE: bool = true;
/// What a list that is not read whole does not show counts as gone.
pub(super) const CUT_LISTS_SHOW_WHAT_IS_GONE: bool = true;
