//! The decisions of a run. Pure: see [`Core`].

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::time::Duration;

use crate::connector::Effect;
use crate::event::{Ending, Event, Progress, RowEnd, RowEvent};
use crate::ledger::{Ack, AttemptEnd, AttemptStart, Outcome};
use crate::pace::{Moment, Pace, asked_wait, back_off};
use crate::plan::Sending;
use crate::recover::{Search, Step};
use crate::request::Request;
use crate::row_state;
use crate::row_state::RowState;
use crate::verdict::{Cause, TokenFailure, Verdict};

use super::Work;
use super::access::{Access, Refusal};
use super::lanes::{Lane, Lanes};

/// How many rows are in hand at the most, so that one busy lane does not hide the lanes behind it.
const LOOK_AHEAD_ROWS: usize = 8_192;
/// Likewise, in bytes: long notes are held fewer at a time.
const LOOK_AHEAD_BYTES: usize = 16 << 20;
/// How long before its turn a row is entered in the ledger, so that it leaves on time.
const LEAD: Duration = Duration::from_millis(25);
/// A row that is told "not now" this often in one run is given up after all.
const MOST_PUSHBACKS: u32 = 1_000;

/// What a run is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Attempts for one row in this run.
    pub attempts: u32,
    /// Whether requests carry a token.
    pub needs_token: bool,
    /// Whether getting a token is a request itself.
    pub token_costs_request: bool,
}

/// What has happened.
#[derive(Debug)]
pub enum Input {
    /// More rows of the source, in its order.
    Rows(Vec<Work>),
    /// There are no more rows.
    SourceEnded,
    /// Writes of the ledger are durable.
    Durable(Vec<Ack>),
    LedgerFailed(String),
    /// A request has come to an end.
    Replied {
        slot: usize,
        verdict: Verdict,
    },
    /// A page of the list that was looked at, and which of its ids belong to other rows.
    Looked {
        slot: usize,
        verdict: Verdict,
        owned: HashSet<String>,
    },
    /// A token has come; it expires then, in unix milliseconds.
    Token(Result<Option<i64>, TokenFailure>),
    Stop(Stop),
    /// Time has passed.
    Tick,
}

/// A wish to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Start nothing more, let end what is under way.
    Drain { signal: i32 },
    /// Leave what is under way to its fate.
    Now { signal: i32 },
}

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// Enter an attempt in the ledger.
    Begin { slot: usize, start: Box<AttemptStart> },
    /// Enter what came of an attempt.
    End { slot: usize, end: Box<AttemptEnd> },
    /// Send the row's request.
    Send { slot: usize },
    /// Look at the page that [`Core::look_request`] asks for.
    Look { slot: usize },
    /// Get a token.
    Renew,
    /// Tell the reporters.
    Tell(Event),
    /// Forget the requests under way.
    Abandon,
}

/// The moment and what goes with it.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    pub moment: Moment,
    /// Unix milliseconds.
    pub wall: i64,
    /// How far the other side's clock is ahead of ours, in milliseconds.
    pub ahead: i64,
    /// In 0..1.
    pub chance: f64,
}

/// Rows in hand and how they stand. Fed with [`Input`]s; says what to do in [`Action`]s.
pub struct Core {
    settings: Settings,
    pace: Pace,
    access: Access,
    lanes: Lanes,
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    bytes: usize,
    /// Rows that are durably started and wait for their turn.
    cleared: VecDeque<usize>,
    /// Rows whose answers were lost and that are to be looked for.
    to_look: VecDeque<usize>,
    /// Rows that wait for another attempt, or another look.
    waiting: BinaryHeap<Reverse<(Moment, usize)>>,
    starting: usize,
    flying: usize,
    /// Outcomes that are not durable yet.
    ending: usize,
    source_ended: bool,
    stopping: Option<Ending>,
    counts: Counts,
    actions: Vec<Action>,
    wake: Option<Moment>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    succeeded: u64,
    failed: u64,
    in_doubt: u64,
    invalid: u64,
    requests: u64,
    /// Rows that were in doubt from an earlier run and of which something has become known.
    settled: u64,
}

