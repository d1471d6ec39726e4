//! An imaginary StringeeX for tests that bring their own transport: it keeps notes, and counts what it is asked.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::declared::connector::Method;
use crate::prepare::request::Request;
use crate::traffic::reply::Answer;

/// The text of a note that the server refuses.
pub(crate) const REFUSED: &str = "no";

/// What outlives a run, but for the ledger.
#[derive(Default)]
pub(crate) struct Server {
    /// In the order of their arrival.
    pub notes: Vec<Note>,
    /// How many creates have come, by text.
    pub sent: HashMap<String, u32>,
    /// How often it was looked for notes.
    pub looks: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub id: String,
    pub ticket: String,
    pub text: String,
    created: i64,
}

impl Server {
    /// Does what a request asks for.
    pub(crate) fn answer(&mut self, request: &Request) -> Answer {
        let body = match (request.method, &request.body) {
            (Method::Post, Some(body)) => self.create(&serde_json::from_str(body).unwrap()),
            _ => self.list(&request.path),
        };
        let body = body.to_string().into_bytes();
        Answer { status: 200, date: Some(clock()), body, ..Answer::default() }
    }

    fn create(&mut self, body: &Value) -> Value {
        let word = |name: &str| body[name].as_str().unwrap().to_owned();
        let (ticket, text) = (word("ticket_id"), word("note"));
        *self.sent.entry(text.clone()).or_default() += 1;
        if text == REFUSED {
            return json!({"r": 3, "msg": "not this one"});
        }
        let id = format!("tn_{}", self.notes.len() + 1);
        self.notes.push(Note { id: id.clone(), ticket, text, created: clock() });
        json!({"r": 0, "id": id})
    }

    fn list(&mut self, path: &str) -> Value {
        self.looks += 1;
        let notes = self.notes.iter().filter(|note| path.contains(&note.ticket));
        let items: Vec<Value> = notes
            .map(|note| json!({"id": note.id, "note": note.text, "created": note.created}))
            .collect();
        json!({"r": 0, "data": items})
    }
}

/// The time of the system, in unix milliseconds, which is the server's, too.
pub(crate) fn clock() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
