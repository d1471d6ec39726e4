//! Finds mistakes in an operation's own schema, which the validator would pass over in silence.

use jsonschema::ValidationError;
use serde_json::{Map, Value};

use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::pointer::Pointer;

use super::super::reader::Reader;

/// The keywords of JSON Schema 2020-12 (core, applicator, validation, meta-data, format).
pub(in crate::declared) const KEYWORDS: &[&str] = &[
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "$comment",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "prefixItems",
    "items",
    "contains",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "examples",
    "format",
];

/// Where an operation's file has its schema.
const FIELDS: &str = "fields";
/// Keywords whose values are mappings of schemas, schemas, and lists of schemas.
const NAMED: [&str; 4] = ["properties", "patternProperties", "$defs", "dependentSchemas"];
const SINGLE: [&str; 8] =
    ["items", "not", "if", "then", "else", "contains", "additionalProperties", "propertyNames"];
const LISTED: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Tells what is wrong with the schema of an operation's fields.
pub(super) fn schema(schema: &Value, reader: &mut Reader<'_>) {
    let at = Pointer::of([FIELDS]);
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        let place = reader.document.place_of_key(&at);
        let message = "`fields` must be a schema of `type: object`";
        reader.problems.push(Diagnostic::error(Code::InvalidSchema, place, message));
    }
    walk(schema, &at, reader);
}

/// Tells of a schema that the validator refuses to compile.
pub(super) fn unusable(error: &ValidationError<'_>, reader: &mut Reader<'_>) {
    let inside = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
    let place = reader.document.place_at(&Pointer::of([FIELDS]).append(&inside));
    let message = format!("this is no valid JSON Schema: {error}");
    reader.problems.push(Diagnostic::error(Code::InvalidSchema, place, message));
}

fn walk(schema: &Value, at: &Pointer, reader: &mut Reader<'_>) {
    let Some(schema) = schema.as_object() else { return };
    keywords(schema, at, reader);
    for keyword in NAMED {
        let named = schema.get(keyword).and_then(Value::as_object).into_iter().flatten();
        for (name, inner) in named {
            walk(inner, &at.join(keyword).join(name), reader);
        }
    }
    for keyword in SINGLE {
        if let Some(inner) = schema.get(keyword) {
            walk(inner, &at.join(keyword), reader);
        }
    }
    for keyword in LISTED {
        let listed = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
        for (number, inner) in listed.enumerate() {
            walk(inner, &at.join(keyword).join(number), reader);
        }
    }
    required_names(schema, at, reader);
}

/// Unknown keywords, which a validator passes over.
fn keywords(schema: &Map<String, Value>, at: &Pointer, reader: &mut Reader<'_>) {
    let is_known = |keyword: &str| KEYWORDS.contains(&keyword) || keyword.starts_with("x-");
    for keyword in schema.keys().filter(|keyword| !is_known(keyword)) {
        let place = reader.document.place_of_key(&at.join(keyword));
        let message = format!("`{keyword}` is no keyword of JSON Schema");
        let problem = Diagnostic::error(Code::UnknownKey, place, message);
        reader.problems.push(problem.hint_names(keyword, KEYWORDS.iter().copied()));
    }
}

/// `required` may only name declared properties: anything else could never be satisfied by a mapping.
fn required_names(schema: &Map<String, Value>, at: &Pointer, reader: &mut Reader<'_>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for (number, name) in required.enumerate() {
        let Some(name) = name.as_str().filter(|name| !properties.contains_key(*name)) else {
            continue;
        };
        let place = reader.document.place_at(&at.join("required").join(number));
        let message = format!("`{name}` is required but not declared");
        let problem = Diagnostic::error(Code::UnknownField, place, message);
        reader.problems.push(problem.hint_names(name, properties.keys().map(String::as_str)));
    }
}
