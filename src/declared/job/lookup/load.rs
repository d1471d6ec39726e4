//! Reads tables into memory, once for a command, and tells all that is wrong with their files.
//!
//! Keys are texts without blanks at their ends, however they are spelt. Two values for one key are a mistake that names both
//! places: which of them is right nobody can know.

use std::collections::HashMap;
use std::sync::Arc;

use crate::source::{Cell, Lines, Read, Record, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{CellPlace, Diagnostic, Place};
use crate::text::place::RowPlace;
use crate::text::visible::shown;

use super::super::value::compared;
use super::table::Entered;
use super::{Column, Lookup, Missing, Rows, Table};

/// So many mistakes of a table's file are told.
const TOLD: usize = 20;
/// A table is given no more room than this before it is known to need it.
const ROOM: u64 = 256 << 20;

/// The tables of a job.
#[derive(Debug, Default)]
pub(crate) struct Lookups(Vec<Named>);

/// A table and its name.
#[derive(Debug)]
pub(crate) struct Named {
    pub name: String,
    pub missing: Missing,
    pub table: Table,
    /// The first of its files, as messages call it.
    pub file: Arc<str>,
}

impl Lookups {
    /// Reads all tables. What is wrong with their files is told; a table is as full as it could be read.
    pub(crate) fn load(lookups: &[Lookup]) -> (Self, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let tables = lookups.iter().map(|lookup| named(lookup, load(lookup, &mut problems)));
        (Self(tables.collect()), problems)
    }

    /// The table of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&Named> {
        self.0.iter().find(|table| table.name == name)
    }

    /// The names of all tables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|table| table.name.as_str())
    }
}

fn named(lookup: &Lookup, table: Table) -> Named {
    let file = lookup.files.first().map(|rows| Arc::clone(rows.name()));
    Named {
        name: lookup.name.clone(),
        missing: lookup.missing.clone(),
        table,
        file: file.unwrap_or_default(),
    }
}

/// A key that came again with another value.
struct Conflict {
    key: String,
    place: RowPlace,
    value: String,
}

fn load(lookup: &Lookup, problems: &mut Vec<Diagnostic>) -> Table {
    let room: u64 = lookup.files.iter().map(size).sum();
    let mut table = Table::with_room(usize::try_from(room.min(ROOM)).unwrap_or(0));
    let mut conflicts: Vec<Conflict> = Vec::new();
    let (mut known, mut is_full) = (0_u64, false);
    let before = problems.len();
    each_entry(
        lookup,
        &mut Some(problems),
        &mut |key, value, place| match table.enter(key, value) {
            Entered::New | Entered::Same => {}
            Entered::Full => is_full = true,
            Entered::Other => {
                known += 1;
                if conflicts.len() < TOLD {
                    let (key, value) = (key.to_owned(), value.to_owned());
                    conflicts.push(Conflict { key, place: place.clone(), value });
                }
            }
        },
    );
    if is_full {
        let message = format!("the table `{}` has more than 4 GiB of text", lookup.name);
        let problem = Diagnostic::error(Code::LookupTable, lookup.place.clone(), message);
        problems.push(problem.hint("leave out of its file what no row of the source asks for"));
    }
    tell_conflicts(lookup, (&table, conflicts, known), problems);
    if table.len() == 0 && problems.len() == before {
        let message = format!("the table `{}` has no entries", lookup.name);
        problems.push(Diagnostic::warning(Code::LookupTable, lookup.place.clone(), message));
    }
    table.settle();
    table
}

/// About how many bytes the texts of a file have.
fn size(rows: &Rows) -> u64 {
    match rows {
        Rows::File { path, .. } => std::fs::metadata(path).map_or(0, |about| about.len()),
        Rows::Inline { .. } => 0,
    }
}

/// Reads the files once more for where the keys stood first.
fn tell_conflicts(
    lookup: &Lookup,
    (table, conflicts, all): (&Table, Vec<Conflict>, u64),
    problems: &mut Vec<Diagnostic>,
) {
    if conflicts.is_empty() {
        return;
    }
    let mut first: HashMap<&str, Option<RowPlace>> =
        conflicts.iter().map(|conflict| (conflict.key.as_str(), None)).collect();
    each_entry(lookup, &mut None, &mut |key, _, place| {
        if let Some(found) = first.get_mut(key) {
            found.get_or_insert_with(|| place.clone());
        }
    });
    let more = all.saturating_sub(conflicts.len() as u64);
    for conflict in &conflicts {
        let there = first.get(conflict.key.as_str()).cloned().flatten();
        let there = there.map_or_else(String::new, |there| {
            let file = match there.file() == conflict.place.file() {
                true => String::new(),
                false => format!("{}, ", there.file()),
            };
            format!(" ({file}line {})", there.line)
        });
        let message = format!(
            "the table `{}` has two values for \"{}\": \"{}\"{there} and \"{}\"",
            lookup.name,
            shown(&conflict.key),
            shown(table.find(&conflict.key).unwrap_or_default()),
            shown(&conflict.value),
        );
        let column = Some(Arc::from(lookup.key.name.as_str()));
        let place = CellPlace { row: conflict.place.clone(), column, pointer: None };
        problems.push(
            Diagnostic::error(Code::LookupTable, Place::Row(place), message).hint(
                "nobody can know which of the two is meant: take one of them out of the file",
            ),
        );
    }
    if more > 0 {
        let message = format!(
            "{more} more entries of the table `{}` have another value before them",
            lookup.name
        );
        problems.push(Diagnostic::error(Code::LookupTable, lookup.place.clone(), message));
    }
}

