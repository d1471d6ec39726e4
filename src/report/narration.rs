//! What the bar and the plain lines tell in the same words: the head, the rows that fail, the notes.
//!
//! Words only; where they go is for whoever tells them.

use std::time::Duration;

use super::paint::Paint;
use super::pilot::Pilot;
use super::reminders::{self, Reminders};
use super::words::{self, number, rows, rows_are};
use super::{Causes, RunView, summary};
use crate::event::{Event, Note, Progress, RowEnd, RowEnded};
use crate::plan::{Fate, Held, LeftOut, Sending};
use crate::report::exit;
use crate::text::code::Code;

/// So many rows that did not succeed are told one by one.
const TOLD: u64 = 10;

/// Tells a run in words.
pub(super) struct Narration {
    view: RunView,
    /// Rows that did not succeed so far.
    unhappy: u64,
    causes: Causes,
    /// Of those, rows that were answered with HTTP status 404.
    not_found: u64,
    /// What was made of reminders that were past.
    reminders: Reminders,
    pilot: Pilot,
    elapsed: Duration,
}

impl Narration {
    pub(super) fn new(view: RunView) -> Self {
        Self {
            view,
            unhappy: 0,
            causes: Causes::default(),
            not_found: 0,
            reminders: Reminders::default(),
            pilot: Pilot::default(),
            elapsed: Duration::ZERO,
        }
    }

    pub(super) fn view(&self) -> &RunView {
        &self.view
    }

    /// What is about to be done, where, and for how long. None in quiet.
    pub(super) fn head(&self) -> Option<String> {
        (!self.view.quiet).then(|| head(&self.view))
    }

    /// Takes note of the time.
    pub(super) fn see(&mut self, progress: &Progress) {
        self.elapsed = progress.elapsed;
    }

    /// What there is to say of an event, without a line break at its end.
    pub(super) fn tell(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Started { run } => {
                self.view.run = Some(*run);
                None
            }
            Event::Row(row) => self.row(row).filter(|_| !self.view.quiet),
            // Each by its name: a person has to look there. In quiet, too.
            Event::Miscounted(told) => {
                let words = words::miscounted(told);
                Some(format!("{} {words}", Paint(self.view.color).bad("miscounted:")))
            }
            // Each by its name: a person has to look there. In quiet, too.
            Event::Note(note) => {
                let is_told = !self.view.quiet
                    || matches!(note, Note::Uncounted { .. } | Note::Uncountable { .. });
                is_told.then(|| format!("note: {}", words::one_line(&words::note(note))))
            }
            Event::Finished { totals, ending } => {
                // That rows were passed over is told though all is well: whoever has changed them waits for them.
                let passed_over = totals.changed + totals.repeated + self.reminders.all() > 0;
                let is_well = exit::of(totals, ending) == exit::DONE && !passed_over;
                let quiet = self.view.quiet && is_well;
                let mut text = summary(&self.view, totals, ending, (self.elapsed, &self.causes));
                if totals.succeeded == 0 && self.not_found > 1 && self.not_found == self.unhappy {
                    text.push_str(&nothing_found(&self.view, self.not_found));
                }
                text.push_str(&reminders::summed_up(self.reminders));
                text.push_str(&self.pilot.text(&self.view));
                // Whoever has heard nothing so far is told where this comes from; others, apart from what they have heard.
                let before = if self.view.quiet { self.origin() } else { String::new() };
                (!quiet).then(|| format!("{before}\n{}", text.trim_end()))
            }
        }
    }

    fn row(&mut self, row: &RowEnded) -> Option<String> {
        self.pilot.hear(row);
        if row.end == RowEnd::Succeeded {
            self.reminders.add(row.reminder);
            return None;
        }
        self.unhappy += 1;
        self.causes.see(row);
        let status = row.cause.as_ref().and_then(|cause| cause.status);
        self.not_found += u64::from(status == Some(404));
        match self.unhappy {
            ..=TOLD => Some(row_words(row, Paint(self.view.color))),
            told if told == TOLD + 1 => Some(self.and_more()),
            _ => None,
        }
    }

    /// `noteferry on mail1, 2026-11-22 21:40:00+07:00 to 2026-11-23 03:13:24+07:00`, what was run, and to where.
    fn origin(&self) -> String {
        let view = &self.view;
        let end = words::later(&view.started, self.elapsed);
        let end = end.map(|end| format!(" to {}", words::stamp(&end))).unwrap_or_default();
        let host = view.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
        let (command, target) = (&view.command, &view.target);
        format!("noteferry{host}, {}{end}\n{command}\nto {target}\n", words::stamp(&view.started))
    }

    /// The time of what was seen last, for a line of a log.
    pub(super) fn stamp(&self) -> String {
        let now = words::later(&self.view.started, self.elapsed);
        now.as_ref().map(words::stamp).unwrap_or_default()
    }

    fn and_more(&self) -> String {
        format!("… and more: see {}", self.view.command.of("status"))
    }
}

