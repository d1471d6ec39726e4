//! What the rules of the built-in operations find.

use crate::declared::job::PastReminders;
use serde_json::{Value, json};

use super::*;
use crate::declared::connector::Catalogue;
use crate::text::diagnostic::Place;

const NOW: i64 = 1_800_000_000_000;

fn checker(operation: &str) -> Checker {
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    Checker::new(&connector.operations[operation], None, PastReminders::Reject)
}

fn values(checker: &Checker, object: Value) -> Fields<'static> {
    checker.operation().fields.values(&object)
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
        (json!({"task_type": 2}), vec!["invalid-value /task_type"]),
    ] {
        let mut findings = Vec::new();
        checker.check(&values(&checker, create(extra.clone())), NOW, &mut findings);
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
fn an_unset_visibility_is_left_to_its_default() {
    let checker = checker("ticket_note.create");
    for (visibility, left) in [(json!({}), 1), (json!({"is_internal_note": false}), 0)] {
        let mut row = json!({"ticket_id": "tk_1", "note": "x"});
        row.as_object_mut().unwrap().extend(visibility.as_object().unwrap().clone());
        let fields = values(&checker, row);
        let mut findings = Vec::new();
        checker.check(&fields, NOW, &mut findings);
        assert!(findings.is_empty());
        assert_eq!(checker.left_to_defaults(&fields).count(), left);
    }
}

#[test]
fn a_reminder_limits_when_its_note_may_be_sent() {
    let checker = checker("ticket_note.create");
    let timed = create(json!({"task_type": 1, "task_reminder_time": 50, "task_due_date": 40}));
    assert_eq!(checker.send_before(&values(&checker, timed)), Some(40));
    let untimed = create(json!({"task_reminder_time": 50}));
    assert_eq!(checker.send_before(&values(&checker, untimed)), None);
}

#[test]
fn what_becomes_of_a_past_reminder_is_what_the_job_says() {
    use std::time::Duration;
    let hour = PastReminders::Shift(Duration::from_secs(3_600));
    let (past, later, shifted) = (NOW - 1, NOW + 1, NOW + 3_600_000);
    let reminding = |remind: i64, due: i64| json!({"task_type": 1, "task_reminder_time": remind, "task_due_date": due});
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    let operation = &connector.operations["ticket_note.create"];
    for (policy, row, expected) in [
        (PastReminders::Reject, reminding(past, later), None),
        (PastReminders::Drop, reminding(past, later), Some(json!({}))),
        (PastReminders::Drop, reminding(past, past), Some(json!({}))),
        // A due date is no reminder.
        (PastReminders::Drop, reminding(later, past), None),
        (PastReminders::Drop, reminding(later, later), None),
        (PastReminders::Drop, reminding(NOW, NOW), None),
        (hour, reminding(past, later), Some(reminding(shifted, later))),
        (hour, reminding(past, past), None),
        (hour, reminding(later, past), None),
        (hour, reminding(later, later), None),
        // Without task_type 1 there is no reminder.
        (PastReminders::Drop, json!({"task_reminder_time": past}), None),
        (PastReminders::Shift(Duration::MAX), reminding(past, later), None),
    ] {
        let checker = Checker::new(operation, None, policy);
        let fields = values(&checker, create(row.clone()));
        let mended = checker.mended(&fields, NOW).map(|(fields, _)| fields);
        let wanted = expected.map(|extra| values(&checker, create(extra)));
        assert_eq!(
            mended.as_ref().map(Fields::iter).map(Vec::from_iter),
            wanted.as_ref().map(Fields::iter).map(Vec::from_iter),
            "{policy:?} {row}"
        );
        // What is mended is warned of, and what is not stays an error.
        let mut findings = Vec::new();
        checker.check(&fields, NOW, &mut findings);
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let is_past = row["task_type"] == 1
            && [&row["task_reminder_time"], &row["task_due_date"]]
                .iter()
                .any(|time| **time == past);
        assert_eq!(errors.count() > 0, is_past && mended.is_none(), "{policy:?} {row}");
    }
}

/// What is past where the request arrives is refused there, and nobody would mend the row any more.
#[test]
fn a_reminder_that_may_pass_on_the_way_counts_as_past_at_the_turn() {
    let hour = PastReminders::Shift(std::time::Duration::from_secs(3_600));
    let (soon, later, shifted) = (NOW + 29_999, NOW + 30_000, NOW + 3_600_000);
    let reminding = |remind: i64, due: i64| json!({"task_type": 1, "task_reminder_time": remind, "task_due_date": due});
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    let operation = &connector.operations["ticket_note.create"];
    for (policy, row, expected) in [
        (PastReminders::Drop, reminding(soon, shifted), Some(json!({}))),
        (PastReminders::Drop, reminding(later, shifted), None),
        (hour, reminding(soon, shifted), Some(reminding(shifted, shifted))),
        (hour, reminding(later, shifted), None),
        // A due date is no reminder: near as it is, the row may still arrive.
        (hour, reminding(soon, soon), Some(reminding(shifted, soon))),
        (hour, reminding(later, soon), None),
        (hour, reminding(soon, NOW - 1), None),
        (PastReminders::Reject, reminding(soon, shifted), None),
    ] {
        let checker = Checker::new(operation, None, policy);
        let fields = values(&checker, create(row.clone()));
        let mended = mended_in_time(operation, &fields, policy, NOW).map(|(fields, _)| fields);
        let wanted = expected.map(|extra| values(&checker, create(extra)));
        assert_eq!(
            mended.as_ref().map(Fields::iter).map(Vec::from_iter),
            wanted.as_ref().map(Fields::iter).map(Vec::from_iter),
            "{policy:?} {row}"
        );
        assert!(checker.mended(&fields, NOW).is_none());
    }
}

#[test]
fn a_reminder_that_is_shifted_behind_the_due_date_is_warned_of() {
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    let operation = &connector.operations["ticket_note.create"];
    let hour = PastReminders::Shift(std::time::Duration::from_secs(3_600));
    let (past, soon, later) = (NOW - 1, NOW + 1, NOW + 3_600_001);
    for (policy, remind, due, made, expected) in [
        (hour, past, later, Some(PastReminder::Shifted), vec!["past-time /task_reminder_time"]),
        (
            hour,
            past,
            soon,
            Some(PastReminder::ShiftedBehind),
            vec!["past-time /task_reminder_time", "time-order /task_due_date"],
        ),
        (hour, later, soon, None, vec!["time-order /task_reminder_time"]),
        (
            PastReminders::Drop,
            past,
            past - 1,
            Some(PastReminder::LeftOut),
            vec!["past-time /task_reminder_time", "past-time /task_due_date"],
        ),
    ] {
        let checker = Checker::new(operation, None, policy);
        let row = json!({"task_type": 1, "task_reminder_time": remind, "task_due_date": due});
        let fields = values(&checker, create(row));
        assert_eq!(checker.mended(&fields, NOW).map(|(_, made)| made), made);
        let mut findings = Vec::new();
        checker.check(&fields, NOW, &mut findings);
        let told = findings.iter().map(|finding| {
            assert_eq!(finding.severity, Severity::Warning);
            format!("{} {}", finding.violation.code, finding.violation.pointer)
        });
        assert_eq!(told.collect::<Vec<_>>(), expected, "{policy:?}");
    }
}
