//! What follows from an answer: ends, other attempts, stops.

use std::cmp::Reverse;
use std::time::Duration;

use crate::declared::connector::Effect;
use crate::event::{Ending, Event, Note, Obstacle, RowEnd};
use crate::ledger::Ack;
use crate::row::Outcome;
use crate::row::{Cause, Reason};
use crate::traffic::pace::{asked_wait, back_off};
use crate::traffic::reply::TokenFailure;
use crate::traffic::verdict::Verdict;

use super::slot::{Phase, Slot};
use super::{Action, Core, MOST_PUSHBACKS, Now};
use crate::row::Lane;
use crate::traffic::access::Refusal;

/// So many refusals of its token, while others were accepted, are a refusal of the row.
const SURELY_REFUSED: u32 = 5;

/// The last that is to be said of a row in this run.
pub(super) struct Last {
    pub outcome: Outcome,
    pub end: RowEnd,
    pub cause: Option<Cause>,
    /// What the other side calls what was made.
    pub id: Option<String>,
    /// What a reading operation brought.
    pub items: Option<Vec<serde_json::Value>>,
}

impl Last {
    pub fn new(outcome: Outcome, end: RowEnd) -> Self {
        Self { outcome, end, cause: None, id: None, items: None }
    }

    pub fn because(self, cause: impl Into<Option<Cause>>) -> Self {
        Self { cause: cause.into(), ..self }
    }
}

