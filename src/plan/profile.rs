//! What stands in the columns of a source: how many cells are filled, with what, and at which days rows are dated.
//!
//! Flat memory: a few values a column, and a count a day. Not for what a column means, and not for what is wrong in it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::source::{Cell, Record, Source};

/// So many columns are looked at; further ones are counted.
const MOST_COLUMNS: usize = 200;
/// A column with more different values than this has many.
const MOST_VALUES: usize = 8;
/// A longer cell, in bytes, is a text and no value.
const LONGEST_VALUE: usize = 40;
/// So many examples are kept of a column, each of so many bytes.
const EXAMPLES: usize = 2;
const LONGEST_EXAMPLE: usize = 120;
/// On more days than this nobody looks at a chart.
const MOST_DAYS: usize = 40_000;

/// The columns of a source.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceProfile {
    /// Rows that could be read.
    pub rows: u64,
    pub columns: Vec<ColumnProfile>,
    /// Columns that were not looked at, for there are too many.
    pub more: u64,
    /// The days of the rows that would be sent, by what the job puts its rows in order by; empty where that is no time.
    pub turns: Days,
}

/// What stands in one column.
#[derive(Debug, Clone)]
pub(crate) struct ColumnProfile {
    pub name: Arc<str>,
    /// Whether anything in the job uses it.
    pub is_used: bool,
    /// Cells in which something is written.
    pub filled: u64,
    /// The first different ones.
    pub examples: Vec<Box<str>>,
    /// All values with their counts, where these are few, in the order in which they came; of a column of many none.
    pub values: Option<Vec<(Box<str>, u64)>>,
    /// The days that its cells name, where each filled one names one.
    pub days: Option<Days>,
}

/// How many rows there are of each day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Days(BTreeMap<Date, u64>);

impl Days {
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Date, u64)> {
        self.0.iter().map(|(day, count)| (*day, *count))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts a day, unless there are too many.
    pub(crate) fn add(&mut self, day: Date) {
        let has_room = self.0.len() < MOST_DAYS;
        if let Some(count) = self.0.get_mut(&day) {
            *count += 1;
        } else if has_room {
            self.0.insert(day, 1);
        }
    }
}

impl SourceProfile {
    /// Looks at a row.
    pub(super) fn see(&mut self, record: &Record) {
        self.rows += 1;
        let width = record.width().min(MOST_COLUMNS);
        while self.columns.len() < width {
            self.columns.push(ColumnProfile::new());
        }
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.see(record.cell(at));
        }
    }

    /// Notes when a row is that would be sent, in unix milliseconds.
    pub(super) fn turn(&mut self, moment: i64, zone: Option<&TimeZone>) {
        let Ok(moment) = Timestamp::from_millisecond(moment) else { return };
        let zone = zone.cloned().unwrap_or(TimeZone::UTC);
        self.turns.add(moment.to_zoned(zone).date());
    }

    /// The source has been read to its end: its columns have names by now.
    pub(super) fn finish(&mut self, source: &Source) {
        let names = source.columns().names();
        while self.columns.len() < names.len().min(MOST_COLUMNS) {
            self.columns.push(ColumnProfile::new());
        }
        self.more = (names.len() - names.len().min(MOST_COLUMNS)) as u64;
        for (at, (column, name)) in self.columns.iter_mut().zip(names).enumerate() {
            column.name = Arc::clone(name);
            column.is_used = source.is_asked(at);
            column.days = column.days.take().filter(|days| !days.is_empty());
        }
        // What tells of rows that come back is none of theirs.
        let own: HashSet<usize> =
            source.written_columns().into_iter().map(|(column, _)| column).collect();
        let mut at = 0..;
        self.columns.retain(|_| at.next().is_some_and(|at| own.contains(&at)));
        // Of a column that nobody has asked for such a source keeps nothing but in how many rows it is.
        for (name, rows) in source.strays() {
            let column = self.columns.iter_mut().find(|column| column.name == *name);
            if let Some(column) = column {
                column.filled = rows.count;
                column.values = None;
            }
        }
    }
}

impl ColumnProfile {
    fn new() -> Self {
        Self {
            name: "".into(),
            is_used: false,
            filled: 0,
            examples: Vec::new(),
            values: Some(Vec::new()),
            days: Some(Days::default()),
        }
    }

    fn see(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Absent | Cell::Null => {}
            Cell::Bool(value) => self.fill(if value { "true" } else { "false" }),
            Cell::Number(text) | Cell::Text(text) => self.fill(text.trim()),
            Cell::Json(value) => self.fill_with_json(value),
            Cell::Shared(value) => self.fill_with_json(value),
        }
    }

    fn fill_with_json(&mut self, value: &serde_json::Value) {
        self.filled += 1;
        (self.values, self.days) = (None, None);
        if self.examples.len() < EXAMPLES {
            self.keep(&value.to_string());
        }
    }

    fn fill(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.filled += 1;
        if let Some(days) = &mut self.days {
            match day_of(text) {
                Some(day) => days.add(day),
                None => self.days = None,
            }
        }
        if let Some(values) = &mut self.values {
            let known = values.iter().position(|(known, _)| **known == *text);
            let has_room = values.len() < MOST_VALUES && text.len() <= LONGEST_VALUE;
            match known.and_then(|at| values.get_mut(at)) {
                Some((_, count)) => *count += 1,
                None if has_room => values.push((text.into(), 1)),
                None => self.values = None,
            }
        }
        if self.examples.len() < EXAMPLES {
            self.keep(text);
        }
    }

    fn keep(&mut self, text: &str) {
        let example = match text.len() > LONGEST_EXAMPLE {
            true => format!("{}…", &text[..text.floor_char_boundary(LONGEST_EXAMPLE)]),
            false => text.to_owned(),
        };
        if self.examples.iter().all(|known| **known != *example) {
            self.examples.push(example.into());
        }
    }
}

/// The day that a text begins with, as in `2026-11-27` or `2026-11-27T08:00:00Z`.
pub(crate) fn day_of(text: &str) -> Option<Date> {
    let (day, rest) = text.split_at_checked(10)?;
    let is_date = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if !is_date || rest.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    Date::new(day[..4].parse().ok()?, day[5..7].parse().ok()?, day[8..].parse().ok()?).ok()
}
