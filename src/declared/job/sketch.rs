//! A job with mistakes: what is told of them, and as much of the job as is known all the same, so that the
//! rooms below can look for more of them. Never for use.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::declared::connector::Connector;
use crate::text::diagnostic::Diagnostic;
use crate::text::document::Document;

use super::{MapEntry, OperationChoice, Rows, Shaping, Variables, Written};

/// A job that cannot be used.
#[derive(Debug)]
pub struct Broken {
    /// What is wrong with it; never none.
    pub problems: Vec<Diagnostic>,
    /// None where the file is no YAML, or no job at all.
    pub sketch: Option<Box<Sketch>>,
}

/// As much of a job as is known.
#[derive(Debug)]
pub struct Sketch {
    /// The API that the job speaks to.
    pub connector: Option<Arc<Connector>>,
    /// What is done with each row.
    pub operation: Option<OperationChoice>,
    /// Where the rows come from.
    pub rows: Option<Rows>,
    /// Values that the job names and a call may replace.
    pub variables: Variables,
    /// What the fields come from.
    pub map: Part<Vec<MapEntry>>,
    /// What is made of rows before they are mapped, as far as it can be read.
    pub shaping: Shaping,
    /// None where the job has no key, or none that can be read.
    pub key: Option<Written>,
    /// None where the job asks for no order, or for none that can be read.
    pub order_by: Option<Written>,
    /// Of times that say none.
    pub timezone: Option<TimeZone>,
    /// The file.
    pub document: Document,
}

/// A part of a job that may be left out.
#[derive(Debug, Clone, Copy)]
pub enum Part<T> {
    /// It is there.
    Known(T),
    /// It is left out.
    Absent,
    /// It is there, and cannot be read.
    Unknown,
}

impl From<Vec<Diagnostic>> for Broken {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self { problems, sketch: None }
    }
}

impl From<Broken> for Vec<Diagnostic> {
    fn from(broken: Broken) -> Self {
        broken.problems
    }
}
