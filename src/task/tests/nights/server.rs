//! The other side: its notes with all that ever became of them, its lists, which show some of that, and its faults.

use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::EPOCH;
use crate::declared::connector::Method;
use crate::prepare::request::Request;
use crate::row::{Cause, RowId};
use crate::traffic::verdict::Verdict;

/// How long the server may be at work on a request of which nobody hears any more; the connector knows.
pub(super) const LATE: Duration = Duration::from_secs(10);

/// Who gave a note the state that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Row,
    Undoing,
    Person,
}

/// What became of a note.
#[derive(Debug, Clone)]
pub(super) struct Was {
    pub at: Duration,
    /// None where it was deleted.
    pub text: Option<String>,
    pub by: By,
}

#[derive(Debug, Clone)]
pub(super) struct Note {
    pub id: String,
    pub ticket: String,
    pub is_internal: bool,
    pub made_at: Duration,
    /// The row that has made it; none where a person has.
    pub row: Option<RowId>,
    /// One thing after the other; never nothing.
    pub was: Vec<Was>,
    /// Which version of its row the last request brought, since it was undone last.
    pub version: u64,
}

impl Note {
    pub(super) fn text(&self) -> Option<&str> {
        self.was.last().and_then(|was| was.text.as_deref())
    }

    /// As it was at a moment; none where it was not there.
    fn text_at(&self, moment: Duration) -> Option<&str> {
        self.was.iter().rfind(|was| was.at <= moment).and_then(|was| was.text.as_deref())
    }

    pub(super) fn was_touched(&self) -> bool {
        self.was.iter().any(|was| was.by == By::Person)
    }
}

/// A request that has left, and what those who check promises have to know of it.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub row: RowId,
    pub turn: u32,
    pub number: u32,
    /// The version of the row that it brings.
    pub version: u64,
    pub undoes: Option<Undoes>,
    pub request: Request,
    /// The keys of the source when its run began.
    pub source: Rc<HashSet<String>>,
}

/// What a request undoes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Undoes {
    /// The operation of the row.
    pub turn: u32,
    pub even_if_changed: bool,
}

/// What the server has done for a request.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    pub at: Duration,
    pub sent: Sent,
    /// The note that it was done to.
    pub note: String,
    /// What that said before, where it was there.
    pub before: Option<Was>,
    pub text: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Order {
    AsAsked,
    OldestFirst,
    Shuffled,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pages {
    Of(usize),
    Whole,
    /// As many as fit on the one page.
    Cut(usize),
}

/// How lists show what is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Manner {
    pub order: Order,
    pub pages: Pages,
    pub hides_internal: bool,
    pub trims: bool,
    /// How old a list is without saying so.
    pub lag: Duration,
    /// How old a list may be that says so.
    pub cached: Duration,
    /// Whether some lists show a note twice: as it is, and as it was.
    pub contradicts: bool,
    /// How many in a thousand requests meet a fault.
    pub faults: u16,
}

impl Manner {
    pub(super) const PLAIN: Self = Self {
        order: Order::AsAsked,
        pages: Pages::Of(100),
        hides_internal: false,
        trims: false,
        lag: Duration::ZERO,
        cached: Duration::ZERO,
        contradicts: false,
        faults: 0,
    };

    pub(super) fn draw(random: &mut fastrand::Rng) -> Self {
        let faults = [0, 60, 200][random.usize(0..3)];
        if random.bool() {
            return Self { faults, ..Self::PLAIN };
        }
        let seconds =
            |random: &mut fastrand::Rng, of: [u64; 4]| Duration::from_secs(of[random.usize(0..4)]);
        let order = [Order::AsAsked, Order::OldestFirst, Order::Shuffled][random.usize(0..3)];
        // What is missing from a list in no order is seen by nobody.
        let cut = if order == Order::Shuffled { Pages::Whole } else { Pages::Cut(4) };
        Self {
            order,
            pages: [Pages::Of(100), Pages::Of(3), Pages::Whole, cut][random.usize(0..4)],
            hides_internal: random.u8(0..6) == 0,
            trims: random.u8(0..4) == 0,
            lag: seconds(random, [0, 0, 2, 8]),
            cached: seconds(random, [0, 0, 20, 300]),
            contradicts: random.u8(0..6) == 0,
            faults,
        }
    }

    /// Whether lists show what is there, and at once.
    pub(super) fn is_honest(&self) -> bool {
        Self { faults: 0, ..*self } == Self::PLAIN
    }
}

