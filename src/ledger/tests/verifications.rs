//! What rows have done, and what verifications came to: in files of every age.

use super::*;
use crate::ledger::{FORMAT, Verification};

fn verification(exit: u8) -> Verification {
    Verification {
        began_at: 1,
        ended_at: 2,
        by: "Lan, process 7".to_owned(),
        sample: Some("2 of 20 tickets".to_owned()),
        lists: 2,
        lists_read: 2,
        rows: 9,
        right: 7,
        found: vec![("missing_there".to_owned(), 1), ("twice".to_owned(), 1)],
        strange: 3,
        requests: 5,
        exit,
    }
}

#[test]
fn what_a_verification_came_to_is_kept_and_older_files_get_room_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path).unwrap();
    let lock = claim(&path);
    let job = ledger.enter_job(&lock, 1).unwrap();
    drop(ledger);
    let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
    assert_eq!(ledger.last_verification(job).unwrap(), None);
    drop(ledger);
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.keep_verification(&lock, &verification(1)).unwrap(), 1);
    assert_eq!(ledger.keep_verification(&lock, &verification(0)).unwrap(), 2);
    assert_eq!(ledger.last_verification(job).unwrap(), Some(verification(0)));
    let scope = CheckScope { job: None, creates: &|_| false };
    let found = inspect(path.as_path(), &scope).unwrap().unwrap();
    assert_eq!(found.findings.count(), 0, "{found:?}");
    // The format is the same: versions that know nothing of it go on with the file.
    let raw = Connection::open(&path).unwrap();
    let format: i64 = raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(format, FORMAT);
}

#[test]
fn what_rows_have_done_comes_in_the_order_in_which_it_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path).unwrap();
    let lock = claim(&path);
    let run = begin(&ledger, &lock);
    let recorder = ledger.record(run, lock, Duration::ZERO, |_| {});
    for (at, (key, outcome)) in
        [("k1", Outcome::Succeeded), ("k2", Outcome::Refused), ("k3", Outcome::Succeeded)]
            .into_iter()
            .enumerate()
    {
        recorder.begin(at, start(key, 1));
        recorder.end(at, end(outcome, 1));
    }
    recorder.begin(3, start("k4", 1));
    drop(recorder.finish());
    let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
    let job = ledger.find_job(&name("a")).unwrap().unwrap();
    let acts = ledger.acts(job).unwrap();
    let keys: Vec<&str> = acts.done.iter().map(|act| act.key.as_str()).collect();
    assert_eq!((keys, acts.failed, acts.in_doubt), (vec!["k1", "k3"], 1, 1));
    assert!(acts.done.iter().all(|act| act.is_last));
}
