//! The cells of a sheet, row by row, whatever the workbook is.
//!
//! Not for what they are worth to a job.

use std::io::BufReader;

use calamine::{Data, Range, Xlsx, XlsxCellReader, XlsxError};
use self_cell::{MutBorrow, self_cell};

use crate::source::fault::Fault;
use crate::source::window::Input;
use crate::text::code::Code;

use super::value::{self, CellValue};

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

pub(super) type Workbook = Xlsx<BufReader<Box<dyn Input>>>;
type Reader<'w> = XlsxCellReader<'w, BufReader<Box<dyn Input>>>;

self_cell!(
    /// A workbook together with the reader of one of its sheets.
    struct OpenSheet {
        owner: MutBorrow<Workbook>,
        #[not_covariant]
        dependent: Reader,
    }
);

/// The cells of a sheet of XLSX: one row in memory.
pub(super) struct XlsxCells {
    sheet: OpenSheet,
    /// The first cell of a row to come.
    ahead: Option<(u32, u32, CellValue)>,
    /// The row that came last, from 1.
    last: u32,
    is_over: bool,
}

impl XlsxCells {
    pub(super) fn begin(workbook: Workbook, sheet: &str) -> Result<Self, XlsxError> {
        let sheet = OpenSheet::try_new(MutBorrow::new(workbook), |workbook| {
            workbook.borrow_mut().worksheet_cells_reader(sheet)
        })?;
        Ok(Self { sheet, ahead: None, last: 0, is_over: false })
    }

    /// The next cell in which something is: row, column and value.
    fn next_cell(&mut self) -> Result<Option<(u32, u32, CellValue)>, XlsxError> {
        if let Some(cell) = self.ahead.take() {
            return Ok(Some(cell));
        }
        self.sheet.with_dependent_mut(|_, reader| {
            while let Some(cell) = reader.next_cell_with_formula_metadata()? {
                let (row, column) = cell.pos;
                if let Some(value) = value::of(Data::from(cell.value), cell.formula.is_some()) {
                    return Ok(Some((row, column, value)));
                }
            }
            Ok(None)
        })
    }
}

impl Cells for XlsxCells {
    fn next_row(&mut self) -> Result<Option<SheetRow>, Fault> {
        let mut row: Option<SheetRow> = None;
        while !self.is_over {
            let next = self.next_cell().map_err(|error| {
                let message = format!("the sheet cannot be read any further: {error}");
                Fault::file(Code::Sheet, message)
                    .hint("open the workbook in Excel or LibreOffice and save it anew")
            })?;
            let Some((number, column, value)) = next else {
                self.is_over = true;
                break;
            };
            let number_from_1 = number.saturating_add(1);
            match &mut row {
                None => {
                    row = Some(SheetRow { number: number_from_1, cells: vec![(column, value)] })
                }
                Some(row) if row.number == number_from_1 => row.cells.push((column, value)),
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
                // Which of the two was meant, nobody can tell.
                let message =
                    format!("row {} of the sheet is there twice, or has a cell twice", row.number);
                return Err(Fault::file(Code::Sheet, message)
                    .hint("open the workbook in Excel or LibreOffice and save it anew"));
            }
            self.last = row.number;
        }
        Ok(row)
    }
}

/// The cells of a sheet of ODS, which are in memory.
pub(super) struct OdsCells {
    range: Range<Data>,
    formulas: Range<String>,
    /// The row that is next, from 0, among those of the range.
    next: usize,
}

impl OdsCells {
    pub(super) fn new(range: Range<Data>, formulas: Range<String>) -> Self {
        Self { range, formulas, next: 0 }
    }
}

impl Cells for OdsCells {
    fn next_row(&mut self) -> Result<Option<SheetRow>, Fault> {
        let Some((first_row, first_column)) = self.range.start() else { return Ok(None) };
        while self.next < self.range.height() {
            let at = self.next;
            self.next += 1;
            let number = first_row.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
            let mut cells = Vec::new();
            for across in 0..self.range.width() {
                let column = first_column.saturating_add(u32::try_from(across).unwrap_or(u32::MAX));
                let data = self.range.get((at, across)).cloned().unwrap_or_default();
                let formula = self.formulas.get_value((number, column));
                let has_formula = formula.is_some_and(|formula| !formula.is_empty());
                cells.extend(value::of(data, has_formula).map(|value| (column, value)));
            }
            if !cells.is_empty() {
                return Ok(Some(SheetRow { number: number.saturating_add(1), cells }));
            }
        }
        Ok(None)
    }
}
