//! Jobs as they are written: what is accepted, and how it is told what is wrong.

use serde_json::Value;

use crate::desk::{Desk, NOTES_JOB, assert_reads, sandbox, texts};

const ROWS: &str = "id,ticket,body\n1,tk_1,a\n2,tk_2,b\n";

#[test]
fn what_is_wrong_with_a_job_is_told_with_its_place() {
    let mut shown = String::new();
    for (name, from, to) in [
        ("unknown key", "source:", "sorce:"),
        ("unknown key inside", "{ csv: notes.csv }", "{ cvs: notes.csv }"),
        ("duplicate key", "key:", "job: again\nkey:"),
        ("wrong type", "job: notes", "job: [notes]"),
        ("unknown column", "{{ body }}", "{{ bdoy }}"),
        ("unknown column of the row", "{{ body }}", "{{ 'a' ~ row[ 'bdoy' ] | trim }}"),
        ("undefined name", "{{ body }}", "{{ body ~ unheard.of }}"),
        ("broken expression", "{{ body }}", "{{ body | }}"),
        ("unknown filter", "{{ body }}", "{{ body | shout }}"),
        ("unknown operation", "ticket_note.create", "ticket_note.creat"),
        ("two sources", "{ csv: notes.csv }", "{ csv: notes.csv, jsonl: notes.jsonl }"),
        ("no source", "{ csv: notes.csv }", "{}"),
        ("no such file", "notes.csv", "nots.csv"),
        ("bad quota", "key:", "limits: { rate: [30/fortnight] }\nkey:"),
        ("bad concurrency", "key:", "limits: { concurrency: 0 }\nkey:"),
        ("bad timezone", "key:", "timezone: Asia/Ho_Chi_Min\nkey:"),
        ("missing field", "  note: \"{{ body }}\"\n", ""),
        ("unknown field", "is_internal_note", "is_internal"),
        ("unknown column in the key", "{{ id }}", "{{ di }}"),
        ("marker without a key", "key: \"{{ id }}\"", "marker: \"[ref {{ key }}]\""),
        ("marker of a column", "key:", "marker: \"[ref {{ id }}]\"\nkey:"),
        (
            "marker for an update",
            "ticket_note.create",
            "ticket_note.update\nmarker: \"#{{ key }}\"",
        ),
        ("broken YAML", "key:", "key: [\nkey:"),
        ("empty name", "job: notes", "job: \"\""),
    ] {
        let job = NOTES_JOB.replacen(from, to, 1);
        assert_ne!(job, NOTES_JOB, "{name}");
        let desk = Desk::with_notes(ROWS).file("job.yaml", job);
        let outcome = desk.call("check job.yaml");
        shown.push_str(&format!("=== {name}\n{outcome}\n"));
    }
    assert_reads("broken_jobs", shown);
}

