//! Where the rows of a source stand: each beside what the ledger knows of it, for all targets of a job in one reading.
//!
//! Counts, and decides nothing: what a run would do with a row is for the survey. A row that is done counts as done
//! though its content has changed since. Costs what a check costs, and sixteen bytes a row.

use crate::declared::job::OnMissing;
use crate::ledger::{Candidate, History, Ledger, LedgerError};
use crate::prepare::{Draft, RowKey};
use crate::row::{Digest, KeyHash, Standing, content_key};
use crate::source::{Record, Source};

use super::Readings;
use super::crew::{Heard, Sight, read_all};
use super::decider::Came;
use super::hearing::Hearing;
use super::names::{Arrival, Name, Names};
use super::once::Once;
use super::prior::{Prior, Trail};
use super::row_problem::RowProblem;
use super::steps::run_mark;
use super::superseded::{Original, Superseded};
use super::survey::Checked;
use super::taken::{may_be_taken, taken, was_deleted};

/// What a ledger knows of a job at one target.
#[derive(Clone, Copy)]
pub(crate) struct Chronicle<'a> {
    pub history: &'a History,
    /// The numbers of its runs, the newest first: rows that only read are done anew in each.
    pub runs: &'a [i64],
}

impl<'a> Chronicle<'a> {
    pub(super) fn prior(&self, ledger: &'a Ledger) -> Prior<'a> {
        Prior { history: self.history, ledger }
    }
}

/// Where the rows of a source stand.
#[derive(Debug)]
pub(crate) struct Standings {
    pub checked: Checked,
    /// One for each chronicle.
    pub targets: Vec<Stand>,
    /// Of the invalid rows, those that cannot be read at all.
    pub unreadable: u64,
}

/// Where rows stand by one chronicle.
#[derive(Debug, Default)]
pub(crate) struct Stand {
    /// The rows that the source has.
    pub here: Counts,
    /// Those of them of which the chronicle knows nothing and that are invalid.
    pub invalid: u64,
    /// Among those: rows whose keys are those of rows that are done and were others. No run sends them.
    pub taken: u64,
    /// Among those that succeeded: rows whose content has changed since.
    pub changed: u64,
    /// Rows that the job's `where` leaves out.
    pub filtered: u64,
    /// Rows for which an earlier one is sent, which says the same.
    pub duplicates: u64,
    /// Rows that the chronicle knows and the source does not have, or has no longer.
    pub gone: Counts,
    /// Of the gone rows that succeeded: what they had made was deleted.
    pub deleted: u64,
    came: Came,
    /// The row whose parts come, where one of them has changed since it was done: no further part of it is sent.
    changed_row: Option<u64>,
}

/// How many rows stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub succeeded: u64,
    pub failed: u64,
    pub in_doubt: u64,
    /// A request left or was about to, and nothing is known of it: under way where a run holds the job, or else in doubt.
    pub started: u64,
    pub not_started: u64,
    /// A person wants no more of them.
    pub dismissed: u64,
    /// What they had done was undone.
    pub undone: u64,
}

impl Counts {
    fn of(&mut self, standing: Standing) -> &mut u64 {
        match standing {
            Standing::Done => &mut self.succeeded,
            Standing::Refused | Standing::GivenUp => &mut self.failed,
            Standing::InDoubt | Standing::Contradictory => &mut self.in_doubt,
            Standing::Started | Standing::UnderWay => &mut self.started,
            Standing::NotStarted | Standing::Deferred => &mut self.not_started,
            Standing::Dismissed => &mut self.dismissed,
            Standing::Undone => &mut self.undone,
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        self.succeeded
            + self.failed
            + self.in_doubt
            + self.started
            + self.not_started
            + self.dismissed
            + self.undone
    }
}

impl FromIterator<Standing> for Counts {
    fn from_iter<T: IntoIterator<Item = Standing>>(standings: T) -> Self {
        let mut counts = Self::default();
        standings.into_iter().for_each(|standing| *counts.of(standing) += 1);
        counts
    }
}

impl Stand {
    /// Whether the source has the row with a key, as far as the chronicle knows it.
    pub(crate) fn has(&self, history: &History, key: &str) -> bool {
        history.find(KeyHash::of(key)).any(|found| self.came.has(found.position))
    }

    /// The rows of the chronicle that the source does not have.
    pub(crate) fn gone_rows(&self, history: &History) -> impl Iterator<Item = Candidate> {
        history.rows().filter(|row| !self.came.has(row.position))
    }

