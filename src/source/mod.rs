//! Where rows come from: csv, jsonl, json, and rows in a job, as one stream of records with positions.
//!
//! A source tells what is written and where, exactly, in memory that does not grow with the file. What
//! is wrong with a row is handed out in the row's turn, and reading goes on below it. Deliberately not
//! here: what a cell means, whether it is valid, and any guess at an encoding or a delimiter. `input` makes text of
//! bytes; everything else reads that.
//!
//! [`Source::next`] is called a million times a second, so a record is filled in place and reused.

mod chain;
mod columns;
mod csv;
mod each;
mod fault;
mod input;
mod json;
mod made;
mod manner;
mod ordered;
mod path;
pub(crate) mod peek;
mod record;
mod returned;
mod scratch;
mod sheet;
mod unfolded;
mod window;

use std::fmt;
use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use self::columns::Keys;
use self::csv::CsvRows;
use self::each::TableEach;
use self::fault::Fault;
use self::json::{Elements as _, JsonArray, JsonEach, JsonLines, JsonWalk};
use self::made::{Made, passed_by};
pub(crate) use self::made::{Passed, Why};
use self::sheet::SheetRows;
use self::window::{Input, Spot, Window};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::file_kind::{self, FileKind};

pub use self::chain::Files;
pub(crate) use self::columns::{Columns, Lines};
pub use self::each::Each;
pub use self::input::{Encoding, Location};
pub(crate) use self::manner::sign_of;
pub use self::manner::{Manner, Nulls, Shape, Table};
pub(crate) use self::ordered::{Collected, Collector, LONGEST_TURN, Turn, no_room};
pub use self::path::DataPath;
pub use self::record::{Cell, Record};
pub(crate) use self::record::{InlineRow, OwnedCell};
pub(crate) use self::returned::TELLING;
pub use self::sheet::SheetName;
pub(crate) use self::unfolded::{Share, Unfold};

/// The column of a value that is a row by itself.
const VALUE: &str = "value";
/// The column of a row's number among those that come of the same row or object.
const INDEX: &str = "index";
/// The column of what lies around a row that comes of it.
const PARENT: &str = "parent";

/// What the rows are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines of cells below a header.
    Csv {
        /// Stands between two cells; an ASCII character.
        delimiter: u8,
    },
    /// One object a line.
    JsonLines,
    /// One array of objects.
    Json,
    /// A sheet of a workbook: XLSX or ODS, whichever the file is.
    Workbook,
}

/// How long a row may be: more than that is a quote, a bracket or a line that never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLimit {
    mebibytes: u16,
}

impl RowLimit {
    /// Of so many mebibytes; none of zero, or of more than a gibibyte.
    pub fn of_mebibytes(mebibytes: u16) -> Option<Self> {
        (1..=1024).contains(&mebibytes).then_some(Self { mebibytes })
    }

    fn bytes(self) -> usize {
        usize::from(self.mebibytes) << 20
    }
}

impl Default for RowLimit {
    /// Far more than a note takes, and little enough for any machine.
    fn default() -> Self {
        Self { mebibytes: 16 }
    }
}

impl fmt::Display for RowLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MiB", self.mebibytes)
    }
}

impl Format {
    /// The format that a file's ending names, or that before the ending of a packed file.
    pub fn of_path(path: &Path) -> Option<Self> {
        Self::of_name(unpacked_name(path).extension()?.to_str()?)
    }

    /// The format that is called by its ending.
    pub fn of_name(ending: &str) -> Option<Self> {
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv { delimiter: b',' }),
            "tsv" => Some(Self::Csv { delimiter: b'\t' }),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "json" => Some(Self::Json),
            "xlsx" | "xlsm" | "ods" | "xls" | "xlsb" => Some(Self::Workbook),
            _ => None,
        }
    }
}

/// A file's name as it is without the ending that says how it is packed.
pub(crate) fn unpacked_name(path: &Path) -> &Path {
    let packed = path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| {
        ["gz", "zst"].iter().any(|packed| ending.eq_ignore_ascii_case(packed))
    });
    match path.file_stem() {
        Some(stem) if packed => Path::new(stem),
        _ => path,
    }
}

/// What stands between two cells, as people write it. None of what cannot part cells.
pub(crate) fn delimiter_of(written: &str) -> Option<u8> {
    sign_of(written).filter(|sign| *sign != b'"')
}

