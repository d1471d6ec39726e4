//! The schema of jobs, beyond what the written types say: what only holds together, and the fields of the built-in operations.

use std::path::Path;

use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::declared::connector::{Catalogue, Connector, DEFAULT_CONNECTOR};
use crate::declared::job::{Given, load};
use crate::text::diagnostic::Place;

/// The keys of a source of which each has exactly one.
const SOURCES: [&str; 6] = ["csv", "jsonl", "json", "xlsx", "ods", "rows"];
/// As quotas are read: whole requests in a time that is not zero.
const QUOTA: &str = r"^\s*[0-9]+\s*/\s*([0-9]*[1-9][0-9]*\s*)?(d|h|m|s|ms)\s*$";
/// As a length of time is read.
const DURATION: &str = r"^\s*[0-9]+\s*(d|h|m|s|ms)\s*$";
/// How many letters a text may be split at.
const SPLIT_AT: std::ops::RangeInclusive<u64> = 100..=10_000_000;

/// Completes the schema that is made of the types.
pub(super) fn complete(schema: &Schema) -> Value {
    let mut schema = schema.as_value().clone();
    refuse_null(&mut schema);
    let connector = built_in();
    schema["oneOf"] = json!([{ "required": ["source"] }, { "required": ["sources"] }]);
    let one = SOURCES.map(|key| json!({ "required": [key] }));
    schema["definitions"]["SourceFile"]["oneOf"] = json!(one);
    let properties = &mut schema["properties"];
    offer(&mut properties["connector"], json!([DEFAULT_CONNECTOR]));
    let names: Vec<&String> = connector.operations.keys().collect();
    offer(&mut properties["operation"], json!(names));
    properties["map"]["additionalProperties"] = json!({ "$ref": "#/definitions/MapValue" });
    schema["definitions"]["MapValue"] = map_value();
    let rate = &mut schema["definitions"]["LimitsFile"]["properties"]["rate"]["items"];
    *rate =
        json!({ "type": "string", "pattern": QUOTA, "examples": ["30/10s", "9000/1h", "50/s"] });
    let shift = &mut schema["definitions"]["ShiftFile"]["properties"]["shift"];
    shift["type"] = json!("string");
    shift["pattern"] = json!(DURATION);
    let operations = connector.operations.values().map(|operation| {
        let fields: Map<String, Value> = operation
            .fields
            .properties()
            .map(|(_, name, field)| (name.to_owned(), field_of(field)))
            .collect();
        let required: Vec<&String> =
            fields.keys().filter(|name| operation.fields.is_required(name)).collect();
        let known: Vec<&String> = fields.keys().collect();
        let map = json!({
            "properties": fields,
            "propertyNames": { "enum": known },
            "required": required,
            "title": operation.name,
        });
        json!({
            "if": {
                "properties": {
                    "operation": { "const": operation.name },
                    "connector": { "const": DEFAULT_CONNECTOR },
                },
                "required": ["operation"],
            },
            "then": { "properties": { "map": map } },
        })
    });
    let mut conditions: Vec<Value> = operations.collect();
    conditions.push(unsaid(&connector));
    schema["allOf"] = conditions.into();
    quote_examples(&mut schema);
    schema
}

/// Editors write what stands within an example as it is, and a text that begins with braces is none without quotes.
fn quote_examples(schema: &mut Value) {
    fn quote(example: &mut Value) {
        match example {
            Value::String(text) if text.contains("{{") => *text = format!("\"{text}\""),
            Value::Array(items) => items.iter_mut().for_each(quote),
            Value::Object(entries) => entries.values_mut().for_each(quote),
            _ => {}
        }
    }
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(examples)) = object.get_mut("examples") {
                let compound = examples.iter_mut().filter(|one| one.is_object() || one.is_array());
                compound.for_each(quote);
            }
            object.values_mut().for_each(quote_examples);
        }
        Value::Array(items) => items.iter_mut().for_each(quote_examples),
        _ => {}
    }
}

/// Where each row says its operation: the fields of all of them.
fn unsaid(connector: &Connector) -> Value {
    let mut fields = Map::new();
    for operation in connector.operations.values() {
        for (_, name, field) in operation.fields.properties() {
            fields.entry(name).or_insert_with(|| field_of(field));
        }
    }
    let known: Vec<&String> = fields.keys().collect();
    json!({
        "if": {
            "properties": { "connector": { "const": DEFAULT_CONNECTOR } },
            "not": { "required": ["operation"] },
        },
        "then": {
            "properties": { "map": { "propertyNames": { "enum": known }, "properties": fields } },
        },
    })
}

