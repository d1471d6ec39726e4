//! What is read before rows change or delete something, played by hand, and at many paces.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::decisions::{at, core, done, operation};
use super::rows;
use crate::engine::{Action, Core, Input, Work};
use crate::event::{Event, RowEnd};
use crate::ledger::Ack;
use crate::recover::{ContentPrint, Expectation};
use crate::row::{AttemptStart, Cause, Outcome, Reason};
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
        (delete(1, "a", same()), vec![note("b", "A")], "end refused"),
        (update(1, "a", Expectation::There), vec![note("b", "A")], "end refused"),
        (update(1, "a", Expectation::Gone), vec![note("b", "A")], "send 0"),
        (update(1, "a", Expectation::Gone), vec![note("a", "A")], "end refused"),
        // Which of them is so, nobody can tell.
        (delete(1, "a", same()), vec![note("a", "A"), note("a", "B")], "end refused"),
        (delete(1, "a", same()), vec![note("a", "B"), note("a", "A")], "end refused"),
        (delete(1, "a", same()), vec![note("a", "A"), note("a", "A")], "send 0"),
        (update(1, "a", Expectation::Gone), vec![note("b", "A"), note("b", "B")], "end refused"),
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

#[test]
fn a_list_that_was_not_shown_whole_shows_nothing_to_be_gone() {
    let note = |number: u32| note(&format!("n{number}"), "x");
    let page = || Ok((0..12).map(note).collect::<Vec<_>>());
    let no = || Err(Cause { status: Some(403), ..Cause::of(Reason::Answered) });
    // The same page again; a page that is refused.
    for (pages, reason, outcome) in [
        (vec![page(), page(), no()], Reason::ListInPart, Outcome::Refused),
        (vec![page(), no(), no()], Reason::ListUnread, Outcome::GivenUp),
    ] {
        for expects in [Expectation::Gone, Expectation::There] {
            let mut core = core("1000/s");
            core.handle(Input::Rows(vec![update(1, "a", expects.clone())]), at(0));
            for (page, moment) in pages.clone().into_iter().zip(1..) {
                let verdict = match page {
                    Ok(items) => Verdict::Done { id: None, items: Some(items) },
                    Err(cause) => Verdict::Refused(cause),
                };
                core.handle(Input::Read { list: 0, verdict }, at(moment));
            }
            done(&mut core);
            core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), at(9));
            let ends = core.take_actions().into_iter().find_map(|action| match action {
                Action::End { end, .. } => Some((end.outcome, end.cause.unwrap().reason)),
                _ => None,
            });
            assert_eq!(ends, Some((outcome, reason)), "{expects:?}");
        }
    }
}

/// What became of rows that were played to their end.
#[derive(Debug, Default)]
struct Played {
    reads: usize,
    ends: BTreeMap<u64, (RowEnd, Option<Reason>)>,
}

