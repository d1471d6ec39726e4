//! What undoing a run would do, or does: row by row, and in sum.

mod page;
mod words;

use std::time::Duration;

use serde_json::{Value, json};

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;
use crate::text::quota::Quota;

pub(crate) use page::{UNDO_PAGE_BEGINS, UndoPage};
pub(crate) use words::{undo_line, undo_summary};

/// A row of a run that is undone, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UndoRow {
    pub place: RowPlace,
    pub key: String,
    pub lane: String,
    /// The row's last operation.
    pub operation: String,
    pub act: UndoAct,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UndoAct {
    /// What it has created is deleted.
    Delete { id: String },
    /// What it has changed gets its former text back.
    GiveBack { id: String, text: Option<String> },
    /// What it has deleted is made anew, under another id.
    MakeAnew { id: String, text: Option<String> },
    /// It has been undone before.
    Undone,
    /// It stays as it is.
    Kept(WhyKept),
}

/// Why a row is not undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhyKept {
    /// A later run has acted on it.
    Superseded { run: i64 },
    /// Nobody knows what became of its request.
    InDoubt,
    /// A person wants no more of its undoing.
    Dismissed,
    /// The connector has no operation for it.
    NoOperation,
    /// It is not known what the other side calls what was made.
    NoId,
    /// It is not known in which list it is shown.
    NoList,
    /// What was there before was not kept.
    NoFormerText,
    /// The list that showed what was there before cuts texts, and this one may have been longer.
    InPart,
    /// The list did not show who may see what was there.
    NoFlag,
    /// It is not known whether what is there is what was sent.
    NoPrint,
}

/// What undoing comes to.
#[derive(Debug, Clone)]
pub(crate) struct UndoHead {
    pub job: String,
    /// What a row makes, in a word.
    pub item: String,
    pub target: String,
    /// The run that is undone.
    pub run: i64,
    pub requests: u64,
    pub lists: u64,
    pub duration: Duration,
    pub limited_by: Option<Quota>,
    pub dry_run: bool,
}

/// How many rows come to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct UndoCounts {
    pub delete: u64,
    pub give_back: u64,
    pub make_anew: u64,
    pub undone: u64,
    pub kept: u64,
}

impl UndoCounts {
    pub(crate) fn see(&mut self, act: &UndoAct) {
        let count = match act {
            UndoAct::Delete { .. } => &mut self.delete,
            UndoAct::GiveBack { .. } => &mut self.give_back,
            UndoAct::MakeAnew { .. } => &mut self.make_anew,
            UndoAct::Undone => &mut self.undone,
            UndoAct::Kept(_) => &mut self.kept,
        };
        *count += 1;
    }

    pub(crate) fn rows(self) -> u64 {
        self.to_send() + self.undone + self.kept
    }

    pub(crate) fn to_send(self) -> u64 {
        self.delete + self.give_back + self.make_anew
    }
}

impl UndoAct {
    /// A word for programs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Delete { .. } => "delete",
            Self::GiveBack { .. } => "give_back",
            Self::MakeAnew { .. } => "make_anew",
            Self::Undone => "undone",
            Self::Kept(_) => "keep",
        }
    }
}

impl WhyKept {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Superseded { .. } => "superseded",
            Self::InDoubt => "in_doubt",
            Self::Dismissed => "dismissed",
            Self::NoOperation => "no_operation",
            Self::NoId => "no_id",
            Self::NoList => "no_list",
            Self::NoFormerText => "no_former_text",
            Self::InPart => "in_part",
            Self::NoFlag => "no_flag",
            Self::NoPrint => "no_print",
        }
    }
}

/// A row, for programs.
pub(crate) fn undo_row_event(row: &UndoRow) -> Value {
    let (id, text) = match &row.act {
        UndoAct::Delete { id } => (Some(id), None),
        UndoAct::GiveBack { id, text } | UndoAct::MakeAnew { id, text } => {
            (Some(id), text.as_ref())
        }
        UndoAct::Undone | UndoAct::Kept(_) => (None, None),
    };
    let why = match row.act {
        UndoAct::Kept(why) => Some(why),
        _ => None,
    };
    let by = match why {
        Some(WhyKept::Superseded { run }) => Some(run),
        _ => None,
    };
    json!({
        "event": "undo",
        "row": row.place.row,
        "line": row.place.line,
        "key": row.key,
        "lane": row.lane,
        "action": row.act.word(),
        "operation": row.operation,
        "id": id,
        "text": text,
        "reason": why.map(WhyKept::word),
        "superseded_by": by,
    })
}

/// What all rows come to, for programs.
pub(crate) fn undo_planned_event(head: &UndoHead, counts: UndoCounts) -> Value {
    json!({
        "event": "planned",
        "undoes": head.run,
        "rows": counts.rows(),
        "delete": counts.delete,
        "give_back": counts.give_back,
        "make_anew": counts.make_anew,
        "undone": counts.undone,
        "keep": counts.kept,
        "requests": head.requests,
        "lists": head.lists,
        "seconds": head.duration.as_secs_f64().ceil(),
        "limited_by": head.limited_by.map(|quota| quota.to_string()),
    })
}

/// That nothing was undone, whatever the reason; the last event.
pub(crate) fn nothing_undone() -> Value {
    json!({"event": "planned", "rows": 0})
}

/// A run that has done nothing that could be undone.
pub(crate) fn of_nothing_to_undo(run: i64) -> Diagnostic {
    let message = format!("run {run} has done nothing to any row of this job there");
    let problem = Diagnostic::error(Code::NothingToUndo, Place::Nowhere, message);
    problem.hint("`noteferry status JOB` lists the runs of a job with their numbers; --base-url says where they went")
}

/// A run whose job is not to be found.
pub(crate) fn of_no_job_of_run(run: i64, job: Option<&str>) -> Diagnostic {
    let message = match job {
        Some(job) => format!("run {run} is of the job `{job}`, and no job file here has that name"),
        None => format!("the ledger here knows no run {run}"),
    };
    let problem = Diagnostic::error(Code::NothingToUndo, Place::Nowhere, message);
    problem.hint(format!("name the job's file: noteferry undo JOB --run {run}"))
}

/// A job without the run that is to be undone.
pub(crate) fn of_no_run_named() -> Diagnostic {
    let problem = Diagnostic::error(Code::Usage, Place::Nowhere, "no run is named");
    problem.hint(
        "`noteferry status JOB` lists the runs with their numbers: noteferry undo JOB --run N",
    )
}
