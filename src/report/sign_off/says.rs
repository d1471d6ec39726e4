//! The sentences of a report, for all of its forms.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::rejected::{NAMED, RejectedRow};
use super::traffic::{Column, Pause};
use super::{RunLine, Scope, SignOff, mask};
use crate::ledger::Unfinished;
use crate::report::causes::why;
use crate::report::settle;
use crate::report::status::{moment, verified_words};
use crate::report::verify::not_compared_words;
use crate::report::words::{self, counted, number, one_line, rate, rows, span, stamp};
use crate::row::Cause;
use crate::text::code::Code;

/// So many runs, words of persons and invalid rows are told.
pub(super) const RUNS: usize = 40;
pub(super) const SETTLED: usize = 60;
pub(super) const INVALID: usize = 60;
/// So many causes are told.
pub(super) const CAUSES: usize = 30;

/// Why so many rows are not done.
#[derive(Debug, Serialize)]
pub(super) struct CauseSays {
    pub state: &'static str,
    pub word: &'static str,
    pub rows: String,
    pub why: String,
    pub first: String,
}

/// A row that is not done.
#[derive(Debug, Serialize)]
pub(super) struct RowSays {
    pub row: i64,
    pub line: i64,
    pub key: String,
    pub lane: String,
    pub state: &'static str,
    pub attempts: i64,
    pub why: String,
}

/// A row that was invalid.
#[derive(Debug, Serialize)]
pub(super) struct InvalidSays {
    pub row: u64,
    pub line: u64,
    pub column: String,
    pub code: String,
    pub why: String,
}

/// A run.
#[derive(Debug, Serialize)]
pub(super) struct RunSays {
    pub id: i64,
    pub started: String,
    pub took: String,
    pub end: String,
    pub done: String,
    pub failed: String,
    pub in_doubt: String,
    pub requests: String,
}

/// What a person has said.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    pub who: String,
    pub when: String,
    pub what: String,
    pub why: String,
}

impl SignOff {
    pub(super) fn zone(&self) -> TimeZone {
        self.made_at.time_zone().clone()
    }

