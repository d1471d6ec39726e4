//! What is told of a run: facts, typed. How they are shown is for `report`; what follows from them is decided elsewhere.
//!
//! A row's end is a durable fact: the ledger has it before a reporter hears of it. A [`Progress`] is a snapshot that
//! may be dropped; each one replaces the last. This is a room of its own, above `row`, because an end carries the
//! ledger's error and the source's diagnostics.

mod ending;
mod fault;
mod note;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::prepare::PastReminder;
use crate::recover::Miscount;
use crate::row::{Cause, Totals};
use crate::text::place::RowPlace;

pub(crate) use ending::{Ending, Obstacle};
pub(crate) use fault::{Fault, Happening, Stage};
pub(crate) use note::Note;

/// What a reporter hears.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// The run has begun, and this is its number in the ledger. Always the first.
    Started { run: i64 },
    /// A row's end.
    Row(RowEnded),
    /// The last count has shown that a row does not have exactly one item on the other side.
    Miscounted(Miscounted),
    /// Something worth telling once.
    Note(Note),
    /// The run is over. Always the last.
    Finished { totals: Totals, ending: Ending },
}

/// A row has reached its end in this run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowEnded {
    pub place: RowPlace,
    pub key: Arc<str>,
    /// What it goes in line with, as in `ticket tk_1`.
    pub lane: Box<str>,
    pub end: RowEnd,
    /// What the other side calls what was made.
    pub id: Option<String>,
    pub attempts: u32,
    /// Why it did not succeed.
    pub cause: Option<Cause>,
    /// What a reading operation brought.
    pub items: Option<Vec<Value>>,
    /// What was made of its reminder, if that was past.
    pub reminder: Option<PastReminder>,
    /// What changed or deleted what the row has made; none where it was sent for what it is.
    pub further: Option<Further>,
}

/// What is done with what a row has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Further {
    pub operation: Arc<str>,
    pub deletes: bool,
}

/// What an event has beside what its items say, in bytes.
const PLAIN_EVENT: usize = 256;

impl Event {
    /// How much memory it takes, about, in bytes: what lists bring can be much.
    pub(crate) fn weight(&self) -> usize {
        let items = match self {
            Self::Row(RowEnded { items: Some(items), .. }) => items.iter().map(weight).sum(),
            _ => 0,
        };
        PLAIN_EVENT + items
    }
}

fn weight(value: &Value) -> usize {
    let inside: usize = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + size_of::<String>() + weight(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + inside
}

/// A row that does not have exactly one item on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Miscounted {
    pub miscount: Miscount,
    /// What the row goes in line with, as in `ticket tk_1`.
    pub lane: Box<str>,
}

/// Where a row stands when a run is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowEnd {
    Succeeded,
    Failed,
    InDoubt,
    /// Found to be invalid right before its request, such as a reminder that has passed meanwhile.
    Invalid,
}

impl RowEnd {
    /// The word in the NDJSON output and in the ledger's view.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Invalid => "invalid",
        }
    }
}

/// A snapshot of a run under way.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Progress {
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
    /// How long requests are under way, going by the last ones.
    pub latency: Option<Duration>,
    /// What is left at the present pace; none while it cannot be told.
    pub left: Option<Duration>,
    /// Requests a second that the tightest quota allows in the long run.
    pub allowed_rate: Option<f64>,
    /// Nothing is sent until then, counted from now, because the other side asked for it.
    pub paused: Option<Duration>,
    /// Nothing gets through.
    pub unreached: Option<Unreached>,
    /// Nothing is sent until then, counted from now, because a quota is used up.
    pub spent: Option<Duration>,
    /// All rows are through, and lists are read once more.
    pub counting: Option<Counting>,
    /// So many other runs share the quotas.
    pub shared_with: u32,
}

/// What is left of the last count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counting {
    /// Lanes whose lists are still to be read once more.
    pub lanes: u64,
    /// Until the last of them is due, counted from now.
    pub due_in: Duration,
}

/// For how long nothing has got through, and for how long that is borne.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreached {
    pub for_so_long: Duration,
    /// Until the run gives up, counted from now.
    pub gives_up_in: Duration,
}