#[test]
fn a_column_may_be_named_in_any_way_of_the_row() {
    for body in [
        "{{ row['body'] }}",
        "{{ row[ \\\"body\\\" ] ~ \\\"row['nothing']\\\" }}",
        "{{ row['b' ~ 'ody'] }}",
        "{{ 'a' if row['id'] == row['bo\\\\x64y'] else 'b' }}",
    ] {
        let desk = Desk::with_notes(ROWS).file("job.yaml", NOTES_JOB.replace("{{ body }}", body));
        desk.call("check job.yaml").exits(0);
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let job = NOTES_JOB
        .replace("{{ body }}", "{{ bdoy }}")
        .replace("{{ ticket }}", "{{ ticket | shout }}")
        .replace("key:", "timezone: Nowhere\nlimits: { rate: [none] }\nkey:");
    let desk = Desk::with_notes(ROWS).file("job.yaml", job);
    assert_reads("several_mistakes", desk.call("check job.yaml").exits(2));
}

/// Mistakes that have nothing to do with each other: what is written instead of what, and what is told of it.
const MISTAKES: [(&str, &str, &str, &str); 13] = [
    ("job: notes", "job: [notes]", "wrong-type", "job: import-notes"),
    ("connector: stringeex", "connector: stringex", "unknown-connector", "stringeex"),
    ("ticket_note.create", "ticket_note.creat", "unknown-operation", "ticket_note.create"),
    ("\"{{ body }}\"", "\"{{ bdoy }}\"", "unknown-column", "body"),
    ("\"{{ ticket }}\"", "\"{{ ticket | shout }}\"", "unknown-filter", "known here"),
    ("is_internal_note", "is_internal", "unknown-field", "is_internal_note"),
    ("\"{{ id }}\"", "\"{{ ident }}\"", "unknown-column", "known here"),
    ("timezone: UTC", "timezone: Nowhere", "unknown-timezone", "IANA"),
    ("rate: [9/s]", "rate: fast", "wrong-type", "rate: [30/10s, 9000/1h]"),
    ("concurrency: 8", "concurrency: many", "wrong-type", "concurrency: 8"),
    ("attempts: 5", "attempts: 0", "invalid-value", "5"),
    ("in_doubt: hold", "in_doubt: hodl", "invalid-value", "hold"),
    ("account: me", "acount: me", "unknown-key", "account"),
];

const SOUND: &str = r#"job: notes
connector: stringeex
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: "{{ ticket }}"
  note: "{{ body }}"
  is_internal_note: true
key: "{{ id }}"
timezone: UTC
limits: { rate: [9/s], concurrency: 8, attempts: 5 }
in_doubt: hold
account: me
"#;

#[test]
fn any_two_mistakes_of_a_job_are_told_in_one_go() {
    let desk = Desk::with_notes(ROWS).file("job.yaml", SOUND);
    desk.call("check job.yaml").exits(0);
    // Which fields and columns there are is not known where nobody knows the operation.
    let of_operation = ["unknown-connector", "unknown-operation", "unknown-field"];
    for (at, one) in MISTAKES.iter().enumerate() {
        for other in &MISTAKES[at + 1..] {
            let job = [one, other]
                .iter()
                .fold(SOUND.to_owned(), |job, (from, to, ..)| job.replacen(from, to, 1));
            desk.write("job.yaml", &job);
            let outcome = desk.call("check job.yaml --format json").exits(2);
            let told = outcome.all("problem");
            let hidden = [one.2, other.2].iter().all(|code| of_operation.contains(code));
            let expected = if hidden { 1 } else { 2 };
            assert_eq!(told.len(), expected, "{job}{outcome}");
            for (_, _, code, hint) in [one, other].into_iter().filter(|_| !hidden) {
                let is_it = |event: &&serde_json::Value| {
                    event["code"] == *code
                        && event["hint"].as_str().is_some_and(|said| said.contains(hint))
                        && event["line"].is_u64()
                };
                assert!(told.iter().any(|event| is_it(&event)), "{code}: {hint}\n{job}{outcome}");
            }
        }
    }
}

#[test]
fn all_mistakes_of_a_job_are_told_in_one_go() {
    let job =
        MISTAKES.iter().fold(SOUND.to_owned(), |job, (from, to, ..)| job.replacen(from, to, 1));
    let job = job.replace("connector: stringex\n", "connector: stringeex\n");
    let job = job.replace("ticket_note.creat\n", "ticket_note.create\n");
    let desk = Desk::with_notes(ROWS).file("job.yaml", job.replace("notes.csv", "nots.csv"));
    let outcome = desk.call("check job.yaml --format json").exits(2);
    // Columns are not known without their file.
    assert_eq!(outcome.all("problem").len(), MISTAKES.len() - 4 + 1, "{outcome}");
    desk.write("job.yaml", job);
    assert_reads("all_mistakes", desk.call("check job.yaml").exits(2));
}

#[test]
fn a_value_of_another_form_is_told_with_the_right_one() {
    let mut shown = String::new();
    for (from, to) in [
        ("source: { csv: notes.csv }", "source: notes.csv"),
        ("source: { csv: notes.csv }", "source: { csv: [notes.csv] }"),
        ("key: \"{{ id }}\"", "key: [id]"),
        ("limits: {", "limits: fast #"),
        ("rate: [9/s]", "rate: [[9, s]]"),
        ("timezone: UTC", "timezone: {}"),
        ("operation: ticket_note.create", "operation: []"),
        ("map:\n", "map: \"x\"\nrest:\n"),
    ] {
        let desk = Desk::with_notes(ROWS).file("job.yaml", SOUND.replacen(from, to, 1));
        shown.push_str(&format!("=== {to}\n{}\n", desk.call("check job.yaml").exits(2)));
    }
    assert_reads("other_forms", shown);
}

#[test]
fn the_column_of_the_key_is_used() {
    let job = "job: a\noperation: ticket_note.create\nsource: SOURCE\nkey: \"{{ KEY }}\"\n";
    let rows = "id,ticket_id,note,is_internal_note\n1,tk_1,a,true\n2,tk_1,b,true\n";
    let desk = Desk::with_notes(rows);
    for source in [
        "{ csv: notes.csv }",
        "{ rows: [{ id: 1, ticket_id: tk_1, note: a, is_internal_note: true }] }",
    ] {
        for key in ["id", "row['id']", "id ~ '-'"] {
            desk.write("job.yaml", job.replace("SOURCE", source).replace("KEY", key));
            let outcome = desk.call("check job.yaml --format json").exits(0);
            assert!(outcome.all("problem").is_empty(), "{key}: {outcome}");
        }
    }
}

#[test]
fn a_field_that_the_job_lacks_is_told_once() {
    let map = "map: { ticket_id: \"{{ t }}\", is_internal_note: true }\n";
    let jsonl = "{\"t\":\"tk_1\",\"o\":\"ticket_note.create\"}\n".repeat(3);
    let desk = Desk::new().file("notes.jsonl", jsonl);
    for operation in ["ticket_note.create", "\"{{ o }}\""] {
        let job =
            format!("job: a\noperation: {operation}\nsource: {{ jsonl: notes.jsonl }}\n{map}");
        desk.write("job.yaml", job);
        let outcome = desk.call("check job.yaml --format json");
        let told = outcome.all("problem");
        assert_eq!(told.len(), 1, "{outcome}");
        assert_eq!((&told[0]["code"], &told[0]["line"]), (&"missing-field".into(), &4.into()));
    }
}

#[test]
fn a_job_that_is_not_there_is_told() {
    let desk = Desk::new().file("folder/x", "");
    let mut shown = String::new();
    for arguments in ["check jbo.yaml", "check folder", "check x.docx", "run jbo.yaml --sandbox"] {
        shown.push_str(&format!("=== {arguments}\n{}\n", desk.call(arguments).exits(2)));
    }
    assert_reads("absent_jobs", shown);
}

#[test]
fn rows_come_from_a_file_and_not_from_a_folder() {
    let job = NOTES_JOB.replace("notes.csv", "folder.csv");
    let desk = Desk::new().file("job.yaml", job).file("folder.csv/x", "");
    let outcome = desk.call("check job.yaml").exits(2);
    assert!(
        outcome.stderr.contains("folder.csv: the file cannot be read: it is a folder"),
        "{outcome}"
    );
    desk.call("check folder.csv --operation ticket_note.create").exits(2);
}

#[test]
#[cfg(unix)]
fn rows_come_from_a_file_and_not_from_a_pipe_or_a_device() {
    let desk = Desk::new();
    let made = std::process::Command::new("mkfifo").arg(desk.path("pipe.csv")).status().unwrap();
    assert!(made.success());
    // Nobody writes into the pipe, so whoever opened it would wait for ever.
    for file in ["pipe.csv", "/dev/null"] {
        desk.write("job.yaml", NOTES_JOB.replace("notes.csv", file));
        let outcome = desk.call("check job.yaml").exits(2);
        assert!(outcome.stderr.contains("it is a pipe or a device"), "{outcome}");
    }
    let outcome = desk.call("run pipe.csv --operation ticket_note.create --sandbox").exits(2);
    assert_reads("pipe", outcome);
}

#[test]
fn a_mistake_of_the_job_closes_the_events_of_every_verb() {
    let desk = Desk::new().file("job.yaml", "job: x\nsuorce: {}\n");
    for (verb, closing, rows) in [
        ("check", "checked", Value::Null),
        ("plan", "planned", Value::Null),
        ("run", "finished", 0.into()),
        ("status", "status", Value::Null),
        ("ledger check", "ledger_checked", Value::Null),
    ] {
        let outcome = desk.call(&format!("{verb} job.yaml --format json")).exits(2);
        let events = outcome.events();
        assert_eq!(events[0]["event"], "problem", "{outcome}");
        let last = events.last().unwrap();
        // How many rows there are is not known; of a run the counts always add up.
        assert_eq!((&last["event"], &last["rows"]), (&closing.into(), &rows), "{outcome}");
        assert_eq!(outcome.stderr, "");
    }
}

#[test]
fn a_data_file_is_a_job() {
    for (name, content) in [
        ("notes.csv", "ticket_id,note,is_internal_note\ntk_1,a,true\ntk_2,b,no\n"),
        ("notes.tsv", "ticket_id\tnote\tis_internal_note\ntk_1\ta\t1\ntk_2\tb\t0\n"),
        (
            "notes.jsonl",
            "{\"ticket_id\":\"tk_1\",\"note\":\"a\",\"is_internal_note\":true}\n\
             {\"ticket_id\":\"tk_2\",\"note\":\"b\",\"is_internal_note\":false}\n",
        ),
        (
            "notes.json",
            "[{\"ticket_id\":\"tk_1\",\"note\":\"a\",\"is_internal_note\":true},\n \
             {\"ticket_id\":\"tk_2\",\"note\":\"b\",\"is_internal_note\":false}]",
        ),
    ] {
        let (desk, sandbox) = (Desk::new().file(name, content), sandbox(""));
        let arguments = format!("{name} --operation ticket_note.create --concurrency 1");
        desk.run(&sandbox, &arguments).exits(0).counts("rows=2 succeeded=2");
        assert_eq!(texts(&sandbox), ["a", "b"], "{name}");
        let books = sandbox.books();
        assert_eq!(books["notes"][0]["is_internal_note"], true, "{name}");
        assert_eq!(books["notes"][1]["is_internal_note"], false, "{name}");
        desk.run(&sandbox, &arguments).exits(0).counts("already_done=2 requests=0");
    }
}

#[test]
fn a_data_file_without_an_operation_is_told_what_to_say() {
    let desk = Desk::new().file("notes.csv", "ticket_id,note\ntk_1,a\n");
    assert_reads("data_file_without_operation", desk.call("check notes.csv").exits(2));
}

#[test]
fn a_column_may_say_what_a_row_does() {
    let rows = "operation,ticket_id,note_id,note\n\
        ticket_note.create,tk_1,,a\n\
        ticket_note.update,,tn_sandbox000001,b\n\
        ticket_note.delete,,tn_sandbox000002,\n";
    let (desk, sandbox) = (Desk::new().file("changes.csv", rows), sandbox(""));
    desk.run(&sandbox, "changes.csv").exits(0).counts("rows=3 succeeded=3");
    let books = sandbox.books();
    assert_eq!(texts(&sandbox), ["a"]);
    assert_eq!(books["updated"][0], "tn_sandbox000001");
    assert_eq!(books["deleted"][0], "tn_sandbox000002");

    desk.write("changes.csv", rows.replace("note.delete", "note.remove"));
    assert_reads("unknown_operation_in_a_row", desk.call("check changes.csv").exits(3));
}

#[test]
fn an_expression_may_say_what_a_row_does() {
    let job = "job: changes\noperation: \"ticket_note.{{ 'update' if id else 'create' }}\"\n\
        source: { csv: changes.csv }\n\
        map: { ticket_id: \"{{ ticket }}\", note_id: \"{{ id }}\", note: \"{{ body }}\" }\n";
    let desk = Desk::new()
        .file("job.yaml", job)
        .file("changes.csv", "id,ticket,body\n,tk_1,a\ntn_sandbox000001,,b\n");
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=2");
    assert_eq!(texts(&sandbox), ["a"]);
    assert_eq!(sandbox.books()["updated"][0], "tn_sandbox000001");
}

#[test]
fn a_typing_error_in_an_inline_row_is_told_with_its_place() {
    let job = r#"job: mixed
source:
  rows:
    - { operation: ticket_note.create, ticket_id: tk_1, noet: "a", is_internal_note: true }
    - { operation: ticket_note.craete, ticket_id: tk_1, note: "a", is_internal_note: true }
    - { opreation: ticket_note.create, ticket_id: tk_1, note: "a", is_internal_note: true }
    - { operation: ticket_note.create, ticket_id: tk_1, note: [a], is_internal_note: maybe }
"#;
    let desk = Desk::new().file("job.yaml", job);
    let outcome = desk.call("check job.yaml");
    assert_reads("inline_typos", outcome);
}

#[test]
fn a_mistake_on_the_command_line_is_told() {
    let desk = Desk::with_notes(ROWS);
    let mut shown = String::new();
    for arguments in [
        "run job.yaml --rate fast",
        "run job.yaml --concurrency 0",
        "run job.yaml --dry-run",
        "run job.yaml -q -v",
        "sandbox --fault 503",
        "sandbox --fault oops=5%",
        "sandbox --latency soon",
        "check job.yaml --operation ticket_note.update",
    ] {
        shown.push_str(&format!("=== {arguments}\n{}\n", desk.call(arguments).exits(2)));
    }
    assert_reads("command_line", shown);
}

#[test]
fn a_column_may_have_any_name() {
    let job = r#"job: names
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: "{{ row['Ticket ID'] }}"
  note: "{{ row['nội dung'] }} {{ row['note.author'] }} {{ ngay }}"
  is_internal_note: true
key: "{{ row['Mã phiếu'] }}"
"#;
    let rows = "Mã phiếu,Ticket ID,nội dung,note.author,ngay\n1,tk_1,a,b,c\n";
    let (desk, sandbox) = (Desk::with_notes(rows).file("job.yaml", job), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(texts(&sandbox), ["a b c"]);

    let mut shown = String::new();
    for (from, to) in [
        ("row['nội dung']", "nội dung"),
        ("row['nội dung']", "nội_dung | trim"),
        ("row['nội dung']", "row['noi dung']"),
        ("row['note.author']", "row['note.auhtor']"),
        ("row['note.author']", "'ế' ~ €"),
    ] {
        desk.write("job.yaml", job.replace(from, to));
        shown.push_str(&format!("=== {to}\n{}\n", desk.call("check job.yaml")));
    }
    assert_reads("names_of_columns", shown);
}

#[test]
fn times_arrive_in_the_unit_of_the_api() {
    let job = r#"job: times
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: tk_1
  note: a
  is_internal_note: true
  task_type: 1
  task_reminder_time: "{{ at | epoch_ms('%d/%m/%Y %H:%M') }}"
  task_due_date: "{{ due | epoch_ms }}"
timezone: Asia/Ho_Chi_Minh
"#;
    let rows = "at,due\n31/12/2099 08:00,2099-12-31T09:00:00+07:00\n";
    let (desk, sandbox) = (Desk::with_notes(rows).file("job.yaml", job), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let note = sandbox.books()["notes"][0].clone();
    assert_eq!(note["task_reminder_time"], 4_102_362_000_000_i64);
    assert_eq!(note["task_due_date"], 4_102_365_600_000_i64);
    desk.write("notes.csv", "at,due\n31/02/2099 08:00,tomorrow\n12/31/2099 08:00,\n");
    assert_reads("times", desk.call("check job.yaml").exits(3));
}

#[test]
fn connectors_may_be_elsewhere() {
    let connector = "connector: other\nbase_url: http://127.0.0.1:1\n";
    let operation = "operation: thing.make\neffect: create\nmethod: POST\npath: /things\nlane: things\n\
        repeat: harmful\nfields: { type: object, properties: { name: { type: string } } }\n";
    let desk = Desk::new()
        .file("shared/other/connector.yaml", connector)
        .file("shared/other/thing.make.yaml", operation)
        .file(
            "jobs/job.yaml",
            "job: x\nconnector: other\noperation: thing.make\nsource: { rows: [{ name: a }] }\n",
        );
    desk.call("check jobs/job.yaml").exits(2);
    desk.call("check jobs/job.yaml --connectors shared").exits(0);
}

#[test]
fn the_same_mistake_has_the_same_code_whatever_its_column_is_called() {
    let job = |value: &str| {
        format!(
            "job: x\noperation: ticket_note.create\nsource: {{ csv: notes.csv }}\ntimezone: UTC\nmap:\n  \
             ticket_id: tk_1\n  note: a\n  is_internal_note: true\n  task_type: 1\n  \
             task_reminder_time: \"{{{{ {} }}}}\"\n  task_due_date: \"{{{{ {} }}}}\"\n",
            value.replace("COLUMN", "time"),
            value.replace("COLUMN", "tome"),
        )
    };
    let desk = Desk::new().file("notes.csv", "time,tome\nsoon,soon\n");
    for (value, code) in [
        ("COLUMN.year", "expression"),
        ("COLUMN - 2", "expression"),
        ("COLUMN | epoch_ms", "invalid-time"),
        ("COLUMN | epoch_ms('%d/%m/%Y')", "invalid-time"),
        ("'31/02/2026' | epoch_ms('%d/%m/%Y') if COLUMN else 0", "invalid-time"),
        ("(COLUMN | epoch_ms) + 1000", "invalid-time"),
    ] {
        desk.write("job.yaml", job(value));
        let outcome = desk.call("check job.yaml --format json").exits(3);
        let found: Vec<_> =
            outcome.all("problem").iter().map(|event| event["code"].clone()).collect();
        assert_eq!(found, [code, code], "{value}\n{outcome}");
    }
}

#[test]
fn a_job_may_be_named_by_a_number_a_date_or_a_truth_value() {
    for (written, name) in [
        ("500", "500"),
        ("1.10", "1.10"),
        ("0x1F", "0x1F"),
        ("2026-03-01", "2026-03-01"),
        ("True", "True"),
        ("-7 # the seventh", "-7"),
    ] {
        let job = NOTES_JOB.replace("job: notes", &format!("job: {written}"));
        let (desk, sandbox) = (Desk::with_notes(ROWS).file("job.yaml", job), sandbox(""));
        desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=2");
        let known: String =
            desk.ledger().query_row("SELECT name FROM jobs", [], |row| row.get(0)).unwrap();
        assert_eq!(known, name, "{written}");
    }
    let desk = Desk::with_notes(ROWS);
    for written in ["[500]", "{}", "~"] {
        desk.write("job.yaml", NOTES_JOB.replace("job: notes", &format!("job: {written}")));
        let outcome = desk.call("check job.yaml --format json").exits(2);
        assert_eq!(outcome.events()[0]["code"], "wrong-type", "{outcome}");
    }
}

#[test]
fn a_message_about_no_single_column_names_its_field() {
    let job = r#"job: x
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: tk_1
  note: "{{ a or none }}"
  is_internal_note: maybe
  task_due_date: "{{ (a ~ b) | epoch_ms }}"
"#;
    let desk = Desk::new().file("job.yaml", job).file("notes.csv", "a,b\n,soon\n");
    let outcome = desk.call("check job.yaml --format json").exits(3);
    let found: Vec<_> =
        outcome.all("problem").iter().map(|event| event["message"].clone()).collect();
    assert_eq!(
        found,
        [
            "is_internal_note: \"maybe\" is not true or false",
            "task_due_date: `soon` is no time that is understood: write 2026-03-01T09:00:00+07:00, or name the format",
            "`note` is missing",
        ],
        "{outcome}"
    );
}

#[test]
fn aliases_of_aliases_are_told_by_name_before_they_fill_the_memory() {
    let mut yaml = "job: bomb\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n".to_owned();
    for level in 1..10 {
        let before = level - 1;
        let aliases = vec![format!("*x{before}"); 10].join(", ");
        yaml.push_str(&format!("x{level}: &x{level} [{aliases}]\n"));
    }
    let told = Desk::new().file("job.yaml", yaml).call("check job.yaml").exits(2);
    let words = "the aliases (`*name`) in this file repeat more than 100000 values";
    assert!(told.stderr.contains(words), "{told}");
}

#[test]
fn a_mapping_of_any_number_of_keys_is_refused_by_name() {
    let keys: String = (0..20_000).map(|key| format!("  key{key}: v\n")).collect();
    for head in ["map:\n", "x:\n"] {
        let yaml = format!("job: x\nsource: {{ csv: notes.csv }}\n{head}{keys}");
        let desk = Desk::new().file("job.yaml", yaml).file("notes.csv", "a\n1\n");
        let outcome = desk.call("check job.yaml").exits(2);
        assert!(outcome.stderr.contains("more than 5000 keys"), "{outcome}");
    }
}
