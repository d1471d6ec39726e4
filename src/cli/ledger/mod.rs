//! What looks after a ledger file: `ledger check` looks it through, `ledger export` and `ledger prune` have files of their own.

mod arguments;
mod export;
mod prune;

use crate::report::{LedgerCheckView, exit, nothing_checked_event};
use crate::task::{self, LedgerCheckOptions};

pub(super) use arguments::LedgerArguments;
use arguments::{LedgerCheckArguments, LedgerVerb};

use super::environment::Environment;
use super::gather;
use super::output::Output;

pub(super) fn ledger(arguments: &LedgerArguments, environment: &Environment) -> u8 {
    match &arguments.verb {
        LedgerVerb::Check(arguments) => check(arguments, environment),
        LedgerVerb::Prune(arguments) => prune::prune(arguments, environment),
        LedgerVerb::Export(arguments) => export::export(arguments, environment),
    }
}

fn check(arguments: &LedgerCheckArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let options = LedgerCheckOptions {
        job: arguments.job.clone(),
        given: arguments.layout.given(arguments.operation.as_ref()),
        connectors: arguments.common.connectors.clone(),
        ledger: gather::ledger(arguments.job.as_ref(), &arguments.common, environment),
    };
    output.detail(&format!("ledger: {}", options.ledger.display()));
    match task::check_ledger(&options) {
        Ok((job, checked)) => {
            let ledger = options.ledger.display().to_string();
            let view = LedgerCheckView { ledger, job, checked };
            show(&view, &output);
            match view.checked.findings.count() {
                0 => exit::DONE,
                _ => exit::UNSOUND,
            }
        }
        Err(failure) => {
            output.tell(&failure.problems());
            output.event(&nothing_checked_event());
            exit::USAGE
        }
    }
}

fn show(view: &LedgerCheckView, output: &Output<'_>) {
    if output.is_json() {
        view.events().iter().for_each(|event| output.event(event));
    } else if !output.quiet || view.checked.findings.count() > 0 {
        output.show(&view.text(output.data_color));
    }
}
