//! What a ledger promises, of the kind that there is: what is written is found again, by whoever may look.

pub(crate) mod faulty_disk;
mod formats;
mod holdings;
mod mandates;
mod promises;
mod recorder;
mod verifications;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::row::{
    AttemptEnd, AttemptStart, Cause, Digest, Earlier, KeyHash, Known, Outcome, RowId, RowState,
    Standing,
};
use crate::text::place::RowPlace;

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
        place: RowPlace::of(5, 7),
        operation: "ticket_note.create".into(),
        lane: "ticket tk_1".into(),
        digest: Digest([7; 16]),
        number,
        turn: 1,
        repeats: false,
        at: 1_800_000_000_000,
        remote_at: Some(1_800_000_000_007),
        print: None,
        snapshot: None,
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

/// The right to send the job's rows.
pub(super) fn claim(path: &Path) -> JobLock {
    JobLock::take(path, &name("a"), 1, "now").unwrap()
}

/// A run of the job in a ledger.
pub(super) fn begin(ledger: &Ledger, lock: &JobLock) -> Run {
    let job = ledger.enter_job(lock, 1).unwrap();
    ledger.begin_run(lock, ledger.last_owner(job).unwrap(), "", 2).unwrap()
}

/// Records attempts of one row: each an outcome, or none for one that was under way when the run died.
pub(super) fn record(path: &Path, key: &str, outcomes: &[Option<Outcome>]) {
    let ledger = Ledger::open(path).unwrap();
    let lock = claim(path);
    let run = begin(&ledger, &lock);
    let (acks, acknowledged) = mpsc::channel();
    let rescue = Rescue::reserve(path, &lock, run.owner);
    let trouble = InTrouble { patience: Duration::ZERO, rescue, lock };
    let recorder = ledger.record_with(run, trouble, move |news| match news {
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
    found_in(path, &name("a"), key)
}

/// What a ledger knows of a row of a job.
pub(super) fn found_in(path: &Path, job: &JobName, key: &str) -> Option<Known> {
    let ledger = Ledger::open_to_read(path).unwrap().unwrap();
    let job = ledger.find_job(job).unwrap().unwrap();
    let history = ledger.history(job).unwrap();
    let found = history.find(KeyHash::of(key)).next()?;
    ledger.known(found.row, key).unwrap()
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
    let expected = Earlier { position: known.earlier.position, ..Earlier::of(state) };
    assert_eq!(known.earlier, expected);
    assert_eq!(known.earlier.turn(), 1);
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
    assert_eq!(known.earlier.cause.unwrap().message.as_deref(), Some("past"));
    let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
    let (id, job) = ledger.jobs().unwrap().remove(0);
    let status = ledger.status(id, job, 5, 5).unwrap();
    assert_eq!((status.totals.failed, status.totals.rows), (1, 1));
    assert_eq!(status.failed[0].cause.as_ref().unwrap().code.as_deref(), Some("3"));
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
    assert_eq!(ledger.last_request(&name("b").base_url).unwrap(), Some(1_800_000_000_500));
    assert_eq!(ledger.last_request("sandbox").unwrap(), None);
}

/// An account that has done nothing is left for another one unasked.
#[test]
fn an_account_has_done_something_unless_the_word_that_holds_denies_it() {
    for (words, has_done) in [
        (&[][..], true),
        (&["lost"], true),
        (&["succeeded"], true),
        (&["refused"], false),
        (&["lost", "not_found"], false),
        (&["lost", "denied"], false),
        // It was taken back, or is known better.
        (&["lost", "denied", "lost"], true),
        (&["lost", "found", "denied"], true),
        (&["lost", "denied", "found"], true),
        (&["lost", "dismissed"], true),
    ] {
        let (_folder, path) = place();
        record(&path, "HD-1", &[None]);
        let connection = Connection::open(&path).unwrap();
        for word in words {
            let owner = "INSERT INTO owners (run, name) SELECT max(id), 'Lan' FROM runs";
            connection.execute(owner, []).unwrap();
            let end = "INSERT INTO ends (id, number, owner, at, outcome) \
                       SELECT id, number, ?1, 1800000000000, ?2 FROM starts";
            let of = rusqlite::params![connection.last_insert_rowid(), word];
            assert_eq!(connection.execute(end, of).unwrap(), 1);
        }
        let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
        let (job, _) = ledger.jobs().unwrap().remove(0);
        assert_eq!(ledger.has_done(job).unwrap(), has_done, "{words:?}");
        assert_eq!(ledger.other_accounts(&name("b")).unwrap().is_empty(), !has_done, "{words:?}");
    }
}

#[test]
fn requests_of_earlier_runs_are_counted_by_when_they_ended() {
    let (_folder, path) = place();
    record(&path, "HD-1", &[Some(Outcome::Succeeded)]);
    let ledger = Ledger::open(&path).unwrap();
    let since = |moment| ledger.requests_since(&name("a").base_url, moment).unwrap();
    // That run has no end, so who knows how often it looked.
    let known = since(1_799_999_999_000);
    assert_eq!(
        (known.ended.as_slice(), known.is_whole),
        ([(1_800_000_001_000, 1)].as_slice(), false)
    );
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE runs SET ended_at = 1800000009000, requests = 4", []).unwrap();
    let known = since(1_799_999_999_000);
    // Three were looks or logins.
    assert_eq!(known.ended, [(1_800_000_009_000, 3), (1_800_000_001_000, 1)]);
    assert!(known.is_whole);
    assert_eq!(since(1_800_000_005_000).ended, [(1_800_000_009_000, 3)]);
    assert_eq!(since(1_800_000_010_000).ended, []);
    assert_eq!(ledger.requests_since("sandbox", 0).unwrap().ended, []);
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
fn one_run_of_a_job_at_a_time() {
    let (_folder, path) = place();
    drop(Ledger::open(&path).unwrap());
    let held = JobLock::take(&path, &name("a"), 42, "noon").unwrap();
    let refused = JobLock::take(&path, &name("a"), 43, "later").unwrap_err();
    assert_eq!(refused, LedgerError::Busy { holder: Some("process 42 since noon".to_owned()) });
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
fn rows_stand_where_their_attempts_say() {
    let (_folder, path) = place();
    let lives: [(&str, &[Option<Outcome>]); 5] = [
        ("done", &[Some(Outcome::Deferred), Some(Outcome::Succeeded)]),
        ("refused", &[Some(Outcome::Refused)]),
        ("under way", &[None]),
        ("looked for", &[Some(Outcome::Lost), Some(Outcome::NotFound)]),
        ("repeated", &[None, Some(Outcome::Lost)]),
    ];
    lives.iter().for_each(|(key, life)| record(&path, key, life));
    let ledger = Ledger::open(&path).unwrap();
    let job = ledger.find_job(&name("a")).unwrap().unwrap();
    let history = ledger.history(job).unwrap();
    assert_eq!(history.len(), lives.len());
    for (key, _) in lives {
        let candidate = history.find(KeyHash::of(key)).next().unwrap();
        let known = found(&path, key).unwrap();
        assert_eq!(candidate.standing, known.earlier.state.standing(), "{key}");
        assert_eq!((candidate.row, candidate.digest), (known.id, known.digest), "{key}");
    }
    assert!(ledger.history(JobId(99)).unwrap().is_empty());
}

#[test]
fn a_row_that_contradicts_itself_stands_for_that_and_hides_no_other() {
    let (_folder, path) = place();
    for key in ["k1", "k2"] {
        record(&path, key, &[Some(Outcome::Succeeded)]);
    }
    let again = "INSERT INTO starts SELECT id, 2, turn, owner, key, row, line, operation, lane, digest, at, remote_at, print \
                 FROM starts WHERE key = 'k1'";
    Connection::open(&path).unwrap().execute_batch(again).unwrap();
    let ledger = Ledger::open(&path).unwrap();
    let history = ledger.history(JobId(1)).unwrap();
    let candidate = |key| history.find(KeyHash::of(key)).next().unwrap();
    assert_eq!(candidate("k1").standing, Standing::Contradictory);
    assert_eq!(candidate("k2").standing, Standing::Done);
    let told = ledger.known(candidate("k1").row, "k1").unwrap_err();
    assert!(matches!(told, LedgerError::Inconsistent { .. }), "{told:?}");
    assert_eq!(ledger.known(candidate("k2").row, "another").unwrap(), None);
    assert_eq!(ledger.known(RowId(i64::MAX), "k1").unwrap(), None);
}

#[test]
fn rows_whose_owner_or_run_is_gone_end_every_reading_of_the_history() {
    for table in ["owners", "runs"] {
        let (_folder, path) = place();
        record(&path, "k1", &[Some(Outcome::Succeeded)]);
        let delete = format!("PRAGMA foreign_keys = OFF; DELETE FROM {table}");
        Connection::open(&path).unwrap().execute_batch(&delete).unwrap();
        let told = Ledger::open(&path).unwrap().history(JobId(1)).unwrap_err();
        assert!(matches!(told, LedgerError::OwnersMissing { starts: 1, .. }), "{told:?}");
    }
}

#[test]
fn two_rows_with_one_key_end_every_reading_of_the_history() {
    let (_folder, path) = place();
    for key in ["k1", "k2", "k3"] {
        record(&path, key, &[Some(Outcome::Succeeded)]);
    }
    let update = "UPDATE starts SET key = 'k1' WHERE key = 'k3'";
    Connection::open(&path).unwrap().execute_batch(update).unwrap();
    let told = Ledger::open(&path).unwrap().history(JobId(1)).unwrap_err();
    assert!(matches!(&told, LedgerError::KeyTwice { key, .. } if key == "k1"), "{told:?}");
}

#[test]
fn a_row_that_was_deleted_and_left_its_outcome_ends_every_reading_of_the_history() {
    let (_folder, path) = place();
    for key in ["k1", "k2"] {
        record(&path, key, &[Some(Outcome::Succeeded)]);
    }
    let delete = "PRAGMA foreign_keys = OFF; DELETE FROM starts WHERE key = 'k1'";
    Connection::open(&path).unwrap().execute_batch(delete).unwrap();
    let told = Ledger::open(&path).unwrap().history(JobId(1)).unwrap_err();
    assert!(matches!(told, LedgerError::StartsMissing { ends: 1, .. }), "{told:?}");
}
