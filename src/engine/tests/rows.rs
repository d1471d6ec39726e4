//! The builder of rows for all tests of the engine.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::declared::connector::{Catalogue, Connector, Operation};
use crate::declared::job::PastReminders;
use crate::engine::Work;
use crate::plan::decide::Sending;
use crate::prepare::Ready;
use crate::prepare::request::Request;
use crate::recover::{Expectation, Subject};
use crate::row::{Attempted, Digest, Follows, Next, RowId};
use crate::text::diagnostic::Place;
use crate::text::place::RowPlace;

/// The connector that all rows here are of.
pub(crate) fn stringeex() -> Connector {
    Catalogue::default().load("stringeex", Place::Nowhere).unwrap()
}

/// A row to send: a note on a ticket of its own, unless something else is said.
pub(crate) struct Draft(Work);

/// The row of a number.
pub(crate) fn row(operation: &Arc<Operation>, number: u64) -> Draft {
    let request = Request { method: operation.method, path: format!("/{number}"), body: None };
    let ready = Ready {
        place: RowPlace::of(number, number + 1),
        operation: Arc::clone(operation),
        lane: format!("ticket {number}"),
        request,
        digest: Digest([0; 16]),
        send_before: None,
        reminder: Default::default(),
        valid: true,
        fields: operation.fields.values(&json!({"ticket_id": "tk_1", "note": "x"})),
        marker: None,
    };
    Draft(Work {
        ready,
        key: number.to_string().into(),
        known: None,
        next: Next::FIRST,
        thing: None,
        lost: None,
        sending: Sending::Fresh,
        subject: None,
        print: None,
    })
}

impl Draft {
    /// On a ticket, which is the row's lane.
    pub(crate) fn on(mut self, ticket: &str) -> Self {
        self.0.ready.lane = format!("ticket {ticket}");
        self.set("ticket_id", ticket)
    }

    pub(crate) fn saying(self, text: &str) -> Self {
        self.set("note", text)
    }

    /// With a marker below a text.
    pub(crate) fn marked(self, text: &str, marker: &str) -> Self {
        let mut draft = self.saying(&format!("{text}\n{marker}"));
        draft.0.ready.marker = Some(marker.to_owned());
        draft
    }

    /// Whether agents alone see the note.
    pub(crate) fn internal(mut self, is_internal: bool) -> Self {
        let ready = &mut self.0.ready;
        if let Some(field) = ready.operation.fields.find("is_internal_note") {
            ready.fields.set(field, Value::from(is_internal).into());
        }
        self
    }

    fn set(mut self, name: &str, text: &str) -> Self {
        let ready = &mut self.0.ready;
        // An update names no ticket.
        if let Some(field) = ready.operation.fields.find(name) {
            ready.fields.set(field, Value::from(text).into());
        }
        self
    }

    /// With a request that carries the fields, and the key that tells it from others.
    pub(crate) fn for_real(mut self, path: &str, key: &str) -> Self {
        let ready = &mut self.0.ready;
        ready.request.path = path.to_owned();
        let names = &ready.operation.fields;
        let body = ready
            .fields
            .iter()
            .map(|(field, value)| (names.name(field).to_owned(), value.to_json()));
        ready.request.body = Some(Value::Object(body.collect()).to_string());
        ready.digest = ready.request.digest(&ready.operation.name);
        self.0.key = key.into();
        self
    }

    /// To be sent before a moment, in unix milliseconds.
    pub(crate) fn before(mut self, moment: i64) -> Self {
        self.0.ready.send_before = Some(moment);
        self
    }

    /// Reminding at a moment, and what becomes of that once it is past.
    pub(crate) fn reminding(mut self, moment: i64, policy: PastReminders) -> Self {
        let ready = &mut self.0.ready;
        let fields =
            [("task_type", 1), ("task_reminder_time", moment), ("task_due_date", i64::MAX / 4)];
        for (name, value) in fields {
            if let Some(field) = ready.operation.fields.find(name) {
                ready.fields.set(field, Value::from(value).into());
            }
        }
        ready.reminder.policy = policy;
        self.before(moment)
    }

    pub(crate) fn sending(mut self, sending: Sending) -> Self {
        self.0.sending = sending;
        self
    }

    /// With so many attempts in earlier runs, the last of which was started at a moment.
    pub(crate) fn attempted(mut self, attempts: u32, attempted: Option<Attempted>) -> Self {
        (self.0.next.attempts, self.0.next.attempted) = (attempts, attempted);
        self
    }

    /// About a note of `tk_1`, of which the list says what is expected of it.
    pub(crate) fn about(self, id: &str, expects: Expectation) -> Self {
        self.about_one_of("tk_1", id, expects)
    }

    /// Likewise, of another ticket.
    pub(crate) fn about_one_of(mut self, ticket: &str, id: &str, expects: Expectation) -> Self {
        let create = Arc::clone(&stringeex().operations["ticket_note.create"]);
        let asked_by = create.fields.values(&json!({"ticket_id": ticket}));
        let subject = Subject::in_list(&create, asked_by, id).unwrap();
        let effect = self.0.ready.operation.effect;
        self.0.ready.lane = format!("note {id}");
        self.0.subject = Some(Arc::new(Subject { expects, effect, ..subject }));
        self
    }

    pub(crate) fn known(mut self, id: Option<RowId>) -> Self {
        self.0.known = id;
        self
    }

    pub(crate) fn work(mut self) -> Work {
        self.0.next.follows = match (self.0.next.attempts, self.0.sending) {
            (0, _) => Follows::Nothing,
            (_, sending) if sending.may_have_acted() => Follows::OpenAttempt,
            _ => Follows::Attempt,
        };
        self.0
    }
}
