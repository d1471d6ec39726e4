//! A connector that is data alone, for an API quite unlike StringeeX.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::desk::{Desk, assert_reads};
use crate::stand::{Seen, Stand};

const CONNECTOR: &str = r#"connector: crm
about: A CRM that is not StringeeX
base_url: https://crm.invalid/api
concurrency: 4
authentication:
  header: Authorization
  scheme: Bearer
  methods:
    - token: { variable: CRM_TOKEN }
    - login:
        path: /sessions
        body: { user: "${CRM_USER}", secret: "${CRM_SECRET}" }
        account: CRM_USER
        token: /data/token
answers:
  code: [/error/code]
  message: [/error/detail]
"#;

const COMMENT: &str = r#"operation: comment.create
about: Write a comment
effect: create
method: POST
path: /cases/{case}/comments
wrap: comment
lane: "case {case}"
repeat: harmful
id: /data/uuid
fields:
  type: object
  additionalProperties: false
  required: [case, text]
  properties:
    case: { type: string, minLength: 1 }
    text: { type: string, minLength: 1 }
    stars: { type: integer, minimum: 1, maximum: 5 }
"#;

const LISTING: &str = r#"operation: comment.list
effect: read
method: GET
path: /cases/{case}/comments
query: { order: "{order}" }
lane: "case {case}"
repeat: harmless
items: [/data/comments]
fields:
  type: object
  required: [case]
  properties:
    case: { type: string, minLength: 1 }
    order: { type: string }
"#;

const JOB: &str = r#"job: comments
connector: crm
operation: comment.create
source: { csv: comments.csv }
map: { case: "{{ case }}", text: "{{ text }}", stars: "{{ stars }}" }
key: "{{ id }}"
"#;

const ROWS: &str =
    "id,case,text,stars\n1,A/7,first,5\n2,A/7,second,\n3,locked,third,1\n4,B,fourth,3\n";

fn desk() -> Desk {
    Desk::new()
        .file("schemas/crm/connector.yaml", CONNECTOR)
        .file("schemas/crm/comment.create.yaml", COMMENT)
        .file("schemas/crm/comment.list.yaml", LISTING)
        .file("job.yaml", JOB)
        .file("comments.csv", ROWS)
}

/// A CRM: logs in, writes comments down, refuses the case that is locked.
fn crm() -> Stand {
    let count = AtomicU64::new(0);
    let comments = Mutex::new(Vec::new());
    Stand::open(move |request| Some(play(request, &count, &comments)))
}

fn play(request: &Seen, count: &AtomicU64, comments: &Mutex<Vec<Value>>) -> (u16, String) {
    if request.path == "/api/sessions" {
        let known = request.body == json!({"user": "ann", "secret": "s3cret"});
        return match known {
            true => (200, json!({"data": {"token": "crm-token"}}).to_string()),
            false => (422, json!({"error": {"code": "AUTH", "detail": "who?"}}).to_string()),
        };
    }
    if request.headers.get("authorization").is_none_or(|held| held != "Bearer crm-token") {
        return (401, json!({"error": {"code": "AUTH", "detail": "no token"}}).to_string());
    }
    if request.path.contains("/locked/") {
        let error = json!({"error": {"code": "CASE_LOCKED", "detail": "the case is closed"}});
        return (409, error.to_string());
    }
    if request.method == "GET" {
        return (200, json!({"data": {"comments": *comments.lock().unwrap()}}).to_string());
    }
    let uuid = format!("u-{}", count.fetch_add(1, Ordering::Relaxed) + 1);
    comments.lock().unwrap().push(request.body.clone());
    (201, json!({"data": {"uuid": uuid}}).to_string())
}

fn arguments(crm: &Stand) -> String {
    format!("run job.yaml --format json --base-url {}/api", crm.address())
}

/// The paths and bodies of the comments that were posted, in the order of their paths.
fn posted(crm: &Stand) -> Vec<(String, Value)> {
    let posts = crm.seen().into_iter().filter(|seen| seen.path.ends_with("/comments"));
    let mut posts: Vec<_> = posts.map(|seen| (seen.path, seen.body)).collect();
    posts.sort_by(|one, other| one.0.cmp(&other.0));
    posts
}

