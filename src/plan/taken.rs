//! Rows whose keys a ledger knows as those of rows that are done and were others: of another ticket, or another operation.
//!
//! No run sends such a row, so whoever counts rows or checks them has to know. For most rows one look into memory tells
//! that it is none; the few others are prepared once more and looked up.

use crate::declared::job::OperationChoice;
use crate::ledger::{Candidate, Ledger, LedgerError, Reader as _};
use crate::prepare::{Findings, RowKey};
use crate::row::{Digest, Standing};
use crate::source::Record;

use super::Readings;
use super::look::Look;
use super::prior::Prior;
use super::row_problem::RowProblem;

/// Whether what was done under a row's key, or was dismissed by a person, may be another row: what would be sent now is
/// something else.
pub(super) fn may_be_taken(found: Candidate, digest: Option<Digest>) -> bool {
    matches!(found.standing, Standing::Done | Standing::Dismissed)
        && digest.is_some_and(|digest| digest != found.digest)
}

/// Whether what a row had made was deleted since it was no longer in the source, so that it is made anew where it comes again.
pub(super) fn was_deleted(
    readings: &Readings<'_>,
    found: Candidate,
    ledger: &Ledger,
) -> Result<bool, LedgerError> {
    let OperationChoice::Fixed(maker) = &readings.job.operation else { return Ok(false) };
    let by = readings.job.connector.delete_of(maker);
    let Some(by) = by.filter(|_| found.standing == Standing::Done) else { return Ok(false) };
    let known = ledger.known_row(found.row)?;
    Ok(known.is_some_and(|known| *known.operation == *by.operation.name))
}

/// What to tell of a row whose key is another's by what earlier runs have done; none where it is not.
pub(super) fn taken(
    readings: &Readings<'_>,
    record: &Record,
    prior: &Prior<'_>,
) -> Result<Option<RowProblem>, LedgerError> {
    let mut findings = Findings::default();
    let prepared = readings.preparer.prepare(record, readings.now, &mut findings);
    let (operation, reads) = (prepared.operation().cloned(), prepared.only_reads());
    let RowKey::Written(key) = prepared.key().clone() else { return Ok(None) };
    if reads {
        return Ok(None);
    }
    let ready = prepared.ready();
    let known = prior.known(&key)?.map(|(known, _)| known);
    let look = Look {
        connector: &readings.job.connector,
        operation: operation.as_deref(),
        ready: ready.as_ref(),
        known: known.as_ref(),
        returned: readings.preparer.returns(),
    };
    Ok(look.taken_key(&record.place, &key))
}
