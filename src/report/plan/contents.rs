//! What is in the rows that would be sent, in words and as JSON: for whoever has to approve a plan.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value, json};

use crate::declared::connector::Effect;
use crate::plan::{Contents, FlagCount, OperationContents, TimeCount};
use crate::report::words::{counted, number, one_line, rows};

/// The rows that would be sent, an operation after the other, in aligned lines; nothing where none would.
pub(super) fn contents(contents: &Contents, zone: Option<&TimeZone>) -> String {
    let operations = &contents.operations;
    if operations.is_empty() {
        return String::new();
    }
    let width = operations.iter().map(|one| number(one.rows).len()).max().unwrap_or(0);
    let of_names = operations.iter().map(|one| one.operation.name.chars().count());
    let names = of_names.max().unwrap_or(0);
    let has_times = operations.iter().any(|one| one.times.iter().any(|count| count.rows > 0));
    let mut text = match has_times {
        true => format!("\nTo send (times in {}):\n", zone_name(zone)),
        false => "\nTo send:\n".to_owned(),
    };
    for one in operations {
        let name = one_line(&one.operation.name);
        let (rows, on) = (number(one.rows), lanes(one));
        text.push_str(format!("  {name:<names$}  {rows:>width$}  {on}").trim_end());
        text.push('\n');
        for line in details(one, zone) {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

/// `on 96 tickets`, and what that does.
pub(in crate::report) fn lanes(one: &OperationContents) -> String {
    let noun = one.operation.lane.noun().unwrap_or("lane");
    let on = counted(one.lanes(), &one_line(noun));
    match one.operation.effect {
        Effect::Delete => format!("DELETES, on {on}"),
        Effect::Update => format!("changes what is there, on {on}"),
        Effect::Create => format!("on {on}"),
        Effect::Read => format!("only reads, on {on}"),
    }
}

pub(in crate::report) fn details(one: &OperationContents, zone: Option<&TimeZone>) -> Vec<String> {
    let name = |field| one_line(one.operation.fields.name(field));
    let flags = one.flags.iter().map(|count| {
        let words = flag(one, count);
        format!("{}: {words}", name(count.field))
    });
    let times = one.times.iter().filter_map(|count| {
        let (first, last) = count.span?;
        let said = match first == last {
            true => format!("at {}", moment(first, zone)),
            false => format!("from {} to {}", moment(first, zone), moment(last, zone)),
        };
        Some(format!("{}: {}, {said}", name(count.field), rows(count.rows)))
    });
    flags.chain(times).collect()
}

/// `12 internal, 308 visible to the customer (8 by default)`.
fn flag(one: &OperationContents, count: &FlagCount) -> String {
    let fields = &one.operation.fields;
    let called = |value: bool| {
        let words = fields.counted_as(fields.name(count.field), value);
        words.map_or_else(|| value.to_string(), one_line)
    };
    let mut parts = Vec::new();
    for (rows, word) in [
        (count.yes, called(true)),
        (count.no, called(false)),
        (count.unsaid, "say nothing of it".to_owned()),
    ] {
        if rows > 0 {
            parts.push(format!("{} {word}", number(rows)));
        }
    }
    let mut text = parts.join("; ");
    if count.by_default > 0 {
        text.push_str(&format!(" ({} of them by default)", number(count.by_default)));
    }
    text
}

fn zoned(milliseconds: i64, zone: Option<&TimeZone>) -> Option<Zoned> {
    let moment = Timestamp::from_millisecond(milliseconds).ok()?;
    Some(moment.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC)))
}

fn moment(milliseconds: i64, zone: Option<&TimeZone>) -> String {
    let moment = zoned(milliseconds, zone);
    moment.map_or_else(
        || milliseconds.to_string(),
        |moment| moment.strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

fn zone_name(zone: Option<&TimeZone>) -> String {
    let name = zone.and_then(TimeZone::iana_name).map(str::to_owned);
    name.unwrap_or_else(|| match zone {
        Some(zone) => Timestamp::UNIX_EPOCH.to_zoned(zone.clone()).strftime("%:z").to_string(),
        None => "UTC".to_owned(),
    })
}

/// The same as JSON.
pub(super) fn contents_event(contents: &Contents, zone: Option<&TimeZone>) -> Value {
    contents.operations.iter().map(|one| operation_event(one, zone)).collect()
}

fn operation_event(one: &OperationContents, zone: Option<&TimeZone>) -> Value {
    let name = |field| one.operation.fields.name(field).to_owned();
    let flag = |count: &FlagCount| {
        let FlagCount { field, yes, no, by_default, unsaid } = count;
        let counts = json!({"true": yes, "false": no, "by_default": by_default, "unsaid": unsaid});
        (name(*field), counts)
    };
    let time = |count: &TimeCount| {
        let at = |pick: fn((i64, i64)) -> i64| {
            let moment = zoned(pick(count.span?), zone)?;
            Some(moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
        };
        let counts =
            json!({"rows": count.rows, "first": at(|span| span.0), "last": at(|span| span.1)});
        (name(count.field), counts)
    };
    json!({
        "operation": &*one.operation.name,
        "effect": effect(one.operation.effect),
        "rows": one.rows,
        "lane": one.operation.lane.noun(),
        "lanes": one.lanes(),
        "flags": one.flags.iter().map(flag).collect::<Map<_, _>>(),
        "times": one.times.iter().map(time).collect::<Map<_, _>>(),
    })
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Create => "create",
        Effect::Update => "update",
        Effect::Delete => "delete",
        Effect::Read => "read",
    }
}
