//! Files of a job's source as runs have read them.
//!
//! What it means that one is not there any more is for `plan`.

use std::sync::Arc;

/// A file of a source, as a run has read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadFile {
    /// The name that it keeps from night to night.
    pub name: Arc<str>,
    /// How it was read, as far as the job says it.
    pub manner: Arc<str>,
    /// Rows in it.
    pub rows: u64,
}

/// What a run changes about the files that are known of its job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FilesNow {
    /// Those that it has read, in the place of what was known of them.
    pub read: Vec<ReadFile>,
    /// Those that are gone, and no rows of the job with them, or on purpose.
    pub let_go: Vec<Arc<str>>,
}
