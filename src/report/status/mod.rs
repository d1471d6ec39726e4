//! Where a job stands: what its ledger says, for a person and for a script.
//!
//! One file for each part of what is said; this one puts the parts together.

mod causes;
mod head;
mod moments;
mod nothing;
mod rows;
mod runs;
mod settled;
#[cfg(test)]
mod tests;
mod verified;
mod watched;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::Owed;
use super::ndjson::{counts, event_of_nothing};
use super::paint::Paint;
use super::summary::tally;
use crate::ledger::{InvalidRow, Pulse, SettledRow, Verification};
use crate::row::Totals;
use crate::text::command::CommandLine;
use crate::text::visible::shown;

pub(super) use moments::{moment, rfc3339};
pub(crate) use nothing::{NothingKnown, WhyNothing};
pub(crate) use rows::RowLine;
#[cfg(test)]
pub(super) use runs::ends;
pub(crate) use runs::{MISCOUNTED, RunLine, UNCOUNTED};
pub(super) use settled::settled_json;
pub(super) use verified::{verified_json, verified_words};
pub(crate) use watched::Watched;

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
    /// What that run says of how it goes.
    pub pulse: Option<Pulse>,
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
    /// Rows that were invalid when the last run began, as far as the ledger keeps them.
    pub invalid_rows: Vec<InvalidRow>,
    /// Rows of which a person's word holds.
    pub settled: Vec<SettledRow>,
    /// All that persons have said of rows, whether it still holds or not.
    pub settlements: Vec<SettledRow>,
    /// What was left to be counted.
    pub owed: Owed,
    /// What the last verification came to.
    pub verified: Option<Verification>,
    /// Only rows that are such are told.
    pub chosen: Chosen,
    /// So many rows are told one by one, and so many runs.
    pub most: Most,
    /// Runs before those that are told.
    pub more_runs: u64,
}

/// Which rows are told, where not all are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Chosen {
    /// As they are called on the command line.
    pub states: Vec<&'static str>,
    pub codes: Vec<String>,
    /// The codes that rows have which need a look, whatever was chosen.
    pub known_codes: Vec<String>,
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

/// The closing event of the status of a job that cannot be read.
pub(crate) fn no_status() -> Value {
    event_of_nothing("status", &["job", "rows"])
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
        text.push_str(&self.owed_lines());
        text.push_str(&self.runs_table(zone));
        text.push_str(&self.rows_list(paint));
        text.push_str(&self.nothing_chosen());
        text.push_str(&self.rejects_line());
        text.push_str(&self.settled_list(zone));
        text.push_str(&self.verified_line(zone));
        text
    }

    /// How to see all of what is told in part.
    fn all(&self) -> CommandLine {
        self.plan.of("status").with("verbose")
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
            event.insert("run".into(), json!(run.id));
        }
        if let Some(pulse) = &self.pulse {
            event.insert("process".into(), json!(pulse.process));
            event.insert("host".into(), json!(pulse.host));
            event.insert("waits".into(), json!(pulse.waits));
        }
        if self.counted == Counted::Source {
            let gone =
                counts(&self.gone).into_iter().map(|(name, count)| (name.to_owned(), json!(count)));
            let deleted = ("deleted".to_owned(), json!(self.gone.deleted));
            event.insert("not_in_source".into(), Value::Object(gone.chain([deleted]).collect()));
            event.insert("key_taken".into(), json!(self.taken));
            event.insert("changed".into(), json!(self.totals.changed));
        }
        let runs: Vec<Value> = self.runs.iter().map(RunLine::json).collect();
        let rows: Vec<Value> = self.told_rows().iter().map(RowLine::json).collect();
        event.insert("runs".into(), runs.into());
        event.insert("failed_rows".into(), rows.into());
        event.insert("more_failed".into(), json!(self.more_failed()));
        let causes = causes::Grouped::of(&self.failed_rows, self.told_invalid());
        event.insert("causes".into(), causes.json());
        let invalid = self.told_invalid().iter().map(RowLine::json_of_invalid);
        event.insert("invalid_rows".into(), invalid.collect::<Vec<Value>>().into());
        let settled: Vec<Value> = self.most.of(&self.settled).iter().map(settled_json).collect();
        event.insert("settled_rows".into(), settled.into());
        let all = self.most.of(&self.settlements).iter().map(settled_json);
        event.insert("settlements".into(), all.collect::<Vec<Value>>().into());
        let (twice, uncounted) = self.owed.json();
        event.insert("there_twice".into(), twice);
        event.insert("uncounted_lists".into(), uncounted);
        event.insert("verified".into(), json!(self.verified.as_ref().map(verified_json)));
        Value::Object(event)
    }
}