/// What [`Source::next`] came upon.
#[derive(Debug)]
pub enum Read {
    /// The record holds the next row.
    Row,
    /// The next row is unreadable. It counts as a row, and the one below it comes next. A problem whose
    /// place is the file and not a row, as of a failing disk, counts as none.
    Problem(Diagnostic),
    /// There are no more rows.
    End,
}

/// A place between two rows, to which another reading of the same source can go without reading what lies before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Milestone {
    /// How many rows lie before it.
    pub rows: u64,
    spot: Spot,
}

/// Tells a file from another, and from itself once it has been written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: SystemTime,
    /// The disk and its number there, where the system has such things.
    #[cfg(unix)]
    identity: (u64, u64),
}

impl Stamp {
    /// None where the system does not say when a file was written.
    fn of(about: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Some(Self {
            length: about.len(),
            modified: about.modified().ok()?,
            #[cfg(unix)]
            identity: (about.dev(), about.ino()),
        })
    }
}

/// A stream of rows. See the module's text.
pub struct Source {
    name: Arc<str>,
    keys: Keys,
    rows: RowReader,
    row: u64,
    ended: bool,
    /// What the file was when it was opened; none where there is no file.
    stamp: Option<Stamp>,
    /// Rows that were passed over, since nothing is written in them.
    blank: Lines,
    /// Of several files: one that lacks a column which others that are read alike have.
    lacking: Vec<(Arc<str>, Arc<str>)>,
    /// Whether rows say what their columns are called, where each may have its own.
    names_rows: bool,
}

/// What reads the rows of a source, by the way in which they are written.
enum RowReader {
    Csv(Box<CsvRows>),
    JsonLines(JsonLines),
    JsonArray(JsonArray),
    JsonWalk(JsonWalk),
    JsonEach(Box<JsonEach>),
    Sheet(Box<SheetRows>),
    /// Of the rows of other sources.
    Made(Box<dyn Made>),
    Inline(std::vec::IntoIter<InlineRow>),
}

impl Source {
    /// Opens a file and reads as much of it as tells its columns. `name` is what the user calls it.
    ///
    /// # Errors
    /// What is wrong with the file as a whole, or with its header.
    pub fn open(
        location: &Location,
        name: Arc<str>,
        format: Format,
        manner: &Manner,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (input, about) = location.open().map_err(|fault| vec![fault.at(&name, 0)])?;
        let source = match format {
            Format::Workbook => Self::from_workbook(input, name, manner)?,
            _ => {
                let window = input::window(input, manner);
                let window = window.map_err(|fault| vec![fault.at(&name, 0)])?;
                Self::from_window(window, name, format, manner)?
            }
        };
        let source = Self { stamp: about.as_ref().and_then(Stamp::of), ..source };
        match &manner.shape.each {
            Some(each) if matches!(format, Format::Csv { .. } | Format::Workbook) => {
                TableEach::source(source, each)
            }
            _ => Ok(source),
        }
    }

    /// Several files as one, in their order.
    ///
    /// # Errors
    /// What is wrong with any of them as a whole.
    pub(crate) fn chain(name: Arc<str>, files: Arc<[Files]>) -> Result<Self, Vec<Diagnostic>> {
        chain::Chain::source(name, files)
    }

    /// Rows that were written out and come back corrected, each with the name of the row that it is.
    ///
    /// # Errors
    /// What is wrong with the file as a whole, or that it is no such file.
    pub(crate) fn returned(
        path: &Path,
        name: &Arc<str>,
        nulls: &Nulls,
    ) -> Result<Self, Vec<Diagnostic>> {
        returned::open(path, name, nulls)
    }

    /// The names of its columns as they are written, of which some may be alike; those that tell of rows that come back are not
    /// among them.
    pub(crate) fn written_columns(&self) -> Vec<(usize, Arc<str>)> {
        let written = self.columns().written().iter().cloned().enumerate();
        match self.tells() {
            true => written.filter(|(_, name)| !TELLING.contains(&name.trim())).collect(),
            false => written.collect(),
        }
    }

    /// Whether some of its columns tell of rows that come back, and are none of theirs.
    fn tells(&self) -> bool {
        matches!(&self.rows, RowReader::Made(made) if made.tells())
    }

    /// Whether a file is one of rows that were written out.
    pub(crate) fn is_returned(path: &Path) -> bool {
        returned::is_such(path)
    }

