//! One life of a run: the core, and an imaginary ledger and way to the server that do what it says.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::time::Duration;

use super::world::{Asked, World, wall};
use crate::declared::job::InDoubt;
use crate::engine::{Action, Core, Input, Now, Owing, Settings, Stop, Work};
use crate::event::{Ending, Event, Note, RowEnd};
use crate::ledger::Ack;
use crate::row::{
    AttemptEnd, AttemptStart, Attempted, Begun, Holdings, Outcome, Purpose, RowState, Uncounted,
};
use crate::traffic::pace::{Moment, Pace, Past};
use crate::traffic::reply::{Granted, NoToken, TokenFailure};
use crate::traffic::verdict::Verdict;

/// Something that will happen in the future of one life.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Coming {
    at: std::cmp::Reverse<Duration>,
    order: std::cmp::Reverse<u64>,
    slot: usize,
    kind: Kind,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Commit,
    Answer(u32),
    /// Of the list of a lane, for a row.
    Look(Asked, u64, String, u32),
    /// Of the list of a lane, by which that is counted.
    Count(Asked, String, u32),
    Token,
}

/// Writes that are not durable yet.
pub(super) enum Pending {
    Start(usize, Box<AttemptStart>),
    End(usize, Box<AttemptEnd>),
}

/// One life: from a start to an end or a crash.
pub(super) struct Life<'a> {
    pub world: &'a mut World,
    pub core: Core,
    pub coming: BinaryHeap<Coming>,
    pub order: u64,
    pub pending: Vec<Pending>,
    pub committing: bool,
    /// The row that each slot holds.
    pub slots: HashMap<usize, u64>,
    pub began: Duration,
    pub told: HashMap<u64, RowEnd>,
    pub concurrency: usize,
    /// Requests and looks under way.
    pub under_way: usize,
    /// Slots of rows that were started and of whose requests nothing has come.
    pub open: HashSet<usize>,
    /// Rows that were answered that they are done.
    pub done: HashSet<u64>,
    /// Whether an answer has told the server's clock.
    pub heard: bool,
}

impl<'a> Life<'a> {
    pub(super) fn new(world: &'a mut World) -> Self {
        let settings = Settings {
            concurrency: world.random.usize(1..20),
            attempts: 4,
            needs_token: true,
            token_costs_request: true,
            give_up_after: Duration::from_secs(600),
            give_up_on_push_backs_after: Duration::from_secs(86_400),
            longest_request: Duration::ZERO,
            deadline: None,
            max_failures: None,
            in_doubt: InDoubt::Verify,
            counts: true,
        };
        let mut pace = Pace::new(&[world.quota]);
        let began = world.clock;
        if let Some(last) = world.left.last() {
            pace.continue_after(Moment::default(), &Past::About(began - *last, Vec::new()));
        }
        let core = Core::new(settings, pace);
        Self {
            world,
            core,
            coming: BinaryHeap::new(),
            order: 0,
            pending: Vec::new(),
            committing: false,
            slots: HashMap::new(),
            began,
            told: HashMap::new(),
            concurrency: settings.concurrency,
            under_way: 0,
            open: HashSet::new(),
            done: HashSet::new(),
            heard: false,
        }
    }

    pub(super) fn now(&mut self) -> Now {
        let moment = Moment(self.world.clock - self.began);
        if self.world.faulty && self.world.random.u16(0..2_000) == 0 {
            self.world.set = self.world.random.i64(-86_400_000..86_400_000);
        }
        let wall = wall(self.world.clock) + self.world.set;
        let remote = self.heard.then(|| self.world.remote());
        Now { moment, wall, remote, chance: self.world.random.f64() }
    }

    pub(super) fn take(&mut self, input: Input) {
        let now = self.now();
        self.core.handle(input, now);
        for action in self.core.take_actions() {
            self.perform(action);
        }
    }

    pub(super) fn after(&mut self, milliseconds: std::ops::Range<u64>, slot: usize, kind: Kind) {
        let wait = Duration::from_millis(self.world.random.u64(milliseconds));
        self.order += 1;
        self.coming.push(Coming {
            at: std::cmp::Reverse(self.world.clock + wait),
            order: std::cmp::Reverse(self.order),
            slot,
            kind,
        });
    }

