//! Reminders that are past, when a row is checked or when its turn has come, and what the job makes of them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::desk::{Desk, requests, sandbox};

const JOB: &str = r#"job: reminders
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: "{{ ticket }}"
  note: "{{ body }}"
  is_internal_note: true
  task_type: "{{ 1 if remind else 0 }}"
  task_reminder_time: "{{ remind }}"
  task_due_date: "{{ due }}"
key: "{{ id }}"
"#;

const HEAD: &str = "id,ticket,body,remind,due\n";
/// In 2020.
const PAST: i64 = 1_577_836_800_000;
/// In 2100.
const LATER: i64 = 4_102_444_800_000;

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn desk(policy: &str) -> Desk {
    let rows = format!(
        "{HEAD}1,tk_1,a,,\n2,tk_2,b,{PAST},{LATER}\n3,tk_3,c,{LATER},{LATER}\n4,tk_4,d,{PAST},{PAST}\n"
    );
    Desk::new().file("job.yaml", format!("{JOB}{policy}")).file("notes.csv", rows)
}

/// The notes that came, by their texts.
fn notes(sandbox: &noteferry::sandbox::Sandbox) -> Vec<Value> {
    let mut notes = sandbox.books()["notes"].as_array().unwrap().clone();
    notes.sort_by_key(|note| note["note"].as_str().map(str::to_owned));
    notes
}

#[test]
fn a_past_reminder_is_refused_unless_the_job_says_otherwise() {
    for policy in ["", "past_reminders: reject\n"] {
        let (desk, sandbox) = (desk(policy), sandbox(""));
        let outcome = desk.run(&sandbox, "job.yaml").exits(3);
        let codes = outcome.all("problem");
        assert!(codes.iter().all(|problem| problem["severity"] == "error"), "{outcome}");
        assert_eq!(requests(&sandbox), 0);
    }
}

#[test]
fn of_rows_that_are_done_no_past_time_is_told_again() {
    for policy in ["drop_reminder", "{ shift: 1h }"] {
        let rows = format!("{HEAD}1,tk_1,a,,\n2,tk_2,b,{PAST},{LATER}\n");
        let desk = desk(&format!("past_reminders: {policy}\n")).file("notes.csv", rows);
        let sandbox = sandbox("");
        let told = desk.call_at(&sandbox, "run job.yaml -q").exits(0);
        assert!(told.stderr.contains("past-time"), "{policy}: {told}");
        let told = desk.call_at(&sandbox, "run job.yaml -q").exits(0);
        assert_eq!((&*told.stdout, &*told.stderr), ("", ""), "{policy}: {told}");
    }
}

#[test]
fn a_past_reminder_can_be_left_out_and_that_is_told() {
    let (desk, sandbox) = (desk("past_reminders: drop_reminder\n"), sandbox(""));
    let check = desk.call("check job.yaml --format json").exits(0);
    let told = &check.all("problem")[0];
    assert_eq!(
        (&told["code"], &told["severity"], &told["row"]),
        (&json!("past-time"), &json!("warning"), &json!(2))
    );
    assert!(told["hint"].as_str().unwrap().contains("sent without its reminder"), "{check}");
    let plan = desk.call("plan job.yaml --format json").exits(0);
    let steps = plan.all("step");
    assert_eq!(steps[1]["reminder"], "left_out", "{plan}");
    assert_eq!(
        steps[1]["body"],
        json!({"ticket_id": "tk_2", "note": "b", "is_internal_note": true})
    );
    assert!(steps[2].get("reminder").is_none() && steps[2]["body"].get("task_due_date").is_some());
    assert_eq!(plan.all("planned")[0]["reminders"]["left_out"], 2);
    let words = desk.call("plan job.yaml").exits(0);
    assert!(words.stdout.contains("2 rows: the reminder is past, and left out"), "{words}");
    // Those that go without are not counted among the times that are sent.
    assert!(words.stdout.contains("task_reminder_time: 1 row, at 2100-01-01"), "{words}");
    let run = desk.run(&sandbox, "job.yaml").exits(0);
    run.counts("succeeded=4");
    assert_eq!(
        (&run.row(2)["reminder"], &run.row(4)["reminder"]),
        (&json!("left_out"), &json!("left_out"))
    );
    assert!(run.row(3).get("reminder").is_none());
    let notes = notes(&sandbox);
    let has = |at: usize| notes[at].get("task_reminder_time").is_some_and(|time| !time.is_null());
    assert_eq!([has(0), has(1), has(2), has(3)], [false, false, true, false], "{notes:?}");
    // The row is the same, whatever was made of its reminder.
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=4 requests=0");
    desk.write("job.yaml", JOB);
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=4 requests=0");
}

