//! Single decisions, played by hand; whole stories are in `simulation`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::rows::{self, stringeex};
use crate::declared::connector::Operation;
use crate::declared::job::{InDoubt, PastReminders};
use crate::engine::{Action, Core, Input, Now, Settings, Stop, Work};
use crate::event::{Ending, Event, Fault, Happening, RowEnd, Stage};
use crate::ledger::{Ack, Deed, LedgerError, StorageFault};
use crate::plan::decide::Sending;
use crate::row::{Attempted, Cause, Doubt, Elsewhere, Holdings, Made, Newest, Outcome, Reason};
use crate::traffic::deadline::Deadline;
use crate::traffic::pace::{Moment, Pace};
use crate::traffic::verdict::Verdict;

const WALL: i64 = 1_800_000_000_000;

fn settings() -> Settings {
    Settings {
        concurrency: 8,
        attempts: 3,
        needs_token: false,
        token_costs_request: false,
        give_up_after: Duration::from_secs(600),
        give_up_on_push_backs_after: Duration::from_secs(86_400),
        longest_request: Duration::ZERO,
        deadline: None,
        max_failures: Some(0),
        in_doubt: InDoubt::Verify,
        counts: true,
    }
}

pub(super) fn core(quota: &str) -> Core {
    Core::new(settings(), Pace::new(&[quota.parse().unwrap()]))
}

/// So many milliseconds after the start.
pub(super) fn at(milliseconds: u64) -> Now {
    let moment = Moment(Duration::from_millis(milliseconds));
    Now { moment, wall: WALL + i64::try_from(milliseconds).unwrap(), remote: None, chance: 0.5 }
}

pub(super) fn operation(name: &str) -> Arc<Operation> {
    Arc::clone(&stringeex().operations[name])
}

/// A note on a ticket of its own.
fn note(number: u64) -> rows::Draft {
    rows::row(&operation("ticket_note.create"), number)
}

/// Likewise, to be sent before so many milliseconds have passed.
fn row(number: u64, send_before: Option<i64>) -> Work {
    match send_before {
        Some(milliseconds) => note(number).before(WALL + milliseconds).work(),
        None => note(number).work(),
    }
}

fn full_disk() -> LedgerError {
    let (deed, fault, cause) = (Deed::Write, StorageFault::Full, String::new());
    let ledger = std::path::Path::new("ledger.db").into();
    LedgerError::Storage { ledger, deed, fault, cause }
}

/// What the core has to have done, in words.
pub(super) fn done(core: &mut Core) -> Vec<String> {
    let actions = core.take_actions().into_iter();
    let words = actions.map(|action| match action {
        Action::Begin { start, .. } => format!("begin {}", start.place.row),
        Action::End { end, .. } => format!("end {}", end.outcome.word()),
        Action::Send { slot, .. } => format!("send {slot}"),
        Action::Look { slot, .. } => format!("look {slot}"),
        Action::Count { lane, .. } => format!("count {lane}"),
        Action::Read { list, .. } => format!("read {list}"),
        Action::Renew => "renew".to_owned(),
        Action::Come(_) => "come".to_owned(),
        Action::Tell(event) => match event.as_ref() {
            Event::Row(event) => format!("row {} {}", event.place.row, event.end.word()),
            _ => "tell".to_owned(),
        },
        Action::Abandon => "abandon".to_owned(),
    });
    words.collect()
}

#[test]
fn a_row_leaves_when_it_is_durably_started_and_counts_when_its_end_is() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    assert_eq!(done(&mut core), ["begin 1"]);
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    assert_eq!(done(&mut core), ["send 0"]);
    let verdict = Verdict::Done { id: None, items: None };
    core.handle(Input::Replied { slot: 0, verdict }, at(2));
    assert_eq!(done(&mut core), ["end succeeded"]);
    core.handle(Input::SourceEnded, at(3));
    assert_eq!(core.ended(), None);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(4));
    assert_eq!(done(&mut core), ["row 1 succeeded"]);
    assert_eq!(core.ended(), Some(Ending::Finished));
}

#[test]
fn a_reminder_that_passes_while_its_row_waits_is_not_sent() {
    let mut core = core("1/10s");
    core.handle(Input::Rows(vec![row(1, None), row(2, Some(5_000))]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    done(&mut core);
    let verdict = Verdict::Done { id: None, items: None };
    core.handle(Input::Replied { slot: 0, verdict }, at(2));
    done(&mut core);
    // Its turn comes ten seconds after that answer, and its time was after five.
    core.handle(Input::Tick, at(10_004));
    assert_eq!(done(&mut core), ["row 2 invalid"]);
    assert_eq!(core.invalid(), 1);
}

/// What is sent, as JSON.
fn bodies(core: &mut Core) -> Vec<Value> {
    let sent = core.take_actions().into_iter().filter_map(|action| match action {
        Action::Send { work, .. } => work.ready.request.body.clone(),
        _ => None,
    });
    sent.map(|body| serde_json::from_str(&body).unwrap()).collect()
}

#[test]
fn a_reminder_that_passes_while_its_row_waits_becomes_what_the_job_says() {
    let hour = PastReminders::Shift(Duration::from_secs(3_600));
    let plain = json!({"ticket_id": "tk_1", "note": "x"});
    for (policy, clock, expected) in
        [(PastReminders::Drop, 6_000, None), (hour, 6_000, Some(WALL + 6_000 + 3_600_000))]
    {
        // Before it is started in the ledger.
        let mut core = core("1/10s");
        let reminding = note(2).reminding(WALL + 5_000, policy).work();
        core.handle(Input::Rows(vec![row(1, None), reminding]), at(0));
        core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
        let verdict = Verdict::Done { id: None, items: None };
        core.handle(Input::Replied { slot: 0, verdict: verdict.clone() }, at(2));
        core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(3));
        core.handle(Input::Tick, at(10_004));
        assert_eq!(done(&mut core).last().map(String::as_str), Some("begin 2"), "{policy:?}");
        assert_eq!(core.invalid(), 0);

        // And between that and its request, which may be on its way for half a minute.
        let mut core = self::core("1000/s");
        core.handle(Input::Rows(vec![note(1).reminding(WALL + 30_005, policy).work()]), at(0));
        done(&mut core);
        core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(clock));
        let sent = bodies(&mut core);
        assert_eq!(sent.len(), 1, "{policy:?}");
        assert_eq!(sent[0]["note"], plain["note"]);
        assert_eq!(sent[0].get("task_reminder_time").and_then(Value::as_i64), expected);
        assert_eq!(sent[0].get("task_type").is_some(), expected.is_some());
    }
}

