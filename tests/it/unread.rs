//! A reader that stops reading does not hold a run for ever, and costs nothing but what it would have read.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::desk::{Desk, Started, notes_csv};
use crate::stand::Stand;

/// A busy machine may need so long.
const PATIENCE: Duration = Duration::from_secs(40);

/// Notes with names so long that a few hundred fill what a pipe holds.
fn stand() -> Stand {
    let counter = std::sync::atomic::AtomicUsize::new(0);
    Stand::open(move |_| {
        let number = counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Some((200, json!({"r": 0, "id": format!("{number}-{}", "x".repeat(1000))}).to_string()))
    })
}

fn desk(rows: usize) -> Desk {
    Desk::with_notes(notes_csv(rows, rows)).env("STRINGEEX_TOKEN", "ready")
}

fn start(desk: &Desk, stand: &Stand, flags: &str) -> Started {
    desk.start(&format!(
        "run job.yaml --format json --rate 100000/1s --base-url {} {flags}",
        stand.address()
    ))
}

fn sent(stand: &Stand) -> usize {
    stand.seen().len()
}

/// Asserts that another run sends the rest, and that nothing was sent twice.
fn goes_on(desk: &Desk, stand: &Stand, rows: usize) {
    start(desk, stand, "").outcome().exits(0);
    let bodies = stand.bodies();
    let different: HashSet<&String> = bodies.iter().collect();
    assert_eq!((bodies.len(), different.len()), (rows, rows));
}

#[test]
fn a_run_that_nobody_reads_obeys_signals() {
    let (desk, stand) = (desk(3_000), stand());
    let run = start(&desk, &stand, "");
    // By then the pipe is full.
    while sent(&stand) < 250 {
        std::thread::yield_now();
    }
    let began = Instant::now();
    run.signal("TERM");
    let (status, stderr) = run.unread();
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    assert_eq!(status, 143, "{stderr}");
    assert!(stderr.contains("has stopped reading"), "{stderr}");
    goes_on(&desk, &stand, 3_000);
}

#[test]
fn a_run_that_nobody_reads_is_over_in_time() {
    let (desk, stand) = (desk(20_000), stand());
    let began = Instant::now();
    let (status, stderr) = start(&desk, &stand, "--max-duration 10s").unread();
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    assert_eq!(status, 4, "{stderr}");
    assert!(stderr.contains("has stopped reading"), "{stderr}");
    // What is not read is not sent for ever.
    assert!(sent(&stand) < 20_000);
}

#[test]
fn a_run_that_is_done_waits_for_its_reader_until_somebody_wants_it_to_end() {
    let (desk, stand) = (desk(150), stand());
    let mut run = start(&desk, &stand, "");
    // The ledger has the end of the run although nobody has heard of it.
    let is_done = || {
        let sql = "SELECT count(*) FROM runs WHERE ended_at IS NOT NULL";
        let path = desk.path(".noteferry/ledger.db");
        path.exists()
            && rusqlite::Connection::open(path)
                .and_then(|ledger| ledger.query_row(sql, [], |row| row.get::<_, i64>(0)))
                .is_ok_and(|count| count == 1)
    };
    while !is_done() {
        std::thread::yield_now();
    }
    run.signal_until_it_ends("TERM");
    let (status, stderr) = run.unread();
    assert_eq!((status, sent(&stand)), (4, 150), "{stderr}");
    assert!(stderr.contains("has stopped reading"), "{stderr}");
}

#[test]
fn where_words_go_to_the_same_reader_a_run_ends_all_the_same() {
    let (desk, stand) = (desk(3_000), stand());
    let (reader, writer) = std::io::pipe().unwrap();
    let began = Instant::now();
    let arguments = format!(
        "run job.yaml --format json --rate 100000/1s --max-duration 4s --base-url {}",
        stand.address()
    );
    let outcome = desk.call_into(&arguments, writer.try_clone().unwrap().into(), writer.into());
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    assert_eq!(outcome.status, 4);
    drop(reader);
}
