//! Which rows a run sends in the place of what their source has: written before the first of them leaves, so that the source
//! is never taken for news of them afterwards.

use crate::ledger::{Books as _, Correction, History, Ledger, Open as _, Run};
use crate::plan::{Fate, Fates, Policy, Prior, ReadingFailure, Readings, Steps, run_mark};
use crate::task::Failure;

/// So many are written at once: other jobs of the ledger write between.
const BATCH: usize = 1_000;

/// Reads the rows once more, and writes all of those that are to be sent. Where the reading fails nothing is sent, and what was
/// written until then says nothing of any request.
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
    let mut batch = Vec::new();
    while left > 0 {
        left -= 1;
        batch.push(next(&mut steps)?);
        if batch.len() == BATCH || left == 0 {
            ledger.correct(run, &batch)?;
            batch.clear();
        }
    }
    Ok(())
}

fn next(steps: &mut Steps<'_>) -> Result<Correction, ReadingFailure> {
    let step = steps.next(|fate| matches!(fate, Fate::Send(_)))?;
    let step = step.ok_or_else(|| steps.fewer_rows())?;
    let Some(reference) = steps.reference() else {
        return Err(ReadingFailure::changed(&step.place));
    };
    let row = step.ready.map_or(step.place.row, |ready| ready.place.row);
    Ok(Correction { key: step.key, original: reference.cells, row })
}
