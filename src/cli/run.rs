//! `run`: checks every row, then sends what is to be sent, and writes down what came of it.

use indicatif::ProgressDrawTarget;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::event::Ending;
use crate::ledger::Approval;
use crate::plan::saved::SavedPlan;
use crate::report::{
    InvalidRows, Reporter, RunView, Several, at, bar, credentials, exit, finished_event, ndjson,
    of_invalid, of_sandbox, plain, refused_event,
};
use crate::row::Totals;
use crate::sandbox::{self, Sandbox};
use crate::task::{self, Failure, Outlook, Refused, RunOptions, TargetOptions, World};
use crate::text::command::CommandLine;
use crate::text::visible::shown;

use super::arguments::RunArguments;
use super::consent;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::saved::{self, Replaced};
use super::streams::{self, data};
use super::{gather, signals, wall_clock};

pub(super) fn run(
    mut arguments: RunArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let replaced = Replaced {
        job: &mut arguments.job,
        sending: &mut arguments.sending,
        common: &mut arguments.common,
    };
    match saved::open(replaced, given) {
        Ok(None) => act(&arguments, None, given, environment),
        Ok(Some((plan, given))) => act(&arguments, Some(plan), &given, environment),
        Err(problem) => tell(&Failure::Input(vec![problem]), given, &output),
    }
}

/// Runs what the arguments say, or a saved plan that they come from.
fn act(
    arguments: &RunArguments,
    plan: Option<SavedPlan>,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let rehearses = arguments.sending.sandbox;
    let sandbox = match rehearses.then(|| Sandbox::start(sandbox::rehearsal())).transpose() {
        Ok(sandbox) => sandbox,
        Err(error) => {
            output.tell(&[of_sandbox(&error)]);
            return close(&output, &Totals::default(), exit::USAGE);
        }
    };
    let options = RunOptions {
        job: gather::job(&arguments.job, &arguments.common, environment),
        target: TargetOptions {
            base_url: arguments.common.base_url.clone(),
            allow_http: arguments.sending.allow_http,
            secrets: &gather::secrets(rehearses, environment),
            rehearsal: sandbox.as_ref().map(|sandbox| gather::rehearsal(sandbox.base_url())),
        },
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
    };
    let world = World {
        wall: &wall_clock,
        began: Zoned::now(),
        process: std::process::id(),
        chance: &fastrand::f64,
        stops: &signals::stops,
        consent: &|outlook| {
            let can_ask = !arguments.yes && !output.is_json() && consent::is_heard();
            !can_ask || consent::given(outlook)
        },
        reporter: &|outlook| {
            let view = RunView { host: environment.host(), ..view(given, &output, outlook) };
            reporter(&view, &output)
        },
    };
    let host = environment.host().map(|host| format!(" on {host}")).unwrap_or_default();
    let began = world.began.strftime("%Y-%m-%d %H:%M:%S%:z");
    let mut hearing = Hearing::new(output).headed(format!("noteferry{host}, {began}\n{given}\n"));
    match task::run(&options, &world, &mut |told| hearing.hear(told)) {
        Ok(outcome) => {
            if let Some(fault) = outcome.fault {
                streams::broke_off(&fault);
            }
            outcome.exit
        }
        Err(failure) => {
            hearing.head();
            tell(&failure, given, &output)
        }
    }
}

fn view(given: &CommandLine, output: &Output<'_>, outlook: Outlook) -> RunView {
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
        changed_rows: outlook.changed,
        held_rows: outlook.held,
        until: outlook.until.map(|(moment, left)| (moment.to_zoned(TimeZone::system()), left)),
        in_doubt: outlook.in_doubt,
        is_presumed: outlook.is_presumed,
        limited_by: outlook.limited_by,
        duration: outlook.duration,
        started: Zoned::now(),
        host: None,
        shows_progress: output.progress,
        quiet: output.quiet,
        color: output.color,
        sandbox: outlook.is_sandbox,
    }
}

/// A reporter for people says its head as soon as there is one.
fn reporter(view: &RunView, output: &Output<'_>) -> Box<dyn Reporter> {
    let events = || ndjson(data(), view.clone(), Box::new(jiff::Timestamp::now));
    let bar = || bar(view.clone(), ProgressDrawTarget::stderr());
    match (output.is_json(), output.bar) {
        (false, true) => bar(),
        (false, false) => plain(streams::words(), view.clone()),
        (true, true) => Box::new(Several(vec![events(), bar()])),
        (true, false) => events(),
    }
}

/// Tells why a run ended before it began, and closes its events; gives the exit code.
fn tell(failure: &Failure, given: &CommandLine, output: &Output<'_>) -> u8 {
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
