//! The runs of a job, in a table and for a script: when, how long, how they ended.

use std::time::Duration;

use jiff::Zoned;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::StatusView;
use super::moments::{moment, rfc3339};
use crate::ledger::{Mandate, RunRecord, RunSource, SETTLED};
use crate::report::exit;
use crate::report::words::{self, counted, number, span};

/// A run that was.
#[derive(Debug, Clone)]
pub(crate) struct RunLine {
    pub id: i64,
    /// Unix milliseconds.
    pub started_at: i64,
    /// Unix milliseconds; none where the run was killed, or is still under way.
    pub ended_at: Option<i64>,
    pub under_way: bool,
    pub exit: Option<u8>,
    /// Why it stopped before its end, in a word for scripts.
    pub reason: Option<String>,
    /// What it carried out, and on whose word.
    pub mandate: Mandate,
    /// What it has read; none where that was not written down.
    pub source: Option<RunSource>,
    /// The run that it undoes.
    pub undoes: Option<i64>,
    pub invalid: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub in_doubt: u64,
    pub not_started: u64,
    pub requests: u64,
}

impl From<RunRecord> for RunLine {
    fn from(run: RunRecord) -> Self {
        Self {
            id: run.id,
            started_at: run.started_at,
            ended_at: run.ended_at,
            under_way: false,
            exit: run.exit,
            reason: run.reason,
            mandate: run.mandate,
            source: run.source,
            undoes: run.undoes,
            invalid: run.totals.invalid,
            succeeded: run.totals.succeeded,
            failed: run.totals.failed,
            in_doubt: run.totals.in_doubt,
            not_started: run.totals.not_started,
            requests: run.totals.requests,
        }
    }
}

impl StatusView {
    /// `  (times: +07:00, Asia/Ho_Chi_Minh)`: those of a machine that is elsewhere are another's.
    fn zone_line(&self, zone: &TimeZone) -> String {
        let Some(now) = moment(self.now, zone) else { return String::new() };
        let offset = now.strftime("%:z").to_string();
        match zone.iana_name() {
            Some("UTC" | "Etc/UTC") | None if offset == "+00:00" => "  (times: UTC)\n".to_owned(),
            Some(name) => format!("  (times: {offset}, {name})\n"),
            None => format!("  (times: {offset})\n"),
        }
    }

    pub(super) fn runs_table(&self, zone: &TimeZone) -> String {
        if self.runs.is_empty() {
            return "\nThere was no run yet.\n".into();
        }
        let head = ["run", "started", "took", "end", "done", "failed", "in doubt", "requests"];
        let mut table = vec![head.map(str::to_owned)];
        table.extend(self.runs.iter().map(|run| run.cells(zone, self.now)));
        let mut text = format!("\n{}", aligned(&table));
        text.push_str(&self.zone_line(zone));
        if self.more_runs > 0 {
            let more = counted(self.more_runs, "earlier run");
            text.push_str(&format!("  … and {more}: {}\n", self.all()));
        }
        for run in &self.runs {
            if let Some(words) = words::mandate(&run.mandate) {
                text.push_str(&format!("  run {} was {words}\n", run.id));
            }
            if let Some(undone) = run.undoes {
                text.push_str(&format!("  run {} undid run {undone}\n", run.id));
            }
        }
        text
    }
}

impl RunLine {
    /// Whether it is a run of the job's rows: not what a person has said, and not what undoes another.
    pub(crate) fn is_of_rows(&self) -> bool {
        self.reason.as_deref() != Some(SETTLED) && self.undoes.is_none()
    }

    /// The newest run of the job's rows, where it has no end: it is under way, or was killed. Runs are given the newest first.
    pub(in crate::report) fn open(runs: &[Self]) -> Option<&Self> {
        runs.iter().find(|run| run.is_of_rows()).filter(|run| run.ended_at.is_none())
    }

    /// So that a line fits into eighty columns, a year is told only where it is not this one.
    fn cells(&self, zone: &TimeZone, now: i64) -> [String; 8] {
        let year = moment(now, zone).map(|now| now.year());
        let format = |started: &Zoned| match Some(started.year()) == year {
            true => "%m-%d %H:%M",
            false => "%Y-%m-%d %H:%M",
        };
        [
            self.id.to_string(),
            moment(self.started_at, zone).map_or_else(
                || "?".into(),
                |started| started.strftime(format(&started)).to_string(),
            ),
            self.took().map_or_else(|| "–".into(), |took| span(took).replace("less than ", "<")),
            self.end(),
            number(self.succeeded),
            number(self.failed),
            number(self.in_doubt),
            number(self.requests),
        ]
    }

    pub(in crate::report) fn took(&self) -> Option<Duration> {
        let milliseconds = self.ended_at?.checked_sub(self.started_at)?;
        u64::try_from(milliseconds).ok().map(Duration::from_millis)
    }

