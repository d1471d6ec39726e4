//! The flags for runs that nobody watches, as written.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const HEADING: &str = "For runs by the clock";

#[derive(Debug, Args)]
pub(in crate::cli) struct CronArguments {
    /// Append all that the run tells to this file, each line with its time; events with --format json
    #[arg(long, help_heading = HEADING, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Write how the run ended to this file, whatever its end: one JSON object, put there whole
    #[arg(long, help_heading = HEADING, value_name = "FILE")]
    pub summary_file: Option<PathBuf>,
    /// Likewise as metrics, in OpenMetrics text
    #[arg(long, help_heading = HEADING, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
    /// Where another run holds the job: fail (exit 5), wait for it to end, or skip this run (exit 0)
    #[arg(long, help_heading = HEADING, value_name = "HOW", value_enum, default_value_t = IfLocked::Fail)]
    pub if_locked: IfLocked,
    /// Tell a monitor: URL/start, then URL or URL/fail; never a reason to fail [environment: NOTEFERRY_PING]
    #[arg(long, help_heading = HEADING, value_name = "URL")]
    pub ping: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum IfLocked {
    Fail,
    Wait,
    Skip,
}
