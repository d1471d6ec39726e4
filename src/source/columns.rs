//! The names of a source's columns, and the number each is known by.
//!
//! Not for what a column means: which field a column feeds is the mapping's.

use std::collections::HashMap;
use std::sync::Arc;

/// More different keys than this are data used as keys; memory would grow with the file.
const MOST_KEYS: usize = 10_000;

/// The columns of a source, by index. Cheap to clone; a clone keeps what was known when it was made.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    known: Arc<Known>,
    open: bool,
}

#[derive(Debug, Clone, Default)]
struct Known {
    names: Vec<Arc<str>>,
    by_name: HashMap<Arc<str>, usize>,
}

impl Columns {
    /// Columns that a header fixes. Of two with one name the first is found by it.
    pub(super) fn closed(names: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut known = Known::default();
        for name in names {
            known.add(name);
        }
        Self { known: Arc::new(known), open: false }
    }

    /// No columns yet; keys add them.
    pub(super) fn open() -> Self {
        Self { known: Arc::default(), open: true }
    }

    /// All names known so far, in order of their indexes.
    pub fn names(&self) -> &[Arc<str>] {
        &self.known.names
    }

    /// The index of the column of exactly this name.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.known.by_name.get(name).copied()
    }

    /// Whether a later row may bring a column that is not known yet (jsonl, json).
    pub fn is_open(&self) -> bool {
        self.open
    }

    fn intern(&mut self, name: &str) -> usize {
        match self.index(name) {
            Some(index) => index,
            None => Arc::make_mut(&mut self.known).add(name.into()),
        }
    }
}

impl Known {
    fn add(&mut self, name: Arc<str>) -> usize {
        let index = self.names.len();
        self.by_name.entry(Arc::clone(&name)).or_insert(index);
        self.names.push(name);
        index
    }
}

/// Columns, and which of them some row has had.
#[derive(Debug)]
pub(super) struct Keys {
    columns: Columns,
    seen: Vec<bool>,
}

impl Keys {
    pub(super) fn new(columns: Columns) -> Self {
        Self { columns, seen: Vec::new() }
    }

    pub(super) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The index of a column that is asked for; an open source makes room for it.
    pub(super) fn column(&mut self, name: &str) -> Option<usize> {
        if self.columns.open { Some(self.columns.intern(name)) } else { self.columns.index(name) }
    }

    /// The index of a key that a row has; none when there are too many different ones.
    pub(super) fn found(&mut self, name: &str) -> Option<usize> {
        let known = self.columns.index(name);
        if known.is_none() && self.columns.names().len() >= MOST_KEYS {
            return None;
        }
        let index = known.unwrap_or_else(|| self.columns.intern(name));
        if self.seen.len() <= index {
            self.seen.resize(index + 1, false);
        }
        self.seen[index] = true;
        Some(index)
    }

    pub(super) fn seen(&self, column: usize) -> bool {
        if self.columns.open {
            self.seen.get(column).copied().unwrap_or(false)
        } else {
            column < self.columns.names().len()
        }
    }
}
