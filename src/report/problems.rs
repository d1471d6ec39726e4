//! What is wrong with an input, in order: for `check`, and for a run's first reading.
//!
//! A person sees the first of each cause, twenty in all, and then the rest by cause: how many, and where the first are.
//! A script sees all.

use std::io::Write;

use serde_json::{Value, json};

use super::Outlet;
use super::explanation::more_about;
use super::left_out::{reasons, reasons_event};
use super::ndjson::event_of_nothing;
use super::values::Values;
use super::words::{counted, number, rows};
use crate::plan::{Checked, Filtered};
use crate::text::code::Code;
use crate::text::diagnostic::{CellPlace, Diagnostic, Place, Severity};
use crate::text::pointer::Pointer;
use crate::text::visible::shown;

/// A person is shown so many errors, and as many warnings.
const SHOWN: u64 = 20;
/// Of one cause, so many.
const OF_A_CAUSE: u64 = 3;
/// So many places of one cause are named.
const PLACES: usize = 5;
/// So many causes are told apart.
const CAUSES: usize = 50;
/// How many problems there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub errors: u64,
    pub warnings: u64,
}

impl Counts {
    fn of(&mut self, severity: Severity) -> &mut u64 {
        match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        }
    }
}

/// Tells problems as they are found.
pub(crate) struct Problems {
    out: Outlet,
    style: Style,
    counts: Counts,
    /// The code of the first error.
    first: Option<Code>,
    shown: Counts,
    causes: Vec<Cause>,
    values: Values,
}

/// The column of a problem, or else its field, as it is called.
fn column_of(place: &CellPlace) -> Option<String> {
    match &place.column {
        Some(column) => Some(format!("column `{}`", shown(column))),
        None => {
            let field = place.pointer.as_ref().and_then(Pointer::first)?;
            Some(format!("field `{}`", shown(&field)))
        }
    }
}

/// Problems of one kind in one column.
struct Cause {
    severity: Severity,
    code: Code,
    column: Option<String>,
    count: u64,
    /// The lines of the first.
    lines: Vec<u64>,
}

impl Cause {
    fn of(problem: &Diagnostic) -> Self {
        let place = match &problem.place {
            Place::Row(place) => Some(place),
            _ => None,
        };
        let column = place.and_then(column_of);
        let (severity, code) = (problem.severity, problem.code);
        Self { severity, code, column, count: 0, lines: Vec::new() }
    }

    /// One more of its kind, on a line.
    fn add(&mut self, line: u64) {
        self.count += 1;
        // Two fields may come of one cell.
        if self.lines.last() != Some(&line) && self.lines.len() < PLACES {
            self.lines.push(line);
        }
    }

    fn is(&self, other: &Self) -> bool {
        (self.severity, self.code, &self.column) == (other.severity, other.code, &other.column)
    }

    fn line(&self, width: usize) -> String {
        let lines: Vec<String> = self.lines.iter().map(u64::to_string).collect();
        let more = if self.count > lines.len() as u64 { ", …" } else { "" };
        let noun = if lines.len() == 1 { "line" } else { "lines" };
        let column = self.column.iter().map(|column| format!(", {column}")).collect::<String>();
        let places = match lines.is_empty() {
            true => String::new(),
            false => format!(": {noun} {}{more}", lines.join(", ")),
        };
        format!("  {:>width$}  {}{column}{places}", number(self.count), self.code.word())
    }
}

enum Style {
    Text {
        color: bool,
        /// All are shown, however many they are.
        all: bool,
    },
    Ndjson,
}

impl Problems {
    /// For a person, on standard error.
    pub(crate) fn text(err: Box<dyn Write + Send>, color: bool, all: bool) -> Self {
        Self::new(err, Style::Text { color, all })
    }

    /// For a script, on standard output.
    pub(crate) fn ndjson(out: Box<dyn Write + Send>) -> Self {
        Self::new(out, Style::Ndjson)
    }

    fn new(out: Box<dyn Write + Send>, style: Style) -> Self {
        Self {
            out: Outlet::new(out),
            style,
            counts: Counts::default(),
            first: None,
            shown: Counts::default(),
            causes: Vec::new(),
            values: Values::default(),
        }
    }

    pub(crate) fn tell(&mut self, problem: &Diagnostic) {
        *self.counts.of(problem.severity) += 1;
        if problem.is_error() {
            self.first.get_or_insert(problem.code);
        }
        match self.style {
            Style::Ndjson => self.out.event(&problem.to_event()),
            Style::Text { color, all } => {
                let of_cause = self.count_cause(problem);
                let shown = self.shown.of(problem.severity);
                if all || (of_cause <= OF_A_CAUSE && *shown < SHOWN) {
                    *shown += 1;
                    self.out.text(&problem.render(color));
                    self.out.text("\n");
                    // Whoever waits for a long reading sees what is wrong as it is found.
                    self.out.flush();
                }
            }
        }
    }