#[test]
fn a_past_reminder_can_come_later() {
    let (desk, sandbox) = (desk("past_reminders: { shift: 1h }\n"), sandbox(""));
    let rows = format!(
        "{HEAD}1,tk_1,a,,\n2,tk_2,b,{PAST},{LATER}\n3,tk_3,c,{LATER},{LATER}\n4,tk_4,d,{PAST},{LATER}\n"
    );
    desk.write("notes.csv", rows);
    let before = now();
    let run = desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(
        (&run.row(2)["reminder"], &run.row(4)["reminder"]),
        (&json!("shifted"), &json!("shifted"))
    );
    let notes = notes(&sandbox);
    let hour = 3_600_000;
    for note in [&notes[1], &notes[3]] {
        let remind = note["task_reminder_time"].as_i64().unwrap();
        assert!((before + hour..=now() + hour).contains(&remind), "{note}");
    }
    assert_eq!(
        (&notes[1]["task_due_date"], &notes[2]["task_reminder_time"]),
        (&json!(LATER), &json!(LATER))
    );
    // A rerun an hour later would shift by another hour, and sends nothing.
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=4 requests=0");
    let words = desk.call_at(&sandbox, "run job.yaml --as-new --ledger other.db").exits(0);
    assert!(words.stderr.contains("2 rows were sent with a later reminder"), "{words}");
}

#[test]
fn a_due_date_is_no_reminder() {
    for policy in ["drop_reminder", "{ shift: 1h }"] {
        let rows = format!("{HEAD}1,tk_1,a,{LATER},{PAST}\n");
        let desk = desk(&format!("past_reminders: {policy}\n")).file("notes.csv", rows);
        let told = desk.call("check job.yaml --format json").exits(3);
        let problems = told.all("problem");
        let due = problems.iter().find(|problem| problem["code"] == "past-time").unwrap();
        assert_eq!(
            (&due["severity"], &due["pointer"]),
            (&json!("error"), &json!("/task_due_date"))
        );
    }
}

#[test]
fn a_reminder_that_is_shifted_behind_its_due_date_is_told_at_every_turn() {
    let soon = now() + 1_800_000;
    let (desk, sandbox) = (desk("past_reminders: { shift: 1h }\n"), sandbox(""));
    desk.write("notes.csv", format!("{HEAD}1,tk_1,a,{PAST},{soon}\n"));
    let check = desk.call("check job.yaml").exits(0);
    assert!(check.stderr.contains("the reminder comes after the due date"), "{check}");
    let plan = desk.call("plan job.yaml --format json").exits(0);
    assert_eq!(plan.all("step")[0]["reminder"], "shifted_behind");
    assert_eq!(plan.all("planned")[0]["reminders"]["shifted_behind"], 1);
    let run = desk.call_at(&sandbox, "run job.yaml").exits(0);
    assert!(run.stderr.contains("1 of these reminders comes after the due date"), "{run}");
    let notes = notes(&sandbox);
    assert_eq!(notes[0]["task_due_date"], json!(soon), "{notes:?}");
}

#[test]
fn what_a_reminder_cannot_be_moved_by_is_told_with_its_place() {
    for (policy, says) in [
        ("{ shift: 0s }", "cannot be moved by 0s"),
        ("{ shift: 400d }", "shift"),
        ("{ shift: soon }", "soon"),
        ("later", "past_reminders"),
        ("{ move: 1h }", "past_reminders"),
    ] {
        let desk = desk(&format!("past_reminders: {policy}\n"));
        let outcome = desk.call("check job.yaml").exits(2);
        assert!(
            outcome.stderr.contains("job.yaml:12:") && outcome.stderr.contains(says),
            "{policy}: {outcome}"
        );
    }
}

#[test]
fn a_plan_tells_which_reminders_will_be_past_before_their_turn_and_when_to_start() {
    let soon = now() + 15_000;
    let mut rows = HEAD.to_owned();
    (1..=5).for_each(|row| rows.push_str(&format!("{row},tk_{row},a,{soon},{LATER}\n")));
    let desk = desk("").file("notes.csv", rows);
    // A request in ten seconds: the third row has its turn after twenty.
    let plan = desk.call("plan job.yaml --rate 1/10s --format json").exits(0);
    let reminders = &plan.all("planned")[0]["reminders"];
    assert_eq!(reminders["late"], 3, "{plan}");
    assert_eq!(reminders["first_late"][0], json!({"row": 3, "line": 4}));
    assert!(reminders["start_by"].is_string());
    let words = desk.call("plan job.yaml --rate 1/10s").exits(0);
    let told = "warning: 3 reminders will be past before their turn: row 3 (line 4), row 4 (line 5), row 5 (line 6); such a row is not sent";
    assert!(words.stdout.contains(told), "{words}");
    assert!(words.stdout.contains("For none to be, the run would have to start by"), "{words}");
    let fast = desk.call("plan job.yaml --rate 1000/s").exits(0);
    assert!(
        fast.stdout
            .contains("All reminders lie ahead at the turn of their rows if the run starts by"),
        "{fast}"
    );
}
