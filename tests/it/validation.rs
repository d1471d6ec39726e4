//! Rows that are not valid: they are told all at once, and nothing leaves before they are dealt with.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::desk::{Desk, assert_reads, notes_csv, requests, sandbox, texts};

const JOB: &str = r#"job: reminders
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: "{{ ticket }}"
  note: "{{ body }}"
  is_internal_note: "{{ internal }}"
  task_type: "{{ 1 if remind else 0 }}"
  task_reminder_time: "{{ remind }}"
  task_due_date: "{{ due }}"
key: "{{ id }}"
"#;

const HEAD: &str = "id,ticket,body,internal,remind,due\n";
/// In milliseconds, in the year 2100.
const LATER: &str = "4102444800000";
const LATEST: &str = "4102531200000";

/// Every way for a row to be wrong, and one that is right in the middle.
fn wrong() -> String {
    format!(
        "{HEAD}\
        1,,a,true,,\n\
        2,tk_1,\"two\nlines\",maybe,,\n\
        3,tk_1,c,true,1577836800000,{LATEST}\n\
        4,tk_1,d,true,{LATER},{LATEST}\n\
        5,tk_1,e,true,4102444800,{LATEST}\n\
        6,tk_1,f,true,{LATER},\n\
        7,tk_1,g,true,soon,{LATEST}\n\
        8,tk_1,,true,,\n\
        9,tk_1,i,true,{LATEST},{LATER}\n"
    )
}

fn desk(rows: &str) -> Desk {
    Desk::new().file("job.yaml", JOB).file("notes.csv", rows)
}

#[test]
fn one_invalid_row_stops_everything() {
    let rows = format!("{HEAD}1,tk_1,a,true,,\n2,,b,true,,\n3,tk_1,c,true,,\n");
    let (desk, sandbox) = (desk(&rows), sandbox(""));
    let before = desk.files();
    let outcome = desk.run(&sandbox, "job.yaml").exits(3);
    outcome.counts("rows=3 invalid=1 not_started=2 requests=0");
    assert_eq!(requests(&sandbox), 0);
    assert_eq!(desk.files(), before);

    let outcome = desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
    outcome.counts("rows=3 succeeded=2 invalid=1");
    assert_eq!(texts(&sandbox), ["a", "c"]);

    desk.write("notes.csv", rows.replace("2,,b", "2,tk_1,b"));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=1 already_done=2");
}

#[test]
fn what_is_wrong_with_rows_reads_well() {
    let desk = desk(&wrong());
    assert_reads("invalid_rows", desk.call("check job.yaml").exits(3));
    assert_reads("invalid_rows_run", desk.call("run job.yaml --sandbox").exits(3));
    assert_reads("invalid_rows_json", desk.call("check job.yaml --format json").exits(3));
}

#[test]
fn problems_come_in_the_order_of_rows_with_the_promised_keys() {
    let outcome = desk(&wrong()).call("check job.yaml --format json").exits(3);
    let problems = outcome.all("problem");
    let rows: Vec<u64> = problems.iter().map(|problem| problem["row"].as_u64().unwrap()).collect();
    assert!(rows.is_sorted(), "{rows:?}");
    // Row 9 is only warned of.
    assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), 8, "{rows:?}");
    for problem in &problems {
        for key in ["row", "line", "column", "pointer", "code", "message", "hint", "severity"] {
            assert!(problem.get(key).is_some(), "no {key}: {problem}");
        }
    }
    let of_row = |row: u64| problems.iter().find(|problem| problem["row"] == row).unwrap();
    let third = of_row(3);
    // Row 2 has a line break in it.
    assert_eq!(third["line"], 5);
    assert_eq!(
        (&third["column"], &third["pointer"]),
        (&json!("remind"), &json!("/task_reminder_time"))
    );
    assert_eq!(third["code"], "past-time");
    let fifth = of_row(5)["hint"].as_str().unwrap();
    assert!(fifth.contains("milliseconds"), "{fifth}");
    let last = outcome.events().last().unwrap().clone();
    let expected = json!({
        "event": "checked", "rows": 9, "valid": 2, "invalid": 7, "filtered": 0, "duplicates": 0,
    });
    assert_eq!(last, expected);
}

#[test]
fn many_problems_keep_their_order_on_every_core() {
    let mut rows = HEAD.to_owned();
    for row in 1..=3000 {
        let ticket = if row % 3 == 0 { "" } else { "tk_1" };
        rows.push_str(&format!("{row},{ticket},a,true,,\n"));
    }
    let outcome = desk(&rows).call("check job.yaml --format json").exits(3);
    let found: Vec<u64> =
        outcome.all("problem").iter().map(|problem| problem["row"].as_u64().unwrap()).collect();
    assert_eq!(found, (1..=3000).filter(|row| row % 3 == 0).collect::<Vec<u64>>());
}

