//! A night: one run, the core of which is played against the server until it ends or dies.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use super::books::Run;
use super::server::{Page, Sent, Undoes};
use super::{EPOCH, World, tell};
use crate::declared::job::InDoubt;
use crate::engine::{Action, Core, Input, Now, Owing, Settings, Work};
use crate::event::{Ending, Event};
use crate::ledger::Ack;
use crate::prepare::request::Request;
use crate::row::{AttemptEnd, AttemptStart, Holdings, RowId};
use crate::traffic::pace::{Moment, Pace};
use crate::traffic::verdict::Verdict;

/// Something that will happen.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Coming {
    at: std::cmp::Reverse<Duration>,
    order: std::cmp::Reverse<u64>,
    slot: usize,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Commit,
    Answer,
    Look(Asked),
    Count(Asked),
    Read(String),
}

/// A page of a list, and what the ledger is asked of it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    path: String,
    operation: String,
    lane: String,
}

enum Pending {
    Start(usize, Box<AttemptStart>),
    End(usize, Box<AttemptEnd>),
}

pub(super) struct Night<'w, 'j> {
    world: &'w mut World<'j>,
    run: Run,
    core: Core,
    coming: BinaryHeap<Coming>,
    order: u64,
    pending: Vec<Pending>,
    is_committing: bool,
    /// The row that each slot holds, its operation and its attempt.
    slots: HashMap<usize, (RowId, u32, u32)>,
    began: Duration,
    heard: bool,
    undoes: HashMap<RowId, Undoes>,
    is_undoing: bool,
    source: Rc<HashSet<String>>,
    in_flight: HashMap<usize, Sent>,
    pub requests: usize,
}

/// What came of a night.
pub(super) struct Ended {
    /// None where it died.
    pub ending: Option<Ending>,
    pub requests: usize,
    /// Requests of rows, which change something.
    pub writes: usize,
}

impl<'w, 'j> Night<'w, 'j> {
    pub(super) fn new(world: &'w mut World<'j>, undoes: Option<HashMap<RowId, Undoes>>) -> Self {
        let settings = Settings {
            concurrency: world.random.usize(1..9),
            attempts: 4,
            needs_token: false,
            token_costs_request: false,
            give_up_after: Duration::from_secs(600),
            give_up_on_push_backs_after: Duration::from_secs(86_400),
            longest_request: Duration::ZERO,
            deadline: None,
            max_failures: None,
            in_doubt: InDoubt::Verify,
            counts: true,
        };
        let quota = ["1000/1s", "20/10s"][world.random.usize(0..2)].parse().unwrap();
        Self {
            run: world.books.begin_run(),
            core: Core::new(settings, Pace::new(&[quota])),
            coming: BinaryHeap::new(),
            order: 0,
            pending: Vec::new(),
            is_committing: false,
            slots: HashMap::new(),
            began: world.server.clock,
            heard: false,
            is_undoing: undoes.is_some(),
            undoes: undoes.unwrap_or_default(),
            source: Rc::new(world.source.keys()),
            in_flight: HashMap::new(),
            requests: 0,
            world,
        }
    }

    /// Plays until the end, or until so many things have happened. More requests than `most` are a loop.
    pub(super) fn play(mut self, work: Vec<Work>, (crash_after, most): (usize, usize)) -> Ended {
        let deeds = self.world.server.deeds.len();
        let writes = |night: &Self| night.world.server.deeds.len() - deeds;
        let mut feed: Vec<Work> = work.into_iter().rev().collect();
        let lanes = self.world.books.uncounted().into_iter().filter_map(|uncounted| {
            let operation = &self.world.job.connector.operations[&*uncounted.operation];
            let operation = operation.recover.is_some().then(|| operation.clone());
            operation.map(|operation| (operation, uncounted))
        });
        let owing = Owing { lanes: lanes.collect(), quiet_for: Duration::ZERO };
        self.take(Input::Owed(owing));
        for happened in 0..20_000 {
            if happened == crash_after {
                self.die();
                return Ended { ending: None, requests: self.requests, writes: writes(&self) };
            }
            assert!(self.requests <= most, "{} requests, and no end of it", self.requests);
            if let Some(ending) = self.core.ended() {
                assert!(self.pending.is_empty(), "ended with writes that are not durable");
                let owed = self.core.owed_counts();
                self.world.books.leave(self.run, owed);
                let requests = self.requests;
                return Ended { writes: writes(&self), ending: Some(ending), requests };
            }
            if self.core.wants_rows() {
                let count = self.world.random.usize(1..8);
                let rows: Vec<Work> = std::iter::from_fn(|| feed.pop()).take(count).collect();
                let input = if rows.is_empty() { Input::SourceEnded } else { Input::Rows(rows) };
                self.take(input);
                continue;
            }
            self.step();
        }
        panic!("the run does not end");
    }

