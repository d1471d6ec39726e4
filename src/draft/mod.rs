//! A first job for files that nobody has described: what the files look like, what their columns are for, and why.
//!
//! `look` reads the beginnings of files and says what is there ([`FileSeen`]); all else is pure. `parts` tells which file is the
//! main one, `system` knows the exports of other helpdesks by their columns, `names` and `shape` go by what columns are called
//! and what stands in them, and `compose` puts a [`Draft`] together, in which every guess has its reason. What somebody has said
//! ([`Answers`]) comes before any guess. Who may read a note is never guessed in favour of a customer.
//!
//! Not the text of the job: its words are in `report`. Nothing is checked here either; `check` does that with the finished job.

mod answers;
mod chain;
mod compose;
mod drafted;
mod look;
mod names;
mod parts;
mod seen;
mod shape;
mod system;
#[cfg(test)]
mod tests;
mod time;

pub(crate) use answers::{Answers, MapAnswer, TableAnswer, TextAnswer, VisibilityAnswer};
pub(crate) use compose::compose;
pub(crate) use drafted::{
    Draft, KeyDraft, Named, NoteDraft, Part, Reason, Remark, ReminderDraft, SourceDraft, TicketMap,
    Visibility,
};
pub(crate) use look::{LookOptions, look};
pub(crate) use seen::{EachSeen, FileSeen, How, Trait};
pub(crate) use time::DayOrder;