    pub(in crate::report) fn end(&self) -> String {
        match (self.exit, self.ended_at) {
            // With --limit, all that was asked for.
            _ if self.reason.as_deref() == Some(SETTLED) => SETTLED.into(),
            (Some(exit::DONE), _) if self.not_started > 0 => "some done".into(),
            (Some(exit::DONE), _) => "all done".into(),
            (Some(exit::FAILED), _) if self.failed == 0 => "some invalid".into(),
            (Some(exit::FAILED), _) => "some failed".into(),
            (Some(exit::IN_DOUBT), _) if self.reason.as_deref() == Some(MISCOUNTED) => {
                "some miscounted".into()
            }
            (Some(exit::IN_DOUBT), _)
                if self.reason.as_deref() == Some(UNCOUNTED) && self.in_doubt == 0 =>
            {
                "some uncounted".into()
            }
            (Some(exit::IN_DOUBT), _) => "some in doubt".into(),
            (Some(exit::STOPPED | exit::USAGE), _) => match self.reason.as_deref() {
                Some(reason) => format!("stopped: {}", short(reason)),
                None => "stopped".into(),
            },
            (Some(exit), _) if exit > exit::SIGNAL => "interrupted".into(),
            (Some(exit), _) => format!("exit {exit}"),
            (None, Some(_)) => "ended".into(),
            (None, None) if self.under_way => "under way".into(),
            (None, None) => "killed".into(),
        }
    }

    pub(in crate::report) fn json(&self) -> Value {
        let mut event = json!({
            "id": self.id,
            "started_at": rfc3339(self.started_at),
            "ended_at": self.ended_at.and_then(rfc3339),
            "under_way": self.under_way,
            "exit": self.exit,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "in_doubt": self.in_doubt,
            "requests": self.requests,
            "invalid": self.invalid,
            "reason": self.reason,
        });
        if let Value::Object(fields) = &mut event {
            words::add_mandate(fields, &self.mandate);
            if let Some(source) = &self.source {
                fields.insert("source".to_owned(), json!(source.name));
                fields.insert("came_back".to_owned(), json!(source.came_back));
                fields.insert("rows".to_owned(), json!(source.rows));
            }
            if let Some(undone) = self.undoes {
                fields.insert("undoes".to_owned(), undone.into());
            }
        }
        event
    }
}

/// Why a run does not count as well although it came to its end: something is there twice.
pub(crate) const MISCOUNTED: &str = "miscounted";
/// Why the next run counts once more what one that came to its end has settled: whether all is there once could not be told.
pub(crate) const UNCOUNTED: &str = "uncounted";

/// All words that a run's end may have in the table of runs, and those for a ledger that knows nothing.
#[cfg(test)]
pub(in crate::report) fn ends() -> Vec<String> {
    let run = RunLine {
        source: None,
        undoes: None,
        mandate: Mandate::default(),
        id: 1,
        started_at: 0,
        ended_at: Some(1),
        under_way: false,
        exit: None,
        reason: None,
        invalid: 0,
        succeeded: 0,
        failed: 0,
        in_doubt: 0,
        not_started: 0,
        requests: 0,
    };
    let with = |exit, failed, not_started, reason: Option<&str>| RunLine {
        exit: Some(exit),
        failed,
        not_started,
        reason: reason.map(str::to_owned),
        ..run.clone()
    };
    let mut runs = vec![
        run.clone(),
        RunLine { ended_at: None, ..run.clone() },
        RunLine { ended_at: None, under_way: true, ..run.clone() },
        with(exit::DONE, 0, 0, None),
        with(exit::DONE, 0, 1, None),
        with(exit::FAILED, 0, 0, None),
        with(exit::FAILED, 1, 0, None),
        with(exit::IN_DOUBT, 0, 0, None),
        with(exit::IN_DOUBT, 0, 0, Some(MISCOUNTED)),
        with(exit::IN_DOUBT, 0, 0, Some(UNCOUNTED)),
        with(exit::STOPPED, 0, 0, None),
        with(exit::SIGNAL + 2, 0, 0, None),
    ];
    let reasons = ["unauthorized", "wrong-address", "no-login-there", "too-many-failures"];
    let reasons = reasons.into_iter().chain(["ledger-failed", "source-failed", "deadline"]);
    runs.extend(
        reasons.chain(["max-duration", "outage"]).map(|reason| with(4, 0, 0, Some(reason))),
    );
    let words = runs.iter().map(|run| run.end().trim_start_matches("stopped: ").to_owned());
    words.chain(["missing", "empty", "without-the-job"].map(str::to_owned)).collect()
}

/// A reason for a narrow column.
fn short(reason: &str) -> &str {
    match reason {
        "unauthorized" => "token",
        "wrong-address" | "no-login-there" => "address",
        "max-duration" => "longest time",
        "too-many-failures" => "budget",
        "ledger-failed" => "ledger",
        "source-failed" => "source",
        other => other,
    }
}

/// Rows of cells under each other: the first four columns to the left, numbers to the right.
fn aligned<const N: usize>(table: &[[String; N]]) -> String {
    const WORDS: usize = 4;
    let width =
        |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in table {
        let cells = row.iter().zip(widths).enumerate().map(|(at, (cell, width))| {
            if at < WORDS { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let line: Vec<String> = cells.collect();
        text.push_str(&format!("  {}\n", line.join("  ").trim_end()));
    }
    text
}
