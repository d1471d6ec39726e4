//! What a job makes of rows before they are sent: tables, named values, conditions, rows that are sent once, tests of its own.

use std::io::Write as _;

use crate::desk::{Desk, assert_reads, requests, sandbox, texts};

/// Notes of a helpdesk: who wrote them is in another file, some are deleted, one is there twice.
const JOB: &str = r#"job: legacy
operation: ticket_note.create
source: { csv: notes.csv }
lookups:
  tickets: { csv: ticket-map.csv, key: legacy_id, value: stringee_id }
  users: { json: [Users0.json, Agents0.json], at: "/*/user", key: id, value: name, missing: keep }
let:
  author: "{{ author_id | lookup('users', default='#' ~ author_id) }}"
  text: "{{ body | trim }}"
where:
  - { keep: "{{ deleted != '1' }}", why: "the note is deleted" }
  - { keep: "{{ text != '' }}", why: "there is no text" }
required: [id]
duplicates: same_once
key: "{{ id }}"
map:
  ticket_id: "{{ ticket | lookup('tickets') }}"
  is_internal_note: { from: "Nội bộ", values: { "Có": true, "Không": false } }
  note: "[{{ author }}]\n{{ text }}"
"#;

const NOTES: &str = "id,ticket,author_id,deleted,Nội bộ,body
n1,1,7,0,Có,One
n2,2,8,0, Không ,Two
n3,1,7,1,Có,Three
n4,1,9,0,Có,Four
n1,1,7,0,Có,One
n5,1,7,0,Có,
";

