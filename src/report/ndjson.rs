//! A run as NDJSON: one line of JSON an event, for scripts.
//!
//! The shapes are promised; only fields may be added. What is left out is told by its absence.

use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::left_out::reasons_event;
use super::narration::code;
use super::{Outlet, Reporter, RunView, words};
use crate::event::{Ending, Event, Miscounted, Progress, RowEnded};
use crate::plan::{Kept, Stays};
use crate::prepare::PastReminder;
use crate::recover::Miscount;
use crate::report::exit;
use crate::row::{Reason, Totals};
use crate::text::diagnostic::Diagnostic;

/// Tells the time, for what happens at it.
pub(crate) type Clock = Box<dyn Fn() -> Timestamp + Send>;

/// Tells a run as NDJSON on `out`, each event with its time. Progress is not told: it is not durable.
pub(crate) fn ndjson(out: Box<dyn Write + Send>, view: RunView, clock: Clock) -> Box<dyn Reporter> {
    Box::new(Ndjson { out: Outlet::new(out), view, clock })
}

/// An event with the time at which it is told, RFC 3339 in UTC.
pub(crate) fn at(mut event: Value, now: Timestamp) -> Value {
    if let Value::Object(fields) = &mut event {
        fields.insert("at".into(), json!(stamp(now)));
    }
    event
}

fn stamp(now: Timestamp) -> String {
    format!("{now:.3}")
}

fn started_event(view: &RunView, run: i64) -> Value {
    let mut event = json!({
        "event": "started",
        "job": view.job,
        "target": view.target,
        "version": env!("CARGO_PKG_VERSION"),
        "run": run,
        "rows": view.rows(),
        "to_send": view.to_send(),
    });
    if let Value::Object(fields) = &mut event {
        words::add_mandate(fields, &view.mandate);
    }
    event
}

/// The closing event of a run, whatever its end; `reason` and `message` where it is not finished.
pub(crate) fn finished_event(totals: &Totals, ending: &Ending, exit: u8) -> Value {
    let mut event = Map::new();
    event.insert("event".into(), "finished".into());
    for (name, count) in counts(totals) {
        event.insert(name.into(), json!(count));
    }
    event.insert("requests".into(), json!(totals.requests));
    event.insert("changed".into(), json!(totals.changed));
    event.insert("updated".into(), json!(totals.updated));
    event.insert("deleted".into(), json!(totals.deleted));
    event.insert("repeated".into(), json!(totals.repeated));
    event.insert("miscounted".into(), json!(totals.miscounted));
    event.insert("uncounted".into(), json!(totals.uncounted));
    event.insert("exit".into(), json!(exit));
    if let Some((reason, message)) = reason(ending).zip(words::ending(ending)) {
        event.insert("reason".into(), json!(reason));
        event.insert("message".into(), json!(message));
    }
    Value::Object(event)
}

/// The closing event of a run that has begun.
pub(crate) fn closing_event(view: &RunView, totals: &Totals, ending: &Ending) -> Value {
    let mut finished = finished_event(totals, ending, exit::of(totals, ending));
    if let (Value::Object(fields), 1..) = (&mut finished, totals.filtered) {
        fields.insert("filtered_by".into(), reasons_event(&view.filtered));
    }
    if let Value::Object(fields) = &mut finished {
        let Stays { kept, unprovable, unfinished } = &view.stays;
        let kept = kept.as_ref().map(|kept| json!(words::nothing_deleted(kept)));
        let count = |rows: u64| (rows > 0).then(|| json!(rows));
        let stays = [
            ("nothing_deleted", kept),
            ("unprovable", count(*unprovable)),
            ("unfinished", count(*unfinished)),
        ];
        let stays = stays.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        fields.extend(stays);
        words::add_mandate(fields, &view.mandate);
    }
    finished
}

/// The closing event of a run that did not begin: why is a word of its own, or else the code of the first error.
pub(crate) fn refused_event(
    totals: &Totals,
    exit: u8,
    reason: Option<&str>,
    problems: &[Diagnostic],
) -> Value {
    let mut event = finished_event(totals, &Ending::Finished, exit);
    let first = problems.iter().find(|problem| problem.is_error());
    let reason = reason.or(first.map(|problem| problem.code.word()));
    if let (Value::Object(fields), Some(reason)) = (&mut event, reason) {
        fields.insert("reason".into(), json!(reason));
        fields.extend(first.map(|problem| ("message".into(), json!(problem.message))));
    }
    event
}

