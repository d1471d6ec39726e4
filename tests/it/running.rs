//! Runs: order, retries, refusals, lost answers, reruns.

use std::net::TcpListener;

use noteferry::sandbox::Sandbox;
use serde_json::Value;

use crate::desk::{Desk, NOTES_JOB, assert_reads, notes_csv, requests, sandbox, texts};

/// The texts of a ticket's notes, in the order of their arrival.
fn of_ticket(sandbox: &Sandbox, ticket: &str) -> Vec<String> {
    let books = sandbox.books();
    let notes = books["notes"].as_array().unwrap().iter();
    let notes = notes.filter(|note| note["ticket_id"] == ticket);
    notes.map(|note| note["note"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn one_row_is_one_note() {
    let (desk, sandbox) = (Desk::with_notes("id,ticket,body\n1,tk_1,a\n"), sandbox(""));
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    outcome.counts("rows=1 succeeded=1 requests=2");
    let note = &sandbox.books()["notes"][0];
    let row = outcome.row(1);
    assert_eq!(row["id"], note["id"]);
    assert_eq!((&row["attempts"], &row["line"]), (&Value::from(1), &Value::from(2)));
    assert_eq!(note["is_internal_note"], true);
}

#[test]
fn no_rows_are_done_at_once() {
    let (desk, sandbox) = (Desk::with_notes("id,ticket,body\n"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=0 requests=0");
    assert_eq!(requests(&sandbox), 0);
}

#[test]
fn notes_of_a_ticket_keep_their_order_through_faults() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(90, 7)), sandbox("503=10%,429=5%"));
    let outcome = desk.run(&sandbox, "job.yaml --concurrency 16").exits(0);
    outcome.counts("rows=90 succeeded=90");
    let journal = sandbox.books()["journal"].clone();
    let faults = journal.as_array().unwrap().iter().filter(|entry| entry["fault"].is_string());
    let faults = faults.count() as u64;
    assert!(faults > 0, "the seed draws none");
    // Every push-back and failure was asked again, and nothing else was.
    assert_eq!(outcome.finished()["requests"], 90 + 1 + faults);
    for ticket in 0..7 {
        let expected: Vec<String> =
            (1..=90).filter(|row| row % 7 == ticket).map(|row| format!("Note {row}")).collect();
        assert_eq!(of_ticket(&sandbox, &format!("tk_{ticket}")), expected);
    }
    let attempts: u64 =
        outcome.all("row").iter().map(|row| row["attempts"].as_u64().unwrap()).sum();
    assert_eq!(attempts, 90 + faults);
}

#[test]
fn many_notes_of_one_ticket_go_one_after_the_other() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(60, 1)), sandbox(""));
    desk.run(&sandbox, "job.yaml --concurrency 32").exits(0).counts("succeeded=60");
    let expected: Vec<String> = (1..=60).map(|row| format!("Note {row}")).collect();
    assert_eq!(texts(&sandbox), expected);
}

#[test]
fn a_refused_row_is_told_left_alone_and_sent_again_when_it_is_corrected() {
    let rows = |second: &str| format!("id,ticket,body\n1,tk_1,a\n2,{second},b\n3,tk_3,c\n");
    let (desk, sandbox) = (Desk::with_notes(rows("tk_missing1")), sandbox(""));
    let outcome = desk.run(&sandbox, "job.yaml").exits(1);
    outcome.counts("rows=3 succeeded=2 failed=1");
    let row = outcome.row(2);
    assert_eq!(row["state"], "failed");
    assert_eq!(row["code"], "4");
    assert_eq!(row["message"], "ticket not found");

    // Nothing has changed, so there is nothing to ask.
    let seen = requests(&sandbox);
    let again = desk.run(&sandbox, "job.yaml").exits(1);
    again.counts("rows=3 already_done=2 failed=1 requests=0");
    assert_eq!(requests(&sandbox), seen);

    // Unless the user says so.
    let again = desk.run(&sandbox, "job.yaml --retry-failed").exits(1);
    again.counts("already_done=2 failed=1 requests=2");
    assert_eq!(again.row(2)["attempts"], 2);

    desk.write("notes.csv", rows("tk_2"));
    let corrected = desk.run(&sandbox, "job.yaml").exits(0);
    corrected.counts("rows=3 succeeded=1 already_done=2");
    assert_eq!(corrected.row(2)["attempts"], 3);
    assert_eq!(texts(&sandbox), ["a", "c", "b"]);
}

#[test]
fn a_rerun_reads_well() {
    let desk = Desk::with_notes("id,ticket,body\n1,tk_1,a\n2,tk_missing1,b\n");
    let arguments = "run job.yaml --sandbox --rate 100000/s";
    let shown: Vec<String> = (0..2).map(|_| desk.call(arguments).exits(1).to_string()).collect();
    assert_reads("rerun", shown.join("\n"));
}

