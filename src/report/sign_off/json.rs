//! A report for a script: everything that a page says, as values. Names are a promise; some may be added.

use serde_json::{Map, Value, json};

use super::rejected::RejectedRow;
use super::says::cause_words;
use super::traffic::Column;
use super::{Scope, SignOff, SignOffForm, mask};
use crate::report::ndjson::event_of_nothing;
use crate::report::status::{rfc3339, settled_json, verified_json};

/// So many columns of time are told.
const COLUMNS: usize = 120;

/// The closing event where there is nothing to report.
pub(crate) fn no_report() -> Value {
    event_of_nothing("report", &["job", "rows"])
}

impl SignOff {
    /// Laid out for a file.
    pub(super) fn pretty(&self) -> String {
        let text = serde_json::to_string_pretty(&self.event()).unwrap_or_default();
        debug_assert!(text.starts_with(SignOffForm::Json.begins()));
        format!("{text}\n")
    }

    /// All of it as one event.
    pub(crate) fn event(&self) -> Value {
        let mut event = Map::new();
        let mut put = |name: &str, value: Value| drop(event.insert(name.to_owned(), value));
        put("event", json!("report"));
        put("job", json!(self.job));
        put("target", json!(self.target.base_url));
        put("account", json!(self.target.account));
        put("sandbox", json!(self.is_sandbox));
        put(
            "run",
            json!(match self.scope {
                Scope::Job => None,
                Scope::Run(run) => Some(run),
            }),
        );
        put("made_at", json!(self.made_at.timestamp().to_string()));
        put("masked", json!(self.masked));
        put("under_way", json!(self.running.is_some()));
        put("rows", json!(self.rows()));
        self.equation().iter().for_each(|line| put(line.word, json!(line.rows)));
        if !self.has_filter {
            put("filtered", Value::Null);
        }
        put("causes", json!(self.causes_json()));
        put("verified", json!(self.verified.as_ref().map(verified_json)));
        put("sent_since_verified", json!(self.verified.is_some() && self.sent_since_verified()));
        let (twice, uncounted) = self.owed.json();
        put("there_twice", twice);
        put("uncounted_lists", uncounted);
        let settled = self.settled.iter().take(super::says::SETTLED);
        put("settled", json!(settled.map(settled_json).collect::<Vec<_>>()));
        put("settled_rows", json!(self.settled.len()));
        let runs = self.runs.iter().take(super::says::RUNS);
        put("runs", json!(runs.map(super::RunLine::json).collect::<Vec<_>>()));
        put("all_runs", json!(self.runs.len()));
        let quotas: Vec<String> = self.quotas.iter().map(ToString::to_string).collect();
        put("quotas", json!(quotas));
        put("requests", json!(self.traffic.all.requests));
        put("sending", self.sending_json());
        let rejected: Vec<Value> = self.rejected.first().map(rejected_json).collect();
        put("rejected", json!(rejected));
        put("more_rejected", json!(self.rejected.more()));
        let invalid: Vec<Value> = self
            .invalid_rows()
            .iter()
            .map(|row| json!({
                "row": row.row, "line": row.line, "column": row.column, "code": row.code, "message": row.why,
            }))
            .collect();
        put("invalid_rows", json!(invalid));
        Value::Object(event)
    }

    fn causes_json(&self) -> Vec<Value> {
        let causes = self.rejected.causes().into_iter().take(super::says::CAUSES);
        let json = causes.map(|one| json!({
            "state": one.state.word(),
            "rows": one.rows,
            "code": one.cause.as_ref().and_then(|cause| cause.code.as_deref()).map(|code| mask(None, code)),
            "reason": one.cause.as_ref().map(|cause| cause.reason.word()),
            "status": one.cause.as_ref().and_then(|cause| cause.status),
            "message": cause_words(one.cause.as_ref()),
            "first_row": one.first,
        }));
        json.collect()
    }

    fn sending_json(&self) -> Value {
        let all = &self.traffic.all;
        let (width, columns) = self.traffic.columns(COLUMNS);
        let times: Vec<Value> = columns.iter().map(column_json).collect();
        let pauses = self.traffic.pauses().into_iter().map(|pause| json!({
            "run": pause.run, "from": rfc3339(pause.from), "seconds": pause.lasted as f64 / 1000.0,
        }));
        let slowest = self.traffic.slowest().into_iter().map(|slow| {
            json!({
                "lane": mask(None, &slow.lane), "ms": slow.longest, "row": slow.row,
            })
        });
        json!({
            "succeeded": all.succeeded,
            "refused": all.refused,
            "did_nothing": all.deferred,
            "no_answer": all.lost,
            "settled": all.settled,
            "not_the_first": all.again,
            "asked_to_wait": self.traffic.pushed_back,
            "ms": {
                "p50": all.latencies.percentile(50),
                "p95": all.latencies.percentile(95),
                "p99": all.latencies.percentile(99),
                "longest": all.latencies.longest(),
            },
            "seconds_a_column": width as f64 / 1000.0,
            "columns": times,
            "pauses": pauses.collect::<Vec<_>>(),
            "slowest": slowest.collect::<Vec<_>>(),
        })
    }
}

fn column_json(column: &Column) -> Value {
    let slot = &column.slot;
    json!({
        "run": column.run,
        "at": rfc3339(column.at),
        "requests": slot.requests,
        "succeeded": slot.succeeded,
        "refused": slot.refused,
        "did_nothing": slot.deferred,
        "no_answer": slot.lost,
        "settled": slot.settled,
        "not_the_first": slot.again,
        "p50": slot.latencies.percentile(50),
        "p95": slot.latencies.percentile(95),
        "p99": slot.latencies.percentile(99),
    })
}

fn rejected_json(row: &RejectedRow) -> Value {
    json!({
        "row": row.row,
        "line": row.line,
        "key": row.key,
        "lane": row.lane,
        "state": row.state.word(),
        "attempts": row.attempts,
        "run": row.run,
        "code": row.cause.as_ref().and_then(|cause| cause.code.as_deref()).map(|code| mask(None, code)),
        "message": cause_words(row.cause.as_ref()),
    })
}