/// A row that does not have exactly one item. `shared_with` is there where one item is two rows'.
fn miscounted_event(told: &Miscounted) -> Value {
    let Miscount { place, key, ids, own, shared_with } = &told.miscount;
    let mut event = json!({
        "event": "miscounted",
        "row": place.row,
        "line": place.line,
        "key": key,
        "lane": told.lane,
        "ids": ids,
        "own": own,
        "message": words::miscounted(told),
    });
    if let (Value::Object(fields), Some((place, key))) = (&mut event, shared_with) {
        fields.insert("shared_with".into(), json!({"row": place.row, "key": key}));
    }
    event
}

/// A closing event where nothing could be looked at: what is not known is null, and never 0.
pub(super) fn event_of_nothing(event: &str, unknown: &[&str]) -> Value {
    let unknown = unknown.iter().map(|name| ((*name).to_owned(), Value::Null));
    Value::Object([("event".to_owned(), json!(event))].into_iter().chain(unknown).collect())
}

/// The totals but for the requests, by their promised names.
pub(super) fn counts(totals: &Totals) -> [(&'static str, u64); 11] {
    [
        ("rows", totals.rows),
        ("succeeded", totals.succeeded),
        ("already_done", totals.already_done),
        ("failed", totals.failed),
        ("invalid", totals.invalid),
        ("in_doubt", totals.in_doubt),
        ("not_started", totals.not_started),
        ("filtered", totals.filtered),
        ("duplicates", totals.duplicates),
        ("dismissed", totals.dismissed),
        ("undone", totals.undone),
    ]
}

/// A stable name for an end before the end.
pub(crate) fn reason(ending: &Ending) -> Option<&'static str> {
    Some(match ending {
        Ending::Finished => return None,
        Ending::Interrupted { .. } => "interrupted",
        Ending::Unauthorized(_) => "unauthorized",
        Ending::Outage(_) => "outage",
        Ending::WrongAddress(_) => "wrong-address",
        Ending::TooManyFailures { .. } => "too-many-failures",
        Ending::Deadline => "deadline",
        Ending::MaxDuration => "max-duration",
        Ending::NoLoginThere(_) => "no-login-there",
        Ending::InOtherHands { .. } => "in-other-hands",
        Ending::NothingDeleted(Kept::FilesGone { .. }) => "files-gone",
        Ending::NothingDeleted(_) => "too-many-missing",
        Ending::LedgerFailed(_) | Ending::RecorderGone => "ledger-failed",
        Ending::SourceFailed(_) => "source-failed",
        Ending::NoRuntime(_) => "no-runtime",
        Ending::Fault(_) => "fault",
    })
}

/// See [`ndjson`].
struct Ndjson {
    out: Outlet,
    view: RunView,
    clock: Clock,
}

impl Reporter for Ndjson {
    fn hear(&mut self, event: &Event) {
        let now = (self.clock)();
        match event {
            Event::Started { run } => self.out.event(&at(started_event(&self.view, *run), now)),
            Event::Row(row) => self.out.event(&RowLine::of(row, stamp(now))),
            Event::Miscounted(miscounted) => {
                self.out.event(&at(miscounted_event(miscounted), now));
            }
            Event::Note(note) => {
                let note = json!({"event": "note", "message": words::note(note)});
                self.out.event(&at(note, now));
            }
            Event::Finished { totals, ending } => {
                if let Ending::SourceFailed(problems) = ending {
                    problems.iter().for_each(|problem| self.out.event(&problem.to_event()));
                }
                self.out.event(&at(closing_event(&self.view, totals, ending), now));
                self.out.flush();
            }
        }
    }

    fn progress(&mut self, _: &Progress) {}

    fn rest(&mut self) {
        self.out.flush();
    }

    fn fault(&self) -> Option<String> {
        self.out.fault().map(str::to_owned)
    }
}