#[test]
fn a_reminder_that_passes_between_ledger_and_request_is_not_sent_either() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, Some(5))]), at(0));
    assert_eq!(done(&mut core), ["begin 1"]);
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(6));
    assert_eq!(done(&mut core), ["end deferred"]);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(7));
    assert_eq!(done(&mut core), ["row 1 invalid"]);
    core.handle(Input::SourceEnded, at(8));
    assert_eq!(core.ended(), Some(Ending::Finished));
}

#[test]
fn a_push_back_holds_everybody_for_as_long_as_it_says() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    let after = Some(Duration::from_secs(7));
    let verdict =
        Verdict::Retry { cause: Cause::default(), after, pushback: true, may_have_acted: false };
    core.handle(Input::Replied { slot: 0, verdict }, at(2));
    core.handle(Input::Rows(vec![row(2, None)]), at(3));
    done(&mut core);
    let wake = core.wake_at().unwrap();
    assert!((6_900..=7_002).contains(&wake.0.as_millis()), "{wake:?}");
    core.handle(Input::Tick, at(7_003));
    assert_eq!(done(&mut core), ["begin 1", "begin 2"]);
}

#[test]
fn after_the_first_signal_nothing_is_started_and_what_is_under_way_ends() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None), row(2, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    assert_eq!(done(&mut core), ["begin 1", "begin 2", "send 0"]);
    core.handle(Input::Stop(Stop::Drain { signal: 2 }), at(2));
    // The second row is in the ledger, and its request surely does not leave any more.
    core.handle(Input::Durable(vec![Ack::Started { slot: 1 }]), at(3));
    assert_eq!(done(&mut core), ["tell", "end deferred"]);
    core.handle(
        Input::Replied { slot: 0, verdict: Verdict::Done { id: None, items: None } },
        at(4),
    );
    let acks = vec![Ack::Ended { slot: 1 }, Ack::Ended { slot: 0 }];
    core.handle(Input::Durable(acks), at(5));
    assert_eq!(done(&mut core), ["end succeeded", "row 1 succeeded"]);
    assert_eq!(core.ended(), Some(Ending::Interrupted { signal: 2 }));
}

#[test]
fn the_second_signal_leaves_what_is_under_way_in_doubt() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.handle(Input::Stop(Stop::Drain { signal: 15 }), at(2));
    done(&mut core);
    core.handle(Input::Stop(Stop::Now { signal: 15 }), at(3));
    assert_eq!(done(&mut core), ["abandon", "end lost"]);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(4));
    assert_eq!(done(&mut core), [format!("row 1 {}", RowEnd::InDoubt.word())]);
    assert_eq!(core.ended(), Some(Ending::Interrupted { signal: 15 }));
}

#[test]
fn nothing_leaves_once_the_ledger_has_failed_and_what_has_left_comes_to_its_end() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None), row(2, None), row(3, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    assert_eq!(done(&mut core), ["begin 1", "begin 2", "begin 3", "send 0"]);
    core.handle(Input::LedgerFailed(full_disk()), at(2));
    core.handle(Input::Unwritten { starts: vec![1], ends: vec![] }, at(3));
    // This one was started before the failure was noticed.
    core.handle(Input::Durable(vec![Ack::Started { slot: 2 }]), at(3));
    assert_eq!(done(&mut core), ["end deferred"]);
    assert_eq!(core.ended(), None);
    core.handle(
        Input::Replied { slot: 0, verdict: Verdict::Done { id: None, items: None } },
        at(4),
    );
    assert_eq!(done(&mut core), ["end succeeded"]);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 2 }, Ack::Ended { slot: 0 }]), at(5));
    assert_eq!(done(&mut core), ["row 1 succeeded"]);
    assert_eq!(core.left_in_doubt(), 0);
    assert!(matches!(core.ended(), Some(Ending::LedgerFailed(_) | Ending::RecorderGone)));
}

#[test]
fn a_lane_that_is_lost_alone_stands_still_and_the_others_go_on() {
    let mut core = core("1000/s");
    let rows = [(1, "a"), (2, "b"), (3, "a"), (4, "c")];
    let rows = rows.map(|(number, lane)| note(number).on(lane).work());
    core.handle(Input::Rows(rows.into()), at(0));
    assert_eq!(done(&mut core), ["begin 1", "begin 2", "begin 4"]);
    core.handle(Input::Durable(vec![Ack::Started { slot: 1 }, Ack::Started { slot: 3 }]), at(1));
    core.handle(Input::Unwritten { starts: vec![0], ends: vec![] }, at(1));
    core.handle(Input::SourceEnded, at(1));
    for (slot, moment) in [(1, 2), (3, 3)] {
        let verdict = Verdict::Done { id: None, items: None };
        core.handle(Input::Replied { slot, verdict }, at(moment));
    }
    // Another machine has the lane of row 4 as well by now: what came of it is for that one to find out.
    core.handle(Input::Unwritten { starts: vec![], ends: vec![3] }, at(4));
    assert_eq!(core.ended(), None);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 1 }]), at(5));
    assert_eq!(
        done(&mut core),
        ["send 1", "end succeeded", "send 3", "end succeeded", "row 2 succeeded"]
    );
    assert_eq!((core.left_in_doubt(), core.ended()), (1, Some(Ending::Finished)));
}

#[test]
fn an_outcome_that_is_written_nowhere_is_not_told_and_is_in_doubt() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.handle(
        Input::Replied { slot: 0, verdict: Verdict::Done { id: None, items: None } },
        at(2),
    );
    core.handle(Input::LedgerFailed(full_disk()), at(3));
    core.handle(Input::Unwritten { starts: vec![], ends: vec![0] }, at(3));
    assert_eq!(done(&mut core), ["begin 1", "send 0", "end succeeded"]);
    assert_eq!((core.left_in_doubt(), core.progress(at(3).moment).succeeded), (1, 0));
    assert!(matches!(core.ended(), Some(Ending::LedgerFailed(_) | Ending::RecorderGone)));
}

#[test]
fn without_anybody_to_write_the_ledger_the_run_does_not_wait() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None), row(2, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.handle(Input::RecorderGone, at(2));
    assert!(matches!(core.ended(), Some(Ending::LedgerFailed(_) | Ending::RecorderGone)));
    assert_eq!(core.left_in_doubt(), 1);
}

