//! The cells of a sheet, row by row, whatever the workbook is.
//!
//! Not for what they are worth to a job.

use std::io::Read;

use crate::source::RowLimit;
use crate::source::fault::{Fault, RAISE_LIMIT};
use crate::text::code::Code;

use super::book::Meanings;
use super::merged::{self, Area};
use super::strings::{rich_text, unescaped};
use super::styles::Kind;
use super::value::{self, CellValue, Raw};
use super::xml::{self, Node, Xml, early_end, versions};
use super::{SAVE_ANEW, address_of};

/// The rows and columns that a sheet of Excel has; one of ODS may have more rows.
pub(super) const MOST_ROWS: u32 = 1 << 20;
pub(super) const MOST_COLUMNS: u32 = 1 << 14;

/// A row in which something is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SheetRow {
    /// In the sheet, from 1.
    pub number: u32,
    /// By column, from 0.
    pub cells: Vec<(u32, CellValue)>,
}

/// A stream of rows.
pub(super) trait Cells: Send {
    /// The next row in which something stands.
    fn next_row(&mut self) -> Result<Option<SheetRow>, Fault>;
}

/// The cells of a sheet of XLSX: one row in memory.
pub(super) struct XlsxCells<R> {
    xml: Xml<R>,
    meanings: Meanings,
    longest: RowLimit,
    /// The row and the column that are next where nothing says which, from 0.
    next: (u32, u32),
    /// The first cell of a row to come.
    ahead: Option<(u32, u32, CellValue)>,
    /// The row that came last, from 1.
    last: u32,
    /// Where the last cell is that was read, as people call it.
    at: Option<(u32, u32)>,
    is_over: bool,
}

/// Why a row ends.
pub(super) enum Broken {
    Xml(quick_xml::Error),
    /// What is wrong, in a sentence.
    Sheet(String),
    /// The row of this number is longer than one may be.
    TooLong(u32),
}

impl From<quick_xml::Error> for Broken {
    fn from(error: quick_xml::Error) -> Self {
        Self::Xml(error)
    }
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::Xml(error.into())
    }
}

/// What a cell says of itself.
#[derive(Default)]
struct Head {
    kind: Option<String>,
    style: Option<String>,
}

impl<R: Read + Send> XlsxCells<R> {
    /// Goes to the first row.
    pub(super) fn begin(
        mut xml: Xml<R>,
        meanings: Meanings,
        longest: RowLimit,
    ) -> Result<Self, Fault> {
        let is_over = loop {
            match xml.next().map_err(|error| xml::fault(&error, "the sheet cannot be read"))? {
                Node::Start(tag) if tag.name().local() == "sheetData" => break false,
                // It is one without cells.
                Node::Over => break true,
                _ => {}
            }
        };
        let (ahead, last, at) = (None, 0, None);
        Ok(Self { xml, meanings, longest, next: (0, 0), ahead, last, at, is_over })
    }

    /// The next cell in which something is: row, column and value.
    fn next_cell(&mut self) -> Result<Option<(u32, u32, CellValue)>, Broken> {
        if let Some(cell) = self.ahead.take() {
            return Ok(Some(cell));
        }
        loop {
            match self.xml.next()? {
                Node::Start(tag) => match tag.name().local() {
                    "row" => {
                        if let Some(number) = tag.attribute("r") {
                            self.next.0 = row_of(&number)?;
                        }
                        self.next.1 = 0;
                    }
                    "c" => {
                        if let Some(address) = tag.attribute("r") {
                            self.next = place_of(&address)?;
                        }
                        let of = |name| tag.attribute(name).map(|value| value.into_owned());
                        let head = Head { kind: of("t"), style: of("s") };
                        drop(tag);
                        let (row, column) = self.next;
                        self.next.1 = column.saturating_add(1);
                        if row >= MOST_ROWS || column >= MOST_COLUMNS {
                            return Err(beyond(&address_of(column, row.saturating_add(1))));
                        }
                        let value = self.value(&head)?;
                        self.at = Some((row, column));
                        let is_covered = self.meanings.merged.covers(row, column);
                        let value = if is_covered { value.and_then(value::covered) } else { value };
                        if let Some(value) = value {
                            return Ok(Some((row, column, value)));
                        }
                    }
                    "AlternateContent" => return Err(versions().into()),
                    _ => {}
                },
                Node::End(tag) => match tag.name().local() {
                    "row" => self.next = (self.next.0.saturating_add(1), 0),
                    "sheetData" => {
                        drop(tag);
                        self.rest()?;
                        return Ok(None);
                    }
                    _ => {}
                },
                Node::Over => return Err(early_end().into()),
                _ => {}
            }
        }
    }

