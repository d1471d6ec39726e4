//! Arguments as written: all verbs, and what several of them take. What one verb takes alone stands with that.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::check::CheckArguments;
use super::completions::CompletionsArguments;
use super::done::DoneArguments;
use super::explain::ExplainArguments;
use super::filters::FiltersArguments;
use super::init::InitArguments;
use super::layout::LayoutArguments;
use super::ledger::LedgerArguments;
use super::man::ManArguments;
use super::operations::OperationsArguments;
use super::plan::PlanArguments;
use super::rejects::RejectsArguments;
use super::report::ReportArguments;
use super::run::RunArguments;
use super::sandbox::SandboxArguments;
use super::schema::SchemaArguments;
use super::settle::SettleArguments;
use super::status::StatusArguments;
use crate::task::{Failures, Sample, TimeLimits, Until};
use crate::text::quota::{NotationError, Quota, parse_duration};

/// Carries ticket notes into StringeeX, in bulk, once each.
///
/// A job is a YAML file, or a data file (csv, tsv, jsonl, json, xlsx, ods). Credentials come from the environment:
/// STRINGEEX_TOKEN, or STRINGEEX_EMAIL and STRINGEEX_PASSWORD, or STRINGEE_KEY_SID and STRINGEE_KEY_SECRET;
/// each may be given as NAME_FILE, too.
#[derive(Debug, Parser)]
#[command(name = "noteferry", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes:
  0         every row is done; with --limit, every one that was asked for
  1         finished; some rows failed or were left out as invalid; ledger check: problems found
  2         usage, job or connector wrong
  3         rows invalid, nothing sent
  4         stopped before the end, resumable; or what it had to say could not be written
  5         another run holds the job
  6         finished, rows in doubt
  130, 143  interrupted, resumable";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a first job for data files: look at them, guess what their columns are for, and say why
    Init(InitArguments),
    /// Check every row of a job; send nothing, write nothing
    Check(CheckArguments),
    /// Show what a run would do, request by request; send no row, leave the ledger as it is
    Plan(PlanArguments),
    /// Do it; a second run goes on where the first ended
    Run(RunArguments),
    /// Show where the rows of a job stand, or what the ledger knows of all jobs
    Status(StatusArguments),
    /// Say what became of rows that no run can settle, or that none is to tell of again, or be asked row by row; send nothing
    Settle(SettleArguments),
    /// Take back what a run has done: delete what it created, give back what it changed, make anew what it deleted
    Undo(UndoArguments),
    /// Write out the rows that failed, are invalid or in doubt, to be corrected and sent by `run --from`
    Rejects(RejectsArguments),
    /// Write out what was made of each row that is done: its key, the new id, where, when
    Done(DoneArguments),
    /// Read back what was sent, and compare: is each note there, once, as it was sent, in order? Sends reads only
    Verify(VerifyArguments),
    /// Write the report that somebody signs: what became of every row, what was read back, who approved and settled what
    Report(ReportArguments),
    /// Write down what lists show, as the notes of tickets before a bulk change, to be kept or run back in; sends reads only
    Export(ExportArguments),
    /// Look after the ledger file itself
    Ledger(LedgerArguments),
    /// Explain a code, as in past-time, or a word of the output, as in in-doubt; without one, list all
    Explain(ExplainArguments),
    /// List the operations of a connector, with their fields
    Operations(OperationsArguments),
    /// Print the JSON Schema that an editor checks a file by
    Schema(SchemaArguments),
    /// Print the completions of a shell, to be put where that shell looks for them
    Completions(CompletionsArguments),
    /// Write the man pages, a file for each verb
    Man(ManArguments),
    /// List the filters of expressions; with a name, explain one
    Filters(FiltersArguments),
    /// Start a local StringeeX with faults, for rehearsals and tests
    Sandbox(SandboxArguments),
}

/// How long a run may take.
#[derive(Debug, Args)]
pub(super) struct TimeArguments {
    /// Be over by then, as in 06:00 or 2026-11-25T06:00: stop early enough for what is under way, to be resumed
    #[arg(long, value_name = "TIME", value_parser = Until::parse)]
    pub deadline: Option<Until>,
    /// Be over after so long, as in 4h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub max_duration: Option<std::time::Duration>,
}