    /// Notes a problem among those of its cause; gives how many there are of it by now.
    fn count_cause(&mut self, problem: &Diagnostic) -> u64 {
        // What is about no row comes once, and is not of a kind with others.
        let Place::Row(place) = &problem.place else { return 0 };
        let cause = Cause::of(problem);
        let known = self.causes.iter().position(|known| known.is(&cause));
        let at = match known {
            Some(at) => at,
            None if self.causes.len() < CAUSES => {
                self.causes.push(cause);
                self.causes.len() - 1
            }
            None => return 0,
        };
        let cause = &mut self.causes[at];
        cause.add(place.row.line);
        let count = cause.count;
        let Some(value) = &problem.about else { return count };
        // After the first row of a value there is nothing new to be seen.
        let is_first = self.values.add(problem.code, column_of(place), value, place.row.line);
        if is_first { 1 } else { u64::MAX }
    }

    /// Says how many more there are than were shown and, once, who explains them; and flushes.
    pub(crate) fn finish(mut self) -> Counts {
        if matches!(self.style, Style::Text { .. }) {
            self.and_more(Severity::Error, "error");
            self.and_more(Severity::Warning, "warning");
            if self.shown != self.counts {
                self.out.text("To see all of them: add --verbose\n");
            }
            if let Some(code) = self.first {
                self.out.text(&format!("{}\n", more_about(code)));
            }
        }
        self.out.flush();
        self.counts
    }

    fn and_more(&mut self, severity: Severity, noun: &str) {
        let (all, shown) = (*self.counts.of(severity), *self.shown.of(severity));
        if all == shown {
            return;
        }
        let more = counted(all - shown, &format!("more {noun}"));
        let by_cause = self.causes.iter().any(|cause| cause.severity == severity);
        let by_cause = if by_cause { ", by cause:" } else { "" };
        self.out.text(&format!("… and {more} ({} in all){by_cause}\n", number(all)));
        self.causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
        let width = number(all).len();
        for cause in self.causes.iter().filter(|cause| cause.severity == severity) {
            self.out.text(&format!("{}\n", cause.line(width)));
            let worst = self.values.worst((cause.code, &cause.column), width + 6);
            self.out.text(&worst);
        }
    }
}

/// The closing event of `check`.
///
/// `passed` and `failed` are the job's own tests.
pub(crate) fn checked_event(
    checked: &Checked,
    filtered: &Filtered,
    (passed, failed): (u64, u64),
) -> Value {
    let Checked { rows, valid, filtered: left_out, duplicates, .. } = *checked;
    let mut event = json!({
        "event": "checked",
        "rows": rows,
        "valid": valid,
        "invalid": checked.invalid(),
        "filtered": left_out,
        "duplicates": duplicates,
    });
    if let (Value::Object(fields), 1..) = (&mut event, left_out) {
        fields.insert("filtered_by".into(), reasons_event(filtered));
    }
    if let (Value::Object(fields), 1..) = (&mut event, passed + failed) {
        fields.insert("tests".into(), json!({"passed": passed, "failed": failed}));
    }
    event
}

/// What became of the job's own tests, without a line break; none where it has none.
pub(crate) fn tested_line(passed: u64, failed: u64) -> Option<String> {
    match (passed, failed) {
        (0, 0) => None,
        (passed, 0) => Some(format!("{}: passed.", counted(passed, "test"))),
        (passed, failed) => Some(format!(
            "{}: {} passed, {} failed.",
            counted(passed + failed, "test"),
            number(passed),
            number(failed)
        )),
    }
}

/// The closing event of a `check` of a job of which no row could be read.
pub(crate) fn nothing_checked() -> Value {
    event_of_nothing("checked", &["rows", "valid", "invalid", "filtered", "duplicates"])
}

