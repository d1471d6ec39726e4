//! Rows that have come back corrected: what their cells are in the source, and what the ledger knows them by.
//!
//! Where a source still has the cells that were wrong, they stand for the row that was sent in their place. Held in memory
//! while a job is read: some sixty bytes for each corrected row.

use std::collections::HashMap;

use crate::row::{Fingerprint, KeyHash};

/// A row that is to be sent in the place of what its source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Correction {
    /// What the ledger knows the row by.
    pub key: String,
    /// What its cells are in the source.
    pub original: Fingerprint,
    /// Its number there.
    pub row: u64,
}

/// The corrected rows of a job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Corrections {
    keys: HashMap<Fingerprint, Vec<KeyHash>>,
    count: usize,
}

impl Corrections {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes note of a row. The same once more is no news.
    pub(crate) fn add(&mut self, original: Fingerprint, key: KeyHash) {
        let keys = self.keys.entry(original).or_default();
        if !keys.contains(&key) {
            keys.push(key);
            self.count += 1;
        }
    }

    /// What the ledger knows rows by that have these cells in the source.
    pub(crate) fn of(&self, original: Fingerprint) -> &[KeyHash] {
        self.keys.get(&original).map(Vec::as_slice).unwrap_or_default()
    }

    /// The cells of the source, and what the ledger knows rows by that have them there.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Fingerprint, &[KeyHash])> {
        self.keys.iter().map(|(cells, keys)| (*cells, keys.as_slice()))
    }

    /// What the ledger knows all of them by.
    pub(crate) fn all(&self) -> impl Iterator<Item = KeyHash> {
        self.keys.values().flatten().copied()
    }
}