/// Passes on every entry of all files; where `problems` is there, also what is wrong with them.
fn each_entry(
    lookup: &Lookup,
    problems: &mut Option<&mut Vec<Diagnostic>>,
    hear: &mut dyn FnMut(&str, &str, &RowPlace),
) {
    let mut tell = |found: Vec<Diagnostic>| {
        if let Some(problems) = problems {
            problems.extend(found);
        }
    };
    for rows in &lookup.files {
        match rows.open() {
            Ok(source) => tell(read(lookup, source, hear)),
            Err(found) => tell(found),
        }
    }
}

/// Where in a row a text of an entry is.
struct Path<'l> {
    /// The index of the row's column.
    column: usize,
    /// What leads on within its cell.
    rest: Vec<&'l str>,
}

fn read(
    lookup: &Lookup,
    mut source: Source,
    hear: &mut dyn FnMut(&str, &str, &RowPlace),
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let paths = [&lookup.key, &lookup.value]
        .map(|column| path(lookup, column, &mut source).map_err(|problem| problems.push(problem)));
    let [Ok(key), Ok(value)] = paths else { return problems };
    let mut record = Record::default();
    let (mut blank, mut unreadable) = (Lines::default(), 0_usize);
    loop {
        match source.next(&mut record) {
            Read::End => break,
            Read::Problem(problem) => {
                unreadable += 1;
                if unreadable <= TOLD {
                    problems.push(problem);
                }
            }
            Read::Row => {
                let key = text(&record, &key).filter(|key| !key.trim().is_empty());
                let value = text(&record, &value).filter(|value| !value.trim().is_empty());
                match key.zip(value) {
                    Some((key, value)) => hear(&compared(&key), value.trim(), &record.place),
                    None => blank.add(record.place.line),
                }
            }
        }
    }
    for (path, column) in [(&key, &lookup.key), (&value, &lookup.value)] {
        if source.rows() > 0 && !source.seen(path.column) {
            let column_name =
                source.columns().names().get(path.column).cloned().unwrap_or_default();
            let message = format!("no row of {} has `{column_name}`", source.name());
            problems.push(Diagnostic::error(Code::UnknownColumn, column.place.clone(), message));
        }
    }
    if blank.count > 0 && problems.is_empty() {
        let rows = if blank.count == 1 { "row has" } else { "rows have" };
        let message = format!(
            "{} {rows} no `{}` or no `{}`, and no entry in the table `{}`: {}",
            blank.count,
            lookup.key.name,
            lookup.value.name,
            lookup.name,
            blank.lines()
        );
        let place = Place::File(Arc::clone(source.name()));
        problems.push(Diagnostic::warning(Code::LookupTable, place, message));
    }
    problems
}

fn path<'l>(
    lookup: &'l Lookup,
    column: &'l Column,
    source: &mut Source,
) -> Result<Path<'l>, Diagnostic> {
    let mut steps = lookup.at.iter().map(String::as_str).chain([column.name.as_str()]);
    let first = steps.next().unwrap_or_default();
    match source.column(first) {
        Some(index) => Ok(Path { column: index, rest: steps.collect() }),
        None => {
            let message = format!("{} has no column `{first}`", source.name());
            let known: Vec<Arc<str>> = source.columns().names().to_vec();
            let problem = Diagnostic::error(Code::UnknownColumn, column.place.clone(), message);
            Err(problem.hint_names(first, known.iter().map(AsRef::as_ref)))
        }
    }
}

/// The text at a path; none where there is none, or a list or an object.
fn text(record: &Record, path: &Path<'_>) -> Option<String> {
    use serde_json::Value;
    match (record.cell(path.column), path.rest.as_slice()) {
        (Cell::Text(text) | Cell::Number(text), []) => Some(text.to_owned()),
        (Cell::Bool(value), []) => Some(value.to_string()),
        (Cell::Json(value), rest) => {
            let found = rest.iter().try_fold(value, |value, step| value.get(*step))?;
            match found {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Bool(value) => Some(value.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            }
        }
        _ => None,
    }
}
