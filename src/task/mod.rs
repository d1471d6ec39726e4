//! What a verb does, from values to values: open a job, survey its source, plan, ask what is there already, run, settle, look
//! at a ledger.
//!
//! A task is given options, and what it needs of the world outside: the time, chance, wishes to stop, who listens. It
//! reads no arguments, no environment and no clock, and prints nothing. It gives back what came of it, or a [`Failure`].
//! The job, its target, its place in the ledger and the two readings are put together here, once for all verbs.

mod asking;
mod before;
mod booking;
mod check;
mod deadline;
mod done;
mod elsewhere;
mod export;
mod exported_rows;
mod failure;
pub(crate) mod init;
mod job;
mod lately;
mod ledger_check;
mod ledger_export;
mod limits;
mod lives_on;
mod one_target;
mod owed;
mod plan;
mod prune;
mod rejects;
mod remote;
mod report;
mod rescued;
mod run;
mod saved;
mod settle;
mod status;
mod target;
#[cfg(test)]
mod tests;
mod trials;
mod undo;
mod verify;

pub(crate) use asking::{AskProgress, RemoteCost, RemoteWorld};
pub(crate) use check::{CheckOutcome, check};
pub(crate) use deadline::{TimeLimits, Until};
pub(crate) use done::{DoneOptions, done};
pub(crate) use export::{ExportFormat, ExportOptions, export};
pub(crate) use failure::{DoneBy, Failure, Refused};
pub(crate) use job::{JobOptions, ledger_place};
pub(crate) use ledger_check::{LedgerCheckOptions, check_ledger};
pub(crate) use ledger_export::{LedgerExportOptions, export_ledger};
pub(crate) use limits::{Limits, SendingOptions};
pub(crate) use lives_on::lives_on;
pub(crate) use plan::{About, PlanOptions, Planned, Shows, plan};
pub(crate) use prune::{PruneOptions, Pruned, prune};
pub(crate) use rejects::{
    Layout, Reject, RejectState, Rejected, RejectsOptions, Sink, rejects, unsent_corrections,
};
pub(crate) use report::{ReportOptions, report};
pub(crate) use run::{Failures, Outlook, RunOptions, RunOutcome, StateFolder, World, run};
pub(crate) use saved::Saving;
pub(crate) use settle::{
    Answer, InterviewEnd, InterviewOptions, Interviewer, Selection, SettleOptions, SettleOutcome,
    interview, settle,
};
pub(crate) use status::{JobStanding, LedgerFound, Status, StatusOptions, look_on, status};
pub(crate) use target::{Rehearsal, SANDBOX, Secrets, TargetOptions};
pub(crate) use undo::{UndoHearing, UndoOptions, Undone, job_file_here, job_of_run, undo};
pub(crate) use verify::{Sample, VerifyHearing, VerifyOptions, verify};

use std::path::PathBuf;

use crate::declared::job::Job;
use crate::ledger::TakenIn;
use crate::text::diagnostic::Diagnostic;
use crate::traffic::transport::CredentialKind;

/// What a task has to tell on its way.
#[derive(Debug)]
pub(crate) enum Told {
    /// Where everything comes from, once it is known.
    Details(Details),
    /// Outcomes that the last run could not write to the ledger are there now.
    BroughtIn(TakenIn),
    /// So many outcomes wait in a file for the next run.
    Waiting { file: PathBuf, outcomes: usize },
    /// Something is wrong with the input, in its turn.
    Problem(Diagnostic),
    /// The first reading is over: no more problems of it.
    Surveyed,
}

/// Where everything comes from.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    pub connector: String,
    /// Where the connector's files lie; none for one that is built in.
    pub folder: Option<PathBuf>,
    pub operations: usize,
    /// Whether a saved plan says so, which may be somebody else's: then it is told without being asked for.
    pub is_planned: bool,
    /// In words; none where nothing is to be sent.
    pub target: Option<String>,
    /// The connector's own address, where requests go to another.
    pub passed_over: Option<String>,
    pub credentials: Option<CredentialKind>,
    /// The variables that the credentials come from.
    pub variables: Vec<String>,
    pub ledger: Option<PathBuf>,
    pub limits: Option<Limits>,
}

impl Details {
    /// Of a job whose rows go nowhere.
    fn of(job: &Job) -> Self {
        Self {
            connector: job.connector.name.clone(),
            folder: job.connector.folder.clone(),
            operations: job.connector.operations.len(),
            is_planned: false,
            target: None,
            passed_over: None,
            credentials: None,
            variables: Vec::new(),
            ledger: None,
            limits: None,
        }
    }
}

/// Hears what a task has to tell.
pub(crate) type Listener<'l> = &'l mut dyn FnMut(Told);
