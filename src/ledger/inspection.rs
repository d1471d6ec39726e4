//! What came of looking a ledger through: values. Looking is for the kind of ledger, words are for `report`.

use super::Findings;

/// What to look at.
pub(crate) struct CheckScope<'a> {
    /// The job's name; none for all of them.
    pub job: Option<&'a str>,
    /// Whether an operation makes something new, so that two of its rows cannot have made the same.
    pub creates: &'a dyn Fn(&str) -> bool,
}

/// A ledger, looked through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Inspection {
    pub bytes: u64,
    /// The bytes of the log beside it, which is a part of it; none where there is no log.
    pub log_bytes: Option<u64>,
    /// None where the file does not say.
    pub format: Option<i64>,
    pub jobs: u64,
    pub runs: u64,
    /// Runs that are under way, or were killed.
    pub endless_runs: u64,
    /// Who holds its jobs at this moment, as they say themselves; they may say nothing.
    pub held_by: Vec<String>,
    pub rows: u64,
    pub attempts: u64,
    pub findings: Findings,
}
