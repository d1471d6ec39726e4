//! `ledger prune`: takes out of a ledger what nobody needs any more.

use std::io::stdin;

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::ledger::Extent;
use crate::report::{PruneView, exit, forget_question};
use crate::task::{self, PruneOptions, Pruned};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::PruneArguments;
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::{consent, gather, streams};

pub(super) fn prune(arguments: &PruneArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let before = match arguments.before.map(moment).transpose() {
        Ok(before) => before,
        Err(problem) => {
            output.tell(&[problem]);
            output.event(&json!({"event": "pruned", "rehearsals": null, "forgotten": null}));
            return exit::USAGE;
        }
    };
    let options = PruneOptions {
        job: arguments.job.clone(),
        given: arguments.layout.given(arguments.operation.as_ref()),
        connectors: arguments.common.connectors.clone(),
        ledger: gather::ledger(arguments.job.as_ref(), &arguments.common, environment),
        before,
        is_dry: arguments.dry_run,
        process: std::process::id(),
        began: Zoned::now(),
    };
    let may = |job: &str, forgotten: &[Extent]| {
        arguments.yes || (!output.is_json() && consent::is_heard() && is_named(job, forgotten))
    };
    match task::prune(&options, &may) {
        Ok(Pruned { rehearsals, forgotten, unused, kept, empty_runs, bytes, not_smaller }) => {
            let view =
                PruneView { rehearsals, forgotten, unused, kept, empty_runs, bytes, not_smaller };
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
fn moment(day: Date) -> Result<i64, Diagnostic> {
    let begin = day.to_zoned(TimeZone::system());
    begin.map(|begin| begin.timestamp().as_millisecond()).map_err(|error| {
        let message = format!("the day {day} of --before begins at no moment: {error}");
        Diagnostic::error(Code::Usage, Place::Nowhere, message)
            .hint("name a day such as 2024-01-01, before which all of the job happened")
    })
}

fn is_named(job: &str, forgotten: &[Extent]) -> bool {
    streams::write(streams::words(), &forget_question(job, forgotten));
    let mut answer = String::new();
    stdin().read_line(&mut answer).is_ok() && answer.trim() == job
}
