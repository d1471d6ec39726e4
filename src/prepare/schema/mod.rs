//! Whether a row's fields fit their operation: its JSON Schema, and the rules that know what time it is.
//!
//! Also turns text cells into the types that the schema asks for, strictly. What is found is a [`Finding`]
//! about a field; where the field came from (row, line, column) is added by `prepare`, who knows it.

mod coerce;
mod rules;

use std::sync::Arc;

use serde_json::Value;

pub use coerce::Kind;

use crate::declared::connector::Operation;
use crate::text::code::Code;
use crate::text::diagnostic::Severity;
use crate::text::violation::Violation;

/// Something a row's fields do wrong, or unwisely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub violation: Violation,
    /// True of every row alike, so it is told for the first one only.
    pub once: bool,
}

impl Finding {
    pub fn error(violation: Violation) -> Self {
        Self { severity: Severity::Error, violation, once: false }
    }
}

/// An operation's fields, ready to be checked.
pub struct Checker {
    operation: Arc<Operation>,
    kinds: Vec<(Arc<str>, Kind)>,
}

impl Checker {
    pub fn new(operation: &Arc<Operation>) -> Self {
        let properties = operation.fields.properties();
        let kinds = properties.map(|(name, schema)| (name.into(), Kind::of(schema))).collect();
        Self { operation: Arc::clone(operation), kinds }
    }

    pub fn operation(&self) -> &Arc<Operation> {
        &self.operation
    }

    /// The fields in the order of their declaration, and what kind of value each takes.
    pub fn kinds(&self) -> &[(Arc<str>, Kind)] {
        &self.kinds
    }

    /// Checks an object of fields. `now` is in unix milliseconds.
    ///
    /// One finding a field, the one that matters: what is no number is not also no documented number.
    pub fn check(&self, fields: &Value, now: i64, findings: &mut Vec<Finding>) {
        let mut found = Vec::new();
        if !self.operation.validator.is_valid(fields) {
            let schema = self.operation.fields.schema();
            let errors = self.operation.validator.iter_errors(fields);
            let violations = errors.flat_map(|error| Violation::all_of(&error, schema));
            found.extend(violations.map(Finding::error));
        }
        rules::check(&self.operation, fields, now, &mut found);
        found.sort_by_key(|finding| {
            (finding.severity == Severity::Warning, finding.violation.code != Code::WrongType)
        });
        for finding in found {
            if findings.iter().all(|earlier| earlier.violation.pointer != finding.violation.pointer)
            {
                findings.push(finding);
            }
        }
    }

    /// The last moment, in unix milliseconds, at which these fields may still be sent.
    pub fn send_before(&self, fields: &Value) -> Option<i64> {
        rules::send_before(&self.operation, fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::text::diagnostic::Place;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000_000;

    fn checker(operation: &str) -> Checker {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        Checker::new(&connector.operations[operation])
    }

    fn create(extra: Value) -> Value {
        let mut fields = json!({"ticket_id": "tk_1", "note": "x", "is_internal_note": true});
        fields.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        fields
    }

    #[test]
    fn the_rules_of_a_create_hold() {
        let checker = checker("ticket_note.create");
        let later = NOW + 1;
        for (extra, expected) in [
            (json!({}), vec![]),
            (json!({"task_type": 1, "task_reminder_time": later, "task_due_date": later}), vec![]),
            (json!({"task_type": 1, "task_reminder_time": NOW, "task_due_date": NOW}), vec![]),
            (
                json!({"task_type": 1}),
                vec!["missing-field /task_reminder_time", "missing-field /task_due_date"],
            ),
            (
                json!({"task_type": 1, "task_due_date": later}),
                vec!["missing-field /task_reminder_time"],
            ),
            (
                json!({"task_type": 1, "task_reminder_time": NOW - 1, "task_due_date": later}),
                vec!["past-time /task_reminder_time"],
            ),
            (
                json!({"task_type": 1, "task_reminder_time": later / 1000, "task_due_date": later}),
                vec!["time-in-seconds /task_reminder_time"],
            ),
            (
                json!({"task_type": 1, "task_reminder_time": later * 1000, "task_due_date": later}),
                vec!["time-in-microseconds /task_reminder_time"],
            ),
            (
                json!({"task_type": 1, "task_reminder_time": later + 5, "task_due_date": later}),
                vec!["time-order /task_reminder_time"],
            ),
            (json!({"task_reminder_time": 5}), vec!["no-effect /task_reminder_time"]),
            (json!({"note_type": 14}), vec!["unusual-value /note_type"]),
            (json!({"note_type": 2}), vec!["invalid-value /note_type"]),
            (json!({"note_type": "0"}), vec!["wrong-type /note_type"]),
            (json!({"note": ""}), vec!["empty /note"]),
            (json!({"notes": "x"}), vec!["unknown-key /notes"]),
            (json!({"task_type": 2}), vec!["invalid-value /task_type"]),
        ] {
            let mut findings = Vec::new();
            checker.check(&create(extra.clone()), NOW, &mut findings);
            let mut found: Vec<String> = findings
                .iter()
                .map(|finding| format!("{} {}", finding.violation.code, finding.violation.pointer))
                .collect();
            found.sort();
            let mut expected = expected;
            expected.sort_unstable();
            assert_eq!(found, expected, "{extra}");
        }
    }

    #[test]
    fn an_unset_visibility_is_warned_of_once() {
        let mut findings = Vec::new();
        checker("ticket_note.create").check(
            &json!({"ticket_id": "tk_1", "note": "x"}),
            NOW,
            &mut findings,
        );
        assert_eq!(findings.len(), 1);
        assert!(findings[0].once && findings[0].severity == Severity::Warning);
    }

    #[test]
    fn a_reminder_limits_when_its_note_may_be_sent() {
        let checker = checker("ticket_note.create");
        let timed = create(json!({"task_type": 1, "task_reminder_time": 50, "task_due_date": 40}));
        assert_eq!(checker.send_before(&timed), Some(40));
        assert_eq!(checker.send_before(&create(json!({"task_reminder_time": 50}))), None);
    }
}
