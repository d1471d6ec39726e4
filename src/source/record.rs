//! One row in memory: its cells as they were written, in as few allocations as can be.
//!
//! Not a value of any field: nothing is trimmed, parsed or converted here.

use std::ops::Range;
use std::sync::Arc;

use csv::ByteRecord;
use serde_json::Value;

use crate::text::place::RowPlace;

/// A row of a source. Meant to be reused: [`Source::next`](super::Source::next) fills it anew.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Where the row stands.
    pub place: RowPlace,
    /// The text of all cells, one after the other.
    text: String,
    /// Where in `text` each cell ends, when every cell is text (csv).
    ends: Vec<u32>,
    /// The cells by column, when they are of several kinds.
    slots: Vec<Slot>,
}

/// A cell of a record. Ranges are in the record's text.
#[derive(Debug, Clone, Default)]
enum Slot {
    #[default]
    Absent,
    Null,
    Bool(bool),
    Number(Range<usize>),
    Text(Range<usize>),
    Json(Box<Value>),
}

/// What a row has in a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// The row has no such column.
    Absent,
    /// There, and empty: `null` in JSON and YAML.
    Null,
    /// True or false, unquoted in JSON or YAML.
    Bool(bool),
    /// As written, so that 20-digit ids and `1.10` lose nothing.
    Number(&'a str),
    /// A cell of CSV, or a text of JSON or YAML.
    Text(&'a str),
    /// An array or an object.
    Json(&'a Value),
}

/// A cell that stands for itself: what a job's inline rows are made of.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnedCell {
    Null,
    Bool(bool),
    Number(Box<str>),
    Text(Box<str>),
    Json(Value),
}

/// A row written in the job itself.
#[derive(Debug, Clone)]
pub struct InlineRow {
    /// The line of the job that the row starts on.
    pub line: u64,
    pub cells: Vec<(Arc<str>, OwnedCell)>,
}

impl Record {
    /// The cell of a column, by the index that the source gave it.
    pub fn cell(&self, column: usize) -> Cell<'_> {
        match self.slots.get(column) {
            Some(slot) => self.slot_cell(slot),
            None => self.text_cell(column),
        }
    }

    fn slot_cell<'a>(&'a self, slot: &'a Slot) -> Cell<'a> {
        match slot {
            Slot::Absent => Cell::Absent,
            Slot::Null => Cell::Null,
            Slot::Bool(value) => Cell::Bool(*value),
            Slot::Number(range) => self.part(range.clone()).map_or(Cell::Absent, Cell::Number),
            Slot::Text(range) => self.part(range.clone()).map_or(Cell::Absent, Cell::Text),
            Slot::Json(value) => Cell::Json(value),
        }
    }

    fn text_cell(&self, column: usize) -> Cell<'_> {
        let Some(end) = self.ends.get(column) else { return Cell::Absent };
        let start = match column.checked_sub(1) {
            Some(before) => self.ends[before],
            None => 0,
        };
        self.part(start as usize..*end as usize).map_or(Cell::Absent, Cell::Text)
    }

    fn part(&self, range: Range<usize>) -> Option<&str> {
        self.text.get(range)
    }

    /// Forgets the cells and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.slots.clear();
    }

    /// Takes cells that are all text. An error is the index of one that is not UTF-8.
    pub(super) fn set_text_cells(&mut self, cells: &ByteRecord) -> Result<(), usize> {
        self.clear();
        if let Ok(text) = simdutf8::basic::from_utf8(cells.as_slice()) {
            self.text.push_str(text);
        }
        let mut end = 0;
        for (index, cell) in cells.iter().enumerate() {
            end += cell.len();
            // Two halves of a character in two cells are good UTF-8 only while they stand side by side.
            if !self.text.is_char_boundary(end) {
                let faulty = cells.iter().position(|cell| std::str::from_utf8(cell).is_err());
                return Err(faulty.unwrap_or(index));
            }
            // A record is far below 4 GiB: the window sees to it.
            self.ends.push(u32::try_from(end).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    /// Whether the row has the column already.
    pub(super) fn has(&self, column: usize) -> bool {
        !matches!(self.slots.get(column), None | Some(Slot::Absent))
    }

    pub(super) fn set_null(&mut self, column: usize) {
        self.set(column, Slot::Null);
    }

    pub(super) fn set_bool(&mut self, column: usize, value: bool) {
        self.set(column, Slot::Bool(value));
    }

    pub(super) fn set_number(&mut self, column: usize, written: &str) {
        let range = self.push(written);
        self.set(column, Slot::Number(range));
    }

    pub(super) fn set_text(&mut self, column: usize, text: &str) {
        let range = self.push(text);
        self.set(column, Slot::Text(range));
    }

    pub(super) fn set_json(&mut self, column: usize, value: Value) {
        self.set(column, Slot::Json(Box::new(value)));
    }

    pub(super) fn set_owned(&mut self, column: usize, cell: OwnedCell) {
        match cell {
            OwnedCell::Null => self.set_null(column),
            OwnedCell::Bool(value) => self.set_bool(column, value),
            OwnedCell::Number(written) => self.set_number(column, &written),
            OwnedCell::Text(text) => self.set_text(column, &text),
            OwnedCell::Json(value) => self.set_json(column, value),
        }
    }

    fn push(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    fn set(&mut self, column: usize, slot: Slot) {
        if self.slots.len() <= column {
            self.slots.resize_with(column + 1, Slot::default);
        }
        self.slots[column] = slot;
    }
}
