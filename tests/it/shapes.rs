//! Sources of other shapes than a table or lines: exports as they are, through the binary, to a StringeeX of our own.

use std::path::Path;

use serde_json::Value;

use crate::desk::{Desk, assert_reads, sandbox, texts};

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)).unwrap()
}

/// A job whose notes say nothing but their keys, all on one ticket, so that they come in order.
fn job(source: &str, key: &str, order: &str) -> String {
    format!(
        "job: notes\noperation: ticket_note.create\n{source}\nmap: {{ ticket_id: tk_1, note: '{key}', is_internal_note: true }}\n\
         key: '{key}'\n{order}\ntimezone: Asia/Ho_Chi_Minh\n"
    )
}

/// The keys of a sample's notes, in the order in which an independent script has put them.
fn expected_keys(name: &str) -> Vec<String> {
    let expected: Value = serde_json::from_slice(&sample(name)).unwrap();
    let mut notes = expected["notes"].as_array().unwrap().clone();
    notes.sort_by_key(|note| note["order"].as_u64());
    notes.iter().map(|note| note["key"].as_str().unwrap().to_owned()).collect()
}

/// Those of the keys that are expected, in the order in which they came.
fn only(keys: &[String], came: Vec<String>) -> Vec<String> {
    came.into_iter().filter(|key| keys.contains(key)).collect()
}

#[test]
fn comments_within_tickets_are_notes_in_the_order_of_their_times() {
    let source = "source: { jsonl: tickets.jsonl, each: /comments }";
    let order = "order_by: '{{ created_at | epoch_ms }}'";
    let desk = Desk::new()
        .file("job.yaml", job(source, "{{ id }}", order))
        .file("tickets.jsonl", sample("zendesk/tickets.jsonl"));
    let sandbox = sandbox("");
    // One ticket was handed out twice, with the same comment.
    let run = desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
    assert_eq!(run.finished()["rows"], 20);
    let keys = expected_keys("zendesk/expected.json");
    assert_eq!(only(&keys, texts(&sandbox)), keys);
    // All is done: nothing is sent again.
    desk.run(&sandbox, "job.yaml --skip-invalid");
    assert_eq!(texts(&sandbox).len(), 19);
}

