//! All of the sandbox's behaviour, as one value: a request and the time go in, a reply comes out.
//!
//! The order in which a request is met is here: quota, token, path, size and type, fault, act. What the
//! parts do is in their own modules; sockets and the real clock are in `server`.

mod call;
#[cfg(test)]
mod tests;

use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use self::call::{Call, NoteCall, not_allowed, not_found};
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
