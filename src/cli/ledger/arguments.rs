//! The arguments of what looks after a ledger file, as written.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::cli::arguments::{Color, CommonArguments};
use crate::cli::layout::LayoutArguments;

#[derive(Debug, Args)]
pub(in crate::cli) struct LedgerArguments {
    #[command(subcommand)]
    pub verb: LedgerVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LedgerVerb {
    /// Look the file through: is it whole, and can what it says have happened? Changes nothing
    Check(LedgerCheckArguments),
    /// Write every request to a file, for other programs; changes nothing
    Export(ExportArguments),
    /// Take out what nobody needs any more: rehearsals, runs that did nothing
    Prune(PruneArguments),
}

#[derive(Debug, Args)]
#[command(after_help = PRUNE_EXAMPLES)]
pub(in crate::cli) struct PruneArguments {
    /// A job; left out: the rehearsals of all jobs, targets to which they sent nothing, and runs that did nothing
    pub job: Option<PathBuf>,
    /// Forget the job at real targets, too, where all of it was before this day: a run would send its rows again
    #[arg(long, value_name = "DAY", requires = "job", value_parser = day)]
    pub before: Option<Date>,
    /// Show what would go, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask for the job's name before what was really sent is forgotten
    #[arg(long)]
    pub yes: bool,
    /// As for `status`
    #[arg(long, value_name = "NAME", hide = true)]
    pub operation: Option<String>,
    #[command(flatten)]
    pub layout: LayoutArguments,
    #[command(flatten)]
    pub common: CommonArguments,
}

const PRUNE_EXAMPLES: &str = "\
Examples:
  noteferry ledger prune --dry-run                     what would go
  noteferry ledger prune                               rehearsals, and runs that did nothing
  noteferry ledger prune jobs/old.yaml --before 2024-01-01
                                                       all that this job did, where none of it is younger";

#[derive(Debug, Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(in crate::cli) struct ExportArguments {
    /// A job; left out: all jobs of the ledger
    pub job: Option<PathBuf>,
    /// csv with names above, or jsonl: an object a line [default: as the file's ending says, or csv]
    #[arg(long, value_enum)]
    pub format: Option<ExportFormat>,
    /// The file to write, put there whole [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// As for `status`
    #[arg(long, value_name = "NAME", hide = true)]
    pub operation: Option<String>,
    #[command(flatten)]
    pub layout: LayoutArguments,
    /// The ledger [default: .noteferry/ledger.db beside the job; environment: NOTEFERRY_LEDGER]
    #[arg(long, value_name = "PATH")]
    pub ledger: Option<PathBuf>,
    /// Only requests that went to this address; `sandbox` for rehearsals
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Look for connectors in this folder first; may be given several times
    #[arg(long, value_name = "DIR")]
    pub connectors: Vec<PathBuf>,
    /// When to use color
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Say nothing unless something is not all right
    #[arg(short, long)]
    pub quiet: bool,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  noteferry ledger export jobs/import-notes.yaml -o import-notes.csv
  noteferry ledger export --format jsonl | jq 'select(.last and .outcome == \"refused\")'";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormat {
    Csv,
    Jsonl,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LedgerCheckArguments {
    /// A job; left out: all jobs of the ledger
    pub job: Option<PathBuf>,
    /// As for `status`
    #[arg(long, value_name = "NAME", hide = true)]
    pub operation: Option<String>,
    #[command(flatten)]
    pub layout: LayoutArguments,
    #[command(flatten)]
    pub common: CommonArguments,
}

fn day(text: &str) -> Result<Date, &'static str> {
    text.parse().map_err(|_| "this must be a day as 2026-01-31: year, month, day")
}
