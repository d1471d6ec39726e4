//! Authentication: where credentials come from, and what happens when they are not good.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use noteferry::sandbox::{KEY_SECRET, KEY_SID, Options, PASSWORD};
use serde_json::json;

use crate::ask::{ask, log_in};
use crate::desk::{
    Desk, assert_reads, notes_csv, requests, sandbox, sandbox_with, texts, unhurried,
};
use crate::stand::Stand;

fn logins(sandbox: &noteferry::sandbox::Sandbox) -> u64 {
    sandbox.books()["logins"].as_u64().unwrap()
}

/// Arguments of a run against a sandbox, without credentials.
fn run(sandbox: &noteferry::sandbox::Sandbox) -> String {
    format!("run job.yaml --format json --rate 100000/s --base-url {}", sandbox.base_url())
}

#[test]
fn a_run_logs_in_once() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(30, 10)), sandbox(""));
    desk.run(&sandbox, "job.yaml --concurrency 16").exits(0).counts("succeeded=30 requests=31");
    assert_eq!(logins(&sandbox), 1);
}

#[test]
fn a_run_with_nothing_to_send_does_not_log_in() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(1, 1)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(logins(&sandbox), 1);
}

#[test]
fn a_refused_token_is_renewed_once_and_nothing_is_lost() {
    let sandbox = sandbox_with(Options { latency: Duration::from_millis(5), ..unhurried() });
    let desk = Desk::with_notes(notes_csv(40, 1));
    let mut run = desk.start_run(&sandbox, "job.yaml --concurrency 1");
    run.line().unwrap();
    // By the sandbox's clock the token is now a day old.
    let clock = json!({"offset_ms": 86_400_000});
    ask(sandbox.base_url(), "POST", "/_sandbox/clock", "", &clock);
    // A token granted from here on expires by that clock, too.
    let outcome = run.outcome().exits(0);
    outcome.counts("rows=40 succeeded=40");
    assert_eq!(logins(&sandbox), 2);
    assert_eq!(texts(&sandbox).len(), 40);
}

#[test]
fn a_clock_that_is_ahead_does_not_log_in_for_ever() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(5, 5)), sandbox(""));
    // A token of an hour has expired by our clock when it comes.
    let clock = json!({"offset_ms": -7_200_000});
    ask(sandbox.base_url(), "POST", "/_sandbox/clock", "", &clock);
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=5 requests=6");
    assert_eq!(logins(&sandbox), 1);
}

#[test]
fn a_wrong_base_url_is_no_wrong_password() {
    for (status, body) in [
        (404, "{\"r\":404,\"msg\":\"no such path\"}"),
        (405, ""),
        (302, ""),
        (200, "<html></html>"),
    ] {
        let stand = Stand::open(move |_| Some((status, body.to_owned())));
        let desk = Desk::with_notes(notes_csv(3, 1))
            .env("STRINGEEX_EMAIL", "a@example.com")
            .env("STRINGEEX_PASSWORD", "p");
        let outcome = desk.call(&format!("run job.yaml --base-url {}", stand.address())).exits(4);
        for part in [stand.address(), &format!("status {status}"), "/v1", "Check the base URL"] {
            assert!(outcome.stderr.contains(part), "{part}: {outcome}");
        }
        assert!(!outcome.stderr.contains("credentials were refused"), "{outcome}");
    }
}

#[test]
fn a_wrong_password_fails_no_row() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(3, 1)).env("STRINGEEX_EMAIL", "admin@sandbox.example");
    let mut wrong = desk.call(&run(&sandbox)).exits(2);
    assert!(wrong.stdout.contains("STRINGEEX_PASSWORD"), "{wrong}");
    let desk = desk.env("STRINGEEX_PASSWORD", "wrong-password");
    wrong = desk.call(&run(&sandbox)).exits(4);
    wrong.counts("rows=3 not_started=3");
    assert!(wrong.all("row").is_empty());
    assert!(texts(&sandbox).is_empty());
    let told = desk.call(&run(&sandbox).replace("--format json", "")).exits(4);
    assert_reads("wrong_password", told);
    desk.env("STRINGEEX_PASSWORD", PASSWORD).call(&run(&sandbox)).exits(0).counts("succeeded=3");
}

#[test]
fn missing_credentials_are_named() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 1)), sandbox(""));
    let outcome = desk.call(&run(&sandbox).replace("--format json", "")).exits(2);
    assert_reads("missing_credentials", outcome);
    assert_eq!(requests(&sandbox), 0);
    assert!(!desk.path(".noteferry").exists());
}

