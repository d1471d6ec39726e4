//! The jobs that ship with the program, as somebody who tries it out runs them.

use std::path::Path;

use crate::desk::{Desk, assert_reads};

fn desk() -> Desk {
    let desk = Desk::new();
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    for entry in std::fs::read_dir(jobs).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            desk.write(&format!("jobs/{name}"), std::fs::read(&path).unwrap());
        }
    }
    desk
}

/// Rehearses a job twice; gives how many of its rows were sent the second time.
#[track_caller]
fn rehearse(name: &str, rows: u64) -> u64 {
    let desk = desk();
    let arguments = format!("run jobs/{name}.yaml --sandbox --rate 100000/s --format json");
    let first = desk.call(&arguments).exits(0);
    // One request is the login.
    first.counts(&format!("rows={rows} succeeded={rows} requests={}", rows + 1));
    assert_eq!(first.all("row").len() as u64, rows);
    assert!(desk.path("jobs/.noteferry/ledger.db").is_file());
    let second = desk.call(&arguments).exits(0);
    let last = second.finished();
    let sent = last["succeeded"].as_u64().unwrap();
    assert_eq!(last["already_done"].as_u64().unwrap() + sent, rows, "{second}");
    assert_eq!(last["requests"].as_u64().unwrap(), if sent == 0 { 0 } else { sent + 1 });
    sent
}

#[test]
fn import_notes_is_done_once() {
    assert_eq!(rehearse("import-notes", 320), 0);
}

#[test]
fn import_jsonl_is_done_once() {
    assert_eq!(rehearse("import-jsonl", 60), 0);
}

#[test]
fn delete_notes_is_done_once() {
    assert_eq!(rehearse("delete-notes", 40), 0);
}

#[test]
fn mixed_reads_anew_and_changes_nothing_twice() {
    assert_eq!(rehearse("mixed", 6), 1);
}

#[test]
fn every_job_that_ships_is_covered_here_and_is_valid() {
    let desk = desk();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(desk.path("jobs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".yaml") {
            desk.call(&format!("check jobs/{name}")).exits(0);
            names.push(name);
        }
    }
    names.sort();
    assert_eq!(
        names,
        ["delete-notes.yaml", "import-jsonl.yaml", "import-notes.yaml", "mixed.yaml"]
    );
}

#[test]
fn a_rehearsal_reads_well() {
    let desk = desk();
    let outcome = desk.call("run jobs/mixed.yaml --sandbox --rate 100000/s").exits(0);
    assert_reads("rehearsal", outcome);
    let outcome = desk.call("run jobs/delete-notes.yaml --sandbox -q").exits(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
}
