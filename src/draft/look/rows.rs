//! The first rows of a file, read as a job would read them, and what stands in each column.

use std::sync::Arc;

use serde_json::Value;

use super::Opened;
use crate::draft::seen::{ColumnSeen, FileSeen, Trait};
use crate::source::{Cell, Format, Manner, Read, Record, Source};
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;

/// So many rows are read, …
const ROWS: u64 = 2_000;
/// … of so many bytes in all, …
const BYTES: usize = 16 << 20;
/// … and so many mistakes are kept.
const PROBLEMS: usize = 20;
/// A table has no more columns that anybody would map.
const COLUMNS: usize = 1_000;
/// What the reader calls the object that rows lie in.
const PARENT: &str = "parent";

/// Reads the first rows.
pub(super) fn look(
    file: &Opened<'_>,
    format: Format,
    manner: Manner,
    traits: Vec<Trait>,
) -> Result<FileSeen, Vec<Diagnostic>> {
    let mut source = Source::open(&file.location, Arc::clone(&file.name), format, &manner)?;
    let is_nested =
        manner.shape.each.is_some() && !matches!(format, Format::Csv { .. } | Format::Workbook);
    let parent = is_nested.then(|| source.column(PARENT)).flatten();
    let mut reading = Reading { parent, ..Reading::default() };
    let mut record = Record::default();
    let (mut is_whole, mut bytes) = (false, 0);
    while source.rows() < ROWS && bytes < BYTES {
        match source.next(&mut record) {
            Read::Row => {
                bytes += record.size();
                reading.add(&source, &record);
            }
            Read::Problem(problem) if reading.problems.len() < PROBLEMS => {
                reading.problems.push(problem)
            }
            Read::Problem(_) => {}
            Read::End => {
                is_whole = true;
                break;
            }
        }
    }
    if reading.rows == 0 {
        return Err(match reading.problems.is_empty() {
            true => vec![no_rows(file, &manner)],
            false => reading.problems,
        });
    }
    let around = reading.around.into_iter();
    Ok(FileSeen {
        path: file.path.to_owned(),
        name: Arc::clone(&file.name),
        format,
        traits,
        columns: reading.columns,
        around: around.collect(),
        rows: reading.rows,
        is_whole,
        problems: reading.problems,
    })
}

fn no_rows(file: &Opened<'_>, manner: &Manner) -> Diagnostic {
    match manner.shape.each.is_some() || manner.shape.at.is_some() {
        true => file.refuse(Code::EmptyFile, "no rows are where they were looked for in the file").hint(
            "say where the list of the rows is, as in --at /tickets, and what makes several of one, as in --each /comments",
        ),
        false => file.refuse(Code::EmptyFile, "the file names its columns and has no rows").hint(
            "nothing tells what the columns are for without a row: export it again, with some rows in it",
        ),
    }
}

#[derive(Default)]
struct Reading {
    /// The column of the object that rows lie in.
    parent: Option<usize>,
    /// The last one of those that was looked at.
    last: Option<Arc<Value>>,
    columns: Vec<ColumnSeen>,
    around: Vec<ColumnSeen>,
    rows: u64,
    problems: Vec<Diagnostic>,
}

impl Reading {
    fn add(&mut self, source: &Source, record: &Record) {
        self.rows += 1;
        let names = source.columns().names();
        for name in names.iter().take(COLUMNS).skip(self.columns.len()) {
            // Rows before had nothing there.
            let column = ColumnSeen::behind(name.trim(), self.rows - 1);
            self.columns.push(column);
        }
        for (at, seen) in self.columns.iter_mut().enumerate() {
            match record.cell(at) {
                _ if Some(at) == self.parent => {}
                Cell::Absent | Cell::Null => seen.add_nothing(),
                Cell::Bool(value) => seen.add_truth(value),
                Cell::Number(text) => seen.add_number(text),
                Cell::Text(text) => seen.add_text(text),
                Cell::Json(value) => seen.add_json(value),
                Cell::Shared(value) => seen.add_json(value),
            }
        }
        if let Some(Cell::Shared(object)) = self.parent.map(|at| record.cell(at)) {
            let is_known = self.last.as_ref().is_some_and(|last| Arc::ptr_eq(last, object));
            if !is_known {
                self.last = Some(Arc::clone(object));
                self.add_around(object);
            }
        }
    }

    fn add_around(&mut self, object: &Value) {
        let Some(object) = object.as_object() else { return };
        for (key, value) in object.iter().take(COLUMNS) {
            let name = format!("{PARENT}.{key}");
            match self.around.iter_mut().find(|column| column.name == name) {
                Some(column) => column.add_json(value),
                None => {
                    let mut column = ColumnSeen::new(name);
                    column.add_json(value);
                    self.around.push(column);
                }
            }
        }
    }
}
