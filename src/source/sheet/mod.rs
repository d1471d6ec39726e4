//! Rows of a sheet of a workbook, XLSX or ODS: below a header that may stand anywhere near the top.
//!
//! Both are read as a stream of elements, one row in memory, so that a cell far away and a sheet without an end cost nothing;
//! texts that cells share are in a temporary file where they are many. `zip` has the parts of a workbook and `xml` the elements
//! of a part, each with its bounds. What a cell is worth is told in `value`, and which row is the header in `header`. Hidden rows
//! are rows. Of a merged area the first cell has the value; what the others hide is a problem of theirs.

mod book;
mod cells;
mod header;
mod merged;
mod ods;
mod open;
mod strings;
mod styles;
mod value;
mod xml;
mod zip;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use self::cells::{Cells, SheetRow};
use self::value::CellValue;
use super::columns::{Columns, MOST_KEYS};
use super::fault::Fault;
use super::record::{FaultyCell, Record};
use crate::text::code::Code;

use self::open::SAVE_ANEW;
pub(super) use open::{open, sheets};

/// Which sheet of a workbook: the one of this name, or else of this number, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetName(Box<str>);

impl SheetName {
    /// Any text can be a name.
    pub fn parse(written: &str) -> Self {
        Self(written.into())
    }
}

/// So many rows are looked at for a header, …
const ROWS_TO_HEADER: usize = 60;
/// … and no more once they have so many bytes of text.
const BYTES_TO_HEADER: usize = 8 << 20;

pub(super) struct SheetRows {
    cells: Box<dyn Cells>,
    /// Rows below the header that have been read in search of it.
    ahead: VecDeque<SheetRow>,
    /// Of each column of the sheet, which one of the source it is.
    columns: Vec<Option<usize>>,
}

impl SheetRows {
    /// Reads as far as the header. `header_row` is its row in the sheet, from 1, where that was said.
    fn begin(
        mut cells: Box<dyn Cells>,
        header_row: Option<u32>,
    ) -> Result<(Columns, Self), Vec<Fault>> {
        let mut rows: VecDeque<SheetRow> = VecDeque::new();
        let wanted = |rows: &VecDeque<SheetRow>| match header_row {
            Some(number) => rows.back().is_none_or(|last| last.number < number),
            None => rows.len() < ROWS_TO_HEADER,
        };
        let mut held = 0;
        while wanted(&rows) && held < BYTES_TO_HEADER {
            match cells.next_row().map_err(|fault| vec![fault])? {
                Some(row) => {
                    if header_row.is_some_and(|number| row.number < number) {
                        continue;
                    }
                    let of_row = row.cells.iter().map(|(_, value)| value.as_text().len());
                    held += of_row.sum::<usize>();
                    rows.push_back(row);
                }
                None => break,
            }
        }
        let at = match header_row {
            Some(number) => rows.front().filter(|row| row.number == number).map(|_| 0),
            None => header::find(rows.make_contiguous()),
        };
        let Some(header) = at.and_then(|at| rows.drain(..=at).next_back()) else {
            return Err(vec![no_header(header_row, rows.is_empty())]);
        };
        let names = names_of(&header)?;
        let widest = names.iter().map(|(column, _)| column + 1).max().unwrap_or_default();
        let mut columns = vec![None; widest as usize];
        for (at, (column, _)) in names.iter().enumerate() {
            columns[*column as usize] = Some(at);
        }
        let letters = names.iter().map(|(column, _)| letters_of(*column).into()).collect();
        let names = names.into_iter().map(|(_, name)| name);
        Ok((Columns::of_sheet(names, letters), Self { cells, ahead: rows, columns }))
    }

    /// Reads the next row. False: there is none.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, Fault> {
        loop {
            let row = match self.ahead.pop_front() {
                Some(row) => row,
                None => match self.cells.next_row()? {
                    Some(row) => row,
                    None => return Ok(false),
                },
            };
            record.clear();
            record.place.line = u64::from(row.number);
            let number = row.number;
            let mut is_blank = true;
            for (column, value) in row.cells {
                let known = self.columns.get(column as usize).copied().flatten();
                let Some(to) = known else { continue };
                is_blank &= value.is_blank();
                fill(record, to, (column, number), value);
            }
            // Rows without anything in them are no rows of a table: sheets are full of them.
            if !is_blank {
                return Ok(true);
            }
        }
    }
}

fn fill(record: &mut Record, to: usize, (column, row): (u32, u32), value: CellValue) {
    match value {
        CellValue::Text(text) => record.set_text(to, &text),
        CellValue::Number(text) => record.set_number(to, &text),
        CellValue::Bool(value) => record.set_bool(to, value),
        CellValue::Faulty { shown, message, hint } => {
            if !shown.is_empty() {
                record.set_text(to, &shown);
            }
            let address = address_of(column, row);
            let message = format!("cell {address} {message}");
            let hint = hint.to_owned();
            record.add_faulty(FaultyCell { column: to, address: address.into(), message, hint });
        }
    }
}

/// The names of the columns, each with the column of the sheet that it stands in.
fn names_of(header: &SheetRow) -> Result<Vec<(u32, Arc<str>)>, Vec<Fault>> {
    let line = u64::from(header.number);
    let named = header.cells.iter().filter(|(_, value)| !value.is_blank());
    let names: Vec<(u32, Arc<str>)> =
        named.map(|(column, value)| (*column, Arc::from(value.as_text().trim()))).collect();
    if names.is_empty() {
        let message = "the row of the header is empty";
        return Err(vec![
            Fault::row(line, Code::Sheet, message)
                .hint("say which row names the columns, as in header_row: 4"),
        ]);
    }
    if names.len() > MOST_KEYS {
        let message = format!("the header has {} columns, more than {MOST_KEYS}", names.len());
        return Err(vec![Fault::row(line, Code::TooManyColumns, message)]);
    }
    let plain = |name: &str| crate::text::spelling::canonical(name).to_lowercase();
    let mut faults = Vec::new();
    for (at, (column, name)) in names.iter().enumerate() {
        let first = names[..at].iter().find(|(_, other)| plain(other) == plain(name));
        if let Some((first, _)) = first {
            let (one, other) =
                (address_of(*first, header.number), address_of(*column, header.number));
            let message = format!("two columns are called `{name}`: {one} and {other}");
            let fault = Fault::row(line, Code::DuplicateColumn, message);
            faults.push(fault.hint("give one of them another name in the sheet"));
        }
    }
    if faults.is_empty() { Ok(names) } else { Err(faults) }
}

fn no_header(header_row: Option<u32>, is_empty: bool) -> Fault {
    match header_row {
        Some(number) => Fault::row(
            u64::from(number),
            Code::Sheet,
            format!("row {number} of the sheet is empty"),
        )
        .hint("`header_row` is the row that names the columns, counted from 1 in the sheet"),
        None if is_empty => Fault::file(Code::EmptyFile, "the sheet is empty")
            .hint("name another one, as in sheet: 2"),
        None => Fault::file(Code::Sheet, "no row of the sheet can be told to name its columns")
            .hint("say which one does, as in header_row: 4"),
    }
}

/// As people call a cell; rows count from 1, columns from 0.
fn address_of(column: u32, row: u32) -> String {
    format!("{}{row}", letters_of(column))
}

/// `A` for 0, `Z` for 25, `AA` for 26.
fn letters_of(column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = u64::from(column) + 1;
    while left > 0 {
        let letter = u8::try_from((left - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}
