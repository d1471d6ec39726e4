//! A plan, step by step: for whoever approves it, and for a script that compares it.
//!
//! It shows what is planned and plans nothing itself.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Outlet;
use super::json_text::{on_one_line, pretty, visible};
use super::paint::Paint;
use super::words::{about, command, counted, number, one_line, rows, rows_are};
use crate::plan::decide::{Action, Held, Sending};
use crate::text::quota::Quota;

/// So many requests are shown in full.
const SHOWN: u64 = 3;

/// What a plan is about.
#[derive(Debug, Clone)]
pub struct PlanHead {
    /// The job's name.
    pub job: String,
    /// The job as given on the command line, for the advice.
    pub job_path: String,
    /// What a run needs after it to do as planned, as in ` --sandbox`; ready for a shell, or empty.
    pub flags: String,
    /// Base URL and account.
    pub target: String,
}

/// What is planned for a row.
#[derive(Debug, Clone)]
pub struct PlanStep {
    pub row: u64,
    pub line: u64,
    pub action: Action,
    /// Like the method, empty for a row that does not say it.
    pub operation: String,
    pub method: &'static str,
    /// Path and query; empty where no request can be built.
    pub path: String,
    /// JSON, byte for byte as it is sent.
    pub body: Option<String>,
    /// Why the row is not simply sent, where there is more to say than the action says.
    pub reason: Option<String>,
    /// A command that sends the same.
    pub curl: Option<String>,
}

/// What a plan comes to: `rows` is the sum of what is sent, skipped, held, rejected, or beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanTotals {
    pub rows: u64,
    pub send: u64,
    pub skip: u64,
    pub hold: u64,
    pub reject: u64,
    /// Rows that would be sent but for the limit of a pilot.
    pub beyond_limit: u64,
    pub requests: u64,
    /// How long it takes at the quotas; zero where there are none.
    pub duration: Duration,
    /// The quota that binds.
    pub limited_by: Option<Quota>,
    /// Rows that are done and have changed since: they are not sent.
    pub changed: u64,
}

/// Tells a plan on standard output.
pub struct PlanReport {
    out: Outlet,
    style: Style,
    held: HeldRows,
    shown: u64,
}

/// Rows that are held, by the reason.
#[derive(Debug, Clone, Copy, Default)]
struct HeldRows {
    in_doubt: u64,
    refused: u64,
    behind: u64,
    /// Those whose reason was shown.
    shown: u64,
}

enum Style {
    Text { head: PlanHead, paint: Paint },
    Ndjson,
}

impl PlanReport {
    /// For a person.
    pub fn text(out: Box<dyn Write + Send>, head: PlanHead, color: bool) -> Self {
        let paint = Paint(color);
        let mut report = Self::new(out, Style::Text { head, paint });
        if let Style::Text { head, .. } = &report.style {
            report.out.text(&format!("{} to {}\n", paint.bold(&head.job), head.target));
        }
        report
    }

    /// For a script.
    pub fn ndjson(out: Box<dyn Write + Send>) -> Self {
        Self::new(out, Style::Ndjson)
    }

    fn new(out: Box<dyn Write + Send>, style: Style) -> Self {
        Self { out: Outlet::new(out), style, held: HeldRows::default(), shown: 0 }
    }

    /// Tells a step. Steps come in the order of the rows.
    pub fn step(&mut self, step: &PlanStep) {
        match step.action {
            Action::Hold(Held::InDoubt) => self.held.in_doubt += 1,
            Action::Hold(Held::Refused) => self.held.refused += 1,
            Action::Hold(Held::Behind) => self.held.behind += 1,
            _ => {}
        }
        match &self.style {
            Style::Ndjson => self.out.event(&StepLine::of(step)),
            Style::Text { paint, .. } if self.shows(step) => {
                self.shown += 1;
                self.out.text(&in_full(step, *paint));
            }
            Style::Text { paint, .. } if self.shows_why(step) => {
                self.held.shown += 1;
                self.out.text(&held(step, *paint));
            }
            Style::Text { .. } => {}
        }
    }

