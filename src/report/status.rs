//! Where a job stands: what its ledger says, for a person and for a script.

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value, json};

use super::Causes;
use super::causes::why;
use super::ndjson::{counts, event_of_nothing};
use super::paint::Paint;
use super::settle;
use super::summary::tally;
use super::verify::findings_words;
use super::words;
use super::words::{about, cause, counted, number, one_line, rate, rows, rows_are, span};
use crate::event::RowEnd;
use crate::ledger::{FailedRow, Mandate, RunRecord, SETTLED, SettledRow, Unfinished, Verification};
use crate::report::exit;
use crate::row::Totals;
use crate::text::command::CommandLine;
use crate::text::visible::shown;

/// Where a job stands.
#[derive(Debug, Clone)]
pub(crate) struct StatusView {
    /// The job's name.
    pub job: String,
    /// Base URL and account.
    pub target: String,
    pub counted: Counted,
    /// The requests are not told: they are those of the runs. Rows under way are in none of the counts but `rows`.
    pub totals: Totals,
    pub under_way: u64,
    /// The run that holds the job at this moment, as it says itself; it may say nothing.
    pub running: Option<String>,
    /// Unix milliseconds.
    pub now: i64,
    /// Rows that the ledger knows and the source does not have.
    pub gone: Totals,
    /// The newest first.
    pub runs: Vec<RunLine>,
    /// Among the invalid rows: those whose keys are those of other rows that are done. No run sends them.
    pub taken: u64,
    /// How the requests of this target are planned: for the advice.
    pub plan: CommandLine,
    /// The first rows that are not done and need a look.
    pub failed_rows: Vec<RowLine>,
    /// How many more of them there are.
    pub more_failed: u64,
    /// Rows of which a person's word holds.
    pub settled: Vec<SettledRow>,
    /// What the last verification came to.
    pub verified: Option<Verification>,
    /// So many rows are told one by one, and so many runs.
    pub most: Most,
    /// Runs before those that are told.
    pub more_runs: u64,
}

/// How much is told one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Most {
    First(usize),
    All,
}

impl Most {
    fn of<T>(self, all: &[T]) -> &[T] {
        match self {
            Self::First(most) => &all[..all.len().min(most)],
            Self::All => all,
        }
    }
}

/// Which rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Those that the source has now.
    Source,
    /// Those that the ledger knows, since there is no source to ask.
    Ledger,
}

/// A row that needs a look.
#[derive(Debug, Clone)]
pub(crate) struct RowLine {
    pub row: FailedRow,
    /// Its request is under way, so it is not in doubt.
    pub under_way: bool,
    /// The source does not have it.
    pub gone: bool,
}

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
            invalid: run.totals.invalid,
            succeeded: run.totals.succeeded,
            failed: run.totals.failed,
            in_doubt: run.totals.in_doubt,
            not_started: run.totals.not_started,
            requests: run.totals.requests,
        }
    }
}

/// A place in which a ledger knows nothing of what was asked for.
#[derive(Debug, Clone)]
pub(crate) struct NothingKnown {
    pub ledger: PathBuf,
    pub why: WhyNothing,
    /// The job that was asked for.
    pub job: Option<String>,
    /// Where the rows of its source stand; none where they cannot be told.
    pub rows: Option<Totals>,
}

/// The closing event of the status of a job that cannot be read.
pub(crate) fn no_status() -> Value {
    event_of_nothing("status", &["job", "rows"])
}

/// Why nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhyNothing {
    NoLedger,
    EmptyFile,
    UnknownJob,
}

impl NothingKnown {
    pub(crate) fn text(&self) -> String {
        let ledger = self.ledger.display();
        let about = self
            .job
            .as_ref()
            .map_or_else(|| "any job".to_owned(), |job| format!("the job `{job}`"));
        let text = match self.why {
            WhyNothing::NoLedger => {
                format!("There is no ledger at {ledger} yet: nothing was recorded.")
            }
            WhyNothing::EmptyFile => {
                format!("The ledger {ledger} is empty: nothing was recorded, or all of it is lost.")
            }
            WhyNothing::UnknownJob => {
                format!("The ledger {ledger} knows nothing of {about} yet: nothing was recorded.")
            }
        };
        match &self.rows {
            Some(Totals { rows: all, invalid: 0, .. }) => {
                format!("{text}\nThe source has {}.", rows(*all))
            }
            Some(Totals { rows: all, invalid, .. }) => {
                format!(
                    "{text}\nThe source has {}, {} of them invalid.",
                    rows(*all),
                    number(*invalid)
                )
            }
            None => text,
        }
    }

