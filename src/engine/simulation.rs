//! Plays the core against an imaginary server and an imaginary ledger, in imaginary time, from a seed.
//!
//! Every fault and every moment is drawn from the seed, runs crash in the middle and are started again, and
//! after each life the promises are checked. A failing seed is named and can be played again alone.

use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::num::NonZero;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::declared::connector::{Catalogue, Connector, Operation, Repeat};
use crate::declared::job::InDoubt;
use crate::event::{Ending, Event, RowEnd};
use crate::ledger::Ack;
use crate::plan::decide::{Facts, Fate, Sending, decide};
use crate::prepare::Ready;
use crate::prepare::request::Request;
use crate::row::AttemptEnd;
use crate::row::AttemptStart;
use crate::row::Attempted;
use crate::row::Cause;
use crate::row::Digest;
use crate::row::Earlier;
use crate::row::RowState;
use crate::text::diagnostic::Place;
use crate::text::quota::Quota;
use crate::traffic::pace::{Moment, Pace};
use crate::traffic::reply::Granted;
use crate::traffic::reply::{NoToken, TokenFailure};
use crate::traffic::verdict::Verdict;

use super::Work;
use super::core::{Action, Core, Input, Now, Settings, Stop};

/// The start of imaginary time, in unix milliseconds.
const EPOCH: i64 = 1_800_000_000_000;
/// How long the server may be at work on a request of which nobody hears any more; the connector knows.
const LATE: Duration = Duration::from_secs(10);

/// A row of the imaginary source.
#[derive(Clone)]
struct Row {
    number: u64,
    lane: String,
    operation: Arc<Operation>,
}

/// What the server does to one request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Refuse,
    Busy,
    Pushback,
    NotSent,
    LostBefore,
    LostAfter,
    Unauthorized,
    Revoked,
}

/// How the server shows a list.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// So many items on a page.
    Pages(usize),
    /// All at once, whatever page is asked for.
    Whole,
    /// As many as fit on its one page.
    Cut(usize),
}

/// Everything that outlives a crash: the server, and what the ledger made durable.
struct World {
    random: fastrand::Rng,
    rows: Vec<Row>,
    quota: Quota,
    faulty: bool,
    /// Rows on which the server acted, in order.
    acted: Vec<u64>,
    /// What the server holds.
    notes: Vec<serde_json::Value>,
    shown: Shown,
    /// When the server acts on requests of which nobody hears any more, and for which rows.
    late: Vec<(Duration, u64)>,
    /// When the last attempt of a row was started.
    started: HashMap<u64, Attempted>,
    /// Ids of what was made that the ledger knows.
    owned: HashSet<String>,
    /// When nothing gets through.
    down: std::ops::Range<Duration>,
    /// When no token is good.
    revoked: std::ops::Range<Duration>,
    /// Rows that the server has said no to.
    refused: HashSet<u64>,
    /// How far the server's clock is ahead, in milliseconds.
    ahead: i64,
    /// Whether the answer to a login tells the server's clock.
    dated_logins: bool,
    /// How far our clock has been set since, in milliseconds.
    set: i64,
    /// When requests left, in time over all lives.
    left: Vec<Duration>,
    /// Durable attempts by row: the state that replay gives.
    ledger: BTreeMap<u64, RowState>,
    clock: Duration,
    token: u32,
    valid_token: u32,
}

/// What a list is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    newest_first: bool,
    /// Counts from 1.
    page: usize,
}

impl Asked {
    fn read(path: &str) -> Self {
        let page = path.split_once("&page=").and_then(|(_, rest)| rest.split('&').next());
        Self {
            newest_first: path.contains("sort_order=desc"),
            page: page.unwrap().parse().unwrap(),
        }
    }
}

/// Something that will happen in the future of one life.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Coming {
    at: std::cmp::Reverse<Duration>,
    order: std::cmp::Reverse<u64>,
    slot: usize,
    kind: Kind,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Commit,
    Answer(u32),
    Look(Asked, u32),
    Token,
}

/// Writes that are not durable yet.
enum Pending {
    Start(usize, Box<AttemptStart>),
    End(usize, Box<AttemptEnd>),
}

