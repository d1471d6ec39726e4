//! `rejects`: the rows that are not done, written out to be corrected.

use clap::Args;
use serde_json::{Map, Value};

use crate::report::{
    Advice, RejectsView, exit, nothing_written, of_unsent_corrections, reject_row,
};
use crate::source::{Source, TELLING};
use crate::table::{Out, Staying};
use crate::task::{self, Layout, Reject, RejectState, Rejected, RejectsOptions, SANDBOX, Sink};
use crate::text::command::CommandLine;
use crate::text::diagnostic::Diagnostic;

use super::arguments::{CommonArguments, JobArguments, RowStateArgument};
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::written::{Written, WrittenArguments};
use super::{gather, saved, wall_clock};

#[derive(Debug, Args)]
#[command(after_help = REJECTS_EXAMPLES)]
pub(super) struct RejectsArguments {
    #[command(flatten)]
    pub job: JobArguments,
    #[command(flatten)]
    pub written: WrittenArguments,
    /// Only rows that stand so; may be given several times
    #[arg(long, value_enum, value_name = "STATE", value_delimiter = ',')]
    pub state: Vec<RowStateArgument>,
    /// Only rows with this code, of the API or of a problem; may be given several times
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub code: Vec<String>,
    /// Rows that were sent to a sandbox
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,
    #[command(flatten)]
    pub common: CommonArguments,
}

const REJECTS_EXAMPLES: &str = "\
Examples:
  noteferry rejects jobs/import.yaml -o rejects.csv      # correct the file, and then:
  noteferry run jobs/import.yaml --from rejects.csv      # the corrected rows, as the rows that they are
  noteferry rejects jobs/import.yaml --state failed --code 1003 -o gone.xlsx
Exit codes: 0 written, or nothing to write; 2 the job, the source or the place is wrong; 4 not written to its end";

pub(super) fn rejects(
    arguments: &RejectsArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let fail = |problems: &[Diagnostic], code: u8| {
        output.tell(problems);
        output.event(&nothing_written("rejects"));
        code
    };
    if let Err(problem) = saved::refuse("rejects", Some(&arguments.job.job)) {
        return fail(&[problem], exit::USAGE);
    }
    let options = RejectsOptions {
        job: gather::job(&arguments.job, &arguments.common, environment),
        address: match arguments.sandbox {
            true => Some(SANDBOX.to_owned()),
            false => arguments.common.base_url.clone(),
        },
        states: arguments.state.iter().copied().map(state).collect(),
        codes: arguments.code.clone(),
    };
    output.detail(&format!("ledger: {}", options.job.ledger.display()));
    if let Err(problem) = keep_corrections(&options, &arguments.written) {
        return fail(&[problem], exit::USAGE);
    }
    let staying = Staying::new([&options.job.path], Some(&options.job.ledger));
    let mut rows = Rows { arguments: &arguments.written, staying, output, written: None };
    let mut hearing = Hearing::new(output);
    let found = task::rejects(&options, wall_clock(), &mut rows, &mut |told| hearing.hear(told));
    let found = match found {
        Ok(found) => found,
        Err(failure) => return fail(&failure.problems(), failure.exit()),
    };
    let is_stale = match rows.written.map(Written::finish).transpose() {
        Ok(is_stale) => is_stale.unwrap_or_default(),
        Err(problem) => return fail(&[problem], exit::STOPPED),
    };
    let view = view(found, is_stale, (arguments, given));
    if output.is_json() {
        output.event(&view.event());
    } else {
        output.say(view.text().trim_end());
    }
    exit::DONE
}

/// A file that somebody is at work on is not replaced.
fn keep_corrections(
    options: &RejectsOptions,
    written: &WrittenArguments,
) -> Result<(), Diagnostic> {
    let there =
        written.output.as_deref().filter(|file| !written.force && Source::is_returned(file));
    let Some(file) = there else { return Ok(()) };
    match task::unsent_corrections(options, file) {
        None | Some(0) => Ok(()),
        Some(rows) => Err(of_unsent_corrections(file, rows)),
    }
}

fn state(state: RowStateArgument) -> RejectState {
    match state {
        RowStateArgument::Failed => RejectState::Failed,
        RowStateArgument::InDoubt => RejectState::InDoubt,
        RowStateArgument::Invalid => RejectState::Invalid,
    }
}

fn view(
    found: Rejected,
    is_stale: bool,
    (arguments, given): (&RejectsArguments, &CommandLine),
) -> RejectsView {
    let file = arguments.written.output.clone();
    let name = file.as_ref().map_or("FILE".to_owned(), |file| file.display().to_string());
    let next = given.of("run").without("from").with_value("from", &name);
    // What was read of one target is sent to that one, however it was found.
    let next = match found.target.as_ref().map(|target| target.base_url.as_str()) {
        Some(SANDBOX) => next.without("base-url").with("sandbox"),
        Some(address) => next.with_value("base-url", address),
        None => next,
    };
    RejectsView {
        job: found.job,
        target: found.target,
        failed: found.failed,
        in_doubt: found.in_doubt,
        invalid: found.invalid,
        unreadable: found.unreadable,
        under_way: found.under_way,
        others: found.others,
        gone: found.gone,
        file,
        is_stale,
        next,
    }
}

/// Rows on their way: into a file, or as events where there is none for a script.
struct Rows<'a> {
    arguments: &'a WrittenArguments,
    staying: Staying,
    output: Output<'a>,
    written: Option<Written>,
}

impl Sink for Rows<'_> {
    fn begin(&mut self, layout: &Layout) -> Result<(), Vec<Diagnostic>> {
        if self.output.is_json() && self.arguments.output.is_none() {
            return Ok(());
        }
        let staying = layout.read.iter().fold(self.staying.clone(), |all, path| all.and(path));
        let how = (layout.shape, layout.is_of_texts);
        let written = Written::new(self.arguments, how, &staying, Source::is_returned);
        let written = written.map_err(|problem| vec![problem])?;
        let names = layout.columns.iter().cloned().chain(TELLING.map(str::to_owned));
        self.written = Some(written.with_names(names.collect()));
        Ok(())
    }

    fn row(&mut self, row: &Reject<'_>) {
        let (why, hint) = (row.why.words(), Advice::words(row.advice, &row.why));
        let told = [
            Out::text(row.reference.as_str()),
            Out::number(row.place.row),
            Out::number(row.place.line),
            Out::text(row.state.word()),
            Out::maybe(row.why.code()),
            Out::text(&*why),
            Out::maybe(hint.as_deref()),
        ];
        match &mut self.written {
            Some(written) => {
                let told = TELLING.into_iter().zip(told);
                let cells: Vec<(&str, Out<'_>)> = row.cells.iter().cloned().chain(told).collect();
                written.row(&cells);
            }
            None => {
                let names = TELLING.map(|name| name.trim_start_matches('_'));
                let told: Vec<(&str, Value)> = names
                    .into_iter()
                    .zip(&told)
                    .map(|(name, out)| (name, out.to_value().unwrap_or_default()))
                    .collect();
                let cells = row
                    .cells
                    .iter()
                    .filter_map(|(name, out)| Some(((*name).to_owned(), out.to_value()?)));
                let cells: Map<String, Value> = cells.collect();
                self.output.event(&reject_row(&told, cells));
            }
        }
    }
}
