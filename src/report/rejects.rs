//! What `rejects` and `done` say of themselves: how many rows were written, where to, and what to do with them. The rows
//! themselves go into a file, or are events; why a row is not done is said here.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::words::{number, rows, rows_are};
use crate::ledger::{DoneRow, FailedRow, JobName};
use crate::row::Cause;
use crate::text::code::Code;
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::visible::shown;

/// So many rows are named that the source has no longer.
const NAMED: usize = 5;

/// Why a row is not done.
#[derive(Debug, Clone)]
pub(crate) enum Why {
    /// What became of its requests.
    Cause(Box<Cause>),
    /// A request left, and the ledger knows no more.
    Unknown,
    /// What is wrong with it: errors alone, and one at least.
    Problems(Vec<Diagnostic>),
    /// An earlier row of the source has its key.
    RepeatedKey,
}

impl Why {
    /// The API's own code, or that of the first problem.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Cause(cause) => cause.code.as_deref(),
            Self::Unknown => None,
            Self::Problems(problems) => problems.first().map(|problem| problem.code.word()),
            Self::RepeatedKey => Some(Code::RepeatedKey.word()),
        }
    }

    /// In one text.
    pub(crate) fn words(&self) -> Cow<'static, str> {
        match self {
            Self::Cause(cause) => super::words::cause(cause).into(),
            Self::Unknown => "nothing is known of its answer".into(),
            Self::Problems(problems) => {
                let words: Vec<Cow<'_, str>> = problems.iter().map(with_column).collect();
                words.join("; ").into()
            }
            Self::RepeatedKey => "an earlier row of the source has its key".into(),
        }
    }

    /// What to do about it, where its problems say that.
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Problems(problems) => problems.first()?.hint.as_deref().map(Cow::Borrowed),
            Self::RepeatedKey => Some("give the row a key of its own".into()),
            Self::Cause(_) | Self::Unknown => None,
        }
    }
}

fn with_column(problem: &Diagnostic) -> Cow<'_, str> {
    let column = match &problem.place {
        Place::Row(place) => place.column.as_ref(),
        _ => None,
    };
    match column {
        Some(column) => format!("{column}: {}", problem.message).into(),
        None => Cow::Borrowed(problem.message.as_ref()),
    }
}

/// What to do with a row that is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advice {
    /// It was refused.
    Correct,
    /// It may have arrived.
    Settle,
    /// It comes to several notes, and nothing names them.
    KeyForParts,
}

impl Advice {
    /// In one text; the advice of what is wrong with the row where there is no other.
    pub(crate) fn words(advice: Option<Self>, why: &Why) -> Option<Cow<'_, str>> {
        let Some(advice) = advice else { return why.hint() };
        let words = match advice {
            Self::Correct => {
                "correct what was refused. A row that is right as it is goes again with --retry-failed"
            }
            Self::Settle => {
                "it may have arrived: look whether it is there and say so with `noteferry settle` (--there or --absent). Left as it is \
                 here a run looks for it"
            }
            Self::KeyForParts => {
                "the row comes to several notes and the job has no key, so it cannot come back: give the job a `key`, or correct the \
                 row in the source"
            }
        };
        Some(words.into())
    }
}

/// A file has corrections that were not sent.
pub(crate) fn of_unsent_corrections(file: &Path, count: u64) -> Diagnostic {
    let place = Place::File(file.display().to_string().into());
    let (were, message) = (if count == 1 { "was" } else { "were" }, rows(count));
    let message = format!("{message} of this file {were} corrected and not sent yet");
    Diagnostic::error(Code::UnwritableFile, place, message)
        .hint("send them first (noteferry run JOB --from FILE), name another file, or add --force to lose what was corrected")
}

/// What `rejects` has come to.
#[derive(Debug)]
pub(crate) struct RejectsView {
    pub job: String,
    pub target: Option<JobName>,
    pub failed: u64,
    pub in_doubt: u64,
    pub invalid: u64,
    pub unreadable: u64,
    pub under_way: u64,
    /// Not written, since others were asked for.
    pub others: u64,
    pub gone: Vec<FailedRow>,
    /// Where they were written; none for standard output.
    pub file: Option<PathBuf>,
    /// There is nothing to write, and a file of an earlier time is still there.
    pub is_stale: bool,
    /// The command that sends them.
    pub next: CommandLine,
}

