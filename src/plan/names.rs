//! Rows by their names, where all of them are to be told apart: sixteen bytes that stand for a key or a content.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};

use crate::prepare::RowKey;
use crate::row::{Digest, KeyHash};
use crate::text::spelling::canonical;

/// Stands for what makes a row the same row next time. Two rows have one name by no chance that is worth a thought:
/// it has 128 bits, as the digest that the ledger trusts in has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name([u8; 16]);

impl Name {
    /// None where a row has no key that it ought to have, or no content.
    pub(super) fn of(key: &RowKey, digest: Option<Digest>) -> Option<Self> {
        match key {
            RowKey::Written(key) => Some(Self::of_key(key)),
            RowKey::Content => digest.map(Self::of_content),
            RowKey::Missing => None,
        }
    }

    fn of_key(key: &str) -> Self {
        let mut again = std::hash::DefaultHasher::new();
        again.write_u8(1);
        canonical(key).hash(&mut again);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&KeyHash::of(key).0.to_be_bytes());
        bytes[8..].copy_from_slice(&again.finish().to_be_bytes());
        Self(bytes)
    }

    fn of_content(digest: Digest) -> Self {
        Self(digest.0)
    }

    /// The content whose name it is.
    pub(super) fn content(self) -> Digest {
        Digest(self.0)
    }

    /// Stands for a key and a content together.
    pub(super) fn with(self, content: Digest) -> Self {
        let mut bytes = [0; 16];
        for (half, seed) in [(0, 2_u8), (8, 3)] {
            let mut hasher = std::hash::DefaultHasher::new();
            hasher.write_u8(seed);
            hasher.write(&self.0);
            hasher.write(&content.0);
            bytes[half..half + 8].copy_from_slice(&hasher.finish().to_be_bytes());
        }
        Self(bytes)
    }

    /// The first half: of a key, its hash.
    pub(super) fn first_half(self) -> KeyHash {
        KeyHash(self.half(0))
    }

    /// Enough to notice another row in the place of this one, or another content of the row.
    pub(super) fn mark(self, content: Option<Digest>) -> u32 {
        let of_name = (self.half(8) >> 32) as u32;
        let of_content =
            content.map_or(0, |digest| (Self::of_content(digest).half(0) >> 32) as u32);
        of_name ^ of_content
    }

    fn half(self, from: usize) -> u64 {
        self.0[from..from + 8].iter().fold(0, |half, byte| half << 8 | u64::from(*byte))
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.half(8));
    }
}

/// Names are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, half: u64) {
        self.0 = half;
    }
}

impl BuildHasher for AsItIs {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

/// Sets that grow one at a time, so that no more than a small part of all names is ever held twice.
const SHARDS: usize = 64;

/// How something has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    First,
    Again,
}

/// The names that have come so far, and how often.
#[derive(Debug, Default)]
pub(super) struct Names {
    seen: Vec<HashSet<Name, AsItIs>>,
    /// Those that have come more than once.
    counts: HashMap<Name, u64, AsItIs>,
}

impl Names {
    /// A name has come.
    pub(super) fn arrive(&mut self, name: Name) -> Arrival {
        self.seen.resize_with(SHARDS, HashSet::default);
        let shard = usize::from(name.0[0]) % SHARDS;
        match self.seen[shard].insert(name) {
            true => Arrival::First,
            false => Arrival::Again,
        }
    }

    /// Whether a name has come.
    pub(super) fn has(&self, name: Name) -> bool {
        let shard = usize::from(name.0[0]) % SHARDS;
        self.seen.get(shard).is_some_and(|shard| shard.contains(&name))
    }

    /// A name has come again; gives how often it has come by now.
    pub(super) fn again(&mut self, name: Name) -> u64 {
        let count = self.counts.entry(name).or_insert(1);
        *count += 1;
        *count
    }

    /// The hashes of names that have come more than once.
    pub(super) fn repeated(&self) -> HashSet<KeyHash> {
        self.counts.keys().map(|name| name.first_half()).collect()
    }
}
