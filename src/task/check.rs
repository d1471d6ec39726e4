//! `check`: every row, by itself and beside what the ledger knows of its key; sends nothing, writes nothing.

use crate::ledger::{History, JobName, Ledger, Open as _, Reader as _};
use crate::plan::{self, Checked, Chronicle, Filtered};
use crate::report::{of_ledger, of_row};
use crate::text::account;
use crate::text::address;
use crate::text::diagnostic::{Diagnostic, Severity};

use super::job::{JobOptions, Opening, refuse_changed_key};
use super::trials::{Tried, try_all};
use super::{Details, Failure, Listener, Told};

/// What a check came to.
#[derive(Debug, Clone)]
pub(crate) struct CheckOutcome {
    pub checked: Checked,
    /// Why rows are left out.
    pub filtered: Filtered,
    /// The job's own tests.
    pub tried: Tried,
}

/// Checks all rows of a job. `address` is where they would go, if not to the connector's; `now` is in unix
/// milliseconds. What is found is told; a source that is broken is no failure but so found.
pub(crate) fn check(
    job: &JobOptions,
    address: Option<&str>,
    now: i64,
    listener: Listener<'_>,
) -> Result<CheckOutcome, Failure> {
    let (mut opening, source) = Opening::open(job, address)?;
    let ledger = Ledger::open_to_read(&job.ledger);
    let details = Details { ledger: Some(job.ledger.clone()), ..Details::of(&opening.job) };
    listener(Told::Details(details));
    opening.tell_warnings(listener);
    let known = match &ledger {
        Ok(Some(ledger)) => known_there(ledger, &opening, address),
        Ok(None) => Ok(Vec::new()),
        Err(error) => Err(vec![of_ledger(error)]),
    };
    // The rows can be checked without it.
    let histories = known.unwrap_or_else(|problems| {
        let warnings = problems.into_iter();
        warnings.for_each(|problem| {
            listener(Told::Problem(Diagnostic { severity: Severity::Warning, ..problem }));
        });
        Vec::new()
    });
    let mut tell = |problem| listener(Told::Problem(problem));
    let tried = try_all((&opening.job, &opening.preparer), now, &mut tell);
    let ledger = ledger.as_ref().ok().and_then(Option::as_ref);
    let chronicles = histories.iter().map(|history| Chronicle { history, runs: &[] });
    let chronicles: Vec<Chronicle<'_>> = chronicles.collect();
    let again = || opening.reopen();
    let mut tell = |problem| listener(Told::Problem(of_row(problem)));
    let (checked, filtered) =
        plan::check(opening.readings(&again, now), source, (&chronicles, ledger), &mut tell)?;
    listener(Told::Surveyed);
    Ok(CheckOutcome { checked, filtered, tried })
}

/// What the ledger knows of the job at the address that is meant, for each account; nothing of a job whose rows have no key,
/// for a content is never another row's.
fn known_there(
    ledger: &Ledger,
    opening: &Opening,
    address: Option<&str>,
) -> Result<Vec<History>, Vec<Diagnostic>> {
    let job = &opening.job;
    let there = address::normal(address.unwrap_or(&job.connector.base_url));
    let may_be = |account: &str| {
        job.account.as_deref().is_none_or(|own| own == account || !account::is_named(account))
    };
    let is_meant = |known: &JobName| {
        known.name == job.name
            && address::normal(&known.base_url) == there
            && may_be(&known.account)
    };
    let failed = |error| vec![of_ledger(&error)];
    let mut histories = Vec::new();
    for (id, _) in ledger.jobs().map_err(failed)?.into_iter().filter(|(_, name)| is_meant(name)) {
        refuse_changed_key(job, ledger.keyed_by(id).map_err(failed)?)?;
        if opening.preparer.has_key() {
            histories.push(ledger.history(id).map_err(failed)?);
        }
    }
    Ok(histories)
}
