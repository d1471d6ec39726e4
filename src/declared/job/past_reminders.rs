//! The policy for rows whose reminders are past. What follows from it is for `prepare`; which times are reminders is said by
//! the connector.

use std::time::Duration;

use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::document::Document;
use crate::text::pointer::Pointer;
use crate::text::quota::parse_duration;

/// What becomes of a row whose reminder is past when it is checked, or when its turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PastReminders {
    /// It is invalid.
    #[default]
    Reject,
    /// It is sent without the reminder.
    Drop,
    /// The reminder comes so long after the row's turn.
    Shift(Duration),
}

/// As it is written.
#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub(crate) enum PastRemindersFile {
    Word(PastRemindersWord),
    Shift(ShiftFile),
}

#[derive(Debug, Clone, Copy, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PastRemindersWord {
    Reject,
    DropReminder,
}

#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShiftFile {
    /// How long after its turn a row reminds, as in 1h.
    #[schemars(extend("examples" = ["1h"]))]
    shift: String,
}

/// A reminder that is moved by less would be past before it has arrived.
const LEAST: Duration = Duration::from_secs(60);
/// Nobody means more than a year.
const MOST: Duration = Duration::from_secs(366 * 24 * 3600);

/// From what is written to what is meant; what is no time to move by is told.
pub(super) fn resolve(
    file: Option<&PastRemindersFile>,
    document: &Document,
    problems: &mut Vec<Diagnostic>,
) -> PastReminders {
    let text = match file {
        None | Some(PastRemindersFile::Word(PastRemindersWord::Reject)) => {
            return PastReminders::Reject;
        }
        Some(PastRemindersFile::Word(PastRemindersWord::DropReminder)) => {
            return PastReminders::Drop;
        }
        Some(PastRemindersFile::Shift(ShiftFile { shift })) => shift,
    };
    let place = || document.place_at(&Pointer::of(["past_reminders", "shift"]));
    let mut refuse = |message: String, hint: String| {
        problems.push(Diagnostic::error(Code::InvalidValue, place(), message).hint(hint));
        PastReminders::Reject
    };
    match parse_duration(text) {
        Ok(span) if (LEAST..=MOST).contains(&span) => PastReminders::Shift(span),
        Ok(_) => refuse(
            format!("a reminder cannot be moved by {text}"),
            "write a time from 1m to 366 days, as in 1h".to_owned(),
        ),
        Err(error) => refuse(error.to_string(), error.hint().to_string()),
    }
}