fn desk(notes: &str) -> Desk {
    Desk::new()
        .file("job.yaml", JOB)
        .file("notes.csv", notes)
        .file("ticket-map.csv", "stringee_id,legacy_id\ntk_a,1\ntk_b,2\n")
        .file("Users0.json", r#"[{"user":{"id":7,"name":"An"}}]"#)
        .file("Agents0.json", r#"[{"user":{"id":8,"name":"Bình"}}]"#)
}

/// Tables are named and written as sources are: by patterns and variables, packed, in other encodings, as workbooks.
#[test]
fn tables_are_read_by_the_means_of_sources() {
    let job = r#"job: legacy
operation: ticket_note.create
vars: { day: "26" }
source: { csv: "notes-*.csv", delimiter: ";", encoding: windows-1252, add: { kind: mail } }
lookups:
  tickets: { csv: "maps/tickets*.csv", header: [legacy, stringee], key: legacy, value: stringee }
  users: { csv: "users-{{ var.day }}.csv", encoding: windows-1252, nulls: [NULL], key: id, value: name, missing: keep }
  sheet: { xlsx: moc-1904.xlsx, header_row: 1, sheet: 1, key: Mã phiếu, value: Nội dung }
order_by: "{{ id | int }}"
key: "{{ id }}"
map:
  ticket_id: "{{ ticket | lookup('tickets') }}"
  is_internal_note: true
  note: "[{{ author | lookup('users') }}, {{ 'PH-0001' | lookup('sheet') }}] {{ body }} ({{ kind }})"
"#;
    let workbook = std::fs::read("tests/samples/xlsx/moc-1904.xlsx").unwrap();
    let mut users = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    users.write_all(b"id,name\n7,Jos\xe9\nNULL,Nobody\n").unwrap();
    let desk = Desk::new()
        .file("job.yaml", job)
        .file("notes-2.csv", b"id;ticket;author;body\n1;1;7;caf\xe9\n".as_slice())
        .file("notes-10.csv", "body;id;ticket;author\nlater;2;2;8\n")
        .file("users-26.csv", users.finish().unwrap())
        .file("moc-1904.xlsx", workbook);
    std::fs::create_dir(desk.path("maps")).unwrap();
    let desk = desk.file("maps/tickets1.csv", "1,tk_a\n").file("maps/tickets2.csv", "2,tk_b\n");
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    let mut sent = texts(&sandbox);
    sent.sort();
    assert_eq!(
        sent,
        ["[8, Sổ dùng mốc 1904] later (mail)", "[José, Sổ dùng mốc 1904] café (mail)"]
    );
    let mistaken = job.replace("tickets*", "tikets*").replace("xlsx: moc", "json: moc");
    let desk = desk.file("job.yaml", mistaken);
    assert_reads("broken_tables", desk.call("check job.yaml").exits(2));
}

#[test]
fn rows_are_looked_up_left_out_and_sent_once() {
    let (desk, sandbox) = (desk(NOTES), sandbox(""));
    let outcome = desk.run(&sandbox, "job.yaml");
    assert_eq!(outcome.status, 0, "{}{}", outcome.stdout, outcome.stderr);
    let mut sent = texts(&sandbox);
    sent.sort();
    assert_eq!(sent, ["[#9]\nFour", "[An]\nOne", "[Bình]\nTwo"]);
    let last = outcome.finished();
    for (name, count) in
        [("rows", 6), ("succeeded", 3), ("filtered", 2), ("duplicates", 1), ("not_started", 0)]
    {
        assert_eq!(last[name], count, "{name}: {last}");
    }
    let reasons = serde_json::json!([
        {"why": "the note is deleted", "rows": 1}, {"why": "there is no text", "rows": 1},
    ]);
    assert_eq!(last["filtered_by"], reasons);
    // A rerun sends nothing, and counts the same rows.
    let before = requests(&sandbox);
    let again = desk.run(&sandbox, "job.yaml");
    assert_eq!((again.status, requests(&sandbox)), (0, before));
    let last = again.finished();
    for (name, count) in [("rows", 6), ("already_done", 3), ("filtered", 2), ("duplicates", 1)] {
        assert_eq!(last[name], count, "{name}: {last}");
    }
}

#[test]
fn what_is_left_out_is_told_by_every_verb() {
    let (desk, sandbox) = (desk(NOTES), sandbox(""));
    let check = desk.call("check job.yaml");
    assert_eq!(check.status, 0, "{}", check.stderr);
    let plan = desk.call("plan job.yaml");
    assert_eq!(plan.status, 0, "{}", plan.stderr);
    let run = desk.call_at(&sandbox, "run job.yaml --rate 1000/10ms");
    assert_eq!(run.status, 0, "{}", run.stderr);
    let status = desk.call_at(&sandbox, "status job.yaml");
    for (verb, text) in [
        ("check", check.stdout.clone() + &check.stderr),
        ("plan", plan.stdout.clone()),
        ("run", run.stdout.clone() + &run.stderr),
    ] {
        assert!(text.contains("the note is deleted"), "{verb}: {text}");
    }
    let text = status.stdout + &status.stderr;
    assert!(text.contains("filtered") && text.contains("duplicates"), "{text}");
    assert!(text.contains("Everything that the job wants is done: 3 of 6 rows."), "{text}");
    let plan = desk.call("plan job.yaml --format json");
    let actions: Vec<String> = plan
        .stdout
        .lines()
        .filter_map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event["action"].as_str().map(str::to_owned)
        })
        .collect();
    assert_eq!(actions, ["send", "send", "filter", "send", "duplicate", "filter"]);
}

#[test]
fn what_cannot_be_mapped_is_told_by_its_value() {
    let notes = "id,ticket,author_id,deleted,Nội bộ,body
n1,1,7,0,Có,One
n2,3,7,0,Có,Two
n3,3,7,0,Có,Three
n4,2,7,0,Ko,Four
n5,2,7,0,,Five
n1,1,7,0,Có,Other
,1,7,0,Có,Six
";
    let desk = desk(notes);
    let outcome = desk.call("check job.yaml --format json");
    assert_eq!(outcome.status, 3, "{}", outcome.stdout);
    let problems: Vec<serde_json::Value> =
        outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |event: &serde_json::Value| {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {} {}", event["line"], text("code"), text("column"), text("value"))
    };
    let told: Vec<String> =
        problems.iter().filter(|event| event["event"] == "problem").map(told).collect();
    assert_eq!(
        told,
        [
            "3 lookup-missing ticket 3",
            "4 lookup-missing ticket 3",
            "5 value-not-listed Nội bộ Ko",
            "6 value-not-listed Nội bộ ",
            "8 missing-key id ",
            "7 repeated-key  ",
        ]
    );
    assert_reads("mapping_problems", desk.call("check job.yaml").stderr);
}

