//! Which rows a run sends in the place of what their source has: written before the first of them leaves, so that the source
//! is never taken for news of them afterwards.

use crate::ledger::{Books as _, Correction, History, Ledger, Open as _, Run};
use crate::plan::{Fate, Fates, Policy, Prior, ReadingFailure, Readings, Steps, run_mark};
use crate::report::of_source_change;
use crate::task::Failure;

/// Reads the rows once more, and writes all of those that are to be sent, or none.
pub(super) fn write(
    ledger: &Ledger,
    run: Run,
    (readings, history): (Readings<'_>, &History),
    (policy, fates): (Policy, &Fates),
) -> Result<(), Failure> {
    let mut left = fates.tally().to_send();
    if left == 0 {
        return Ok(());
    }
    // Rows are looked up while others are being written.
    let beside = ledger.open_again()?;
    let prior = (!history.is_empty()).then_some(Prior { history, ledger: &beside });
    let mut steps = Steps::open(readings, prior, policy, fates, run_mark(run.number()))?;
    let mut failure = None;
    let mut next = || -> Result<Option<Correction>, ReadingFailure> {
        if left == 0 {
            return Ok(None);
        }
        left -= 1;
        let step = steps.next(|fate| matches!(fate, Fate::Send(_)))?;
        let step = step.ok_or_else(|| steps.fewer_rows())?;
        let Some(reference) = steps.reference() else {
            return Err(ReadingFailure::changed(&step.place));
        };
        let row = step.ready.map_or(step.place.row, |ready| ready.place.row);
        Ok(Some(Correction { key: step.key, original: reference.cells, row }))
    };
    ledger.correct(run, &mut || next().map_err(|found| failure = Some(found)))?;
    match failure {
        None => Ok(()),
        Some(ReadingFailure::Source(problems)) => Err(Failure::Input(problems)),
        Some(ReadingFailure::Changed(change)) => {
            Err(Failure::Input(vec![of_source_change(&change)]))
        }
        Some(ReadingFailure::Ledger(error)) => Err(Failure::Ledger(error)),
    }
}
