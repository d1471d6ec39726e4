//! `settle`: what a person has found out about rows, for the ledger.

mod arguments;
mod ask;

use jiff::Zoned;

use crate::ledger::{JobName, SettledNow, Unfinished};
use crate::report::{SettleView, exit, nothing_settled, of_nobody_to_ask};
use crate::row::Settlement;
use crate::task::{self, Failure, SANDBOX, Selection, SettleOptions};
use crate::text::command::CommandLine;

use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::{consent, gather, wall_clock};
pub(super) use arguments::SettleArguments;
use arguments::{SaidArguments, SettledState};

pub(super) fn settle(
    arguments: &SettleArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let options = SettleOptions {
        job: arguments.job.clone(),
        given: arguments.layout.given(arguments.operation.as_ref()),
        connectors: arguments.common.connectors.clone(),
        ledger: gather::ledger(Some(&arguments.job), &arguments.common, environment),
        address: match arguments.sandbox {
            true => Some(SANDBOX.to_owned()),
            false => arguments.common.base_url.clone(),
        },
        by: gather::person(arguments.by.as_ref(), environment),
        comment: arguments.why.clone(),
        process: std::process::id(),
        began: Zoned::now(),
    };
    output.detail(&format!("ledger: {}", options.ledger.display()));
    let which = selection(arguments);
    let Some(said) = said(&arguments.said) else {
        return match consent::is_heard() && !output.is_json() {
            true => ask::ask((arguments, given, environment), options, which, output),
            false => {
                output.tell(&[of_nobody_to_ask(output.is_json())]);
                output.event(&nothing_settled());
                exit::USAGE
            }
        };
    };
    let mut hearing = Hearing::new(output);
    let can_ask = !arguments.yes && consent::is_heard() && !output.is_json();
    let consent =
        |rows: &[SettledNow], said: &Settlement| !can_ask || consent::to_send_again(rows, said);
    let chosen = (&which, &said, &consent as &dyn Fn(&[SettledNow], &Settlement) -> bool);
    match task::settle(&options, chosen, wall_clock(), &mut |told| hearing.hear(told)) {
        Ok(settled) => {
            let next = next(given, &settled.job);
            let view = SettleView {
                job: settled.job,
                run: settled.run,
                said: settled.said,
                by: settled.by,
                rows: settled.rows,
                next,
            };
            show(&view, &output, arguments.common.verbose);
            exit::DONE
        }
        Err(Failure::Declined) => {
            output.say("Nothing was settled.");
            exit::STOPPED
        }
        Err(failure) => {
            output.tell(&failure.problems());
            output.event(&nothing_settled());
            failure.exit()
        }
    }
}

fn selection(arguments: &SettleArguments) -> Selection {
    let state = arguments.state.map(|state| match state {
        SettledState::InDoubt => Unfinished::InDoubt,
        SettledState::Failed => Unfinished::Failed,
    });
    let (rows, keys) = (arguments.row.clone(), arguments.key.clone());
    Selection::new((rows, keys), state, arguments.code.clone())
}

/// None where somebody is to be asked.
fn said(is: &SaidArguments) -> Option<Settlement> {
    match &is.there {
        Some(id) => Some(Settlement::There { id: id.clone() }),
        None if is.absent => Some(Settlement::Absent),
        None if is.unsettle => Some(Settlement::Withdrawn),
        None => is.dismiss.then_some(Settlement::Dismissed),
    }
}

/// What sends rows to where these went.
fn next(given: &CommandLine, job: &JobName) -> CommandLine {
    let next = given.of("run");
    match job.base_url.as_str() {
        SANDBOX => next.with("sandbox"),
        address => next.with_value("base-url", address),
    }
}

fn show(view: &SettleView, output: &Output, all: bool) {
    if output.is_json() {
        view.events().iter().for_each(|event| output.event(event));
    } else {
        output.show(&view.text(output.data_color, all));
    }
}