#[derive(Debug)]
struct Slot {
    work: Work,
    lane: Lane,
    state: RowState,
    phase: Phase,
    /// Attempts of this run that count against its limit.
    tries: u32,
    pushbacks: u32,
    generation: u32,
    unauthorized: bool,
    /// An earlier attempt may have acted, and a repeat is harmless.
    may_have_acted: bool,
    /// When the last attempt was started, in unix milliseconds.
    started_at: i64,
    /// Why its answer was lost.
    lost: Option<Cause>,
    /// The search for what it may have made.
    search: Option<Box<Search>>,
    looks: u32,
    /// How the row ends, once its last outcome is durable.
    end: Option<RowEvent>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Queued,
    Starting,
    Cleared,
    Flying,
    /// To be looked for.
    Lost,
    /// A look is under way.
    Looking,
    Waiting,
    Ending,
}

impl Core {
    pub fn new(settings: Settings, pace: Pace) -> Self {
        Self {
            settings,
            pace,
            access: Access::new(settings.needs_token),
            lanes: Lanes::default(),
            slots: Vec::new(),
            free: Vec::new(),
            bytes: 0,
            cleared: VecDeque::new(),
            to_look: VecDeque::new(),
            waiting: BinaryHeap::new(),
            starting: 0,
            flying: 0,
            ending: 0,
            source_ended: false,
            stopping: None,
            counts: Counts::default(),
            actions: Vec::new(),
            wake: None,
        }
    }

    /// Takes in what has happened and decides what follows.
    pub fn handle(&mut self, input: Input, now: Now) {
        match input {
            Input::Rows(rows) => rows.into_iter().for_each(|work| self.enqueue(work)),
            Input::SourceEnded => self.source_ended = true,
            Input::Durable(acks) => acks.into_iter().for_each(|ack| self.durable(ack, now)),
            Input::LedgerFailed(message) => self.stop(Ending::LedgerFailed { message }, now),
            Input::Replied { slot, verdict } => self.replied(slot, verdict, now),
            Input::Looked { slot, verdict, owned } => self.looked(slot, verdict, &owned, now),
            Input::Token(Ok(expires_at)) => self.access.granted(expires_at, now.wall),
            Input::Token(Err(failure)) => self.token_failed(&failure, now),
            Input::Stop(Stop::Drain { signal }) => self.stop(Ending::Interrupted { signal }, now),
            Input::Stop(Stop::Now { signal }) => {
                self.stop(Ending::Interrupted { signal }, now);
                self.abandon(now);
            }
            Input::Tick => {}
        }
        self.proceed(now);
    }

    /// What is to be done, in order.
    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// The row's request and the count of its token, for [`Action::Send`].
    pub fn work(&self, slot: usize) -> Option<&Work> {
        self.slots.get(slot)?.as_ref().map(|slot| &slot.work)
    }

    /// The request for [`Action::Look`]; none where the row lacks a field that the list asks for.
    pub fn look_request(&self, slot: usize) -> Option<Request> {
        let slot = self.slots.get(slot)?.as_ref()?;
        let recover = slot.work.ready.operation.recover.as_ref()?;
        slot.search.as_ref()?.request(recover, &slot.work.ready)
    }

    /// When to come back with a [`Input::Tick`] if nothing else happens.
    pub fn wake_at(&self) -> Option<Moment> {
        self.wake
    }

    /// Whether there is room for more rows.
    pub fn wants_rows(&self) -> bool {
        !self.source_ended
            && self.stopping.is_none()
            && self.in_hand() < LOOK_AHEAD_ROWS
            && self.bytes < LOOK_AHEAD_BYTES
    }

