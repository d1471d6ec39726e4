//! The two readings of a source: the survey checks every row, the steps say row by row what is to be done.
//!
//! Reads the source and what the ledger knows; sends nothing and writes nothing.

pub mod decide;
pub mod steps;
pub mod survey;
