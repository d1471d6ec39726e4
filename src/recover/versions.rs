//! Whether a list shows an item more than once, and not the same of it: which of them is so, nobody can tell.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::print::contents_of;
use crate::declared::connector::{FieldSet, Recover};

/// What items were first seen to say, and which of them were seen to say something else.
#[derive(Debug, Default)]
pub(super) struct Versions {
    first: HashMap<String, u64>,
    contradicting: HashSet<String>,
}

impl Versions {
    /// Compares a page with all before it. Where no fields are named, what items are known by counts alone.
    pub(super) fn compare(
        &mut self,
        recover: &Recover,
        items: &[Value],
        fields: Option<&FieldSet>,
    ) {
        for item in items {
            let Some(id) = super::item_id(recover, item) else { continue };
            let contents = contents_of(recover, fields, item);
            match self.first.get(&id) {
                Some(first) if *first != contents => drop(self.contradicting.insert(id)),
                Some(_) => {}
                None => drop(self.first.insert(id, contents)),
            }
        }
    }

    pub(super) fn contradict(&self, id: &str) -> bool {
        self.contradicting.contains(id)
    }

    /// An item of which the list shows several versions; the first of them by its name.
    pub(super) fn contradiction(&self) -> Option<&str> {
        self.contradicting.iter().map(String::as_str).min()
    }

    pub(super) fn all_contradicting(&self) -> Vec<String> {
        let mut all: Vec<String> = self.contradicting.iter().cloned().collect();
        all.sort_unstable();
        all
    }

    /// The list is read again.
    pub(super) fn clear(&mut self) {
        self.first.clear();
        self.contradicting.clear();
    }
}
