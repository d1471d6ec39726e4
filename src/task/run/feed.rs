//! The rows that a run sends, on their way from the second reading to the engine.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use crate::engine::Work;
use crate::engine::dispatch::FeedFailure;
use crate::ledger::{History, Ledger};
use crate::plan::saved::PlannedRows;
use crate::plan::{Fate, Fates, Policy, Prior, ReadingFailure, Readings, Step, Steps};
use crate::report::of_source_change;
use crate::row::{Cause, Known, RowState};

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
}

/// What goes to the engine.
pub(super) type Fed = Result<Vec<Work>, FeedFailure>;

impl Feeder<'_> {
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
        let mut left = self.fates.tally().to_send();
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
                batch.push(work(step)?);
            }
            if to.blocking_send(Ok(batch)).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Why a row is in doubt, but for what looking for it has come to since.
fn first_cause(known: &Known) -> Option<Box<Cause>> {
    let cause = known.earlier.cause.clone()?;
    Some(Box::new(Cause { doubt: None, ..cause }))
}

fn work(step: Step) -> Result<Work, ReadingFailure> {
    let (Fate::Send(sending), Some(ready)) = (step.fate, step.ready) else {
        return Err(ReadingFailure::changed(&step.place));
    };
    let known = step.known.as_ref();
    // What it was sent for before is done.
    let is_further =
        known.is_some_and(|known| matches!(known.earlier.state, RowState::Succeeded { .. }));
    Ok(Work {
        ready,
        key: step.key.into(),
        known: known.map(|known| known.id),
        turn: known.map_or(1, |known| known.earlier.turn) + u32::from(is_further),
        is_further,
        thing: known
            .filter(|_| sending.is_update() || sending.is_delete())
            .and_then(|known| known.thing.as_deref())
            .map(Arc::from),
        expects: step.expects,
        attempts: known.map_or(0, |known| known.earlier.state.attempts()),
        attempted: known.map(|known| known.attempted),
        lost: known.filter(|_| sending.may_have_acted()).and_then(first_cause),
        sending,
    })
}