#[test]
fn a_secret_may_be_in_a_file() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(2, 1))
        .file("password", format!("{PASSWORD}\n"))
        .env("STRINGEEX_EMAIL", "admin@sandbox.example")
        .env("STRINGEEX_PASSWORD_FILE", "password");
    desk.call(&run(&sandbox)).exits(0).counts("succeeded=2");
    desk.write("password", format!("\u{feff}{PASSWORD}\r\n"));
    desk.call(&run(&sandbox)).exits(0).counts("already_done=2");
    desk.write("notes.csv", notes_csv(3, 1));
    desk.call(&run(&sandbox)).exits(0).counts("already_done=2 succeeded=1");
    for empty in ["", "\n", "\u{feff}\r\n"] {
        desk.write("password", empty);
        let outcome = desk.call(&run(&sandbox)).exits(2);
        assert!(outcome.stdout.contains("STRINGEEX_PASSWORD_FILE names is empty"), "{outcome}");
    }
    std::fs::remove_file(desk.path("password")).unwrap();
    let outcome = desk.call(&run(&sandbox)).exits(2);
    assert!(outcome.stdout.contains("STRINGEEX_PASSWORD_FILE"), "{outcome}");
}

#[test]
fn a_ready_token_needs_no_login() {
    let sandbox = sandbox("");
    let token = log_in(sandbox.base_url());
    let desk = Desk::with_notes(notes_csv(2, 1)).env("STRINGEEX_TOKEN", &token);
    desk.call(&run(&sandbox)).exits(0).counts("succeeded=2");
    assert_eq!((requests(&sandbox), logins(&sandbox)), (3, 1));
}

#[test]
fn a_ready_token_that_is_not_accepted_stops_the_run() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(5, 5)).env("STRINGEEX_TOKEN", "no-token-at-all");
    let outcome = desk.call(&run(&sandbox)).exits(4);
    outcome.counts("rows=5 not_started=5");
    assert!(texts(&sandbox).is_empty());
    let desk = desk.env("STRINGEEX_TOKEN", &log_in(sandbox.base_url()));
    desk.call(&run(&sandbox)).exits(0).counts("succeeded=5");
}

#[test]
fn an_api_key_signs_its_own_tokens() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(2, 1))
        .env("STRINGEE_KEY_SID", KEY_SID)
        .env("STRINGEE_KEY_SECRET", KEY_SECRET);
    desk.call(&run(&sandbox)).exits(0).counts("succeeded=2");
    assert_eq!((requests(&sandbox), logins(&sandbox)), (2, 0));
}

#[test]
fn a_portal_is_chosen_by_name() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(2, 1)).env("STRINGEEX_PORTAL", "sandbox");
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=2");
    let desk = Desk::with_notes(notes_csv(2, 1)).env("STRINGEEX_PORTAL", "elsewhere");
    desk.run(&sandbox, "job.yaml").exits(4).counts("not_started=2");
    assert_eq!(texts(&sandbox).len(), 2);
}

/// Whoever serves so many requests, then says to so many that their token is no good.
fn moody(served: usize, refused: usize) -> Stand {
    let count = AtomicUsize::new(0);
    Stand::open(move |_| {
        let seen = count.fetch_add(1, Ordering::Relaxed);
        Some(match (served..served + refused).contains(&seen) {
            true => (401, r#"{"r":9,"msg":"sign-in is down"}"#.to_owned()),
            false => (200, format!(r#"{{"r":0,"msg":"","id":"tn_{seen}"}}"#)),
        })
    })
}

#[test]
fn tokens_that_are_refused_after_having_served_pause_the_run() {
    let desk = || Desk::with_notes(notes_csv(8, 8)).env("STRINGEEX_TOKEN", "ready");
    let run = |stand: &Stand, more: &str| {
        let address = stand.address();
        format!(
            "run job.yaml --format json --rate 100000/s --concurrency 2 --base-url {address} {more}"
        )
    };
    let stand = moody(3, 5);
    let outcome = desk().call(&run(&stand, "")).exits(0);
    outcome.counts("rows=8 succeeded=8 requests=13");
    let notes = outcome.all("note");
    assert!(notes[0]["message"].as_str().unwrap().contains("sign-in is down"), "{outcome}");
    assert_eq!(notes[1]["message"], "the server answers again, going on");

    let (stand, desk) = (moody(3, usize::MAX - 3), desk());
    let outcome = desk.call(&run(&stand, "--give-up-after 1s")).exits(4);
    outcome.counts("rows=8 succeeded=3 not_started=5");
    assert_eq!(outcome.finished()["reason"], "unauthorized");
}

#[test]
fn a_token_file_that_is_written_anew_serves_the_rest_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "first").unwrap();
    let (count, file) = (AtomicUsize::new(0), path.clone());
    let stand = Stand::open(move |seen| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        if number == 10 {
            // Whoever keeps it fresh: from here on the first one is over.
            std::fs::write(&file, "second\n").unwrap();
        }
        Some(match (seen.headers["x-stringee-auth"].as_str(), number) {
            ("first", ..10) | ("second", _) => {
                (200, json!({"r": 0, "id": format!("tn_{number}")}).to_string())
            }
            _ => (401, String::new()),
        })
    });
    let desk =
        Desk::with_notes(notes_csv(30, 30)).env("STRINGEEX_TOKEN_FILE", path.to_str().unwrap());
    let run = format!("run job.yaml --rate 1000/s --format json --base-url {}/v1", stand.address());
    desk.call(&run).exits(0).counts("succeeded=30");
}