    /// How the run ended, once it has: nothing is under way and everything is durable.
    pub fn ended(&self) -> Option<Ending> {
        let ledger_failed = matches!(self.stopping, Some(Ending::LedgerFailed { .. }));
        let under_way = self.starting + self.flying + self.ending;
        let quiet = under_way + self.cleared.len() + self.to_look.len() == 0;
        match &self.stopping {
            Some(ending) if quiet || ledger_failed => Some(ending.clone()),
            None if quiet && self.source_ended && self.in_hand() == 0 => Some(Ending::Finished),
            _ => None,
        }
    }

    /// How the run stands, for whoever watches.
    pub fn progress(&self, now: Moment) -> Progress {
        Progress {
            to_send: 0,
            succeeded: self.counts.succeeded,
            failed: self.counts.failed,
            in_doubt: self.counts.in_doubt,
            retrying: self.waiting.len() as u64,
            in_flight: self.flying as u64,
            requests: self.counts.requests,
            elapsed: now.0,
            left: None,
            allowed_rate: (!self.pace.period().is_zero())
                .then(|| self.pace.period().as_secs_f64().recip()),
            paused: self.pace.paused(now),
        }
    }

    /// Rows that became invalid between the check and their request.
    pub fn invalid(&self) -> u64 {
        self.counts.invalid
    }

    /// Rows in doubt from an earlier run of which something has become known.
    pub fn settled(&self) -> u64 {
        self.counts.settled
    }

    /// Rows whose attempts can no longer be recorded, and so may have acted.
    pub fn unrecorded(&self) -> u64 {
        match self.stopping {
            Some(Ending::LedgerFailed { .. }) => (self.flying + self.ending) as u64,
            _ => 0,
        }
    }

