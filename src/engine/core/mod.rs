//! The decisions of a run. Pure: see [`Core`].
//!
//! | file | what it decides | what it keeps |
//! |---|---|---|
//! | `rows` | nothing: moves rows, and refuses moves that cannot be | slots, queues, counts |
//! | `other_side` | how much the other side bears, whether it can be reached, whether it accepts the token | pace, access, outage, concurrency |
//! | `audit` | whether what was settled by a look is there once, before the run ends | lanes that are to be counted |
//! | `reads` | whether what is there before lets a row's request leave | lists that are read for that |
//! | `departure` | what may be started, sent and looked for now | when to come back |
//! | `outcome` | what follows from an answer | |
//! | `search` | what follows from a lost answer | |
//! | `lists` | nothing | what lists have shown that is known to be there |
//! | `silence` | what it is worth that a row's item is in no list | |
//! | `stopping` | whether the run goes on, and how it ends | the reason to stop |
//! | `exchange` | nothing: what goes in and what comes out | |

mod audit;
mod departure;
mod exchange;
mod lists;
mod other_side;
mod outcome;
mod reads;
mod rows;
mod search;
mod silence;
mod stopping;

use std::time::Duration;

use crate::event::{Event, Fault, Progress, RowEnd, RowEnded, Unreached};
use crate::ledger::Ack;
use crate::row::Uncounted;
use crate::traffic::pace::{Moment, Pace};

use audit::Audits;
pub(crate) use exchange::{Action, Input, Now, Owing, Owned, Settings, Stop};
use lists::Lists;
use other_side::{Consequence, OtherSide};
pub(crate) use reads::FRESH;
use reads::Reads;
use rows::{Rows, Settled};
use stopping::Course;

/// How many rows are in hand at the most, so that one busy lane does not hide the lanes behind it.
pub(crate) const LOOK_AHEAD_ROWS: usize = 2_048;
/// Likewise, in bytes: long notes are held fewer at a time.
const LOOK_AHEAD_BYTES: usize = 16 << 20;
/// A row that is told "not now" this often in one run is given up after all.
const MOST_PUSHBACKS: u32 = 1_000;
/// A wait for room in a quota that is shorter is part of the pace.
const WORTH_SHOWING: Duration = Duration::from_secs(5);

/// Rows in hand and what is known of the other side. Fed with [`Input`]s; says what to do in [`Action`]s.
pub(crate) struct Core {
    settings: Settings,
    rows: Rows,
    other_side: OtherSide,
    course: Course,
    lists: Lists,
    reads: Reads,
    audits: Audits,
    counts: Counts,
    actions: Vec<Action>,
    /// Whether somebody takes what is told. Rows that are begun will have something to tell.
    output_taken: bool,
    /// When to come back if nothing else happens.
    wake: Option<Moment>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    succeeded: u64,
    /// Of these: what they had made was changed, or deleted.
    updated: u64,
    deleted: u64,
    failed: u64,
    in_doubt: u64,
    invalid: u64,
    requests: u64,
    /// Rows that were in doubt from an earlier run and of which something has become known.
    settled: u64,
}

impl Counts {
    fn count_further(&mut self, ended: &RowEnded) {
        match &ended.further {
            Some(further) if ended.end == RowEnd::Succeeded => match further.deletes {
                true => self.deleted += 1,
                false => self.updated += 1,
            },
            _ => {}
        }
    }

    fn count(&mut self, end: RowEnd) {
        match end {
            RowEnd::Succeeded => self.succeeded += 1,
            RowEnd::Failed => self.failed += 1,
            RowEnd::InDoubt => self.in_doubt += 1,
            RowEnd::Invalid => self.invalid += 1,
        }
    }
}

impl Core {
    pub(crate) fn new(settings: Settings, pace: Pace) -> Self {
        Self {
            settings,
            rows: Rows::default(),
            other_side: OtherSide::new(&settings, pace),
            course: Course::default(),
            lists: Lists::default(),
            reads: Reads::default(),
            audits: Audits::default(),
            counts: Counts::default(),
            actions: Vec::new(),
            output_taken: true,
            wake: None,
        }
    }

    /// Takes in what has happened and decides what follows.
    pub(crate) fn handle(&mut self, input: Input, now: Now) {
        match input {
            // Each by itself: an illegal one must not hide the others.
            Input::Durable(acks) => {
                for ack in acks {
                    let durable = self.durable(ack, now);
                    self.or_fault(durable, now);
                }
            }
            Input::Unwritten { starts, ends } => self.unwritten(&starts, &ends, now),
            input => {
                let taken = self.take(input, now);
                self.or_fault(taken, now);
            }
        }
        self.proceed(now);
    }

