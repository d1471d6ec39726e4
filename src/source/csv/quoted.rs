//! Records as the `csv` crate cuts them, with the lines they start on and with what is wrong with their quotes.
//!
//! What a cell means is for whoever reads the rows.

use std::io::SeekFrom;

use csv::{ByteRecord, Position};

use super::dialect::Dialect;
use super::faults;
use super::feed::{End, Feed};
use super::nulls::NullTexts;
use super::quotes::{self, Broken, Cause};
use crate::source::columns::Columns;
use crate::source::fault::Fault;
use crate::source::window::{Spot, Window, line_feeds};

pub(super) struct Quoted {
    reader: csv::Reader<Feed>,
}

impl Quoted {
    pub(super) fn new(window: Window, dialect: Dialect) -> Self {
        Self { reader: dialect.reader(Feed::new(window, dialect)) }
    }

    pub(super) fn dialect(&self) -> &Dialect {
        self.reader.get_ref().dialect()
    }

    pub(super) fn window(&self) -> &Window {
        self.reader.get_ref().window()
    }

    /// Goes to the end of a row.
    pub(super) fn go_to(&mut self, spot: Spot) -> Result<(), Fault> {
        self.reader.get_mut().go_to(spot).map_err(Fault::io)?;
        self.begin_again().map_err(unreadable)
    }

    /// Cuts the next record into `cells`, those that mean nothing into `nothing`, and tells the line it starts on.
    pub(super) fn cut(
        &mut self,
        columns: &Columns,
        cells: &mut ByteRecord,
        (nulls, nothing): (&NullTexts, &mut Vec<usize>),
    ) -> Result<Option<u64>, Fault> {
        loop {
            let found = self.reader.read_byte_record(cells).map_err(unreadable)?;
            let end = self.reader.position().byte();
            let feed = self.reader.get_mut();
            let length = if found { feed.reach(end) } else { 0 };
            if length == 0 && feed.end() == End::Real {
                return Ok(None);
            }
            let (line, longest) = (feed.line(), feed.longest());
            match (quotes::check(feed.text(length), cells, feed.dialect()), feed.end()) {
                (Ok(quoted_lines), End::Untold | End::Real) => {
                    nulls.find(feed.text(length), cells, feed.dialect(), nothing);
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
        let dialect = feed.dialect();
        let fault = match broken.cause {
            Cause::TextAfter { at } => faults::text_after_quote(line, line_at(at), dialect),
            Cause::Open if end == End::Real => faults::quote_open_at_the_end(line, dialect),
            Cause::Open => faults::quote_open_too_long(line, feed.longest(), dialect),
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
}

/// Bytes in any number of cells are never wrong for the `csv` crate; only reading them can fail.
fn unreadable(error: csv::Error) -> Fault {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Fault::io(error),
        other => Fault::unreadable(&format!("{other:?}")),
    }
}
