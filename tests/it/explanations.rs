//! What a code means, from the program and in its documents.

use std::path::Path;

use crate::desk::{Desk, assert_reads};

#[test]
fn a_code_that_was_told_is_explained() {
    let desk = Desk::with_notes("id,ticket,body\n1,tk_1\n");
    let outcome = desk.call("check job.yaml").exits(3);
    let advice = "More about an error: noteferry explain ragged-row\n";
    assert_eq!(outcome.stderr.matches(advice).count(), 1, "{outcome}");
    assert_reads("explain", desk.call("explain ragged-row").exits(0));
    let event = desk.call("explain ragged-row --format json").exits(0).events();
    assert_eq!(event.len(), 1);
    assert_eq!(
        (&event[0]["event"], &event[0]["code"]),
        (&"explanation".into(), &"ragged-row".into())
    );
    assert!(event[0]["explanation"].as_str().unwrap().ends_with('.'));
}

#[test]
fn every_code_is_listed_and_can_be_asked_for() {
    let desk = Desk::new();
    let list = desk.call("explain").exits(0);
    let events = desk.call("explain --format json").exits(0).all("explanation");
    assert!(events.len() > 70, "{}", events.len());
    for event in &events {
        let (code, summary) = (event["code"].as_str().unwrap(), event["summary"].as_str().unwrap());
        let line = list.stdout.lines().find(|line| line.starts_with(&format!("  {code} ")));
        assert!(line.is_some_and(|line| line.ends_with(summary)), "{code}\n{list}");
    }
}

#[test]
fn a_code_that_is_not_known_is_told_the_nearest() {
    let desk = Desk::new();
    assert_reads("explain_unknown", desk.call("explain past-tiem").exits(2));
    let outcome = desk.call("explain E0308").exits(2);
    assert!(outcome.stderr.contains("`noteferry explain` lists all codes"), "{outcome}");
    let outcome = desk.call("explain past-tiem --format json").exits(2);
    assert_eq!(outcome.events()[0]["hint"], "did you mean `past-time`?");
}

#[test]
fn the_documents_say_how_to_ask() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for document in ["README.md", "docs/jobs.md", "docs/ledger.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        assert!(text.contains("noteferry explain"), "{document}");
    }
}
