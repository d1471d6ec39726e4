//! A request to a sandbox and its answer, in as little HTTP as that takes.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use noteferry::sandbox::{EMAIL, PASSWORD, Sandbox};
use serde_json::{Value, json};

/// Sends a request to a path on the address of `base_url`; gives the JSON of the answer.
pub(crate) fn ask(base_url: &str, method: &str, path: &str, token: &str, body: &Value) -> Value {
    try_to_ask(base_url, method, path, token, body).unwrap()
}

/// The same, where a fault may take the answer.
fn try_to_ask(
    base_url: &str,
    method: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> Option<Value> {
    let address = base_url.trim_start_matches("http://").split('/').next()?;
    let mut stream = TcpStream::connect(address).ok()?;
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-STRINGEE-AUTH: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

/// The notes of a ticket, asked for until a fault lets them through.
fn notes_of(base_url: &str, ticket: &str) -> Vec<Value> {
    let (token, path) = (log_in(base_url), format!("/v1/ticketNote?ticket={ticket}"));
    let answers =
        (0..1000).filter_map(|_| try_to_ask(base_url, "GET", &path, &token, &Value::Null));
    let mut lists = answers.filter_map(|answer| answer["data"]["rows"].as_array().cloned());
    lists.next().unwrap()
}

/// A token of the sandbox.
pub(crate) fn log_in(base_url: &str) -> String {
    let answer =
        ask(base_url, "POST", "/v1/account", "", &json!({"email": EMAIL, "password": PASSWORD}));
    answer["portals"][0]["auth_token"].as_str().unwrap().to_owned()
}

/// What a sandbox holds and has done.
pub(crate) fn books(base_url: &str) -> Value {
    ask(base_url, "GET", "/_sandbox/books", "", &Value::Null)
}

/// How many of a sandbox's notes [`Contents`] looks at that were there from the start: those of the first ticket.
pub(crate) const SEEDED_NOTES: usize = 10;

/// The id of a note that was there from the start, by its number from 1.
pub(crate) fn seeded(number: usize) -> String {
    format!("tn_sandbox{number:06}")
}

/// The notes of a sandbox.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Contents {
    /// The texts of each ticket's new notes, in their order.
    pub created: BTreeMap<String, Vec<String>>,
    /// The texts of the seeded notes that are left, by id.
    pub seeded: BTreeMap<String, String>,
}

impl Contents {
    /// Those of a sandbox that nobody has asked for anything.
    pub(crate) fn at_first() -> Self {
        let notes = (1..=SEEDED_NOTES).map(|note| (seeded(note), format!("Seeded note {note}")));
        Self { seeded: notes.collect(), ..Self::default() }
    }

    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        let text = |note: &Value, name: &str| note[name].as_str().unwrap().to_owned();
        let mut contents = Self::default();
        for note in sandbox.books()["notes"].as_array().unwrap() {
            let ticket = text(note, "ticket_id");
            contents.created.entry(ticket).or_default().push(text(note, "note"));
        }
        let left = notes_of(sandbox.base_url(), "tk_sandbox000001");
        contents.seeded = left.iter().map(|note| (text(note, "id"), text(note, "note"))).collect();
        contents
    }
}
