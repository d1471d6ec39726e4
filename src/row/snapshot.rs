//! What was there before a request changed or deleted it, as a list has shown it right before.
//!
//! Values only. Whether a request may leave by what was seen is for `recover`, keeping it for `ledger`.

use std::sync::Arc;

use serde_json::{Map, Value};

/// What a list has shown of a thing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    /// What the other side calls it.
    pub id: String,
    /// The operation that makes such things.
    pub maker: Arc<str>,
    /// What was shown, by that operation's fields; what the list was asked by is among it.
    pub fields: Map<String, Value>,
    /// When it was made, as the list says; unix milliseconds.
    pub made_at: Option<i64>,
    /// When the list was read, by this machine's clock; unix milliseconds.
    pub read_at: i64,
}
