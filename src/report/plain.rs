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

/// Tells a run in plain lines on `err`: a line of progress every five seconds, and the summary. What happens carries its
/// time, for whoever reads it in a log.
pub(crate) fn plain(err: Box<dyn Write + Send>, view: RunView) -> Box<dyn Reporter> {
    told(err, view, true)
}

/// Likewise in a file, whoever else is to be left in peace: where what writes the lines puts the time before each.
pub(crate) fn log(file: Box<dyn Write + Send>, view: RunView) -> Box<dyn Reporter> {
    told(file, RunView { quiet: false, color: false, shows_progress: true, ..view }, false)
}

fn told(err: Box<dyn Write + Send>, view: RunView, is_stamped: bool) -> Box<dyn Reporter> {
    let mut plain = Plain {
        is_stamped,
        err: Outlet::new(err),
        narration: Narration::new(view),
        speed: Speed::default(),
        next: INTERVAL,
    };
    let head = plain.narration.head();
    plain.log(head);
    Box::new(plain)
}

/// See [`plain`].
struct Plain {
    /// What happens carries its time here, and not by whoever writes it.
    is_stamped: bool,
    err: Outlet,
    narration: Narration,
    speed: Speed,
    /// When the next line of progress is due, on the run's clock.
    next: Duration,
}

impl Plain {
    fn log(&mut self, text: Option<String>) {
        let stamped = text.map(|text| match self.is_stamped {
            true => format!("{} {text}", self.narration.stamp()),
            false => text,
        });
        self.say(stamped);
    }

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
        match event {
            // Which says itself when it was.
            Event::Finished { .. } => self.say(text),
            _ => self.log(text),
        }
    }

    fn progress(&mut self, progress: &Progress) {
        self.narration.see(progress);
        self.speed.see(progress);
        let is_shown = self.narration.view().shows_progress && !self.narration.view().quiet;
        if progress.elapsed < self.next || !is_shown {
            return;
        }
        // Late snapshots do not bunch up: the next line is due on the grid.
        let intervals = progress.elapsed.as_secs() / INTERVAL.as_secs() + 1;
        self.next = Duration::from_secs(intervals * INTERVAL.as_secs());
        let line = line(progress, self.narration.view(), &self.speed);
        self.log(Some(line));
    }
}

/// `import-notes: 1,234 of 50,000 rows, 1,230 succeeded, 4 failed, 2.5/s of 2.5/s, 5 h 23 min left (until 03:12)`.
fn line(progress: &Progress, view: &RunView, speed: &Speed) -> String {
    let mut parts = vec![format!("{} of {}", number(done(progress)), rows(progress.to_send))];
    parts.extend(counts(progress));
    parts.extend(speed.wait_words(progress, view).or_else(|| speed.words(progress)));
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
    use crate::event::{Ending, Note, Unreached};
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
        assert!(told.contains("\n\nimport-notes: finished in 1 min"), "{told}");
        // A mail says where it comes from.
        let origin = "noteferry on mail1, 2026-11-22 21:40:00+07:00 to 2026-11-22 21:41:00+07:00\n\
                      noteferry run jobs/import-notes.yaml\nto https://api.stringeex.com/v1 (account admin@example.vn)\n";
        assert!(told.starts_with(origin), "{told}");
    }

    #[test]
    fn without_progress_there_are_no_lines_of_it() {
        let shared = Shared::default();
        let mut reporter = plain(shared.writer(), RunView { shows_progress: false, ..view() });
        (0..=60).for_each(|second| reporter.progress(&progress(second)));
        reporter.hear(&refused(1));
        let told = shared.text();
        assert!(told.ends_with("key L-1) failed: 1003: ticket not found\n"), "{told}");
        assert!(!told.contains("succeeded"), "{told}");
    }

    #[test]
    fn while_nothing_gets_through_no_time_is_left_and_it_is_said_how_long_that_is_borne() {
        let shared = Shared::default();
        let mut reporter = plain(shared.writer(), view());
        let unreached = Unreached {
            for_so_long: Duration::from_secs(120),
            gives_up_in: Duration::from_secs(480),
        };
        reporter.progress(&Progress { unreached: Some(unreached), left: None, ..progress(600) });
        let told = shared.text();
        assert!(told.ends_with("nothing gets through since 21:48, trying until 21:58\n"), "{told}");
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
