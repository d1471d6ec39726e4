//! Finds mistakes in an operation's own schema, which the validator would pass over in silence.

use jsonschema::ValidationError;
use serde_json::{Map, Value};

use crate::declared::connector::Operation;
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::pointer::Pointer;

/// The keywords of JSON Schema 2020-12 (core, applicator, validation, meta-data, format).
const KEYWORDS: &[&str] = &[
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

/// What is wrong with the schema of an operation's fields.
pub fn problems(operation: &Operation) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if operation.fields.get("type").and_then(Value::as_str) != Some("object") {
        let place = operation.document.place_of_key(&Pointer::of([FIELDS]));
        problems.push(Diagnostic::error(
            Code::InvalidSchema,
            place,
            "`fields` must be a schema of `type: object`",
        ));
    }
    walk(operation, &operation.fields, &Pointer::of([FIELDS]), &mut problems);
    problems
}

/// A schema that the validator refuses to compile.
pub fn unusable(operation: &Operation, error: &ValidationError<'_>) -> Diagnostic {
    let inside = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
    let place = operation.document.place_at(&Pointer::of([FIELDS]).append(&inside));
    Diagnostic::error(Code::InvalidSchema, place, format!("this is no valid JSON Schema: {error}"))
}

fn walk(operation: &Operation, schema: &Value, pointer: &Pointer, problems: &mut Vec<Diagnostic>) {
    let Some(schema) = schema.as_object() else { return };
    for keyword in schema
        .keys()
        .filter(|keyword| !KEYWORDS.contains(&keyword.as_str()) && !keyword.starts_with("x-"))
    {
        let place = operation.document.place_of_key(&pointer.join(keyword));
        let problem = Diagnostic::error(
            Code::UnknownKey,
            place,
            format!("`{keyword}` is no keyword of JSON Schema"),
        );
        problems.push(problem.hint_names(keyword, KEYWORDS.iter().copied()));
    }
    for keyword in ["properties", "patternProperties", "$defs", "dependentSchemas"] {
        let named = schema.get(keyword).and_then(Value::as_object).into_iter().flatten();
        for (name, inner) in named {
            walk(operation, inner, &pointer.join(keyword).join(name), problems);
        }
    }
    for keyword in
        ["items", "not", "if", "then", "else", "contains", "additionalProperties", "propertyNames"]
    {
        if let Some(inner) = schema.get(keyword) {
            walk(operation, inner, &pointer.join(keyword), problems);
        }
    }
    for keyword in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        for (at, inner) in
            schema.get(keyword).and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            walk(operation, inner, &pointer.join(keyword).join(at), problems);
        }
    }
    required_names(operation, schema, pointer, problems);
}

/// `required` may only name declared properties: anything else could never be satisfied by a mapping.
fn required_names(
    operation: &Operation,
    schema: &Map<String, Value>,
    pointer: &Pointer,
    problems: &mut Vec<Diagnostic>,
) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for (at, name) in required.enumerate().filter_map(|(at, name)| Some((at, name.as_str()?))) {
        if !properties.contains_key(name) {
            let place = operation.document.place_at(&pointer.join("required").join(at));
            let problem = Diagnostic::error(
                Code::UnknownField,
                place,
                format!("`{name}` is required but not declared"),
            );
            problems.push(problem.hint_names(name, properties.keys().map(String::as_str)));
        }
    }
}
