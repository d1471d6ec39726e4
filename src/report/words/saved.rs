//! What is wrong with a saved plan, and what has changed since it was made. What to do is the same for all that has
//! changed: plan anew, and have that approved.

use std::io;

use super::{number, rows};
use crate::plan::saved::{Differences, NoPlan, SavedPlan, SomeRows, VERSION};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::visible::shown;

/// What a plan was made for and is not there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outdated {
    /// By its name.
    Job(String),
    /// By its name.
    Connector(String),
    Address {
        then: String,
        now: String,
    },
    Account {
        then: String,
        now: String,
    },
}

/// Why a file is no plan that can be carried out.
pub(crate) fn of_no_plan(file: &str, error: &NoPlan) -> Diagnostic {
    let (code, message, hint) = match error {
        NoPlan::Foreign => (
            Code::NotAPlan,
            "the file is no saved plan".to_owned(),
            "name a file that `noteferry plan JOB -o FILE` has written",
        ),
        NoPlan::Version { found } => (
            Code::PlanVersion,
            format!(
                "the plan is of version {}, and this noteferry reads version {VERSION}",
                shown(found)
            ),
            "nothing was sent; carry the plan out with the noteferry that has made it, or plan anew with this one",
        ),
        NoPlan::CutOff => (
            Code::DamagedPlan,
            "the plan ends before it is complete".to_owned(),
            "nothing was sent; copy the file once more as a whole, or plan anew",
        ),
        NoPlan::Damaged => (
            Code::DamagedPlan,
            "the plan is not as it was written: something in it was changed or lost".to_owned(),
            "nothing was sent; copy the file once more as a whole, or plan anew",
        ),
        NoPlan::Unreadable(error) => (
            Code::UnreadableFile,
            format!("the plan cannot be read: {error}"),
            "nothing was sent; look whether the file is there and may be read",
        ),
    };
    Diagnostic::error(code, place(file), message).hint(hint)
}

/// That a flag is given which a saved plan does not take.
pub(crate) fn of_flag_beside_plan(file: &str, flag: &str) -> Diagnostic {
    let message = format!(
        "`--{flag}` is not for a saved plan: the plan says itself what is sent, and where to"
    );
    Diagnostic::error(Code::Usage, place(file), message)
        .hint(format!("leave `--{flag}` out, or plan anew with it"))
}

/// That a plan is given to a verb that asks for a job.
pub(crate) fn of_plan_for_job(plan: &SavedPlan, verb: &str) -> Diagnostic {
    let message = format!("the file is a saved plan, and `{verb}` is for the job that it is of");
    Diagnostic::error(Code::Usage, place(&plan.name), message)
        .hint(format!("name the job: {}", plan.command("run").of(verb)))
}

/// That a plan is to be saved of rows that are piped in.
pub(crate) fn of_piped_plan() -> Diagnostic {
    let message =
        "rows that are piped in cannot be read again by the run that carries out the plan";
    Diagnostic::error(Code::Usage, Place::Nowhere, message)
        .hint("put the rows into a file, and plan that")
}

/// That a plan is to be saved while a run goes on with the job. `running` is what the run says of itself, or nothing.
pub(crate) fn of_plan_beside_run(running: &str) -> Diagnostic {
    let who = if running.is_empty() { String::new() } else { format!(" ({})", shown(running)) };
    let message =
        format!("a run is at work on this job{who}: what is planned beside it would not hold");
    Diagnostic::error(Code::RunUnderWay, Place::Nowhere, message)
        .hint("save the plan when that run has ended; without -o the plan is shown")
}

/// Why a plan could not be saved; none where the source has changed while it was read.
pub(crate) fn of_unsaved_plan(error: Option<&io::Error>) -> Diagnostic {
    let message = match error {
        Some(error) => format!("the plan cannot be saved: {error}"),
        None => "the plan cannot be saved: its rows do not add up".to_owned(),
    };
    Diagnostic::error(Code::UnwritableFile, Place::Nowhere, message)
        .hint("name a file in a folder that may be written to and has room")
}

/// That a plan was made for something else.
pub(crate) fn of_outdated(plan: &SavedPlan, kind: &Outdated) -> Diagnostic {
    let (code, message) = match kind {
        Outdated::Job(name) => (
            Code::JobChanged,
            format!("the job `{}` is not as it was when the plan was made", shown(name)),
        ),
        Outdated::Connector(name) => (
            Code::JobChanged,
            format!("the connector `{}` is not as it was when the plan was made", shown(name)),
        ),
        Outdated::Address { then, now } => (
            Code::TargetChanged,
            format!(
                "the plan was made for {}, and the run would go to {}",
                shown(then),
                shown(now)
            ),
        ),
        Outdated::Account { then, now } => (
            Code::TargetChanged,
            format!(
                "the plan was made for the account {}, and the credentials are of {}",
                shown(then),
                shown(now)
            ),
        ),
    };
    refused(plan, code, message)
}

/// All that differs between a plan and what would be done now.
pub(crate) fn of_differences(plan: &SavedPlan, found: &Differences) -> Vec<Diagnostic> {
    let kinds = [
        (Code::RowsChanged, &found.changed, "not what was planned: the source has changed"),
        (Code::RowsChanged, &found.added, "new in the source since the plan was made"),
        (Code::RowsChanged, &found.gone, "in the plan and not in the source any more"),
        (Code::RowsChanged, &found.moved, "at another place in the source than in the plan"),
        (
            Code::DoneMeanwhile,
            &found.done_meanwhile,
            "to be sent by the plan, and another run has sent or tried that since, or somebody has settled it",
        ),
        (
            Code::NoLongerValid,
            &found.invalid,
            "to be sent by the plan, and invalid by now, as where a reminder is past",
        ),
        (
            Code::DecidedOtherwise,
            &found.kept_back,
            "to be sent by the plan, and would be left out now",
        ),
        (
            Code::DecidedOtherwise,
            &found.unplanned,
            "not to be sent by the plan, and would be sent now: the ledger is not the one it was made with, say",
        ),
    ];
    let kinds = kinds.into_iter().filter(|(_, rows, _)| rows.count > 0);
    let told = kinds.map(|(code, some, what)| {
        let are = if some.count == 1 { "is" } else { "are" };
        let message = format!("{} {are} {what}{}", rows(some.count), named(some));
        refused(plan, code, message)
    });
    let unreadable = found.unreadable.as_ref().map(|error| {
        let message = format!("the plan could not be read to its end: {error}");
        refused(plan, Code::UnreadableFile, message)
    });
    told.chain(unreadable).collect()
}

/// `: row 3 (line 4), row 9 (line 10) and 7 more`.
fn named(some: &SomeRows) -> String {
    let first = some.first.iter().map(|(row, line)| match line {
        Some(line) if *line > 0 => format!("row {row} (line {line})"),
        _ => format!("row {row}"),
    });
    let first: Vec<String> = first.collect();
    match some.count - first.len() as u64 {
        0 => format!(": {}", first.join(", ")),
        more => format!(": {} and {} more", first.join(", "), number(more)),
    }
}

fn refused(plan: &SavedPlan, code: Code, message: String) -> Diagnostic {
    let anew = plan.command("plan").with_value("output", &plan.name);
    Diagnostic::error(code, place(&plan.name), message)
        .hint(format!("nothing was sent; plan anew, and have that approved: {anew}"))
}

fn place(file: &str) -> Place {
    Place::File(file.into())
}
