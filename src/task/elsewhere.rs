//! Whether a job that has done nothing yet is an old one under a new name.
//!
//! A data file that was corrected and saved under another name, or a job that was given another ledger, begins with nothing
//! done, and would send all of it a second time. So before the first run of a job at a target the other jobs that its
//! ledger knows there are asked, and so are the ledgers in the job's usual places.

use std::path::Path;

use crate::ledger::{JobId, JobName, Ledger, LedgerError, Reader as _};
use crate::plan::DoneContents;
use crate::text::address;

use super::job::{JobOptions, Opening, usual_ledger_places};
use super::target::Target;
use super::{DoneBy, Failure};

/// Refuses a job whose rows another has done at the same target. `now` is the moment that readings go by.
pub(super) fn refuse_done_elsewhere(
    opening: &Opening,
    options: &JobOptions,
    target: &Target,
    now: i64,
) -> Result<(), Failure> {
    if target.is_sandbox {
        return Ok(());
    }
    let name = target.job_name(&opening.job);
    let mut places = vec![options.ledger.clone()];
    for usual in usual_ledger_places(&options.path) {
        if !places.iter().any(|place| is_same_file(place, &usual)) {
            places.push(usual);
        }
    }
    let (mut done, mut jobs) = (DoneContents::default(), Vec::new());
    for (at, place) in places.iter().enumerate() {
        let is_own = at == 0;
        // A ledger that is not asked to be used says nothing if it cannot be read.
        let read = match others(place, &name, is_own) {
            Err(error) if is_own => return Err(error.into()),
            read => read.unwrap_or_default(),
        };
        let Some((ledger, others)) = read else { continue };
        for (id, other) in others {
            done.add(jobs.len(), &ledger.history(id)?);
            jobs.push((other.name, place.clone()));
        }
    }
    let again = || opening.reopen();
    let found = match jobs.is_empty() {
        true => None,
        false => done.among(opening.readings(&again, now), opening.reopen()?),
    };
    let Some(found) = found else { return Ok(()) };
    let (job, ledger) = jobs.swap_remove(found.job);
    Err(Failure::DoneElsewhere(DoneBy { found, job, ledger }))
}

type Others = Option<(Ledger, Vec<(JobId, JobName)>)>;

/// The other jobs that a ledger knows at the same target; in another ledger the job itself, too. An account that nobody
/// knows may be the same one.
fn others(place: &Path, name: &JobName, is_own: bool) -> Result<Others, LedgerError> {
    let Some(ledger) = Ledger::open_to_read(place)? else { return Ok(None) };
    let mut jobs = ledger.jobs()?;
    jobs.retain(|(_, other)| {
        let accounts = [&other.account, &name.account];
        let may_be_one = accounts[0] == accounts[1] || accounts.iter().any(|it| it.is_empty());
        address::normal(&other.base_url) == address::normal(&name.base_url)
            && may_be_one
            && !(is_own && other.name == name.name)
    });
    Ok(Some((ledger, jobs)))
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    real(one) == real(other)
}
