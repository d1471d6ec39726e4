//! `plan`: what a run would do. Files are written where the arguments ask for them, and with --remote in the state folder.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Zoned;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::event::Note;
use crate::ledger::PlanId;
use crate::plan::saved::SavedPlan;
use crate::report::{
    PAGE_BEGINS, PageHead, PageProblems, PlanHead, PlanReport, SHOWN, exit, nothing_planned,
    of_flag_beside_plan, of_invalid, of_sandbox, remote_begins,
};
use crate::sandbox::{self, Sandbox};
use crate::task::{
    self, About, AskProgress, Failure, PlanOptions, Planned, RemoteCost, Saving, Shows, Told,
};
use crate::text::command::CommandLine;
use crate::text::diagnostic::Diagnostic;
use crate::text::visible::shown;

use super::arguments::{CommonArguments, JobArguments, SendingArguments, duration};
use super::asking::{self, Wishes};
use super::check::each_job;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::place::Kind;
use super::run::invalid_rows;
use super::saved::{self, Replaced};
use super::streams::data;
use super::{gather, wall_clock};

#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    pub job: JobArguments,
    /// Further jobs, one after the other
    #[arg(value_name = "JOB", conflicts_with_all = ["html", "row", "output"])]
    pub more: Vec<PathBuf>,
    #[command(flatten)]
    pub sending: SendingArguments,
    /// Write a page that somebody can approve, complete in one file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Save the plan to a file, as in import.nfplan, that `run` carries out exactly, or refuses
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Show so many requests in full [default: 3]
    #[arg(long, value_name = "N")]
    pub sample: Option<u64>,
    /// Ask the other side what is there already: sends reads, nothing else, within the quotas
    #[arg(long, conflicts_with = "row")]
    pub remote: bool,
    /// With --remote: trust the certificates in this PEM file beside the system's
    #[arg(long, value_name = "FILE", requires = "remote")]
    pub ca_file: Option<PathBuf>,
    /// With --remote: keep the quotas by itself, and nothing for a later call
    #[arg(long, requires = "remote")]
    pub own_pace: bool,
    /// With --remote: stop asking when nothing has got through for so long [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "remote")]
    pub give_up_after: Option<std::time::Duration>,
    /// Show this row with all that is known of it, and no other; may be given several times
    #[arg(long, value_name = "N", conflicts_with = "html", value_parser = clap::value_parser!(u64).range(1..))]
    pub row: Vec<u64>,
    /// Exit with 0 where there is nothing to send, with 2 where there is, and with 1 where the plan cannot be made
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Hide texts and keys on that page
    #[arg(long, requires = "html")]
    pub mask: bool,
    #[command(flatten)]
    pub common: CommonArguments,
}

/// The page of a plan.
const PAGE: Kind = Kind {
    begins: PAGE_BEGINS.as_bytes(),
    refused: "the page cannot be written here",
    something_else: "something else is there that no plan has written",
    earlier: "the page of an earlier plan",
};

/// Plans all jobs; the exit code is the gravest.
pub(super) fn plan(
    mut arguments: PlanArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    if !arguments.more.is_empty() {
        return several(&arguments, (given, output), environment);
    }
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
        Ok(None) => act(&arguments, (&arguments.job, None), (given, output), environment),
        Ok(Some((plan, given))) => {
            act(&arguments, (&arguments.job, Some(plan)), (&given, output), environment)
        }
        Err(problem) => nothing(&[problem], &arguments, output),
    }
}

