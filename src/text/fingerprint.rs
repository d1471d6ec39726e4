//! Names texts by what is in them: whether a job or a connector is still the one that somebody has seen.
//!
//! No signature: whoever may change the text can name the new one, too.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// Names some texts, in their order: the SHA-256 of their lines. How lines end does not count.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The name of these texts.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut sum = Sha256::new();
        for text in texts {
            for line in text.lines() {
                sum.update((line.len() as u64).to_be_bytes());
                sum.update(line);
            }
            // No line is so long: where a text ends, and another begins.
            sum.update(u64::MAX.to_be_bytes());
        }
        Self(sum.finalize().into())
    }

    /// The name that a text is the display of; none where it is another text.
    pub fn of_hex(text: &str) -> Option<Self> {
        let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        is_hex.then_some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_one_name_however_their_lines_end_and_no_others_have_it() {
        let name = Fingerprint::of(["a: 1\nb: 2\n"]);
        assert_eq!(name, Fingerprint::of(["a: 1\r\nb: 2"]));
        let others: [&[&str]; 4] =
            [&["a: 1", "b: 2"], &["a: 1b: 2"], &["b: 2\na: 1\n"], &["a: 1\nb: 2\n", ""]];
        for other in others {
            assert_ne!(name, Fingerprint::of(other.iter().copied()), "{other:?}");
        }
        assert_eq!(Fingerprint::of_hex(&name.to_string()), Some(name));
        for text in ["", "é", &"g".repeat(64), &"+1".repeat(32), &"0".repeat(65)] {
            assert_eq!(Fingerprint::of_hex(text), None, "{text}");
        }
    }
}