    /// Notes that a row stands there in the history, and gives where that row stands.
    fn arrive(&mut self, found: Candidate) -> Standing {
        if matches!(self.came.arrive(found.position), Arrival::First) {
            let gone = self.gone.of(found.standing);
            *gone = gone.saturating_sub(1);
        }
        found.standing
    }
}

/// A row of a source, as whoever watches the counting sees it; by the first chronicle.
pub(crate) struct Watched<'a> {
    pub record: &'a Record,
    pub stands: Stands,
    /// What the ledger knows the row by, or would: none of a row that has no name of its own.
    pub name: Option<Named>,
    /// What is wrong with it.
    pub problems: Vec<RowProblem>,
}

/// What names a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// Its key.
    Key,
    /// Its content, of which it is the so-manieth.
    Content(Digest, u64),
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    Invalid,
    NotStarted,
    /// As the ledger knows it.
    Known(Candidate),
}

/// Sees the rows that are counted, in the order of the source.
pub(crate) type Watch<'w> = &'w mut dyn FnMut(Watched<'_>) -> Result<(), LedgerError>;

/// What is kept of a row.
struct Seen {
    name: Option<Name>,
    digest: Option<Digest>,
    /// None where the row has a key of its own.
    content: Option<Digest>,
    /// Of a row that only reads, its own key; empty where that is its content.
    reads: Option<String>,
    /// What each chronicle knows by that key.
    known: Vec<Option<Candidate>>,
}

impl Sight for Seen {
    fn is_done(&self) -> bool {
        let is_done =
            |found: &Option<Candidate>| found.is_some_and(|found| found.standing == Standing::Done);
        !self.known.is_empty() && self.known.iter().all(is_done)
    }
}

impl Seen {
    fn at(draft: &Draft<'_>, chronicles: &[(Chronicle<'_>, Trail)]) -> Self {
        let digest = draft.digest();
        let content = match draft.key() {
            RowKey::Content => digest,
            RowKey::Written(_) | RowKey::Missing => None,
        };
        let content = content.map(|present| as_known(draft, present, chronicles));
        let own = match draft.key() {
            RowKey::Written(key) => Some(key.as_str()),
            RowKey::Content | RowKey::Missing => None,
        };
        let key = own.map(KeyHash::of).or_else(|| content.map(KeyHash::of_content));
        let known = chronicles
            .iter()
            .map(|(one, trail)| key.and_then(|key| trail.first(one.history, draft.row(), key)));
        let known = known.collect();
        let reads = draft.only_reads().then(|| own.unwrap_or_default().to_owned());
        Self { name: Name::of(draft.key(), content), digest, content, reads, known }
    }

    /// What the row is like for its correction.
    fn original(&self, nth: Option<u64>, is_anothers: bool) -> Original {
        let counted = self.content.zip(nth).map(|(digest, nth)| content_key(digest, nth));
        Original {
            key: match self.content {
                Some(_) => counted.map(|key| KeyHash::of(&key)),
                None => nth.and(self.name).map(Name::first_half),
            },
            is_anothers,
            digest: self.digest,
        }
    }

    /// Whether what a chronicle knows by the first key is done with another content.
    fn differs_from(&self, first: Option<Candidate>) -> bool {
        self.reads.is_none() && first.is_some_and(|found| may_be_taken(found, self.digest))
    }

    /// The keys by which a chronicle may know the row where it is the so-manieth of its name, and not the first or one that
    /// only reads; the newest first.
    fn further_keys(&self, nth: u64, runs: &[i64]) -> Vec<KeyHash> {
        let counted = self.content.map(|digest| content_key(digest, nth));
        match (&self.reads, counted) {
            (Some(own), counted) => {
                let key = counted.as_deref().unwrap_or(own);
                let of_run = |run: &i64| KeyHash::of(&format!("{}{key}", run_mark(*run)));
                runs.iter().map(of_run).collect()
            }
            (None, Some(counted)) => vec![KeyHash::of(&counted)],
            (None, None) => Vec::new(),
        }
    }
}

/// The name by which one of the chronicles knows a content. Those of a job at two targets that begin with different versions
/// may differ; then one of them is right, and the other counts such a row as not started.
fn as_known(draft: &Draft<'_>, present: Digest, chronicles: &[(Chronicle<'_>, Trail)]) -> Digest {
    let is_known = |digest: &Digest| {
        let key = KeyHash::of_content(*digest);
        chronicles.iter().any(|(one, trail)| trail.first(one.history, draft.row(), key).is_some())
    };
    let mut digests = draft.digests(present);
    digests.find(is_known).unwrap_or(present)
}

