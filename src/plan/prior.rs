//! What earlier runs have done to a job's rows, as both readings ask for it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::ledger::{Candidate, History, Ledger, LedgerError, Reader as _};
use crate::prepare::{Draft, Ready};
use crate::row::{Digest, KeyHash, Known, Standing};

use super::decide::{Done, Fate};
use super::tally::Tally;

/// What earlier runs have done. Everything is in memory but what few rows ask for.
#[derive(Clone, Copy)]
pub(crate) struct Prior<'a> {
    pub history: &'a History,
    /// Tells all that is known of one row. May be a ledger that only reads.
    pub ledger: &'a Ledger,
}

/// Whether the ledger knows a row, as far as memory tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It does not.
    New,
    /// The row is done, with this very content. It stands there in the history.
    Done(usize),
    /// There may be something to be known of it.
    Perhaps,
}

/// Where rows of a source stand in a history: at a distance that is mostly that of the row before, since rows are sent in
/// about the order of the source. A guess that is wrong costs nothing but time; any thread may make one.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// Of the row that was found last. Wraps.
    distance: AtomicU64,
}

impl Trail {
    /// Likewise to [`find`], for the first row of the source that has this key. `row` is its number.
    pub(super) fn find(
        &self,
        history: &History,
        row: u64,
        key: KeyHash,
        digest: Option<Digest>,
    ) -> Found {
        let there = self.guess(history, row, key);
        if let Some(done) = there.and_then(|candidate| done(candidate, digest)) {
            return done;
        }
        let found = find(history, key, digest);
        if let Found::Done(position) = found {
            self.keep(row, position);
        }
        found
    }

    /// Likewise for a row that is known by its content: also the name by which the history knows that.
    pub(super) fn find_content(
        &self,
        history: &History,
        draft: &Draft<'_>,
        present: Digest,
    ) -> (Digest, Found) {
        for digest in draft.digests(present) {
            let key = KeyHash::of_content(digest);
            match self.find(history, draft.row(), key, Some(digest)) {
                Found::New => {}
                found => return (digest, found),
            }
        }
        (present, Found::New)
    }

    /// Likewise for a row that has a key.
    pub(super) fn find_key(
        &self,
        history: &History,
        draft: &Draft<'_>,
        key: KeyHash,
        present: Option<Digest>,
    ) -> Found {
        let found = self.find(history, draft.row(), key, present);
        let (Found::Perhaps, Some(present)) = (found, present) else { return found };
        // What an earlier version has sent bears the name that its spelling had.
        let mut formerly = draft.digests(present).map(|digest| find(history, key, Some(digest)));
        formerly.find(|found| matches!(found, Found::Done(_))).unwrap_or(found)
    }

    /// The first row with this key, whatever its content.
    pub(super) fn first(&self, history: &History, row: u64, key: KeyHash) -> Option<Candidate> {
        self.guess(history, row, key).or_else(|| {
            let found = history.find(key).next()?;
            self.keep(row, found.position);
            Some(found)
        })
    }

    fn guess(&self, history: &History, row: u64, key: KeyHash) -> Option<Candidate> {
        let guess = row.wrapping_add(self.distance.load(Ordering::Relaxed));
        usize::try_from(guess).ok().and_then(|at| history.at(at, key))
    }

    fn keep(&self, row: u64, position: usize) {
        self.distance.store((position as u64).wrapping_sub(row), Ordering::Relaxed);
    }
}

/// What memory tells of a key under which this content would be sent.
pub(super) fn find(history: &History, key: KeyHash, digest: Option<Digest>) -> Found {
    let mut found = Found::New;
    for candidate in history.find(key) {
        if let Some(done) = done(candidate, digest) {
            return done;
        }
        found = Found::Perhaps;
    }
    found
}

fn done(candidate: Candidate, digest: Option<Digest>) -> Option<Found> {
    let is_done = candidate.standing == Standing::Done && Some(candidate.digest) == digest;
    is_done.then_some(Found::Done(candidate.position))
}

/// Rows of a job without a key that are taken for old ones, by nothing but their content. Where all that was done before
/// is in the source again, the source has grown since, and its old rows are the old ones: none are counted.
pub(crate) fn taken_for_old(tally: &Tally, history: &History) -> u64 {
    let done = history.standings().filter(|standing| *standing == Standing::Done).count() as u64;
    let unchanged = tally.sum(|fate| fate == Fate::Skip(Done::Unchanged));
    if unchanged < done { unchanged } else { 0 }
}

impl Prior<'_> {
    /// All that is known of the row with a key, and where it stands in the history.
    ///
    /// A ledger of an earlier version may have two rows whose keys are one in two spellings; each is found by its own.
    pub(super) fn known(&self, key: &str) -> Result<Option<(Known, usize)>, LedgerError> {
        let mut spelt_otherwise = None;
        for candidate in self.history.find(KeyHash::of(key)) {
            if let Some(known) = self.ledger.known(candidate.row, key)? {
                if known.key == key {
                    return Ok(Some((known, candidate.position)));
                }
                spelt_otherwise.get_or_insert((known, candidate.position));
            }
        }
        Ok(spelt_otherwise)
    }

    /// The name by which the history knows a row's content.
    pub(super) fn content_of(&self, ready: &Ready) -> Digest {
        let is_known =
            |digest: &Digest| self.history.find(KeyHash::of_content(*digest)).next().is_some();
        ready.digests().find(is_known).unwrap_or(ready.digest)
    }
}
