//! `check`: every row, and nothing else.

use crate::report::{checked_event, checked_line, exit, nothing_checked, tested_line};
use crate::task::{self, CheckOutcome, JobOptions};

use super::arguments::CheckArguments;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::{gather, wall_clock};

pub(super) fn check(arguments: &CheckArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let job = gather::job(&arguments.job, &arguments.common, environment);
    checked(&job, arguments.common.base_url.as_deref(), output)
}

/// Checks a job and tells what is found.
pub(super) fn checked(job: &JobOptions, address: Option<&str>, output: Output) -> u8 {
    let mut hearing = Hearing::new(output);
    let CheckOutcome { checked, filtered, tried } =
        match task::check(job, address, wall_clock(), &mut |told| hearing.hear(told)) {
            Ok(found) => found,
            Err(failure) => {
                output.tell(&failure.problems());
                output.event(&nothing_checked());
                return exit::USAGE;
            }
        };
    output.event(&checked_event(&checked, &filtered, (tried.passed, tried.failed)));
    output.say(&checked_line(&checked, &filtered));
    tested_line(tried.passed, tried.failed).iter().for_each(|line| output.say(line));
    match (checked.broken || tried.failed > 0, checked.invalid()) {
        (true, _) => exit::USAGE,
        (false, 0) => exit::DONE,
        (false, _) => exit::INVALID,
    }
}