    pub(super) fn time(&self, milliseconds: i64) -> String {
        moment(milliseconds, &self.zone())
            .map_or_else(|| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
    }

    pub(super) fn target_words(&self) -> String {
        let account = mask(None, &self.target.account);
        words::target(&mask(None, &self.target.base_url), Some(&account), self.is_sandbox)
    }

    /// What the report is about, after the name of the job.
    pub(super) fn scope_words(&self) -> String {
        match self.scope {
            Scope::Run(run) => format!("run {run}, as it ended"),
            Scope::Job => match self.runs.len() {
                0 => "no run yet".to_owned(),
                some => format!("all of {}", counted(some as u64, "run")),
            },
        }
    }

    pub(super) fn made_words(&self) -> String {
        format!("{} by noteferry {}", stamp(&self.made_at), env!("CARGO_PKG_VERSION"))
    }

    /// What whoever reads the report has to bear in mind.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.is_sandbox {
            remarks.push(
                "This was a rehearsal in a sandbox: nothing of it is at the real address."
                    .to_owned(),
            );
        }
        if let Some(who) = &self.running {
            let who = match one_line(who).as_str() {
                "" => String::new(),
                some => format!(" ({some})"),
            };
            remarks.push(format!(
                "A run is under way{who}: make the report anew when it is over, for its numbers are of a moment."
            ));
        }
        if let Some(open) = self.open_run()
            && self.running.is_none()
        {
            remarks.push(format!(
                "Run {} has no end: it was killed. The next run settles what it left.",
                open.id
            ));
        }
        remarks.extend(self.owed.sentences());
        remarks.extend(self.sources());
        if self.masked {
            remarks
                .push("Texts and keys are masked; persons, tickets and codes are not.".to_owned());
        }
        remarks
    }

    /// What the rows came from, and rows that came back.
    fn sources(&self) -> Vec<String> {
        let whole = self.runs.iter().find(|run| Some(run.id) == self.whole);
        let whole = whole.or_else(|| self.runs.first().filter(|_| self.scope != Scope::Job));
        let mut says = Vec::new();
        if let Some(source) = whole.and_then(|run| run.source.as_ref()) {
            says.push(format!("The rows are of {}.", mask(None, &source.name)));
        }
        let came_back = |run: &&RunLine| run.source.as_ref().is_some_and(|source| source.came_back);
        for run in self.runs.iter().rev().filter(came_back).take(RUNS) {
            let Some(source) = &run.source else { continue };
            says.push(format!(
                "{} came back corrected for run {}, in {}.",
                rows(source.rows),
                run.id,
                mask(None, &source.name)
            ));
        }
        says
    }

    /// What the last verification came to, as sentences; the first says that there was none.
    pub(super) fn verification(&self) -> Vec<String> {
        let Some(found) = &self.verified else {
            return vec![
                "Nobody has read back what was sent. `noteferry verify` does, and compares each row."
                    .to_owned(),
            ];
        };
        let sample = match &found.sample {
            Some(sample) => format!(", a sample ({})", one_line(sample)),
            None => String::new(),
        };
        let said = verified_words(found);
        let mut says = vec![
            format!(
                "Read back on {} by {}{sample}: {said}.",
                self.time(found.ended_at),
                mask(None, &found.by)
            ),
            format!(
                "{} of {} were read, in {}; {} on them that no row has made.",
                number(found.lists_read),
                counted(found.lists, "list"),
                counted(found.requests, "request"),
                counted(found.strange, &one_line(&self.item)),
            ),
        ];
        says.extend(not_compared_words(&found.found));
        if self.sent_since_verified() {
            says.push("Runs have sent something since: verify again before you sign.".to_owned());
        }
        says
    }

    pub(super) fn approvals(&self) -> Vec<Said> {
        let runs = self.runs.iter().filter(|run| !run.mandate.is_empty()).take(RUNS);
        let said = runs.map(|run| {
            let plan = run.mandate.plan.map(|plan| format!(" of the saved plan {}", plan.short()));
            let approval = run.mandate.approval.as_ref();
            Said {
                who: approval
                    .map_or_else(|| "nobody is named".to_owned(), |one| mask(None, &one.by)),
                when: self.time(run.started_at),
                what: format!("approved run {}{}", run.id, plan.unwrap_or_default()),
                why: approval
                    .and_then(|one| one.comment.as_deref())
                    .map(|comment| mask(None, comment))
                    .unwrap_or_default(),
            }
        });
        said.collect()
    }

    pub(super) fn settlements(&self) -> Vec<Said> {
        let said = self.settled.iter().take(SETTLED).map(|row| Said {
            who: mask(None, &row.by),
            when: self.time(row.at),
            what: format!(
                "row {} (line {}, key {}): {}",
                row.place.row,
                row.place.line,
                mask(None, &row.key),
                settle::words(&row.said)
            ),
            why: row.comment.as_deref().map(|comment| mask(None, comment)).unwrap_or_default(),
        });
        said.collect()
    }

    pub(super) fn causes(&self) -> Vec<CauseSays> {
        let causes = self.rejected.causes().into_iter().take(CAUSES);
        let says = causes.map(|one| CauseSays {
            state: state_words(one.state),
            word: one.state.word(),
            rows: number(one.rows),
            why: cause_words(one.cause.as_ref()),
            first: format!("row {}", one.first),
        });
        says.collect()
    }

    /// What is not among the causes.
    pub(super) fn more_causes(&self) -> Option<String> {
        let told = self.rejected.causes();
        let more: u64 = told.iter().skip(CAUSES).map(|one| one.rows).sum();
        let more = more + self.rejected.other_causes;
        (more > 0).then(|| format!("and {} for other reasons", rows(more)))
    }

    pub(super) fn rejected_rows(&self) -> Vec<RowSays> {
        let says = |row: &RejectedRow| RowSays {
            row: row.row,
            line: row.line,
            key: row.key.clone(),
            lane: row.lane.clone(),
            state: state_words(row.state),
            attempts: row.attempts,
            why: cause_words(row.cause.as_ref()),
        };
        self.rejected.first().map(says).collect()
    }

    pub(super) fn more_rejected(&self) -> Option<String> {
        let more = self.rejected.more();
        (more > 0).then(|| {
            format!(
                "The first {} by their place in the source; {} more: `noteferry rejects` writes out all.",
                number(NAMED as u64),
                number(more)
            )
        })
    }

    pub(super) fn invalid_rows(&self) -> Vec<InvalidSays> {
        let says = self.invalid.iter().take(INVALID).map(|row| {
            let summary = Code::all().find(|code| code.word() == row.code);
            InvalidSays {
                row: row.place.row,
                line: row.place.line,
                column: row.column.as_deref().map(|name| mask(None, name)).unwrap_or_default(),
                code: mask(None, &row.code),
                why: match row.message.as_str() {
                    "" => summary.map(|code| code.summary().to_owned()).unwrap_or_default(),
                    message => mask(None, message),
                },
            }
        });
        says.collect()
    }

    pub(super) fn more_invalid(&self) -> Option<String> {
        let all = self.count("invalid").max(self.invalid.len() as u64);
        let more = all.saturating_sub(self.invalid.len().min(INVALID) as u64);
        (more > 0 && !self.invalid.is_empty())
            .then(|| format!("and {} that are invalid: `noteferry check` names all.", rows(more)))
    }

    pub(super) fn run_lines(&self) -> Vec<RunSays> {
        let says = self.runs.iter().take(RUNS).map(|run| RunSays {
            id: run.id,
            started: self.time(run.started_at),
            took: run.took().map_or_else(|| "–".to_owned(), span),
            end: run.end(),
            done: number(run.succeeded),
            failed: number(run.failed),
            in_doubt: number(run.in_doubt),
            requests: number(run.requests),
        });
        says.collect()
    }

    pub(super) fn more_runs(&self) -> Option<String> {
        let more = self.runs.len().saturating_sub(RUNS) as u64;
        (more > 0).then(|| format!("and {}", counted(more, "earlier run")))
    }

    /// How much was sent, how often again, and how fast answers came.
    pub(super) fn sending(&self) -> Vec<String> {
        let all = &self.traffic.all;
        if all.requests == 0 {
            return vec!["No request of a row has left.".to_owned()];
        }
        let kinds = [
            (all.succeeded, "succeeded"),
            (all.refused, "refused"),
            (all.deferred, "surely did nothing"),
            (all.lost, "without an answer that says what became of them"),
            (all.settled, "settled by a person"),
        ];
        let kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
        let kinds: Vec<String> =
            kinds.map(|(count, says)| format!("{} {says}", number(count))).collect();
        let mut says =
            vec![format!("{} for rows: {}.", counted(all.requests, "request"), kinds.join(", "))];
        let turns = ["one request", "two", "three", "four", "five or more"];
        let by_turns = self.traffic.turns.iter().zip(turns).filter(|(rows, _)| **rows > 0);
        let by_turns: Vec<String> =
            by_turns.map(|(rows, turns)| format!("{} took {turns}", number(*rows))).collect();
        if !by_turns.is_empty() {
            says.push(format!("Of the rows {}.", by_turns.join(", ")));
        }
        if self.traffic.pushed_back > 0 {
            says.push(format!(
                "The server asked {} to be asked later (429).",
                counted(self.traffic.pushed_back, "time")
            ));
        }
        says
    }

    pub(super) fn latency(&self) -> Option<String> {
        let found = &self.traffic.all.latencies;
        let at = |percent| found.percentile(percent).map(milliseconds).unwrap_or_default();
        Some(format!(
            "Of {}, half took {} at the most, 95 of 100 {}, 99 of 100 {}; the longest {}.",
            counted(found.count(), "answer"),
            at(50),
            at(95),
            at(99),
            milliseconds(found.longest()?)
        ))
    }

    /// The quotas, and how much of them was used at the most.
    pub(super) fn quota_words(&self, width: i64, columns: &[Column]) -> Option<String> {
        if self.quotas.is_empty() {
            return None;
        }
        let quotas: Vec<String> = self.quotas.iter().map(ToString::to_string).collect();
        let most = columns.iter().map(|column| column.slot.requests).max()?;
        let fastest = most as f64 * 1000.0 / width.max(1) as f64;
        let allowed = self.quotas.iter().map(crate::text::quota::Quota::per_second);
        let allowed = allowed.fold(f64::INFINITY, f64::min);
        Some(
            format!(
                "The job's quota, as it says now: {}, which is {} in the long run. The most requests in {}: {} ({}).",
                quotas.join(" and "),
                rate(allowed),
                span(Duration::from_millis(u64::try_from(width).unwrap_or_default())),
                number(most),
                rate(fastest),
            ) + match fastest > allowed {
                true => {
                    " More at once than in the long run is what a quota of a longer time allows."
                }
                false => "",
            },
        )
    }

    pub(super) fn pause_words(&self) -> Vec<String> {
        let says = |pause: &Pause| {
            let lasted = Duration::from_millis(u64::try_from(pause.lasted).unwrap_or_default());
            format!(
                "run {} sent nothing for about {} from {} on",
                pause.run,
                span(lasted),
                moment(pause.from, &self.zone())
                    .map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
            )
        };
        self.traffic.pauses().iter().map(says).collect()
    }

    pub(super) fn slow_lanes(&self) -> Vec<(String, String, String)> {
        let lanes = self.traffic.slowest().into_iter();
        let says = lanes.map(|slow| {
            (mask(None, &slow.lane), milliseconds(slow.longest), format!("row {}", slow.row))
        });
        says.collect()
    }

    pub(super) fn undrawn(&self) -> Option<String> {
        let more = self.traffic.undrawn as u64;
        (more > 0).then(|| format!("{} before these are not drawn.", counted(more, "run")))
    }

    /// What the ledger cannot say.
    pub(super) fn limits(&self) -> &'static str {
        "All of this is from the ledger. What only the source knows is not here: rows that the job leaves out or that repeat \
         others, and rows that were added since the last run. `noteferry status` reads the source, and `noteferry verify` the other \
         side."
    }
}

pub(super) fn state_words(state: Unfinished) -> &'static str {
    match state {
        Unfinished::Failed => "failed",
        Unfinished::InDoubt => "in doubt",
    }
}

pub(super) fn cause_words(cause: Option<&Cause>) -> String {
    match cause {
        None => "no answer, and nothing else is known".to_owned(),
        Some(cause) => mask(None, &why(cause.code.as_deref(), Some(cause))),
    }
}

/// `120 ms`, `1.4 s`, and minutes in words.
pub(super) fn milliseconds(value: u64) -> String {
    match value {
        0 => "less than 1 ms".to_owned(),
        1..1_000 => format!("{value} ms"),
        1_000..60_000 => format!("{}.{} s", value / 1_000, value % 1_000 / 100),
        _ => span(Duration::from_millis(value)),
    }
}