impl RejectsView {
    fn written(&self) -> u64 {
        self.failed + self.in_doubt + self.invalid
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let file = self.file.as_ref().map(|file| shown(&file.display().to_string()).into_owned());
        match self.written() {
            0 if self.others > 0 => text.push_str(&format!(
                "No row is as --state and --code ask for: nothing was written. Without them {} failed, invalid or in doubt.\n",
                rows_are(self.others)
            )),
            0 if self.unreadable == 0 => {
                text.push_str("No row is failed, invalid or in doubt: nothing was written.\n");
            }
            0 => text.push_str("Nothing was written.\n"),
            written => {
                let kinds = [
                    (self.failed, "failed"),
                    (self.in_doubt, "in doubt"),
                    (self.invalid, "invalid"),
                ];
                let kinds: Vec<String> = kinds
                    .into_iter()
                    .filter(|(count, _)| *count > 0)
                    .map(|(count, word)| format!("{} {word}", number(count)))
                    .collect();
                let to = file.as_ref().map(|file| format!(" to {file}")).unwrap_or_default();
                text.push_str(&format!("{} written{to}: {}.\n", rows(written), kinds.join(", ")));
                text.push_str(&format!(
                    "Correct them there, leave the column _ref as it is, and send them: {}\n",
                    self.next
                ));
            }
        }
        if self.in_doubt > 0 {
            text.push_str(
                "Rows in doubt may have arrived: one that was edited is not sent before it is settled, by `noteferry run` on the job \
                 itself or by `noteferry settle`.\n",
            );
        }
        if self.unreadable > 0 {
            text.push_str(&format!(
                "{} cannot be read, so nothing could be written of them: correct the source, see `noteferry check`.\n",
                rows(self.unreadable)
            ));
        }
        if self.under_way > 0 {
            text.push_str(&format!(
                "{} under way at this moment, and not among them.\n",
                rows_are(self.under_way)
            ));
        }
        text.push_str(&self.gone_text());
        if let Some(file) = file.filter(|_| self.is_stale) {
            text.push_str(&format!("{file} is of an earlier time and was left as it is.\n"));
        }
        text
    }

    fn gone_text(&self) -> String {
        let count = self.gone.len() as u64;
        if count == 0 {
            return String::new();
        }
        let mut text = format!(
            "{} not in the source any more, so nothing could be written of {}; the ledger knows:\n",
            rows_are(count),
            if count == 1 { "it" } else { "them" }
        );
        for row in self.gone.iter().take(NAMED) {
            let why = row.cause.as_ref().map(super::words::cause);
            let why = why.map(|why| format!(": {}", shown(&why))).unwrap_or_default();
            text.push_str(&format!(
                "  row {} (line {}, key {}, {}) {}{why}\n",
                row.place.row,
                row.place.line,
                shown(&row.key),
                shown(&row.lane),
                row.state.word().replace('_', " ")
            ));
        }
        if self.gone.len() > NAMED {
            let more = self.gone.len() - NAMED;
            text.push_str(&format!(
                "  and {} more: see `noteferry status -v`\n",
                number(more as u64)
            ));
        }
        text
    }

    /// For a script: the closing event.
    pub(crate) fn event(&self) -> Value {
        let gone: Vec<Value> = self.gone.iter().map(gone_row).collect();
        json!({
            "event": "rejects",
            "job": self.job,
            "base_url": self.target.as_ref().map(|target| &target.base_url),
            "account": self.target.as_ref().map(|target| &target.account),
            "written": self.written(),
            "failed": self.failed,
            "in_doubt": self.in_doubt,
            "invalid": self.invalid,
            "unreadable": self.unreadable,
            "under_way": self.under_way,
            "file": self.file.as_ref().filter(|_| self.written() > 0),
            "not_in_source": gone,
        })
    }
}

fn gone_row(row: &FailedRow) -> Value {
    json!({
        "row": row.place.row,
        "line": row.place.line,
        "key": row.key,
        "lane": row.lane,
        "state": row.state.word(),
        "code": row.cause.as_ref().and_then(|cause| cause.code.as_deref()),
        "message": row.cause.as_ref().map(super::words::cause),
    })
}

/// A row that is not done, as an event; `cells` has what its source has of it.
pub(crate) fn reject_row(told: &[(&str, Value)], cells: Map<String, Value>) -> Value {
    let mut event = Map::new();
    event.insert("event".to_owned(), "reject".into());
    for (name, value) in told {
        event.insert((*name).to_owned(), value.clone());
    }
    event.insert("cells".to_owned(), cells.into());
    event.into()
}

/// The closing event of `rejects` or `done` where nothing could be written.
pub(crate) fn nothing_written(event: &str) -> Value {
    super::ndjson::event_of_nothing(event, &["job", "written", "file"])
}

/// What `done` has come to.
#[derive(Debug)]
pub(crate) struct DoneView {
    pub job: String,
    pub target: Option<JobName>,
    pub rows: u64,
    /// Done before what was asked for.
    pub earlier: u64,
    pub file: Option<PathBuf>,
}

impl DoneView {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let to = self.file.as_ref().map(|file| shown(&file.display().to_string()).into_owned());
        match (self.rows, to) {
            (0, _) if self.earlier > 0 => format!(
                "No row was done since then: nothing was written. {} done before.\n",
                super::words::rows_were(self.earlier)
            ),
            (0, _) => "No row is done: nothing was written.\n".to_owned(),
            (count, Some(to)) => {
                format!("{} written to {to}, each with what was made of it.\n", rows(count))
            }
            (count, None) => format!("{} written, each with what was made of it.\n", rows(count)),
        }
    }

    /// For a script: the closing event.
    pub(crate) fn event(&self) -> Value {
        json!({
            "event": "done",
            "job": self.job,
            "base_url": self.target.as_ref().map(|target| &target.base_url),
            "account": self.target.as_ref().map(|target| &target.account),
            "written": self.rows,
            "file": self.file.as_ref().filter(|_| self.rows > 0),
        })
    }
}

/// A row that is done, as an event; `at` is when, as it is written.
pub(crate) fn done_row(row: &DoneRow, at: &str) -> Value {
    json!({
        "event": "done_row",
        "key": row.key,
        "id": row.remote_id,
        "lane": row.lane,
        "operation": row.operation,
        "time": at,
        "row": row.place.row,
        "line": row.place.line,
        "run": row.run,
    })
}
