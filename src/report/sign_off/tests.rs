//! Reports of requests that are written by hand.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::traffic::Pause;
use super::*;
use crate::ledger::{Approval, Exported, Mandate, PlanId, RunRecord};
use crate::report::exit;
use crate::report::page::MOST_BYTES;
use crate::row::{RowId, Settlement};
use crate::text::place::RowPlace;

/// 2026-11-27 06:00 UTC.
const BEGAN: i64 = 1_795_759_200_000;
const FORMS: [SignOffForm; 5] = [
    SignOffForm::Html,
    SignOffForm::Json,
    SignOffForm::Markdown,
    SignOffForm::Csv,
    SignOffForm::Junit,
];

fn run(id: i64, began: i64, totals: Totals) -> RunRecord {
    RunRecord {
        id,
        started_at: began,
        ended_at: Some(began + 120_000),
        exit: Some(exit::FAILED),
        reason: None,
        source: None,
        undoes: None,
        mandate: Mandate::default(),
        totals,
    }
}

/// The only request of a row, with its answer after a tenth of a second.
fn request(row: i64, at: i64, outcome: Option<&str>) -> Exported {
    Exported {
        job: "notes".into(),
        run: 1,
        id: row,
        row,
        line: row + 1,
        key: format!("k{row}"),
        lane: format!("ticket tk_{}", row % 3),
        attempt: 1,
        is_last: true,
        started_at: BEGAN + at,
        ended_at: outcome.map(|_| BEGAN + at + 100),
        outcome: outcome.map(str::to_owned),
        status: outcome.map(|_| 200),
        ..Exported::default()
    }
}

fn refused(row: i64, at: i64, message: &str) -> Exported {
    Exported {
        status: Some(404),
        code: Some("1003".into()),
        reason: Some("answered".into()),
        message: Some(message.into()),
        ..request(row, at, Some("refused"))
    }
}

fn gathered(runs: &[RunRecord], requests: &[Exported], mask: bool) -> (Traffic, Rejected) {
    let (mut traffic, mut rejected) = (Traffic::of_runs(runs.iter()), Rejected::new(mask));
    for request in requests {
        traffic.see(request);
        rejected.see(request);
    }
    (traffic, rejected)
}

fn of(runs: &[RunRecord], requests: &[Exported], totals: Totals, masked: bool) -> SignOff {
    let (traffic, rejected) = gathered(runs, requests, masked);
    let made_at = Timestamp::from_millisecond(BEGAN + 600_000).unwrap();
    let last = runs.first();
    let sign_off = SignOff {
        job: "notes".into(),
        target: JobName {
            name: "notes".into(),
            base_url: "https://api.example.com".into(),
            account: "lan@example.com".into(),
        },
        is_sandbox: false,
        ledger: "ledger.db".into(),
        made_at: made_at.to_zoned(TimeZone::UTC),
        scope: Scope::Job,
        totals,
        last: last.cloned().map(RunLine::from),
        whole: last.map(|run| run.id),
        item: "note".into(),
        has_filter: true,
        last_already_done: last.map_or(0, |run| run.totals.already_done),
        runs: runs.iter().cloned().map(RunLine::from).collect(),
        running: None,
        settled: Vec::new(),
        owed: Owed::default(),
        invalid: Vec::new(),
        verified: None,
        quotas: vec!["30/10s".parse().unwrap()],
        traffic,
        rejected,
        masked: false,
    };
    sign_off.told(masked)
}

/// The requests of [`eventful`]; `text` is in the words of two refusals.
fn requests_of_two_runs(text: &str) -> Vec<Exported> {
    let again = |attempt, request: Exported| Exported { attempt, ..request };
    let mut requests: Vec<Exported> =
        (1..=20).map(|row| request(row, row * 500, Some("succeeded"))).collect();
    requests.push(Exported {
        is_last: false,
        status: Some(429),
        reason: Some("answered".into()),
        ..request(21, 11_000, Some("deferred"))
    });
    requests.push(again(2, request(21, 60_000, Some("succeeded"))));
    requests.push(refused(22, 61_000, text));
    requests.push(refused(23, 61_500, text));
    requests.push(Exported {
        reason: Some("answer_timeout".into()),
        status: None,
        ended_at: Some(BEGAN + 92_000),
        ..request(24, 62_000, Some("lost"))
    });
    requests.push(Exported { run: 2, ..request(25, 3_600_500, Some("succeeded")) });
    requests
}

