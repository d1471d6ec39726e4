//! Outcomes that an earlier run could not write to the ledger, told by the verbs that do not bring them in.

use std::path::Path;

use crate::ledger::{JobName, LedgerError, waiting_outcomes};

use super::{Listener, Told};

/// Says that what is shown is not all that is known.
pub(super) fn tell_waiting(
    path: &Path,
    job: &JobName,
    listener: Listener<'_>,
) -> Result<(), LedgerError> {
    for (file, outcomes) in waiting_outcomes(path, job)? {
        listener(Told::Waiting { file, outcomes });
    }
    Ok(())
}
