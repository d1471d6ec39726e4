//! Rows of delimited text: cells exactly as they are, and lines that are right.
//!
//! The `csv` crate cuts the cells. What it does not tell is looked up in the bytes it cut them from: the
//! line that a record starts on, and quotes that are not closed, or not where a quote may be. Reading
//! goes on below the line of such a quote, so that no row goes unread because of it.
//!
//! Not for guessing: the delimiter is what the job says, the encoding is UTF-8.

mod dialect;
mod faults;
mod feed;
mod quotes;

use std::io::SeekFrom;
use std::sync::Arc;

use csv::{ByteRecord, Position};

use self::dialect::Dialect;
use self::feed::{End, Feed};
use self::quotes::{Broken, Cause};
use super::columns::{Columns, MOST_KEYS};
use super::fault::Fault;
use super::record::Record;
use super::window::{Spot, Window, line_feeds};

pub(super) struct CsvRows {
    reader: csv::Reader<Feed>,
    cells: ByteRecord,
}

impl CsvRows {
    pub(super) fn new(window: Window, delimiter: u8) -> Self {
        Self::in_dialect(window, Dialect::with_delimiter(delimiter))
    }

    fn in_dialect(window: Window, dialect: Dialect) -> Self {
        let reader = dialect.reader(Feed::new(window, dialect));
        Self { reader, cells: ByteRecord::new() }
    }

    /// Reads the header. None: there is nothing in the file.
    pub(super) fn header(&mut self) -> Result<Option<Columns>, Vec<Fault>> {
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
        let faults = faults::of_header(&names, self.delimiter(), line);
        if faults.is_empty() { Ok(Some(Columns::closed(names))) } else { Err(faults) }
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
            return Err(faults::ragged(line, found, wanted, self.delimiter()));
        }
        record.place.line = line;
        record
            .set_text_cells(&self.cells)
            .map_err(|cell| faults::not_utf8(line, columns.names().get(cell)))?;
        Ok(true)
    }

    /// Where the last row ends that was read.
    pub(super) fn spot(&self) -> Spot {
        self.reader.get_ref().spot()
    }

    /// Goes to the end of a row.
    pub(super) fn go_to(&mut self, spot: Spot) -> Result<(), Fault> {
        self.reader.get_mut().go_to(spot).map_err(Fault::io)?;
        self.begin_again().map_err(unreadable)
    }

    /// Cuts the next record into `cells` and tells the line it starts on.
    fn cut(&mut self, columns: &Columns) -> Result<Option<u64>, Fault> {
        loop {
            let found = self.reader.read_byte_record(&mut self.cells).map_err(unreadable)?;
            let end = self.reader.position().byte();
            let feed = self.reader.get_mut();
            let length = if found { feed.reach(end) } else { 0 };
            if length == 0 && feed.end() == End::Real {
                return Ok(None);
            }
            let (line, longest) = (feed.line(), feed.longest());
            match (quotes::check(feed.text(length), &self.cells, feed.dialect()), feed.end()) {
                (Ok(quoted_lines), End::Untold | End::Real) => {
                    feed.pass(length, quoted_lines);
                    return Ok(Some(line));
                }
                (Ok(_) | Err(Broken { cause: Cause::Open, .. }), End::Feigned)
                    if feed.allow_more() =>
                {
                    self.begin_again().map_err(unreadable)?;
                }
                (Ok(_), End::Feigned) => {
                    self.go_on_below(length).map_err(unreadable)?;
                    return Err(Fault::row_too_long(line, longest));
                }
                (Err(broken), end) => return Err(self.broken(broken, end, columns)),
            }
        }
    }

    /// The fault of a record that is the first at hand.
    fn broken(&mut self, broken: Broken, end: End, columns: &Columns) -> Fault {
        let feed = self.reader.get_ref();
        let line_at = |offset| feed.line() + line_feeds(feed.text(offset));
        let line = line_at(broken.quote);
        let fault = match broken.cause {
            Cause::TextAfter { at } => faults::text_after_quote(line, line_at(at)),
            Cause::Open if end == End::Real => faults::quote_open_at_the_end(line),
            Cause::Open => faults::quote_open_too_long(line, feed.longest()),
        };
        match self.go_on_below(broken.quote) {
            Ok(()) => fault.column(columns.names().get(broken.cell)),
            Err(error) => unreadable(error),
        }
    }

    /// Has the next record cut from below the line that the byte at `offset` stands on.
    fn go_on_below(&mut self, offset: usize) -> Result<(), csv::Error> {
        self.reader.get_mut().pass_line(offset)?;
        self.begin_again()
    }

    /// Has the next record cut from the first byte at hand.
    fn begin_again(&mut self) -> Result<(), csv::Error> {
        let byte = self.reader.get_ref().passed();
        let mut position = Position::new();
        position.set_byte(byte);
        self.reader.seek_raw(SeekFrom::Start(byte), position)
    }

    fn names(&self, line: u64) -> Result<Vec<Arc<str>>, Vec<Fault>> {
        let mut names = Vec::new();
        let mut faults = Vec::new();
        for (index, cell) in self.cells.iter().enumerate() {
            match std::str::from_utf8(cell) {
                Ok(name) => names.push(name.into()),
                Err(_) => faults.push(faults::name_not_utf8(line, index + 1, cell)),
            }
        }
        if faults.is_empty() { Ok(names) } else { Err(faults) }
    }

    fn has_nul(&self) -> bool {
        memchr::memchr(0, self.cells.as_slice()).is_some()
    }

    fn delimiter(&self) -> u8 {
        self.reader.get_ref().dialect().delimiter
    }
}

/// Bytes in any number of cells are never wrong for the `csv` crate; only reading them can fail.
fn unreadable(error: csv::Error) -> Fault {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Fault::io(error),
        other => Fault::unreadable(&format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests;
