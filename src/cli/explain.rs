//! `explain`: what the code of a diagnostic means, or a word of the output.

use clap::{Args, CommandFactory as _};

use crate::report::exit;
use crate::report::{
    all_codes, explanation, explanation_event, explanation_of_term, explanation_of_term_event,
};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, closest};
use crate::text::term;

use super::arguments::{Arguments, Color, Format};
use super::environment::Environment;
use super::output::Output;

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// The word in brackets after `error` or `warning`, one for rows or runs, or an exit code; left out: a line for each
    pub code: Option<String>,
    /// text for people, json (an event for each code) for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// When to use color
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

pub(super) fn explain(arguments: &ExplainArguments, environment: &Environment) -> u8 {
    let output = Output::plain(arguments.format, arguments.color, environment);
    let Some(word) = &arguments.code else {
        Code::all().for_each(|code| output.event(&explanation_event(code)));
        term::all().for_each(|term| output.event(&explanation_of_term_event(term)));
        show(&output, &all_codes(output.data_color));
        return exit::DONE;
    };
    let (code, term) = (Code::of_word(word), term::of_word(word));
    if code.is_none() && term.is_none() {
        refuse(&output, &unknown(word));
        return exit::USAGE;
    }
    if let Some(code) = code {
        output.event(&explanation_event(code));
        show(&output, &explanation(code, output.data_color));
    }
    if let Some(term) = term {
        output.event(&explanation_of_term_event(term));
        let before = if code.is_some() { "\n" } else { "" };
        show(&output, &format!("{before}{}", explanation_of_term(term, output.data_color)));
    }
    exit::DONE
}

fn unknown(word: &str) -> Diagnostic {
    let terms = term::all().map(|term| term.word);
    let words: Vec<&str> = Code::all().map(Code::word).chain(terms).collect();
    let is_verb = Arguments::command().find_subcommand(word).is_some();
    let hint = match closest(word, &words) {
        _ if is_verb => format!("`noteferry {word} --help` says what that verb does"),
        Some(near) => format!("did you mean `{near}`?"),
        None => "`noteferry explain` lists all codes and words".to_owned(),
    };
    let message = format!("there is no code or word `{word}`");
    Diagnostic::error(Code::UnknownCode, Place::Nowhere, message).hint(hint)
}

/// Without the advice to have the error explained, which is what has just failed.
fn refuse(output: &Output<'_>, problem: &Diagnostic) {
    output.event(&problem.to_event());
    if !output.is_json() {
        output.warn(problem.render(output.color).trim_end());
    }
}

fn show(output: &Output<'_>, text: &str) {
    if !output.is_json() {
        output.show(text);
    }
}
