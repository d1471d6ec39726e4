//! What the filters that the language brings itself make of nothing, and of what is no text.
//!
//! The language takes a null for the text `None`, and an object for its JSON; here nothing stays nothing, and an object or a list
//! where a text is meant is a problem of the row. All else is done by the language's own.

use minijinja::value::{Kwargs, Rest, Value, ValueKind};
use minijinja::{Environment, Error, State, filters};

use super::{refusal, text_of};

/// Filters of texts: as they are called, and as the language's own is kept.
const OF_TEXTS: [(&str, &str); 6] = [
    ("capitalize", "_capitalize"),
    ("lower", "_lower"),
    ("replace", "_replace"),
    ("title", "_title"),
    ("trim", "_trim"),
    ("upper", "_upper"),
];

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("_capitalize", filters::capitalize);
    environment.add_filter("_lower", filters::lower);
    environment.add_filter("_replace", filters::replace);
    environment.add_filter("_title", filters::title);
    environment.add_filter("_trim", filters::trim);
    environment.add_filter("_upper", filters::upper);
    environment.add_filter("_string", filters::string);
    environment.add_filter("_join", filters::join);
    for (name, own) in OF_TEXTS {
        let filter = move |state: &mut State<'_, '_>, value: Value, others: Rest<Value>| {
            match value.kind() {
                ValueKind::None => return Ok(value),
                ValueKind::Undefined => {}
                _ => drop(text_of(name, &value)?),
            }
            let all: Vec<Value> = std::iter::once(value).chain(others.0).collect();
            state.apply_filter(own, &all)
        };
        environment.add_filter(name, filter);
    }
    environment.add_filter("string", |state: &mut State<'_, '_>, value: Value| {
        match value.kind() {
            ValueKind::None => Ok(value),
            _ => state.apply_filter("_string", &[value]),
        }
    });
    environment.add_filter("join", join);
    environment.add_filter("_joined", joined);
}

fn join(
    state: &mut State<'_, '_>,
    value: Value,
    between: Option<Value>,
    attribute: Option<Value>,
    named: Kwargs,
) -> Result<Value, Error> {
    let is_list = matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
    if value.kind() == ValueKind::None {
        return Ok(value);
    }
    let is_of_parts = attribute.is_some() || named.has("attribute");
    let value = match is_list && !is_of_parts {
        true => Value::from(
            value.try_iter()?.map(|item| text_item(&item)).collect::<Result<Vec<_>, _>>()?,
        ),
        false => value,
    };
    let mut all = vec![value];
    all.extend(between);
    all.extend(attribute);
    all.push(Value::from(named));
    state.apply_filter("_join", &all)
}

fn text_item(item: &Value) -> Result<Value, Error> {
    match no_text(item) {
        Some(what) => Err(refusal(format!(
            "join takes a list of texts, and an item of this one is {what}; say which part of it is meant, as in \
             map(attribute='name')"
        ))),
        None if item.is_none() => Ok(Value::from("")),
        None => Ok(item.clone()),
    }
}

/// A side of `~`.
fn joined(value: Value) -> Result<Value, Error> {
    match no_text(&value) {
        Some(what) => Err(refusal(in_text(what))),
        None if value.is_none() => Ok(Value::from("")),
        None => Ok(value),
    }
}

/// What is wrong with an object or a list that is to stand in a text.
pub(in super::super) fn in_text(what: &str) -> String {
    format!(
        "{what} is no text; say which part of it is meant, as in author.name or tags | join(', ')"
    )
}

/// What a value is that cannot stand in a text.
pub(in super::super) fn no_text(value: &Value) -> Option<&'static str> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => Some("a list"),
        ValueKind::Map => Some("an object"),
        _ => None,
    }
}
