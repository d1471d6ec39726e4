//! `done`: the rows of a job that are done, with what was made of each, for systems that link to it. By the ledger alone.

use std::path::PathBuf;

use crate::declared::job::{self, Given};
use crate::ledger::{DoneRow, DoneSince, JobName, Reader as _};
use crate::report::of_no_ledger;

use super::rescued::tell_waiting;
use super::{Failure, Listener, one_target};

/// Which rows of which job.
#[derive(Debug, Clone)]
pub(crate) struct DoneOptions {
    pub job: PathBuf,
    /// What the command line says of it.
    pub given: Given,
    /// Folders in which connectors are looked for first.
    pub connectors: Vec<PathBuf>,
    /// Where the job has gone, where it has gone to several places.
    pub address: Option<String>,
    pub ledger: PathBuf,
    pub since: DoneSince,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct DoneOutcome {
    pub job: String,
    pub target: Option<JobName>,
    /// So many were told.
    pub rows: u64,
    /// So many are done, and were done before that was asked for.
    pub earlier: u64,
}

/// Tells of each row that is done, until nobody wants to hear more. `begin` comes before, with the job's time zone.
pub(crate) fn done(
    options: &DoneOptions,
    begin: &mut dyn FnMut(Option<&jiff::tz::TimeZone>) -> Result<(), Failure>,
    tell: &mut dyn FnMut(&DoneRow) -> bool,
    listener: Listener<'_>,
) -> Result<DoneOutcome, Failure> {
    let job = job::load(&options.job, &options.given, &options.connectors)
        .map_err(|broken| Failure::Input(broken.problems))?;
    if !options.ledger.exists() {
        return Err(Failure::Input(vec![of_no_ledger(&options.ledger)]));
    }
    begin(job.timezone.as_ref())?;
    let found = one_target::find(&options.ledger, &job.name, options.address.as_deref())?;
    let (mut rows, mut earlier) = (0, 0);
    let target = match found {
        None => None,
        Some((ledger, id, name)) => {
            tell_waiting(&options.ledger, &name, listener)?;
            ledger.done(id, &mut |row| {
                let is_meant = options.since.has(row);
                rows += u64::from(is_meant);
                earlier += u64::from(!is_meant);
                !is_meant || tell(row)
            })?;
            Some(name)
        }
    };
    Ok(DoneOutcome { job: job.name, target, rows, earlier })
}
