//! How a text would change, word by word.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Hostile texts are compared no longer than this, and then told more coarsely.
const PATIENCE: Duration = Duration::from_millis(200);
/// Of what stays so many letters are shown beside what changes.
const AROUND: usize = 40;

/// What becomes of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Mark {
    Stays,
    Goes,
    Comes,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Piece {
    pub mark: Mark,
    pub text: String,
}

/// The pieces of a change from one text to another, long ones that stay cut short in their middle.
pub(in crate::report) fn pieces(from: &str, to: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let difference = TextDiff::configure().timeout(PATIENCE).diff_words(from, to);
    for change in difference.iter_all_changes() {
        let mark = match change.tag() {
            ChangeTag::Equal => Mark::Stays,
            ChangeTag::Delete => Mark::Goes,
            ChangeTag::Insert => Mark::Comes,
        };
        match pieces.last_mut() {
            Some(last) if last.mark == mark => last.text.push_str(change.value()),
            _ => pieces.push(Piece { mark, text: change.value().to_owned() }),
        }
    }
    let last = pieces.len().saturating_sub(1);
    for (at, piece) in pieces.iter_mut().enumerate() {
        if piece.mark == Mark::Stays {
            shorten(&mut piece.text, at > 0, at < last);
        }
    }
    pieces
}

/// Leaves of a text what stands beside a change: at its beginning, at its end, or at both.
fn shorten(text: &mut String, after_change: bool, before_change: bool) {
    let letters = text.chars().count();
    let room = AROUND * (usize::from(after_change) + usize::from(before_change)).max(1);
    if letters <= room + AROUND {
        return;
    }
    let head: String = text.chars().take(if after_change { AROUND } else { 0 }).collect();
    let tail = if before_change { letters - AROUND } else { letters };
    let tail: String = text.chars().skip(tail).collect();
    *text = match (after_change, before_change) {
        (false, false) => format!("{}…", text.chars().take(room).collect::<String>()),
        _ => format!("{head} … {tail}").trim().to_owned(),
    };
}
