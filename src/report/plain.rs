//! A run in plain lines, where there is no terminal: a log, a cron mail.

use std::io::Write;
use std::time::Duration;

use super::narration::Narration;
use super::speed::{self, Speed};
use super::words::{number, rows};
use super::{Outlet, Reporter, RunView};
use crate::event::{Event, Progress};

/// Between two lines of progress.
const INTERVAL: Duration = Duration::from_secs(5);

/// Tells a run in plain lines on `err`: a line of progress every five seconds, and the summary.
pub(crate) fn plain(err: Box<dyn Write + Send>, view: RunView) -> Box<dyn Reporter> {
    let mut plain = Plain {
        err: Outlet::new(err),
        narration: Narration::new(view),
        speed: Speed::default(),
        next: INTERVAL,
    };
    plain.say(plain.narration.head());
    Box::new(plain)
}

/// See [`plain`].
struct Plain {
    err: Outlet,
    narration: Narration,
    speed: Speed,
    /// When the next line of progress is due, on the run's clock.
    next: Duration,
}

impl Plain {
    fn say(&mut self, text: Option<String>) {
        if let Some(text) = text {
            self.err.text(&text);
            self.err.text("\n");
            self.err.flush();
        }
    }
}

impl Reporter for Plain {
    fn hear(&mut self, event: &Event) {
        let text = self.narration.tell(event);
        self.say(text);
    }

    fn progress(&mut self, progress: &Progress) {
        self.narration.see(progress);
        self.speed.see(progress);
        if progress.elapsed < self.next || self.narration.view().quiet {
            return;
        }
        // Late snapshots do not bunch up: the next line is due on the grid.
        let intervals = progress.elapsed.as_secs() / INTERVAL.as_secs() + 1;
        self.next = Duration::from_secs(intervals * INTERVAL.as_secs());
        let line = line(progress, self.narration.view(), &self.speed);
        self.say(Some(line));
    }
}

/// `import-notes: 1,234 of 50,000 rows, 1,230 succeeded, 4 failed, 2.5/s of 2.5/s, 5 h 23 min left (until 03:12)`.
fn line(progress: &Progress, view: &RunView, speed: &Speed) -> String {
    let mut parts = vec![format!("{} of {}", number(done(progress)), rows(progress.to_send))];
    parts.extend(counts(progress));
    parts.extend(speed::pause_words(progress).or_else(|| speed.words(progress)));
    parts.extend(speed::left_words(progress, view));
    format!("{}: {}", view.job, parts.join(", "))
}

/// Rows that have reached their end.
pub(super) fn done(progress: &Progress) -> u64 {
    progress.succeeded + progress.failed + progress.in_doubt
}

/// The counts that are not 0, in words.
pub(super) fn counts(progress: &Progress) -> impl Iterator<Item = String> {
    [
        (progress.succeeded, "succeeded"),
        (progress.failed, "failed"),
        (progress.in_doubt, "in doubt"),
        (progress.retrying, "retrying"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{} {word}", number(count)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Ending, Note};
    use crate::report::tests::{Failing, Shared, progress, refused, totals, view};
    use crate::row::Totals;

    #[test]
    fn a_line_every_five_seconds() {
        let shared = Shared::default();
        let mut reporter = plain(shared.writer(), view());
        for tenth in 0..=230 {
            let elapsed = Duration::from_millis(tenth * 100);
            reporter.progress(&Progress { elapsed, requests: tenth / 4, ..progress(tenth / 10) });
        }
        reporter.hear(&refused(55));
        reporter.hear(&Event::Note(Note::Answered));
        reporter.progress(&Progress {
            failed: 1,
            retrying: 2,
            paused: Some(Duration::from_secs(12)),
            left: Some(Duration::from_secs(19_380)),
            ..progress(25)
        });
        let totals = Totals { succeeded: 49_999, failed: 1, ..totals() };
        reporter.hear(&Event::Finished { totals, ending: Ending::Finished });
        insta::assert_snapshot!(shared.text());
    }

    #[test]
    fn quiet_says_only_what_is_not_all_right() {
        let quiet = || RunView { quiet: true, ..view() };
        let run = |totals: Totals| {
            let shared = Shared::default();
            let mut reporter = plain(shared.writer(), quiet());
            reporter.progress(&progress(60));
            reporter.hear(&Event::Finished { totals, ending: Ending::Finished });
            shared.text()
        };
        assert_eq!(run(totals()), "");
        let told = run(Totals { failed: 1, ..totals() });
        assert!(told.starts_with("import-notes: finished in 1 min"), "{told}");
    }

    #[test]
    fn a_log_that_cannot_be_written_stops_nothing() {
        let failing = Failing::new(std::io::ErrorKind::StorageFull);
        let mut reporter = plain(failing.writer(), view());
        reporter.hear(&refused(1));
        // The log is where a fault would be told.
        assert_eq!((failing.tries(), reporter.fault()), (1, None));
    }
}
