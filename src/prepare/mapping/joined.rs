//! What `~` joins: where each of its two sides ends, so that nothing is joined as nothing.
//!
//! The language writes a null between two texts as `None`, and an object as it stands in JSON. Neither is ever meant, so each
//! side goes through a filter first. What the sides come to is for `filter`.

use std::collections::BTreeSet;

/// What is put in behind each side.
pub(super) const MARK: &str = "|_joined ";

/// Words that end a side.
const WORDS: [&str; 7] = ["and", "or", "in", "if", "else", "not", "recursive"];

/// An expression whose joined sides are marked; none where nothing is joined.
pub(super) fn marked(expression: &str) -> Option<String> {
    let ends = ends(expression);
    if ends.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(expression.len() + ends.len() * MARK.len());
    let mut from = 0;
    for end in ends {
        text.push_str(&expression[from..end]);
        text.push_str(MARK);
        from = end;
    }
    text.push_str(&expression[from..]);
    Some(text)
}

/// Where the sides end, in their order.
pub(super) fn ends(expression: &str) -> BTreeSet<usize> {
    let mut ends = BTreeSet::new();
    for at in signs(expression) {
        let Some(length) = side(&expression[at + 1..]) else { return BTreeSet::new() };
        ends.extend([at, at + 1 + length]);
    }
    ends
}

/// Where `~` stands outside quotes.
fn signs(expression: &str) -> Vec<usize> {
    let mut quotes = Quotes::default();
    let bytes = expression.bytes().enumerate();
    bytes.filter(|(_, byte)| !quotes.has(*byte) && *byte == b'~').map(|(at, _)| at).collect()
}

/// How long the side is that a text begins with; none where it begins with none.
fn side(text: &str) -> Option<usize> {
    let (mut quotes, mut depth) = (Quotes::default(), 0_usize);
    let mut word_from = None;
    let mut is_test = false;
    let is_some = |end: usize| (!text[..end].trim().is_empty()).then_some(end);
    for (at, byte) in text.bytes().enumerate() {
        if quotes.has(byte) {
            word_from = None;
            continue;
        }
        let is_part = byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        if is_part {
            let from = *word_from.get_or_insert(at);
            let rest = &text[from..];
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let word = &rest[..end.unwrap_or(rest.len())];
            let is_attribute = text[..from].trim_end().ends_with('.');
            if from == at && depth == 0 && !is_attribute {
                if WORDS.contains(&word) && !(word == "not" && is_test) {
                    return is_some(at);
                }
                is_test = word == "is";
            }
            continue;
        }
        word_from = None;
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            b')' | b']' | b'}' => return is_some(at),
            b'-' | b'+' if text[..at].trim().is_empty() => {}
            b'~' | b'+' | b'-' | b'*' | b'/' | b'%' | b',' | b':' | b'=' | b'!' | b'<' | b'>'
                if depth == 0 =>
            {
                return is_some(at);
            }
            _ => {}
        }
    }
    is_some(text.len())
}

/// Whether one is within quotes.
#[derive(Default)]
struct Quotes {
    open: Option<u8>,
    is_escaped: bool,
}

impl Quotes {
    /// Whether a sign belongs to a text in quotes.
    fn has(&mut self, byte: u8) -> bool {
        match (self.open, byte) {
            (Some(_), _) if self.is_escaped => self.is_escaped = false,
            (Some(_), b'\\') => self.is_escaped = true,
            (Some(open), byte) if byte == open => self.open = None,
            (None, b'\'' | b'"') => self.open = Some(byte),
            (None, _) => return false,
            (Some(_), _) => {}
        }
        true
    }
}
