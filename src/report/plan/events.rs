//! A plan as events, for a script.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::columns::columns_event;
use super::contents::contents_event;
use super::reason::reason;
use super::row::{method_of, name_of};
use super::{Group, PlanTotals};
use crate::plan::{Done, Fate, Held, Sending, Step};
use crate::prepare::PastReminder;
use crate::report::json_text::on_one_line;
use crate::report::left_out::reasons_event;
use crate::report::ndjson::event_of_nothing;
use crate::report::reminders;
use crate::report::remote::remote_event;
use crate::report::words::nothing_deleted;

/// A `step` event.
#[derive(Serialize)]
pub(super) struct StepLine<'a> {
    event: &'static str,
    row: u64,
    line: u64,
    action: &'static str,
    operation: &'a str,
    method: &'static str,
    path: Option<&'a str>,
    body: Option<Body>,
    /// Only where it is so: the row is done and has changed since; or it is done and no longer in the source, and its numbers
    /// are those that it had there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    changed: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What is made of the row's reminder, if that is past.
    #[serde(skip_serializing_if = "Option::is_none")]
    reminder: Option<&'static str>,
}

/// A body as it is sent, or as text should it be no JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Body {
    Json(Box<RawValue>),
    Text(String),
}

impl<'a> StepLine<'a> {
    pub(super) fn of(step: &'a Step) -> Self {
        let request = step.ready.as_ref().map(|ready| &ready.request);
        Self {
            event: "step",
            row: step.place.row,
            line: step.place.line,
            action: Group::of(step.fate).word(),
            operation: name_of(step),
            method: method_of(step),
            path: request.map(|request| request.path.as_str()),
            body: request.and_then(|request| request.body.as_deref()).map(Body::of),
            changed: match step.fate {
                Fate::Skip(done) => done == Done::Changed,
                Fate::Send(sending) | Fate::Later(sending) => sending.is_update(),
                _ => false,
            },
            missing: matches!(step.fate, Fate::Send(sending) if sending.is_delete()),
            reason: reason(step),
            reminder: step
                .ready
                .as_ref()
                .and_then(|ready| ready.reminder.made)
                .map(PastReminder::word),
        }
    }
}

impl Body {
    fn of(text: &str) -> Self {
        let text = on_one_line(text);
        match serde_json::from_str(&text) {
            Ok(json) => Self::Json(json),
            Err(_) => Self::Text(text),
        }
    }
}

/// The closing event of `plan`. Seconds are rounded up.
pub(super) fn planned_event(totals: &PlanTotals) -> Value {
    let part = u64::from(totals.duration.subsec_nanos() > 0);
    let mut event = json!({
        "event": "planned",
        "rows": totals.tally.rows(),
        "send": totals.count(Group::Send),
        "skip": totals.count(Group::Skip),
        "hold": totals.count(Group::Hold),
        "reject": totals.count(Group::Reject),
        "requests": totals.count(Group::Send) + totals.before.requests,
        "snapshots": totals.before.event(),
        "seconds": totals.duration.as_secs().saturating_add(part),
        "limited_by": totals.limited_by,
        "changed": totals.changed(),
        "update": totals.further().0,
        "delete": totals.further().1,
        "nothing_deleted": totals.stays.kept.as_ref().map(nothing_deleted),
        "unprovable": totals.stays.unprovable,
        "unfinished": totals.stays.unfinished,
        "beyond_limit": totals.count(Group::Later),
        "repeated": totals.repeated,
        "looked_for_first": totals.sent(Sending::Settle),
        "behind_doubts": totals.sent(Sending::IfSettled),
        "sent_again": totals.sent(Sending::Repeat) + totals.sent(Sending::Resend),
        "may_be_twice": totals.sent(Sending::Resend),
        "filtered": totals.count(Group::Filter),
        "filtered_by": reasons_event(&totals.filtered),
        "duplicates": totals.count(Group::Duplicate),
        "dismissed": totals.count(Group::Dismissed),
        "undone": totals.count(Group::Undone),
        "running": totals.running,
        "held": held_event(totals),
        "contents": contents_event(&totals.contents, totals.zone.as_ref()),
        "columns": columns_event(&totals.profile),
        "remote": totals.remote.as_ref().map(remote_event),
        "reminders": reminders::planned_event(&totals.turns),
    });
    if let Value::Object(fields) = &mut event {
        fields.extend(totals.plan.map(|plan| ("plan".to_owned(), json!(plan.to_string()))));
    }
    event
}

/// All words that a plan has for what becomes of rows.
#[cfg(test)]
pub(in crate::report) fn words() -> Vec<String> {
    let mut words: Vec<String> =
        Fate::ALL.iter().map(|fate| Group::of(*fate).word().to_owned()).collect();
    if let Value::Object(held) = held_event(&PlanTotals::default()) {
        words.extend(held.into_iter().map(|(name, _)| name));
    }
    let counts =
        ["looked_for_first", "behind_doubts", "sent_again", "may_be_twice", "beyond_limit"];
    words.extend(counts.map(str::to_owned));
    words.extend(crate::report::remote::kinds());
    words
}

/// Why rows are held.
fn held_event(totals: &PlanTotals) -> Value {
    let names = [
        ("in_doubt", Held::InDoubt),
        ("behind", Held::Behind),
        ("under_way", Held::UnderWay),
        ("refused", Held::Refused),
    ];
    names.map(|(name, held)| (name.to_owned(), json!(totals.held(held)))).into_iter().collect()
}

/// The closing event of a plan that there is not.
pub(crate) fn nothing_planned() -> Value {
    let unknown = [
        "rows",
        "send",
        "skip",
        "hold",
        "reject",
        "requests",
        "seconds",
        "limited_by",
        "changed",
        "beyond_limit",
        "repeated",
        "looked_for_first",
        "behind_doubts",
        "sent_again",
        "may_be_twice",
        "filtered",
        "filtered_by",
        "duplicates",
        "dismissed",
        "running",
        "held",
        "contents",
        "columns",
        "remote",
    ];
    event_of_nothing("planned", &unknown)
}
