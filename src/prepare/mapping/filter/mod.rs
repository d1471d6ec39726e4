//! The filters of the language: a table with each filter's name and what it does, and our own filters.
//!
//! What the language brings itself and is not listed works, too; what is listed is what is offered.

mod epoch_ms;
mod lookup;
mod texts;

use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind};

use crate::declared::job::Lookups;

pub(super) use epoch_ms::time_error;
pub(crate) use lookup::MissingKey;
pub(super) use lookup::NAME as LOOKUP;

use super::shortcut::Scalar;

/// What filters know of the job.
#[derive(Debug)]
pub(super) struct Setting {
    /// For times that name none.
    pub(super) zone: Option<TimeZone>,
    /// The job's tables.
    pub(super) lookups: Lookups,
}

/// A filter that is offered.
pub(super) struct Filter {
    pub name: &'static str,
    /// What it does, in a line.
    #[allow(dead_code)] // nobody lists the filters yet
    pub about: &'static str,
    /// Adds a filter of our own to the language; none for those that the language brings itself.
    add: Option<fn(&mut Environment<'static>, &Arc<Setting>)>,
    /// Does the same without the language; none for what it is not sure of.
    pub(super) short: Option<Short>,
}

/// A filter without the language: from a value and arguments to a value, or to none where only the language knows.
pub(super) type Short =
    for<'a> fn(Scalar<'a>, &'a [Scalar<'static>], &Setting) -> Option<Scalar<'a>>;

/// All filters that are offered, by name.
pub(super) const FILTERS: &[Filter] = &[
    Filter::known("abs", "a number without its sign"),
    Filter::known(
        "default",
        "another value where there is none, as in default('x', true) for an empty text, too",
    )
    .short(texts::default),
    Filter {
        add: Some(epoch_ms::add),
        ..Filter::known(
            "epoch_ms",
            "a written time as unix milliseconds, as in epoch_ms('%d/%m/%Y %H:%M')",
        )
        .short(epoch_ms::short)
    },
    Filter::known("first", "the first item of a list, or character of a text"),
    Filter::known("float", "a number of a text"),
    Filter::known("int", "a whole number of a text or a number"),
    Filter::known("join", "the items of a list as one text, as in join(', ')"),
    Filter::known("last", "the last item of a list, or character of a text"),
    Filter::known("length", "how many characters or items there are"),
    Filter {
        add: Some(lookup::add),
        ..Filter::known(
            "lookup",
            "the value that a table of the job's `lookups` has for a key, as in lookup('users')",
        )
        .short(lookup::short)
    },
    Filter::known("lower", "a text in small letters").short(texts::lower),
    Filter::known("replace", "a text with a part of it replaced, as in replace('\\n', ' ')"),
    Filter::known("round", "a number rounded, as in round(2)"),
    Filter::known("split", "a text cut into a list, as in split(',')"),
    Filter::known("string", "any value as a text"),
    Filter::known("title", "a text with each word beginning with a capital"),
    Filter::known("trim", "a text without blanks at its ends").short(texts::trim),
    Filter::known("upper", "a text in capitals").short(texts::upper),
];

impl Filter {
    const fn known(name: &'static str, about: &'static str) -> Self {
        Self { name, about, add: None, short: None }
    }

    const fn short(self, short: Short) -> Self {
        Self { short: Some(short), ..self }
    }
}

/// The filter of a name, if it is offered.
pub(super) fn find(name: &str) -> Option<&'static Filter> {
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
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    minijinja::filters::tojson(value, indent, named)
}

/// Adds our own filters to the language.
pub(super) fn add_own(environment: &mut Environment<'static>, setting: &Arc<Setting>) {
    environment.add_filter("tojson", to_json);
    for add in FILTERS.iter().filter_map(|filter| filter.add) {
        add(environment, setting);
    }
}
