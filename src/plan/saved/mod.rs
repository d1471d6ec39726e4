//! A plan in a file, for somebody to approve and a run to carry out: what was decided of each row, and of which row.
//!
//! ```text
//! noteferry plan 1\n | a mark of 16 bytes a row | a letter a row | facts, JSON | their length, 8 bytes | SHA-256, 32 bytes
//! ```
//! Seventeen bytes a row. It is written along with the survey and read along with the next one, so nothing of it is ever
//! held whole but a letter a row, which the fates are anyway. The marks tell whether a row is the one that was decided on; no
//! request and no cell is in the file, and no secret. The SHA-256 over all that stands before it is the plan's name: it shows
//! what was cut off or damaged, and is no signature.
//!
//! What has changed since is found here ([`Oracle`]), as facts; where the file lies, and how it is told, is for others.

mod differences;
mod facts;
mod letter;
mod mark;
mod oracle;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use differences::{Differences, SomeRows};
pub(crate) use facts::{Named, PlanFacts};
pub(crate) use mark::Mark;
pub(crate) use oracle::Oracle;
pub(crate) use reader::{NoPlan, PlannedRows, SavedPlan};
pub(crate) use writer::{NotSaved, PlanWriter};

use super::decide::Fate;
use crate::row::KeyHash;
use crate::text::place::RowPlace;

/// What every saved plan begins with, but for its version.
pub(crate) const BEGINS: &str = "noteferry plan ";
/// The version that is written and read.
pub(crate) const VERSION: u32 = 1;
/// Bytes of a mark.
const MARK: usize = 16;

/// Goes along with a survey, row by row, in their order. Rows that are passed over could not be read.
pub(crate) trait Companion {
    /// Sees what was decided of a row; gives the fate that the row gets.
    fn see(&mut self, row: &Seen<'_>) -> Fate;

    /// The source has so many rows.
    fn end(&mut self, rows: u64);
}

/// A row of a survey.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'r> {
    /// The how many row it is that the source gives, from 1.
    pub ordinal: u64,
    pub place: &'r RowPlace,
    pub mark: Mark,
    pub fate: Fate,
    /// What the row is known by; none where that is nothing.
    pub key: Option<KeyHash>,
}