#[test]
fn a_sorted_corrected_and_longer_file_adds_only_what_is_new() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(10, 3)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let mut lines: Vec<String> = notes_csv(13, 3).lines().map(str::to_owned).collect();
    lines[1..].reverse();
    desk.write("notes.csv", lines.join("\n"));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=13 succeeded=3 already_done=10");
    let mut found = texts(&sandbox);
    found.sort_unstable();
    found.dedup();
    assert_eq!((found.len(), texts(&sandbox).len()), (13, 13));
}

#[test]
fn without_a_key_a_row_is_known_by_its_content_and_occurrence() {
    let job = NOTES_JOB.lines().filter(|line| !line.starts_with("key"));
    let job = job.collect::<Vec<_>>().join("\n");
    let desk = Desk::new()
        .file("job.yaml", job)
        .file("notes.csv", "id,ticket,body\n1,tk_1,a\n2,tk_1,a\n3,tk_1,b\n");
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=3");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 already_done=3 requests=0");
    desk.write("notes.csv", "id,ticket,body\n3,tk_1,b\n1,tk_1,a\n2,tk_1,a\n4,tk_1,a\n");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=4 succeeded=1 already_done=3");
    assert_eq!(texts(&sandbox), ["a", "a", "b", "a"]);
}

#[test]
fn a_pilot_sends_the_first_rows_and_the_next_run_the_rest() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(10, 1)), sandbox(""));
    desk.run(&sandbox, "job.yaml --limit 3").exits(0).counts("rows=10 succeeded=3 not_started=7");
    assert_eq!(texts(&sandbox), ["Note 1", "Note 2", "Note 3"]);
    let rest = desk.run(&sandbox, "job.yaml").exits(0);
    rest.counts("rows=10 succeeded=7 already_done=3");
    assert_eq!(texts(&sandbox).len(), 10);
}

#[test]
fn an_address_where_nobody_listens_fails_rows_that_the_next_run_sends() {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}/v1", free.local_addr().unwrap());
    drop(free);
    let desk = Desk::with_notes(notes_csv(2, 2))
        .file("job.yaml", format!("{NOTES_JOB}limits: {{ attempts: 2 }}\n"))
        .env("STRINGEEX_TOKEN", "ready");
    let run = format!("run job.yaml --format json --rate 100000/s --base-url {address}");
    let outcome = desk.call(&run).exits(1);
    outcome.counts("rows=2 failed=2");
    assert_eq!(outcome.row(1)["attempts"], 2);
    let message = outcome.row(1)["message"].as_str().unwrap().to_lowercase();
    assert!(message.contains("refused"), "{message}");
    // They surely did not act, so they need no --retry-failed.
    let again = desk.call(&run).exits(1);
    assert_eq!(again.row(1)["attempts"], 4);
}

#[test]
fn a_create_whose_answer_is_lost_is_in_doubt_and_not_sent_again() {
    for fault in ["reset-after=100%", "500-after=100%", "cut-after=100%"] {
        let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(fault));
        let outcome = desk.run(&sandbox, "job.yaml").exits(6);
        outcome.counts("rows=3 in_doubt=3");
        assert_eq!(outcome.row(1)["state"], "in_doubt");
        let again = desk.run(&sandbox, "job.yaml --retry-failed").exits(6);
        again.counts("rows=3 in_doubt=3 requests=0");
        let mut found = texts(&sandbox);
        found.sort_unstable();
        assert_eq!(found, ["Note 1", "Note 2", "Note 3"], "{fault}");
    }
}

#[test]
fn what_surely_did_not_act_is_sent_again() {
    for fault in ["503=40%", "429=30%"] {
        let (desk, sandbox) = (Desk::with_notes(notes_csv(6, 6)), sandbox(fault));
        let job = format!("{NOTES_JOB}limits: {{ attempts: 20 }}\n");
        desk.write("job.yaml", job);
        desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=6");
        assert_eq!(texts(&sandbox).len(), 6, "{fault}");
    }
}

/// Updates and a delete of seeded notes.
const CHANGES: &str = r#"job: changes
source:
  rows:
    - { operation: ticket_note.update, note_id: tn_sandbox000001, note: "a" }
    - { operation: ticket_note.update, note_id: tn_sandbox000002, note: "b" }
    - { operation: ticket_note.update, note_id: tn_sandbox000003, note: "c" }
limits: { attempts: 20 }
"#;

#[test]
fn an_update_whose_answer_is_lost_is_repeated() {
    let (desk, sandbox) = (Desk::new().file("job.yaml", CHANGES), sandbox("reset-after=40%"));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=3");
    let updated = sandbox.books()["updated"].as_array().unwrap().len();
    assert!(updated > 3, "the seed loses no answer: {updated}");
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=3 requests=0");
}

#[test]
fn the_closing_event_is_all_that_quiet_programs_need() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 1)), sandbox(""));
    let outcome = desk.run(&sandbox, "job.yaml -q").exits(0);
    assert_eq!(outcome.stderr, "");
    outcome.counts("succeeded=3");
}
