//! `explain`: what the code of a diagnostic means, or a word of the output.

use clap::Args;

use crate::report::exit;
use crate::report::{
    all_codes, explanation, explanation_event, explanation_of_term, explanation_of_term_event,
};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, closest};
use crate::text::term;

use super::arguments::{Color, Format};
use super::environment::Environment;
use super::output::Output;

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// The word in brackets after `error` or `warning`, or one for rows or runs; left out: a line for each
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
    let hint = match closest(word, &words) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`noteferry explain` lists all codes".to_owned(),
    };
    let message = format!("there is no code `{word}`");
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