#[test]
fn notes_that_the_customer_may_see_unawares_are_warned_of_once() {
    let job = "job: x\noperation: ticket_note.create\nsource: { csv: notes.csv }\n\
        map: { ticket_id: \"{{ ticket }}\", note: \"{{ body }}\" }\n";
    let desk = Desk::with_notes(notes_csv(2000, 5)).file("job.yaml", job);
    let outcome = desk.call("check job.yaml --format json").exits(0);
    let warnings = outcome.all("problem");
    assert_eq!(warnings.len(), 1, "{outcome}");
    assert_eq!(warnings[0]["severity"], "warning");
    assert_eq!(warnings[0]["code"], "implicit-default");
}

#[test]
fn a_key_that_two_rows_bear_is_told_and_stops_the_run() {
    let rows = "id,ticket,body\n1,tk_1,a\n1,tk_1,b\n2,tk_1,c\n1,tk_1,d\n";
    let (desk, sandbox) = (Desk::with_notes(rows), sandbox(""));
    assert_reads("repeated_key", desk.call("check job.yaml").exits(3));
    desk.run(&sandbox, "job.yaml").exits(3);
    assert_eq!(requests(&sandbox), 0);
    // The key belongs to the first of them.
    for (succeeded, already_done) in [(2, 0), (0, 2)] {
        let outcome = desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
        let last = outcome.finished();
        assert_eq!(
            (&last["succeeded"], &last["already_done"]),
            (&json!(succeeded), &json!(already_done))
        );
        assert_eq!(last["invalid"], 2);
        assert_eq!(texts(&sandbox), ["a", "c"]);
    }
}

#[test]
fn an_empty_key_is_told() {
    let desk = Desk::with_notes("id,ticket,body\n,tk_1,a\n,tk_1,b\n");
    assert_reads("empty_key", desk.call("check job.yaml").exits(3));
}

#[test]
fn a_row_that_is_done_stays_done_when_its_reminder_passes() {
    let row = |remind: &str| format!("{HEAD}1,tk_1,a,true,{remind},{LATEST}\n");
    let (desk, sandbox) = (desk(&row(LATER)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=1");
    desk.write("notes.csv", row("1577836800000"));
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    outcome.counts("rows=1 already_done=1 requests=0");
    assert!(outcome.all("problem").is_empty(), "{outcome}");
    let plan = desk.call(&format!("plan job.yaml --format json --base-url {}", sandbox.base_url()));
    let plan = plan.exits(0).all("planned");
    assert_eq!((&plan[0]["skip"], &plan[0]["reject"]), (&json!(1), &json!(0)));
}

#[test]
fn a_row_that_is_done_and_has_changed_is_told() {
    let desk = Desk::with_notes("id,ticket,body\n1,tk_1,a\n2,tk_1,b\n");
    let run = "run job.yaml --sandbox --rate 100000/s";
    desk.call(run).exits(0);
    desk.write("notes.csv", "id,ticket,body\n1,tk_1,a\n2,tk_1,changed\n");
    assert_reads("changed_since", desk.call(run).exits(0));
    let plan = desk.call("plan job.yaml --sandbox --format json").exits(0);
    assert_eq!(plan.all("planned")[0]["changed"], 1);
}

#[test]
fn check_leaves_nothing_behind() {
    let desk = desk(&wrong());
    let before = desk.files();
    desk.call("check job.yaml").exits(3);
    assert_eq!(desk.files(), before);
    assert_eq!(Value::from(before.len()), 2);
}

#[test]
fn a_path_of_dots_is_no_path() {
    let desk = Desk::new().file("d.csv", "note_id\n.\n..\ntn_sandbox000001\n");
    let sandbox = sandbox("");
    desk.run(&sandbox, "d.csv --operation ticket_note.delete")
        .exits(3)
        .counts("rows=3 invalid=2 not_started=1");
    desk.run(&sandbox, "d.csv --operation ticket_note.delete --skip-invalid")
        .exits(1)
        .counts("rows=3 succeeded=1 invalid=2");
    assert_eq!(sandbox.books()["deleted"].as_array().unwrap().len(), 1);
}

#[test]
fn behind_a_quote_that_is_never_closed_nothing_is_trusted() {
    let csv = "ticket_id,note,is_internal_note\nt1,\"hello\nt2,text of a mail,true\nt3,c,true\n";
    let (desk, sandbox) = (Desk::new().file("u.csv", csv), sandbox(""));
    let run = "u.csv --operation ticket_note.create --skip-invalid";
    desk.run(&sandbox, run).exits(3).counts("rows=3 invalid=1 not_started=2 requests=0");
    assert!(texts(&sandbox).is_empty());
}

#[test]
fn a_file_without_lines_is_a_file_without_rows() {
    let (desk, sandbox) = (Desk::new().file("e.jsonl", ""), sandbox(""));
    desk.run(&sandbox, "e.jsonl --operation ticket_note.create")
        .exits(0)
        .counts("rows=0 requests=0");
}