impl World {
    fn new(connector: &Connector, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let lanes = random.u64(1..12);
        let faulty = random.u8(0..4) > 0;
        let rows = (1..=random.u64(1..60))
            .map(|number| {
                let name =
                    if random.u8(0..5) == 0 { "ticket_note.update" } else { "ticket_note.create" };
                let operation = Arc::clone(&connector.operations[name]);
                Row { number, lane: format!("lane {}", random.u64(0..lanes)), operation }
            })
            .collect();
        let quota = ["1000/1s", "30/10s", "5/1s", "200/1s"][random.usize(0..4)].parse().unwrap();
        Self {
            rows,
            quota,
            faulty,
            acted: Vec::new(),
            notes: Vec::new(),
            shown: [Shown::Pages(3), Shown::Pages(100), Shown::Whole, Shown::Cut(20)]
                [random.usize(0..4)],
            late: Vec::new(),
            started: HashMap::new(),
            owned: HashSet::new(),
            down: {
                let start = Duration::from_millis(random.u64(0..20_000));
                start..start + Duration::from_millis(random.u64(0..200_000))
            },
            revoked: {
                let start = Duration::from_millis(random.u64(0..60_000));
                start..start + Duration::from_millis(random.u64(0..100_000))
            },
            refused: HashSet::new(),
            ahead: random.i64(-5_000_000..5_000_000),
            set: 0,
            dated_logins: random.bool(),
            left: Vec::new(),
            ledger: BTreeMap::new(),
            clock: Duration::ZERO,
            token: 0,
            valid_token: 0,
            random,
        }
    }

    /// The rows that a new run has to send.
    fn work(&self) -> Vec<Work> {
        self.rows
            .iter()
            .filter_map(|row| {
                let earlier = self.ledger.get(&row.number).map(|state| Earlier::of(state.clone()));
                let facts = Facts {
                    earlier: earlier.as_ref(),
                    valid: true,
                    unchanged: true,
                    effect: row.operation.effect,
                    repeat: row.operation.repeat,
                    settles: row.operation.recover.is_some(),
                    in_doubt: InDoubt::Verify,
                    retry_failed: false,
                };
                let Fate::Send(sending) = decide(&facts) else { return None };
                let request = Request {
                    method: row.operation.method,
                    path: format!("/{}", row.number),
                    body: None,
                };
                Some(Work {
                    ready: Ready {
                        row: row.number,
                        line: row.number + 1,
                        operation: Arc::clone(&row.operation),
                        lane: row.lane.clone(),
                        request,
                        digest: Digest([0; 16]),
                        send_before: None,
                        valid: true,
                        fields: row.operation.fields.values(
                            &serde_json::json!({"ticket_id": row.lane, "note": text(row.number)}),
                        ),
                        marker: None,
                    },
                    key: row.number.to_string(),
                    known: None,
                    attempts: earlier.map_or(0, |earlier| earlier.state.attempts()),
                    attempted: self.started.get(&row.number).copied(),
                    sending,
                })
            })
            .collect()
    }

    /// Lets time go on to a moment; meanwhile the server acts on what it has been slow with.
    fn advance(&mut self, to: Duration) {
        self.late.sort_unstable();
        while self.late.first().is_some_and(|(at, _)| *at <= to) {
            let (at, row) = self.late.remove(0);
            self.clock = self.clock.max(at);
            self.act(row);
        }
        self.clock = self.clock.max(to);
    }

    /// Nobody will hear of a request any more, but the server may be at work on it.
    fn forsake(&mut self, row: u64) {
        if self.random.bool() {
            let slow = self.random.u64(0..LATE.as_millis().try_into().unwrap());
            self.late.push((self.clock + Duration::from_millis(slow), row));
        }
    }

    fn repeat(&self, row: u64) -> Repeat {
        self.rows[usize::try_from(row - 1).unwrap()].operation.repeat
    }

    /// The server's clock.
    fn remote(&self) -> i64 {
        wall(self.clock) + self.ahead
    }

    /// Lanes that wait for a row of which nobody can tell whether it acted: it left before the server's clock was known,
    /// and ours has been set.
    fn stuck_lanes(&self) -> HashSet<&str> {
        let in_doubt = |row: &&Row| {
            let state = self.ledger.get(&row.number);
            let certain =
                self.started.get(&row.number).is_some_and(|moment| moment.remote_at.is_some());
            matches!(state, Some(RowState::InDoubt { .. })) && !certain && self.set != 0
        };
        self.rows.iter().filter(in_doubt).map(|row| row.lane.as_str()).collect()
    }

    /// Whether all is done that can be.
    fn is_settled(&self) -> bool {
        let stuck = self.stuck_lanes();
        self.work().iter().all(|work| stuck.contains(work.ready.lane.as_str()))
    }

