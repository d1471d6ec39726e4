//! Arguments of `report` as written.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::arguments::CommonArguments;
use crate::cli::layout::LayoutArguments;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ReportArguments {
    /// The job that the report is about
    pub job: PathBuf,
    /// The file to write, put there whole; an earlier report is replaced, and nothing else [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to write it [default: as the name of the file ends; markdown to standard output]
    #[arg(long = "as", value_enum, value_name = "FORMAT")]
    pub written_as: Option<ReportAs>,
    /// Only this run of the ledger, as `status` numbers them [default: all that the ledger knows of the job]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub run: Option<i64>,
    /// Hide texts and keys, for whoever must not read them
    #[arg(long)]
    pub mask: bool,
    /// Of rows that were sent to a sandbox
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,
    /// As for `status`
    #[arg(long, value_name = "NAME", hide = true)]
    pub operation: Option<String>,
    #[command(flatten)]
    pub layout: LayoutArguments,
    #[command(flatten)]
    pub common: CommonArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ReportAs {
    /// A page to send, print and sign
    Html,
    Json,
    Markdown,
    Csv,
    /// For a build server: the XML of JUnit
    Junit,
}

const EXAMPLES: &str = "\
Examples:
  noteferry report jobs/import.yaml -o report.html          # a page to send, print and sign
  noteferry report jobs/import.yaml -o report.html --mask   # for whoever must not read texts
  noteferry report jobs/import.yaml --run 12 -o run-12.md   # one run, for a ticket or a wiki
  noteferry report jobs/import.yaml -o report.xml           # JUnit, for a build server; .json and .csv likewise
Exit codes: 0 written; 2 the job, the ledger or the place is wrong; 4 not written to its end";
