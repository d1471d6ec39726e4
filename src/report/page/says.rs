//! The sentences of a page.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::plan::{self, Group, PlanTotals};
use super::super::reminders;
use super::super::words::{held_in_doubt, number, one_line, rows, rows_are};
use crate::declared::connector::Effect;
use crate::plan::{Contents, Done, Fate, Held, LeftOut, OperationContents, Sending};

/// An operation and its rows.
#[derive(Debug, Serialize)]
pub(super) struct OperationSays {
    effect: &'static str,
    rows: String,
    says: String,
    lanes: String,
    facts: Vec<String>,
}

/// A line of the equation: so many rows, what becomes of them, and why.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    kind: &'static str,
    rows: String,
    what: &'static str,
    why: String,
}

/// What the lanes of a plan are called: `ticket`.
pub(super) fn lane_noun(contents: &Contents) -> String {
    let noun = contents.operations.iter().find_map(|one| one.operation.lane.noun());
    noun.map_or_else(|| "lane".to_owned(), one_line)
}

/// `task_reminder_time` as people say it.
pub(super) fn field_words(name: &str) -> String {
    one_line(name).replace('_', " ")
}

pub(super) fn operations(contents: &Contents, zone: Option<&TimeZone>) -> Vec<OperationSays> {
    let says = |one: &OperationContents| OperationSays {
        effect: effect_class(one.operation.effect),
        rows: number(one.rows),
        says: one
            .operation
            .about
            .as_deref()
            .map_or_else(|| one_line(&one.operation.name), one_line),
        lanes: plan::lanes_of(one),
        facts: plan::details_of(one, zone),
    };
    contents.operations.iter().map(says).collect()
}

fn effect_class(effect: Effect) -> &'static str {
    match effect {
        Effect::Create => "create",
        Effect::Update => "update",
        Effect::Delete => "delete",
        Effect::Read => "read",
    }
}

/// What the other side's customers get to see, as far as the connector has words for that.
pub(super) fn visible(contents: &Contents) -> Vec<String> {
    let flags = contents.operations.iter().flat_map(|one| {
        let set = &one.operation.fields;
        one.flags.iter().filter_map(move |count| {
            let name = set.name(count.field);
            let words = set.counted_as(name, false)?;
            if count.no == 0 || !words.contains("visible") {
                return None;
            }
            let by_default = match count.by_default {
                0 => String::new(),
                some => format!(" ({} of them since nothing says otherwise)", number(some)),
            };
            let name = one_line(&one.operation.name);
            Some(format!("{} of {name}: {}{by_default}", rows(count.no), one_line(words)))
        })
    });
    flags.collect()
}

/// What nobody can undo.
pub(super) fn irreversible(contents: &Contents) -> Vec<String> {
    let says = |one: &OperationContents| match one.operation.effect {
        Effect::Delete => Some(format!("{} will be deleted", what(one))),
        Effect::Update => {
            Some(format!("{} will be changed, and their former text is not kept", what(one)))
        }
        Effect::Create | Effect::Read => None,
    };
    contents.operations.iter().filter_map(says).collect()
}

fn what(one: &OperationContents) -> String {
    format!("{} by {}", rows(one.rows), one_line(&one.operation.name))
}

/// What somebody should know before saying yes.
pub(super) fn attention(totals: &PlanTotals) -> Vec<String> {
    let held = |held| totals.held(held);
    let mut lines = Vec::new();
    if held(Held::InDoubt) > 0 {
        let count = held(Held::InDoubt);
        let way = held_in_doubt(totals.in_doubt, count);
        lines.push(format!("{} in doubt and held back. {way}", rows_are(count)));
    }
    if totals.sent(Sending::Resend) > 0 {
        let count = totals.sent(Sending::Resend);
        lines.push(format!(
            "{} in doubt and would be sent again: what is there may then be there twice.",
            rows_are(count)
        ));
    }
    if totals.changed() > 0 {
        lines.push(format!(
            "{} done and changed since; they are not sent again.",
            rows_are(totals.changed())
        ));
    }
    if totals.repeated > 0 {
        lines.push(format!(
            "{} taken for rows that are done, by nothing but their content.",
            rows_are(totals.repeated)
        ));
    }
    if totals.running.is_some() {
        lines.push(
            "A run of this job is under way; what it does meanwhile is not on this page."
                .to_owned(),
        );
    }
    lines.extend(reminders_of(totals));
    if totals.tally.to_send() > 0 {
        lines.push(
            "Notifications and triggers of the other side may act on every row that is sent: switch off those that must not."
                .to_owned(),
        );
    }
    lines
}