/// Two runs: the first did most, was asked to wait, paused and lost an answer; the second did the rest, with somebody's word.
fn eventful(masked: bool) -> SignOff {
    let text = "ticket of Nguyễn not found";
    let requests = requests_of_two_runs(text);
    let counts = Totals {
        rows: 24,
        succeeded: 21,
        failed: 2,
        in_doubt: 1,
        requests: 25,
        ..Totals::default()
    };
    let later = Totals {
        rows: 27,
        succeeded: 1,
        already_done: 21,
        failed: 2,
        invalid: 1,
        in_doubt: 1,
        not_started: 1,
        requests: 1,
        ..Totals::default()
    };
    let approval = Approval { by: "Mai".into(), comment: Some("seen, Nguyễn as well".into()) };
    let second = RunRecord {
        exit: Some(exit::IN_DOUBT),
        mandate: Mandate { plan: Some(PlanId([7; 32])), approval: Some(approval) },
        ..run(2, BEGAN + 3_600_000, later)
    };
    let totals = Totals {
        rows: 28,
        succeeded: 22,
        failed: 2,
        invalid: 1,
        in_doubt: 1,
        not_started: 1,
        dismissed: 1,
        ..Totals::default()
    };
    let mut found = of(&[second, run(1, BEGAN, counts)], &requests, totals, false);
    if masked {
        found.rejected = gathered(&[], &requests, true).1;
    }
    found.settled.push(SettledRow {
        id: RowId(30),
        attempt: 1,
        place: RowPlace::of(30, 31),
        key: "k30 Nguyễn".into(),
        lane: "ticket tk_0".into(),
        said: Settlement::Dismissed,
        by: "Lan".into(),
        at: BEGAN + 500_000,
        comment: Some("Nguyễn asked for it".into()),
        run: 3,
    });
    let invalid = "`Nguyễn` is no number";
    found.invalid.push(InvalidRow::new(RowPlace::of(26, 27), Some("id"), "wrong-type", invalid));
    found.verified = Some(Verification {
        began_at: BEGAN + 3_700_000,
        ended_at: BEGAN + 3_800_000,
        by: "Lan (process 4)".into(),
        sample: None,
        lists: 3,
        lists_read: 3,
        rows: 22,
        right: 21,
        found: vec![("missing".into(), 1)],
        strange: 2,
        requests: 6,
        exit: exit::DIFFERENT,
    });
    found.told(masked)
}

