//! What is wrong with an input, in order: for `check`, and for a run's first reading.
//!
//! A person sees the first twenty of a kind and how many more there are; a script sees all.

use std::io::Write;

use serde_json::{Value, json};

use super::Outlet;
use super::explanation::more_about;
use super::ndjson::event_of_nothing;
use super::words::{counted, number, rows};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Severity};

/// A person is shown so many errors, and as many warnings.
const SHOWN: u64 = 20;

/// How many problems there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub errors: u64,
    pub warnings: u64,
}

/// Tells problems as they are found.
pub(crate) struct Problems {
    out: Outlet,
    style: Style,
    counts: Counts,
    /// The code of the first error.
    first: Option<Code>,
}

enum Style {
    Text { color: bool },
    Ndjson,
}

impl Problems {
    /// For a person, on standard error.
    pub(crate) fn text(err: Box<dyn Write + Send>, color: bool) -> Self {
        Self::new(err, Style::Text { color })
    }

    /// For a script, on standard output.
    pub(crate) fn ndjson(out: Box<dyn Write + Send>) -> Self {
        Self::new(out, Style::Ndjson)
    }

    fn new(out: Box<dyn Write + Send>, style: Style) -> Self {
        Self { out: Outlet::new(out), style, counts: Counts::default(), first: None }
    }

    pub(crate) fn tell(&mut self, problem: &Diagnostic) {
        let count = match problem.severity {
            Severity::Error => &mut self.counts.errors,
            Severity::Warning => &mut self.counts.warnings,
        };
        *count += 1;
        if problem.is_error() {
            self.first.get_or_insert(problem.code);
        }
        match self.style {
            Style::Ndjson => self.out.event(&problem.to_event()),
            Style::Text { color } if *count <= SHOWN => {
                self.out.text(&problem.render(color));
                self.out.text("\n");
                // Whoever waits for a long reading sees what is wrong as it is found.
                self.out.flush();
            }
            Style::Text { .. } => {}
        }
    }

    /// Says how many more there are than were shown and, once, who explains them; and flushes.
    pub(crate) fn finish(mut self) -> Counts {
        if matches!(self.style, Style::Text { .. }) {
            self.and_more(self.counts.errors, "error");
            self.and_more(self.counts.warnings, "warning");
            if let Some(code) = self.first {
                self.out.text(&format!("{}\n", more_about(code)));
            }
        }
        self.out.flush();
        self.counts
    }

    fn and_more(&mut self, all: u64, noun: &str) {
        if all > SHOWN {
            let more = counted(all - SHOWN, &format!("more {noun}"));
            self.out.text(&format!("… and {more} ({} in all)\n", number(all)));
        }
    }
}

/// The closing event of `check`.
pub(crate) fn checked_event(rows: u64, valid: u64, invalid: u64) -> Value {
    json!({"event": "checked", "rows": rows, "valid": valid, "invalid": invalid})
}

/// The closing event of a `check` of a job of which no row could be read.
pub(crate) fn nothing_checked() -> Value {
    event_of_nothing("checked", &["rows", "valid", "invalid"])
}

/// The closing line of `check`, without a line break.
pub(crate) fn checked_line(all: u64, valid: u64, invalid: u64) -> String {
    match (all, invalid) {
        (0, _) => "There are no rows.".into(),
        (1, 0) => "1 row: valid.".into(),
        (_, 0) => format!("{}: all valid.", rows(all)),
        _ => format!(
            "{}: {} valid, {} invalid. Nothing was sent.",
            rows(all),
            number(valid),
            number(invalid)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::Shared;
    use crate::text::diagnostic::{CellPlace, Place};
    use crate::text::place::RowPlace;
    use crate::text::pointer::Pointer;

    fn past(row: u64) -> Diagnostic {
        let place = CellPlace {
            row: RowPlace { file: Some("notes.csv".into()), row, line: row + 1 },
            column: Some("remind_at".into()),
            pointer: Some(Pointer::of(["task_reminder_time"])),
        };
        Diagnostic::error(Code::PastTime, Place::Row(place), "the reminder is in the past")
            .hint("leave it empty, or set a time to come")
    }

    fn unused() -> Diagnostic {
        Diagnostic::warning(Code::UnusedColumn, Place::File("notes.csv".into()), "`x` is not used")
    }

    #[test]
    fn a_few_problems_are_shown() {
        let shared = Shared::default();
        let mut problems = Problems::text(shared.writer(), false);
        [unused(), past(5), past(7)].iter().for_each(|problem| problems.tell(problem));
        assert_eq!(problems.finish(), Counts { errors: 2, warnings: 1 });
        insta::assert_snapshot!(shared.text());
    }

    #[test]
    fn many_problems_are_counted() {
        let shared = Shared::default();
        let mut problems = Problems::text(shared.writer(), false);
        (1..=4_341).for_each(|row| problems.tell(&past(row)));
        (1..=21).for_each(|_| problems.tell(&unused()));
        problems.finish();
        let text = shared.text();
        assert_eq!(text.matches("error[past-time]").count(), 20);
        assert_eq!(text.matches("warning[unused-column]").count(), 20);
        let end = "… and 4,321 more errors (4,341 in all)\n… and 1 more warning (21 in all)\n\
                   More about an error: noteferry explain past-time\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_script_is_told_all() {
        let shared = Shared::default();
        let mut problems = Problems::ndjson(shared.writer());
        (1..=50).for_each(|row| problems.tell(&past(row)));
        problems.finish();
        assert_eq!(shared.text().lines().count(), 50);
        insta::assert_snapshot!(shared.text().lines().next().unwrap());
    }

    #[test]
    fn a_check_closes_with_its_count() {
        let lines = [(0, 0, 0), (1, 1, 0), (320, 320, 0), (320, 300, 20)]
            .map(|(rows, valid, invalid)| checked_line(rows, valid, invalid));
        insta::assert_snapshot!(lines.join("\n"), @r"
        There are no rows.
        1 row: valid.
        320 rows: all valid.
        320 rows: 300 valid, 20 invalid. Nothing was sent.
        ");
        let event = checked_event(320, 300, 20).to_string();
        assert_eq!(event, r#"{"event":"checked","rows":320,"valid":300,"invalid":20}"#);
    }
}
