//! The same as events.

use serde_json::{Map, Value, json};

use super::words::said;
use super::{Kind, RemoteEnd, RemoteFindings, RemoteRow, RowFound};

/// What was found of a row.
pub(in crate::report) fn row_event(row: &RemoteRow) -> Value {
    let (id, mark) = match &row.found {
        RowFound::There { id }
        | RowFound::Unlike { id, .. }
        | RowFound::Alike { id }
        | RowFound::Found { id, .. }
        | RowFound::NoSuchThing { id, .. } => (Some(id), None),
        RowFound::System { id, mark, .. } => (Some(id), Some(mark)),
        _ => (None, None),
    };
    let change = row.change().map(|(from, to)| json!({"from": from, "to": to}));
    let mut event = json!({
        "event": "remote",
        "row": row.place.row,
        "line": row.place.line,
        "operation": row.operation,
        "found": row.kind().word(),
        "id": id,
        "why": said(row),
    });
    if let Value::Object(event) = &mut event {
        event.extend(mark.map(|mark| ("mark".to_owned(), json!(mark))));
        event.extend(change.map(|change| ("change".to_owned(), change)));
    }
    event
}

/// The counts, in the closing event of a plan.
pub(in crate::report) fn remote_event(findings: &RemoteFindings) -> Value {
    let counts = Kind::ALL.map(|kind| (kind.word().to_owned(), json!(findings.count(kind))));
    let mut event: Map<String, Value> = counts.into_iter().collect();
    let ended = match findings.end {
        RemoteEnd::Whole => "whole",
        RemoteEnd::Interrupted { .. } => "interrupted",
        RemoteEnd::Stopped { .. } => "stopped",
    };
    event.insert("unchanged".to_owned(), json!(findings.unchanged));
    event.insert("lists".to_owned(), json!(findings.lists));
    event.insert("answered".to_owned(), json!(findings.answered));
    event.insert("requests".to_owned(), json!(findings.requests));
    let since = findings.known_since.as_ref().map(|since| since.timestamp().to_string());
    event.insert("known_since".to_owned(), json!(since));
    event.insert("ended".to_owned(), json!(ended));
    Value::Object(event)
}
