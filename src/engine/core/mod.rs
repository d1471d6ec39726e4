//! The decisions of a run. Pure: see [`Core`].
//!
//! Here: rows in hand, and how they stand. What may start and leave now is in `departure`, what follows from an answer in
//! `outcome`, what follows from a lost one in `settle`, what answers say about the other side in `pressure`, and a single
//! row in `slot`.

mod departure;
mod outcome;
mod pressure;
mod settle;
mod slot;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::time::Duration;

use crate::declared::job::InDoubt;
use crate::event::{Ending, Event, Obstacle, Progress};
use crate::ledger::{Ack, LedgerError};
use crate::plan::decide::Sending;
use crate::row::AttemptEnd;
use crate::row::AttemptStart;
use crate::row::Cause;
use crate::row::RowState;
use crate::text::diagnostic::Diagnostic;
use crate::traffic::pace::{Moment, Pace};
use crate::traffic::reply::Granted;
use crate::traffic::reply::TokenFailure;
use crate::traffic::verdict::Verdict;

use super::Work;
use super::lanes::Lanes;
use crate::row::Lane;
use crate::traffic::access::Access;
use crate::traffic::concurrency::Concurrency;
use crate::traffic::deadline::Deadline;
use crate::traffic::outage::Outage;
use slot::{Phase, Slot};

/// How many rows are in hand at the most, so that one busy lane does not hide the lanes behind it.
const LOOK_AHEAD_ROWS: usize = 8_192;
/// Likewise, in bytes: long notes are held fewer at a time.
const LOOK_AHEAD_BYTES: usize = 16 << 20;
/// A row that is told "not now" this often in one run is given up after all.
const MOST_PUSHBACKS: u32 = 1_000;

/// What a run is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Requests under way at once, at the most.
    pub concurrency: usize,
    /// Attempts for one row in this run.
    pub attempts: u32,
    /// How long the other side may be out of reach before the run stops.
    pub give_up_after: Duration,
    /// Rows that may fail in this run before it stops.
    pub max_failures: Option<u64>,
    /// When the run has to be over.
    pub deadline: Option<Deadline>,
    /// What becomes of a row whose answer was lost.
    pub in_doubt: InDoubt,
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
    /// The ledger cannot be written or read any more.
    LedgerFailed(LedgerError),
    /// The source cannot be read again.
    SourceFailed(Vec<Diagnostic>),
    /// Writes that will never be durable, by their slots: starts that must not leave, and ends that only this run knows.
    Unwritten {
        starts: Vec<usize>,
        ends: Vec<usize>,
    },
    /// Nobody is there to write the ledger, or to say what was written.
    LedgerGone,
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
    Token(Result<Granted, TokenFailure>),
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
    /// Unix milliseconds, by this machine's clock. It may be set at any moment, so nothing is measured by it.
    pub wall: i64,
    /// Unix milliseconds, by the other side's clock, once an answer has told it; it goes on with `moment`.
    pub remote: Option<i64>,
    /// In 0..1.
    pub chance: f64,
}

