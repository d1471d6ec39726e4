//! `plan`: what a run would do, with no trace on disk or network.

use std::path::Path;

use jiff::Zoned;
use tempfile::NamedTempFile;

use crate::ledger::PlanId;
use crate::plan::saved::SavedPlan;
use crate::report::{
    PAGE_BEGINS, PageHead, PageProblems, PlanHead, PlanReport, SHOWN, exit, nothing_planned,
    of_flag_beside_plan, of_invalid,
};
use crate::sandbox;
use crate::task::{self, About, Failure, PlanOptions, Planned, Saving, Shows, TargetOptions, Told};
use crate::text::code::Code;
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::visible::shown;

use super::arguments::PlanArguments;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::run::invalid_rows;
use super::saved::{self, Replaced};
use super::streams::data;
use super::{gather, wall_clock};

pub(super) fn plan(
    mut arguments: PlanArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let replaced = Replaced {
        job: &mut arguments.job,
        sending: &mut arguments.sending,
        common: &mut arguments.common,
    };
    let found = saved::open(replaced, given).and_then(|found| match (&found, &arguments.output) {
        (Some((plan, _)), Some(_)) => Err(of_flag_beside_plan(&plan.name, "output")),
        _ => Ok(found),
    });
    match found {
        Ok(None) => act(&arguments, None, given, environment),
        Ok(Some((plan, given))) => act(&arguments, Some(plan), &given, environment),
        Err(problem) => nothing(&[problem], &arguments, output),
    }
}

/// That nothing was planned, and why; gives the exit code.
fn nothing(problems: &[Diagnostic], arguments: &PlanArguments, output: Output) -> u8 {
    output.tell(problems);
    output.event(&nothing_planned());
    // Where 2 means that there is something to do, it cannot mean this.
    if arguments.detailed_exitcode { exit::FAILED } else { exit::USAGE }
}

/// Plans what the arguments say, or shows a saved plan that they come from.
fn act(
    arguments: &PlanArguments,
    saved_plan: Option<SavedPlan>,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let file = arguments.output.as_deref();
    let mut beside = match file.map(saved::beside).transpose() {
        Ok(beside) => beside,
        Err(problem) => return nothing(&[problem], arguments, output),
    };
    let command = match file.map(|file| saved::command(file, given, environment)).transpose() {
        Ok(command) => command,
        Err(problem) => return nothing(&[problem], arguments, output),
    };
    let saving = beside.as_mut().zip(command);
    let saving = saving.map(|(to, command)| Saving { to, command });
    let rehearses = arguments.sending.sandbox;
    let options = PlanOptions {
        job: gather::job(&arguments.job, &arguments.common, environment),
        target: TargetOptions {
            base_url: arguments.common.base_url.clone(),
            allow_http: arguments.sending.allow_http,
            secrets: &gather::secrets(rehearses, environment),
            rehearsal: rehearses.then(|| gather::rehearsal(&sandbox::usual_base_url())),
        },
        sending: gather::sending(&arguments.sending),
        plan: saved_plan,
    };
    let mut hearing = Hearing::new(output);
    let mut problems = PageProblems::default();
    let mut hear = |told: Told| {
        if let Told::Problem(problem) = &told {
            problems.hear(problem);
        }
        hearing.hear(told);
    };
    let sample = arguments.sample.unwrap_or(SHOWN);
    let show = |about: About| Shows {
        page: arguments.html.as_ref().map(|_| page_head(arguments, given, &about)),
        report: report(given, output, about, sample),
    };
    let planned = match task::plan(&options, saving, wall_clock(), &mut hear, &show) {
        Ok(planned) => planned,
        Err(failure) => {
            let exit = nothing(&failure.problems(), arguments, output);
            return match &failure {
                Failure::Invalid(found) => {
                    let words = of_invalid(&invalid_rows(found), given);
                    words.iter().for_each(|words| output.say(words));
                    failure.exit()
                }
                _ => exit,
            };
        }
    };
    let has_invalid = planned.has_invalid();
    let to_do = planned.totals.tally.to_send() > 0;
    if let Some((beside, file)) = beside.zip(file)
        && let Err(problem) = save(beside, file, planned.saved, output)
    {
        output.tell(&[problem]);
        return exit::STOPPED;
    }
    if let Some(file) = &arguments.html
        && let Err(problem) = write_page(planned, &problems, file)
    {
        output.tell(&[problem]);
        return exit::STOPPED;
    }
    match has_invalid && !options.sending.skip_invalid {
        true => exit::INVALID,
        false if arguments.detailed_exitcode && to_do => exit::SOMETHING_TO_SEND,
        false => exit::DONE,
    }
}

/// Puts a plan in its place, and says how it is carried out.
fn save(
    beside: NamedTempFile,
    file: &Path,
    plan: Option<PlanId>,
    output: Output,
) -> Result<(), Diagnostic> {
    let Some(plan) = plan else {
        output.warn("The plan is not saved: a run would refuse it, since rows are invalid.");
        return Ok(());
    };
    saved::put(beside, file)?;
    let run = CommandLine::new("run", file.to_str());
    output.say(&format!(
        "The plan {} is saved. To carry it out, exactly or not at all: {run}",
        plan.short()
    ));
    Ok(())
}

fn page_head(arguments: &PlanArguments, given: &CommandLine, about: &About) -> PageHead {
    PageHead {
        job: shown(&about.job).into_owned(),
        target: shown(&about.target).into_owned(),
        source: shown(&about.source).into_owned(),
        made_at: Zoned::now(),
        command: given.without("html").without("mask"),
        mask: arguments.mask,
    }
}

/// Whether nothing is lost by a page in the place of a file: there is none, or it is a page itself.
fn may_be_replaced(file: &Path) -> bool {
    let Ok(about) = std::fs::symlink_metadata(file) else { return true };
    let mut head = [0; PAGE_BEGINS.len()];
    about.is_file()
        && std::fs::File::open(file)
            .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head))
            .is_ok()
        && head == *PAGE_BEGINS.as_bytes()
}

/// Writes the page beside its place and puts it there when it is whole.
fn write_page(planned: Planned, problems: &PageProblems, file: &Path) -> Result<(), Diagnostic> {
    let Some(page) = planned.page else { return Ok(()) };
    let refuse = |cause: &dyn std::fmt::Display| {
        let place = Place::File(file.display().to_string().into());
        let message = format!("the page cannot be written here: {cause}");
        Diagnostic::error(Code::UnwritableFile, place, message)
            .hint("name a file in a folder that is there and may be written to")
    };
    if !may_be_replaced(file) {
        let place = Place::File(file.display().to_string().into());
        let message = "something else is there that no plan has written";
        return Err(Diagnostic::error(Code::UnwritableFile, place, message)
            .hint("name a file that is not there yet, or the page of an earlier plan"));
    }
    let html = page.html(&planned.totals, problems).map_err(|error| refuse(&error))?;
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(|error| refuse(&error))?;
    std::io::Write::write_all(&mut beside, html.as_bytes()).map_err(|error| refuse(&error))?;
    beside.persist(file).map(drop).map_err(|error| refuse(&error.error))
}

fn report(given: &CommandLine, output: Output, about: About, sample: u64) -> PlanReport {
    if output.is_json() {
        return PlanReport::ndjson(data());
    }
    let head = PlanHead {
        job: shown(&about.job).into_owned(),
        command: given.clone(),
        target: shown(&about.target).into_owned(),
        address: about.address,
        header: about.header,
        item: about.item,
        verbose: output.verbose,
        sample,
    };
    PlanReport::text(data(), head, output.data_color)
}
