//! The first reading of a source: every row is prepared, on every core, and what is wrong is told in the order of the
//! rows.
//!
//! [`check`] keeps eight bytes a row, to find keys that occur twice. [`survey`] decides what becomes of each row, too,
//! in their order, which costs a byte a row and sixteen for the name of each that the ledger does not know.

use std::collections::HashSet;

use crate::ledger::{Ledger, LedgerError};
use crate::prepare::{Draft, Findings, RowKey};
use crate::row::KeyHash;
use crate::source::{Record, Source};
use crate::text::place::RowPlace;

use super::Readings;
use super::contents::{Contents, Traits};
use super::crew::{Heard, Sight, WholeSource, read_all};
use super::decide::{Done, Fate, Held, LeftOut};
use super::decider::{Decider, Glance};
use super::fates::Fates;
use super::filtered::Filtered;
use super::hearing::Hearing;
use super::look::Policy;
use super::missing::{self, Deletes};
use super::prior::Prior;
use super::profile::SourceProfile;
use super::repeats::Repeats;
use super::row_problem::RowProblem;
use super::samples::Samples;
use super::saved::Companion;
use super::source_files::FileRows;
use super::spread::Spread;
use super::standings::Chronicle;
use super::superseded::is_superseded;
use super::taken::{may_be_taken, taken};

/// What a source holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Checked {
    pub rows: u64,
    /// Rows that can be sent, or are done.
    pub valid: u64,
    /// Rows that a condition of the job leaves out.
    pub filtered: u64,
    /// Rows for which an earlier one is sent, which says the same.
    pub duplicates: u64,
    /// Something is wrong with the source as a whole.
    pub broken: bool,
    /// A quote was never closed: where rows begin and end from there on is a guess.
    pub guessed: bool,
}

/// What a source holds, and what becomes of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Survey {
    pub checked: Checked,
    /// Why rows are left out.
    pub filtered: Filtered,
    pub fates: Fates,
    /// The first of the rows that are done and have changed since.
    pub changed: Vec<NamedRow>,
    /// The first of the rows that are held for somebody to decide on.
    pub held: Vec<NamedRow>,
}

/// A row as a person finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedRow {
    pub place: RowPlace,
    /// In words, as in `ticket tk_1`; empty where no request can be made of the row.
    pub lane: String,
    /// Empty where the row has none of its own.
    pub key: String,
}

/// What is in a source, for whoever has to approve what becomes of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Insight {
    /// What is in the rows that would be sent.
    pub contents: Contents,
    /// What is in its columns.
    pub profile: SourceProfile,
    /// Rows that are worth a look.
    pub samples: Samples,
}

/// So many rows of a kind are named.
const NAMED: usize = 10;

impl Checked {
    /// Each row counts in one place: a row is taken out of the valid ones only if it was put there, and once.
    pub(crate) fn invalid(&self) -> u64 {
        self.rows - (self.valid + self.filtered + self.duplicates)
    }
}

/// What a check keeps of a row.
#[derive(Debug, Clone, Copy)]
struct Keyed {
    key: Option<KeyHash>,
    /// A chronicle may know its key as another row's.
    may_be_taken: bool,
}

impl Keyed {
    fn at(draft: &Draft<'_>, chronicles: &[Chronicle<'_>]) -> Self {
        let key = hash_of(draft.key());
        let differs = |found| may_be_taken(found, draft.digest());
        let may_be_taken = key.is_some_and(|key| {
            !draft.only_reads() && chronicles.iter().any(|one| one.history.find(key).any(differs))
        });
        Self { key, may_be_taken }
    }
}

impl Sight for Keyed {}

