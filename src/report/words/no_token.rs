//! Why there is no token, as a person reads it.

use super::cause;
use crate::text::visible::shown;
use crate::traffic::reply::{NoSecret, NoToken};

pub(crate) fn no_token(why: &NoToken) -> String {
    match why {
        NoToken::LoginFailed(why) => format!("the login failed: {}", cause(why)),
        NoToken::LoginRefused { said } => format!("the login was refused: {said}"),
        NoToken::NoneFor { name, said } => {
            format!("the login brought no token for `{name}`: {said}")
        }
        NoToken::NoLoginThere { address, status, usual } => format!(
            "nothing at {address} takes a login (HTTP status {status}); the usual base URL is {usual}"
        ),
        NoToken::NoneInAnswer { status } => {
            format!("the login was answered with HTTP status {status} and no token")
        }
        NoToken::NoWay => "the connector declares no authentication".to_owned(),
        NoToken::Unsignable { error } => format!("the token cannot be signed: {error}"),
        NoToken::NotAHeader => {
            "the token cannot stand in a header: is there a line break in it?".to_owned()
        }
        NoToken::File { variable, why } => {
            format!("the file of {variable} {}", no_secret(why))
        }
        NoToken::OtherAccount { before, now } => format!(
            "the token in the file is by now that of the account `{}`, and this run is for `{}`",
            shown(now),
            shown(before)
        ),
    }
}

/// What is wrong with a file that ought to hold a secret: the sentence after its name.
pub(super) fn no_secret(why: &NoSecret) -> String {
    match why {
        NoSecret::Empty => "is empty".to_owned(),
        NoSecret::Lines(lines) => format!("holds {lines} lines, and a secret is one"),
        NoSecret::Unread(cause) => format!("cannot be read: {cause}"),
    }
}
