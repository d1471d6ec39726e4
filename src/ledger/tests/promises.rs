//! The recorder's promises, one by one, as far as they can be seen from outside. What holds while a disk fails is in
//! `recorder`; what holds for whole runs is tested where there are runs.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rusqlite::Connection;

use super::{begin, claim, end, found, name, place, start};
use crate::ledger::Open as _;
use crate::ledger::recorder::{LARGEST_GROUP, Write};
#[cfg(unix)]
use crate::ledger::sqlite::Renewed;
use crate::ledger::{
    Ack, Books as _, Claim as _, InTrouble, JobLock, Ledger, LedgerError, LedgerFault, News, Note,
    Reader as _, Recorder, Rescue, Validity, waiting_outcomes,
};
use crate::row::{AttemptEnd, AttemptStart, KeyHash, Outcome, RowId, RowState, Standing};

struct Desk {
    _folder: tempfile::TempDir,
    path: PathBuf,
    recorder: Recorder,
    news: Receiver<News>,
}

impl Desk {
    fn open() -> Self {
        let (folder, path) = place();
        let (recorder, news) = recorder(&path);
        Self { _folder: folder, path, recorder, news }
    }

    fn next(&self) -> News {
        self.news.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    fn execute(&self, statements: &str) {
        Connection::open(&self.path).unwrap().execute_batch(statements).unwrap();
    }
}

fn recorder(path: &Path) -> (Recorder, Receiver<News>) {
    let ledger = Ledger::open(path).unwrap();
    let lock = claim(path);
    let run = begin(&ledger, &lock);
    let rescue = Rescue::reserve(path, &lock, run.owner);
    let (say, news) = channel();
    let trouble = InTrouble { patience: Duration::ZERO, rescue, lock };
    (ledger.record_with(run, trouble, move |news| drop(say.send(news))), news)
}

fn count(path: &Path, table: &str) -> i64 {
    let query = format!("SELECT count(*) FROM {table}");
    Connection::open(path).unwrap().query_row(&query, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_acknowledged_can_be_read_by_whoever_looks() {
    let desk = Desk::open();
    desk.recorder.begin(3, start("k1", 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot: 3 }]));
    assert_eq!(found(&desk.path, "k1").unwrap().earlier.state, RowState::Started { attempts: 1 });
    desk.recorder.end(3, end(Outcome::Refused, 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    assert_eq!(found(&desk.path, "k1").unwrap().earlier.state, RowState::Refused { attempts: 1 });
}

#[test]
fn writes_are_acknowledged_in_the_order_in_which_they_were_given() {
    let desk = Desk::open();
    let rows = 3 * LARGEST_GROUP;
    let mut expected = Vec::new();
    for slot in 0..rows {
        desk.recorder.begin(slot, start(&format!("k{slot}"), 1));
        expected.push(Ack::Started { slot });
        if slot % 3 == 0 {
            desk.recorder.end(slot, end(Outcome::Succeeded, 1));
            expected.push(Ack::Ended { slot });
        }
    }
    let Desk { _folder, path, recorder, news } = desk;
    recorder.finish().unwrap();
    let acks: Vec<Vec<Ack>> = news
        .into_iter()
        .map(|news| match news {
            News::Durable(acks) => acks,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(acks.iter().all(|group| group.len() <= LARGEST_GROUP));
    assert_eq!(acks.concat(), expected);
    assert_eq!(count(&path, "rows"), rows as i64, "each row has an id of its own");
}

#[test]
fn rows_of_two_runs_at_once_have_different_ids() {
    let (_folder, path) = place();
    let other = super::JobName { name: "other".into(), ..name("a") };
    let ledgers: Vec<_> = [name("a"), other]
        .into_iter()
        .map(|job| {
            let ledger = Ledger::open(&path).unwrap();
            let lock = JobLock::take(&path, &job, 1, "now").unwrap();
            let run = begin(&ledger, &lock);
            let rescue = Rescue::reserve(&path, &lock, run.owner);
            let trouble = InTrouble { patience: Duration::from_secs(60), rescue, lock };
            ledger.record_with(run, trouble, |_| {})
        })
        .collect();
    for slot in 0..5_000 {
        ledgers.iter().for_each(|recorder| recorder.begin(slot, start(&format!("k{slot}"), 1)));
    }
    ledgers.into_iter().for_each(|recorder| drop(recorder.finish().unwrap()));
    assert_eq!((count(&path, "starts"), count(&path, "rows")), (10_000, 10_000));
}

#[test]
fn what_is_written_a_second_time_changes_nothing() {
    let desk = Desk::open();
    let known = |number| {
        let start = start("k1", number);
        AttemptStart { known: found(&desk.path, "k1").map(|known| known.id), ..start }
    };
    desk.recorder.begin(3, known(1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot: 3 }]));
    // The same start, as after an answer of the ledger that was never heard.
    desk.recorder.begin(3, known(1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot: 3 }]));
    for _ in 0..2 {
        desk.recorder.end(3, end(Outcome::Succeeded, 1));
        assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    }
    assert_eq!((count(&desk.path, "starts"), count(&desk.path, "ends")), (1, 1));
    let done = RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) };
    assert_eq!(found(&desk.path, "k1").unwrap().earlier.state, done);
}

