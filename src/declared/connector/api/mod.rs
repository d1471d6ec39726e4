//! The API as a whole: its address, what it allows, and everything that its operations share.

mod resolve;
pub(super) mod written;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use crate::text::fingerprint::Fingerprint;
use crate::text::quota::Quota;

use super::{Answers, Authentication, Operation};

pub(super) use resolve::connector;

/// An API, ready for use.
#[derive(Debug, Clone)]
pub struct Connector {
    /// Where its files lie; none for one that is built in.
    pub folder: Option<PathBuf>,
    /// As operations are written with it: `stringeex` in `stringeex.ticket_note.create`.
    pub name: String,
    /// What one row makes or changes on the other side, in a word for messages.
    pub item: String,
    /// In its one spelling.
    pub base_url: String,
    /// All of them hold, each over any window of its length.
    pub quotas: Vec<Quota>,
    /// Requests under way at once, at the most.
    pub concurrency: u32,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a request may take, from its departure to the end of its answer.
    pub request_timeout: Duration,
    /// Headers of every request, beside the token.
    pub headers: Vec<(String, String)>,
    /// None where requests need no token.
    pub authentication: Option<Authentication>,
    /// How answers are read, unless an operation says otherwise.
    pub answers: Answers,
    /// By name, in the order of the files.
    pub operations: IndexMap<String, Arc<Operation>>,
    /// Names its files by what is in them.
    pub fingerprint: Fingerprint,
}