/// A `row` event.
#[derive(Serialize)]
struct RowLine<'a> {
    event: &'static str,
    row: u64,
    line: u64,
    key: &'a str,
    state: &'static str,
    id: Option<&'a str>,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// Why the request did not leave, by what is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<&'a [Value]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reminder: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    lane: &'a str,
    at: String,
}

impl<'a> RowLine<'a> {
    fn of(row: &'a RowEnded, at: String) -> Self {
        Self {
            event: "row",
            row: row.place.row,
            line: row.place.line,
            key: &row.key,
            state: row.end.word(),
            id: row.id.as_deref(),
            attempts: row.attempts,
            code: code(row),
            reason: row
                .cause
                .as_ref()
                .map(|cause| cause.reason)
                .filter(|reason| reason.withholds())
                .map(Reason::word),
            message: row.cause.as_ref().map(words::cause),
            items: row.items.as_deref(),
            reminder: row.reminder.map(PastReminder::word),
            operation: row.further.as_ref().map(|further| &*further.operation),
            lane: &row.lane,
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Note, Obstacle, RowEnd};
    use crate::report::tests::{
        Failing, Shared, full_disk, illegal_step, progress, refused, totals, unreadable_source,
        view,
    };
    use crate::row::Cause;
    use crate::text::place::RowPlace;

    fn told_on(out: Box<dyn Write + Send>) -> Box<dyn Reporter> {
        ndjson(out, view(), Box::new(|| Timestamp::UNIX_EPOCH))
    }

    fn succeeded() -> RowEnded {
        RowEnded {
            place: RowPlace::of(1, 2),
            key: "Khách \"A\"\n".into(),
            lane: "ticket tk_1".into(),
            end: RowEnd::Succeeded,
            id: Some("tn_1".into()),
            attempts: 2,
            cause: None,
            items: None,
            reminder: None,
            further: None,
        }
    }

    #[test]
    fn a_run_is_told_line_by_line() {
        let shared = Shared::default();
        let mut reporter = told_on(shared.writer());
        reporter.hear(&Event::Started { run: 12 });
        let listed = RowEnded { items: Some(vec![json!({"id": "tn_1"})]), ..succeeded() };
        let doubtful = RowEnded { end: RowEnd::InDoubt, id: None, ..succeeded() };
        for row in [succeeded(), listed, doubtful] {
            reporter.hear(&Event::Row(row));
        }
        reporter.hear(&refused(4));
        reporter.progress(&progress(5));
        reporter.hear(&Event::Note(Note::Answered));
        let miscount = Miscount {
            place: RowPlace::of(1, 2),
            key: "L-1".into(),
            ids: vec!["tn_1".into(), "tn_2".into()],
            own: Some("tn_1".into()),
            shared_with: None,
        };
        let shared_with = Some((RowPlace::of(7, 8), "L-7".into()));
        let of_two = Miscount { ids: vec!["tn_1".into()], shared_with, ..miscount.clone() };
        for miscount in [miscount, of_two] {
            let lane = "ticket tk_1".into();
            reporter.hear(&Event::Miscounted(Miscounted { miscount, lane }));
        }
        let totals = Totals { failed: 1, in_doubt: 1, ..totals() };
        reporter.hear(&Event::Finished { totals, ending: Ending::Finished });
        insta::assert_snapshot!(shared.text());
    }

    #[test]
    fn the_closing_event_says_why() {
        let endings = [
            Ending::Finished,
            Ending::Interrupted { signal: 15 },
            Ending::Unauthorized(Obstacle::Request(Cause::default().saying("no such account"))),
            Ending::LedgerFailed(full_disk()),
            Ending::RecorderGone,
            Ending::SourceFailed(vec![unreadable_source()]),
            Ending::NoRuntime("too many open files".into()),
            Ending::Fault(illegal_step()),
        ];
        let told = endings.map(|ending| {
            finished_event(&totals(), &ending, exit::of(&totals(), &ending)).to_string()
        });
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn a_reader_who_has_gone_away_stops_nothing() {
        let failing = Failing::new(std::io::ErrorKind::BrokenPipe);
        let mut reporter = told_on(failing.writer());
        for row in 1..=3 {
            reporter.hear(&refused(row));
            reporter.rest();
        }
        assert_eq!((failing.tries(), reporter.fault()), (1, None));
    }
}
