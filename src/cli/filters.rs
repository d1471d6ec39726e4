//! `filters`: what the filters of expressions do.

use clap::Args;

use crate::prepare::mapping::{FILTERS, find_filter};
use crate::report::exit;
use crate::report::{all_filters, filter, filter_event};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::{Color, Format};
use super::environment::Environment;
use super::output::Output;

#[derive(Debug, Args)]
pub(super) struct FiltersArguments {
    /// One of them, as in epoch_ms; left out: a line for each
    pub name: Option<String>,
    /// text for people, json (an event for each filter) for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// When to use color
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

pub(super) fn filters(arguments: &FiltersArguments, environment: &Environment) -> u8 {
    let output = Output::plain(arguments.format, arguments.color, environment);
    let Some(name) = &arguments.name else {
        FILTERS.iter().for_each(|filter| output.event(&filter_event(filter)));
        if !output.is_json() {
            output.show(&all_filters(output.data_color));
        }
        return exit::DONE;
    };
    let Some(found) = find_filter(name) else {
        let message = format!("there is no filter `{name}`");
        let names = FILTERS.iter().map(|filter| filter.name);
        let problem = Diagnostic::error(Code::UnknownFilter, Place::Nowhere, message);
        let problem = problem.hint_names(name, names);
        output.event(&problem.to_event());
        if !output.is_json() {
            output.warn(problem.render(output.color).trim_end());
        }
        return exit::USAGE;
    };
    output.event(&filter_event(found));
    if !output.is_json() {
        output.show(&filter(found, output.data_color));
    }
    exit::DONE
}
