//! `status`: where a job stands, or all jobs of a ledger.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;

use crate::ledger::{FailedRow, JobName, RunRecord, SETTLED, Unfinished};
use crate::report::{
    Chosen, Counted, MISCOUNTED, Most, NothingKnown, RowLine, RunLine, StatusView, UNCOUNTED,
    WhyNothing, exit, no_status,
};
use crate::row::Totals;
use crate::task::{self, Failure, JobStanding, LedgerFound, SANDBOX, Status, StatusOptions};
use crate::text::command::CommandLine;

use super::arguments::{CommonArguments, RowStateArgument};
use super::environment::Environment;
use super::hearing::Hearing;
use super::layout::LayoutArguments;
use super::output::Output;
use super::saved;
use super::watch::{self, Followed};
use super::{gather, wall_clock};

#[derive(Debug, Args)]
#[command(after_help = STATUS_EXAMPLES)]
pub(super) struct StatusArguments {
    /// A job; left out: all jobs of the ledger
    pub job: Option<PathBuf>,
    /// What each row of a data file does; without it its rows are not counted, unless a column says that
    #[arg(long, value_name = "NAME")]
    pub operation: Option<String>,
    /// Follow the run of another process until it ends, then show where all stands
    #[arg(long)]
    pub watch: bool,
    /// Answer as a run would: 0 all done, 1 some failed or invalid, 4 some not started, 5 a run is at it, 6 some in doubt
    #[arg(long)]
    pub exit_code: bool,
    /// Tell every row that needs a look, and not only the first
    #[arg(long)]
    pub all: bool,
    /// Tell only rows that stand so; may be given several times
    #[arg(long, value_enum, value_name = "STATE", value_delimiter = ',')]
    pub state: Vec<RowStateArgument>,
    /// Tell only rows with this code, of the API or of a problem; may be given several times
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub code: Vec<String>,
    #[command(flatten)]
    pub layout: LayoutArguments,
    #[command(flatten)]
    pub common: CommonArguments,
}

const STATUS_EXAMPLES: &str = "\
Examples:
  noteferry status jobs/import-notes.yaml               where its rows stand, and its last runs
  noteferry status jobs/import-notes.yaml --watch       follow a run that another process does
  noteferry status jobs/import-notes.yaml --exit-code   for scripts: is all done?";

/// So many rows that need a look are told, unless more is asked for, and so many runs.
const ROWS: usize = 20;
const RUNS: usize = 5;

pub(super) fn status(
    arguments: &StatusArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    if let Err(problem) = saved::refuse("status", arguments.job.as_deref()) {
        output.tell(&[problem]);
        output.event(&no_status());
        return exit::USAGE;
    }
    let options = StatusOptions {
        job: arguments.job.clone(),
        given: arguments.layout.given(arguments.operation.as_ref()),
        connectors: arguments.common.connectors.clone(),
        address: arguments.common.base_url.clone(),
        ledger: gather::ledger(arguments.job.as_ref(), &arguments.common, environment),
        all: reads_all(arguments, output),
    };
    output.detail(&format!("ledger: {}", options.ledger.display()));
    let mut hearing = Hearing::new(output);
    let mut look = |hears: bool| {
        let now = wall_clock();
        let listener = &mut |told| {
            if hears {
                hearing.hear(told)
            }
        };
        task::status(&options, now, listener).map(|found| (found, now))
    };
    let refuse = |failure: Failure| {
        output.tell(&failure.problems());
        output.event(&no_status());
        exit::USAGE
    };
    let (mut found, mut now) = match look(true) {
        Ok(looked) => looked,
        Err(failure) => return refuse(failure),
    };
    if arguments.watch {
        match watch::follow(&options.ledger, &found.jobs, &output) {
            Followed::Nothing => output.say("No run is under way."),
            Followed::ToTheEnd => match look(false) {
                Ok(looked) => (found, now) = looked,
                Err(failure) => return refuse(failure),
            },
            Followed::Interrupted(code) => return code,
        }
    }
    let code = match arguments.exit_code {
        true => standing_code(&found, options.job.is_some()),
        false => exit::DONE,
    };
    if found.jobs.is_empty() {
        let why = match found.ledger {
            LedgerFound::Missing => WhyNothing::NoLedger,
            LedgerFound::Empty => WhyNothing::EmptyFile,
            LedgerFound::There => WhyNothing::UnknownJob,
        };
        let (job, rows) = (found.job, found.unknown);
        let nothing = NothingKnown { ledger: options.ledger, why, job, rows };
        output.event(&nothing.event());
        output.say(&nothing.text());
    }
    // Whoever asks for the code alone hears nothing where nothing is to be done.
    let is_silent = arguments.exit_code && code == exit::DONE && output.quiet && !output.is_json();
    if is_silent {
        return code;
    }
    found
        .jobs
        .into_iter()
        .map(|standing| {
            let wanted = Wanted::of(arguments);
            view(standing, now, (given, arguments.common.verbose, &output), &wanted)
        })
        .for_each(|view| show(&view, &output));
    code
}

/// The exit code that says where the rows stand. What was rehearsed is done nowhere.
fn standing_code(found: &Status, has_source: bool) -> u8 {
    if let Some(totals) = found.unknown {
        return exit::of_standing(&totals, false, false);
    }
    let real = found.jobs.iter().filter(|job| job.status.job.base_url != SANDBOX);
    // Rows that cannot be counted cannot be said to be done.
    if has_source && real.clone().any(|job| job.source.is_none()) {
        return exit::USAGE;
    }
    let code = |job: &JobStanding| {
        let totals = job.source.map_or(job.status.totals, |source| source.totals);
        let is_run = |run: &&RunRecord| run.reason.as_deref() != Some(SETTLED);
        let reason = job.status.runs.iter().find(is_run).and_then(|run| run.reason.as_deref());
        let is_amiss = matches!(reason, Some(MISCOUNTED | UNCOUNTED));
        exit::of_standing(&totals, job.running.is_some(), is_amiss)
    };
    exit::gravest_of_standings(&real.map(code).collect::<Vec<_>>())
}