fn built_in() -> Connector {
    // Nothing beside it, so it is the one that the program has.
    Catalogue::new(std::iter::empty()).load(DEFAULT_CONNECTOR, Place::Nowhere).unwrap()
}

/// Editors complete what is listed; whatever else fits is taken, too.
fn offer(property: &mut Value, listed: Value) {
    let types = property["type"].take();
    let object = property.as_object_mut().unwrap();
    object.shift_remove("type");
    object.insert("anyOf".to_owned(), json!([{ "enum": listed }, { "type": types }]));
}

/// What a field may come from. Editors show the description that stands nearest, which is that of the field.
fn map_value() -> Value {
    let from = json!({
        "description": "A column, or a text with an expression.",
        "type": ["string", "number", "boolean"]
    });
    let keys = ["from", "values", "split_at"].map(|key| json!({ "required": [key] }));
    json!({
        "anyOf": [
            { "type": ["string", "number", "boolean", "array"] },
            {
                "title": "A table of values",
                "description": "A value for each of some texts: what is not listed is a problem, unless `default` stands for it.",
                "type": "object",
                "properties": {
                    "from": from,
                    "values": { "description": "What the text says: the value.", "type": "object" },
                    "default": { "description": "The value for all that is not listed." }
                },
                "required": ["from", "values"],
                "additionalProperties": false
            },
            {
                "title": "A long text",
                "description": "A text that is several notes where it is too long for one.",
                "type": "object",
                "properties": {
                    "from": from,
                    "split_at": {
                        "description": "So many letters a note may have.",
                        "type": "integer",
                        "minimum": SPLIT_AT.start(),
                        "maximum": SPLIT_AT.end(),
                        "examples": [10_000]
                    }
                },
                "required": ["from", "split_at"],
                "additionalProperties": false
            },
            { "type": "object", "not": { "anyOf": keys } }
        ]
    })
}

/// A field of an operation as it is offered: what it is, and values that it may have.
fn field_of(field: &Value) -> Value {
    let mut offered = Map::new();
    let about = field["description"].as_str().unwrap_or_default();
    let kind = field["type"].as_str().unwrap_or("any");
    let default =
        field.get("default").map(|value| format!(" Left out: {value}.")).unwrap_or_default();
    offered.insert("description".to_owned(), format!("{about} ({kind}){default}").trim().into());
    let values = match field.get("enum") {
        Some(listed) => Some(listed.clone()),
        None if kind == "boolean" => Some(json!([true, false])),
        None => None,
    };
    // What a cell is made into a value with, most often.
    let filters: &[&str] = match (kind, &values) {
        ("string", None) => &["{{ column }}", "{{ column | trim }}", "{{ column | html_to_text }}"],
        ("integer", None) if about.contains("milliseconds") => {
            &["{{ column | epoch_ms }}", "{{ column | epoch_ms('%d/%m/%Y %H:%M') }}"]
        }
        _ => &[],
    };
    if !filters.is_empty() {
        // The first of the types says how editors write an example.
        offered
            .insert("type".to_owned(), json!(["string", "number", "boolean", "array", "object"]));
        offered.insert("examples".to_owned(), json!(filters));
    }
    let any = json!({ "$ref": "#/definitions/MapValue" });
    let choices = values.map(|listed| json!({ "enum": listed })).into_iter().chain([any]);
    offered.insert("anyOf".to_owned(), choices.collect());
    Value::Object(offered)
}

/// A key that is written has a value: nothing is what is left out.
fn refuse_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|one| *one != json!({ "type": "null" }));
            }
            object.values_mut().for_each(refuse_null);
        }
        Value::Array(items) => items.iter_mut().for_each(refuse_null),
        _ => {}
    }
}

const HEAD: &str = "job: a\noperation: ticket_note.create\nsource: { csv: notes.csv }\n";