pub(super) struct Server {
    pub random: fastrand::Rng,
    pub manner: Manner,
    pub clock: Duration,
    /// How far its clock is ahead, in milliseconds.
    pub ahead: i64,
    pub notes: Vec<Note>,
    pub deeds: Vec<Deed>,
    /// Requests of which nobody hears any more, and when the server acts on them.
    pub late: Vec<(Duration, Sent)>,
    made: u64,
}

/// A list, and how long it has lain in a cache.
pub(super) struct Page {
    pub verdict: Verdict,
    pub age: Duration,
}

impl Server {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        Self {
            manner: Manner::draw(&mut random),
            ahead: random.i64(-60_000..60_000),
            random,
            clock: Duration::ZERO,
            notes: Vec::new(),
            deeds: Vec::new(),
            late: Vec::new(),
            made: 0,
        }
    }

    /// Its clock, in unix milliseconds.
    pub(super) fn remote(&self) -> i64 {
        EPOCH + i64::try_from(self.clock.as_millis()).unwrap() + self.ahead
    }

    /// Lets time go on; gives what the server has done meanwhile.
    pub(super) fn advance(&mut self, to: Duration) -> Vec<Deed> {
        let mut done = Vec::new();
        self.late.sort_by_key(|(at, _)| *at);
        while self.late.first().is_some_and(|(at, _)| *at <= to) {
            let (at, sent) = self.late.remove(0);
            self.clock = self.clock.max(at);
            done.extend(self.act(sent).1);
        }
        self.clock = self.clock.max(to);
        done
    }

    /// Nobody will hear of a request any more, but the server may be at work on it.
    pub(super) fn forsake(&mut self, sent: Sent) {
        if self.random.bool() {
            let slow = self.random.u64(0..u64::try_from(LATE.as_millis()).unwrap());
            self.late.push((self.clock + Duration::from_millis(slow), sent));
        }
    }

    pub(super) fn note(&self, id: &str) -> Option<&Note> {
        self.notes.iter().find(|note| note.id == id)
    }

    /// A person changes a note, or deletes it.
    pub(super) fn touch(&mut self, at: usize, text: Option<String>) {
        self.notes[at].was.push(Was { at: self.clock, text, by: By::Person });
    }

    pub(super) fn write(&mut self, ticket: &str, text: String) {
        self.create((ticket, text), false, None, By::Person);
    }

    fn create(
        &mut self,
        (ticket, text): (&str, String),
        is_internal: bool,
        row: Option<RowId>,
        by: By,
    ) -> String {
        self.made += 1;
        let id = format!("tn_{}", self.made);
        self.notes.push(Note {
            id: id.clone(),
            ticket: ticket.to_owned(),
            is_internal,
            made_at: self.clock,
            row,
            was: vec![Was { at: self.clock, text: Some(text), by }],
            version: 0,
        });
        id
    }

    /// Does what a request asks for. What is not there can neither be changed nor deleted.
    fn act(&mut self, sent: Sent) -> (Verdict, Option<Deed>) {
        let by = if sent.undoes.is_some() { By::Undoing } else { By::Row };
        let body: Value = sent
            .request
            .body
            .as_deref()
            .map_or(Value::Null, |body| serde_json::from_str(body).unwrap());
        let text = body["note"].as_str().map(str::to_owned);
        if sent.request.method == Method::Post {
            let ticket = body["ticket_id"].as_str().unwrap();
            let is_internal = body["is_internal_note"] == true;
            let of = (ticket, text.clone().unwrap());
            let note = self.create(of, is_internal, Some(sent.row), by);
            let deed = Deed { at: self.clock, sent, note: note.clone(), before: None, text };
            return (Verdict::Done { id: Some(note), items: None }, Some(self.book(deed)));
        }
        let id = sent.request.path.rsplit('/').next().unwrap().to_owned();
        let at = self.notes.iter().position(|note| note.id == id && note.text().is_some());
        let Some(at) = at else {
            return (Verdict::NotFound(Cause::default().saying("gone")), None);
        };
        let before = self.notes[at].was.last().cloned();
        let text = if sent.request.method == Method::Put { text } else { None };
        self.notes[at].was.push(Was { at: self.clock, text: text.clone(), by });
        let deed = Deed { at: self.clock, sent, note: id.clone(), before, text };
        (Verdict::Done { id: Some(id), items: None }, Some(self.book(deed)))
    }

    fn book(&mut self, deed: Deed) -> Deed {
        self.deeds.push(deed.clone());
        deed
    }

    fn meets_fault(&mut self) -> bool {
        self.random.u16(0..1_000) < self.manner.faults
    }

    /// What the server makes of a row's request; and what it has done.
    pub(super) fn answer(&mut self, sent: Sent) -> (Verdict, Option<Deed>) {
        if !self.meets_fault() {
            return self.act(sent);
        }
        let cause = Cause::default().saying("a fault");
        let is_harmless = sent.request.method != Method::Post;
        let lost = |cause| match is_harmless {
            true => Verdict::Retry { cause, after: None, pushback: false, may_have_acted: true },
            false => Verdict::Unknown { cause, after: None },
        };
        match self.random.u8(0..8) {
            0 => (Verdict::Refused(cause), None),
            1 => {
                let verdict =
                    Verdict::Retry { cause, after: None, pushback: false, may_have_acted: false };
                (verdict, None)
            }
            2 => {
                let after = self.random.bool().then_some(Duration::from_millis(1500));
                let verdict =
                    Verdict::Retry { cause, after, pushback: true, may_have_acted: false };
                (verdict, None)
            }
            3..6 => {
                self.forsake(sent);
                (lost(cause), None)
            }
            _ => {
                let (_, deed) = self.act(sent);
                (lost(cause), deed)
            }
        }
    }

    /// What the server shows of a ticket, for a request.
    pub(super) fn list(&mut self, path: &str) -> Page {
        let cause = Cause::default().saying("a fault");
        let fresh = |verdict| Page { verdict, age: Duration::ZERO };
        if self.meets_fault() {
            return fresh(match self.random.u8(0..4) {
                0 => Verdict::Refused(cause),
                1 => Verdict::Retry { cause, after: None, pushback: true, may_have_acted: false },
                _ => Verdict::Retry { cause, after: None, pushback: false, may_have_acted: false },
            });
        }
        let milliseconds = u64::try_from(self.manner.cached.as_millis()).unwrap();
        let age = match milliseconds {
            0 => Duration::ZERO,
            most => Duration::from_millis(self.random.u64(0..most)),
        };
        let items = self.show(path, age);
        let page: usize = parameter(path, "page").map_or(1, |page| page.parse().unwrap());
        let items: Vec<Value> = match self.manner.pages {
            Pages::Of(_) if page == 0 => return fresh(Verdict::Refused(cause)),
            Pages::Of(size) => items.into_iter().skip((page - 1) * size).take(size).collect(),
            Pages::Whole => items,
            Pages::Cut(size) => items.into_iter().take(size).collect(),
        };
        Page { verdict: Verdict::Done { id: None, items: Some(items) }, age }
    }

    fn show(&mut self, path: &str, age: Duration) -> Vec<Value> {
        let ticket = parameter(path, "ticket").unwrap();
        let manner = self.manner;
        let moment = self.clock.checked_sub(age + manner.lag);
        let notes = self
            .notes
            .iter()
            .filter(|note| note.ticket == ticket && !(manner.hides_internal && note.is_internal));
        let mut shown: Vec<(&Note, &str)> =
            notes.filter_map(|note| Some((note, note.text_at(moment?)?))).collect();
        match manner.order {
            Order::AsAsked if path.contains("sort_order=desc") => shown.reverse(),
            Order::AsAsked | Order::OldestFirst => {}
            Order::Shuffled => shown.sort_by_key(|(note, _)| {
                let number = note
                    .id
                    .bytes()
                    .fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
                fastrand::Rng::with_seed(number).u64(..)
            }),
        }
        let item = |note: &Note, text: &str| {
            let text = if manner.trims { text.trim() } else { text };
            let made = EPOCH + i64::try_from(note.made_at.as_millis()).unwrap() + self.ahead;
            json!({
                "id": note.id,
                "ticket_id": note.ticket,
                "note": text,
                "is_internal_note": note.is_internal,
                "note_type": 0,
                "created": made.div_euclid(1_000),
            })
        };
        let mut items: Vec<Value> = shown.iter().map(|(note, text)| item(note, text)).collect();
        if manner.contradicts && self.random.bool() {
            let former = shown.iter().find_map(|(note, _)| {
                let was = note.was.iter().rev().skip(1).find_map(|was| was.text.as_deref())?;
                Some(item(note, was))
            });
            items.extend(former);
        }
        items
    }
}

fn parameter<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let (_, query) = path.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(own, value)| (own == name).then_some(value))
}
