//! Signals: the first lets what is under way end, the second does not; either way a later run goes on.

use std::time::{Duration, Instant};

use noteferry::sandbox::Options;

use crate::desk::{Desk, notes_csv, sandbox_with, texts, unhurried};
use crate::stand::Stand;

fn drains(signal: &str, exit: i32) {
    let sandbox = sandbox_with(Options { latency: Duration::from_millis(15), ..unhurried() });
    let desk = Desk::with_notes(notes_csv(200, 8));
    let mut run = desk.start_run(&sandbox, "job.yaml --concurrency 4");
    run.line().unwrap();
    run.line().unwrap();
    run.signal(signal);
    let outcome = run.outcome().exits(exit);
    let last = outcome.finished();
    assert_eq!((&last["in_doubt"], &last["reason"]), (&0.into(), &"interrupted".into()));
    assert!(last["not_started"].as_u64().unwrap() > 0, "{outcome}");
    let succeeded = last["succeeded"].as_u64().unwrap();
    assert_eq!(succeeded, texts(&sandbox).len() as u64);

    let rest = desk.run(&sandbox, "job.yaml --concurrency 32").exits(0);
    rest.counts(&format!("rows=200 already_done={succeeded} succeeded={}", 200 - succeeded));
    let mut found = texts(&sandbox);
    found.sort_unstable();
    found.dedup();
    assert_eq!((found.len(), texts(&sandbox).len()), (200, 200));
}

#[test]
fn an_interrupt_lets_end_what_is_under_way() {
    drains("INT", 130);
}

#[test]
fn a_termination_lets_end_what_is_under_way() {
    drains("TERM", 143);
}

#[test]
fn a_terminal_that_is_closed_lets_end_what_is_under_way() {
    drains("HUP", 143);
}

#[test]
fn a_run_that_was_told_to_ignore_hangups_does() {
    let sandbox = sandbox_with(Options { latency: Duration::from_millis(5), ..unhurried() });
    let desk = Desk::with_notes(notes_csv(100, 8));
    let mut run = desk.start_run_ignoring("HUP", &sandbox, "job.yaml --concurrency 4");
    run.line().unwrap();
    run.line().unwrap();
    run.signal("HUP");
    run.outcome().exits(0).counts("rows=100 succeeded=100");
}

#[test]
fn signals_that_come_together_are_one_wish_and_it_is_said_what_is_waited_for() {
    let stand = Stand::open(|_| None);
    let desk = Desk::with_notes(notes_csv(3, 3))
        .env("STRINGEEX_TOKEN", "ready")
        .with_connector(|text| text.replace("request: 30s", "request: 3s"))
        .without_recovery();
    let mut run = desk.start(&format!(
        "run job.yaml --format json --rate 100000/s --concurrency 2 --base-url {}",
        stand.address()
    ));
    stand.arrival();
    stand.arrival();
    let began = Instant::now();
    run.signal("INT");
    run.signal("INT");
    run.signal("TERM");
    let told = loop {
        let line = run.line().unwrap();
        if line.contains("asked to stop") {
            break line;
        }
    };
    assert!(told.contains("waiting for 2 requests under way, 23 s at the most"), "{told}");
    assert!(told.contains("asked once more, it stops at once, with their rows in doubt"), "{told}");
    let outcome = run.outcome();
    assert!(began.elapsed() > Duration::from_secs(1), "it has waited: {outcome}");
    assert!(matches!(outcome.status, 130 | 143), "{outcome}");
    outcome.counts("rows=3 in_doubt=2 not_started=1");
}

#[test]
fn a_second_signal_does_not_wait() {
    let stand = Stand::open(|_| None);
    let desk = Desk::with_notes(notes_csv(3, 3)).env("STRINGEEX_TOKEN", "ready");
    let run = desk.start(&format!(
        "run job.yaml --format json --rate 100000/s --concurrency 2 --base-url {}",
        stand.address()
    ));
    stand.arrival();
    stand.arrival();
    let began = Instant::now();
    let mut run = run;
    run.signal("INT");
    run.signal_until_it_ends("TERM");
    let outcome = run.outcome();
    assert!(matches!(outcome.status, 130 | 143), "{outcome}");
    assert!(began.elapsed() < Duration::from_secs(20), "it has waited: {outcome}");
    outcome.counts("rows=3 in_doubt=2 not_started=1");
}

#[test]
fn a_run_that_has_to_be_over_ends_in_time_and_another_goes_on() {
    let sandbox = sandbox_with(Options { latency: Duration::from_millis(15), ..unhurried() });
    let desk = Desk::with_notes(notes_csv(2000, 4));
    let outcome = desk.run(&sandbox, "job.yaml --concurrency 4 --max-duration 2s").exits(4);
    let last = outcome.finished();
    assert_eq!((&last["in_doubt"], &last["reason"]), (&0.into(), &"max-duration".into()));
    let succeeded = last["succeeded"].as_u64().unwrap();
    assert!(last["not_started"].as_u64().unwrap() > 0 && succeeded > 0, "{outcome}");
    assert_eq!(succeeded, texts(&sandbox).len() as u64);
    let rest = 2000 - succeeded - 10;
    desk.run(&sandbox, "job.yaml --limit 10")
        .exits(0)
        .counts(&format!("already_done={succeeded} succeeded=10 not_started={rest}"));
}

#[test]
fn a_deadline_that_has_passed_is_a_mistake() {
    let desk = Desk::with_notes(notes_csv(2, 2));
    let late =
        desk.call("run job.yaml --sandbox --deadline 2000-01-01T00:00Z --format json").exits(2);
    late.counts("rows=0 requests=0");
}

#[test]
fn a_sandbox_ends_well_when_it_is_interrupted() {
    let mut sandbox = Desk::new().start("sandbox --port 0 --no-quota --format json");
    let line = sandbox.line().unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = event["base_url"].as_str().unwrap();
    let books = crate::ask::books(address);
    assert_eq!(books["requests"], 0);
    let desk = Desk::with_notes(notes_csv(3, 3))
        .env("STRINGEEX_EMAIL", event["email"].as_str().unwrap())
        .env("STRINGEEX_PASSWORD", event["password"].as_str().unwrap());
    desk.call(&format!("run job.yaml --rate 100000/s --base-url {address}")).exits(0);
    assert_eq!(crate::ask::books(address)["notes"].as_array().unwrap().len(), 3);
    sandbox.signal("INT");
    sandbox.outcome().exits(0);
}

#[test]
fn a_run_that_waits_as_it_was_asked_to_can_be_interrupted() {
    // The login and two notes; then nothing more until tomorrow.
    let quotas = vec!["3/1d".parse().unwrap()];
    let sandbox = sandbox_with(Options { quotas, retry_after: true, ..unhurried() });
    let desk = Desk::with_notes(notes_csv(5, 5));
    let mut run = desk.start_run(&sandbox, "job.yaml --concurrency 1");
    run.line().unwrap();
    run.line().unwrap();
    // Nothing is told of the push-back, so the books are asked.
    for _ in 0..3000 {
        if sandbox.books()["pushbacks"] == 1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    run.signal("INT");
    run.outcome().exits(130).counts("rows=5 succeeded=2 not_started=3");
}