/// What a reader of the page reads: without marks and pictures.
fn read(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    let body =
        body.split("<svg").map(|part| part.rsplit_once("</svg>").map_or(part, |(_, after)| after));
    let body: String = body.collect();
    let mut text = String::new();
    for part in body.split('<') {
        let (tag, words) = part.split_once('>').unwrap_or(("", part));
        let parts_cells = ["/td", "/th", "/dt", "/dd", "/span"].contains(&tag);
        text.push_str(if parts_cells { " " } else { "" });
        text.push_str(words);
    }
    let text = text.replace("&#x2f;", "/").replace("&#x27;", "'").replace("&quot;", "\"");
    let lines =
        text.lines().map(str::trim_end).map(str::trim_start).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_report_as_it_is_read() {
    insta::assert_snapshot!(read(&eventful(false).written(SignOffForm::Html).unwrap()));
}

#[test]
fn a_report_as_a_text() {
    insta::assert_snapshot!(eventful(false).written(SignOffForm::Markdown).unwrap());
}

#[test]
fn a_report_for_a_script() {
    let mut event = eventful(false).event();
    event["sending"]["columns"] = "see the test of columns".into();
    insta::assert_json_snapshot!(event);
}

#[test]
fn a_report_for_a_spreadsheet_and_for_a_build_server() {
    let found = eventful(false);
    let (csv, junit) = (found.written(SignOffForm::Csv), found.written(SignOffForm::Junit));
    insta::assert_snapshot!(format!("{}\n{}", csv.unwrap().replace("\r\n", "\n"), junit.unwrap()));
}

#[test]
fn every_form_begins_as_it_is_known_by() {
    for form in FORMS {
        let text = eventful(false).written(form).unwrap();
        assert!(text.starts_with(form.begins()), "{form:?}:\n{text}");
    }
}

#[test]
fn a_masked_report_has_no_text_and_no_key_in_any_form() {
    for form in FORMS {
        let text = eventful(true).written(form).unwrap();
        for hidden in ["Nguyễn", "k22", "k30", "asked for it"] {
            assert!(!text.contains(hidden), "{hidden} is shown as {form:?}:\n{text}");
        }
        for shown in ["1003", "Mai"] {
            assert!(
                text.contains(shown) || form == SignOffForm::Junit,
                "{shown}, {form:?}:\n{text}"
            );
        }
    }
}

#[test]
fn the_lines_add_up_whatever_is_known() {
    let totals = |rows, succeeded, invalid, not_started| Totals {
        rows,
        succeeded,
        invalid,
        not_started,
        ..Totals::default()
    };
    let last = run(1, BEGAN, Totals { rows: 10, ..Totals::default() });
    // Rows, invalid, not started, and what is said first.
    for (ledger, expected) in [
        (totals(10, 10, 0, 0), (10, 0, 0, "Every row is done: 10 rows.")),
        (totals(10, 7, 0, 3), (10, 0, 3, "7 of 10 rows are done; 3 are not started.")),
        (totals(10, 7, 3, 0), (10, 3, 0, "7 of 10 rows are done; 3 are invalid.")),
        (totals(0, 0, 0, 0), (0, 0, 0, "The ledger knows of no row: nothing was sent.")),
    ] {
        let found = of(std::slice::from_ref(&last), &[], ledger, false);
        let told = (found.rows(), found.count("invalid"), found.count("not_started"));
        assert_eq!((told.0, told.1, told.2, &*found.verdict_words()), expected);
        assert_eq!(found.rows(), ledger.rows);
    }
}

#[test]
fn what_is_owed_and_a_run_without_an_end_stand_in_the_first_sentence() {
    let totals = Totals { rows: 10, succeeded: 10, ..Totals::default() };
    let last = run(1, BEGAN, totals);
    let mut found = of(std::slice::from_ref(&last), &[], totals, false);
    let ids = vec!["tn_1".to_owned(), "tn_9".to_owned()];
    found.owed.twice.push(super::super::Twice { row: Some(3), ids });
    found.owed.lists.push("ticket tk_1".to_owned());
    let said = "Every row is done: 10 rows. 1 row is there twice. 1 list was not counted.";
    assert_eq!(found.verdict_words(), said);
    let page = found.written(SignOffForm::Html).unwrap();
    for said in
        ["class=\"verdict grave\"", "row 3 (ids tn_1, tn_9)", "1 list not counted: ticket tk_1"]
    {
        assert!(page.contains(said), "{said} is missing:\n{page}");
    }
    let source = |rows| crate::ledger::RunSource {
        name: "n.csv".into(),
        came_back: false,
        rows,
        invalid: 0,
    };
    let killed = RunRecord { ended_at: None, exit: None, source: Some(source(10)), ..last.clone() };
    let found = of(std::slice::from_ref(&killed), &[], totals, false);
    assert_eq!(found.verdict_words(), "Run 1 was killed before its end: 10 of 10 rows are done.");
    let found = of(&[RunRecord { source: None, ..killed }], &[], totals, false);
    let said =
        "Run 1 was killed before its end: 10 rows are done; how many it had to send is not known.";
    assert_eq!(found.verdict_words(), said);
    // A person's word is no run that comes to an end.
    let word = RunRecord {
        reason: Some(crate::ledger::SETTLED.into()),
        ..run(2, BEGAN + 1, Totals::default())
    };
    let open = RunRecord { ended_at: None, exit: None, ..last };
    assert!(of(&[word, open], &[], totals, false).open_run().is_some());
}

#[test]
fn a_verification_counts_as_long_as_nothing_was_sent_after_it() {
    let mut found = eventful(false);
    assert_eq!(found.is_verified(), Some(false));
    let right =
        found.verified.clone().map(|one| Verification { exit: exit::DONE, right: 22, ..one });
    found.verified = right.clone();
    assert_eq!(found.is_verified(), Some(true));
    found.verified = right.map(|one| Verification { began_at: BEGAN + 1_000, ..one });
    assert_eq!(found.is_verified(), Some(false));
    assert!(found.verification().join(" ").contains("Runs have sent something since"));
    found.verified = None;
    assert_eq!(found.is_verified(), None);
}

#[test]
fn runs_are_drawn_one_after_the_other_and_pauses_are_found() {
    let found = eventful(false);
    let (width, columns) = found.traffic.columns(160);
    assert_eq!(width, 1_000);
    assert_eq!(columns.iter().map(|one| one.slot.requests).sum::<u64>(), 26);
    let begins: Vec<i64> = columns.iter().filter(|one| one.begins_run).map(|one| one.run).collect();
    assert_eq!((begins, columns.len()), (vec![1, 2], 64));
    let (width, few) = found.traffic.columns(30);
    assert_eq!((width, few.len()), (4_000, 17));
    assert_eq!(few.iter().map(|one| one.slot.requests).sum::<u64>(), 26);
    let pause = Pause { run: 1, from: BEGAN + 12_000, lasted: 48_000 };
    assert_eq!(found.traffic.pauses(), [pause]);
}

#[test]
fn a_run_of_days_takes_no_more_room_than_one_of_minutes() {
    let totals = Totals { requests: 1, ..Totals::default() };
    let requests: Vec<Exported> =
        (0..5_000).map(|row| request(row, row * 60_000, Some("succeeded"))).collect();
    let (mut traffic, _) = gathered(&[run(1, BEGAN, totals)], &requests, false);
    // A clock that went back, and one that was far ahead.
    traffic.see(&request(1, -5_000_000, Some("succeeded")));
    traffic.see(&Exported { started_at: i64::MAX, ..request(2, 0, None) });
    let (_, columns) = traffic.columns(160);
    assert!(columns.len() <= 160, "{}", columns.len());
    assert_eq!(columns.iter().map(|one| one.slot.requests).sum::<u64>(), 5_002);
}

#[test]
fn rows_are_named_by_their_place_up_to_a_bound_and_the_others_are_counted() {
    let requests: Vec<Exported> =
        (1..=1_000).rev().map(|row| refused(row, 0, &format!("no {row}"))).collect();
    let (_, rejected) = gathered(&[], &requests, false);
    let named: Vec<i64> = rejected.first().map(|row| row.row).collect();
    assert_eq!(named, (1..=rejected::NAMED as i64).collect::<Vec<_>>());
    assert_eq!(rejected.more(), 1_000 - rejected::NAMED as u64);
    let counted: u64 = rejected.causes().iter().map(|one| one.rows).sum();
    assert_eq!(counted + rejected.other_causes, 1_000);
}

#[test]
fn what_others_have_written_is_never_markup_and_never_makes_a_report_large() {
    let hostile = "</style><script>alert(1)</script><img src=x>\"'&|\u{202e}\u{7}".repeat(100);
    let totals = Totals { rows: 500, failed: 500, requests: 500, ..Totals::default() };
    let requests: Vec<Exported> = (1..=500)
        .map(|row| Exported {
            key: hostile.clone(),
            lane: format!("{row} {hostile}"),
            code: Some(hostile[..200].to_owned()),
            ..refused(row, row, &format!("{row} {hostile}"))
        })
        .collect();
    let mandate = || Mandate {
        plan: None,
        approval: Some(Approval { by: hostile.clone(), comment: Some(hostile.clone()) }),
    };
    let runs: Vec<RunRecord> = (1..=300)
        .rev()
        .map(|id| RunRecord { mandate: mandate(), ..run(id, BEGAN + id, totals) })
        .collect();
    let mut found = of(&runs, &requests, totals, false);
    let settled = eventful(false).settled.remove(0);
    let settled = SettledRow { key: hostile.clone(), comment: Some(hostile.clone()), ..settled };
    found.settled = vec![settled; 500];
    found = found.told(false);
    found.job = "notes <b>".into();
    for form in FORMS {
        let text = found.written(form).unwrap();
        assert!(text.len() <= MOST_BYTES / 2, "{form:?} has {} bytes", text.len());
        assert!(!text.contains(['\u{202e}', '\u{7}']), "{form:?}");
    }
    let html = found.written(SignOffForm::Html).unwrap();
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"));
    assert_eq!(html.matches("</style>").count(), 2);
    let junit = found.written(SignOffForm::Junit).unwrap();
    let mut reader = quick_xml::Reader::from_str(&junit);
    let mut cases = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                cases += u32::from(tag.name().as_ref() == "testcase");
            }
            _ => {}
        }
    }
    assert_eq!(cases, 9 + rejected::NAMED as u32 + 1);
}

proptest! {
    #[test]
    fn the_slowest_lanes_are_those_with_the_longest_answers(
        answers in proptest::collection::vec((0_i64..40, 1_i64..500), 1..300)
    ) {
        let requests: Vec<Exported> = answers
            .iter()
            .map(|(lane, took)| {
                let one = request(1, 0, Some("succeeded"));
                Exported { lane: lane.to_string(), ended_at: Some(one.started_at + took), ..one }
            })
            .collect();
        let (traffic, _) = gathered(&[], &requests, false);
        let mut longest: std::collections::BTreeMap<String, u64> = Default::default();
        for (lane, took) in &answers {
            let known = longest.entry(lane.to_string()).or_default();
            *known = (*known).max(*took as u64);
        }
        let mut expected: Vec<u64> = longest.values().copied().collect();
        expected.sort_unstable_by_key(|took| std::cmp::Reverse(*took));
        expected.truncate(10);
        let told: Vec<u64> = traffic.slowest().iter().map(|slow| slow.longest).collect();
        prop_assert_eq!(told, expected);
        for slow in traffic.slowest() {
            prop_assert_eq!(longest.get(&slow.lane), Some(&slow.longest));
        }
    }
}
