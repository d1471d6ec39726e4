//! The rows of a pilot that shows a little of everything: one of every kind, those that may go wrong, and rows from all over the
//! source. What is worth a look is the same as in a preview.
//!
//! No row overtakes another of its lane: chosen are first rows of lanes, the first rows of the fullest one, and, where those
//! are not enough, the first rows of the source.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::row::Lane;

use super::decide::Fate;
use super::notable::{Look, Notables};
use super::saved::{Companion, Seen};

/// Kinds of rows that are told apart; a source may have a kind of its own for each row.
const MOST_KINDS: usize = 64;
/// So many rows of the fullest lane are taken.
const OF_LANE: usize = 3;

/// The rows that could be sent, looked at in their order: twenty-four bytes a lane, and some rows.
#[derive(Debug, Clone)]
pub(crate) struct Spread {
    rows: u64,
    /// The first rows of each lane, and how many there are.
    lanes: HashMap<Lane, (u32, [u64; OF_LANE])>,
    /// Of the first rows of lanes.
    notables: Notables<u64>,
    /// Rows at even distances, and that distance.
    even: Vec<u64>,
    distance: u64,
    firsts: u64,
    /// The first rows of all, as many as are wanted.
    first_rows: Vec<u64>,
    wanted: u64,
}

impl Spread {
    /// For so many rows.
    pub(super) fn of(wanted: u64) -> Self {
        Self {
            rows: 0,
            lanes: HashMap::new(),
            notables: Notables::telling_apart(MOST_KINDS),
            even: Vec::new(),
            distance: 1,
            firsts: 0,
            first_rows: Vec::new(),
            wanted,
        }
    }

    /// The next row that could be sent, by its number in the source.
    pub(super) fn see(&mut self, ordinal: u64, lane: Option<Lane>, look: Look) {
        self.rows += 1;
        if self.rows <= self.wanted {
            self.first_rows.push(ordinal);
        }
        if let Some(lane) = lane {
            let (count, rows) = self.lanes.entry(lane).or_default();
            if let Some(row) = rows.get_mut(*count as usize) {
                *row = ordinal;
            }
            *count = count.saturating_add(1);
            if *count > 1 {
                return;
            }
        }
        self.see_first(ordinal, look);
    }

    /// The first row of a lane.
    fn see_first(&mut self, ordinal: u64, look: Look) {
        self.notables.see(look, &ordinal);
        if self.firsts.is_multiple_of(self.distance) {
            self.even.push(ordinal);
        }
        self.firsts += 1;
        // Twice as many as are wanted, so that those that are left stay evenly apart.
        if self.even.len() as u64 >= self.wanted.saturating_mul(2).max(2) {
            let mut is_kept = false;
            self.even.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.distance = self.distance.saturating_mul(2);
        }
    }

    /// The rows of the pilot: as many as are wanted, or all.
    pub(crate) fn chosen(&self) -> HashSet<u64> {
        let fullest =
            self.lanes.values().max_by_key(|(count, rows)| (*count, std::cmp::Reverse(rows[0])));
        let fullest =
            fullest.into_iter().flat_map(|(count, rows)| rows.iter().take(*count as usize));
        let notable = self.notables.kinds().chain(self.notables.each()).map(|(_, row)| row);
        let first = notable.chain(fullest).copied();
        let mut chosen = BTreeSet::new();
        for row in first {
            if (chosen.len() as u64) < self.wanted {
                chosen.insert(row);
            }
        }
        for row in evenly(&self.even, self.wanted.saturating_sub(chosen.len() as u64)) {
            if (chosen.len() as u64) < self.wanted {
                chosen.insert(row);
            }
        }
        for row in &self.first_rows {
            if (chosen.len() as u64) < self.wanted {
                chosen.insert(*row);
            }
        }
        chosen.into_iter().collect()
    }
}

/// So many of some rows, at even distances.
fn evenly(rows: &[u64], count: u64) -> Vec<u64> {
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(rows.len());
    (0..count).filter_map(|at| rows.get(at * rows.len() / count.max(1)).copied()).collect()
}

