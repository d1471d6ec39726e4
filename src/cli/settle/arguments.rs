//! Arguments of `settle` as written.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use crate::cli::arguments::{AskingArguments, CommonArguments, said};
use crate::cli::layout::LayoutArguments;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").multiple(true).args(["row", "key", "state", "code"]), after_help = EXAMPLES)]
pub(in crate::cli) struct SettleArguments {
    /// The job whose rows they are
    pub job: PathBuf,
    #[command(flatten)]
    pub said: SaidArguments,
    /// The row of this number; may be given several times
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub row: Vec<u64>,
    /// The row with this key; may be given several times
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
    /// All rows that stand so
    #[arg(long, value_enum, value_name = "STATE")]
    pub state: Option<SettledState>,
    /// Of them, those that were answered with this code of the API
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// Who says so [default: the user's name]
    #[arg(long, value_name = "NAME", value_parser = said)]
    pub by: Option<String>,
    /// Why, for those who read it later
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub why: Option<String>,
    /// Do not ask whether somebody has looked at all rows that --absent has sent again
    #[arg(long)]
    pub yes: bool,
    /// Rows that were sent to a sandbox
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,
    /// What each row of a data file does
    #[arg(long, value_name = "NAME", hide = true)]
    pub operation: Option<String>,
    #[command(flatten)]
    pub layout: LayoutArguments,
    #[command(
        flatten,
        next_help_heading = "Reading the lists of rows that somebody is asked about"
    )]
    pub asking: AskingArguments,
    #[command(flatten, next_help_heading = "Options")]
    pub common: CommonArguments,
}

/// What is said of rows; where nothing is, somebody is asked.
#[derive(Debug, Args)]
#[group(multiple = false, requires = "which")]
pub(in crate::cli) struct SaidArguments {
    /// It is there, by that name if it is known: the row is done
    #[arg(long, value_name = "ID", value_parser = said)]
    pub there: Option<Option<String>>,
    /// It is not there: the next run sends it
    #[arg(long)]
    pub absent: bool,
    /// Whatever became of it: neither send the row nor tell of it again
    #[arg(long, visible_alias = "skip")]
    pub dismiss: bool,
    /// Take back what was said of it before
    #[arg(long)]
    pub unsettle: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SettledState {
    #[value(alias = "in_doubt")]
    InDoubt,
    Failed,
}

const EXAMPLES: &str = "\
Examples:
  noteferry settle jobs/import.yaml                     asks of each row in doubt, with the list of its ticket beside it
  noteferry settle jobs/import.yaml --row 17 --there tn_4711 --why 'seen on the ticket'
  noteferry settle jobs/import.yaml --row 18,19 --absent        asks once more, on a terminal
  noteferry settle jobs/import.yaml --state failed --code 1003 --dismiss
Exit codes: 0 settled, or nothing to settle; 2 it cannot be settled so, or there is nobody to ask; 5 a run holds the job; 130, 143
interrupted: what was said before is kept";
