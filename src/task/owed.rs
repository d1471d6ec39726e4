//! What a ledger owes of a job: rows that were there more than once when they were counted last, and lists that were not
//! counted. It asks nobody but the ledger.

use crate::ledger::{JobId, JobName, Ledger, LedgerError, Reader as _};
use crate::report::{Owed, Twice};

use super::SANDBOX;

/// A rehearsal owes nothing: what it was sent to is gone.
pub(super) fn owed(ledger: &Ledger, job: JobId, name: &JobName) -> Result<Owed, LedgerError> {
    let mut owed = Owed::default();
    if name.base_url == SANDBOX {
        return Ok(owed);
    }
    for lane in ledger.uncounted(job)? {
        if lane.copies.is_empty() {
            owed.lists.push(lane.lane);
            continue;
        }
        for ids in lane.copies {
            let own = ids.first().map(|own| ledger.maker(job, own)).transpose()?.flatten();
            owed.twice.push(Twice { row: own.map(|(place, _)| place.row), ids });
        }
    }
    Ok(owed.sorted())
}
