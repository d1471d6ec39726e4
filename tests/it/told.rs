//! What people are told before and after a run: what a plan counts, what has changed, what is passed over.

use noteferry::sandbox::{EMAIL, PASSWORD};
use serde_json::{Value, json};

use crate::desk::{Desk, NOTES_JOB, notes_csv, sandbox};
use crate::stand::Stand;

/// With the sandbox's credentials, for calls without a wrapper.
fn signed_in(desk: Desk) -> Desk {
    desk.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD)
}

/// A job of every operation, with times and with notes that customers see.
const MIXED: &str = r#"job: mixed
timezone: Asia/Ho_Chi_Minh
source:
  rows:
    - { operation: ticket_note.create, ticket_id: tk_1, note: a, is_internal_note: true }
    - { operation: ticket_note.create, ticket_id: tk_1, note: b, is_internal_note: false }
    - { operation: ticket_note.create, ticket_id: tk_2, note: c, task_type: 1, task_reminder_time: 4070908800000, task_due_date: 4070995200000 }
    - { operation: ticket_note.create, ticket_id: tk_3, note: d, is_internal_note: true, task_type: 1, task_reminder_time: 4070912400000, task_due_date: 4070995200000 }
    - { operation: ticket_note.update, note_id: n1, note: b }
    - { operation: ticket_note.delete, note_id: n2 }
    - { operation: ticket_note.delete, note_id: n3 }
"#;

#[test]
fn a_plan_counts_by_operation_deletes_first() {
    let desk = Desk::new().file("job.yaml", MIXED);
    let text = desk.call("plan job.yaml").exits(0).stdout;
    let counts = text.split("To send").nth(1).unwrap().split("\n\n").next().unwrap();
    insta::assert_snapshot!(counts, @r"
     (times in Asia/Ho_Chi_Minh):
      ticket_note.delete  2  DELETES, on 2 notes
      ticket_note.update  1  changes what is there, on 1 note
      ticket_note.create  4  on 3 tickets
        is_internal_note: 2 internal; 2 visible to the customer (1 of them by default)
        task_reminder_time: 2 rows, from 2099-01-01 07:00 to 2099-01-01 08:00
        task_due_date: 2 rows, at 2099-01-02 07:00
    ");
    let event = desk.call("plan job.yaml --format json").exits(0).events().pop().unwrap();
    let contents = event["contents"].as_array().unwrap();
    let of: Vec<_> = contents.iter().map(|one| (&one["operation"], &one["rows"])).collect();
    assert_eq!(
        of,
        [
            (&json!("ticket_note.delete"), &json!(2)),
            (&json!("ticket_note.update"), &json!(1)),
            (&json!("ticket_note.create"), &json!(4)),
        ]
    );
    let create = &contents[2];
    assert_eq!((&create["lanes"], &create["lane"]), (&json!(3), &json!("ticket")));
    let flags = json!({"true": 2, "false": 2, "by_default": 1, "unsaid": 0});
    assert_eq!(create["flags"]["is_internal_note"], flags);
    let reminders = &create["times"]["task_reminder_time"];
    assert_eq!(
        *reminders,
        json!({"rows": 2, "first": "2099-01-01T07:00:00+07:00", "last": "2099-01-01T08:00:00+07:00"})
    );
}

#[test]
fn a_plan_counts_what_a_run_would_send_and_nothing_else() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(10, 4)), sandbox(""));
    let rows = |arguments: &str| {
        let plan =
            desk.call(&format!("plan {arguments} --format json --base-url {}", sandbox.base_url()));
        plan.events().pop().unwrap()["contents"][0]["rows"].clone()
    };
    assert_eq!(rows("job.yaml"), 10);
    assert_eq!(rows("job.yaml --limit 4"), 4);
    desk.run(&sandbox, "job.yaml --limit 4").exits(0);
    assert_eq!(rows("job.yaml"), 6);
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(rows("job.yaml"), Value::Null);
}

