//! A job: as written in YAML (`file`), and as meant ([`Job`]), where nothing invalid can be held.
//!
//! A data file is a job too, with everything left to defaults. A job knows its connector and where its rows
//! are; it has not looked at a single row, so whether its expressions fit the columns is for `mapping`.

pub(super) mod file;
mod in_doubt;
mod marker;
mod resolve;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::declared::connector::{Connector, Operation};
use crate::source::{Format, InlineRow, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::document::Document;
use crate::text::quota::Quota;

pub use in_doubt::InDoubt;
pub use marker::Marker;
pub use resolve::{find_operation, load};

/// A job, ready to be mapped onto its rows.
#[derive(Debug, Clone)]
pub struct Job {
    pub name: String,
    pub connector: Arc<Connector>,
    pub operation: OperationChoice,
    pub rows: Rows,
    /// Left out: the columns that bear a field's name.
    pub map: Option<Vec<MapEntry>>,
    pub key: Option<Written>,
    /// Written into what a row creates, so that it is known again.
    pub marker: Option<Marker>,
    pub timezone: Option<TimeZone>,
    pub quotas: Vec<Quota>,
    pub concurrency: u32,
    pub attempts: u32,
    pub in_doubt: InDoubt,
    pub account: Option<String>,
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
    Fixed(Arc<Operation>),
    /// A text with expressions.
    Expression(Written),
    /// The column `operation` of each row.
    Column,
}

/// A text of the job and its place.
#[derive(Debug, Clone)]
pub struct Written {
    pub text: String,
    pub place: Place,
}

/// A field and what it comes from.
#[derive(Debug, Clone)]
pub struct MapEntry {
    pub field: String,
    pub value: Value,
    pub field_place: Place,
    pub value_place: Place,
}

/// Where the rows are.
#[derive(Debug, Clone)]
pub enum Rows {
    /// `written` is where the job names the file; none where the file is the job.
    File {
        path: PathBuf,
        name: Arc<str>,
        format: Format,
        written: Option<Place>,
    },
    Inline {
        name: Arc<str>,
        rows: Arc<Vec<InlineRow>>,
    },
}

impl Rows {
    /// Opens the rows from their start; can be done any number of times.
    pub fn open(&self) -> Result<Source, Vec<Diagnostic>> {
        match self {
            Self::File { path, name, format, written } => {
                let opened = Source::open(path, Arc::clone(name), *format);
                opened.map_err(|problems| named_at(problems, name, written.as_ref()))
            }
            Self::Inline { name, rows } => {
                Ok(Source::from_rows(Arc::clone(name), rows.as_ref().clone()))
            }
        }
    }

    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::File { name, .. } | Self::Inline { name, .. } => name,
        }
    }
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
