//! Rows of delimited text: cells exactly as they are, and lines that are right.
//!
//! The `csv` crate cuts the cells. What it does not tell is looked up in the bytes it cut them from: the
//! line that a record starts on, and quotes that are not closed, or not where a quote may be. Reading
//! goes on below the line of such a quote, so that no row goes unread because of it.
//!
//! Not for guessing: the signs are what the job says, and the window has made the bytes UTF-8.

mod dialect;
mod escaped;
mod faults;
mod feed;
mod heading;
mod nulls;
mod quoted;
mod quotes;

use std::sync::Arc;

use csv::ByteRecord;

use self::dialect::Dialect;
use self::escaped::Escaped;
use self::nulls::NullTexts;
use self::quoted::Quoted;
use super::columns::{Columns, MOST_KEYS};
use super::empty;
use super::fault::Fault;
use super::input::Encoding;
use super::manner::Table;
use super::record::Record;
use super::window::{Spot, Window};

pub(super) struct CsvRows {
    cutter: Cutter,
    cells: ByteRecord,
    nulls: NullTexts,
    /// The cells at hand that mean nothing.
    nothing: Vec<usize>,
}

/// What cuts records, by whether a sign is escaped within quotes or anywhere.
enum Cutter {
    Quoted(Box<Quoted>),
    Escaped(Escaped),
}

impl CsvRows {
    /// Reads what comes before the first row.
    pub(super) fn begin(
        mut window: Window,
        delimiter: u8,
        table: &Table,
    ) -> Result<(Columns, Self), Vec<Fault>> {
        let delimiter =
            heading::pass(&mut window, delimiter, table.header_row).map_err(|fault| vec![fault])?;
        let line = window.line();
        let mut rows = Self::in_dialect(window, Dialect::of(delimiter, table));
        let columns = match &table.header {
            Some(names) => Columns::of_header(names.to_vec()),
            None => rows.header()?.ok_or_else(|| {
                vec![empty("the first line has to name the columns, as in `ticket,note`")]
            })?,
        };
        rows.nulls = NullTexts::of(&table.nulls, &columns)
            .map_err(|names| faults::of_nulls(&names, &columns, line))?;
        Ok((columns, rows))
    }

    fn in_dialect(window: Window, dialect: Dialect) -> Self {
        let cutter = match (dialect.quote, dialect.escape) {
            (None, Some(escape)) => Cutter::Escaped(Escaped::new(window, dialect, escape)),
            _ => Cutter::Quoted(Box::new(Quoted::new(window, dialect))),
        };
        let (cells, nulls) = (ByteRecord::new(), NullTexts::default());
        Self { cutter, cells, nulls, nothing: Vec::new() }
    }

    /// Reads the header. None: there is nothing in the file.
    fn header(&mut self) -> Result<Option<Columns>, Vec<Fault>> {
        let line = match self.cut(&Columns::default()) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(None),
            Err(fault) => return Err(vec![fault]),
        };
        if self.has_nul() {
            return Err(vec![Fault::nul(line)]);
        }
        if self.cells.len() > MOST_KEYS {
            return Err(vec![faults::too_many_columns(line, self.cells.len())]);
        }
        let names = self.names(line)?;
        let columns = Columns::of_header(names);
        let faults = faults::of_header(&columns, self.dialect().delimiter, line);
        if faults.is_empty() { Ok(Some(columns)) } else { Err(faults) }
    }

    /// Reads the next row. False: there is none.
    pub(super) fn read(&mut self, record: &mut Record, columns: &Columns) -> Result<bool, Fault> {
        let Some(line) = self.cut(columns)? else { return Ok(false) };
        if self.has_nul() {
            return Err(Fault::nul(line));
        }
        let (found, wanted) = (self.cells.len(), columns.names().len());
        if found != wanted && self.cells.as_slice().trim_ascii().is_empty() {
            // As spreadsheets leave them below their tables: whoever reads on sees that nothing is written in it.
            record.clear();
            record.place.line = line;
            return Ok(true);
        }
        if found != wanted {
            return Err(faults::ragged(line, found, wanted, self.dialect()));
        }
        record.place.line = line;
        record.set_text_cells(&self.cells).map_err(|cell| self.not_text(line, cell, columns))?;
        record.set_nothing(&self.nothing);
        Ok(true)
    }

    /// Where the last row ends that was read; none where it cannot be gone to.
    pub(super) fn spot(&self) -> Option<Spot> {
        let window = self.window();
        window.can_go().then(|| window.spot())
    }

    /// Goes to the end of a row.
    pub(super) fn go_to(&mut self, spot: Spot) -> Result<(), Fault> {
        match &mut self.cutter {
            Cutter::Quoted(cutter) => cutter.go_to(spot),
            Cutter::Escaped(cutter) => cutter.go_to(spot).map_err(Fault::io),
        }
    }

    /// Cuts the next record into `cells` and tells the line it starts on.
    fn cut(&mut self, columns: &Columns) -> Result<Option<u64>, Fault> {
        self.nothing.clear();
        let (cells, nulls, nothing) = (&mut self.cells, &self.nulls, &mut self.nothing);
        match &mut self.cutter {
            Cutter::Quoted(cutter) => cutter.cut(columns, cells, (nulls, nothing)),
            Cutter::Escaped(cutter) => cutter.cut(cells, nulls, nothing),
        }
    }

    fn names(&self, line: u64) -> Result<Vec<Arc<str>>, Vec<Fault>> {
        let mut names = Vec::new();
        let mut faults = Vec::new();
        for (index, cell) in self.cells.iter().enumerate() {
            match std::str::from_utf8(cell) {
                Ok(name) => names.push(name.into()),
                Err(_) => {
                    faults.push(faults::name_not_text(line, index + 1, cell, self.encoding()));
                }
            }
        }
        if faults.is_empty() { Ok(names) } else { Err(faults) }
    }

    /// The fault of a row in which a cell is no text.
    fn not_text(&self, line: u64, cell: usize, columns: &Columns) -> Fault {
        let before = self.cells.iter().take(cell).map(super::window::line_feeds).sum::<u64>();
        let text = self.cells.get(cell).unwrap_or_default();
        Fault::not_text((line, before), text, self.encoding()).column(columns.names().get(cell))
    }

    fn has_nul(&self) -> bool {
        memchr::memchr(0, self.cells.as_slice()).is_some()
    }

    fn dialect(&self) -> &Dialect {
        match &self.cutter {
            Cutter::Quoted(cutter) => cutter.dialect(),
            Cutter::Escaped(cutter) => cutter.dialect(),
        }
    }

    fn window(&self) -> &Window {
        match &self.cutter {
            Cutter::Quoted(cutter) => cutter.window(),
            Cutter::Escaped(cutter) => cutter.window(),
        }
    }

    fn encoding(&self) -> Encoding {
        self.window().encoding()
    }
}

#[cfg(test)]
mod tests;
