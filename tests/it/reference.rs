//! What the program says of itself: operations, schemas for editors, completions, man pages.

use std::path::Path;

use crate::desk::{Desk, assert_reads};

#[test]
fn operations_are_listed_with_their_fields() {
    let desk = Desk::new();
    assert_reads("operations", desk.call("operations --format text").exits(0));
    let events = desk.call("operations --format json").exits(0).all("operation");
    let names: Vec<&str> =
        events.iter().map(|event| event["operation"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["ticket_note.create", "ticket_note.update", "ticket_note.delete", "ticket_note.list"]
    );
    let required = &events[0]["fields"]["required"];
    assert_eq!(required, &serde_json::json!(["ticket_id", "note"]));
}

#[test]
fn one_operation_can_be_asked_for_and_a_wrong_name_is_told_the_nearest() {
    let desk = Desk::new();
    let one = desk.call("operations ticket_note.delete --format text").exits(0);
    assert!(one.stdout.starts_with("ticket_note.delete  "), "{one}");
    assert!(!one.stdout.contains("ticket_note.create"), "{one}");
    let wrong = desk.call("operations ticket_note.crate --format text").exits(2);
    assert!(wrong.stderr.contains("did you mean `ticket_note.create`?"), "{wrong}");
    let wrong = desk.call("operations --connector stringex --format text").exits(2);
    assert!(wrong.stderr.contains("did you mean `stringeex`?"), "{wrong}");
}

#[test]
fn the_schemas_are_those_of_the_shipped_files() {
    let desk = Desk::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for name in ["job", "connector", "operation"] {
        let shown = desk.call(&format!("schema {name}")).exits(0);
        let file = std::fs::read_to_string(folder.join(format!("{name}.schema.json"))).unwrap();
        assert_eq!(shown.stdout, file, "{name}");
    }
}

#[test]
fn completions_and_man_pages_name_every_verb() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.call(&format!("completions {shell}")).exits(0);
        for verb in ["check", "plan", "run", "status", "explain", "operations", "completions"] {
            assert!(script.stdout.contains(verb), "{shell}: {verb}");
        }
    }
    let desk = desk.file("man/.keep", "");
    desk.call("man man").exits(0);
    for page in ["noteferry.1", "noteferry-run.1", "noteferry-ledger-check.1"] {
        let text = std::fs::read_to_string(desk.path("man").join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
    let missing = desk.call("man nowhere").exits(2);
    assert!(missing.stderr.contains("[unwritable-file]"), "{missing}");
}
