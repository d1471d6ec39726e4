//! The search for what bears a marker: it is known by that alone, wherever it is in the list.
//!
//! Not what follows where nothing bears it: a list that leaves things out shows no marker either.

use serde_json::Value;

use super::Lookup;
use super::likeness::{Likeness, Marked};
use super::since::Since;
use crate::declared::connector::Recover;
use crate::row::Doubt;

/// What has been seen of a list that is searched for a marker.
#[derive(Debug)]
pub(super) struct MarkedSearch {
    marked: Marked,
    /// The oldest of what may be it, and when that was made: a newer one may be another row's that is to be looked for, too.
    found: Option<(i64, String)>,
    doubt: Option<Doubt>,
}

impl MarkedSearch {
    pub(super) fn new(marked: Marked) -> Self {
        Self { marked, found: None, doubt: None }
    }

    /// The list is read again.
    pub(super) fn clear(&mut self) {
        (self.found, self.doubt) = (None, None);
    }

    /// An item that no row owns, and when it was made: is it what was sent? `by_text` is how it compares but for the marker,
    /// which stands at the end: a text that was cut has lost it.
    pub(super) fn weigh(
        &mut self,
        recover: &Recover,
        item: &Value,
        (id, made): (&str, Option<i64>),
        since: Since,
        by_text: Likeness,
    ) {
        // What is older than the attempt is not of it. When something was made may be by another clock than the `Date` of
        // the answers, so only what is older by any clock counts as older.
        let older = made.is_some_and(|moment| moment < since.earliest_by_any_clock());
        match (self.marked.weigh(recover, item), by_text) {
            (Likeness::Same, _) => self.find(id, made.unwrap_or(i64::MAX)),
            (Likeness::Other, Likeness::Other | Likeness::Unreadable) => {}
            _ if older => {}
            (Likeness::Altered | Likeness::Other, _) => {
                self.doubt = Some(Doubt::Altered { id: id.to_owned() });
            }
            (Likeness::Unreadable, _) => self.doubt = Some(Doubt::Unreadable { id: id.to_owned() }),
        }
    }

    fn find(&mut self, id: &str, moment: i64) {
        if self.found.as_ref().is_none_or(|(oldest, _)| moment < *oldest) {
            self.found = Some((moment, id.to_owned()));
        }
    }

    /// It is looked for everywhere: times do not matter.
    pub(super) fn is_enough(&self) -> bool {
        self.found.is_some()
    }

    /// What follows from what bears the marker, or may; none where nothing does.
    pub(super) fn settle(&self) -> Option<Lookup> {
        match (&self.found, &self.doubt) {
            (Some((_, id)), _) => Some(Lookup::Found { id: id.clone() }),
            (None, Some(doubt)) => Some(Lookup::Unsure { doubt: doubt.clone() }),
            (None, None) => None,
        }
    }
}
