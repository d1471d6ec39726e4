//! Bounds of time hold, whatever the other side, or the ledger, does.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::desk::{Desk, Outcome, notes_csv};
use crate::stand::Stand;

/// What a machine that is busy may take longer.
const SLACK: Duration = Duration::from_secs(12);

fn desk() -> Desk {
    Desk::with_notes(notes_csv(6, 6)).env("STRINGEEX_TOKEN", "ready")
}

/// A run against an address, and how long it took.
fn run(desk: &Desk, address: &str, flags: &str) -> (Outcome, Duration) {
    let began = Instant::now();
    let outcome = desk.call(&format!("run job.yaml --format json --base-url {address} {flags}"));
    (outcome, began.elapsed())
}

/// A server that answers every request a byte at a time, and never to its end.
fn dripping() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                while stream.write_all(b" ").is_ok() {
                    std::thread::sleep(Duration::from_millis(200));
                }
            });
        }
    });
    address
}

#[test]
fn a_longest_duration_holds_against_every_server() {
    let desk = desk();
    let answering = |status: u16, body: String| Stand::open(move |_| Some((status, body.clone())));
    let stands = [
        ("hangs", Stand::open(|_| None)),
        ("429", answering(429, "{}".to_owned())),
        ("503", answering(503, "{}".to_owned())),
        ("302", answering(302, String::new())),
    ];
    let dripping = dripping();
    let servers = stands.iter().map(|(name, stand)| (*name, stand.address()));
    for (name, address) in servers.chain([("drips", dripping.as_str())]) {
        std::fs::remove_dir_all(desk.path(".noteferry")).ok();
        let (outcome, took) = run(&desk, address, "--max-duration 3s --rate 1000/s");
        assert!(took < Duration::from_secs(3) + SLACK, "{name}: {took:?} {outcome}");
        let last = outcome.exits(4).finished();
        assert!(matches!(last["reason"].as_str(), Some("max-duration")), "{name}: {last}");
    }
}

#[test]
fn a_login_that_hangs_is_bounded_too() {
    let desk = Desk::with_notes(notes_csv(2, 2))
        .env("STRINGEEX_EMAIL", "a@b.vn")
        .env("STRINGEEX_PASSWORD", "x");
    let stand = Stand::open(|_| None);
    let (outcome, took) = run(&desk, stand.address(), "--max-duration 2s");
    assert!(took < Duration::from_secs(2) + SLACK, "{took:?} {outcome}");
    outcome.exits(4).counts("rows=2 not_started=2");
}

#[test]
fn a_server_that_lets_nothing_in_is_given_up_on_in_time() {
    let desk = desk().with_connector(|text| text.replace("request: 30s", "request: 4s"));
    let refusing = Stand::open(|_| Some((429, json!({"r": 429}).to_string())));
    let failing = Stand::open(|_| Some((503, String::new())));
    let leading = Stand::open(|_| Some((302, String::new())));
    let hanging = Stand::open(|_| None);
    for (name, stand) in
        [("429", &refusing), ("503", &failing), ("302", &leading), ("hangs", &hanging)]
    {
        std::fs::remove_dir_all(desk.path(".noteferry")).ok();
        let (outcome, took) = run(&desk, stand.address(), "--give-up-after 5s");
        // The limit, a request's own time to find out, and another for what is under way then.
        assert!(took < Duration::from_secs(5 + 4 + 4) + SLACK, "{name}: {took:?} {outcome}");
        let last = outcome.finished();
        if name == "hangs" {
            // So few rows are tried as often as any, and then are in doubt.
            assert!(matches!(outcome.status, 4 | 6), "{name}: {outcome}");
        } else {
            assert_eq!(
                (outcome.status, &last["reason"]),
                (4, &"outage".into()),
                "{name}: {outcome}"
            );
        }
    }
}

#[test]
fn a_ledger_that_is_waited_for_does_not_make_a_run_longer() {
    let stand = Stand::open(|_| Some((200, json!({"r": 0, "id": "tn_1"}).to_string())));
    let desk = desk();
    let (first, _) = run(&desk, stand.address(), "--limit 1");
    first.exits(0);
    let run_of_two = format!(
        "run job.yaml --format json --base-url {} --max-duration 8s --rate 1/1s --concurrency 1",
        stand.address()
    );
    let began = Instant::now();
    let mut started = desk.start(&run_of_two);
    // It has begun, and a row has come to its end.
    while !started.line().unwrap().contains("succeeded") {}
    let other = desk.ledger();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let outcome = started.outcome().exits(4);
    assert!(began.elapsed() < Duration::from_secs(8) + SLACK, "{:?} {outcome}", began.elapsed());
    drop(other);
    run(&desk, stand.address(), "").0.exits(0).finished();
}
