//! Two tables that lead from the tickets of the notes to those of the map, one after the other: an article to its ticket, and
//! that to its number, say.
//!
//! Only where values prove it, since small numbers are found anywhere: in each step a column without a value twice has at least
//! half of what is looked for. One table that leads there is for `parts`.

use super::parts::{Table, overlap};
use super::seen::{ColumnSeen, FileSeen};

/// Both tables, and how many of the last one's values the map has.
pub(super) fn of<'a>(
    files: &[&'a FileSeen],
    tickets: &ColumnSeen,
    map_keys: &ColumnSeen,
) -> Option<([Table<'a>; 2], (usize, usize))> {
    let mut best: Option<([Table<'a>; 2], (usize, usize))> = None;
    for first in files {
        for (step, leads_to) in steps(first, tickets) {
            for second in files.iter().filter(|second| second.path != first.path) {
                for (next, value) in steps(second, leads_to) {
                    let found = overlap(value, map_keys);
                    let is_better = best.as_ref().is_none_or(|(_, (known, _))| found > *known);
                    if proves(found, value) && is_better {
                        best = Some(([step.clone(), next], (found, value.values.len())));
                    }
                }
            }
        }
    }
    best
}

/// The ways from a column through a table, each with the column that it ends at.
fn steps<'a, 'o>(
    seen: &'a FileSeen,
    of: &'o ColumnSeen,
) -> impl Iterator<Item = (Table<'a>, &'a ColumnSeen)> + use<'a, 'o> {
    let keys = seen.columns.iter().filter(|key| key.is_unique());
    let keys = keys.map(move |key| (key, overlap(of, key))).filter(|(_, found)| proves(*found, of));
    keys.flat_map(move |(key, found)| {
        let values = seen.columns.iter().filter(|value| value.name != key.name && value.filled > 0);
        values.map(move |value| {
            let matched = (found, of.values.len());
            let (key, to) = (key.name.clone(), value.name.clone());
            (Table { seen, key, value: to, matched }, value)
        })
    })
}

/// Whether so many of a column's values are enough to go by.
fn proves(found: usize, of: &ColumnSeen) -> bool {
    found > 0 && found * 2 >= of.values.len()
}
