//! What is told once on the way, as a person reads it.

use super::cause;
use crate::row::event::Note;

pub fn note(note: &Note) -> String {
    match note {
        Note::OutageBegan(why) => {
            format!("nothing gets through, trying one row at a time: {}", cause(why))
        }
        Note::TokenRefused(why) => format!(
            "a fresh token is refused, trying one row at a time until one is accepted: {}",
            cause(why)
        ),
        Note::Said(text) => text.clone(),
    }
}
