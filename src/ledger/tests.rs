use crate::row::{AttemptEnd, AttemptStart, Known, Outcome};
use std::sync::mpsc;

use proptest::prelude::*;

use super::*;
use crate::row::Attempted;
use crate::row::Cause;
use crate::row::Digest;
use crate::row::Earlier;
use crate::row::RowState;

pub(super) fn name(account: &str) -> JobName {
    JobName {
        name: "import".into(),
        base_url: "https://api.example.com/v1".into(),
        account: account.into(),
    }
}

pub(super) fn start(key: &str, number: u32) -> AttemptStart {
    AttemptStart {
        known: None,
        key: key.into(),
        row: 5,
        line: 7,
        operation: "ticket_note.create".into(),
        lane: "ticket tk_1".into(),
        digest: Digest([7; 16]),
        number,
        repeats: false,
        at: 1_800_000_000_000,
        remote_at: Some(1_800_000_000_007),
    }
}

pub(super) fn end(outcome: Outcome, number: u32) -> AttemptEnd {
    let cause =
        Cause { status: Some(200), code: Some("3".into()), ..Cause::default() }.saying("past");
    let failed = !matches!(outcome, Outcome::Succeeded | Outcome::Found);
    AttemptEnd {
        known: None,
        outcome,
        number,
        cause: failed.then_some(cause),
        remote_id: (!failed).then(|| "tn_1".into()),
        at: 1_800_000_000_500,
    }
}

/// Records attempts of one row: each an outcome, or none for one that was under way when the run died.
pub(super) fn record(path: &Path, key: &str, outcomes: &[Option<Outcome>]) {
    let ledger = Ledger::open(path).unwrap();
    let job = ledger.enter_job(&name("a"), 1).unwrap();
    let run = ledger.begin_run(job, "", 2).unwrap();
    let (acks, acknowledged) = mpsc::channel();
    let rescue = Rescue::reserve(path, &name("a"));
    let lock = JobLock::take(path, &name("a"), 1, "now").unwrap();
    let trouble = InTrouble { patience: Duration::ZERO, rescue, lock };
    let recorder = Recorder::start(ledger, job, run, trouble, move |news| match news {
        News::Durable(durable) => acks.send(durable).unwrap(),
        other => panic!("{other:?}"),
    });
    for (number, outcome) in (1..).zip(outcomes) {
        recorder.begin(3, start(key, number));
        if let Some(outcome) = outcome {
            recorder.end(3, end(*outcome, number));
        }
    }
    recorder.finish().unwrap();
    let acknowledged: Vec<Ack> = acknowledged.into_iter().flatten().collect();
    let expected = outcomes.len() + outcomes.iter().flatten().count();
    assert_eq!(acknowledged.len(), expected);
}

pub(super) fn found(path: &Path, key: &str) -> Option<Known> {
    let ledger = Ledger::open_to_read(path).unwrap().unwrap();
    let job = ledger.find_job(&name("a")).unwrap().unwrap();
    JobReader::new(ledger, job).unwrap().find(key).unwrap()
}

pub(super) fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".noteferry").join("ledger.db");
    (folder, path)
}

#[test]
fn what_was_recorded_is_found() {
    let (_folder, path) = place();
    record(&path, "HD-1", &[Some(Outcome::Deferred), Some(Outcome::Succeeded)]);
    let known = found(&path, "HD-1").unwrap();
    let state = RowState::Succeeded { attempts: 2, id: Some("tn_1".into()) };
    assert_eq!(known.earlier, Earlier { state, message: None });
    assert_eq!((known.digest, known.remote_id.as_deref()), (Digest([7; 16]), Some("tn_1")));
    assert_eq!(found(&path, "HD-2"), None);
}

#[test]
fn an_attempt_without_an_outcome_is_started() {
    let (_folder, path) = place();
    record(&path, "HD-1", &[None]);
    assert_eq!(found(&path, "HD-1").unwrap().earlier.state, RowState::Started { attempts: 1 });
}

#[test]
fn a_refusal_keeps_its_words() {
    let (_folder, path) = place();
    record(&path, "HD-1", &[Some(Outcome::Refused)]);
    let known = found(&path, "HD-1").unwrap();
    assert_eq!(known.earlier.message.as_deref(), Some("past"));
    let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
    let (id, job) = ledger.jobs().unwrap().remove(0);
    let status = ledger.status(id, job, 5, 5).unwrap();
    assert_eq!((status.totals.failed, status.totals.rows), (1, 1));
    assert_eq!(status.failed[0].code.as_deref(), Some("3"));
}

