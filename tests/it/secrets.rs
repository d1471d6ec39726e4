//! Canaries: no password, token or signing secret shows anywhere, whatever the other side does with it.

use crate::desk::{Desk, Outcome, notes_csv, sandbox};
use crate::stand::Stand;

const PASSWORD: &str = "canary-pass\"word\\é";
const TOKEN: &str = "canary-token-0123456789";
const KEY_SECRET: &str = "canary-key-secret";

/// Asserts that no output and no file has a canary in it.
#[track_caller]
fn is_clean(desk: &Desk, texts: &[&str]) {
    for text in texts {
        assert!(!text.contains("canary"), "{text}");
    }
    for (path, content) in desk.files() {
        let content = String::from_utf8_lossy(&content);
        assert!(!content.contains("canary"), "{}", path.display());
    }
}

#[track_caller]
fn outcome_is_clean(desk: &Desk, outcome: &Outcome) {
    is_clean(desk, &[&outcome.stdout, &outcome.stderr]);
}

fn desk() -> Desk {
    Desk::with_notes(notes_csv(2, 2))
}

fn runs(address: &str) -> [String; 2] {
    ["text", "json"].map(|format| {
        format!(
            "run job.yaml -v --rate 100000/s --base-url {address} --format {format} --retry-failed"
        )
    })
}

/// Runs in every format and looks everywhere.
#[track_caller]
fn every_run_is_clean(desk: &Desk, address: &str, exit: i32) {
    for arguments in runs(address) {
        outcome_is_clean(desk, &desk.call(&arguments).exits(exit));
    }
    for verb in ["status", "status --format json", "plan job.yaml -v", "check job.yaml -v"] {
        outcome_is_clean(desk, &desk.call(verb));
    }
}

/// A StringeeX that tells back whatever it is told, in every place where somebody may read it.
fn echo(login: bool) -> Stand {
    Stand::open(move |request| {
        let heard = request.headers.get("x-stringee-auth").cloned().unwrap_or_default();
        let heard = format!("{heard} {}", String::from_utf8_lossy(&request.bytes));
        let said = serde_json::Value::from(heard);
        Some(match (request.path.as_str(), login) {
            ("/account", true) => {
                (200, format!(r#"{{"r":0,"portals":[{{"auth_token":"{TOKEN}"}}]}}"#))
            }
            ("/account", false) => (200, format!(r#"{{"r":1,"msg":{said}}}"#)),
            _ => (200, format!(r#"{{"r":7,"msg":{said},"message":"{TOKEN}"}}"#)),
        })
    })
}

#[test]
fn a_ready_token_shows_nowhere() {
    let (stand, desk) = (echo(true), desk().env("STRINGEEX_TOKEN", TOKEN));
    every_run_is_clean(&desk, stand.address(), 1);
}

#[test]
fn a_password_and_the_token_that_it_brings_show_nowhere() {
    let desk = desk().env("STRINGEEX_EMAIL", "ann").env("STRINGEEX_PASSWORD", PASSWORD);
    every_run_is_clean(&desk, echo(true).address(), 1);
}

#[test]
fn a_refused_password_shows_nowhere_though_the_refusal_repeats_it() {
    let desk = desk().env("STRINGEEX_EMAIL", "ann").env("STRINGEEX_PASSWORD", PASSWORD);
    every_run_is_clean(&desk, echo(false).address(), 4);
}

#[test]
fn a_signing_secret_and_its_tokens_show_nowhere() {
    let sandbox = sandbox("");
    let desk = desk().env("STRINGEE_KEY_SID", "SK").env("STRINGEE_KEY_SECRET", KEY_SECRET);
    every_run_is_clean(&desk, sandbox.base_url(), 4);
    // What a signed token begins with.
    let desk = self::desk().env("STRINGEE_KEY_SID", "SK").env("STRINGEE_KEY_SECRET", KEY_SECRET);
    let stand = echo(true);
    for arguments in runs(stand.address()) {
        let outcome = desk.call(&arguments).exits(1);
        assert!(!outcome.to_string().contains("eyJ"), "{outcome}");
    }
    for (path, content) in desk.files() {
        assert!(!String::from_utf8_lossy(&content).contains("eyJ"), "{}", path.display());
    }
}

#[test]
fn a_killed_run_leaves_no_secret_in_its_files() {
    let stand = Stand::open(|_| None);
    let desk = desk().env("STRINGEEX_TOKEN", TOKEN);
    let run = desk.start(&runs(stand.address())[1]);
    stand.arrival();
    let heard = run.kill();
    assert!(desk.path(".noteferry/ledger.db-wal").is_file());
    outcome_is_clean(&desk, &heard);
}

#[test]
fn broken_credentials_show_nowhere() {
    for token in ["canary\nline", "canary\u{7f}"] {
        let desk = desk().env("STRINGEEX_TOKEN", token);
        every_run_is_clean(&desk, echo(true).address(), 4);
    }
}

#[test]
fn an_address_with_a_password_in_it_is_refused_and_not_repeated() {
    let desk = desk().env("STRINGEEX_TOKEN", TOKEN);
    for arguments in runs("http://ann:canary@127.0.0.1:1/v1") {
        outcome_is_clean(&desk, &desk.call(&arguments).exits(2));
    }
}