#[test]
fn notes_two_levels_deep_know_their_ticket() {
    for source in [
        "source: { json: Tickets0.json, at: '/*/helpdesk_ticket', each: /notes }",
        "source: { json: 'Tickets*.json', at: '/*', each: /helpdesk_ticket/notes }",
    ] {
        let ticket = if source.contains('*') && source.contains("Tickets0") {
            "{{ parent.display_id }}"
        } else {
            "{{ parent.helpdesk_ticket.display_id }}"
        };
        let map = format!(
            "map: {{ ticket_id: tk_1, note: '{ticket} {{{{ id }}}}', is_internal_note: true }}"
        );
        let job = format!(
            "job: notes\noperation: ticket_note.create\n{source}\n{map}\nkey: '{{{{ id }}}}'\norder_by: '{{{{ created_at | epoch_ms }}}}'\n"
        );
        let desk = Desk::new()
            .file("job.yaml", job)
            .file("Tickets0.json", sample("freshdesk/Tickets0.json"));
        let sandbox = sandbox("");
        desk.run(&sandbox, "job.yaml").exits(0);
        let expected: Value = serde_json::from_slice(&sample("freshdesk/expected.json")).unwrap();
        let mut notes = expected["notes"].as_array().unwrap().clone();
        notes.sort_by_key(|note| note["order"].as_u64());
        let keys: Vec<String> = notes
            .iter()
            .map(|note| {
                format!(
                    "{} {}",
                    note["legacy_ticket"].as_str().unwrap(),
                    note["key"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(texts(&sandbox).len(), 15);
        assert_eq!(only(&keys, texts(&sandbox)), keys);
    }
}

#[test]
fn rows_of_a_sheet_are_sent_and_a_cell_that_lost_digits_is_not() {
    let job = "job: notes\noperation: ticket_note.create\nsource: { xlsx: book.xlsx }\n\
               map: { ticket_id: tk_1, note: \"{{ row['Mã phiếu'] }}\", is_internal_note: true }\n";
    let desk = Desk::new()
        .file("job.yaml", job)
        .file("book.xlsx", sample("xlsx/so-ghi-chu.xlsx"))
        .file("text.xlsx", "id,note\n1,x\n");
    let checked = desk.call("check job.yaml --format json").exits(3);
    let problems = checked.all("problem");
    assert_eq!(problems.len(), 1, "{checked}");
    assert_eq!(
        ["code", "line", "within", "column"].map(|field| problems[0][field].clone()),
        ["sheet-cell".into(), Value::from(7), "A7".into(), "Mã phiếu".into()]
    );
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
    assert_eq!(texts(&sandbox).len(), 12);
    assert!(
        texts(&sandbox).contains(&" PH-0004 ".trim().to_owned())
            || texts(&sandbox).iter().any(|text| text.contains("PH-0004"))
    );
    desk.write("job.yaml", job.replace("book", "text"));
    desk.call("check job.yaml").exits(2);
}

#[test]
fn several_sources_are_one_after_the_other_or_in_one_order() {
    let job = |order: &str| {
        format!(
            "job: notes\noperation: ticket_note.create\n\
             sources:\n  - {{ csv: 'post*.csv', add: {{ kind: post }} }}\n  - {{ jsonl: notes.jsonl, add: {{ kind: note }} }}\n\
             map: {{ ticket_id: tk_1, note: '{{{{ kind }}}} {{{{ id }}}}', is_internal_note: true }}\nkey: '{{{{ kind }}}}-{{{{ id }}}}'\n{order}"
        )
    };
    let files = |order: &str| {
        Desk::new()
            .file("job.yaml", job(order))
            .file("post10.csv", "at,id\n5,3\n")
            .file("post2.csv", "id,at\n1,30\n2,4\n")
            .file("notes.jsonl", "{\"id\": 1, \"at\": 4}\n{\"id\": 2, \"at\": 9}\n")
    };
    for (order, expected) in [
        ("", "post 1, post 2, post 3, note 1, note 2"),
        ("order_by: '{{ at | int }}'\n", "post 2, note 1, post 3, note 2, post 1"),
    ] {
        let (desk, sandbox) = (files(order), sandbox(""));
        desk.run(&sandbox, "job.yaml").exits(0);
        assert_eq!(texts(&sandbox).join(", "), expected);
        // A run that was stopped goes on where it ended.
        let again = desk.run(&sandbox, "job.yaml").exits(0);
        assert_eq!(again.finished()["rows"], 5);
        assert_eq!(texts(&sandbox).len(), 5);
    }
}

#[test]
fn what_is_wrong_with_shapes_is_told_with_its_place() {
    let mut shown = String::new();
    for (name, source, files) in [
        ("no file fits", "source: { csv: 'nots-*.csv' }", &[][..]),
        ("two of several are missing", "sources: [ { csv: a.csv }, { jsonl: b.jsonl } ]", &[]),
        ("a path in a table", "source: { csv: notes.csv, each: /comments }", &[]),
        ("columns in JSON", "source: { jsonl: notes.jsonl, each: { columns: x } }", &[]),
        ("a sheet of a table", "source: { csv: notes.csv, sheet: 2, header_row: 0 }", &[]),
        ("a path that is none", "source: { json: notes.json, at: tickets, each: /a//b }", &[]),
        (
            "nothing there",
            "source: { json: notes.json, at: /tickets }",
            &[("notes.json", "{\"ticket\": []}")],
        ),
        (
            "no list there",
            "source: { jsonl: notes.jsonl, each: /id }",
            &[("notes.jsonl", "{\"id\": 7}\n")],
        ),
        ("a list to add", "source: { csv: notes.csv, add: { kind: [a] } }", &[]),
        ("source and sources", "source: { csv: notes.csv }\nsources: [ { csv: notes.csv } ]", &[]),
        ("no sources", "sources: []", &[]),
        ("rows among sources", "sources: [ { rows: [ { id: 1 } ] } ]", &[]),
        ("two formats in one", "sources: [ { csv: notes.csv, xlsx: notes.xlsx } ]", &[]),
        (
            "a file lacks a column",
            "source: { csv: 'n*.csv' }",
            &[("n1.csv", "id,body\n1,x\n"), ("n2.csv", "id\n2\n")],
        ),
        (
            "an order that some rows lack",
            "source: { csv: n.csv }\norder_by: '{{ at | int }}'",
            &[("n.csv", "id,body,at\n1,x,5\n2,y,\n3,z,1\n")],
        ),
        (
            "an order of no column",
            "source: { csv: n.csv }\norder_by: '{{ att }}'",
            &[("n.csv", "id,body,at\n1,x,5\n")],
        ),
    ] {
        let job = format!(
            "job: notes\noperation: ticket_note.create\n{source}\nmap: {{ ticket_id: tk_1, note: '{{{{ body }}}}', is_internal_note: true }}\n\
             key: '{{{{ id }}}}'\n"
        );
        let mut desk = Desk::new().file("job.yaml", job);
        for (file, text) in files {
            desk = desk.file(file, text);
        }
        let outcome = desk.call("check job.yaml");
        shown.push_str(&format!("=== {name}\n{outcome}\n"));
    }
    assert_reads("broken_shapes", shown);
}

#[test]
fn a_data_file_says_its_shape_by_flags() {
    let tickets = "{\"data\": [{\"id\": 1, \"notes\": [{\"ticket_id\": \"tk_1\", \"note\": \"a\", \"is_internal_note\": true}, \
                   {\"ticket_id\": \"tk_1\", \"note\": \"b\", \"is_internal_note\": true}]}]}";
    let desk = Desk::new()
        .file("t.json", tickets)
        .file("n.csv", "value,note\n")
        .file("job.yaml", "job: x\n")
        .file("b.xlsx", sample("xlsx/so-ghi-chu.xlsx"));
    let sandbox = sandbox("");
    let flags = "t.json --operation ticket_note.create --at /data --each /notes";
    desk.run(&sandbox, flags).exits(0);
    assert_eq!(texts(&sandbox), ["a", "b"]);
    let mut shown = String::new();
    for arguments in [
        "check n.csv --operation ticket_note.create --each /notes",
        "check t.json --operation ticket_note.create --sheet 2",
        "check t.json --operation ticket_note.create --at data",
        "check job.yaml --each /notes",
        "check b.xlsx --operation ticket_note.create --sheet Notes",
        "check b.xlsx --operation ticket_note.create --header-row 4",
    ] {
        shown.push_str(&format!("=== {arguments}\n{}\n", desk.call(arguments)));
    }
    assert_reads("shapes_by_flags", shown);
}

/// A text that is too long for one note is several, in order; what is missing of them is sent by the next run, and no more.
#[test]
fn a_long_text_is_several_notes_each_sent_once() {
    let job = |split_at: u32, more: &str| {
        format!(
            "job: notes\noperation: ticket_note.create\nsource: {{ csv: notes.csv }}\nmap:\n  ticket_id: '{{{{ ticket }}}}'\n  is_internal_note: true\n  note: {{ from: body, split_at: {split_at} }}\n{more}"
        )
    };
    let paragraph =
        |number: u32| format!("Paragraph {number} of it: {}", "words ".repeat(12).trim_end());
    let long = [1, 2, 3].map(paragraph).join("\n\n");
    let csv = format!("id,ticket,body\nk1,tk_1,short\nk2,tk_1,\"{long}\"\nk3,tk_1,last\n");
    let desk =
        Desk::new().file("notes.csv", csv.clone()).file("job.yaml", job(110, "key: '{{ id }}'\n"));
    let stand = sandbox("");
    let first = desk.run(&stand, "job.yaml --limit 3");
    assert_eq!(first.finished()["rows"], 5, "{first:?}");
    let run = desk.run(&stand, "job.yaml").exits(0);
    assert_eq!(
        (run.finished()["succeeded"].as_u64(), run.finished()["already_done"].as_u64()),
        (Some(2), Some(3))
    );
    let part = |number: u32| format!("{}\n({number}/3)", paragraph(number));
    let expected = ["short".to_owned(), part(1), part(2), part(3), "last".to_owned()];
    assert_eq!(texts(&stand), expected);
    desk.run(&stand, "job.yaml").exits(0);
    assert_eq!(texts(&stand).len(), 5);
    // Without a key, each is known by its own content.
    let desk = Desk::new().file("notes.csv", csv).file("job.yaml", job(110, ""));
    let stand = sandbox("");
    desk.run(&stand, "job.yaml").exits(0);
    desk.run(&stand, "job.yaml").exits(0);
    assert_eq!(texts(&stand), expected);
    let check = desk.call("check job.yaml");
    assert!(
        check.stderr.contains("`note` of 1 row is split: they come to 3 requests"),
        "{check:?}"
    );
}

#[test]
fn what_cannot_be_split_is_told() {
    let job = |map: &str| {
        format!(
            "job: notes\noperation: ticket_note.create\nsource: {{ rows: [{{ ticket_id: tk_1, body: x }}] }}\nmap:\n  ticket_id: '{{{{ ticket_id }}}}'\n  is_internal_note: true\n{map}\n"
        )
    };
    for (map, told) in [
        (
            "  note: { from: body, split_at: 5 }",
            "`split_at` is the number of letters that one note may have, from 100",
        ),
        ("  note: { split_at: 1000 }", "does not say where its text comes from"),
        (
            "  note: { from: body, split_at: 1000, values: { a: b } }",
            "`values` does not go with `split_at`",
        ),
        ("let: { text: { from: body, split_at: 1000 } }", "a value with a name cannot be split"),
    ] {
        let desk = Desk::new().file("job.yaml", job(map));
        let check = desk.call("check job.yaml").exits(2);
        assert!(check.stderr.contains(told), "{map}: {check:?}");
    }
}

#[test]
fn what_is_piped_in_is_one_source() {
    let job = "job: notes\noperation: ticket_note.create\nsources: [{ csv: '-' }, { csv: '-' }]\n";
    let check = Desk::new().file("job.yaml", job).call("check job.yaml").exits(2);
    assert!(check.stderr.contains("two sources cannot both read that"), "{check:?}");
}

/// What has no list has no rows, and a path that is misspelt would lose all of them.
#[test]
fn objects_without_the_list_of_rows_are_told() {
    let lines = "{\"id\":\"tk_1\",\"comments\":[{\"body\":\"a\"}]}\n{\"id\":\"tk_2\"}\n{\"id\":\"tk_3\",\"comments\":[]}\n";
    let map = "map: { ticket_id: '{{ parent.id }}', note: '{{ body }}', is_internal_note: true }";
    let job = |each: &str| {
        format!(
            "job: notes\noperation: ticket_note.create\nsource: {{ jsonl: l.jsonl, each: {each} }}\n{map}\n"
        )
    };
    let desk = Desk::new().file("l.jsonl", lines);
    desk.write("job.yaml", job("/comments"));
    let check = desk.call("check job.yaml").exits(0);
    assert!(
        check
            .stderr
            .contains("1 object has nothing at `/comments`, so no rows come of them: line 2"),
        "{check}"
    );
    desk.write("job.yaml", job("/coments"));
    let check = desk.call("check job.yaml").exits(2);
    assert!(check.stderr.contains("no object has anything at `/coments`"), "{check}");
    assert!(check.stderr.contains("did you mean `comments`?"), "{check}");
    assert!(!check.stderr.contains("no row has a column"), "{check}");
}

/// Where a file breaks off nobody knows how many rows there were: that those which came are valid is not all.
#[test]
fn a_source_that_breaks_off_is_not_all_valid() {
    use std::io::Write as _;
    let rows: String =
        (0..500).map(|row| format!("tk_1,Ghi chú số {row} {},true\n", row * 7919)).collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(format!("ticket_id,note,is_internal_note\n{rows}").as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for cut in [packed.len() - 1, packed.len() / 2, 12] {
        let desk = Desk::new().file("notes.csv.gz", &packed[..cut]);
        let check = desk.call("check notes.csv.gz --operation ticket_note.create").exits(2);
        assert!(check.stderr.contains("damaged-packing"), "{check}");
        assert!(
            !check.stdout.contains("all valid") && !check.stderr.contains("all valid"),
            "{check}"
        );
    }
}

#[test]
fn what_finds_no_room_for_a_temporary_file_says_which_folder() {
    let job = "job: notes\noperation: ticket_note.create\nsource: { csv: n.csv }\norder_by: '{{ note }}'\n";
    let csv = "ticket_id,note,is_internal_note\ntk_1,a,true\n";
    let desk = Desk::new().file("job.yaml", job).file("n.csv", csv);
    let desk = desk
        .env("TMPDIR", "/nowhere/at/all")
        .env("TEMP", "/nowhere/at/all")
        .env("TMP", "/nowhere/at/all");
    let check = desk.call("check job.yaml").exits(2);
    assert!(
        check.stderr.contains("a temporary file cannot be kept in the folder /nowhere/at/all"),
        "{check}"
    );
    assert!(check.stderr.contains("TMPDIR"), "{check}");
}