    fn shows(&self, step: &PlanStep) -> bool {
        self.shown < SHOWN && matches!(step.action, Action::Send(_))
    }

    /// Rows that somebody has to decide on.
    fn shows_why(&self, step: &PlanStep) -> bool {
        let decides = matches!(step.action, Action::Hold(Held::InDoubt | Held::Refused));
        decides && self.held.shown < SHOWN
    }

    /// Tells what the plan comes to. Returns why the output could not be written, if so.
    pub fn finish(mut self, totals: &PlanTotals) -> Option<String> {
        match &self.style {
            Style::Ndjson => self.out.event(&planned_event(totals)),
            Style::Text { head, paint } => {
                let rest = totals.send.saturating_sub(self.shown);
                if self.shown > 0 && rest > 0 {
                    let more = counted(rest, "more request");
                    self.out
                        .text(&format!("\n{}\n", paint.faint(&format!("… and {more} like these"))));
                }
                self.out.text(&closing(totals, self.held, head, *paint));
            }
        }
        self.out.flush();
        self.out.fault().map(str::to_owned)
    }
}

/// The word of an action in the NDJSON output.
fn word(action: Action) -> &'static str {
    match action {
        Action::Send(_) => "send",
        Action::Skip => "skip",
        Action::Hold(_) => "hold",
        Action::Reject => "reject",
    }
}

/// Why a row is treated so, where the step does not say it.
fn usual_reason(action: Action) -> Option<&'static str> {
    match action {
        Action::Send(Sending::Repeat) => {
            Some("an earlier request may have acted; a second is harmless")
        }
        Action::Send(Sending::Settle) => Some(
            "an earlier request may have acted; looked for first, sent only if it is not there",
        ),
        Action::Hold(Held::InDoubt) => Some("in doubt: an earlier request may have acted"),
        Action::Hold(Held::Refused) => Some("refused earlier, and unchanged since"),
        Action::Hold(Held::Behind) => Some("waits behind a row of its lane that is in doubt"),
        Action::Send(Sending::Fresh) | Action::Skip | Action::Reject => None,
    }
}

/// A `step` event.
#[derive(Serialize)]
struct StepLine<'a> {
    event: &'static str,
    row: u64,
    line: u64,
    action: &'static str,
    operation: &'a str,
    method: &'static str,
    path: Option<&'a str>,
    body: Option<Body>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// A body as it is sent, or as text should it be no JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Body {
    Json(Box<RawValue>),
    Text(String),
}

impl<'a> StepLine<'a> {
    fn of(step: &'a PlanStep) -> Self {
        Self {
            event: "step",
            row: step.row,
            line: step.line,
            action: word(step.action),
            operation: &step.operation,
            method: step.method,
            path: Some(step.path.as_str()).filter(|path| !path.is_empty()),
            body: step.body.as_deref().map(Body::of),
            reason: step.reason.as_deref().or_else(|| usual_reason(step.action)),
        }
    }
}

impl Body {
    fn of(text: &str) -> Self {
        let text = on_one_line(text);
        match serde_json::from_str(&text) {
            Ok(json) => Self::Json(json),
            Err(_) => Self::Text(text),
        }
    }
}

/// The closing event of `plan`. Seconds are rounded up.
fn planned_event(totals: &PlanTotals) -> Value {
    let part = u64::from(totals.duration.subsec_nanos() > 0);
    json!({
        "event": "planned",
        "rows": totals.rows,
        "send": totals.send,
        "skip": totals.skip,
        "hold": totals.hold,
        "reject": totals.reject,
        "requests": totals.requests,
        "seconds": totals.duration.as_secs().saturating_add(part),
        "limited_by": totals.limited_by,
        "changed": totals.changed,
        "beyond_limit": totals.beyond_limit,
    })
}

