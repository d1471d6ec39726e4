//! What a status says.

use super::*;
use crate::ledger::{FailedRow, Mandate, Pulse, Unfinished};
use crate::report::exit;
use crate::row::{Cause, Reason, RowId};
use crate::text::place::RowPlace;

fn refused() -> FailedRow {
    FailedRow {
        id: RowId(1),
        place: RowPlace::of(1_200, 1_204),
        key: "L-1200".into(),
        lane: "ticket tk_12".into(),
        state: Unfinished::Failed,
        attempts: 1,
        operation: "ticket_note.create".into(),
        undoes: false,
        may_have_acted: false,
        thing: None,
        cause: Some(
            Cause { code: Some("1003".into()), ..Cause::of(Reason::Answered) }
                .saying("ticket not\nfound"),
        ),
    }
}

fn view() -> StatusView {
    let killed = RunLine {
        source: None,
        undoes: None,
        mandate: Mandate::default(),
        id: 1,
        started_at: 1_795_358_400_000,
        ended_at: None,
        under_way: false,
        exit: None,
        reason: None,
        invalid: 0,
        succeeded: 1_230,
        failed: 4,
        in_doubt: 0,
        not_started: 0,
        requests: 1_240,
    };
    let finished = RunLine {
        source: None,
        id: 2,
        ended_at: Some(1_795_381_780_000),
        exit: Some(6),
        succeeded: 48_763,
        in_doubt: 1,
        requests: 48_770,
        started_at: 1_795_362_400_000,
        ..killed.clone()
    };
    let refused = refused();
    let doubtful = FailedRow {
        state: Unfinished::InDoubt,
        attempts: 2,
        cause: Some(Cause::of(Reason::ConnectionBroken)),
        ..refused.clone()
    };
    StatusView {
        job: "import-notes".into(),
        target: "https://api.stringeex.com/v1 (account admin@example.vn)".into(),
        totals: Totals {
            rows: 50_000,
            succeeded: 49_993,
            failed: 6,
            in_doubt: 1,
            ..Totals::default()
        },
        counted: Counted::Source,
        under_way: 0,
        running: None,
        pulse: None,
        now: 1_795_358_700_000,
        gone: Totals::default(),
        runs: vec![finished, killed],
        failed_rows: [refused, doubtful]
            .map(|row| RowLine { row, under_way: false, gone: false })
            .to_vec(),
        more_failed: 5,
        invalid_rows: Vec::new(),
        settled: vec![],
        settlements: vec![],
        owed: Owed::default(),
        verified: None,
        taken: 0,
        plan: CommandLine::new("plan", Some("jobs/import-notes.yaml")),
        chosen: Chosen::default(),
        most: Most::First(20),
        more_runs: 0,
    }
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

#[test]
fn a_status_for_a_person() {
    insta::assert_snapshot!(view().text(false, &zone()));
}

#[test]
fn a_status_where_all_is_done_or_nothing_began() {
    let totals = Totals { rows: 320, succeeded: 320, ..Totals::default() };
    let done = StatusView { totals, failed_rows: vec![], more_failed: 0, ..view() };
    let none = StatusView { totals: Totals::default(), runs: vec![], ..done.clone() };
    insta::assert_snapshot!([done, none].map(|view| view.text(false, &zone())).join("\n---\n"));
}

#[test]
fn a_run_under_way_is_told_with_its_pace_and_how_one_ended_with_why() {
    let [finished, killed] = &view().runs[..] else { unreachable!() };
    let under_way = RunLine { id: 3, under_way: true, in_doubt: 0, ..killed.clone() };
    let stopped = RunLine {
        exit: Some(exit::STOPPED),
        reason: Some("unauthorized".into()),
        ..finished.clone()
    };
    let invalid = RunLine { exit: Some(exit::FAILED), failed: 0, invalid: 3, ..finished.clone() };
    let totals = Totals { succeeded: 1_230, failed: 4, not_started: 48_758, ..view().totals };
    let running = StatusView {
        running: Some("process 4711 on mail1 since 2026-11-22 21:40:00".into()),
        totals: Totals { in_doubt: 0, ..totals },
        under_way: 8,
        runs: vec![under_way, stopped, invalid, killed.clone()],
        failed_rows: vec![],
        more_failed: 0,
        settled: vec![],
        verified: None,
        ..view()
    };
    insta::assert_snapshot!(running.text(false, &zone()));
    let event = running.event();
    assert_eq!((&event["sent"], &event["elapsed_seconds"]), (&1_240.into(), &300.into()));
    assert_eq!(event["runs"][1]["reason"], "unauthorized");
    // What the run itself says is newer than its average.
    let pulse = Pulse {
        run: 3,
        process: 4711,
        host: Some("mail1".into()),
        at: running.now - 500,
        ..Pulse::default()
    };
    let waits = Some("paused 12 s: the server asked for it".into());
    let pulse = Pulse { per_second: Some(0.5), seconds_left: Some(97_516), waits, ..pulse };
    let told = StatusView { pulse: Some(pulse.clone()), ..running.clone() };
    assert_eq!(
        told.text(false, &zone()).lines().skip(2).take(2).collect::<Vec<_>>(),
        [
            "Run 3 has sent 1,240 requests in 5 min, 0.50/s; the rest takes about 1 d 3 h at this pace.",
            "At this moment: paused 12 s: the server asked for it."
        ]
    );
    assert_eq!(
        (&told.event()["host"], &told.event()["seconds_left"]),
        (&"mail1".into(), &97_516.into())
    );
    let old = Pulse { at: running.now - 61_000, ..pulse };
    let told = StatusView { pulse: Some(old), ..running.clone() };
    assert_eq!(told.text(false, &zone()), running.text(false, &zone()));
}

#[test]
fn a_status_for_a_script() {
    insta::assert_json_snapshot!(view().event());
}
