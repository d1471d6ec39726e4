//! A request as the ledger has it, for whoever takes the ledger elsewhere: values.

/// A request of a row, with what is known of it in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Exported {
    pub job: String,
    pub base_url: String,
    pub account: String,
    pub run: i64,
    /// The row's id in the ledger, the same for all its requests.
    pub id: i64,
    pub row: i64,
    pub line: i64,
    pub key: String,
    pub lane: String,
    pub operation: String,
    /// Counts from 1 over all requests of the row.
    pub attempt: i64,
    /// It is the row's last one: what holds of it holds of the row.
    pub is_last: bool,
    /// Unix milliseconds.
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// In the ledger's word; none where nothing is known.
    pub outcome: Option<String>,
    pub status: Option<i64>,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub doubt: Option<String>,
    pub message: Option<String>,
    pub remote_id: Option<String>,
    /// Who found out.
    pub by: Option<String>,
}
