//! Which of a job's targets are meant, of those at which a ledger knows it.
//!
//! A target to which no request of a row has ever left is one that somebody has mistyped, or said no to: nobody is asked about
//! it. A rehearsal is meant where that is said, or where there is nothing else.

use std::path::Path;

use crate::ledger::{JobId, JobName, Ledger, LedgerError, Open as _, Reader as _, Unsettled};
use crate::report::of_unsettled;
use crate::text::address;
use crate::text::spelling::is_same;

use super::{Failure, SANDBOX};

/// The job of that name at an address, or at the only one; none where the ledger knows of none, or is not there.
pub(super) fn find(
    ledger: &Path,
    job: &str,
    address: Option<&str>,
) -> Result<Option<(Ledger, JobId, JobName)>, Failure> {
    let Some(ledger) = Ledger::open_to_read(ledger)? else { return Ok(None) };
    let found = only(&ledger, job, address)?;
    Ok(found.map(|(id, name)| (ledger, id, name)))
}

/// The same in an open ledger.
pub(super) fn only(
    ledger: &Ledger,
    job: &str,
    address: Option<&str>,
) -> Result<Option<(JobId, JobName)>, Failure> {
    let is_at = |known: &JobName| {
        address.is_none_or(|asked| address::normal(asked) == address::normal(&known.base_url))
    };
    let is_asked_for = |known: &JobName| is_same(job, &known.name) && is_at(known);
    let mut known = used(ledger, &is_asked_for)?;
    if address.is_none() && known.iter().any(|(_, name)| name.base_url != SANDBOX) {
        known.retain(|(_, name)| name.base_url != SANDBOX);
    }
    if known.len() > 1 {
        let targets = known.into_iter().map(|(_, name)| name).collect();
        return Err(Failure::Input(vec![of_unsettled(&Unsettled::SeveralTargets { targets })]));
    }
    Ok(known.pop())
}

/// The jobs at their targets that are asked for, without the targets to which no request of a row has left, where the job has
/// another.
pub(super) fn used(
    ledger: &Ledger,
    is_asked_for: &dyn Fn(&JobName) -> bool,
) -> Result<Vec<(JobId, JobName)>, LedgerError> {
    let jobs = ledger.jobs()?.into_iter();
    let known: Vec<(JobId, JobName)> = jobs.filter(|(_, name)| is_asked_for(name)).collect();
    if known.len() < 2 {
        return Ok(known);
    }
    let unused = ledger.unused_jobs()?;
    let has_another = |name: &JobName| {
        let is_other = |(id, other): &&(JobId, JobName)| {
            is_same(&name.name, &other.name) && !unused.contains(id)
        };
        known.iter().any(|other| is_other(&other))
    };
    let is_meant = |(id, name): &&(JobId, JobName)| !unused.contains(id) || !has_another(name);
    Ok(known.iter().filter(is_meant).cloned().collect())
}
