//! Tries the tests that a job brings with it: each row is prepared as any row of the source is, and compared with what the
//! test says of it. Reads no source and no ledger; only `check` asks for it.

use serde_json::Value;

use crate::declared::job::{Expected, Job, Trial};
use crate::prepare::{Findings, Prepared, Preparer};
use crate::source::{Read, Record, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::visible::shown;

/// How many tests came to what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tried {
    pub passed: u64,
    pub failed: u64,
}

/// Tries all tests of a job; what those that fail come to is told. `now` is in unix milliseconds.
pub(super) fn try_all(
    (job, preparer): (&Job, &Preparer),
    now: i64,
    tell: &mut dyn FnMut(Diagnostic),
) -> Tried {
    let mut tried = Tried::default();
    for trial in &job.shaping.trials {
        let are_texts = job.rows.are_texts();
        let problems = fails(preparer, (trial, are_texts), now);
        match problems.is_empty() {
            true => tried.passed += 1,
            false => tried.failed += 1,
        }
        problems.into_iter().for_each(&mut *tell);
    }
    tried
}

fn fails(preparer: &Preparer, (trial, are_texts): (&Trial, bool), now: i64) -> Vec<Diagnostic> {
    let failed = |place: &Place, message: String| {
        Diagnostic::error(Code::TestFailed, place.clone(), message)
    };
    let mut source = match preparer.source_of(trial.row.clone(), are_texts) {
        Ok(source) => source,
        Err(unknown) => {
            let message =
                format!("the row of this test has `{unknown}`, and the source has no such column");
            let known: Vec<_> = preparer.column_names().map(AsRef::as_ref).collect();
            return vec![failed(&trial.place, message).hint_names(&unknown, known)];
        }
    };
    let Some(record) = first(&mut source) else {
        return vec![failed(&trial.place, "the row of this test is empty".to_owned())];
    };
    let mut findings = Findings::default();
    let prepared = preparer.prepare(&record, now, &mut findings);
    let left_out = prepared.left_out().and_then(|number| preparer.reasons().nth(number)).cloned();
    let errors: Vec<Diagnostic> =
        findings.take().into_iter().filter(Diagnostic::is_error).collect();
    let came_to = || match (&left_out, errors.first()) {
        (Some(why), _) => format!("left out: {}", shown(why)),
        (None, Some(error)) => format!("invalid, {}: {}", error.code.word(), error.message),
        (None, None) => "valid".to_owned(),
    };
    match &trial.expected {
        Expected::Filtered(None) if left_out.is_some() => Vec::new(),
        Expected::Filtered(Some(why)) if left_out.as_deref() == Some(why.as_str()) => Vec::new(),
        Expected::Kept if left_out.is_none() => Vec::new(),
        Expected::Problem(code) if errors.iter().any(|error| error.code == *code) => Vec::new(),
        Expected::Fields(fields) if left_out.is_none() && errors.is_empty() => {
            let expected = fields.iter();
            let wrong = expected.filter_map(|(field, value, place)| {
                let message = differs(&prepared, field, value)?;
                Some(failed(place, message))
            });
            wrong.collect()
        }
        Expected::Filtered(None) => {
            vec![failed(&trial.place, format!("the row is to be left out, and is {}", came_to()))]
        }
        Expected::Filtered(Some(why)) => {
            let message =
                format!("the row is to be left out ({}), and is {}", shown(why), came_to());
            vec![failed(&trial.place, message)]
        }
        Expected::Kept => vec![failed(
            &trial.place,
            format!("the row is not to be left out, and is {}", came_to()),
        )],
        Expected::Problem(code) => {
            let message =
                format!("the row is to be invalid ({}), and is {}", code.word(), came_to());
            vec![failed(&trial.place, message)]
        }
        Expected::Fields(_) => {
            vec![failed(&trial.place, format!("the row is to be valid, and is {}", came_to()))]
        }
    }
}

fn first(source: &mut Source) -> Option<Record> {
    let mut record = Record::default();
    matches!(source.next(&mut record), Read::Row).then_some(record)
}

/// How a field differs from what is expected of it.
fn differs(prepared: &Prepared<'_>, field: &str, expected: &Value) -> Option<String> {
    let found = prepared.field(field).unwrap_or(Value::Null);
    if is_same(&found, expected) {
        return None;
    }
    let (found, expected) = match (&found, expected) {
        (Value::String(found), Value::String(expected)) => {
            around_difference(found.as_str(), expected.as_str())
        }
        (found, expected) => (in_words(found), in_words(expected)),
    };
    Some(format!("`{field}` is to be {expected}, and is {found}"))
}

/// Numbers are one where their values are.
fn is_same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => found.as_f64() == expected.as_f64(),
        (found, expected) => found == expected,
    }
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "absent".to_owned(),
        Value::String(text) => in_quotes(text),
        other => other.to_string(),
    }
}

fn in_quotes(text: &str) -> String {
    let line = text.replace('\n', "↵");
    format!("\"{}\"", shown(&line))
}

/// So many letters are shown on both sides of where two texts part.
const AROUND: usize = 30;

/// Two texts, each from a little before the place where they part to a little behind.
fn around_difference(found: &str, expected: &str) -> (String, String) {
    let same =
        found.chars().zip(expected.chars()).take_while(|(found, expected)| found == expected);
    let same = same.count();
    let from = same.saturating_sub(AROUND);
    let part = |text: &str| {
        let part: String = text.chars().skip(from).take(same - from + AROUND).collect();
        let before = if from > 0 { "…" } else { "" };
        let behind = if text.chars().count() > same + AROUND { "…" } else { "" };
        in_quotes(&format!("{before}{part}{behind}"))
    };
    (part(found), part(expected))
}
