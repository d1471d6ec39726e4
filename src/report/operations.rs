//! The operations of a connector and their fields, for whoever writes a job.

use serde_json::{Value, json};

use super::paint::Paint;
use crate::declared::connector::{Effect, FieldSet, Operation};

/// Some operations, for a person: a head for each, and a line or two for each field.
pub(crate) fn operations(operations: &[&Operation], color: bool) -> String {
    let paint = Paint(color);
    let all: Vec<String> = operations.iter().map(|operation| one(operation, paint)).collect();
    all.join("\n")
}

fn one(operation: &Operation, paint: Paint) -> String {
    let about = operation.about.as_deref().map_or(String::new(), |about| format!("  {about}"));
    let mut text = format!("{}{about}\n", paint.bold(&operation.name));
    let fields = &operation.fields;
    let widest = fields.names().map(str::len).max().unwrap_or_default();
    for (_, name, schema) in fields.properties() {
        let facts = facts(fields, name, schema).join(", ");
        text.push_str(&format!("  {name:widest$}  {}\n", paint.faint(&facts)));
        if let Some(about) = schema.get("description").and_then(Value::as_str) {
            text.push_str(&format!("  {:widest$}  {about}\n", ""));
        }
    }
    text
}

/// What a field's schema says of it, each in a few words.
fn facts(fields: &FieldSet, name: &str, schema: &Value) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(kind) = schema.get("type").and_then(Value::as_str) {
        facts.push(kind_word(kind).to_owned());
    }
    if fields.is_required(name) {
        facts.push("required".to_owned());
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<String> = values.iter().map(plain).collect();
        facts.push(format!("one of {}", values.join(" ")));
    }
    for (keyword, words) in [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "characters at least"),
        ("maxLength", "characters at most"),
        ("format", "written as"),
        ("default", "if left out:"),
    ] {
        if let Some(value) = schema.get(keyword) {
            facts.push(format!("{words} {}", plain(value)));
        }
    }
    facts
}

fn kind_word(kind: &str) -> &str {
    match kind {
        "string" => "text",
        "integer" => "whole number",
        "boolean" => "true or false",
        "array" => "list",
        "object" => "mapping",
        other => other,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The `operation` event of an operation. Its `fields` is the JSON Schema of them all.
pub(crate) fn operation_event(connector: &str, operation: &Operation) -> Value {
    json!({
        "event": "operation",
        "connector": connector,
        "operation": &*operation.name,
        "about": operation.about,
        "effect": effect_word(operation.effect),
        "fields": operation.fields.schema(),
    })
}

fn effect_word(effect: Effect) -> &'static str {
    match effect {
        Effect::Create => "create",
        Effect::Update => "update",
        Effect::Delete => "delete",
        Effect::Read => "read",
    }
}
