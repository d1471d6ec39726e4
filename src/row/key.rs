//! What makes a row the same row next time, as it is held in memory. The key itself is a text, from the job or
//! from the content.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::Digest;
use crate::text::spelling::canonical;

/// The hash that stands for a key, or for a content, where those are held in memory. It lives no longer than a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyHash(pub u64);

impl KeyHash {
    /// A key has one hash, however it is spelt.
    pub(crate) fn of(key: &str) -> Self {
        match Digest::of_text(key) {
            Some(digest) => Self::of_content(digest),
            None => {
                let key: &str = &canonical(key);
                Self(BuildHasherDefault::<DefaultHasher>::default().hash_one(key))
            }
        }
    }

    /// The hash of the key that is a content's name, without writing that down: a digest is a hash already. It is mixed
    /// nevertheless, since a job may have keys that look like digests and differ in a few bits.
    pub(crate) fn of_content(Digest(digest): Digest) -> Self {
        let half = |from: usize, odd: u64| {
            let bytes = &digest[from..from + 8];
            bytes.iter().fold(0, |half, byte| half << 8 | u64::from(*byte)) ^ odd
        };
        let product =
            u128::from(half(0, 0x9e37_79b9_7f4a_7c15)) * u128::from(half(8, 0xc2b2_ae3d_27d4_eb4f));
        Self((product >> 64) as u64 ^ product as u64)
    }
}

/// The key under which a row without one is known: its content, if it is the so-manieth of that.
pub(crate) fn content_key(digest: Digest, nth: u64) -> String {
    if nth == 1 { digest.to_string() } else { format!("{digest}#{nth}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_has_the_hash_of_its_name() {
        for byte in [0, 1, 171, 255] {
            let digest = Digest([byte; 16]);
            assert_eq!(KeyHash::of(&digest.to_string()), KeyHash::of_content(digest));
        }
    }

    #[test]
    fn a_key_has_one_hash_however_it_is_spelt() {
        for (one, other) in [("m\u{e3}-1", "ma\u{303}-1"), ("a\nb", "a\r\nb"), ("a\rb", "a\nb")] {
            assert_eq!(KeyHash::of(one), KeyHash::of(other));
        }
        assert_ne!(KeyHash::of("m\u{e3}-1"), KeyHash::of("ma-1"));
    }

    #[test]
    fn keys_that_look_like_digests_and_differ_in_little_spread() {
        let numbered = |number: u128| KeyHash::of(&format!("{number:032x}")).0 >> 54;
        for shift in [0, 32, 64, 100] {
            let mut counts = [0_u32; 1024];
            (0..10_240).for_each(|number| counts[numbered(number << shift) as usize] += 1);
            assert!(counts.iter().all(|count| *count < 60), "{shift}: {counts:?}");
        }
    }
}
