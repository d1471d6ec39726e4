//! From a record to a row that can be sent: mapping, types, validation, request, lane and key in one step.
//!
//! `check`, `plan` and `run` all come through here, which is why they cannot disagree. Pure: no clock is
//! read and nothing is sent; what the ledger says of a row is for `plan`. `compile` reads the job once, before any
//! row; here is what is done with each.

mod comparison;
mod compile;
mod defaults;
mod fields;
mod garbled;
mod insight;
mod intake;
pub(crate) mod mapping;
mod naming;
mod order;
mod origins;
mod prepared;
mod remarks;
pub(crate) mod request;
mod returning;
pub(crate) mod schema;
mod sieve;
mod split;

use std::sync::Arc;

use crate::declared::job::{Job, Marker, Written};
use crate::prepare::mapping::{Kept, NamedValue, Origin, Row};
use crate::prepare::sieve::Sieve;
use crate::row::PlaceMark;
use crate::source::{Collected, Columns, InlineRow, Lines, Passed, Record, Source, Why};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, closest, slip_of};
use crate::text::lookalike::did_you_mean;
use crate::text::visible::shown;

pub(crate) use insight::{ShownCell, ShownValue};
use intake::Intake;
pub(crate) use origins::Origins;
pub(crate) use prepared::{Draft, Findings, Prepared, Ready, RowKey, ToldOnce, is_mended_at};
pub(crate) use remarks::Remarks;
pub(crate) use schema::{ON_ITS_WAY, PastReminder};
pub(crate) use split::key_of_part;

/// So many names of left-out fields are told.
const MOST_LEFT_OUT: usize = 20;

/// A job's mapping and operations, compiled against the columns of its source.
pub struct Preparer {
    columns: Columns,
    choice: Choice,
    fields: Arc<[FieldOrigin]>,
    intakes: Vec<Intake>,
    /// The job's named values, in order.
    named: Arc<[NamedValue]>,
    sieve: Arc<Sieve>,
    key: Option<Origin>,
    /// What rows are put in order by.
    order: Option<Origin>,
    /// The rows in that order, once they are.
    collected: Option<Arc<Collected>>,
    /// By column, whether anything in the job uses it.
    used: Vec<bool>,
    /// By column, whether the conditions of the sieve hang on it.
    sifted: Vec<bool>,
    marker: Option<Marker>,
    /// Where fields would be added that nothing fills.
    map_place: Place,
    /// Whether the job has no map, so that columns are fields by their names.
    by_name: bool,
    /// The names of all fields of all operations.
    field_names: Vec<Arc<str>>,
    language_columns: Vec<(usize, Written)>,
    /// The encoding that the job names for its rows, if it names one.
    read_as: Option<Arc<str>>,
    /// Where the rows are some that come back corrected: the name of their job.
    returned: Option<Arc<str>>,
    /// Where rows go that come back, once that is known: what was written out of another place is none of these.
    place: Option<PlaceMark>,
    /// What their job's own source has beside them.
    origins: Origins,
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
    /// A text of more letters is several notes.
    split_at: Option<usize>,
}

impl Preparer {
    /// Opens the job's source anew, with the columns where this preparer expects them.
    pub fn reopen(&self, job: &Job) -> Result<Source, Vec<Diagnostic>> {
        let mut source = match &self.collected {
            Some(collected) => Source::ordered(Arc::clone(collected)),
            None => job.rows.open()?,
        };
        source = self.unfolded(source);
        for name in self.columns.names() {
            source.column(name);
        }
        Ok(source)
    }

    /// Whether the job says what makes a row the same row next time.
    pub fn has_key(&self) -> bool {
        self.key.is_some() || self.returns()
    }

    /// Whether the rows are some that come back corrected. Each says which it is.
    pub(crate) fn returns(&self) -> bool {
        self.returned.is_some()
    }

