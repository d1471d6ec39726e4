//! A verification of a job, as its ledger keeps it: when, by whom, and what it came to. Values.

/// What a verification came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verification {
    /// Unix milliseconds, as is the end.
    pub began_at: i64,
    pub ended_at: i64,
    /// Who verified, and by which process.
    pub by: String,
    /// Of a sample so many lists of so many, as in `2/20`, or in words of an earlier version; none where all were asked for.
    pub sample: Option<String>,
    /// Lists that were to be read, and that were.
    pub lists: u64,
    pub lists_read: u64,
    /// Rows that were compared, and those of them that are as they were sent.
    pub rows: u64,
    pub right: u64,
    /// Rows by what was found of them, in the words of the output, the gravest first; those that are right are not among them.
    pub found: Vec<(String, u64)>,
    /// Things in the lists that no row has made.
    pub strange: u64,
    pub requests: u64,
    pub exit: u8,
}
