//! A row laid open for whoever looks at it: its cells, and the job's named values as they come out of them.
//!
//! Shows and decides nothing; what a row comes to is for `prepared`.

use std::sync::Arc;

use crate::source::{Cell, Record};

use super::Preparer;

/// A cell of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownCell {
    pub column: Arc<str>,
    /// None where the row has no such cell, or an empty one of JSON.
    pub text: Option<String>,
    /// Whether anything in the job uses the column.
    pub is_used: bool,
}

/// A named value of a row: as a text, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownValue {
    pub name: Arc<str>,
    pub value: Result<String, String>,
}

impl Preparer {
    /// All cells of a row, in the order of the columns.
    pub(crate) fn cells(&self, record: &Record) -> Vec<ShownCell> {
        let cell = |(at, name): (usize, &Arc<str>)| ShownCell {
            column: Arc::clone(name),
            text: text_of(record.cell(at)),
            is_used: self.used.get(at).copied().unwrap_or_default(),
        };
        self.columns.names().iter().enumerate().map(cell).collect()
    }

    /// The job's named values on a row, in their order.
    pub(crate) fn named_values(&self, record: &Record) -> Vec<ShownValue> {
        let kept = self.kept();
        let row = self.row(record, &kept);
        let value = |named: &super::NamedValue| ShownValue {
            name: Arc::clone(&named.name),
            value: match named.origin.value(row) {
                Ok(value) => Ok(value.text().into_owned()),
                Err(error) => Err(error.to_string()),
            },
        };
        self.named.iter().map(value).collect()
    }

    /// What a row has under a name: the named value, or else the cell of the column; none where that says nothing.
    pub(crate) fn value_called(&self, record: &Record, name: &str) -> Option<String> {
        let kept = self.kept();
        let row = self.row(record, &kept);
        let text = match self.named.iter().find(|named| *named.name == *name) {
            Some(named) => named.origin.value(row).ok()?.text().into_owned(),
            None => text_of(record.cell(self.columns.index(name)?))?,
        };
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

fn text_of(cell: Cell<'_>) -> Option<String> {
    match cell {
        Cell::Absent | Cell::Null => None,
        Cell::Bool(value) => Some(value.to_string()),
        Cell::Number(text) | Cell::Text(text) => Some(text.to_owned()),
        Cell::Json(value) => Some(value.to_string()),
        Cell::Shared(value) => Some(value.to_string()),
    }
}