/// Plans several jobs; the exit code is the gravest. None of them is a saved plan, which is carried out by itself.
fn several(
    arguments: &PlanArguments,
    (given, output): (&CommandLine, Output<'_>),
    environment: &Environment,
) -> u8 {
    let jobs = std::iter::once(&arguments.job.job).chain(&arguments.more);
    let refused = jobs.filter_map(|job| saved::refuse("plan", Some(job)).err());
    let refused: Vec<Diagnostic> = refused.collect();
    if !refused.is_empty() {
        return nothing(&refused, arguments, output);
    }
    let codes = each_job(&arguments.job, &arguments.more, output, &mut |job, output| {
        let given = given.for_job(&job.job.to_string_lossy());
        act(arguments, (job, None), (&given, output), environment)
    });
    match arguments.detailed_exitcode {
        true => exit::gravest_of_detailed(&codes),
        false => exit::gravest(&codes),
    }
}

/// That nothing was planned, and why; gives the exit code.
fn nothing(problems: &[Diagnostic], arguments: &PlanArguments, output: Output<'_>) -> u8 {
    output.tell(problems);
    output.event(&nothing_planned());
    // Where 2 means that there is something to do, it cannot mean this.
    if arguments.detailed_exitcode { exit::FAILED } else { exit::USAGE }
}

/// Plans what the arguments say, or shows a saved plan that they come from.
fn act(
    arguments: &PlanArguments,
    (job, saved_plan): (&JobArguments, Option<SavedPlan>),
    (given, output): (&CommandLine, Output<'_>),
    environment: &Environment,
) -> u8 {
    let file = arguments.output.as_deref();
    let mut beside = match file.map(|file| saved::PLAN.beside(file)).transpose() {
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
    let sandbox = (rehearses && arguments.remote).then(|| Sandbox::start(sandbox::rehearsal()));
    let sandbox = match sandbox.transpose() {
        Ok(sandbox) => sandbox,
        Err(error) => {
            output.tell(&[of_sandbox(&error)]);
            output.event(&nothing_planned());
            return exit::USAGE;
        }
    };
    let usual = sandbox::usual_base_url();
    let address = sandbox.as_ref().map_or(usual.as_str(), Sandbox::base_url);
    let secrets = gather::secrets(rehearses, environment);
    let options = PlanOptions {
        job: gather::job(job, &arguments.common, environment),
        target: gather::target(
            &arguments.common,
            arguments.sending.allow_http,
            &secrets,
            rehearses.then_some(address),
        ),
        sending: gather::sending(&arguments.sending),
        rows: arguments.row.iter().copied().collect(),
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
        report: report((given, saved_later(arguments)), output, about, sample),
    };
    let begins = |cost: &RemoteCost| cost_told(output, cost);
    let tell = |note: &Note| asking::remark(output, note);
    let world =
        arguments.remote.then(|| asking::world(wishes(arguments), environment, &begins, &tell));
    let planned = task::plan(&options, saving, wall_clock(), &mut hear, &show, world.as_ref());
    let planned = match planned {
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
    conclude(planned, (beside, &problems), arguments, output)
}

/// Puts what was asked for in its place; gives the exit code.
fn conclude(
    planned: Planned,
    (beside, problems): (Option<NamedTempFile>, &PageProblems),
    arguments: &PlanArguments,
    output: Output<'_>,
) -> u8 {
    let (interrupted, has_stopped) = (planned.interrupted(), planned.has_stopped());
    let has_invalid = planned.has_invalid();
    let to_do = planned.totals.tally.to_send() > 0;
    if let Some((beside, file)) = beside.zip(arguments.output.as_deref())
        && let Err(problem) = save(beside, file, planned.saved, output)
    {
        output.tell(&[problem]);
        return exit::STOPPED;
    }
    if let Some(file) = &arguments.html
        && let Err(problem) = write_page(planned, problems, file)
    {
        output.tell(&[problem]);
        return exit::STOPPED;
    }
    if let Some(signal) = interrupted {
        return exit::interrupted(signal);
    }
    if has_stopped {
        return exit::STOPPED;
    }
    match has_invalid && !arguments.sending.skip_invalid {
        true => exit::INVALID,
        false if arguments.detailed_exitcode && to_do => exit::SOMETHING_TO_SEND,
        false => exit::DONE,
    }
}

fn wishes(arguments: &PlanArguments) -> Wishes {
    Wishes {
        own_pace: arguments.own_pace,
        ca_file: arguments.ca_file.clone(),
        give_up_after: arguments.give_up_after,
    }
}

/// Says what asking will cost, and then how far it is.
fn cost_told(output: Output<'_>, cost: &RemoteCost) -> AskProgress {
    let time = (cost.duration, cost.limited_by.as_ref());
    let known = (cost.lists, cost.known, cost.known_since.as_ref());
    output.say(&remote_begins(known, cost.noun.as_deref(), time));
    output.event(&json!({
        "event": "asking",
        "lists": cost.lists,
        "known": cost.known,
        "known_since": cost.known_since.as_ref().map(|since| since.timestamp().to_string()),
        "requests": cost.requests,
        "seconds": cost.duration.as_secs_f64().ceil(),
    }));
    asking::progress(output, cost.lists, cost.known)
}

/// Puts a plan in its place, and says how it is carried out.
fn save(
    beside: NamedTempFile,
    file: &Path,
    plan: Option<PlanId>,
    output: Output<'_>,
) -> Result<(), Diagnostic> {
    let Some(plan) = plan else {
        output.warn("The plan is not saved: a run would refuse it, since rows are invalid.");
        return Ok(());
    };
    saved::PLAN.put(beside, file)?;
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
        command: given.without("html"),
        saving: saved_later(arguments),
        mask: arguments.mask,
    }
}

/// The command of the plan that is to be saved.
fn saved_later(arguments: &PlanArguments) -> Option<CommandLine> {
    arguments.output.as_ref().map(|file| CommandLine::new("plan", file.to_str()))
}

/// Writes the page beside its place and puts it there when it is whole.
fn write_page(planned: Planned, problems: &PageProblems, file: &Path) -> Result<(), Diagnostic> {
    let Some(page) = planned.page else { return Ok(()) };
    let mut beside = PAGE.beside(file)?;
    let html = page.html(&planned.totals, problems);
    let html = html.map_err(|error| PAGE.unwritable(file, &io::Error::other(error)))?;
    beside
        .as_file_mut()
        .write_all(html.as_bytes())
        .map_err(|error| PAGE.unwritable(file, &error))?;
    PAGE.put(beside, file)
}

fn report(
    (given, saving): (&CommandLine, Option<CommandLine>),
    output: Output<'_>,
    about: About,
    sample: u64,
) -> PlanReport {
    if output.is_json() {
        return PlanReport::ndjson(output.events());
    }
    let head = PlanHead {
        job: shown(&about.job).into_owned(),
        command: given.clone(),
        saving,
        target: shown(&about.target).into_owned(),
        address: about.address,
        header: about.header,
        item: about.item,
        verbose: output.verbose,
        sample,
    };
    PlanReport::text(data(), head, output.data_color)
}
