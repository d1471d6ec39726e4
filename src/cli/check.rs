//! `check`: every row, and nothing else.

use crate::plan::survey::{Keys, survey};
use crate::report::exit;
use crate::report::{checked_event, checked_line};

use super::arguments::CheckArguments;
use super::environment::Environment;
use super::output::Output;
use super::{opening, wall_clock};

pub fn check(arguments: &CheckArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let opening = match opening::open(&arguments.job, &arguments.common) {
        Ok(opening) => opening,
        Err(problems) => {
            output.tell(&problems);
            output.event(&checked_event(0, 0, 0));
            return exit::USAGE;
        }
    };
    let mut problems = output.problems();
    opening.warnings.iter().for_each(|warning| problems.tell(warning));
    let found = survey(
        &opening.job,
        &opening.preparer,
        opening.source,
        wall_clock(),
        Keys::Written,
        &mut |_| false,
        &mut |problem| problems.tell(&problem),
    );
    problems.finish();
    output.event(&checked_event(found.rows, found.valid, found.invalid));
    output.say(&checked_line(found.rows, found.valid, found.invalid));
    match (found.broken, found.invalid) {
        (true, _) => exit::USAGE,
        (false, 0) => exit::DONE,
        (false, _) => exit::INVALID,
    }
}
