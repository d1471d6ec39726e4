//! Reminders in words and for scripts: those that will be past before their turn, and what was made of those that were.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::words::{counted, number, rows};
use crate::declared::job::PastReminders;
use crate::plan::Turns;
use crate::prepare::PastReminder;
use crate::text::quota::duration_text;

/// What was made of the reminders of rows that succeeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reminders {
    left_out: u64,
    shifted: u64,
    /// Of those that are shifted.
    behind: u64,
}

impl Reminders {
    pub(super) fn add(&mut self, made: Option<PastReminder>) {
        match made {
            Some(PastReminder::LeftOut) => self.left_out += 1,
            Some(PastReminder::Shifted) => self.shifted += 1,
            Some(PastReminder::ShiftedBehind) => {
                self.shifted += 1;
                self.behind += 1;
            }
            None => {}
        }
    }

    pub(super) fn all(self) -> u64 {
        self.left_out + self.shifted
    }
}

/// For the end of a run; nothing where no reminder was past.
pub(super) fn summed_up(made: Reminders) -> String {
    let mut text = String::new();
    if made.left_out > 0 {
        text.push_str(&format!(
            "\n{} sent without a reminder, which was past, as `past_reminders: drop_reminder` says.\n",
            were(made.left_out)
        ));
    }
    if made.shifted > 0 {
        text.push_str(&format!(
            "\n{} sent with a later reminder than written, which was past, as `past_reminders` says.\n",
            were(made.shifted)
        ));
        text.extend(behind(made.behind).map(|line| format!("{line}\n")));
    }
    text
}

/// For a plan; nothing where no row has a reminder.
pub(super) fn planned(turns: &Turns, policy: PastReminders, zone: Option<&TimeZone>) -> String {
    let lines = planned_lines(turns, policy, zone);
    match lines.is_empty() {
        true => String::new(),
        false => format!("\n{}\n", lines.join("\n")),
    }
}

/// The same, line by line; one that warns says so.
pub(super) fn planned_lines(
    turns: &Turns,
    policy: PastReminders,
    zone: Option<&TimeZone>,
) -> Vec<String> {
    let mut lines = Vec::new();
    if turns.left_out > 0 {
        lines.push(format!(
            "{}: the reminder is past, and left out, as `past_reminders: drop_reminder` says.",
            rows(turns.left_out)
        ));
    }
    if turns.shifted > 0 {
        lines.push(format!(
            "{}: the reminder is past, and comes after the row's turn, as `past_reminders` says.",
            rows(turns.shifted)
        ));
        lines.extend(behind(turns.behind));
    }
    let by = turns.start_by.and_then(|moment| told(moment, zone));
    if turns.late > 0 {
        let first: Vec<String> =
            turns.first_late.iter().map(|(row, line)| format!("row {row} (line {line})")).collect();
        let more = match turns.late - first.len() as u64 {
            0 => String::new(),
            more => format!(" and {} more", number(more)),
        };
        let then = match policy {
            PastReminders::Reject => {
                "such a row is not sent: the run counts it as invalid. The job's `past_reminders` can say otherwise".to_owned()
            }
            PastReminders::Drop => {
                "such a row is sent without its reminder, as `past_reminders: drop_reminder` says".to_owned()
            }
            PastReminders::Shift(span) => {
                format!("such a row reminds {} after its turn, as `past_reminders` says", duration_text(span))
            }
        };
        lines.push(format!(
            "warning: {} will be past before {} turn: {}{more}; {then}.",
            counted(turns.late, "reminder"),
            if turns.late == 1 { "its" } else { "their" },
            first.join(", ")
        ));
        if let Some(by) = by {
            lines.push(format!("For none to be, the run would have to start by {by}."));
        }
    } else if let Some(by) = by {
        lines.push(format!(
            "All reminders lie ahead at the turn of their rows if the run starts by {by}."
        ));
    }
    lines
}

/// The same for scripts.
pub(super) fn planned_event(turns: &Turns) -> Value {
    let first: Vec<Value> =
        turns.first_late.iter().map(|(row, line)| json!({"row": row, "line": line})).collect();
    let by = turns.start_by.and_then(|moment| Timestamp::from_millisecond(moment).ok());
    json!({
        "late": turns.late,
        "first_late": first,
        "start_by": by.map(|by| format!("{by:.3}")),
        "left_out": turns.left_out,
        "shifted": turns.shifted,
        "shifted_behind": turns.behind,
    })
}

/// Of reminders that are shifted, those that come behind what they should come before.
fn behind(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("warning: 1 of these reminders comes after the due date of its row.".to_owned()),
        count => Some(format!(
            "warning: {} of these reminders come after the due dates of their rows.",
            number(count)
        )),
    }
}

fn were(count: u64) -> String {
    format!("{} {}", rows(count), if count == 1 { "was" } else { "were" })
}

/// A moment in the job's zone, where it names one.
fn told(moment: i64, zone: Option<&TimeZone>) -> Option<String> {
    let zone = zone.cloned().unwrap_or(TimeZone::UTC);
    let name = zone.iana_name().unwrap_or("the job's zone").to_owned();
    let moment = Timestamp::from_millisecond(moment).ok()?.to_zoned(zone);
    Some(format!("{} ({name})", moment.strftime("%Y-%m-%d %H:%M:%S")))
}
