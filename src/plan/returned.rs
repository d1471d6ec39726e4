//! Rows that come back corrected: that what one says now was not sent by another row of the job, and that its key is its own.
//!
//! A row keeps what the ledger knows it by, so the usual rules say what becomes of it. What they cannot see is that it has
//! become another row.

use crate::ledger::{Candidate, LedgerError};
use crate::row::{Digest, Identity, KeyHash, Standing};
use crate::source::Record;

use super::Readings;
use super::decide::{Done, Fate};
use super::prior::Prior;
use super::row_problem::RowProblem;
use super::superseded::Contents;

/// Why a row is not sent.
#[derive(Debug)]
pub(super) struct Unfit(pub RowProblem);

/// Whether something stands against what would become of a row that comes back. `said` are the contents of corrected rows;
/// `is_known` says whether the ledger may know its key.
pub(super) fn stands_against(
    (readings, prior, said): (&Readings<'_>, Option<&Prior<'_>>, &Contents),
    record: &Record,
    (fate, content): (Fate, Option<Digest>),
    is_known: bool,
) -> Result<Option<Unfit>, LedgerError> {
    let Some((prior, reference)) = prior.zip(readings.preparer.reference(record)) else {
        return Ok(None);
    };
    let is_sent = matches!(fate, Fate::Send(_));
    let place = || record.place.clone();
    match reference.identity {
        // It had no key of its own. Where it has one now that the ledger knows, that is its own only if it has come by it.
        Identity::Cells(_) | Identity::Anothers(_) if readings.job.key.is_some() => {
            if fate == Fate::Skip(Done::Unchanged) {
                return Ok(None);
            }
            let Some(key) = readings.preparer.whole_key(record).filter(|_| is_known) else {
                return Ok(None);
            };
            let own = prior.history.corrections().of(reference.cells);
            let is_own = own.contains(&KeyHash::of(&key));
            let is_anothers = !is_own && prior.known(&key)?.is_some();
            Ok(is_anothers.then(|| Unfit(RowProblem::KeyOfAnother { place: place(), key })))
        }
        Identity::Key(_) | Identity::Anothers(_) => Ok(None),
        Identity::Content(own, _) if Some(own) == content => Ok(None),
        Identity::Content(..) | Identity::Cells(_) if !is_sent => Ok(None),
        Identity::Content(..) | Identity::Cells(_) => {
            let own = reference.key().map(|key| KeyHash::of(&key));
            let may_be_there = |found: &Candidate| {
                matches!(
                    found.standing,
                    Standing::Done | Standing::Started | Standing::UnderWay | Standing::InDoubt
                )
            };
            let Some(content) = content else { return Ok(None) };
            let history = prior.history;
            let by_content = std::iter::once(KeyHash::of_content(content));
            let corrected = said.get(&content).into_iter().flatten().copied();
            let others = by_content.chain(corrected);
            let mut others = others
                .filter(|key| Some(*key) != own)
                .flat_map(|key| history.find(key).filter(move |found| found.digest == content));
            let is_there = others.any(|found| may_be_there(&found));
            let item = || readings.job.connector.item.clone();
            Ok(is_there.then(|| Unfit(RowProblem::SentBefore { place: place(), item: item() })))
        }
    }
}
