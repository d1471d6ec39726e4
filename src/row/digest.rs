//! The name of what is sent: equal contents have equal digests. How a request is digested is for `prepare`.

use std::fmt;

use super::KeyHash;

/// Names the content of a request: the first 16 bytes of a SHA-256 over operation, method, path and body.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 16]);

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(2 * self.0.len());
        for byte in self.0 {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        formatter.write_str(&text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({self})")
    }
}

impl Digest {
    /// The hash that stands for a content where contents are held in memory.
    pub fn hash(&self) -> KeyHash {
        KeyHash(self.0[..8].iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte)))
    }
}