    fn take(&mut self, input: Input, now: Now) -> Result<(), Fault> {
        match input {
            Input::Rows(rows) => {
                let rows = rows.into_iter().map(|work| work.lightened(self.settings.in_doubt));
                rows.for_each(|work| self.rows.enter(work));
            }
            Input::SourceEnded => self.course.source_ended = true,
            Input::Replied { slot, verdict } => return self.replied(slot, verdict, now),
            Input::Looked { slot, verdict, owned } => {
                return self.looked(slot, verdict, owned, now);
            }
            Input::LookAged { slot, age } => return self.rows.age_look(slot, age),
            Input::CountAged { lane, age } => self.audits.age(lane, age),
            Input::Counted { lane, verdict, owned } => self.counted(lane, verdict, owned, now),
            Input::Read { list, verdict } => self.read(list, verdict, now),
            Input::ReadAged { list, age } => self.reading_aged(list, age),
            Input::Owed(owing) => self.audits.owe(owing),
            Input::Token(Ok(granted)) => self.other_side.token_granted(granted.expires_at, now),
            Input::Token(Err(failure)) => {
                let patience = self.settings.give_up_after;
                let consequence = self.other_side.token_failed(failure, patience, now);
                self.follow(consequence, now);
            }
            Input::Heard(heard) => self.heard(heard, now),
            Input::OutputTaken(taken) => self.output_taken = taken,
            Input::Stop(stop) => self.asked_to_stop(stop, now),
            Input::SourceFailed(problems) => self.source_failed(problems, now),
            Input::LedgerFailed(error) => self.ledger_failed(error, now),
            Input::RecorderGone => self.recorder_gone(now),
            Input::Durable(_) | Input::Unwritten { .. } | Input::Tick => {}
        }
        Ok(())
    }

    fn durable(&mut self, ack: Ack, now: Now) -> Result<(), Fault> {
        match ack {
            Ack::Started { slot } => {
                self.rows.started(slot)?;
                self.withhold(slot, now)
            }
            Ack::Ended { slot } => {
                if let Some(ended) = self.rows.ended(slot)? {
                    self.tell(ended, now);
                }
                Ok(())
            }
        }
    }

    /// Tells the end of a row, which is durable or need not be.
    fn tell(&mut self, ended: RowEnded, now: Now) {
        self.counts.count(ended.end);
        self.counts.count_further(&ended);
        self.keep_to_budget(now);
        self.actions.push(Action::Tell(Box::new(Event::Row(ended))));
    }

    /// Gives what has become known of a row, and counts the row where it was in doubt from an earlier run until now.
    fn settled<T>(&mut self, settled: Settled<T>) -> T {
        self.counts.settled += u64::from(settled.was_in_earlier_doubt);
        settled.what
    }

    fn follow(&mut self, consequence: Consequence, now: Now) {
        match consequence {
            Consequence::None => {}
            Consequence::Tell(note) => self.actions.push(Action::Tell(Box::new(Event::Note(note)))),
            Consequence::Stop(ending) => self.stop(ending, now),
        }
    }

    /// What is to be done, in order.
    pub(crate) fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// When to come back with a [`Input::Tick`] if nothing else happens.
    pub(crate) fn wake_at(&self) -> Option<Moment> {
        self.wake
    }

    /// Whether there is room for more rows.
    pub(crate) fn wants_rows(&self) -> bool {
        self.course.wants_rows()
            && self.rows.in_hand() < LOOK_AHEAD_ROWS
            && self.rows.bytes() < LOOK_AHEAD_BYTES
    }

    /// How the run stands.
    pub(crate) fn progress(&self, now: Moment) -> Progress {
        let period = self.other_side.pace.period(now);
        Progress {
            to_send: 0,
            succeeded: self.counts.succeeded,
            failed: self.counts.failed,
            in_doubt: self.counts.in_doubt,
            retrying: (self.rows.waiting() + self.rows.suspects()) as u64,
            in_flight: self.rows.in_flight() as u64,
            requests: self.counts.requests,
            elapsed: now.0,
            latency: self.other_side.latency(),
            left: None,
            allowed_rate: (!period.is_zero()).then(|| period.as_secs_f64().recip()),
            paused: self.other_side.pace.paused(now),
            unreached: self.unreached(now),
            spent: self.spent(now),
            counting: self.counting(now),
            shared_with: self.other_side.pace.shared_with(),
        }
    }

    /// How long rows that could go are kept by a quota that is used up.
    fn spent(&self, now: Moment) -> Option<Duration> {
        let rows = &self.rows;
        let waits = rows.first_ready().is_some() || rows.first_cleared().is_some();
        let waits = waits || rows.first_sought().is_some();
        let spent = self.other_side.pace.spent(now).filter(|_| waits && self.course.goes_on())?;
        (spent >= WORTH_SHOWING).then_some(spent)
    }

    fn unreached(&self, now: Moment) -> Option<Unreached> {
        let since = self.other_side.unreached_since()?;
        let gives_up_at = self.other_side.gives_up_at(&self.settings)?;
        Some(Unreached { for_so_long: now.since(since), gives_up_in: gives_up_at.since(now) })
    }

    /// Rows that do not have exactly one item, and lanes of which nobody can tell.
    pub(crate) fn miscounted(&self) -> (u64, u64) {
        self.audits.found()
    }

    /// The lanes that the next run has to count once more.
    pub(crate) fn owed_counts(&self) -> Vec<Uncounted> {
        self.audits.owed()
    }

    /// Rows that became invalid between the check and their request.
    pub(crate) fn invalid(&self) -> u64 {
        self.counts.invalid
    }

    /// Rows that succeeded, and had what they had made before changed or deleted.
    pub(crate) fn further(&self) -> (u64, u64) {
        (self.counts.updated, self.counts.deleted)
    }

    /// Rows in doubt from an earlier run of which something has become known.
    pub(crate) fn settled_rows(&self) -> u64 {
        self.counts.settled
    }

    /// Rows that have not come to their end and may have acted as far as the ledger knows, once the run has ended. Rows
    /// that were in doubt before are not among them.
    pub(crate) fn left_in_doubt(&self) -> u64 {
        self.rows.left_in_doubt() as u64
    }
}