    /// For a script: the `status` event. Of rows that cannot be told there is no count.
    pub(crate) fn event(&self) -> Value {
        let mut event = Map::new();
        event.insert("event".into(), "status".into());
        event.insert("job".into(), json!(self.job));
        match &self.rows {
            Some(totals) => {
                event.insert("counted".into(), Counted::Source.word().into());
                for (name, count) in counts(totals) {
                    event.insert(name.into(), json!(count));
                }
                event.insert("under_way".into(), json!(0));
            }
            None => {
                event.insert("rows".into(), json!(0));
            }
        }
        let ledger = match self.why {
            WhyNothing::NoLedger => "missing",
            WhyNothing::EmptyFile => "empty",
            WhyNothing::UnknownJob => "without-the-job",
        };
        event.insert("ledger".into(), ledger.into());
        Value::Object(event)
    }
}

impl Counted {
    /// The word in the output.
    fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Ledger => "ledger",
        }
    }
}

impl StatusView {
    /// For a person: several lines, times in `zone`.
    pub(crate) fn text(&self, color: bool, zone: &TimeZone) -> String {
        let paint = Paint(color);
        let mut text = format!("{} to {}\n", paint.bold(&shown(&self.job)), shown(&self.target));
        text.push_str(&self.running());
        text.push_str(&self.standing());
        text.push('\n');
        text.push_str(&tally(&self.totals, self.under_way, paint));
        text.push_str(&self.passed_over());
        text.push_str(&self.behind_doubts());
        text.push_str(&self.gone());
        text.push_str(&self.runs_table(zone));
        text.push_str(&self.rows_list(paint));
        text.push_str(&self.settled_list(zone));
        text.push_str(&self.verified(zone));
        text
    }

    /// What the last verification came to, and whether something was done since.
    fn verified(&self, zone: &TimeZone) -> String {
        let Some(found) = &self.verified else { return String::new() };
        let when = moment(found.ended_at, zone)
            .map(|when| format!(" on {}", when.strftime("%Y-%m-%d %H:%M")))
            .unwrap_or_default();
        let sample = match &found.sample {
            Some(_) => format!(", a sample of {}", counted(found.lists, "list")),
            None => String::new(),
        };
        let said = match (found.exit, found.rows - found.right.min(found.rows)) {
            (exit::DONE, _) => format!("all of {} were right", rows(found.rows)),
            (exit::DIFFERENT, 0) => {
                format!("{} were right, and some were in doubt", rows(found.rows))
            }
            (exit::DIFFERENT, wrong) => format!(
                "{} of {} were not as sent: {}",
                number(wrong),
                rows(found.rows),
                findings_words(&found.found)
            ),
            _ => format!(
                "not to the end, {} of {}",
                number(found.lists_read),
                counted(found.lists, "list")
            ),
        };
        let is_later = |run: &RunLine| run.started_at > found.began_at && run.requests > 0;
        let since = match self.runs.iter().any(is_later) {
            true => " Runs have sent something since.",
            false => "",
        };
        format!("\nVerified{when} by {}{sample}: {said}.{since}\n", one_line(&found.by))
    }

    fn running(&self) -> String {
        match self.running.as_deref() {
            None => String::new(),
            Some("") => format!("A run is under way.\n{}", self.pace()),
            Some(holder) => format!("A run is under way: {}.\n{}", one_line(holder), self.pace()),
        }
    }

    /// The run under way, for how long it has been, and how much it has sent.
    fn under_way_run(&self) -> Option<(&RunLine, Duration)> {
        let run = self.runs.first().filter(|run| run.under_way)?;
        let elapsed = u64::try_from(self.now.saturating_sub(run.started_at)).ok()?;
        Some((run, Duration::from_millis(elapsed)))
    }

    /// Requests a second so far, and how long the rest takes at that pace; none while the run is too young to tell.
    fn estimate(&self) -> Option<(f64, Option<Duration>)> {
        let (run, elapsed) = self.under_way_run()?;
        let seconds = elapsed.as_secs_f64();
        if seconds < 1.0 {
            return None;
        }
        let done = run.succeeded + run.failed;
        let left = self.totals.not_started + self.under_way;
        // Rows of a run are far below 2^53.
        let time =
            (done > 0).then(|| Duration::try_from_secs_f64(left as f64 * seconds / done as f64));
        Some((run.requests as f64 / seconds, time.and_then(Result::ok)))
    }

