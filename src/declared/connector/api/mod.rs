//! The API as a whole: its address, what it allows, and everything that its operations share.

mod resolve;
pub(super) mod written;

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use crate::text::quota::Quota;

use super::{Answers, Authentication, Operation};

pub(super) use resolve::connector;

/// An API, ready for use.
#[derive(Debug, Clone)]
pub struct Connector {
    pub name: String,
    /// What one row makes or changes on the other side, in a word for messages.
    pub item: String,
    /// Without a slash at its end.
    pub base_url: String,
    pub quotas: Vec<Quota>,
    /// Requests under way at once, at the most.
    pub concurrency: u32,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    pub headers: Vec<(String, String)>,
    pub authentication: Option<Authentication>,
    pub answers: Answers,
    pub operations: IndexMap<String, Arc<Operation>>,
}
