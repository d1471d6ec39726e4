//! A JSON value in which whole numbers keep all their digits: those that no number holds are texts.
//!
//! Not for cells, which keep the text of every number.

use serde_json::Value;

use super::scan::{key_of, parts};

/// A whole number with fewer digits is held exactly.
const MANY_DIGITS: usize = 20;

/// Reads a value.
pub(super) fn value(text: &str) -> Result<Value, serde_json::Error> {
    let value = serde_json::from_str(text)?;
    let mut digits = 0;
    let has_long_number = text.bytes().any(|byte| {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        digits >= MANY_DIGITS
    });
    Ok(if has_long_number { corrected(value, text, 0..text.len()) } else { value })
}

/// The value that stands at a place of a text, with long numbers as they are written there.
fn corrected(value: Value, text: &str, at: std::ops::Range<usize>) -> Value {
    let written = text.get(at.clone()).unwrap_or_default();
    let start = at.start + (written.len() - written.trim_start().len());
    match value {
        Value::Array(items) => {
            let parts = parts(text, start..at.end).into_iter();
            items
                .into_iter()
                .zip(parts)
                .map(|(item, part)| corrected(item, text, part.value))
                .collect()
        }
        Value::Object(mut entries) => {
            // Of two with one key the last counts.
            for part in parts(text, start..at.end) {
                let key = part.key.as_ref().and_then(|key| key_of(text, key));
                if let Some(entry) = key.and_then(|key| entries.get_mut(&key))
                    && let Some(written) = text.get(part.value.clone())
                {
                    *entry = match serde_json::from_str(written) {
                        Ok(value) => corrected(value, text, part.value),
                        Err(_) => entry.take(),
                    };
                }
            }
            Value::Object(entries)
        }
        Value::Number(number) => {
            let digits = written.trim();
            let is_whole = digits.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
            match is_whole && number.is_f64() {
                true => Value::String(digits.to_owned()),
                false => Value::Number(number),
            }
        }
        other => other,
    }
}