#[test]
fn a_failure_too_many_ends_the_run() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None), row(2, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.handle(Input::Replied { slot: 0, verdict: Verdict::Refused(Cause::default()) }, at(2));
    done(&mut core);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }, Ack::Started { slot: 1 }]), at(3));
    assert_eq!(done(&mut core), ["row 1 failed", "end deferred"]);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 1 }]), at(4));
    assert_eq!(core.ended(), Some(Ending::TooManyFailures { allowed: 0 }));
}

fn unknown(after: Option<Duration>) -> Verdict {
    Verdict::Unknown { cause: Cause::default(), after }
}

/// A create whose answer is lost after two milliseconds, and a first look of which nothing comes.
fn lost_and_not_found(core: &mut Core) {
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.handle(Input::Replied { slot: 0, verdict: unknown(None) }, at(2));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(2));
    assert_eq!(done(core), ["begin 1", "send 0", "end lost", "look 0"]);
    look(core, vec![], 3);
}

/// A look at a list that ends with the last note that the ledger owns there.
fn look(core: &mut Core, mut items: Vec<Value>, milliseconds: u64) {
    let attempted = Attempted { at: WALL - 190_000, remote_at: Some(WALL - 190_000) };
    items.push(json!({"id": "tn_own", "note": "own", "created": WALL - 190_000}));
    items.extend((1..6).map(|before| {
        let created = WALL - 190_000 - before * 100_000;
        json!({"id": format!("tn_before_{before}"), "note": "own", "created": created})
    }));
    let made = Made { attempted, in_lane: true, turn: (1, 1) };
    let owned = Holdings {
        ids: [("tn_own".to_owned(), Some(made))].into(),
        newest: Some(Newest { id: "tn_own".to_owned(), attempted }),
        ..Holdings::default()
    };
    let verdict = Verdict::Done { id: None, items: Some(items) };
    core.handle(Input::Looked { slot: 0, verdict, owned: Ok(owned) }, at(milliseconds));
}

#[test]
fn a_page_whose_items_nobody_can_attribute_proves_nothing_and_ends_the_run() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.handle(Input::Replied { slot: 0, verdict: unknown(None) }, at(2));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(2));
    assert_eq!(done(&mut core), ["begin 1", "send 0", "end lost", "look 0"]);
    let verdict = Verdict::Done { id: None, items: Some(vec![]) };
    core.handle(Input::Looked { slot: 0, verdict, owned: Err(full_disk()) }, at(60_000));
    assert_eq!(done(&mut core), ["end lost"]);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(60_001));
    assert!(matches!(core.ended(), Some(Ending::LedgerFailed(_))));
}

#[test]
fn a_list_that_was_asked_for_at_once_does_not_say_for_sure_that_nothing_will_come() {
    let mut core = core("1000/s");
    lost_and_not_found(&mut core);
    assert_eq!(done(&mut core), Vec::<String>::new());
    assert_eq!(core.wake_at(), Some(at(10_002).moment));
    core.handle(Input::Tick, at(10_002));
    assert_eq!(done(&mut core), ["look 0"]);
    look(&mut core, vec![], 10_003);
    // Nothing has shown how far lists lag behind.
    assert_eq!((done(&mut core), core.wake_at()), (vec![], Some(at(30_002).moment)));
    core.handle(Input::Tick, at(30_002));
    assert_eq!(done(&mut core), ["look 0"]);
    look(&mut core, vec![], 30_003);
    assert_eq!(done(&mut core), ["look 0"], "whether there is a page before the first");
    look(&mut core, vec![], 30_004);
    assert_eq!(done(&mut core), ["end not_found", "begin 1"]);
}

#[test]
fn a_page_before_the_first_that_fails_for_a_moment_may_be_there() {
    for (failures, end) in [(1, "after a page"), (2, "after a page"), (3, "at once")] {
        let mut core = core("1000/s");
        lost_and_not_found(&mut core);
        let (mut failed, mut now) = (0, 40_000);
        let mut last = Vec::new();
        while last.is_empty() {
            core.handle(Input::Tick, at(now));
            let paths = core.take_actions().into_iter().filter_map(|action| match action {
                Action::Look { request, .. } => Some(request.path),
                Action::End { end, .. } => {
                    last.push(end.outcome.word());
                    None
                }
                _ => None,
            });
            match paths.last() {
                Some(path) if path.contains("page=0") && failed < failures => {
                    failed += 1;
                    let cause = Cause { status: Some(503), ..Cause::of(Reason::Answered) };
                    let verdict = Verdict::Retry {
                        cause,
                        after: None,
                        pushback: false,
                        may_have_acted: false,
                    };
                    let owned = Ok(Holdings::default());
                    core.handle(Input::Looked { slot: 0, verdict, owned }, at(now + 1));
                }
                Some(path) if path.contains("page=0") => {
                    let note = json!({"id": "tn_1", "note": "x", "created": WALL + 2});
                    look(&mut core, vec![note], now + 1);
                }
                Some(path) if path.contains("page=1") => look(&mut core, vec![], now + 1),
                Some(_) => panic!("a further page"),
                None => {}
            }
            now += 1_000;
        }
        let expected = if end == "at once" { "not_found" } else { "found" };
        assert_eq!(last, [expected], "{failures}");
    }
}

/// A page of a list in whose lane nothing is owned.
fn bare_look(core: &mut Core, items: Vec<Value>, milliseconds: u64) {
    let verdict = Verdict::Done { id: None, items: Some(items) };
    let ids = [("tn_2".to_owned(), None)].into();
    let owned = Ok(Holdings { ids, ..Holdings::default() });
    core.handle(Input::Looked { slot: 0, verdict, owned }, at(milliseconds));
}

