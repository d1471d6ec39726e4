//! The rules that a JSON Schema cannot say: conditions across fields, and time.

use serde_json::{Map, Value};

use crate::declared::connector::Operation;
use crate::declared::connector::file::{NotBefore, RequiredRule, RuleFile, TimeRule, Unit};
use crate::text::code::Code;
use crate::text::diagnostic::Severity;
use crate::text::pointer::Pointer;
use crate::text::violation::{Subject, Violation};

use super::Finding;

/// Before this many milliseconds (March 1973) a number that should be milliseconds is more likely seconds.
const EARLIEST_MILLISECONDS: i64 = 100_000_000_000;
/// From this many on (the year 33658) it is more likely microseconds.
const LATEST_MILLISECONDS: i64 = 1_000_000_000_000_000;

/// Checks all rules of an operation. `now` is in unix milliseconds.
pub fn check(operation: &Operation, fields: &Value, now: i64, findings: &mut Vec<Finding>) {
    let Some(fields) = fields.as_object() else { return };
    for rule in &operation.rules {
        match rule {
            RuleFile::Required(rule) => required(operation, rule, fields, findings),
            RuleFile::Time(rule) => time(operation, rule, fields, now, findings),
            RuleFile::Order(rule) => {
                let (first, then) = (fields.get(&rule.first), fields.get(&rule.then));
                let late = matches!((integer(first), integer(then)), (Some(first), Some(then)) if first > then);
                if late && operation.holds(&rule.when, fields) {
                    findings.push(warning(
                        &rule.first,
                        Code::TimeOrder,
                        &rule.message,
                        rule.hint.as_deref(),
                    ));
                }
            }
            RuleFile::Idle(rule) => {
                let idle = rule.fields.iter().find(|field| fields.contains_key(*field));
                if let Some(field) = idle.filter(|_| !operation.holds(&rule.unless, fields)) {
                    findings.push(warning(
                        field,
                        Code::NoEffect,
                        &rule.message,
                        rule.hint.as_deref(),
                    ));
                }
            }
            RuleFile::Unusual(rule) => {
                if fields.get(&rule.field).is_some_and(|value| *value != rule.expected) {
                    findings.push(warning(
                        &rule.field,
                        Code::UnusualValue,
                        &rule.message,
                        rule.hint.as_deref(),
                    ));
                }
            }
            RuleFile::Explicit(rule) => {
                if !fields.contains_key(&rule.field) {
                    let finding = warning(
                        &rule.field,
                        Code::ImplicitDefault,
                        &rule.message,
                        rule.hint.as_deref(),
                    );
                    findings.push(Finding { once: true, ..finding });
                }
            }
        }
    }
}

/// The last moment, in unix milliseconds, at which no rule forbids to send these fields.
pub fn send_before(operation: &Operation, fields: &Value) -> Option<i64> {
    let fields = fields.as_object()?;
    let times = operation.rules.iter().filter_map(|rule| match rule {
        RuleFile::Time(rule)
            if rule.not_before == Some(NotBefore::Now) && operation.holds(&rule.when, fields) =>
        {
            milliseconds(integer(fields.get(&rule.field))?, rule.unit)
        }
        _ => None,
    });
    times.min()
}

fn required(
    operation: &Operation,
    rule: &RequiredRule,
    fields: &Map<String, Value>,
    findings: &mut Vec<Finding>,
) {
    if rule.fields.iter().all(|field| fields.contains_key(field))
        || !operation.holds(&rule.when, fields)
    {
        return;
    }
    for field in rule.fields.iter().filter(|field| !fields.contains_key(*field)) {
        let message = format!("`{field}` is missing");
        let missing = violation(field, Code::MissingField, &message, rule.hint.as_deref());
        findings.push(Finding::error(Violation { subject: Subject::Key, ..missing }));
    }
}

fn time(
    operation: &Operation,
    rule: &TimeRule,
    fields: &Map<String, Value>,
    now: i64,
    findings: &mut Vec<Finding>,
) {
    let Some(value) = integer(fields.get(&rule.field)) else { return };
    if !operation.holds(&rule.when, fields) {
        return;
    }
    let refusal = match rule.unit {
        Unit::Milliseconds if (0..EARLIEST_MILLISECONDS).contains(&value) => Some((
            Code::TimeInSeconds,
            "this must be in milliseconds, and looks like seconds".to_owned(),
            format!("in milliseconds it is {value}000"),
        )),
        Unit::Milliseconds if value >= LATEST_MILLISECONDS => Some((
            Code::TimeInMicroseconds,
            "this must be in milliseconds, and looks like microseconds".to_owned(),
            format!("in milliseconds it is {}", value / 1000),
        )),
        Unit::Seconds if value >= EARLIEST_MILLISECONDS => Some((
            Code::TimeInMilliseconds,
            "this must be in seconds, and looks like milliseconds".to_owned(),
            format!("in seconds it is {}", value / 1000),
        )),
        unit => past(rule, value, unit, now),
    };
    if let Some((code, message, hint)) = refusal {
        findings.push(Finding::error(violation(&rule.field, code, &message, Some(&hint))));
    }
}

fn past(rule: &TimeRule, value: i64, unit: Unit, now: i64) -> Option<(Code, String, String)> {
    let moment = milliseconds(value, unit)?;
    (rule.not_before == Some(NotBefore::Now) && moment < now).then(|| {
        let message = format!("this time is past: {}", readable(moment));
        (Code::PastTime, message, "give a time in the future, or leave the reminder out".to_owned())
    })
}

fn readable(milliseconds: i64) -> String {
    match jiff::Timestamp::from_millisecond(milliseconds) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => milliseconds.to_string(),
    }
}

fn milliseconds(value: i64, unit: Unit) -> Option<i64> {
    match unit {
        Unit::Milliseconds => Some(value),
        Unit::Seconds => value.checked_mul(1000),
    }
}

fn integer(value: Option<&Value>) -> Option<i64> {
    value.and_then(Value::as_i64)
}

fn warning(field: &str, code: Code, message: &str, hint: Option<&str>) -> Finding {
    Finding {
        severity: Severity::Warning,
        violation: violation(field, code, message, hint),
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
