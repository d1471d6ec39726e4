//! The lane of a row: rows of one lane go in order, one at a time. Which may go is for `engine`.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// A lane, as a hash of its name. Two names with one hash would only wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Lane(u64);

impl Lane {
    pub(crate) fn named(name: &str) -> Self {
        Self(BuildHasherDefault::<DefaultHasher>::default().hash_one(name))
    }
}
