//! Why rows wait, why a run ended, and what broke: each is told by its own name, to people and to scripts.

use std::net::TcpListener;

use serde_json::json;

use crate::ask::{ask, log_in};
use crate::desk::{
    Desk, NOTES_JOB, assert_reads, forget_outcome, notes_csv, sandbox, sandbox_with, unhurried,
};
use crate::hostile::Hostile;
use noteferry::sandbox::{EMAIL, Options, PASSWORD, Sandbox};

fn signed_in(desk: Desk) -> Desk {
    desk.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD)
}

/// A ticket of which nobody knows what became of the first row, and two more rows behind it.
fn one_in_doubt() -> (Desk, Sandbox) {
    let desk = signed_in(Desk::with_notes(notes_csv(1, 1)).sure_after("0s"));
    let sandbox = sandbox("");
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    let id = outcome.row(1)["id"].as_str().unwrap().to_owned();
    let token = log_in(sandbox.base_url());
    ask(sandbox.base_url(), "DELETE", &format!("/v1/ticketNote/{id}"), &token, &json!({}));
    forget_outcome(&desk.ledger(), 1, 1);
    desk.write("notes.csv", notes_csv(3, 1));
    (desk, sandbox)
}

#[test]
fn rows_behind_a_row_in_doubt_are_counted_apart_and_their_run_says_why_they_were_not_started() {
    let (desk, sandbox) = one_in_doubt();
    let at = format!("job.yaml --base-url {}", sandbox.base_url());
    let planned = desk.call(&format!("plan {at} --format json")).exits(0).events().pop().unwrap();
    let counts = ["send", "looked_for_first", "behind_doubts", "may_be_twice"];
    assert_eq!(counts.map(|name| planned[name].as_u64().unwrap()), [3, 1, 2, 0], "{planned}");
    let run = desk.call(&format!("run {at} --quiet")).exits(6);
    assert!(
        run.stderr.contains("2 rows were not started: they stand behind a row in doubt"),
        "{run}"
    );
    let status = desk.call(&format!("status {at}")).exits(0);
    assert!(status.stdout.contains("may stand behind rows in doubt"), "{status}");
    desk.write("job.yaml", format!("{NOTES_JOB}in_doubt: resend\n"));
    let planned = desk.call(&format!("plan {at}")).exits(0);
    assert!(
        planned.stdout.contains("warning: 1 row is in doubt, and a run sends it again"),
        "{planned}"
    );
    let run = desk.call(&format!("run {at}")).exits(0);
    assert!(run.stderr.contains("warning: 1 row is in doubt, and a run sends it again"), "{run}");
}

#[test]
fn a_run_that_ends_early_says_which_limit_it_was_and_an_address_is_no_token() {
    let slow =
        sandbox_with(Options { latency: std::time::Duration::from_millis(200), ..unhurried() });
    let desk = signed_in(Desk::with_notes(notes_csv(200, 1)));
    let outcome = desk.run(&slow, "job.yaml --max-duration 2s").exits(4);
    assert_eq!(outcome.finished()["reason"], "max-duration");
    let status = desk.call(&format!("status job.yaml --base-url {}", slow.base_url()));
    assert!(status.stdout.contains("stopped: longest time"), "{status}");
    let elsewhere = slow.base_url().replace("/v1", "/elsewhere");
    let run = format!("run job.yaml --base-url {elsewhere} --format json");
    assert_eq!(desk.call(&run).exits(4).finished()["reason"], "no-login-there");
    let status = desk.call(&format!("status job.yaml --base-url {elsewhere}"));
    assert!(status.stdout.contains("stopped: address"), "{status}");
}

#[test]
fn a_job_that_another_run_holds_has_a_reason_of_its_own() {
    let slow =
        sandbox_with(Options { latency: std::time::Duration::from_millis(500), ..unhurried() });
    let desk = Desk::with_notes(notes_csv(200, 1));
    let mut first = desk.start_run(&slow, "job.yaml");
    first.line().unwrap();
    let second = desk.run(&slow, "job.yaml").exits(5);
    let last = second.finished();
    assert_eq!(last["reason"], "locked");
    assert!(last["message"].as_str().unwrap().contains("another run of this job"), "{last}");
    first.kill();
    let invalid = Desk::with_notes("id,ticket,body\n1,,x\n").run(&slow, "job.yaml").exits(3);
    assert_eq!(invalid.finished()["reason"], "invalid");
}

