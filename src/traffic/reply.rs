//! What comes back for a request, or for the wish for a token: facts, as transport makes them. What they mean is for
//! `verdict`.

use std::time::Duration;

use crate::row::Cause;
use crate::text::redaction::Redactor;

/// What came back for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An answer, read to its end.
    Answer(Answer),
    /// The request surely was not written, and why.
    NotSent(Cause),
    /// The request may have been written, and no whole answer came, and why.
    Lost(Cause),
}

/// An answer over HTTP, read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long the other side asks to wait.
    pub retry_after: Option<Duration>,
    /// Where the answer says that what was asked for is.
    pub location: Option<String>,
    /// The other side's clock, in unix milliseconds; it counts in whole seconds.
    pub date: Option<i64>,
    /// How long the answer has lain in a cache on the way, where it says so.
    pub age: Option<Duration>,
    /// The whole body, with its encoding undone.
    pub body: Vec<u8>,
}

/// What is known of a token that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Granted {
    /// When it expires, by the other side's clock, in unix milliseconds.
    pub expires_at: Option<i64>,
    /// The other side's clock when it granted it, in unix milliseconds.
    pub date: Option<i64>,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenFailure {
    pub why: NoToken,
    /// Another try may fare better: the other side was out of reach, or busy.
    pub transient: bool,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoToken {
    /// The login got no answer.
    LoginFailed(Cause),
    /// The login was refused, in the other side's words.
    LoginRefused { said: String },
    /// The login succeeded, and its answer has no token for the account of this name, in the other side's words.
    NoneFor { name: String, said: String },
    /// What answered at this address takes no login: it is another service, or another part of one.
    NoLoginThere {
        address: String,
        status: u16,
        /// Where the connector says that the API is.
        usual: String,
    },
    /// The answer to the login has no token and no words.
    NoneInAnswer { status: u16 },
    /// The connector declares no authentication.
    NoWay,
    /// The token cannot be signed, in the library's words.
    Unsignable { error: String },
    /// The token has a character that no HTTP header may have.
    NotAHeader,
    /// There is no secret in the file that a variable names.
    File { variable: String, why: NoSecret },
    /// The token that is there by now is another account's: the run began for the one before.
    OtherAccount { before: String, now: String },
}

/// Why there is no secret in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoSecret {
    Empty,
    /// It holds so many lines, and a secret is one.
    Lines(usize),
    /// In the system's words.
    Unread(String),
}

impl NoToken {
    /// The same without a secret in what others say.
    pub(crate) fn redacted(self, redactor: &Redactor) -> Self {
        let clean = |text: String| said(&text, redactor).unwrap_or_default();
        match self {
            Self::LoginFailed(cause) => Self::LoginFailed(cause.redacted(redactor)),
            Self::LoginRefused { said } => Self::LoginRefused { said: clean(said) },
            Self::NoneFor { name, said } => Self::NoneFor { name, said: clean(said) },
            Self::Unsignable { error } => Self::Unsignable { error: clean(error) },
            other => other,
        }
    }
}

/// The longest text of the other side that is kept, in letters.
pub(super) const LONGEST_MESSAGE: usize = 300;
/// A longer text, in bytes, is none that anybody reads, and is not looked through.
const LONGEST_TEXT: usize = 1 << 20;

/// What the other side says, without a secret and cut short, in this order: of a secret that is cut nothing would be known.
/// None where it is longer than what can be meant to be read.
pub(super) fn said(text: &str, redactor: &Redactor) -> Option<String> {
    if text.len() > LONGEST_TEXT {
        return None;
    }
    let text = redactor.redact(text);
    Some(match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    })
}

impl Cause {
    /// The same without a secret in what others say.
    pub(crate) fn redacted(self, redactor: &Redactor) -> Self {
        let clean = |text: Option<String>| text.and_then(|text| said(&text, redactor));
        Self { code: clean(self.code), message: clean(self.message), ..self }
    }
}
