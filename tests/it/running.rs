//! Runs: order, retries, refusals, lost answers, reruns.

use std::collections::BTreeSet;
use std::net::TcpListener;

use noteferry::sandbox::{EMAIL, Options, PASSWORD, Sandbox};
use serde_json::Value;

use crate::desk::{
    Desk, NOTES_JOB, assert_reads, forget_outcome, notes_csv, requests, sandbox, sandbox_with,
    texts, unhurried,
};
use crate::stand::Stand;

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
    let desk = Desk::with_notes(notes_csv(90, 7)).trusting_503();
    let sandbox = sandbox("503=10%,429=2%");
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
    assert_eq!(texts(&sandbox), ["a", "b", "c"]);
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
fn an_address_where_nobody_listens_is_an_outage_however_few_rows_there_are() {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}/v1", free.local_addr().unwrap());
    drop(free);
    let desk = Desk::with_notes(notes_csv(1, 1))
        .file("job.yaml", format!("{NOTES_JOB}limits: {{ attempts: 2 }}\n"))
        .env("STRINGEEX_TOKEN", "ready");
    let run = format!(
        "run job.yaml --format json --rate 100000/s --base-url {address} --give-up-after 1s"
    );
    // It surely did not act, so it needs no --retry-failed.
    for _ in 0..2 {
        let outcome = desk.call(&run).exits(4);
        outcome.counts("rows=1 not_started=1");
        assert_eq!(outcome.finished()["reason"], "outage");
        let message = outcome.finished()["message"].as_str().unwrap().to_lowercase();
        assert!(message.contains("refused"), "{message}");
    }
}

#[test]
fn an_outage_burns_no_rows() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", free.local_addr().unwrap());
    drop(free);
    let desk = Desk::with_notes(notes_csv(30, 30)).env("STRINGEEX_TOKEN", "ready");
    let run = format!(
        "run job.yaml --format json --rate 100000/s --base-url {address} --give-up-after 1s"
    );
    let outcome = desk.call(&run).exits(4);
    outcome.counts("rows=30 not_started=30");
    assert_eq!(outcome.finished()["reason"], "outage");
    assert!(outcome.finished()["requests"].as_u64().unwrap() < 40, "{outcome}");
}

#[test]
fn a_failure_budget_stops_a_run_whose_rows_are_refused_one_after_the_other() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(200, 200)), sandbox("refuse=100%"));
    let outcome = desk.run(&sandbox, "job.yaml --max-failures 2% --concurrency 2").exits(4);
    assert_eq!(outcome.finished()["reason"], "too-many-failures");
    let failed = outcome.finished()["failed"].as_u64().unwrap();
    assert!((5..=9).contains(&failed), "{failed}");
}