/// `row 12 (line 13, ticket tk_1, key L-12)`.
pub(super) fn place(row: &RowEnded) -> String {
    let (lane, key) = (words::one_line(&row.lane), words::one_line(&row.key));
    let lane = if lane.is_empty() { lane } else { format!(", {lane}") };
    format!("row {} (line {}{lane}, key {key})", row.place.row, row.place.line)
}

/// Where nothing is found, it may be the address that is wrong, and no row.
fn nothing_found(view: &RunView, count: u64) -> String {
    format!(
        "\nAll {} were answered with HTTP status 404 (not found), and none succeeded: before you correct them, check the \
         base URL\nand its path, as in {}; it may be wrong, and no row. Then add --retry-failed.\n",
        rows(count),
        view.target
    )
}

/// `row 12 (line 13, ticket tk_1, key L-12) failed: 1003: ticket not found`.
fn row_words(row: &RowEnded, paint: Paint) -> String {
    let end = match row.end {
        RowEnd::Succeeded => paint.good("succeeded"),
        RowEnd::Failed => paint.bad("failed"),
        RowEnd::Invalid => paint.bad("is invalid"),
        RowEnd::InDoubt => paint.doubtful("is in doubt"),
    };
    let mut text = format!("{} {end}", place(row));
    for part in
        [code(row).map(str::to_owned), row.cause.as_ref().map(words::cause)].into_iter().flatten()
    {
        text.push_str(": ");
        text.push_str(&words::one_line(&part));
    }
    text
}

/// The code of a row that did not succeed: the API's, or ours for a row that became invalid.
pub(super) fn code(row: &RowEnded) -> Option<&str> {
    match row.end {
        RowEnd::Invalid => Some(Code::PastTime.word()),
        _ => row.cause.as_ref().and_then(|cause| cause.code.as_deref()),
    }
}

fn head(view: &RunView) -> String {
    let paint = Paint(view.color);
    let mut lines = vec![format!("{} to {}", paint.bold(&view.job), view.target)];
    if view.sandbox {
        lines.push("A rehearsal in the sandbox: nothing reaches the real API.".into());
        if view.is_presumed {
            lines.push(format!(
                "Each {} that a row changes or deletes is taken to be there: a rehearsal cannot know.",
                view.item
            ));
        }
    }
    lines.extend(words::mandate(&view.mandate).map(|mandate| format!("This run is {mandate}.")));
    lines.push(to_send(view));
    lines.extend(time(view));
    lines.extend(until(view));
    if view.held(Held::InDoubt) > 0 {
        let behind = match view.held(Held::Behind) {
            0 => String::new(),
            1 => ", and 1 waits behind it".to_owned(),
            count => format!(", and {} wait behind", number(count)),
        };
        lines.push(format!(
            "{} in doubt and held back{behind}.",
            rows_are(view.held(Held::InDoubt))
        ));
    }
    let behind = view.tally.sum(|fate| fate == Fate::Send(Sending::IfSettled));
    if behind > 0 {
        lines.push(words::behind_doubts(behind));
    }
    if view.resent() > 0 {
        lines.push(format!("warning: {}", words::sent_again(view.resent(), &view.item)));
    }
    if view.held(Held::Refused) > 0 {
        let held = rows_are(view.held(Held::Refused));
        lines.push(match view.undoes {
            Some(_) => format!("{held} left as the run has left them; why was told above."),
            None => format!("{held} held back: failed earlier, and unchanged since."),
        });
    }
    lines.extend(view.before.warnings().into_iter().map(|warning| format!("warning: {warning}")));
    if view.invalid() > 0 {
        lines.push(format!("{} invalid and left out.", rows_are(view.invalid())));
    }
    if view.to_send() > 0 {
        lines.push(paint.faint(&format!("ledger: {}", view.ledger)));
    }
    lines.join("\n")
}