    fn fault(&mut self) -> Fault {
        if !self.faulty {
            return Fault::None;
        }
        if self.down.contains(&self.clock) {
            return Fault::NotSent;
        }
        if self.revoked.contains(&self.clock) {
            return Fault::Revoked;
        }
        match self.random.u8(0..40) {
            0 => Fault::Refuse,
            1 | 2 => Fault::Busy,
            3 => Fault::Pushback,
            4 => Fault::NotSent,
            5 => Fault::LostBefore,
            6 => Fault::LostAfter,
            7 => Fault::Unauthorized,
            _ => Fault::None,
        }
    }

    fn act(&mut self, row: u64) -> String {
        self.acted.push(row);
        let id = format!("tn_{row}_{}", self.acted.len());
        let source = &self.rows[usize::try_from(row - 1).unwrap()];
        if source.operation.repeat == Repeat::Harmful {
            // Seconds are coarser than our milliseconds, as on many a real server.
            let created = self.remote() / 1000;
            let note = serde_json::json!({
                "id": id, "ticket_id": source.lane, "note": text(row), "created": created,
            });
            self.notes.push(note);
        }
        id
    }

    /// What the server makes of a look at a row's lane.
    fn list(&mut self, row: u64, asked: Asked, token: u32) -> Verdict {
        let cause = Cause::default().saying("a fault");
        if token < self.valid_token {
            return Verdict::Unauthorized(cause);
        }
        match self.fault() {
            Fault::Busy | Fault::NotSent | Fault::LostBefore => {
                Verdict::Retry { cause, after: None, pushback: false, may_have_acted: false }
            }
            Fault::Refuse if self.random.bool() => Verdict::Refused(cause),
            Fault::Revoked => Verdict::Unauthorized(cause),
            _ => {
                let lane = self.rows[usize::try_from(row - 1).unwrap()].lane.as_str();
                let notes = self.notes.iter().filter(|note| note["ticket_id"] == lane).cloned();
                let mut items: Vec<serde_json::Value> = notes.collect();
                if asked.newest_first {
                    items.reverse();
                }
                Verdict::Done { id: None, items: Some(self.shown_of(items, asked.page)) }
            }
        }
    }

    fn shown_of(&self, items: Vec<serde_json::Value>, page: usize) -> Vec<serde_json::Value> {
        match self.shown {
            Shown::Pages(size) => items.into_iter().skip((page - 1) * size).take(size).collect(),
            Shown::Whole => items,
            Shown::Cut(size) => items.into_iter().take(size).collect(),
        }
    }

    /// What the server makes of a request that arrives with a token.
    fn answer(&mut self, row: u64, token: u32) -> Verdict {
        let operation = Arc::clone(&self.rows[usize::try_from(row - 1).unwrap()].operation);
        let harmless = operation.repeat == Repeat::Harmless;
        let cause = Cause::default().saying("a fault");
        let again =
            |cause| Verdict::Retry { cause, after: None, pushback: false, may_have_acted: true };
        if token < self.valid_token {
            return Verdict::Unauthorized(cause);
        }
        match self.fault() {
            Fault::None => {
                let id = self.act(row);
                Verdict::Done { id: Some(id), items: None }
            }
            Fault::Refuse => {
                self.refused.insert(row);
                Verdict::Refused(cause)
            }
            Fault::Revoked => Verdict::Unauthorized(cause),
            Fault::Busy | Fault::NotSent => again(cause),
            Fault::Pushback => Verdict::Retry {
                cause,
                after: self.random.bool().then_some(Duration::from_millis(1500)),
                pushback: true,
                may_have_acted: false,
            },
            Fault::LostBefore if harmless => {
                self.forsake(row);
                again(cause)
            }
            Fault::LostBefore => {
                self.forsake(row);
                Verdict::Unknown { cause, after: None }
            }
            Fault::LostAfter => {
                self.act(row);
                if harmless { again(cause) } else { Verdict::Unknown { cause, after: None } }
            }
            Fault::Unauthorized => {
                // All tokens so far are over, as when a password was changed.
                self.valid_token = self.token + 1;
                Verdict::Unauthorized(cause)
            }
        }
    }
}

/// One life: from a start to an end or a crash.
struct Life<'a> {
    world: &'a mut World,
    core: Core,
    coming: BinaryHeap<Coming>,
    order: u64,
    pending: Vec<Pending>,
    committing: bool,
    /// The row that each slot holds.
    slots: HashMap<usize, u64>,
    began: Duration,
    told: HashMap<u64, RowEnd>,
    sent: usize,
    /// Whether an answer has told the server's clock.
    heard: bool,
}

