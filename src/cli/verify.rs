//! `verify`: reads back what a job has done, and says whether all is right.

use jiff::Zoned;
use serde_json::json;

use crate::event::Note;
use crate::report::{
    VerifiedRow, VerifyCost, Verifying, nothing_verified, of_moved_while_verifying, of_unkept,
    sample_words, verified, verified_event, verified_row, verify_begins,
};
use crate::task::{self, AskProgress, VerifyHearing, VerifyOptions};
use crate::text::command::CommandLine;

use super::arguments::VerifyArguments;
use super::asking;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::{gather, saved};

pub(super) fn verify(
    arguments: &VerifyArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    if let Err(problem) = saved::refuse("verify", Some(&arguments.job.job)) {
        output.tell(&[problem]);
        output.event(&nothing_verified());
        return crate::report::exit::USAGE;
    }
    let (secrets, of) = (gather::secrets(false, environment), (&arguments.job, &arguments.asking));
    let (job, target) = gather::asked(of, &arguments.common, &secrets, environment);
    let options = VerifyOptions {
        corrected: arguments.job.from.clone(),
        job,
        target,
        sending: asking::sending(&arguments.asking),
        sample: arguments.sample,
        takes_ids: arguments.by_id,
        by: gather::person(arguments.by.as_ref(), environment),
        began: Zoned::now(),
    };
    let mut hearing = Hearing::new(output);
    let begins = |cost: &VerifyCost| cost_told(output, cost);
    let mut row = |row: &VerifiedRow| output.event(&verified_row(row));
    let unasked = |_: &task::RemoteCost| -> AskProgress { Box::new(|_, _| {}) };
    let tell = |note: &Note| asking::remark(output, note);
    let world = asking::world((&arguments.asking).into(), environment, &unasked, &tell);
    let heard = VerifyHearing { begins: &begins, row: &mut row };
    let found = match task::verify(&options, &world, &mut |told| hearing.hear(told), heard) {
        Ok(found) => found,
        Err(failure) => {
            output.tell(&failure.problems());
            output.event(&nothing_verified());
            return failure.exit();
        }
    };
    if found.has_moved {
        let note = of_moved_while_verifying();
        output.say(&format!("note: {note}"));
        output.event(&json!({"event": "note", "message": note}));
    }
    if let Some(error) = &found.unkept {
        output.tell(&[of_unkept(&options.job.ledger, error)]);
    }
    let sample = found.sample.as_ref().map(sample_words);
    let (findings, sample) = (&found.findings, sample.as_deref());
    let of = Verifying {
        job: &found.job,
        target: &found.target,
        item: &found.item,
        command: given,
        sample,
        all: output.verbose,
        strange: arguments.strange,
    };
    match output.is_json() {
        true => output.event(&verified_event(findings, (&found.job, sample))),
        // Whoever wants to hear only of what is wrong hears nothing else.
        false if output.quiet && findings.is_all_right() => {}
        false => output.show(&verified(findings, &of, output.data_color)),
    }
    findings.exit()
}

/// Says what it will cost, and then how far it is.
fn cost_told(output: Output<'_>, cost: &VerifyCost) -> AskProgress {
    output.say(&verify_begins(cost));
    output.event(&json!({
        "event": "asking",
        "rows": cost.rows,
        "lists": cost.lists,
        "of_lists": cost.of,
        "known": cost.known,
        "known_since": cost.known_since.as_ref().map(|since| since.timestamp().to_string()),
        "requests": cost.requests,
        "seconds": cost.duration.as_secs_f64().ceil(),
    }));
    asking::progress(output, cost.lists, cost.known)
}
