//! The first reading of a source: every row is prepared, on every core, and what is wrong is told in the order of the
//! rows.
//!
//! [`check`] keeps eight bytes a row, to find keys that occur twice. [`survey`] decides what becomes of each row, too,
//! in their order, which costs a byte a row and sixteen for the name of each that the ledger does not know.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::ledger::{Ledger, LedgerError};
use crate::prepare::{Draft, Findings, Remarks, RowKey, ToldOnce};
use crate::row::KeyHash;
use crate::source::{Milestone, Read, Record, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;

use super::Readings;
use super::contents::{Contents, Traits};
use super::decide::{Done, Fate, Held, LeftOut};
use super::decider::{Decider, Glance};
use super::fates::Fates;
use super::filtered::{Count, Filtered};
use super::lacking::Lacking;
use super::look::Policy;
use super::prior::Prior;
use super::profile::SourceProfile;
use super::repeats::{Repeats, tell_repeated_keys};
use super::row_problem::RowProblem;
use super::row_set::RowSet;
use super::samples::{Looks, Samples};
use super::saved::Companion;
use super::spread::Spread;
use super::standings::Chronicle;
use super::superseded::is_superseded;
use super::taken::{may_be_taken, taken};

/// Rows in a batch: large enough that handing it over costs nothing, small enough to stay in cache.
const BATCH: usize = 256;
/// Bytes in a batch: few rows fill it where rows are long, so that memory stays flat whatever rows there are.
const BATCH_BYTES: usize = 1 << 20;
/// A record keeps no more memory than this from one row to another.
const KEPT_BYTES: usize = 64 << 10;
/// Batches that may wait for a worker.
const WAITING: usize = 2;

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
            Heard::Unreadable(problem) => found.hear_unreadable(problem),
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
    let policy = (Policy { limit: u64::MAX, ..policy }, None);
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
    let is_corrected = |record: &Record| is_superseded(history, readings.preparer, record);
    let mut decider = Decider::new(readings, prior, policy, companion);
    let (at_first, counts, now) = (decider.eye(), insight.is_some(), readings.now);
    let spreads = insight.as_ref().is_some_and(|insight| insight.contents.spread.is_some());
    let eye = |draft: &Draft<'_>| {
        let glance = at_first(draft);
        // What is done is not sent, so nothing of it is counted.
        let traits =
            if counts && !glance.is_done() { Traits::of(draft, now, spreads) } else { None };
        let moment = if counts { draft.turn_moment() } else { None };
        let looks = if traits.is_some() { Looks::of(draft) } else { None };
        Sighted { glance, traits, moment, looks }
    };
    let (mut changed, mut held) = (Vec::new(), Vec::new());
    let read = read_all(&readings, source, &eye, &mut |heard| {
        if let (Some(insight), Heard::Row { record, .. }) = (insight.as_deref_mut(), &heard) {
            insight.profile.see(record);
        }
        match heard {
            Heard::Row { record, out: Some(condition), .. } => {
                decider.leave_out(record);
                found.hear_filtered(condition);
            }
            Heard::Row { record, sight, valid, problems, .. } => {
                let decided = decider.decide(record, &sight.glance, valid)?;
                match decided.fate {
                    Fate::Send(_) => {
                        if let Some(insight) = insight.as_deref_mut() {
                            // A row that looked done at first may be another one of the same content.
                            let row =
                                sight.traits.or_else(|| traits_of(&readings, record, spreads));
                            row.into_iter().for_each(|row| {
                                insight.contents.add(record.ordinal, &record.place, row);
                            });
                            if let Some(looks) = sight.looks {
                                insight.samples.see(record.ordinal, looks);
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
                let is_done =
                    matches!(decided.fate, Fate::Skip(_) | Fate::LeaveOut(LeftOut::Dismissed));
                let mut problems: Vec<_> = problems.into_iter().map(RowProblem::Written).collect();
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
            Heard::Unreadable(problem) => found.hear_unreadable(problem),
        }
        Ok(())
    })?;
    found.hear_end(&readings, read.as_ref());
    found.hear_count(&readings);
    let (mut fates, repeated) = decider.finish(found.checked.rows);
    if let Some(WholeSource { source, milestones, .. }) = read {
        fates.come_by(milestones, &source);
        if let Some(insight) = insight {
            insight.profile.finish(&source);
        }
    }
    let Repeats { mistakes, .. } = found.hear_repeats(&readings, &repeated, &is_corrected);
    found.checked.valid -= mistakes;
    let filtered = found.filtered.named(readings.preparer);
    Ok(Survey { checked: found.checked, filtered, fates, changed, held })
}

fn traits_of(readings: &Readings<'_>, record: &Record, looks: bool) -> Option<Traits> {
    Traits::of(&readings.preparer.draft(record, &mut Findings::default()), readings.now, looks)
}

impl NamedRow {
    fn of(readings: &Readings<'_>, record: &Record) -> Self {
        let mut findings = Findings::default();
        let draft = readings.preparer.draft(record, &mut findings);
        let key = match draft.key() {
            RowKey::Written(key) => key.clone(),
            RowKey::Content | RowKey::Missing => String::new(),
        };
        Self { place: record.place.clone(), lane: draft.lane().unwrap_or_default(), key }
    }
}

/// What is kept of a row where its contents may be counted.
struct Sighted {
    glance: Glance,
    traits: Option<Traits>,
    /// What the row is put in order by, where that is a moment.
    moment: Option<i64>,
    looks: Option<Looks>,
}

impl Sight for Sighted {
    fn is_done(&self) -> bool {
        self.glance.is_done()
    }
}

/// What has been heard of a source so far.
pub(super) struct Hearing<'t> {
    pub(super) checked: Checked,
    pub(super) filtered: Count,
    told: ToldOnce,
    lacking: Lacking,
    /// Those that count as valid.
    valid: RowSet,
    tell: &'t mut dyn FnMut(RowProblem),
}

impl<'t> Hearing<'t> {
    pub(super) fn new(tell: &'t mut dyn FnMut(RowProblem)) -> Self {
        Self {
            checked: Checked::default(),
            filtered: Count::default(),
            told: ToldOnce::default(),
            lacking: Lacking::default(),
            valid: RowSet::default(),
            tell,
        }
    }

    /// A row that the condition of that number leaves out.
    pub(super) fn hear_filtered(&mut self, condition: usize) {
        self.checked.rows += 1;
        self.checked.filtered += 1;
        self.filtered.add(condition);
    }

    /// `row` is the how many row of the reading it is.
    pub(super) fn hear_row(&mut self, row: u64, valid: bool, problems: Vec<RowProblem>) {
        self.checked.rows += 1;
        self.checked.valid += u64::from(valid);
        if valid {
            self.valid.insert(row);
        }
        if problems.is_empty() && self.lacking.holds_nothing() {
            return;
        }
        let is_first = self.checked.rows == 1;
        let problems = self.lacking.hold_back(problems, is_first);
        problems.into_iter().for_each(|problem| self.hear(problem));
    }

    /// A problem of the file as a whole is no row.
    pub(super) fn hear_unreadable(&mut self, problem: Diagnostic) {
        let is_row = row_of(&problem) > 0;
        self.checked.rows += u64::from(is_row);
        self.checked.broken |= !is_row;
        self.checked.guessed |= problem.code == Code::UnclosedQuote;
        self.hear(problem.into());
    }

    fn hear(&mut self, problem: RowProblem) {
        let passes = match &problem {
            RowProblem::Written(problem) => self.told.lets_pass(problem),
            _ => true,
        };
        if passes {
            (self.tell)(problem);
        }
    }

    /// What only the whole source can tell.
    pub(super) fn hear_end(&mut self, readings: &Readings<'_>, read: Option<&WholeSource>) {
        let is_never_seen = |column: &str| {
            read.is_some_and(|read| readings.preparer.is_never_seen(&read.source, column))
        };
        let held = self.lacking.release(|column| !is_never_seen(column));
        held.into_iter().for_each(|problem| self.hear(problem));
        let Some(read) = read else { return };
        read.remarks.warnings().for_each(|warning| (self.tell)(warning.into()));
        for problem in readings.preparer.of_whole(&read.source) {
            self.checked.broken |= problem.is_error();
            (self.tell)(problem.into());
        }
    }

    /// Whether there are as many rows as there must be. Says so where there are none.
    fn hear_count(&mut self, readings: &Readings<'_>) {
        let (rows, least) = (self.checked.rows, readings.job.min_rows);
        let source = Arc::clone(readings.job.rows.name());
        if rows < least {
            self.checked.broken = true;
            (self.tell)(RowProblem::TooFewRows { source, rows, least });
        } else if rows == 0 && !self.checked.broken {
            (self.tell)(RowProblem::NoRows { source });
        } else if rows > 0 && rows == self.checked.filtered {
            (self.tell)(RowProblem::NoneKept { source, rows });
        }
    }

    /// Gives how many rows come second with their key.
    fn hear_repeats(
        &mut self,
        readings: &Readings<'_>,
        repeated: &HashSet<KeyHash>,
        is_corrected: &dyn Fn(&Record) -> bool,
    ) -> Repeats {
        if !readings.preparer.has_key() || repeated.is_empty() {
            return Repeats::default();
        }
        let valid = &mut self.valid;
        tell_repeated_keys(readings, repeated, valid, is_corrected, self.tell).unwrap_or_else(
            |problems| {
                self.checked.broken = true;
                problems.into_iter().for_each(|problem| (self.tell)(problem.into()));
                Repeats::default()
            },
        )
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

/// A batch of records on its way to a worker and back.
#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    filled: usize,
    /// What could not be read, in order, each with how many rows there were with it.
    unreadable: Vec<(u64, Diagnostic)>,
}

/// What is kept of a row.
pub(super) trait Sight: Send {
    /// Whether the row is done already, so that it need not be checked.
    fn is_done(&self) -> bool {
        false
    }
}

/// A batch with what a worker has seen.
struct Seen<T> {
    batch: Batch,
    /// One a record.
    sights: Vec<Looked<T>>,
    /// By record, in order, for those about which there is something to tell.
    problems: Vec<(usize, Vec<Diagnostic>)>,
    remarks: Remarks,
}

/// What a worker has seen of a record.
struct Looked<T> {
    sight: T,
    /// Whether nothing is wrong with it; none where that was not asked.
    valid: Option<bool>,
    /// The number of the condition that leaves it out.
    out: Option<usize>,
}

/// A row of a source, in its turn.
pub(super) enum Heard<'a, T> {
    Row {
        record: &'a Record,
        sight: T,
        /// None where the row is done, so that nobody asked.
        valid: Option<bool>,
        /// The number of the condition that leaves the row out; then nothing else is said of it.
        out: Option<usize>,
        problems: Vec<Diagnostic>,
    },
    Unreadable(Diagnostic),
}

/// A source that has been read to its end.
pub(super) struct WholeSource {
    source: Source,
    milestones: Vec<Milestone>,
    /// What is to be said of many of its rows.
    remarks: Remarks,
}

/// Reads all of a source and prepares its rows, on every core; `eye` makes of each what is kept of it, and `hear` gets
/// that in the order of the rows. Gives the source back, read to its end.
pub(super) fn read_all<T: Sight, E>(
    readings: &Readings<'_>,
    source: Source,
    eye: &(impl Fn(&Draft<'_>) -> T + Sync),
    hear: &mut dyn FnMut(Heard<'_, T>) -> Result<(), E>,
) -> Result<Option<WholeSource>, E> {
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        let (to_workers, from_workers): (Vec<_>, Vec<_>) = (0..workers)
            .map(|_| {
                let (to_worker, batches) = sync_channel(WAITING);
                let (seen, from_worker) = sync_channel(WAITING);
                scope.spawn(move || look(readings, eye, &batches, &seen));
                (to_worker, from_worker)
            })
            .unzip();
        let (recycle, recycled) = sync_channel(workers * (WAITING * 2 + 2));
        let reader = scope.spawn(move || read(source, &to_workers, &recycled));
        let mut remarks = Remarks::default();
        for mut seen in in_turn(&from_workers) {
            remarks.append(std::mem::take(&mut seen.remarks));
            let batch = pass_on(seen, hear)?;
            // The reader may have ended; then there is no more use for the batch.
            let _ = recycle.try_send(batch);
        }
        drop(recycle);
        Ok(reader.join().ok().map(|read| WholeSource { remarks, ..read }))
    })
}

fn read(
    mut source: Source,
    to_workers: &[SyncSender<Batch>],
    recycled: &Receiver<Batch>,
) -> WholeSource {
    let (mut turn, mut milestones) = (0, Vec::new());
    loop {
        milestones.extend(source.milestone());
        let mut batch = recycled.try_recv().unwrap_or_default();
        let filled = fill(&mut source, &mut batch);
        let has_gone = to_workers[turn % to_workers.len()].send(batch).is_ok();
        match filled {
            Filled::Full if has_gone => turn += 1,
            Filled::Full | Filled::ToTheEnd => {
                return WholeSource { source, milestones, remarks: Remarks::default() };
            }
        }
    }
}

/// How a batch was filled.
enum Filled {
    /// More rows may follow.
    Full,
    /// With the last rows of the source.
    ToTheEnd,
}

fn fill(source: &mut Source, batch: &mut Batch) -> Filled {
    batch.records.iter_mut().for_each(|record| record.shrink_to(KEPT_BYTES));
    batch.filled = 0;
    batch.unreadable.clear();
    let mut bytes = 0;
    while batch.filled + batch.unreadable.len() < BATCH && bytes < BATCH_BYTES {
        if batch.records.len() == batch.filled {
            batch.records.push(Record::default());
        }
        match source.next(&mut batch.records[batch.filled]) {
            Read::Row => {
                bytes += batch.records[batch.filled].size();
                batch.filled += 1;
            }
            Read::Problem(problem) => batch.unreadable.push((source.rows(), problem)),
            Read::End => return Filled::ToTheEnd,
        }
    }
    Filled::Full
}

fn look<T: Sight>(
    readings: &Readings<'_>,
    eye: &impl Fn(&Draft<'_>) -> T,
    batches: &Receiver<Batch>,
    to: &SyncSender<Seen<T>>,
) {
    let mut findings = Findings::default();
    while let Ok(batch) = batches.recv() {
        let mut sights = Vec::with_capacity(batch.filled);
        let mut problems = Vec::new();
        for (at, record) in batch.records[..batch.filled].iter().enumerate() {
            let draft = readings.preparer.draft(record, &mut findings);
            let (sight, out) = (eye(&draft), draft.left_out());
            let valid = (!sight.is_done()).then(|| draft.check(readings.now, &mut findings).valid);
            sights.push(Looked { sight, valid, out });
            if !findings.problems.is_empty() {
                problems.push((at, findings.take()));
            }
        }
        let remarks = std::mem::take(&mut findings.remarks);
        if to.send(Seen { batch, sights, problems, remarks }).is_err() {
            return;
        }
    }
}

/// Passes the rows of a batch on, in their order; gives the batch back.
fn pass_on<T, E>(
    seen: Seen<T>,
    hear: &mut dyn FnMut(Heard<'_, T>) -> Result<(), E>,
) -> Result<Batch, E> {
    let Seen { mut batch, sights, problems, .. } = seen;
    let mut unreadable = batch.unreadable.drain(..).peekable();
    let mut problems = problems.into_iter().peekable();
    for (at, (record, Looked { sight, valid, out })) in batch.records.iter().zip(sights).enumerate()
    {
        while let Some((_, problem)) = unreadable.next_if(|(row, _)| *row < record.ordinal) {
            hear(Heard::Unreadable(problem))?;
        }
        let problems = problems.next_if(|(of, _)| *of == at).map_or_else(Vec::new, |(_, all)| all);
        hear(Heard::Row { record, sight, valid, out, problems })?;
    }
    for (_, problem) in unreadable {
        hear(Heard::Unreadable(problem))?;
    }
    Ok(batch)
}

/// The row of a problem; 0 for the file as a whole.
fn row_of(problem: &Diagnostic) -> u64 {
    match &problem.place {
        Place::Row(place) => place.row.row,
        _ => 0,
    }
}

/// Takes from each worker in turn, which keeps the order of the source.
fn in_turn<T>(from_workers: &[Receiver<T>]) -> impl Iterator<Item = T> {
    (0..).map_while(|turn: usize| from_workers[turn % from_workers.len()].recv().ok())
}
