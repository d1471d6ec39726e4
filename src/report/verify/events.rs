//! The same as events.

use serde_json::{Map, Value, json};

use super::words::matter;
use super::{Kind, Matter, SourceSays, VerifiedRow, VerifyFindings};
use crate::report::ndjson::event_of_nothing;
use crate::report::remote::RemoteEnd;

/// The closing event where nothing could be verified.
pub(crate) fn nothing_verified() -> Value {
    event_of_nothing("verified", &["job", "rows"])
}

/// What was found of a row.
pub(crate) fn verified_row(row: &VerifiedRow) -> Value {
    let source = match row.source {
        SourceSays::TheSame => "same",
        SourceSays::SomethingElse => "changed",
        SourceSays::Corrected => "corrected",
        SourceSays::OnlyInPart => "in_part",
        SourceSays::Nothing => "gone",
    };
    let matters: Vec<Value> = row.matters.iter().map(found).collect();
    json!({
        "event": "verified_row",
        "row": row.place.row,
        "line": row.place.line,
        "key": row.key,
        "lane": row.lane,
        "operation": row.operation,
        "id": row.id,
        "found": row.kind().word(),
        "matters": matters,
        "source": source,
        "change": row.change.as_ref().map(|(from, to)| json!({"sent": from, "there": to})),
    })
}

fn found(one: &Matter) -> Value {
    let mut event = json!({"found": Kind::of(one).word(), "why": matter(one)});
    if let (Value::Object(fields), Matter::Twice { ids }) = (&mut event, one) {
        fields.insert("ids".to_owned(), json!(ids));
    }
    if let (Value::Object(fields), Matter::ExposedCopy(copies)) = (&mut event, one) {
        let ids: Vec<&String> = copies.iter().map(|(id, _)| id).collect();
        fields.insert("ids".to_owned(), json!(ids));
    }
    if let (Value::Object(fields), Matter::Missing { alike: Some(id), .. }) = (&mut event, one) {
        fields.insert("ids".to_owned(), json!([id]));
    }
    event
}

/// What it comes to.
pub(crate) fn verified_event(
    findings: &VerifyFindings,
    (job, sample): (&str, Option<&str>),
) -> Value {
    let mut event = Map::new();
    event.insert("event".to_owned(), "verified".into());
    event.insert("job".to_owned(), job.into());
    event.insert("rows".to_owned(), json!(findings.rows()));
    for kind in Kind::ALL {
        event.insert(kind.word().to_owned(), json!(findings.count(kind)));
    }
    let (aside, lists, order) = (&findings.aside, &findings.lists, &findings.order);
    for (name, count) in [
        ("superseded", aside.superseded),
        ("in_doubt", aside.in_doubt),
        ("failed", aside.failed),
        ("dismissed", aside.dismissed),
        ("undone", aside.undone),
        ("not_sent", aside.not_sent),
        ("not_in_sample", aside.not_in_sample),
        ("strange", findings.strange),
        ("lists", lists.wanted),
        ("of_lists", lists.of),
        ("answered", lists.answered),
        ("read_twice", lists.twice),
        ("requests", lists.requests),
        ("order_compared", order.compared),
        ("order_not_known", order.undated),
    ] {
        event.insert(name.to_owned(), json!(count));
    }
    event.insert("not_compared".to_owned(), json!(findings.uncompared));
    let ended = match findings.end {
        RemoteEnd::Whole => "whole",
        RemoteEnd::Interrupted { .. } => "interrupted",
        RemoteEnd::Stopped { .. } => "stopped",
    };
    let since = lists.known_since.as_ref().map(|since| since.timestamp().to_string());
    event.insert("sample".to_owned(), json!(sample));
    event.insert("known_since".to_owned(), json!(since));
    event.insert("ended".to_owned(), ended.into());
    event.insert("all_right".to_owned(), json!(findings.is_all_right()));
    event.insert("exit".to_owned(), json!(findings.exit()));
    Value::Object(event)
}
