//! `completions`: what a shell needs to complete the command line, made from the definition of the arguments.

use clap::{Args, CommandFactory as _};

use crate::report::exit;

use super::arguments::Arguments;
use super::streams;

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

pub(super) fn completions(shell: clap_complete::Shell) -> u8 {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    streams::write(streams::data(), &String::from_utf8_lossy(&script));
    exit::DONE
}
