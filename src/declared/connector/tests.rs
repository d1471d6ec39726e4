//! Connectors, built in and broken.

use crate::declared::connector::{Catalogue, DEFAULT_CONNECTOR, resolve};
use crate::text::diagnostic::Place;
use crate::text::document::Document;

#[test]
fn the_built_in_connector_is_whole() {
    let connector = Catalogue::default().load(DEFAULT_CONNECTOR, Place::Nowhere).unwrap();
    let names: Vec<&str> = connector.operations.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["ticket_note.create", "ticket_note.update", "ticket_note.delete", "ticket_note.list"]
    );
    assert_eq!(connector.quotas.len(), 3);
}

#[test]
fn mistakes_are_told_with_file_line_and_column() {
    let head = "connector: crm\nbase_url: ftp://x\nquotas: [30/10s, many]\ntimeout: 3s\n";
    let operation = "operation: a.b\neffect: create\nmethod: POST\npath: /a/{idd}\nlane: \"{id\"\nrepeat: harmful\n\
                     fields: {type: object, properties: {id: {type: string}}}\n\
                     rules:\n  - time: {field: wen, unit: milliseconds}\n  - odd: {}\n";
    let mut shown = String::new();
    for (head, operation) in [
        (head.to_owned(), operation.replace("  - odd: {}\n", "")),
        (head.replace("timeout: 3s\n", ""), operation.to_owned()),
        ("a: [".to_owned(), operation.to_owned()),
    ] {
        let files = [("connector.yaml", head), ("a.b.yaml", operation)];
        let files = files.into_iter().map(|(name, text)| Document::parse(name.into(), text));
        for problem in resolve::connector(files).unwrap_err() {
            shown.push_str(&problem.render(false));
        }
        shown.push_str("----\n");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn an_unknown_connector_is_refused_with_the_nearest_name() {
    let problems = Catalogue::default().load("stringex", Place::Nowhere).unwrap_err();
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `stringeex`?"));
}

#[test]
fn mistakes_in_a_schema_are_told_at_their_place() {
    let text = "operation: a.b\neffect: create\nmethod: POST\npath: /a\nlane: a\nrepeat: harmful\nfields:\n  \
                type: object\n  required: [nme]\n  properties:\n    name: {type: strin, minlength: 2}\n";
    let mut shown = String::new();
    for text in [text.to_owned(), text.replace("nme", "name").replace(", minlength: 2", "")] {
        let head = "connector: a\nbase_url: http://a".to_owned();
        let files = [("schemas/a/connector.yaml", head), ("schemas/a/a.b.yaml", text)];
        let files = files.into_iter().map(|(name, text)| Document::parse(name.into(), text));
        for problem in resolve::connector(files).unwrap_err() {
            shown.push_str(&problem.render(false));
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn mistakes_in_a_way_to_a_token_are_told_before_anybody_signs_in() {
    let head = "connector: a\nbase_url: http://a\nauthentication:\n  header: Authorization\n  methods:\n    \
                - token: { variable: A_TOKEN, account_claims: [/sub, iss] }\n    \
                - login: { path: /in, body: {}, account: A, token: token, choices: { list: all, variable: B, match: [id] } }\n    \
                - signed_token: { secret: S, header: { typ: JWT }, claims: {}, account: A, lifetime: soon }\n";
    let files = [Document::parse("schemas/a/connector.yaml".into(), head.into())];
    let problems = resolve::connector(files.into_iter()).unwrap_err();
    let shown: String = problems.iter().map(|problem| problem.render(false)).collect();
    insta::assert_snapshot!(shown);
}
