//! All of the sandbox's behaviour, as one value: a request and the time go in, a reply comes out.
//!
//! The order in which a request is met is here: quota, token, path, size and type, fault, act. What the
//! parts do is in their own modules; sockets and the real clock are in `server`.

use std::borrow::Cow;

use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Options;
use super::answer::{Answer, MediaType, Refusal, Reply, Request};
use super::faults::{Fault, Faults};
use super::fields::{BodyError, Fields};
use super::gate::{Closed, Gate};
use super::journal::Journal;
use super::manners::Manners;
use super::notes::{Alteration, Draft, Listing, Notes, read_update};
use super::query;
use super::windows::Windows;

const GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

/// What a request asks for.
enum Call<'a> {
    LogIn,
    Note(NoteCall<'a>),
}

enum NoteCall<'a> {
    Create,
    List,
    Update(Cow<'a, str>),
    Delete(Cow<'a, str>),
}

impl<'a> Call<'a> {
    /// Finds the call of a method and a path under `/v1/`, or the 404 or 405 there is instead.
    fn route(method: &Method, path: &'a str) -> Result<Self, Answer> {
        match (path, method) {
            ("account", &Method::POST) => Ok(Self::LogIn),
            ("account", _) => Err(not_allowed("POST")),
            ("ticketNote", &Method::POST) => Ok(Self::Note(NoteCall::Create)),
            ("ticketNote", &Method::GET) => Ok(Self::Note(NoteCall::List)),
            ("ticketNote", _) => Err(not_allowed("GET, POST")),
            _ => Self::route_note(method, path).map(Self::Note),
        }
    }

    fn route_note(method: &Method, path: &'a str) -> Result<NoteCall<'a>, Answer> {
        let id = path.strip_prefix("ticketNote/").and_then(note_id).ok_or_else(not_found)?;
        match *method {
            Method::PUT => Ok(NoteCall::Update(id)),
            Method::DELETE => Ok(NoteCall::Delete(id)),
            _ => Err(not_allowed("PUT, DELETE")),
        }
    }
}

/// The id in the last segment of a path; none when that is empty, broken or not the last.
fn note_id(segment: &str) -> Option<Cow<'_, str>> {
    if segment.is_empty() || segment.contains('/') {
        return None;
    }
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    query::segment(segment).map(Cow::Owned)
}

/// The state of a sandbox.
pub(super) struct Books {
    windows: Windows,
    gate: Gate,
    faults: Faults,
    retry_after: bool,
    fault_chance: fastrand::Rng,
    id_chance: fastrand::Rng,
    /// How many milliseconds the sandbox's clock is ahead.
    offset: i64,
    notes: Notes,
    requests: u64,
    pushbacks: u64,
    updated: Vec<String>,
    deleted: Vec<String>,
    journal: Journal,
    manners: Manners,
    /// How late the fault `reset-late` acts, in milliseconds.
    slow: i64,
    /// What is to be created later, and when.
    late: Vec<(i64, Draft)>,
}

impl Books {
    pub(super) fn new(options: &Options) -> Self {
        let mut fault_chance = fastrand::Rng::with_seed(options.seed);
        // A source of its own for ids: creates must not shift which faults are drawn.
        let id_chance = fault_chance.fork();
        Self {
            windows: Windows::new(&options.quotas),
            gate: Gate::new(options.token_lifetime),
            faults: options.faults.clone(),
            retry_after: options.retry_after,
            fault_chance,
            id_chance,
            offset: 0,
            notes: Notes::seeded(options.presumes_notes),
            requests: 0,
            pushbacks: 0,
            updated: Vec::new(),
            deleted: Vec::new(),
            journal: Journal::default(),
            manners: Manners::new(&options.lists, options.clock),
            slow: i64::try_from(options.slow.as_millis()).unwrap_or(i64::MAX),
            late: Vec::new(),
        }
    }

    /// How many milliseconds the sandbox's clock is ahead of the real one.
    pub(super) fn offset(&self) -> i64 {
        self.offset
    }

    /// Answers a request that came at `real_now` (unix milliseconds, of the real clock).
    pub(super) fn handle(&mut self, request: &Request, real_now: i64) -> Reply {
        let now = real_now.saturating_add(self.offset);
        self.create_late(now);
        if let Some(path) = request.path.strip_prefix("/v1/") {
            self.requests += 1;
            let mut fault = None;
            let reply = self.meet(request, path, now, &mut fault);
            self.journal.record(request, &reply, fault, now);
            return reply;
        }
        self.inspect(request).unwrap_or_else(|answer| answer).into()
    }

    /// Meets a request under `/v1/`; notes in `fault` the one it ran into.
    fn meet(
        &mut self,
        request: &Request,
        path: &str,
        now: i64,
        fault: &mut Option<Fault>,
    ) -> Reply {
        let call = match self.admit(request, path, now) {
            Ok(call) => call,
            Err(answer) => return answer.into(),
        };
        match call {
            Call::LogIn => self.log_in(request, now).unwrap_or_else(|answer| answer).into(),
            Call::Note(call) => {
                *fault = self.faults.draw(&mut self.fault_chance);
                match fault {
                    None => self.act(&call, request, now).into(),
                    Some(fault) => self.fail(*fault, &call, request, now),
                }
            }
        }
    }

    /// All that comes before a call's own rules.
    fn admit<'a>(
        &mut self,
        request: &Request,
        path: &'a str,
        now: i64,
    ) -> Result<Call<'a>, Answer> {
        if let Err(wait) = self.windows.admit(now) {
            self.pushbacks += 1;
            return Err(self.push_back(wait));
        }
        if path != "account" {
            self.gate.check(request.token, now)?;
        }
        let call = Call::route(request.method, path)?;
        if request.body.is_none() {
            return Err(Answer::failure(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let has_body = matches!(*request.method, Method::POST | Method::PUT);
        if has_body && !request.content_type.is_some_and(is_json) {
            return Err(Answer::failure(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        Ok(call)
    }

    /// A 429 that asks to wait so many milliseconds.
    fn push_back(&self, wait: i64) -> Answer {
        let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(1000);
        Answer {
            retry_after: self.retry_after.then_some(seconds),
            ..Answer::envelope(StatusCode::TOO_MANY_REQUESTS, 429, "Too many requests")
        }
    }

    fn log_in(&mut self, request: &Request, now: i64) -> Result<Answer, Answer> {
        let mut fields = fields(request)?;
        let email = fields.required_text("email")?;
        let password = fields.required_text("password")?;
        fields.finish()?;
        match self.gate.log_in(&email, &password, now) {
            Some(token) => Ok(Answer::value(&json!({
                "portals": [{"id": "po_sandbox", "domain": "sandbox", "auth_token": token}],
                "r": 0,
                "msg": "Success",
            }))),
            None => Err(Refusal::new(1, "Invalid email or password").into()),
        }
    }

    /// Does what a fault does to a call, which may include doing the call.
    fn fail(&mut self, fault: Fault, call: &NoteCall, request: &Request, now: i64) -> Reply {
        match fault {
            Fault::PushBack => self.push_back(1000).into(),
            Fault::Unauthorized => Answer::from(Closed::Invalid).into(),
            Fault::Refuse => Answer::from(Refusal::new(1, "internal error")).into(),
            Fault::Fail(status) => Answer::failure(status).into(),
            Fault::Html => {
                Answer::bare(StatusCode::BAD_GATEWAY, MediaType::Html, GATEWAY_PAGE).into()
            }
            Fault::Reset => Reply::Dropped { r: None },
            Fault::FailAfter(status) => {
                let r = self.act(call, request, now).r;
                Answer { r, ..Answer::failure(status) }.into()
            }
            Fault::ResetAfter => Reply::Dropped { r: self.act(call, request, now).r },
            Fault::CutAfter => Reply::Cut(self.act(call, request, now)),
            Fault::Slow => Reply::Late(self.act(call, request, now)),
            Fault::ResetLate => self.act_late(call, request, now),
            Fault::Twice => {
                let first = self.act(call, request, now);
                self.act(call, request, now);
                first.into()
            }
            Fault::Nameless => match (call, self.act(call, request, now)) {
                (NoteCall::Create, Answer { r: Some(0), .. }) => {
                    Answer::success(r#"{"r":0,"msg":"Success"}"#).into()
                }
                (_, answer) => answer.into(),
            },
            Fault::Garbled => {
                let r = self.act(call, request, now).r;
                Answer { r, ..Answer::bare(StatusCode::OK, MediaType::Html, GATEWAY_PAGE) }.into()
            }
        }
    }

    /// The connection is dropped at once, and a create acts later.
    fn act_late(&mut self, call: &NoteCall, request: &Request, now: i64) -> Reply {
        let r = match (call, fields(request).ok().map(|fields| Draft::read(fields, now))) {
            (NoteCall::Create, Some(Ok(draft))) => {
                self.late.push((now.saturating_add(self.slow), draft));
                Some(0)
            }
            (NoteCall::Create, _) => None,
            (_, _) => self.act(call, request, now).r,
        };
        Reply::Dropped { r }
    }

    /// Creates what was to be created by now.
    fn create_late(&mut self, now: i64) {
        while let Some(due) = self.late.iter().position(|(at, _)| *at <= now) {
            let (at, draft) = self.late.remove(due);
            self.notes.create(draft, &mut self.id_chance, (at, &self.manners));
        }
    }

    fn act(&mut self, call: &NoteCall, request: &Request, now: i64) -> Answer {
        let done = match call {
            NoteCall::Create => self.create(request, now),
            NoteCall::List => self.list(request, now),
            NoteCall::Update(id) => self.update(id, request),
            NoteCall::Delete(id) => self.delete(id),
        };
        done.unwrap_or_else(|answer| answer)
    }

    fn create(&mut self, request: &Request, now: i64) -> Result<Answer, Answer> {
        let draft = Draft::read(fields(request)?, now)?;
        let id = self.notes.create(draft, &mut self.id_chance, (now, &self.manners));
        let id = self.manners.id(&id);
        Ok(Answer::success(format!(r#"{{"id":{id},"r":0,"msg":"Success"}}"#)))
    }

    fn list(&mut self, request: &Request, now: i64) -> Result<Answer, Answer> {
        let parameters = query::parameters(request.query)?;
        let listing = Listing::read(parameters, self.manners.first_page())?;
        if let Some((list, age)) = self.manners.cached(request.query, now) {
            return Ok(Answer { age: Some(age), ..Answer::value(&list) });
        }
        let list = self.notes.list(&listing, &self.manners);
        self.manners.keep(request.query, now, &list);
        Ok(Answer::value(&list))
    }

    fn update(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let text = read_update(fields(request)?)?;
        self.notes.update(id, text)?;
        self.updated.push(id.to_owned());
        Ok(Answer::success(r#"{"r":0,"msg":"Success"}"#))
    }

    fn delete(&mut self, id: &str) -> Result<Answer, Answer> {
        self.notes.delete(id)?;
        self.deleted.push(id.to_owned());
        Ok(Answer::success(r#"{"r":0,"msg":"Delete success"}"#))
    }

    /// The sandbox's own calls, which StringeeX does not have.
    fn inspect(&mut self, request: &Request) -> Result<Answer, Answer> {
        match (request.path, request.method) {
            ("/_sandbox/books", &Method::GET) => Ok(Answer::value(&self.show())),
            ("/_sandbox/books", _) => Err(not_allowed("GET")),
            ("/_sandbox/clock", &Method::POST) => self.set_clock(request),
            ("/_sandbox/clock", _) => Err(not_allowed("POST")),
            _ => Err(not_found()),
        }
    }

    fn set_clock(&mut self, request: &Request) -> Result<Answer, Answer> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Clock {
            offset_ms: i64,
        }
        let clock: Clock = serde_json::from_slice(request.body.unwrap_or_default())
            .map_err(|_| Answer::failure(StatusCode::BAD_REQUEST))?;
        self.offset = clock.offset_ms;
        Ok(Answer::success(r#"{"r":0,"msg":"Success"}"#))
    }

    /// Does something to a note that no request asks for; says whether it is there.
    pub(super) fn alter(&mut self, id: &str, alteration: Alteration) -> bool {
        self.notes.alter(id, alteration)
    }

    /// What the sandbox holds and has done.
    pub(super) fn show(&self) -> Value {
        json!({
            "requests": self.requests,
            "logins": self.gate.logins(),
            "pushbacks": self.pushbacks,
            "notes": self.notes.show(),
            "seeded": self.notes.show_seeded(),
            "updated": self.updated,
            "deleted": self.deleted,
            "journal": self.journal.show(),
        })
    }
}

fn fields<'a>(request: &Request<'a>) -> Result<Fields<'a>, Answer> {
    Fields::parse(request.body.unwrap_or_default()).map_err(|error| match error {
        BodyError::NotJson => Answer::failure(StatusCode::BAD_REQUEST),
        BodyError::NotAnObject => Refusal::field("body", "must be an object").into(),
    })
}

/// `application/json`, with or without parameters.
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

fn not_found() -> Answer {
    Answer::failure(StatusCode::NOT_FOUND)
}

fn not_allowed(allow: &'static str) -> Answer {
    Answer { allow: Some(allow), ..Answer::failure(StatusCode::METHOD_NOT_ALLOWED) }
}

#[cfg(test)]
mod tests {
    use super::super::{EMAIL, PASSWORD};
    use super::*;

    /// A moment in 2023, in the middle of a block of ten seconds.
    const NOW: i64 = 1_700_000_005_000;
    const JSON: Option<&str> = Some("application/json");

    /// Books, and a token to use them with.
    struct Desk {
        books: Books,
        token: String,
    }

    impl Desk {
        fn open(options: Options) -> Self {
            let mut books = Books::new(&options);
            let token = books.gate.log_in(EMAIL, PASSWORD, NOW).unwrap();
            Self { books, token }
        }

        fn new() -> Self {
            Self::open(Options { quotas: Vec::new(), ..Options::default() })
        }

        fn with_faults(faults: &str) -> Self {
            let faults = faults.parse().unwrap();
            Self::open(Options { quotas: Vec::new(), faults, ..Options::default() })
        }

        fn reply(&mut self, method: Method, target: &str, body: &str, now: i64) -> Reply {
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let request = Request {
                method: &method,
                path,
                query,
                token: Some(self.token.as_bytes()),
                content_type: Some(b"application/json; charset=utf-8"),
                body: Some(body.as_bytes()),
            };
            self.books.handle(&request, now)
        }

        fn ask(&mut self, method: Method, target: &str, body: &str) -> (u16, Value) {
            read(self.reply(method, target, body, NOW))
        }

        fn create(&mut self, body: &Value) -> (u16, Value) {
            self.ask(Method::POST, "/v1/ticketNote", &body.to_string())
        }

        /// The notes of a list's answer.
        fn texts(&mut self, query: &str) -> (Vec<String>, u64) {
            let (_, answer) = self.ask(Method::GET, &format!("/v1/ticketNote?{query}"), "");
            let rows = answer["data"]["rows"].as_array().unwrap().iter();
            let texts = rows.map(|row| row["note"].as_str().unwrap().to_owned()).collect();
            (texts, answer["data"]["total"].as_u64().unwrap())
        }

        fn shown(&self, name: &str) -> Value {
            self.books.show()[name].clone()
        }
    }

    fn read(reply: Reply) -> (u16, Value) {
        let Reply::Answer(answer) = reply else { panic!("not answered: {reply:?}") };
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
    }

    fn note() -> Value {
        json!({"ticket_id": "tk_52uow7nijak53q7e", "note": "noi dung note"})
    }

    fn note_with(fields: Value) -> Value {
        let mut note = note();
        for (name, value) in fields.as_object().unwrap() {
            note[name] = value.clone();
        }
        note
    }

    fn task(reminder: i64, due: i64) -> Value {
        note_with(json!({"task_type": 1, "task_reminder_time": reminder, "task_due_date": due}))
    }

    #[test]
    fn notes_are_created_as_documented() {
        let documented = json!({"is_internal_note": false, "note_type": 0, "task_type": 0});
        for body in [
            note(),
            note_with(documented),
            note_with(json!({"is_internal_note": true, "note_type": 67})),
            // Without a task the times mean nothing, so they may be past.
            note_with(json!({"task_reminder_time": 1, "task_due_date": 1})),
            task(NOW, NOW),
            task(NOW + 1, NOW + 1),
        ] {
            let mut desk = Desk::new();
            let (status, answer) = desk.create(&body);
            let id = answer["id"].as_str().unwrap();
            assert_eq!(status, 200);
            assert_eq!(answer, json!({"id": id, "r": 0, "msg": "Success"}));
            assert!(id.starts_with("tn_") && id.len() == 19, "{id}");

            let mut expected = body.clone();
            for (name, value) in [
                ("is_internal_note", json!(false)),
                ("note_type", json!(0)),
                ("task_type", json!(0)),
            ] {
                expected.as_object_mut().unwrap().entry(name).or_insert(value);
            }
            expected["id"] = json!(id);
            expected["created"] = json!(NOW);
            assert_eq!(desk.shown("notes"), json!([expected]));
        }
    }

    #[test]
    fn what_is_not_documented_creates_nothing() {
        let reminder = "error: task_reminder_time < current_time or task_due_date < current_time";
        let mut cases = vec![
            (json!({"note": "a"}), 2, "ticket_id is required"),
            (json!({"ticket_id": "tk_1"}), 2, "note is required"),
            (json!([]), 2, "body must be an object"),
            (task(NOW - 1, NOW + 9), 3, reminder),
            (task(NOW + 9, NOW - 1), 3, reminder),
            (task(NOW / 1000 + 9, NOW / 1000 + 9), 3, reminder),
        ];
        for (fields, r, message) in [
            (json!({"ticket_id": ""}), 2, "ticket_id must not be empty"),
            (json!({"ticket_id": 5}), 2, "ticket_id must be a text"),
            (json!({"ticket_id": "tk_missing1"}), 4, "ticket not found"),
            (json!({"note": ""}), 2, "note must not be empty"),
            (json!({"note": null}), 2, "note must be a text"),
            (json!({"is_internal_note": 0}), 2, "is_internal_note must be true or false"),
            (json!({"is_internal_note": "true"}), 2, "is_internal_note must be true or false"),
            (json!({"note_type": "1"}), 2, "note_type must be a whole number"),
            (json!({"note_type": 1.5}), 2, "note_type must be a whole number"),
            (json!({"note_type": null}), 2, "note_type must be a whole number"),
            (json!({"note_type": 2}), 2, "note_type is not a known type"),
            (json!({"note_type": -1}), 2, "note_type is not a known type"),
            (json!({"task_type": "1"}), 2, "task_type must be a whole number"),
            (json!({"task_type": 2}), 2, "task_type must be 0 or 1"),
            (json!({"task_due_date": "1735707200000"}), 2, "task_due_date must be a whole number"),
            (json!({"task_type": 1}), 2, "task_reminder_time is required when task_type is 1"),
            (
                json!({"task_type": 1, "task_reminder_time": NOW}),
                2,
                "task_due_date is required when task_type is 1",
            ),
            (json!({"ticket": "tk_1"}), 2, "ticket is unknown or given twice"),
            (json!({"id": "tn_1"}), 2, "id is unknown or given twice"),
        ] {
            cases.push((note_with(fields), r, message));
        }
        let mut desk = Desk::new();
        for (body, r, message) in cases {
            assert_eq!(desk.create(&body), (200, json!({"r": r, "msg": message})), "{body}");
        }
        let doubled = r#"{"ticket_id":"tk_1","note":"a","note":"b"}"#;
        assert_eq!(desk.ask(Method::POST, "/v1/ticketNote", doubled).1["r"], 2);
        assert_eq!(desk.shown("notes"), json!([]));
    }

    #[test]
    fn notes_are_updated_as_documented() {
        let mut desk = Desk::new();
        let (target, body) = ("/v1/ticketNote/tn_sandbox000011", r#"{"note":"noi dung note 111"}"#);
        let success = (200, json!({"r": 0, "msg": "Success"}));
        assert_eq!(desk.ask(Method::PUT, target, body), success);
        assert_eq!(desk.ask(Method::PUT, "/v1/ticketNote/tn_sandbox00001%31", body), success);
        let id = "tn_sandbox000011";
        assert_eq!(desk.shown("updated"), json!([id, id]));
        let (texts, _) = desk.texts("ticket=tk_sandbox000002");
        assert_eq!(texts[..2], ["noi dung note 111", "Seeded note 12"]);

        for (target, body, r, message) in [
            (target, r#"{}"#, 2, "note is required"),
            (target, r#"{"note":""}"#, 2, "note must not be empty"),
            (target, r#"{"note":"a","note_type":0}"#, 2, "note_type is unknown or given twice"),
            ("/v1/ticketNote/tn_none", r#"{"note":"a"}"#, 4, "note not found"),
        ] {
            let expected = (200, json!({"r": r, "msg": message}));
            assert_eq!(desk.ask(Method::PUT, target, body), expected, "{target} {body}");
        }
        assert_eq!(desk.shown("updated"), json!([id, id]));
    }

    #[test]
    fn notes_are_deleted_once() {
        let mut desk = Desk::new();
        let target = "/v1/ticketNote/tn_sandbox000001";
        let success = (200, json!({"r": 0, "msg": "Delete success"}));
        assert_eq!(desk.ask(Method::DELETE, target, ""), success);
        let gone = (200, json!({"r": 4, "msg": "note not found"}));
        assert_eq!(desk.ask(Method::DELETE, target, ""), gone);
        assert_eq!(desk.ask(Method::PUT, target, r#"{"note":"a"}"#), gone);
        assert_eq!(desk.shown("deleted"), json!(["tn_sandbox000001"]));
        assert_eq!(desk.shown("seeded").as_array().unwrap().len(), 199);
        assert_eq!(desk.texts("ticket=tk_sandbox000001").1, 9);
    }

    #[test]
    fn seeds_are_there_from_the_start() {
        let mut desk = Desk::new();
        let seeded = desk.shown("seeded");
        assert_eq!(seeded.as_array().unwrap().len(), 200);
        assert_eq!(
            (&seeded[0], &seeded[199]),
            (&json!("tn_sandbox000001"), &json!("tn_sandbox000200"))
        );
        let (texts, total) = desk.texts("ticket=tk_sandbox000020&sort_by=created&sort_order=asc");
        assert_eq!((texts[0].as_str(), texts.len(), total), ("Seeded note 191", 10, 10));
        assert_eq!(desk.shown("notes"), json!([]));
    }

    #[test]
    fn lists_are_sorted_and_paged() {
        let mut desk = Desk::new();
        for number in 1..=120 {
            let body = note_with(json!({"note": number.to_string()}));
            // The clock goes back in the middle: `created` counts, not the order of arrival.
            let now = if number <= 60 { NOW + number } else { NOW - 1000 + number };
            desk.reply(Method::POST, "/v1/ticketNote", &body.to_string(), now);
        }
        let ticket = "ticket=tk_52uow7nijak53q7e";
        for (query, first, last, rows) in [
            ("", "61", "60", 120),
            ("&sort_by=created&sort_order=asc", "61", "60", 120),
            ("&sort_order=desc", "60", "61", 120),
            ("&page=1", "61", "110", 50),
            ("&page=3", "41", "60", 20),
            ("&limit=100", "61", "40", 100),
            ("&page=2&limit=7", "68", "74", 7),
        ] {
            let (texts, total) = desk.texts(&format!("{ticket}{query}"));
            assert_eq!((texts[0].as_str(), texts[rows - 1].as_str()), (first, last), "{query}");
            assert_eq!((texts.len(), total), (rows, 120), "{query}");
        }
        for query in [format!("{ticket}&page=4"), "ticket=tk_new".to_owned()] {
            assert!(desk.texts(&query).0.is_empty(), "{query}");
        }
    }

    #[test]
    fn lists_refuse_what_is_not_documented() {
        for (query, r, message) in [
            ("", 2, "ticket is required"),
            ("ticket=", 2, "ticket is required"),
            ("ticket=tk_missing1", 4, "ticket not found"),
            ("ticket_id=tk_1", 2, "ticket_id is unknown"),
            ("ticket=tk_1&ticket=tk_2", 2, "ticket is given twice"),
            ("ticket=tk_1&sort_by=id", 2, "sort_by must be created"),
            ("ticket=tk_1&sort_order=up", 2, "sort_order must be asc or desc"),
            ("ticket=tk_1&page=0", 2, "page must be a number from 1"),
            ("ticket=tk_1&page=a", 2, "page must be a number from 1"),
            ("ticket=tk_1&limit=0", 2, "limit must be a number from 1 to 100"),
            ("ticket=tk_1&limit=101", 2, "limit must be a number from 1 to 100"),
            ("ticket=%zz", 2, "ticket is not decodable"),
        ] {
            let found = Desk::new().ask(Method::GET, &format!("/v1/ticketNote?{query}"), "");
            assert_eq!(found, (200, json!({"r": r, "msg": message})), "{query}");
        }
    }

    #[test]
    fn requests_are_refused_as_http_where_it_is_http_that_is_wrong() {
        let good = r#"{"ticket_id":"tk_1","note":"a"}"#;
        let put = "/v1/ticketNote/tn_sandbox000001";
        for (method, path, content_type, body, status) in [
            (Method::POST, "/v1/ticketNote", JSON, Some("{"), 400),
            (Method::POST, "/v1/ticketNote", JSON, Some(""), 400),
            (Method::POST, "/v1/ticketNote", None, Some(good), 415),
            (Method::POST, "/v1/ticketNote", Some("text/plain"), Some(good), 415),
            (Method::POST, "/v1/ticketNote", Some("application/jsonp"), Some(good), 415),
            (Method::PUT, put, None, Some(r#"{"note":"a"}"#), 415),
            (Method::POST, "/v1/account", None, Some("{}"), 415),
            (Method::POST, "/v1/ticketNote", JSON, None, 413),
            (Method::PUT, "/v1/ticketNote", JSON, Some(good), 405),
            (Method::GET, put, None, Some(""), 405),
            (Method::GET, "/v1/account", None, Some(""), 405),
            (Method::GET, "/v1/ticket", None, Some(""), 404),
            (Method::DELETE, "/v1/ticketNote/", None, Some(""), 404),
            (Method::DELETE, "/v1/ticketNote/a/b", None, Some(""), 404),
            (Method::GET, "/v1", None, Some(""), 404),
            (Method::GET, "/", None, Some(""), 404),
            (Method::GET, "/v2/ticketNote", None, Some(""), 404),
            (Method::GET, "/_sandbox/else", None, Some(""), 404),
            (Method::POST, "/_sandbox/books", None, Some(""), 405),
            (Method::POST, "/_sandbox/clock", JSON, Some(r#"{"offset":1}"#), 400),
        ] {
            let mut desk = Desk::new();
            let request = Request {
                method: &method,
                path,
                query: "",
                token: Some(desk.token.as_bytes()),
                content_type: content_type.map(str::as_bytes),
                body: body.map(str::as_bytes),
            };
            let (found, _) = read(desk.books.handle(&request, NOW));
            assert_eq!(found, status, "{method} {path} {body:?}");
            assert_eq!(desk.shown("notes"), json!([]));
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let reply = Desk::new().reply(Method::PUT, "/v1/ticketNote", "", NOW);
        let Reply::Answer(answer) = reply else { panic!("not answered") };
        assert_eq!(answer.allow, Some("GET, POST"));
    }

    #[test]
    fn logins_are_answered_as_documented() {
        let mut desk = Desk::new();
        let log_in = |desk: &mut Desk, body: Value| {
            desk.token.clear();
            desk.ask(Method::POST, "/v1/account", &body.to_string())
        };
        let (status, answer) = log_in(&mut desk, json!({"email": EMAIL, "password": PASSWORD}));
        let token = answer["portals"][0]["auth_token"].as_str().unwrap();
        let portal = json!({"id": "po_sandbox", "domain": "sandbox", "auth_token": token});
        assert_eq!(
            (status, &answer),
            (200, &json!({"portals": [portal], "r": 0, "msg": "Success"}))
        );
        for (body, expected) in [
            (
                json!({"email": EMAIL, "password": "a"}),
                json!({"r": 1, "msg": "Invalid email or password"}),
            ),
            (json!({"email": EMAIL}), json!({"r": 2, "msg": "password is required"})),
            (
                json!({"email": EMAIL, "password": PASSWORD, "portal": 1}),
                json!({"r": 2, "msg": "portal is unknown or given twice"}),
            ),
        ] {
            assert_eq!(log_in(&mut desk, body), (200, expected));
        }
        desk.token = token.to_owned();
        assert_eq!(desk.create(&note()).1["r"], 0);
    }

    #[test]
    fn without_a_good_token_nothing_is_done_or_told() {
        let mut desk = Desk::new();
        desk.token = "forged".to_owned();
        let refused = (401, json!({"r": 401, "msg": "Token is invalid"}));
        assert_eq!(desk.create(&note()), refused);
        assert_eq!(desk.ask(Method::GET, "/v1/nowhere", ""), refused);
        assert_eq!(desk.shown("notes"), json!([]));
        // The sandbox's own calls need none.
        assert_eq!(desk.ask(Method::GET, "/_sandbox/books", "").0, 200);
    }

    #[test]
    fn the_clock_can_be_shifted() {
        let mut desk = Desk::new();
        let hour = json!({"offset_ms": 3_600_000}).to_string();
        assert_eq!(desk.create(&task(NOW + 9, NOW + 9)).1["r"], 0);
        assert_eq!(desk.ask(Method::POST, "/_sandbox/clock", &hour).0, 200);
        assert_eq!(desk.books.offset(), 3_600_000);
        let (status, answer) = desk.create(&note());
        assert_eq!((status, &answer["msg"]), (401, &json!("Token has expired")));
        desk.token = desk.books.gate.log_in(EMAIL, PASSWORD, NOW + 3_600_000).unwrap();
        assert_eq!(desk.create(&task(NOW + 9, NOW + 9)).1["r"], 3);
        // An offset replaces the one before.
        desk.ask(Method::POST, "/_sandbox/clock", r#"{"offset_ms":0}"#);
        assert_eq!(desk.create(&task(NOW + 9, NOW + 9)).1["r"], 0);
    }

    #[test]
    fn every_request_counts_but_the_sandboxs_own_and_the_refused() {
        let quotas = vec!["3/10s".parse().unwrap()];
        let mut desk = Desk::open(Options { quotas, ..Options::default() });
        desk.ask(Method::GET, "/_sandbox/books", "");
        desk.ask(Method::POST, "/v1/account", "{}");
        desk.ask(Method::GET, "/v1/ticketNote?ticket=tk_1", "");
        desk.ask(Method::GET, "/v1/nowhere", "");
        let reply = desk.reply(Method::POST, "/v1/ticketNote", &note().to_string(), NOW + 1);
        let Reply::Answer(answer) = &reply else { panic!("not answered") };
        // 4.999 seconds, rounded up.
        assert_eq!(answer.retry_after, Some(5));
        assert_eq!(read(reply), (429, json!({"r": 429, "msg": "Too many requests"})));
        assert_eq!((desk.shown("requests"), desk.shown("pushbacks")), (json!(4), json!(1)));
        let next = desk.reply(Method::POST, "/v1/ticketNote", &note().to_string(), NOW + 5_000);
        assert_eq!(read(next).0, 200);
    }

    #[test]
    fn retry_after_can_be_left_out() {
        let quotas = vec!["1/10s".parse().unwrap()];
        let mut desk = Desk::open(Options { quotas, retry_after: false, ..Options::default() });
        let list = "/v1/ticketNote?ticket=tk_1";
        desk.reply(Method::GET, list, "", NOW);
        let Reply::Answer(answer) = desk.reply(Method::GET, list, "", NOW) else {
            panic!("not answered")
        };
        assert_eq!((answer.status.as_u16(), answer.retry_after), (429, None));
    }

    #[test]
    fn faults_do_what_their_names_say() {
        for (fault, status, r, acted) in [
            ("429", Some(429), Some(429), 0),
            ("401", Some(401), Some(401), 0),
            ("refuse", Some(200), Some(1), 0),
            ("500", Some(500), None, 0),
            ("502", Some(502), None, 0),
            ("503", Some(503), None, 0),
            ("504", Some(504), None, 0),
            ("500-after", Some(500), Some(0), 1),
            ("502-after", Some(502), Some(0), 1),
            ("503-after", Some(503), Some(0), 1),
            ("504-after", Some(504), Some(0), 1),
            ("reset", None, None, 0),
            ("reset-after", None, Some(0), 1),
            ("cut-after", Some(200), Some(0), 1),
            ("html", Some(502), None, 0),
            ("slow", Some(200), Some(0), 1),
        ] {
            let mut desk = Desk::with_faults(&format!("{fault}=100%"));
            let reply = desk.reply(Method::POST, "/v1/ticketNote", &note().to_string(), NOW);
            match (fault, &reply) {
                ("reset" | "reset-after", Reply::Dropped { .. })
                | ("cut-after", Reply::Cut(_))
                | ("slow", Reply::Late(_)) => {}
                ("429", Reply::Answer(answer)) => assert_eq!(answer.retry_after, Some(1)),
                ("html", Reply::Answer(answer)) => assert_eq!(answer.media_type, MediaType::Html),
                (_, Reply::Answer(answer)) => assert!(!answer.body.starts_with(b"{\"id\"")),
                _ => panic!("{fault}: {reply:?}"),
            }
            assert_eq!(desk.shown("notes").as_array().unwrap().len(), acted, "{fault}");
            assert_eq!(desk.shown("pushbacks"), 0, "{fault}");
            let entry = json!({
                "at": NOW, "method": "POST", "path": "/v1/ticketNote",
                "status": status, "r": r, "fault": fault,
            });
            assert_eq!(desk.shown("journal"), json!([entry]));
        }
    }

    #[test]
    fn faults_meet_note_calls_alone() {
        let mut desk = Desk::with_faults("500=100%");
        let credentials = json!({"email": EMAIL, "password": PASSWORD}).to_string();
        assert_eq!(desk.ask(Method::POST, "/v1/account", &credentials).0, 200);
        assert_eq!(desk.ask(Method::GET, "/v1/nowhere", "").0, 404);
        assert_eq!(desk.ask(Method::GET, "/_sandbox/books", "").0, 200);
        assert_eq!(desk.ask(Method::GET, "/v1/ticketNote?ticket=tk_1", "").0, 500);
        assert_eq!(desk.ask(Method::DELETE, "/v1/ticketNote/tn_sandbox000001", "").0, 500);
        assert_eq!(desk.shown("seeded").as_array().unwrap().len(), 200);
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        let story = |seed| {
            let faults = "503=20%,reset-after=20%".parse().unwrap();
            let options = Options { quotas: Vec::new(), faults, seed, ..Options::default() };
            let mut desk = Desk::open(options);
            for _ in 0..50 {
                desk.reply(Method::POST, "/v1/ticketNote", &note().to_string(), NOW);
            }
            desk.books.show()
        };
        assert_eq!(story(7), story(7));
        assert_ne!(story(7), story(8));
    }
}
