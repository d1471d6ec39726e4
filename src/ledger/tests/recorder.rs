//! A recorder whose disk fails.

use std::path::{Path, PathBuf};

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::faulty_disk::{Disk, Trouble};
use super::{begin, claim, end, found, found_in, name, place, start};
use crate::ledger::Open as _;
use crate::ledger::sqlite::{beside, kept_beside};
use crate::ledger::{
    Ack, Books as _, Deed, InTrouble, JobLock, Ledger, LedgerError, LostOutcome, News, Note,
    Recorder, Rescue, StorageFault, waiting_outcomes,
};
use crate::row::{AttemptStart, Outcome, RowState};

const LONG: Duration = Duration::from_secs(3_600);

/// A recorder on a disk of its own, and what it says.
struct Desk {
    _folder: tempfile::TempDir,
    path: PathBuf,
    disk: &'static Disk,
    recorder: Recorder,
    news: Receiver<News>,
}

impl Desk {
    fn open(disk: &str, patience: Duration) -> Self {
        Self::open_with(disk, patience, Path::to_owned)
    }

    /// With the rescue file beside something else.
    fn open_with(disk: &str, patience: Duration, beside: impl Fn(&Path) -> PathBuf) -> Self {
        let (folder, path) = place();
        let disk = Disk::new(disk);
        let ledger = disk.ledger(&path).unwrap();
        let lock = claim(&path);
        let run = begin(&ledger, &lock);
        let rescue = Rescue::reserve(&beside(&path), &lock, run.owner);
        let trouble = InTrouble { patience, rescue, lock };
        let (say, news): (Sender<News>, _) = channel();
        let recorder = ledger.record_with(run, trouble, move |news| {
            drop(say.send(news));
        });
        Self { _folder: folder, path, disk, recorder, news }
    }

    fn next(&self) -> News {
        self.news.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    #[track_caller]
    fn notes(&self, is_wanted: fn(&Note) -> bool) {
        match self.next() {
            News::Note(note) if is_wanted(&note) => {}
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn fails(&self, is_so: fn(&LedgerError) -> bool) {
        match self.next() {
            News::Failed(error) if is_so(&error) => {}
            other => panic!("{other:?}"),
        }
    }

    /// Writing to the ledger fails.
    #[track_caller]
    fn cannot_write(&self, wanted: StorageFault) {
        match self.next() {
            News::Failed(LedgerError::Storage { deed: Deed::Write, fault, .. })
                if fault == wanted => {}
            other => panic!("{other:?}"),
        }
    }
}

fn is_full(note: &Note) -> bool {
    matches!(
        note,
        Note::Trouble { error: LedgerError::Storage { fault: StorageFault::Full, .. }, .. }
    )
}

fn is_kept(note: &Note) -> bool {
    matches!(note, Note::Kept { path } if path.extension().is_some_and(|it| it == "rescue"))
}

fn started(slot: usize) -> News {
    News::Durable(vec![Ack::Started { slot }])
}

#[test]
fn what_fails_and_may_pass_is_tried_again_and_nothing_is_acknowledged_meanwhile() {
    let desk = Desk::open("tried again", LONG);
    desk.disk.fail(Trouble::Full, 1, false);
    desk.recorder.begin(3, start("k1", 1));
    desk.notes(is_full);
    desk.notes(|note| matches!(note, Note::Mended { .. }));
    assert_eq!(desk.next(), started(3));
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    drop(desk.recorder.finish());
    let state = found(&desk.path, "k1").unwrap().earlier.state;
    assert_eq!(state, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
}

#[test]
fn whoever_is_in_a_hurry_is_not_held_up() {
    let desk = Desk::open("hurried", LONG);
    desk.recorder.begin(3, start("k1", 1));
    assert_eq!(desk.next(), started(3));
    desk.disk.fail(Trouble::Full, 1, true);
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    desk.notes(is_full);
    desk.recorder.hurry();
    desk.cannot_write(StorageFault::Full);
    desk.notes(is_kept);
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
}

#[test]
fn what_will_not_pass_is_not_waited_for() {
    let desk = Desk::open("closed", LONG);
    desk.disk.fail(Trouble::Closed, 1, true);
    desk.recorder.begin(3, start("k1", 1));
    desk.cannot_write(StorageFault::ReadOnly);
    assert_eq!(desk.next(), News::Durable(vec![]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![3], ends: vec![] });
}

#[test]
fn what_is_known_when_patience_is_over_is_kept_for_the_next_run() {
    let desk = Desk::open("kept", Duration::ZERO);
    for (slot, key) in [(3, "k1"), (4, "k2")] {
        desk.recorder.begin(slot, start(key, 1));
        assert_eq!(desk.next(), started(slot));
    }
    desk.disk.fail(Trouble::Broken, 1, true);
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    desk.cannot_write(StorageFault::InputOutput);
    desk.notes(is_kept);
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![], ends: vec![] });
    desk.recorder.end(4, end(Outcome::Refused, 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 4 }]));
    drop(desk.recorder.finish());
    desk.disk.mend();
    let (file, waiting) = waiting_outcomes(&desk.path, &name("a")).unwrap().remove(0);
    assert_eq!(waiting, 2);
    insta::assert_snapshot!(std::fs::read_to_string(file).unwrap());
    Ledger::open(&desk.path).unwrap().take_in(&claim(&desk.path)).unwrap();
    assert_eq!(found(&desk.path, "k2").unwrap().earlier.state, RowState::Refused { attempts: 1 });
}

