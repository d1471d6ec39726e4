//! `report`: the page that somebody signs when a job is over, and its other forms.

mod arguments;

use std::io::Write as _;
use std::path::Path;

use jiff::Zoned;
use serde_json::json;

use crate::report::{SignOff, SignOffForm, exit, no_report};
use crate::sandbox;
use crate::task::{self, ReportOptions, SANDBOX};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::place::Kind;
use super::{gather, saved};

pub(super) use arguments::ReportArguments;
use arguments::ReportAs;

pub(super) fn report(arguments: &ReportArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let fail = |problems: &[Diagnostic], code: u8| {
        output.tell(problems);
        output.event(&no_report());
        code
    };
    if let Err(problem) = saved::refuse("report", Some(&arguments.job)) {
        return fail(&[problem], exit::USAGE);
    }
    let form = match form(arguments) {
        Ok(form) => form,
        Err(problem) => return fail(&[problem], exit::USAGE),
    };
    let kind = kind(form);
    // What is in the way is told before the ledger is gone through.
    let beside = match arguments.output.as_deref().map(|file| kind.beside(file)).transpose() {
        Ok(beside) => beside,
        Err(problem) => return fail(&[problem], exit::USAGE),
    };
    let options = ReportOptions {
        job: arguments.job.clone(),
        given: arguments.layout.given(arguments.operation.as_ref()),
        connectors: arguments.common.connectors.clone(),
        address: match arguments.sandbox {
            true => Some(SANDBOX.to_owned()),
            false => arguments.common.base_url.clone(),
        },
        ledger: gather::ledger(Some(&arguments.job), &arguments.common, environment),
        run: arguments.run,
        mask: arguments.mask,
        rehearsal: sandbox::rehearsal_quotas(),
        now: Zoned::now(),
    };
    output.detail(&format!("ledger: {}", options.ledger.display()));
    let mut hearing = Hearing::new(output);
    let found = match task::report(&options, &mut |told| hearing.hear(told)) {
        Ok(found) => found,
        Err(failure) => return fail(&failure.problems(), failure.exit()),
    };
    let (Some(file), Some(mut beside)) = (&arguments.output, beside) else {
        return shown(&found, (form, arguments.written_as.is_some()), output);
    };
    let text = match found.written(form) {
        Ok(text) => text,
        Err(error) => {
            return fail(&[kind.unwritable(file, &std::io::Error::other(error))], exit::STOPPED);
        }
    };
    let written = beside.write_all(text.as_bytes()).map_err(|error| kind.unwritable(file, &error));
    if let Err(problem) = written.and_then(|()| kind.put(beside, file)) {
        return fail(&[problem], exit::STOPPED);
    }
    output.say(&format!("The report is written to {}", file.display()));
    output.event(&event(&found, Some(file)));
    exit::DONE
}

/// To standard output: a script that asks for events gets it as one.
fn shown(found: &SignOff, (form, is_asked_for): (SignOffForm, bool), output: Output<'_>) -> u8 {
    if output.is_json() && !is_asked_for {
        output.event(&event(found, None));
        return exit::DONE;
    }
    if let Ok(text) = found.written(form) {
        output.show(&text);
    }
    exit::DONE
}

fn event(found: &SignOff, file: Option<&Path>) -> serde_json::Value {
    let mut event = found.event();
    if let (Some(fields), Some(file)) = (event.as_object_mut(), file) {
        fields.insert("file".to_owned(), json!(file.display().to_string()));
    }
    event
}

fn form(arguments: &ReportArguments) -> Result<SignOffForm, Diagnostic> {
    if let Some(written_as) = arguments.written_as {
        return Ok(match written_as {
            ReportAs::Html => SignOffForm::Html,
            ReportAs::Json => SignOffForm::Json,
            ReportAs::Markdown => SignOffForm::Markdown,
            ReportAs::Csv => SignOffForm::Csv,
            ReportAs::Junit => SignOffForm::Junit,
        });
    }
    let Some(file) = &arguments.output else { return Ok(SignOffForm::Markdown) };
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    match ending.as_deref() {
        Some("html" | "htm") => Ok(SignOffForm::Html),
        Some("json") => Ok(SignOffForm::Json),
        Some("md" | "markdown") => Ok(SignOffForm::Markdown),
        Some("csv") => Ok(SignOffForm::Csv),
        Some("xml") => Ok(SignOffForm::Junit),
        _ => {
            let place = Place::File(file.display().to_string().into());
            let message = "the name of the file does not say how a report is to be written";
            Err(Diagnostic::error(Code::Usage, place, message)
                .hint("end the name in .html, .md, .json, .csv or .xml (JUnit), or say --as"))
        }
    }
}

/// What a report in a form is known by.
fn kind(form: SignOffForm) -> Kind {
    Kind {
        begins: form.begins().as_bytes(),
        refused: "the report cannot be written here",
        something_else: "something else is there that is no report of this kind",
        earlier: "an earlier report",
    }
}