/// A request as it is sent, and the command that sends the same.
fn in_full(step: &PlanStep, paint: Paint) -> String {
    let place = format!("row {} (line {}): {}", step.row, step.line, step.operation);
    let mut text = format!("\n{}\n", paint.faint(&place));
    let request = format!("{} {}", step.method, one_line(&step.path));
    text.push_str(&format!("  {}\n", paint.bold(&request)));
    if let Some(body) = &step.body {
        text.push_str(&indented(&pretty(body)));
    }
    let reason = step.reason.as_deref().or_else(|| usual_reason(step.action));
    if let Some(reason) = reason {
        text.push_str(&format!("  note: {}\n", one_line(reason)));
    }
    if let Some(curl) = &step.curl {
        text.push_str(&format!("  {}\n", paint.faint(&visible(curl))));
    }
    text
}

/// A row that is held, and why.
fn held(step: &PlanStep, paint: Paint) -> String {
    let place = format!("row {} (line {}): {}", step.row, step.line, step.operation);
    let reason = step.reason.as_deref().or_else(|| usual_reason(step.action)).unwrap_or_default();
    format!("\n{}\n  held: {}\n", paint.faint(&place), one_line(reason))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// The counts, the time it takes, and what to do next.
fn closing(totals: &PlanTotals, held: HeldRows, head: &PlanHead, paint: Paint) -> String {
    let mut text = format!("\n{}\n", paint.bold(&rows(totals.rows)));
    let width = number(totals.rows).len();
    for (name, count, words) in [
        ("send", totals.send, String::new()),
        ("skip", totals.skip, "already done".into()),
        ("hold", totals.hold, held_words(held)),
        ("reject", totals.reject, format!("invalid; see {}", command("check", &head.job_path))),
        ("later", totals.beyond_limit, "beyond the limit of this pilot".into()),
    ] {
        if count > 0 {
            let line = format!("  {name:<6}  {:>width$}  {words}", number(count));
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    if totals.changed > 0 {
        let have = if totals.changed == 1 { "has" } else { "have" };
        text.push_str(&format!(
            "\n{} done and {have} changed since; not sent again.\n",
            rows_are(totals.changed)
        ));
    }
    text.push('\n');
    text.push_str(&time(totals));
    text.push_str(&next(totals, head));
    text
}

/// `2 in doubt, 1 refused earlier`.
fn held_words(held: HeldRows) -> String {
    let parts = [
        (held.in_doubt, "in doubt"),
        (held.behind, "waiting behind these"),
        (held.refused, "refused earlier, unchanged since"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> =
        parts.map(|(count, word)| format!("{} {word}", number(count))).collect();
    words.join(", ")
}

/// `50,000 requests take about 5 h 33 min: 9000/h is the quota that binds.`
fn time(totals: &PlanTotals) -> String {
    if totals.requests == 0 || totals.duration.is_zero() {
        return String::new();
    }
    let take = if totals.requests == 1 { "takes" } else { "take" };
    let requests = counted(totals.requests, "request");
    let mut text = format!("{requests} {take} {}", about(totals.duration));
    if let Some(quota) = &totals.limited_by {
        text.push_str(&format!(": {quota} is the quota that binds"));
    }
    text.push_str(".\n");
    text
}

fn next(totals: &PlanTotals, head: &PlanHead) -> String {
    let run = format!("{}{}", command("run", &head.job_path), head.flags);
    match totals.send {
        0 => "There is nothing to send.\n".into(),
        _ if totals.reject == 0 => format!("Nothing was sent. To do it: {run}\n"),
        // A run stops at an invalid row unless it is told to leave it out.
        _ => format!(
            "Nothing was sent. Correct what is invalid; or to send only the valid rows: {run} --skip-invalid\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::Shared;

    fn head() -> PlanHead {
        PlanHead {
            job: "import-notes".into(),
            job_path: "jobs/import-notes.yaml".into(),
            flags: " --retry-failed".into(),
            target: "https://api.stringeex.com/v1 (account admin@example.vn)".into(),
        }
    }

    fn step(row: u64, action: Action) -> PlanStep {
        let body = r#"{"ticket_id":"00123456789012345678","note":"Khách gọi\r\n\"sớm\"","n":1.50}"#;
        PlanStep {
            row,
            line: row + 1,
            action,
            operation: "ticket_note.create".into(),
            method: "POST",
            path: "/ticketNote".into(),
            body: Some(body.into()),
            reason: None,
            curl: Some(format!("curl -X POST 'https://…/ticketNote' --data-raw '{body}'")),
        }
    }

    fn steps() -> Vec<PlanStep> {
        let rejected = PlanStep {
            path: String::new(),
            body: None,
            curl: None,
            reason: Some("the reminder is in the past".into()),
            ..step(5, Action::Reject)
        };
        vec![
            step(1, Action::Skip),
            step(2, Action::Send(Sending::Fresh)),
            step(3, Action::Hold(Held::InDoubt)),
            step(4, Action::Hold(Held::Refused)),
            rejected,
            step(6, Action::Send(Sending::Repeat)),
            PlanStep {
                body: None,
                curl: None,
                method: "DELETE",
                ..step(7, Action::Send(Sending::Fresh))
            },
            step(8, Action::Send(Sending::Fresh)),
        ]
    }

    fn totals() -> PlanTotals {
        PlanTotals {
            rows: 50_320,
            send: 49_997,
            skip: 320,
            hold: 2,
            reject: 1,
            beyond_limit: 0,
            requests: 49_997,
            duration: Duration::from_millis(19_998_400),
            limited_by: Some("9000/1h".parse().unwrap()),
            changed: 25,
        }
    }

    fn text(steps: &[PlanStep], totals: &PlanTotals) -> String {
        let shared = Shared::default();
        let mut report = PlanReport::text(shared.writer(), head(), false);
        steps.iter().for_each(|step| report.step(step));
        assert_eq!(report.finish(totals), None);
        shared.text()
    }

    #[test]
    fn a_plan_for_a_person() {
        insta::assert_snapshot!(text(&steps(), &totals()));
    }

    #[test]
    fn a_plan_with_nothing_to_send() {
        let done = PlanTotals { rows: 320, skip: 320, ..PlanTotals::default() };
        let one = PlanTotals { rows: 1, send: 1, requests: 1, ..PlanTotals::default() };
        let steps = steps();
        let told = [text(&steps[..1], &done), text(&steps[1..2], &one)];
        insta::assert_snapshot!(told.join("\n---\n"));
    }

    #[test]
    fn a_plan_for_a_script() {
        let shared = Shared::default();
        let mut report = PlanReport::ndjson(shared.writer());
        steps().iter().for_each(|step| report.step(step));
        assert_eq!(report.finish(&totals()), None);
        insta::assert_snapshot!(shared.text());
        // The body keeps its bytes.
        assert!(shared.text().contains(step(1, Action::Skip).body.as_deref().unwrap()));
    }

    #[test]
    fn a_body_that_is_no_json_is_told_as_text() {
        let shared = Shared::default();
        let mut report = PlanReport::ndjson(shared.writer());
        let sent = Action::Send(Sending::Fresh);
        report.step(&PlanStep { body: Some("a=1".into()), ..step(1, sent) });
        report.step(&PlanStep { body: Some("{\n\"a\":1}".into()), ..step(2, sent) });
        report.finish(&PlanTotals::default());
        let text = shared.text();
        assert!(text.contains(r#""body":"a=1"}"#), "{text}");
        assert!(text.contains(r#""body":{ "a":1}}"#), "{text}");
        assert_eq!(text.lines().count(), 3);
    }
}
