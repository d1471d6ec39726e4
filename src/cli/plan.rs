//! `plan`: what a run would do, with no trace on disk or network.

use crate::report::{PlanHead, PlanReport, exit, nothing_planned, of_invalid};
use crate::sandbox;
use crate::task::{self, About, Failure, PlanOptions, TargetOptions};
use crate::text::command::CommandLine;
use crate::text::visible::shown;

use super::arguments::PlanArguments;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::run::invalid_rows;
use super::streams::data;
use super::{gather, wall_clock};

pub(super) fn plan(
    arguments: &PlanArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let rehearses = arguments.sending.sandbox;
    let options = PlanOptions {
        job: gather::job(&arguments.job, &arguments.common, environment),
        target: TargetOptions {
            base_url: arguments.common.base_url.clone(),
            allow_http: arguments.sending.allow_http,
            secrets: &gather::secrets(rehearses, environment),
            rehearsal: rehearses.then(|| gather::rehearsal(&sandbox::usual_base_url())),
        },
        sending: gather::sending(&arguments.sending),
    };
    let mut hearing = Hearing::new(output);
    let show = |about: About| report(given, output, about);
    let planned = match task::plan(&options, wall_clock(), &mut |told| hearing.hear(told), &show) {
        Ok(planned) => planned,
        Err(failure) => {
            output.tell(&failure.problems());
            output.event(&nothing_planned());
            return match &failure {
                Failure::Invalid(found) => {
                    let words = of_invalid(&invalid_rows(found), given);
                    words.iter().for_each(|words| output.say(words));
                    failure.exit()
                }
                _ => exit::USAGE,
            };
        }
    };
    match planned.has_invalid() && !options.sending.skip_invalid {
        true => exit::INVALID,
        false => exit::DONE,
    }
}

fn report(given: &CommandLine, output: Output, about: About) -> PlanReport {
    if output.is_json() {
        return PlanReport::ndjson(data());
    }
    let head = PlanHead {
        job: shown(&about.job).into_owned(),
        command: given.clone(),
        target: shown(&about.target).into_owned(),
        address: about.address,
        header: about.header,
        item: about.item,
        verbose: output.verbose,
    };
    PlanReport::text(data(), head, output.data_color)
}