    /// Several rows of one, as somebody says how many.
    pub(crate) fn unfolded(inner: Self, how: Arc<dyn Unfold>) -> Self {
        unfolded::Unfolded::source(inner, how)
    }

    /// Rows that were put in order.
    pub(crate) fn ordered(from: Arc<Collected>) -> Self {
        ordered::Ordered::source(from)
    }

    fn from_workbook(
        input: Box<dyn Input>,
        name: Arc<str>,
        manner: &Manner,
    ) -> Result<Self, Vec<Diagnostic>> {
        let opened = input::unpacked(input).map_err(|fault| vec![fault]);
        let sheet = (manner.shape.sheet.as_ref(), manner.table.header_row);
        match opened.and_then(|input| sheet::open(input, sheet, manner.longest)) {
            Ok((columns, rows)) => Ok(Self::new(name, columns, RowReader::Sheet(Box::new(rows)))),
            Err(faults) => Err(faults.into_iter().map(|fault| fault.at(&name, 0)).collect()),
        }
    }

    /// Rows that stand in the job itself. Their columns are all their keys, in order of appearance.
    pub fn from_rows(name: Arc<str>, rows: Vec<InlineRow>) -> Self {
        let mut names: indexmap::IndexSet<Arc<str>> = indexmap::IndexSet::new();
        names.extend(rows.iter().flat_map(|row| &row.cells).map(|(name, _)| Arc::clone(name)));
        Self::new(name, Columns::closed(names), RowReader::Inline(rows.into_iter()))
    }

    /// One row, with the columns of another source; where that is of texts only, with a text in each of them.
    pub(crate) fn of_row(columns: &Columns, row: InlineRow, are_texts: bool) -> Self {
        let InlineRow { line, cells } = row;
        let empty = columns.names().iter().map(|name| (Arc::clone(name), OwnedCell::Null));
        let cells = match are_texts {
            true => empty.chain(cells).map(|(name, cell)| (name, cell.into_text())).collect(),
            false => cells,
        };
        let rows = vec![InlineRow { line, cells }];
        Self::new("".into(), columns.clone(), RowReader::Inline(rows.into_iter()))
    }

    /// No rows, and whatever columns are asked for: stands in for a source that cannot be read.
    pub fn of_any_columns() -> Self {
        Self::new("".into(), Columns::open(), RowReader::Inline(Vec::new().into_iter()))
    }

    /// The columns known so far.
    pub fn columns(&self) -> &Columns {
        self.keys.columns()
    }

    /// The index of a column. Open columns make room for a name they do not know, so it is never none.
    pub fn column(&mut self, name: &str) -> Option<usize> {
        if let RowReader::Made(made) = &mut self.rows {
            made.ask(name);
        }
        self.keys.column(name)
    }

    /// Whether somebody has asked for a column.
    pub(crate) fn is_asked(&self, column: usize) -> bool {
        self.keys.is_asked(column)
    }

    /// Files that lack a column which others that are read alike have, each with that column.
    pub(crate) fn lacking(&self) -> &[(Arc<str>, Arc<str>)] {
        &self.lacking
    }

    /// Whether any row so far has had the column; always, for a column of a header.
    pub fn seen(&self, column: usize) -> bool {
        self.keys.seen(column)
    }

    /// From here on, rows say what their columns are called, where each may have its own.
    pub(crate) fn name_rows(&mut self) {
        self.names_rows = self.columns().is_open();
    }

    /// Reads the next row into `record`, whose memory is reused. What `record` holds after a problem or
    /// the end means nothing. Rows in which nothing is written are passed over, and are none.
    pub fn next(&mut self, record: &mut Record) -> Read {
        let read = self.read_next(record);
        record.set_columns(self.names_rows.then(|| self.columns().clone()));
        read
    }

    fn read_next(&mut self, record: &mut Record) -> Read {
        if self.ended {
            return Read::End;
        }
        if let RowReader::Made(made) = &mut self.rows {
            let read = made.next(record, &mut self.keys);
            return self.number(read, record);
        }
        loop {
            match self.rows.read(record, &mut self.keys) {
                Ok(true) if self.is_none(record) => self.blank.add(record.place.line),
                Ok(true) => {
                    if let Some(repeated) = record.as_header(self.keys.columns()) {
                        let fault = fault::repeated_header(record.place.line, repeated);
                        return Read::Problem(self.problem(fault));
                    }
                    self.row += 1;
                    (record.place.row, record.ordinal) = (self.row, self.row);
                    if record.place.file.as_ref() != Some(&self.name) {
                        record.place.file = Some(Arc::clone(&self.name));
                    }
                    return Read::Row;
                }
                Ok(false) => {
                    self.ended = true;
                    return Read::End;
                }
                Err(fault) => return Read::Problem(self.problem(fault)),
            }
        }
    }

