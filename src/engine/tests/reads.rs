//! What is read before rows change or delete something, played by hand.

use serde_json::{Value, json};

use super::decisions::{at, core, done, operation};
use super::rows;
use crate::engine::{Action, Core, Input, Work};
use crate::ledger::Ack;
use crate::recover::{ContentPrint, Expectation};
use crate::row::{AttemptStart, Cause, Reason};
use crate::traffic::verdict::Verdict;

fn update(number: u64, id: &str, expects: Expectation) -> Work {
    rows::row(&operation("ticket_note.update"), number).about(id, expects).work()
}

fn delete(number: u64, id: &str, expects: Expectation) -> Work {
    rows::row(&operation("ticket_note.delete"), number).about(id, expects).work()
}

fn note(id: &str, text: &str) -> Value {
    json!({"id": id, "note": text, "note_type": 0})
}

/// The print of a note that says so.
fn print(text: &str) -> ContentPrint {
    let create = operation("ticket_note.create");
    ContentPrint::of_item(create.recover.as_ref().unwrap(), &note("", text)).unwrap()
}

fn shows(core: &mut Core, list: usize, items: Vec<Value>, milliseconds: u64) {
    let verdict = Verdict::Done { id: None, items: Some(items) };
    core.handle(Input::Read { list, verdict }, at(milliseconds));
}

/// The starts that the ledger is to have.
fn starts(core: &mut Core) -> Vec<AttemptStart> {
    let actions = core.take_actions().into_iter();
    let starts = actions.filter_map(|action| match action {
        Action::Begin { start, .. } => Some(*start),
        _ => None,
    });
    starts.collect()
}

#[test]
fn one_list_is_read_for_all_rows_about_something_in_it_and_what_it_shows_goes_with_their_starts() {
    let mut core = core("1000/s");
    let there = || Expectation::There;
    let rows = vec![update(1, "a", there()), delete(2, "b", there())];
    core.handle(Input::Rows(rows), at(0));
    assert_eq!(done(&mut core), ["read 0"]);
    shows(&mut core, 0, vec![note("a", "A"), note("x", "X"), note("b", "B")], 5);
    let starts = starts(&mut core);
    let kept: Vec<_> = starts.iter().map(|start| start.snapshot.clone().unwrap()).collect();
    assert_eq!(kept.iter().map(|kept| &*kept.id).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(kept[0].fields["note"], "A");
    assert_eq!(kept[0].fields["ticket_id"], "tk_1");
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }, Ack::Started { slot: 1 }]), at(6));
    assert_eq!(done(&mut core), ["send 0", "send 1"]);
}

#[test]
fn what_is_not_there_as_it_is_expected_does_not_leave() {
    let same = || Expectation::Unchanged(print("A"));
    for (work, items, next) in [
        (delete(1, "a", same()), vec![note("a", " A\r\n")], "send 0"),
        (delete(1, "a", same()), vec![note("a", "B")], "end refused"),
        (delete(1, "a", same()), vec![note("b", "A")], "end given_up"),
        (update(1, "a", Expectation::There), vec![note("b", "A")], "end given_up"),
        (update(1, "a", Expectation::Gone), vec![note("b", "A")], "send 0"),
        (update(1, "a", Expectation::Gone), vec![note("a", "A")], "end given_up"),
    ] {
        let mut core = core("1000/s");
        core.handle(Input::Rows(vec![work]), at(0));
        core.handle(Input::SourceEnded, at(0));
        assert_eq!(done(&mut core), ["read 0"]);
        let mut pages = vec![items.clone()];
        let mut told = Vec::new();
        for moment in 1..5 {
            shows(&mut core, 0, pages.pop().unwrap_or_default(), moment);
            told = done(&mut core);
            if told != ["read 0"] {
                break;
            }
        }
        assert_eq!(told, ["begin 1"], "{items:?}");
        core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(9));
        assert_eq!(done(&mut core), [next], "{items:?}");
        if next != "send 0" {
            core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(10));
            assert_eq!(done(&mut core)[0], "row 1 failed", "{items:?}");
        }
    }
}

#[test]
fn a_list_that_cannot_be_read_keeps_its_rows_from_leaving() {
    let mut core = core("1000/s");
    core.handle(Input::Rows(vec![update(1, "a", Expectation::There)]), at(0));
    let cause = Cause { status: Some(403), ..Cause::of(Reason::Answered) };
    core.handle(Input::Read { list: 0, verdict: Verdict::Refused(cause) }, at(1));
    assert_eq!(done(&mut core), ["read 0", "begin 1"]);
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(2));
    assert_eq!(done(&mut core), ["end given_up"]);
}

#[test]
fn what_was_read_a_minute_ago_is_read_again_and_what_was_read_just_now_is_not() {
    for (later, words) in [(30_000, vec!["begin 1"]), (70_000, vec!["read 0"])] {
        let mut core = core("1000/s");
        core.handle(Input::Rows(vec![update(1, "a", Expectation::There)]), at(0));
        shows(&mut core, 0, vec![note("a", "A")], 5);
        core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(6));
        assert_eq!(done(&mut core), ["read 0", "begin 1", "send 0"]);
        let cause = Cause { status: Some(429), ..Cause::of(Reason::Answered) };
        let after = Some(std::time::Duration::from_millis(later));
        let verdict = Verdict::Retry { cause, after, pushback: true, may_have_acted: false };
        core.handle(Input::Replied { slot: 0, verdict }, at(7));
        let told = done(&mut core);
        assert!(told.contains(&"end deferred".to_owned()), "{told:?}");
        core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), at(8));
        core.handle(Input::Tick, core_wake(&core));
        assert_eq!(done(&mut core), words, "{later}");
    }
}

/// When the core wants to be asked again.
fn core_wake(core: &Core) -> crate::engine::Now {
    let wake = core.wake_at().unwrap().0;
    at(u64::try_from(wake.as_millis()).unwrap() + 1)
}
