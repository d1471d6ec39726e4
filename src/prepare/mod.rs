//! From a record to a row that can be sent: mapping, types, validation, request, lane and key in one step.
//!
//! `check`, `plan` and `run` all come through here, which is why they cannot disagree. Pure: no clock is
//! read and nothing is sent; what the ledger says of a row is for `plan`. `compile` reads the job once, before any
//! row; here is what is done with each.

mod compile;
mod fields;
mod intake;
pub(crate) mod mapping;
mod prepared;
pub(crate) mod request;
pub(crate) mod schema;

use std::sync::Arc;

use crate::declared::job::{Job, Marker, Written};
use crate::prepare::mapping::Origin;
use crate::source::{Columns, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use intake::Intake;
pub(crate) use prepared::{Draft, Findings, Ready, RowKey, ToldOnce};

/// A job's mapping and operations, compiled against the columns of its source.
pub struct Preparer {
    columns: Columns,
    choice: Choice,
    fields: Vec<FieldOrigin>,
    intakes: Vec<Intake>,
    key: Option<Origin>,
    marker: Option<Marker>,
    /// Where fields would be added that nothing fills.
    map_place: Place,
    language_columns: Vec<(usize, Written)>,
}

enum Choice {
    Fixed,
    /// Says the operation's name on each row.
    PerRow(Origin),
}

struct FieldOrigin {
    field: Arc<str>,
    origin: Origin,
    /// The one column it depends on, for messages.
    column: Option<Arc<str>>,
    /// Where the job says so; none for a column that bears the field's name.
    at: Option<Place>,
}

impl Preparer {
    /// Opens the job's source anew, with the columns where this preparer expects them.
    pub fn reopen(&self, job: &Job) -> Result<Source, Vec<Diagnostic>> {
        let mut source = job.rows.open()?;
        for name in self.columns.names() {
            source.column(name);
        }
        Ok(source)
    }

    /// Whether the job says what makes a row the same row next time.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Columns that the job names and that no row had, which only the whole source can tell.
    pub fn never_seen(&self, source: &Source) -> Vec<Diagnostic> {
        let columns = source.columns();
        let missing = self.language_columns.iter().filter(|(index, _)| !source.seen(*index));
        missing
            .map(|(index, written)| {
                let name = columns.names().get(*index).map_or("", AsRef::as_ref);
                let known: Vec<&str> = columns
                    .names()
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| source.seen(*at))
                    .map(|(_, name)| name.as_ref())
                    .collect();
                let message = format!("no row has a column `{name}`");
                Diagnostic::error(Code::UnknownColumn, written.place.clone(), message)
                    .hint_names(name, known)
            })
            .collect()
    }
}
