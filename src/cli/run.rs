//! `run`: checks every row, then sends what is to be sent, and writes down what came of it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressDrawTarget;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::event::Ending;
use crate::ledger::{Approval, Pulse, PulseFile};
use crate::plan::saved::SavedPlan;
use crate::report::{
    InvalidRows, Reporter, RunView, Several, at, bar, closing_event, credentials, exit,
    finished_event, log, ndjson, of_invalid, of_sandbox, plain, pulse, refused_event,
};
use crate::row::Totals;
use crate::sandbox::{self, Sandbox};
use crate::table::Staying;
use crate::task::{
    self, Failure, Failures, Outlook, Refused, RunOptions, RunOutcome, Secrets, World,
};
use crate::text::command::CommandLine;
use crate::text::visible::shown;

use super::arguments::{
    CommonArguments, JobArguments, SendingArguments, TimeArguments, duration, failures, said,
};
use super::consent;
use super::cron::{Cron, CronArguments, Early, IfLocked, Wait};
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::saved::{self, Replaced};
use super::streams::{self, data};
use super::{gather, signals, wall_clock};

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub job: JobArguments,
    #[command(flatten)]
    pub sending: SendingArguments,
    /// Stop when more rows than this fail in this run: a number, or a percentage of the rows to send, as in 5%
    #[arg(long, value_name = "N|P%", value_parser = failures)]
    pub max_failures: Option<Failures>,
    /// Stop when nothing has got through for so long; until then one row at a time is tried [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub give_up_after: Option<std::time::Duration>,
    #[command(flatten)]
    pub time: TimeArguments,
    /// Trust the certificates in this PEM file beside the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Who has approved the run; the ledger keeps that, and `status` shows it
    #[arg(long, value_name = "NAME", value_parser = said)]
    pub approved_by: Option<String>,
    /// What is to be known of the approval
    #[arg(long, value_name = "TEXT", requires = "approved_by", value_parser = said)]
    pub approval_comment: Option<String>,
    /// Ask nothing: without it a terminal is asked before rows are deleted, and before a job's first real run
    #[arg(long)]
    pub yes: bool,
    /// Keep the quotas by itself: what other runs of the same account send is not counted
    #[arg(long)]
    pub own_pace: bool,
    /// Do not read lists once more that earlier runs have left uncounted: somebody has looked, and all is there once
    #[arg(long)]
    pub as_counted: bool,
    #[command(flatten)]
    pub cron: CronArguments,
    #[command(flatten)]
    pub common: CommonArguments,
}

const RUN_EXAMPLES: &str = "\
Examples:
  noteferry run jobs/import-notes.yaml --sandbox        rehearse
  noteferry run jobs/import-notes.yaml --limit 10       a pilot
  noteferry run jobs/import-notes.yaml -q --if-locked skip --deadline 06:00
                                                        every night, by cron";

pub(super) fn run(
    mut arguments: RunArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    // Whoever knows the address of a monitor can say that all is well.
    let given = &given.without("ping");
    let about = (arguments.job.job.display().to_string(), given.to_string());
    let named = arguments.job.job.clone();
    let replaced = Replaced {
        job: &mut arguments.job,
        sending: &mut arguments.sending,
        common: &mut arguments.common,
    };
    let opened = saved::open(replaced, given);
    let staying = staying(&arguments, &named, environment);
    let rehearsal = (arguments.sending.sandbox, &staying);
    let (cron, problems) = Cron::new(&arguments.cron, about, rehearsal, environment, &output);
    if !problems.is_empty() {
        return tell(&Failure::Input(problems), given, (&output, &cron));
    }
    let early = cron.listen_early(arguments.cron.if_locked == IfLocked::Wait);
    match opened {
        Ok(None) => act(&arguments, None, given, (environment, &cron, &early)),
        Ok(Some((plan, given))) => {
            act(&arguments, Some(plan), &given, (environment, &cron, &early))
        }
        Err(problem) => tell(&Failure::Input(vec![problem]), given, (&output, &cron)),
    }
}

/// What no file of the run takes the place of.
fn staying(arguments: &RunArguments, named: &Path, environment: &Environment) -> Staying {
    let cron = &arguments.cron;
    if cron.log_file.is_none() && cron.summary_file.is_none() && cron.metrics_file.is_none() {
        return Staying::default();
    }
    let job = gather::job(&arguments.job, &arguments.common, environment);
    let staying = task::lives_on(&job.path, &job.given, &job.connectors, &job.ledger).and(named);
    job.from.iter().fold(staying, |staying, file| staying.and(file))
}

