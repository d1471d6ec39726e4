//! What follows from an answer: ends, other attempts, stops.

use std::time::Duration;

use crate::declared::job::InDoubt;
use crate::event::{Fault, Happening};
use crate::row::{Cause, Outcome, Reason};
use crate::traffic::access::Refusal;
use crate::traffic::pace::{asked_wait, back_off};
use crate::traffic::verdict::Verdict;

use super::lists::Bearer;
use super::rows::{Flight, Last, Later, Recovery, Slot};
use super::{Action, Core, MOST_PUSHBACKS, Now};

/// So many refusals of its token, while others were accepted, are a refusal of the row.
const SURELY_REFUSED: u32 = 5;

impl Core {
    /// A request has come to an end.
    pub(super) fn replied(&mut self, at: usize, verdict: Verdict, now: Now) -> Result<(), Fault> {
        let flight = self.rows.land(at)?;
        self.notice(flight, &verdict, now);
        match verdict {
            Verdict::Done { id, items } => {
                let thing = self.slot(at)?.work.thing.as_deref().map(str::to_owned);
                if let Some(id) = id.as_ref().filter(|_| thing.is_none()) {
                    self.bear_witness(at, id, Bearer::Row(flight.sent_at))?;
                }
                // What is changed or deleted keeps its name, whatever the answer says.
                let id = thing.or(id);
                self.end(at, Last { id, items, ..Last::succeeded() }, now)
            }
            Verdict::Refused(cause) => self.end(at, Last::refused().because(cause), now),
            Verdict::NotFound(cause) => {
                let last = match self.slot(at)?.may_be_gone() {
                    true => Last::succeeded(),
                    false => Last::refused(),
                };
                self.end(at, last.because(cause), now)
            }
            Verdict::Unknown { cause, after } => self.lost(at, cause, after, flight, now),
            Verdict::Retry { cause, after, pushback, may_have_acted } => {
                if may_have_acted {
                    self.slot_mut(at)?.repeat_when_sure(now.moment);
                }
                self.retry(at, Retry { cause, after, pushback }, flight, now)
            }
            Verdict::Unauthorized(cause) => self.unauthorized(at, cause, flight, now),
        }
    }

    fn slot(&self, at: usize) -> Result<&Slot, Fault> {
        self.rows.slot(at, Happening::Replied)
    }

    fn slot_mut(&mut self, at: usize) -> Result<&mut Slot, Fault> {
        self.rows.slot_mut(at, Happening::Replied)
    }

    /// Takes in what an answer says about the other side.
    pub(super) fn notice(&mut self, flight: Flight, verdict: &Verdict, now: Now) {
        let consequence = self.other_side.notice(flight.sent_at, verdict, now);
        self.follow(consequence, now);
        if matches!(verdict, Verdict::Done { .. } | Verdict::Refused(_) | Verdict::NotFound(_)) {
            self.other_side.access.accepted(flight.generation, flight.sent_at);
        }
    }

    /// The attempt may have acted: it is looked for before the lane goes on, where that can be done.
    fn lost(
        &mut self,
        at: usize,
        cause: Cause,
        after: Option<Duration>,
        flight: Flight,
        now: Now,
    ) -> Result<(), Fault> {
        if self.settings.in_doubt == InDoubt::Resend {
            self.slot_mut(at)?.repeat_when_sure(now.moment);
            return self.retry(at, Retry { cause, after, pushback: false }, flight, now);
        }
        let slot = self.rows.slot(at, Happening::Replied)?;
        let sure_at = now.moment.after(slot.work.ready.operation.sure_after);
        let may_look = self.settings.in_doubt != InDoubt::Hold && self.course.looks_on(now);
        let recovery = match may_look {
            true => Recovery::new(&slot.work, (Some(cause.clone()), Some(flight.sent_at)), sure_at),
            false => None,
        };
        match (recovery, after) {
            (None, _) => return self.end(at, Last::in_doubt().because(cause), now),
            (Some(recovery), None) => self.rows.seek(at, recovery)?,
            (Some(recovery), Some(asked)) => {
                self.rows.seek_at(at, recovery, now.moment.after(asked_wait(asked)))?;
            }
        }
        // The run may be killed before a look has come to anything.
        let end = self.rows.lose(at, cause, now.wall)?;
        self.actions.push(Action::End { slot: at, end });
        Ok(())
    }

    /// The attempt surely did not act, or a repeat is harmless.
    fn retry(&mut self, at: usize, retry: Retry, flight: Flight, now: Now) -> Result<(), Fault> {
        let Retry { cause, after, pushback } = retry;
        let wait = if pushback {
            self.slot_mut(at)?.tries.pushbacks += 1;
            self.push_back(flight, after, now)
        } else {
            let is_redirect = cause.reason == Reason::Redirected;
            // An outage is not the row's fault, and is not counted against it.
            // Nor is one that cannot be read an outage.
            let is_unreadable =
                matches!(cause.reason, Reason::UnreadableAnswer | Reason::AnswerTooLong);
            let is_outage = self.other_side.outage.is_on() && !is_unreadable;
            let counts = u32::from(!is_redirect && !is_outage);
            let tries = &mut self.slot_mut(at)?.tries;
            tries.attempts += counts;
            tries.redirects += u32::from(is_redirect);
            back_off(tries.attempts.max(tries.redirects).max(1), now.chance)
                .max(after.map(asked_wait).unwrap_or_default())
        };
        let slot = self.slot(at)?;
        let tries = slot.tries;
        let is_too_often =
            tries.attempts >= self.settings.attempts || tries.pushbacks >= MOST_PUSHBACKS;
        // That nobody is there says nothing about a row, however few rows there are to tell by.
        let nobody_is_there =
            !pushback && matches!(cause.reason, Reason::NoConnection | Reason::ConnectionTimeout);
        if is_too_often && nobody_is_there {
            let consequence = self.other_side.nobody_is_there(&cause, now);
            self.follow(consequence, now);
        } else if is_too_often {
            let last = match slot.repeats() {
                true => Last::in_doubt(),
                false => Last::given_up(),
            };
            return self.end(at, last.because(cause), now);
        }
        let repeat_from = self.slot(at)?.repeat_from().unwrap_or_default();
        let until = now.moment.after(wait).max(repeat_from);
        self.defer(at, Outcome::Deferred, Some(cause), Later::At(until), now)
    }

