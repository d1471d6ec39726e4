//! `man`: the man pages, a file for each verb, made from the definition of the arguments.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};

use crate::report::exit;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::{Arguments, Color, Format};
use super::environment::Environment;
use super::output::Output;

#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// The folder to write them to, which is there
    pub folder: PathBuf,
}

pub(super) fn man(arguments: &ManArguments, environment: &Environment) -> u8 {
    let output = Output::plain(Format::Text, Color::Auto, environment);
    let folder = &arguments.folder;
    match clap_mangen::generate_to(Arguments::command(), folder) {
        Ok(()) => exit::DONE,
        Err(error) => {
            let place = Place::File(folder.display().to_string().into());
            let message = format!("the man pages cannot be written here: {error}");
            let problem = Diagnostic::error(Code::UnwritableFile, place, message);
            output.tell(&[problem.hint("name a folder that is there and may be written to")]);
            exit::USAGE
        }
    }
}