#[test]
fn a_plan_refuses_a_quote_that_is_never_closed_as_a_run_does() {
    let desk = Desk::with_notes("id,ticket,body\n1,t,a\n2,t,\"b\n3,t,c\n");
    for verb in ["plan", "run"] {
        for flags in ["", "--skip-invalid"] {
            let outcome = desk.call(&format!("{verb} job.yaml --sandbox {flags}")).exits(3);
            assert!(outcome.stderr.contains("--skip-invalid would not help"), "{outcome}");
            assert!(!outcome.stdout.contains("To do it"), "{outcome}");
        }
    }
}

#[test]
fn what_has_changed_is_named() {
    let (desk, sandbox) = (signed_in(Desk::with_notes(notes_csv(6, 3))), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("job.yaml", NOTES_JOB.replace("{{ body }}", "{{ body }}!"));
    let finished = desk.run(&sandbox, "job.yaml").exits(0).events().pop().unwrap();
    assert_eq!((&finished["changed"], &finished["repeated"]), (&json!(6), &json!(0)));
    let at = sandbox.base_url();
    let text =
        |arguments: &str| desk.call(&format!("{arguments} --base-url {at}")).exits(0).to_string();
    for told in [text("run job.yaml"), text("run job.yaml -q"), text("plan job.yaml")] {
        assert!(told.contains("6 rows are done and have changed since"), "{told}");
        assert!(told.contains("row 1 (line 2, ticket tk_1, key k1)"), "{told}");
        assert!(!told.contains("key k6"), "{told}");
        assert!(told.contains("plan job.yaml") && told.contains("--verbose"), "{told}");
    }
    let all = text("plan job.yaml --verbose");
    assert!(all.contains("key k6"), "{all}");
    let plan = desk.call(&format!("plan job.yaml --format json --base-url {at}")).exits(0);
    assert!(plan.all("step").iter().all(|step| step["changed"] == true), "{plan}");
}

#[test]
fn rows_that_are_taken_for_old_ones_by_content_are_counted() {
    let job = NOTES_JOB.replace("key: \"{{ id }}\"\n", "");
    let night = |rows: &str| format!("id,ticket,body\n{rows}");
    let desk = Desk::with_notes(night("1,t,called\n2,t,wrote\n")).file("job.yaml", &job);
    let (desk, sandbox) = (signed_in(desk), sandbox(""));
    let first = desk.run(&sandbox, "job.yaml").exits(0).events().pop().unwrap();
    assert_eq!(first["repeated"], 0);
    let at = sandbox.base_url();
    // The same source with more rows: its old rows are the old ones, and a nightly run is silent.
    desk.write("notes.csv", night("1,t,called\n2,t,wrote\n3,t,met\n"));
    let grown = desk.call(&format!("run job.yaml -q --base-url {at}")).exits(0);
    assert_eq!(grown.stderr, "", "{grown}");
    // Another source, in which an old text comes again.
    desk.write("notes.csv", night("4,t,called\n5,t,called back\n"));
    let quiet = desk.call(&format!("plan job.yaml --base-url {at}")).exits(0);
    assert!(quiet.stdout.contains("of the very same content"), "{quiet}");
    let quiet = desk.call(&format!("run job.yaml -q --base-url {at}")).exits(0);
    assert!(quiet.stderr.contains("1 row was taken for an old one"), "{quiet}");
    let again = desk.run(&sandbox, "job.yaml").exits(0).events().pop().unwrap();
    assert_eq!((&again["repeated"], &again["already_done"]), (&json!(2), &json!(2)));
}

/// A job of reminders whose times are read by a format.
fn reminders(format: &str, cell: &str) -> Desk {
    let job = format!(
        "job: x\noperation: ticket_note.create\nsource: {{ csv: notes.csv }}\ntimezone: Asia/Ho_Chi_Minh\nmap:\n  \
         ticket_id: \"{{{{ ticket }}}}\"\n  note: \"{{{{ body }}}}\"\n  is_internal_note: \"{{{{ row['nội bộ'] | trim }}}}\"\n  \
         task_type: 1\n  task_due_date: 4102531200000\n  \
         task_reminder_time: \"{{{{ row.at | epoch_ms('{format}') }}}}\"\n"
    );
    let cells = format!("ticket,body,at,nội bộ\ntk_1,a,{cell},có\n");
    Desk::new().file("job.yaml", job).file("notes.csv", cells)
}

#[test]
fn errors_show_the_value_and_name_the_column_however_it_is_written() {
    let told = reminders("%d/%m/%Y", "20/03/27").call("check job.yaml").exits(3).stderr;
    assert!(told.contains("\"có\" is not true or false"), "{told}");
    assert!(told.contains("column `nội bộ`"), "{told}");
    assert!(told.contains("`20/03/27` read by the format `%d/%m/%Y` is in the year 27"), "{told}");
    assert!(told.contains("%y one of two") && told.contains("column `at`"), "{told}");
    let told = reminders("%d/%m/%Y", "20/03/2020").call("check job.yaml").exits(3).stderr;
    assert!(
        told.contains("\"20/03/2020\" is past: 2020-03-20 00:00:00 Asia/Ho_Chi_Minh"),
        "{told}"
    );
}

#[test]
fn a_format_that_cannot_be_meant_is_refused_once() {
    for (format, hint) in [
        ("dd/MM/yyyy", "'%d/%m/%Y'"),
        ("%d/%m/%Y %H:%M Z", "'%d/%m/%Y %H:%M %z'"),
        ("%d/%m/%Y %Z", "timezone"),
    ] {
        let desk = reminders(format, "20/03/2027");
        desk.write("notes.csv", "ticket,body,at,nội bộ\nt,a,20/03/2027,1\nt,b,20/03/2027,1\n");
        let outcome = desk.call("check job.yaml --format json").exits(2);
        let problems = outcome.all("problem");
        assert_eq!(problems.len(), 1, "{outcome}");
        assert_eq!(problems[0]["code"], "time-format");
        assert!(problems[0]["hint"].as_str().unwrap().contains(hint), "{outcome}");
        assert_eq!(problems[0]["file"], "job.yaml");
    }
}

#[test]
fn errors_are_grouped_by_cause_and_all_are_shown_on_demand() {
    let mut rows = "id,ticket,body,internal\n".to_owned();
    for row in 1..=400 {
        let ticket = if row % 4 == 0 { "" } else { "tk_1" };
        rows.push_str(&format!("{row},{ticket},a,{}\n", if row % 2 == 0 { "Có" } else { "1" }));
    }
    let job = NOTES_JOB.replace("is_internal_note: true", "is_internal_note: \"{{ internal }}\"");
    let desk = Desk::with_notes(rows).file("job.yaml", job);
    let told = desk.call("check job.yaml").exits(3).stderr;
    let (full, grouped) = told.split_once("… and ").unwrap();
    assert_eq!(full.matches("error[").count(), 6, "{told}");
    insta::assert_snapshot!(grouped, @r"
    294 more errors (300 in all), by cause:
      200  wrong-type, column `internal`: lines 3, 5, 7, 9, 11, …
      100  missing-field, column `ticket`: lines 5, 9, 13, 17, 21, …
    To see all of them: add --verbose
    More about an error: noteferry explain wrong-type
    400 rows: 200 valid, 200 invalid. Nothing was sent.
    ");
    let all = desk.call("check job.yaml --verbose").exits(3).stderr;
    assert_eq!(all.matches("error[").count(), 300);
}

#[test]
fn a_mistake_of_the_job_is_told_once() {
    for (line, column) in [
        ("is_internal_note: Có", "\"Có\" is not true or false"),
        ("is_internal_note: \"{{ 'Có' | trim }}\"", "\"Có\" is not true or false"),
        ("note_type: 99", "\"99\" is not one of"),
    ] {
        let job = NOTES_JOB.replace("is_internal_note: true", line);
        let desk = Desk::with_notes(notes_csv(700, 3)).file("job.yaml", job);
        let outcome = desk.call("check job.yaml --format json").exits(3);
        let problems = outcome.all("problem");
        let errors = problems.iter().filter(|problem| problem["severity"] == "error");
        let errors: Vec<_> = errors.collect();
        assert_eq!(errors.len(), 1, "{outcome}");
        assert!(errors[0]["message"].as_str().unwrap().contains(column), "{outcome}");
        assert_eq!(errors[0]["file"], "job.yaml");
        assert_eq!(outcome.events().last().unwrap()["invalid"], 700);
    }
}

#[test]
fn updates_and_deletes_can_be_rehearsed() {
    let rows = |operations: &[&str]| {
        let rows: String = operations.iter().map(|row| format!("    - {row}\n")).collect();
        format!("job: x\nsource:\n  rows:\n{rows}")
    };
    let desk = Desk::new().file(
        "job.yaml",
        rows(&[
            "{ operation: ticket_note.update, note_id: real1, note: b }",
            "{ operation: ticket_note.delete, note_id: real1 }",
            "{ operation: ticket_note.delete, note_id: real2 }",
        ]),
    );
    let outcome = desk.call("run job.yaml --sandbox").exits(0);
    assert!(outcome.stderr.contains("Each note that a row changes or deletes"), "{outcome}");
    let bad = [
        "{ operation: ticket_note.delete, note_id: tn_missing1 }",
        "{ operation: ticket_note.delete, note_id: real3 }",
        "{ operation: ticket_note.update, note_id: real3, note: a }",
    ];
    let desk = Desk::new().file("job.yaml", rows(&bad));
    desk.call("run job.yaml --sandbox --format json").exits(1).counts("succeeded=1 failed=2");
    // What creates says nothing of it.
    let desk = Desk::with_notes(notes_csv(2, 1));
    let outcome = desk.call("run job.yaml --sandbox").exits(0);
    assert!(!outcome.stderr.contains("taken to be there"), "{outcome}");
}

#[test]
fn rows_that_are_all_not_found_point_at_the_address() {
    let stand = Stand::open(|_| Some((404, "{\"r\":4,\"msg\":\"not found\"}".to_owned())));
    let desk = Desk::with_notes(notes_csv(3, 3)).env("STRINGEEX_TOKEN", "ready");
    let outcome = desk.call(&format!("run job.yaml --base-url {}/v2", stand.address())).exits(1);
    assert!(outcome.stderr.contains("All 3 rows were answered with HTTP status 404"), "{outcome}");
    assert!(outcome.stderr.contains("check the base URL"), "{outcome}");
}

#[test]
fn a_way_to_a_token_that_is_misspelt_is_offered_all_ways() {
    let desk = Desk::with_notes(notes_csv(1, 1));
    let desk = desk.with_connector(|text| text.replace("- signed_token:", "- certificate:"));
    let told = desk.call("check job.yaml").exits(2).stderr;
    assert!(told.contains("known here: token, login, signed_token"), "{told}");
}

#[test]
fn a_column_that_only_the_key_uses_is_not_left_out() {
    let rows = "legacy,ticket_id,note\n1,t,a\n";
    for key in ["{{ legacy }}", "{{ row['legacy'] }}", "{{ row.legacy }}", "N-{{ legacy | trim }}"]
    {
        let job = format!(
            "job: x\noperation: ticket_note.create\nsource: {{ csv: notes.csv }}\nkey: \"{key}\"\n"
        );
        let desk = Desk::with_notes(rows).file("job.yaml", job);
        let told = desk.call("check job.yaml").exits(0).stderr;
        assert!(!told.contains("left out"), "{told}");
    }
}

/// What is told of a job file with this map, on the way to 80 columns.
fn told_of(map: &str) -> String {
    let job = format!(
        "job: x\noperation: ticket_note.create\nsource: {{ csv: notes.csv }}\nmap:\n{map}\n"
    );
    let desk = Desk::with_notes("ticket,body\nt,a\n").file("job.yaml", job);
    desk.call("check job.yaml").stderr
}

#[test]
fn yaml_as_people_write_it_is_answered_with_what_to_put() {
    for (map, hint) in [
        ("  ticket_id: {{ ticket }}", "write ticket_id: \"{{ ticket }}\""),
        ("  ticket_id: \"{{ row[\"ticket\"] }}\"", "write ticket_id: '{{ row[\"ticket\"] }}'"),
        ("  note: Gọi lại: {{ body }}", "write note: \"Gọi lại: {{ body }}\""),
        ("  note: \"C:\\data\"", "write note: 'C:\\data'"),
        ("  : hi\n  note: a", "write the name before the colon"),
        ("  ~: hi\n  note: a", "write the name before the colon"),
        ("  ticket_id \"{{ ticket }}\"\n  note: a", "write ticket_id: \"{{ ticket }}\""),
        ("  ticket_id:\"{{ ticket }}\"\n  note: a", "write ticket_id: \"{{ ticket }}\""),
        ("  ticket_id: “{{ ticket }}”\n  note: a", "`“` (U+201C) is no quote of YAML"),
        ("  ticket_id: \"{{ row[“ticket”] }}\"\n  note: a", "U+201C"),
        ("  ticket_id: \"{{ tic\u{200b}ket }}\"\n  note: a", "U+200B, which is not seen"),
        ("  ticket_id:\u{a0}\"{{ ticket }}\"\n  note: a", "U+00A0, a blank of another kind"),
        ("  ticket_id： \"{{ ticket }}\"\n  note: a", "U+FF1A"),
        ("  ticket_id: t\n  n\u{43e}te: a", "(U+043E)"),
        ("\tticket_id: t", "a tab cannot indent"),
        ("  ticket_id: t\n note: a", "exactly below each other"),
    ] {
        let told = told_of(map);
        assert!(told.contains(hint), "{map}\n{told}");
    }
}

#[test]
fn no_message_speaks_of_rust() {
    for map in [
        "  null: a",
        "  ? [a]\n  : b",
        "  note: !!int a",
        "  ticket_id: \"{{ ticket | replace(1) }}\"\n  note: \"{{ body | round('x') }}\"",
        "  ticket_id: \"{{ ticket | int(5, 'a') }}\"\n  note: \"{{ body | epoch_ms(5) }}\"",
        "  ticket_id: \"{{ range('a') }}\"\n  note: \"{{ body | round(1, 2, 3) }}\"",
        "  ticket_id: [1, 2]\n  note: { a: 1 }",
    ] {
        let told = told_of(map);
        for word in
            ["Option<", "String>", "i32", "i64", "usize", "Vec<", "deserialize", "struct", "enum"]
        {
            assert!(!told.contains(word), "{map}\n{told}");
        }
    }
}

#[test]
fn a_key_whose_column_was_renamed_leads_out() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 1)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let renamed = notes_csv(3, 1).replacen("id,", "legacy,", 1);
    desk.write("notes.csv", &renamed);
    let told = desk.run(&sandbox, "job.yaml").exits(2).stdout;
    assert!(told.contains("do not change the key: give the column its old name"), "{told}");
    desk.write("job.yaml", NOTES_JOB.replace("{{ id }}", "{{ legacy }}"));
    let told = desk.run(&sandbox, "job.yaml").exits(2).stdout;
    assert!(told.contains("give it the old one there"), "{told}");
    desk.write("job.yaml", NOTES_JOB);
    desk.write("notes.csv", renamed.replacen("legacy,", "id,", 1));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 already_done=3");
}

