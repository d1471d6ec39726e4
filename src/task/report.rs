//! `report`: what became of a job, or of one of its runs, by the ledger alone.
//!
//! Two readings in the order of the ledger: one says where rows stand, the other goes through the requests. Nothing is kept
//! but counts in fixed numbers, the first rows, and what persons have said.

use std::path::PathBuf;

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::declared::job::{self, Given};
use crate::ledger::{InvalidRow, JobLock, Reader as _, RunRecord, SettledRow, Unsettled};
use crate::report::{
    Owed, Rejected, RunLine, Scope, SignOff, Traffic, of_no_ledger, of_unknown_run, of_unsettled,
};
use crate::row::Totals;
use crate::text::quota::Quota;

use super::rescued::tell_waiting;
use super::{Failure, Listener, SANDBOX, one_target, owed};

/// What a report is to be about.
#[derive(Debug, Clone)]
pub(crate) struct ReportOptions {
    pub job: PathBuf,
    /// What the command line says of it.
    pub given: Given,
    /// Folders in which connectors are looked for first.
    pub connectors: Vec<PathBuf>,
    /// Where the job has gone, where it has gone to several places.
    pub address: Option<String>,
    pub ledger: PathBuf,
    /// One run; none for the job.
    pub run: Option<i64>,
    /// Nothing of what texts and keys say.
    pub mask: bool,
    /// The quotas of a rehearsal.
    pub rehearsal: Vec<Quota>,
    pub now: Zoned,
}

/// Gathers a report; changes nothing.
pub(crate) fn report(options: &ReportOptions, listener: Listener<'_>) -> Result<SignOff, Failure> {
    let job = job::load(&options.job, &options.given, &options.connectors)
        .map_err(|broken| Failure::Input(broken.problems))?;
    if !options.ledger.exists() {
        return Err(Failure::Input(vec![of_no_ledger(&options.ledger)]));
    }
    let found = one_target::find(&options.ledger, &job.name, options.address.as_deref())?;
    let Some((ledger, id, target)) = found else {
        let unknown = Unsettled::UnknownJob { job: job.name };
        return Err(Failure::Input(vec![of_unsettled(&unknown)]));
    };
    tell_waiting(&options.ledger, &target, listener)?;
    let held_by = || JobLock::held_by(&options.ledger, &target);
    let before = held_by();
    let status = ledger.status(id, target.clone(), u32::MAX, 0)?;
    let all: Vec<i64> = status.runs.iter().map(|run| run.id).collect();
    let is_meant = |run: i64| options.run.is_none_or(|asked| asked == run);
    if let Some(run) = options.run.filter(|asked| !all.contains(asked)) {
        return Err(Failure::Input(vec![of_unknown_run(run, &all)]));
    }
    let runs: Vec<RunRecord> = status.runs.iter().filter(|run| is_meant(run.id)).cloned().collect();
    let mut traffic = Traffic::of_runs(runs.iter());
    let mut rejected = Rejected::new(options.mask);
    ledger.export(&[id], &mut |request| {
        if is_meant(request.run) {
            traffic.see(request);
            rejected.see(request);
        }
        true
    })?;
    let running = before.or_else(held_by);
    let last = runs.iter().find(|run| run.ended_at.is_some() && run.is_of_rows());
    let (scope, totals) = match (options.run, runs.first()) {
        (Some(run), Some(record)) => (Scope::Run(run), of_run(record)),
        _ => (Scope::Job, status.totals),
    };
    let settled: Vec<SettledRow> =
        ledger.settlements(id)?.into_iter().filter(|row| is_meant(row.run)).collect();
    let owed = match options.run {
        None => owed::owed(&ledger, id, &target)?,
        Some(_) => Owed::default(),
    };
    // Those that are kept are the last run's.
    let is_last = options.run.is_none_or(|run| all.first() == Some(&run));
    let invalid: Vec<InvalidRow> = if is_last { ledger.invalid_rows(id)? } else { Vec::new() };
    let zone = job.timezone.clone().unwrap_or_else(TimeZone::system);
    let is_sandbox = target.base_url == SANDBOX;
    let mut lines: Vec<RunLine> = runs.iter().cloned().map(RunLine::from).collect();
    if let Some(newest) = lines.first_mut().filter(|run| run.ended_at.is_none()) {
        newest.under_way = running.is_some() && all.first() == Some(&newest.id);
    }
    let sign_off = SignOff {
        job: job.name,
        is_sandbox,
        ledger: options.ledger.clone(),
        made_at: options.now.with_time_zone(zone),
        scope,
        totals,
        whole: status.whole,
        item: job.connector.item.clone(),
        has_filter: !job.shaping.conditions.is_empty(),
        last_already_done: last.map_or(0, |run| run.totals.already_done),
        last: last.cloned().map(RunLine::from),
        runs: lines,
        running,
        settled,
        owed,
        invalid,
        verified: ledger.last_verification(id)?,
        quotas: if is_sandbox { options.rehearsal.clone() } else { job.quotas },
        traffic,
        rejected,
        masked: false,
        target,
    };
    Ok(sign_off.told(options.mask))
}

/// The counts of a run; of one without an end they are those of its rows.
fn of_run(record: &RunRecord) -> Totals {
    let Totals { succeeded, already_done, failed, invalid, in_doubt, not_started, .. } =
        record.totals;
    let rows = succeeded + already_done + failed + invalid + in_doubt + not_started;
    Totals { rows, ..record.totals }
}
