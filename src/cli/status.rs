//! `status`: what the ledger knows.

use jiff::tz::TimeZone;
use serde_json::json;

use crate::report::{StatusView, exit, nothing_known};
use crate::task::{self, StatusOptions};

use super::arguments::StatusArguments;
use super::environment::Environment;
use super::gather;
use super::hearing::Hearing;
use super::output::{Output, data};

pub(super) fn status(arguments: &StatusArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let options = StatusOptions {
        job: arguments.job.clone(),
        connectors: arguments.common.connectors.clone(),
        ledger: gather::ledger(arguments.job.as_ref(), &arguments.common, environment),
    };
    let mut hearing = Hearing::new(output);
    let found = match task::status(&options, &mut |told| hearing.hear(told)) {
        Ok(found) => found,
        Err(failure) => {
            output.tell(&failure.problems());
            return exit::USAGE;
        }
    };
    if found.jobs.is_empty() {
        output.event(&json!({"event": "status", "job": found.job, "rows": 0}));
        output.say(&nothing_known(&options.ledger, found.job.as_deref()));
    }
    found.jobs.into_iter().map(StatusView::from).for_each(|view| show(&view, &output));
    exit::DONE
}

fn show(view: &StatusView, output: &Output) {
    if output.is_json() {
        output.event(&view.event());
    } else {
        // Whoever closed stdout does not want to hear of it.
        let _ = std::io::Write::write_all(
            &mut data(),
            view.text(output.data_color, &TimeZone::system()).as_bytes(),
        );
    }
}
