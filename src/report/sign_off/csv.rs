//! A report as one table, for a spreadsheet: what is told, its name, how many rows, and the rest in words.

use super::{SignOff, SignOffForm};
use crate::report::ledger_export::csv_line;
use crate::report::status::rfc3339;

impl SignOff {
    pub(super) fn csv(&self) -> String {
        let mut text = SignOffForm::Csv.begins().to_owned();
        let mut line = |about: &str, name: &str, rows: Option<String>, detail: &str| {
            let cells = [about, name, &rows.unwrap_or_default(), detail];
            text.push_str(&csv_line(cells.map(safe)));
        };
        let count = |count: u64| Some(count.to_string());
        line("job", &self.job, None, &self.target_words());
        line("made", &self.made_at.timestamp().to_string(), None, &self.scope_words());
        line("rows", "rows", count(self.rows()), &self.verdict_words());
        for one in self.equation() {
            line("rows", one.word, one.rows.map(|rows| rows.to_string()), &one.why);
        }
        for one in self.rejected.causes() {
            let why = super::says::cause_words(one.cause.as_ref());
            line("cause", one.state.word(), count(one.rows), &why);
        }
        if self.rejected.other_causes > 0 {
            line("cause", "other", count(self.rejected.other_causes), "other reasons");
        }
        for says in self.verification() {
            line("verified", "", self.verified.as_ref().map(|one| one.rows.to_string()), &says);
        }
        for one in self.approvals().into_iter().chain(self.settlements()) {
            let detail = format!("{}, {}: {}", one.what, one.when, one.why);
            line("said", &one.who, None, detail.trim_end_matches([' ', ':']));
        }
        for run in self.runs.iter().take(super::says::RUNS) {
            let detail = format!(
                "{} {}, {} requests",
                rfc3339(run.started_at).unwrap_or_default(),
                run.end(),
                run.requests
            );
            line("run", &run.id.to_string(), count(run.succeeded), &detail);
        }
        for row in self.rejected_rows() {
            let detail = format!("{}, {}: {}", row.key, row.lane, row.why);
            line(&row.state.replace(" ", "_"), &row.row.to_string(), count(1), &detail);
        }
        for row in self.invalid_rows() {
            line("invalid", &row.row.to_string(), count(1), &format!("{}: {}", row.code, row.why));
        }
        for more in [self.more_rejected(), self.more_invalid(), self.more_runs()].iter().flatten() {
            line("more", "", None, more);
        }
        text
    }
}

/// A cell that no spreadsheet takes for a formula.
fn safe(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}