/// Runs what the arguments say, or a saved plan that they come from.
fn act(
    arguments: &RunArguments,
    plan: Option<SavedPlan>,
    given: &CommandLine,
    (environment, cron, early): (&Environment, &Cron, &Early),
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let rehearses = arguments.sending.sandbox;
    let sandbox = match rehearses.then(|| Sandbox::start(sandbox::rehearsal())).transpose() {
        Ok(sandbox) => sandbox,
        Err(error) => {
            let problems = [of_sandbox(&error)];
            output.tell(&problems);
            let none = Totals::default();
            cron.over(&refused_event(&none, exit::USAGE, None, &problems), (&none, None));
            return close(&output, &none, exit::USAGE);
        }
    };
    let secrets = gather::secrets(rehearses, environment);
    let options = options(arguments, plan, (&secrets, sandbox.as_ref()), environment);
    let wait = Wait {
        how: arguments.cron.if_locked,
        limits: arguments.time.limits(),
        began: Zoned::now(),
        output: &output,
        state: RefCell::default(),
    };
    let begun = RefCell::new(None);
    let world = World {
        wall: &wall_clock,
        began: wait.began.clone(),
        process: std::process::id(),
        host: environment.host(),
        awaits: &|holder| wait.goes_on(holder),
        chance: &fastrand::f64,
        stops: &|| signals::stops_after(early.late()),
        consent: &|outlook| {
            let can_ask = !arguments.yes && !output.is_json() && consent::is_heard();
            !can_ask || consent::given(outlook)
        },
        reporter: &|outlook| {
            // A signal that came before has the process end: this run does not begin then.
            early.is_over();
            let pulse = outlook.pulse.clone();
            let view = RunView { host: environment.host(), ..view(given, &output, outlook) };
            cron.begins(&view.job, &view.target);
            begun.replace(Some(view.clone()));
            reporter(&view, pulse, (&output, cron.reporter()))
        },
    };
    let host = environment.host().map(|host| format!(" on {host}")).unwrap_or_default();
    let began = world.began.strftime("%Y-%m-%d %H:%M:%S%:z");
    let mut hearing = Hearing::new(output).headed(format!("noteferry{host}, {began}\n{given}\n"));
    let ended = task::run(&options, &world, &mut |told| hearing.hear(told));
    // A signal that came before the run began has said how it ended, and ends the process.
    early.is_over();
    let failure = match ended {
        Ok(outcome) => return over(&outcome, begun.take().as_ref(), cron),
        Err(failure) => failure,
    };
    let is_held = failure.exit() == exit::LOCKED;
    match (arguments.cron.if_locked, wait.state.take().ended_by) {
        (IfLocked::Skip, _) if is_held => skip(&failure, (&output, cron)),
        (_, ended_by) => {
            hearing.head();
            match ended_by.filter(|_| is_held) {
                Some(ending) => waited_in_vain(&failure, &ending, (&output, cron)),
                None => tell(&failure, given, (&output, cron)),
            }
        }
    }
}

fn options<'a>(
    arguments: &RunArguments,
    plan: Option<SavedPlan>,
    (secrets, sandbox): (Secrets<'a>, Option<&Sandbox>),
    environment: &Environment,
) -> RunOptions<'a> {
    RunOptions {
        job: gather::job(&arguments.job, &arguments.common, environment),
        target: gather::target(
            &arguments.common,
            arguments.sending.allow_http,
            secrets,
            sandbox.map(Sandbox::base_url),
        ),
        sending: gather::sending(&arguments.sending),
        max_failures: arguments.max_failures,
        give_up_after: arguments.give_up_after,
        time: arguments.time.limits(),
        as_counted: arguments.as_counted,
        ca_file: arguments.ca_file.clone(),
        state_folder: match arguments.own_pace {
            true => environment.state_folder().telling(),
            false => environment.state_folder(),
        },
        plan,
        approval: arguments
            .approved_by
            .clone()
            .map(|by| Approval { by, comment: arguments.approval_comment.clone() }),
    }
}

/// Says how a run ended to those who did not watch it; gives its exit code.
fn over(outcome: &RunOutcome, begun: Option<&RunView>, cron: &Cron) -> u8 {
    if let Some(fault) = &outcome.fault {
        streams::broke_off(fault);
    }
    let (totals, ending) = (&outcome.totals, &outcome.ending);
    let closing = match begun {
        Some(view) => closing_event(view, totals, ending),
        None => finished_event(totals, ending, outcome.exit),
    };
    cron.over(&closing, (totals, Some(outcome.run)));
    outcome.exit
}