    pub(super) fn perform(&mut self, action: Action) {
        match action {
            Action::Begin { slot, start } => {
                self.slots.insert(slot, start.place.row);
                self.open.insert(slot);
                self.check_bounds();
                self.write(Pending::Start(slot, start));
            }
            Action::End { slot, end } => {
                self.open.remove(&slot);
                if end.remote_id.is_some() {
                    self.done.insert(self.slots[&slot]);
                }
                self.write(Pending::End(slot, end));
            }
            Action::Send { slot, .. } => {
                let row = self.slots[&slot];
                let state = self.world.ledger.get(&row);
                assert!(
                    matches!(state, Some(RowState::Started { .. })),
                    "row {row} left without being durably started"
                );
                self.world.left.push(self.world.clock);
                self.under_way += 1;
                self.check_bounds();
                self.after(5..400, slot, Kind::Answer(self.world.token));
            }
            Action::Look { slot, work, request } => {
                let asked = Asked::read(&request.path);
                let row = work.ready.place.row;
                // It may be the list of another row, that is done, which is looked at.
                if !self.done.contains(&row) {
                    self.slots.insert(slot, row);
                }
                self.under_way += 1;
                self.check_bounds();
                self.world.left.push(self.world.clock);
                let lane = work.ready.lane.strip_prefix("ticket ").unwrap().to_owned();
                self.after(5..400, slot, Kind::Look(asked, row, lane, self.world.token));
            }
            Action::Count { lane, name, request, .. } => {
                let asked = Asked::read(&request.path);
                self.under_way += 1;
                self.check_bounds();
                self.world.left.push(self.world.clock);
                let name = name.strip_prefix("ticket ").unwrap().to_owned();
                self.after(5..400, lane, Kind::Count(asked, name, self.world.token));
            }
            Action::Read { .. } => panic!("its rows are about nothing there"),
            Action::Come(_) => {}
            Action::Renew => {
                self.world.left.push(self.world.clock);
                self.after(5..200, 0, Kind::Token);
            }
            Action::Tell(event) => match *event {
                Event::Row(event) => {
                    let before = self.told.insert(event.place.row, event.end);
                    assert_eq!(before, None, "row {} ends twice", event.place.row);
                }
                Event::Miscounted(told) => {
                    self.world.told.insert(told.miscount.place.row);
                }
                Event::Note(Note::Uncounted { lane }) => {
                    let lane = lane.strip_prefix("ticket ").unwrap().to_owned();
                    self.world.uncounted.insert(lane);
                }
                _ => {}
            },
            Action::Abandon => self.coming.retain(|coming| {
                !matches!(coming.kind, Kind::Answer(_) | Kind::Look(..) | Kind::Count(..))
            }),
        }
    }

    pub(super) fn write(&mut self, write: Pending) {
        self.pending.push(write);
        if !self.committing {
            self.committing = true;
            self.after(0..15, 0, Kind::Commit);
        }
    }

    pub(super) fn commit(&mut self) {
        self.committing = false;
        let mut acks = Vec::new();
        for write in std::mem::take(&mut self.pending) {
            let (row, ack) = match write {
                Pending::Start(slot, start) => {
                    let state = self
                        .world
                        .ledger
                        .get(&start.place.row)
                        .cloned()
                        .unwrap_or(RowState::NotStarted);
                    assert_eq!(start.number, state.attempts() + 1, "attempts are counted on");
                    let attempted = Attempted { at: start.at, remote_at: start.remote_at };
                    let begun = Begun {
                        number: start.number.into(),
                        turn: start.turn.into(),
                        purpose: Purpose::Do,
                        operation: &start.operation,
                        attempted,
                    };
                    self.world.lives.entry(start.place.row).or_default().begin(&begun).unwrap();
                    self.world.started.insert(start.place.row, attempted);
                    self.world.first_started.entry(start.place.row).or_insert(attempted);
                    (start.place.row, Ack::Started { slot })
                }
                Pending::End(slot, end) => {
                    let known = end.known.map(|id| id.0.try_into().unwrap());
                    let row = known.unwrap_or_else(|| self.slots[&slot]);
                    let attempted = self.world.started[&row];
                    if let Some(doubt) = end.cause.as_ref().and_then(|cause| cause.doubt.clone()) {
                        self.world.doubts.entry(row).or_default().push(doubt);
                    }
                    if matches!(end.outcome, Outcome::Found | Outcome::NotFound) {
                        self.world.settled.insert(row);
                        let lane = self.world.row(row).lane.clone();
                        self.world.owed.entry(lane).or_default();
                    }
                    let owned = end.remote_id.clone().map(|id| (id, row, attempted));
                    self.world.owned.extend(owned);
                    let life = self.world.lives.get_mut(&row).unwrap();
                    life.end(end.number.into(), end.outcome.word(), end.remote_id).unwrap();
                    (row, Ack::Ended { slot })
                }
            };
            // As whoever reads the ledger would have it, in the order in which it was written.
            self.world.ledger.insert(row, self.world.lives[&row].state().clone());
            acks.push(ack);
        }
        self.take(Input::Durable(acks));
    }

