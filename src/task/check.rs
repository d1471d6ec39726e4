//! `check`: every row, and nothing else.

use crate::plan::{self, Checked};
use crate::report::of_row;

use super::job::{JobOptions, Opening};
use super::{Details, Failure, Listener, Told};

/// Checks all rows of a job. `address` is where they would go, if not to the connector's; `now` is in unix
/// milliseconds. What is found is told; a source that is broken is no failure but so found.
pub(crate) fn check(
    job: &JobOptions,
    address: Option<&str>,
    now: i64,
    listener: Listener<'_>,
) -> Result<Checked, Failure> {
    let (mut opening, source) = Opening::open(job, address)?;
    listener(Told::Details(Details {
        connector: opening.job.connector.name.clone(),
        operations: opening.job.connector.operations.len(),
        target: None,
        credentials: None,
        ledger: None,
        limits: None,
    }));
    opening.tell_warnings(listener);
    let again = || opening.reopen();
    let mut tell = |problem| listener(Told::Problem(of_row(problem)));
    let found = plan::check(opening.readings(&again, now), source, &mut tell);
    listener(Told::Surveyed);
    Ok(found)
}