#[test]
fn another_start_with_the_number_of_one_that_is_there_is_refused() {
    let desk = Desk::open();
    desk.recorder.begin(3, start("k1", 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot: 3 }]));
    let known = found(&desk.path, "k1").unwrap().id;
    desk.recorder.begin(4, AttemptStart { known: Some(known), ..start("k2", 1) });
    match desk.next() {
        News::Failed(LedgerError::NumberTaken { row, number: 1, .. }) => assert_eq!(row, known),
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.next(), News::Durable(vec![]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![4], ends: vec![] });
}

#[test]
fn an_outcome_that_does_not_find_its_start_is_told_and_both_are_written() {
    let desk = Desk::open();
    for (slot, key) in [(3, "k1"), (4, "k2")] {
        desk.recorder.begin(slot, start(key, 1));
        assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot }]));
    }
    // Somebody puts back what was there before.
    desk.execute("DELETE FROM starts WHERE key = 'k1'");
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    assert!(matches!(desk.next(), News::Failed(LedgerError::WentBack { .. })));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![], ends: vec![] });
    // Nothing is started any more, and what is under way comes to its end.
    desk.recorder.begin(5, start("k3", 1));
    assert_eq!(desk.next(), News::Durable(vec![]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![5], ends: vec![] });
    desk.recorder.end(4, end(Outcome::Succeeded, 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 4 }]));
    let done = RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) };
    for key in ["k1", "k2"] {
        assert_eq!(found(&desk.path, key).unwrap().earlier.state, done, "{key}");
    }
    assert_eq!(found(&desk.path, "k3"), None);
}

#[test]
fn an_outcome_whose_start_nobody_knows_any_more_is_kept_beside_the_ledger() {
    let (_folder, path) = place();
    super::record(&path, "k1", &[None]);
    let known = found(&path, "k1").unwrap().id;
    let (recorder, news) = recorder(&path);
    let next = || news.recv_timeout(Duration::from_secs(30)).unwrap();
    Connection::open(&path).unwrap().execute_batch("DELETE FROM starts").unwrap();
    recorder.end(3, AttemptEnd { known: Some(known), ..end(Outcome::Found, 1) });
    assert!(matches!(next(), News::Failed(LedgerError::WentBack { .. })));
    assert_eq!(next(), News::Durable(vec![]));
    assert_eq!(next(), News::Unwritten { starts: vec![], ends: vec![] });
    assert!(matches!(next(), News::Note(Note::Kept { .. })));
    assert_eq!(next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    recorder.finish().unwrap();
    assert_eq!(waiting_outcomes(&path, &name("a")).unwrap()[0].1, 1);
    // The next run does not guess.
    let ledger = Ledger::open(&path).unwrap();
    let refused = ledger.take_in(&claim(&path));
    assert!(matches!(refused, Err(LedgerError::RescueMisfit { .. })), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn a_lock_that_is_deleted_is_taken_once_more() {
    let desk = Desk::open();
    let lock_file = lock_file(&desk.path);
    std::fs::remove_file(&lock_file).unwrap();
    desk.recorder.begin(3, start("k1", 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot: 3 }]));
    let other = JobLock::take(&desk.path, &name("a"), 2, "now");
    assert!(matches!(other, Err(LedgerError::Busy { .. })), "{other:?}");
}

#[cfg(unix)]
#[test]
fn nothing_leaves_while_another_run_holds_the_job() {
    let desk = Desk::open();
    for (slot, key) in [(3, "k1"), (4, "k2")] {
        desk.recorder.begin(slot, start(key, 1));
        assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot }]));
    }
    std::fs::remove_file(lock_file(&desk.path)).unwrap();
    // Another run takes the job, and settles what it finds in doubt.
    let lock = claim(&desk.path);
    assert!(lock.watch().holds("ticket tk_1"));
    let ledger = Ledger::open(&desk.path).unwrap();
    begin(&ledger, &lock);
    desk.execute(
        "INSERT INTO ends (id, number, owner, at, outcome) SELECT id, number, owner + 1, 5, 'not_found' FROM starts \
         WHERE key = 'k2'",
    );
    desk.recorder.begin(5, start("k3", 1));
    assert!(matches!(desk.next(), News::Failed(LedgerError::Busy { .. })));
    assert_eq!(desk.next(), News::Durable(vec![]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![5], ends: vec![] });
    assert_eq!(found(&desk.path, "k3"), None, "nothing of it is written");
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![], ends: vec![] });
    // What the other has found out holds.
    desk.recorder.end(4, end(Outcome::Succeeded, 1));
    assert_eq!(desk.next(), News::Durable(vec![]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![], ends: vec![4] });
    assert_eq!(found(&desk.path, "k2").unwrap().earlier.state, RowState::Deferred { attempts: 1 });
}