/// Reads a source and says where its rows stand; `watch` sees each that counts, `tell` hears what is wrong with it, in order.
/// `ledger` tells all that is known of one row; none where nothing is known of any.
pub(crate) fn standings(
    readings: Readings<'_>,
    source: Source,
    (chronicles, ledger): (&[Chronicle<'_>], Option<&Ledger>),
    mut watch: Option<Watch<'_>>,
    tell: &mut dyn FnMut(RowProblem),
) -> Result<Standings, LedgerError> {
    let mut counting = Counting::new(&readings, chronicles, ledger);
    let mut found = Hearing::new(tell);
    let mut names = Names::default();
    let mut all_unreadable = 0;
    let mut once = Once::of(readings.job.shaping.duplicates);
    let trails: Vec<_> = chronicles.iter().map(|one| (*one, Trail::default())).collect();
    let eye = |draft: &Draft<'_>| Seen::at(draft, &trails);
    let heard = read_all(&readings, source, &eye, &mut |heard| {
        match heard {
            Heard::Row { out: Some(condition), .. } => found.hear_filtered(condition),
            Heard::Row { record, sight, valid, problems, .. } => {
                let nth = match sight.name.map(|name| (name, names.arrive(name))) {
                    Some((name, Arrival::First)) => {
                        once.first(name, sight.digest);
                        Some(1)
                    }
                    Some((name, Arrival::Again))
                        if valid.unwrap_or(true) && once.is_same(name, sight.digest) =>
                    {
                        found.checked.rows += 1;
                        found.checked.duplicates += 1;
                        return Ok(());
                    }
                    Some((name, Arrival::Again)) => Some(names.again(name)),
                    None => None,
                };
                // A key belongs to the first row that bears it.
                let nth = nth.filter(|nth| *nth == 1 || !readings.preparer.has_key());
                let is_valid = valid.unwrap_or(true) && nth.is_some();
                let known = sight.known.iter().copied();
                let mut stands = Stands::NotStarted;
                let mut problems: Vec<_> = problems.into_iter().map(RowProblem::Written).collect();
                let mut has_name = nth.is_some();
                for (at, first) in known.enumerate().rev() {
                    let (stood, taken) =
                        counting.count(at, record, (&sight, first), (nth, is_valid))?;
                    stands = stood;
                    if let Some(problem) = taken.filter(|_| at == 0) {
                        problems.push(problem);
                        has_name = false;
                    }
                }
                if let Some(watch) = &mut watch {
                    let name = match sight.content {
                        Some(digest) => nth.map(|nth| Named::Content(digest, nth)),
                        None => has_name.then_some(Named::Key),
                    };
                    let problems = problems.clone();
                    watch(Watched { record, stands, name, problems })?;
                }
                problems.retain(|problem| matches!(problem, RowProblem::Written(_)));
                found.hear_row(record.ordinal, is_valid, problems);
            }
            Heard::Unreadable(problem) => {
                let before = found.checked.rows;
                found.hear_unreadable(*problem);
                let unreadable = found.checked.rows - before;
                counting.targets.iter_mut().for_each(|target| target.invalid += unreadable);
                all_unreadable += unreadable;
            }
        }
        Ok::<(), LedgerError>(())
    });
    found.hear_end(&readings, heard?.as_ref());
    let Checked { filtered, duplicates, .. } = found.checked;
    counting.count_deleted()?;
    let mut targets = counting.targets;
    for target in &mut targets {
        (target.filtered, target.duplicates) = (filtered, duplicates);
    }
    Ok(Standings { checked: found.checked, targets, unreadable: all_unreadable })
}

/// What is counted, for all chronicles.
struct Counting<'c> {
    readings: &'c Readings<'c>,
    chronicles: &'c [Chronicle<'c>],
    ledger: Option<&'c Ledger>,
    superseded: Vec<Option<Superseded<'c>>>,
    targets: Vec<Stand>,
}