/// `50,000 of 50,320 rows to send, 320 already done.`
fn to_send(view: &RunView) -> String {
    let mut text = match view.to_send() {
        0 => format!("{}, none to send", rows(view.rows())),
        all if all == view.rows() => format!("{} to send", rows(all)),
        some => format!("{} of {} to send", number(some), rows(view.rows())),
    };
    if view.already_done() > 0 {
        text.push_str(&format!(", {} already done", number(view.already_done())));
    }
    let words = [
        (LeftOut::Filtered, "filtered"),
        (LeftOut::Duplicate, "duplicate"),
        (LeftOut::Dismissed, "dismissed"),
        (LeftOut::Undone, "undone"),
    ];
    for (why, word) in words {
        match view.left_out(why) {
            0 => {}
            1 => text.push_str(&format!(", 1 {word}")),
            count if why == LeftOut::Duplicate => {
                text.push_str(&format!(", {} {word}s", number(count)));
            }
            count => text.push_str(&format!(", {} {word}", number(count))),
        }
    }
    text.push('.');
    text
}

/// `It has to be over by tomorrow, Thursday 2026-11-26 06:00:00+07:00, in 6 h 5 min (--deadline).`
fn until(view: &RunView) -> Option<String> {
    let (until, left) = view.until.as_ref()?;
    let until = until.with_time_zone(view.started.time_zone().clone());
    let days = view.started.date().until(until.date()).map_or(0, |span| span.get_days());
    let day = match days {
        0 => "today, ",
        1 => "tomorrow, ",
        _ => "",
    };
    let moment = until.strftime("%A %Y-%m-%d %H:%M:%S%:z");
    Some(format!("It has to be over by {day}{moment}, in {} (--deadline).", words::span(*left)))
}

/// `It takes about 5 h 33 min at 9000/h.`
fn time(view: &RunView) -> Option<String> {
    let is_at_once = view.limited_by.is_none() && view.duration.as_secs() == 0;
    if view.to_send() == 0 || view.duration.is_zero() || is_at_once {
        return None;
    }
    let about = words::about(view.duration);
    Some(match &view.limited_by {
        Some(quota) => format!("It takes {about} at {quota}."),
        None => format!("It takes {about}."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Note;
    use crate::plan::Tally;
    use crate::report::tests::{DONE, SENT, refused, view};

    #[test]
    fn the_head_says_what_is_about_to_happen() {
        let mut heads = String::new();
        for view in [
            view(),
            RunView { sandbox: true, tally: Tally::from_iter([(SENT, 1)]), ..view() },
            RunView { tally: Tally::from_iter([(DONE, 50_320)]), ..view() },
            RunView {
                tally: Tally::from_iter([
                    (SENT, 49_960),
                    (DONE, 320),
                    (Fate::Hold(Held::InDoubt), 2),
                    (Fate::Hold(Held::Behind), 7),
                    (Fate::Hold(Held::Refused), 1),
                    (Fate::Reject, 30),
                ]),
                ..view()
            },
            RunView { limited_by: None, duration: Duration::ZERO, ..view() },
        ] {
            heads.push_str(&head(&view));
            heads.push_str("\n\n");
        }
        insta::assert_snapshot!(heads);
    }

    #[test]
    fn ten_rows_are_told_and_then_no_more() {
        let mut narration = Narration::new(view());
        let told: Vec<String> = (1..=30).filter_map(|row| narration.tell(&refused(row))).collect();
        assert_eq!(told.len(), 11);
        assert_eq!(told[0], "row 1 (line 2, ticket tk_1, key L-1) failed: 1003: ticket not found");
        assert_eq!(told[10], "… and more: see noteferry status jobs/import-notes.yaml");
    }

    #[test]
    fn quiet_tells_nothing_that_is_all_right() {
        let mut narration = Narration::new(RunView { quiet: true, ..view() });
        assert_eq!(narration.head(), None);
        assert_eq!(narration.tell(&refused(1)), None);
        assert_eq!(narration.tell(&Event::Note(Note::Answered)), None);
    }
}