#[cfg(unix)]
#[test]
fn a_job_that_another_run_has_held_since_is_not_taken_back() {
    let desk = Desk::open();
    desk.recorder.begin(3, start("k1", 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot: 3 }]));
    std::fs::remove_file(lock_file(&desk.path)).unwrap();
    // Another run, from its beginning to its end.
    super::record(&desk.path, "k2", &[Some(Outcome::Succeeded)]);
    desk.recorder.begin(4, start("k2", 1));
    assert!(matches!(desk.next(), News::Failed(LedgerError::Overtaken { .. })));
    assert_eq!(desk.next(), News::Durable(vec![]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![4], ends: vec![] });
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    let Desk { _folder, path, recorder, .. } = desk;
    recorder.finish().unwrap();
    let done = RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) };
    for key in ["k1", "k2"] {
        assert_eq!(found(&path, key).unwrap().earlier.state, done, "{key}");
    }
}

#[cfg(unix)]
#[test]
fn what_two_owners_say_of_one_attempt_leaves_the_row_usable_and_what_is_done_done() {
    let [succeeded, deferred] = [Outcome::Succeeded, Outcome::Deferred].map(|first| {
        let desk = Desk::open();
        desk.recorder.begin(3, start("k1", 1));
        assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot: 3 }]));
        std::fs::remove_file(lock_file(&desk.path)).unwrap();
        let lock = claim(&desk.path);
        begin(&Ledger::open(&desk.path).unwrap(), &lock);
        // The first run hears of the outcome after all, and then the other one settles what it has found in doubt.
        desk.recorder.end(3, end(first, 1));
        assert!(matches!(desk.next(), News::Failed(LedgerError::Busy { .. })));
        assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
        desk.execute(
            "INSERT INTO ends (id, number, owner, at, outcome) \
             SELECT id, number, owner + 1, 5, 'not_found' FROM starts",
        );
        found(&desk.path, "k1").unwrap().earlier.state
    });
    assert_eq!(succeeded, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
    assert_eq!(deferred, RowState::Deferred { attempts: 1 });
}

#[cfg(unix)]
#[test]
fn a_lock_that_was_taken_again_counts_when_it_is_confirmed() {
    let (_folder, path) = place();
    drop(Ledger::open(&path).unwrap());
    let mut lock = claim(&path);
    let watch = lock.watch();
    assert!(watch.holds("any"));
    std::fs::remove_file(lock_file(&path)).unwrap();
    assert!(!watch.holds("any"));
    for _ in 0..2 {
        assert_eq!(lock.renew(&path).unwrap(), Renewed::TakenAgain);
        assert!(!watch.holds("any"));
    }
    lock.confirm();
    assert!(watch.holds("any"));
    assert_eq!(lock.renew(&path).unwrap(), Renewed::Held);
}

