//! What makes several rows of one: values within it, columns of one name, the parts of a cell.

use std::sync::Arc;

use super::columns::Keys;
use super::fault::Fault;
use super::made::{Made, Passed, passed_by};
use super::path::DataPath;
use super::record::{Cell, FaultyCell, Record};
use super::{INDEX, PARENT, Read, RowReader, Source, VALUE};
use crate::text::code::Code;
use crate::text::diagnostic::{CellPlace, Diagnostic, Place};

/// How several rows come of one. Each has its number in the column `index`, and all around it in `parent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Each {
    /// Of a JSON object: the items of a list in it.
    Within(DataPath),
    /// Of a table's row: the cells of all columns of a name that are not empty.
    Columns(String),
    /// Of a table's row: the parts of a cell.
    Split {
        /// The column of the cell.
        column: String,
        /// What stands between two parts.
        by: String,
    },
}

impl Each {
    /// As it is written on a command line: `/comments`, `columns:Comment`, `split:;:Ticket IDs`.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn parse(written: &str) -> Result<Self, String> {
        if let Some(name) = written.strip_prefix("columns:").filter(|name| !name.is_empty()) {
            return Ok(Self::Columns(name.to_owned()));
        }
        if let Some(rest) = written.strip_prefix("split:") {
            // What stands between two parts may be a colon itself.
            let colon = rest.char_indices().skip(1).find(|(_, letter)| *letter == ':');
            return match colon.map(|(at, _)| (&rest[..at], &rest[at + 1..])) {
                Some((by, column)) if !column.is_empty() => {
                    Ok(Self::Split { column: column.to_owned(), by: by.to_owned() })
                }
                _ => Err("write split:SIGN:COLUMN, as in 'split:;:Ticket IDs'".to_owned()),
            };
        }
        DataPath::parse(written).map(Self::Within).map_err(|reason| {
            format!("{reason}; write /comments, columns:Comment or 'split:;:Ticket IDs'")
        })
    }
}

/// A cell has no more parts than this: each is a row, with all cells around it.
const MOST_PARTS: usize = 10_000;

/// A row for each of several cells of a table's row, or for each part of one.
pub(super) struct TableEach {
    inner: Box<Source>,
    cells: Vec<usize>,
    /// What stands between the parts of a cell, where the cell is not one row.
    by: Option<String>,
    /// The name of the cells' column.
    name: String,
    held: Record,
    /// What is left of the row that is held.
    left: std::vec::IntoIter<Item>,
    parent: Option<Arc<serde_json::Value>>,
    /// The columns `value`, `index` and `parent`.
    own: [usize; 3],
}

/// What of `each` is for tables alone was asked of JSON.
pub(super) fn of_tables() -> Fault {
    Fault::file(Code::InvalidValue, "`each` by columns or by split is for tables")
        .hint("of JSON, `each` takes a path, as in /comments")
}

/// A part of a row that is a row.
struct Item {
    column: usize,
    text: String,
    number: usize,
}

impl TableEach {
    /// A source of the rows that come of those of a table.
    pub(super) fn source(inner: Source, each: &Each) -> Result<Source, Vec<Diagnostic>> {
        let (name, by) = match each {
            Each::Columns(name) => (name, None),
            Each::Split { column, by } => (column, Some(by.clone())),
            Each::Within(path) => {
                let message = "the rows of a table have nothing within them";
                let hint = format!(
                    "a path such as {path} is for JSON; of a table, `each` takes columns: NAME, or split: NAME with by: \";\""
                );
                let fault = Fault::file(Code::InvalidValue, message).hint(hint);
                return Err(vec![fault.at(&inner.name, 0)]);
            }
        };
        let names = inner.columns().names();
        let cells = inner.columns().all(name);
        let refuse = |problem: Diagnostic| vec![problem];
        let place = Place::File(Arc::clone(&inner.name));
        if cells.is_empty() {
            let message = format!("there is no column `{name}`, of which `each` makes rows");
            let problem = Diagnostic::error(Code::UnknownColumn, place, message);
            return Err(refuse(problem.hint_names(name, names.iter().map(AsRef::as_ref))));
        }
        let taken =
            [VALUE, INDEX, PARENT].into_iter().find(|own| inner.columns().index(own).is_some());
        if let Some(own) = taken {
            let message =
                format!("the file has a column `{own}`, and `each` makes one of that name");
            let problem = Diagnostic::error(Code::DuplicateColumn, place, message);
            return Err(refuse(problem.hint("give the column of the file another name")));
        }
        let count = names.len();
        let columns = inner.columns().with([VALUE, INDEX, PARENT].map(Arc::from));
        let own = [count, count + 1, count + 2];
        let (file, name) = (Arc::clone(&inner.name), name.clone());
        let made = Self {
            inner: Box::new(inner),
            cells,
            by,
            name,
            held: Record::default(),
            left: Vec::new().into_iter(),
            parent: None,
            own,
        };
        Ok(Source::new(file, columns, RowReader::Made(Box::new(made))))
    }

