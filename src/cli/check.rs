//! `check`: every row, and nothing else; of several jobs one after the other.

use std::path::PathBuf;

use clap::Args;

use crate::report::{checked_event, checked_line, exit, nothing_checked, tested_line};
use crate::task::{self, CheckOutcome, JobOptions};
use crate::text::visible::shown;

use super::arguments::{CommonArguments, JobArguments};
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::saved;
use super::{gather, wall_clock};

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    pub job: JobArguments,
    /// Further jobs, one after the other
    #[arg(value_name = "JOB")]
    pub more: Vec<PathBuf>,
    #[command(flatten)]
    pub common: CommonArguments,
}

/// Checks all jobs; the exit code is the gravest.
pub(super) fn check(arguments: &CheckArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let jobs = std::iter::once(&arguments.job.job).chain(&arguments.more);
    let plans: Vec<_> = jobs.filter_map(|job| saved::refuse("check", Some(job)).err()).collect();
    if !plans.is_empty() {
        output.tell(&plans);
        output.event(&nothing_checked());
        return exit::USAGE;
    }
    if arguments.more.is_empty() {
        return check_one(arguments, &arguments.job, output, environment);
    }
    let codes = each_job(&arguments.job, &arguments.more, output, &mut |job, output| {
        check_one(arguments, job, output, environment)
    });
    exit::gravest(&codes)
}

/// Does something with each of several jobs, under its own heading; gives the exit codes.
pub(super) fn each_job(
    first: &JobArguments,
    more: &[PathBuf],
    output: Output<'_>,
    act: &mut dyn FnMut(&JobArguments, Output<'_>) -> u8,
) -> Vec<u8> {
    let jobs = std::iter::once(&first.job).chain(more);
    let act = |path: &PathBuf| {
        let name = path.display().to_string();
        output.say(&format!("\n{}:", shown(&name)));
        act(&JobArguments { job: path.clone(), ..first.clone() }, output.of_job(&name))
    };
    jobs.map(act).collect()
}

fn check_one(
    arguments: &CheckArguments,
    job: &JobArguments,
    output: Output<'_>,
    environment: &Environment,
) -> u8 {
    let job = gather::job(job, &arguments.common, environment);
    checked(&job, arguments.common.base_url.as_deref(), output)
}

/// Checks a job and tells what is found.
pub(super) fn checked(job: &JobOptions, address: Option<&str>, output: Output<'_>) -> u8 {
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
