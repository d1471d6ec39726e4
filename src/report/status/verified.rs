//! What the last verification came to.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::StatusView;
use super::moments::{moment, rfc3339};
use super::runs::RunLine;
use crate::ledger::Verification;
use crate::report::exit;
use crate::report::verify::{findings_words, not_compared_words};
use crate::report::words::{counted, number, one_line, rows};

impl StatusView {
    /// What the last verification came to, and whether something was done since.
    pub(super) fn verified_line(&self, zone: &TimeZone) -> String {
        let Some(found) = &self.verified else { return String::new() };
        let when = moment(found.ended_at, zone)
            .map(|when| format!(" on {}", when.strftime("%Y-%m-%d %H:%M")))
            .unwrap_or_default();
        let sample = match &found.sample {
            Some(_) => format!(", a sample of {}", counted(found.lists, "list")),
            None => String::new(),
        };
        let said = verified_words(found);
        let is_later = |run: &RunLine| run.started_at > found.began_at && run.requests > 0;
        let since = match self.runs.iter().any(is_later) {
            true => " Runs have sent something since.",
            false => "",
        };
        let uncompared = not_compared_words(&found.found);
        let uncompared = uncompared.map(|words| format!(" {words}")).unwrap_or_default();
        format!("\nVerified{when} by {}{sample}: {said}.{uncompared}{since}\n", one_line(&found.by))
    }
}

/// What it came to, as the rest of a sentence.
pub(in crate::report) fn verified_words(found: &Verification) -> String {
    match (found.exit, found.rows - found.right.min(found.rows)) {
        (exit::DONE, 0) => format!("all of {} were right", rows(found.rows)),
        (exit::DONE, by_id) => {
            format!("{} were right, and {} there by the id alone", rows(found.right), number(by_id))
        }
        (exit::DIFFERENT, 0) => {
            format!("{} were right, and some were in doubt", rows(found.rows))
        }
        (exit::DIFFERENT, wrong) => format!(
            "{} of {} were not as sent, or that is not known: {}",
            number(wrong),
            rows(found.rows),
            findings_words(&found.found)
        ),
        _ => format!(
            "not to the end, {} of {}",
            number(found.lists_read),
            counted(found.lists, "list")
        ),
    }
}

pub(in crate::report) fn verified_json(found: &Verification) -> Value {
    let by_kind: Map<String, Value> =
        found.found.iter().map(|(kind, rows)| (kind.clone(), json!(rows))).collect();
    json!({
        "began_at": rfc3339(found.began_at),
        "ended_at": rfc3339(found.ended_at),
        "by": found.by,
        "sample": found.sample,
        "lists": found.lists,
        "lists_read": found.lists_read,
        "rows": found.rows,
        "there": found.right,
        "found": by_kind,
        "strange": found.strange,
        "requests": found.requests,
        "exit": found.exit,
    })
}