    /// Counts what was read of another source.
    fn number(&mut self, mut read: Read, record: &mut Record) -> Read {
        let keeps = matches!(&self.rows, RowReader::Made(made) if made.keeps_numbers());
        match &mut read {
            Read::Row => {
                self.row += 1;
                record.ordinal = self.row;
                if !keeps {
                    record.place.row = self.row;
                }
            }
            Read::Problem(Diagnostic { place: Place::Row(place), .. }) if place.row.row > 0 => {
                self.row += 1;
                if !keeps {
                    place.row.row = self.row;
                }
            }
            Read::Problem(_) => {}
            Read::End => self.ended = true,
        }
        read
    }

    /// Whether nothing is written in a row. Of the rows of a job `{}` is one: the job may say all that there is to say.
    fn is_none(&self, record: &Record) -> bool {
        record.is_blank() && !(matches!(self.rows, RowReader::Inline(_)) && record.is_bare())
    }

    /// As messages call the source.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What was passed over so far, by the file it stands in.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        passed_by(self)
    }

    /// Columns that rows have had so far and that nobody has asked for, each with the rows that have it. None of a header.
    pub(crate) fn strays(&self) -> impl Iterator<Item = (&Arc<str>, &Lines)> {
        self.keys.strays()
    }

    /// How many rows there have been so far, those that could not be read among them.
    pub fn rows(&self) -> u64 {
        self.row
    }

    /// What the file was when it was opened; none where there is no file, or the system does not say.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.stamp
    }

    /// Where the reading is; none where it cannot be gone to.
    pub(crate) fn milestone(&self) -> Option<Milestone> {
        let spot = self.rows.spot().filter(|_| !self.ended)?;
        Some(Milestone { rows: self.row, spot })
    }

    /// Goes on at a place that another reading of the same source has come to. Where the source is another one by now, what
    /// is read there is whatever stands there.
    ///
    /// # Errors
    /// The source can no more be read.
    pub(crate) fn go_to(&mut self, milestone: Milestone) -> Result<(), Diagnostic> {
        match self.rows.go_to(milestone.spot) {
            Ok(()) => {
                self.row = milestone.rows;
                Ok(())
            }
            Err(fault) => Err(self.problem(fault)),
        }
    }

    fn new(name: Arc<str>, columns: Columns, rows: RowReader) -> Self {
        let (keys, blank) = (Keys::new(columns), Lines::default());
        Self {
            name,
            keys,
            rows,
            row: 0,
            ended: false,
            stamp: None,
            blank,
            lacking: Vec::new(),
            names_rows: false,
        }
    }

    fn from_window(
        mut window: Window,
        name: Arc<str>,
        format: Format,
        manner: &Manner,
    ) -> Result<Self, Vec<Diagnostic>> {
        let begun = pass_mark(&mut window)
            .map_err(|fault| vec![fault])
            .and_then(|()| RowReader::begin(window, format, manner));
        match begun {
            Ok((columns, rows)) => Ok(Self::new(name, columns, rows)),
            Err(faults) => Err(faults.into_iter().map(|fault| fault.at(&name, 0)).collect()),
        }
    }

    fn problem(&mut self, fault: Fault) -> Diagnostic {
        self.ended = fault.is_last();
        self.row += u64::from(fault.is_of_row());
        fault.at(&self.name, self.row)
    }
}

impl RowReader {
    /// Reads what comes before the first row.
    fn begin(
        window: Window,
        format: Format,
        manner: &Manner,
    ) -> Result<(Columns, Self), Vec<Fault>> {
        match format {
            Format::Csv { delimiter } => {
                let (columns, rows) = CsvRows::begin(window, delimiter, &manner.table)?;
                Ok((columns, Self::Csv(Box::new(rows))))
            }
            _ => match Self::of_json(window, format, &manner.shape) {
                Ok(rows) => Ok((Columns::open(), rows)),
                Err(fault) => Err(vec![fault]),
            },
        }
    }