impl<'c> Counting<'c> {
    fn new(
        readings: &'c Readings<'c>,
        chronicles: &'c [Chronicle<'c>],
        ledger: Option<&'c Ledger>,
    ) -> Self {
        let begun = |one: &Chronicle<'_>| Stand {
            gone: one.history.standings().collect(),
            ..Stand::default()
        };
        let superseded = |one: &Chronicle<'c>| Superseded::of(Some(one.history), readings);
        Self {
            readings,
            chronicles,
            ledger,
            superseded: chronicles.iter().map(superseded).collect(),
            targets: chronicles.iter().map(begun).collect(),
        }
    }

    /// Counts, of the rows that the source does not have, those of which what they had made was deleted.
    fn count_deleted(&mut self) -> Result<(), LedgerError> {
        let asks = matches!(self.readings.job.on_missing, OnMissing::Delete { .. });
        let Some(ledger) = self.ledger.filter(|_| asks) else { return Ok(()) };
        for (target, chronicle) in self.targets.iter_mut().zip(self.chronicles) {
            for (_, found) in chronicle.history.all() {
                if !target.came.has(found.position) && was_deleted(self.readings, found, ledger)? {
                    target.deleted += 1;
                }
            }
        }
        Ok(())
    }

    /// Counts a row by one of them: where it stands, and that its key is another row's, if so.
    fn count(
        &mut self,
        at: usize,
        record: &Record,
        (sight, first): (&Seen, Option<Candidate>),
        (nth, is_valid): (Option<u64>, bool),
    ) -> Result<(Stands, Option<RowProblem>), LedgerError> {
        let (readings, ledger) = (self.readings, self.ledger);
        let (target, chronicle) = (&mut self.targets[at], &self.chronicles[at]);
        let differs = nth == Some(1) && sight.differs_from(first);
        let row = record.share.map(|_| record.first_share());
        let prior = ledger.filter(|_| differs).map(|ledger| chronicle.prior(ledger));
        let taken = match &prior {
            Some(prior) => taken(readings, record, prior)?,
            None => None,
        };
        if let Some(superseded) = &mut self.superseded[at] {
            let original = sight.original(nth, taken.is_some());
            if let Some(correction) = superseded.correction(readings.preparer, record, &original) {
                return Ok((target.hear_corrected(correction.0, is_valid), taken));
            }
        }
        let comes_again = match (first.filter(|_| differs), ledger) {
            (Some(found), Some(ledger)) => was_deleted(readings, found, ledger)?,
            _ => false,
        };
        if let Some(found) = first.filter(|_| comes_again) {
            target.arrive(found);
            return Ok((target.count(None, None, is_valid), taken));
        }
        let stands = match &taken {
            Some(_) => target.hear_taken(),
            None if first.is_none() && target.is_changed(row) => target.hear_part_of_changed(),
            None => target.hear(chronicle, (sight, first), nth, is_valid),
        };
        if differs && taken.is_none() {
            target.changed += 1;
            target.changed_row = row;
        }
        Ok((stands, taken))
    }
}

impl Stand {
    /// Counts a row whose key is another's: that other one has not come by it.
    fn hear_taken(&mut self) -> Stands {
        self.taken += 1;
        self.invalid += 1;
        Stands::Invalid
    }

    /// Counts a row that stands as its correction does.
    fn hear_corrected(&mut self, found: Candidate, is_valid: bool) -> Stands {
        let standing = self.arrive(found);
        self.count(Some(found), Some(standing), is_valid)
    }

    fn count(
        &mut self,
        found: Option<Candidate>,
        standing: Option<Standing>,
        is_valid: bool,
    ) -> Stands {
        match standing.unwrap_or(Standing::NotStarted) {
            Standing::NotStarted | Standing::Deferred if !is_valid => {
                self.invalid += 1;
                Stands::Invalid
            }
            standing => {
                *self.here.of(standing) += 1;
                found.map_or(Stands::NotStarted, Stands::Known)
            }
        }
    }

    fn is_changed(&self, row: Option<u64>) -> bool {
        row.is_some() && self.changed_row == row
    }

    /// Counts a part that no run sends, since its row is done and has changed since: it counts as the row does.
    fn hear_part_of_changed(&mut self) -> Stands {
        self.here.succeeded += 1;
        self.changed += 1;
        Stands::NotStarted
    }

    /// Counts a row, and what the chronicle knows by its first key. `nth` is the how many of its name it is; none where it
    /// has none of its own.
    fn hear(
        &mut self,
        chronicle: &Chronicle<'_>,
        (seen, first): (&Seen, Option<Candidate>),
        nth: Option<u64>,
        is_valid: bool,
    ) -> Stands {
        let (mut newest, mut candidate) = (None, None);
        match (&seen.reads, nth) {
            (_, None) => {}
            (None, Some(1)) => {
                newest = first.map(|found| self.arrive(found));
                candidate = first;
            }
            (_, Some(nth)) => {
                for key in seen.further_keys(nth, chronicle.runs) {
                    let found = chronicle.history.find(key).next();
                    let standing = found.map(|found| self.arrive(found));
                    newest = newest.or(standing);
                    candidate = candidate.or(found);
                }
            }
        }
        self.count(candidate, newest, is_valid)
    }
}
