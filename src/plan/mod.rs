//! The two readings of a source: the survey checks every row and decides what becomes of it, the steps prepare once
//! more what is to be sent or shown. Beside them, the standings count where all rows are, for `status`.
//!
//! Reads the source and what the ledger knows; sends nothing and writes nothing. What a second reading finds is what
//! the first decided, or else the source has changed and nothing more is taken from it.

mod contents;
mod crew;
pub(crate) mod decide;
mod decider;
mod elsewhere;
mod fates;
mod filtered;
mod hearing;
mod lacking;
mod look;
mod missing;
mod names;
mod notable;
mod once;
mod prior;
mod profile;
mod repeats;
mod returned;
mod row_problem;
mod row_set;
mod samples;
pub(crate) mod saved;
mod source_files;
mod spread;
mod standings;
mod steps;
mod still_missing;
mod superseded;
mod survey;
mod taken;
mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod turns;
mod undo;
mod updates;
mod versions;

pub(crate) use contents::{Contents, FlagCount, OperationContents, TimeCount};
pub(crate) use decide::{Done, Fate, Held, LeftOut, Sending};
pub(crate) use elsewhere::{DoneContents, DoneElsewhere};
pub(crate) use fates::Fates;
pub(crate) use filtered::Filtered;
pub(crate) use look::{Change, Policy};
pub(crate) use missing::{Deletes, Kept, Missing, MissingRow, Stays};
pub(crate) use notable::{Look, Notable, Notables};
pub(crate) use prior::{Prior, taken_for_old};
pub(crate) use profile::{ColumnProfile, Days, SourceProfile};
pub(crate) use row_problem::{RepeatedKey, RowProblem, SourceChange};
pub(crate) use samples::Samples;
pub(crate) use source_files::{GoneFile, WhyGone};
pub(crate) use spread::Chosen;
pub(crate) use standings::{
    Chronicle, Counts, Named, Stand, Standings, Stands, Watched, standings,
};
pub(crate) use steps::{ReadingFailure, RowInsight, Step, Steps, run_mark};
pub(crate) use still_missing::still_missing;
pub(crate) use survey::{
    Checked, Insight, NamedRow, Survey, check, spread_rows, survey, survey_contents,
};
pub(crate) use tally::Tally;
pub(crate) use turns::Turns;
pub(crate) use undo::{Begun, UndoFate, as_it_is, undo_fate};
pub(crate) use updates::SentBefore;

use crate::declared::job::Job;
use crate::prepare::Preparer;
use crate::source::Source;
use crate::text::diagnostic::Diagnostic;

/// A way to open a source from its beginning.
pub(crate) type Open<'a> = &'a (dyn Fn() -> Result<Source, Vec<Diagnostic>> + Sync);

/// What is read, and by what rules.
#[derive(Clone, Copy)]
pub(crate) struct Readings<'a> {
    pub job: &'a Job,
    pub preparer: &'a Preparer,
    /// Opens the source once more.
    pub open: Open<'a>,
    /// The moment that rows are checked by, in unix milliseconds; the same for all readings.
    pub now: i64,
}
