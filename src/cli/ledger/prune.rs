//! `ledger prune`: takes out of a ledger what nobody needs any more.

use std::io::stdin;

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::ledger::Extent;
use crate::report::{PruneView, exit, forget_question};
use crate::task::{self, PruneOptions, Pruned};

use super::arguments::PruneArguments;
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::{consent, gather, streams};

pub(super) fn prune(arguments: &PruneArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let options = PruneOptions {
        job: arguments.job.clone(),
        given: arguments.layout.given(arguments.operation.as_ref()),
        connectors: arguments.common.connectors.clone(),
        ledger: gather::ledger(arguments.job.as_ref(), &arguments.common, environment),
        before: arguments.before.map(|day| moment(day).unwrap_or(i64::MIN)),
        is_dry: arguments.dry_run,
        process: std::process::id(),
        began: Zoned::now(),
    };
    let may = |job: &str, forgotten: &[Extent]| {
        arguments.yes || (!output.is_json() && consent::is_heard() && is_named(job, forgotten))
    };
    match task::prune(&options, &may) {
        Ok(Pruned { rehearsals, forgotten, kept, empty_runs, bytes, not_smaller }) => {
            let view = PruneView { rehearsals, forgotten, kept, empty_runs, bytes, not_smaller };
            output.event(&view.event());
            if !output.is_json() && !output.quiet {
                output.show(&view.text(&TimeZone::system()));
            }
            exit::DONE
        }
        Err(failure) => {
            output.tell(&failure.problems());
            output.event(&json!({"event": "pruned", "rehearsals": null, "forgotten": null}));
            failure.exit()
        }
    }
}

/// The moment at which a day begins here.
fn moment(day: Date) -> Option<i64> {
    day.to_zoned(TimeZone::system()).ok().map(|begin| begin.timestamp().as_millisecond())
}

fn is_named(job: &str, forgotten: &[Extent]) -> bool {
    streams::write(streams::words(), &forget_question(job, forgotten));
    let mut answer = String::new();
    stdin().read_line(&mut answer).is_ok() && answer.trim() == job
}
