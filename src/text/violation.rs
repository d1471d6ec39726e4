//! A violation of a JSON Schema, in words a person can act on.
//!
//! Used for everything that a schema checks: job files, connectors, the fields of a row. The value at fault is no part of
//! it: where a file is shown with a caret it stands there, and whoever tells of a row adds it.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::Location;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use crate::text::code::Code;
use crate::text::diagnostic::closest;
use crate::text::lookalike::{did_you_mean, seen_as};
use crate::text::pointer::Pointer;

/// One thing that a schema refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The value at fault; for a missing property, where it should stand.
    pub pointer: Pointer,
    pub code: Code,
    pub message: String,
    pub hint: Option<String>,
    pub subject: Subject,
}

/// What the message of a violation speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The value, in a sentence of its own: where its place is not shown, somebody has to say which value.
    Value,
    /// The value, and the message lacks it: `is longer than 5 characters`.
    This,
    /// Likewise: `true or false`, which it must be.
    MustBe,
    /// The key, by its name: it is not known, not allowed or missing.
    Key,
}

impl Violation {
    /// What one error of the validator says; several unexpected properties are several violations.
    ///
    /// `schema` is the whole schema the error came from; it tells which names are known.
    pub(crate) fn all_of(error: &ValidationError<'_>, schema: &Value) -> Vec<Self> {
        let pointer = pointer_of(error.instance_path());
        match error.kind() {
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => {
                let known = sibling_names(error, schema);
                unexpected.iter().map(|name| Self::unexpected(&pointer, name, &known)).collect()
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                Self::no_variant(error, schema, &pointer, context)
            }
            Kind::Type { kind } => vec![Self::wrong_type(pointer, kind, error.instance())],
            kind => vec![Self::plain(pointer, kind, error.instance())],
        }
    }

    fn unexpected(pointer: &Pointer, name: &str, known: &[String]) -> Self {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint = match closest(name, &known) {
            Some(near) => Some(did_you_mean(name, near)),
            None if known.is_empty() => None,
            None => Some(format!("known here: {}", known.join(", "))),
        };
        Self {
            pointer: pointer.join(name),
            code: Code::UnknownKey,
            message: format!("`{name}` is not known here"),
            hint,
            subject: Subject::Key,
        }
    }

