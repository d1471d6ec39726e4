//! What runs carry out and who has approved them: kept with the run, in files of every age.

use std::collections::HashSet;

use super::*;
use crate::ledger::{Approval, FORMAT, Mandate, PlanId};

const PLAN: PlanId = PlanId([7; 32]);

fn approval(by: &str) -> Approval {
    Approval { by: by.to_owned(), comment: Some("seen on Monday".to_owned()) }
}

/// A run that does one row, with what it carries out.
fn run(path: &Path, key: &str, mandate: &Mandate) -> i64 {
    let ledger = Ledger::open(path).unwrap();
    let lock = claim(path);
    let run = begin(&ledger, &lock);
    ledger.entrust(run, mandate).unwrap();
    let recorder = ledger.record(run, lock, Duration::ZERO, |_| {});
    recorder.begin(0, start(key, 1));
    recorder.end(0, end(Outcome::Succeeded, 1));
    drop(recorder.finish());
    run.number()
}

fn by_plan(approval: Option<Approval>) -> Mandate {
    Mandate { plan: Some(PLAN), approval }
}

#[test]
fn what_a_run_carries_out_is_kept_and_told_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    run(&path, "k1", &Mandate::default());
    run(&path, "k2", &by_plan(Some(approval("Lan"))));
    run(&path, "k3", &by_plan(None));
    run(&path, "k4", &Mandate { plan: None, approval: Some(approval("An")) });
    let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
    let job = ledger.find_job(&name("a")).unwrap().unwrap();
    let status = ledger.status(job, name("a"), 9, 9).unwrap();
    let told: Vec<Mandate> = status.runs.into_iter().rev().map(|run| run.mandate).collect();
    assert_eq!(
        told,
        [
            Mandate::default(),
            by_plan(Some(approval("Lan"))),
            by_plan(None),
            Mandate { plan: None, approval: Some(approval("An")) },
        ]
    );
    assert_eq!(ledger.approval_of(PLAN).unwrap(), Some(approval("Lan")));
    assert_eq!(ledger.approval_of(PlanId([8; 32])).unwrap(), None);
    assert_eq!(ledger.last_run(job).unwrap(), 4);
    let scope = CheckScope { job: None, creates: &|_| false };
    let found = inspect(path.as_path(), &scope).unwrap().unwrap();
    assert_eq!(found.findings.count(), 0, "{found:?}");
}

#[test]
fn rows_that_others_have_sent_behind_a_run_are_told_by_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    run(&path, "before", &Mandate::default());
    let last = 1;
    run(&path, "own", &by_plan(None));
    let touched = |run: i64| {
        let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
        let job = ledger.find_job(&name("a")).unwrap().unwrap();
        ledger.touched_behind(job, run, PLAN).unwrap()
    };
    let keys = |keys: &[&str]| keys.iter().map(|key| KeyHash::of(key)).collect::<HashSet<_>>();
    assert_eq!(touched(last), keys(&[]));
    assert_eq!(touched(0), keys(&["before"]));
    run(&path, "other", &Mandate { plan: Some(PlanId([8; 32])), approval: None });
    run(&path, "plain", &Mandate::default());
    assert_eq!(touched(last), keys(&["other", "plain"]));
    assert_eq!(touched(4), keys(&[]));
}

#[test]
fn a_ledger_of_an_earlier_version_gets_room_for_it_when_there_is_something_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    run(&path, "k1", &Mandate::default());
    let has_room = || {
        let raw = Connection::open(&path).unwrap();
        let query = "SELECT count(*) FROM sqlite_schema WHERE name = 'mandates'";
        raw.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap() > 0
    };
    Connection::open(&path).unwrap().execute_batch("DROP TABLE mandates").unwrap();
    run(&path, "k2", &Mandate::default());
    assert!(!has_room());
    let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
    let job = ledger.find_job(&name("a")).unwrap().unwrap();
    assert_eq!(ledger.approval_of(PLAN).unwrap(), None);
    assert_eq!(ledger.touched_behind(job, 1, PLAN).unwrap().len(), 1);
    assert_eq!(ledger.status(job, name("a"), 9, 9).unwrap().runs.len(), 2);
    drop(ledger);
    run(&path, "k3", &by_plan(Some(approval("Lan"))));
    assert!(has_room());
    // The format is the same: versions that know nothing of it go on with the file.
    let raw = Connection::open(&path).unwrap();
    let format: i64 = raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(format, FORMAT);
    let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
    assert_eq!(ledger.approval_of(PLAN).unwrap(), Some(approval("Lan")));
}
