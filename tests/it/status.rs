//! `status`: what it says to people and to programs.

use serde_json::Value;

use crate::desk::{Desk, NOTES_JOB, assert_reads, notes_csv, sandbox};

#[test]
fn what_there_is_to_know_reads_well() {
    let rows = "id,ticket,body\n1,tk_1,a\n2,tk_missing1,b\n3,tk_3,c\n";
    let (desk, sandbox) = (Desk::with_notes(rows).without_recovery(), sandbox(""));
    let mut shown = format!("=== nothing yet\n{}", desk.call("status job.yaml").exits(0));
    desk.run(&sandbox, "job.yaml --limit 1").exits(0);
    desk.run(&sandbox, "job.yaml").exits(1);
    shown.push_str(&format!("\n=== a failed row\n{}", desk.call("status job.yaml").exits(0)));
    let doubtful = self::sandbox("500-after=100%");
    desk.write("job.yaml", NOTES_JOB.replace("job: notes", "job: doubtful"));
    desk.run(&doubtful, "job.yaml").exits(6);
    let call = format!("status --base-url {}", doubtful.base_url());
    shown.push_str(&format!("\n=== rows in doubt, all jobs\n{}", desk.call(&call).exits(0)));
    assert_reads("status", shown);
}

#[test]
fn programs_are_told_the_same() {
    let rows = "id,ticket,body\n1,tk_1,a\n2,tk_missing1,b\n";
    let (desk, sandbox) = (Desk::with_notes(rows), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(1);
    assert_reads("status_json", desk.call("status job.yaml --format json").exits(0));
    let (all, one) = (
        desk.call("status --format json").exits(0).events().remove(0),
        desk.call("status job.yaml --format json").events().remove(0),
    );
    assert_eq!((&all["counted"], &one["counted"]), (&"ledger".into(), &"source".into()));
    for field in ["job", "target", "rows", "succeeded", "failed", "runs", "failed_rows"] {
        assert_eq!(all[field], one[field], "{field}");
    }
}

#[test]
fn rows_in_flight_of_a_dead_run_are_in_doubt() {
    let stand = crate::stand::Stand::open(|_| None);
    let desk = Desk::with_notes(notes_csv(3, 3)).env("STRINGEEX_TOKEN", "ready");
    let run = desk.start(&format!(
        "run job.yaml --rate 100000/s --concurrency 2 --base-url {}",
        stand.address()
    ));
    stand.arrival();
    stand.arrival();
    run.kill();
    let status = desk.call("status --format json").exits(0).events().remove(0);
    assert_eq!(status["in_doubt"], 2, "{status}");
    assert!(status["runs"][0]["exit"].is_null(), "{status}");
}

#[test]
fn a_run_under_way_is_told_as_one_and_a_killed_one_as_killed() {
    let answered = std::sync::atomic::AtomicUsize::new(0);
    let stand = crate::stand::Stand::open(move |_| {
        let answer = || (200, r#"{"r":0,"msg":"","id":"tn_1"}"#.to_owned());
        (answered.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 3).then(answer)
    });
    let desk = Desk::with_notes(notes_csv(9, 9)).env("STRINGEEX_TOKEN", "ready");
    let mut run = desk.start(&format!(
        "run job.yaml --format json --rate 100000/s --concurrency 1 --base-url {}",
        stand.address()
    ));
    for _ in 0..4 {
        stand.arrival();
    }
    let mut ends = 0;
    while ends < 3 {
        ends += usize::from(run.line().unwrap().contains("\"row\""));
    }
    let status = status_of(&desk, "job.yaml");
    // One is on its way, and the ledger may have the one after it.
    assert!(matches!(status["sent"].as_u64(), Some(4 | 5)), "{status}");
    assert!(matches!(status["under_way"].as_u64(), Some(1 | 2)), "{status}");
    let newest = &status["runs"][0];
    assert_eq!((&newest["succeeded"], &newest["in_doubt"]), (&3.into(), &0.into()), "{status}");
    let text = desk.call("status job.yaml").exits(0).stdout;
    assert!(text.contains("A run is under way: process "), "{text}");
    assert!(text.contains("Run 1 has sent ") && text.contains(" requests in "), "{text}");
    run.kill();
    let killed = status_of(&desk, "job.yaml");
    let newest = &killed["runs"][0];
    assert_eq!(newest["succeeded"], 3, "{killed}");
    assert!(matches!(newest["in_doubt"].as_u64(), Some(1 | 2)), "{killed}");
    let text = desk.call("status job.yaml").exits(0).stdout;
    assert!(text.contains("  killed  "), "{text}");
}

#[test]
fn a_run_that_was_stopped_says_why() {
    let stand = crate::stand::Stand::open(|_| Some((503, String::new())));
    let desk = Desk::with_notes(notes_csv(20, 20)).env("STRINGEEX_TOKEN", "ready");
    let run = format!(
        "run job.yaml --rate 100000/s --give-up-after 1s --format json --base-url {}",
        stand.address()
    );
    desk.call(&run).exits(4);
    let text = desk.call("status job.yaml").exits(0).stdout;
    assert!(text.contains("stopped: outage"), "{text}");
    assert_eq!(status_of(&desk, "job.yaml")["runs"][0]["reason"], "outage");
}

/// The counts of a `status` event that are not 0.
fn counts(status: &Value) -> Vec<(&'static str, u64)> {
    let names = ["rows", "succeeded", "failed", "invalid", "in_doubt", "not_started", "under_way"];
    let count = |name: &'static str| (name, status[name].as_u64().unwrap());
    names.map(count).into_iter().filter(|(_, count)| *count > 0).collect()
}

/// What `status` says of the job at the one target that there is.
fn status_of(desk: &Desk, arguments: &str) -> Value {
    desk.call(&format!("status {arguments} --format json")).exits(0).events().pop().unwrap()
}

#[test]
fn the_rows_of_a_job_are_those_that_its_source_has_now() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(20, 3)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", notes_csv(20, 3).replace("\nk", "\nn"));
    desk.run(&sandbox, "job.yaml --limit 3").exits(0);
    let status = status_of(&desk, "job.yaml");
    assert_eq!(counts(&status), [("rows", 20), ("succeeded", 3), ("not_started", 17)]);
    assert_eq!(counts_of_gone(&status), (20, 20));
    let mut shown = format!("=== a pilot beside old rows\n{}", desk.call("status job.yaml"));
    desk.write("notes.csv", notes_csv(4, 3) + "n2,tk_1,b\nk1,tk_1,again\nn40,,no ticket\n");
    shown.push_str(&format!(
        "\n=== a source of which a part is known\n{}",
        desk.call("status job.yaml")
    ));
    std::fs::remove_file(desk.path("notes.csv")).unwrap();
    shown.push_str(&format!("\n=== a source that is gone\n{}", desk.call("status job.yaml")));
    let alone = status_of(&desk, "job.yaml");
    assert_eq!((&alone["counted"], &alone["rows"]), (&"ledger".into(), &23.into()));
    desk.write("notes.csv", "id,ticket,body\n1,tk_1,\"never closed\n");
    shown.push_str(&format!("\n=== a source that is a guess\n{}", desk.call("status job.yaml")));
    desk.write("notes.csv", notes_csv(4, 3));
    desk.write("job.yaml", NOTES_JOB.replace("{{ id }}", "{{ body }}"));
    shown.push_str(&format!("\n=== another key\n{}", desk.call("status job.yaml")));
    assert_reads("status_by_source", shown.replace(sandbox.base_url(), "[address]"));
}

fn counts_of_gone(status: &Value) -> (u64, u64) {
    let gone = |name: &str| status["not_in_source"][name].as_u64().unwrap();
    (gone("rows"), gone("succeeded"))
}

#[test]
fn a_row_that_only_reads_is_one_row_however_often_it_was_done() {
    let job = "job: mixed\nsource:\n  rows:\n    - { operation: ticket_note.create, ticket_id: tk_1, note: a, \
               is_internal_note: true }\n    - { operation: ticket_note.list, ticket_id: tk_1 }\n    - { operation: \
               ticket_note.list, ticket_id: tk_1 }\n";
    let (desk, sandbox) = (Desk::new().file("job.yaml", job), sandbox(""));
    for _ in 0..3 {
        desk.run(&sandbox, "job.yaml").exits(0);
        let status = status_of(&desk, "job.yaml");
        assert_eq!(counts(&status), [("rows", 3), ("succeeded", 3)]);
        assert_eq!(counts_of_gone(&status), (0, 0));
    }
}

#[test]
fn rows_that_are_known_by_their_content_are_counted_with_their_repetitions() {
    let csv = "ticket_id,note,is_internal_note\ntk_1,a,true\ntk_1,a,true\ntk_2,b,true\n";
    let (desk, sandbox) = (Desk::new().file("notes.csv", csv), sandbox(""));
    let flags = "notes.csv --operation ticket_note.create";
    desk.run(&sandbox, flags).exits(0);
    assert_eq!(counts(&status_of(&desk, flags)), [("rows", 3), ("succeeded", 3)]);
    desk.write("notes.csv", format!("{csv}tk_1,a,true\n").replace("tk_2,b", "tk_2,c"));
    let status = status_of(&desk, flags);
    assert_eq!(counts(&status), [("rows", 4), ("succeeded", 2), ("not_started", 2)]);
    assert_eq!(counts_of_gone(&status), (1, 1));
    // Without an operation nothing can be said of the rows, but of the ledger.
    let alone = desk.call("status notes.csv --format json").exits(0).events();
    assert_eq!((&alone[0]["event"], &alone[1]["counted"]), (&"problem".into(), &"ledger".into()));
}

#[test]
fn no_ledger_and_an_empty_one_are_called_so() {
    let desk = Desk::with_notes(notes_csv(3, 3) + "k4,,no ticket\n").file("empty.db", "");
    let mut shown = String::new();
    for call in [
        "status job.yaml",
        "status",
        "status job.yaml --ledger empty.db",
        "status job.yaml --ledger empty.db --format json",
        "status job.yaml --format json",
        "status --format json",
        "ledger check job.yaml",
        "ledger check job.yaml --format json",
        "ledger check --ledger empty.db",
        "ledger check --ledger empty.db --format json",
    ] {
        shown.push_str(&format!("=== {call}\n{}\n", desk.call(call)));
    }
    assert_reads("status_of_nothing", shown);
}

#[test]
fn a_run_under_way_is_told_from_one_that_was_killed() {
    let stand = crate::stand::Stand::open(|_| None);
    let desk = Desk::with_notes(notes_csv(5, 5)).env("STRINGEEX_TOKEN", "ready");
    let address = stand.address();
    let run = desk.start(&format!(
        "run job.yaml --rate 100000/s --concurrency 2 --limit 4 --base-url {address}"
    ));
    stand.arrival();
    stand.arrival();
    let under_way = status_of(&desk, "job.yaml");
    assert_eq!(counts(&under_way), [("rows", 5), ("not_started", 3), ("under_way", 2)]);
    // Without the source, the ledger knows how many rows that had as the run began.
    assert_eq!(counts(&status_of(&desk, "")), [("rows", 5), ("not_started", 3), ("under_way", 2)]);
    assert_eq!(under_way["runs"][0]["under_way"], true, "{under_way}");
    assert_eq!(under_way["failed_rows"][0]["state"], "under_way", "{under_way}");
    let mut shown = String::new();
    let mut show = |what: &str| {
        for call in ["status job.yaml", "ledger check job.yaml"] {
            let told = desk.call(call).exits(0).to_string();
            shown
                .push_str(&format!("=== {what}: {call}\n{}\n", told.replace(address, "[address]")));
        }
    };
    show("under way");
    let checked = desk.call("ledger check --format json").exits(0).events().pop().unwrap();
    assert_eq!((&checked["endless_runs"], &checked["runs_under_way"]), (&1.into(), &1.into()));
    run.kill();
    show("killed");
    assert_eq!(counts(&status_of(&desk, "job.yaml"))[1..], [("in_doubt", 2), ("not_started", 3)]);
    // A run of less than a second has no pace yet.
    let pace = (r"requests in \[duration\](, \d+\.\d/s)?", "requests in [duration]");
    let settings = [(r"\d+ KiB", "[size]"), (r"\(\d+ bytes\)", "[size]"), pace];
    let mut filters = insta::Settings::clone_current();
    settings.into_iter().for_each(|(pattern, by)| filters.add_filter(pattern, by));
    filters.bind(|| assert_reads("status_of_runs", &shown));
}

#[test]
fn a_row_that_a_run_looks_for_is_under_way_and_in_doubt_once_that_run_is_dead() {
    let desk = Desk::with_notes(notes_csv(2, 2)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    // The answer to the first row is lost, and no list is ever answered.
    let api = crate::stand::Stand::open(|request| {
        (request.method != "GET").then(|| (500, String::new()))
    });
    let run = desk.start(&format!(
        "run job.yaml --own-pace --concurrency 1 --base-url {} --format json",
        api.address()
    ));
    while api.arrival().method != "GET" {}
    let status = status_of(&desk, "job.yaml");
    assert_eq!(status["in_doubt"], 0, "{status}");
    assert!(status["under_way"].as_u64() >= Some(1), "{status}");
    assert_eq!(status["failed_rows"][0]["state"], "under_way", "{status}");
    run.kill();
    let status = status_of(&desk, "job.yaml");
    assert_eq!(status["under_way"], 0, "{status}");
    assert!(status["in_doubt"].as_u64() >= Some(1), "{status}");
}

#[test]
fn a_look_at_the_status_keeps_no_run_from_the_job() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(""));
    desk.run(&sandbox, "job.yaml --limit 1").exits(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..10).for_each(|_| drop(desk.call("status job.yaml").exits(0))));
        }
        for _ in 0..5 {
            desk.run(&sandbox, "job.yaml").exits(0);
        }
    });
}

