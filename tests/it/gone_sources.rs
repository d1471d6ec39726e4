//! A source that is there for the first reading and cannot be read a second time.
//!
//! The moment between the readings is made long by not listening: the first reading tells of more invalid rows than a
//! pipe holds, and waits for its listener.

use serde_json::Value;

use crate::desk::{Desk, Outcome, sandbox, texts};

/// More events of invalid rows than any pipe holds, and two rows that can be sent.
fn rows() -> String {
    let mut csv = "id,ticket,body\nk1,tk_1,a\n".to_owned();
    (2..6_000).for_each(|row| csv.push_str(&format!("k{row},,no ticket\n")));
    csv.push_str("k6000,tk_2,b\n");
    csv
}

/// Starts the binary and removes its source while the first reading waits.
fn removed_between(desk: &Desk, start: impl FnOnce() -> crate::desk::Started) -> Outcome {
    let mut started = start();
    assert!(started.line().is_some());
    std::fs::remove_file(desk.path("notes.csv")).unwrap();
    started.outcome()
}

/// The last problem, which is that of the source.
fn told(outcome: &Outcome) -> Value {
    let problem = outcome.all("problem").pop().unwrap();
    assert_eq!(problem["code"], "unreadable-file", "{outcome}");
    problem
}

#[test]
fn a_plan_of_a_source_that_is_gone_is_no_plan() {
    let desk = Desk::with_notes(rows());
    let plan = || desk.start("plan job.yaml --format json --skip-invalid");
    let outcome = removed_between(&desk, plan).exits(2);
    told(&outcome);
    assert!(outcome.all("step").is_empty());
    assert_eq!(outcome.events().pop().unwrap()["event"], "planned");
}

#[test]
fn a_run_whose_source_is_gone_says_so_and_can_be_resumed() {
    let (desk, sandbox) = (Desk::with_notes(rows()), sandbox(""));
    let run = || desk.start_run(&sandbox, "job.yaml --skip-invalid");
    let outcome = removed_between(&desk, run).exits(4);
    told(&outcome);
    outcome.counts("invalid=5998 not_started=2");
    assert_eq!(outcome.finished()["reason"], "source-failed");
    assert!(texts(&sandbox).is_empty());
    desk.write("notes.csv", rows());
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1).counts("succeeded=2 invalid=5998");
}

#[test]
fn a_key_that_is_repeated_in_a_source_that_is_gone_is_not_passed_over() {
    let mut csv = rows();
    csv.push_str("k1,tk_1,again\n");
    let desk = Desk::with_notes(csv);
    let outcome = removed_between(&desk, || desk.start("check job.yaml --format json")).exits(2);
    told(&outcome);
}

#[test]
fn a_text_that_is_corrected_between_its_check_and_its_sending_is_not_sent_unseen() {
    let (desk, sandbox) = (Desk::with_notes(rows()), sandbox(""));
    let mut started = desk.start_run(&sandbox, "job.yaml --skip-invalid");
    assert!(started.line().is_some());
    // The keys stay as they were.
    desk.write("notes.csv", rows().replace("tk_1,a", "tk_1,corrected"));
    let outcome = started.outcome().exits(4);
    assert_eq!(outcome.all("problem").pop().unwrap()["code"], "source-changed", "{outcome}");
    assert!(!texts(&sandbox).contains(&"corrected".to_owned()), "{outcome}");
}
