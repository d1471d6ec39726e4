//! A run on a terminal: one progress bar, and lines above it for what needs a look.
//!
//! Three lines, which fit into sixty columns: how far, how fast and until when, and how it went so far.

use std::fmt::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::narration::Narration;
use super::plain::{counts, done};
use super::speed::{self, Speed};
use super::words::{number, rows};
use super::{Reporter, RunView};
use crate::event::{Event, Progress};
use crate::text::visible::safe;

const PLAIN: &str = "{wide_bar} {rows_done} {share}\n{msg}";
const COLORED: &str = "{wide_bar:.cyan/dim} {rows_done} {share}\n{msg}";

/// Shows a run as a bar on `target`, which is a terminal and not hidden: otherwise [`super::plain()`] is the one to take.
pub(crate) fn bar(view: RunView, target: ProgressDrawTarget) -> Box<dyn Reporter> {
    let style = style(view.color);
    let bar = ProgressBar::with_draw_target(Some(view.to_send()), target).with_style(style);
    let bar = Bar {
        bar,
        narration: Narration::new(view),
        speed: Speed::default(),
        shown: Default::default(),
    };
    bar.say(bar.narration.head());
    Box::new(bar)
}

/// See [`bar`].
struct Bar {
    bar: ProgressBar,
    narration: Narration,
    speed: Speed,
    /// Rows done and to send, and the lines below the bar, as they were drawn last.
    shown: (u64, u64, String),
}

impl Bar {
    fn say(&self, text: Option<String>) {
        if let Some(text) = text {
            self.bar.println(safe(&text));
        }
    }

    /// Draws what has changed; over a slow line a bar that stands still costs nothing.
    fn draw(&mut self, progress: &Progress) {
        let counts: Vec<String> = counts(progress).collect();
        let below = format!("{}\n{}", self.pace(progress), counts.join(", "));
        let now = (done(progress), progress.to_send, below);
        if self.shown != now {
            self.bar.set_length(now.1);
            self.bar.set_position(now.0);
            self.bar.set_message(safe(&now.2).into_owned());
            // The setters draw only now and then; this is what they were set for.
            self.bar.force_draw();
            self.shown = now;
        }
    }

    /// How fast and until when; or that the run is paused, which is more pressing.
    fn pace(&self, progress: &Progress) -> String {
        if let Some(wait) = self.speed.wait_words(progress, self.narration.view()) {
            return wait;
        }
        let left = speed::left_words(progress, self.narration.view());
        let parts: Vec<String> = self.speed.words(progress).into_iter().chain(left).collect();
        parts.join(", ")
    }
}

impl Reporter for Bar {
    fn hear(&mut self, event: &Event) {
        let text = self.narration.tell(event);
        if matches!(event, Event::Finished { .. }) {
            self.bar.finish_and_clear();
        }
        self.say(text);
    }

    fn progress(&mut self, progress: &Progress) {
        self.narration.see(progress);
        self.speed.see(progress);
        if !self.narration.view().quiet {
            self.draw(progress);
        }
    }
}

fn style(color: bool) -> ProgressStyle {
    let template = if color { COLORED } else { PLAIN };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style
        .progress_chars("━╸─")
        .with_key("rows_done", |state: &ProgressState, out: &mut dyn Write| {
            let all = state.len().unwrap_or(0);
            let _ = write!(out, "{} of {}", number(state.pos()), rows(all));
        })
        .with_key("share", |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{:>3} %", percent(state.pos(), state.len().unwrap_or(0)));
        })
}

/// Rounded down: 100 only when all is done.
fn percent(done: u64, all: u64) -> u64 {
    let percent = u128::from(done) * 100 / u128::from(all.max(1));
    u64::try_from(percent).unwrap_or(100).min(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Ending, Note};
    use crate::report::tests::{progress, refused, totals, view};
    use crate::row::Totals;
    use indicatif::InMemoryTerm;
    use std::time::Duration;

    fn on(terminal: &InMemoryTerm, view: RunView) -> Box<dyn Reporter> {
        bar(view, ProgressDrawTarget::term_like(Box::new(terminal.clone())))
    }

    /// Progress as it arrives over a minute.
    fn minute(reporter: &mut dyn Reporter) {
        (0..=600).for_each(|tenth| {
            let elapsed = Duration::from_millis(tenth * 100);
            reporter.progress(&Progress { elapsed, ..progress(tenth / 10) });
        });
    }

    #[test]
    fn both_templates_are_ones() {
        for template in [PLAIN, COLORED] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn a_run_on_terminals_of_all_widths() {
        let mut shown = String::new();
        for width in [100, 80, 60, 40] {
            let terminal = InMemoryTerm::new(30, width);
            let mut reporter = on(&terminal, view());
            minute(&mut *reporter);
            reporter.progress(&Progress {
                succeeded: 12_345,
                failed: 1_234,
                in_doubt: 12,
                retrying: 2,
                left: Some(Duration::from_secs(14_500)),
                ..progress(60)
            });
            shown.push_str(&format!("{width}:\n{}\n\n", terminal.contents()));
        }
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn a_pause_takes_the_place_of_the_rate() {
        let terminal = InMemoryTerm::new(20, 60);
        let mut reporter = on(&terminal, view());
        minute(&mut *reporter);
        reporter.progress(&Progress { paused: Some(Duration::from_secs(12)), ..progress(61) });
        insta::assert_snapshot!(terminal.contents());
    }

    #[test]
    fn rows_that_fail_stand_above_the_bar() {
        let terminal = InMemoryTerm::new(40, 80);
        let mut reporter = on(&terminal, view());
        reporter.progress(&progress(5));
        (1..=12).for_each(|row| reporter.hear(&refused(row)));
        reporter.hear(&Event::Note(Note::Answered));
        reporter.progress(&Progress { failed: 12, ..progress(6) });
        insta::assert_snapshot!(terminal.contents());
    }

    #[test]
    fn the_summary_takes_the_place_of_the_bar() {
        let terminal = InMemoryTerm::new(40, 80);
        let mut reporter = on(&terminal, view());
        reporter.progress(&progress(5));
        reporter.progress(&progress(20_004));
        reporter.hear(&Event::Finished { totals: totals(), ending: Ending::Finished });
        drop(reporter);
        insta::assert_snapshot!(terminal.contents());
    }

    #[test]
    fn quiet_shows_only_what_is_not_all_right() {
        let quiet = RunView { quiet: true, ..view() };
        let run = |totals: Totals| {
            let terminal = InMemoryTerm::new(40, 80);
            let mut reporter = on(&terminal, quiet.clone());
            minute(&mut *reporter);
            let drawn = terminal.contents();
            assert_eq!(drawn, "");
            reporter.hear(&Event::Finished { totals, ending: Ending::Finished });
            drop(reporter);
            terminal.contents()
        };
        assert_eq!(run(totals()), "");
        let told = run(Totals { in_doubt: 1, ..totals() });
        assert!(told.contains("\nimport-notes: finished in 1 min"), "{told}");
    }

    #[test]
    fn all_is_done_only_when_all_is_done() {
        for (done, all, shown) in
            [(0, 0, 0), (1, 3, 33), (49_999, 50_000, 99), (50_000, 50_000, 100)]
        {
            assert_eq!(percent(done, all), shown);
        }
    }
}
