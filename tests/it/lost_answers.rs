//! What a list is worth that does not show what was lost: the ledger's notes on other tickets are the measure.

use std::sync::Mutex;

use noteferry::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::ask::{ask, log_in};
use crate::desk::{Desk, NOTES_JOB, Outcome, forget_outcome, notes_csv, sandbox, texts};
use crate::stand::Stand;

/// A folder after a run of some rows, each on a ticket of its own, of whose last nobody knows what became of it.
fn with_last_lost(rows: usize, acted: bool) -> (Desk, Sandbox) {
    let desk = Desk::with_notes(notes_csv(rows, rows)).sure_after("0s");
    let sandbox = sandbox("");
    let outcome = desk.run(&sandbox, "job.yaml --concurrency 1").exits(0);
    let id = outcome.row(rows as u64)["id"].as_str().unwrap().to_owned();
    if !acted {
        remove(&sandbox, &id);
    }
    let ledger = desk.ledger();
    let query = "SELECT id FROM row_states WHERE remote_id = ?";
    let row = ledger.query_row(query, [id], |row| row.get(0)).unwrap();
    forget_outcome(&ledger, row, 1);
    (desk, sandbox)
}

fn remove(sandbox: &Sandbox, id: &str) {
    let token = log_in(sandbox.base_url());
    ask(sandbox.base_url(), "DELETE", &format!("/v1/ticketNote/{id}"), &token, &json!({}));
}

fn sorted_texts(sandbox: &Sandbox) -> Vec<String> {
    let mut texts = texts(sandbox);
    texts.sort_unstable();
    texts
}

fn why(outcome: &Outcome, row: u64) -> String {
    outcome.row(row)["message"].as_str().unwrap().to_owned()
}

#[test]
fn the_first_row_of_a_ticket_is_settled_by_what_the_ledger_owns_on_another() {
    for acted in [true, false] {
        let (desk, sandbox) = with_last_lost(2, acted);
        let expected = if acted { &["Note 1", "Note 2"][..] } else { &["Note 1"] };
        assert_eq!(sorted_texts(&sandbox), expected);
        let outcome = desk.run(&sandbox, "job.yaml").exits(0);
        outcome.counts("rows=2 succeeded=1 already_done=1");
        assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"], "{outcome}");
    }
}

#[test]
fn so_is_the_first_row_of_a_job_by_what_another_job_of_the_ledger_owns() {
    let (desk, sandbox) = with_last_lost(2, false);
    // As if another job had made the first.
    let rename = "INSERT INTO jobs SELECT 99, 'another', base_url, account, created_at FROM jobs; \
                  INSERT INTO runs (id, job, keyed_by, started_at) SELECT 99, 99, keyed_by, started_at FROM runs; \
                  INSERT INTO owners SELECT 99, 99, name, until FROM owners; \
                  UPDATE starts SET owner = 99 WHERE key = 'k1'; \
                  UPDATE ends SET owner = 99 WHERE id IN (SELECT id FROM starts WHERE key = 'k1')";
    desk.ledger().execute_batch(rename).unwrap();
    desk.write("notes.csv", "id,ticket,body\nk2,tk_0,Note 2\n");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=1 succeeded=1");
    assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"]);
}

#[test]
fn a_row_that_is_all_there_is_stays_in_doubt_unless_its_note_is_found() {
    let (desk, sandbox) = with_last_lost(1, true);
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=1");

    let (desk, sandbox) = with_last_lost(1, false);
    let outcome = desk.run(&sandbox, "job.yaml").exits(6);
    let why = why(&outcome, 1);
    assert!(why.contains("no list has shown yet what is known to be there"), "{why}");
    assert!(why.contains("run the job again"), "{why}");
    assert!(texts(&sandbox).is_empty());
    // Another row of the job shows what lists are worth.
    desk.write("notes.csv", format!("{}k2,tk_9,Note 2\n", notes_csv(1, 1)));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=2");
    assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"]);
}

#[test]
fn what_is_gone_from_another_ticket_shows_nothing() {
    let (desk, sandbox) = with_last_lost(2, false);
    for note in sandbox.books()["notes"].as_array().unwrap() {
        remove(&sandbox, note["id"].as_str().unwrap());
    }
    let outcome = desk.run(&sandbox, "job.yaml").exits(6);
    assert!(why(&outcome, 2).contains("no list has shown yet"), "{outcome}");
    assert!(texts(&sandbox).is_empty());
}

/// A list of the ticket that a request asks for, of what was made there, and an answer to a create that says nothing.
fn play(shape: &'static str) -> Stand {
    let made = Mutex::new(Vec::new());
    Stand::open(move |request| {
        if request.method == "GET" {
            let note = |(at, body): (usize, &Value)| {
                let mut note = body.clone();
                note["id"] = format!("tn_{at}").into();
                note["created"] = jiff::Timestamp::now().as_millisecond().into();
                if shape.contains("content") {
                    note["content"] = note.as_object_mut().unwrap().remove("note").unwrap();
                }
                note
            };
            let made = made.lock().unwrap();
            let of_ticket = |(_, body): &(usize, &Value)| {
                request.path.contains(&format!("ticket={}&", body["ticket_id"].as_str().unwrap()))
            };
            let items: Vec<Value> = made.iter().enumerate().filter(of_ticket).map(note).collect();
            return Some((200, shape.replace("LIST", &Value::from(items).to_string())));
        }
        made.lock().unwrap().push(request.body.clone());
        Some((500, String::new()))
    })
}

fn run_at(desk: &Desk, stand: &Stand) -> Outcome {
    desk.call(&format!("run job.yaml --format json --base-url {}", stand.address()))
}

#[test]
fn a_list_of_another_shape_is_read_where_it_can_mean_but_one_thing() {
    for shape in [
        r#"{"r":0,"data":{"rows":LIST}}"#,
        r#"{"r":0,"data":{"items":LIST,"content":1}}"#,
        r#"{"r":0,"notes":LIST}"#,
    ] {
        let desk =
            Desk::with_notes(notes_csv(2, 2)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
        let outcome = run_at(&desk, &play(shape)).exits(0);
        outcome.counts("rows=2 succeeded=2");
    }
}

#[test]
fn lists_that_cannot_be_read_are_doubts_about_their_rows_and_no_outage() {
    let desk = Desk::with_notes(notes_csv(6, 6)).sure_after("0s");
    let job = format!("{NOTES_JOB}limits: {{ attempts: 3 }}\n");
    let desk = desk.file("job.yaml", job).env("STRINGEEX_TOKEN", "x.y.z");
    let outcome = run_at(&desk, &play("LIST")).exits(6);
    outcome.counts("rows=6 in_doubt=6");
    assert!(why(&outcome, 6).contains("the list could not be read"), "{outcome}");
    assert!(!outcome.stdout.contains("outage"), "{outcome}");
}

#[test]
fn a_row_in_doubt_whose_content_has_changed_is_not_looked_for_by_the_new_content() {
    let (desk, sandbox) = with_last_lost(2, true);
    let changed = notes_csv(2, 2).replace("Note 2", "Note 2 corrected");
    desk.write("notes.csv", changed);
    let outcome = desk.run(&sandbox, "job.yaml").exits(6);
    outcome.counts("rows=2 already_done=1 in_doubt=1");
    assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"], "{outcome}");
    let plan = desk.call(&format!("plan job.yaml --base-url {}", sandbox.base_url()));
    assert!(plan.stdout.contains("put the former content back"), "{plan}");
    // With the former content it is found.
    desk.write("notes.csv", notes_csv(2, 2));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=1 already_done=1");
    assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"]);
}
