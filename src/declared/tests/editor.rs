//! JSON Schemas for editors, generated from the types that the files are read into.
//!
//! They stand under `schemas/` and give completion, hovers and squiggles through the `yaml-language-server`
//! line at the top of a file. A test keeps files and types together; draft 7, which editors know best.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};

use serde_json::Value;

use crate::declared::connector::{ConnectorFile, KEYWORDS, OperationFile};
use crate::declared::job::file::JobFile;
use crate::declared::tests::job_schema;
use crate::text::document::Document;
use std::path::Path;

/// The name of each schema's file under `schemas/`, and its text.
fn schemas() -> Vec<(&'static str, String)> {
    vec![
        ("job.schema.json", text(&job_schema::complete(&schema::<JobFile>()))),
        ("connector.schema.json", text(&schema::<ConnectorFile>())),
        ("operation.schema.json", text(&schema::<OperationFile>())),
    ]
}

fn schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft07().with_transform(RecursiveTransform(take_as_written));
    settings.into_generator().into_root_schema_for::<T>()
}

/// Numbers and truth values are taken as they are written where any text will do.
fn take_as_written(schema: &mut Schema) {
    if schema.get("const").or(schema.get("enum")).is_some() {
        return;
    }
    let Some(types) = schema.get_mut("type") else { return };
    let mut all = match types.take() {
        Value::Array(types) => types,
        one => vec![one],
    };
    if let Some(text) = all.iter().position(|name| name == "string") {
        all.splice(text + 1..text + 1, ["number".into(), "boolean".into()]);
    }
    *types = match all.as_slice() {
        [one] => one.clone(),
        _ => Value::Array(all),
    };
}

fn text(schema: &impl serde::Serialize) -> String {
    // A schema is JSON already, so this cannot fail; an empty file would fail the test.
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas"))
}

#[test]
fn the_files_are_those_of_the_types() {
    for (name, text) in schemas() {
        let path = folder().join(name);
        if std::env::var_os("NOTEFERRY_WRITE_SCHEMAS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap_or_default(),
            text,
            "{name} is out of date"
        );
    }
}

#[test]
fn the_schema_of_jobs_accepts_what_is_read() {
    let completed = job_schema::complete(&schema::<JobFile>());
    let validator = jsonschema::validator_for(&completed).unwrap();
    let jobs = [
        "{ job: VALUE, source: { rows: [] } }",
        "{ job: a, connector: VALUE, operation: VALUE, account: VALUE, source: { rows: [] } }",
        "{ job: a, timezone: VALUE, key: VALUE, marker: VALUE, source: { rows: [] } }",
        "{ job: a, source: { csv: VALUE, delimiter: VALUE } }",
        "{ job: a, source: { jsonl: VALUE }, map: { note: VALUE } }",
        "{ job: a, source: { json: VALUE } }",
        "{ job: a, source: { rows: [{ a: VALUE }] }, limits: { attempts: VALUE } }",
        "{ job: a, source: { rows: [] }, in_doubt: VALUE }",
    ];
    let mut read = 0;
    for value in ["50", "1.10", "0x1F", "true", "2026-11-24", "a", "hold", "~", "[50]", "{ a: b }"]
    {
        for job in jobs {
            let text = job.replace("VALUE", value);
            let document = Document::parse("job.yaml".into(), text.clone()).unwrap();
            let is_read = document.read_as::<JobFile>().problems.is_empty();
            let is_valid = validator.is_valid(&document.root().to_json());
            // A key without a value is left out by mistake, most often: an editor shows that, and the program reads on.
            assert!(is_valid == is_read || (value == "~" && is_read), "{text}");
            read += usize::from(is_read);
        }
    }
    assert!(read > 40, "{read}");
}

#[test]
fn the_shipped_files_fit_their_schemas() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    let presets = std::fs::read_dir(root.join("jobs")).unwrap().map(|entry| entry.unwrap().path());
    let presets = presets.filter(|path| path.is_dir());
    for folder in
        ["jobs", "schemas/stringeex"].map(|folder| root.join(folder)).into_iter().chain(presets)
    {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let document = Document::read(&path).unwrap();
            let first = document.source().text.lines().next().unwrap().to_owned();
            let (_, schema) = first.split_once("$schema=").expect("a line for the editor");
            let schema = std::fs::read_to_string(path.parent().unwrap().join(schema)).unwrap();
            let validator =
                jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&document.root().to_json())
                .map(|error| error.to_string())
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked >= 18, "{checked}");
}

#[test]
fn the_schema_of_operations_lists_every_key_that_a_field_may_have() {
    let validator = jsonschema::validator_for(&schema::<OperationFile>().to_value()).unwrap();
    let shipped = std::fs::read_to_string(folder().join("stringeex/ticket_note.create.yaml"));
    let shipped = shipped.unwrap();
    let field = "      x-counted-as:";
    assert!(shipped.contains(field));
    let listed = schema::<OperationFile>().to_value();
    let each = &listed["properties"]["fields"]["properties"]["properties"]["additionalProperties"];
    let own = ["x-counted-as"];
    for keyword in KEYWORDS.iter().chain(&own) {
        assert!(each["properties"].get(keyword).is_some(), "{keyword} is not offered by editors");
    }
    for (key, is_taken) in [("maxLength: 5", true), ("x-mine: 1", true), ("maxLenght: 5", false)] {
        let text = shipped.replace(field, &format!("      {key}\n{field}"));
        let document = Document::parse("ticket_note.create.yaml".into(), text).unwrap();
        assert_eq!(validator.is_valid(&document.root().to_json()), is_taken, "{key}");
    }
}
