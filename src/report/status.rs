//! Where a job stands: what its ledger says, for a person and for a script.

use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value, json};

use super::ndjson::counts;
use super::paint::Paint;
use super::summary::tally;
use super::words::{cause, counted, number, one_line, rows, rows_are, span};
use crate::ledger::{FailedRow, JobStatus, RunRecord, Unfinished};
use crate::report::exit;
use crate::row::Totals;

/// Where a job stands.
#[derive(Debug, Clone)]
pub(crate) struct StatusView {
    /// The job's name.
    pub job: String,
    /// Base URL and account.
    pub target: String,
    /// The requests are not told: they are those of the runs.
    pub totals: Totals,
    /// The newest first.
    pub runs: Vec<RunLine>,
    /// The first rows that are not done and need a look.
    pub failed_rows: Vec<FailedRow>,
    /// How many more of them there are.
    pub more_failed: u64,
}

/// A run that was.
#[derive(Debug, Clone)]
pub(crate) struct RunLine {
    pub id: i64,
    /// Unix milliseconds.
    pub started_at: i64,
    /// Unix milliseconds; none where the run was killed, or is still under way.
    pub ended_at: Option<i64>,
    pub exit: Option<u8>,
    pub succeeded: u64,
    pub failed: u64,
    pub in_doubt: u64,
    pub requests: u64,
}

impl From<JobStatus> for StatusView {
    fn from(status: JobStatus) -> Self {
        let target = match status.job.account.as_str() {
            "" => status.job.base_url,
            account => format!("{} as {account}", status.job.base_url),
        };
        Self {
            job: status.job.name,
            target,
            totals: status.totals,
            runs: status.runs.into_iter().map(RunLine::from).collect(),
            failed_rows: status.failed,
            more_failed: status.more_failed,
        }
    }
}

impl From<RunRecord> for RunLine {
    fn from(run: RunRecord) -> Self {
        Self {
            id: run.id,
            started_at: run.started_at,
            ended_at: run.ended_at,
            exit: run.exit,
            succeeded: run.totals.succeeded,
            failed: run.totals.failed,
            in_doubt: run.totals.in_doubt,
            requests: run.totals.requests,
        }
    }
}

/// That a ledger knows nothing of a job, or of any.
pub(crate) fn nothing_known(ledger: &Path, job: Option<&str>) -> String {
    let about = job.map_or_else(|| "any job".to_owned(), |job| format!("the job `{job}`"));
    let ledger = ledger.display();
    format!("The ledger {ledger} knows nothing of {about} yet: nothing was sent.")
}

impl StatusView {
    /// For a person: several lines, times in `zone`.
    pub(crate) fn text(&self, color: bool, zone: &TimeZone) -> String {
        let paint = Paint(color);
        let mut text = format!("{} to {}\n", paint.bold(&self.job), self.target);
        text.push_str(&self.standing());
        text.push('\n');
        text.push_str(&tally(&self.totals, paint));
        text.push_str(&self.runs_table(zone));
        text.push_str(&self.rows_list(paint));
        text
    }

    fn standing(&self) -> String {
        let done = self.totals.succeeded + self.totals.already_done;
        match self.totals.rows {
            0 => "No row is known yet.\n".into(),
            all if all == done => {
                format!("Everything is done: {} of {}.\n", number(done), rows(all))
            }
            all => format!("{} of {} done.\n", number(done), rows_are(all)),
        }
    }

    fn runs_table(&self, zone: &TimeZone) -> String {
        if self.runs.is_empty() {
            return "\nThere was no run yet.\n".into();
        }
        let head = ["run", "started", "took", "end", "succeeded", "failed", "in doubt", "requests"];
        let mut table = vec![head.map(str::to_owned)];
        table.extend(self.runs.iter().map(|run| run.cells(zone)));
        format!("\n{}", aligned(&table))
    }

    fn rows_list(&self, paint: Paint) -> String {
        let mut text = String::new();
        for (at, row) in self.failed_rows.iter().enumerate() {
            text.push_str(if at == 0 { "\n" } else { "" });
            text.push_str(&row.words(paint));
            text.push('\n');
        }
        if self.more_failed > 0 {
            text.push_str(&format!("… and {}\n", counted(self.more_failed, "more row")));
        }
        text
    }

    /// For a script: the `status` event. Times are RFC 3339 in UTC.
    pub(crate) fn event(&self) -> Value {
        let mut event = Map::new();
        event.insert("event".into(), "status".into());
        event.insert("job".into(), json!(self.job));
        event.insert("target".into(), json!(self.target));
        for (name, count) in counts(&self.totals) {
            event.insert(name.into(), json!(count));
        }
        let runs: Vec<Value> = self.runs.iter().map(RunLine::json).collect();
        let rows: Vec<Value> = self.failed_rows.iter().map(FailedRow::json).collect();
        event.insert("runs".into(), runs.into());
        event.insert("failed_rows".into(), rows.into());
        event.insert("more_failed".into(), json!(self.more_failed));
        Value::Object(event)
    }
}

