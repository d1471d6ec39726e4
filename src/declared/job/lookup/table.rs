//! A table in memory: all texts one after the other, and an index of four bytes an entry into them.
//!
//! Three million ticket numbers with their ids take about 140 MB so, where a map of texts takes more than 320. Keys and
//! values are texts; what a table does not have is for whoever asks.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// See the module's text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// An entry after the other: how long key and value are, and both.
    texts: Vec<u8>,
    /// Where in `texts` each entry begins, by the hash of its key.
    index: HashTable<u32>,
    hasher: Hashing,
}

/// What came of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entered {
    /// Its key is new.
    New,
    /// Its key was there, with this very value.
    Same,
    /// Its key was there, with another value, which stays.
    Other,
    /// There is no more room: all texts together are at most 4 GiB.
    Full,
}

#[derive(Debug, Clone, Default)]
struct Hashing(DefaultHashBuilder);

impl Table {
    /// A table for texts of about so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { texts: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Enters a value for a key.
    pub(crate) fn enter(&mut self, key: &str, value: &str) -> Entered {
        let hash = self.hasher.of(key);
        if let Some(at) = self.index.find(hash, |at| entry(&self.texts, *at).0 == key.as_bytes()) {
            return match entry(&self.texts, *at).1 == value.as_bytes() {
                true => Entered::Same,
                false => Entered::Other,
            };
        }
        let Ok(at) = u32::try_from(self.texts.len()) else { return Entered::Full };
        push_length(&mut self.texts, key.len());
        push_length(&mut self.texts, value.len());
        self.texts.extend_from_slice(key.as_bytes());
        self.texts.extend_from_slice(value.as_bytes());
        let (texts, hasher) = (&self.texts, &self.hasher);
        let again = |at: &u32| hasher.of_bytes(entry(texts, *at).0);
        self.index.insert_unique(hash, at, again);
        Entered::New
    }

    /// The value of a key.
    pub(crate) fn find(&self, key: &str) -> Option<&str> {
        let hash = self.hasher.of(key);
        let at = self.index.find(hash, |at| entry(&self.texts, *at).0 == key.as_bytes())?;
        std::str::from_utf8(entry(&self.texts, *at).1).ok()
    }

    /// How many keys it has.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Gives back the memory that it was given and does not need.
    pub(crate) fn settle(&mut self) {
        self.texts.shrink_to_fit();
    }

    /// How many bytes of memory it takes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.texts.capacity() + self.index.allocation_size()
    }
}

impl Hashing {
    fn of(&self, text: &str) -> u64 {
        self.of_bytes(text.as_bytes())
    }

    fn of_bytes(&self, bytes: &[u8]) -> u64 {
        self.0.hash_one(bytes)
    }
}

/// Key and value of the entry that begins there.
fn entry(texts: &[u8], at: u32) -> (&[u8], &[u8]) {
    let rest = usize::try_from(at).ok().and_then(|at| texts.get(at..)).unwrap_or_default();
    let (key, rest) = length(rest);
    let (value, rest) = length(rest);
    let (key, rest) = rest.split_at_checked(key).unwrap_or_default();
    (key, rest.get(..value).unwrap_or_default())
}

/// Writes a length, seven bits a byte.
fn push_length(texts: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        texts.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    texts.push(length as u8);
}

/// Reads a length, and what follows it.
fn length(texts: &[u8]) -> (usize, &[u8]) {
    let mut length = 0;
    for (at, byte) in texts.iter().enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return (length, &texts[at + 1..]);
        }
    }
    (0, &[])
}
