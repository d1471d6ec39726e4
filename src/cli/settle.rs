//! `settle`: what a person has found out about rows, for the ledger.

use jiff::Zoned;

use crate::ledger::Unfinished;
use crate::report::{SettleView, exit, nothing_settled};
use crate::row::Settlement;
use crate::task::{self, SANDBOX, Selection, SettleOptions};
use crate::text::command::CommandLine;

use super::arguments::{SettleArguments, SettledState};
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::{gather, wall_clock};

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
        which: Selection {
            rows: arguments.row.clone(),
            keys: arguments.key.clone(),
            state: arguments.state.map(|state| match state {
                SettledState::InDoubt => Unfinished::InDoubt,
                SettledState::Failed => Unfinished::Failed,
            }),
            code: arguments.code.clone(),
        },
        said: said(arguments),
        by: gather::person(arguments.by.as_ref(), environment),
        comment: arguments.why.clone(),
        process: std::process::id(),
        began: Zoned::now(),
    };
    output.detail(&format!("ledger: {}", options.ledger.display()));
    let mut hearing = Hearing::new(output);
    match task::settle(&options, wall_clock(), &mut |told| hearing.hear(told)) {
        Ok(settled) => {
            let next = given.of("run");
            let next = match settled.job.base_url.as_str() {
                SANDBOX => next.with("sandbox"),
                address => next.with_value("base-url", address),
            };
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
        Err(failure) => {
            output.tell(&failure.problems());
            output.event(&nothing_settled());
            failure.exit()
        }
    }
}

fn said(arguments: &SettleArguments) -> Settlement {
    let is = &arguments.said;
    match &is.there {
        Some(id) => Settlement::There { id: id.clone() },
        None if is.absent => Settlement::Absent,
        None if is.unsettle => Settlement::Withdrawn,
        None => Settlement::Dismissed,
    }
}

fn show(view: &SettleView, output: &Output, all: bool) {
    if output.is_json() {
        view.events().iter().for_each(|event| output.event(event));
    } else {
        output.show(&view.text(output.data_color, all));
    }
}
