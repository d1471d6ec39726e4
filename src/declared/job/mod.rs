//! A job: as written in YAML (`file`), and as meant ([`Job`]), where nothing invalid can be held.
//!
//! A data file is a job too, with everything left to defaults. A job knows its connector and where its rows
//! are; it has not looked at a single row, so whether its expressions fit the columns is for `mapping`.

mod condition;
mod data_file;
pub(super) mod file;
mod files;
mod given;
mod in_doubt;
mod layout;
mod lookup;
mod marker;
mod parts;
mod past_reminders;
mod resolve;
mod sketch;
mod sources;
mod trial;
mod upkeep;
mod value;
mod variables;
mod word;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::declared::connector::{Connector, Operation};
use crate::source::{Files, Format, InlineRow, Location, Manner, Nulls, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::document::Document;
use crate::text::quota::Quota;
use jiff::tz::TimeZone;

pub use condition::{Condition, Duplicates};
pub use given::{Given, Layout};
pub use in_doubt::InDoubt;
pub(crate) use layout::{ENCODINGS, quote_of};
pub(crate) use lookup::Lookups;
pub use lookup::{Lookup, Missing};
pub use marker::Marker;
pub use parts::SourcePart;
pub use past_reminders::PastReminders;
pub use resolve::{find_operation, load};
pub use sketch::{Broken, Part, Sketch};
pub use trial::{Expected, Trial};
pub use upkeep::{OnChange, OnMissing, Share};
pub use value::{MapValue, SplitText, ValueTable};
pub(crate) use value::{compared, has_expression};
pub(crate) use variables::VARIABLES;
pub use variables::Variables;

/// A job, ready to be mapped onto its rows.
#[derive(Debug, Clone)]
pub struct Job {
    /// As the ledger knows the job.
    pub name: String,
    /// The API that the job speaks to.
    pub connector: Arc<Connector>,
    /// What is done with each row.
    pub operation: OperationChoice,
    /// Where the rows come from.
    pub rows: Rows,
    /// Values that the job names and a call may replace.
    pub variables: Variables,
    /// Left out: the columns that bear a field's name.
    pub map: Option<Vec<MapEntry>>,
    /// What is made of rows before they are mapped.
    pub shaping: Shaping,
    /// What makes a row the same row next time; none where that is its content.
    pub key: Option<Written>,
    /// What the rows are put in order by; none where that is their order in the source.
    pub order_by: Option<Written>,
    /// Written into what a row creates, so that it is known again.
    pub marker: Option<Marker>,
    /// Of times that say none; without it they are refused.
    pub timezone: Option<TimeZone>,
    /// Tighter ones than the connector has, or the connector's.
    pub quotas: Vec<Quota>,
    /// Requests under way at once, at the most; at least 1.
    pub concurrency: u32,
    /// How often a row is tried; at least 1.
    pub attempts: u32,
    /// What becomes of a row whose answer was lost and cannot be found out.
    pub in_doubt: InDoubt,
    /// What becomes of a row whose reminder is past.
    pub past_reminders: PastReminders,
    /// What becomes of a row that is done and has changed since.
    pub on_change: OnChange,
    /// What becomes of what a row has made that is no longer in the source.
    pub on_missing: OnMissing,
    /// The account that the job is for; none where the credentials say that.
    pub account: Option<String>,
    /// The files that the job's own source consists of.
    pub parts: Vec<SourcePart>,
    /// Names of files that are gone on purpose, as a call says.
    pub let_go: Vec<String>,
    /// Whether a call names another source than the job does.
    pub is_source_replaced: bool,
    /// A source with fewer rows is refused: an export may have come out empty.
    pub min_rows: u64,
    /// Updates and deletes may be about what the other side's system has made.
    pub allow_system_notes: bool,
    /// What updates and deletes are about is read before, and kept.
    pub snapshot: bool,
    /// None for a data file.
    pub document: Option<Document>,
}

impl Job {
    /// The files that its rows and its tables are read from.
    pub(crate) fn files(&self) -> Vec<&Path> {
        let tables = self.shaping.lookups.iter().flat_map(|table| &table.files);
        self.rows.files().into_iter().chain(tables.flat_map(Rows::files)).collect()
    }

    /// What makes a row the same row next time, as written; empty where that is its content.
    ///
    /// What the key says by the name of a value is part of it: with another meaning of the name every row would be a new one.
    pub fn keyed_by(&self) -> &str {
        let key = self.key.as_ref().map_or("", |key| key.text.as_str());
        self.shaping.keyed_by.as_deref().unwrap_or(key)
    }
}

/// What says which operation a row is for.
#[derive(Debug, Clone)]
pub enum OperationChoice {
    /// The same for every row.
    Fixed(Arc<Operation>),
    /// A text with expressions.
    Expression(Written),
    /// The column `operation` of each row.
    Column,
}

impl OperationChoice {
    /// The text that says the operation, where it is one with expressions.
    pub fn expression(&self) -> Option<&Written> {
        match self {
            Self::Expression(written) => Some(written),
            Self::Fixed(_) | Self::Column => None,
        }
    }
}

/// What is made of rows before they are mapped: which of them are the job's, and what they are seen with.
#[derive(Debug, Clone, Default)]
pub struct Shaping {
    /// The tables that cells are looked up in.
    pub lookups: Vec<Lookup>,
    /// Named values, in order.
    pub named: Vec<MapEntry>,
    /// The job's key with what the names in it mean; none where it names no such value.
    pub keyed_by: Option<String>,
    /// What has to be true of rows that are not left out.
    pub conditions: Vec<Condition>,
    /// Columns whose cells may not be empty.
    pub required: Vec<Written>,
    /// What is done with rows that have the key of an earlier one.
    pub duplicates: Duplicates,
    /// Rows and what has to come of them.
    pub trials: Vec<Trial>,
}

/// A text of the job and its place.
#[derive(Debug, Clone)]
pub struct Written {
    /// As it stands there, without quotes.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// A field or a named value, and what it comes from.
#[derive(Debug, Clone)]
pub struct MapEntry {
    /// The field of the operation, or the value's name.
    pub field: String,
    /// What it comes from.
    pub value: MapValue,
    /// Where the field's name stands.
    pub field_place: Place,
    /// Where the value stands.
    pub value_place: Place,
}

/// Where the rows are.
#[derive(Debug, Clone)]
pub enum Rows {
    /// In a file beside the job, or in the file that is the job.
    File {
        /// Where it lies.
        location: Location,
        /// As messages call it.
        name: Arc<str>,
        /// What its rows are.
        format: Format,
        /// How it is written, beyond that.
        manner: Box<Manner>,
        /// Where the job names the file; none where the file is the job.
        written: Option<Place>,
    },
    /// In several files, one after the other.
    Several {
        /// As messages call all of them.
        name: Arc<str>,
        /// Those that are read alike together.
        files: Arc<[Files]>,
        /// Where the job names each of these; none of a file in place of the job's.
        written: Arc<[Option<Place>]>,
    },
    /// In the job itself.
    Inline {
        /// The job's file, as messages call it.
        name: Arc<str>,
        /// All of them.
        rows: Arc<Vec<InlineRow>>,
    },
    /// Some of the job's rows, in a file into which they were written to be corrected.
    Returned {
        /// Where it lies.
        path: PathBuf,
        /// As messages call it.
        name: Arc<str>,
        /// Texts that stand for nothing in the job's source.
        nulls: Nulls,
    },
}

impl Rows {
    /// Opens the rows from their start; can be done any number of times.
    pub fn open(&self) -> Result<Source, Vec<Diagnostic>> {
        match self {
            Self::File { location, name, format, manner, written } => {
                let opened = Source::open(location, Arc::clone(name), *format, manner);
                opened.map_err(|problems| named_at(problems, name, written.as_ref()))
            }
            Self::Several { name, files, written } => {
                let opened = Source::chain(Arc::clone(name), Arc::clone(files));
                opened.map_err(|problems| named_among(problems, files, written))
            }
            Self::Inline { name, rows } => {
                Ok(Source::from_rows(Arc::clone(name), rows.as_ref().clone()))
            }
            Self::Returned { path, name, nulls } => Source::returned(path, name, nulls),
        }
    }

    /// What messages call it.
    pub(crate) fn called(&self) -> &str {
        match self {
            Self::File { name, .. }
            | Self::Several { name, .. }
            | Self::Inline { name, .. }
            | Self::Returned { name, .. } => name,
        }
    }

    /// Whether every cell is a text, as in csv.
    pub(crate) fn are_texts(&self) -> bool {
        let is_csv = |format: &Format| matches!(format, Format::Csv { .. });
        match self {
            Self::File { format, .. } => is_csv(format),
            Self::Several { files, .. } => files.iter().all(|files| is_csv(&files.format)),
            Self::Inline { .. } | Self::Returned { .. } => false,
        }
    }

    /// The first encoding that is named for them; none where all are read as UTF-8.
    pub(crate) fn encoding(&self) -> Option<String> {
        match self {
            Self::File { manner, .. } => manner.encoding.named(),
            Self::Several { files, .. } => {
                files.iter().find_map(|files| files.manner.encoding.named())
            }
            Self::Inline { .. } | Self::Returned { .. } => None,
        }
    }

    /// The rows that come back in a file, in the place of these.
    pub(crate) fn returned(&self, path: PathBuf) -> Self {
        let nulls = match self {
            Self::File { manner, .. } => manner.table.nulls.clone(),
            Self::Several { files, .. } => {
                files.first().map(|files| files.manner.table.nulls.clone()).unwrap_or_default()
            }
            Self::Inline { .. } | Self::Returned { .. } => Nulls::default(),
        };
        let name = Location::name_of(&path);
        Self::Returned { path, name, nulls }
    }

    /// The files that they are read from.
    pub(crate) fn files(&self) -> Vec<&Path> {
        match self {
            Self::File { location, .. } => location.path().into_iter().collect(),
            Self::Several { files, .. } => {
                let all = files.iter().flat_map(|files| &files.files);
                all.filter_map(|(location, _)| location.path()).collect()
            }
            Self::Inline { .. } => Vec::new(),
            Self::Returned { path, .. } => vec![path],
        }
    }

    /// As messages call what holds the rows.
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::File { name, .. }
            | Self::Several { name, .. }
            | Self::Inline { name, .. }
            | Self::Returned { name, .. } => name,
        }
    }
}

/// The same for each of several files.
fn named_among(
    problems: Vec<Diagnostic>,
    all: &[Files],
    written: &[Option<Place>],
) -> Vec<Diagnostic> {
    let named = problems.into_iter().flat_map(|problem| {
        let Place::File(name) = &problem.place else { return vec![problem] };
        let is_of = |files: &Files| files.files.iter().any(|(_, other)| other == name);
        let at = all.iter().position(is_of).and_then(|at| written.get(at)?.as_ref());
        let name = Arc::clone(name);
        named_at(vec![problem], &name, at)
    });
    named.collect()
}

/// What is wrong with a file as such is shown where the job names it: there is nothing to see in the file.
fn named_at(problems: Vec<Diagnostic>, name: &str, written: Option<&Place>) -> Vec<Diagnostic> {
    let Some(written) = written else { return problems };
    let renamed = problems.into_iter().map(|problem| match problem.code {
        Code::UnreadableFile => {
            let message = format!("{name}: {}", problem.message);
            Diagnostic { message, place: written.clone(), ..problem }
        }
        _ => problem,
    });
    renamed.collect()
}