#[test]
fn reading_leaves_no_trace() {
    let (folder, path) = place();
    assert!(Ledger::open_to_read(&path).unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    record(&path, "HD-1", &[Some(Outcome::Succeeded)]);
    let files = || {
        let entries = std::fs::read_dir(path.parent().unwrap()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = files();
    found(&path, "HD-1");
    assert_eq!(files(), before);
}

#[test]
fn jobs_are_told_apart_by_name_address_and_account() {
    let (_folder, path) = place();
    record(&path, "HD-1", &[Some(Outcome::Succeeded)]);
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.find_job(&name("b")).unwrap(), None);
    assert_eq!(ledger.other_accounts(&name("b")).unwrap(), ["a"]);
    assert_eq!(ledger.other_accounts(&name("a")).unwrap(), Vec::<String>::new());
    assert_eq!(ledger.last_request(&name("b").base_url).unwrap(), Some(1_800_000_000_000));
    assert_eq!(ledger.last_request("sandbox").unwrap(), None);
}

#[test]
fn a_newer_format_and_a_foreign_file_are_refused() {
    let (_folder, path) = place();
    drop(Ledger::open(&path).unwrap());
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", FORMAT + 1).unwrap();
    drop(raw);
    assert!(
        matches!(Ledger::open(&path), Err(LedgerError::Newer { found, .. }) if found == FORMAT + 1)
    );
    assert!(matches!(Ledger::open_to_read(&path), Err(LedgerError::Newer { .. })));

    let other = path.with_file_name("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(matches!(Ledger::open(&other), Err(LedgerError::NotALedger { .. })));
    let text = path.with_file_name("text.db");
    std::fs::write(&text, "this is a text and no database, long enough for a header of one hundred bytes, or so it is hoped by all").unwrap();
    assert!(matches!(Ledger::open(&text), Err(LedgerError::NotALedger { .. })));
}

#[test]
fn a_ledger_of_the_first_format_is_read_and_brought_up_to_date() {
    let (_folder, path) = place();
    record(&path, "HD-1", &[Some(Outcome::Succeeded)]);
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(
        "ALTER TABLE attempts DROP COLUMN remote_started_at; PRAGMA user_version = 1",
    )
    .unwrap();
    drop(raw);
    let attempted = |remote_at| Attempted { at: 1_800_000_000_000, remote_at };
    assert_eq!(found(&path, "HD-1").unwrap().attempted, attempted(None));
    record(&path, "HD-2", &[None]);
    assert_eq!(found(&path, "HD-1").unwrap().attempted, attempted(None));
    assert_eq!(found(&path, "HD-2").unwrap().attempted, attempted(Some(1_800_000_000_007)));
}

#[test]
fn one_run_of_a_job_at_a_time() {
    let (_folder, path) = place();
    drop(Ledger::open(&path).unwrap());
    let held = JobLock::take(&path, &name("a"), 42, "noon").unwrap();
    let refused = JobLock::take(&path, &name("a"), 43, "later").unwrap_err();
    assert_eq!(refused.to_string(), "another run of this job is under way (process 42 since noon)");
    JobLock::take(&path, &name("b"), 43, "later").unwrap();
    drop(held);
    JobLock::take(&path, &name("a"), 43, "later").unwrap();
}

#[test]
fn the_view_says_what_the_program_says() {
    let (_folder, path) = place();
    record(&path, "HD-1", &[Some(Outcome::Deferred), Some(Outcome::Succeeded)]);
    record(&path, "HD-2", &[Some(Outcome::GivenUp)]);
    record(&path, "HD-3", &[None]);
    record(&path, "HD-4", &[Some(Outcome::Lost), Some(Outcome::Found)]);
    let raw = Connection::open(&path).unwrap();
    let mut statement =
        raw.prepare("SELECT key, state, attempts FROM row_states ORDER BY key").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let rows: Vec<(String, String, i64)> = rows.map(Result::unwrap).collect();
    let expected = [
        ("HD-1", "succeeded", 2),
        ("HD-2", "failed", 1),
        ("HD-3", "in_doubt", 1),
        ("HD-4", "succeeded", 2),
    ];
    assert_eq!(
        rows,
        expected.map(|(key, state, attempts)| (key.to_owned(), state.to_owned(), attempts))
    );
}

fn life() -> impl Strategy<Value = Vec<Option<Outcome>>> {
    let again = prop_oneof![
        Just(None),
        Just(Some(Outcome::Deferred)),
        Just(Some(Outcome::Refused)),
        Just(Some(Outcome::GivenUp)),
        Just(Some(Outcome::Lost)),
        Just(Some(Outcome::NotFound)),
    ];
    let last =
        prop_oneof![Just(None), (0..Outcome::ALL.len()).prop_map(|at| Some(Outcome::ALL[at]))];
    (proptest::collection::vec(again, 0..4), last).prop_map(|(mut life, last)| {
        life.push(last);
        life
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn replay_of_what_was_written_equals_it(life in life()) {
        let (_folder, path) = place();
        record(&path, "HD-1", &life);
        let mut live = RowState::NotStarted;
        for outcome in life {
            live = live.clone().after(live.start()).unwrap();
            if let Some(outcome) = outcome {
                let id = matches!(outcome, Outcome::Succeeded | Outcome::Found).then(|| "tn_1".to_owned());
                live = live.after(outcome.event(id)).unwrap();
            }
        }
        prop_assert_eq!(found(&path, "HD-1").unwrap().earlier.state, live);
    }
}

#[test]
fn a_row_is_looked_for_from_its_first_attempt_on_that_nobody_has_settled() {
    use Outcome::{Deferred, Lost, NotFound};
    for (outcomes, first) in [
        (vec![None], 1),
        (vec![Some(Lost), Some(Lost), None], 1),
        (vec![Some(Deferred), Some(Lost), Some(Lost)], 2),
        (vec![Some(Lost), Some(NotFound), Some(Lost)], 3),
        (vec![Some(Lost), Some(NotFound)], 1),
    ] {
        let (_folder, path) = place();
        record(&path, "k1", &outcomes);
        let began = |number: i64| 1_800_000_000_000 + number;
        Ledger::open(&path)
            .unwrap()
            .connection
            .execute_batch("UPDATE attempts SET started_at = 1800000000000 + number")
            .unwrap();
        assert_eq!(found(&path, "k1").unwrap().attempted.at, began(first), "{outcomes:?}");
    }
}
