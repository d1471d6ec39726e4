//! `check`: every row, and nothing else.

use crate::report::{checked_event, checked_line, exit, nothing_checked, tested_line};
use crate::task::{self, CheckOutcome};

use super::arguments::CheckArguments;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::saved;
use super::{gather, wall_clock};

pub(super) fn check(arguments: &CheckArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    if let Err(problem) = saved::refuse("check", Some(&arguments.job.job)) {
        output.tell(&[problem]);
        output.event(&nothing_checked());
        return exit::USAGE;
    }
    let job = gather::job(&arguments.job, &arguments.common, environment);
    let mut hearing = Hearing::new(output);
    let address = arguments.common.base_url.as_deref();
    let CheckOutcome { checked, filtered, tried } =
        match task::check(&job, address, wall_clock(), &mut |told| hearing.hear(told)) {
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
