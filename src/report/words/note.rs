//! What is told once on the way, as a person reads it.

use super::{cause, no_token};
use crate::event::Note;

pub fn note(note: &Note) -> String {
    match note {
        Note::OutageBegan(why) => {
            format!("nothing gets through, trying one row at a time: {}", cause(why))
        }
        Note::TokenRefused(why) => format!(
            "a fresh token is refused, trying one row at a time until one is accepted: {}",
            cause(why)
        ),
        Note::Answered => "the server answers again, going on".to_owned(),
        Note::PushedBack { wait, rate } => format!(
            "the server asks for less: nothing leaves for {:.1} s, then {rate:.1} requests/s at first",
            wait.as_secs_f64()
        ),
        Note::NoToken(why) => format!("no token yet, trying again: {}", no_token(why)),
        Note::Said(text) => text.clone(),
    }
}
