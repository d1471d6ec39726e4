//! The one target of a job at which a ledger knows it, for whoever asks of that and not of all.

use std::path::Path;

use crate::ledger::{JobId, JobName, Ledger, Open as _, Reader as _, Unsettled};
use crate::report::of_unsettled;
use crate::text::address;
use crate::text::spelling::is_same;

use super::Failure;

/// The job of that name at an address, or at the only one; none where the ledger knows of none, or is not there.
pub(super) fn find(
    ledger: &Path,
    job: &str,
    address: Option<&str>,
) -> Result<Option<(Ledger, JobId, JobName)>, Failure> {
    let Some(ledger) = Ledger::open_to_read(ledger)? else { return Ok(None) };
    let is_at = |known: &JobName| {
        address.is_none_or(|asked| address::normal(asked) == address::normal(&known.base_url))
    };
    let mut known: Vec<(JobId, JobName)> = ledger
        .jobs()?
        .into_iter()
        .filter(|(_, known)| is_same(job, &known.name) && is_at(known))
        .collect();
    if known.len() > 1 {
        let targets = known.into_iter().map(|(_, name)| name).collect();
        return Err(Failure::Input(vec![of_unsettled(&Unsettled::SeveralTargets { targets })]));
    }
    Ok(known.pop().map(|(id, name)| (ledger, id, name)))
}