impl<'a> Life<'a> {
    fn new(world: &'a mut World) -> Self {
        let settings = Settings {
            concurrency: world.random.usize(1..20),
            attempts: 4,
            needs_token: true,
            token_costs_request: true,
            give_up_after: Duration::from_secs(600),
            deadline: None,
            max_failures: None,
            in_doubt: InDoubt::Verify,
        };
        let mut pace = Pace::new(&[world.quota]);
        let began = world.clock;
        if let Some(last) = world.left.last() {
            pace.continue_after(Moment::default(), began - *last);
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
            sent: 0,
            heard: false,
        }
    }

    fn now(&mut self) -> Now {
        let moment = Moment(self.world.clock - self.began);
        if self.world.faulty && self.world.random.u16(0..2_000) == 0 {
            self.world.set = self.world.random.i64(-86_400_000..86_400_000);
        }
        let wall = wall(self.world.clock) + self.world.set;
        let remote = self.heard.then(|| self.world.remote());
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
            at: std::cmp::Reverse(self.world.clock + wait),
            order: std::cmp::Reverse(self.order),
            slot,
            kind,
        });
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Begin { slot, start } => {
                self.slots.insert(slot, start.row);
                self.write(Pending::Start(slot, start));
            }
            Action::End { slot, end } => self.write(Pending::End(slot, end)),
            Action::Send { slot } => {
                let row = self.slots[&slot];
                let state = self.world.ledger.get(&row);
                assert!(
                    matches!(state, Some(RowState::Started { .. })),
                    "row {row} left without being durably started"
                );
                self.world.left.push(self.world.clock);
                self.sent += 1;
                self.after(5..400, slot, Kind::Answer(self.world.token));
            }
            Action::Look { slot } => {
                let asked = Asked::read(&self.core.look_request(slot).unwrap().path);
                self.slots.insert(slot, self.core.work(slot).unwrap().ready.row);
                self.world.left.push(self.world.clock);
                self.after(5..400, slot, Kind::Look(asked, self.world.token));
            }
            Action::Renew => {
                self.world.left.push(self.world.clock);
                self.after(5..200, 0, Kind::Token);
            }
            Action::Tell(Event::Row(event)) => {
                let before = self.told.insert(event.row, event.end);
                assert_eq!(before, None, "row {} ends twice", event.row);
            }
            Action::Tell(_) => {}
            Action::Abandon => self
                .coming
                .retain(|coming| !matches!(coming.kind, Kind::Answer(_) | Kind::Look(..))),
        }
    }

    fn write(&mut self, write: Pending) {
        self.pending.push(write);
        if !self.committing {
            self.committing = true;
            self.after(0..15, 0, Kind::Commit);
        }
    }

    fn commit(&mut self) {
        self.committing = false;
        let mut acks = Vec::new();
        for write in std::mem::take(&mut self.pending) {
            let (slot, ack, event) = match write {
                Pending::Start(slot, start) => {
                    let state =
                        self.world.ledger.get(&start.row).cloned().unwrap_or(RowState::NotStarted);
                    assert_eq!(start.number, state.attempts() + 1, "attempts are counted on");
                    let attempted = Attempted { at: start.at, remote_at: start.remote_at };
                    self.world.started.insert(start.row, attempted);
                    (slot, Ack::Started { slot }, state.start())
                }
                Pending::End(slot, end) => {
                    let row = self.core.work(slot).unwrap().ready.row;
                    self.slots.entry(slot).or_insert(row);
                    self.world.owned.extend(end.remote_id.clone());
                    (slot, Ack::Ended { slot }, end.outcome.event(end.remote_id))
                }
            };
            let row = self.slots[&slot];
            let state = self.world.ledger.remove(&row).unwrap_or(RowState::NotStarted);
            self.world.ledger.insert(row, state.after(event).unwrap());
            acks.push(ack);
        }
        self.take(Input::Durable(acks));
    }

    /// Plays until the end, or until so many things have happened.
    fn play(
        mut self,
        crash_after: usize,
        stop_after: usize,
    ) -> Option<(Ending, HashMap<u64, RowEnd>)> {
        let work = self.world.work();
        let in_doubt = work.iter().filter(|work| work.sending != Sending::Fresh).count();
        let mut feed: Vec<Work> = work.into_iter().rev().collect();
        self.take(Input::Tick);
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

    /// So many rows are said to be in doubt as the ledger has. `before` is how many there were when the run began.
    fn check_doubts(&mut self, before: usize) {
        let now = self.now();
        let of_this_run = self.core.progress(now.moment).in_doubt + self.core.left_in_doubt();
        let told = of_this_run + before as u64 - self.core.settled();
        let known = self.world.ledger.values().filter(|state| state.may_have_acted()).count();
        assert_eq!(told, known as u64, "rows in doubt");
    }

    /// What was under way may have reached the server.
    fn crash(&mut self) {
        for coming in std::mem::take(&mut self.coming) {
            let Kind::Answer(token) = coming.kind else { continue };
            let row = self.slots[&coming.slot];
            if token >= self.world.valid_token {
                self.world.forsake(row);
            }
        }
    }

    /// Lets time go on to the next thing that happens.
    fn step(&mut self) {
        let wake = self.core.wake_at().map(|moment| self.began + moment.0);
        let next = self.coming.peek().map(|coming| coming.at.0);
        match (wake, next) {
            (Some(wake), Some(next)) if wake < next => self.wake(wake),
            (Some(wake), None) => self.wake(wake),
            (_, Some(_)) => self.happen(),
            (None, None) => panic!("nothing will ever happen again"),
        }
    }

    fn wake(&mut self, at: Duration) {
        self.world.advance(at);
        self.take(Input::Tick);
    }

    fn happen(&mut self) {
        let Some(coming) = self.coming.pop() else { return };
        self.world.advance(coming.at.0);
        match coming.kind {
            Kind::Commit => self.commit(),
            Kind::Answer(token) => {
                let row = self.slots[&coming.slot];
                let verdict = self.world.answer(row, token);
                self.heard = true;
                self.take(Input::Replied { slot: coming.slot, verdict });
            }
            Kind::Look(asked, token) => {
                let verdict = self.world.list(self.slots[&coming.slot], asked, token);
                self.heard = true;
                let items = match &verdict {
                    Verdict::Done { items: Some(items), .. } => items.as_slice(),
                    _ => &[],
                };
                let ids = items.iter().map(|item| item["id"].as_str().unwrap().to_owned());
                let owned = ids.filter(|id| self.world.owned.contains(id)).collect();
                self.take(Input::Looked { slot: coming.slot, verdict, owned });
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
                    self.heard |= self.world.dated_logins;
                    Ok(Granted { expires_at: Some(remote + life), date: None })
                };
                self.take(Input::Token(token));
            }
        }
    }
}

