//! The rows that a run sends, on their way from the second reading to the engine.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use crate::declared::job::Job;
use crate::engine::Work;
use crate::engine::dispatch::FeedFailure;
use crate::ledger::{History, Ledger};
use crate::plan::saved::PlannedRows;
use crate::plan::{
    Fate, Fates, MissingRow, Policy, Prior, ReadingFailure, Readings, SentBefore, Step, Steps,
    still_missing,
};
use crate::prepare::Ready;
use crate::recover::{AsSent, ContentPrint, Expectation, Subject};
use crate::report::of_source_change;
use crate::row::{Cause, FieldValue, Fields, Known, Next, Purpose};

/// Rows that travel to the engine together.
const BATCH: usize = 32;
/// Batches that may wait for it.
pub(super) const WAITING: usize = 4;

/// Reads the source once more for the rows that are to be sent.
pub(super) struct Feeder<'a> {
    pub readings: Readings<'a>,
    pub policy: Policy,
    pub fates: &'a Fates,
    pub history: &'a History,
    /// None where the ledger knows no row.
    pub ledger: Option<Ledger>,
    /// What keys of reading rows begin with.
    pub run_mark: String,
    /// What was saved of the rows, where the run carries out a saved plan.
    pub planned: Option<PlannedRows>,
    /// Whether what updates and deletes are about is read before and kept.
    pub snapshots: bool,
    /// Whether what rows are about may be on the real account alone, and no list shows it.
    pub is_rehearsal: bool,
}

/// Whether what a row has made is looked at before it is deleted.
#[derive(Debug, Clone, Copy)]
pub(in crate::task) enum Looks {
    /// In a rehearsal no list shows it.
    No,
    Yes {
        keeps: bool,
    },
}

/// What goes to the engine.
pub(in crate::task) type Fed = Result<Vec<Work>, FeedFailure>;

