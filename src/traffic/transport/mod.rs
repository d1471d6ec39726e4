//! One request out, bytes back; and the tokens that go with it.
//!
//! Keep-alive, rustls, HTTP/2 where offered. The client's own retries and redirects are off: they would send
//! again behind the ledger's back. What comes back is a [`Reply`], which tells *surely not sent* from *lost*;
//! what that means for a row is for `verdict`. Secrets go in here and come out nowhere.

mod certificates;
mod client;
mod credentials;
mod plight;
mod secret_file;

use crate::prepare::request::Request;
use crate::text::redaction::Redactor;
use crate::traffic::reply::Granted;
use crate::traffic::reply::Reply;
use crate::traffic::reply::TokenFailure;

pub(crate) use client::{Client, ClientError, ClientOptions};
pub(crate) use credentials::{CredentialError, CredentialKind, Credentials};
pub(crate) use secret_file::{HeldSecret, SecretFile, without_mark};

/// What a run sends through. The real one is [`Http`]; tests bring their own.
pub(crate) trait Transport {
    /// Sends a request with the present token.
    fn send(&self, request: &Request) -> impl Future<Output = Reply> + 'static;

    /// Gets a token for the requests that follow. `clock` is the time, in unix milliseconds, by which the other side
    /// will judge it.
    fn renew(&self, clock: i64) -> impl Future<Output = Result<Granted, TokenFailure>> + 'static;

    /// Takes what is secret of the run, by now, out of what answers say.
    fn redactor(&self) -> Redactor {
        Redactor::default()
    }

    /// Whether requests carry a token at all.
    fn needs_token(&self) -> bool;

    /// Whether getting a token is a request itself.
    fn token_costs_request(&self) -> bool;
}

/// Requests over HTTP.
pub(crate) struct Http {
    client: Client,
    credentials: Credentials,
    token: std::rc::Rc<std::cell::RefCell<Option<client::Token>>>,
    /// What no answer may carry into an output or the ledger: credentials, and each token so far.
    redactor: std::rc::Rc<std::cell::RefCell<Redactor>>,
}

impl Http {
    pub(crate) fn new(client: Client, credentials: Credentials) -> Self {
        let redactor = Redactor::new(credentials.secrets());
        let redactor = std::rc::Rc::new(redactor.into());
        Self { client, credentials, token: std::rc::Rc::default(), redactor }
    }
}

impl Transport for Http {
    fn send(&self, request: &Request) -> impl Future<Output = Reply> + 'static {
        self.client.send(request, self.token.borrow().as_ref())
    }

    fn redactor(&self) -> Redactor {
        self.redactor.borrow().clone()
    }

    fn renew(&self, clock: i64) -> impl Future<Output = Result<Granted, TokenFailure>> + 'static {
        let (client, credentials) = (self.client.clone(), self.credentials.clone());
        let keep = std::rc::Rc::clone(&self.token);
        let redactor = std::rc::Rc::clone(&self.redactor);
        async move {
            let (token, granted) = match credentials.token(&client, clock).await {
                Ok(got) => got,
                Err(TokenFailure { why, transient }) => {
                    let why = why.redacted(&redactor.borrow());
                    return Err(TokenFailure { why, transient });
                }
            };
            // Before it is used: whoever gets it may repeat it.
            let known = redactor.borrow().with(&token.secret);
            *redactor.borrow_mut() = known;
            *keep.borrow_mut() = Some(token);
            Ok(granted)
        }
    }

    fn needs_token(&self) -> bool {
        !matches!(self.credentials, Credentials::None)
    }

    fn token_costs_request(&self) -> bool {
        matches!(self.credentials, Credentials::Login(_))
    }
}