    /// Reads what stands behind the cells: nothing of it may say that they were not all, or not what they were taken for.
    fn rest(&mut self) -> Result<(), Broken> {
        let mut areas = Vec::new();
        loop {
            match self.xml.next()? {
                Node::Start(tag) => match tag.name().local() {
                    "sheetData" => {
                        let what = "the sheet has its cells in two parts (sheetData), and has one";
                        return Err(Broken::Sheet(what.to_owned()));
                    }
                    "mergeCell" => {
                        let area = tag.attribute("ref");
                        areas.extend(area.and_then(|area| Area::parse(&area)));
                        if areas.len() > merged::MOST {
                            return Err(merged::too_many().into());
                        }
                    }
                    _ => {}
                },
                Node::Over => break,
                _ => {}
            }
        }
        if !self.meanings.merged.are(areas) {
            let what = "which cells of the sheet are merged cannot be told";
            return Err(Broken::Sheet(what.to_owned()));
        }
        Ok(self.xml.finish()?)
    }

    /// Reads the cell that has begun, up to its end.
    fn value(&mut self, head: &Head) -> Result<Option<CellValue>, Broken> {
        let most = self.longest.bytes();
        let (mut written, mut inline): (Option<String>, Option<String>) = (None, None);
        let mut has_formula = false;
        loop {
            match self.xml.next()? {
                Node::Start(tag) => {
                    let name = tag.name().local();
                    let (is_value, is_text) = (name == "v", name == "is");
                    has_formula |= name == "f";
                    if name == "AlternateContent" {
                        return Err(versions().into());
                    }
                    drop(tag);
                    match (is_value, is_text) {
                        (true, _) => self.xml.text(most, written.get_or_insert_default())?,
                        (_, true) => {
                            rich_text(&mut self.xml, most, inline.get_or_insert_default())?
                        }
                        _ => self.xml.pass()?,
                    }
                }
                Node::End(_) => break,
                Node::Over => return Err(early_end().into()),
                _ => {}
            }
        }
        let raw = match head.kind.as_deref() {
            Some("inlineStr" | "is") => inline.map_or(Raw::Empty, Raw::Text),
            // A formula that comes to no text has been calculated: its value is there, and has no letters.
            Some("str") if written.as_ref().is_some_and(String::is_empty) => {
                Raw::Text(String::new())
            }
            kind => self.raw(kind, head.style.as_deref(), written.unwrap_or_default())?,
        };
        Ok(value::of(raw, has_formula))
    }

    /// What is written in a cell, by its kind.
    fn raw(
        &mut self,
        kind: Option<&str>,
        style: Option<&str>,
        text: String,
    ) -> Result<Raw, Broken> {
        if text.is_empty() {
            return Ok(Raw::Empty);
        }
        Ok(match kind {
            Some("s") => {
                let number = text.trim().parse().ok();
                let found = match number {
                    Some(number) => self.meanings.strings.get(number)?,
                    None => None,
                };
                found.map_or_else(
                    || Raw::NoText { number: text, count: self.meanings.strings.count() },
                    Raw::Text,
                )
            }
            Some("str") => Raw::Text(unescaped(&text).into_owned()),
            Some("b") => match text.trim().to_ascii_lowercase().as_str() {
                "1" | "true" => Raw::Bool(true),
                "0" | "false" => Raw::Bool(false),
                _ => Raw::Unfit(text),
            },
            Some("d") => Raw::Iso(text),
            Some("e") => Raw::Error(text),
            Some("n") | None => match value::number(&text) {
                Some(number) => match self.meanings.styles.kind(style) {
                    None => Raw::NoStyle {
                        number,
                        style: style.unwrap_or_default().to_owned(),
                        count: self.meanings.styles.count(),
                    },
                    Some(Kind::Number) => Raw::Number(number),
                    Some(Kind::Length) => Raw::Length(number),
                    Some(Kind::Moment) => {
                        let counts_from_1904 = self.meanings.counts_from_1904;
                        Raw::Moment { serial: number, counts_from_1904 }
                    }
                },
                None => Raw::Unfit(text),
            },
            Some(_) => Raw::Unfit(text),
        })
    }