#[test]
fn another_api_is_imported_to_with_yaml_alone() {
    let (crm, desk) = (crm(), desk().env("CRM_USER", "ann").env("CRM_SECRET", "s3cret"));
    let outcome = desk.call(&arguments(&crm)).exits(1);
    outcome.counts("rows=4 succeeded=3 failed=1");
    assert!(outcome.row(1)["id"].as_str().unwrap().starts_with("u-"));
    assert_eq!(outcome.row(3)["code"], "CASE_LOCKED");
    assert_eq!(outcome.row(3)["message"], "the case is closed");
    let expected = [
        ("/api/cases/A%2F7/comments", json!({"comment": {"text": "first", "stars": 5}})),
        ("/api/cases/A%2F7/comments", json!({"comment": {"text": "second"}})),
        ("/api/cases/B/comments", json!({"comment": {"text": "fourth", "stars": 3}})),
        ("/api/cases/locked/comments", json!({"comment": {"text": "third", "stars": 1}})),
    ];
    assert_eq!(posted(&crm), expected.map(|(path, body)| (path.to_owned(), body)));

    let again = desk.call(&arguments(&crm)).exits(1);
    again.counts("rows=4 already_done=3 failed=1 requests=0");
    let account: String =
        desk.ledger().query_row("SELECT account FROM jobs", [], |row| row.get(0)).unwrap();
    assert_eq!(account, "ann");
}

#[test]
fn a_ready_token_goes_first_and_its_refusal_stops_the_run() {
    let (crm, desk) = (crm(), desk().env("CRM_TOKEN", "crm-token"));
    desk.call(&arguments(&crm)).exits(1).counts("succeeded=3 failed=1");
    assert!(crm.seen().iter().all(|seen| seen.path != "/api/sessions"));

    let (crm, desk) = (self::crm(), self::desk().env("CRM_TOKEN", "stale"));
    let outcome = desk.call(&arguments(&crm)).exits(4);
    outcome.counts("not_started=4");
    assert!(outcome.stdout.contains("no token"), "{outcome}");
}

#[test]
fn a_refused_login_tells_the_words_of_the_api() {
    let (crm, desk) = (crm(), desk().env("CRM_USER", "ann").env("CRM_SECRET", "wrong"));
    let outcome = desk.call(&arguments(&crm)).exits(4);
    assert!(outcome.finished()["message"].as_str().unwrap().contains("who?"), "{outcome}");
}

#[test]
fn a_list_brings_its_items() {
    let (crm, desk) = (crm(), desk().env("CRM_TOKEN", "crm-token"));
    desk.write(
        "job.yaml",
        "job: look\nconnector: crm\noperation: comment.list\nsource:\n  rows:\n    - { case: B, order: newest first }\n",
    );
    let outcome = desk.call(&arguments(&crm)).exits(0);
    assert_eq!(outcome.row(1)["items"], json!([]));
    let seen = crm.seen();
    assert_eq!(seen[0].path, "/api/cases/B/comments?order=newest%20first");
}

#[test]
fn a_schema_of_the_users_own_is_checked_like_any_other() {
    let desk = desk();
    desk.write("comments.csv", "id,case,text,stars\n1,A,first,9\n2,,second,five\n");
    assert_reads("crm_check", desk.call("check job.yaml").exits(3));
}

#[test]
fn a_connector_that_is_nowhere_is_told_with_those_that_are() {
    let desk = desk();
    desk.write("job.yaml", JOB.replace("connector: crm", "connector: crn"));
    assert_reads("crm_unknown", desk.call("check job.yaml").exits(2));
}

#[test]
fn a_way_to_settle_that_could_take_one_row_for_another_is_refused() {
    let recover = "recover:\n  list: comment.list\n  with: { order: text }\n  newest_first: { odrer: desc }\n  \
                   match: { text: [/text] }\n  id: [/uuid]\n  created: [/made]\nfields:\n";
    let desk = desk();
    desk.write("schemas/crm/comment.create.yaml", COMMENT.replacen("fields:\n", recover, 1));
    assert_reads("crm_recover", desk.call("check job.yaml").exits(2));
}