    fn in_hand(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn enqueue(&mut self, work: Work) {
        let lane = Lane::named(&work.ready.lane);
        let row = work.ready.row;
        self.bytes += work.bytes();
        let state = match (work.attempts, work.sending) {
            (0, _) => RowState::NotStarted,
            (attempts, Sending::Fresh) => RowState::Deferred { attempts },
            (attempts, Sending::Repeat | Sending::Settle) => RowState::InDoubt { attempts },
        };
        let started_at = work.attempted_at.unwrap_or_default();
        let may_have_acted = work.sending == Sending::Repeat;
        let slot = Slot {
            work,
            lane,
            state,
            phase: Phase::Queued,
            tries: 0,
            pushbacks: 0,
            generation: 0,
            unauthorized: false,
            may_have_acted,
            started_at,
            lost: None,
            search: None,
            looks: 0,
            end: None,
        };
        let at = self.free.pop().unwrap_or(self.slots.len());
        if at == self.slots.len() {
            self.slots.push(Some(slot));
        } else {
            self.slots[at] = Some(slot);
        }
        self.lanes.push(lane, row, at);
    }

    /// Does all that can be done now, and finds out when more can be.
    fn proceed(&mut self, now: Now) {
        self.wake = None;
        self.end_waits(now);
        self.renew(now);
        self.send_looks(now);
        self.send_cleared(now);
        self.start_ready(now);
    }

    fn wake_no_later_than(&mut self, moment: Moment) {
        self.wake = Some(self.wake.map_or(moment, |wake| wake.min(moment)));
    }

    fn end_waits(&mut self, now: Now) {
        while let Some(Reverse((until, at))) = self.waiting.peek().copied() {
            if self.stopping.is_some() {
                return;
            }
            if until > now.moment {
                self.wake_no_later_than(until);
                return;
            }
            self.waiting.pop();
            match self.slots[at].as_mut() {
                Some(slot) if slot.search.is_some() => {
                    slot.phase = Phase::Lost;
                    self.to_look.push_back(at);
                }
                Some(slot) => {
                    slot.phase = Phase::Queued;
                    self.lanes.again(slot.work.ready.row, at);
                }
                None => {}
            }
        }
    }

    /// A login is a request like any other: it waits for its turn.
    fn renew(&mut self, now: Now) {
        if self.stopping.is_some() && self.cleared.is_empty() {
            return;
        }
        if !self.access.wants_request(now.moment, now.wall) {
            if let Some(wake) = self.access.wake_at() {
                self.wake_no_later_than(wake);
            }
            return;
        }
        let costs = self.settings.token_costs_request;
        let permit = if costs { self.pace.acquire(now.moment) } else { Ok(()) };
        match permit {
            Ok(()) => {
                self.access.request(now.moment, now.wall);
                self.counts.requests += u64::from(costs);
                self.actions.push(Action::Renew);
            }
            Err(next) => self.wake_no_later_than(next),
        }
    }

    /// Sends looks that are due; they are requests like any other.
    fn send_looks(&mut self, now: Now) {
        if self.stopping.is_some() {
            while let Some(at) = self.to_look.pop_front() {
                self.end_unsure(at, "the run was stopped before it could be looked for", now);
            }
            return;
        }
        while let Some(at) = self.to_look.front().copied() {
            if !self.access.is_ready(now.wall) {
                return;
            }
            if let Err(next) = self.pace.acquire(now.moment) {
                self.wake_no_later_than(next);
                return;
            }
            self.to_look.pop_front();
            let generation = self.access.generation();
            if let Some(slot) = self.slots[at].as_mut() {
                slot.phase = Phase::Looking;
                slot.generation = generation;
                self.flying += 1;
                self.counts.requests += 1;
                self.actions.push(Action::Look { slot: at });
            }
        }
    }

    fn send_cleared(&mut self, now: Now) {
        if self.stopping.is_some() {
            while let Some(at) = self.cleared.pop_front() {
                self.withdraw(at, now);
            }
            return;
        }
        while let Some(at) = self.cleared.front().copied() {
            if !self.access.is_ready(now.wall) {
                return;
            }
            if let Err(next) = self.pace.acquire(now.moment) {
                self.wake_no_later_than(next);
                return;
            }
            self.cleared.pop_front();
            self.send(at, now);
        }
    }

    fn send(&mut self, at: usize, now: Now) {
        let generation = self.access.generation();
        let Some(slot) = self.slots[at].as_mut() else { return };
        if slot.is_too_late(now.wall) {
            self.end_too_late(at, now);
            return;
        }
        slot.phase = Phase::Flying;
        slot.generation = generation;
        self.flying += 1;
        self.counts.requests += 1;
        self.actions.push(Action::Send { slot: at });
    }

    /// Starts rows in the ledger as far ahead as their turn is near.
    fn start_ready(&mut self, now: Now) {
        while self.stopping.is_none() && self.lanes.has_ready() {
            let ahead = self.starting + self.cleared.len() + self.to_look.len();
            if ahead + self.flying >= self.settings.concurrency || !self.access.is_ready(now.wall) {
                return;
            }
            let turn = self
                .pace
                .next(now.moment)
                .after(self.pace.period().saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX)));
            let early = self.pace.has_burst(now.moment, ahead);
            if !early && turn > now.moment.after(LEAD) {
                self.wake_no_later_than(Moment(turn.0.saturating_sub(LEAD)));
                return;
            }
            if let Some(at) = self.lanes.pop() {
                self.start(at, now);
            }
        }
    }

    fn start(&mut self, at: usize, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        if slot.work.sending == Sending::Settle && matches!(slot.state, RowState::InDoubt { .. }) {
            self.look_for(at);
            self.send_looks(now);
            return;
        }
        if slot.is_too_late(now.wall) || !slot.work.ready.valid {
            self.end_unsent_as_invalid(at);
            return;
        }
        slot.step(start_event(&slot.state));
        slot.started_at = now.wall;
        slot.phase = Phase::Starting;
        self.starting += 1;
        let start = Box::new(slot.attempt_start(now.wall));
        self.actions.push(Action::Begin { slot: at, start });
    }

    fn durable(&mut self, ack: Ack, now: Now) {
        match ack {
            Ack::Started { slot: at } => {
                let Some(slot) = self.slots[at].as_mut() else { return };
                slot.phase = Phase::Cleared;
                self.starting -= 1;
                self.cleared.push_back(at);
                if self.stopping.is_some() {
                    self.cleared.pop_back();
                    self.withdraw(at, now);
                }
            }
            Ack::Ended { slot: at } => {
                self.ending -= 1;
                let over = self.slots[at].as_mut().and_then(|slot| slot.end.take());
                if let Some(event) = over {
                    self.count(event.end);
                    self.actions.push(Action::Tell(Event::Row(event)));
                    self.forget(at);
                }
            }
        }
    }

    fn replied(&mut self, at: usize, verdict: Verdict, now: Now) {
        let Some(slot) = self.slots[at].as_mut().filter(|slot| slot.phase == Phase::Flying) else {
            return;
        };
        self.flying -= 1;
        let generation = slot.generation;
        match verdict {
            Verdict::Done { id, items } => {
                self.access.accepted(generation);
                self.end_row(at, Outcome::Succeeded, RowEnd::Succeeded, None, id, items, now);
            }
            Verdict::Refused(cause) => {
                self.access.accepted(generation);
                self.end_row(at, Outcome::Refused, RowEnd::Failed, Some(cause), None, None, now);
            }
            Verdict::NotFound(cause) => {
                self.access.accepted(generation);
                // Gone, as it should be: an earlier attempt did it.
                let done =
                    slot.may_have_acted && slot.work.ready.operation.effect == Effect::Delete;
                let (outcome, end) = match done {
                    true => (Outcome::Succeeded, RowEnd::Succeeded),
                    false => (Outcome::Refused, RowEnd::Failed),
                };
                self.end_row(at, outcome, end, Some(cause), None, None, now);
            }
            Verdict::Unknown(cause) => self.lost(at, cause, now),
            Verdict::Retry { cause, after, pushback, may_have_acted } => {
                slot.may_have_acted |= may_have_acted;
                self.retry(at, cause, after, pushback, now);
            }
            Verdict::Unauthorized(cause) => self.unauthorized(at, cause, now),
        }
    }

    /// The attempt may have acted: it is looked for before the lane goes on, where that can be done.
    fn lost(&mut self, at: usize, cause: Cause, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        if slot.work.ready.operation.recover.is_none() || self.stopping.is_some() {
            self.end_row(at, Outcome::Lost, RowEnd::InDoubt, Some(cause), None, None, now);
            return;
        }
        slot.lost = Some(cause);
        self.look_for(at);
    }

    fn look_for(&mut self, at: usize) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        let Some(recover) = slot.work.ready.operation.recover.as_ref() else { return };
        slot.search = Some(Box::new(Search::new(recover, &slot.work.ready.fields)));
        slot.phase = Phase::Lost;
        self.to_look.push_back(at);
    }

    fn looked(&mut self, at: usize, verdict: Verdict, owned: &HashSet<String>, now: Now) {
        let looking = |slot: &&mut Slot| slot.phase == Phase::Looking;
        let Some(slot) = self.slots[at].as_mut().filter(looking) else { return };
        self.flying -= 1;
        slot.phase = Phase::Lost;
        match verdict {
            Verdict::Done { items: Some(items), .. } => {
                self.access.accepted(slot.generation);
                self.search_page(at, &items, owned, now);
            }
            Verdict::Done { items: None, .. } => {
                self.end_unsure(at, "the shape of the list is not understood", now);
            }
            Verdict::Retry { cause, after, pushback, .. } => {
                self.look_later(at, &cause, after, pushback, now)
            }
            Verdict::Unauthorized(cause) => {
                let refusal = self.access.refused(slot.generation, false);
                self.to_look.push_back(at);
                if refusal == Refusal::Final {
                    self.stop(Ending::Unauthorized { message: cause.message }, now);
                }
            }
            Verdict::Refused(cause) | Verdict::NotFound(cause) | Verdict::Unknown(cause) => {
                let reason = format!("the list was refused: {}", cause.message);
                self.end_unsure(at, &reason, now);
            }
        }
    }

    fn search_page(
        &mut self,
        at: usize,
        items: &[serde_json::Value],
        owned: &HashSet<String>,
        now: Now,
    ) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        let operation = std::sync::Arc::clone(&slot.work.ready.operation);
        let (Some(recover), Some(search)) = (operation.recover.as_ref(), slot.search.as_mut())
        else {
            return;
        };
        match search.take(recover, items, owned, slot.started_at + now.ahead) {
            Step::NextPage => self.to_look.push_back(at),
            Step::Found { id } => {
                self.count_settled(at);
                self.end_row(at, Outcome::Found, RowEnd::Succeeded, None, Some(id), None, now);
            }
            Step::Unsure { reason } => self.end_unsure(at, &reason, now),
            Step::Absent => self.absent(at, now),
        }
    }

    /// The attempt surely did not act: the row may go again, as often as any.
    fn absent(&mut self, at: usize, now: Now) {
        self.count_settled(at);
        let Some(slot) = self.slots[at].as_mut() else { return };
        slot.search = None;
        slot.looks = 0;
        slot.tries += 1;
        let cause = slot.lost.take();
        if slot.tries >= self.settings.attempts && matches!(slot.state, RowState::Started { .. }) {
            self.end_row(at, Outcome::GivenUp, RowEnd::Failed, cause, None, None, now);
            return;
        }
        self.defer(at, Outcome::NotFound, cause, now);
        self.waiting.push(Reverse((now.moment, at)));
    }

    fn look_later(
        &mut self,
        at: usize,
        cause: &Cause,
        after: Option<Duration>,
        pushback: bool,
        now: Now,
    ) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        slot.looks += 1;
        let wait = back_off(slot.looks, now.chance).max(after.map(asked_wait).unwrap_or_default());
        if pushback {
            self.pace.pause_until(now.moment.after(wait));
        }
        let most = if pushback { MOST_PUSHBACKS } else { self.settings.attempts };
        if slot.looks >= most {
            let reason = format!("the list could not be read: {}", cause.message);
            self.end_unsure(at, &reason, now);
            return;
        }
        slot.phase = Phase::Waiting;
        self.waiting.push(Reverse((now.moment.after(wait), at)));
    }

    /// Nobody can tell whether the attempt acted; the row stays in doubt.
    fn end_unsure(&mut self, at: usize, reason: &str, now: Now) {
        self.count_settled(at);
        let Some(slot) = self.slots[at].as_mut() else { return };
        slot.search = None;
        let mut cause = slot.lost.take().unwrap_or_default();
        let lost = if cause.message.is_empty() {
            "its run ended before the answer"
        } else {
            &cause.message
        };
        cause.message = format!("{lost}; looked for: {reason}");
        self.end_row(at, Outcome::Lost, RowEnd::InDoubt, Some(cause), None, None, now);
    }

    /// A row of an earlier run leaves its doubt, or is told to be in doubt once more.
    fn count_settled(&mut self, at: usize) {
        let earlier = self.slots[at].as_ref().is_some_and(|slot| {
            slot.work.sending == Sending::Settle && slot.state.attempts() == slot.work.attempts
        });
        self.counts.settled += u64::from(earlier);
    }

    fn retry(
        &mut self,
        at: usize,
        cause: Cause,
        after: Option<Duration>,
        pushback: bool,
        now: Now,
    ) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        if pushback {
            slot.pushbacks += 1;
        } else {
            slot.tries += 1;
        }
        let wait = back_off(slot.tries.max(slot.pushbacks), now.chance)
            .max(after.map(asked_wait).unwrap_or_default());
        if pushback {
            // The quota is shared, so everybody waits.
            self.pace.pause_until(now.moment.after(wait));
        }
        if slot.tries >= self.settings.attempts || slot.pushbacks >= MOST_PUSHBACKS {
            self.end_row(at, Outcome::GivenUp, RowEnd::Failed, Some(cause), None, None, now);
            return;
        }
        self.defer(at, Outcome::Deferred, Some(cause), now);
        self.waiting.push(Reverse((now.moment.after(wait), at)));
    }

    fn unauthorized(&mut self, at: usize, cause: Cause, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        let refusal = self.access.refused(slot.generation, slot.unauthorized);
        // A row whose token was merely old has not been refused itself.
        slot.unauthorized |= slot.generation == self.access.generation();
        let message = cause.message.clone();
        self.defer(at, Outcome::Deferred, Some(cause), now);
        self.waiting.push(Reverse((now.moment, at)));
        if refusal == Refusal::Final {
            self.stop(Ending::Unauthorized { message }, now);
        }
    }

    fn token_failed(&mut self, failure: &TokenFailure, now: Now) {
        if self.access.failed(failure, now.moment, now.chance) {
            self.stop(Ending::Unauthorized { message: failure.message.clone() }, now);
        } else {
            let text = format!("no token yet, trying again: {}", failure.message);
            self.actions.push(Action::Tell(Event::Note(text)));
        }
    }

    /// The attempt surely did not act, and another will follow.
    fn defer(&mut self, at: usize, outcome: Outcome, cause: Option<Cause>, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        slot.step(outcome.event(None));
        slot.phase = Phase::Waiting;
        let end = slot.attempt_end(outcome, cause, None, now.wall);
        self.ending += 1;
        self.actions.push(Action::End { slot: at, end });
    }

    /// A row that was started and will not be sent after all.
    fn withdraw(&mut self, at: usize, now: Now) {
        let message = "the run was stopped before the request was sent".to_owned();
        let cause = Cause { message, ..Cause::default() };
        self.defer(at, Outcome::Deferred, Some(cause), now);
    }

    #[allow(clippy::too_many_arguments)]
    fn end_row(
        &mut self,
        at: usize,
        outcome: Outcome,
        end: RowEnd,
        cause: Option<Cause>,
        id: Option<String>,
        items: Option<Vec<serde_json::Value>>,
        now: Now,
    ) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        slot.step(outcome.event(id.clone()));
        slot.phase = Phase::Ending;
        let mut event = slot.row_event(end, cause.as_ref());
        event.id.clone_from(&id);
        event.items = items;
        slot.end = Some(event);
        let attempt = slot.attempt_end(outcome, cause, id, now.wall);
        let lane = slot.lane;
        self.ending += 1;
        self.actions.push(Action::End { slot: at, end: attempt });
        // The ledger keeps the order of writes, so the lane's next row cannot overtake this outcome.
        self.lanes.release(lane);
    }

    /// A time of the row has passed since it was checked.
    fn end_too_late(&mut self, at: usize, now: Now) {
        let cause = Cause { message: TOO_LATE.to_owned(), ..Cause::default() };
        self.end_row(at, Outcome::Deferred, RowEnd::Invalid, Some(cause), None, None, now);
    }

    fn end_unsent_as_invalid(&mut self, at: usize) {
        let Some(slot) = self.slots[at].as_ref() else { return };
        let cause = Cause { message: TOO_LATE.to_owned(), ..Cause::default() };
        let event = slot.row_event(RowEnd::Invalid, Some(&cause));
        let lane = slot.lane;
        self.count(RowEnd::Invalid);
        self.actions.push(Action::Tell(Event::Row(event)));
        self.lanes.release(lane);
        self.forget(at);
    }

    fn count(&mut self, end: RowEnd) {
        match end {
            RowEnd::Succeeded => self.counts.succeeded += 1,
            RowEnd::Failed => self.counts.failed += 1,
            RowEnd::InDoubt => self.counts.in_doubt += 1,
            RowEnd::Invalid => self.counts.invalid += 1,
        }
    }

    fn forget(&mut self, at: usize) {
        if let Some(slot) = self.slots[at].take() {
            self.bytes -= slot.work.bytes();
            self.free.push(at);
        }
    }

    /// Nothing is started any more. The first reason stands.
    fn stop(&mut self, ending: Ending, now: Now) {
        if self.stopping.is_none() || matches!(ending, Ending::LedgerFailed { .. }) {
            self.stopping = Some(ending);
        }
        if matches!(self.stopping, Some(Ending::LedgerFailed { .. })) {
            self.cleared.clear();
            self.to_look.clear();
            return;
        }
        while let Some(at) = self.cleared.pop_front() {
            self.withdraw(at, now);
        }
    }

    /// What is under way may have acted or not; nobody will know.
    fn abandon(&mut self, now: Now) {
        let flying: Vec<usize> = (0..self.slots.len())
            .filter(|at| {
                self.slots[*at]
                    .as_ref()
                    .is_some_and(|slot| matches!(slot.phase, Phase::Flying | Phase::Looking))
            })
            .collect();
        self.actions.push(Action::Abandon);
        for at in flying {
            self.flying -= 1;
            let message = "interrupted before the answer came".to_owned();
            let cause = Cause { message, ..Cause::default() };
            self.end_row(at, Outcome::Lost, RowEnd::InDoubt, Some(cause), None, None, now);
        }
    }
}

