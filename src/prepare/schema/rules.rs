//! The rules that a JSON Schema cannot say: conditions across fields, and time.

use jiff::tz::TimeZone;

use crate::declared::connector::{Condition, Operation, Remark, Rule, TimeRule, Unit};
use crate::declared::job::PastReminders;
use crate::row::{Field, FieldValue, Fields};
use crate::text::code::Code;
use crate::text::diagnostic::Severity;
use crate::text::pointer::Pointer;
use crate::text::quota::duration_text;
use crate::text::violation::{Subject, Violation};

use super::Finding;
use super::past::mended;

/// Before this many milliseconds (March 1973) a number that should be milliseconds is more likely seconds.
const EARLIEST_MILLISECONDS: i64 = 100_000_000_000;
/// From this many on (the year 33658) it is more likely microseconds.
const LATEST_MILLISECONDS: i64 = 1_000_000_000_000_000;

/// Checks the rules of an operation but for those of [`left_to_defaults`]. `now` is in unix milliseconds.
pub(super) fn check(
    operation: &Operation,
    fields: &Fields<'_>,
    now: i64,
    (zone, policy): (Option<&TimeZone>, PastReminders),
    findings: &mut Vec<Finding>,
) {
    let sent = mended(operation, fields, policy, now);
    let mended = sent.as_ref().map(|_| policy);
    let name = |field: Field| operation.fields.name(field);
    for rule in &operation.rules {
        match rule {
            Rule::Required { fields: needed, when, hint } => {
                let missing = missing(needed, when, fields);
                findings.extend(missing.map(|field| absent(name(field), hint.as_deref())));
            }
            Rule::Time(rule) => {
                findings.extend(time(name(rule.field), rule, fields, now, (zone, mended)));
            }
            Rule::Idle { fields: idle, unless, remark } => {
                let found = idle.iter().find(|field| fields.has(**field));
                if let Some(field) = found.filter(|_| !unless.holds(fields)) {
                    findings.push(warning(name(*field), Code::NoEffect, remark));
                }
            }
            Rule::Unusual { field, expected, remark } => {
                if fields.get(*field).is_some_and(|value| !value.is(expected)) {
                    findings.push(warning(name(*field), Code::UnusualValue, remark));
                }
            }
            Rule::Order { first, then, remark, .. } => match &sent {
                // Of a reminder that is shifted, the row says another time: what it comes behind is named.
                Some((sent, _)) if is_disordered(rule, sent) => {
                    findings.push(shifted_behind(name(*then), remark));
                }
                None if is_disordered(rule, fields) => {
                    findings.push(warning(name(*first), Code::TimeOrder, remark));
                }
                _ => {}
            },
            Rule::Explicit { .. } => {}
        }
    }
}

/// The fields that are left to a default that matters, each with what is to be said of it.
pub(super) fn left_to_defaults<'a>(
    operation: &'a Operation,
    fields: &'a Fields<'_>,
) -> impl Iterator<Item = (Field, &'a Remark)> {
    operation.rules.iter().filter_map(|rule| match rule {
        Rule::Explicit { field, remark } if !fields.has(*field) => Some((*field, remark)),
        _ => None,
    })
}

/// Times that lie after what they should lie before.
pub(super) fn disordered<'a>(
    operation: &'a Operation,
    fields: &'a Fields<'_>,
) -> impl Iterator<Item = Field> {
    operation.rules.iter().filter_map(|rule| match rule {
        Rule::Order { first, .. } if is_disordered(rule, fields) => Some(*first),
        _ => None,
    })
}

/// Whether a time lies after what it should lie before. Most rows have no such times.
fn is_disordered(rule: &Rule, fields: &Fields<'_>) -> bool {
    let Rule::Order { first, then, when, .. } = rule else { return false };
    let times = integer(fields.get(*first)).zip(integer(fields.get(*then)));
    times.is_some_and(|(first, then)| first > then) && when.holds(fields)
}

/// A shifted reminder comes behind this time.
fn shifted_behind(field: &str, remark: &Remark) -> Finding {
    let hint = "the reminder is past, and comes later as `past_reminders` says: shift by less, or give a later time here";
    let remark = Remark { message: remark.message.clone(), hint: Some(hint.to_owned()) };
    warning(field, Code::TimeOrder, &remark)
}

/// The last moment, in unix milliseconds, at which no rule forbids to send these fields.
pub(crate) fn send_before(operation: &Operation, fields: &Fields<'_>) -> Option<i64> {
    let times = operation.rules.iter().filter_map(|rule| match rule {
        Rule::Time(rule) if rule.ahead && rule.when.holds(fields) => {
            milliseconds(integer(fields.get(rule.field))?, rule.unit)
        }
        _ => None,
    });
    times.min()
}