    /// Why rows are left out, by the numbers that drafts give.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = &Arc<str>> {
        self.sieve.reasons()
    }

    /// The names of the source's columns.
    pub(crate) fn column_names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.columns.names().iter()
    }

    /// A source with one row, and the columns of the job's own; `are_texts` where that has nothing but texts.
    ///
    /// # Errors
    /// A name that the job's source has not.
    pub(crate) fn source_of(&self, row: InlineRow, are_texts: bool) -> Result<Source, String> {
        let unknown = row.cells.iter().map(|(name, _)| name);
        let is_unknown = |name: &&Arc<str>| self.columns.index(name).is_none();
        match unknown.into_iter().find(is_unknown).filter(|_| !self.columns.is_open()) {
            Some(unknown) => Err(unknown.to_string()),
            None => Ok(Source::of_row(&self.columns, row, are_texts)),
        }
    }

    /// Nothing of a row has been looked at yet.
    fn kept(&self) -> Kept<'_> {
        Kept::of(&self.named)
    }

    /// A row as expressions see it.
    fn row<'r, 'k>(&'k self, record: &'r Record, kept: &'k Kept<'k>) -> Row<'r, 'k> {
        Row::new(record, &self.columns, kept)
    }

    /// Cells in some columns, by whether they are such, that do not hold what they show.
    fn unreadable_cells(
        &self,
        record: &Record,
        columns: &[bool],
    ) -> impl Iterator<Item = Diagnostic> {
        let is_meant = |column: usize| columns.get(column).copied().unwrap_or_default();
        let cells = record.faulty().iter().filter(move |cell| is_meant(cell.column));
        cells.map(|cell| {
            let mut place = self.place(record, Some(cell.column), None);
            place.row.within = Some(Arc::clone(&cell.address));
            Diagnostic::error(Code::SheetCell, Place::Row(place), cell.message.clone())
                .hint(cell.hint.clone())
        })
    }

    /// What only the whole source can tell, in order: columns that the job names and that no row had, fields that are left
    /// out, rows in which nothing is written.
    pub fn of_whole(&self, source: &Source) -> Vec<Diagnostic> {
        let passed = source.passed();
        let lacks_all =
            passed.iter().any(|passed| matches!(passed.why, Why::Lacking { do_all: true, .. }));
        // Where no row comes of anything, that no row has a column is no news.
        let mut problems = match lacks_all && source.rows() == 0 {
            true => Vec::new(),
            false => self.never_seen(source),
        };
        problems.extend(self.left_out(source));
        problems.extend(passed.iter().map(passed_over));
        problems
    }

    /// Whether it is told of a column that no row has it.
    pub(crate) fn is_never_seen(&self, source: &Source, column: &str) -> bool {
        let columns = source.columns();
        let is_it = |index: usize| columns.names().get(index).is_some_and(|name| **name == *column);
        !self.returns()
            && self.language_columns.iter().any(|(index, _)| is_it(*index) && !source.seen(*index))
    }

    fn never_seen(&self, source: &Source) -> Vec<Diagnostic> {
        // Some of the rows need not have what others have.
        if self.returns() {
            return Vec::new();
        }
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

    /// Where the columns are the fields: those that are none. Of a header that is told before any row.
    fn left_out(&self, source: &Source) -> Vec<Diagnostic> {
        if !self.by_name {
            return Vec::new();
        }
        let known: Vec<&str> = self.field_names.iter().map(AsRef::as_ref).collect();
        // What comes near to a field that no row has was told with each row.
        let is_seen =
            |field: &str| source.columns().index(field).is_some_and(|index| source.seen(index));
        let is_told = |name: &str| slip_of(name, &known).is_some_and(|field| !is_seen(field));
        let strays = source.strays().filter(|(name, _)| !is_told(name));
        let strays = strays.take(MOST_LEFT_OUT).map(|(name, rows)| {
            let message = left_out(name, rows);
            let place = Place::File(Arc::clone(source.name()));
            Diagnostic::warning(Code::UnusedColumn, place, message)
                .hint("a job file can map it: see `map`")
        });
        strays.collect()
    }
}

fn passed_over(passed: &Passed) -> Diagnostic {
    match &passed.why {
        Why::Blank => blank_rows(&passed.file, &passed.lines),
        Why::Lacking { path, do_all, slip } => lacking_list(passed, path, *do_all, slip),
    }
}

/// Objects of which no rows come.
fn lacking_list(
    Passed { file, lines, .. }: &Passed,
    path: &str,
    do_all: bool,
    (wanted, keys): &(Arc<str>, Vec<Arc<str>>),
) -> Diagnostic {
    let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
    let near = closest(wanted, &keys).filter(|_| wanted.len() > 2);
    let near = near.map(|near| did_you_mean(wanted, near));
    let place = Place::File(Arc::clone(file));
    let count = lines.count;
    if do_all {
        let message = format!(
            "no object has anything at `{path}`, of which `each` makes rows: there is no `{}` in any",
            shown(wanted)
        );
        let hint = near.unwrap_or_else(|| {
            format!(
                "the first object has {}",
                keys.iter().map(|key| format!("`{}`", shown(key))).collect::<Vec<_>>().join(", ")
            )
        });
        return Diagnostic::error(Code::LackingList, place, message).hint(hint);
    }
    let objects = match count {
        1 => "1 object has".to_owned(),
        count => format!("{count} objects have"),
    };
    let message =
        format!("{objects} nothing at `{path}`, so no rows come of them: {}", lines.lines());
    let hint = near.unwrap_or_else(|| {
        "that is as it should be where there is nothing to send of them".to_owned()
    });
    Diagnostic::warning(Code::LackingList, place, message).hint(hint)
}

fn blank_rows(file: &Arc<str>, blank: &Lines) -> Diagnostic {
    let rows = match blank.count {
        1 => "a row in which nothing is written was".to_owned(),
        count => format!("{count} rows in which nothing is written were"),
    };
    let message = format!("{rows} passed over: {}", blank.lines());
    Diagnostic::warning(Code::BlankRows, Place::File(Arc::clone(file)), message)
        .hint("spreadsheets leave such rows below a table; delete them if they are in the way")
}

fn left_out(name: &str, rows: &Lines) -> String {
    let count = match rows.count {
        1 => "1 row has it".to_owned(),
        count => format!("{count} rows have it"),
    };
    format!("`{name}` is no field and is left out; {count}: {}", rows.lines())
}
