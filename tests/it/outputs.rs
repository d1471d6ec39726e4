//! Outputs that cannot be written: a full disk, a reader that has gone away. Nothing is lost, and nothing says 0.

use std::process::Stdio;

use crate::desk::{Desk, notes_csv, sandbox, texts};

/// A device on which every write fails for want of room.
fn full() -> Stdio {
    std::fs::File::options().write(true).open("/dev/full").unwrap().into()
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// What only reads, in each way of saying it.
const READING: [&str; 12] = [
    "check job.yaml --format json",
    "plan job.yaml --base-url http://127.0.0.1:9/v1",
    "plan job.yaml --base-url http://127.0.0.1:9/v1 --format json -q",
    "status job.yaml",
    "status --format json",
    "explain",
    "explain past-time",
    "explain --format json",
    "ledger check job.yaml",
    "ledger check job.yaml --format json",
    "--help",
    "run --help",
];

fn done_once() -> Desk {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.env("STRINGEEX_TOKEN", "ready")
}

#[test]
fn a_full_output_is_never_told_as_well() {
    let desk = done_once();
    for arguments in READING {
        let told = desk.call_into(arguments, full(), Stdio::piped());
        assert_eq!(told.status, 4, "{arguments}: {told}");
        let words = "standard output could not be written to its end: No space left on device";
        assert!(told.stderr.contains(words), "{arguments}: {told}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_fault_to_what_only_reads() {
    let desk = done_once();
    for arguments in READING {
        let told = desk.call_into(arguments, closed(), Stdio::piped());
        assert_eq!(
            (told.status, told.stderr.contains("written")),
            (0, false),
            "{arguments}: {told}"
        );
    }
}

#[test]
fn words_that_nobody_can_read_are_no_success() {
    let desk = done_once();
    for arguments in ["check job.yaml", "status absent.yaml"] {
        let told = desk.call_into(arguments, Stdio::piped(), full());
        assert_ne!(told.status, 0, "{arguments}: {told}");
    }
}

#[test]
fn a_run_goes_on_to_its_end_and_says_that_it_was_not_heard() {
    for json in [true, false] {
        for (name, output) in [("full", full as fn() -> Stdio), ("closed", closed)] {
            let (desk, sandbox) = (Desk::with_notes(notes_csv(30, 3)), sandbox(""));
            let (email, password) = (noteferry::sandbox::EMAIL, noteferry::sandbox::PASSWORD);
            let desk = desk.env("STRINGEEX_EMAIL", email).env("STRINGEEX_PASSWORD", password);
            let format = if json { "json" } else { "text" };
            let target = format!("--base-url {} --rate 1000/10ms", sandbox.base_url());
            let arguments = format!("run job.yaml {target} --format {format}");
            let told = match json {
                true => desk.call_into(&arguments, output(), Stdio::piped()),
                false => desk.call_into(&arguments, Stdio::piped(), output()),
            };
            assert_eq!(told.status, 4, "{name} {format}: {told}");
            if json {
                assert!(told.stderr.contains("what came of each row is in the ledger"), "{told}");
            }
            assert_eq!(texts(&sandbox).len(), 30, "{name} {format}: {told}");
            let counted = desk.call("status job.yaml --format json").exits(0);
            assert!(counted.stdout.contains("\"succeeded\":30"), "{counted}");
        }
    }
}