impl Core {
    pub(super) fn durable(&mut self, ack: Ack, now: Now) {
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
                    self.keep_to_budget(now);
                    self.actions.push(Action::Tell(Event::Row(event)));
                    self.forget(at);
                }
            }
        }
    }

    /// Takes note of what the ledger will never have. What has not been started there does not leave; of what has left
    /// the ledger knows no end, so the row is in doubt.
    pub(super) fn unwritten(&mut self, starts: &[usize], ends: &[usize]) {
        for at in starts {
            self.starting -= 1;
            if let Some(slot) = self.slots[*at].as_mut() {
                slot.phase = Phase::Queued;
            }
        }
        for at in ends {
            self.ending -= 1;
            self.counts.unrecorded += 1;
            let slot = self.slots[*at].as_mut();
            self.counts.settled += u64::from(slot.is_some_and(Slot::leave_earlier_doubt));
            self.forget(*at);
        }
    }

    pub(super) fn replied(&mut self, at: usize, verdict: Verdict, now: Now) {
        let Some(slot) = self.slots[at].as_mut().filter(|slot| slot.phase == Phase::Flying) else {
            return;
        };
        self.flying -= 1;
        let (generation, sent_at) = (slot.generation, slot.sent_at);
        self.notice(sent_at, &verdict, now);
        let Some(slot) = self.slots[at].as_mut() else { return };
        match verdict {
            Verdict::Done { id, items } => {
                self.access.accepted(generation, sent_at);
                let last = Last { id, items, ..Last::new(Outcome::Succeeded, RowEnd::Succeeded) };
                self.end_row(at, last, now);
            }
            Verdict::Refused(cause) => {
                self.access.accepted(generation, sent_at);
                self.end_row(at, Last::new(Outcome::Refused, RowEnd::Failed).because(cause), now);
            }
            Verdict::NotFound(cause) => {
                self.access.accepted(generation, sent_at);
                // Gone, as it should be: an earlier attempt did it.
                let done =
                    slot.may_have_acted && slot.work.ready.operation.effect == Effect::Delete;
                let (outcome, end) = match done {
                    true => (Outcome::Succeeded, RowEnd::Succeeded),
                    false => (Outcome::Refused, RowEnd::Failed),
                };
                self.end_row(at, Last::new(outcome, end).because(cause), now);
            }
            Verdict::Unknown { cause, after } => self.lost(at, cause, after, now),
            Verdict::Retry { cause, after, pushback, may_have_acted } => {
                if may_have_acted {
                    slot.repeat_when_sure(now.moment);
                }
                self.retry(at, cause, after, pushback, now);
            }
            Verdict::Unauthorized(cause) => self.unauthorized(at, cause, now),
        }
    }

    pub(super) fn retry(
        &mut self,
        at: usize,
        cause: Cause,
        after: Option<Duration>,
        pushback: bool,
        now: Now,
    ) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        let wait = if pushback {
            slot.pushbacks += 1;
            let sent_at = slot.sent_at;
            self.push_back(sent_at, after, now)
        } else {
            // An outage is not the row's fault, and is not counted against it.
            slot.tries += u32::from(!self.outage.is_on());
            back_off(slot.tries.max(1), now.chance).max(after.map(asked_wait).unwrap_or_default())
        };
        let Some(slot) = self.slots[at].as_mut() else { return };
        let sure_at = slot.sure_at;
        if slot.tries >= self.settings.attempts || slot.pushbacks >= MOST_PUSHBACKS {
            let last = match slot.may_have_acted {
                true => Last::new(Outcome::Lost, RowEnd::InDoubt),
                false => Last::new(Outcome::GivenUp, RowEnd::Failed),
            };
            self.end_row(at, last.because(cause), now);
            return;
        }
        self.defer(at, Outcome::Deferred, Some(cause), now);
        let until = now.moment.after(wait).max(sure_at);
        self.waiting.push(Reverse((until, at)));
    }

    pub(super) fn unauthorized(&mut self, at: usize, cause: Cause, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        let refusal = slot.token_refused(&mut self.access);
        if refusal == Refusal::Row || (refusal == Refusal::Pause && self.nobody_else_can_tell()) {
            self.refused_alone(at, refusal, cause, now);
        } else {
            self.suspect(at, refusal, cause, now);
        }
    }

    /// The row is to blame, or nobody is left to tell whether it is: it is tried as often as any.
    fn refused_alone(&mut self, at: usize, refusal: Refusal, cause: Cause, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        slot.tries += 1;
        slot.refusals += u32::from(refusal == Refusal::Row);
        let tries_left = slot.tries < self.settings.attempts;
        let last = match refusal {
            _ if slot.may_have_acted => Last::new(Outcome::Lost, RowEnd::InDoubt),
            // Others were accepted each time: it would be refused again.
            _ if slot.refusals >= SURELY_REFUSED => Last::new(Outcome::Refused, RowEnd::Failed),
            _ => Last::new(Outcome::GivenUp, RowEnd::Failed),
        };
        match (tries_left, refusal) {
            (false, _) => self.end_row(at, last.because(cause), now),
            (true, Refusal::Row) => {
                let wait = back_off(slot.tries, now.chance);
                self.defer(at, Outcome::Deferred, Some(cause), now);
                self.waiting.push(Reverse((now.moment.after(wait), at)));
            }
            (true, _) => self.suspect(at, refusal, cause, now),
        }
    }

    /// Nobody knows yet whether it is the row or the token: with the next one others are tried first.
    fn suspect(&mut self, at: usize, refusal: Refusal, cause: Cause, now: Now) {
        self.defer(at, Outcome::Deferred, Some(cause.clone()), now);
        self.suspects.push_back(at);
        self.token_refused(refusal, cause, now);
    }

    /// Whether there is no row but those whose tokens were refused, or that stand behind them: nobody else can tell whether
    /// it is the token.
    fn nobody_else_can_tell(&self) -> bool {
        let others = self.under_way() + self.to_look.len() + self.waiting.len();
        self.source_ended && others == 0 && !self.lanes.has_ready()
    }

    /// What follows from the refusal of a token for all other rows.
    pub(super) fn token_refused(&mut self, refusal: Refusal, cause: Cause, now: Now) {
        match refusal {
            Refusal::Renew | Refusal::Row => {}
            Refusal::Final => self.stop(Ending::Unauthorized(Obstacle::Request(cause)), now),
            Refusal::Pause => {
                if self.outage.refused(now.moment, now.chance) {
                    let note = Note::TokenRefused(cause.clone());
                    self.actions.push(Action::Tell(Event::Note(note)));
                }
                self.last_failure = Ending::Unauthorized(Obstacle::Request(cause));
            }
        }
    }

    pub(super) fn token_failed(&mut self, failure: &TokenFailure, now: Now) {
        if self.access.failed(failure, now.moment, now.chance) {
            self.stop(Ending::Unauthorized(Obstacle::Token(failure.why.clone())), now);
            return;
        }
        let since = *self.tokenless_since.get_or_insert(now.moment);
        if now.moment.since(since) >= self.settings.give_up_after {
            self.stop(Ending::Outage(Obstacle::Token(failure.why.clone())), now);
        } else if since == now.moment {
            let note = Note::NoToken(failure.why.clone());
            self.actions.push(Action::Tell(Event::Note(note)));
        }
    }

    /// The attempt surely did not act, and another will follow.
    pub(super) fn defer(&mut self, at: usize, outcome: Outcome, cause: Option<Cause>, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        // What may have acted once may have acted, whatever became of the attempts since.
        let outcome = if slot.may_have_acted { Outcome::Lost } else { outcome };
        slot.step(outcome.event(None));
        slot.phase = Phase::Waiting;
        let end = slot.attempt_end(outcome, cause, None, now.wall);
        self.ending += 1;
        self.actions.push(Action::End { slot: at, end });
    }

    /// A row that was started and will not be sent after all.
    pub(super) fn withdraw(&mut self, at: usize, now: Now) {
        self.defer(at, Outcome::Deferred, Some(Cause::of(Reason::Withdrawn)), now);
    }

    pub(super) fn end_row(&mut self, at: usize, last: Last, now: Now) {
        let Last { outcome, end, cause, id, items } = last;
        let Some(slot) = self.slots[at].as_mut() else { return };
        slot.step(outcome.event(id.clone()));
        slot.phase = Phase::Ending;
        let mut event = slot.row_event(end, cause.as_ref());
        event.id.clone_from(&id);
        event.items = items;
        slot.end = Some(event);
        let attempt = slot.attempt_end(outcome, cause, id, now.wall);
        let lane = slot.lane;
        self.counts.settled += u64::from(slot.leave_earlier_doubt());
        self.ending += 1;
        self.actions.push(Action::End { slot: at, end: attempt });
        match outcome {
            // The row will be sent by another run, or its fate found out: until then nothing may overtake it.
            Outcome::GivenUp | Outcome::Lost => {
                self.close(lane);
            }
            // The ledger keeps the order of writes, so the lane's next row cannot overtake this outcome.
            _ => self.lanes.release(lane),
        }
    }

    /// A time of the row has passed since it was checked.
    pub(super) fn end_too_late(&mut self, at: usize, now: Now) {
        let Some(slot) = self.slots[at].as_ref() else { return };
        let cause = Cause::of(Reason::TooLate);
        let last = match slot.may_have_acted {
            true => Last::new(Outcome::Lost, RowEnd::InDoubt),
            false => Last::new(Outcome::Deferred, RowEnd::Invalid),
        };
        self.end_row(at, last.because(cause), now);
    }

    /// Likewise, before it was started; the ledger need not hear of it.
    pub(super) fn end_unsent(&mut self, at: usize) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        let end = if slot.may_have_acted { RowEnd::InDoubt } else { RowEnd::Invalid };
        let cause = Cause::of(Reason::TooLate);
        let event = slot.row_event(end, Some(&cause));
        let lane = slot.lane;
        self.counts.settled += u64::from(slot.leave_earlier_doubt());
        self.count(end);
        self.actions.push(Action::Tell(Event::Row(event)));
        match end {
            RowEnd::InDoubt => self.close(lane),
            _ => self.lanes.release(lane),
        }
        self.forget(at);
    }

    /// Nothing of the lane goes on in this run.
    fn close(&mut self, lane: Lane) {
        self.lanes.close(lane).into_iter().for_each(|behind| self.forget(behind));
    }

    pub(super) fn count(&mut self, end: RowEnd) {
        match end {
            RowEnd::Succeeded => self.counts.succeeded += 1,
            RowEnd::Failed => self.counts.failed += 1,
            RowEnd::InDoubt => self.counts.in_doubt += 1,
            RowEnd::Invalid => self.counts.invalid += 1,
        }
    }

    pub(super) fn forget(&mut self, at: usize) {
        if let Some(slot) = self.slots[at].take() {
            self.bytes -= slot.work.bytes();
            self.free.push(at);
        }
    }

    fn keep_to_budget(&mut self, now: Now) {
        let allowed = self.settings.max_failures.filter(|allowed| self.counts.failed > *allowed);
        if let (Some(allowed), None) = (allowed, &self.stopping) {
            self.stop(Ending::TooManyFailures { allowed }, now);
        }
    }

    /// Nothing is started any more, and what is under way comes to its end. The first reason stands, but for a ledger
    /// that fails later on: whoever runs this has to know.
    pub(super) fn stop(&mut self, ending: Ending, now: Now) {
        if self.stopping.is_none()
            || matches!(ending, Ending::LedgerFailed(_) | Ending::RecorderGone)
        {
            self.stopping = Some(ending);
        }
        while let Some(at) = self.cleared.pop_front() {
            self.withdraw(at, now);
        }
    }

    /// What is under way may have acted or not; nobody will know.
    pub(super) fn abandon(&mut self, now: Now) {
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
            let cause = Cause::of(Reason::Interrupted);
            self.end_row(at, Last::new(Outcome::Lost, RowEnd::InDoubt).because(cause), now);
        }
    }
}
