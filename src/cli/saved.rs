//! A saved plan in the place of a job, and the file that one is saved to.
//!
//! A plan says itself what is sent and where to: what stands in it takes the place of the arguments that say so.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::Path;

use clap::Parser as _;
use tempfile::NamedTempFile;

use crate::plan::saved::{BEGINS, NoPlan, SavedPlan};
use crate::report::{of_flag_beside_plan, of_no_plan, of_piped_plan, of_plan_for_job};
use crate::text::code::Code;
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::{Arguments, CommonArguments, JobArguments, SendingArguments, Verb};
use super::environment::Environment;

/// What files of saved plans end in.
const ENDING: &str = "nfplan";

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
    if !is_named_so && !begins_as_plan(&path) {
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
    let Some(path) = job.filter(|path| begins_as_plan(path)) else { return Ok(()) };
    let plan = File::open(path).map_err(NoPlan::from).and_then(|file| SavedPlan::open(path, file));
    match plan {
        Ok(plan) => Err(of_plan_for_job(&plan, verb)),
        Err(error) => Err(of_no_plan(&path.display().to_string(), &error)),
    }
}

/// Whether a file is begun as a plan is.
fn begins_as_plan(path: &Path) -> bool {
    let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
    let mut head = [0; BEGINS.len()];
    is_file
        && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && SavedPlan::is_begun_by(&head)
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

/// A file beside the place where a plan is to be, which is put there when it is whole.
pub(super) fn beside(file: &Path) -> Result<NamedTempFile, Diagnostic> {
    if !may_be_replaced(file) {
        let message = "something else is there that is no saved plan";
        return Err(Diagnostic::error(Code::UnwritableFile, place(file), message)
            .hint("name a file that is not there yet, or an earlier plan"));
    }
    NamedTempFile::new_in(folder_of(file)).map_err(|error| unwritable(file, &error))
}

/// Puts a plan in its place.
pub(super) fn put(mut plan: NamedTempFile, file: &Path) -> Result<(), Diagnostic> {
    let written = plan.flush().and_then(|()| plan.as_file().sync_all());
    written.map_err(|error| unwritable(file, &error))?;
    plan.persist(file).map(drop).map_err(|error| unwritable(file, &error.error))
}

/// Whether nothing is lost by a plan in the place of a file: there is none, or it is a plan itself.
fn may_be_replaced(file: &Path) -> bool {
    let Ok(about) = std::fs::symlink_metadata(file) else { return true };
    about.is_file() && begins_as_plan(file)
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn place(file: &Path) -> Place {
    Place::File(file.display().to_string().into())
}

fn unwritable(file: &Path, cause: &std::io::Error) -> Diagnostic {
    let message = format!("the plan cannot be saved here: {cause}");
    Diagnostic::error(Code::UnwritableFile, place(file), message)
        .hint("name a file in a folder that is there and may be written to")
}
