//! What reporters hear of a run. Facts only: how they are shown is for `report`.
//!
//! Row events are durable facts: the ledger has them before a reporter hears of them. A [`Progress`] is a
//! snapshot that may be dropped; each one replaces the last.

use std::time::Duration;

use serde_json::Value;

use super::{Cause, Totals};

/// Where a row stands when a run is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowEnd {
    Succeeded,
    Failed,
    InDoubt,
    /// Found to be invalid right before its request, such as a reminder that has passed meanwhile.
    Invalid,
}

impl RowEnd {
    /// The word in the NDJSON output and in the ledger's view.
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Invalid => "invalid",
        }
    }
}

/// A row has reached its end in this run.
#[derive(Debug, Clone, PartialEq)]
pub struct RowEvent {
    pub row: u64,
    pub line: u64,
    pub key: String,
    pub end: RowEnd,
    /// What the other side calls it.
    pub id: Option<String>,
    pub attempts: u32,
    /// Why it did not succeed.
    pub cause: Option<Cause>,
    /// What a reading operation brought.
    pub items: Option<Vec<Value>>,
}

/// A snapshot of a run under way.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// Rows that the run has to send; rows that are done, held or invalid are not among them.
    pub to_send: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub in_doubt: u64,
    /// Rows that wait for another attempt.
    pub retrying: u64,
    pub in_flight: u64,
    pub requests: u64,
    pub elapsed: Duration,
    /// What is left at the present pace; none while it cannot be told.
    pub left: Option<Duration>,
    /// Requests a second that the tightest quota allows in the long run.
    pub allowed_rate: Option<f64>,
    /// Nothing is sent until then, counted from now, because the other side asked for it.
    pub paused: Option<Duration>,
}

/// Why a run is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every row has reached its end.
    Finished,
    /// SIGINT (2) or SIGTERM (15), or their counterparts.
    Interrupted { signal: i32 },
    /// The credentials were refused twice, or there was no way to a token.
    Unauthorized { cause: Cause },
    /// The other side was out of reach for too long.
    Outage { cause: Cause },
    /// More rows failed in this run than it was allowed.
    TooManyFailures { allowed: u64 },
    /// The time that the run was given is over.
    Deadline,
    /// The ledger could not be written.
    LedgerFailed { message: String },
}

/// Something worth telling once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Nothing gets through any more; one row at a time is tried.
    OutageBegan(Cause),
    /// A fresh token is refused; one row at a time is tried until one is accepted.
    TokenRefused(Cause),
    Said(String),
}

/// What a reporter hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A row's end.
    Row(RowEvent),
    Note(Note),
    /// The run is over. Always the last.
    Finished {
        totals: Totals,
        ending: Ending,
    },
}
