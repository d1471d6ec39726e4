//! How requests prove who sends them: the header, and the ways to a token.
//!
//! Secrets are not here, only the names of the environment variables that hold them; looking those up, and getting a
//! token, is for `transport`.

mod filling;
mod resolve;
mod variables;
pub(super) mod written;

use std::collections::HashSet;
use std::time::Duration;

use crate::text::pointer::Pointer;

pub(crate) use filling::{Filling, Piece};
pub(super) use resolve::resolve;

/// How requests prove who sends them.
#[derive(Debug, Clone)]
pub struct Authentication {
    /// The header that carries the token.
    pub header: String,
    /// A word before the token, as in `Bearer`.
    pub scheme: Option<String>,
    /// The first whose environment variables are all set is taken.
    pub ways: Vec<Way>,
}

/// A way to a token.
#[derive(Debug, Clone)]
pub enum Way {
    Token(TokenVariable),
    Login(Login),
    SignedToken(SignedToken),
}

/// A token that the user has already.
#[derive(Debug, Clone)]
pub struct TokenVariable {
    /// The environment variable that holds it.
    pub variable: String,
    /// Claims that name the account; the first present does.
    pub account_claims: Vec<Pointer>,
}

/// A request that answers with a token.
#[derive(Debug, Clone)]
pub struct Login {
    /// Appended to the base URL; the request is a POST.
    pub path: String,
    pub body: Vec<(String, Filling)>,
    /// The environment variable that names the account.
    pub account: String,
    /// Where the token stands in the answer, or in the chosen item.
    pub token: Pointer,
    pub choices: Option<Choices>,
}

/// How to choose where an answer holds several tokens.
#[derive(Debug, Clone)]
pub struct Choices {
    /// Where the list stands in the answer.
    pub list: Pointer,
    /// The environment variable that names the choice. Unset: the first item with a token.
    pub variable: String,
    /// Where an item bears its names.
    pub names: Vec<Pointer>,
}

/// A JSON web token (HS256) that is signed here.
#[derive(Debug, Clone)]
pub struct SignedToken {
    /// The environment variable that holds the signing secret.
    pub secret: String,
    pub header: TokenHeader,
    pub claims: Vec<(String, Filling)>,
    /// The environment variable that names the account.
    pub account: String,
    pub lifetime: Duration,
}

/// What the header of a signed token has beside its type and algorithm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenHeader {
    /// `cty`
    pub content_type: Option<String>,
    /// `kid`
    pub key_id: Option<String>,
}

impl Way {
    /// The environment variables that must be set, each once, in the order in which they are written.
    pub fn variables(&self) -> Vec<&str> {
        let mut names = match self {
            Self::Token(token) => vec![token.variable.as_str()],
            Self::Login(login) => variables_in(&login.body),
            Self::SignedToken(signed) => {
                let mut names = variables_in(&signed.claims);
                names.push(&signed.secret);
                names
            }
        };
        let mut known = HashSet::new();
        names.retain(|name| known.insert(*name));
        names
    }
}

fn variables_in(values: &[(String, Filling)]) -> Vec<&str> {
    values.iter().flat_map(|(_, value)| value.variables()).collect()
}