impl Now {
    /// The time that counts for what the other side checks: its own, as far as that is known. Unix milliseconds.
    pub fn clock(&self) -> i64 {
        self.remote.unwrap_or(self.wall)
    }
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
    /// Rows whose token was refused: others are tried first with the next one.
    suspects: VecDeque<usize>,
    /// Rows that wait for another attempt, or another look.
    waiting: BinaryHeap<Reverse<(Moment, usize)>>,
    starting: usize,
    flying: usize,
    /// Outcomes that are not durable yet.
    ending: usize,
    concurrency: Concurrency,
    outage: Outage,
    /// When a push-back was last told.
    told_push_back: Option<Moment>,
    /// Since when no token has come.
    tokenless_since: Option<Moment>,
    /// How the run ends if what failed last goes on failing.
    last_failure: Ending,
    source_ended: bool,
    stopping: Option<Ending>,
    ledger_gone: bool,
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
    /// Ends that the ledger does not have.
    unrecorded: u64,
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
            suspects: VecDeque::new(),
            waiting: BinaryHeap::new(),
            starting: 0,
            flying: 0,
            ending: 0,
            concurrency: Concurrency::new(settings.concurrency),
            outage: Outage::default(),
            told_push_back: None,
            tokenless_since: None,
            last_failure: Ending::Outage(Obstacle::Request(Cause::default())),
            source_ended: false,
            stopping: None,
            ledger_gone: false,
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
            Input::LedgerFailed(error) => self.stop(Ending::LedgerFailed(error), now),
            Input::SourceFailed(problems) => self.stop(Ending::SourceFailed(problems), now),
            Input::Unwritten { starts, ends } => self.unwritten(&starts, &ends),
            Input::LedgerGone => {
                self.ledger_gone = true;
                self.stop(Ending::RecorderGone, now);
            }
            Input::Replied { slot, verdict } => self.replied(slot, verdict, now),
            Input::Looked { slot, verdict, owned } => self.looked(slot, verdict, owned, now),
            Input::Token(Ok(granted)) => {
                self.tokenless_since = None;
                self.access.granted(granted.expires_at, now.moment, now.clock());
            }
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

    /// How the run ended, once it has: nothing is under way, and everything is durable that can be.
    pub fn ended(&self) -> Option<Ending> {
        let under_way = self.starting + self.flying + self.ending;
        let quiet = under_way + self.cleared.len() + self.to_look.len() == 0;
        match &self.stopping {
            Some(ending) if quiet || self.ledger_gone => Some(ending.clone()),
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
            retrying: (self.waiting.len() + self.suspects.len()) as u64,
            in_flight: self.flying as u64,
            requests: self.counts.requests,
            elapsed: now.0,
            left: None,
            allowed_rate: (!self.pace.period(now).is_zero())
                .then(|| self.pace.period(now).as_secs_f64().recip()),
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

    /// Rows that have not come to their end and may have acted as far as the ledger knows, once the run has ended. Those
    /// that were in doubt before are not among them.
    pub fn left_in_doubt(&self) -> u64 {
        let rows = || self.slots.iter().flatten();
        let open = if self.ledger_gone {
            let flies = |slot: &&Slot| matches!(slot.phase, Phase::Flying | Phase::Looking);
            let earlier = rows().filter(flies).filter(|slot| slot.is_in_earlier_doubt()).count();
            self.flying + self.ending - earlier
        } else {
            // A start that is not in the ledger leaves the doubt of the one before.
            let in_doubt = |slot: &&Slot| match slot.state {
                RowState::InDoubt { .. } => true,
                RowState::Started { .. } => slot.may_have_acted,
                _ => false,
            };
            rows().filter(in_doubt).filter(|slot| !slot.is_in_earlier_doubt()).count()
        };
        self.counts.unrecorded + open as u64
    }

    fn in_hand(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn enqueue(&mut self, work: Work) {
        let lane = Lane::named(&work.ready.lane);
        if self.lanes.is_closed(lane) {
            return;
        }
        let row = work.ready.row;
        self.bytes += work.bytes();
        let state = match (work.attempts, work.sending) {
            (0, _) => RowState::NotStarted,
            (attempts, Sending::Fresh) => RowState::Deferred { attempts },
            (attempts, Sending::Repeat | Sending::Settle) => RowState::InDoubt { attempts },
        };
        let attempted = work.attempted.unwrap_or_default();
        let may_have_acted = work.sending == Sending::Repeat;
        // Nobody works on an attempt of an earlier run any longer than on one that was lost when this one began.
        let sure_at = match state.may_have_acted() {
            true => Moment(work.ready.operation.sure_after),
            false => Moment::default(),
        };
        let slot = Slot {
            work,
            lane,
            state,
            phase: Phase::Queued,
            tries: 0,
            pushbacks: 0,
            generation: 0,
            refusals: 0,
            refused_at: None,
            may_have_acted,
            sent_at: Moment::default(),
            attempted,
            settled: false,
            lost: None,
            search: None,
            sure_at,
            search_began: None,
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
}