#[test]
fn where_a_lane_owns_nothing_silence_counts_once_a_list_has_shown_what_another_row_has_made() {
    for (shown, end) in [(true, "end not_found, begin 1"), (false, "end lost")] {
        let mut core = core("1000/s");
        core.handle(Input::Rows(vec![row(1, None), row(2, None)]), at(0));
        core.handle(Input::SourceEnded, at(0));
        core.handle(
            Input::Durable(vec![Ack::Started { slot: 0 }, Ack::Started { slot: 1 }]),
            at(1),
        );
        core.handle(Input::Replied { slot: 0, verdict: unknown(None) }, at(2));
        core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(2));
        core.handle(Input::Tick, at(4));
        let verdict = Verdict::Done { id: Some("tn_2".into()), items: None };
        core.handle(Input::Replied { slot: 1, verdict }, at(5));
        core.handle(Input::Durable(vec![Ack::Ended { slot: 1 }]), at(6));
        core.handle(Input::Tick, at(8));
        done(&mut core);
        bare_look(&mut core, vec![], 9);
        core.handle(Input::Tick, at(11));
        assert_eq!(done(&mut core), ["look 0"], "at the list of the other row");
        let mut now = 12;
        let mut last = Vec::new();
        while last.is_empty() && now < 200_000 {
            // The list of the other row, its page 0, and from then on the row's own: all alike to this test.
            let witness = json!({"id": "tn_2", "note": "x", "created": WALL + 2});
            let items = if shown && now < 10_000 { vec![witness] } else { vec![] };
            bare_look(&mut core, items, now);
            last = done(&mut core);
            last.retain(|action| action != "look 0");
            if last.is_empty() {
                now = now.max(core.wake_at().map_or(now, |wake| wake.0.as_millis() as u64)) + 1;
                core.handle(Input::Tick, at(now));
                done(&mut core);
            }
        }
        assert_eq!(last.join(", "), end);
    }
}

#[test]
fn silence_counts_no_earlier_than_lists_were_seen_to_be_late() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None), row(2, None)]), at(0));
    core.handle(Input::SourceEnded, at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }, Ack::Started { slot: 1 }]), at(1));
    core.handle(Input::Replied { slot: 0, verdict: unknown(None) }, at(2));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(2));
    core.handle(Input::Tick, at(4));
    let verdict = Verdict::Done { id: Some("tn_2".into()), items: None };
    core.handle(Input::Replied { slot: 1, verdict }, at(5));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 1 }]), at(6));
    core.handle(Input::Tick, at(8));
    done(&mut core);
    let (mut now, mut looking) = (12_000, true);
    loop {
        if looking {
            let witness = json!({"id": "tn_2", "note": "x", "created": WALL + 2});
            // A row's own list is answered with what is owned as well: it says nothing of the row.
            let items = if now > 30_000 { vec![witness] } else { vec![] };
            bare_look(&mut core, items, now);
        }
        let words = done(&mut core);
        if words.contains(&"end not_found".to_owned()) {
            break;
        }
        looking = words.contains(&"look 0".to_owned());
        assert!(!words.contains(&"end lost".to_owned()) && now < 200_000, "{words:?} {now}");
        now += 500;
        core.handle(Input::Tick, at(now));
        let words = done(&mut core);
        looking |= words.contains(&"look 0".to_owned());
    }
    assert!(now > 40_000, "at {now}");
}

#[test]
fn a_list_out_of_a_cache_is_as_old_as_it_says() {
    // By how much it is older than its look, and what follows for the row in the end.
    for (age, end, earliest) in [
        (0, "end not_found", 10_000),
        (7_000, "end not_found", 17_000),
        (400_000, "end lost", 10_000),
    ] {
        let mut core = core("1000/s");
        core.handle(Input::Rows(vec![row(1, None), row(2, None)]), at(0));
        core.handle(Input::SourceEnded, at(0));
        let started = [0, 1].map(|slot| Ack::Started { slot });
        core.handle(Input::Durable(started.to_vec()), at(1));
        core.handle(Input::Tick, at(3));
        let verdict = Verdict::Done { id: Some("tn_2".into()), items: None };
        core.handle(Input::Replied { slot: 1, verdict }, at(4));
        core.handle(Input::Durable(vec![Ack::Ended { slot: 1 }]), at(5));
        core.handle(Input::Replied { slot: 0, verdict: unknown(None) }, at(6));
        core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(6));
        let mut now = 6;
        // The first says why it is looked for.
        let mut ends = 0;
        let ended = loop {
            let words = done(&mut core);
            for end in words.iter().filter(|word| word.starts_with("end ")) {
                ends += usize::from(end != "end succeeded");
            }
            let last = words.iter().rfind(|word| word.starts_with("end "));
            if let Some(end) = last.filter(|_| ends == 2) {
                break end.clone();
            }
            match words.contains(&"look 0".to_owned()) {
                true => {
                    let age = Duration::from_millis(age);
                    core.handle(Input::LookAged { slot: 0, age }, at(now));
                    let witness = json!({"id": "tn_2", "note": "x", "created": WALL + 2});
                    let items = if now > 1_000 { vec![witness] } else { vec![] };
                    bare_look(&mut core, items, now);
                }
                false => {
                    now += 100;
                    core.handle(Input::Tick, at(now));
                }
            }
            assert!(now < 300_000, "{age}: no end");
        };
        assert_eq!(ended, end, "{age}");
        assert!(now >= earliest, "{age}: at {now}");
    }
}

#[test]
fn where_no_row_of_the_run_has_made_anything_what_the_ledger_owns_elsewhere_is_the_measure() {
    let other = json!({"id": "tn_9", "note": "who knows", "created": WALL - 100_000});
    let internal = json!({"id": "tn_9", "note": "x", "is_internal_note": true});
    let stranger = json!({"id": "tn_5", "note": "by someone else", "created": WALL + 3});
    for (elsewhere, here, end) in [
        (vec![other.clone()], vec![], "end not_found"),
        (vec![], vec![], "end lost"),
        // It tells nothing of lists of what this row makes.
        (vec![internal], vec![], "end lost"),
        // Nobody knows what becomes of texts.
        (vec![other], vec![stranger], "end lost"),
    ] {
        let mut core = core("1000/s");
        core.handle(Input::Rows(vec![row(1, None)]), at(0));
        core.handle(Input::SourceEnded, at(0));
        core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
        core.handle(Input::Replied { slot: 0, verdict: unknown(None) }, at(2));
        core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(2));
        let (mut now, mut last) = (2, Vec::new());
        // The first says why it is looked for.
        let mut is_lost = false;
        while last.is_empty() && now < 200_000 {
            let looks = core.take_actions().into_iter().filter_map(|action| match action {
                Action::Look { request, .. } => Some(request.path),
                Action::End { end, .. } => {
                    let word = format!("end {}", end.outcome.word());
                    last.extend(std::mem::replace(&mut is_lost, true).then_some(word));
                    None
                }
                _ => None,
            });
            now += 1;
            match looks.last() {
                Some(path) => {
                    let items = if path.contains("ticket=9&") { &elsewhere } else { &here };
                    let verdict = Verdict::Done { id: None, items: Some(items.clone()) };
                    let attempted = Attempted { at: WALL - 100_000, remote_at: None };
                    let made = Newest { id: "tn_9".into(), attempted };
                    let owned = Holdings {
                        ids: [("tn_9".to_owned(), None)].into(),
                        elsewhere: vec![Elsewhere { lane: "ticket 9".into(), made }],
                        ..Holdings::default()
                    };
                    core.handle(Input::Looked { slot: 0, verdict, owned: Ok(owned) }, at(now));
                }
                None => {
                    now = now.max(core.wake_at().map_or(now, |wake| wake.0.as_millis() as u64));
                    core.handle(Input::Tick, at(now));
                }
            }
        }
        assert_eq!(last.join(", "), end, "{elsewhere:?} {here:?}");
    }
}

