//! A violation of a JSON Schema, in words a person can act on.
//!
//! Used for everything that a schema checks: job files, connectors, the fields of a row. The value at
//! fault is never quoted, for it may be somebody's data; property names are.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use crate::text::diagnostic::closest;

/// One thing that a schema refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The value at fault, as a JSON pointer; for a missing property, where it should stand.
    pub pointer: String,
    pub code: &'static str,
    pub message: String,
    pub hint: Option<String>,
    /// The key at the pointer is at fault, not its value.
    pub about_key: bool,
}

impl Violation {
    /// What one error of the validator says; several unexpected properties are several violations.
    ///
    /// `schema` is the whole schema the error came from; it tells which names are known.
    pub fn all_of(error: &ValidationError<'_>, schema: &Value) -> Vec<Self> {
        let pointer = error.instance_path().to_string();
        match error.kind() {
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => {
                let known = sibling_names(error, schema);
                unexpected.iter().map(|name| Self::unexpected(&pointer, name, &known)).collect()
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                vec![Self::no_variant(error, schema, &pointer, context)]
            }
            kind => vec![Self::plain(pointer, kind)],
        }
    }

    fn unexpected(pointer: &str, name: &str, known: &[String]) -> Self {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint = match closest(name, &known) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if known.is_empty() => None,
            None => Some(format!("known here: {}", known.join(", "))),
        };
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        Self {
            pointer,
            code: "unknown-key",
            message: format!("`{name}` is not known here"),
            hint,
            about_key: true,
        }
    }

    /// Of several forms none fits: say which words are allowed where all forms are words, else what the nearest form misses.
    fn no_variant(
        error: &ValidationError<'_>,
        schema: &Value,
        pointer: &str,
        context: &[Vec<ValidationError<'static>>],
    ) -> Self {
        let words: Vec<String> = context
            .iter()
            .flatten()
            .filter_map(|inner| match inner.kind() {
                Kind::Constant { expected_value } => Some(word(expected_value)),
                _ => None,
            })
            .chain(context.iter().flatten().flat_map(|inner| match inner.kind() {
                Kind::Enum { options } => words_of(options),
                _ => Vec::new(),
            }))
            .collect();
        if !words.is_empty() && error.instance().is_string() {
            return Self::not_a_word(pointer.to_owned(), &words, error.instance().as_str());
        }
        let nearest = context
            .iter()
            .filter(|errors| !errors.iter().any(|inner| is_null_type(inner)))
            .min_by_key(|errors| errors.len())
            .and_then(|errors| errors.first());
        match nearest
            .map(|inner| Self::all_of(inner, schema))
            .and_then(|mut all| (!all.is_empty()).then(|| all.swap_remove(0)))
        {
            Some(violation) => violation,
            None => Self::refused(
                pointer.to_owned(),
                "invalid-value",
                "no form that is known here fits".to_owned(),
            ),
        }
    }

    fn plain(pointer: String, kind: &Kind) -> Self {
        match kind {
            Kind::Required { property } => {
                let name = word(property);
                Self::refused(
                    format!("{pointer}/{name}"),
                    "missing-field",
                    format!("`{name}` is missing"),
                )
            }
            Kind::Type { kind } => {
                Self::refused(pointer, "wrong-type", format!("this must be {}", type_words(kind)))
            }
            Kind::Enum { options } => Self::not_a_word(pointer, &words_of(options), None),
            Kind::Constant { expected_value } => Self::refused(
                pointer,
                "invalid-value",
                format!("this must be {}", word(expected_value)),
            ),
            Kind::MinLength { limit: 1 } => {
                Self::refused(pointer, "empty", "this must not be empty".to_owned())
            }
            Kind::MinLength { limit } => Self::refused(
                pointer,
                "too-short",
                format!("this needs at least {limit} characters"),
            ),
            Kind::MaxLength { limit } => Self::refused(
                pointer,
                "too-long",
                format!("this is longer than {limit} characters"),
            ),
            Kind::Minimum { limit } => {
                Self::refused(pointer, "too-small", format!("this must be at least {limit}"))
            }
            Kind::Maximum { limit } => {
                Self::refused(pointer, "too-large", format!("this must be at most {limit}"))
            }
            Kind::ExclusiveMinimum { limit } => {
                Self::refused(pointer, "too-small", format!("this must be more than {limit}"))
            }
            Kind::ExclusiveMaximum { limit } => {
                Self::refused(pointer, "too-large", format!("this must be less than {limit}"))
            }
            Kind::Pattern { pattern } => Self::refused(
                pointer,
                "pattern",
                format!("this does not match the pattern {pattern}"),
            ),
            Kind::Format { format } => {
                Self::refused(pointer, "format", format!("this is no valid {format}"))
            }
            Kind::MinItems { limit } => {
                Self::refused(pointer, "too-few", format!("this needs at least {limit} items"))
            }
            Kind::MaxItems { limit } => {
                Self::refused(pointer, "too-many", format!("this has more than {limit} items"))
            }
            Kind::MinProperties { limit } => Self::refused(
                pointer,
                "too-few",
                format!("this needs at least {limit} of the known keys"),
            ),
            Kind::OneOfMultipleValid { .. } => Self::refused(
                pointer,
                "invalid-value",
                "more than one of the known forms fits".to_owned(),
            ),
            Kind::FalseSchema => {
                Self::refused(pointer, "invalid-value", "this is not allowed here".to_owned())
            }
            other => Self::refused(
                pointer,
                "invalid-value",
                format!("this breaks the rule `{}` of the schema", other.keyword()),
            ),
        }
    }

    fn not_a_word(pointer: String, words: &[String], written: Option<&str>) -> Self {
        let names: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut violation = Self::refused(
            pointer,
            "invalid-value",
            format!("this must be one of {}", words.join(", ")),
        );
        violation.hint = written
            .and_then(|text| closest(text, &names))
            .map(|near| format!("did you mean `{near}`?"));
        violation
    }

    fn refused(pointer: String, code: &'static str, message: String) -> Self {
        Self { pointer, code, message, hint: None, about_key: false }
    }
}

/// The names that the schema knows beside an unexpected one.
fn sibling_names(error: &ValidationError<'_>, schema: &Value) -> Vec<String> {
    let path = error.schema_path().to_string();
    let parent = path.rfind('/').map_or("", |at| &path[..at]);
    schema
        .pointer(parent)
        .and_then(|parent| parent.get("properties"))
        .and_then(Value::as_object)
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}

fn is_null_type(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), Kind::Type { kind: TypeKind::Single(kind) } if kind.to_string() == "null")
}

fn type_words(kind: &TypeKind) -> String {
    let names: Vec<String> = match kind {
        TypeKind::Single(kind) => vec![kind.to_string()],
        TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect(),
    };
    let words: Vec<&str> = names
        .iter()
        .filter(|name| *name != "null")
        .map(|name| match name.as_str() {
            "string" => "text",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            "array" => "a list",
            "object" => "a mapping",
            other => other,
        })
        .collect();
    words.join(" or ")
}

fn words_of(options: &Value) -> Vec<String> {
    options.as_array().map(|options| options.iter().map(word).collect()).unwrap_or_default()
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
