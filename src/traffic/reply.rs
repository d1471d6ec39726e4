//! What comes back for a request, or for the wish for a token: facts, as transport makes them. What they mean is for
//! `verdict`.

use std::time::Duration;

/// What came back for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An answer, read to its end.
    Answer(Answer),
    /// The request surely was not written.
    NotSent(String),
    /// The request may have been written, and no whole answer came.
    Lost(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    pub status: u16,
    /// How long the other side asks to wait.
    pub retry_after: Option<Duration>,
    /// The other side's clock, in unix milliseconds; it counts in whole seconds.
    pub date: Option<i64>,
    pub body: Vec<u8>,
}

/// What is known of a token that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Granted {
    /// When it expires, by the other side's clock, in unix milliseconds.
    pub expires_at: Option<i64>,
    /// The other side's clock when it granted it, in unix milliseconds.
    pub date: Option<i64>,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFailure {
    pub message: String,
    /// Another try may fare better: the other side was out of reach, or busy.
    pub transient: bool,
}
