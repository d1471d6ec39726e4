//! What makes a row the same row next time, as it is held in memory. The key itself is a text, from the job or
//! from the content.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// The hash that stands for a key, or for a content, where those are held in memory. It lives no longer than a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyHash(pub u64);

impl KeyHash {
    pub(crate) fn of(key: &str) -> Self {
        Self(BuildHasherDefault::<DefaultHasher>::default().hash_one(key))
    }
}