#[test]
fn an_editor_refuses_what_the_program_refuses() {
    let schema = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/job.schema.json"),
    );
    let schema = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let desk = tempfile::tempdir().unwrap();
    let path = desk.path().join("job.yaml");
    let map = "map: { ticket_id: \"{{ t }}\", note: \"{{ n }}\", is_internal_note: true }\n";
    for (job, is_good) in [
        (format!("{HEAD}{map}"), true),
        (HEAD.to_owned(), true),
        (format!("{HEAD}map: {{ ticket_id: a, note: b, is_internal_note: {{ from: x, values: {{ a: true }} }} }}\n"), true),
        (format!("{HEAD}{map}limits: {{ rate: [30/10s, 9000/1h, 50/s], concurrency: 8 }}\n"), true),
        (format!("{HEAD}connector: stringeex\n{map}"), true),
        ("job: a\nsources: [{ csv: a.csv }, { jsonl: b.jsonl }]\noperation: ticket_note.create\n".to_owned(), true),
        // Two sources, none, and one that is two.
        (format!("{HEAD}sources: [{{ csv: b.csv }}]\n"), false),
        ("job: a\noperation: ticket_note.create\n".to_owned(), false),
        ("job: a\noperation: ticket_note.create\nsource: { csv: a.csv, json: b.json }\n".to_owned(), false),
        ("job: a\noperation: ticket_note.create\nsource: { delimiter: \";\" }\n".to_owned(), false),
        // Names that nobody knows.
        (format!("{HEAD}mapp: {{}}\n"), false),
        (format!("{HEAD}limits: {{ speed: 8 }}\n"), false),
        // What cannot be.
        (format!("{HEAD}limits: {{ concurrency: 0 }}\n"), false),
        (format!("{HEAD}limits: {{ attempts: 0 }}\n"), false),
        (format!("{HEAD}limits: {{ rate: [fast] }}\n"), false),
        (format!("{HEAD}limits: {{ rate: [30/0s] }}\n"), false),
        (format!("{HEAD}in_doubt: maybe\n"), false),
        (format!("{HEAD}map: {{ ticket_id: a, note: b, is_internal_note: {{ from: x }} }}\n"), false),
        (format!("{HEAD}map: {{ ticket_id: a, note: {{ from: x, split_at: 10000 }} }}\n"), true),
        (format!("{HEAD}map: {{ ticket_id: a, note: {{ from: x, split_at: 5 }} }}\n"), false),
        (format!("{HEAD}map: {{ ticket_id: a, note: {{ split_at: 500 }} }}\n"), false),
        (format!("{HEAD}map: {{ ticket_id: a, note: {{ from: x, split_at: 500, values: {{}} }} }}\n"), false),
        (format!("{HEAD}past_reminders: {{ shift: 1h }}\n"), true),
        (format!("{HEAD}past_reminders: {{ shift: soon }}\n"), false),
        (format!("{HEAD}past_reminders: {{ shift: later }}\n"), false),
    ] {
        std::fs::write(&path, &job).unwrap();
        let document = crate::text::document::Document::read(&path).unwrap();
        let is_valid = validator.is_valid(&document.root().to_json());
        assert_eq!(is_valid, is_good, "the schema\n{job}");
        let is_loaded = load(&path, &Given::default(), &[]).is_ok();
        assert_eq!(is_loaded, is_good, "the program\n{job}");
    }
    // What the program finds with its source: a field that the operation does not have, and one that it needs.
    for map in ["map: { ticket_id: a, note: b, is_internl_note: true }", "map: { note: b }"] {
        std::fs::write(&path, format!("{HEAD}{map}\n")).unwrap();
        let document = crate::text::document::Document::read(&path).unwrap();
        assert!(!validator.is_valid(&document.root().to_json()), "{map}");
    }
    // Each row says its operation: any field may be there, and no other.
    for (map, is_good) in
        [("{ note_id: a, note: b, sort_order: asc }", true), ("{ noet: b }", false)]
    {
        let head = "job: a\nsource: { csv: notes.csv }\n";
        std::fs::write(&path, format!("{head}map: {map}\n")).unwrap();
        let document = crate::text::document::Document::read(&path).unwrap();
        assert_eq!(validator.is_valid(&document.root().to_json()), is_good, "{map}");
    }
    // Another connector has other fields.
    std::fs::write(&path, format!("{HEAD}connector: mine\nmap: {{ other: a }}\n")).unwrap();
    let document = crate::text::document::Document::read(&path).unwrap();
    assert!(validator.is_valid(&document.root().to_json()));
}

#[test]
fn no_key_is_offered_null() {
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/job.schema.json"),
    );
    let schema: Value = serde_json::from_str(&text.unwrap()).unwrap();
    for (name, property) in schema["properties"].as_object().unwrap() {
        for key in ["type", "anyOf"] {
            let offered = property.get(key).map(Value::to_string).unwrap_or_default();
            assert!(!offered.contains("null"), "{name}: {offered}");
        }
    }
    let offered = schema["definitions"]["MapValue"].to_string();
    assert!(!offered.contains("\"null\""), "{offered}");
}
