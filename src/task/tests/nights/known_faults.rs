//! Faults that are known and not mended yet, which stories steer clear of. Each is a line: whoever mends one says `false`, sees the
//! stories hold, and takes out what refers to it.

/// A note whose answer was lost, and that a person has edited before it was looked for, is made once more.
pub(super) const EDITED_NOTES_ARE_NOT_FOUND: bool = true;
/// A server shows the oldest few of a list and no more. That it is so was seen, since a note that is there was not listed; then earlier ones
/// are deleted, so that the last note known fits in, and the list looks whole: what was lost behind it is made once more (seed 1858).
pub(super) const CUT_LISTS_THAT_COME_TO_LOOK_WHOLE_ARE_BELIEVED: bool = true;
