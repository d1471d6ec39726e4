//! The columns of the source as a page shows them. Masked, it shows how cells look and not what they say.

use serde::Serialize;

use super::super::plan::{filled_words, values_words};
use super::super::words::{counted, one_line, rows};
use super::mask::Mask;
use crate::plan::{ColumnProfile, SourceProfile};

/// So many columns are on a page.
const SHOWN: usize = 100;

#[derive(Debug, Serialize)]
pub(super) struct Columns {
    says: String,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    #[serde(rename = "use")]
    use_of: &'static str,
    filled: String,
    /// How wide the bar is, out of 100.
    percent: u64,
    values: Vec<String>,
}

pub(super) fn columns(profile: &SourceProfile, masked: bool) -> Columns {
    if profile.rows == 0 {
        return Columns { says: String::new(), lines: Vec::new() };
    }
    let used = profile.columns.iter().filter(|column| column.is_used).count() as u64;
    let all = profile.columns.len() as u64 + profile.more;
    let mut says = format!("{} of {}: {used} used", counted(all, "column"), rows(profile.rows));
    if all > used {
        says.push_str(&format!(", {} left out", all - used));
    }
    let hidden = all.saturating_sub(SHOWN as u64);
    if hidden > 0 {
        says.push_str(&format!("; {} not shown here", counted(hidden, "further column")));
    }
    says.push('.');
    let lines = profile.columns.iter().take(SHOWN).map(|column| Line {
        name: one_line(&column.name),
        use_of: if column.is_used { "used" } else { "unused" },
        filled: filled_words(column, profile),
        percent: column.filled.saturating_mul(100).div_ceil(profile.rows).min(100),
        values: values(column, masked),
    });
    Columns { says, lines: lines.collect() }
}

fn values(column: &ColumnProfile, masked: bool) -> Vec<String> {
    let mask = Mask;
    let shown = |text: &str| if masked { mask.of(&one_line(text)) } else { one_line(text) };
    match values_words(column).filter(|_| !masked) {
        Some(words) => vec![words],
        None => column.examples.iter().map(|example| shown(example)).collect(),
    }
}
