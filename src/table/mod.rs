//! Rows that are written out for people and programs: csv, jsonl or a workbook, in flat memory.
//!
//! Cells in, bytes out. Where the bytes go, and what may be replaced by them, is for `place`; what a row means is for whoever
//! has it.

mod leftover;
mod place;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use rust_xlsxwriter::{Workbook, XlsxError};
use serde_json::Value;

use crate::source::{Cell, Format};

pub(crate) use place::{Destination, Refusal, Staying, Taken, beside, folder_of, look, put};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Csv {
        delimiter: u8,
        /// The mark that some programs want at the beginning of UTF-8.
        marked: bool,
    },
    JsonLines,
    Workbook,
}

impl Shape {
    /// What a file's ending asks for; none of another ending.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        Some(match Format::of_path(path)? {
            Format::Csv { delimiter } => Self::Csv { delimiter, marked: false },
            Format::JsonLines => Self::JsonLines,
            Format::Workbook
                if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx")) =>
            {
                Self::Workbook
            }
            Format::Json | Format::Workbook => return None,
        })
    }

    /// Whether all that it holds is text, so that kinds of values are lost in it.
    pub(crate) fn is_of_texts(self) -> bool {
        !matches!(self, Self::JsonLines)
    }
}

/// A cell to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Out<'a> {
    /// The row has no such cell.
    Absent,
    Null,
    Bool(bool),
    /// As it is written.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    Json(Cow<'a, Value>),
}

impl<'a> Out<'a> {
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn number(number: impl ToString) -> Self {
        Self::Number(number.to_string().into())
    }

    /// A text, or nothing.
    pub(crate) fn maybe(text: Option<impl Into<Cow<'a, str>>>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Absent | Self::Null => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Number(text) | Self::Text(text) => Cow::Borrowed(text),
            Self::Json(value) => Cow::Owned(value.to_string()),
        }
    }

    /// As JSON; none where the row has no such cell.
    fn as_json(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Absent => return None,
            Self::Null => Cow::Borrowed("null"),
            Self::Number(text) if is_json_number(text) => Cow::Borrowed(text),
            Self::Bool(_) => self.as_text(),
            Self::Number(text) | Self::Text(text) => {
                Cow::Owned(Value::from(text.as_ref()).to_string())
            }
            Self::Json(value) => Cow::Owned(value.to_string()),
        })
    }

    /// As a value; none where the row has no such cell.
    pub(crate) fn to_value(&self) -> Option<Value> {
        Some(match self {
            Self::Absent => return None,
            Self::Null => Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(text) => match text.parse::<i64>() {
                Ok(number) => number.into(),
                // What no number holds exactly stays as it is written.
                Err(_) => text.as_ref().into(),
            },
            Self::Text(text) => text.as_ref().into(),
            Self::Json(value) => value.as_ref().clone(),
        })
    }
}

impl<'a> From<Cell<'a>> for Out<'a> {
    fn from(cell: Cell<'a>) -> Self {
        match cell {
            Cell::Absent => Self::Absent,
            Cell::Null => Self::Null,
            Cell::Bool(value) => Self::Bool(value),
            Cell::Number(text) => Self::Number(text.into()),
            Cell::Text(text) => Self::Text(text.into()),
            Cell::Json(value) => Self::Json(Cow::Borrowed(value)),
            Cell::Shared(value) => Self::Json(Cow::Borrowed(value)),
        }
    }
}

fn is_json_number(text: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(text).is_ok()
}

/// Rows on their way into a file.
pub(crate) struct Table {
    rows: u64,
    writer: Writer,
}

enum Writer {
    Csv(Box<csv::Writer<File>>),
    JsonLines(BufWriter<File>),
    Workbook { book: Box<Workbook>, to: File, room: usize },
}

/// The most rows that a sheet has, the names of its columns among them, and the most characters of a cell.
const SHEET_ROWS: u64 = 1_048_576;
const SHEET_CELL: usize = 32_767;
/// The most bytes of text in a workbook. It is held in memory until it is whole: what would write it piece by piece panics where
/// a disk is full.
const SHEET_TEXT: usize = 64 << 20;

impl Table {
    /// Begins with the names of the columns.
    pub(crate) fn begin<'n>(
        shape: Shape,
        names: impl IntoIterator<Item = &'n str>,
        mut to: File,
    ) -> io::Result<Self> {
        let writer = match shape {
            Shape::Csv { delimiter, marked } => {
                if marked {
                    to.write_all("\u{feff}".as_bytes())?;
                }
                let mut writer =
                    csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(to);
                writer.write_record(names)?;
                Writer::Csv(Box::new(writer))
            }
            Shape::JsonLines => Writer::JsonLines(BufWriter::with_capacity(1 << 16, to)),
            Shape::Workbook => {
                let mut book = Workbook::new();
                let sheet = book.add_worksheet();
                for (column, name) in (0_u16..).zip(names) {
                    sheet.write_string(0, column, name).map_err(of_book)?;
                }
                Writer::Workbook { book: Box::new(book), to, room: SHEET_TEXT }
            }
        };
        Ok(Self { rows: 0, writer })
    }

    /// Writes a row: its cells with the names of their columns, in the order of the columns.
    pub(crate) fn row(&mut self, cells: &[(&str, Out<'_>)]) -> io::Result<()> {
        self.rows += 1;
        match &mut self.writer {
            Writer::Csv(writer) => {
                for (_, cell) in cells {
                    writer.write_field(cell.as_text().as_bytes())?;
                }
                writer.write_record(None::<&[u8]>)?;
            }
            Writer::JsonLines(to) => {
                let mut before = "{";
                for (name, cell) in cells {
                    if let Some(json) = cell.as_json() {
                        write!(to, "{before}{}:{json}", Value::from(*name))?;
                        before = ",";
                    }
                }
                to.write_all(if before == "{" { b"{}\n" } else { b"}\n" })?;
            }
            Writer::Workbook { book, room, .. } => {
                if self.rows >= SHEET_ROWS {
                    return Err(io::Error::other(
                        "a sheet has no more than 1,048,576 rows: write csv",
                    ));
                }
                let row = u32::try_from(self.rows).unwrap_or(u32::MAX);
                let sheet = book.worksheet_from_index(0).map_err(of_book)?;
                for (column, (name, cell)) in (0_u16..).zip(cells) {
                    let text = cell.as_text();
                    if text.is_empty() {
                        continue;
                    }
                    if text.encode_utf16().count() > SHEET_CELL {
                        let message = format!(
                            "a cell of `{name}` is longer than a workbook lets it be ({SHEET_CELL} characters): write csv"
                        );
                        return Err(io::Error::other(message));
                    }
                    *room = room.checked_sub(text.len()).ok_or_else(|| {
                        io::Error::other("the rows have more than 64 MB of text, which is too much for a workbook: write csv")
                    })?;
                    sheet.write_string(row, column, text.as_ref()).map_err(of_book)?;
                }
            }
        }
        Ok(())
    }

    /// Writes what is still to be written.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self.writer {
            Writer::Csv(mut writer) => writer.flush(),
            Writer::JsonLines(mut to) => to.flush(),
            Writer::Workbook { mut book, to, .. } => {
                let mut to = BufWriter::new(to);
                book.save_to_writer(&mut to).map_err(of_book)?;
                to.flush()
            }
        }
    }
}

fn of_book(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        error => io::Error::other(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
