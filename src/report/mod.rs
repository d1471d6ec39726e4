//! Everything that a person or a script reads: progress, summary, NDJSON, the plan, the status, the state of a
//! ledger, lists of problems, explanations of their codes.
//!
//! One file per kind of report. A report shows facts and decides nothing: it never imports the engine, and
//! nothing it does can stop a run. Standard output is data; standard error is everything else. Writers,
//! times and time zones are passed in.

use std::time::Duration;

use jiff::Zoned;

use crate::declared::job::InDoubt;
use crate::event::{Ending, Event, Progress};
use crate::ledger::Mandate;
use crate::plan::{Done, Fate, Filtered, Held, LeftOut, NamedRow, Sending, Stays, Tally};
use crate::row::Totals;
use crate::text::command::CommandLine;
use crate::text::quota::Quota;

mod bar;
mod cause_counts;
mod causes;
mod draft;
pub(crate) mod exit;
mod explanation;
mod export;
mod filters;
mod json_text;
mod ledger_check;
mod ledger_export;
mod left_out;
mod metrics;
mod narration;
mod ndjson;
mod operations;
mod outlet;
mod owed;
mod page;
mod paint;
mod pilot;
mod plain;
mod plan;
mod problems;
mod prune;
mod pulse;
mod reads_ahead;
mod refusal;
mod rejects;
mod reminders;
mod remote;
mod settle;
mod sign_off;
mod speed;
mod status;
mod summary;
#[cfg(test)]
pub(crate) mod tests;
mod thread;
mod undo;
mod values;
mod verify;
mod words;

pub(crate) use bar::bar;
pub(crate) use cause_counts::CauseCounts;
pub(crate) use causes::Causes;
pub(crate) use draft::{doubts, draft_text, drafted_line, next_after_draft};
pub(crate) use explanation::{
    all_codes, explanation, explanation_event, explanation_of_term, explanation_of_term_event,
};
pub(crate) use export::{
    ExportEnd, ExportView, ExportedList, ListState, NoExport, export_begins, nothing_exported,
    of_export_place, of_exported_rows, of_no_export, of_no_lists, of_nothing_listed,
};
pub(crate) use filters::{all_filters, filter, filter_event};
pub(crate) use ledger_check::{LedgerCheckView, nothing_checked_event};
pub(crate) use ledger_export::LedgerExportForm;
pub(crate) use metrics::{RunFigures, metrics};
pub(crate) use ndjson::{at, closing_event, finished_event, ndjson, reason, refused_event};
pub(crate) use operations::{operation_event, operations};
pub(crate) use outlet::Outlet;
pub(crate) use owed::{Owed, Twice};
pub(crate) use page::{PAGE_BEGINS, PageHead, PageProblems, PreviewPage};
pub(crate) use plain::{log, plain};
pub(crate) use plan::{PlanHead, PlanReport, PlanTotals, SHOWN, nothing_planned};
pub(crate) use problems::{Problems, checked_event, checked_line, nothing_checked, tested_line};
pub(crate) use prune::{PruneView, forget_question, of_job_not_forgotten, of_outcomes_to_bring_in};
pub(crate) use pulse::pulse;
pub(crate) use reads_ahead::ReadsAhead;
pub(crate) use refusal::{
    InvalidRows, brought_in, of_account, of_changed_key, of_client, of_credentials,
    of_done_elsewhere, of_invalid, of_ledger, of_no_ledger, of_passed_deadline, of_plain_http,
    of_sandbox, of_secret_given_twice, of_waiting,
};
pub(crate) use rejects::{
    Advice, DoneView, RejectsView, Why, done_row, nothing_written, of_unsent_corrections,
    reject_row,
};
pub(crate) use remote::{
    Difference, RemoteEnd, RemoteFindings, RemoteRow, RowFound, WhyNotKnown, of_system,
    remote_begins, remote_line,
};
pub(crate) use settle::{
    Choice, InterviewCounts, ItemLooks, ListShown, ListedItem, Owner, SettleView, Turn,
    WHAT_BECAME_OF_IT, WHICH_OF_THE_OTHERS, doubles_question, interviewed, nothing_settled,
    of_nobody_to_ask, of_unsettled, reading_lists, refused_question, settled_line, unread_lists,
};
pub(crate) use sign_off::{
    Rejected, Scope, SignOff, SignOffForm, Traffic, no_report, of_unknown_run,
};
pub(crate) use status::{
    Chosen, Counted, Most, NothingKnown, RowLine, RunLine, StatusView, Watched, WhyNothing,
    no_status,
};
pub(crate) use status::{MISCOUNTED, UNCOUNTED};
pub(crate) use summary::summary;
pub(crate) use thread::{ClosingReport, ReportHandle, ReportThread};
pub(crate) use undo::{
    UNDO_PAGE_BEGINS, UndoAct, UndoCounts, UndoHead, UndoPage, UndoRow, WhyKept, nothing_undone,
    of_no_job_of_run, of_no_run_named, of_nothing_to_undo, undo_line, undo_planned_event,
    undo_row_event, undo_summary,
};
pub(crate) use verify::{
    Aside, ListsRead, Matter, SampleTaken, SourceSays, VerifiedRow, VerifyCost, VerifyFindings,
    Verifying, nothing_verified, of_moved_while_verifying, of_unkept, sample_words, verified,
    verified_event, verified_row, verify_begins,
};
pub(crate) use words::note as of_note;
pub(crate) use words::{
    Outdated, credentials, of_differences, of_flag_beside_plan, of_missing_row, of_no_plan,
    of_outdated, of_piped_plan, of_plan_beside_run, of_plan_for_job, of_row, of_source_change,
    of_unsaved_plan, question, question_of_absent, target,
};

