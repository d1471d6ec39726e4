//! An operation's file as written.

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::fields::KEYWORDS;
use super::super::looking::written::LookFile;
use super::super::recovery::written::RecoverFile;
use super::super::rules::written::RuleFile;
use super::{Effect, Method, Repeat};

/// An operation: what one row does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Noteferry operation")]
pub(in crate::declared) struct OperationFile {
    /// The operation's name, as in ticket_note.create; the same as its file's.
    pub(super) operation: String,
    /// What it does, in a line.
    pub(super) about: Option<String>,
    pub(super) effect: Effect,
    pub(super) method: Method,
    /// Appended to the base URL; `{field}` stands for a field.
    pub(super) path: String,
    /// Query parameters; `{field}` stands for a field. A parameter whose field is absent is left out.
    #[serde(default)]
    pub(super) query: IndexMap<String, String>,
    /// Puts the body's fields under this key, as in {"comment": {…}}.
    pub(super) wrap: Option<String>,
    /// Rows of one lane go in the order of the source, one at a time; `{field}` stands for a field.
    pub(super) lane: String,
    pub(super) repeat: Repeat,
    /// How long the other side may be at work on a request whose answer was lost, as in 10s. Only a list that is asked for
    /// later than that says for sure that nothing was made, and nothing is repeated earlier, or the lost request might
    /// come after what follows it. Left out: no longer than until the answer was lost.
    pub(super) sure_after: Option<String>,
    /// Where the answer has the id of what was made (JSON pointer).
    pub(super) id: Option<String>,
    /// How a lost answer is settled: by looking whether it is there. Left out: the row stays in doubt.
    pub(super) recover: Option<RecoverFile>,
    /// For what changes or deletes: where a plan looks for what is there before. Left out: nowhere.
    pub(super) look: Option<LookFile>,
    /// Where the answer has its list (JSON pointers, the first that is a list).
    #[serde(default)]
    pub(super) items: Vec<String>,
    /// The fields: a JSON Schema (2020-12) of an object.
    #[schemars(schema_with = "schema_of_fields")]
    pub(super) fields: Map<String, Value>,
    /// What a JSON Schema cannot say.
    #[serde(default)]
    pub(super) rules: Vec<RuleFile>,
}

/// The schema of the fields as editors know it: the keywords that are taken, and those of our own.
fn schema_of_fields(_: &mut SchemaGenerator) -> Schema {
    let keywords = || KEYWORDS.iter().map(|keyword| ((*keyword).to_owned(), Value::Bool(true)));
    let mut of_field: Map<String, Value> = keywords().collect();
    let words = serde_json::json!({
        "description": "What people call rows that say yes or no to a field that is true or false, in a plan: \
                        { true: internal, false: visible to the customer }.",
        "type": "object",
        "properties": { "true": { "type": "string" }, "false": { "type": "string" } },
        "additionalProperties": false,
    });
    of_field.insert("x-counted-as".to_owned(), words);
    let field = serde_json::json!({
        "type": ["object", "boolean"],
        "properties": of_field,
        "patternProperties": { "^x-": true },
        "additionalProperties": false,
    });
    let mut of_object: Map<String, Value> = keywords().collect();
    let each = serde_json::json!({ "type": "object", "additionalProperties": field });
    of_object.insert("properties".to_owned(), each);
    json_schema!({
        "description": "The fields: a JSON Schema (2020-12) of an object.",
        "type": "object",
        "properties": of_object,
        "patternProperties": { "^x-": true },
        "additionalProperties": false,
    })
}