#[test]
fn where_nothing_can_show_what_lists_are_worth_the_row_stays_in_doubt_marked_or_not() {
    for work in [row(1, None), note(1).marked("x", "[ref 1]").work()] {
        let mut core = core("1000/s");
        core.handle(Input::Rows(vec![work]), at(0));
        core.handle(Input::SourceEnded, at(0));
        core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
        core.handle(Input::Replied { slot: 0, verdict: unknown(None) }, at(2));
        core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(2));
        assert_eq!(done(&mut core), ["begin 1", "send 0", "end lost", "look 0"]);
        bare_look(&mut core, vec![], 3);
        core.handle(Input::Tick, at(10_002));
        assert_eq!(done(&mut core), ["look 0"], "it may be found by then");
        bare_look(&mut core, vec![], 10_003);
        core.handle(Input::Tick, at(11_003));
        assert_eq!(done(&mut core), ["end lost"]);
    }
}

#[test]
fn what_the_other_side_made_after_the_loss_is_found() {
    let mut core = core("1000/s");
    lost_and_not_found(&mut core);
    core.handle(Input::Tick, at(10_002));
    let note = json!({"id": "tn_1", "note": "x", "created": WALL + 9_000});
    let before = json!({"id": "tn_0", "note": "y", "created": WALL - 9_000});
    look(&mut core, vec![note, before], 10_003);
    assert_eq!(done(&mut core), ["look 0", "end found"]);
}

#[test]
fn what_a_row_has_made_is_no_other_rows_although_the_ledger_does_not_say_so_yet() {
    let mut core = core("1000/s");
    let attempted = Attempted { at: WALL - 90_000, remote_at: Some(WALL - 90_000) };
    let in_doubt =
        |number| note(number).on("1").attempted(1, Some(attempted)).sending(Sending::Settle).work();
    core.handle(Input::Rows(vec![in_doubt(1), in_doubt(2)]), at(0));
    assert_eq!(done(&mut core), ["look 0"]);
    let note = json!({"id": "tn_1", "note": "x", "created": WALL - 89_000});
    let before = json!({"id": "tn_0", "note": "y", "created": WALL - 99_000});
    look(&mut core, vec![note.clone(), before], 1);
    assert_eq!(done(&mut core), ["end found", "look 1"]);
    let verdict = Verdict::Done { id: None, items: Some(vec![note]) };
    core.handle(Input::Looked { slot: 1, verdict, owned: Ok(Holdings::default()) }, at(2));
    assert_eq!(done(&mut core), ["look 1"], "the next page, for this one has nothing of the row's");
}

#[test]
fn a_run_that_stops_still_looks_for_what_was_lost() {
    let mut core = core("1000/s");
    lost_and_not_found(&mut core);
    core.handle(Input::Rows(vec![row(2, None)]), at(400));
    core.handle(Input::Durable(vec![Ack::Started { slot: 1 }]), at(401));
    assert_eq!(done(&mut core), ["begin 2", "send 1"]);
    core.handle(Input::Stop(Stop::Drain { signal: 15 }), at(500));
    assert_eq!((done(&mut core), core.ended()), (vec!["tell".to_owned()], None));
    // An answer that is lost after the signal is looked for, too.
    core.handle(Input::Replied { slot: 1, verdict: unknown(None) }, at(600));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 1 }]), at(600));
    assert_eq!(done(&mut core), ["end lost", "look 1"]);
    let note = json!({"id": "tn_2", "note": "x", "created": WALL + 500});
    let before = json!({"id": "tn_0", "note": "y", "created": WALL - 9_000});
    let verdict = Verdict::Done { id: None, items: Some(vec![note, before]) };
    core.handle(Input::Looked { slot: 1, verdict, owned: Ok(Holdings::default()) }, at(700));
    assert_eq!(done(&mut core), ["look 1"], "the next page");
    let end = Verdict::Done { id: None, items: Some(vec![]) };
    core.handle(Input::Looked { slot: 1, verdict: end, owned: Ok(Holdings::default()) }, at(701));
    assert_eq!(done(&mut core), ["end found"]);
    core.handle(Input::Tick, at(10_002));
    assert_eq!(done(&mut core), ["look 0"]);
    look(&mut core, vec![], 10_003);
    // What was found shows how late lists are, and from which page on they count.
    for page in ["first", "before the first"] {
        assert_eq!(done(&mut core), ["look 0"], "{page}");
        let found = json!({"id": "tn_2", "note": "x", "created": WALL + 500});
        let verdict = Verdict::Done { id: None, items: Some(vec![found]) };
        let owned = Ok(Holdings::default());
        core.handle(Input::Looked { slot: 0, verdict, owned }, at(10_004));
    }
    assert_eq!(done(&mut core), ["look 0"]);
    look(&mut core, vec![], 10_005);
    core.handle(Input::Tick, at(19_700));
    assert_eq!(done(&mut core), ["look 0"]);
    look(&mut core, vec![], 19_701);
    assert_eq!(done(&mut core), ["end not_found"], "and is not sent again in this run");
    core.handle(Input::Durable(vec![Ack::Ended { slot: 1 }, Ack::Ended { slot: 0 }]), at(19_702));
    assert_eq!(core.ended(), Some(Ending::Interrupted { signal: 15 }));
    assert_eq!(core.left_in_doubt(), 0);
}

#[test]
fn a_run_that_stops_does_not_look_for_ever() {
    let mut core = core("1000/s");
    lost_and_not_found(&mut core);
    core.handle(Input::Stop(Stop::Drain { signal: 15 }), at(500));
    core.handle(Input::Tick, at(10_002));
    let silent = Verdict::Retry {
        cause: Cause::default(),
        after: Some(Duration::from_secs(5)),
        pushback: false,
        may_have_acted: false,
    };
    core.handle(
        Input::Looked { slot: 0, verdict: silent, owned: Ok(Holdings::default()) },
        at(10_003),
    );
    assert_eq!(done(&mut core), ["tell", "look 0"]);
    core.handle(Input::Tick, at(20_499));
    assert_eq!(done(&mut core), ["look 0"]);
    core.handle(Input::Stop(Stop::Now { signal: 15 }), at(20_501));
    assert_eq!(done(&mut core), ["abandon", "end lost"]);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(20_502));
    assert_eq!(done(&mut core), ["row 1 in_doubt"]);
    assert_eq!(core.ended(), Some(Ending::Interrupted { signal: 15 }));
}

