//! How a run goes, once a second, for whoever looks on from outside.
//!
//! Words and figures only; where they go is for whoever hands in the way to say them.

use std::time::Duration;

use super::speed::{Speed, left};
use super::{Reporter, RunView};
use crate::event::{Event, Progress};
use crate::ledger::Pulse;

/// Between two beats.
const INTERVAL: Duration = Duration::from_secs(1);

/// Hears each beat; none is the end.
pub(crate) type Beat = Box<dyn FnMut(Option<Pulse>) + Send>;

/// Says once a second how a run goes, by the process of that number; the moment of a beat is for `beat` to add.
pub(crate) fn pulse(view: RunView, process: u32, beat: Beat) -> Box<dyn Reporter> {
    let next = Duration::ZERO;
    Box::new(Pulsing { view, process, beat, speed: Speed::default(), next })
}

struct Pulsing {
    view: RunView,
    process: u32,
    beat: Beat,
    speed: Speed,
    /// When the next is due, on the run's clock.
    next: Duration,
}

impl Reporter for Pulsing {
    fn hear(&mut self, event: &Event) {
        match event {
            // Before any row is told: whoever hears of a row finds the run.
            Event::Started { run } => {
                self.view.run = Some(*run);
                let to_send = self.view.tally.to_send();
                self.progress(&Progress { to_send, ..Progress::default() });
            }
            Event::Finished { .. } => {
                (self.beat)(None);
                // What is drawn once more after the end is no sign of life.
                self.view.run = None;
            }
            Event::Row(_) | Event::Miscounted(_) | Event::Note(_) => {}
        }
    }

    fn progress(&mut self, progress: &Progress) {
        self.speed.see(progress);
        let Some(run) = self.view.run.filter(|_| progress.elapsed >= self.next) else { return };
        self.next = progress.elapsed + INTERVAL;
        (self.beat)(Some(Pulse {
            run,
            process: self.process,
            host: self.view.host.clone(),
            at: 0,
            to_send: progress.to_send,
            succeeded: progress.succeeded,
            failed: progress.failed,
            in_doubt: progress.in_doubt,
            requests: progress.requests,
            per_second: self.speed.per_second(),
            seconds_left: left(progress, &self.view).map(|left| left.as_secs()),
            waits: self.speed.wait_words(progress, &self.view),
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::event::Ending;
    use crate::report::tests::{progress, totals, view};

    #[test]
    fn a_beat_a_second_from_the_beginning_to_the_end() {
        let heard = Arc::<Mutex<Vec<Option<Pulse>>>>::default();
        let hearing = Arc::clone(&heard);
        let beat = Box::new(move |pulse| hearing.lock().unwrap().push(pulse));
        let mut reporter = pulse(view(), 4711, beat);
        reporter.progress(&progress(1));
        reporter.hear(&Event::Started { run: 12 });
        for tenth in 0..=40 {
            reporter.progress(&Progress {
                elapsed: Duration::from_millis(tenth * 100),
                ..progress(tenth / 10)
            });
        }
        reporter.hear(&Event::Finished { totals: totals(), ending: Ending::Finished });
        reporter.progress(&progress(9));
        let heard = heard.lock().unwrap();
        assert_eq!(heard.len(), 6);
        let first = heard[0].clone().unwrap();
        assert_eq!((first.run, first.to_send, first.done()), (12, view().tally.to_send(), 0));
        let last = heard[4].clone().unwrap();
        assert_eq!((last.run, last.process, last.done()), (12, 4711, 10));
        assert_eq!((last.per_second, last.seconds_left), (Some(2.5), Some(19_996)));
        assert_eq!(heard[5], None);
    }
}
