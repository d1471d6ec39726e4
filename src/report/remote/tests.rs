//! What was found, as it is read.

use super::diff::{Mark, pieces};
use super::*;
use crate::report::paint::Paint;
use crate::row::Reason;
use crate::text::command::CommandLine;

fn row(number: u64, effect: Effect, found: RowFound, goes: Option<&str>) -> RemoteRow {
    RemoteRow {
        place: RowPlace::of(number, number + 1),
        key: format!("k{number}"),
        lane: "ticket tk_1".to_owned(),
        operation: "ticket_note.update".to_owned(),
        effect,
        found,
        goes: goes.map(str::to_owned),
    }
}

fn findings(end: RemoteEnd) -> RemoteFindings {
    let mut findings = RemoteFindings::new(end, Some("ticket".to_owned()), (1_200, 1_198), 2_410);
    let text = |text: &str| Some(text.to_owned());
    let timeout = Cause::of(Reason::AnswerTimeout);
    let id = || "tn_1".to_owned();
    for (number, effect, found, goes) in [
        (1, Effect::Create, RowFound::There { id: id() }, None),
        (2, Effect::Create, RowFound::Alike { id: id() }, None),
        (3, Effect::Create, RowFound::Absent, None),
        (4, Effect::Create, RowFound::NotShown { of: 0 }, None),
        (5, Effect::Create, RowFound::NotShown { of: 3 }, None),
        (6, Effect::Create, RowFound::NoLane(Cause::default().saying("ticket not found")), None),
        (
            7,
            Effect::Update,
            RowFound::Found { id: id(), text: text("Khách gọi sáng nay") },
            Some("Khách gọi chiều nay"),
        ),
        (8, Effect::Update, RowFound::Found { id: id(), text: text("như cũ") }, Some(" như cũ ")),
        (9, Effect::Delete, RowFound::Found { id: id(), text: text("xóa\nđi") }, None),
        (10, Effect::Delete, RowFound::NoSuchThing { id: id(), of: 12 }, None),
        (
            11,
            Effect::Delete,
            RowFound::System {
                id: id(),
                mark: "note_type 9".into(),
                text: None,
                is_allowed: false,
            },
            None,
        ),
        (
            12,
            Effect::Delete,
            RowFound::System { id: id(), mark: "note_type 9".into(), text: None, is_allowed: true },
            None,
        ),
        (13, Effect::Create, RowFound::NotKnown(WhyNotKnown::NoAnswer(timeout.clone())), None),
        (14, Effect::Create, RowFound::NotKnown(WhyNotKnown::List(Extent::Cut)), None),
        (
            15,
            Effect::Update,
            RowFound::NotKnown(WhyNotKnown::NotNamed { name: "ticket_id".into() }),
            None,
        ),
        (16, Effect::Create, RowFound::NotKnown(WhyNotKnown::NotAsked), None),
        (
            17,
            Effect::Create,
            RowFound::Unlike {
                id: id(),
                unlike: vec![Difference {
                    field: "is_internal_note".into(),
                    there: "visible to the customer".into(),
                    row: "internal".into(),
                }],
            },
            None,
        ),
    ] {
        findings.see(row(number, effect, found, goes));
    }
    findings
}

#[test]
fn what_was_found_is_read_by_kind_the_gravest_first() {
    let command = CommandLine::new("plan", Some("job.yaml")).with("remote");
    let stopped = RemoteEnd::Stopped {
        obstacle: Obstacle::Request(Cause::of(Reason::NoConnection)),
        after: None,
        is_kept: false,
    };
    let said = [
        words::remote(&findings(RemoteEnd::Whole), &command, false, Paint(false)),
        words::remote(
            &findings(RemoteEnd::Interrupted { signal: 2, is_kept: true }),
            &command,
            true,
            Paint(false),
        ),
        words::remote(&findings(stopped), &command, false, Paint(false)),
        remote_event(&findings(RemoteEnd::Whole)).to_string(),
    ];
    insta::assert_snapshot!(said.join("\n---\n"));
}

fn since() -> jiff::Zoned {
    "2026-11-27T09:10:59+07:00[Asia/Ho_Chi_Minh]".parse().unwrap()
}

#[test]
fn what_was_asked_for_earlier_is_told_with_its_age() {
    let findings = findings(RemoteEnd::Whole).with_known_since(Some(since()));
    let command = CommandLine::new("plan", Some("job.yaml"));
    let said = words::remote(&findings, &command, false, Paint(false));
    assert!(said.contains("by an earlier call, from 2026-11-27 09:10 on):"), "{said}");
    assert_eq!(remote_event(&findings)["known_since"], "2026-11-27T02:10:59Z");
}

#[test]
fn what_it_costs_is_told_before() {
    let quota: crate::text::quota::Quota = "30/10s".parse().unwrap();
    let time = std::time::Duration::from_secs(400);
    let since = since();
    let said = [
        remote_begins((1_200, 0, None), Some("ticket"), (time, Some(&quota))),
        remote_begins((1_200, 700, Some(&since)), Some("ticket"), (time, None)),
        remote_begins((3, 3, Some(&since)), None, (time, None)),
        remote_begins((0, 0, None), None, (time, None)),
        remote_line(12, 1_200, 31),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_change_is_told_in_pieces_that_make_up_both_texts() {
    let (from, to) = ("Khách gọi sáng nay", "Khách gọi chiều nay");
    let joined = |but: Mark| {
        let pieces = pieces(from, to).into_iter().filter(|piece| piece.mark != but);
        pieces.map(|piece| piece.text).collect::<String>()
    };
    assert_eq!((joined(Mark::Comes), joined(Mark::Goes)), (from.to_owned(), to.to_owned()));
    let long = "word ".repeat(10_000);
    let shown: usize = pieces(&format!("{long}a{long}"), &format!("{long}b{long}"))
        .iter()
        .map(|piece| piece.text.len())
        .sum();
    assert!(shown < 200, "{shown}");
}