    /// Of several forms none fits: say which words are allowed where all forms are words, else all that the nearest form
    /// misses.
    fn no_variant(
        error: &ValidationError<'_>,
        schema: &Value,
        pointer: &Pointer,
        context: &[Vec<ValidationError<'static>>],
    ) -> Vec<Self> {
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
        let scalar = !error.instance().is_object() && !error.instance().is_array();
        if !words.is_empty() && scalar {
            return vec![Self::not_a_word(pointer.clone(), &words, error.instance().as_str())];
        }
        let forms: Vec<_> =
            context.iter().filter(|errors| !errors.iter().any(is_null_type)).collect();
        // A form that fits but for what is within it is the one that was meant; else nobody knows which was.
        let here = error.instance_path();
        let is_meant = |errors: &&&Vec<_>| {
            errors.iter().all(|inner: &ValidationError<'_>| inner.instance_path() != here)
        };
        let meant = forms.iter().find(is_meant).or(forms.first().filter(|_| forms.len() == 1));
        let nearest = forms.iter().min_by_key(|errors| errors.len());
        let mut missed: Vec<Self> = meant
            .or(nearest)
            .into_iter()
            .flat_map(|errors| errors.iter())
            .flat_map(|inner| Self::all_of(inner, schema))
            .collect();
        if meant.is_none() {
            missed.truncate(1);
        }
        name_all(&mut missed, &names_of_forms(&forms, here, schema), pointer);
        if missed.is_empty() {
            let message = "fits no form that is known here".to_owned();
            return vec![Self::refused(pointer.clone(), Code::InvalidValue, message)];
        }
        missed
    }

    fn wrong_type(pointer: Pointer, kind: &TypeKind, value: &Value) -> Self {
        let mut violation = Self::must_be(pointer, Code::WrongType, type_words(kind));
        if takes_text(kind) && (value.is_number() || value.is_boolean()) {
            violation.hint = Some("put it in quotes".to_owned());
        }
        violation
    }

    fn plain(pointer: Pointer, kind: &Kind, value: &Value) -> Self {
        match kind {
            Kind::Required { property } => {
                let name = word(property);
                Self {
                    pointer: pointer.join(&name),
                    code: Code::MissingField,
                    message: format!("`{name}` is missing"),
                    hint: None,
                    subject: Subject::Key,
                }
            }
            Kind::Enum { options } => Self::not_a_word(pointer, &words_of(options), value.as_str()),
            Kind::Constant { expected_value } => {
                Self::must_be(pointer, Code::InvalidValue, word(expected_value))
            }
            Kind::MinLength { limit: 1 } => {
                Self::refused(pointer, Code::Empty, "must not be empty".to_owned())
            }
            Kind::MinLength { limit } => {
                Self::refused(pointer, Code::TooShort, format!("needs at least {limit} characters"))
            }
            Kind::MaxLength { limit } => {
                Self::refused(pointer, Code::TooLong, format!("is longer than {limit} characters"))
            }
            Kind::Minimum { limit } => {
                Self::must_be(pointer, Code::TooSmall, format!("at least {limit}"))
            }
            Kind::Maximum { limit } => {
                Self::must_be(pointer, Code::TooLarge, format!("at most {limit}"))
            }
            Kind::ExclusiveMinimum { limit } => {
                Self::must_be(pointer, Code::TooSmall, format!("more than {limit}"))
            }
            Kind::ExclusiveMaximum { limit } => {
                Self::must_be(pointer, Code::TooLarge, format!("less than {limit}"))
            }
            Kind::Pattern { pattern } => Self::refused(
                pointer,
                Code::Pattern,
                format!("does not match the pattern {pattern}"),
            ),
            Kind::Format { format } => {
                Self::refused(pointer, Code::Format, format!("is no valid {format}"))
            }
            Kind::MinItems { limit } => {
                Self::refused(pointer, Code::TooFew, format!("needs at least {limit} items"))
            }
            Kind::MaxItems { limit } => {
                Self::refused(pointer, Code::TooMany, format!("has more than {limit} items"))
            }
            Kind::MinProperties { limit } => Self::refused(
                pointer,
                Code::TooFew,
                format!("needs at least {limit} of the known keys"),
            ),
            Kind::OneOfMultipleValid { .. } => Self::refused(
                pointer,
                Code::InvalidValue,
                "fits more than one of the known forms".to_owned(),
            ),
            Kind::FalseSchema => {
                Self::refused(pointer, Code::InvalidValue, "is not allowed here".to_owned())
            }
            other => Self::refused(
                pointer,
                Code::InvalidValue,
                format!("breaks the rule `{}` of the schema", other.keyword()),
            ),
        }
    }

    fn not_a_word(pointer: Pointer, words: &[String], written: Option<&str>) -> Self {
        let names: Vec<&str> = words.iter().map(String::as_str).collect();
        let one_of = format!("one of {}", words.join(", "));
        let mut violation = Self::must_be(pointer, Code::InvalidValue, one_of);
        violation.hint = written
            .and_then(|text| Some((text, seen_as(text, &names).or_else(|| closest(text, &names))?)))
            .map(|(text, near)| did_you_mean(text, near));
        violation
    }

    fn must_be(pointer: Pointer, code: Code, what: String) -> Self {
        Self { subject: Subject::MustBe, ..Self::refused(pointer, code, what) }
    }

    /// The whole sentence; with the value at fault, where it may be shown.
    pub(crate) fn words(&self, value: Option<&str>) -> String {
        let message = &self.message;
        match (self.subject, value) {
            (Subject::Value | Subject::Key, _) => message.clone(),
            (Subject::This, value) => format!("{} {message}", value.unwrap_or("this")),
            (Subject::MustBe, None) => format!("this must be {message}"),
            (Subject::MustBe, Some(value)) => format!("{value} is not {message}"),
        }
    }

    fn refused(pointer: Pointer, code: Code, message: String) -> Self {
        Self { pointer, code, message, hint: None, subject: Subject::This }
    }
}

/// Where values stand that would do if they were texts; nowhere where the error is about something else.
pub(crate) fn asks_for_text(error: &ValidationError<'_>) -> Vec<Pointer> {
    match error.kind() {
        Kind::Type { kind } if takes_text(kind) => vec![pointer_of(error.instance_path())],
        // What may be left out has two forms, and so does each thing within it.
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            context.iter().flatten().flat_map(asks_for_text).collect()
        }
        _ => Vec::new(),
    }
}

/// The validator's places are escaped as pointers are.
fn pointer_of(location: &Location) -> Pointer {
    Pointer::parse(location.as_str()).unwrap_or_default()
}

/// The names that any of several forms knows at the place of a value.
fn names_of_forms(
    forms: &[&Vec<ValidationError<'static>>],
    here: &Location,
    schema: &Value,
) -> Vec<String> {
    let unexpected = forms.iter().copied().flatten().filter(|inner| {
        matches!(inner.kind(), Kind::AdditionalProperties { .. }) && inner.instance_path() == here
    });
    let mut names: Vec<String> = Vec::new();
    for name in unexpected.flat_map(|inner| sibling_names(inner, schema)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What one form does not know, another may: all of them are offered.
fn name_all(missed: &mut [Violation], names: &[String], pointer: &Pointer) {
    for violation in missed {
        let parent = violation.pointer.parent();
        if violation.code == Code::UnknownKey && parent.as_ref() == Some(pointer) {
            let name = violation.pointer.tokens().last().map(|name| name.to_string());
            *violation = Violation::unexpected(pointer, &name.unwrap_or_default(), names);
        }
    }
}

/// The names that the schema knows beside an unexpected one.
fn sibling_names(error: &ValidationError<'_>, schema: &Value) -> Vec<String> {
    let parent = pointer_of(error.schema_path()).parent().unwrap_or_default();
    parent
        .find(schema)
        .and_then(|parent| parent.get("properties"))
        .and_then(Value::as_object)
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}

fn is_null_type(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), Kind::Type { kind: TypeKind::Single(JsonType::Null) })
}

fn takes_text(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Single(kind) => *kind == JsonType::String,
        TypeKind::Multiple(kinds) => kinds.contains(JsonType::String),
    }
}

fn type_words(kind: &TypeKind) -> String {
    let kinds: Vec<JsonType> = match kind {
        TypeKind::Single(kind) => vec![*kind],
        TypeKind::Multiple(kinds) => kinds.iter().collect(),
    };
    let words: Vec<&str> = kinds
        .into_iter()
        .filter_map(|kind| match kind {
            JsonType::Null => None,
            JsonType::String => Some("text"),
            JsonType::Integer => Some("a whole number"),
            JsonType::Number => Some("a number"),
            JsonType::Boolean => Some("true or false"),
            JsonType::Array => Some("a list"),
            JsonType::Object => Some("a mapping"),
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
