//! How a run adds up.

/// How a run, or the part of it that is over, adds up: `rows` is `succeeded`, `already_done`, `failed`, `invalid`, `in_doubt`,
/// `not_started`, `filtered`, `duplicates`, `dismissed` and `undone` together. The other counts are of something else than rows, or of rows that are counted already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    pub rows: u64,
    pub succeeded: u64,
    /// Of those that succeeded: what they had made before was changed.
    pub updated: u64,
    /// Of those that succeeded: they were no longer in the source, and what they had made was deleted.
    pub deleted: u64,
    pub already_done: u64,
    /// Of those that are already done: their content has changed since.
    pub changed: u64,
    /// Of those that are already done: the job has no key, and they were taken for old ones by their content.
    pub repeated: u64,
    pub failed: u64,
    pub invalid: u64,
    pub in_doubt: u64,
    pub not_started: u64,
    /// Rows that the job's `where` leaves out.
    pub filtered: u64,
    /// Rows that say what an earlier row of their key says, which is sent for both.
    pub duplicates: u64,
    /// Rows of which a person wants no more.
    pub dismissed: u64,
    /// Rows of which what they had done was undone.
    pub undone: u64,
    pub requests: u64,
    /// Of all rows: the last count has shown that they do not have exactly one item on the other side.
    pub miscounted: u64,
    /// Lanes in which that could not be counted.
    pub uncounted: u64,
}

impl Totals {
    /// Rows that the job does not want.
    pub(crate) fn left_out(&self) -> u64 {
        self.filtered + self.duplicates + self.dismissed + self.undone
    }
}