impl TimeArguments {
    pub(super) fn limits(&self) -> TimeLimits {
        TimeLimits { deadline: self.deadline, longest: self.max_duration }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RowStateArgument {
    Failed,
    #[value(alias = "in_doubt")]
    InDoubt,
    Invalid,
}

#[derive(Debug, Args)]
#[command(after_help = VERIFY_HELP)]
#[command(mut_arg("from", |from| from.action(ArgAction::Append).help(BESIDE)))]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    pub job: JobArguments,
    /// Read only so many tickets, or so many percent of them: the same ones each time
    #[arg(long, value_name = "N|P%", value_parser = sample)]
    pub sample: Option<Sample>,
    /// Name what is on the tickets and was made by no row, too: notes of people, most often
    #[arg(long)]
    pub strange: bool,
    /// Take it for enough that a row is there by its id, where nothing says any more what was sent; text and flags are not known then
    #[arg(long)]
    pub by_id: bool,
    /// Who verifies; the ledger keeps that, and `status` shows it [default: the user's name]
    #[arg(long, value_name = "NAME", value_parser = said)]
    pub by: Option<String>,
    #[command(flatten)]
    pub asking: AskingArguments,
    #[command(flatten)]
    pub common: CommonArguments,
}

const BESIDE: &str = "Take beside the job's source rows of it that `rejects` has written and that were sent corrected; may be given \
                      several times";

const VERIFY_HELP: &str = "\
Examples:
  noteferry verify import.yaml                 all tickets that the job has touched
  noteferry verify import.yaml --sample 5%     a sample of them
  noteferry verify import.yaml --from rejects.csv
                                               the source, and beside it the rows that were sent corrected
  noteferry verify import.yaml --format json   an event for each row, and one to close

There is no --sandbox here: one that a command starts is gone when it ends, and so is what was sent to it. One that
`noteferry sandbox` has started is named with --base-url.

Exit codes:
  0         all was read, and all is right
  1         something is not as it was sent, or that is not known, as where a row was compared by its id alone
  2         usage, job, ledger, credentials or connector wrong
  4         not all could be read; the same command goes on
  5         a run holds the job
  130, 143  interrupted; the same command goes on";

#[derive(Debug, Args)]
#[command(after_help = UNDO_HELP)]
pub(super) struct UndoArguments {
    /// The number of a run, as `noteferry status` shows it, of a job here; or a job, with --run
    #[arg(value_name = "RUN|JOB")]
    pub what: PathBuf,
    /// The number of the run, where a job is named
    #[arg(long, value_name = "N")]
    pub run: Option<i64>,
    /// Show what would be done, row by row; send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: write it to a page as well, for whoever has to approve it
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    pub html: Option<PathBuf>,
    /// Undo also what somebody has changed since, or of which nobody knows whether it is unchanged
    #[arg(long)]
    pub even_if_changed: bool,
    /// Do not ask before the first request
    #[arg(long)]
    pub yes: bool,
    /// Name this many rows [default: 20; with -v all]
    #[arg(long, value_name = "N")]
    pub sample: Option<u64>,
    #[command(flatten)]
    pub asking: AskingArguments,
    #[command(flatten)]
    pub common: CommonArguments,
}

const UNDO_HELP: &str = "\
Examples:
  noteferry undo 12 --dry-run                  what undoing run 12 would do, row by row; nothing is sent
  noteferry undo 12 --dry-run --html undo.html the same on a page, for whoever has to approve it
  noteferry undo 12 --yes                      do it; the same command goes on after an interruption
  noteferry undo jobs/import.yaml --run 12     the job is named, where it does not lie here

A row is undone only where what is there is as the run has left it: that is read first. What was deleted is made anew with a
new id and a new time. Undone twice, it does nothing. The rows are not sent again by a later run of the job.

Exit codes:
  0         all that the run has done is undone
  1         some rows were left as they are, or were refused
  2         usage, job, ledger or credentials wrong; or the run has done nothing there
  4         stopped before the end; the same command goes on
  5         a run holds the job
  6         finished, rows in doubt
  130, 143  interrupted; the same command goes on";

#[derive(Debug, Args)]
#[command(after_help = EXPORT_HELP)]
pub(super) struct ExportArguments {
    #[command(flatten)]
    pub job: JobArguments,
    /// The file to write; until all is there it is FILE.part, and the same command goes on with that
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How to write it [default: as the name of the file ends]
    #[arg(long = "as", value_enum, value_name = "FORMAT")]
    pub written_as: Option<ExportAs>,
    /// Put it in the place of a file that is there already
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub asking: AskingArguments,
    #[command(flatten)]
    pub common: CommonArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportAs {
    Csv,
    Jsonl,
}

const EXPORT_HELP: &str = "\
Examples:
  noteferry export tickets.csv --operation ticket_note.list -o notes.csv    a column ticket_id says which tickets
  noteferry export backup.yaml -o notes.jsonl                               a job with `operation: ticket_note.list`
  noteferry run notes.csv --operation ticket_note.create                    puts back what was exported

There is no --sandbox here: one that a command starts holds no notes of yours. One that `noteferry sandbox` has started
is named with --base-url.

Exit codes:
  0         the file is whole
  1         the file is whole, but for tickets that are not there, or whose list does not show a flag
  2         usage, job, credentials or connector wrong, or something is in the place of the file
  3         rows invalid, nothing asked for
  4         the file is not whole; the same command goes on
  130, 143  interrupted; the same command goes on";

/// How lists are asked for.
#[derive(Debug, Args)]
pub(super) struct AskingArguments {
    /// Replace the quotas, as in 50/s; may be given several times
    #[arg(long, value_name = "QUOTA", value_parser = quota)]
    pub rate: Vec<Quota>,
    /// Requests under way at once, at the most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub concurrency: Option<u32>,
    /// Stop when nothing has got through for so long [default: 10m, and no less than the longest quota]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub give_up_after: Option<std::time::Duration>,
    /// Trust the certificates in this PEM file beside the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Let credentials go to another machine over plain http, where everybody on the way can read them
    #[arg(long)]
    pub allow_http: bool,
    /// Keep the quotas by itself, and nothing for a later call
    #[arg(long)]
    pub own_pace: bool,
}

#[derive(Debug, Clone, Args)]
pub(super) struct JobArguments {
    /// A YAML job, or a data file; `-` is rows that are piped in; for plan and run also a saved plan
    pub job: PathBuf,
    /// What each row of a data file does, as in ticket_note.create
    #[arg(long, value_name = "NAME")]
    pub operation: Option<String>,
    /// Take in the place of the job's source rows of it that `rejects` has written and that were corrected since
    #[arg(long, value_name = "FILE", conflicts_with = "source", action = ArgAction::Set, num_args = 1)]
    pub from: Vec<PathBuf>,
    /// Refuse a source with fewer rows, as where an export came out empty [default: the job's min_rows]
    #[arg(long, value_name = "N")]
    pub min_rows: Option<u64>,
    #[command(flatten)]
    pub layout: LayoutArguments,
}

/// What decides which rows are sent, and how fast.
#[derive(Debug, Args)]
pub(super) struct SendingArguments {
    /// Replace the quotas, as in 50/s; may be given several times
    #[arg(long, value_name = "QUOTA", value_parser = quota)]
    pub rate: Vec<Quota>,
    /// Requests under way at once, at the most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub concurrency: Option<u32>,
    /// A pilot: only the first N rows that are still to do
    #[arg(long, value_name = "N", value_parser = limit)]
    pub limit: Option<u64>,
    /// Take for the pilot a few rows of every kind from all over the source, in place of the first
    #[arg(long, requires = "limit")]
    pub spread: bool,
    /// Send the valid rows although others are invalid
    #[arg(long)]
    pub skip_invalid: bool,
    /// Send rows again that were refused earlier, though nothing about them has changed
    #[arg(long)]
    pub retry_failed: bool,
    /// Send rows again of which what they had done was undone: as new ones where nothing of it stands
    #[arg(long)]
    pub undone: bool,
    /// Send rows although another job has sent the same ones
    #[arg(long)]
    pub as_new: bool,
    /// A file of the source is gone on purpose, and `on_missing: delete` may delete what its rows have made
    #[arg(long, value_name = "FILE")]
    pub gone: Vec<String>,
    /// Let credentials go to another machine over plain http, where everybody on the way can read them
    #[arg(long)]
    pub allow_http: bool,
    /// Rehearse: send to a local StringeeX that is started for this run
    #[arg(long)]
    pub sandbox: bool,
}

#[derive(Debug, Args)]
pub(super) struct CommonArguments {
    /// The ledger [default: .noteferry/ledger.db beside the job; environment: NOTEFERRY_LEDGER]
    #[arg(long, value_name = "PATH")]
    pub ledger: Option<PathBuf>,
    /// Send to this address instead of the connector's
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Look for connectors in this folder first; may be given several times
    #[arg(long, value_name = "DIR")]
    pub connectors: Vec<PathBuf>,
    /// text for people, json (one event a line) for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// When to use color
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Say nothing unless something is not all right
    #[arg(short, long)]
    pub quiet: bool,
    /// Say more: where the connector, the ledger and the credentials come from
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Show no progress
    #[arg(long)]
    pub no_progress: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

pub(super) fn failures(text: &str) -> Result<Failures, String> {
    let refuse =
        || format!("`{text}` is neither a number of rows nor a percentage: write 20 or 5%");
    match text.strip_suffix('%') {
        None => text.parse().map(Failures::Rows).map_err(|_| refuse()),
        Some(percent) => {
            let percent =
                percent.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
            percent.map(Failures::Percent).ok_or_else(refuse)
        }
    }
}

fn sample(text: &str) -> Result<Sample, String> {
    let refuse =
        || format!("`{text}` is neither a number of tickets nor a percentage: write 20 or 5%");
    let sample = match text.strip_suffix('%') {
        None => text.parse().ok().filter(|count| *count > 0).map(Sample::Lists),
        Some(percent) => {
            let percent = percent.parse::<f64>().ok();
            percent.filter(|percent| *percent > 0.0 && *percent <= 100.0).map(Sample::Percent)
        }
    };
    sample.ok_or_else(refuse)
}

fn limit(text: &str) -> Result<u64, String> {
    let refuse = || format!("a pilot has some rows: write a whole number from 1 to {}", u64::MAX);
    text.parse().ok().filter(|limit| *limit > 0).ok_or_else(refuse)
}

/// A few words about a run, which are kept with it.
pub(super) fn said(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("say something, or leave the flag out".to_owned()),
        1..=LONGEST_SAYING => Ok(text.to_owned()),
        count => {
            Err(format!("{count} characters are too many: write no more than {LONGEST_SAYING}"))
        }
    }
}

/// Characters of what is said of a run.
const LONGEST_SAYING: usize = 1000;

pub(super) fn quota(text: &str) -> Result<Quota, String> {
    text.parse().map_err(|error: NotationError| format!("{error}: {}", error.hint()))
}

pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    parse_duration(text).map_err(|error| format!("{error}: {}", error.hint()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_failure_budget_is_a_number_or_a_percentage() {
        for (text, of_1000) in [
            ("20", Some(20)),
            ("0", Some(0)),
            ("5%", Some(50)),
            ("0.25%", Some(2)),
            ("101%", None),
            ("few", None),
            ("-1", None),
        ] {
            assert_eq!(failures(text).ok().map(|failures| failures.of(1000)), of_1000, "{text}");
        }
    }

    #[test]
    fn the_help_is_as_it_was() {
        let mut command = Arguments::command();
        let mut shown = command.render_help().to_string();
        for name in [
            "check",
            "plan",
            "run",
            "status",
            "explain",
            "operations",
            "schema",
            "completions",
            "man",
            "sandbox",
        ] {
            if let Some(verb) = command.find_subcommand_mut(name) {
                shown.push_str(&format!("\n=== {name}\n{}", verb.render_help()));
            }
        }
        let ledger = command.find_subcommand_mut("ledger").unwrap();
        shown.push_str(&format!("\n=== ledger\n{}", ledger.render_help()));
        let check = ledger.find_subcommand_mut("check").unwrap();
        shown.push_str(&format!("\n=== ledger check\n{}", check.render_help()));
        let prune = ledger.find_subcommand_mut("prune").unwrap();
        shown.push_str(&format!("\n=== ledger prune\n{}", prune.render_help()));
        let export = ledger.find_subcommand_mut("export").unwrap();
        shown.push_str(&format!("\n=== ledger export\n{}", export.render_help()));
        insta::assert_snapshot!(shown);
    }
}