/// Plays rows against lists of so many pages, each of which shows the notes that `on` says to be on it. No request departs
/// later than a minute after the page was asked for that has shown its note.
fn play(quota: &str, rows: Vec<Work>, pages: u32, on: &dyn Fn(&str) -> u32) -> Played {
    const LATENCY: u64 = 50;
    let mut core = core(quota);
    let (mut played, mut now) = (Played::default(), 0);
    let ids: Vec<String> =
        rows.iter().map(|row| row.subject.as_ref().unwrap().id.to_string()).collect();
    let mut to_come: BTreeMap<(u64, usize), Input> = BTreeMap::new();
    let mut shown: HashMap<String, u64> = HashMap::new();
    to_come.insert((0, 0), Input::Rows(rows));
    to_come.insert((0, 1), Input::SourceEnded);
    let mut number = 2;
    while core.ended().is_none() {
        let wake = core.wake_at().map(|wake| u64::try_from(wake.0.as_millis()).unwrap() + 1);
        let next = to_come.keys().next().copied();
        let input = match (next, wake) {
            (Some(key), wake) if wake.is_none_or(|wake| key.0 <= wake) => {
                now = key.0;
                to_come.remove(&key).unwrap()
            }
            (_, Some(wake)) => {
                now = now.max(wake);
                Input::Tick
            }
            _ => panic!("nothing goes on: {played:?}"),
        };
        assert!(now < 100_000_000 && played.reads < 100_000, "no end: {played:?}");
        core.handle(input, at(now));
        for action in core.take_actions() {
            let (later, input) = match action {
                Action::Begin { slot, .. } => (1, Input::Durable(vec![Ack::Started { slot }])),
                Action::End { slot, .. } => (1, Input::Durable(vec![Ack::Ended { slot }])),
                Action::Read { list, request, .. } => {
                    played.reads += 1;
                    let page = request.path.split("page=").nth(1).unwrap();
                    let page: u32 = page.split('&').next().unwrap().parse().unwrap();
                    let here: Vec<&String> = ids.iter().filter(|id| on(id) == page).collect();
                    let mut items: Vec<Value> = here.iter().map(|id| note(id, "x")).collect();
                    if (1..=pages).contains(&page) {
                        items.push(note(&format!("filler{page}"), "x"));
                    }
                    shown.extend(here.into_iter().map(|id| (id.clone(), now)));
                    let verdict = Verdict::Done { id: None, items: Some(items) };
                    (LATENCY, Input::Read { list, verdict })
                }
                Action::Send { slot, work } => {
                    let age = now - shown[&*work.subject.as_ref().unwrap().id];
                    assert!(age <= 60_000, "{quota}: {age}");
                    (
                        LATENCY,
                        Input::Replied { slot, verdict: Verdict::Done { id: None, items: None } },
                    )
                }
                Action::Tell(event) => {
                    if let Event::Row(row) = *event {
                        let reason = row.cause.map(|cause| cause.reason);
                        played.ends.insert(row.place.row, (row.end, reason));
                    }
                    continue;
                }
                _ => continue,
            };
            to_come.insert((now + later, number), input);
            number += 1;
        }
    }
    played
}

fn of_tickets(rows: u64, tickets: u64) -> Vec<Work> {
    let rows = 1..=rows;
    let update = operation("ticket_note.update");
    rows.map(|number| {
        let ticket = format!("tk_{}", number % tickets);
        let row = rows::row(&update, number);
        row.about_one_of(&ticket, &format!("n{number}"), Expectation::There).work()
    })
    .collect()
}

#[test]
fn at_any_pace_a_write_follows_its_reading_within_a_minute_or_is_told_as_stale() {
    for (quota, rows, tickets, most_reads) in [
        ("30/10s", 40, 40, 40),
        ("1/s", 30, 30, 30),
        ("1/10s", 12, 12, 14),
        ("1/25s", 6, 6, 8),
        ("2/140s", 3, 3, 5),
        ("3/10m", 3, 3, 6),
        // One reading serves all of a ticket that go within a minute.
        ("30/10s", 250, 1, 3),
        ("1/s", 150, 2, 8),
    ] {
        let played = play(quota, of_tickets(rows, tickets), 1, &|_| 1);
        let all_done = played.ends.values().all(|end| *end == (RowEnd::Succeeded, None));
        assert!(all_done && played.ends.len() == rows as usize, "{quota}: {played:?}");
        assert!(played.reads <= most_reads, "{quota}: {} for {rows}", played.reads);
    }
    for quota in ["1/70s", "1/1h"] {
        let played = play(quota, of_tickets(1, 1), 1, &|_| 1);
        let stale = (RowEnd::Failed, Some(Reason::ListStale));
        assert_eq!(played.ends.values().collect::<Vec<_>>(), [&stale], "{quota}");
        assert_eq!(played.reads, 3, "{quota}");
    }
}

#[test]
fn a_list_that_takes_longer_to_read_than_what_it_shows_holds_serves_its_rows_page_by_page() {
    let on = |id: &str| match id {
        "n1" => 1,
        "n2" => 150,
        _ => 199,
    };
    let played = play("30/10s", of_tickets(3, 1), 220, &on);
    assert!(played.ends.values().all(|end| *end == (RowEnd::Succeeded, None)), "{played:?}");
    assert!(played.reads < 300, "{played:?}");
}
