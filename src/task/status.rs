//! `status`: what the ledger knows.

use std::path::PathBuf;

use crate::declared::job;
use crate::ledger::{JobStatus, Ledger, Reader as _};

use super::rescued::tell_waiting;
use super::{Failure, Listener};

const RUNS: u32 = 5;
const FAILED_ROWS: u32 = 20;

/// Which ledger, and which of its jobs.
#[derive(Debug, Clone)]
pub(crate) struct StatusOptions {
    /// The job; none for all jobs of the ledger.
    pub job: Option<PathBuf>,
    /// Folders in which connectors are looked for first.
    pub connectors: Vec<PathBuf>,
    pub ledger: PathBuf,
}

/// What a ledger knows.
#[derive(Debug)]
pub(crate) struct Status {
    /// The name of the job that was asked for.
    pub job: Option<String>,
    pub jobs: Vec<JobStatus>,
}

/// Says what a ledger knows of a job, or of all.
pub(crate) fn status(options: &StatusOptions, listener: Listener<'_>) -> Result<Status, Failure> {
    let job = match &options.job {
        Some(path) => Some(job::load(path, None, &options.connectors)?.name),
        None => None,
    };
    let Some(ledger) = Ledger::open_to_read(&options.ledger)? else {
        return Ok(Status { job, jobs: Vec::new() });
    };
    let wanted = |name: &str| job.as_ref().is_none_or(|job| job == name);
    let mut jobs = Vec::new();
    for (id, name) in ledger.jobs()?.into_iter().filter(|(_, name)| wanted(&name.name)) {
        tell_waiting(&options.ledger, &name, listener)?;
        jobs.push(ledger.status(id, name, RUNS, FAILED_ROWS)?);
    }
    Ok(Status { job, jobs })
}
