//! One row in memory: its cells as they were written, in as few allocations as can be.
//!
//! Not a value of any field: nothing is trimmed, parsed or converted here.

use std::ops::Range;
use std::sync::Arc;

use csv::{ByteRecord, StringRecord};
use serde_json::Value;

/// A row of a source. Meant to be reused: [`Source::next`](super::Source::next) fills it anew.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Counts from 1 over data rows.
    pub row: u64,
    /// The physical line the row starts on, from 1.
    pub line: u64,
    /// The cells, when every cell is text (csv).
    text_cells: Option<StringRecord>,
    /// The cells by column, when they are of several kinds.
    slots: Vec<Slot>,
    /// The text of the slots, one after the other.
    text: String,
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
    Null,
    Bool(bool),
    /// As written, so that 20-digit ids and `1.10` lose nothing.
    Number(&'a str),
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
        let text = self.text_cells.as_ref().and_then(|cells| cells.get(column));
        text.map_or(Cell::Absent, Cell::Text)
    }

    fn part(&self, range: Range<usize>) -> Option<&str> {
        self.text.get(range)
    }

    /// Forgets the cells and keeps the memory.
    pub(super) fn clear(&mut self) {
        if let Some(cells) = &mut self.text_cells {
            cells.clear();
        }
        self.slots.clear();
        self.text.clear();
    }

    /// Takes text cells over and gives the record's own memory in exchange. An error is the index of a
    /// cell that is not UTF-8.
    pub(super) fn exchange_text_cells(&mut self, cells: &mut ByteRecord) -> Result<(), usize> {
        self.slots.clear();
        let spare = self.text_cells.take().unwrap_or_default().into_byte_record();
        let read = StringRecord::from_byte_record(std::mem::replace(cells, spare));
        self.text_cells = Some(read.map_err(|error| error.utf8_error().field())?);
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