    /// The next row, its cells as they come.
    fn row(&mut self) -> Result<Option<SheetRow>, Broken> {
        let mut row: Option<SheetRow> = None;
        let mut length = 0;
        while !self.is_over {
            let Some((number, column, value)) = self.next_cell()? else {
                self.is_over = true;
                break;
            };
            let number_from_1 = number.saturating_add(1);
            length += value.as_text().len();
            match &mut row {
                None => {
                    row = Some(SheetRow { number: number_from_1, cells: vec![(column, value)] });
                }
                Some(row) if row.number == number_from_1 => {
                    // More cells than there are columns: some are there twice.
                    if row.cells.len() > MOST_COLUMNS as usize {
                        return Err(twice(number_from_1));
                    }
                    if length > self.longest.bytes() {
                        return Err(Broken::TooLong(number_from_1));
                    }
                    row.cells.push((column, value));
                }
                Some(_) => {
                    self.ahead = Some((number, column, value));
                    break;
                }
            }
        }
        // A damaged file may have them in any order.
        row.iter_mut().for_each(|row| row.cells.sort_by_key(|(column, _)| *column));
        if let Some(row) = &row {
            let is_twice = row.cells.windows(2).any(|pair| pair[0].0 == pair[1].0);
            if is_twice || row.number <= self.last {
                return Err(twice(row.number));
            }
            self.last = row.number;
        }
        Ok(row)
    }
}

impl<R: Read + Send> Cells for XlsxCells<R> {
    fn next_row(&mut self) -> Result<Option<SheetRow>, Fault> {
        self.row().map_err(|broken| {
            let behind = match self.at {
                Some((row, column)) => {
                    format!(" behind cell {}", address_of(column, row.saturating_add(1)))
                }
                None => String::new(),
            };
            match broken {
                Broken::Xml(error) => {
                    xml::fault(&error, &format!("the sheet cannot be read any further{behind}"))
                }
                Broken::Sheet(what) => Fault::file(Code::Sheet, what).hint(SAVE_ANEW),
                Broken::TooLong(row) => {
                    let message = format!("row {row} is longer than {}", self.longest);
                    Fault::file(Code::RowTooLong, message).hint(RAISE_LIMIT)
                }
            }
        })
    }
}

/// Which of the two was meant, nobody can tell.
fn twice(row: u32) -> Broken {
    Broken::Sheet(format!("row {row} of the sheet is there twice, or has a cell twice"))
}

fn beyond(place: &str) -> Broken {
    Broken::Sheet(format!(
        "the sheet has a cell in {place}, and a sheet has {MOST_ROWS} rows and {MOST_COLUMNS} columns"
    ))
}

/// The number of a row, from 0.
fn row_of(written: &str) -> Result<u32, Broken> {
    let number =
        written.trim().parse::<u32>().ok().filter(|number| (1..=MOST_ROWS).contains(number));
    let number = number.and_then(|number| number.checked_sub(1));
    number.ok_or_else(|| {
        let shown: String = written.chars().take(30).collect();
        Broken::Sheet(format!("the sheet has a row {shown}, and a sheet has {MOST_ROWS} rows"))
    })
}

/// Row and column, from 0, of a cell that people call so.
pub(super) fn place_of(address: &str) -> Result<(u32, u32), Broken> {
    let shown = || address.chars().take(30).collect::<String>();
    let at = address.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = address.split_at(at);
    if !(1..=3).contains(&letters.len()) {
        return Err(beyond(&shown()));
    }
    let column = letters.bytes().fold(0, |column: u32, letter| {
        column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    let row = row_of(digits).map_err(|_| beyond(&shown()))?;
    match column - 1 {
        column if column < MOST_COLUMNS => Ok((row, column)),
        _ => Err(beyond(&shown())),
    }
}