/// The fields that are needed, as things are, and not there.
fn missing(needed: &[Field], when: &Condition, fields: &Fields<'_>) -> impl Iterator<Item = Field> {
    let is_missing = |field: &Field| !fields.has(*field);
    let applies = needed.iter().any(is_missing) && when.holds(fields);
    needed.iter().copied().filter(move |field| applies && is_missing(field))
}

fn absent(name: &str, hint: Option<&str>) -> Finding {
    let missing = violation(name, Code::MissingField, &format!("`{name}` is missing"), hint);
    Finding::error(Violation { subject: Subject::Key, ..missing })
}

fn time(
    name: &str,
    rule: &TimeRule,
    fields: &Fields<'_>,
    now: i64,
    (zone, mended): (Option<&TimeZone>, Option<PastReminders>),
) -> Option<Finding> {
    let value = integer(fields.get(rule.field))?;
    if !rule.when.holds(fields) {
        return None;
    }
    let refusal = match rule.unit {
        Unit::Milliseconds if (0..EARLIEST_MILLISECONDS).contains(&value) => Some((
            Code::TimeInSeconds,
            "in milliseconds, and looks like seconds".to_owned(),
            format!("in milliseconds it is {value}000"),
        )),
        Unit::Milliseconds if value >= LATEST_MILLISECONDS => Some((
            Code::TimeInMicroseconds,
            "in milliseconds, and looks like microseconds".to_owned(),
            format!("in milliseconds it is {}", value / 1000),
        )),
        Unit::Seconds if value >= EARLIEST_MILLISECONDS => Some((
            Code::TimeInMilliseconds,
            "in seconds, and looks like milliseconds".to_owned(),
            format!("in seconds it is {}", value / 1000),
        )),
        unit => past(rule, value, unit, now, zone),
    };
    let (code, message, hint) = refusal?;
    let subject = if code == Code::PastTime { Subject::This } else { Subject::MustBe };
    let mended = mended.filter(|_| code == Code::PastTime).and_then(told_of_mended);
    let severity = if mended.is_some() { Severity::Warning } else { Severity::Error };
    let refused = violation(name, code, &message, Some(&mended.unwrap_or(hint)));
    Some(Finding { severity, ..Finding::error(Violation { subject, ..refused }) })
}

/// What is done with a row whose reminder is past.
fn told_of_mended(policy: PastReminders) -> Option<String> {
    match policy {
        PastReminders::Reject => None,
        PastReminders::Drop => Some(
            "the row is sent without its reminder, as `past_reminders: drop_reminder` says"
                .to_owned(),
        ),
        PastReminders::Shift(span) => Some(format!(
            "the row reminds {} after its turn, as `past_reminders` says",
            duration_text(span)
        )),
    }
}

/// The time that a row bears, in unix milliseconds.
pub(super) fn moment(rule: &TimeRule, fields: &Fields<'_>) -> Option<i64> {
    milliseconds(integer(fields.get(rule.field))?, rule.unit)
}

fn past(
    rule: &TimeRule,
    value: i64,
    unit: Unit,
    now: i64,
    zone: Option<&TimeZone>,
) -> Option<(Code, String, String)> {
    let moment = milliseconds(value, unit)?;
    (rule.ahead && moment < now).then(|| {
        let message = format!("is past: {}", readable(moment, zone));
        (Code::PastTime, message, "give a time in the future, or leave the reminder out".to_owned())
    })
}

/// A moment in the job's zone, where it names one.
fn readable(milliseconds: i64, zone: Option<&TimeZone>) -> String {
    let Ok(moment) = jiff::Timestamp::from_millisecond(milliseconds) else {
        return milliseconds.to_string();
    };
    let zone = zone.cloned().unwrap_or(TimeZone::UTC);
    let name = zone.iana_name().unwrap_or("the job's zone").to_owned();
    format!("{} {name}", moment.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S"))
}

fn milliseconds(value: i64, unit: Unit) -> Option<i64> {
    match unit {
        Unit::Milliseconds => Some(value),
        Unit::Seconds => value.checked_mul(1000),
    }
}

fn integer(value: Option<&FieldValue<'_>>) -> Option<i64> {
    value.and_then(FieldValue::as_i64)
}

fn warning(field: &str, code: Code, remark: &Remark) -> Finding {
    Finding {
        severity: Severity::Warning,
        violation: violation(field, code, &remark.message, remark.hint.as_deref()),
        once: false,
    }
}

fn violation(field: &str, code: Code, message: &str, hint: Option<&str>) -> Violation {
    Violation {
        pointer: Pointer::of([field]),
        code,
        message: message.to_owned(),
        hint: hint.map(str::to_owned),
        subject: Subject::Value,
    }
}