#[test]
fn what_can_be_kept_nowhere_is_told() {
    let desk = Desk::open_with("told", Duration::ZERO, |path| path.join("nowhere"));
    for slot in 0..12 {
        desk.recorder.begin(slot, start(&format!("k{slot}"), 1));
        assert_eq!(desk.next(), started(slot));
    }
    desk.disk.fail(Trouble::Full, 1, true);
    desk.recorder.begin(12, start("k12", 1));
    desk.cannot_write(StorageFault::Full);
    assert!(matches!(desk.next(), News::Durable(_)));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![12], ends: vec![] });
    for slot in 0..12 {
        desk.recorder.end(slot, end(Outcome::Succeeded, 1));
    }
    let mut last = None;
    let mut lost = Vec::new();
    while lost.len() < 12 {
        match desk.next() {
            News::Failed(error) => last = Some(error),
            News::Unwritten { ends, .. } => lost.extend(ends),
            other => panic!("{other:?}"),
        }
    }
    let Some(LedgerError::Unrecorded { known, count: 12, .. }) = last else { panic!("{last:?}") };
    let keys: Vec<_> = known.iter().map(|lost| lost.key.clone().unwrap()).collect();
    assert_eq!(keys, (0..10).map(|slot| format!("k{slot}")).collect::<Vec<_>>());
    let is_told = |lost: &LostOutcome| lost.outcome == Outcome::Succeeded && lost.id.is_some();
    assert!(known.iter().all(is_told), "{known:?}");
}

