//! A ledger that can grow no more in the middle of a run: what is known is kept, and the next run goes on.
//!
//! The room is taken away by a limit on the size of files, which a file has that cannot be written over.

use std::time::Duration;

use noteferry::sandbox::{Options, Sandbox};

use crate::desk::{Desk, Outcome, notes_csv, sandbox_with, texts, unhurried};

const ROWS: usize = 400;

/// A run that comes to the end of its room. A limit does not pass, so it does not wait for more.
fn run_out_of_room(desk: &Desk, sandbox: &Sandbox) -> Outcome {
    // Larger than the rescue file, smaller than what so many rows need.
    desk.start_run_within(700, sandbox, "job.yaml --concurrency 4").outcome()
}

#[test]
fn a_ledger_without_room_ends_the_run_and_nothing_that_is_known_is_lost() {
    let sandbox = sandbox_with(Options { latency: Duration::from_millis(3), ..unhurried() });
    let desk = Desk::with_notes(notes_csv(ROWS, 40));
    let first = run_out_of_room(&desk, &sandbox).exits(4);
    let last = first.finished();
    assert_eq!(last["reason"], "ledger-failed", "{first}");
    let message = last["message"].as_str().unwrap();
    assert!(message.contains("limit"), "{first}");
    let (sent, in_doubt) = (texts(&sandbox).len() as u64, last["in_doubt"].as_u64().unwrap());
    assert!(0 < sent && sent < ROWS as u64, "{first}");
    let succeeded = last["succeeded"].as_u64().unwrap();
    assert!((succeeded..=succeeded + in_doubt).contains(&sent), "{sent}: {first}");

    let target = format!("--base-url {}", sandbox.base_url());
    let files = desk.files();
    let waiting = files.iter().any(|(path, _)| path.extension().is_some_and(|it| it == "rescue"));
    assert!(waiting, "{files:?}");
    for look in ["status job.yaml", "plan job.yaml"] {
        let told = desk
            .call(&format!("{look} {}", if look.starts_with("plan") { &target } else { "" }))
            .exits(0);
        assert!(told.stderr.contains("that the last run could not write to the ledger"), "{told}");
    }
    assert!(desk.files() == files, "looking changes nothing");

    let second = desk.run(&sandbox, "job.yaml").exits(0);
    assert!(second.stdout.contains("brought in from"), "{second}");
    assert_eq!(second.finished()["already_done"], last["succeeded"], "{second}");
    let mut found = texts(&sandbox);
    assert_eq!(found.len(), ROWS, "{second}");
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), ROWS, "a note twice");
    let left: Vec<_> = desk.files().into_iter().map(|(path, _)| path).collect();
    assert!(!left.iter().any(|path| path.extension().is_some_and(|it| it == "rescue")), "{left:?}");
}