    fn now(&mut self) -> Now {
        let moment = Moment(self.world.server.clock - self.began);
        let wall = EPOCH + i64::try_from(self.world.server.clock.as_millis()).unwrap();
        let remote = self.heard.then(|| self.world.server.remote());
        Now { moment, wall, remote, chance: self.world.random.f64() }
    }

    fn take(&mut self, input: Input) {
        let now = self.now();
        self.core.handle(input, now);
        for action in self.core.take_actions() {
            self.perform(action);
        }
    }

    fn after(&mut self, milliseconds: std::ops::Range<u64>, slot: usize, kind: Kind) {
        let wait = Duration::from_millis(self.world.random.u64(milliseconds));
        self.order += 1;
        self.coming.push(Coming {
            at: std::cmp::Reverse(self.world.server.clock + wait),
            order: std::cmp::Reverse(self.order),
            slot,
            kind,
        });
    }

    fn ask(&mut self, slot: usize, kind: Kind) {
        self.requests += 1;
        self.after(5..400, slot, kind);
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Begin { slot, start } => self.write(Pending::Start(slot, start)),
            Action::End { slot, end } => self.write(Pending::End(slot, end)),
            Action::Send { slot, work } => {
                let (row, turn, number) = self.slots[&slot];
                let started = self.world.books.entries(row).starts.last().unwrap();
                assert_eq!(started.start.number, number, "it is durably started");
                let source = self.world.source.find(&work.key);
                let sent = Sent {
                    row,
                    turn,
                    number,
                    version: source.map_or(0, |row| row.version),
                    undoes: self.undoes.get(&row).copied(),
                    request: work.ready.request.clone(),
                    source: Rc::clone(&self.source),
                };
                self.in_flight.insert(slot, sent);
                self.ask(slot, Kind::Answer);
            }
            Action::Look { slot, work, request } => {
                let of = (work.ready.operation.name.to_string(), work.ready.lane.clone());
                self.ask(slot, Kind::Look(Asked::of(*request, of)));
            }
            Action::Count { lane, of, name, request } => {
                let of = (of.name.to_string(), name.to_string());
                self.ask(lane, Kind::Count(Asked::of(*request, of)));
            }
            Action::Read { list, request, .. } => self.ask(list, Kind::Read(request.path)),
            Action::Come(_) => {}
            Action::Renew => panic!("nobody needs a token"),
            Action::Tell(event) => self.hear(*event),
            Action::Abandon => panic!("nobody stops it"),
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Row(ended) => {
                let cause =
                    ended.cause.map(|cause| format!("{:?} {:?}", cause.reason, cause.doubt));
                let cause = cause.unwrap_or_default();
                tell!(self.world, ("  {} ends: {:?} {cause}", ended.key, ended.end));
            }
            Event::Miscounted(told) => {
                let key = told.miscount.key.to_string();
                tell!(self.world, ("  {key} is told to be there: {:?}", told.miscount.ids));
                self.world.told.insert(key);
            }
            Event::Note(note) => tell!(self.world, ("  told: {note:?}")),
            other => tell!(self.world, ("  told: {other:?}")),
        }
    }

    fn write(&mut self, write: Pending) {
        self.pending.push(write);
        if !std::mem::replace(&mut self.is_committing, true) {
            self.after(0..15, 0, Kind::Commit);
        }
    }

    fn commit(&mut self) {
        self.is_committing = false;
        let mut acks = Vec::new();
        for write in std::mem::take(&mut self.pending) {
            acks.push(match write {
                Pending::Start(slot, start) => {
                    let (turn, number) = (start.turn, start.number);
                    let (key, operation) = (start.key.clone(), start.operation.clone());
                    tell!(self.world, ("  {key} starts: {number}, turn {turn}, {operation}"));
                    let row = self.world.books.begin((self.run, self.is_undoing), *start);
                    self.slots.insert(slot, (row, turn, number));
                    Ack::Started { slot }
                }
                Pending::End(slot, end) => {
                    let row = end.known.unwrap_or_else(|| self.slots[&slot].0);
                    let key = self.world.books.entries(row).key.clone();
                    let said = (end.number, end.outcome, end.remote_id.clone());
                    tell!(self.world, ("  {key}: {said:?}"));
                    self.world.books.end(self.run, row, *end);
                    Ack::Ended { slot }
                }
            });
        }
        self.take(Input::Durable(acks));
    }

    /// What was under way may have reached the server.
    fn die(&mut self) {
        tell!(self.world, ("  it dies"));
        for coming in std::mem::take(&mut self.coming) {
            if coming.kind == Kind::Answer
                && let Some(sent) = self.in_flight.remove(&coming.slot)
            {
                self.world.server.forsake(sent);
            }
        }
    }

    /// Lets time go on to the next thing that happens.
    fn step(&mut self) {
        let wake = self.core.wake_at().map(|moment| self.began + moment.0);
        let next = self.coming.peek().map(|coming| coming.at.0);
        match (wake, next) {
            (Some(wake), next) if next.is_none_or(|next| wake < next) => {
                self.world.advance(wake);
                self.take(Input::Tick);
            }
            (_, Some(_)) => self.happen(),
            (_, None) => panic!("nothing will ever happen again"),
        }
    }

    fn happen(&mut self) {
        let Some(coming) = self.coming.pop() else { return };
        self.world.advance(coming.at.0);
        let slot = coming.slot;
        match coming.kind {
            Kind::Commit => self.commit(),
            Kind::Answer => {
                let sent = self.in_flight.remove(&slot).unwrap();
                let (verdict, deed) = self.world.server.answer(sent);
                self.world.see(deed);
                self.heard = true;
                self.take(Input::Replied { slot, verdict });
            }
            Kind::Look(asked) => {
                let Page { verdict, age } = self.list(&asked.path);
                let owned = Ok(self.owned(&asked, &verdict, false));
                if !age.is_zero() {
                    self.take(Input::LookAged { slot, age });
                }
                self.take(Input::Looked { slot, verdict, owned });
            }
            Kind::Count(asked) => {
                let Page { verdict, age } = self.list(&asked.path);
                let owned = Ok(self.owned(&asked, &verdict, true));
                if !age.is_zero() {
                    self.take(Input::CountAged { lane: slot, age });
                }
                self.take(Input::Counted { lane: slot, verdict, owned });
            }
            Kind::Read(path) => {
                let Page { verdict, age } = self.list(&path);
                if !age.is_zero() {
                    self.take(Input::ReadAged { list: slot, age });
                }
                self.take(Input::Read { list: slot, verdict });
            }
        }
    }

    fn list(&mut self, path: &str) -> Page {
        self.heard = true;
        let page = self.world.server.list(path);
        if !self.world.story.is_told {
            return page;
        }
        let shown = match &page.verdict {
            Verdict::Done { items: Some(items), .. } => {
                let texts: Vec<String> =
                    items.iter().map(|item| format!("{} {}", item["id"], item["note"])).collect();
                texts.join(", ")
            }
            other => format!("{other:?}"),
        };
        tell!(self.world, ("  {path}: {:?} old: {shown}", page.age));
        page
    }

    fn owned(&self, asked: &Asked, verdict: &Verdict, wants_makers: bool) -> Holdings {
        let items = match verdict {
            Verdict::Done { items: Some(items), .. } => items.as_slice(),
            _ => &[],
        };
        let ids = items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        self.world.books.holdings((&asked.operation, &asked.lane), &ids, wants_makers)
    }
}

impl Asked {
    fn of(request: Request, (operation, lane): (String, String)) -> Self {
        Self { path: request.path, operation, lane }
    }
}