/// Checks all rows of a source; `tell` hears what is wrong, in order. A row is invalid, too, whose key is another's by all
/// `chronicles`.
pub(crate) fn check(
    readings: Readings<'_>,
    source: Source,
    (chronicles, ledger): (&[Chronicle<'_>], Option<&Ledger>),
    tell: &mut dyn FnMut(RowProblem),
) -> Result<(Checked, Filtered), LedgerError> {
    let mut found = Hearing::new(tell);
    let mut hashes: Vec<KeyHash> = Vec::new();
    // The row whose first part is invalid: nothing is sent of it.
    let mut unsent = None;
    let eye = |draft: &Draft<'_>| Keyed::at(draft, chronicles);
    let heard = read_all(&readings, source, &eye, &mut |heard| {
        match heard {
            Heard::Row { out: Some(condition), .. } => found.hear_filtered(condition),
            Heard::Row { record, sight, valid, problems, .. } => {
                hashes.extend(sight.key);
                let mut is_valid = valid.unwrap_or_default();
                let mut problems: Vec<RowProblem> =
                    problems.into_iter().map(RowProblem::Written).collect();
                if let Some(ledger) = ledger.filter(|_| sight.may_be_taken)
                    && let Some(taken) = taken_by(&readings, record, (chronicles, ledger))?
                {
                    is_valid = false;
                    problems.push(taken);
                }
                is_valid &= unsent != Some(record.first_share());
                if !is_valid && record.share.is_some_and(|share| share.number == 1) {
                    unsent = Some(record.ordinal);
                }
                found.hear_row(record.ordinal, is_valid, problems);
            }
            Heard::Unreadable(problem) => found.hear_unreadable(*problem),
        }
        Ok::<(), LedgerError>(())
    });
    found.hear_end(&readings, heard?.as_ref());
    found.hear_count(&readings);
    let Repeats { mistakes, same } = found.hear_repeats(&readings, &repeated(hashes), &|_| false);
    found.checked.valid -= mistakes + same;
    found.checked.duplicates = same;
    Ok((found.checked, found.filtered.named(readings.preparer)))
}

/// That a row's key is another's by all chronicles: by some alone, it depends on where the row goes.
fn taken_by(
    readings: &Readings<'_>,
    record: &Record,
    (chronicles, ledger): (&[Chronicle<'_>], &Ledger),
) -> Result<Option<RowProblem>, LedgerError> {
    let mut first = None;
    for chronicle in chronicles {
        match taken(readings, record, &chronicle.prior(ledger))? {
            Some(problem) => drop(first.get_or_insert(problem)),
            None => return Ok(None),
        }
    }
    Ok(first)
}

/// Checks all rows of a source and decides what becomes of each; `tell` hears what is wrong, in order.
///
/// Nothing is told of a row that is done, and such a row need not be valid: a time that has passed since is no fault.
/// `companion` goes along, and may change what becomes of a row.
pub(crate) fn survey(
    readings: Readings<'_>,
    source: Source,
    prior: Option<Prior<'_>>,
    policy: Policy,
    companion: Option<&mut dyn Companion>,
    tell: &mut dyn FnMut(RowProblem),
) -> Result<Survey, LedgerError> {
    survey_with(readings, source, prior, (policy, companion), tell, None)
}

/// The same, and counts what is in the rows that would be sent and in the columns of the source.
pub(crate) fn survey_contents(
    readings: Readings<'_>,
    source: Source,
    prior: Option<Prior<'_>>,
    policy: Policy,
    companion: Option<&mut dyn Companion>,
    tell: &mut dyn FnMut(RowProblem),
) -> Result<(Survey, Insight), LedgerError> {
    let mut insight = Insight::default();
    let found =
        survey_with(readings, source, prior, (policy, companion), tell, Some(&mut insight))?;
    insight.contents.finish();
    Ok((found, insight))
}

/// The rows of a pilot of so many rows that shows a little of everything.
pub(crate) fn spread_rows(
    readings: Readings<'_>,
    source: Source,
    prior: Option<Prior<'_>>,
    policy: Policy,
) -> Result<HashSet<u64>, LedgerError> {
    let contents = Contents { spread: Some(Spread::of(policy.limit)), ..Contents::default() };
    let mut insight = Insight { contents, ..Insight::default() };
    let policy = (Policy { limit: u64::MAX, deletes: Deletes::Never, ..policy }, None);
    // What is wrong with rows is told by the survey that follows.
    survey_with(readings, source, prior, policy, &mut |_| {}, Some(&mut insight))?;
    Ok(insight.contents.spread.map(|spread| spread.chosen()).unwrap_or_default())
}

fn survey_with(
    readings: Readings<'_>,
    source: Source,
    prior: Option<Prior<'_>>,
    (policy, companion): (Policy, Option<&mut dyn Companion>),
    tell: &mut dyn FnMut(RowProblem),
    mut insight: Option<&mut Insight>,
) -> Result<Survey, LedgerError> {
    let mut found = Hearing::new(tell);
    let history = prior.as_ref().map(|prior| prior.history);
    // Whoever goes along has chosen rows, or holds the run to some.
    let policy = policy.for_rows(companion.is_some() || readings.preparer.returns());
    let is_corrected = |record: &Record| is_superseded(history, readings.preparer, record);
    let mut decider = Decider::new(readings, prior, policy, companion);
    let (at_first, counts, now) = (decider.eye(), insight.is_some(), readings.now);
    let eye = |draft: &Draft<'_>| {
        let glance = at_first(draft);
        // What is done is not sent, so nothing of it is counted.
        let traits = if counts && !glance.is_done() { Traits::of(draft, now) } else { None };
        let moment = if counts { draft.turn_moment() } else { None };
        Sighted { glance, traits, moment }
    };
    let (mut changed, mut held, mut rows) = (Vec::new(), Vec::new(), FileRows::default());
    let read = read_all(&readings, source, &eye, &mut |heard| {
        if let Heard::Row { record, .. } = &heard {
            rows.see(record);
            insight.iter_mut().for_each(|insight| insight.profile.see(record));
        }
        match heard {
            Heard::Row { record, out: Some(condition), .. } => {
                decider.leave_out(record);
                found.hear_filtered(condition);
            }
            Heard::Row { record, sight, valid, problems, .. } => {
                let decided = decider.decide(record, &sight.glance, valid)?;
                match decided.fate {
                    // What is there is changed: what is in it is counted where it was made.
                    Fate::Send(sending) if sending.is_update() => {}
                    Fate::Send(_) => {
                        if let Some(insight) = insight.as_deref_mut() {
                            // A row that looked done at first may be another one of the same content.
                            if let Some(row) = sight.traits.or_else(|| traits_of(&readings, record))
                            {
                                insight.samples.see(record.ordinal, row.look);
                                insight.contents.add(record.ordinal, &record.place, row);
                            }
                            let zone = readings.job.timezone.as_ref();
                            sight.moment.iter().for_each(|at| insight.profile.turn(*at, zone));
                        }
                    }
                    Fate::Skip(Done::Changed) if changed.len() < NAMED => {
                        changed.push(NamedRow::of(&readings, record));
                    }
                    Fate::Hold(Held::InDoubt | Held::Refused) if held.len() < NAMED => {
                        held.push(NamedRow::of(&readings, record));
                    }
                    _ => {}
                }
                // Nothing is wrong with what no run sends.
                let is_done = decided.fate.is_over();
                let written = problems.into_iter().filter(|_| !is_done).map(RowProblem::Written);
                let mut problems: Vec<_> = written.collect();
                problems.extend(decided.problems);
                if is_done && !decided.valid {
                    problems.clear();
                }
                if decided.fate == Fate::LeaveOut(LeftOut::Duplicate) {
                    found.checked.duplicates += 1;
                    found.checked.rows += 1;
                } else {
                    let is_valid = is_done || decided.valid;
                    found.hear_row(record.ordinal, is_valid, problems);
                }
            }
            Heard::Unreadable(problem) => found.hear_unreadable(*problem),
        }
        Ok(())
    })?;
    found.hear_end(&readings, read.as_ref());
    found.hear_count(&readings);
    let (mut fates, repeated, came) = decider.finish(found.checked.rows);
    if let Some(WholeSource { source, milestones, .. }) = read {
        fates.come_by(milestones, &source);
        if let Some(insight) = insight {
            insight.profile.finish(&source);
        }
    }
    let Repeats { mistakes, .. } = found.hear_repeats(&readings, &repeated, &is_corrected);
    found.checked.valid -= mistakes;
    let seen = (&found.checked, &rows);
    fates.note_missing(missing::find(&readings, &policy, prior, &came, seen)?);
    let filtered = found.filtered.named(readings.preparer);
    Ok(Survey { checked: found.checked, filtered, fates, changed, held })
}

fn traits_of(readings: &Readings<'_>, record: &Record) -> Option<Traits> {
    Traits::of(&readings.preparer.draft(record, &mut Findings::default()), readings.now)
}

impl NamedRow {
    fn of(readings: &Readings<'_>, record: &Record) -> Self {
        let mut findings = Findings::default();
        let draft = readings.preparer.draft(record, &mut findings);
        let key = match draft.key() {
            RowKey::Written(key) => key.clone(),
            RowKey::Content | RowKey::Missing => String::new(),
        };
        Self { place: record.stood(), lane: draft.lane().unwrap_or_default(), key }
    }
}

/// What is kept of a row where its contents may be counted.
struct Sighted {
    glance: Glance,
    traits: Option<Traits>,
    /// What the row is put in order by, where that is a moment.
    moment: Option<i64>,
}

impl Sight for Sighted {
    fn is_done(&self) -> bool {
        self.glance.is_done()
    }
}

fn hash_of(key: &RowKey) -> Option<KeyHash> {
    match key {
        RowKey::Written(key) => Some(KeyHash::of(key)),
        RowKey::Content | RowKey::Missing => None,
    }
}

/// The hashes that occur more than once. Sorts in place, so that no second copy is needed.
fn repeated(mut hashes: Vec<KeyHash>) -> HashSet<KeyHash> {
    hashes.sort_unstable();
    hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}
