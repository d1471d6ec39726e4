//! Exports of legacy helpdesks, true to form: a job in YAML alone makes exactly the notes of them that must come out.
//!
//! What is expected was derived from the files by a script that knows nothing of this program: texts, their order on each
//! ticket, who may see them, and how many rows are left out and why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::desk::{Desk, sandbox};

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)
}

/// The notes on each ticket, in their order: the text, and whether it is internal.
type Notes = BTreeMap<String, Vec<(String, bool)>>;

fn expected_notes(expected: &Value) -> Notes {
    let mut notes = Notes::new();
    for note in expected["notes"].as_array().unwrap() {
        let ticket = note["ticket_id"].as_str().unwrap().to_owned();
        let text = note["note"].as_str().unwrap().to_owned();
        notes.entry(ticket).or_default().push((text, note["is_internal_note"] == true));
    }
    notes
}

fn arrived(books: &Value) -> Notes {
    let mut notes = Notes::new();
    for note in books["notes"].as_array().unwrap() {
        let ticket = note["ticket_id"].as_str().unwrap().to_owned();
        let text = note["note"].as_str().unwrap().to_owned();
        let is_internal = &note["is_internal_note"];
        notes.entry(ticket).or_default().push((text, *is_internal == true || *is_internal == 1));
    }
    notes
}

/// A desk with the files of a sample.
pub(crate) fn desk_of(name: &str) -> Desk {
    let desk = Desk::new();
    for entry in std::fs::read_dir(folder(name)).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        desk.write(file, std::fs::read(&path).unwrap());
    }
    desk
}

fn assert_sample(name: &str, job: &str, expected: &str) {
    assert_makes(&desk_of(name), job, &folder(name).join(expected));
}

/// Runs a job, and compares what has arrived with what has to come of it.
pub(crate) fn assert_makes(desk: &Desk, job: &str, expected: &Path) {
    let text = std::fs::read_to_string(expected).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let counts = &expected["counts"];
    let sandbox = sandbox("");
    let is_whole = counts["problems"] == 0;
    let run = desk.run(&sandbox, &format!("{job} --skip-invalid")).exits(i32::from(!is_whole));
    assert_eq!(arrived(&sandbox.books()), expected_notes(&expected), "{run}");
    let finished = run.finished();
    for (field, count) in [
        ("rows", "rows"),
        ("succeeded", "notes"),
        ("filtered", "filtered"),
        ("invalid", "problems"),
        ("duplicates", "duplicates"),
    ] {
        assert_eq!(finished[field], counts[count], "{field}\n{run}");
    }
    // A second run finds all of it done.
    let again = desk.run(&sandbox, &format!("{job} --skip-invalid")).exits(i32::from(!is_whole));
    assert_eq!(again.finished()["already_done"], counts["notes"], "{again}");
    assert_eq!(arrived(&sandbox.books()), expected_notes(&expected));
}

#[test]
fn zendesk() {
    assert_sample("zendesk", "job.yaml", "expected.json");
}

#[test]
fn freshdesk() {
    assert_sample("freshdesk", "job.yaml", "expected.json");
}

#[test]
fn jira() {
    assert_sample("jira", "job.yaml", "expected.json");
}

#[test]
fn salesforce() {
    assert_sample("salesforce", "job.yaml", "expected.json");
}

#[test]
fn osticket() {
    assert_sample("osticket", "job.yaml", "expected.json");
}

#[test]
fn a_spreadsheet() {
    assert_sample("xlsx", "job.yaml", "expected.json");
    assert_sample("xlsx", "job-1904.yaml", "expected-1904.json");
}
