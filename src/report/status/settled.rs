//! Rows of which a person's word holds: who said what, and when.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::StatusView;
use super::moments::{moment, rfc3339};
use crate::ledger::SettledRow;
use crate::report::settle;
use crate::report::words::{counted, one_line};
use crate::row::Settlement;
use crate::text::visible::shown;

impl StatusView {
    /// What is not known to be there once.
    pub(super) fn owed_lines(&self) -> String {
        let says = self.owed.sentences().into_iter().map(|says| format!("\n{says}\n"));
        says.collect()
    }

    /// The last word about each attempt of a row, where it was not taken back: also of rows that were sent again since.
    fn last_words(&self) -> Vec<&SettledRow> {
        let about = |row: &SettledRow| (row.id, row.attempt);
        let last: HashMap<_, i64> =
            self.settlements.iter().map(|row| (about(row), row.run)).collect();
        let is_last = |row: &&SettledRow| last.get(&about(row)) == Some(&row.run);
        let stands = |row: &&SettledRow| is_last(row) && row.said != Settlement::Withdrawn;
        self.settlements.iter().filter(stands).collect()
    }

    /// Who has settled which rows, and how.
    pub(super) fn settled_list(&self, zone: &TimeZone) -> String {
        let all = self.last_words();
        let told = self.most.of(&all);
        let mut text = String::new();
        for (at, row) in told.iter().enumerate() {
            text.push_str(if at == 0 { "\nSettled by a person:\n" } else { "" });
            let when = moment(row.at, zone)
                .map(|when| format!(" on {}", when.strftime("%Y-%m-%d %H:%M")))
                .unwrap_or_default();
            let why = row.comment.as_ref().map(|why| format!(": {}", one_line(why)));
            text.push_str(&format!(
                "  row {} (key {}): {}, says {}{when}{}\n",
                row.place.row,
                shown(&row.key),
                settle::words(&row.said),
                shown(&row.by),
                why.unwrap_or_default()
            ));
        }
        if told.len() < all.len() {
            let more = counted((all.len() - told.len()) as u64, "more row");
            text.push_str(&format!("  … and {more}: {}\n", self.all()));
        }
        text
    }
}

pub(in crate::report) fn settled_json(row: &SettledRow) -> Value {
    json!({
        "row": row.place.row,
        "line": row.place.line,
        "key": row.key,
        "lane": row.lane,
        "settled": settle::word(&row.said),
        "remote_id": row.said.id(),
        "by": row.by,
        "at": rfc3339(row.at),
        "why": row.comment,
        "run": row.run,
    })
}
