//! Plans as they are read.

use std::sync::Arc;

use crate::declared::connector::{Catalogue, Operation};
use crate::plan::{Change, Done, Fate, Filtered, Held, LeftOut, Sending, Step, Tally};
use crate::prepare::Ready;
use crate::prepare::request::Request;
use crate::report::tests::Shared;
use crate::row::{Attempted, Cause, Digest, Earlier, Fields, Known, RowId, RowState};
use crate::text::code::Code;
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;

use super::{PlanHead, PlanReport, PlanTotals};

const BODY: &str = r#"{"ticket_id":"00123456789012345678","note":"Khách gọi\r\n\"sớm\"","n":1.50}"#;

fn head() -> PlanHead {
    PlanHead {
        job: "import-notes".into(),
        saving: None,
        command: CommandLine::new("plan", Some("jobs/import-notes.yaml")).with("retry-failed"),
        target: "https://api.stringeex.com/v1 (account admin@example.vn)".into(),
        address: "https://api.stringeex.com/v1".into(),
        header: Some("X-STRINGEE-AUTH".into()),
        item: "note".into(),
        verbose: false,
        sample: 3,
    }
}

fn operation(name: &str) -> Arc<Operation> {
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    Arc::clone(&connector.operations[name])
}

fn ready(row: u64, operation: &Arc<Operation>, body: Option<&str>) -> Ready {
    let path = "/ticketNote".to_owned();
    let request = Request { method: operation.method, path, body: body.map(str::to_owned) };
    Ready {
        place: RowPlace::of(row, row + 1),
        operation: Arc::clone(operation),
        lane: "ticket tk_1".into(),
        digest: request.digest(&operation.name),
        request,
        send_before: None,
        reminder: Default::default(),
        valid: true,
        fields: Fields::default(),
        marker: None,
    }
}

fn step(row: u64, fate: Fate) -> Step {
    let operation = operation("ticket_note.create");
    Step {
        place: RowPlace::of(row, row + 1),
        ordinal: row,
        fate,
        ready: Some(ready(row, &operation, Some(BODY))),
        operation: Some(operation),
        key: format!("k{row}"),
        known: None,
        expects: None,
        change: Change::None,
        problem: None,
        left_out: None,
    }
}

fn known(state: RowState) -> Known {
    Known {
        id: RowId(1),
        key: "k1".into(),
        earlier: Earlier::of(state),
        digest: Digest([0; 16]),
        operation: "ticket_note.update".into(),
        lane: "ticket tk_9".into(),
        remote_id: None,
        thing: None,
        there: Vec::new(),
        place: RowPlace::default(),
        attempted: Attempted::default(),
    }
}

fn steps() -> Vec<Step> {
    let past = Diagnostic::error(Code::PastTime, Place::Nowhere, "the reminder is in the past");
    let delete = operation("ticket_note.delete");
    let done = known(RowState::Succeeded { attempts: 1, id: None });
    let refused = known(RowState::Refused { attempts: 1 });
    vec![
        Step {
            known: Some(Known { remote_id: Some("tn_1".into()), ..done }),
            ..step(1, Fate::Skip(Done::Unchanged))
        },
        step(2, Fate::Send(Sending::Fresh)),
        Step {
            known: Some(known(RowState::Started { attempts: 1 })),
            ..step(3, Fate::Hold(Held::InDoubt))
        },
        Step { known: Some(refused), ..step(4, Fate::Hold(Held::Refused)) },
        Step { ready: None, problem: Some(past.into()), ..step(5, Fate::Reject) },
        step(6, Fate::Send(Sending::Repeat)),
        Step {
            ready: Some(ready(7, &delete, None)),
            operation: Some(delete),
            ..step(7, Fate::Send(Sending::Fresh))
        },
        step(8, Fate::Send(Sending::Settle)),
        step(8, Fate::Send(Sending::IfSettled)),
        step(8, Fate::Send(Sending::Resend)),
        step(9, Fate::Hold(Held::Behind)),
        step(10, Fate::Later(Sending::Fresh)),
    ]
}

fn totals() -> PlanTotals {
    PlanTotals {
        tally: Tally::from_iter([
            (Fate::Send(Sending::Fresh), 49_997),
            (Fate::Skip(Done::Unchanged), 295),
            (Fate::Skip(Done::Changed), 25),
            (Fate::Hold(Held::InDoubt), 1),
            (Fate::Hold(Held::Refused), 1),
            (Fate::Reject, 1),
        ]),
        duration: std::time::Duration::from_millis(19_998_400),
        limited_by: Some("9000/1h".parse().unwrap()),
        ..PlanTotals::default()
    }
}

/// Tells those of the steps that are wanted.
fn tell(mut report: PlanReport, steps: &[Step], totals: &PlanTotals) {
    for step in steps {
        if report.wants(step.fate) {
            report.step(step);
        }
    }
    report.finish(totals);
}

