//! What can be taken out of a ledger that nobody needs any more: values.

use super::{JobId, JobName};

/// What is to go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pruning {
    /// All that these have sent is forgotten.
    pub jobs: Vec<JobId>,
    /// Runs that have sent nothing, and that nothing is known by.
    pub empty_runs: Vec<i64>,
}

/// A job at a target, and how much of it there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extent {
    pub id: JobId,
    pub name: JobName,
    pub rows: u64,
    pub requests: u64,
    pub runs: u64,
    /// The last moment of which an entry tells, in unix milliseconds.
    pub last: i64,
}