    /// Takes the row that is held apart.
    fn take_apart(&mut self, keys: &Keys) -> Result<(), Diagnostic> {
        let is_faulty = |column: usize| self.held.faulty().iter().any(|cell| cell.column == column);
        let mut items = Vec::new();
        for (at, column) in self.cells.iter().copied().enumerate() {
            let text = match self.held.cell(column) {
                Cell::Number(text) | Cell::Text(text) => text,
                Cell::Bool(true) => "true",
                Cell::Bool(false) => "false",
                Cell::Absent | Cell::Null | Cell::Json(_) | Cell::Shared(_) => "",
            };
            let mut add = |text: &str, number| {
                if !text.trim().is_empty() || is_faulty(column) {
                    items.push(Item { column, text: text.to_owned(), number });
                }
            };
            match &self.by {
                None => add(text, at + 1),
                Some(by) => {
                    for (at, part) in text.split(by.as_str()).enumerate() {
                        if at == MOST_PARTS {
                            return Err(self.too_many_parts());
                        }
                        add(part.trim(), at + 1);
                    }
                }
            }
        }
        self.left = items.into_iter();
        let columns = self.inner.columns();
        self.parent = keys.is_asked(self.own[2]).then(|| Arc::new(self.held.to_object(columns)));
        Ok(())
    }

    fn too_many_parts(&self) -> Diagnostic {
        let place = CellPlace {
            row: self.held.place.clone(),
            column: Some(self.name.as_str().into()),
            pointer: None,
        };
        let message = format!("the cell has more than {MOST_PARTS} parts");
        Diagnostic::error(Code::InvalidValue, Place::Row(place), message)
            .hint("is what stands between two parts given right, under `each`, as `by`?")
    }

    fn fill(&self, record: &mut Record, item: &Item) {
        record.clone_from(&self.held);
        let [value, index, parent] = self.own;
        record.hold_slots();
        record.set_text(value, &item.text);
        record.set_number(index, &item.number.to_string());
        if let Some(whole) = &self.parent {
            record.set_shared(parent, Arc::clone(whole));
            record.weigh(self.held.size());
        }
        let of_value = self.held.faulty().iter().find(|cell| cell.column == item.column).cloned();
        of_value
            .into_iter()
            .for_each(|cell| record.add_faulty(FaultyCell { column: value, ..cell }));
        record.place.within = Some(format!("{}[{}]", self.name, item.number).into());
    }
}

impl Made for TableEach {
    fn next(&mut self, record: &mut Record, keys: &mut Keys) -> Read {
        loop {
            if let Some(item) = self.left.next() {
                self.fill(record, &item);
                return Read::Row;
            }
            match self.inner.next(&mut self.held) {
                Read::Row => {
                    if let Err(problem) = self.take_apart(keys) {
                        return Read::Problem(problem);
                    }
                }
                other => return other,
            }
        }
    }

    fn ask(&mut self, _: &str) {}

    fn passed(&self) -> Vec<Passed> {
        passed_by(&self.inner)
    }
}
