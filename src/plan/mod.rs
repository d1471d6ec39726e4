//! The two readings of a source: the survey checks every row and decides what becomes of it, the steps prepare once
//! more what is to be sent or shown.
//!
//! Reads the source and what the ledger knows; sends nothing and writes nothing. What a second reading finds is what
//! the first decided, or else the source has changed and nothing more is taken from it.

pub mod decide;
mod decider;
mod fates;
mod look;
mod names;
mod prior;
mod repeats;
mod steps;
mod survey;
mod tally;
#[cfg(test)]
mod tests;

pub use decide::{Done, Fate, Held, Sending};
pub use fates::Fates;
pub use look::{Change, Policy};
pub use prior::Prior;
pub use steps::{ReadingFailure, Step, Steps};
pub use survey::{Checked, Survey, check, survey};
pub use tally::Tally;

use crate::declared::job::Job;
use crate::prepare::Preparer;
use crate::source::Source;
use crate::text::diagnostic::Diagnostic;

/// A way to open a source from its beginning.
pub type Open<'a> = &'a (dyn Fn() -> Result<Source, Vec<Diagnostic>> + Sync);

/// What is read, and by what rules.
#[derive(Clone, Copy)]
pub struct Readings<'a> {
    pub job: &'a Job,
    pub preparer: &'a Preparer,
    /// Opens the source once more.
    pub open: Open<'a>,
    /// The moment that rows are checked by, in unix milliseconds; the same for all readings.
    pub now: i64,
}