#[test]
fn what_broke_is_told_in_words_and_never_in_those_of_the_library() {
    let refused = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let closing = Hostile::open(|_, _| String::new());
    let babbling = Hostile::open(|_, _| "this is no HTTP\r\n\r\n".to_owned());
    for (address, words) in [
        (format!("http://{refused}"), "connection refused"),
        (closing.address().to_owned(), "the other side closed the connection"),
        (babbling.address().to_owned(), "no HTTP"),
    ] {
        for format in ["text", "json"] {
            let desk =
                Desk::with_notes(notes_csv(3, 3)).without_recovery().env("STRINGEEX_TOKEN", "t");
            let run = format!("run job.yaml --base-url {address} --give-up-after 1s --verbose");
            let outcome = desk.call(&format!("{run} --format {format}"));
            let told = format!("{}{}", outcome.stdout, outcome.stderr);
            assert!(told.contains(words), "{words}: {outcome}");
            for raw in ["client error", "SendRequest", "error sending request", "os error"] {
                assert!(!told.contains(raw), "{raw}: {outcome}");
            }
        }
    }
}

#[test]
fn one_slip_is_one_mistake() {
    let by_name = "{\"ticket_id\":\"tk_1\",\"noet\":\"x\",\"is_internal_note\":true}\n".repeat(3);
    let desk = Desk::new().file("rows.jsonl", by_name);
    let told = desk.call("check rows.jsonl --operation ticket_note.create --format json").exits(3);
    let codes: Vec<_> = told.all("problem").iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["unknown-field"; 3], "{told}");

    let job = NOTES_JOB.replace("csv: notes.csv", "jsonl: rows.jsonl");
    let row =
        |row: usize, body: &str| format!("{{\"id\":{row},\"ticket\":\"tk_1\",\"{body}\":\"x\"}}\n");
    let rows: String = (0..400).map(|at| row(at, "bodi")).collect();
    let desk = Desk::new().file("job.yaml", job).file("rows.jsonl", &rows);
    let told = desk.call("check job.yaml --format json").exits(2);
    let codes: Vec<_> = told.all("problem").iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["unknown-column"], "{told}");
    assert_eq!(told.events().pop().unwrap()["invalid"], 400, "{told}");
    assert_reads("one_slip_in_a_map", desk.call("check job.yaml").exits(2));
    // Where one row has the column, the others lack it, each for itself.
    desk.write("rows.jsonl", format!("{rows}{}", row(400, "body")));
    let told = desk.call("check job.yaml --format json").exits(3).all("problem");
    assert_eq!(told.len(), 400);
    assert!(told.iter().all(|one| one["code"] == "missing-field"), "{told:?}");
    assert_eq!(told[399]["row"], 400);
    assert_eq!(told[0]["hint"], "the row has no `body`: did you mean `bodi`?", "{:?}", told[0]);

    let desk = Desk::new().file("rows.csv", "ticket_id,noet,is_internal_note\ntk_1,x,true\n");
    let told = desk.call("check rows.csv --operation ticket_note.create --format json").exits(2);
    assert_eq!(told.all("problem").len(), 1, "{told}");
}

#[test]
fn a_rehearsal_foretells_what_the_real_run_is_refused_for_and_can_be_had_once_more() {
    let sandbox = sandbox("");
    let address = sandbox.base_url().to_owned();
    let desk = Desk::with_notes(notes_csv(3, 3)).with_connector(|text| {
        text.replace("base_url: https://api.stringeex.com/v1", &format!("base_url: {address}"))
    });
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("again.yaml", NOTES_JOB.replace("job: notes", "job: again"));
    let told = desk.call("run again.yaml --sandbox").exits(0);
    assert!(
        told.stderr.contains("warning[done-elsewhere]: the run without --sandbox will be refused"),
        "{told}"
    );
    let told = desk.call("plan again.yaml --sandbox").exits(0);
    assert!(told.stderr.contains("warning[done-elsewhere]"), "{told}");
    // The job that has done them is told nothing of the kind.
    let first = desk.call("run job.yaml --sandbox").exits(0);
    assert!(!first.stderr.contains("done-elsewhere"), "{first}");
    let second = desk.call("run job.yaml --sandbox").exits(0);
    let (_, again) = second.stderr.split_once("with a ledger of its own: noteferry ").unwrap();
    let third = desk.call(again.lines().next().unwrap()).exits(0);
    assert!(third.stderr.contains("succeeded     3"), "{third}");
}