#[test]
fn a_run_that_stops_does_not_wait_for_a_look_that_comes_too_late() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.handle(Input::Replied { slot: 0, verdict: unknown(Some(Duration::from_secs(60))) }, at(2));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(2));
    assert_eq!(done(&mut core), ["begin 1", "send 0", "end lost"]);
    core.handle(Input::Stop(Stop::Drain { signal: 15 }), at(500));
    assert_eq!(done(&mut core), ["tell", "end lost"]);
}

#[test]
fn why_an_answer_was_lost_is_written_down_before_anybody_has_looked() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.take_actions();
    let cause = Cause { status: Some(503), ..Cause::of(Reason::Answered) };
    let verdict = Verdict::Unknown { cause: cause.clone(), after: None };
    core.handle(Input::Replied { slot: 0, verdict }, at(2));
    let ends = core.take_actions().into_iter().filter_map(|action| match action {
        Action::End { end, .. } => Some((end.outcome, end.cause)),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [(Outcome::Lost, Some(cause))]);
}

#[test]
fn a_row_that_stays_in_doubt_keeps_the_first_cause_of_it() {
    let mut core = core("1000/s");
    let mut work = note(1).attempted(1, None).sending(Sending::Settle).work();
    let first = Cause { status: Some(503), ..Cause::of(Reason::Answered) };
    work.lost = Some(Box::new(first));
    core.handle(Input::Rows(vec![work]), at(0));
    let refused = Cause { status: Some(403), ..Cause::of(Reason::Answered) };
    let verdict = Verdict::Refused(refused);
    core.handle(Input::Looked { slot: 0, verdict, owned: Ok(Holdings::default()) }, at(1));
    let ends = core.take_actions().into_iter().filter_map(|action| match action {
        Action::End { end, .. } => end.cause,
        _ => None,
    });
    let causes: Vec<Cause> = ends.collect();
    assert_eq!(causes.iter().map(|cause| cause.status).collect::<Vec<_>>(), [Some(503)]);
    assert!(matches!(causes[0].doubt, Some(Doubt::ListRefused(_))), "{causes:?}");
}

#[test]
fn whoever_asks_to_wait_is_not_even_asked_for_the_list_before() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    done(&mut core);
    let verdict = unknown(Some(Duration::from_secs(30)));
    core.handle(Input::Replied { slot: 0, verdict }, at(2));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(2));
    assert_eq!(
        (done(&mut core), core.wake_at()),
        (vec!["end lost".to_owned()], Some(at(30_002).moment))
    );
    core.handle(Input::Tick, at(30_002));
    assert_eq!(done(&mut core), ["look 0"]);
    look(&mut core, vec![], 30_003);
    assert_eq!(done(&mut core), ["look 0"], "whether there is a page before the first");
    look(&mut core, vec![], 30_004);
    assert_eq!(done(&mut core), ["end not_found", "begin 1"]);
}

/// An update, of which an earlier run may have left a request under way.
fn update(number: u64, sending: Sending) -> Work {
    let attempts = u32::from(sending == Sending::Repeat);
    let draft = rows::row(&operation("ticket_note.update"), number).on("1");
    draft.attempted(attempts, None).sending(sending).work()
}

fn may_have_acted() -> Verdict {
    let cause = Cause::default();
    Verdict::Retry { cause, after: None, pushback: false, may_have_acted: true }
}

/// An update whose answer is lost after two milliseconds.
fn lost_update(core: &mut Core) {
    core.handle(Input::Rows(vec![update(1, Sending::Fresh)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.handle(Input::Replied { slot: 0, verdict: may_have_acted() }, at(2));
}

#[test]
fn an_update_is_repeated_when_the_lost_one_cannot_come_after_it_any_more() {
    let mut core = core("1000/s");
    lost_update(&mut core);
    assert_eq!(done(&mut core), ["begin 1", "send 0", "end lost"]);
    assert_eq!(core.wake_at(), Some(at(10_002).moment));
    core.handle(Input::Tick, at(10_002));
    assert_eq!(done(&mut core), ["begin 1"]);
}

#[test]
fn an_update_whose_repeat_is_waited_for_when_the_run_stops_is_in_doubt() {
    let mut core = core("1000/s");
    lost_update(&mut core);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(3));
    core.handle(Input::Stop(Stop::Drain { signal: 15 }), at(4));
    assert_eq!(core.ended(), Some(Ending::Interrupted { signal: 15 }));
    assert_eq!((core.left_in_doubt(), core.settled_rows()), (1, 0));
}

#[test]
fn a_row_of_an_earlier_run_that_is_abandoned_while_it_is_looked_for_is_in_doubt_once() {
    let mut core = core("1000/s");
    let work = note(1).attempted(1, None).sending(Sending::Settle).work();
    core.handle(Input::Rows(vec![work]), at(0));
    assert_eq!(done(&mut core), ["look 0"]);
    core.handle(Input::Stop(Stop::Now { signal: 15 }), at(1));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(2));
    assert_eq!(done(&mut core), ["abandon", "end lost", "row 1 in_doubt"]);
    assert_eq!((core.left_in_doubt(), core.settled_rows()), (0, 1));
}

#[test]
fn a_ledger_that_fails_leaves_a_row_in_doubt_once_whether_its_end_or_its_next_start_is_not_written()
{
    // The end of a row that was in doubt before.
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![update(1, Sending::Repeat)]), at(0));
    core.handle(Input::Tick, at(10_000));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(10_001));
    core.handle(Input::Replied { slot: 0, verdict: may_have_acted() }, at(10_002));
    core.handle(Input::LedgerFailed(full_disk()), at(10_003));
    core.handle(Input::Unwritten { starts: vec![], ends: vec![0] }, at(10_003));
    assert_eq!((core.left_in_doubt(), core.settled_rows()), (1, 1));
    // The second start of a row of this run.
    let mut core = self::core("1000/s");
    lost_update(&mut core);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(3));
    core.handle(Input::Tick, at(10_002));
    core.handle(Input::LedgerFailed(full_disk()), at(10_003));
    core.handle(Input::Unwritten { starts: vec![0], ends: vec![] }, at(10_003));
    assert_eq!((core.left_in_doubt(), core.settled_rows()), (1, 0));
}