#[test]
fn a_create_whose_answer_is_lost_and_cannot_be_settled_is_in_doubt_and_not_sent_again() {
    for fault in ["reset-after=100%", "500-after=100%", "cut-after=100%"] {
        let desk = Desk::with_notes(notes_csv(3, 3)).without_recovery();
        let sandbox = sandbox(fault);
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
fn a_create_whose_answer_is_lost_is_settled_by_looking() {
    for fault in [
        "reset-after=15%",
        "500-after=15%",
        "502=8%,reset=8%",
        "cut-after=15%",
        "503-after=8%,503=8%",
    ] {
        let desk = Desk::with_notes(notes_csv(12, 6)).sure_after("0s");
        let sandbox = sandbox(fault);
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=12 succeeded=12");
        let mut found = texts(&sandbox);
        found.sort_unstable();
        found.dedup();
        assert_eq!((found.len(), texts(&sandbox).len()), (12, 12), "{fault}");
        desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=12 requests=0");
    }
}

#[test]
fn a_row_in_doubt_that_is_of_another_ticket_now_is_not_looked_for_there() {
    let rows = |ticket: &str| format!("id,ticket,body\n1,{ticket},a\n2,tk_2,b\n");
    let desk = Desk::with_notes(rows("tk_1")).sure_after("0s");
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    forget_outcome(&desk.ledger(), 1, 1);
    // What is new on the old ticket must not overtake what may come to be there.
    desk.write("notes.csv", format!("{}3,tk_1,c\n", rows("tk_9")));
    let outcome = desk.run(&sandbox, "job.yaml").exits(6);
    outcome.counts("already_done=1 in_doubt=1 not_started=1 requests=0");
    let plan = format!("plan job.yaml --format json --base-url {}", sandbox.base_url());
    let step = desk.call(&plan).all("step")[0].clone();
    assert_eq!(step["action"], "hold");
    assert!(step["reason"].as_str().unwrap().contains("it was for `ticket tk_1`"), "{step}");
    // Put back, it is found.
    desk.write("notes.csv", format!("{}3,tk_1,c\n", rows("tk_1")));
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=2 already_done=1");
    assert_eq!(texts(&sandbox).len(), 3);
}

#[test]
fn what_surely_did_not_act_is_sent_again() {
    for fault in ["503=40%", "429=30%"] {
        let (desk, sandbox) = (Desk::with_notes(notes_csv(6, 6)).trusting_503(), sandbox(fault));
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
    let desk = Desk::new().file("job.yaml", CHANGES).sure_after("20ms");
    let sandbox = sandbox("reset-after=40%");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=3");
    let updated = sandbox.books()["updated"].as_array().unwrap().len();
    assert!(updated > 3, "the seed loses no answer: {updated}");
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=3 requests=0");
}

#[test]
fn an_update_in_doubt_that_is_invalid_now_stays_in_doubt() {
    let job = "job: x\noperation: ticket_note.update\nsource: { csv: notes.csv }\nkey: \"{{ note_id }}\"\n";
    let desk = Desk::new()
        .file("job.yaml", job)
        .file("notes.csv", "note_id,note\ntn_sandbox000001,a\n")
        .sure_after("0s");
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    forget_outcome(&desk.ledger(), 1, 1);
    desk.write("notes.csv", "note_id,note\ntn_sandbox000001,\n");
    desk.run(&sandbox, "job.yaml").exits(3);
    let outcome = desk.run(&sandbox, "job.yaml --skip-invalid").exits(6);
    outcome.counts("rows=1 in_doubt=1 requests=0");
    let plan = format!("plan job.yaml --format json --base-url {}", sandbox.base_url());
    let reason = desk.call(&plan).exits(3).all("step")[0]["reason"].to_string();
    assert!(reason.contains("it is invalid now"), "{reason}");
}

#[test]
fn a_delete_whose_answer_is_lost_is_settled() {
    let rows: String =
        (1..=8).map(|row| format!("    - {{ note_id: tn_sandbox{row:06} }}\n")).collect();
    let job = format!("job: x\noperation: ticket_note.delete\nsource:\n  rows:\n{rows}");
    let (desk, sandbox) = (Desk::new().file("job.yaml", job), sandbox("reset-after=40%"));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=8 succeeded=8");
    assert_eq!(sandbox.books()["deleted"].as_array().unwrap().len(), 8);
}

#[test]
fn a_storm_of_faults_leaves_each_note_once() {
    let faults =
        "503=10%,reset-after=3%,500-after=3%,refuse=3%,reset=3%,html=2%,cut-after=2%,401=1%";
    for seed in [1, 2] {
        let faults = faults.parse().unwrap();
        let sandbox = sandbox_with(Options { faults, seed, ..unhurried() });
        let desk = Desk::with_notes(notes_csv(60, 20)).sure_after("0s");
        // A list may be refused, too; then the row is in doubt until another run looks for it.
        let mut runs = 0;
        let last = loop {
            runs += 1;
            let outcome = desk.run(&sandbox, "job.yaml --retry-failed");
            let finished = outcome.finished();
            let over = finished["succeeded"].as_u64().unwrap()
                + finished["already_done"].as_u64().unwrap();
            if over == 60 || runs == 8 {
                break outcome;
            }
        };
        last.exits(0);
        let arrived = texts(&sandbox);
        let notes: BTreeSet<String> = arrived.iter().cloned().collect();
        assert_eq!((notes.len(), arrived.len()), (60, 60), "seed {seed}, {runs} runs");
    }
}

#[test]
fn no_quota_is_exceeded_within_a_run_or_from_one_to_the_next() {
    let quotas = vec!["8/1s".parse().unwrap()];
    let sandbox = sandbox_with(Options { quotas, ..unhurried() });
    let job = format!("{NOTES_JOB}limits: {{ rate: [8/1s], concurrency: 16 }}\n");
    let desk = Desk::with_notes(notes_csv(14, 14))
        .file("job.yaml", job)
        .env("STRINGEEX_EMAIL", EMAIL)
        .env("STRINGEEX_PASSWORD", PASSWORD);
    let run = format!("run job.yaml --format json --base-url {}", sandbox.base_url());
    desk.call(&format!("{run} --limit 7")).exits(0).counts("succeeded=7 not_started=7");
    desk.call(&run).exits(0).counts("succeeded=7 already_done=7");
    assert_eq!(sandbox.books()["pushbacks"], 0);
}

#[test]
fn a_push_back_is_waited_out_by_all_and_costs_no_row() {
    // Somebody else uses the account: nothing is allowed but two requests in a block.
    let quotas = vec!["2/1s".parse().unwrap()];
    let sandbox = sandbox_with(Options { quotas, retry_after: true, ..unhurried() });
    let desk = Desk::with_notes(notes_csv(5, 5));
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    outcome.counts("rows=5 succeeded=5");
    assert!(sandbox.books()["pushbacks"].as_u64().unwrap() > 0);
    let mut found = texts(&sandbox);
    found.sort_unstable();
    assert_eq!(found, ["Note 1", "Note 2", "Note 3", "Note 4", "Note 5"]);
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_run() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(300, 20)), sandbox(""));
    let mut run = desk.start_run(&sandbox, "job.yaml");
    run.line().unwrap();
    assert_eq!(run.deaf(), 4);
    assert_eq!(texts(&sandbox).len(), 300);
}

#[test]
fn a_pilot_of_no_rows_is_refused_with_the_numbers_that_may_be() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 1)), sandbox(""));
    for limit in ["0", "-1", "few"] {
        let told = desk.run(&sandbox, &format!("job.yaml --limit={limit}")).exits(2);
        assert!(told.stderr.contains("write a whole number from 1 to "), "{told}");
        desk.call(&format!("plan job.yaml --limit={limit}")).exits(2);
    }
    assert_eq!(requests(&sandbox), 0);
}