/// The closing line of `check`, without a line break.
pub(crate) fn checked_line(checked: &Checked, filtered: &Filtered) -> String {
    let (all, valid, invalid) = (checked.rows, checked.valid, checked.invalid());
    let mut left_out = String::new();
    if checked.filtered > 0 {
        left_out.push_str(&format!(", {} filtered", number(checked.filtered)));
    }
    if checked.duplicates > 0 {
        left_out.push_str(&format!(", {}", counted(checked.duplicates, "duplicate")));
    }
    let reasons = reasons(filtered);
    let reasons = reasons.trim_end();
    match (all, invalid) {
        (_, 0) if !left_out.is_empty() => {
            format!("{}: {} valid{left_out}.{reasons}", rows(all), number(valid))
        }
        _ if !left_out.is_empty() => format!(
            "{}: {} valid, {} invalid{left_out}. Nothing was sent.{reasons}",
            rows(all),
            number(valid),
            number(invalid)
        ),
        (0, _) => "There are no rows.".into(),
        // What is wrong is no row's, and there may be more rows than could be read.
        _ if checked.broken && invalid == 0 => format!(
            "{}, as far as could be read: {} valid. Something is wrong with the source itself. Nothing was sent.",
            rows(all),
            number(valid)
        ),
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
            row: RowPlace { file: Some("notes.csv".into()), ..RowPlace::of(row, row + 1) },
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
        let mut problems = Problems::text(shared.writer(), false, false);
        [unused(), past(5), past(7)].iter().for_each(|problem| problems.tell(problem));
        assert_eq!(problems.finish(), Counts { errors: 2, warnings: 1 });
        insta::assert_snapshot!(shared.text());
    }

    #[test]
    fn many_problems_are_counted() {
        let shared = Shared::default();
        let mut problems = Problems::text(shared.writer(), false, false);
        (1..=4_341).for_each(|row| problems.tell(&past(row)));
        (1..=21).for_each(|_| problems.tell(&unused()));
        problems.finish();
        let text = shared.text();
        assert_eq!(text.matches("error[past-time]").count(), 3);
        assert_eq!(text.matches("warning[unused-column]").count(), 20);
        let end = "… and 4,338 more errors (4,341 in all), by cause:\n  \
                   4,341  past-time, column `remind_at`: lines 2, 3, 4, 5, 6, …\n\
                   … and 1 more warning (21 in all)\n\
                   To see all of them: add --verbose\n\
                   More about an error: noteferry explain past-time\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn values_that_are_at_fault_in_most_rows_are_named_first() {
        let shared = Shared::default();
        let mut problems = Problems::text(shared.writer(), false, false);
        // One deleted agent has a thousand rows, and comes after many that have one.
        let keys = (1..=30_u64).chain(std::iter::repeat_n(900, 1_000));
        for (row, key) in (1..).zip(keys) {
            let message = format!("the table `users` has no entry for \"{key}\"");
            let Diagnostic { place, .. } = past(row);
            let problem = Diagnostic::error(Code::LookupMissing, place, message);
            problems.tell(&problem.about(Some(&key.to_string())));
        }
        problems.finish();
        let text = shared.text();
        assert_eq!(text.matches("error[lookup-missing]").count(), 20);
        let end = "… and 1,010 more errors (1,030 in all), by cause:\n  \
                   1,030  lookup-missing, column `remind_at`: lines 2, 3, 4, 5, 6, …\n           \
                   \"900\": 1,000 rows, first in line 32\n           \
                   \"1\": 1 row, first in line 2\n";
        assert!(text.contains(end), "{text}");
        assert!(text.contains("           and 21 more values\n"), "{text}");
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
        let filtered = Filtered(vec![("the ticket is deleted".into(), 9), ("no text".into(), 10)]);
        let lines =
            [(0, 0, 0, 0), (1, 1, 0, 0), (320, 320, 0, 0), (320, 300, 0, 0), (320, 300, 19, 1)];
        let lines = lines.map(|(rows, valid, left_out, duplicates)| {
            let checked =
                Checked { rows, valid, filtered: left_out, duplicates, ..Checked::default() };
            let filtered = if left_out > 0 { filtered.clone() } else { Filtered::default() };
            checked_line(&checked, &filtered)
        });
        insta::assert_snapshot!(lines.join("\n"), @r"
        There are no rows.
        1 row: valid.
        320 rows: all valid.
        320 rows: 300 valid, 20 invalid. Nothing was sent.
        320 rows: 300 valid, 19 filtered, 1 duplicate.
        Left out by the job's `where`:
          10  no text
           9  the ticket is deleted
        ");
        let broken = Checked { rows: 320, valid: 320, broken: true, ..Checked::default() };
        assert_eq!(
            checked_line(&broken, &Filtered::default()),
            "320 rows, as far as could be read: 320 valid. Something is wrong with the source itself. Nothing was sent."
        );
        let checked = Checked { rows: 320, valid: 300, ..Checked::default() };
        let event = checked_event(&checked, &Filtered::default(), (0, 0)).to_string();
        let expected = r#"{"event":"checked","rows":320,"valid":300,"invalid":20,"filtered":0,"duplicates":0}"#;
        assert_eq!(event, expected);
    }
}
