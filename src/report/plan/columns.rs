//! What stands in the columns of the source, in aligned lines and as JSON.

use serde_json::{Value, json};

use crate::plan::{ColumnProfile, SourceProfile};
use crate::report::words::{counted, number, one_line};

/// So many columns are shown where nobody asks for all.
const SHOWN: usize = 24;
/// So many letters of a cell, and of a name, are shown.
const LONGEST: usize = 28;

/// The columns, a line each; nothing of a source without rows.
pub(super) fn columns(profile: &SourceProfile, all: bool) -> String {
    let shown = if all { usize::MAX } else { SHOWN };
    let shown: Vec<&ColumnProfile> = profile.columns.iter().take(shown).collect();
    if profile.rows == 0 || shown.is_empty() {
        return String::new();
    }
    let name = |column: &ColumnProfile| short(&column.name);
    let names = shown.iter().map(|column| name(column).chars().count()).max().unwrap_or(0);
    let width = shown.iter().map(|column| filled_words(column, profile).chars().count()).max();
    let width = width.unwrap_or(0);
    let mut text = "\nColumns of the source:\n".to_owned();
    for column in &shown {
        let use_of = if column.is_used { "used" } else { "left out" };
        let (name, filled) = (name(column), filled_words(column, profile));
        let line = format!("  {name:<names$}  {use_of:<8}  {filled:<width$}  {}", words(column));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let more = (profile.columns.len() - shown.len()) as u64 + profile.more;
    if more > 0 {
        text.push_str(&format!("  … and {}\n", counted(more, "more column")));
    }
    text
}

/// `all filled`, `1,234 filled (41 %)`, `empty`.
pub(in crate::report) fn filled_words(column: &ColumnProfile, profile: &SourceProfile) -> String {
    match column.filled {
        0 => "empty".to_owned(),
        filled if filled >= profile.rows => "all filled".to_owned(),
        filled => format!("{} filled ({})", number(filled), percent(filled, profile.rows)),
    }
}

/// `41 %`; what is neither none nor all is neither 0 % nor 100 %.
fn percent(part: u64, whole: u64) -> String {
    match part.saturating_mul(100) / whole.max(1) {
        0 => "below 1 %".to_owned(),
        percent => format!("{} %", percent.min(99)),
    }
}

fn words(column: &ColumnProfile) -> String {
    values_words(column).unwrap_or_else(|| {
        let examples = column.examples.iter().map(|example| short(example));
        examples.collect::<Vec<_>>().join(" · ")
    })
}

/// `yes (12), no (308)`, where the values of a column are few and occur again.
pub(in crate::report) fn values_words(column: &ColumnProfile) -> Option<String> {
    let values = column.values.as_ref()?;
    if values.is_empty() || column.filled <= values.len() as u64 {
        return None;
    }
    let mut values: Vec<_> = values.iter().collect();
    values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words =
        values.iter().map(|(value, count)| format!("{} ({})", short(value), number(*count)));
    Some(words.collect::<Vec<_>>().join(", "))
}

fn short(text: &str) -> String {
    let text = one_line(text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The same as JSON.
pub(super) fn columns_event(profile: &SourceProfile) -> Value {
    let column = |column: &ColumnProfile| {
        let values = column.values.as_ref().map(|values| {
            let value = |(value, count): &(Box<str>, u64)| json!({"value": value, "rows": count});
            values.iter().map(value).collect::<Vec<_>>()
        });
        json!({
            "name": &*column.name,
            "used": column.is_used,
            "filled": column.filled,
            "examples": column.examples,
            "values": values,
        })
    };
    profile.columns.iter().map(column).collect()
}
