//! `look` as written.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// How a plan sees what an update or a delete is about, before anything is sent: in the list of what another operation makes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct LookFile {
    /// The operation that makes such things, as in ticket_note.create; its `recover` says how their list is read.
    pub(super) made_by: String,
    /// The field of this operation that names the thing.
    pub(super) id: String,
    /// By what a thing is known that the other side's own system has made. Left out: by nothing.
    pub(super) system: Option<SystemFile>,
}

/// What marks a thing of the system.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct SystemFile {
    /// Where an item of the list has it (JSON pointers, the first present).
    #[schemars(length(min = 1))]
    pub(super) at: Vec<String>,
    /// The values of things that people have made; whatever bears another was made by the system.
    #[schemars(length(min = 1))]
    pub(super) unless: Vec<Value>,
}
