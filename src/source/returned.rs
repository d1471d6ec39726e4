//! Rows that were written out to be corrected, and come back: each with the name of the row that it is.
//!
//! The columns that tell of a row are taken off it, so that what is left is what its source has; what they say is kept
//! beside it. Whether a name is one, and of which row, is not known here.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::columns::{Columns, Keys};
use super::made::{Made, Passed, passed_by};
use super::record::{Cell, Record};
use super::{Format, Location, Manner, Nulls, Read, RowReader, Source, Table};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

/// The columns that tell of a row: which it is, where it stood, how it stands, and why.
pub(crate) const TELLING: [&str; 7] = ["_ref", "_row", "_line", "_state", "_code", "_why", "_hint"];

/// So many bytes are looked at for what stands between two cells.
const HEAD: u64 = 64 << 10;
/// What programs put between two cells.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// What the columns say that tell of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The name of the row, as it is written there; empty where nothing is.
    pub reference: Arc<str>,
    /// Where the row stood in its source, where that can be read.
    pub stood: Option<(u64, u64)>,
}

/// See the module's text.
pub(super) struct Returned {
    inner: Box<Source>,
    /// The columns that tell, in the order of [`TELLING`]; none where the file lacks one.
    telling: [Option<usize>; TELLING.len()],
}

/// Opens a file of rows that come back, whatever its program has put between two cells. `nulls` are the texts that stand for
/// nothing in the job's source.
///
/// # Errors
/// What is wrong with it as a whole; also that it is no such file.
pub(super) fn open(path: &Path, name: &Arc<str>, nulls: &Nulls) -> Result<Source, Vec<Diagnostic>> {
    let refuse = |message: &str, hint: &str| {
        let place = Place::File(Arc::clone(name));
        vec![Diagnostic::error(Code::UnknownReference, place, message).hint(hint)]
    };
    let Some(format) = Format::of_path(path) else {
        let message = "the file's name does not say how its rows are written";
        return Err(refuse(message, "rows come back in a file that ends in .csv, .jsonl or .xlsx"));
    };
    let format = match format {
        Format::Csv { delimiter } => Format::Csv { delimiter: delimiter_in(path, delimiter) },
        format => format,
    };
    let table = Table { nulls: nulls.clone(), ..Table::default() };
    let manner = Manner { table, ..Manner::default() };
    let mut inner = Source::open(&Location::of(path), Arc::clone(name), format, &manner)?;
    let telling = TELLING.map(|column| inner.column(column));
    if telling[0].is_none() {
        let message = "the file has no column `_ref`, by which its rows are known";
        let hint = "name a file that `noteferry rejects` has written, and leave its columns as they are; rows of another \
                    file are run with --source";
        return Err(refuse(message, hint));
    }
    let keys = std::mem::replace(&mut inner.keys, Keys::new(Columns::default()));
    let (name, stamp) = (Arc::clone(&inner.name), inner.stamp);
    let made = Returned { inner: Box::new(inner), telling };
    let rows = RowReader::Made(Box::new(made));
    Ok(Source { keys, stamp, ..Source::new(name, Columns::default(), rows) })
}

/// Whether a file has the column by which rows come back; false also of what cannot be read.
pub(super) fn is_such(path: &Path) -> bool {
    open(path, &Location::name_of(path), &Nulls::default()).is_ok()
}

/// What stands between the names of the columns.
fn delimiter_in(path: &Path, usual: u8) -> u8 {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    if read.is_err() {
        return usual;
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let line = head.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| !line.is_empty());
    let parts_names = |delimiter: &u8| {
        let mut names = line.unwrap_or_default().split(|byte| byte == delimiter);
        names.any(|name| name.trim_ascii().trim_ascii_start() == b"_ref" || name == b"\"_ref\"")
    };
    std::iter::once(usual).chain(DELIMITERS).find(parts_names).unwrap_or(usual)
}

impl Returned {
    fn take_off(&self, record: &mut Record) {
        let text = |column: usize| match record.cell(column) {
            Cell::Text(text) | Cell::Number(text) => text.trim(),
            _ => "",
        };
        let number = |at: usize| self.telling[at].and_then(|column| text(column).parse().ok());
        let reference = self.telling[0].map_or("", text).into();
        let stood = number(1).zip(number(2));
        record.set_origin(Some(Origin { reference, stood }));
        for column in self.telling.into_iter().flatten() {
            record.take_off(column);
        }
    }
}

impl Made for Returned {
    fn next(&mut self, record: &mut Record, keys: &mut Keys) -> Read {
        // Which columns there are is known outside; the rows are read inside.
        std::mem::swap(keys, &mut self.inner.keys);
        let read = self.inner.next(record);
        std::mem::swap(keys, &mut self.inner.keys);
        if matches!(read, Read::Row) {
            self.take_off(record);
        }
        read
    }

    fn ask(&mut self, _: &str) {}

    fn passed(&self) -> Vec<Passed> {
        passed_by(&self.inner)
    }

    fn tells(&self) -> bool {
        true
    }
}