    /// `It has sent 1,234 requests in 8 min 12 s, 2.5/s; the rest takes about 5 h 20 min.`
    fn pace(&self) -> String {
        let Some((run, elapsed)) = self.under_way_run() else { return String::new() };
        let mut text =
            format!("It has sent {} in {}", counted(run.requests, "request"), span(elapsed));
        if let Some((per_second, left)) = self.estimate() {
            text.push_str(&format!(", {}", rate(per_second)));
            let rest = left.map(|left| format!("; the rest takes {} at this pace", about(left)));
            text.push_str(&rest.unwrap_or_default());
        }
        text.push_str(".\n");
        text
    }

    fn standing(&self) -> String {
        let done = self.totals.succeeded + self.totals.already_done;
        match (self.counted, self.totals.rows) {
            (Counted::Source, 0) => "The source has no rows.\n".into(),
            (Counted::Source, all) if all == done => {
                format!("Everything is done: {} of {}.\n", number(done), rows(all))
            }
            (Counted::Source, all) if all == done + self.totals.left_out() => format!(
                "Everything that the job wants is done: {} of {}.\n",
                number(done),
                rows(all)
            ),
            (Counted::Source, all) => format!("{} of {} done.\n", number(done), rows_are(all)),
            (Counted::Ledger, 0) => "The ledger knows no row yet.\n".into(),
            (Counted::Ledger, all) => {
                let (are, all) = (if all == 1 { "is" } else { "are" }, rows(all));
                format!(
                    "{} of {all} that the ledger knows {are} done; the source was not counted.\n",
                    number(done)
                )
            }
        }
    }

    /// Rows that no run sends, whatever it is asked.
    fn passed_over(&self) -> String {
        let (taken, changed) = (self.taken, self.totals.changed);
        let mut text = String::new();
        if taken > 0 {
            text.push_str(&format!(
                "\n{} not sent, and no run sends {}: {} of another row that is done. Which, and what to do, says: {}\n",
                rows_are(taken),
                if taken == 1 { "it" } else { "them" },
                if taken == 1 { "its key is that" } else { "their keys are each that" },
                self.plan,
            ));
        }
        if changed > 0 {
            let (have, are) = if changed == 1 { ("has", "it is") } else { ("have", "they are") };
            text.push_str(&format!(
                "\n{} done and {have} changed since; {are} not sent again. Which, and what to do, says: {}\n",
                rows_are(changed),
                self.plan,
            ));
        }
        text
    }

    /// Why a run may leave rows where they are though it comes to its end.
    fn behind_doubts(&self) -> String {
        if self.totals.in_doubt == 0 || self.totals.not_started == 0 || self.running.is_some() {
            return String::new();
        }
        format!(
            "\nRows that are not started may stand behind rows in doubt (of the same ticket, say), which nothing overtakes: \
             they go once those are settled. Which, and what to do, says: {}\n",
            self.plan
        )
    }

