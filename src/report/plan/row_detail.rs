//! One row with all that is known of it, for whoever wonders what becomes of it and why.

use serde_json::{Map, Value, json};

use super::events::StepLine;
use super::reason::reason;
use super::row::{method_of, named};
use super::{Group, PlanHead};
use crate::plan::{RowInsight, Step};
use crate::report::json_text::{pretty, visible};
use crate::report::paint::Paint;
use crate::report::words::{cause, one_line};
use crate::row::{Known, RowState};
use crate::text::diagnostic::{Diagnostic, Severity};
use crate::text::visible::shown;

/// The row in a block of its own.
pub(super) fn detail(step: &Step, insight: &RowInsight, head: &PlanHead, paint: Paint) -> String {
    let mut text = format!("\n{}\n", paint.bold(&named(step)));
    text.push_str(&format!("  {}\n", what(step)));
    for problem in &insight.problems {
        text.push_str(&format!("  {}\n", problem_line(problem)));
    }
    text.push_str(&format!("  ledger: {}\n", ledger(step.known.as_ref())));
    let cells = insight.cells.iter().map(|cell| {
        let said = cell.text.as_deref().map_or_else(|| "—".to_owned(), quoted);
        let unused = if cell.is_used { "" } else { "  (left out)" };
        (one_line(&cell.column), format!("{said}{unused}"))
    });
    text.push_str(&block("in the source", cells.collect()));
    let values = insight.named.iter().map(|named| {
        let said = match &named.value {
            Ok(value) => quoted(value),
            Err(error) => format!("cannot be made: {}", one_line(error)),
        };
        (one_line(&named.name), said)
    });
    text.push_str(&block("the job's `let`", values.collect()));
    let Some(ready) = &step.ready else { return text };
    text.push_str(&format!("  request: {} {}\n", method_of(step), one_line(&ready.request.path)));
    if let Some(body) = &ready.request.body {
        pretty(body).lines().for_each(|line| text.push_str(&format!("    {line}\n")));
    }
    let curl = ready.request.curl(&head.address, head.header.as_deref());
    for line in [super::row::PASTED, &*visible(&curl)] {
        text.push_str(&format!("  {}\n", paint.faint(line)));
    }
    text
}

/// What becomes of the row, and why.
fn what(step: &Step) -> String {
    let word = match Group::of(step.fate) {
        Group::Send => "would be sent",
        Group::Skip => "would be passed over",
        Group::Hold => "would be held back",
        Group::Reject => "would not be sent: it is invalid",
        Group::Later => "would be left for later: it is beyond the limit of this pilot",
        Group::Filter => "would be left out by the job's `where`",
        Group::Duplicate | Group::Dismissed | Group::Undone => "would be left out",
    };
    match reason(step).filter(|_| Group::of(step.fate) != Group::Reject) {
        Some(reason) => format!("{word}: {}", one_line(&reason)),
        None => word.to_owned(),
    }
}

fn problem_line(problem: &Diagnostic) -> String {
    let severity = match problem.severity {
        Severity::Error => "error",
        _ => "warning",
    };
    let hint = problem.hint.iter().map(|hint| format!(" ({})", one_line(hint)));
    let hint: String = hint.collect();
    format!("{severity}[{}]: {}{hint}", problem.code.word(), one_line(&problem.message))
}

/// What the ledger has of the row, in a line.
fn ledger(known: Option<&Known>) -> String {
    let Some(known) = known else { return "never sent".to_owned() };
    let attempts = known.earlier.state.attempts();
    let tries = if attempts == 1 { "1 attempt" } else { &format!("{attempts} attempts") };
    let mut text = format!("{} after {tries}", state(&known.earlier.state));
    if let Some(id) = &known.remote_id {
        text.push_str(&format!(", as {}", one_line(id)));
    }
    text.push_str(&format!(", {} on {}", one_line(&known.operation), one_line(&known.lane)));
    if let Some(why) = &known.earlier.cause {
        text.push_str(&format!(": {}", one_line(&cause(why))));
    }
    text
}

fn state(state: &RowState) -> &'static str {
    match state {
        RowState::NotStarted => "not started",
        RowState::Started { .. } => "started, and its answer is not known",
        RowState::Deferred { .. } => "not sent",
        RowState::Succeeded { .. } => "succeeded",
        RowState::Refused { .. } => "refused",
        RowState::GivenUp { .. } => "given up",
        RowState::InDoubt { .. } => "in doubt",
        RowState::Dismissed { .. } => "dismissed",
    }
}

/// Names and what stands there, aligned; a long text goes on below itself.
fn block(title: &str, lines: Vec<(String, String)>) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(28);
    let mut text = format!("  {title}:\n");
    for (name, said) in lines {
        let mut said = said.lines();
        let first = said.next().unwrap_or_default();
        text.push_str(format!("    {name:<width$}  {first}").trim_end());
        text.push('\n');
        said.for_each(|line| text.push_str(&format!("    {:width$}  {line}\n", "")));
    }
    text
}

/// As it stands there, with what is unseen made visible; blanks at its ends are seen by the quotes.
fn quoted(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(shown).collect();
    let shown = lines.join("\n");
    match text.is_empty() || text.trim() != text {
        true => format!("\"{shown}\""),
        false => shown,
    }
}

/// The step with all that is known of the row.
pub(super) fn detail_event(step: &Step, insight: &RowInsight) -> Value {
    let mut event = json!(StepLine::of(step));
    let cells = insight.cells.iter().map(|cell| (cell.column.to_string(), json!(cell.text)));
    let values = insight.named.iter().map(|named| {
        let value = match &named.value {
            Ok(value) => json!(value),
            Err(error) => json!({ "error": error }),
        };
        (named.name.to_string(), value)
    });
    let problem = |problem: &Diagnostic| {
        json!({
            "code": problem.code.word(),
            "error": problem.is_error(),
            "message": problem.message,
            "hint": problem.hint,
        })
    };
    let known = step.known.as_ref().map(|known| {
        json!({
            "state": state(&known.earlier.state),
            "attempts": known.earlier.state.attempts(),
            "id": known.remote_id,
            "operation": known.operation,
            "lane": known.lane,
            "why": known.earlier.cause.as_ref().map(cause),
        })
    });
    if let Value::Object(event) = &mut event {
        event.insert("key".to_owned(), json!(step.key));
        event.insert("source".to_owned(), Value::Object(cells.collect::<Map<_, _>>()));
        event.insert("let".to_owned(), Value::Object(values.collect::<Map<_, _>>()));
        event.insert("problems".to_owned(), insight.problems.iter().map(problem).collect());
        event.insert("ledger".to_owned(), json!(known));
    }
    event
}
