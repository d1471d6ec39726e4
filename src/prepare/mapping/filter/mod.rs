//! The filters of the language: a table of all that are offered, with what `noteferry filters` says of them, and our own.
//!
//! A file for each of our own; those that the language brings itself stand in `builtin`. What the language brings and is not
//! listed works, too. Filters are pure: what they give depends on the value, the arguments and the job's zone. All make
//! nothing of nothing, and each takes time and memory in proportion to the text it is given.

mod after;
mod before;
mod builtin;
mod date;
mod epoch_ms;
mod has_bit;
mod html_to_text;
mod if_empty;
mod jira_to_text;
mod lookup;
mod nfc;
mod nothing;
mod phone;
mod regex_replace;
mod salesforce_id;
mod search;
mod squeeze;
mod texts;
mod truncate;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use crate::declared::job::Lookups;

pub(super) use epoch_ms::time_error;
pub use html_to_text::html_to_text;
pub use jira_to_text::jira_to_text;
pub(crate) use lookup::MissingKey;
pub(super) use lookup::NAME as LOOKUP;
pub(super) use nothing::{in_text, no_text};
pub(super) use search::{LONGEST_PATTERN, Patterns};

use super::shortcut::Scalar;

/// What filters know of the job.
#[derive(Debug, Default)]
pub(super) struct Setting {
    /// For times that name none.
    pub(super) zone: Option<TimeZone>,
    /// Regular expressions that have been read.
    pub(super) patterns: Patterns,
    /// The job's tables.
    pub(super) lookups: Lookups,
}

/// A filter that is offered.
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    /// What it does, in a line.
    pub(crate) about: &'static str,
    /// What else is to be known; may be nothing.
    pub(crate) details: &'static str,
    pub(crate) arguments: &'static [Argument],
    /// Each is tested.
    pub(crate) examples: &'static [Example],
    /// Adds a filter of our own to the language; none for those that the language brings itself.
    add: Option<fn(&mut Environment<'static>, &Arc<Setting>)>,
    /// Does the same without the language; none for what it is not sure of.
    pub(super) short: Option<Short>,
}

/// What stands in a filter's parentheses.
pub(crate) struct Argument {
    /// Its name, or how it is written where it has to be named.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
}

/// A filter at work.
pub(crate) struct Example {
    /// The row: columns and cells. A cell that begins with `[` or `{` is a JSON value where it can be one.
    pub(crate) given: &'static [(&'static str, &'static str)],
    pub(crate) expression: &'static str,
    pub(crate) gives: &'static str,
}

/// A filter without the language: from a value and arguments to a value, or to none where only the language knows.
pub(super) type Short =
    for<'a> fn(Scalar<'a>, &'a [Scalar<'static>], &Setting) -> Option<Scalar<'a>>;

/// All filters that are offered, by name.
pub(crate) const FILTERS: &[Filter] = &[
    builtin::ABS,
    after::FILTER,
    before::FILTER,
    date::FILTER,
    builtin::DEFAULT,
    epoch_ms::FILTER,
    builtin::FIRST,
    builtin::FLOAT,
    has_bit::FILTER,
    html_to_text::FILTER,
    if_empty::FILTER,
    builtin::INT,
    jira_to_text::FILTER,
    builtin::JOIN,
    builtin::LAST,
    builtin::LENGTH,
    lookup::FILTER,
    builtin::LOWER,
    nfc::FILTER,
    phone::FILTER,
    regex_replace::FILTER,
    builtin::REPLACE,
    builtin::ROUND,
    salesforce_id::FILTER,
    builtin::SPLIT,
    squeeze::FILTER,
    builtin::STRING,
    builtin::TITLE,
    builtin::TRIM,
    truncate::FILTER,
    builtin::UPPER,
];

/// The filter of a name, if it is offered.
pub(crate) fn find(name: &str) -> Option<&'static Filter> {
    FILTERS.iter().find(|filter| filter.name == name)
}

/// The names of all filters that are offered.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILTERS.iter().map(|filter| filter.name)
}

/// The widest indentation of a level of JSON.
const WIDEST: i64 = 16;

/// The language's own, which would indent by any number of blanks, and take as long.
fn to_json(value: &Value, indent: Option<Value>, named: Kwargs) -> Result<Value, Error> {
    let named_indent: Option<Value> = named.get("indent")?;
    let is_wide = |indent: &Value| indent.as_i64().is_some_and(|wide| wide > WIDEST);
    if indent.iter().chain(&named_indent).any(is_wide) {
        let message = format!("tojson indents by {WIDEST} blanks at the most");
        return Err(refusal(message));
    }
    minijinja::filters::tojson(value, indent, named)
}

/// Adds our own filters and tests to the language.
pub(super) fn add_own(environment: &mut Environment<'static>, setting: &Arc<Setting>) {
    nothing::add(environment);
    environment.add_filter("tojson", to_json);
    environment.add_test("empty", |value: Value| is_empty(&value));
    for add in FILTERS.iter().filter_map(|filter| filter.add) {
        add(environment, setting);
    }
}

/// Whether there is nothing in a value: no value, a text of blanks alone, a list or an object without entries.
fn is_empty(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => true,
        ValueKind::String => value.as_str().is_some_and(|text| text.trim().is_empty()),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => value.len() == Some(0),
        _ => false,
    }
}

fn refusal(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// A value as a text, for a filter of texts; none where there is nothing.
fn text_of<'v>(filter: &str, value: &'v Value) -> Result<Option<Cow<'v, str>>, Error> {
    let kind = match value.kind() {
        ValueKind::Undefined | ValueKind::None => return Ok(None),
        ValueKind::Number | ValueKind::Bool => return Ok(Some(value.to_string().into())),
        ValueKind::Seq | ValueKind::Iterable => "a list",
        ValueKind::Map => "an object",
        _ => match value.as_str() {
            Some(text) => return Ok(Some(text.into())),
            None => "none",
        },
    };
    Err(refusal(format!("{filter} takes a text, and what it is given is {kind}")))
}

/// What a filter makes of a text; nothing where there is none.
fn map_text(
    filter: &str,
    value: &Value,
    change: impl FnOnce(&str) -> Result<Value, Error>,
) -> Result<Value, Error> {
    text_of(filter, value)?.map_or_else(|| Ok(Value::from(())), |text| change(&text))
}