/// Plays a whole story: lives that crash or are stopped, then lives until nothing is left to send.
fn play(connector: &Connector, seed: u64) {
    let mut world = World::new(connector, seed);
    let lives = world.random.usize(0..4);
    for _ in 0..lives {
        let crash = world.random.usize(1..400);
        let stop = world.random.usize(1..400);
        Life::new(&mut world).play(crash, stop);
        check(&world, seed);
        let pause = Duration::from_millis(world.random.u64(0..3_000));
        world.advance(world.clock + pause);
    }
    for _ in 0..40 {
        if world.is_settled() {
            break;
        }
        // A token is refused for good by bad luck now and then, or a row given up; the next run goes on.
        let (ending, told) = Life::new(&mut world).play(usize::MAX, usize::MAX).unwrap();
        check(&world, seed);
        if ending == Ending::Finished {
            check_told(&world, &told);
        }
        world.advance(world.clock + Duration::from_secs(10));
    }
    world.advance(world.clock + LATE);
    check(&world, seed);
    assert!(world.is_settled(), "seed {seed}: rows are left");
    let stuck = world.stuck_lanes();
    for row in world.rows.iter().filter(|row| !stuck.contains(row.lane.as_str())) {
        let state = &world.ledger[&row.number];
        let ended = matches!(state, RowState::Succeeded { .. } | RowState::Refused { .. });
        assert!(ended, "seed {seed}: row {} ends as {state:?}", row.number);
    }
}

fn wall(clock: Duration) -> i64 {
    EPOCH + i64::try_from(clock.as_millis()).unwrap()
}

/// What a row says; rows of one lane often say the same.
fn text(row: u64) -> String {
    format!("text {}", row % 3)
}

