//! How an answer is read: what says success, a refusal's code and words, and which statuses, codes and words mean what.
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
    /// How an answer says that it surely did not act and may be asked again.
    pub retry: Told,
    pub unauthorized: Vec<u16>,
    /// How a refusal says that what was asked for is not there.
    pub not_found: Told,
}

/// How an answer says something: any of these does.
#[derive(Debug, Clone)]
pub struct Told {
    pub status: Vec<u16>,
    pub code: Vec<String>,
    /// Parts of the message, in lower case.
    pub message: Vec<String>,
}

impl Told {
    /// Whether the body says so, by its code or its message.
    pub fn by_body(&self, code: Option<&str>, message: Option<&str>) -> bool {
        let message = message.unwrap_or_default().to_lowercase();
        code.is_some_and(|code| self.code.iter().any(|known| known == code))
            || self.message.iter().any(|part| message.contains(part))
    }
}
