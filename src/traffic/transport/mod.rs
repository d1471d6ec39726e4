//! One request out, bytes back; and the tokens that go with it.
//!
//! Keep-alive, rustls, HTTP/2 where offered. The client's own retries and redirects are off: they would send
//! again behind the ledger's back. What comes back is a [`Reply`], which tells *surely not sent* from *lost*;
//! what that means for a row is for `verdict`. Secrets go in here and come out nowhere.

mod client;
mod credentials;
mod secret_file;

use crate::prepare::request::Request;
use crate::text::secret::Secret;
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
    /// What no answer may carry into an output or the ledger, beside the token.
    secrets: std::rc::Rc<[Secret]>,
}

impl Http {
    pub(crate) fn new(client: Client, credentials: Credentials) -> Self {
        let secrets = credentials.secrets().into();
        Self { client, credentials, token: std::rc::Rc::default(), secrets }
    }
}

impl Transport for Http {
    fn send(&self, request: &Request) -> impl Future<Output = Reply> + 'static {
        let sending = self.client.send(request, self.token.borrow().as_ref());
        let secrets = std::rc::Rc::clone(&self.secrets);
        async move {
            let reply = sending.await;
            secrets.iter().fold(reply, |reply, secret| client::redacted(reply, Some(secret)))
        }
    }

    fn renew(&self, clock: i64) -> impl Future<Output = Result<Granted, TokenFailure>> + 'static {
        let (client, credentials) = (self.client.clone(), self.credentials.clone());
        let keep = std::rc::Rc::clone(&self.token);
        async move {
            let (token, granted) = credentials.token(&client, clock).await?;
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