/// Hears events of a run on a thread of its own.
pub(crate) trait Reporter: Send {
    /// Hears what has happened. [`Event::Finished`] is the last.
    fn hear(&mut self, event: &Event);

    /// Shows where the run stands. Some snapshots may never arrive.
    fn progress(&mut self, progress: &Progress);

    /// Nothing waits to be heard, or a second has passed: the time to flush.
    fn rest(&mut self) {}

    /// Why the output could not be written, if so. A reader who has gone away is no fault.
    fn fault(&self) -> Option<String> {
        None
    }
}

/// Several reporters side by side, as NDJSON for a script and a bar for whoever watches it.
pub(crate) struct Several(pub Vec<Box<dyn Reporter>>);

impl Reporter for Several {
    fn hear(&mut self, event: &Event) {
        self.0.iter_mut().for_each(|reporter| reporter.hear(event));
    }

    fn progress(&mut self, progress: &Progress) {
        self.0.iter_mut().for_each(|reporter| reporter.progress(progress));
    }

    fn rest(&mut self) {
        self.0.iter_mut().for_each(|reporter| reporter.rest());
    }

    fn fault(&self) -> Option<String> {
        self.0.iter().find_map(|reporter| reporter.fault())
    }
}

/// What is known of a run before its first request.
#[derive(Debug, Clone)]
pub(crate) struct RunView {
    /// The job's name.
    pub job: String,
    /// What one row makes or changes on the other side, in a word of the connector's.
    pub item: String,
    /// The command as it was given, from which the advice makes those that it names.
    pub command: CommandLine,
    /// Base URL and account; shown once, at the start.
    pub target: String,
    /// Where the ledger is.
    pub ledger: String,
    /// What the job says of rows in doubt.
    pub in_doubt: InDoubt,
    /// In a rehearsal: that rows may be for things that only the real account has.
    pub is_presumed: bool,
    /// Where the credentials come from, for the advice when they are refused, as in `STRINGEEX_TOKEN`.
    pub credentials: String,
    /// What becomes of the rows.
    pub tally: Tally,
    /// What is carried out, and on whose word.
    pub mandate: Mandate,
    /// Why rows are left out.
    pub filtered: Filtered,
    /// What stays there though it is missing from the source.
    pub stays: Stays,
    /// The first of the rows that are done and have changed since.
    pub changed_rows: Vec<NamedRow>,
    /// The first of the rows that are held for somebody to decide on.
    pub held_rows: Vec<NamedRow>,
    /// By when the run has to be over, as --deadline says, and how long that is from its beginning.
    pub until: Option<(Zoned, Duration)>,
    /// The quota that binds.
    pub limited_by: Option<Quota>,
    /// How long sending takes at the quotas; zero where there are none.
    pub duration: Duration,
    /// When the run started, in the zone that times are shown in.
    pub started: Zoned,
    /// Its number in the ledger, once it has begun.
    pub run: Option<i64>,
    /// The machine that it runs on, where that has a name.
    pub host: Option<String>,
    /// Where the run stands is shown now and then.
    pub shows_progress: bool,
    /// Nothing is told but a summary that is not all right.
    pub quiet: bool,
    pub color: bool,
    /// The run is a rehearsal.
    pub sandbox: bool,
    /// What is read and kept before rows change or delete something.
    pub before: ReadsAhead,
    /// The run takes back what that one has done.
    pub undoes: Option<i64>,
}

impl RunView {
    fn rows(&self) -> u64 {
        self.tally.rows()
    }

    fn to_send(&self) -> u64 {
        self.tally.to_send()
    }

    fn already_done(&self) -> u64 {
        self.tally.sum(|fate| matches!(fate, Fate::Skip(_)))
    }

    /// Rows that the job does not want, for this reason.
    fn left_out(&self, why: LeftOut) -> u64 {
        self.tally.sum(|fate| fate == Fate::LeaveOut(why))
    }

    /// Rows that are done and have changed since: they are not sent.
    fn changed(&self) -> u64 {
        self.tally.sum(|fate| fate == Fate::Skip(Done::Changed))
    }

    /// Rows that would be sent, but for the limit of this pilot.
    fn beyond_limit(&self) -> u64 {
        self.tally.sum(|fate| matches!(fate, Fate::Later(_)))
    }

    /// Rows that this run would not have started, however it ended, and of which nothing was started before.
    fn not_for_this_run(&self) -> u64 {
        let waits = |fate| matches!(fate, Fate::Later(sending) if !sending.may_have_acted());
        self.tally.sum(waits) + self.held(Held::Behind) + self.held(Held::UnderWay)
    }

    /// Rows that were not started because a row of their lane before them is in doubt.
    fn behind_doubts(&self, totals: &Totals, ending: &Ending) -> u64 {
        match ending {
            // A row that was given up keeps those behind it from their start as well, and nobody has counted which does.
            Ending::Finished if totals.in_doubt == 0 || totals.failed > 0 => 0,
            Ending::Finished => {
                let others = self.not_for_this_run() - self.held(Held::Behind);
                totals.not_started.saturating_sub(others)
            }
            _ => self.held(Held::Behind),
        }
    }

    /// Rows in doubt that are sent again without a look, and may then be there twice.
    fn resent(&self) -> u64 {
        self.tally.sum(|fate| fate == Fate::Send(Sending::Resend))
    }

    fn held(&self, held: Held) -> u64 {
        self.tally.sum(|fate| fate == Fate::Hold(held))
    }

    fn invalid(&self) -> u64 {
        self.tally.sum(|fate| fate == Fate::Reject)
    }
}
