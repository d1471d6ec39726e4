//! What the last count has found, as a person reads it.

use super::one_line;
use crate::event::Miscounted;
use crate::recover::Miscount;

/// `row 7 (line 8, ticket tk_1, key L-7) is there twice: tn_1, which is the one that the ledger knows, and tn_2; …`.
pub(in crate::report) fn miscounted(told: &Miscounted) -> String {
    let Miscount { place, key, ids, own, shared_with } = &told.miscount;
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
        None => {
            let times = match ids.len() {
                2 => "twice".to_owned(),
                many => format!("{many} times"),
            };
            format!("{row} is there {times}: {}", which(&ids, own.as_deref().map(one_line)))
        }
    }
}

/// Which to keep, and which to look at.
fn which(ids: &[String], own: Option<String>) -> String {
    let Some(own) = own else {
        return format!(
            "{}; the ledger knows the id of none of them: look at them, keep one, and delete what is too much",
            ids.join(", ")
        );
    };
    let others: Vec<&str> = ids.iter().filter(|id| **id != own).map(String::as_str).collect();
    let (it, is) = if others.len() == 1 { ("it", "is") } else { ("them", "are") };
    let others = others.join(", ");
    format!(
        "{own}, which is the one that the ledger knows, and {others}; keep {own}, look at {others}, and delete {it} if {it_} {is} \
         the same",
        it_ = if it == "it" { "it" } else { "they" }
    )
}
