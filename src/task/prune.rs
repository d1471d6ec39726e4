//! `ledger prune`: takes out of a ledger what nobody needs any more.
//!
//! Rehearsals, and runs that did nothing. What went to a real target goes only where the job is named with a day before which
//! all of it happened, and somebody has said that it may: a job that is forgotten would be sent again.

use std::path::PathBuf;

use jiff::Zoned;

use crate::declared::job::{self, Given};
use crate::ledger::{
    Extent, JobId, JobLock, Ledger, LedgerError, Open as _, Pruning, Reader as _, waiting_outcomes,
};
use crate::report::{of_job_not_forgotten, of_no_ledger, of_outcomes_to_bring_in};
use crate::text::spelling::is_same;

use super::{Failure, SANDBOX};

/// What may go.
#[derive(Debug, Clone)]
pub(crate) struct PruneOptions {
    /// The job; none for all jobs of the ledger.
    pub job: Option<PathBuf>,
    /// What the command line says of it.
    pub given: Given,
    /// Folders in which connectors are looked for first.
    pub connectors: Vec<PathBuf>,
    pub ledger: PathBuf,
    /// Where all of the job was before then, it may go from real targets, too; unix milliseconds.
    pub before: Option<i64>,
    /// Nothing is changed.
    pub is_dry: bool,
    /// Who does it, as others are told who hold the job.
    pub process: u32,
    pub began: Zoned,
}

/// What went, or would go.
#[derive(Debug, Clone)]
pub(crate) struct Pruned {
    pub rehearsals: Vec<Extent>,
    /// Jobs at real targets: what they did would be sent again.
    pub forgotten: Vec<Extent>,
    /// Targets to which no request of a row has ever left, of jobs that have another.
    pub unused: Vec<Extent>,
    /// Those that were asked for and stay: something of them is not old enough.
    pub kept: Vec<Extent>,
    pub empty_runs: u64,
    /// The file's size before and after; none where nothing was changed.
    pub bytes: Option<(u64, u64)>,
    /// Why the file could not be made smaller.
    pub not_smaller: Option<LedgerError>,
}

impl Pruned {
    fn is_nothing(&self) -> bool {
        self.rehearsals.is_empty()
            && self.forgotten.is_empty()
            && self.unused.is_empty()
            && self.empty_runs == 0
    }
}

/// Takes it out. `consent` is asked before a job at a real target is forgotten.
pub(crate) fn prune(
    options: &PruneOptions,
    consent: &dyn Fn(&str, &[Extent]) -> bool,
) -> Result<Pruned, Failure> {
    let wanted = match &options.job {
        Some(path) => {
            let loaded = job::load(path, &options.given, &options.connectors);
            Some(loaded.map_err(|broken| broken.problems)?.name)
        }
        None => None,
    };
    let Some(known) = Ledger::open_to_read(&options.ledger)? else {
        return Err(Failure::Input(vec![of_no_ledger(&options.ledger)]));
    };
    let (found, _) = look(&known, options, wanted.as_deref())?;
    if options.is_dry || found.is_nothing() {
        return Ok(found);
    }
    if !found.forgotten.is_empty()
        && !consent(wanted.as_deref().unwrap_or_default(), &found.forgotten)
    {
        return Err(Failure::Input(vec![of_job_not_forgotten(&found.forgotten)]));
    }
    let locks = hold_all(&known, options)?;
    drop(known);
    let ledger = match locks.first() {
        Some(lock) if locks.len() == 1 => Ledger::open_claimed(&options.ledger, lock)?,
        _ => Ledger::open(options.ledger.clone())?,
    };
    // Somebody may have been there since.
    let (again, pruning) = look(&ledger, options, wanted.as_deref())?;
    // Whoever has said that it may go has seen how much it is.
    if again.forgotten != found.forgotten {
        return Err(Failure::Input(vec![of_job_not_forgotten(&again.forgotten)]));
    }
    let size = || std::fs::metadata(&options.ledger).map(|file| file.len()).unwrap_or_default();
    let before = size();
    ledger.prune(&pruning)?;
    let not_smaller = ledger.shrink().err();
    drop(ledger);
    drop(locks);
    Ok(Pruned { bytes: Some((before, size())), not_smaller, ..again })
}

/// What may go of a ledger.
fn look(
    ledger: &Ledger,
    options: &PruneOptions,
    wanted: Option<&str>,
) -> Result<(Pruned, Pruning), LedgerError> {
    let all = ledger.extents()?;
    let meant = all.iter().filter(|one| wanted.is_none_or(|name| is_same(name, &one.name.name)));
    let meant: Vec<Extent> = meant.cloned().collect();
    let ids: Vec<JobId> = meant.iter().map(|one| one.id).collect();
    let (rehearsals, real): (Vec<Extent>, Vec<Extent>) =
        meant.into_iter().partition(|one| one.name.base_url == SANDBOX);
    // What is left of a job that was pruned before is the number of its last run.
    let rehearsals: Vec<Extent> =
        rehearsals.into_iter().filter(|one| one.requests > 0 || one.runs > 1).collect();
    let never = ledger.unused_jobs()?;
    let (unused, used): (Vec<Extent>, Vec<Extent>) =
        real.into_iter().partition(|one| never.contains(&one.id));
    let others = || all.iter().filter(|one| !never.contains(&one.id));
    let has_another =
        |one: &Extent| others().any(|other| is_same(&one.name.name, &other.name.name));
    let unused = unused.into_iter().filter(|one| has_another(one) && !is_left_over(one, &all));
    let unused: Vec<Extent> = unused.collect();
    let (forgotten, kept) = match (wanted, options.before) {
        (Some(_), Some(before)) => used.into_iter().partition(|one| one.last < before),
        _ => (Vec::new(), Vec::new()),
    };
    let jobs: Vec<JobId> =
        rehearsals.iter().chain(&forgotten).chain(&unused).map(|one| one.id).collect();
    let empty_runs = ledger.empty_runs()?.into_iter();
    let empty_runs = empty_runs.filter(|(job, _)| ids.contains(job) && !jobs.contains(job));
    let empty_runs: Vec<i64> = empty_runs.map(|(_, run)| run).collect();
    let pruned = Pruned {
        rehearsals,
        forgotten,
        unused,
        kept,
        empty_runs: empty_runs.len() as u64,
        bytes: None,
        not_smaller: None,
    };
    Ok((pruned, Pruning { jobs, empty_runs }))
}

/// Whether all that there is of it are the numbers of the ledger's last job and last run, which stay.
fn is_left_over(one: &Extent, all: &[Extent]) -> bool {
    let is_last = all.iter().all(|other| other.id.0 <= one.id.0);
    let has_last_run = all.iter().all(|other| other.last <= one.last);
    is_last && one.requests == 0 && one.runs <= u64::from(has_last_run)
}

/// Holds every job of the ledger, so that no run is at work in the file, and sees that none has left something to be brought in.
fn hold_all(ledger: &Ledger, options: &PruneOptions) -> Result<Vec<JobLock>, Failure> {
    let since = options.began.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let mut locks = Vec::new();
    for (_, name) in ledger.jobs()? {
        locks.push(JobLock::take(&options.ledger, &name, options.process, &since)?);
        if !waiting_outcomes(&options.ledger, &name)?.is_empty() {
            return Err(Failure::Input(vec![of_outcomes_to_bring_in(&name.name)]));
        }
    }
    Ok(locks)
}
