//! Whether a job that has done nothing yet is an old one under a new name.
//!
//! A data file that was corrected and saved under another name, or a job that was given another ledger, begins with nothing
//! done, and would send all of it a second time. So before the first run of a job at a target the other jobs that its
//! ledger knows there are asked, and so are the ledgers in the job's usual places. One of them that cannot be read may know
//! anything, so that ends the run, too.

use std::path::Path;

use crate::ledger::{JobName, Ledger, LedgerError, Open as _, Reader as _};
use crate::plan::DoneContents;
use crate::text::diagnostic::{Diagnostic, Severity};
use crate::text::spelling::is_same;
use crate::text::{account, address};

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
    match done_elsewhere(opening, options, &target.job_name(&opening.job), now)? {
        Some(done_by) => Err(Failure::DoneElsewhere(done_by)),
        None => Ok(()),
    }
}

/// Of a rehearsal: what the real run would be refused for, at the connector's own address. A ledger that cannot be read is told,
/// too, since the real run would not begin with it. A source that cannot be read is told by the rehearsal itself.
pub(super) fn foretell_done_elsewhere(
    opening: &Opening,
    options: &JobOptions,
    now: i64,
) -> Option<Diagnostic> {
    let job = &opening.job;
    let name = JobName {
        name: job.name.clone(),
        base_url: address::normal(&job.connector.base_url),
        account: job.account.clone().unwrap_or_default(),
    };
    // The job itself has done something there: then its own rows are known. What cannot be read stops the run as well.
    let refusal = match has_history(options, &name) {
        Ok(true) => return None,
        Ok(false) => match done_elsewhere(opening, options, &name, now) {
            Ok(done_by) => done_by.map(Failure::DoneElsewhere),
            Err(failure) => Some(failure).filter(|failure| matches!(failure, Failure::Ledger(_))),
        },
        Err(error) => Some(Failure::Ledger(error)),
    };
    let problem = refusal?.problems().into_iter().next()?;
    let message = format!("the run without --sandbox will be refused: {}", problem.message);
    Some(Diagnostic { severity: Severity::Warning, message, ..problem })
}

/// Whether the ledger knows something that the job has done at its target.
fn has_history(options: &JobOptions, name: &JobName) -> Result<bool, LedgerError> {
    let Some(ledger) = Ledger::open_to_read(&options.ledger)? else { return Ok(false) };
    for (id, other) in ledger.jobs()? {
        let is_this = is_same(&other.name, &name.name) && may_be_at_one_target(&other, name);
        if is_this && !ledger.history(id)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn done_elsewhere(
    opening: &Opening,
    options: &JobOptions,
    name: &JobName,
    now: i64,
) -> Result<Option<DoneBy>, Failure> {
    let mut places = vec![options.ledger.clone()];
    for usual in usual_ledger_places(&options.path) {
        if !places.iter().any(|place| is_same_file(place, &usual)) {
            places.push(usual);
        }
    }
    let (mut done, mut jobs) = (DoneContents::default(), Vec::new());
    for place in places {
        let is_own = place == options.ledger;
        let Some(ledger) = Ledger::open_to_read(&place)? else { continue };
        let others = ledger.jobs()?.into_iter().filter(|(_, other)| {
            may_be_at_one_target(other, name) && !(is_own && other.name == name.name)
        });
        for (id, other) in others {
            done.add(jobs.len(), &ledger.history(id)?);
            let keyed_by = ledger.keyed_by(id)?.filter(|key| key != opening.job.keyed_by());
            jobs.push((other.name, keyed_by, place.clone()));
        }
    }
    let again = || opening.reopen();
    let found = match jobs.is_empty() {
        true => None,
        false => done.among(opening.readings(&again, now), opening.reopen()?),
    };
    let Some(found) = found else { return Ok(None) };
    let (job, keyed_by, ledger) = jobs.swap_remove(found.job);
    let is_same_job = is_same(&job, &name.name);
    Ok(Some(DoneBy { found, job, is_same_job, keyed_by, ledger }))
}

/// An account that nobody knows may be any.
fn may_be_at_one_target(one: &JobName, other: &JobName) -> bool {
    let is_unknown = !account::is_named(&one.account) || !account::is_named(&other.account);
    address::normal(&one.base_url) == address::normal(&other.base_url)
        && (is_unknown || one.account == other.account)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    real(one) == real(other)
}
