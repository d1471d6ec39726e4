//! One row of a plan, for a person: its request in full, or why it is held.

use super::PlanHead;
use super::reason::reason;
use crate::plan::{Notable, Step};
use crate::report::json_text::{pretty, visible};
use crate::report::paint::Paint;
use crate::report::words::{notable, one_line};

/// Empty for a row that does not say its operation.
pub(super) fn name_of(step: &Step) -> &str {
    step.operation.as_ref().map_or("", |operation| &*operation.name)
}

pub(super) fn method_of(step: &Step) -> &'static str {
    step.operation.as_ref().map_or("", |operation| operation.method.as_str())
}

/// A request as it is sent, and the command that sends the same.
pub(super) fn in_full(
    step: &Step,
    why_chosen: Option<Notable>,
    (head, paint): (&PlanHead, Paint),
) -> String {
    let chosen = why_chosen.map(|why| format!(" ({})", notable(why))).unwrap_or_default();
    let mut text = format!("\n{}\n", paint.faint(&format!("{}{chosen}", place(step))));
    if let Some(ready) = &step.ready {
        let request = format!("{} {}", method_of(step), one_line(&ready.request.path));
        text.push_str(&format!("  {}\n", paint.bold(&request)));
        if let Some(body) = &ready.request.body {
            text.push_str(&indented(&pretty(body)));
        }
    }
    if let Some(reason) = reason(step) {
        text.push_str(&format!("  note: {}\n", one_line(&reason)));
    }
    if let Some(ready) = &step.ready {
        let curl = ready.request.curl(&head.address, head.header.as_deref());
        for line in [PASTED, &*visible(&curl)] {
            text.push_str(&format!("  {}\n", paint.faint(line)));
        }
    }
    text
}

/// What whoever pastes a command has to know first.
pub(super) const PASTED: &str =
    "pasting this into sh, bash or zsh SENDS it, unknown to the ledger:";

/// A row that is done and has changed.
pub(super) fn changed_row(step: &Step, paint: Paint) -> String {
    let reason = reason(step).unwrap_or_default();
    format!("\n{}\n  {}\n", paint.faint(&named(step)), one_line(&reason))
}

/// A row that is no longer in the source, and what it has made is to be deleted.
pub(super) fn deleted(step: &Step, paint: Paint) -> String {
    let reason = reason(step).unwrap_or_default();
    format!("\n{}\n  {}\n", paint.faint(&named(step)), one_line(&reason))
}

/// A row that is held, and why.
pub(super) fn held(step: &Step, paint: Paint) -> String {
    let reason = reason(step).unwrap_or_default();
    format!("\n{}\n  held: {}\n", paint.faint(&named(step)), one_line(&reason))
}

/// `row 12 (line 13, ticket tk_1, key L-12): ticket_note.create`.
pub(super) fn named(step: &Step) -> String {
    let lane = match (&step.ready, &step.known) {
        (Some(ready), _) => &*ready.lane,
        (None, Some(known)) => &*known.lane,
        (None, None) => "",
    };
    let lane = if lane.is_empty() { String::new() } else { format!(", {}", one_line(lane)) };
    let key = match &*step.key {
        "" => String::new(),
        key => format!(", key {}", one_line(key)),
    };
    format!("row {} (line {}{lane}{key}): {}", step.place.row, step.place.line, name_of(step))
}

fn place(step: &Step) -> String {
    format!("row {} (line {}): {}", step.place.row, step.place.line, name_of(step))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