/// Reminders that will be past before their rows' turns, and by when a run has to start; who reads this is warned by where it stands.
fn reminders_of(totals: &PlanTotals) -> impl Iterator<Item = String> {
    let zone = totals.zone.as_ref();
    let lines = reminders::planned_lines(&totals.turns, totals.past_reminders, zone);
    lines.into_iter().map(|line| line.strip_prefix("warning: ").unwrap_or(&line).to_owned())
}

/// How long it takes.
pub(super) fn time(totals: &PlanTotals) -> String {
    plan::time(totals).trim_end().to_owned()
}

/// Every row of the source, by what becomes of it.
pub(super) fn equation(totals: &PlanTotals) -> Vec<Line> {
    let each = totals.tally.each().filter(|(_, count)| *count > 0);
    each.map(|(fate, count)| {
        let (kind, what, why) = fate_says(fate);
        let why = match fate {
            Fate::LeaveOut(LeftOut::Filtered) => filtered_by(totals),
            _ => why.to_owned(),
        };
        Line { kind, rows: number(count), what, why }
    })
    .collect()
}

fn fate_says(fate: Fate) -> (&'static str, &'static str, &'static str) {
    let kind = match Group::of(fate) {
        Group::Send => "send",
        Group::Hold => "doubt",
        Group::Reject => "reject",
        Group::Skip
        | Group::Later
        | Group::Filter
        | Group::Duplicate
        | Group::Dismissed
        | Group::Undone => "rest",
    };
    let (what, why) = match fate {
        Fate::Send(Sending::Fresh) => ("would be sent", ""),
        Fate::Send(Sending::Repeat) => {
            ("would be sent again", "a request left and may have acted; a repeat is harmless")
        }
        Fate::Send(Sending::Resend) => (
            "would be sent again, and may then be there twice",
            "a request left and may have acted; the job says `in_doubt: resend`",
        ),
        Fate::Send(Sending::IfSettled) => (
            "would be sent if the row before them is settled",
            "they stand behind a row that is looked for first",
        ),
        Fate::Send(Sending::Settle) => (
            "would be looked for first",
            "a request left and may have acted; sent only if it is not there",
        ),
        Fate::Send(Sending::Update) => (
            "would change what they have made",
            "done and changed since; only where what is there is as it was sent, and nothing but what an update carries has \
             changed",
        ),
        Fate::Send(Sending::UpdateAgain) => (
            "would change what they have made",
            "an earlier update left and may have acted; a repeat is harmless",
        ),
        Fate::Send(Sending::Delete) => (
            "would be deleted",
            "done, and no longer in the source; only where what is there is as it was sent",
        ),
        Fate::Send(Sending::DeleteAgain) => {
            ("would be deleted", "an earlier delete left and may have acted; a repeat is harmless")
        }
        Fate::Later(_) => ("beyond the limit of this pilot", "a later run sends them"),
        Fate::Skip(Done::Unchanged) => ("done already", "an earlier run sent them"),
        Fate::Skip(Done::Changed) => ("done already, changed since", "not sent again"),
        Fate::Hold(Held::InDoubt) => ("held back, in doubt", "a request left and may have acted"),
        Fate::Hold(Held::Refused) => {
            ("held back", "failed earlier, and nothing about them has changed")
        }
        Fate::Hold(Held::Behind) => ("held back", "they wait behind a row that is in doubt"),
        Fate::Hold(Held::UnderWay) => ("held back", "another run is at work on them"),
        Fate::LeaveOut(LeftOut::Filtered) => ("left out", "the job's `where` does not keep them"),
        Fate::LeaveOut(LeftOut::Duplicate) => {
            ("left out", "an earlier row says the same and is sent for both")
        }
        Fate::LeaveOut(LeftOut::Dismissed) => {
            ("left out", "dismissed by a person, who has looked at what became of them")
        }
        Fate::LeaveOut(LeftOut::Undone) => ("left out", "what they had done was undone"),
        Fate::Reject => ("invalid", "would not be sent; see below"),
    };
    (kind, what, why)
}

/// So many reasons are named.
const REASONS: usize = 8;

/// Why the job's `where` leaves rows out, the most frequent reason first.
fn filtered_by(totals: &PlanTotals) -> String {
    let mut reasons: Vec<_> = totals.filtered.0.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = reasons.iter().take(REASONS);
    let mut named: Vec<String> =
        named.map(|(why, count)| format!("{} {}", number(*count), one_line(why))).collect();
    if reasons.len() > REASONS {
        named.push("others for other reasons".to_owned());
    }
    named.join("; ")
}
