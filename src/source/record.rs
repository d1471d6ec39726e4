//! One row in memory: its cells as they were written, in as few allocations as can be.
//!
//! Not a value of any field: nothing is trimmed, parsed or converted here.

mod packed;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use csv::ByteRecord;
use serde_json::Value;

pub(super) use packed::{Packed, Packing};

use super::columns::Columns;
use super::returned::Origin;
use super::unfolded::Share;
use crate::text::place::RowPlace;

/// A row of a source. Meant to be reused: [`Source::next`](super::Source::next) fills it anew.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Where the row stands.
    pub place: RowPlace,
    /// The how many row it is that its source gives, from 1: the number in its place, unless rows are put in order.
    pub(crate) ordinal: u64,
    /// Which of several rows it is that one row comes to; none where it is that row.
    pub(crate) share: Option<Share>,
    /// The text of all cells, one after the other.
    text: String,
    /// Where in `text` each cell ends, when every cell is text (csv).
    ends: Vec<u32>,
    /// The cells by column, when they are of several kinds.
    slots: Vec<Slot>,
    /// What few rows have: kept apart, so that the others are moved and forgotten with less.
    rare: Option<Box<Rare>>,
}

/// What few rows have.
#[derive(Debug, Clone, Default)]
struct Rare {
    /// What is written beside a row that comes back corrected; none of any other.
    origin: Option<Origin>,
    /// What its columns are called, where rows are to say that themselves.
    columns: Option<Columns>,
    /// The columns, few if any, in which a text stands that means nothing.
    nothing: Vec<usize>,
    /// How long the lists and mappings among the cells were written.
    json_bytes: usize,
    /// Names of cells that nobody has asked for.
    strays: Vec<Arc<str>>,
    /// Cells that are there and cannot be read as they are meant.
    faulty: Vec<FaultyCell>,
}

/// A cell whose value is not in the file, or is not what a person sees: a workbook has such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FaultyCell {
    pub column: usize,
    /// As people call it, as in `A7`.
    pub address: Arc<str>,
    pub message: String,
    pub hint: String,
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
    /// Of many rows alike.
    Shared(Arc<Value>),
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
    /// What lies around the row, the same for all rows that come of it.
    Shared(&'a Arc<Value>),
}

/// How a row repeats the header of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    AsItIs,
    /// In another order, or with other columns among them.
    Otherwise,
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

impl OwnedCell {
    /// The cell as a file of texts would have it.
    pub(super) fn into_text(self) -> Self {
        match self {
            Self::Null => Self::Text("".into()),
            Self::Bool(value) => Self::Text(value.to_string().into()),
            Self::Number(text) | Self::Text(text) => Self::Text(text),
            Self::Json(value) => Self::Text(value.to_string().into()),
        }
    }
}

/// A row written in the job itself.
#[derive(Debug, Clone)]
pub struct InlineRow {
    /// The line of the job that the row starts on.
    pub line: u64,
    pub cells: Vec<(Arc<str>, OwnedCell)>,
}

impl Record {
    /// The how many row of the reading the first of those is that its row comes to; itself where that comes to one.
    pub(crate) fn first_share(&self) -> u64 {
        let before = self.share.map_or(0, |share| share.number - 1);
        self.ordinal.saturating_sub(before as u64)
    }

