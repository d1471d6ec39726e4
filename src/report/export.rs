//! What `export` has written, and what it has not: the words and the events.

use std::path::Path;

use serde_json::{Value, json};

use super::exit;
use super::ndjson::event_of_nothing;
use super::remote::{RemoteEnd, WhyNotKnown, lists_of, not_known, silence};
use super::words::{about, cause, counted, number, obstacle, one_line};
use crate::recover::Extent;
use crate::row::Cause;
use crate::text::code::Code;
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;
use crate::text::quota::Quota;

/// So many lists are named, unless all are asked for.
const SHOWN: usize = 10;

/// A list, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct ExportedList {
    /// The row that asks for it.
    pub place: RowPlace,
    /// In words, as in `ticket tk_1`.
    pub words: String,
    pub state: ListState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListState {
    /// So many things of it are in the file: all of them.
    Written(u64),
    /// What the list is of is not there, in the other side's words.
    Missing(Cause),
    /// It was not seen to its end, and nothing of it is in the file.
    Unwhole(Extent),
    Refused(Cause),
    NoAnswer(Cause),
    NotAsked,
}

impl ListState {
    /// Whether another call would come to the same.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Written(_) | Self::Missing(_))
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Written(_) => "written",
            Self::Missing(_) => "list_missing",
            Self::Unwhole(_) | Self::Refused(_) | Self::NoAnswer(_) | Self::NotAsked => "not_known",
        }
    }

    fn why(&self) -> Option<String> {
        let why = match self {
            Self::Written(_) => return None,
            Self::Missing(why) => return Some(one_line(&cause(why))),
            Self::Unwhole(extent) => WhyNotKnown::List(*extent),
            Self::Refused(why) => WhyNotKnown::Refused(why.clone()),
            Self::NoAnswer(why) => WhyNotKnown::NoAnswer(why.clone()),
            Self::NotAsked => WhyNotKnown::NotAsked,
        };
        Some(not_known(&why))
    }
}

/// How an export ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExportEnd {
    Whole,
    /// All was asked for, and some lists could not be read to their ends.
    Unwhole,
    Ended(RemoteEnd),
    /// The file could not be written, in the system's words.
    Unwritten(String),
}

/// What an export came to.
#[derive(Debug, Clone)]
pub(crate) struct ExportView<'a> {
    pub job: &'a str,
    /// What one line is, in a word of the connector's.
    pub item: &'a str,
    /// What a list is of, as in `ticket`.
    pub noun: Option<&'a str>,
    pub lists: &'a [ExportedList],
    pub end: &'a ExportEnd,
    /// The file, or where the part of it is.
    pub file: &'a Path,
    pub requests: u64,
    /// The command as it was given.
    pub command: &'a CommandLine,
    /// All lists are named.
    pub all: bool,
}

/// What an export will cost, before it begins.
pub(crate) fn export_begins(
    (lists, known): (u64, u64),
    noun: Option<&str>,
    (duration, limited_by): (std::time::Duration, Option<&Quota>),
) -> String {
    let known_words = match known {
        0 => String::new(),
        known => format!(" ({} in the file already)", number(known)),
    };
    let binds = limited_by.map(|quota| format!(", {quota} is the quota that binds"));
    format!(
        "Exporting {}{known_words}: at least {}, {} or longer{}. Nothing but reads is sent.",
        lists_of(lists, noun),
        counted(lists - known, "request"),
        about(duration),
        binds.unwrap_or_default()
    )
}

/// The closing event where nothing could be exported.
pub(crate) fn nothing_exported() -> Value {
    event_of_nothing("exported", &["job", "file", "written"])
}

