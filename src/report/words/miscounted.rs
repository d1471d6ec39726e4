//! What the last count has found, as a person reads it.

use super::one_line;
use crate::event::Miscounted;
use crate::recover::Miscount;

/// `row 7 (line 8, ticket tk_1, key L-7) is there twice: tn_1, tn_2`.
pub(in crate::report) fn miscounted(told: &Miscounted) -> String {
    let Miscount { place, key, ids, shared_with } = &told.miscount;
    let row = format!(
        "row {} (line {}, {}, key {})",
        place.row,
        place.line,
        one_line(&told.lane),
        one_line(key)
    );
    let ids: Vec<String> = ids.iter().map(|id| one_line(id)).collect();
    match shared_with {
        Some((other, key)) => format!(
            "{row} and row {} (key {}) have one item between them: {}",
            other.row,
            one_line(key),
            ids.join(", ")
        ),
        None if ids.len() == 1 => {
            format!("{row} was refused or given up, and is there all the same: {}", ids.join(", "))
        }
        None if ids.len() == 2 => format!("{row} is there twice: {}", ids.join(", ")),
        None => format!("{row} is there {} times: {}", ids.len(), ids.join(", ")),
    }
}
