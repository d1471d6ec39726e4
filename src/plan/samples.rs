//! Which requests a plan shows in full: some that are worth a look, and the first ones.
//!
//! How such a row is shown, and how a reason is called, is for `report`.

use std::collections::BTreeMap;

use super::fates::Fates;
use super::notable::{Look, Notable, Notables};

/// So many of the rows that are shown are chosen for what may go wrong with them, where that leaves room for the first.
const MOST_CHOSEN: usize = 4;

/// The rows that are worth a look, by their numbers in the reading.
#[derive(Debug, Clone)]
pub(crate) struct Samples(Notables<u64>);

impl Default for Samples {
    fn default() -> Self {
        Self(Notables::telling_apart(0))
    }
}

impl Samples {
    /// Looks at a row that would be sent.
    pub(super) fn see(&mut self, row: u64, look: Look) {
        self.0.see(look, &row);
    }

    /// So many rows to show, each with why it was chosen; the first rows fill up what is left.
    pub(crate) fn chosen(&self, fates: &Fates, most: u64) -> BTreeMap<u64, Option<Notable>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let first = fates.first_sent(most);
        let mut rows: BTreeMap<u64, Option<Notable>> = BTreeMap::new();
        // Where all are shown nobody has to choose.
        let is_all = first.len() < most || fates.tally().to_send() <= first.len() as u64;
        let room = if is_all { 0 } else { MOST_CHOSEN.min(most.saturating_sub(1)) };
        for (why, row) in self.0.each().take_while(|(why, _)| *why <= Notable::MostLines) {
            if rows.len() < room {
                rows.entry(*row).or_insert(Some(why));
            }
        }
        for row in first {
            if rows.len() < most {
                rows.entry(row).or_insert(None);
            }
        }
        rows
    }
}