#[cfg(unix)]
#[test]
fn a_ledger_that_is_replaced_while_it_is_opened_is_not_taken_for_the_one_in_its_place() {
    let (folder, path) = place();
    let other = folder.path().join("other.db");
    for path in [&path, &other] {
        drop(Ledger::open(path).unwrap());
    }
    let swapped = Ledger::open_with(&path, |path| {
        let connection = Connection::open(path);
        std::fs::rename(&other, path).unwrap();
        connection
    });
    assert_eq!(swapped.unwrap_err(), LedgerError::Moved { path: path.clone() });
    Ledger::open(&path).unwrap();
}

#[test]
fn starts_beside_an_outcome_that_has_nowhere_to_go_are_told_as_unwritten() {
    let desk = Desk::open();
    let known = |number, outcome| AttemptEnd { known: Some(RowId(99)), ..end(outcome, number) };
    // Twice: the second time nothing is started any more.
    for (slot, key) in [(3, "k1"), (4, "k2")] {
        desk.recorder.write(vec![
            Write::Start { slot, start: Box::new(start(key, 1)) },
            Write::End { slot: 9, end: Box::new(known(1, Outcome::Found)) },
        ]);
        let mut unwritten = Vec::new();
        while unwritten.is_empty() {
            if let News::Unwritten { starts, .. } = desk.next() {
                unwritten = starts;
            }
        }
        assert_eq!(unwritten, [slot]);
    }
}

#[test]
fn a_run_does_not_begin_on_what_it_read_before_another_run() {
    let (_folder, path) = place();
    super::record(&path, "k1", &[Some(Outcome::Deferred)]);
    let ledger = Ledger::open(&path).unwrap();
    let job = ledger.find_job(&name("a")).unwrap().unwrap();
    let read_after = ledger.last_owner(job).unwrap();
    super::record(&path, "k2", &[Some(Outcome::Succeeded)]);
    let refused = ledger.begin_run(&claim(&path), read_after, "", 2);
    assert!(matches!(refused, Err(LedgerError::Overtaken { .. })), "{refused:?}");
    let read_after = ledger.last_owner(job).unwrap();
    ledger.begin_run(&claim(&path), read_after, "", 2).unwrap();
}

#[cfg(unix)]
#[test]
fn an_outcome_is_not_entered_for_the_attempt_of_an_owner_that_came_later() {
    let desk = Desk::open();
    let number = |number| AttemptStart { known: Some(RowId(1)), ..start("k1", number) };
    desk.recorder.begin(3, number(1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot: 3 }]));
    std::fs::remove_file(lock_file(&desk.path)).unwrap();
    let lock = claim(&desk.path);
    begin(&Ledger::open(&desk.path).unwrap(), &lock);
    desk.execute(
        "INSERT INTO starts SELECT id, 2, turn, owner + 1, key, row, line, operation, lane, digest, at, remote_at, print \
         FROM starts WHERE key = 'k1'",
    );
    desk.recorder.begin(3, number(2));
    assert!(matches!(desk.next(), News::Failed(LedgerError::Busy { .. })));
    assert_eq!(desk.next(), News::Durable(vec![]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![3], ends: vec![] });
    desk.recorder.end(3, end(Outcome::Succeeded, 2));
    assert_eq!(desk.next(), News::Durable(vec![]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![], ends: vec![3] });
    let state = found(&desk.path, "k1").unwrap().earlier.state;
    assert_eq!(state, RowState::Started { attempts: 2 }, "it is in the other's hands");
}

#[test]
fn an_outcome_and_the_next_start_of_its_row_are_written_again_where_the_ledger_went_back() {
    let desk = Desk::open();
    desk.recorder.begin(3, start("k1", 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Started { slot: 3 }]));
    desk.execute("DELETE FROM starts");
    desk.recorder.write(vec![
        Write::End { slot: 3, end: Box::new(end(Outcome::Deferred, 1)) },
        Write::Start { slot: 3, start: Box::new(start("k1", 2)) },
    ]);
    assert!(matches!(desk.next(), News::Failed(LedgerError::WentBack { .. })));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![3], ends: vec![] });
    let state = found(&desk.path, "k1").unwrap().earlier.state;
    assert_eq!(state, RowState::Deferred { attempts: 2 });
    assert_eq!(count(&desk.path, "ends"), 2);
}

