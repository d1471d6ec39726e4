//! A job: as written in YAML (`file`), and as meant ([`Job`]), where nothing invalid can be held.
//!
//! A data file is a job too, with everything left to defaults. A job knows its connector and where its rows
//! are; it has not looked at a single row, so whether its expressions fit the columns is for `mapping`.

pub(super) mod file;
mod files;
mod in_doubt;
mod marker;
mod resolve;
mod sketch;
mod sources;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::declared::connector::{Connector, Operation};
use crate::source::{Files, Format, InlineRow, RowLimit, Shape, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::document::Document;
use crate::text::quota::Quota;

pub use in_doubt::InDoubt;
pub use marker::Marker;
pub use resolve::{DataFile, find_operation, load};
pub use sketch::{Broken, Part, Sketch};

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
    /// Left out: the columns that bear a field's name.
    pub map: Option<Vec<MapEntry>>,
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
    /// The account that the job is for; none where the credentials say that.
    pub account: Option<String>,
    /// A source with fewer rows is refused: an export may have come out empty.
    pub min_rows: u64,
    /// None for a data file.
    pub document: Option<Document>,
}

impl Job {
    /// What makes a row the same row next time, as written; empty where that is its content.
    pub fn keyed_by(&self) -> &str {
        self.key.as_ref().map_or("", |key| key.text.as_str())
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

/// A text of the job and its place.
#[derive(Debug, Clone)]
pub struct Written {
    /// As it stands there, without quotes.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// A field and what it comes from.
#[derive(Debug, Clone)]
pub struct MapEntry {
    /// The field of the operation.
    pub field: String,
    /// A text with expressions, or a value for all rows.
    pub value: Value,
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
        path: PathBuf,
        /// As messages call it.
        name: Arc<str>,
        /// How it is read.
        format: Format,
        /// How long a row may be.
        longest: RowLimit,
        /// How rows are found in it.
        shape: Shape,
        /// Where the job names the file; none where the file is the job.
        written: Option<Place>,
    },
    /// In several files, one after the other.
    Several {
        /// As messages call all of them.
        name: Arc<str>,
        /// Those that are read alike together.
        files: Arc<[Files]>,
        /// Where the job names each of these.
        written: Arc<[Place]>,
    },
    /// In the job itself.
    Inline {
        /// The job's file, as messages call it.
        name: Arc<str>,
        /// All of them.
        rows: Arc<Vec<InlineRow>>,
    },
}

impl Rows {
    /// Opens the rows from their start; can be done any number of times.
    pub fn open(&self) -> Result<Source, Vec<Diagnostic>> {
        match self {
            Self::File { path, name, format, longest, shape, written } => {
                let opened = Source::open_shaped(path, Arc::clone(name), *format, *longest, shape);
                opened.map_err(|problems| named_at(problems, name, written.as_ref()))
            }
            Self::Several { name, files, written } => {
                let opened = Source::chain(Arc::clone(name), Arc::clone(files));
                opened.map_err(|problems| named_among(problems, files, written))
            }
            Self::Inline { name, rows } => {
                Ok(Source::from_rows(Arc::clone(name), rows.as_ref().clone()))
            }
        }
    }

    /// As messages call what holds the rows.
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::File { name, .. } | Self::Several { name, .. } | Self::Inline { name, .. } => {
                name
            }
        }
    }
}

/// The same for each of several files.
fn named_among(problems: Vec<Diagnostic>, all: &[Files], written: &[Place]) -> Vec<Diagnostic> {
    let named = problems.into_iter().flat_map(|problem| {
        let Place::File(name) = &problem.place else { return vec![problem] };
        let is_of = |files: &Files| files.files.iter().any(|(_, other)| other == name);
        let at = all.iter().position(is_of).and_then(|at| written.get(at));
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