    fn of_json(window: Window, format: Format, shape: &Shape) -> Result<Self, Fault> {
        let within = match &shape.each {
            None => None,
            Some(Each::Within(path)) => Some(path.clone()),
            Some(Each::Columns(_) | Each::Split { .. }) => return Err(each::of_tables()),
        };
        let each = |elements, path| Self::JsonEach(Box::new(JsonEach::new(elements, path)));
        Ok(match (format, &shape.at, within) {
            (Format::JsonLines, _, None) => Self::JsonLines(JsonLines::begin(window)?),
            (Format::JsonLines, _, Some(path)) => each(Box::new(JsonLines::begin(window)?), path),
            (_, None, None) => Self::JsonArray(JsonArray::begin(window)?),
            (_, Some(at), None) => Self::JsonWalk(JsonWalk::begin(window, at.clone())?),
            (_, at, Some(path)) => {
                let at = at.clone().unwrap_or_else(DataPath::of_items);
                each(Box::new(JsonWalk::begin(window, at)?), path)
            }
        })
    }

    fn spot(&self) -> Option<Spot> {
        match self {
            Self::Csv(rows) => rows.spot(),
            Self::JsonLines(rows) => rows.spot(),
            Self::JsonArray(rows) => rows.spot(),
            Self::JsonEach(rows) => rows.spot(),
            Self::JsonWalk(_) | Self::Sheet(_) | Self::Made(_) | Self::Inline(_) => None,
        }
    }

    fn go_to(&mut self, spot: Spot) -> Result<(), Fault> {
        match self {
            Self::Csv(rows) => rows.go_to(spot),
            Self::JsonLines(rows) => rows.go_to(spot),
            Self::JsonArray(rows) => rows.go_to(spot),
            Self::JsonEach(rows) => rows.go_to(spot),
            // There are no places in them.
            Self::JsonWalk(_) | Self::Sheet(_) | Self::Made(_) | Self::Inline(_) => Ok(()),
        }
    }

    fn read(&mut self, record: &mut Record, keys: &mut Keys) -> Result<bool, Fault> {
        match self {
            Self::Csv(rows) => rows.read(record, keys.columns()),
            Self::JsonLines(rows) => rows.read(record, keys),
            Self::JsonArray(rows) => rows.read(record, keys),
            Self::JsonWalk(rows) => rows.read(record, keys),
            Self::JsonEach(rows) => rows.read(record, keys),
            Self::Sheet(rows) => rows.read(record),
            // Its rows are read as those of the sources that it is made of.
            Self::Made(_) => Ok(false),
            Self::Inline(rows) => Ok(read_inline(rows.next(), record, keys)),
        }
    }
}

fn read_inline(row: Option<InlineRow>, record: &mut Record, keys: &mut Keys) -> bool {
    let Some(row) = row else { return false };
    record.clear();
    record.place.line = row.line;
    for (name, cell) in row.cells {
        if let Some(column) = keys.column(&name) {
            record.set_owned(column, cell);
        }
    }
    true
}

/// Passes a UTF-8 byte order mark and refuses what is plainly no UTF-8 text.
fn pass_mark(window: &mut Window) -> Result<(), Fault> {
    let enough =
        |bytes: &[u8], ended: bool| (ended || bytes.len() >= file_kind::HEAD).then_some(());
    window.cut(enough).map_err(Fault::io)?;
    let head = &window.bytes()[..window.bytes().len().min(file_kind::HEAD)];
    if let Some(kind) = FileKind::of(head) {
        let fault = Fault::file(Code::Encoding, kind.message());
        return Err(match (kind, input::probable(head)) {
            (FileKind::Utf16, Some(encoding)) => fault.hint(name_the_encoding(encoding)),
            _ => fault.hint(kind.hint()),
        });
    }
    if head.starts_with("\u{feff}".as_bytes()) {
        window.pass('\u{feff}'.len_utf8(), 0);
    }
    Ok(())
}

fn name_the_encoding(encoding: &str) -> String {
    format!(
        "say so: add --encoding {encoding}; in a job, set `encoding: {encoding}` under `source` – or save the file again as UTF-8"
    )
}

fn empty(hint: &str) -> Fault {
    Fault::file(Code::EmptyFile, "the file is empty").hint(hint)
}

#[cfg(test)]
mod tests;