    /// `The ledger also knows 20 rows that the source does not have: 19 succeeded, 1 failed.`
    fn gone(&self) -> String {
        if self.gone.rows == 0 {
            return String::new();
        }
        let parts = [
            (self.gone.succeeded, "succeeded"),
            (self.gone.failed, "failed"),
            (self.gone.in_doubt, "in doubt"),
            (self.gone.not_started, "not started"),
            (self.gone.dismissed, "dismissed"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> =
            parts.map(|(count, word)| format!("{} {word}", number(count))).collect();
        format!(
            "\nThe ledger also knows {} that the source does not have: {}.\n",
            rows(self.gone.rows),
            parts.join(", ")
        )
    }

    fn runs_table(&self, zone: &TimeZone) -> String {
        if self.runs.is_empty() {
            return "\nThere was no run yet.\n".into();
        }
        let head = ["run", "started", "took", "end", "done", "failed", "in doubt", "requests"];
        let mut table = vec![head.map(str::to_owned)];
        table.extend(self.runs.iter().map(|run| run.cells(zone, self.now)));
        let mut text = format!("\n{}", aligned(&table));
        if self.more_runs > 0 {
            let more = counted(self.more_runs, "earlier run");
            text.push_str(&format!("  … and {more}: {}\n", self.all()));
        }
        for run in &self.runs {
            if let Some(words) = words::mandate(&run.mandate) {
                text.push_str(&format!("  run {} was {words}\n", run.id));
            }
        }
        text
    }

    fn rows_list(&self, paint: Paint) -> String {
        let mut text = String::new();
        if self.more_failed() > 0 {
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
        text
    }

    /// Who has settled which rows, and how.
    fn settled_list(&self, zone: &TimeZone) -> String {
        let told = self.most.of(&self.settled);
        let mut text = String::new();
        for (at, row) in told.iter().enumerate() {
            text.push_str(if at == 0 { "\nSettled by a person:\n" } else { "" });
            let when = moment(row.at, zone)
                .map(|when| format!(" on {}", when.strftime("%Y-%m-%d %H:%M")))
                .unwrap_or_default();
            let why = row.comment.as_ref().map(|why| format!(": {}", one_line(why)));
            text.push_str(&format!(
                "  row {} (key {}): {}, says {}{when}{}\n",
                row.place.row,
                shown(&row.key),
                settle::words(&row.said),
                shown(&row.by),
                why.unwrap_or_default()
            ));
        }
        if told.len() < self.settled.len() {
            let more = counted((self.settled.len() - told.len()) as u64, "more row");
            text.push_str(&format!("  … and {more}: {}\n", self.all()));
        }
        text
    }

    /// How to see all of what is told in part.
    fn all(&self) -> CommandLine {
        self.plan.of("status").with("verbose")
    }

    fn told_rows(&self) -> &[RowLine] {
        self.most.of(&self.failed_rows)
    }

    /// Rows that need a look and are not told one by one.
    fn more_failed(&self) -> u64 {
        let untold = self.failed_rows.len() - self.told_rows().len();
        self.more_failed + untold as u64
    }

    /// Why rows need a look, each cause once with its count: where there are too many to be told one by one.
    fn causes(&self) -> String {
        let mut causes = Causes::default();
        for line in self.failed_rows.iter().filter(|line| !line.under_way) {
            let end = match line.row.state {
                Unfinished::InDoubt => RowEnd::InDoubt,
                Unfinished::Failed => RowEnd::Failed,
            };
            causes.count(end, line.why(), || line.place());
        }
        let of = match self.more_failed {
            0 => String::new(),
            _ => format!(", of the first {}", rows(self.failed_rows.len() as u64)),
        };
        format!("\nWhy rows did not succeed{of}:\n{}", causes.text())
    }

    /// For a script: the `status` event. Times are RFC 3339 in UTC.
    pub(crate) fn event(&self) -> Value {
        let mut event = Map::new();
        event.insert("event".into(), "status".into());
        event.insert("job".into(), json!(self.job));
        event.insert("target".into(), json!(self.target));
        event.insert("counted".into(), self.counted.word().into());
        for (name, count) in counts(&self.totals) {
            event.insert(name.into(), json!(count));
        }
        event.insert("under_way".into(), json!(self.under_way));
        event.insert("running".into(), json!(self.running));
        if let Some((run, elapsed)) = self.under_way_run() {
            let estimate = self.estimate();
            let left = estimate.and_then(|(_, left)| left).map(|left| left.as_secs());
            event.insert("sent".into(), json!(run.requests));
            event.insert("elapsed_seconds".into(), json!(elapsed.as_secs()));
            event.insert("requests_per_second".into(), json!(estimate.map(|(rate, _)| rate)));
            event.insert("seconds_left".into(), json!(left));
        }
        if self.counted == Counted::Source {
            let gone =
                counts(&self.gone).into_iter().map(|(name, count)| (name.to_owned(), json!(count)));
            event.insert("not_in_source".into(), Value::Object(gone.collect()));
            event.insert("key_taken".into(), json!(self.taken));
            event.insert("changed".into(), json!(self.totals.changed));
        }
        let runs: Vec<Value> = self.runs.iter().map(RunLine::json).collect();
        let rows: Vec<Value> = self.told_rows().iter().map(RowLine::json).collect();
        event.insert("runs".into(), runs.into());
        event.insert("failed_rows".into(), rows.into());
        event.insert("more_failed".into(), json!(self.more_failed()));
        let settled: Vec<Value> = self.most.of(&self.settled).iter().map(settled_json).collect();
        event.insert("settled_rows".into(), settled.into());
        event.insert("verified".into(), json!(self.verified.as_ref().map(verified_json)));
        Value::Object(event)
    }
}

impl RunLine {
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

    fn took(&self) -> Option<Duration> {
        let milliseconds = self.ended_at?.checked_sub(self.started_at)?;
        u64::try_from(milliseconds).ok().map(Duration::from_millis)
    }

    fn end(&self) -> String {
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

    fn json(&self) -> Value {
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
        }
        event
    }
}

fn verified_json(found: &Verification) -> Value {
    let by_kind: Map<String, Value> =
        found.found.iter().map(|(kind, rows)| (kind.clone(), json!(rows))).collect();
    json!({
        "began_at": rfc3339(found.began_at),
        "ended_at": rfc3339(found.ended_at),
        "by": found.by,
        "sample": found.sample,
        "lists": found.lists,
        "lists_read": found.lists_read,
        "rows": found.rows,
        "there": found.right,
        "found": by_kind,
        "strange": found.strange,
        "requests": found.requests,
        "exit": found.exit,
    })
}

fn settled_json(row: &SettledRow) -> Value {
    json!({
        "row": row.place.row,
        "line": row.place.line,
        "key": row.key,
        "lane": row.lane,
        "settled": settle::word(&row.said),
        "remote_id": row.said.id(),
        "by": row.by,
        "at": rfc3339(row.at),
        "why": row.comment,
        "run": row.run,
    })
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

    fn json(&self) -> Value {
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

/// Why a run does not count as well although it came to its end: something is there twice.
pub(crate) const MISCOUNTED: &str = "miscounted";
/// Why the next run counts once more what one that came to its end has settled: whether all is there once could not be told.
pub(crate) const UNCOUNTED: &str = "uncounted";

/// All words that a run's end may have in the table of runs, and those for a ledger that knows nothing.
#[cfg(test)]
pub(super) fn ends() -> Vec<String> {
    let run = RunLine {
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
    use crate::row::{Cause, Reason, RowId};
    use crate::text::place::RowPlace;

    fn view() -> StatusView {
        let killed = RunLine {
            mandate: Mandate::default(),
            id: 1,
            started_at: 1_795_358_400_000,
            ended_at: None,
            under_way: false,
            exit: None,
            reason: None,
            invalid: 0,
            succeeded: 1_230,
            failed: 4,
            in_doubt: 0,
            not_started: 0,
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
            id: RowId(1),
            place: RowPlace::of(1_200, 1_204),
            key: "L-1200".into(),
            lane: "ticket tk_12".into(),
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
            verified: None,
            job: "import-notes".into(),
            target: "https://api.stringeex.com/v1 (account admin@example.vn)".into(),
            totals: Totals {
                rows: 50_000,
                succeeded: 49_993,
                failed: 6,
                in_doubt: 1,
                ..Totals::default()
            },
            counted: Counted::Source,
            under_way: 0,
            running: None,
            now: 1_795_358_700_000,
            gone: Totals::default(),
            runs: vec![finished, killed],
            failed_rows: [refused, doubtful]
                .map(|row| RowLine { row, under_way: false, gone: false })
                .to_vec(),
            more_failed: 5,
            settled: vec![],
            taken: 0,
            plan: CommandLine::new("plan", Some("jobs/import-notes.yaml")),
            most: Most::First(20),
            more_runs: 0,
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
    fn a_run_under_way_is_told_with_its_pace_and_how_one_ended_with_why() {
        let [finished, killed] = &view().runs[..] else { unreachable!() };
        let under_way = RunLine { id: 3, under_way: true, in_doubt: 0, ..killed.clone() };
        let stopped = RunLine {
            exit: Some(exit::STOPPED),
            reason: Some("unauthorized".into()),
            ..finished.clone()
        };
        let invalid =
            RunLine { exit: Some(exit::FAILED), failed: 0, invalid: 3, ..finished.clone() };
        let totals = Totals { succeeded: 1_230, failed: 4, not_started: 48_758, ..view().totals };
        let running = StatusView {
            running: Some("process 4711 since 2026-11-22 21:40:00".into()),
            totals: Totals { in_doubt: 0, ..totals },
            under_way: 8,
            runs: vec![under_way, stopped, invalid, killed.clone()],
            failed_rows: vec![],
            more_failed: 0,
            settled: vec![],
            ..view()
        };
        insta::assert_snapshot!(running.text(false, &zone()));
        let event = running.event();
        assert_eq!((&event["sent"], &event["elapsed_seconds"]), (&1_240.into(), &300.into()));
        assert_eq!(event["runs"][1]["reason"], "unauthorized");
    }

    #[test]
    fn a_status_for_a_script() {
        insta::assert_json_snapshot!(view().event());
    }
}