const TOO_LATE: &str = "a time of this row passed before its turn came";

impl Slot {
    /// Follows the row's life. An illegal step would be a fault of this module; the state then stays as it is,
    /// and the ledger, which replays the same function, will say so.
    fn step(&mut self, event: row_state::RowEvent) {
        match self.state.clone().after(event) {
            Ok(state) => self.state = state,
            Err(error) => debug_assert!(false, "{error}"),
        }
    }

    fn is_too_late(&self, wall: i64) -> bool {
        self.work.ready.send_before.is_some_and(|moment| moment < wall)
    }

    fn attempt_start(&self, wall: i64) -> AttemptStart {
        let ready = &self.work.ready;
        AttemptStart {
            known: self.work.known,
            key: self.work.key.clone(),
            row: ready.row,
            line: ready.line,
            operation: ready.operation.name.clone(),
            lane: ready.lane.clone(),
            digest: ready.digest,
            number: self.state.attempts(),
            at: wall,
        }
    }

    fn attempt_end(
        &self,
        outcome: Outcome,
        cause: Option<Cause>,
        remote_id: Option<String>,
        wall: i64,
    ) -> Box<AttemptEnd> {
        Box::new(AttemptEnd {
            outcome,
            known: self.work.known,
            number: self.state.attempts(),
            cause,
            remote_id,
            at: wall,
        })
    }

    fn row_event(&self, end: RowEnd, cause: Option<&Cause>) -> RowEvent {
        let code = cause.and_then(|cause| cause.code.clone());
        RowEvent {
            row: self.work.ready.row,
            line: self.work.ready.line,
            key: self.work.key.clone(),
            end,
            id: None,
            attempts: self.state.attempts(),
            code: if end == RowEnd::Invalid { Some("past-time".to_owned()) } else { code },
            message: cause.map(|cause| cause.message.clone()),
            items: None,
        }
    }
}

/// The event that another attempt is.
pub(super) fn start_event(state: &RowState) -> row_state::RowEvent {
    match state {
        RowState::Started { .. } | RowState::InDoubt { .. } => row_state::RowEvent::Repeated,
        _ => row_state::RowEvent::Started,
    }
}
