//! What can go wrong with a ledger, in words that say what is safe and what to do.

use std::path::PathBuf;

use super::Location;
use crate::row::{Contradiction, Outcome, RowId};

/// A failure of the ledger. Nothing is ever sent that it could not record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error(
        "the ledger {ledger} was written by a newer noteferry (format {found}, this one knows {known})"
    )]
    Newer { ledger: Location, found: i64, known: i64 },
    #[error("{ledger} is no ledger of noteferry")]
    NotALedger { ledger: Location },
    #[error("the ledger {path} is empty, though runs have used it before")]
    Emptied { path: PathBuf },
    #[error(
        "the ledger {path} was deleted while the run used it, and has been written there again with all that is known"
    )]
    PutBack { path: PathBuf },
    #[error(
        "the ledger {path} or its log was replaced while the run used it; all that is known is in {kept}"
    )]
    Replaced { path: PathBuf, kept: PathBuf },
    #[error(
        "the ledger {path} was deleted while the run used it, and cannot be written again: {cause}"
    )]
    Lost { path: PathBuf, cause: String },
    #[error("the ledger {path} was deleted or replaced while the run began")]
    Moved { path: PathBuf },
    #[error("the ledger {path} was replaced during an earlier run, and what it knew is in {kept}")]
    Superseded { path: PathBuf, kept: PathBuf },
    #[error("another run of this job is under way{holder}")]
    Busy { holder: String },
    /// The lock was gone for a while, and in that time another run held the job.
    #[error("another run of this job has taken the job over while this run had it in hand")]
    Overtaken { ledger: Location },
    /// An older version writes to the ledger, which would not understand the present format.
    #[error("the ledger {ledger} is of an older format, and another run uses it{holder}")]
    OlderInUse { ledger: Location, holder: String },
    /// A fault of noteferry.
    #[error("the ledger {ledger}: {}", fault.words())]
    Fault { ledger: Location, fault: LedgerFault },
    #[error("the ledger {ledger} cannot be {deed}: {}", fault.words(cause))]
    Storage { ledger: Location, deed: &'static str, fault: StorageFault, cause: String },
    #[error("the rescue file {path} cannot be {deed}: {}", fault.words(cause))]
    Rescue { path: PathBuf, deed: &'static str, fault: StorageFault, cause: String },
    #[error("the rescue file {path} does not belong to the ledger beside it")]
    RescueMisfit { path: PathBuf },
    /// `known` is what came of attempts: the first few, of `count`.
    #[error(
        "{cause}; nor can its rescue file: {rescue}. Known and written nowhere: {}{}",
        listed(known),
        and_more(*count, known.len())
    )]
    Unrecorded { cause: Box<LedgerError>, rescue: String, known: Vec<LostOutcome>, count: usize },
    #[error("the ledger {ledger} contradicts itself at row {key}: {cause}")]
    Inconsistent { ledger: Location, key: String, cause: Contradiction },
    /// Two rows of the job bear one key: one of them hides what the other has done.
    #[error("two rows in the ledger {ledger} have the key {key}")]
    KeyTwice { ledger: Location, key: String },
    /// Outcomes of rows whose starts are gone: what those rows have done would be sent again.
    #[error(
        "{ends} {} in the ledger {ledger} {} to rows that are not there any more",
        if *ends == 1 { "outcome" } else { "outcomes" },
        if *ends == 1 { "belongs" } else { "belong" }
    )]
    StartsMissing { ledger: Location, ends: u64 },
    /// An outcome did not find its start, so something has put an older state of the ledger in its place.
    #[error(
        "the ledger {ledger} went back to an earlier time while the run used it: it no longer knows attempts that it had \
         acknowledged"
    )]
    WentBack { ledger: Location },
}

/// What only a fault of noteferry can bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LedgerFault {
    /// The recorder was given an entry of a row that it does not know.
    UnknownRow,
    /// What reads the ledger beside the recorder ended before the run.
    ReaderGone,
}

impl LedgerFault {
    fn words(self) -> &'static str {
        match self {
            Self::UnknownRow => "its recorder was given an entry of a row that it does not know",
            Self::ReaderGone => "what reads it ended before the run",
        }
    }
}

/// What came of an attempt and is written nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LostOutcome {
    pub row: RowId,
    /// The row's key; none where it could not be read.
    pub key: Option<String>,
    pub outcome: Outcome,
    /// What the other side calls what was made.
    pub id: Option<String>,
}

/// What keeps a file from being read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StorageFault {
    Full,
    /// The file, its folder or its disk may not be written by this user.
    ReadOnly,
    /// The disk, or the way to it, does not do what it is told.
    InputOutput,
    /// What the file holds makes no sense.
    Damaged,
    /// Another process writes, and does not come to an end.
    Contended,
    /// The file, or one that goes with it, cannot be opened, and the system gives no reason.
    Unopened,
    /// There cannot be a ledger at that path: a folder is there, or a file where a folder should be.
    Misplaced,
    Other,
}

