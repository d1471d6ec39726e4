//! The rows that a job does not want, with the reasons: left out by its `where`, or said by an earlier row.
//!
//! They are counted wherever rows are, so that all figures add up to the rows of the source.

use serde_json::{Value, json};

use super::words::{number, one_line};
use crate::plan::Filtered;

/// So many reasons are named to a person.
const NAMED: usize = 20;

/// Why rows are left out, a line each, those with most rows first; empty where none are.
pub(super) fn reasons(filtered: &Filtered) -> String {
    let Filtered(all) = filtered;
    if all.is_empty() {
        return String::new();
    }
    let mut sorted: Vec<_> = all.iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let width = sorted.iter().map(|(_, count)| number(*count).len()).max().unwrap_or(0);
    let mut text = "\nLeft out by the job's `where`:\n".to_owned();
    for (why, count) in sorted.iter().take(NAMED) {
        text.push_str(&format!("  {:>width$}  {}\n", number(*count), one_line(why)));
    }
    let more: u64 = sorted.iter().skip(NAMED).map(|(_, count)| count).sum();
    if more > 0 {
        text.push_str(&format!("  {:>width$}  for other reasons\n", number(more)));
    }
    text
}

/// The same for a script.
pub(super) fn reasons_event(filtered: &Filtered) -> Value {
    filtered.0.iter().map(|(why, rows)| json!({"why": why, "rows": rows})).collect()
}
