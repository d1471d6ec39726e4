//! What rows own of what lists show.

use super::*;
use crate::row::{Attempted, Made, Newest, Page};

/// An attempt of a row: its key, place in the source, lane, moment, and what came of it with which id.
type Sent<'a> = (&'a str, u64, &'a str, i64, CameTo<'a>);
type CameTo<'a> = Option<(Outcome, Option<&'a str>)>;

/// Writes a run of a job in which rows were sent once each.
fn write(path: &Path, account: &str, rows: &[Sent<'_>]) -> JobId {
    let ledger = Ledger::open(path).unwrap();
    let lock = JobLock::take(path, &name(account), 1, "now").unwrap();
    let run = begin(&ledger, &lock);
    let rescue = Rescue::reserve(path, &lock, run.owner);
    let trouble = InTrouble { patience: Duration::ZERO, rescue, lock };
    let recorder = ledger.record_with(run, trouble, |_| ());
    for (slot, (key, row, lane, at, outcome)) in rows.iter().enumerate() {
        let place = RowPlace::of(*row, row + 1);
        let (lane, at, remote_at) = ((*lane).to_owned(), *at, Some(at + 7));
        recorder.begin(slot, AttemptStart { place, lane, at, remote_at, ..start(key, 1) });
        if let Some((outcome, id)) = outcome {
            let remote_id = id.map(str::to_owned);
            recorder.end(slot, AttemptEnd { remote_id, ..end(*outcome, 1) });
        }
    }
    recorder.finish().unwrap();
    run.job
}

fn ask(path: &Path, job: JobId, lane: &str, ids: &[&str]) -> crate::row::Holdings {
    let page = Page {
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        operation: "ticket_note.create".into(),
        lane: lane.into(),
        wants_makers: false,
    };
    let ledger = Ledger::open_to_read(path).unwrap().unwrap();
    ledger.owned(job, &[page]).unwrap().pop().unwrap()
}

const DONE: Outcome = Outcome::Succeeded;

#[test]
fn what_is_owned_is_told_with_when_it_was_sent_and_the_newest_of_the_lane() {
    let (_folder, path) = place();
    let job = write(
        &path,
        "a",
        &[
            ("1", 1, "tk_1", 5_000, Some((DONE, Some("tn_1")))),
            // The clock was set back meanwhile: rows of a lane go in the order of the source all the same.
            ("2", 2, "tk_1", 1_000, Some((Outcome::Found, Some("tn_2")))),
            ("3", 3, "tk_2", 9_000, Some((DONE, Some("tn_3")))),
            ("4", 4, "tk_1", 9_500, None),
            // It went although the one before it was open: what that made stands before it.
            ("5", 5, "tk_1", 9_900, Some((DONE, Some("tn_5")))),
        ],
    );
    write(&path, "b", &[("1", 9, "tk_1", 99_000, Some((DONE, Some("tn_9"))))]);
    let held = ask(&path, job, "tk_1", &["tn_1", "tn_3", "tn_9", "tn_nobody"]);
    let made = |at: i64, in_lane: bool, turn: (i64, u64)| {
        Some(Made { attempted: Attempted { at, remote_at: Some(at + 7) }, in_lane, turn })
    };
    let mut ids: Vec<_> = held.ids.into_iter().collect();
    ids.sort_by(|one, other| one.0.cmp(&other.0));
    let expected = [
        ("tn_1", made(5_000, true, (1, 1))),
        ("tn_3", made(9_000, false, (1, 3))),
        ("tn_9", made(99_000, true, (2, 9))),
    ];
    assert_eq!(ids, expected.map(|(id, made)| (id.to_owned(), made)));
    let attempted = Attempted { at: 1_000, remote_at: Some(1_007) };
    assert_eq!(held.newest, Some(Newest { id: "tn_2".into(), attempted }));
    assert!(!held.nameless);
    // Nothing is owned in a lane where nothing is done, and nothing of a job by another.
    let bare = ask(&path, job, "tk_9", &[]);
    assert_eq!(
        bare,
        crate::row::Holdings { elsewhere: bare.elsewhere.clone(), ..Default::default() }
    );
    assert_eq!(ask(&path, JobId(99), "tk_1", &[]).newest, None);
}

#[test]
fn what_another_row_may_have_made_without_a_name_is_told() {
    let lives: [(CameTo<'_>, bool); 6] = [
        (Some((DONE, Some("tn_1"))), false),
        (Some((DONE, None)), true),
        (Some((Outcome::Lost, None)), true),
        (None, true),
        (Some((Outcome::Refused, None)), false),
        (Some((Outcome::NotFound, None)), false),
    ];
    for (other, nameless) in lives {
        let (_folder, path) = place();
        let rows = [("1", 1, "tk_1", 1_000, other), ("2", 2, "tk_1", 2_000, None)];
        let job = write(&path, "a", &rows);
        assert_eq!(ask(&path, job, "tk_1", &[]).nameless, nameless, "{other:?}");
    }
}

#[test]
fn what_was_done_something_to_is_owned_and_is_no_measure_of_a_list() {
    let (_folder, path) = place();
    let done = Some((DONE, Some("tn_1")));
    let job = write(&path, "a", &[("1", 1, "tk_1", 1_000, done)]);
    let raw = Connection::open(&path).unwrap();
    raw.execute(
        "INSERT INTO starts SELECT id, 2, 2, owner, key, row, line, 'ticket_note.delete', lane, digest, at, remote_at, print FROM starts",
        [],
    )
    .unwrap();
    let held = ask(&path, job, "tk_1", &["tn_1"]);
    assert!(held.ids.contains_key("tn_1"));
    assert_eq!(held.newest, None);
}

#[test]
fn what_other_lanes_of_the_target_show_is_told_with_the_latest_first() {
    let (_folder, path) = place();
    let made = |id| Some((DONE, Some(id)));
    let job = write(
        &path,
        "a",
        &[
            ("1", 1, "tk_1", 1_000, made("tn_1")),
            ("2", 2, "tk_2", 2_000, made("tn_2")),
            ("3", 3, "tk_1", 3_000, made("tn_3")),
            ("4", 4, "tk_3", 4_000, Some((DONE, None))),
            ("5", 5, "tk_4", 5_000, Some((Outcome::Refused, None))),
            ("6", 6, "tk_5", 6_000, None),
        ],
    );
    // Another account's tickets are not this one's.
    write(&path, "b", &[("1", 1, "tk_6", 9_000, made("tn_9"))]);
    let elsewhere = |lane| {
        let told = ask(&path, job, lane, &[]).elsewhere.into_iter();
        told.map(|other| (other.lane, other.made.id, other.made.attempted.at)).collect::<Vec<_>>()
    };
    let (one, two) = (("tk_1".into(), "tn_3".into(), 3_000), ("tk_2".into(), "tn_2".into(), 2_000));
    assert_eq!(elsewhere("tk_5"), [one, two.clone()]);
    assert_eq!(elsewhere("tk_1"), [two]);
}