#[test]
fn what_an_earlier_run_left_under_way_is_waited_for_before_it_is_repeated() {
    let mut core = core("1000/s");
    let rows = vec![update(1, Sending::Repeat), update(2, Sending::Fresh), row(3, None)];
    core.handle(Input::Rows(rows), at(0));
    assert_eq!(done(&mut core), ["begin 3"]);
    assert_eq!(core.wake_at(), Some(at(10_000).moment));
    core.handle(Input::Tick, at(10_000));
    assert_eq!(done(&mut core), ["begin 1"]);
}

/// A core that has to be done after a minute.
fn hurried(wall: Option<i64>) -> Core {
    let deadline = Some(Deadline { until: Some((at(60_000).moment, wall)), longest: None });
    let settings = Settings { deadline, ..settings() };
    Core::new(settings, Pace::new(&["1000/s".parse().unwrap()]))
}

#[test]
fn nothing_starts_that_would_not_be_over_by_the_deadline() {
    let mut core = hurried(None);
    core.handle(Input::Rows(vec![row(1, None), row(2, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }, Ack::Started { slot: 1 }]), at(1));
    let verdict = || Verdict::Done { id: None, items: None };
    core.handle(Input::Replied { slot: 0, verdict: verdict() }, at(20_001));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(20_002));
    // The first took twenty seconds, so the second may take thirty.
    assert_eq!(core.wake_at(), Some(at(30_000).moment));
    done(&mut core);
    core.handle(Input::Rows(vec![row(3, None)]), at(29_000));
    assert_eq!(done(&mut core), ["begin 3"]);
    core.handle(Input::Tick, at(30_001));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(30_002));
    assert_eq!(done(&mut core), ["end deferred"]);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(30_003));
    assert_eq!(core.ended(), None, "the second is under way");
    core.handle(Input::Replied { slot: 1, verdict: verdict() }, at(45_000));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 1 }]), at(45_001));
    assert_eq!(core.ended(), Some(Ending::Deadline));
}

#[test]
fn a_machine_that_slept_through_the_time_of_day_ends_when_it_wakes() {
    let mut core = hurried(Some(WALL + 60_000));
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    done(&mut core);
    let slept = Now { wall: WALL + 7_200_000, ..at(10) };
    core.handle(Input::Tick, slept);
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), slept);
    assert_eq!(done(&mut core), ["abandon", "end deferred"]);
}

#[test]
fn what_has_ended_the_run_is_named_though_the_other_limit_seemed_to_come_first() {
    let minute = |count: u64| at(count * 60_000).moment;
    let wall = |minutes: i64| WALL + minutes * 60_000;
    for (until, longest, woken, ending) in [
        // Five minutes at the most, until an hour from now: the machine sleeps for two hours.
        (60, 5, (minute(1), wall(121)), Ending::Deadline),
        // Likewise, and the clock goes on as it should.
        (60, 5, (minute(5), wall(5)), Ending::MaxDuration),
        // An hour at the most, until five minutes from now; the clock is set back meanwhile, and the time has come all the same.
        (5, 60, (minute(5), wall(-120)), Ending::Deadline),
        // Both at once.
        (5, 5, (minute(5), wall(5)), Ending::Deadline),
    ] {
        let until = Some((minute(until), Some(WALL + i64::try_from(until).unwrap() * 60_000)));
        let deadline = Some(Deadline { until, longest: Some(minute(longest)) });
        let settings = Settings { deadline, ..settings() };
        let mut core = Core::new(settings, Pace::new(&["1000/s".parse().unwrap()]));
        core.handle(Input::Rows(vec![row(1, None)]), at(0));
        done(&mut core);
        let (moment, wall) = woken;
        let now = Now { moment, wall, ..at(0) };
        core.handle(Input::Tick, now);
        core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), now);
        core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), now);
        assert_eq!(core.ended(), Some(ending), "{woken:?}");
    }
}

#[test]
fn what_does_not_end_by_the_deadline_is_left_in_doubt() {
    let mut core = hurried(None);
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    core.handle(Input::Tick, at(59_001));
    assert_eq!(done(&mut core), ["begin 1", "send 0"]);
    assert_eq!((core.ended(), core.wake_at()), (None, Some(at(60_000).moment)));
    core.handle(Input::Tick, at(60_000));
    assert_eq!(done(&mut core), ["abandon", "end lost"]);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(60_001));
    assert_eq!(core.ended(), Some(Ending::Deadline));
}

#[test]
fn a_request_that_may_not_end_by_the_deadline_is_not_begun_where_there_is_time_enough() {
    for (minutes, last) in [(10, 570_000), (2, 108_000)] {
        let deadline =
            Some(Deadline { until: Some((at(minutes * 60_000).moment, None)), longest: None });
        let longest_request = Duration::from_secs(30);
        let settings = Settings { deadline, longest_request, ..settings() };
        let mut core = Core::new(settings, Pace::new(&["1000/s".parse().unwrap()]));
        core.handle(Input::Rows(vec![row(1, None)]), at(last - 1));
        assert_eq!(done(&mut core), ["begin 1"], "{minutes}");
        core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(last));
        assert_eq!(done(&mut core), ["end deferred"], "{minutes}");
    }
}

/// How a run ends that is told "not now" each time, by a server that asks for so many seconds; and after how many.
fn ending_of_push_backs(asked: Option<u64>) -> (Option<Ending>, u64) {
    let patience = Duration::from_secs(8);
    let settings = Settings {
        give_up_on_push_backs_after: patience,
        longest_request: Duration::from_secs(2),
        ..settings()
    };
    let mut core = Core::new(settings, Pace::new(&["1000/s".parse().unwrap()]));
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    for tenth in 1..1_000 {
        let now = at(tenth * 100);
        for action in core.take_actions() {
            let input = match action {
                Action::Begin { slot, .. } => Input::Durable(vec![Ack::Started { slot }]),
                Action::End { slot, .. } => Input::Durable(vec![Ack::Ended { slot }]),
                Action::Send { slot, .. } => {
                    let after = asked.map(Duration::from_secs);
                    let cause = Cause { status: Some(429), ..Cause::default() };
                    let verdict =
                        Verdict::Retry { cause, after, pushback: true, may_have_acted: false };
                    Input::Replied { slot, verdict }
                }
                _ => continue,
            };
            core.handle(input, now);
        }
        core.handle(Input::Tick, now);
        if let Some(ending) = core.ended() {
            return (Some(ending), tenth / 10);
        }
    }
    (None, 100)
}

