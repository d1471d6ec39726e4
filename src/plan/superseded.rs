//! Rows of a source in whose place a corrected one was sent, or is to be: the source still has the cells that were wrong.
//!
//! Such a row stands as its correction stands, and is never sent itself. So is a row that says in the source what the
//! correction says by now, in a job that knows rows by their content. Costs nothing where nothing has come back corrected.

use std::collections::HashMap;

use crate::ledger::{Candidate, History};
use crate::prepare::{Preparer, key_of_part};
use crate::row::{Digest, Fingerprint, Identity, KeyHash, Reference, Standing};
use crate::source::{Read, Record};

use super::Readings;
use super::decide::{Done, Fate, Held, LeftOut};

/// What a row of the source is like, as far as that has to be known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Original {
    /// What the ledger would know it by; none where it has no name of its own, or an earlier row has it.
    pub key: Option<KeyHash>,
    /// The ledger knows it as another row's.
    pub is_anothers: bool,
    pub digest: Option<Digest>,
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

/// The same, without those whose rows still stand in the source with the cells that were wrong: such a row stands for its own
/// correction, so no other row can. A source that cannot be read leaves all, and is told of by whoever reads it next.
fn contents_beside(history: &History, readings: &Readings<'_>) -> Contents {
    let mut contents = contents_of(history);
    if contents.is_empty() {
        return contents;
    }
    let standing = rows_that_stand(history, readings);
    for (cells, keys) in history.corrections().each() {
        let Some(rows) = standing.get(&cells).copied() else { continue };
        let nameless: Vec<KeyHash> = nameless_keys(cells, rows).collect();
        let others = keys.iter().filter(|key| !nameless.contains(key));
        let of_content = others.take(usize::try_from(rows).unwrap_or(usize::MAX));
        let stood_for: Vec<KeyHash> = of_content.copied().chain(nameless.clone()).collect();
        contents.values_mut().for_each(|keys| keys.retain(|key| !stood_for.contains(key)));
    }
    contents
}

/// How many rows the source has of all cells of which corrected ones have come.
fn rows_that_stand(history: &History, readings: &Readings<'_>) -> HashMap<Fingerprint, u64> {
    let mut rows = HashMap::new();
    let Ok(mut source) = (readings.open)() else { return rows };
    let mut record = Record::default();
    loop {
        match source.next(&mut record) {
            Read::End => return rows,
            Read::Problem(_) => {}
            Read::Row => {
                let cells = readings.preparer.fingerprint(&record);
                if !history.corrections().of(cells).is_empty() {
                    *rows.entry(cells).or_default() += 1;
                }
            }
        }
    }
}

/// What a job without a key knows the first so many rows by that have these cells, and nothing else.
pub(super) fn nameless_keys(cells: Fingerprint, rows: u64) -> impl Iterator<Item = KeyHash> {
    let reference = move |nth| Reference { cells, identity: Identity::Cells(nth) };
    (1..=rows).filter_map(move |nth| Some(KeyHash::of(&reference(nth).key()?)))
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

/// The correction of a row, where that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Correction(pub Candidate);

impl<'h> Superseded<'h> {
    /// None where there is nothing to look for: also where the rows are themselves those that come back.
    pub(super) fn of(history: Option<&'h History>, readings: &Readings<'_>) -> Option<Self> {
        let history = history.filter(|history| !history.corrections().is_empty())?;
        if readings.preparer.returns() {
            return None;
        }
        let contents = match readings.preparer.has_key() {
            true => Contents::new(),
            false => contents_beside(history, readings),
        };
        Some(Self { history, nameless: HashMap::new(), contents })
    }

    /// The correction of a row, in the order of the source; none where it stands for itself. So it does, too, where its
    /// correction was never begun: nothing has left for it yet.
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
        let found = match original.key {
            Some(own) if keys.contains(&own) => {
                let found = self.history.find(own).next();
                found.filter(|found| Some(found.digest) != original.digest)
            }
            Some(own) if !original.is_anothers && (preparer.has_key() || self.knows(own)) => {
                return self.same_content(original);
            }
            // It has no name, or had none before the job made something else of its cells.
            _ => match self.of_nameless(preparer, record, (keys, cells)) {
                Some(key) => self.history.find(key).next(),
                None => return self.same_content(original),
            },
        };
        let is_begun = |found: &Candidate| {
            !matches!(found.standing, Standing::NotStarted | Standing::Deferred)
        };
        found.filter(is_begun).map(Correction)
    }

    fn knows(&self, key: KeyHash) -> bool {
        self.history.find(key).next().is_some()
    }

    /// Nothing tells such a row from others of its cells but its place among them.
    fn of_nameless(
        &mut self,
        preparer: &Preparer,
        record: &Record,
        (keys, cells): (&[KeyHash], Fingerprint),
    ) -> Option<KeyHash> {
        let come = self.nameless.entry(cells).or_default();
        *come += 1;
        if !preparer.has_key() {
            return nameless_keys(cells, *come).last().filter(|key| keys.contains(key));
        }
        // Each was given a key of its own, and which of them has which makes no difference. One that bears the key that the
        // cells say stands for itself.
        let borne = preparer.whole_key(record);
        let parts = record.share.map_or(1, |share| share.count);
        let borne = borne
            .iter()
            .flat_map(|key| (1..=parts).map(|part| KeyHash::of(&key_of_part(key.clone(), part))));
        let borne: Vec<KeyHash> = borne.collect();
        let mut given = keys.iter().filter(|key| !borne.contains(key));
        given.nth(usize::try_from(*come - 1).ok()?).copied()
    }

    /// A row that is new, and says what a corrected one has said: as many of them as have said it.
    fn same_content(&mut self, original: &Original) -> Option<Correction> {
        let digest =
            original.digest.filter(|_| original.key.is_some_and(|own| !self.knows(own)))?;
        let key = self.contents.get_mut(&digest)?.pop()?;
        self.history.find(key).next().map(Correction)
    }
}

impl Correction {
    /// What becomes of a row that stands for its correction; `fate` is what would become of it by itself.
    pub(super) fn fate(self, fate: Fate) -> Fate {
        match (self.0.standing, fate) {
            (Standing::Done, _) => Fate::Skip(Done::Unchanged),
            (Standing::Dismissed, _) => Fate::LeaveOut(LeftOut::Dismissed),
            (Standing::Undone, _) => Fate::LeaveOut(LeftOut::Undone),
            (Standing::UnderWay, _) => Fate::Hold(Held::UnderWay),
            (Standing::Started | Standing::InDoubt | Standing::Contradictory, _) => {
                Fate::Hold(Held::InDoubt)
            }
            // Its correction has not come to anything: the row is what it was, and not to be sent.
            (_, Fate::Send(_) | Fate::Later(_)) => Fate::Hold(Held::Refused),
            (_, fate) => fate,
        }
    }
}