    /// The other side asks for less: all rows wait. Gives for how long.
    pub(super) fn push_back(
        &mut self,
        flight: Flight,
        asked: Option<Duration>,
        now: Now,
    ) -> Duration {
        let (wait, consequence) = self.other_side.push_back(flight.sent_at, asked, now);
        self.follow(consequence, now);
        wait
    }

    fn unauthorized(
        &mut self,
        at: usize,
        cause: Cause,
        flight: Flight,
        now: Now,
    ) -> Result<(), Fault> {
        let refusal = self.judge_refusal(at, flight)?;
        match refusal {
            Refusal::Row => self.refused_alone(at, refusal, cause, now),
            Refusal::Pause if self.no_other_row_can_tell() => {
                self.refused_alone(at, refusal, cause, now)
            }
            _ => self.suspect(at, refusal, cause, now),
        }
    }

    /// The token of a row's request, or look, was refused. Says what follows.
    pub(super) fn judge_refusal(&mut self, at: usize, flight: Flight) -> Result<Refusal, Fault> {
        let access = &mut self.other_side.access;
        let tries = &mut self.rows.slot_mut(at, Happening::Replied)?.tries;
        let Flight { generation, sent_at } = flight;
        let refusal = access.refused(generation, sent_at, tries.refused_at);
        // A row whose token was merely old has not been refused itself.
        if generation == access.generation() {
            tries.refused_at = Some(sent_at);
        }
        Ok(refusal)
    }

    /// The row is to blame for the refusal of its token, or there is no other row that could show whether it is: it is
    /// tried as often as any row.
    fn refused_alone(
        &mut self,
        at: usize,
        refusal: Refusal,
        cause: Cause,
        now: Now,
    ) -> Result<(), Fault> {
        let most = self.settings.attempts;
        let slot = self.slot_mut(at)?;
        slot.tries.attempts += 1;
        slot.tries.refusals += u32::from(refusal == Refusal::Row);
        let tries = slot.tries;
        let last = match refusal {
            _ if slot.repeats() => Last::in_doubt(),
            // Others were accepted each time: this row would be refused again.
            _ if tries.refusals >= SURELY_REFUSED => Last::refused(),
            _ => Last::given_up(),
        };
        match (tries.attempts < most, refusal) {
            (false, _) => self.end(at, last.because(cause), now),
            (true, Refusal::Row) => {
                let until = now.moment.after(back_off(tries.attempts, now.chance));
                self.defer(at, Outcome::Deferred, Some(cause), Later::At(until), now)
            }
            (true, _) => self.suspect(at, refusal, cause, now),
        }
    }

    /// Nobody knows yet whether the row or the token is to blame: the next token is tried with other rows first.
    fn suspect(
        &mut self,
        at: usize,
        refusal: Refusal,
        cause: Cause,
        now: Now,
    ) -> Result<(), Fault> {
        self.defer(at, Outcome::Deferred, Some(cause.clone()), Later::Suspect, now)?;
        self.token_refused(refusal, cause, now);
        Ok(())
    }

    pub(super) fn token_refused(&mut self, refusal: Refusal, cause: Cause, now: Now) {
        let consequence = self.other_side.token_refused(refusal, cause, now);
        self.follow(consequence, now);
    }

    /// Whether there is no row but those whose tokens were refused, and those behind them: then no other row can tell
    /// whether the token is to blame.
    fn no_other_row_can_tell(&self) -> bool {
        let others = self.rows.under_way()
            + self.rows.sought()
            + self.rows.waiting()
            + self.reads.under_way();
        self.course.source_ended && others == 0 && self.rows.first_ready().is_none()
    }

    /// The attempt is over and another will follow.
    pub(super) fn defer(
        &mut self,
        at: usize,
        outcome: Outcome,
        cause: Option<Cause>,
        later: Later,
        now: Now,
    ) -> Result<(), Fault> {
        let end = self.rows.defer(at, outcome, cause, later, now.wall)?;
        self.actions.push(Action::End { slot: at, end });
        Ok(())
    }

    /// The row is over.
    pub(super) fn end(&mut self, at: usize, last: Last, now: Now) -> Result<(), Fault> {
        let settled = self.rows.end(at, last, now.wall)?;
        let end = self.settled(settled);
        self.actions.push(Action::End { slot: at, end });
        Ok(())
    }
}

/// Why and how a request is to be sent again.
struct Retry {
    cause: Cause,
    /// How long the other side asks to wait.
    after: Option<Duration>,
    /// Whether the other side asks for less.
    pushback: bool,
}