#[test]
fn two_tokens_that_name_no_account_share_no_history_unless_the_job_says_so() {
    let desk = Desk::with_notes(notes_csv(3, 3));
    let stand = Stand::open(|_| Some((200, json!({"r": 0, "id": fastrand::u64(..)}).to_string())));
    let run = format!("run job.yaml --rate 1000/s --base-url {}/v1", stand.address());
    let desk = desk.env("STRINGEEX_TOKEN", "first-portal");
    desk.call(&run).exits(0);
    let desk = desk.env("STRINGEEX_TOKEN", "second-portal");
    let outcome = desk.call(&run).exits(2);
    assert_eq!(stand.seen().len(), 3, "nothing is sent: {outcome}");
    let line =
        outcome.stderr.split("add `").nth(1).and_then(|rest| rest.split('`').next()).unwrap();
    // The line that is told is the line that works.
    let job = std::fs::read_to_string(desk.path("job.yaml")).unwrap();
    desk.write("job.yaml", format!("{job}{line}\n"));
    desk.call(&run).exits(0);
    assert_eq!(stand.seen().len(), 3, "all is done already");
}

#[test]
fn an_account_that_has_done_nothing_is_still_asked_about_the_one_that_has() {
    let desk = Desk::with_notes(notes_csv(3, 3));
    let stand = Stand::open(|seen| {
        Some(match seen.headers["x-stringee-auth"].as_str() {
            "bob" => (401, String::new()),
            _ => (200, json!({"r": 0, "id": fastrand::u64(..)}).to_string()),
        })
    });
    let run = format!("run job.yaml --rate 1000/s --base-url {}/v1", stand.address());
    // The job is entered for bob, who does nothing; then ann sends all of it.
    let desk = desk.env("STRINGEEX_TOKEN", "bob");
    desk.call(&run).exits(4);
    let desk = desk.env("STRINGEEX_TOKEN", "ann");
    desk.call(&run).exits(0);
    let sent = stand.seen().len();
    let desk = desk.env("STRINGEEX_TOKEN", "bob");
    for verb in ["run", "plan"] {
        let outcome =
            desk.call(&run.replacen("run", verb, 1).replace(" --rate 1000/s", "")).exits(2);
        assert!(outcome.stderr.contains("other-account"), "{outcome}");
    }
    assert_eq!(stand.seen().len(), sent);
}

#[test]
fn a_login_that_is_pushed_back_in_its_body_is_tried_again() {
    let count = AtomicUsize::new(0);
    let stand = Stand::open(move |seen| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let text = match (seen.path.ends_with("/account"), number) {
            (true, 0) => json!({"r": 9, "msg": "Too many requests"}),
            (true, _) => json!({"r": 0, "portals": [{"id": 1, "auth_token": "good"}]}),
            (false, _) => json!({"r": 0, "id": format!("tn_{number}")}),
        };
        Some((200, text.to_string()))
    });
    let desk = Desk::with_notes(notes_csv(2, 2))
        .env("STRINGEEX_EMAIL", "a@example.com")
        .env("STRINGEEX_PASSWORD", "secret");
    let run = format!("run job.yaml --rate 1000/s --format json --base-url {}/v1", stand.address());
    desk.call(&run).exits(0).counts("succeeded=2");
}

#[test]
fn a_token_file_of_two_lines_is_called_that_and_blank_ones_do_not_count() {
    let desk = Desk::with_notes(notes_csv(2, 2)).file("token", "one\ntwo\n");
    let desk = desk.env("STRINGEEX_TOKEN_FILE", "token");
    let stand = Stand::open(|_| Some((200, json!({"r": 0, "id": fastrand::u64(..)}).to_string())));
    let run = format!("run job.yaml --rate 1000/s --base-url {}/v1", stand.address());
    let told = desk.call(&run).exits(2);
    assert!(told.stderr.contains("STRINGEEX_TOKEN_FILE names holds 2 lines"), "{told}");
    assert_eq!(stand.seen().len(), 0);
    desk.write("token", "\r\none\r\n  \r\n\n");
    desk.call(&run).exits(0);
    assert_eq!(stand.seen()[0].headers["x-stringee-auth"], "one");
}

#[test]
fn of_a_token_and_a_file_of_one_it_is_said_which_counts() {
    let desk = Desk::with_notes(notes_csv(2, 2)).file("token", "in-the-file");
    let desk = desk.env("STRINGEEX_TOKEN_FILE", "token").env("STRINGEEX_TOKEN", "in-the-variable");
    let stand = Stand::open(|_| Some((200, json!({"r": 0, "id": fastrand::u64(..)}).to_string())));
    let told = desk
        .call(&format!("run job.yaml --rate 1000/s --base-url {}/v1", stand.address()))
        .exits(0);
    let words = "STRINGEEX_TOKEN and STRINGEEX_TOKEN_FILE are both set: STRINGEEX_TOKEN is taken";
    assert!(told.stderr.contains(words), "{told}");
    assert_eq!(stand.seen()[0].headers["x-stringee-auth"], "in-the-variable");
}
