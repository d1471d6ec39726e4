//! `lookup`: the value that a table of the job has for a key.
//!
//! Nothing is looked up where there is nothing: an absent or empty value comes to nothing, unless something stands for
//! what is missing. What a table has, and how keys are compared, is the table's.

use std::sync::Arc;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::declared::job::{Missing, compared};

use super::super::shortcut::Scalar;
use super::{Argument, Filter, Setting};

/// The filter's name.
pub(in super::super) const NAME: &str = "lookup";

pub(super) const FILTER: Filter = Filter {
    name: NAME,
    about: "the value that a table of the job's `lookups` has for a key",
    details: "Keys are compared as texts, without blanks around them and whatever their Unicode form; small and capital letters \
              differ. What becomes of a key that the table does not have, the table says under `missing`, or the argument \
              `default` for one use of it. Lookups can follow one another, as in \
              {{ ParentId | lookup('cases') | lookup('tickets') }}. A job with lookups: { tickets: { csv: ticket-map.csv, key: \
              legacy_id, value: stringee_id } } makes of {{ ticket | lookup('tickets') }} what the column stringee_id of that file has \
              beside the cell.",
    arguments: &[
        Argument { name: "table", about: "the table's name under `lookups`, as a text" },
        Argument { name: "default=", about: "what stands for a key that is missing" },
    ],
    // A table is the job's, so none can be tried alone; `details` show one.
    examples: &[],
    add: Some(add),
    short: Some(short),
};

/// A key that a table does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the table `{table}` has no entry for \"{}\"", crate::text::visible::shown(.key))]
pub(crate) struct MissingKey {
    pub table: String,
    pub key: String,
    /// The table's first file.
    pub file: Arc<str>,
}

/// Adds the filter to the language.
pub(super) fn add(environment: &mut Environment<'static>, setting: &Arc<Setting>) {
    let setting = Arc::clone(setting);
    environment.add_filter(NAME, move |value: Value, table: &str, named: Kwargs| {
        let default: Option<Value> = named.get("default")?;
        named.assert_all_used()?;
        look_up(&value, table, default, &setting)
    });
}

/// The same for a text whose key is there.
pub(super) fn short<'a>(
    value: Scalar<'a>,
    arguments: &'a [Scalar<'static>],
    setting: &Setting,
) -> Option<Scalar<'a>> {
    let [Scalar::Text(table)] = arguments else { return None };
    let table = setting.lookups.find(table)?;
    let found = match &value {
        Scalar::Text(key) => table.table.find(&compared(key)),
        Scalar::Integer(number) => table.table.find(&number.to_string()),
        Scalar::Nothing | Scalar::Bool(_) => None,
    };
    found.map(|found| Scalar::Text(found.to_owned().into()))
}

fn look_up(
    value: &Value,
    table: &str,
    default: Option<Value>,
    setting: &Setting,
) -> Result<Value, Error> {
    let Some(known) = setting.lookups.find(table) else {
        let message = format!("there is no lookup `{table}`");
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    };
    let key = key(value)?;
    let key = compared(&key);
    if let Some(found) = known.table.find(&key).filter(|_| !key.is_empty()) {
        return Ok(Value::from(found));
    }
    match (default, &known.missing) {
        (Some(default), _) => Ok(default),
        (None, Missing::Default(default)) => Ok(Value::from(minijinja::value::Serde(default))),
        (None, Missing::Problem | Missing::Keep) if key.is_empty() => Ok(Value::from(())),
        (None, Missing::Keep) => Ok(value.clone()),
        (None, Missing::Problem) => {
            let file = Arc::clone(&known.file);
            let missing = MissingKey { table: table.to_owned(), key: key.into_owned(), file };
            Err(Error::new(ErrorKind::InvalidOperation, missing.to_string()).with_source(missing))
        }
    }
}

/// A value as the text that is looked up; empty where there is none.
fn key(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(String::new()),
        ValueKind::String | ValueKind::Number | ValueKind::Bool => Ok(value.to_string()),
        _ => {
            let message = "lookup takes a text or a number, and this is a list or an object";
            Err(Error::new(ErrorKind::InvalidOperation, message))
        }
    }
}