/// Whether every row that needs a look is read: people see the first, and their causes.
fn reads_all(arguments: &StatusArguments, output: Output<'_>) -> bool {
    let chooses = !arguments.state.is_empty() || !arguments.code.is_empty();
    arguments.common.verbose || arguments.all || chooses || output.is_json()
}

/// Which rows are told.
struct Wanted<'a> {
    states: &'a [RowStateArgument],
    codes: &'a [String],
    all: bool,
}

impl<'a> Wanted<'a> {
    fn of(arguments: &'a StatusArguments) -> Self {
        Self { states: &arguments.state, codes: &arguments.code, all: arguments.all }
    }

    fn has(&self, state: RowStateArgument, code: Option<&str>) -> bool {
        (self.states.is_empty() || self.states.contains(&state))
            && (self.codes.is_empty()
                || code.is_some_and(|code| self.codes.iter().any(|wanted| wanted == code)))
    }

    /// The same for whoever tells of it: `codes` are those that rows have.
    fn chosen(&self, codes: BTreeSet<String>) -> Chosen {
        let states = self.states.iter().map(|state| match state {
            RowStateArgument::Failed => "failed",
            RowStateArgument::InDoubt => "in doubt",
            RowStateArgument::Invalid => "invalid",
        });
        let known_codes = codes.into_iter().collect();
        Chosen { states: states.collect(), codes: self.codes.to_vec(), known_codes }
    }

    fn has_failed(&self, row: &FailedRow) -> bool {
        let state = match row.state {
            Unfinished::Failed => RowStateArgument::Failed,
            Unfinished::InDoubt => RowStateArgument::InDoubt,
        };
        self.has(state, row.cause.as_ref().and_then(|cause| cause.code.as_deref()))
    }
}

fn view(
    standing: JobStanding,
    now: i64,
    (given, all, output): (&CommandLine, bool, &Output<'_>),
    wanted: &Wanted<'_>,
) -> StatusView {
    let JobStanding {
        status,
        source,
        under_way,
        running,
        pulse,
        settled,
        settlements,
        owed,
        invalid,
        verified,
        marks,
    } = standing;
    let plan = plan_of(given, &status.job);
    let target = match status.job.account.as_str() {
        "" => status.job.base_url,
        account => format!("{} as {account}", status.job.base_url),
    };
    let (counted, totals, gone, taken) = match source {
        Some(source) => (Counted::Source, source.totals, source.gone, source.taken),
        None => (Counted::Ledger, status.totals, Totals::default(), 0),
    };
    let mut runs: Vec<RunLine> = status.runs.into_iter().map(RunLine::from).collect();
    // Whoever holds the job is the last that began.
    if let Some(newest) = runs.first_mut().filter(|run| run.ended_at.is_none()) {
        newest.under_way = running.is_some();
        if newest.under_way {
            // Nobody doubts what is on its way.
            newest.in_doubt = newest.in_doubt.saturating_sub(under_way);
        }
    }
    let mut more_runs = 0;
    if !all {
        // What persons have settled is told by itself, and is in no run's way.
        let is_run = |run: &RunLine| run.reason.as_deref() != Some(SETTLED);
        runs.retain(|run| output.is_json() || is_run(run));
        more_runs = runs.iter().filter(|run| is_run(run)).count().saturating_sub(RUNS);
        let last = runs.iter().enumerate().filter(|(_, run)| is_run(run)).nth(RUNS);
        let most = last.map(|(at, _)| at);
        runs.truncate(most.unwrap_or(runs.len()));
    }
    let of_failed = status.failed.iter().filter_map(|row| row.cause.as_ref()?.code.clone());
    let codes = of_failed.chain(invalid.iter().map(|row| row.code.clone())).collect();
    let rows = status.failed.into_iter().zip(marks).filter(|(row, _)| wanted.has_failed(row));
    let invalid = invalid.into_iter();
    let invalid = invalid.filter(|row| wanted.has(RowStateArgument::Invalid, Some(&row.code)));
    StatusView {
        job: status.job.name,
        target,
        counted,
        totals,
        under_way,
        running,
        pulse,
        now,
        gone,
        runs,
        failed_rows: rows
            .map(|(row, mark)| RowLine { row, under_way: mark.under_way, gone: mark.gone })
            .collect(),
        more_failed: status.more_failed,
        invalid_rows: invalid.collect(),
        settled,
        settlements,
        owed,
        verified,
        taken,
        plan,
        chosen: wanted.chosen(codes),
        most: match all || wanted.all || output.is_json() {
            true => Most::All,
            false => Most::First(ROWS),
        },
        more_runs: more_runs as u64,
    }
}

/// The command that plans the job at one of its targets.
fn plan_of(given: &CommandLine, job: &JobName) -> CommandLine {
    let plan = given.of("plan").without("verbose").without("format");
    match job.base_url.as_str() {
        SANDBOX => plan.without("base-url").with("sandbox"),
        address => plan.with_value("base-url", address),
    }
}

fn show(view: &StatusView, output: &Output<'_>) {
    if output.is_json() {
        output.event(&view.event());
    } else {
        output.show(&view.text(output.data_color, &TimeZone::system()));
    }
}