#[test]
fn a_mail_begins_with_where_it_comes_from_and_says_how_it_ended() {
    let desk = signed_in(Desk::with_notes("id,ticket,body\nk1,tk_1,a\nk2,,b\n"));
    let outcome = desk.call("run job.yaml -q --base-url http://127.0.0.1:9/v1").exits(3);
    let first = outcome.stderr.lines().next().unwrap();
    assert!(first.starts_with("noteferry"), "{outcome}");
    assert!(outcome.stderr.lines().nth(1).unwrap().contains("run job.yaml"), "{outcome}");
    assert!(outcome.stderr.contains("1 of 2 rows is invalid"), "{outcome}");
    assert!(outcome.stderr.contains("Nothing was sent"), "{outcome}");
}

#[test]
fn a_content_that_was_sent_once_and_stands_twice_counts_among_what_is_sent() {
    let job = NOTES_JOB.replace("key: \"{{ id }}\"\n", "");
    let desk = Desk::with_notes("id,ticket,body\n1,t,called\n").file("job.yaml", &job);
    let (desk, sandbox) = (signed_in(desk), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", "id,ticket,body\n1,t,called\n2,t,called\n");
    let plan = format!("plan job.yaml --format json --base-url {}", sandbox.base_url());
    let planned = desk.call(&plan).exits(0).events().pop().unwrap();
    assert_eq!(
        (&planned["send"], &planned["contents"][0]["rows"]),
        (&json!(1), &json!(1)),
        "{planned}"
    );
}