impl RunLine {
    fn cells(&self, zone: &TimeZone) -> [String; 8] {
        [
            self.id.to_string(),
            moment(self.started_at, zone).map_or_else(
                || "?".into(),
                |started| started.strftime("%Y-%m-%d %H:%M").to_string(),
            ),
            self.took().map_or_else(|| "–".into(), span),
            self.end(),
            number(self.succeeded),
            number(self.failed),
            number(self.in_doubt),
            number(self.requests),
        ]
    }

    fn took(&self) -> Option<Duration> {
        let milliseconds = self.ended_at?.checked_sub(self.started_at)?;
        u64::try_from(milliseconds).ok().map(Duration::from_millis)
    }

    fn end(&self) -> String {
        match (self.exit, self.ended_at) {
            (Some(exit::DONE), _) => "all done".into(),
            (Some(exit::FAILED), _) => "some failed".into(),
            (Some(exit::IN_DOUBT), _) => "some in doubt".into(),
            (Some(exit::STOPPED), _) => "stopped".into(),
            (Some(exit), _) if exit > exit::SIGNAL => "interrupted".into(),
            (Some(exit), _) => format!("exit {exit}"),
            (None, Some(_)) => "ended".into(),
            (None, None) => "no end".into(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "started_at": rfc3339(self.started_at),
            "ended_at": self.ended_at.and_then(rfc3339),
            "exit": self.exit,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "in_doubt": self.in_doubt,
            "requests": self.requests,
        })
    }
}

impl FailedRow {
    /// `row 12 (line 13, key L-12) failed after 2 attempts: 1003: ticket not found`.
    fn words(&self, paint: Paint) -> String {
        let state = match self.state {
            Unfinished::InDoubt => paint.doubtful("is in doubt"),
            Unfinished::Failed => paint.bad("failed"),
        };
        let mut text = format!(
            "row {} (line {}, key {}) {state} after {}",
            self.place.row,
            self.place.line,
            one_line(&self.key),
            counted(self.attempts.into(), "attempt")
        );
        if let Some(why) = &self.cause {
            for part in [why.code.as_deref(), Some(&cause(why))].into_iter().flatten() {
                text.push_str(": ");
                text.push_str(&one_line(part));
            }
        }
        text
    }

    fn json(&self) -> Value {
        json!({
            "row": self.place.row,
            "line": self.place.line,
            "key": self.key,
            "state": self.state.word(),
            "attempts": self.attempts,
            "code": self.cause.as_ref().and_then(|cause| cause.code.as_deref()),
            "message": self.cause.as_ref().map(cause),
        })
    }
}

fn moment(milliseconds: i64, zone: &TimeZone) -> Option<Zoned> {
    let moment = Timestamp::from_millisecond(milliseconds).ok()?;
    Some(moment.to_zoned(zone.clone()))
}

fn rfc3339(milliseconds: i64) -> Option<String> {
    Timestamp::from_millisecond(milliseconds).ok().map(|moment| moment.to_string())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Cause, Reason};
    use crate::text::place::RowPlace;

    fn view() -> StatusView {
        let killed = RunLine {
            id: 1,
            started_at: 1_795_358_400_000,
            ended_at: None,
            exit: None,
            succeeded: 1_230,
            failed: 4,
            in_doubt: 0,
            requests: 1_240,
        };
        let finished = RunLine {
            id: 2,
            ended_at: Some(1_795_381_780_000),
            exit: Some(6),
            succeeded: 48_763,
            in_doubt: 1,
            requests: 48_770,
            started_at: 1_795_362_400_000,
            ..killed.clone()
        };
        let refused = FailedRow {
            place: RowPlace::of(1_200, 1_204),
            key: "L-1200".into(),
            state: Unfinished::Failed,
            attempts: 1,
            cause: Some(
                Cause { code: Some("1003".into()), ..Cause::of(Reason::Answered) }
                    .saying("ticket not\nfound"),
            ),
        };
        let doubtful = FailedRow {
            state: Unfinished::InDoubt,
            attempts: 2,
            cause: Some(Cause::of(Reason::ConnectionBroken)),
            ..refused.clone()
        };
        StatusView {
            job: "import-notes".into(),
            target: "https://api.stringeex.com/v1 (account admin@example.vn)".into(),
            totals: Totals {
                rows: 50_000,
                succeeded: 49_993,
                failed: 6,
                in_doubt: 1,
                ..Totals::default()
            },
            runs: vec![finished, killed],
            failed_rows: vec![refused, doubtful],
            more_failed: 5,
        }
    }

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
    }

    #[test]
    fn a_status_for_a_person() {
        insta::assert_snapshot!(view().text(false, &zone()));
    }

    #[test]
    fn a_status_where_all_is_done_or_nothing_began() {
        let totals = Totals { rows: 320, succeeded: 320, ..Totals::default() };
        let done = StatusView { totals, failed_rows: vec![], more_failed: 0, ..view() };
        let none = StatusView { totals: Totals::default(), runs: vec![], ..done.clone() };
        insta::assert_snapshot!([done, none].map(|view| view.text(false, &zone())).join("\n---\n"));
    }

    #[test]
    fn a_status_for_a_script() {
        insta::assert_json_snapshot!(view().event());
    }
}