/// The promises, after any life.
///
/// Rows of one lane with one text are told apart by nobody, least of all by the reader of the ticket: what counts is
/// how many of their notes there are.
fn check(world: &World, seed: u64) {
    let mut groups: HashMap<(&str, String), (usize, usize, usize)> = HashMap::new();
    for row in world.rows.iter().filter(|row| row.operation.repeat == Repeat::Harmful) {
        let (made, done, open) = groups.entry((row.lane.as_str(), text(row.number))).or_default();
        *made += world.acted.iter().filter(|acted| **acted == row.number).count();
        match world.ledger.get(&row.number) {
            Some(RowState::Succeeded { .. }) => *done += 1,
            Some(RowState::Started { .. } | RowState::InDoubt { .. }) => *open += 1,
            _ => {}
        }
    }
    for (group, (made, done, open)) in groups {
        assert!(
            made >= done,
            "seed {seed}: of {group:?} {made} were made and {done} are said to be"
        );
        assert!(
            made <= done + open,
            "seed {seed}: of {group:?} {made} were made, and only {done} are known"
        );
    }
    for (row, state) in &world.ledger {
        let refused = matches!(state, RowState::Refused { .. });
        assert!(!refused || world.refused.contains(row), "seed {seed}: row {row} pays for others");
    }
    check_order(world, seed);
    check_updates(world, seed);
    check_pace(world, seed);
}

/// Once an update is done, nothing acts any more that stands before it in its lane: the note says what the last row said.
fn check_updates(world: &World, seed: u64) {
    let update = |row: u64| world.repeat(row) == Repeat::Harmless;
    let done =
        |row: &Row| matches!(world.ledger.get(&row.number), Some(RowState::Succeeded { .. }));
    let mut last_done: HashMap<&str, u64> = HashMap::new();
    for row in world.rows.iter().filter(|row| update(row.number) && done(row)) {
        last_done.insert(row.lane.as_str(), row.number);
    }
    for (lane, last) in last_done {
        let of_lane = |row: &u64| world.rows[usize::try_from(*row - 1).unwrap()].lane == lane;
        let acted = world.acted.iter().rev().find(|row| update(**row) && of_lane(row));
        assert!(
            acted.is_some_and(|acted| *acted >= last),
            "seed {seed}: {lane} says {acted:?}, not {last}"
        );
    }
}

/// The rows of a lane act in the order of the source, however often each is tried and whatever runs it takes.
fn check_order(world: &World, seed: u64) {
    let mut seen = HashSet::new();
    let mut last: HashMap<&str, u64> = HashMap::new();
    for row in world.acted.iter().filter(|row| seen.insert(**row)) {
        let lane = world.rows[usize::try_from(*row - 1).unwrap()].lane.as_str();
        let before = last.insert(lane, *row).unwrap_or(0);
        assert!(before < *row, "seed {seed}: {lane}: row {row} after row {before}");
    }
}

fn check_pace(world: &World, seed: u64) {
    let most = world.quota.requests.get() as usize;
    for (at, start) in world.left.iter().enumerate() {
        if let Some(later) = world.left.get(at + most) {
            assert!(
                *later - *start >= world.quota.window,
                "seed {seed}: too many requests from {start:?} on"
            );
        }
    }
}

/// What reporters heard is what the ledger holds.
fn check_told(world: &World, told: &HashMap<u64, RowEnd>) {
    for (row, end) in told {
        let state = &world.ledger[row];
        let fits = match end {
            RowEnd::Succeeded => matches!(state, RowState::Succeeded { .. }),
            RowEnd::Failed => matches!(state, RowState::Refused { .. } | RowState::GivenUp { .. }),
            RowEnd::InDoubt => matches!(state, RowState::InDoubt { .. }),
            RowEnd::Invalid => false,
        };
        assert!(fits, "row {row} was told as {end:?} and is {state:?}");
    }
}

/// Another number of seeds: `NOTEFERRY_SEEDS=100000 cargo test --release simulation`; one seed alone: `NOTEFERRY_SEED=7`.
#[test]
fn the_promises_hold_for_every_seed() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, end) = match number("NOTEFERRY_SEED") {
        Some(seed) => (seed, seed + 1),
        None => (0, number("NOTEFERRY_SEEDS").unwrap_or(10_000)),
    };
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    let next = AtomicU64::new(first);
    let play_on = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let played = std::panic::catch_unwind(AssertUnwindSafe(|| play(&connector, seed)));
            assert!(played.is_ok(), "seed {seed} fails: NOTEFERRY_SEED={seed} plays it alone");
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(play_on);
        }
    });
}
