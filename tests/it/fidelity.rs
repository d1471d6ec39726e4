//! What stands in a cell is what arrives: nothing is trimmed, rounded, normalized or run as a template.

use serde_json::{Value, json};

use crate::desk::{Desk, NOTES_JOB, assert_reads, requests, sandbox, texts};

/// Texts that careless hands change.
const TEXTS: [&str; 22] = [
    "0912345678",
    "000",
    "00012345678901234567",
    "12345678901234567890",
    "1e5",
    "1.0",
    "-0",
    "true",
    "null",
    "=1+1",
    "{{ x }}",
    "{% if %} {# a #} ${HOME} $1",
    "Tiếng Việt: ế",
    "Tie\u{302}\u{301}ng Vie\u{323}\u{302}t",
    "first\r\nsecond\rthird\nfourth",
    "  blanks  ",
    "\ttab\t",
    "a \"quoted\" 'word'",
    "<b>bold</b> &amp; <script>alert(1)</script>",
    "👩‍👩‍👧 🇻🇳 \u{200b}\u{feff}",
    "back\\slash \\n \\u0041",
    ",;|",
];

fn csv(texts: &[&str]) -> String {
    let mut csv = "id,ticket,body\n".to_owned();
    for (at, text) in texts.iter().enumerate() {
        csv.push_str(&format!("{at},tk_1,\"{}\"\n", text.replace('"', "\"\"")));
    }
    csv
}

#[test]
fn cells_of_csv_arrive_as_they_are() {
    let (desk, sandbox) = (Desk::with_notes(csv(&TEXTS)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(texts(&sandbox), TEXTS);
}

#[test]
fn ids_of_csv_arrive_as_they_are() {
    let tickets = ["00012345678901234567", "12345678901234567890", "1.0", " tk_1 ", "tk_Ế"];
    let mut csv = "id,ticket,body\n".to_owned();
    for ticket in tickets {
        csv.push_str(&format!("{ticket},{ticket},a\n"));
    }
    let (desk, sandbox) = (Desk::with_notes(csv), sandbox(""));
    desk.run(&sandbox, "job.yaml --concurrency 1").exits(0);
    let books = sandbox.books();
    let notes = books["notes"].as_array().unwrap().iter();
    let found: Vec<&str> = notes.map(|note| note["ticket_id"].as_str().unwrap()).collect();
    assert_eq!(found, tickets);
}

#[test]
fn values_of_json_arrive_as_they_are() {
    let mut jsonl: String = TEXTS
        .iter()
        .enumerate()
        .map(|(at, text)| format!("{}\n", json!({"id": at, "ticket": "tk_1", "body": text})))
        .collect();
    // Numbers keep their digits, as many as there are.
    for (at, number) in ["12345678901234567890123", "1.50", "1e400"].iter().enumerate() {
        jsonl.push_str(&format!("{{\"id\":\"n{at}\",\"ticket\":\"tk_1\",\"body\":{number}}}\n"));
    }
    let job = NOTES_JOB.replace("csv: notes.csv", "jsonl: notes.jsonl");
    let desk = Desk::new().file("job.yaml", job).file("notes.jsonl", jsonl);
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    let mut expected = TEXTS.to_vec();
    expected.extend(["12345678901234567890123", "1.50", "1e400"]);
    assert_eq!(texts(&sandbox), expected);
}

#[test]
fn a_byte_order_mark_and_other_line_ends_do_not_matter() {
    let csv = "\u{feff}id,ticket,body\r\n1,tk_1,a\r\n\r\n2,tk_1,b";
    let (desk, sandbox) = (Desk::with_notes(csv), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=2");
    assert_eq!(texts(&sandbox), ["a", "b"]);
}

#[test]
fn what_cannot_be_read_is_told_with_row_and_line_and_nothing_is_sent() {
    let mut shown = String::new();
    for (name, csv) in [
        ("too few cells", &b"id,ticket,body\n1,tk_1,\"a\nb\"\n2,tk_1\n"[..]),
        ("too many cells", b"id,ticket,body\n1,tk_1,a\n2,tk_1,b,c\n"),
        ("not UTF-8", b"id,ticket,body\n1,tk_1,a\n2,tk_1,Ti\xeang\n"),
        ("a column twice", b"id,ticket,body,body\n1,tk_1,a,b\n"),
        ("no header", b""),
        ("an empty name", b"id,ticket,,body\n1,tk_1,x,a\n"),
        ("an open quote", b"id,ticket,body\n1,tk_1,a\n2,tk_1,\"b\n3,tk_1,c\n"),
        ("UTF-16", b"\xff\xfei\0d\0\n\0"),
        ("a NUL", b"id,ticket,body\n1,tk_1,a\0b\n"),
    ] {
        let (desk, sandbox) = (Desk::with_notes(csv), sandbox(""));
        let outcome = desk.run(&sandbox, "job.yaml");
        let last = outcome.finished();
        if outcome.status != 0 {
            assert!(matches!(outcome.status, 2 | 3), "{name}: {outcome}");
            assert_eq!(last["succeeded"], 0);
            assert_eq!(requests(&sandbox), 0);
            assert!(!desk.path(".noteferry").exists(), "{name}");
        }
        shown.push_str(&format!("=== {name}\n{}\n", desk.call("check job.yaml")));
    }
    assert_reads("unreadable_csv", shown);
}

#[test]
fn json_that_cannot_be_read_is_told_with_row_and_line() {
    let good = r#"{"id":1,"ticket":"tk_1","body":"a"}"#;
    let mut shown = String::new();
    for (name, line) in [
        ("not JSON", "{\"id\":2,"),
        ("not an object", "[1]"),
        ("a name twice", "{\"id\":2,\"ticket\":\"tk_1\",\"body\":\"a\",\"body\":\"b\"}"),
        ("two values", "{\"id\":2,\"ticket\":\"tk_1\",\"body\":\"a\"} {}"),
        ("half a surrogate", "{\"id\":2,\"ticket\":\"tk_1\",\"body\":\"\\ud800\"}"),
        ("a missing name", "{\"id\":2,\"ticket\":\"tk_1\"}"),
    ] {
        let job = NOTES_JOB.replace("csv: notes.csv", "jsonl: notes.jsonl");
        let desk = Desk::new()
            .file("job.yaml", job)
            .file("notes.jsonl", format!("{good}\n\n{line}\n{}\n", good.replace(":1", ":3")));
        let outcome = desk.call("check job.yaml");
        shown.push_str(&format!("=== {name}\n{outcome}\n"));
    }
    assert_reads("unreadable_jsonl", shown);
}

#[test]
fn bodies_hold_what_was_given_and_nothing_else() {
    let (desk, sandbox) = (Desk::with_notes("id,ticket,body\n1,tk_1,a\n"), sandbox(""));
    let plan = desk.call("plan job.yaml --format json").exits(0);
    let body = json!({"ticket_id": "tk_1", "note": "a", "is_internal_note": true});
    assert_eq!(plan.all("step")[0]["body"], body);
    desk.run(&sandbox, "job.yaml").exits(0);
    let note: Value = sandbox.books()["notes"][0].clone();
    assert_eq!(note["note_type"], 0, "the sandbox's own default");
}