#[test]
fn an_answer_that_nobody_can_read_is_no_success() {
    for (status, body, exit) in [
        (200, "<html>fine</html>", 6),
        (200, "", 6),
        (200, r#"{"msg":"Success"}"#, 6),
        (200, r#"{"r":"0","msg":"Success"}"#, 6),
        (404, "nothing here", 1),
        (413, r#"{"r":0,"msg":"Success"}"#, 1),
        (500, r#"{"r":0,"msg":"Success"}"#, 6),
    ] {
        let stand = Stand::open(move |_| Some((status, body.to_owned())));
        let desk =
            Desk::with_notes(notes_csv(1, 1)).without_recovery().env("STRINGEEX_TOKEN", "ready");
        let run = format!("run job.yaml --format json --base-url {}", stand.address());
        let outcome = desk.call(&run).exits(exit);
        assert_eq!(outcome.finished()["succeeded"], 0, "{status} {body}");
        desk.call(&run).exits(exit).counts(if exit == 6 { "in_doubt=1" } else { "failed=1" });
        assert_eq!(stand.seen().len(), 1, "{status} {body}");
    }
}

#[test]
fn the_closing_event_is_all_that_quiet_programs_need() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 1)), sandbox(""));
    let outcome = desk.run(&sandbox, "job.yaml -q").exits(0);
    assert_eq!(outcome.stderr, "");
    outcome.counts("succeeded=3");
}

#[test]
fn a_row_that_is_given_up_is_not_overtaken_by_those_behind_it() {
    let sandbox = sandbox("503=40%");
    let job = format!("{NOTES_JOB}limits: {{ attempts: 1 }}\n");
    let desk = Desk::with_notes(notes_csv(24, 6)).file("job.yaml", job).trusting_503();
    let mut runs = 0;
    loop {
        runs += 1;
        let finished = desk.run(&sandbox, "job.yaml").finished();
        let done =
            finished["succeeded"].as_u64().unwrap() + finished["already_done"].as_u64().unwrap();
        if done == 24 || runs == 60 {
            break;
        }
    }
    let number = |text: &String| text.trim_start_matches("Note ").parse::<u64>().unwrap();
    let arrived: Vec<u64> = texts(&sandbox).iter().map(number).collect();
    assert_eq!(arrived.len(), 24, "after {runs} runs");
    for ticket in 0..6 {
        let of_ticket: Vec<u64> = arrived.iter().copied().filter(|row| row % 6 == ticket).collect();
        assert!(of_ticket.is_sorted(), "{of_ticket:?}");
    }
}