fn text(steps: &[Step], totals: &PlanTotals) -> String {
    let shared = Shared::default();
    tell(PlanReport::text(shared.writer(), head(), false), steps, totals);
    shared.text()
}

#[test]
fn a_plan_for_a_person() {
    insta::assert_snapshot!(text(&steps(), &totals()));
}

#[test]
fn rows_behind_doubts_and_rows_that_may_be_there_twice_are_counted_apart() {
    let with = |counts: &[(Fate, u64)]| PlanTotals {
        tally: Tally::from_iter(counts.iter().copied()),
        ..PlanTotals::default()
    };
    let behind = with(&[
        (Fate::Send(Sending::Fresh), 1_000),
        (Fate::Send(Sending::Settle), 2),
        (Fate::Send(Sending::IfSettled), 7),
    ]);
    let twice = with(&[(Fate::Send(Sending::Repeat), 3), (Fate::Send(Sending::Resend), 1)]);
    let events = [&behind, &twice].map(|totals| super::planned_event(totals).to_string());
    let told = [text(&[], &behind), text(&[], &twice), events.join("\n")];
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn a_plan_with_nothing_to_send() {
    let tally = |fate, rows| Tally::from_iter([(fate, rows)]);
    let done = tally(Fate::Skip(Done::Unchanged), 320);
    let one = tally(Fate::Send(Sending::Fresh), 1);
    let steps = steps();
    let told = [
        text(&steps[..1], &PlanTotals { tally: done, ..PlanTotals::default() }),
        text(&steps[1..2], &PlanTotals { tally: one, ..PlanTotals::default() }),
    ];
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn rows_that_are_left_out_are_in_the_plan() {
    let totals = PlanTotals {
        tally: Tally::from_iter([
            (Fate::Send(Sending::Fresh), 300),
            (Fate::LeaveOut(LeftOut::Filtered), 19),
            (Fate::LeaveOut(LeftOut::Duplicate), 1),
        ]),
        filtered: Filtered(vec![("the ticket is deleted".into(), 7), ("no text".into(), 12)]),
        ..PlanTotals::default()
    };
    let empty = |row, fate| Step { ready: None, operation: None, ..step(row, fate) };
    let steps = [
        Step { left_out: Some("no text".into()), ..empty(1, Fate::LeaveOut(LeftOut::Filtered)) },
        empty(2, Fate::LeaveOut(LeftOut::Duplicate)),
    ];
    let shared = Shared::default();
    tell(PlanReport::ndjson(shared.writer()), &steps, &totals);
    insta::assert_snapshot!([text(&steps, &totals), shared.text()].join("\n---\n"));
}

#[test]
fn a_plan_for_a_script() {
    let shared = Shared::default();
    tell(PlanReport::ndjson(shared.writer()), &steps(), &totals());
    insta::assert_snapshot!(shared.text());
    // The body keeps its bytes.
    assert!(shared.text().contains(BODY));
}

#[test]
fn a_body_that_is_no_json_is_told_as_text() {
    let shared = Shared::default();
    let sent = |row, body| Step {
        ready: Some(ready(row, &operation("ticket_note.create"), Some(body))),
        ..step(row, Fate::Send(Sending::Fresh))
    };
    let steps = [sent(1, "a=1"), sent(2, "{\n\"a\":1}")];
    tell(PlanReport::ndjson(shared.writer()), &steps, &PlanTotals::default());
    let text = shared.text();
    assert!(text.contains(r#""body":"a=1"}"#), "{text}");
    assert!(text.contains(r#""body":{ "a":1}}"#), "{text}");
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn what_is_held_says_why_and_what_to_do() {
    let held =
        |known, change| Step { known: Some(known), change, ..step(1, Fate::Hold(Held::InDoubt)) };
    let lost = || {
        let mut known = known(RowState::InDoubt { attempts: 1 });
        known.earlier.cause = Some(Cause::default().saying("the connection broke"));
        known
    };
    let started = known(RowState::Started { attempts: 1 });
    let invalid = Diagnostic::error(Code::PastTime, Place::Nowhere, "the reminder is past");
    let mut reasons = Vec::new();
    for step in [
        held(started, Change::None),
        held(lost(), Change::Content),
        held(lost(), Change::Lane),
        held(lost(), Change::Operation),
        Step { problem: Some(invalid.into()), ..held(lost(), Change::None) },
    ] {
        reasons.extend(super::reason(&step));
    }
    insta::assert_snapshot!(reasons.join("\n"));
}

#[test]
fn no_more_is_wanted_than_is_shown() {
    let tally = totals().tally;
    let script = PlanReport::ndjson(Shared::default().writer());
    assert_eq!(script.wanted(&tally), 50_320);
    let person = PlanReport::text(Shared::default().writer(), head(), false);
    assert_eq!(person.wanted(&tally), 3 + 3 + 2);
    let done = Tally::from_iter([(Fate::Skip(Done::Unchanged), 320), (Fate::Reject, 3)]);
    assert_eq!(person.wanted(&done), 0);
}
