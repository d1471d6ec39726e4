//! What answers mean that are about no row: redirects, and a quota that is told in the body.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::desk::{Desk, notes_csv};
use crate::hostile::{Hostile, http};
use crate::stand::Stand;

fn made(number: usize) -> String {
    json!({"r": 0, "id": format!("tn_{number}")}).to_string()
}

#[test]
fn a_redirect_fails_no_row_and_leads_nowhere() {
    let elsewhere = Stand::open(|_| Some((200, made(0))));
    let location = format!("Location: {}/\u{9b}2Jv1\r\n", elsewhere.address());
    let server = Hostile::open(move |_, before| match before {
        0..4 => http("302 Found", &location, ""),
        _ => http("200 OK", "", &made(before)),
    });
    let desk = Desk::with_notes(notes_csv(60, 60)).env("STRINGEEX_TOKEN", "t");
    let run = |format: &str| {
        format!("run job.yaml --rate 1000/s --base-url {}/v1 --format {format}", server.address())
    };
    let outcome = desk.call(&run("json")).exits(0);
    outcome.counts("succeeded=60");
    assert!(elsewhere.seen().is_empty());
}

#[test]
fn a_redirect_that_stays_ends_the_run_as_an_outage_and_says_where_it_leads() {
    let server = Hostile::open(|_, _| {
        http("307 Temporary Redirect", "Location: https://elsewhere.example/\u{9b}2Jx\r\n", "")
    });
    let desk = Desk::with_notes(notes_csv(3, 3)).env("STRINGEEX_TOKEN", "t");
    let run =
        format!("run job.yaml --rate 1000/s --give-up-after 2s --base-url {}/v1", server.address());
    let outcome = desk.call(&run).exits(4);
    for part in ["redirects to https://elsewhere.example/", "307", "check the base URL"] {
        assert!(outcome.stderr.contains(part), "{part}: {outcome}");
    }
    assert!(!outcome.stderr.contains('\u{9b}'), "{outcome}");
    let outcome = desk.call(&format!("{run} --format json")).exits(4);
    outcome.counts("not_started=3");
    assert!(outcome.stdout.contains("\\u009b") && !outcome.stdout.contains('\u{9b}'), "{outcome}");
}

#[test]
fn a_quota_that_is_told_in_the_body_slows_the_run_and_fails_no_row() {
    let count = AtomicUsize::new(0);
    let stand = Stand::open(move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let refused = json!({"r": 9, "msg": "Too many requests"}).to_string();
        Some((200, if number == 4 { refused } else { made(number) }))
    });
    let desk = Desk::with_notes(notes_csv(12, 12)).env("STRINGEEX_TOKEN", "t");
    let run = format!("run job.yaml --format json --base-url {}/v1", stand.address());
    desk.call(&run).exits(0).counts("succeeded=12");
}

#[test]
fn codes_may_be_numbers_and_what_is_no_retry_says_so() {
    let with = |retry: &str| {
        let retry = format!("retry: {retry}");
        Desk::with_notes(notes_csv(1, 1)).with_connector(move |text| {
            text.replace("retry: { status: [408, 425, 429], message: [too many requests] }", &retry)
        })
    };
    for retry in ["[429]", "{ code: ['9'] }", "{ code: [9] }", "{ status: [429], message: [slow] }"]
    {
        with(retry).call("check job.yaml").exits(0);
    }
    for retry in ["{ codes: [9] }", "soon", "{ code: 9 }"] {
        let outcome = with(retry).call("check job.yaml").exits(2);
        assert!(!outcome.stderr.contains("untagged"), "{retry}: {outcome}");
        assert!(outcome.stderr.contains("connector.yaml:4"), "{retry}: {outcome}");
    }
}
