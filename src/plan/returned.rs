//! Rows that come back corrected: that what one says now was not sent by another row of the job, nor by itself under another
//! name, and that its key is its own.
//!
//! A row keeps what the ledger knows it by, so the usual rules say what becomes of it. What they cannot see is that it has
//! become another row. Where that cannot be told, the row is refused: whoever corrects it can see what was sent.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::ledger::{Candidate, History, LedgerError};
use crate::prepare::Preparer;
use crate::row::{Digest, Identity, KeyHash, Reference, Standing};
use crate::source::Record;

use super::Readings;
use super::decide::{Done, Fate};
use super::prior::Prior;
use super::row_problem::RowProblem;
use super::superseded::{Contents, contents_of, nameless_keys};

/// Where a request may have acted.
const MAY_BE_THERE: [Standing; 5] = [
    Standing::Done,
    Standing::Started,
    Standing::UnderWay,
    Standing::InDoubt,
    Standing::Contradictory,
];

/// Why a row is not sent.
#[derive(Debug)]
pub(super) struct Unfit(pub RowProblem);

/// What other rows have said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Those that have come back corrected.
    corrected: Contents,
    /// How many may have sent a content, whatever they are known by; made when it is first asked for.
    sent: OnceCell<HashMap<Digest, u64>>,
}

impl Said {
    pub(super) fn of(history: Option<&History>, preparer: &Preparer) -> Self {
        let history = history.filter(|_| preparer.returns());
        Self { corrected: history.map(contents_of).unwrap_or_default(), sent: OnceCell::new() }
    }

    fn times(&self, content: Digest, history: &History) -> u64 {
        let count = || {
            let mut sent = HashMap::new();
            let contents = MAY_BE_THERE.into_iter().flat_map(|so| history.contents(so));
            contents.for_each(|content| *sent.entry(content).or_default() += 1);
            sent
        };
        self.sent.get_or_init(count).get(&content).copied().unwrap_or_default()
    }
}

/// The rows that have come back in this reading and had no key of their own. Each comes once, whatever key it was given; those
/// that had one, or are known by their cells, are told apart by that.
#[derive(Debug, Default)]
pub(super) struct CameBack(HashMap<Arc<str>, u64>);

impl CameBack {
    /// Whether a row has come back before this one. Rows that had another row's key may have one reference, where their cells are
    /// the same: so many of them may come as the source has beside the one that has the key.
    pub(super) fn has_come(&mut self, preparer: &Preparer, record: &Record) -> bool {
        let is_first = record.share.is_none_or(|share| share.number == 1);
        let Some(reference) = preparer.reference(record) else { return false };
        let room = match reference.identity {
            Identity::Cells(_) => 1,
            Identity::Anothers(_) => {
                preparer.origins().rows_of(reference.cells).saturating_sub(1).max(1)
            }
            Identity::Key(_) | Identity::Content(..) => return false,
        };
        let Some(origin) = record.origin() else { return false };
        let times = self.0.entry(Arc::clone(&origin.reference)).or_default();
        *times += u64::from(is_first);
        *times > room
    }
}

fn may_be_there(found: &Candidate) -> bool {
    MAY_BE_THERE.contains(&found.standing)
}

/// Whether something stands against what would become of a row that comes back. `is_known` says whether the ledger may know
/// its key.
pub(super) fn stands_against(
    (readings, prior, said): (&Readings<'_>, Option<&Prior<'_>>, &Said),
    record: &Record,
    (fate, content): (Fate, Option<Digest>),
    is_known: bool,
) -> Result<Option<Unfit>, LedgerError> {
    let Some(reference) = readings.preparer.reference(record) else { return Ok(None) };
    if readings.job.key.is_some() {
        return match reference.identity {
            Identity::Cells(_) | Identity::Anothers(_) if fate != Fate::Skip(Done::Unchanged) => {
                let asked = (readings, prior, said);
                against_given_key(asked, record, (&reference, content), (fate, is_known))
            }
            _ => Ok(None),
        };
    }
    let is_sent = matches!(fate, Fate::Send(_));
    let Some((prior, content)) = prior.filter(|_| is_sent).zip(content) else { return Ok(None) };
    let is_there = was_sent_without_key((readings, prior.history, said), &reference, content);
    Ok(is_there.then(|| sent_before(readings, record)))
}