#[test]
fn mistakes_of_a_job_are_told_at_their_place() {
    let job = JOB
        .replace("lookup('users'", "lookup('user'")
        .replace("key: legacy_id", "key: legacyid")
        .replace("values: { \"Có\": true,", "valeus: { \"Có\": true,")
        .replace("required: [id]", "required: [ids]")
        .replace("keep: \"{{ text != '' }}\"", "keep: \"text\"")
        .replace("  text: \"{{ body | trim }}\"", "  text: \"{{ body | trim }}\"\n  \"my text\": \"{{ body }}\"\n  deleted: \"{{ deleted }}\"");
    let desk = desk(NOTES);
    desk.write("job.yaml", job);
    let outcome = desk.call("check job.yaml");
    assert_eq!(outcome.status, 2, "{}", outcome.stderr);
    assert_reads("mapping_mistakes", outcome.stderr);
}

#[test]
fn a_condition_that_is_no_truth_value_is_a_problem() {
    let desk = desk(NOTES);
    desk.write("job.yaml", JOB.replace("{{ deleted != '1' }}", "{{ deleted }}"));
    let outcome = desk.call("check job.yaml");
    assert_eq!(outcome.status, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("error[condition]"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("comes to the text \"0\" on this row"), "{}", outcome.stderr);
}

#[test]
fn a_job_brings_tests_with_it() {
    let tests = r#"tests:
  - { row: { id: t1, ticket: 1, author_id: 7, "Nội bộ": Có, body: " A " }, gives: { note: "[An]\nA", is_internal_note: true, ticket_id: tk_a } }
  - { row: { id: t2, ticket: 9, "Nội bộ": Có, body: A }, problem: lookup-missing }
  - { row: { id: t3, deleted: 1 }, filtered: "the note is deleted" }
"#;
    let desk = desk(NOTES);
    desk.write("job.yaml", format!("{JOB}{tests}"));
    let passed = desk.call("check job.yaml");
    assert_eq!(passed.status, 0, "{}{}", passed.stdout, passed.stderr);
    assert!((passed.stdout + &passed.stderr).contains("3 tests: passed."));
    let wrong = tests
        .replace("note: \"[An]\\nA\"", "note: \"[An]\\nB\"")
        .replace("filtered: \"the note is deleted\"", "problem: past-time");
    desk.write("job.yaml", format!("{JOB}{wrong}"));
    let failed = desk.call("check job.yaml");
    assert_eq!(failed.status, 2, "{}{}", failed.stdout, failed.stderr);
    assert_reads("mapping_tests", failed.stderr);
}

#[test]
fn a_key_with_several_contents_is_sent_once_and_told() {
    let notes = "id,ticket,author_id,deleted,Nội bộ,body
n1,1,7,0,Có,One
n1,1,7,0,Có,Other
n1,1,7,0,Có,Other
n1,1,7,0,Có,One
n1,3,7,0,Có,One
";
    let (desk, sandbox) = (desk(notes), sandbox(""));
    let check = desk.call("check job.yaml --format json");
    let last = check.events().pop().unwrap();
    let counts =
        ["rows", "valid", "invalid", "duplicates"].map(|name| last[name].as_u64().unwrap());
    assert_eq!((check.status, counts), (3, [5, 1, 3, 1]), "{check}");
    for expected in ["succeeded=1 invalid=3 duplicates=1", "already_done=1 invalid=3 duplicates=1"]
    {
        let run = desk.run(&sandbox, "job.yaml --skip-invalid");
        run.exits(1).counts(expected);
    }
    let status = desk.call_at(&sandbox, "status job.yaml --format json");
    let last = status.events().pop().unwrap();
    let counts =
        ["rows", "succeeded", "invalid", "duplicates"].map(|name| last[name].as_u64().unwrap());
    assert_eq!(counts, [5, 1, 3, 1], "{status}");
    assert_eq!(texts(&sandbox), ["[An]\nOne"]);
}
