//! The command line: arguments, environment, one file a verb, exit codes.
//!
//! The only place that reads arguments, the environment, the clock and the process id; everything below is
//! given what it needs. A verb gathers, calls its task, hands what comes of it to `report`, and exits.

mod arguments;
mod asking;
mod check;
mod completions;
mod consent;
mod cron;
mod done;
mod environment;
mod explain;
mod export;
mod filters;
mod gather;
mod given;
mod hearing;
mod init;
mod layout;
mod ledger;
mod man;
mod operations;
mod output;
mod place;
mod plan;
mod process;
mod rejects;
mod report;
mod run;
mod sandbox;
mod saved;
mod schema;
mod settle;
mod signals;
mod status;
mod streams;
mod tagged;
#[cfg(test)]
mod tests;
mod undo;
mod verify;
mod watch;
mod written;

use std::io::IsTerminal as _;

use clap::{CommandFactory as _, FromArgMatches as _};

use arguments::{Arguments, Verb};
use environment::Environment;
use streams::Closed;

use crate::report::exit;
use crate::text::command::CommandLine;

/// Runs the program on the arguments and the environment of the process; gives its exit code.
pub fn main() -> u8 {
    process::leave_no_core();
    process::outlive_file_limits();
    let (arguments, given) = match read() {
        Ok(read) => read,
        Err(error) => {
            return streams::exit_code(unread(&error), Closed::IsEnough);
        }
    };
    let closed = match arguments.verb {
        Verb::Run(_) | Verb::Undo(_) => Closed::IsLoss,
        _ => Closed::IsEnough,
    };
    streams::exit_code(act(arguments.verb, &given), closed)
}

/// Help and version are errors to clap, and none to the user.
fn unread(error: &clap::Error) -> u8 {
    if !error.use_stderr() {
        if let Err(fault) = error.print() {
            streams::not_written(true, &fault);
        }
        return exit::DONE;
    }
    // It repeats arguments, which may be names of files that others have given.
    let text = error.render();
    let colors = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = if colors { text.ansi().to_string() } else { text.to_string() };
    streams::write(streams::words(), &text);
    if wants_events(std::env::args()) {
        output::close_unread();
    }
    exit::USAGE
}

fn act(verb: Verb, given: &CommandLine) -> u8 {
    let environment = Environment::read();
    match verb {
        Verb::Init(arguments) => init::init(&arguments, &environment),
        Verb::Check(arguments) => check::check(&arguments, &environment),
        Verb::Plan(arguments) => plan::plan(arguments, given, &environment),
        Verb::Run(arguments) => run::run(arguments, given, &environment),
        Verb::Status(arguments) => status::status(&arguments, given, &environment),
        Verb::Settle(arguments) => settle::settle(&arguments, given, &environment),
        Verb::Undo(arguments) => undo::undo(&arguments, given, &environment),
        Verb::Rejects(arguments) => rejects::rejects(&arguments, given, &environment),
        Verb::Done(arguments) => done::done(&arguments, &environment),
        Verb::Report(arguments) => report::report(&arguments, &environment),
        Verb::Verify(arguments) => verify::verify(&arguments, given, &environment),
        Verb::Export(arguments) => export::export(&arguments, given, &environment),
        Verb::Ledger(arguments) => ledger::ledger(&arguments, &environment),
        Verb::Explain(arguments) => explain::explain(&arguments, &environment),
        Verb::Operations(arguments) => operations::operations(&arguments, &environment),
        Verb::Schema(arguments) => schema::schema(arguments.file),
        Verb::Completions(arguments) => completions::completions(arguments.shell),
        Verb::Man(arguments) => man::man(&arguments, &environment),
        Verb::Filters(arguments) => filters::filters(&arguments, &environment),
        Verb::Sandbox(arguments) => sandbox::sandbox(&arguments),
    }
}

/// What the arguments of the process mean, and the command line as it was given.
fn read() -> Result<(Arguments, CommandLine), clap::Error> {
    let mut command = Arguments::command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let arguments = Arguments::from_arg_matches(&matches);
    let arguments = arguments.map_err(|error| error.format(&mut command))?;
    Ok((arguments, given::command_line(&command, &matches)))
}

/// The time of the system, in unix milliseconds.
fn wall_clock() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Whether arguments that could not be read ask for events all the same: whoever reads those waits for the last one.
fn wants_events(arguments: impl Iterator<Item = String>) -> bool {
    let arguments: Vec<String> = arguments.collect();
    let pair = |pair: &[String]| pair[0] == "--format" && pair[1] == "json";
    arguments.iter().any(|argument| argument == "--format=json") || arguments.windows(2).any(pair)
}
