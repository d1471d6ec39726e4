//! What lets requests in, and why none can be sent, as a person reads it.

use super::no_token::no_secret;
use crate::traffic::reply::NoSecret;
use crate::traffic::transport::{ClientError, CredentialError, CredentialKind};

/// What the credentials are, for whoever has to check them.
pub(crate) fn credentials(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::None => "none",
        CredentialKind::Token => "the token",
        CredentialKind::Login => "the login's name and password",
        CredentialKind::Key => "the key and its secret",
    }
}

pub(crate) fn credential_error(error: &CredentialError) -> String {
    match error {
        CredentialError::Partner { set, lacking } => {
            format!("{} is set, and {} is not", set.join(" and "), lacking.join(" and "))
        }
        CredentialError::Missing(_) => "no credentials are set in the environment".to_owned(),
        CredentialError::File { variable, why } => {
            format!("the file that {variable} names {}", no_secret(why))
        }
        CredentialError::NotText(variable) => format!("{variable} is not valid UTF-8"),
    }
}

/// What to do about it.
pub(crate) fn credential_hint(error: &CredentialError) -> String {
    match error {
        CredentialError::Missing(ways) => {
            let ways: Vec<String> = ways.iter().map(|variables| variables.join(" and ")).collect();
            format!("set {}; each may be given as NAME_FILE, too", ways.join(", or "))
        }
        CredentialError::Partner { lacking, .. } => {
            format!("set {} too; it may be given as NAME_FILE", lacking.join(" and "))
        }
        CredentialError::File { why: NoSecret::Empty, .. } => {
            "put the secret in it, or name another".to_owned()
        }
        CredentialError::File { why: NoSecret::Lines(_), .. } => {
            "leave the one that is meant in it, and nothing else".to_owned()
        }
        CredentialError::File { why: NoSecret::Unread(_), .. } => {
            "check the path and the file's permissions".to_owned()
        }
        CredentialError::NotText(_) => "set it to plain text".to_owned(),
    }
}

pub(crate) fn client_error(error: &ClientError) -> String {
    match error {
        ClientError::Address(error) => error.to_string(),
        ClientError::Header(name) => format!("the connector's header `{name}` is no HTTP header"),
        ClientError::Certificates(cause) => {
            format!("the certificates of --ca-file cannot be used: {cause}")
        }
        ClientError::NoCertificate => {
            "the certificates of --ca-file cannot be used: the file holds no PEM certificate"
                .to_owned()
        }
        ClientError::SetUp(cause) => format!("the HTTP client cannot be set up: {cause}"),
    }
}
