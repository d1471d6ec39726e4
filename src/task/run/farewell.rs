//! How long a run that is over waits for those who read what it says. The ledger has everything by then.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::engine::Stop;
use crate::report::ClosingReport;

/// So long a run that was to end waits for a reader who takes nothing.
pub(super) const STILL: Duration = Duration::from_secs(3);
/// So long it waits for one who takes a little now and then.
const LONGEST: Duration = Duration::from_secs(15);
/// Between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// What is known of a reader.
#[derive(Debug)]
pub(super) struct Patience {
    /// Since when it has an end: the run was stopped, somebody wants it to stop, or its time is over.
    hurried_since: Option<Instant>,
    heard: usize,
    heard_at: Instant,
}

impl Patience {
    /// A run that came to its own end leaves its reader all the time that there is.
    pub(super) fn new(was_stopped: bool, now: Instant) -> Self {
        Self { hurried_since: was_stopped.then_some(now), heard: 0, heard_at: now }
    }

    fn hurry(&mut self, now: Instant) {
        if self.hurried_since.is_none() {
            self.hurried_since = Some(now);
            self.heard_at = now;
        }
    }

    /// Whether nobody is waited for any more.
    fn is_over(&mut self, heard: usize, now: Instant) -> bool {
        if heard != self.heard {
            (self.heard, self.heard_at) = (heard, now);
        }
        let since = |moment: Instant| now.saturating_duration_since(moment);
        self.hurried_since
            .is_some_and(|hurried| since(hurried) >= LONGEST || since(self.heard_at) >= STILL)
    }
}

/// Waits until all is shown, or nobody is waited for any more. `is_late` says whether the time of the run is over.
pub(super) async fn wait(
    closing: &mut ClosingReport,
    mut patience: Patience,
    stops: &mut UnboundedReceiver<Stop>,
    is_late: &dyn Fn() -> bool,
) {
    // Most reports are shown at once.
    let mut pause = Duration::from_micros(100);
    while !closing.is_shown() {
        let now = Instant::now();
        if is_late() {
            patience.hurry(now);
        }
        if patience.is_over(closing.heard(), now) {
            return;
        }
        tokio::select! {
            Some(_) = stops.recv() => patience.hurry(Instant::now()),
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LOOK),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_that_was_to_end_loses_its_patience() {
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let mut calm = Patience::new(false, began);
        assert!(!calm.is_over(0, at(100_000)));
        calm.hurry(at(100_000));
        assert!(!calm.is_over(0, at(100_002)));
        assert!(calm.is_over(0, at(100_003)));

        let mut stopped = Patience::new(true, began);
        // Whoever takes something is waited for, but not for ever.
        for second in 0..15 {
            assert!(!stopped.is_over(second as usize, at(second)));
        }
        assert!(stopped.is_over(15, at(15)));
    }
}