fn sent_before(readings: &Readings<'_>, record: &Record) -> Unfit {
    let item = readings.job.connector.item.clone();
    Unfit(RowProblem::SentBefore { place: record.place.clone(), item })
}

/// A row that had no key of its own. The one that it has now is its own if it has come by it before; otherwise no other row has
/// it, in the ledger or in the source, and what the row says was not sent under another.
fn against_given_key(
    (readings, prior, said): (&Readings<'_>, Option<&Prior<'_>>, &Said),
    record: &Record,
    (reference, content): (&Reference, Option<Digest>),
    (fate, is_known): (Fate, bool),
) -> Result<Option<Unfit>, LedgerError> {
    let Some(key) = readings.preparer.whole_key(record) else { return Ok(None) };
    let hash = KeyHash::of(&key);
    let history = prior.map(|prior| prior.history);
    let given = history.map_or(&[][..], |history| history.corrections().of(reference.cells));
    if given.contains(&hash) {
        return Ok(None);
    }
    let is_anothers = match prior.filter(|_| is_known) {
        Some(prior) => prior.known(&key)?.is_some(),
        None => false,
    };
    let origins = readings.preparer.origins();
    if is_anothers || origins.bears(hash, (reference.cells, content)) {
        let place = record.place.clone();
        return Ok(Some(Unfit(RowProblem::KeyOfAnother { place, key })));
    }
    let Some(history) = history.filter(|_| matches!(fate, Fate::Send(_))) else { return Ok(None) };
    let begun: Vec<Candidate> =
        given.iter().flat_map(|key| history.find(*key)).filter(may_be_there).collect();
    // All rows of these cells that had no key have one by now, under which they were sent.
    let rows = origins.rows_of(reference.cells);
    let room = match reference.identity {
        Identity::Cells(nth) => rows.max(nth),
        _ => rows.saturating_sub(1).max(1),
    };
    let own = begun.iter().filter(|found| Some(found.digest) == content).count() as u64;
    let is_there = begun.len() as u64 >= room
        || content.is_some_and(|content| said.times(content, history) > own);
    Ok(is_there.then(|| sent_before(readings, record)))
}

/// Whether another row of a job without a key has sent what a row says now, or the row itself was sent under another name.
fn was_sent_without_key(
    (readings, history, said): (&Readings<'_>, &History, &Said),
    reference: &Reference,
    content: Digest,
) -> bool {
    let cells = reference.cells;
    let own = reference.key().map(|key| KeyHash::of(&key));
    let is_known = own.is_some_and(|own| history.find(own).next().is_some());
    let is_begun = |key: KeyHash| history.find(key).any(|found| may_be_there(&found));
    let given = history.corrections().of(cells);
    let origins = readings.preparer.origins();
    match reference.identity {
        Identity::Content(own, _) if own == content && is_known => return false,
        // What its cells said when they said nothing else.
        Identity::Content(..) if !is_known => {
            let mut nameless = nameless_keys(cells, given.len() as u64);
            if nameless.any(|key| given.contains(&key) && is_begun(key)) {
                return true;
            }
        }
        // What its cells say in the source by now, or did.
        Identity::Cells(nth) => {
            let rows = origins.rows_of(cells).max(nth).max(given.len() as u64);
            let twins: Vec<KeyHash> = nameless_keys(cells, rows).collect();
            let has_content = origins.content_of(cells).map(KeyHash::of_content);
            let mut others = given.iter().copied().filter(|key| !twins.contains(key));
            if others.any(is_begun) || has_content.is_some_and(is_begun) {
                return true;
            }
        }
        _ => {}
    }
    let by_content = std::iter::once(KeyHash::of_content(content));
    let corrected = said.corrected.get(&content).into_iter().flatten().copied();
    let others = by_content.chain(corrected).filter(|key| Some(*key) != own);
    let mut others =
        others.flat_map(|key| history.find(key).filter(move |found| found.digest == content));
    others.any(|found| may_be_there(&found))
}
