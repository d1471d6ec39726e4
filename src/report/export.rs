//! What `export` has written, and what it has not: the words and the events.

use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Zoned;
use serde_json::{Value, json};

use super::exit;
use super::ndjson::event_of_nothing;
use super::remote::{RemoteEnd, WhyNotKnown, lists_of, minute, not_known, silence};
use super::words::{about, cause, counted, number, obstacle, one_line};
use crate::recover::Extent;
use crate::row::Cause;
use crate::table::Refusal;
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
    /// It was read to its end, and something in it does not show a yes or no that what makes such things takes: nothing of the
    /// list is in the file, since run back in that would be guessed.
    Untold {
        field: String,
    },
    /// It shows one thing more than once, and not the same of it: nothing of it is in the file.
    Contradicting,
    Refused(Cause),
    NoAnswer(Cause),
    NotAsked,
}

impl ListState {
    /// Whether another call would come to the same.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Written(_) | Self::Missing(_) | Self::Untold { .. } | Self::Contradicting
        )
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Written(_) => "written",
            Self::Missing(_) => "list_missing",
            Self::Untold { .. } => "flag_not_shown",
            Self::Contradicting => "list_inconsistent",
            Self::Unwhole(_) | Self::Refused(_) | Self::NoAnswer(_) | Self::NotAsked => "not_known",
        }
    }

    fn why(&self) -> Option<String> {
        let why = match self {
            Self::Written(_) => return None,
            Self::Missing(why) => return Some(one_line(&cause(why))),
            Self::Untold { field } => {
                let field = one_line(field);
                return Some(format!(
                    "the list does not show `{field}` of everything in it as yes or no"
                ));
            }
            Self::Contradicting => WhyNotKnown::List(Extent::Contradicting),
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
    /// From when on lists were read by earlier calls, where some were.
    pub known_since: Option<&'a Zoned>,
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
    (lists, known, known_since): (u64, u64, Option<&Zoned>),
    noun: Option<&str>,
    (duration, limited_by): (std::time::Duration, Option<&Quota>),
) -> String {
    let known_words = match known {
        0 => String::new(),
        known => {
            let since = known_since.map(|since| format!(", read from {} on", minute(since)));
            format!(" ({} in the file already{})", number(known), since.unwrap_or_default())
        }
    };
    let binds = limited_by.map(|quota| format!(", {quota} is the quota that binds"));
    let since = match known {
        0 => "",
        _ => {
            "\nWhat was added since to the lists that are there is not in the file: to read them anew, delete the .part and its .log."
        }
    };
    format!(
        "Exporting {}{known_words}: at least {}, {} or longer{}. Nothing but reads is sent.{since}",
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
            ExportEnd::Whole if self.count(|state| !matches!(state, ListState::Written(_))) > 0 => {
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
        if let Some(since) = self.known_since {
            text.push_str(&format!(
                "Some lists were read by an earlier call, from {} on: what came later is not in them.\n",
                minute(since)
            ));
        }
        type Kind<'a> = (fn(&ListState) -> bool, &'a str);
        let kinds: [Kind<'_>; 4] = [
            (|state| matches!(state, ListState::Missing(_)), "that the other side does not know"),
            (
                |state| matches!(state, ListState::Untold { .. }),
                "left out of the file, since run back in a note could show to whom it should not",
            ),
            (
                |state| *state == ListState::Contradicting,
                "left out of the file, since what is so in it cannot be known",
            ),
            (
                |state| !state.is_final(),
                "that could not be read to the end, so that nothing of it is in the file",
            ),
        ];
        let is_asked = self.count(|state| *state != ListState::NotAsked) > 0;
        for (wanted, words) in kinds.into_iter().filter(|_| is_asked) {
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
            "lists_untold": self.count(|state| matches!(state, ListState::Untold { .. })),
            "lists_inconsistent": self.count(|state| *state == ListState::Contradicting),
            "lists_missing": self.count(|state| matches!(state, ListState::Missing(_))),
            "not_known": self.count(|state| !state.is_final()),
            "known_since": self.known_since.map(|since| since.timestamp().to_string()),
            "requests": self.requests,
            "ended": ended,
            "whole": *self.end == ExportEnd::Whole,
            "exit": self.exit(),
        });
        lists.chain([closing]).collect()
    }
}

/// Why there is no export to a file.
#[derive(Debug)]
pub(crate) enum NoExport {
    /// Its name says nothing of how it is to be written.
    Formless,
    /// Something is in its place.
    Exists,
    /// The part is of another export.
    Other,
    /// Another process writes it at this moment.
    InUse,
    Io(io::Error),
}

/// Why a file cannot be written.
pub(crate) fn of_no_export(path: &Path, why: &NoExport) -> Diagnostic {
    let (message, hint) = match why {
        NoExport::Formless => (
            "the name does not say how to write this file".to_owned(),
            "let the name end with .csv or .jsonl, or say --as csv or --as jsonl",
        ),
        NoExport::Exists => (
            "a file of this name is there already".to_owned(),
            "name another file, or say --replace",
        ),
        NoExport::Other => (
            "this is the part of another export: of another job, target, form, or connector, or of an earlier version".to_owned(),
            "name another file; or delete this one, if that export is not to be gone on with",
        ),
        NoExport::InUse => (
            "another export writes this file at this moment".to_owned(),
            "wait for it, or name another file",
        ),
        NoExport::Io(error) => (
            format!("this file cannot be written: {error}"),
            "name a file in a folder that is there and may be written to",
        ),
    };
    unwritable(path, message, hint)
}

/// Why nothing may be put in the place of what is there.
pub(crate) fn of_export_place(path: &Path, why: &Refusal) -> Diagnostic {
    let message = match why {
        Refusal::Source => {
            "the job reads this file, or it is the job or its ledger, which is never replaced"
                .to_owned()
        }
        Refusal::Special => "a folder, a link or a device is there, and no plain file".to_owned(),
        Refusal::Other => "something else is there".to_owned(),
        Refusal::Io(error) => format!("this file cannot be written: {error}"),
    };
    unwritable(path, message, "name another file")
}

fn unwritable(path: &Path, message: String, hint: &str) -> Diagnostic {
    let place = Place::File(path.display().to_string().into());
    Diagnostic::error(Code::UnwritableFile, place, message).hint(hint)
}

/// That what was exported would be made once more.
pub(crate) fn of_exported_rows(source: &Arc<str>, id_column: &str, item: &str) -> Diagnostic {
    let message = format!(
        "the source has `{}` and `created`, as an export has: each {} is made anew, also where the one of that id is still there",
        one_line(id_column),
        one_line(item)
    );
    Diagnostic::warning(Code::ExportedRows, Place::File(Arc::clone(source)), message)
        .hint("`plan --remote` shows first which are there already")
}

/// That no row asks for a list.
pub(crate) fn of_no_lists(source: &Arc<str>) -> Diagnostic {
    let message = "there is no row that asks for a list, so there is nothing to export";
    Diagnostic::error(Code::UnknownRow, Place::File(Arc::clone(source)), message)
        .hint("a source of an export has a row for each list: a column `ticket_id`, say")
}

/// That an operation lists nothing; `known` are those that do.
pub(crate) fn of_nothing_listed(place: Place, operation: &str, known: &[String]) -> Diagnostic {
    let message = format!("`{operation}` lists nothing that could be exported");
    let hint = format!(
        "an export takes an operation whose lists the connector describes: {}",
        known.join(", ")
    );
    Diagnostic::error(Code::UnknownOperation, place, message).hint(hint)
}