#[test]
fn entries_of_a_row_that_is_not_in_hand_are_refused_and_told() {
    let desk = Desk::open();
    desk.recorder.end(7, end(Outcome::Succeeded, 1));
    let News::Failed(LedgerError::Fault { fault, .. }) = desk.next() else { panic!("no fault") };
    assert_eq!(fault, LedgerFault::UnknownRow);
    assert_eq!(desk.next(), News::Unwritten { starts: vec![], ends: vec![7] });
    assert_eq!(count(&desk.path, "ends"), 0);
}

/// The lock of the only job.
#[cfg(unix)]
fn lock_file(ledger: &Path) -> PathBuf {
    let entries = std::fs::read_dir(ledger.parent().unwrap()).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|it| it == "lock")).unwrap()
}

#[test]
fn a_row_goes_on_to_its_next_operation_when_it_is_done() {
    let desk = Desk::open();
    let further = |turn, number, operation: &str| AttemptStart {
        turn,
        operation: operation.into(),
        ..start("k1", number)
    };
    desk.recorder.begin(3, further(1, 1, "ticket_note.create"));
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    desk.recorder.begin(3, further(2, 2, "ticket_note.update"));
    desk.recorder.end(3, end(Outcome::Refused, 2));
    let Desk { _folder, path, recorder, .. } = desk;
    recorder.finish().unwrap();
    let known = found(&path, "k1").unwrap();
    assert_eq!(known.earlier.state, RowState::Refused { attempts: 2 });
    assert_eq!((known.earlier.turn(), known.operation.as_str()), (2, "ticket_note.update"));
    let raw = Connection::open(&path).unwrap();
    let query = "SELECT group_concat(operation || ' ' || outcome, ', ') FROM attempts";
    let told: String = raw.query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(told, "ticket_note.create succeeded, ticket_note.update refused");
}

#[test]
fn a_row_that_another_owner_has_in_hand_is_neither_in_doubt_nor_to_be_sent() {
    let (_folder, path) = place();
    for (key, outcome) in [("k1", None), ("k2", Some(Outcome::Refused))] {
        super::record(&path, key, &[outcome]);
    }
    let standing = |key: &str| {
        let ledger = Ledger::open_to_read(&path).unwrap().unwrap();
        let job = ledger.find_job(&name("a")).unwrap().unwrap();
        ledger.history(job).unwrap().find(KeyHash::of(key)).next().unwrap().standing
    };
    assert_eq!(standing("k1"), Standing::Started, "a lock that is gone leaves a dead owner");
    // An owner on another machine, whose right to send lasts for another hour.
    let lease = "UPDATE owners SET name = 'worker 2 on mars', until = (unixepoch() + 3600) * 1000";
    Connection::open(&path).unwrap().execute_batch(lease).unwrap();
    assert_eq!((standing("k1"), standing("k2")), (Standing::UnderWay, Standing::Refused));
    assert_eq!(found(&path, "k1").unwrap().earlier.holder.as_deref(), Some("worker 2 on mars"));
    assert_eq!(found(&path, "k2").unwrap().earlier.holder, None);
    Connection::open(&path).unwrap().execute_batch("UPDATE owners SET until = 5").unwrap();
    assert_eq!(standing("k1"), Standing::Started);
    assert_eq!(found(&path, "k1").unwrap().earlier.holder, None);
}

#[test]
fn a_lock_is_held_in_every_lane_for_as_long_as_it_is_there() {
    let (_folder, path) = place();
    drop(Ledger::open(&path).unwrap());
    let lock = claim(&path);
    assert!(lock.watch().holds("ticket tk_1") && lock.watch().holds("anything"));
    assert_eq!((lock.job(), lock.validity()), (&name("a"), Validity::Held));
    assert_eq!(lock.holder(), "process 1 since now");
    #[cfg(unix)]
    {
        std::fs::remove_file(lock_file(&path)).unwrap();
        assert!(!lock.watch().holds("ticket tk_1"));
    }
}

#[test]
fn a_status_and_a_history_are_of_one_moment() {
    let (_folder, path) = super::place();
    super::record(&path, "k1", &[Some(Outcome::Succeeded)]);
    super::record(&path, "k2", &[Some(Outcome::Lost)]);
    let ledger = Ledger::open(&path).unwrap();
    let (id, job) = ledger.jobs().unwrap().pop().unwrap();
    let (status, history) = ledger.status_and_history(id, job.clone(), 9, 9).unwrap();
    assert_eq!(status, ledger.status(id, job, 9, 9).unwrap());
    assert_eq!((status.totals.rows, history.len()), (2, 2));
}
