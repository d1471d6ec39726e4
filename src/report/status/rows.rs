//! Rows that need a look: why they did not succeed, and the first of them.

use serde_json::{Value, json};

use super::causes::Grouped;
use super::{Chosen, Counted, StatusView};
use crate::ledger::{FailedRow, InvalidRow, Unfinished};
use crate::report::causes::why;
use crate::report::paint::Paint;
use crate::report::summary::rejects;
use crate::report::words::{cause, counted, one_line, rows};

/// From so many rows on, their causes come first.
const GROUPED: usize = 5;
/// So many codes are named.
const CODES: usize = 8;

/// A row that needs a look.
#[derive(Debug, Clone)]
pub(crate) struct RowLine {
    pub row: FailedRow,
    /// Its request is under way, so it is not in doubt.
    pub under_way: bool,
    /// The source does not have it.
    pub gone: bool,
}

impl StatusView {
    pub(super) fn rows_list(&self, paint: Paint) -> String {
        let mut text = String::new();
        if self.more_failed() > 0 || self.failed_rows.len() >= GROUPED {
            text.push_str(&self.causes());
        }
        for (at, row) in self.told_rows().iter().enumerate() {
            text.push_str(if at == 0 { "\n" } else { "" });
            text.push_str(&row.words(paint));
            text.push('\n');
        }
        if self.more_failed() > 0 {
            let more = counted(self.more_failed(), "more row");
            text.push_str(&format!("… and {more}: {}\n", self.all()));
        }
        text.push_str(&self.invalid_list());
        text
    }

    /// That no row is such as was asked for, and which codes there are: a code may be mistyped.
    pub(super) fn nothing_chosen(&self) -> String {
        let Chosen { states, codes, known_codes } = &self.chosen;
        let is_chosen = !states.is_empty() || !codes.is_empty();
        if !is_chosen || !self.failed_rows.is_empty() || !self.told_invalid().is_empty() {
            return String::new();
        }
        let quoted = |codes: &[String]| {
            let codes = codes.iter().take(CODES).map(|code| format!("`{}`", one_line(code)));
            codes.collect::<Vec<_>>().join(", ")
        };
        let state = match states.is_empty() {
            true => "that needs a look".to_owned(),
            false => format!("that is {}", states.join(" or ")),
        };
        if codes.is_empty() {
            return format!("\nThere is no row {state}.\n");
        }
        let one_of = if codes.len() == 1 { "the code" } else { "any of the codes" };
        let known = match known_codes.len() {
            0 => "No row that needs a look has one.".to_owned(),
            1 => format!("The only one that rows have is {}.", quoted(known_codes)),
            2..=CODES => format!("Those that rows have are {}.", quoted(known_codes)),
            _ => format!("Some of those that rows have: {}.", quoted(known_codes)),
        };
        format!("\nNo row {state} has {one_of} {}. {known}\n", quoted(codes))
    }

    /// How rows that failed are had in a file, to be corrected.
    pub(super) fn rejects_line(&self) -> String {
        let is_sandbox = self.plan.has("sandbox");
        match rejects(&self.plan, is_sandbox).filter(|_| self.totals.failed > 0) {
            Some(rejects) => format!(
                "\nWhat failed in a file of its own, with the reasons beside, to be corrected and sent: {rejects}\n"
            ),
            None => String::new(),
        }
    }

    /// Rows that were invalid when the last run began; nothing where the source has none any more.
    fn invalid_list(&self) -> String {
        let told = self.told_invalid();
        if told.is_empty() {
            return String::new();
        }
        let mut text = String::from("\nInvalid when the last run began:\n");
        if self.invalid_rows.len() >= GROUPED {
            text.push_str(&Grouped::of(&[], &self.invalid_rows).text());
        }
        for row in told {
            let column = row.column.as_deref().map(one_line);
            let column = column.map(|column| format!(", {column}")).unwrap_or_default();
            let (place, message) = (&row.place, one_line(&row.message));
            let code = &row.code;
            text.push_str(&format!(
                "row {} (line {}{column}) {code}: {message}\n",
                place.row, place.line
            ));
        }
        let more = self.invalid_rows.len() - told.len();
        if more > 0 {
            let more = counted(more as u64, "more row");
            text.push_str(&format!("… and {more}: {}\n", self.all()));
        }
        text
    }

    pub(super) fn told_invalid(&self) -> &[InvalidRow] {
        // The source says itself that it has none any more.
        match (self.counted, self.totals.invalid) {
            (Counted::Source, 0) => &[],
            _ => self.most.of(&self.invalid_rows),
        }
    }

    pub(super) fn told_rows(&self) -> &[RowLine] {
        self.most.of(&self.failed_rows)
    }

    /// Rows that need a look and are not told one by one.
    pub(super) fn more_failed(&self) -> u64 {
        let untold = self.failed_rows.len() - self.told_rows().len();
        self.more_failed + untold as u64
    }

    /// Why rows need a look, each cause once with its count: where there are too many to be told one by one.
    fn causes(&self) -> String {
        let of = match self.more_failed {
            0 => String::new(),
            _ => format!(", of the first {}", rows(self.failed_rows.len() as u64)),
        };
        format!("\nWhy rows did not succeed{of}:\n{}", Grouped::of(&self.failed_rows, &[]).text())
    }
}

impl RowLine {
    /// `row 12 (line 13, key L-12) failed after 2 attempts: 1003: ticket not found`.
    fn words(&self, paint: Paint) -> String {
        let row = &self.row;
        let state = match (self.under_way, row.state) {
            (true, _) => "is under way".to_owned(),
            (_, Unfinished::InDoubt) => paint.doubtful("is in doubt"),
            (_, Unfinished::Failed) => paint.bad("failed"),
        };
        let after = if self.under_way { "in" } else { "after" };
        let attempts = match self.under_way {
            true => format!("its attempt {}", row.attempts),
            false => counted(row.attempts.into(), "attempt"),
        };
        let text = format!("{} {state} {after} {attempts}", self.place());
        match row.cause {
            Some(_) => format!("{text}: {}", self.why()),
            None => text,
        }
    }

    /// `row 12 (line 13, ticket tk_1, key L-12)`.
    fn place(&self) -> String {
        let row = &self.row;
        let gone = if self.gone { "not in the source any more, " } else { "" };
        let lane = match row.lane.is_empty() {
            true => String::new(),
            false => format!(", {}", one_line(&row.lane)),
        };
        let (place, key) = (&row.place, one_line(&row.key));
        format!("row {} ({gone}line {}{lane}, key {key})", place.row, place.line)
    }

    fn why(&self) -> String {
        why(self.row.cause.as_ref().and_then(|why| why.code.as_deref()), self.row.cause.as_ref())
    }

    pub(super) fn json_of_invalid(row: &InvalidRow) -> Value {
        json!({
            "row": row.place.row,
            "line": row.place.line,
            "column": row.column,
            "code": row.code,
            "message": row.message,
        })
    }

    pub(super) fn json(&self) -> Value {
        let row = &self.row;
        json!({
            "row": row.place.row,
            "line": row.place.line,
            "key": row.key,
            "lane": row.lane,
            "state": if self.under_way { "under_way" } else { row.state.word() },
            "in_source": !self.gone,
            "attempts": row.attempts,
            "code": row.cause.as_ref().and_then(|cause| cause.code.as_deref()),
            "message": row.cause.as_ref().map(cause),
        })
    }
}