    /// What is written beside a row that comes back corrected; none of any other.
    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.rare.as_ref()?.origin.as_ref()
    }

    /// What its columns are called, where rows are to say that themselves.
    pub(crate) fn columns(&self) -> Option<&Columns> {
        self.rare.as_ref()?.columns.as_ref()
    }

    pub(super) fn set_origin(&mut self, origin: Option<Origin>) {
        if origin.is_some() || self.rare.is_some() {
            self.rare().origin = origin;
        }
    }

    pub(super) fn set_columns(&mut self, columns: Option<Columns>) {
        if columns.is_some() || self.rare.is_some() {
            self.rare().columns = columns;
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Where the row stood that it is: in its source, where it has come back from a file of rows that were written out.
    pub(crate) fn stood(&self) -> RowPlace {
        match self.origin().and_then(|origin| origin.stood) {
            Some((row, line)) => RowPlace::of(row, line),
            None => self.place.clone(),
        }
    }

    /// The text of a cell as it was written, also where that means nothing.
    pub(crate) fn written(&self, column: usize) -> Cell<'_> {
        match self.cell(column) {
            Cell::Null if self.slots.is_empty() => self.text_at(column),
            cell => cell,
        }
    }

    /// The cell of a column, by the index that the source gave it.
    #[inline]
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
            Slot::Shared(value) => Cell::Shared(value),
        }
    }

    #[inline]
    fn text_cell(&self, column: usize) -> Cell<'_> {
        let Some(end) = self.ends.get(column) else { return Cell::Absent };
        if self.is_nothing(column) {
            return Cell::Null;
        }
        self.range_text(column, *end)
    }

    #[inline]
    fn is_nothing(&self, column: usize) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.nothing.contains(&column))
    }

    fn text_at(&self, column: usize) -> Cell<'_> {
        self.ends.get(column).map_or(Cell::Absent, |end| self.range_text(column, *end))
    }

    fn range_text(&self, column: usize, end: u32) -> Cell<'_> {
        let start = match column.checked_sub(1) {
            Some(before) => self.ends[before],
            None => 0,
        };
        self.part(start as usize..end as usize).map_or(Cell::Absent, Cell::Text)
    }

    fn part(&self, range: Range<usize>) -> Option<&str> {
        self.text.get(range)
    }

    /// Forgets the cells and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.slots.clear();
        self.place.within = None;
        if let Some(rare) = &mut self.rare {
            rare.strays.clear();
            rare.nothing.clear();
            rare.faulty.clear();
            rare.json_bytes = 0;
        }
    }

    /// How many bytes its cells have.
    pub(crate) fn size(&self) -> usize {
        self.text.len() + self.rare.as_ref().map_or(0, |rare| rare.json_bytes)
    }

    /// Gives memory back that a row has taken which was much longer than rows are.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        if self.text.capacity() > bytes {
            self.clear();
            self.text.shrink_to(bytes);
            self.ends.shrink_to(bytes / 16);
            self.slots.shrink_to(bytes / 64);
        }
    }

    /// Names of cells that are in the row though nobody has asked for such a column.
    pub(crate) fn strays(&self) -> &[Arc<str>] {
        self.rare.as_ref().map_or(&[], |rare| &rare.strays)
    }

    /// Cells that cannot be read as they are meant.
    pub(crate) fn faulty(&self) -> &[FaultyCell] {
        self.rare.as_ref().map_or(&[], |rare| &rare.faulty)
    }

    pub(super) fn add_faulty(&mut self, cell: FaultyCell) {
        self.rare().faulty.push(cell);
    }

    /// How many columns it may have cells in.
    pub(crate) fn width(&self) -> usize {
        self.slots.len().max(self.ends.len())
    }

    /// Puts each cell into the column that `to` has for its own.
    pub(super) fn move_cells(&mut self, to: &[usize]) {
        self.hold_slots();
        let slots = std::mem::take(&mut self.slots);
        for (column, slot) in slots.into_iter().enumerate() {
            if let (Some(to), false) = (to.get(column), matches!(slot, Slot::Absent)) {
                self.set(*to, slot);
            }
        }
        for cell in self.rare.iter_mut().flat_map(|rare| &mut rare.faulty) {
            cell.column = to.get(cell.column).copied().unwrap_or(usize::MAX);
        }
    }

    /// Takes a cell off, as if the row had never had it.
    pub(super) fn take_off(&mut self, column: usize) {
        self.hold_slots();
        if let Some(slot) = self.slots.get_mut(column) {
            *slot = Slot::Absent;
        }
        if let Some(rare) = &mut self.rare {
            rare.faulty.retain(|cell| cell.column != column);
        }
    }

    /// Makes room for cells of several kinds, where all have been text.
    pub(super) fn hold_slots(&mut self) {
        let mut start = 0;
        for (column, end) in std::mem::take(&mut self.ends).into_iter().enumerate() {
            let text = start..end as usize;
            start = text.end;
            let is_nothing = self.is_nothing(column);
            self.slots.push(if is_nothing { Slot::Null } else { Slot::Text(text) });
        }
        if let Some(rare) = &mut self.rare {
            rare.nothing.clear();
        }
    }

    /// A JSON object of all cells by the names of their columns.
    pub(super) fn to_object(&self, columns: &Columns) -> Value {
        let mut object = serde_json::Map::new();
        for (column, name) in columns.names().iter().enumerate() {
            let value = match self.cell(column) {
                Cell::Absent => continue,
                Cell::Null => Value::Null,
                Cell::Bool(value) => value.into(),
                Cell::Number(text) => match text.parse::<i64>() {
                    Ok(number) => number.into(),
                    // What no number holds exactly stays as it is written.
                    Err(_) => text.into(),
                },
                Cell::Text(text) => text.into(),
                Cell::Json(value) => value.clone(),
                Cell::Shared(value) => value.as_ref().clone(),
            };
            object.entry(name.as_ref()).or_insert(value);
        }
        Value::Object(object)
    }

    pub(super) fn add_stray(&mut self, name: Option<&Arc<str>>) {
        if let Some(name) = name {
            self.rare().strays.push(Arc::clone(name));
        }
    }

    /// Whether nothing is written in any of its cells.
    pub(super) fn is_blank(&self) -> bool {
        // Most rows end this with their first letter.
        let is_empty = |slot: &Slot| match self.slot_cell(slot) {
            Cell::Absent | Cell::Null => true,
            Cell::Text(text) => text.trim().is_empty(),
            Cell::Bool(_) | Cell::Number(_) | Cell::Json(_) | Cell::Shared(_) => false,
        };
        match self.slots.is_empty() {
            true => self.text.trim_start().is_empty(),
            false => self.slots.iter().all(is_empty),
        }
    }

    /// Whether it has no cells at all.
    pub(super) fn is_bare(&self) -> bool {
        self.slots.is_empty() && self.ends.is_empty()
    }

    /// How the row repeats its header; none where it does not.
    pub(super) fn as_header(&self, columns: &Columns) -> Option<Repeated> {
        let is_none = |column| match self.cell(column) {
            Cell::Text(text) => !columns.may_have(text),
            _ => true,
        };
        if is_none(0) && is_none(1) {
            return None;
        }
        let names = columns.written();
        let is_own = |column: usize| {
            let text = self.trimmed(column);
            text.is_some_and(|text| {
                names.get(column).is_some_and(|name| text.eq_ignore_ascii_case(name.trim()))
            })
        };
        // Most others end this with their first two cells.
        let is_name = |column| self.trimmed(column).is_some_and(|text| columns.has(text));
        if !is_own(0) && !is_own(1) && !is_name(0) {
            return None;
        }
        let width = self.width();
        let is_there = |column: &usize| self.cell(*column) != Cell::Absent;
        let there: Vec<usize> = (0..width).filter(is_there).collect();
        let own = there.iter().filter(|column| is_own(**column)).count();
        match there.len() {
            // A single text may well be what its column is called, but for one that is that to the letter.
            0 | 1 => (own == 1 && names.len() == 1 && self.cell(0) == Cell::Text(&names[0]))
                .then_some(Repeated::AsItIs),
            count if own == count => Some(Repeated::AsItIs),
            count => {
                let found: HashSet<usize> = there
                    .iter()
                    .flat_map(|column| {
                        self.trimmed(*column).map_or_else(Vec::new, |text| columns.all(text))
                    })
                    .collect();
                let mostly = own >= 2 && own * 2 >= count;
                (found.len() == count || mostly).then_some(Repeated::Otherwise)
            }
        }
    }

    /// The text of a cell without blanks around it, and without the mark that a file may begin with.
    fn trimmed(&self, column: usize) -> Option<&str> {
        match self.cell(column) {
            Cell::Text(text) => Some(text.trim_start_matches('\u{feff}').trim()),
            _ => None,
        }
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

    /// Takes the text of these columns for nothing.
    pub(super) fn set_nothing(&mut self, columns: &[usize]) {
        if !columns.is_empty() {
            self.rare().nothing.extend_from_slice(columns);
        }
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

    pub(super) fn set_json(&mut self, column: usize, value: Value, written: usize) {
        self.rare().json_bytes += written;
        self.set(column, Slot::Json(Box::new(value)));
    }

    /// Takes what it shares with other rows for so many bytes of its own, so that memory is counted once.
    pub(super) fn weigh(&mut self, bytes: usize) {
        self.rare().json_bytes += bytes;
    }

    pub(super) fn set_shared(&mut self, column: usize, value: Arc<Value>) {
        self.set(column, Slot::Shared(value));
    }

    pub(super) fn set_owned(&mut self, column: usize, cell: OwnedCell) {
        match cell {
            OwnedCell::Null => self.set_null(column),
            OwnedCell::Bool(value) => self.set_bool(column, value),
            OwnedCell::Number(written) => self.set_number(column, &written),
            OwnedCell::Text(text) => self.set_text(column, &text),
            OwnedCell::Json(value) => self.set_json(column, value, 0),
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
