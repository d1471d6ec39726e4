//! How an answer is read: what says success, a refusal's code and words, and which statuses mean what.
//!
//! What follows from it for a row is for `verdict`.

mod resolve;
pub(super) mod written;

use serde_json::Value;

use crate::text::pointer::Pointer;

pub(super) use resolve::resolve;

/// How an answer is read.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Pointer and value that make a success; without it any 2xx is one.
    pub success: Option<(Pointer, Value)>,
    pub code: Vec<Pointer>,
    pub message: Vec<Pointer>,
    /// Statuses that surely did not act and may be asked again.
    pub retry: Vec<u16>,
    pub unauthorized: Vec<u16>,
    pub not_found: NotFound,
}

/// How a refusal says that what was asked for is not there.
#[derive(Debug, Clone)]
pub struct NotFound {
    pub status: Vec<u16>,
    pub code: Vec<String>,
    /// Parts of the message, in lower case.
    pub message: Vec<String>,
}