#[test]
fn a_server_that_does_nothing_but_ask_for_less_is_given_up_on() {
    for (asked, bounds) in [(None, 8..=9), (Some(1), 8..=11), (Some(30), 32..=33)] {
        let (ending, seconds) = ending_of_push_backs(asked);
        assert!(matches!(ending, Some(Ending::Outage(_))), "{asked:?}: {ending:?}");
        assert!(bounds.contains(&seconds), "{asked:?}: {seconds} s");
    }
}

fn fault(row: Option<u64>, stage: Stage, happening: Happening) -> Option<Ending> {
    Some(Ending::Fault(Fault { row, stage, happening, transition: None }))
}

#[test]
fn an_acknowledgement_for_a_row_that_is_not_there_ends_the_run_when_what_is_under_way_has_ended() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None), row(2, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    assert_eq!(done(&mut core), ["begin 1", "begin 2", "send 0"]);
    // The good one beside it is not lost.
    core.handle(Input::Durable(vec![Ack::Ended { slot: 7 }, Ack::Started { slot: 1 }]), at(2));
    assert_eq!(done(&mut core), ["end deferred"], "nothing more leaves");
    core.handle(Input::Rows(vec![row(3, None)]), at(3));
    assert!(!core.wants_rows());
    assert_eq!((core.ended(), done(&mut core)), (None, vec![]));
    let verdict = Verdict::Done { id: None, items: None };
    core.handle(Input::Replied { slot: 0, verdict }, at(4));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 1 }, Ack::Ended { slot: 0 }]), at(5));
    assert_eq!(done(&mut core), ["end succeeded", "row 1 succeeded"]);
    assert_eq!(core.ended(), fault(None, Stage::Nowhere, Happening::EndDurable));
    assert_eq!(core.left_in_doubt(), 0);
}

#[test]
fn an_answer_to_a_request_that_was_never_sent_ends_the_run_and_changes_nothing() {
    let mut core = core("1/10s");
    core.handle(Input::Rows(vec![row(1, None), row(2, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    assert_eq!(done(&mut core), ["begin 1", "send 0"]);
    let verdict = || Verdict::Done { id: None, items: None };
    core.handle(Input::Replied { slot: 1, verdict: verdict() }, at(2));
    assert_eq!((done(&mut core), core.ended()), (vec![], None));
    core.handle(Input::Replied { slot: 0, verdict: verdict() }, at(3));
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(4));
    assert_eq!(done(&mut core), ["end succeeded", "row 1 succeeded"]);
    assert_eq!(core.ended(), fault(Some(2), Stage::Queued, Happening::Replied));
    assert_eq!((core.left_in_doubt(), core.progress(at(4).moment).succeeded), (0, 1));
}

#[test]
fn after_a_fault_what_never_ends_is_waited_for_no_longer_than_a_minute_and_is_in_doubt() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, None)]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    // It has left already.
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(2));
    assert_eq!((core.ended(), core.wake_at()), (None, Some(at(60_002).moment)));
    core.handle(Input::Tick, at(60_002));
    assert_eq!(core.ended(), fault(Some(1), Stage::InFlight, Happening::StartDurable));
    assert_eq!(core.left_in_doubt(), 1);
}

#[test]
fn a_fault_is_told_although_the_run_was_stopped_before_but_a_ledger_that_failed_comes_first() {
    let stray = || Input::Durable(vec![Ack::Started { slot: 9 }]);
    let mut core = core("1000/s");
    core.handle(Input::Stop(Stop::Drain { signal: 2 }), at(0));
    core.handle(stray(), at(1));
    assert!(matches!(core.ended(), Some(Ending::Fault(_))));
    core.handle(Input::LedgerFailed(full_disk()), at(2));
    core.handle(stray(), at(3));
    assert!(matches!(core.ended(), Some(Ending::LedgerFailed(_))));
}

#[test]
fn a_row_that_becomes_invalid_while_its_last_end_is_on_its_way_is_told_when_that_is_durable() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![row(1, Some(5))]), at(0));
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(1));
    let cause = Cause::default();
    let verdict = Verdict::Retry { cause, after: None, pushback: false, may_have_acted: false };
    core.handle(Input::Replied { slot: 0, verdict }, at(2));
    assert_eq!(done(&mut core), ["begin 1", "send 0", "end deferred"]);
    core.handle(Input::Tick, at(60_000));
    assert_eq!(done(&mut core), Vec::<String>::new());
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(60_001));
    assert_eq!(done(&mut core), ["row 1 invalid"]);
}

/// A core in which a first round of answers took so long.
fn with_latency(milliseconds: u64) -> Core {
    let settings = Settings { concurrency: 2, ..settings() };
    let mut core = Core::new(settings, Pace::for_requests(&["1000/s".parse().unwrap()], 8));
    core.handle(Input::Rows((1..=8).map(|number| row(number, None)).collect()), at(0));
    assert_eq!(done(&mut core), ["begin 1", "begin 2"], "nothing is known of the server yet");
    core.handle(Input::Durable([0, 1].map(|slot| Ack::Started { slot }).to_vec()), at(0));
    for slot in [0, 1] {
        let verdict = Verdict::Done { id: None, items: None };
        core.handle(Input::Replied { slot, verdict }, at(milliseconds));
    }
    core
}

#[test]
fn rows_are_entered_in_the_ledger_a_round_ahead_where_answers_come_fast() {
    let mut core = with_latency(20);
    let words = ["send 0", "send 1", "end succeeded", "begin 3", "end succeeded"];
    assert_eq!(done(&mut core), [words.as_slice(), &["begin 4", "begin 5", "begin 6"]].concat());
    core.handle(Input::Durable((2..6).map(|slot| Ack::Started { slot }).collect()), at(21));
    assert_eq!(done(&mut core), ["send 2", "send 3"], "two are under way at the most");
    let verdict = Verdict::Done { id: None, items: None };
    core.handle(Input::Replied { slot: 2, verdict }, at(40));
    assert_eq!(done(&mut core), ["end succeeded", "send 4", "begin 7"]);
}

#[test]
fn rows_are_not_entered_in_the_ledger_long_before_a_slow_server_takes_them() {
    let mut core = with_latency(2_000);
    let words = ["send 0", "send 1", "end succeeded", "begin 3", "end succeeded"];
    assert_eq!(done(&mut core), [words.as_slice(), &["begin 4", "begin 5"]].concat());
}
