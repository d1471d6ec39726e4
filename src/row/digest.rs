//! The name of what is sent: equal contents have equal digests. How a request is digested is for `prepare`.

use std::fmt;

/// Names the content of a request: the first 16 bytes of a SHA-256 over operation, method, path and body.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The digest that a text is the display of; none where it is another text.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let text: &[u8; 32] = text.as_bytes().try_into().ok()?;
        let is_digit = |byte: u8| byte.is_ascii_digit() | (b'a'..=b'f').contains(&byte);
        // All bytes without a branch: this is asked of each row of a ledger.
        if !text.iter().fold(true, |all, byte| all & is_digit(*byte)) {
            return None;
        }
        let value = |digit: u8| (digit & 15) + 9 * (digit >> 6);
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = value(pair[0]) << 4 | value(pair[1]);
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        formatter.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_digest_where_it_is_written_as_one_is() {
        let digest = Digest([0, 1, 9, 10, 15, 16, 99, 127, 128, 159, 160, 171, 205, 239, 254, 255]);
        let text = digest.to_string();
        assert_eq!(Digest::of_text(&text), Some(digest));
        let others =
            [text.to_uppercase(), format!("{text}0"), format!("{text}#2"), text[1..].to_owned()];
        assert_eq!(others.map(|text| Digest::of_text(&text)), [None; 4]);
        for wrong in ["/", ":", "`", "g", " ", "A"] {
            assert_eq!(Digest::of_text(&text.replace('f', wrong)), None, "{wrong}");
        }
    }
}
