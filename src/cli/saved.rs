//! A saved plan in the place of a job, and the file that one is saved to.
//!
//! A plan says itself what is sent and where to: what stands in it takes the place of the arguments that say so.

use std::fs::File;
use std::path::Path;

use clap::Parser as _;

use crate::plan::saved::{BEGINS, NoPlan, SavedPlan};
use crate::report::{of_flag_beside_plan, of_no_plan, of_piped_plan, of_plan_for_job};
use crate::table::folder_of;
use crate::text::command::CommandLine;
use crate::text::diagnostic::Diagnostic;

use super::arguments::{Arguments, CommonArguments, JobArguments, SendingArguments, Verb};
use super::environment::Environment;
use super::place::Kind;

/// What files of saved plans end in.
const ENDING: &str = "nfplan";

/// The files of saved plans.
pub(super) const PLAN: Kind = Kind {
    begins: BEGINS.as_bytes(),
    refused: "the plan cannot be saved here",
    something_else: "something else is there that is no saved plan",
    earlier: "an earlier plan",
};

/// The arguments that a plan takes the place of.
pub(super) struct Replaced<'a> {
    pub job: &'a mut JobArguments,
    pub sending: &'a mut SendingArguments,
    pub common: &'a mut CommonArguments,
}

/// Where the job is a saved plan: the plan, and the command line that knows so. The arguments become those that it was made by.
pub(super) fn open(
    arguments: Replaced<'_>,
    given: &CommandLine,
) -> Result<Option<(SavedPlan, CommandLine)>, Diagnostic> {
    let path = arguments.job.job.clone();
    let name = path.display().to_string();
    let refuse = |error: &NoPlan| of_no_plan(&name, error);
    let is_named_so = path.extension().is_some_and(|ending| ending == ENDING);
    if !is_named_so && !PLAN.is_that_of(&path) {
        return Ok(None);
    }
    if let Some(flag) = given.deciding_flag() {
        return Err(of_flag_beside_plan(&name, flag));
    }
    let unreadable = |error: std::io::Error| refuse(&NoPlan::Unreadable(error));
    let is_file = std::fs::metadata(&path).map_err(unreadable)?.is_file();
    if !is_file {
        return Err(refuse(&NoPlan::Foreign));
    }
    let file = File::open(&path).map_err(unreadable)?;
    let plan = SavedPlan::open(&path, file).map_err(|error| refuse(&error))?;
    let words = ["noteferry".to_owned(), "plan".to_owned()];
    let words = words.into_iter().chain(plan.facts.command.iter().cloned());
    let read = Arguments::try_parse_from(words).map(|read| read.verb);
    let Ok(Verb::Plan(made_by)) = read else { return Err(refuse(&NoPlan::Damaged)) };
    *arguments.job = made_by.job;
    *arguments.sending = made_by.sending;
    arguments.common.ledger = made_by.common.ledger;
    arguments.common.base_url = made_by.common.base_url;
    arguments.common.connectors = made_by.common.connectors;
    let given = given.clone().carrying_out(plan.command("run"));
    Ok(Some((plan, given)))
}

/// Refuses a saved plan where a verb asks for a job: it says which that is.
pub(super) fn refuse(verb: &str, job: Option<&Path>) -> Result<(), Diagnostic> {
    let Some(path) = job.filter(|path| PLAN.is_that_of(path)) else { return Ok(()) };
    let plan = File::open(path).map_err(NoPlan::from).and_then(|file| SavedPlan::open(path, file));
    match plan {
        Ok(plan) => Err(of_plan_for_job(&plan, verb)),
        Err(error) => Err(of_no_plan(&path.display().to_string(), &error)),
    }
}

/// What a run is given to do what is planned: seen from the folder that the plan lies in, where things lie below it.
pub(super) fn command(
    file: &Path,
    given: &CommandLine,
    environment: &Environment,
) -> Result<Vec<String>, Diagnostic> {
    if given.job() == Some("-") {
        return Err(of_piped_plan());
    }
    let folder = std::path::absolute(folder_of(file)).unwrap_or_default();
    let seen_from = |path: &str| {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.into());
        let below = whole.strip_prefix(&folder).unwrap_or(&whole);
        below.to_str().map_or_else(|| path.to_owned(), str::to_owned)
    };
    // A run finds the ledger of the plan, whatever its environment says.
    let named = given.value("ledger").map(Path::new).map(Path::to_owned);
    let given = match named.or_else(|| environment.ledger()) {
        Some(ledger) => given.with_value("ledger", &ledger.display().to_string()),
        None => given.clone(),
    };
    Ok(given.words(seen_from))
}