impl ExportView<'_> {
    fn written(&self) -> u64 {
        self.lists
            .iter()
            .map(|list| if let ListState::Written(count) = list.state { count } else { 0 })
            .sum()
    }

    fn count(&self, is: impl Fn(&ListState) -> bool) -> u64 {
        self.lists.iter().filter(|list| is(&list.state)).count() as u64
    }

    pub(crate) fn exit(&self) -> u8 {
        match self.end {
            ExportEnd::Whole if self.count(|state| matches!(state, ListState::Missing(_))) > 0 => {
                exit::FAILED
            }
            ExportEnd::Whole => exit::DONE,
            ExportEnd::Ended(RemoteEnd::Interrupted { signal, .. }) => exit::interrupted(*signal),
            ExportEnd::Unwhole | ExportEnd::Ended(_) | ExportEnd::Unwritten(_) => exit::STOPPED,
        }
    }

    /// For a person.
    pub(crate) fn text(&self) -> String {
        let noun = self.noun.unwrap_or("list");
        let done = self.count(|state| matches!(state, ListState::Written(_)));
        let mut text = format!(
            "{} of {} {} in {}.\n",
            counted(self.written(), &one_line(self.item)),
            counted(done, noun),
            if self.written() == 1 { "is" } else { "are" },
            self.file.display()
        );
        let empty = self.count(|state| *state == ListState::Written(0));
        if empty > 0 {
            text.push_str(&format!(
                "{} without a {}.\n",
                counted(empty, noun),
                one_line(self.item)
            ));
        }
        for (is, words) in [
            (true, "that the other side does not know"),
            (false, "that could not be read to the end, so that nothing of it is in the file"),
        ] {
            let wanted = |state: &ListState| match state {
                ListState::Written(_) => false,
                ListState::Missing(_) => is,
                _ => !is,
            };
            text.push_str(&self.named(&wanted, noun, words));
        }
        text.push_str(&self.ending());
        text
    }

    fn named(&self, wanted: &dyn Fn(&ListState) -> bool, noun: &str, words: &str) -> String {
        let count = self.count(wanted);
        if count == 0 {
            return String::new();
        }
        let most = if self.all { usize::MAX } else { SHOWN };
        let mut text = format!("{} {words}:\n", counted(count, noun));
        for list in self.lists.iter().filter(|list| wanted(&list.state)).take(most) {
            let why = list.state.why().unwrap_or_default();
            let row = list.place.row;
            text.push_str(&format!("  {} (row {row}): {why}\n", one_line(&list.words)));
        }
        if count > most as u64 {
            text.push_str(&format!("  and {} more (-v tells all)\n", number(count - most as u64)));
        }
        text
    }

    fn ending(&self) -> String {
        let part = self.file.display();
        let goes_on = format!(
            "The export is not whole, and {part} is no more than a part of it. The same command goes on: {}\n",
            self.command
        );
        match self.end {
            ExportEnd::Whole => String::new(),
            ExportEnd::Unwhole => goes_on,
            ExportEnd::Ended(RemoteEnd::Stopped { obstacle: why, after, .. }) => {
                format!("Stopped: {}{}. {goes_on}", one_line(&obstacle(why)), silence(*after))
            }
            ExportEnd::Ended(_) => format!("Interrupted. {goes_on}"),
            ExportEnd::Unwritten(error) => {
                format!("The file could not be written: {}. {goes_on}", one_line(error))
            }
        }
    }

    /// For a script: an event for each list, and one to close.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lists = self.lists.iter().map(|list| {
            json!({
                "event": "exported_list",
                "row": list.place.row,
                "line": list.place.line,
                "list": list.words,
                "state": list.state.word(),
                "written": if let ListState::Written(count) = list.state { Some(count) } else { None },
                "why": list.state.why(),
            })
        });
        let ended = match self.end {
            ExportEnd::Whole => "whole",
            ExportEnd::Ended(RemoteEnd::Interrupted { .. }) => "interrupted",
            ExportEnd::Unwhole | ExportEnd::Ended(_) | ExportEnd::Unwritten(_) => "stopped",
        };
        let closing = json!({
            "event": "exported",
            "job": self.job,
            "file": self.file.display().to_string(),
            "written": self.written(),
            "lists": self.lists.len(),
            "lists_written": self.count(|state| matches!(state, ListState::Written(_))),
            "lists_empty": self.count(|state| *state == ListState::Written(0)),
            "lists_missing": self.count(|state| matches!(state, ListState::Missing(_))),
            "not_known": self.count(|state| !state.is_final()),
            "requests": self.requests,
            "ended": ended,
            "whole": *self.end == ExportEnd::Whole,
            "exit": self.exit(),
        });
        lists.chain([closing]).collect()
    }
}

/// That a file says nothing of how it is to be written.
pub(crate) fn of_no_export(path: &Path) -> Diagnostic {
    let place = Place::File(path.display().to_string().into());
    let message = "the name does not say how to write this file";
    Diagnostic::error(Code::UnwritableFile, place, message)
        .hint("let the name end with .csv or .jsonl, or say --as csv or --as jsonl")
}

/// Why a file cannot be written.
pub(crate) fn of_export_file(path: &Path, words: String, hint: &str) -> Diagnostic {
    let place = Place::File(path.display().to_string().into());
    Diagnostic::error(Code::UnwritableFile, place, words).hint(hint)
}
