//! `status`: where a job stands, or all jobs of a ledger.

use jiff::tz::TimeZone;

use crate::ledger::JobName;
use crate::report::{
    Counted, Most, NothingKnown, RowLine, RunLine, StatusView, WhyNothing, exit, no_status,
};
use crate::row::Totals;
use crate::task::{self, JobStanding, LedgerFound, SANDBOX, StatusOptions};
use crate::text::command::CommandLine;

use super::arguments::StatusArguments;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::saved;
use super::{gather, wall_clock};

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
        all: arguments.common.verbose,
    };
    output.detail(&format!("ledger: {}", options.ledger.display()));
    let mut hearing = Hearing::new(output);
    let now = wall_clock();
    let found = match task::status(&options, now, &mut |told| hearing.hear(told)) {
        Ok(found) => found,
        Err(failure) => {
            output.tell(&failure.problems());
            output.event(&no_status());
            return exit::USAGE;
        }
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
    found
        .jobs
        .into_iter()
        .map(|standing| view(standing, now, (given, options.all)))
        .for_each(|view| show(&view, &output));
    exit::DONE
}

fn view(standing: JobStanding, now: i64, (given, all): (&CommandLine, bool)) -> StatusView {
    let JobStanding { status, source, under_way, running, settled, verified, marks } = standing;
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
    let more_runs = if all { 0 } else { runs.len().saturating_sub(RUNS) };
    runs.truncate(runs.len() - more_runs);
    let rows = status.failed.into_iter().zip(marks);
    StatusView {
        job: status.job.name,
        target,
        counted,
        totals,
        under_way,
        running,
        now,
        gone,
        runs,
        failed_rows: rows
            .map(|(row, mark)| RowLine { row, under_way: mark.under_way, gone: mark.gone })
            .collect(),
        more_failed: status.more_failed,
        settled,
        verified,
        taken,
        plan,
        most: if all { Most::All } else { Most::First(ROWS) },
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
