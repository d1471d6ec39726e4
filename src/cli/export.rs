//! `export`: writes down what lists show.

use serde_json::json;

use crate::event::Note;
use crate::report::{ExportView, export_begins, nothing_exported};
use crate::task::{self, AskProgress, ExportFormat, ExportOptions, RemoteCost};
use crate::text::command::CommandLine;

use super::arguments::{ExportArguments, ExportAs};
use super::asking;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::{gather, saved};

pub(super) fn export(
    arguments: &ExportArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    if let Err(problem) = saved::refuse("export", Some(&arguments.job.job)) {
        output.tell(&[problem]);
        output.event(&nothing_exported());
        return crate::report::exit::USAGE;
    }
    let (secrets, of) = (gather::secrets(false, environment), (&arguments.job, &arguments.asking));
    let (job, target) = gather::asked(of, &arguments.common, &secrets, environment);
    let options = ExportOptions {
        job,
        target,
        sending: asking::sending(&arguments.asking),
        to: arguments.output.clone(),
        format: arguments.written_as.map(|format| match format {
            ExportAs::Csv => ExportFormat::Csv,
            ExportAs::Jsonl => ExportFormat::JsonLines,
        }),
        replaces: arguments.replace,
    };
    let mut hearing = Hearing::new(output);
    let begins = |cost: &RemoteCost| cost_told(output, cost);
    let tell = |note: &Note| asking::remark(output, note);
    let unasked = |_: &RemoteCost| -> AskProgress { Box::new(|_, _| {}) };
    let world = asking::world((&arguments.asking).into(), environment, &unasked, &tell);
    let found = match task::export(&options, &world, &mut |told| hearing.hear(told), &begins) {
        Ok(found) => found,
        Err(failure) => {
            output.tell(&failure.problems());
            output.event(&nothing_exported());
            return failure.exit();
        }
    };
    let view = ExportView {
        job: &found.job,
        item: &found.item,
        noun: found.noun.as_deref(),
        lists: &found.lists,
        known_since: found.known_since.as_ref(),
        end: &found.end,
        file: &found.file,
        requests: found.requests,
        command: given,
        all: output.verbose,
    };
    match output.is_json() {
        true => view.events().iter().for_each(|event| output.event(event)),
        false if output.quiet && view.exit() == crate::report::exit::DONE => {}
        false => output.show(&view.text()),
    }
    view.exit()
}

/// Says what it will cost, and then how far it is.
fn cost_told(output: Output<'_>, cost: &RemoteCost) -> AskProgress {
    let time = (cost.duration, cost.limited_by.as_ref());
    output.say(&export_begins(
        (cost.lists, cost.known, cost.known_since.as_ref()),
        cost.noun.as_deref(),
        time,
    ));
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