#[test]
fn status_of_a_broken_job_is_told() {
    let desk = Desk::new().file("job.yaml", "job: x\n");
    let outcome = desk.call("status job.yaml --format json").exits(2);
    assert_eq!(outcome.events()[0]["event"], "problem");
}

#[test]
fn whoever_wants_to_hear_more_does_in_every_verb() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 2)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    for (verb, words) in [
        ("check job.yaml -v", "connector: stringeex (4 operations)"),
        ("plan job.yaml -v --sandbox", "ledger: .noteferry/ledger.db"),
        ("plan job.yaml -v --sandbox", "quotas: "),
        ("status job.yaml -v", "ledger: .noteferry/ledger.db"),
        ("ledger check job.yaml -v", "ledger: .noteferry/ledger.db"),
    ] {
        let told = desk.call(verb).exits(0);
        assert!(told.stderr.contains(words), "{verb}: {told}");
        let less = desk.call(&verb.replace(" -v", "")).exits(0);
        assert!(!less.stderr.contains(words), "{verb}: {less}");
    }
}

#[test]
fn a_code_that_no_row_has_is_said_to_be_none() {
    let desk = Desk::with_notes("id,ticket,body\nk1,tk_1,a\nk2,tk_missing1,b\n");
    desk.run(&sandbox(""), "job.yaml").exits(1);
    let told = desk.call("status job.yaml").exits(0);
    assert!(
        told.stdout.contains("to be corrected and sent: noteferry rejects job.yaml --base"),
        "{told}"
    );
    let code = desk.call("status job.yaml --format json").events().pop().unwrap()["failed_rows"][0]
        ["code"]
        .clone();
    let code = code.as_str().unwrap();
    let told = desk.call(&format!("status job.yaml --code {code}")).exits(0);
    assert!(told.stdout.contains("row 2 (line 3") && !told.stdout.contains("No row"), "{told}");
    let told = desk.call("status job.yaml --code nope,other").exits(0);
    let said =
        format!("has any of the codes `nope`, `other`. The only one that rows have is `{code}`.");
    assert!(told.stdout.contains(&said), "{told}");
    let told = desk.call("status job.yaml --state in-doubt").exits(0);
    assert!(told.stdout.contains("There is no row that is in doubt."), "{told}");
    let told = desk.call(&format!("status job.yaml --state invalid --code {code}")).exits(0);
    assert!(told.stdout.contains("No row that is invalid has the code"), "{told}");
}