#[cfg(unix)]
#[test]
fn what_was_started_in_a_ledger_that_is_gone_does_not_leave() {
    let desk = Desk::open("gone", LONG);
    desk.recorder.begin(3, start("k1", 1));
    assert_eq!(desk.next(), started(3));
    std::fs::remove_dir_all(desk.path.parent().unwrap()).unwrap();
    desk.recorder.begin(4, AttemptStart { repeats: true, ..start("k2", 1) });
    desk.fails(|error| matches!(error, LedgerError::PutBack { .. }));
    assert_eq!(desk.next(), News::Durable(vec![]));
    assert_eq!(desk.next(), News::Unwritten { starts: vec![4], ends: vec![] });
    let other = JobLock::take(&desk.path, &name("a"), 2, "now");
    assert!(matches!(other, Err(LedgerError::Busy { .. })), "{other:?}");
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    assert_eq!(desk.recorder.finish().unwrap().found_late, None);
    let state = found(&desk.path, "k1").unwrap().earlier.state;
    assert_eq!(state, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
    // An earlier request of this one may have acted, whatever became of the last.
    let state = found(&desk.path, "k2").unwrap().earlier.state;
    assert_eq!(state, RowState::InDoubt { attempts: 1 });
}

#[cfg(unix)]
#[test]
fn a_ledger_that_is_gone_in_the_end_is_there_again() {
    let desk = Desk::open("gone in the end", LONG);
    desk.recorder.begin(3, start("k1", 1));
    assert_eq!(desk.next(), started(3));
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    assert_eq!(desk.next(), News::Durable(vec![Ack::Ended { slot: 3 }]));
    std::fs::remove_file(&desk.path).unwrap();
    std::fs::remove_file(beside(&desk.path, "-wal")).unwrap();
    let written = desk.recorder.finish().unwrap();
    assert!(matches!(written.found_late, Some(LedgerError::PutBack { .. })), "{written:?}");
    let state = found(&desk.path, "k1").unwrap().earlier.state;
    assert_eq!(state, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
}

#[cfg(unix)]
#[test]
fn a_ledger_that_cannot_be_put_back_leaves_its_outcomes_in_the_rescue_file() {
    let desk = Desk::open("in the way", LONG);
    desk.recorder.begin(3, start("k1", 1));
    assert_eq!(desk.next(), started(3));
    let folder = desk.path.parent().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::write(folder, "a file where a folder was").unwrap();
    desk.recorder.end(3, end(Outcome::Succeeded, 1));
    desk.fails(|error| matches!(error, LedgerError::Lost { .. }));
    desk.fails(|error| match error {
        LedgerError::Unrecorded { known, count: 1, .. } => {
            known[0].key.as_deref() == Some("k1") && known[0].id.as_deref() == Some("tn_1")
        }
        _ => false,
    });
    assert_eq!(desk.next(), News::Unwritten { starts: vec![], ends: vec![3] });
    drop(desk.recorder.finish());
}

#[cfg(unix)]
#[test]
fn of_two_jobs_that_share_a_ledger_the_first_puts_it_back_and_the_second_goes_on_with_that() {
    let one = Desk::open("shared", LONG);
    one.recorder.begin(3, start("k1", 1));
    assert_eq!(one.next(), started(3));
    // A second job, which has sent something too.
    let ledger = Ledger::open(&one.path).unwrap();
    let lock = JobLock::take(&one.path, &name("b"), 1, "now").unwrap();
    let run = begin(&ledger, &lock);
    let rescue = Rescue::reserve(&one.path, &lock, run.owner);
    let (say, news) = channel();
    let other = ledger.record_with(run, InTrouble { patience: LONG, rescue, lock }, {
        move |news| drop(say.send(news))
    });
    let next = || news.recv_timeout(Duration::from_secs(30)).unwrap();
    other.begin(5, start("k5", 1));
    assert_eq!(next(), started(5));

    std::fs::remove_dir_all(one.path.parent().unwrap()).unwrap();
    one.recorder.begin(4, start("k2", 1));
    one.fails(|error| matches!(error, LedgerError::PutBack { .. }));
    drop(one.recorder.finish());
    other.end(5, end(Outcome::Succeeded, 1));
    assert!(matches!(next(), News::Failed(LedgerError::PutBack { .. })));
    assert_eq!(next(), News::Durable(vec![Ack::Ended { slot: 5 }]));
    drop(other.finish());
    assert_eq!(kept_beside(&one.path).unwrap(), None);
    let state = found_in(&one.path, &name("b"), "k5").unwrap().earlier.state;
    assert_eq!(state, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
    assert_eq!(found(&one.path, "k1").unwrap().earlier.state, RowState::Started { attempts: 1 });
}