#[test]
fn what_is_wrong_with_a_connector_is_told_with_its_place() {
    let mut shown = String::new();
    for (file, from, to) in [
        ("connector.yaml", "about:", "abuot:"),
        ("connector.yaml", "https://crm.invalid/api", "crm.invalid/api"),
        ("connector.yaml", "concurrency: 4", "concurrency: many"),
        ("connector.yaml", "concurrency: 4", "quotas: [30/day]"),
        ("connector.yaml", "[/error/code]", "[error.code]"),
        ("connector.yaml", "connector: crm", "connector: other"),
        ("comment.create.yaml", "/cases/{case}/comments", "/cases/{csae}/comments"),
        ("comment.create.yaml", "/cases/{case}/comments", "/cases/{case/comments"),
        ("comment.create.yaml", "effect: create", "effect: creates"),
        ("comment.create.yaml", "type: integer", "type: integr"),
        ("comment.create.yaml", "lane: \"case {case}\"\n", ""),
        ("comment.create.yaml", "id: /data/uuid", "id: data.uuid"),
        ("comment.create.yaml", "operation: comment.create", "operation: comment.make"),
        ("comment.create.yaml", "fields:\n", "fields: &x\n  bad: [\n"),
    ] {
        let desk = desk();
        let content = match file {
            "connector.yaml" => CONNECTOR,
            _ => COMMENT,
        };
        assert!(content.contains(from), "{from}");
        desk.write(&format!("schemas/crm/{file}"), content.replacen(from, to, 1));
        let outcome = desk.call("check job.yaml");
        shown.push_str(&format!("=== {}\n{outcome}\n", to.trim_end().replace('\n', "⏎")));
    }
    assert_reads("crm_broken", shown);
}

#[test]
fn a_field_with_a_slash_in_its_name_keeps_its_column_and_has_one_pointer() {
    let operation = "operation: thing.make\neffect: create\nmethod: POST\npath: /things\nlane: things\nrepeat: harmful\n\
        fields:\n  type: object\n  required: [note/text]\n  properties:\n    \
        note/text: { type: string, minLength: 3 }\n    size~/m: { type: integer, maximum: 9 }\n";
    let job = "job: x\nconnector: other\noperation: thing.make\nsource: { csv: things.csv }\n\
        map: { note/text: \"{{ body }}\", size~/m: \"{{ size }}\" }\n";
    let desk = Desk::new()
        .file("schemas/other/connector.yaml", "connector: other\nbase_url: http://127.0.0.1:1\n")
        .file("schemas/other/thing.make.yaml", operation)
        .file("job.yaml", job)
        .file("things.csv", "body,size\nab,1\n,1\nabc,10\nabc,many\n");
    let outcome = desk.call("check job.yaml --format json").exits(3);
    let found: Vec<_> = outcome
        .all("problem")
        .iter()
        .map(|event| ["code", "column", "pointer"].map(|name| event[name].clone()))
        .collect();
    assert_eq!(
        found,
        [
            ["too-short", "body", "/note~1text"],
            ["missing-field", "body", "/note~1text"],
            ["too-large", "size", "/size~0~1m"],
            ["wrong-type", "size", "/size~0~1m"],
        ],
        "{outcome}"
    );
}

#[test]
fn where_an_item_bears_its_id_has_to_be_a_pointer() {
    let recover = "recover:\n  list: comment.list\n  with: { case: case }\n  match: { text: [/text, text] }\n  \
        id: [id]\n  created: [/at]\n";
    let desk = desk().file("schemas/crm/comment.create.yaml", format!("{COMMENT}{recover}"));
    let outcome = desk.call("check job.yaml --format json").exits(2);
    let problems = outcome.all("problem");
    assert_eq!(problems.len(), 2, "{outcome}");
    for problem in problems {
        assert_eq!(problem["code"], "invalid-pointer", "{outcome}");
    }
}
