//! What each fuzz target does with its bytes. Included by the targets and by the tests that play seeds again.

#![allow(dead_code, reason = "each target uses one of them")]

pub(super) mod answer;
pub(super) mod connector_file;
pub(super) mod csv_source;
pub(super) mod job_file;
pub(super) mod json_source;
pub(super) mod layout_source;
pub(super) mod list;
pub(super) mod lookup_table;
pub(super) mod markup;
pub(super) mod redaction;
pub(super) mod shapes;
pub(super) mod terminal;
pub(super) mod workbook;

use std::path::PathBuf;

use noteferry::proofs::{Diagnostic, Place};

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
}

/// A file with this content, in a folder that is this thread's.
pub(super) fn file(name: &str, data: &[u8]) -> PathBuf {
    let path = FOLDER.with(|folder| folder.path().join(name));
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    std::fs::write(&path, data).expect("it can be written");
    path
}

/// A problem says something, can be shown, and is about a place that exists.
pub(super) fn check_problem(problem: &Diagnostic) {
    assert!(!problem.message.trim().is_empty());
    assert!(!problem.render(false).is_empty());
    let _ = problem.to_event();
    if let Place::Text(source, range) = &problem.place {
        assert!(source.text.get(range.clone()).is_some(), "{range:?} of {:?}", source.text);
    }
}
