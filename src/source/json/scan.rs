//! Where the parts of a JSON value stand in its text, told by brackets and quotes alone.
//!
//! Not a parser: what is between them is for serde_json, which has seen a value before anybody asks for its parts.

use std::ops::Range;

/// The length of the list, object or text that the bytes begin with; none where it does not end.
pub(super) fn bracketed_length(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at += string_length(&bytes[at + 1..])?,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// How far behind an opening quote the closing one has passed.
pub(super) fn string_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// An entry of an object, or an item of a list, which has no key. Ranges are in the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// With its quotes.
    pub key: Option<Range<usize>>,
    pub value: Range<usize>,
}

/// The parts of the list or the object at `at` in a good JSON text, in order; of anything else none.
pub(super) fn parts(text: &str, at: Range<usize>) -> Vec<Part> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let has_keys = match bytes.get(at.start) {
        Some(b'{') => true,
        Some(b'[') => false,
        _ => return parts,
    };
    let mut from = at.start + 1;
    loop {
        let key = match has_keys {
            false => None,
            true => match value_at(bytes, from) {
                Some(key) if bytes[key.start] == b'"' => {
                    from = key.end;
                    Some(key)
                }
                _ => return parts,
            },
        };
        let Some(value) = value_at(bytes, from) else { return parts };
        from = value.end;
        parts.push(Part { key, value });
    }
}

/// The next value from there on, behind blanks, commas and colons; none where the list or the object ends.
fn value_at(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':');
    let start = from + bytes.get(from..)?.iter().position(|byte| !between(byte))?;
    let length = match bytes[start] {
        b']' | b'}' => return None,
        b'{' | b'[' | b'"' => bracketed_length(&bytes[start..])?,
        _ => {
            let ends = |byte: &u8| between(byte) || matches!(byte, b']' | b'}');
            let rest = &bytes[start..];
            rest.iter().position(ends).unwrap_or(rest.len())
        }
    };
    Some(start..start + length)
}

/// A key as it is meant.
pub(super) fn key_of(text: &str, key: &Range<usize>) -> Option<String> {
    serde_json::from_str(text.get(key.clone())?).ok()
}
