//! Rows of a source in whose place a corrected one was sent, or is to be: the source still has the cells that were wrong.
//!
//! Such a row stands as its correction stands, and is never sent itself. So is a row that says in the source what the
//! correction says by now, in a job that knows rows by their content. Costs nothing where nothing has come back corrected.

use std::collections::HashMap;

use crate::ledger::{Candidate, History};
use crate::prepare::Preparer;
use crate::row::{Digest, Fingerprint, Identity, KeyHash, Reference, Standing};
use crate::source::Record;

use super::decide::{Done, Fate, Held, LeftOut};

/// What a row of the source is like, as far as that has to be known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Original {
    /// What the ledger would know it by; none where it has no name of its own, or an earlier row has it.
    pub key: Option<KeyHash>,
    /// The ledger knows it as another row's.
    pub is_anothers: bool,
    pub digest: Option<Digest>,
    /// Whether the ledger knows nothing of it by that.
    pub is_new: bool,
}

/// What corrected rows say that were sent, and what they are known by.
pub(super) type Contents = HashMap<Digest, Vec<KeyHash>>;

/// What the corrected rows of a history say.
pub(super) fn contents_of(history: &History) -> Contents {
    let mut contents = Contents::new();
    for key in history.corrections().all() {
        history.find(key).for_each(|found| contents.entry(found.digest).or_default().push(key));
    }
    contents
}

/// Whether a corrected row was sent in the place of a row of the source, or is to be.
pub(super) fn is_superseded(
    history: Option<&History>,
    preparer: &Preparer,
    record: &Record,
) -> bool {
    let corrections = history.map(History::corrections);
    let corrections = corrections.filter(|all| !all.is_empty() && !preparer.returns());
    corrections.is_some_and(|all| !all.of(preparer.fingerprint(record)).is_empty())
}

/// The corrections of a job, beside its source.
#[derive(Debug)]
pub(super) struct Superseded<'h> {
    history: &'h History,
    /// How many rows without a name have come that have these cells.
    nameless: HashMap<Fingerprint, u64>,
    /// In a job without a key: what corrected rows say, and what they are known by.
    contents: Contents,
}

/// The correction of a row: where it stands, or that it was never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Correction(pub Option<Candidate>);

impl<'h> Superseded<'h> {
    /// None where there is nothing to look for: also where the rows are themselves those that come back.
    pub(super) fn of(history: Option<&'h History>, preparer: &Preparer) -> Option<Self> {
        let history = history.filter(|history| !history.corrections().is_empty())?;
        if preparer.returns() {
            return None;
        }
        let contents = match preparer.has_key() {
            true => Contents::new(),
            false => contents_of(history),
        };
        Some(Self { history, nameless: HashMap::new(), contents })
    }

    /// The correction of a row, in the order of the source; none where it stands for itself.
    pub(super) fn correction(
        &mut self,
        preparer: &Preparer,
        record: &Record,
        original: &Original,
    ) -> Option<Correction> {
        let cells = preparer.fingerprint(record);
        let keys = self.history.corrections().of(cells);
        if keys.is_empty() {
            return self.same_content(original);
        }
        let own = match original.key {
            Some(own) if keys.contains(&own) => own,
            Some(_) if !original.is_anothers => return self.same_content(original),
            _ => return self.of_nameless(keys, cells, preparer.has_key()),
        };
        let found = self.history.find(own).next();
        let is_itself = found.is_some_and(|found| Some(found.digest) == original.digest);
        (!is_itself).then_some(Correction(found))
    }

    /// Nothing tells such a row from others of its cells but its place among them.
    fn of_nameless(
        &mut self,
        keys: &[KeyHash],
        cells: Fingerprint,
        has_key: bool,
    ) -> Option<Correction> {
        let come = self.nameless.entry(cells).or_default();
        *come += 1;
        let key = match has_key {
            // Each was given a key of its own, and which of them has which makes no difference.
            true => *keys.get(usize::try_from(*come - 1).ok()?)?,
            false => {
                let reference = Reference { cells, identity: Identity::Cells(*come) };
                KeyHash::of(&reference.key()?)
            }
        };
        keys.contains(&key).then(|| Correction(self.history.find(key).next()))
    }

    /// A row that is new, and says what a corrected one has said.
    fn same_content(&mut self, original: &Original) -> Option<Correction> {
        let digest = original.digest.filter(|_| original.is_new)?;
        let key = self.contents.get_mut(&digest)?.pop()?;
        Some(Correction(self.history.find(key).next()))
    }
}

impl Correction {
    /// What becomes of a row that stands for its correction; `fate` is what would become of it by itself.
    pub(super) fn fate(self, fate: Fate) -> Fate {
        match (self.0.map(|found| found.standing), fate) {
            (Some(Standing::Done), _) => Fate::Skip(Done::Unchanged),
            (Some(Standing::Dismissed), _) => Fate::LeaveOut(LeftOut::Dismissed),
            (Some(Standing::UnderWay), _) => Fate::Hold(Held::UnderWay),
            (Some(Standing::Started | Standing::InDoubt | Standing::Contradictory), _) => {
                Fate::Hold(Held::InDoubt)
            }
            // Its correction has not come to anything: the row is what it was, and not to be sent.
            (_, Fate::Send(_) | Fate::Later(_)) => Fate::Hold(Held::Refused),
            (_, fate) => fate,
        }
    }
}