/// Lets only chosen rows be sent; the others are for later.
pub(crate) struct Chosen<'c> {
    rows: HashSet<u64>,
    /// Who goes along beside it.
    beside: Option<&'c mut dyn Companion>,
}

impl<'c> Chosen<'c> {
    pub(crate) fn new(rows: HashSet<u64>, beside: Option<&'c mut dyn Companion>) -> Self {
        Self { rows, beside }
    }
}

impl Companion for Chosen<'_> {
    fn see(&mut self, row: &Seen<'_>) -> Fate {
        let fate = match row.fate {
            Fate::Send(sending) if !self.rows.contains(&row.ordinal) => Fate::Later(sending),
            fate => fate,
        };
        match &mut self.beside {
            Some(beside) => beside.see(&Seen { fate, ..*row }),
            None => fate,
        }
    }

    fn end(&mut self, rows: u64) {
        if let Some(beside) = &mut self.beside {
            beside.end(rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Look = Look {
        kind: 0,
        characters: 10,
        lines: 1,
        is_markup: false,
        is_linked: false,
        has_odd_signs: false,
    };

    /// The rows that are chosen of some, each with its lane.
    fn chosen(wanted: u64, rows: &[(&str, Look)]) -> Vec<u64> {
        let mut spread = Spread::of(wanted);
        for (row, (lane, look)) in (1..).zip(rows) {
            spread.see(row, Some(Lane::named(lane)), *look);
        }
        let mut rows: Vec<u64> = spread.chosen().into_iter().collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn a_pilot_has_one_of_every_kind_and_what_may_go_wrong() {
        let names: Vec<String> = (0..1_000).map(|row| format!("tk_{row}")).collect();
        let mut rows: Vec<(&str, Look)> = names.iter().map(|name| (name.as_str(), PLAIN)).collect();
        rows[400].1.kind = 7;
        rows[500].1.characters = 9_000;
        rows[600].1.is_markup = true;
        rows[650].1.is_linked = true;
        rows[700].1.lines = 80;
        rows[800].1.characters = 1;
        let pilot = chosen(10, &rows);
        assert_eq!(pilot.len(), 10);
        for row in [1, 401, 501, 601, 651, 701, 801, 1_000] {
            assert!(pilot.contains(&row), "{row}: {pilot:?}");
        }
        // A small one has the kinds first.
        assert_eq!(chosen(2, &rows), [1, 401]);
        // Rows come from all over the source.
        let pilot =
            chosen(20, &names.iter().map(|name| (name.as_str(), PLAIN)).collect::<Vec<_>>());
        for hundred in 0..10 {
            let of = |row: &u64| (hundred * 100 + 1..=hundred * 100 + 100).contains(row);
            assert!(pilot.iter().any(of), "{hundred}: {pilot:?}");
        }
    }

    proptest! {
        #[test]
        fn no_row_of_a_pilot_overtakes_another_of_its_lane(
            lanes in prop::collection::vec(0_u8..6, 0..60),
            wanted in 1_u64..30,
        ) {
            let names: Vec<String> = lanes.iter().map(|lane| format!("tk_{lane}")).collect();
            let rows: Vec<(&str, Look)> = (0..).zip(&names).map(|(row, name)| {
                (name.as_str(), Look { characters: row * 7 % 13, kind: row as u64 % 3, ..PLAIN })
            }).collect();
            let pilot = chosen(wanted, &rows);
            prop_assert_eq!(pilot.len() as u64, wanted.min(rows.len() as u64));
            for (row, (lane, _)) in (1..).zip(&rows) {
                let before = (1..row).zip(&rows).filter(|(_, (other, _))| other == lane);
                let is_overtaken = pilot.contains(&row)
                    && before.into_iter().any(|(other, _)| !pilot.contains(&other));
                prop_assert!(!is_overtaken, "{} {:?}", row, pilot);
            }
        }
    }
}