/// Another run is at it, and that is all right.
fn skip(failure: &Failure, (output, cron): (&Output<'_>, &Cron)) -> u8 {
    let problems = failure.problems();
    let why = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
    output.say(&format!("note: this run was skipped: {why}"));
    let none = Totals::default();
    let event = refused_event(&none, exit::DONE, failure.reason(), &problems);
    cron.skipped();
    output.event(&at(event, Timestamp::now()));
    exit::DONE
}

/// The time of the run is over, and another one still holds the job.
fn waited_in_vain(failure: &Failure, ending: &Ending, (output, cron): (&Output<'_>, &Cron)) -> u8 {
    output.tell(&failure.problems());
    if !output.is_json() {
        output.warn("The time for waiting is over. Nothing was sent.");
    }
    let none = Totals::default();
    let event = finished_event(&none, ending, exit::STOPPED);
    cron.over(&event, (&none, None));
    output.event(&at(event, Timestamp::now()));
    exit::STOPPED
}

pub(super) fn view(given: &CommandLine, output: &Output<'_>, outlook: Outlook) -> RunView {
    RunView {
        job: shown(&outlook.job).into_owned(),
        item: outlook.item,
        command: given.clone(),
        target: shown(&outlook.target).into_owned(),
        ledger: shown(&outlook.ledger.display().to_string()).into_owned(),
        credentials: credentials(outlook.credentials).to_owned(),
        tally: outlook.tally,
        mandate: outlook.mandate,
        filtered: outlook.filtered,
        stays: outlook.stays,
        changed_rows: outlook.changed,
        held_rows: outlook.held,
        until: outlook.until.map(|(moment, left)| (moment.to_zoned(TimeZone::system()), left)),
        in_doubt: outlook.in_doubt,
        is_presumed: outlook.is_presumed,
        limited_by: outlook.limited_by,
        duration: outlook.duration,
        started: Zoned::now(),
        run: None,
        host: None,
        shows_progress: output.progress,
        quiet: output.quiet,
        color: output.color,
        sandbox: outlook.is_sandbox,
        undoes: None,
        before: outlook.before,
    }
}

/// A reporter for people says its head as soon as there is one.
pub(super) fn reporter(
    view: &RunView,
    file: Option<PulseFile>,
    (output, beside): (&Output<'_>, Option<Box<dyn Reporter>>),
) -> Box<dyn Reporter> {
    let events = |to| ndjson(to, view.clone(), Box::new(jiff::Timestamp::now));
    let mut all: Vec<Box<dyn Reporter>> = beside.into_iter().collect();
    if output.is_json() {
        all.push(events(data()));
    }
    match (output.is_json(), output.bar) {
        (_, true) => all.push(bar(view.clone(), ProgressDrawTarget::stderr())),
        (false, false) => all.push(plain(streams::words(), view.clone())),
        (true, false) => {}
    }
    if streams::is_logged() {
        all.push(match output.is_json() {
            true => events(streams::log()),
            false => log(streams::log(), view.clone()),
        });
    }
    all.extend(file.map(|file| pulse(view.clone(), std::process::id(), beat(file))));
    Box::new(Several(all))
}

/// Writes down how the run goes. That it cannot be written is no loss.
fn beat(file: PulseFile) -> Box<dyn FnMut(Option<Pulse>) + Send> {
    Box::new(move |pulse| match pulse {
        Some(pulse) => drop(file.write(&Pulse { at: wall_clock(), ..pulse })),
        None => file.remove(),
    })
}

/// Tells why a run ended before it began, and closes its events; gives the exit code.
fn tell(failure: &Failure, given: &CommandLine, (output, cron): (&Output<'_>, &Cron)) -> u8 {
    output.tell(&failure.problems());
    let mut totals = Totals::default();
    if let Failure::Invalid(found) = failure {
        totals = found.totals;
        let words = of_invalid(&invalid_rows(found), given);
        if !output.is_json() {
            // Nothing was sent, and that nobody should miss.
            words.iter().for_each(|words| output.warn(words));
        }
    }
    if matches!(failure, Failure::Declined) {
        output.warn("Nothing was sent.");
    }
    let event = refused_event(&totals, failure.exit(), failure.reason(), &failure.problems());
    cron.over(&event, (&totals, None));
    output.event(&at(event, Timestamp::now()));
    failure.exit()
}

/// What is said of rows that are refused.
pub(super) fn invalid_rows(found: &Refused) -> InvalidRows {
    InvalidRows {
        rows: found.totals.rows,
        invalid: found.checked.invalid(),
        guessed: found.checked.guessed,
        to_send: found.to_send,
        already_done: found.totals.already_done,
        left_out: found.totals.left_out(),
        beyond_limit: found.beyond_limit,
    }
}

fn close(output: &Output<'_>, totals: &Totals, exit: u8) -> u8 {
    output.event(&at(finished_event(totals, &Ending::Finished, exit), Timestamp::now()));
    exit
}
