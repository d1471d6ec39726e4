//! What goes into the books and what comes out: requests and replies as plain values.
//!
//! Not HTTP itself: no sockets, no header parsing beyond the few headers the API looks at.

use std::borrow::Cow;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde::Serialize;

/// A request as the API sees it. It may hold a token or a password, so it cannot be printed.
pub(super) struct Request<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    /// What follows the `?`, still encoded; empty when there is none.
    pub query: &'a str,
    /// `X-STRINGEE-AUTH`.
    pub token: Option<&'a [u8]>,
    pub content_type: Option<&'a [u8]>,
    /// None: larger than is accepted.
    pub body: Option<&'a [u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    Json,
    Html,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub media_type: MediaType,
    pub body: Bytes,
    /// The `r` that the act came to, whether or not a fault kept it from the body.
    pub r: Option<i64>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// `Age`, in seconds.
    pub age: Option<u64>,
    /// `Allow`: the methods of a path that was asked with another.
    pub allow: Option<&'static str>,
}

impl Answer {
    /// HTTP 200 and `r` 0, with the body given.
    pub(super) fn success(body: impl Into<Bytes>) -> Self {
        Self { r: Some(0), ..Self::bare(StatusCode::OK, MediaType::Json, body) }
    }

    /// HTTP 200 and `r` 0, with the value as the body.
    pub(super) fn value(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::success(body),
            Err(_) => Self::envelope(StatusCode::INTERNAL_SERVER_ERROR, 500, "not serializable"),
        }
    }

    /// `{"r": …, "msg": …}`.
    pub(super) fn envelope(status: StatusCode, r: i64, message: &str) -> Self {
        let body = format!(r#"{{"r":{r},"msg":{}}}"#, serde_json::Value::from(message));
        Self { r: Some(r), ..Self::bare(status, MediaType::Json, body) }
    }

    /// An envelope whose `r` is the status and that stands for no act.
    pub(super) fn failure(status: StatusCode) -> Self {
        let message = status.canonical_reason().unwrap_or("Error");
        Self { r: None, ..Self::envelope(status, i64::from(status.as_u16()), message) }
    }

    /// An answer with no `r`.
    pub(super) fn bare(status: StatusCode, media_type: MediaType, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { status, media_type, body, r: None, retry_after: None, age: None, allow: None }
    }
}

/// Why the API does not do what it was asked, said with HTTP 200 and an `r` that is not 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub r: i64,
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// `r` 2: a field (or parameter) is missing, unknown or wrong. The message begins with its name.
    pub(super) fn field(name: &str, complaint: &str) -> Self {
        Self { r: 2, message: Cow::Owned(format!("{name} {complaint}")) }
    }

    pub(super) fn new(r: i64, message: &'static str) -> Self {
        Self { r, message: Cow::Borrowed(message) }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::envelope(StatusCode::OK, refusal.r, &refusal.message)
    }
}

/// What is to be done with a connection that a request came on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Answer(Answer),
    /// Answered, but only after the delay of the fault `slow`.
    Late(Answer),
    /// Answered with less than the length announced, then closed.
    Cut(Answer),
    /// Closed without an answer. `r` is what the act came to, if there was one.
    Dropped {
        r: Option<i64>,
    },
}

impl Reply {
    /// The status sent; none when the connection is dropped.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answer(answer) | Self::Late(answer) | Self::Cut(answer) => Some(answer.status),
            Self::Dropped { .. } => None,
        }
    }

    /// What the act came to, seen or not.
    pub(super) fn r(&self) -> Option<i64> {
        match self {
            Self::Answer(answer) | Self::Late(answer) | Self::Cut(answer) => answer.r,
            Self::Dropped { r } => *r,
        }
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}
