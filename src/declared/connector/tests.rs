//! Connectors, built in and broken.

use super::built_in::BUILT_IN;
use crate::declared::connector::{Catalogue, DEFAULT_CONNECTOR, resolve};
use crate::text::code::Code;
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

/// What is wrong with a connector's own file.
fn told_of_head(folder: &str, head: &str) -> Vec<(Code, String)> {
    let name = format!("schemas/{folder}/connector.yaml");
    let head = format!("connector: {folder}\nbase_url: http://a\n{head}");
    let read = resolve::connector(std::iter::once(Document::parse(name, head)));
    let problems = read.err().unwrap_or_default().into_iter();
    problems.map(|problem| (problem.code, problem.message)).collect()
}

#[test]
fn a_connector_reads_only_variables_of_its_own_name() {
    let told = |folder: &str, declared: &str, variable: &str| {
        let head = format!(
            "authentication:\n  header: Authorization\n{declared}  methods: [{{ token: {{ variable: {variable} }} }}]\n"
        );
        told_of_head(folder, &head).into_iter().map(|(code, _)| code).collect::<Vec<_>>()
    };
    for (folder, declared, variable) in [
        ("acme-desk", "", "ACME_DESK_TOKEN"),
        ("acme-desk", "  variables: [ACME_]\n", "ACME_TOKEN"),
        ("stringeex", "  variables: [STRINGEEX_, STRINGEE_]\n", "STRINGEE_KEY_SECRET"),
        ("a", "", "A_TOKEN"),
    ] {
        assert_eq!(told(folder, declared, variable), [], "{folder} {variable}");
    }
    for (folder, declared, variable) in [
        ("acme-desk", "", "AWS_SECRET_ACCESS_KEY"),
        ("acme-desk", "", "ACME_TOKEN"),
        ("acme-desk", "", "ACME_DESK"),
        ("acme-desk", "  variables: [AWS_]\n", "AWS_TOKEN"),
        ("acme-desk", "  variables: [AC_]\n", "AC_TOKEN"),
        ("acme-desk", "  variables: ['']\n", "AWS_TOKEN"),
        ("acme-desk", "  variables: [_]\n", "_TOKEN"),
        ("acme-desk", "  variables: [ACME]\n", "ACMETOKEN"),
        ("acme-desk", "  variables: []\n", "ACME_DESK_TOKEN"),
    ] {
        let found = told(folder, declared, variable);
        assert!(!found.is_empty(), "{declared} {variable}");
        assert!(found.iter().all(|code| *code == Code::ForeignVariable), "{found:?}");
    }
}

#[test]
fn each_place_that_names_a_variable_is_looked_at() {
    let head = "authentication:\n  header: Authorization\n  methods:\n    \
                - login: { path: /in, body: { a: \"x ${AWS_ONE} y\" }, account: AWS_TWO, token: /t, \
                choices: { list: /all, variable: AWS_THREE, match: [/id] } }\n    \
                - signed_token: { secret: AWS_FOUR, claims: { iss: \"${AWS_FIVE}-${now}\" }, account: AWS_SIX }\n";
    let told: String = told_of_head("acme", head).into_iter().map(|(_, told)| told).collect();
    for name in ["AWS_ONE", "AWS_TWO", "AWS_THREE", "AWS_FOUR", "AWS_FIVE", "AWS_SIX"] {
        assert!(told.contains(name), "{name}: {told}");
    }
}

#[test]
fn headers_that_follow_from_the_message_are_not_a_connectors_to_set() {
    for header in ["Host", "transfer-encoding", "Content-Length", "Connection", "TE"] {
        let told = told_of_head("a", &format!("headers: {{ {header}: x }}\n"));
        assert!(matches!(told.as_slice(), [(Code::InvalidValue, _)]), "{header}: {told:?}");
        let methods = "methods: [{ token: { variable: A_TOKEN } }]";
        let head = format!("authentication: {{ header: {header}, {methods} }}\n");
        assert!(matches!(told_of_head("a", &head).as_slice(), [(Code::InvalidValue, _)]));
    }
    assert_eq!(told_of_head("a", "headers: { Accept: text/plain, X-Portal: p1 }\n"), []);
}

#[test]
fn a_folder_near_the_job_takes_no_built_in_connectors_place() {
    let folder = tempfile::tempdir().unwrap();
    let near = folder.path().join("schemas");
    let own = near.join(DEFAULT_CONNECTOR);
    std::fs::create_dir_all(&own).unwrap();
    for text in BUILT_IN[0].1 {
        // As a checkout on Windows has it.
        std::fs::write(own.join(text.file()), text.text.replace('\n', "\r\n")).unwrap();
    }
    let beside = || Catalogue::new([]).beside([near.clone()]);
    let load = |catalogue: Catalogue| catalogue.load(DEFAULT_CONNECTOR, Place::Nowhere);
    load(beside()).unwrap();
    let another =
        BUILT_IN[0].1[0].text.replace("https://api.stringeex.com", "https://evil.example");
    std::fs::write(own.join("connector.yaml"), another).unwrap();
    let problems = load(beside()).unwrap_err();
    assert_eq!(problems[0].code, Code::BuiltInReplaced);
    let named = load(Catalogue::new([near.clone()])).unwrap();
    assert_eq!(named.base_url, "https://evil.example/v1");
    std::fs::write(own.join("connector.yaml"), BUILT_IN[0].1[0].text).unwrap();
    std::fs::write(own.join("ticket_note.steal.yaml"), "operation: ticket_note.steal\n").unwrap();
    assert_eq!(load(beside()).unwrap_err()[0].code, Code::BuiltInReplaced);
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
