//! `init`: a first job for data files, written down and checked.

mod arguments;
mod ask;

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use crate::declared::job::Given;
use crate::draft::{Answers, Draft, LookOptions, MapAnswer, TextAnswer, VisibilityAnswer};
use crate::report::{doubts, draft_text, drafted_line, exit, next_after_draft};
use crate::task::init::{self, Heads};
use crate::task::{JobOptions, ledger_place};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use self::arguments::TextKind;
use super::arguments::Format;
use super::check;
use super::environment::Environment;
use super::output::Output;

pub(super) use self::arguments::InitArguments;

/// What stands for "all notes" where a column is named.
const ALWAYS: &str = "always";

pub(super) fn init(arguments: &InitArguments, environment: &Environment) -> u8 {
    let output = Output::plain(Format::Text, arguments.color, environment);
    match drafted(arguments, &output) {
        Ok((draft, text)) => match &arguments.output {
            Some(file) => written(arguments, (&draft, &text), file, (&output, environment)),
            None => {
                output.show(&text);
                output.say(&drafted_line(&draft, doubts(&text), None));
                output.say(&next_after_draft(&draft, None, false));
                exit::DONE
            }
        },
        Err(problems) => {
            output.tell(&problems);
            exit::USAGE
        }
    }
}

fn drafted(arguments: &InitArguments, output: &Output) -> Result<(Draft, String), Vec<Diagnostic>> {
    if let Some(file) = arguments.output.as_deref() {
        refuse_to_replace(file, arguments.force)?;
    }
    let mut answers = answers(arguments);
    let look = |answers: &Answers| init::look(&arguments.files, &looking(arguments), answers);
    let mut heads = look(&answers)?;
    let problems: Vec<Diagnostic> = heads.problems().cloned().collect();
    output.tell(&problems);
    let today = jiff::Zoned::now().date();
    let folder = arguments.output.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    if may_ask(arguments) {
        let make = |answers: &Answers| init::draft(&heads, answers, folder, today);
        answers = asked(&heads, answers, &make)?;
        // A table may have been named.
        heads = look(&answers)?;
    }
    let draft = init::draft(&heads, &answers, folder, today)?;
    let text = draft_text(&draft);
    Ok((draft, text))
}

/// Asks what was not said, with what is guessed as the default.
fn asked(
    heads: &Heads,
    answers: Answers,
    make: &dyn Fn(&Answers) -> Result<Draft, Vec<Diagnostic>>,
) -> Result<Answers, Vec<Diagnostic>> {
    let draft = make(&answers)?;
    ask::ask(&draft, &heads.columns(&draft), answers, make).map_err(|error| {
        let problem = Diagnostic::error(
            Code::Usage,
            Place::Nowhere,
            format!("the answer could not be read: {error}"),
        );
        vec![problem.hint("say it by flags, and add --yes to be asked nothing")]
    })
}

fn may_ask(arguments: &InitArguments) -> bool {
    !arguments.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn answers(arguments: &InitArguments) -> Answers {
    let visibility = arguments.internal.as_ref().map(|said| match said.as_str() {
        ALWAYS => VisibilityAnswer::AllInternal,
        column => VisibilityAnswer::Column(column.to_owned()),
    });
    Answers {
        job: arguments.job.clone(),
        timezone: arguments.timezone.clone(),
        ticket: arguments.ticket.clone(),
        note: arguments.note.clone(),
        author: arguments.author.clone(),
        time: arguments.time.clone(),
        key: arguments.key.clone(),
        visibility,
        visible_values: arguments.visible_value.clone(),
        internal_values: arguments.internal_value.clone(),
        day_first: arguments.dates.map(|dates| dates.is_day_first()),
        text: arguments.text.map(|kind| match kind {
            TextKind::Plain => TextAnswer::Plain,
            TextKind::Html => TextAnswer::Html,
            TextKind::Jira => TextAnswer::Jira,
        }),
        map: arguments.same_tickets.then_some(MapAnswer::TheSame),
        tables: arguments.lookup.clone(),
    }
}

fn looking(arguments: &InitArguments) -> LookOptions {
    LookOptions {
        encoding: arguments.encoding.clone(),
        delimiter: arguments.delimiter,
        sheet: arguments.sheet.clone(),
        header_row: arguments.header_row,
        at: arguments.at.clone(),
        each: arguments.each.clone(),
    }
}

/// Writes the job, checks it, and says what comes next.
fn written(
    arguments: &InitArguments,
    (draft, text): (&Draft, &str),
    file: &Path,
    (output, environment): (&Output, &Environment),
) -> u8 {
    if let Err(problem) = write(file, text, arguments.force) {
        output.tell(&[problem]);
        return exit::USAGE;
    }
    output.say(&drafted_line(draft, doubts(text), Some(file)));
    let job = JobOptions {
        path: file.to_owned(),
        from: None,
        given: Given::default(),
        min_rows: None,
        connectors: Vec::new(),
        ledger: ledger_place(file, environment.ledger()),
    };
    let is_good = check::checked(&job, None, *output) == exit::DONE;
    output.say(&next_after_draft(draft, Some(file), is_good));
    exit::DONE
}

/// Nothing is replaced unasked, and nothing but a job at all: not what the rows are in, whatever it is called, nor a device.
fn refuse_to_replace(file: &Path, is_forced: bool) -> Result<(), Vec<Diagnostic>> {
    let Ok(about) = std::fs::symlink_metadata(file) else { return Ok(()) };
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let may_be_job = about.is_file() && matches!(ending, "yaml" | "yml");
    if is_forced && may_be_job {
        return Ok(());
    }
    let place = Place::File(file.display().to_string().into());
    let problem =
        Diagnostic::error(Code::UnwritableFile, place, "a file of this name is there already");
    Err(vec![problem.hint(match may_be_job {
        true => "name another one, or say --force to replace it",
        false => "name another one, as in job.yaml: what is no job is never replaced",
    })])
}

/// Writes the file beside its place and puts it there when it is whole. Without `is_forced` nothing is replaced.
fn write(file: &Path, text: &str, is_forced: bool) -> Result<(), Diagnostic> {
    let refuse = |cause: &dyn std::fmt::Display| {
        let place = Place::File(file.display().to_string().into());
        let message = format!("the job cannot be written here: {cause}");
        Diagnostic::error(Code::UnwritableFile, place, message)
            .hint("name a file in a folder that is there and may be written to")
    };
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(|error| refuse(&error))?;
    beside.write_all(text.as_bytes()).map_err(|error| refuse(&error))?;
    let placed = match is_forced {
        true => beside.persist(file),
        false => beside.persist_noclobber(file),
    };
    placed.map(drop).map_err(|error| refuse(&error.error))
}