impl LedgerError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Newer { .. } => {
                "use that version of noteferry; another ledger knows nothing of what was sent, and all would be sent again"
            }
            Self::NotALedger { .. } => {
                "name the ledger's own file with --ledger, or one that does not exist yet"
            }
            Self::Emptied { .. } => {
                "put it back from a copy, with the -wal file beside it; to begin anew, which sends everything again, delete it"
            }
            Self::Moved { .. } => "nothing was sent; look what is there now, then run again",
            Self::PutBack { .. } => {
                "find out what deletes it, such as a clean-up or `git clean`, then run again: nothing is lost"
            }
            Self::Replaced { .. } | Self::Superseded { .. } => {
                "put that one in its place, delete the -wal and -shm files that are there, then run again: with any other \
                 ledger all that it does not know would be sent again"
            }
            Self::Lost { .. } => {
                "put it back from a copy, and do not run this job without it: all that the copy does not know would be sent \
                 again"
            }
            Self::Overtaken { .. } => {
                "find out what deletes the .lock files beside the ledger, such as a clean-up, then run again: what each run \
                 has done is in the ledger"
            }
            Self::OlderInUse { .. } => {
                "wait until that run ends: the first run of this version brings the ledger up to date, and an older version \
                 could not write to it any more"
            }
            Self::Fault { .. } => {
                "this is a fault of noteferry: please report it. Run again: rows whose outcome was not recorded are in doubt \
                 and are looked for"
            }
            Self::Busy { .. } => "wait until it ends; a run that was killed leaves no lock behind",
            Self::Storage { fault, .. } => fault.hint(),
            Self::Rescue { .. } => {
                "it holds outcomes that the last run could not write to the ledger: let this user read and write it, then \
                 run again"
            }
            Self::RescueMisfit { .. } => {
                "it holds outcomes of rows that this ledger does not know: put the ledger back that it belongs to, or move \
                 the file away if they do not matter"
            }
            Self::Unrecorded { .. } => {
                "keep this message; the next run does not know these outcomes and treats their rows as in doubt"
            }
            Self::WentBack { .. } => {
                "find out what writes to it, such as a copy that was put back; put the newest state in its place before the \
                 next run: rows that it does not know would be sent again"
            }
            Self::StartsMissing { .. } | Self::KeyTwice { .. } => {
                "somebody edited the file, or the disk is failing: put a copy back; a run with this file would send again \
                 what rows have done"
            }
            Self::Inconsistent { .. } => {
                "keep the file for an inquiry, and do not run this job with it"
            }
        }
    }

    /// Whether the same call may succeed a little later, though neither the job nor the ledger is changed.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Storage { fault, .. } | Self::Rescue { fault, .. } => fault.may_pass(),
            Self::PutBack { .. } | Self::Moved { .. } => true,
            _ => false,
        }
    }
}

impl StorageFault {
    /// Whether the same may go well a little later.
    pub(crate) fn may_pass(self) -> bool {
        matches!(self, Self::Full | Self::InputOutput | Self::Contended | Self::Unopened)
    }

    fn words(self, cause: &str) -> String {
        let words = match self {
            Self::Full => return "the disk is full".to_owned(),
            Self::Contended => return "another process is writing to it".to_owned(),
            Self::Other => return cause.to_owned(),
            Self::ReadOnly => "it is read-only for this user",
            Self::InputOutput => "the disk reports an error",
            Self::Damaged => "the file is damaged",
            Self::Unopened => "one of its files cannot be opened",
            Self::Misplaced => "there can be no ledger",
        };
        format!("{words} ({cause})")
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Full => {
                "make room on the ledger's disk, then run again: nothing was sent that is not recorded"
            }
            Self::ReadOnly => {
                "let this user write the file, those beside it and their folder, then run again: nothing was sent that \
                 is not recorded"
            }
            Self::InputOutput => {
                "look in the system's log for a failing disk or a lost network drive, and copy the ledger's folder to a \
                 safe place; then run again: nothing was sent that is not recorded"
            }
            Self::Damaged => {
                "do not delete it, it alone knows what was sent: copy its folder, then put back a copy from after the last \
                 run, or recover this one with sqlite3's .recover"
            }
            Self::Contended => {
                "close what holds it, such as a database browser or a backup, then run again: nothing is lost"
            }
            Self::Unopened => {
                "look at its folder's permissions, and for too many open files; then run again: nothing is lost"
            }
            Self::Misplaced => "name a file with --ledger, in a folder that exists or can be made",
            Self::Other => {
                "look for a full disk, missing permissions, or a network drive; then run again: nothing is lost"
            }
        }
    }
}

/// `k7 succeeded as tn_12, k8 refused`.
fn listed(known: &[LostOutcome]) -> String {
    let words = known.iter().map(|lost| {
        let key = match &lost.key {
            Some(key) => key.clone(),
            None => format!("the row with the ledger's id {}", lost.row),
        };
        match &lost.id {
            Some(id) => format!("{key} {} as {id}", lost.outcome.word()),
            None => format!("{key} {}", lost.outcome.word()),
        }
    });
    words.collect::<Vec<String>>().join(", ")
}

fn and_more(count: usize, told: usize) -> String {
    match count.saturating_sub(told) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_says_what_happened_and_what_to_do() {
        use StorageFault as Fault;
        let faults = [
            Fault::Full,
            Fault::ReadOnly,
            Fault::InputOutput,
            Fault::Damaged,
            Fault::Contended,
            Fault::Unopened,
            Fault::Misplaced,
            Fault::Other,
        ];
        let told = faults.map(|fault| {
            let cause = "what the system says".to_owned();
            let ledger = std::path::Path::new("ledger.db").into();
            let error = LedgerError::Storage { ledger, deed: "written", fault, cause };
            format!("{error}\n = hint: {}\n", error.hint())
        });
        let path = std::path::PathBuf::from("ledger.db");
        let gone = [
            LedgerError::PutBack { path: path.clone() },
            LedgerError::Replaced { path: path.clone(), kept: "ledger.db.kept".into() },
            LedgerError::Superseded { path: path.clone(), kept: "ledger.db.kept".into() },
            LedgerError::Lost { path, cause: "what the system says".into() },
        ];
        let gone = gone.map(|error| format!("{error}\n = hint: {}\n", error.hint()));
        insta::assert_snapshot!([told.as_slice(), gone.as_slice()].concat().join("\n"));
    }
}
