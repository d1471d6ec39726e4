//! Reads tables into memory, once for a command, and tells all that is wrong with their files.
//!
//! Keys are texts without blanks at their ends, however they are spelt. Two values for one key are a mistake that names both
//! places: which of them is right nobody can know.

use std::collections::HashMap;
use std::sync::Arc;

use crate::source::{Cell, Lines, Location, Read, Record, Source};
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
    let size = |location: &Location| match location {
        Location::File(path) => std::fs::metadata(path).map_or(0, |about| about.len()),
        Location::Piped(_) => 0,
    };
    match rows {
        Rows::File { location, .. } => size(location),
        Rows::Several { files, .. } => {
            let files = files.iter().flat_map(|files| &files.files);
            files.map(|(location, _)| size(location)).sum()
        }
        Rows::Inline { .. } | Rows::Returned { .. } => 0,
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

fn read(
    lookup: &Lookup,
    mut source: Source,
    hear: &mut dyn FnMut(&str, &str, &RowPlace),
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let columns = [&lookup.key, &lookup.value]
        .map(|column| index(column, &mut source).map_err(|problem| problems.push(problem)));
    let [Ok(key), Ok(value)] = columns else { return problems };
    problems.extend(lacking(&source));
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
            Read::Row if faulty(&record, [key, value]).next().is_some() => {
                unreadable += 1;
                if unreadable <= TOLD {
                    problems.extend(faulty(&record, [key, value]));
                }
            }
            Read::Row => {
                let key = text(&record, key).filter(|key| !key.trim().is_empty());
                let value = text(&record, value).filter(|value| !value.trim().is_empty());
                match key.zip(value) {
                    Some((key, value)) => hear(&compared(&key), value.trim(), &record.place),
                    None => blank.add(record.place.line),
                }
            }
        }
    }
    for (index, column) in [(key, &lookup.key), (value, &lookup.value)] {
        if source.rows() > 0 && !source.seen(index) {
            let message = format!("no row of {} has `{}`", source.name(), column.name);
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

/// The index of a column of the entries.
fn index(column: &Column, source: &mut Source) -> Result<usize, Diagnostic> {
    source.column(&column.name).ok_or_else(|| {
        let message = format!("{} has no column `{}`", source.name(), column.name);
        let names = source.columns().names().iter().map(AsRef::as_ref);
        let problem = Diagnostic::error(Code::UnknownColumn, column.place.clone(), message);
        problem.hint_names(&column.name, names)
    })
}

/// Files of several that lack a column of the entries.
fn lacking(source: &Source) -> Vec<Diagnostic> {
    let asked =
        |name: &str| source.columns().all(name).into_iter().any(|column| source.is_asked(column));
    let lacking = source.lacking().iter().filter(|(_, name)| asked(name));
    let told = lacking.map(|(file, name)| {
        let place = Place::File(Arc::clone(file));
        let message = format!("the file has no column `{name}`, as others of its table have");
        let problem = Diagnostic::error(Code::MissingColumn, place, message);
        problem.hint("add the column to the file, or leave the file out of the table")
    });
    told.collect()
}

/// Cells of the entry that do not hold what they show.
fn faulty(record: &Record, columns: [usize; 2]) -> impl Iterator<Item = Diagnostic> {
    let cells = record.faulty().iter().filter(move |cell| columns.contains(&cell.column));
    cells.map(|cell| {
        let row = RowPlace { within: Some(Arc::clone(&cell.address)), ..record.place.clone() };
        let place = CellPlace { row, column: None, pointer: None };
        Diagnostic::error(Code::SheetCell, Place::Row(place), cell.message.clone())
            .hint(cell.hint.clone())
    })
}

/// The text of a cell; none where there is none, or a list or an object.
fn text(record: &Record, column: usize) -> Option<String> {
    match record.cell(column) {
        Cell::Text(text) | Cell::Number(text) => Some(text.to_owned()),
        Cell::Bool(value) => Some(value.to_string()),
        Cell::Absent | Cell::Null | Cell::Json(_) | Cell::Shared(_) => None,
    }
}