    /// Plays until the end, or until so many things have happened.
    pub(super) fn play(
        mut self,
        crash_after: usize,
        stop_after: usize,
    ) -> Option<(Ending, HashMap<u64, RowEnd>)> {
        let work = self.world.work();
        let in_doubt = work.iter().filter(|work| work.sending.may_have_acted()).count();
        let mut feed: Vec<Work> = work.into_iter().rev().collect();
        let create = self.world.rows.iter().find(|row| self.world.creates(row.number));
        if let Some(create) = create {
            let owed = self.world.owed.iter();
            let owed = owed.map(|(lane, copies)| {
                let operation = create.operation.name.to_string();
                let (lane, copies) = (format!("ticket {lane}"), copies.clone());
                (create.operation.clone(), Uncounted { operation, lane, copies })
            });
            let last = self.world.left.last().copied().unwrap_or_default();
            let quiet_for = self.world.clock.saturating_sub(last);
            let owing = Owing { lanes: owed.collect(), quiet_for };
            self.take(Input::Owed(owing));
        }
        for happened in 0..200_000 {
            if happened == crash_after {
                self.crash();
                return None;
            }
            if happened == stop_after {
                self.take(Input::Stop(Stop::Drain { signal: 2 }));
            }
            if let Some(ending) = self.core.ended() {
                assert!(self.pending.is_empty(), "ended with writes that are not durable");
                self.check_doubts(in_doubt);
                let owed = self.core.owed_counts().into_iter();
                let owed = owed.map(|lane| {
                    let name = lane.lane.strip_prefix("ticket ").unwrap().to_owned();
                    (name, lane.copies)
                });
                self.world.owed = owed.collect();
                return Some((ending, self.told));
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

    /// However the run ends, no more requests are under way than it was allowed, and no more rows are in doubt for being
    /// started than twice as many.
    fn check_bounds(&self) {
        assert!(self.under_way <= self.concurrency, "{} under way", self.under_way);
        assert!(self.open.len() <= 2 * self.concurrency, "{} started", self.open.len());
    }

    /// So many rows are said to be in doubt as the ledger has. `before` is how many there were when the run began.
    pub(super) fn check_doubts(&mut self, before: usize) {
        let now = self.now();
        let of_this_run = self.core.progress(now.moment).in_doubt + self.core.left_in_doubt();
        let told = of_this_run + before as u64 - self.core.settled_rows();
        let known = self.world.ledger.values().filter(|state| state.may_have_acted()).count();
        assert_eq!(told, known as u64, "rows in doubt");
    }

    /// What was under way may have reached the server.
    pub(super) fn crash(&mut self) {
        for coming in std::mem::take(&mut self.coming) {
            let Kind::Answer(token) = coming.kind else { continue };
            let row = self.slots[&coming.slot];
            if token >= self.world.valid_token {
                self.world.forsake(row);
            }
        }
    }

    /// Lets time go on to the next thing that happens.
    pub(super) fn step(&mut self) {
        let wake = self.core.wake_at().map(|moment| self.began + moment.0);
        let next = self.coming.peek().map(|coming| coming.at.0);
        match (wake, next) {
            (Some(wake), Some(next)) if wake < next => self.wake(wake),
            (Some(wake), None) => self.wake(wake),
            (_, Some(_)) => self.happen(),
            (None, None) => panic!("nothing will ever happen again"),
        }
    }

    pub(super) fn wake(&mut self, at: Duration) {
        self.world.advance(at);
        self.take(Input::Tick);
    }

    pub(super) fn happen(&mut self) {
        let Some(coming) = self.coming.pop() else { return };
        self.world.advance(coming.at.0);
        match coming.kind {
            Kind::Commit => self.commit(),
            Kind::Answer(token) => {
                self.under_way -= 1;
                self.open.remove(&coming.slot);
                let row = self.slots[&coming.slot];
                let verdict = self.world.answer(row, token);
                if let Verdict::Done { .. } = &verdict {
                    self.done.insert(row);
                }
                self.heard |= self.world.manner.is_dated;
                self.take(Input::Replied { slot: coming.slot, verdict });
            }
            Kind::Look(asked, row, lane, token) => {
                self.under_way -= 1;
                let verdict = self.world.list(&lane, asked, token);
                self.heard |= self.world.manner.is_dated;
                let items = match &verdict {
                    Verdict::Done { items: Some(items), .. } => items.as_slice(),
                    _ => &[],
                };
                let owned = self.world.holdings(row, &lane, items);
                self.take(Input::Looked { slot: coming.slot, verdict, owned: Ok(owned) });
            }
            Kind::Count(asked, lane, token) => {
                self.under_way -= 1;
                self.world.counted.insert(lane.clone(), self.world.clock);
                let verdict = self.world.list(&lane, asked, token);
                self.heard |= self.world.manner.is_dated;
                let items = match &verdict {
                    Verdict::Done { items: Some(items), .. } => items.as_slice(),
                    _ => &[],
                };
                let owned = self.world.holdings(0, &lane, items);
                let owned = Ok(Holdings { makers: self.world.makers(&lane), ..owned });
                self.take(Input::Counted { lane: coming.slot, verdict, owned });
            }
            Kind::Token => {
                let failed = self.world.faulty && self.world.random.u8(0..6) == 0;
                let token = if failed {
                    Err(TokenFailure {
                        why: NoToken::NoneInAnswer { status: 503 },
                        transient: true,
                    })
                } else {
                    self.world.token += 1;
                    let life = self.world.random.i64(2_000..100_000);
                    let remote = self.world.remote();
                    self.heard |= self.world.manner.is_dated && self.world.dated_logins;
                    Ok(Granted { expires_at: Some(remote + life), date: None })
                };
                self.take(Input::Token(token));
            }
        }
    }
}
