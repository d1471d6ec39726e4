//! Requests as they are documented, their digests, and the line for a shell.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::declared::connector::Catalogue;
use crate::text::diagnostic::Place;

fn built(operation: &str, fields: Value) -> Request {
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    let operation = &connector.operations[operation];
    let fields = operation.fields.values(&fields);
    let request = build(operation, &fields).unwrap();
    let literal = request.digest(&operation.name);
    let present = digest(operation, &fields).unwrap();
    // Byte for byte it is looked for first, since that is how earlier versions named it.
    assert_eq!(digests(operation, &fields, present).next(), Some(literal));
    assert_eq!(present == literal, fields.are_canonical());
    request
}

#[test]
fn each_operation_becomes_the_documented_request() {
    let text = "Xin chào \"anh\"\r\n{{ x }} \u{1f600}\u{7}";
    let create =
        built("ticket_note.create", json!({"ticket_id": "tk_1", "note": text, "task_type": 0}));
    assert_eq!((create.method, create.path.as_str()), (Method::Post, "/ticketNote"));
    let body: Value = serde_json::from_str(create.body.as_deref().unwrap()).unwrap();
    assert_eq!(body, json!({"ticket_id": "tk_1", "note": text, "task_type": 0}));

    let update = built("ticket_note.update", json!({"note_id": "tn/1", "note": "b"}));
    assert_eq!(update.path, "/ticketNote/tn%2F1");
    assert_eq!(update.body.as_deref(), Some(r#"{"note":"b"}"#));

    let delete = built("ticket_note.delete", json!({"note_id": "tn_1"}));
    assert_eq!((delete.method, delete.body), (Method::Delete, None));

    let list = built("ticket_note.list", json!({"ticket_id": "tk 1"}));
    assert_eq!(list.path, "/ticketNote?ticket=tk%201&sort_by=created");
}

#[test]
fn a_cell_stays_one_segment_of_the_path_or_there_is_no_request() {
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    let operation = &connector.operations["ticket_note.delete"];
    for (cell, path) in [
        ("a/../../b", Some("/ticketNote/a%2F..%2F..%2Fb")),
        ("@evil.example", Some("/ticketNote/%40evil.example")),
        ("//evil.example", Some("/ticketNote/%2F%2Fevil.example")),
        ("..\\x", Some("/ticketNote/..%5Cx")),
        ("a#b?c", Some("/ticketNote/a%23b%3Fc")),
        ("a\r\nHost: b", Some("/ticketNote/a%0D%0AHost%3A%20b")),
        ("%2e%2e", Some("/ticketNote/%252e%252e")),
        ("...", Some("/ticketNote/...")),
        ("..", None),
        (".", None),
        ("", None),
    ] {
        let value = json!({"note_id": cell});
        let fields = operation.fields.values(&value);
        let built = build(operation, &fields).map(|request| request.path);
        assert_eq!(built.as_deref(), path, "{cell:?}");
        let name = misleading(operation, &fields).map(|field| operation.fields.name(field));
        assert_eq!(name, path.is_none().then_some("note_id"), "{cell:?}");
        let base = crate::text::address::BaseUrl::parse("https://api.example.com/v1").unwrap();
        assert!(path.is_none_or(|path| base.join(path).is_some()), "{cell:?}");
    }
}

#[test]
fn the_digest_tells_contents_apart() {
    let one = built("ticket_note.create", json!({"ticket_id": "tk_1", "note": "a"}));
    let two = built("ticket_note.create", json!({"ticket_id": "tk_1", "note": "b"}));
    assert_ne!(one.digest("x"), two.digest("x"));
    assert_ne!(one.digest("x"), one.digest("y"));
    assert_eq!(one.digest("x"), one.clone().digest("x"));
}

#[test]
fn the_curl_line_can_be_pasted() {
    let request = built("ticket_note.create", json!({"ticket_id": "tk_1", "note": "it's"}));
    insta::assert_snapshot!(request.curl("https://api.stringeex.com/v1", Some("X-STRINGEE-AUTH")));
}

/// The words that a shell makes of a line; here sh, which has no more quotes than these.
fn words_of_sh(line: &str) -> Vec<String> {
    let script =
        format!("set -f; TOKEN=secret; for word in {line}; do printf '%s\\0' \"$word\"; done");
    let run = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn nothing_in_a_curl_line_can_run() {
    for note in [
        "it's",
        "'; touch pwned; '",
        "$(id) `id` ${HOME} $HOME",
        "@/etc/passwd",
        "-o /etc/passwd",
        "a\nb\r\n; id",
        "\u{1b}[31m\u{9b}m\u{7f}\0",
        "\u{2018}; calc; \u{2019}",
        "\" & calc & \"",
        "50%PATH% !! \\\" \\",
    ] {
        let request = built("ticket_note.create", json!({"ticket_id": "tk_1", "note": note}));
        let line = request.curl("https://x.test/a$(id)`id`\"'b", Some("X-`id`$(id)\"-AUTH"));
        let words = words_of_sh(&line);
        let [.., header, _, kind, raw, body] = words.as_slice() else { panic!("{words:?}") };
        assert_eq!(
            words[..4],
            ["curl", "-X", "POST", "https://x.test/a%24(id)%60id%60%22'b/ticketNote"]
        );
        assert_eq!(header, "X-idid-AUTH: secret");
        assert_eq!((kind.as_str(), raw.as_str()), ("Content-Type: application/json", "--data-raw"));
        let sent: Value = serde_json::from_str(body).unwrap();
        assert_eq!(sent, serde_json::from_str::<Value>(request.body.as_ref().unwrap()).unwrap());
        // In cmd only double quotes count, and in PowerShell curly ones, too.
        let data = line.rsplit("--data-raw ").next().unwrap();
        assert_eq!(data.matches('\'').count(), 2, "{data}");
        assert!(!data.contains(['\u{2018}', '\u{2019}', '%', '\n']), "{data}");
        assert_eq!(data.matches('"').count(), 8, "{data}");
    }
}

proptest! {
    #[test]
    fn texts_are_escaped_as_serde_json_does(text in any::<String>(), odd in "[\\x00-\\x22\\\\\x7f]{0,8}") {
        for text in [text, odd] {
            let mut escaped = String::new();
            push_json(&mut escaped, &text);
            prop_assert_eq!(escaped, Value::from(text).to_string());
        }
    }
}