impl Feeder<'_> {
    fn looks(&self, keeps: bool) -> Looks {
        if self.is_rehearsal { Looks::No } else { Looks::Yes { keeps } }
    }

    /// Passes on what is to be sent, until there is no more of it or nobody wants it. Where nothing is to be sent the
    /// source is not read again.
    pub(super) fn run(self, to: &Sender<Fed>) {
        if let Err(failure) = self.feed(to) {
            let failure = match failure {
                ReadingFailure::Source(problems) => FeedFailure::Source(problems),
                ReadingFailure::Changed(change) => {
                    FeedFailure::Source(vec![of_source_change(&change)])
                }
                ReadingFailure::Ledger(error) => FeedFailure::Ledger(error),
            };
            // A run that is over wants to hear no more.
            let _ = to.blocking_send(Err(failure));
        }
    }

    fn feed(self, to: &Sender<Fed>) -> Result<(), ReadingFailure> {
        let missing = &self.fates.missing().rows;
        let mut left = self.fates.tally().to_send().saturating_sub(missing.len() as u64);
        let (job, keeps) = (self.readings.job, self.snapshots);
        still_missing(self.readings, self.fates)?;
        // What is gone makes room before anything else comes: in a lane nobody waits for what is never sent.
        for rows in missing.chunks(BATCH) {
            let batch: Result<Vec<Work>, _> =
                rows.iter().map(|row| deletion(row, job, self.looks(keeps))).collect();
            if to.blocking_send(Ok(batch?)).is_err() {
                return Ok(());
            }
        }
        if left == 0 {
            return Ok(());
        }
        let (history, ledger) = (self.history, self.ledger);
        let prior = ledger.as_ref().map(|ledger| Prior { history, ledger });
        let steps = Steps::open(self.readings, prior, self.policy, self.fates, self.run_mark)?;
        let mut steps = steps.beside(self.planned);
        let is_sent = |fate| matches!(fate, Fate::Send(_));
        while left > 0 {
            let mut batch = Vec::with_capacity(BATCH);
            while batch.len() < BATCH && left > 0 {
                // As many rows were counted as are to come: a row that is left out without a word would be lost.
                let step = steps.next(is_sent)?.ok_or_else(|| steps.fewer_rows())?;
                left -= 1;
                let subject = match (&step.expects, self.snapshots) {
                    (Some(_), _) if self.is_rehearsal => None,
                    (Some(expects), keeps) => {
                        let subject = subject_as_sent(&step, expects, (job, keeps));
                        // Without a look nothing is changed.
                        Some(subject.ok_or_else(|| ReadingFailure::changed(&step.place))?)
                    }
                    (None, true) => subject_of(&step, job, &|name| steps.value_called(name)),
                    (None, false) => None,
                };
                batch.push(work(step, subject, job)?);
            }
            if to.blocking_send(Ok(batch)).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What a row is about, where that is to be read before the row's request leaves.
fn subject_of(
    step: &Step,
    job: &Job,
    value_called: &dyn Fn(&str) -> Option<String>,
) -> Option<Arc<Subject>> {
    let ready = step.ready.as_ref()?;
    let operation = &ready.operation;
    operation.look.as_ref()?;
    let (connector, allows_system) = (&job.connector, job.allow_system_notes);
    let subject = Subject::of(connector, operation, &ready.fields, value_called, allows_system);
    subject.ok().map(Arc::new)
}

/// What a row has made itself, and that it has to be there as it was sent.
pub(in crate::task) fn subject_as_sent(
    step: &Step,
    expects: &SentBefore,
    (job, keeps): (&Job, bool),
) -> Option<Arc<Subject>> {
    let ready = step.ready.as_ref()?;
    let id = step.known.as_ref()?.thing.as_deref()?;
    let SentBefore { maker, fields, carried, contents } = expects.clone();
    let sent = Arc::new(AsSent { maker, fields, carried, contents });
    let subject = Subject::of_row(&ready.operation, (&sent, id), job.allow_system_notes)?;
    Some(Arc::new(Subject { keeps, leaves: print_of(ready, job), ..subject }))
}

/// The print of what a row's request leaves there.
fn print_of(ready: &Ready, job: &Job) -> Option<ContentPrint> {
    let operation = &ready.operation;
    let made_by = operation.look.as_ref().map(|look| &*look.made_by);
    let maker = made_by.map_or(Some(operation), |name| job.connector.operations.get(name))?;
    ContentPrint::of_request(maker, operation, &ready.fields)
}

/// The deletion of what a row has made that is no longer in the source; of what nobody can read before there is none.
pub(in crate::task) fn deletion(
    row: &MissingRow,
    job: &Job,
    looks: Looks,
) -> Result<Work, ReadingFailure> {
    let step = Step::of_missing(row);
    let keeps = match looks {
        Looks::No => return work(step, None, job),
        Looks::Yes { keeps } => keeps,
    };
    let subject = subject_unchanged(row, (job, keeps));
    let subject = subject.ok_or_else(|| ReadingFailure::changed(&step.place))?;
    work(step, Some(subject), job)
}

/// What a missing row has made, and that it has to be there unchanged.
pub(in crate::task) fn subject_unchanged(
    row: &MissingRow,
    (job, keeps): (&Job, bool),
) -> Option<Arc<Subject>> {
    let (field, text) = row.maker.lane.read(&row.known.lane)?;
    let mut asked_by = Fields::default();
    asked_by.set(field, FieldValue::Text(text.to_owned().into()));
    let subject = Subject::in_list(&row.maker, asked_by, row.known.thing.as_deref()?)?;
    let look = row.ready.operation.look.as_ref()?;
    Some(Arc::new(Subject {
        spares: look.system.clone().filter(|_| !job.allow_system_notes),
        expects: Expectation::Unchanged(row.print.into()),
        effect: row.ready.operation.effect,
        keeps,
        ..subject
    }))
}

/// Why a row is in doubt, but for what looking for it has come to since.
fn first_cause(known: &Known) -> Option<Box<Cause>> {
    let cause = known.earlier.cause.clone()?;
    Some(Box::new(Cause { doubt: None, ..cause }))
}

pub(in crate::task) fn work(
    step: Step,
    subject: Option<Arc<Subject>>,
    job: &Job,
) -> Result<Work, ReadingFailure> {
    let (Fate::Send(sending), Some(ready)) = (step.fate, step.ready) else {
        return Err(ReadingFailure::changed(&step.place));
    };
    let known = step.known.as_ref();
    let next = match known {
        Some(known) => known.earlier.position.next(Purpose::Do),
        None => Some(Next::FIRST),
    };
    let next = next.ok_or_else(|| ReadingFailure::changed(&step.place))?;
    let print = print_of(&ready, job);
    Ok(Work {
        ready,
        key: step.key.into(),
        known: known.map(|known| known.id),
        next,
        thing: known
            .filter(|_| sending.is_update() || sending.is_delete())
            .and_then(|known| known.thing.as_deref())
            .map(Arc::from),
        lost: known.filter(|_| sending.may_have_acted()).and_then(first_cause),
        sending,
        subject,
        print,
    })
}
