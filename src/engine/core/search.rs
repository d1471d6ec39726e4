//! Rows whose answers were lost: what follows from looking for what they may have made.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::event::{Fault, Happening};
use crate::recover::Lookup;
use crate::row::{Cause, Doubt, Holdings, Outcome, Reason};
use crate::traffic::access::Refusal;
use crate::traffic::pace::{Moment, asked_wait, back_off};
use crate::traffic::verdict::Verdict;

use super::lists::Bearer;
use super::rows::{ControlOf, Flight, Last, Later, Recovery};
use super::{Core, MOST_PUSHBACKS, Now, Owned};

/// So often the page before the first has to fail before there is none.
const LASTING: u32 = 3;

impl Recovery {
    /// The page before the first has failed. Gives when it is to be tried again; none where that lasts.
    pub(super) fn put_off_before_first(
        &mut self,
        after: Option<Duration>,
        now: Now,
    ) -> Option<Moment> {
        self.failed_before_first += 1;
        let failed = self.failed_before_first;
        if failed >= LASTING {
            self.failed_before_first = 0;
            return None;
        }
        let wait = back_off(failed, now.chance).max(after.map(asked_wait).unwrap_or_default());
        Some(now.moment.after(wait))
    }
}

impl Core {
    /// A look has come to an end. `owned` is what rows own of its page, and of the lane.
    pub(super) fn looked(
        &mut self,
        at: usize,
        verdict: Verdict,
        owned: Owned,
        now: Now,
    ) -> Result<(), Fault> {
        let flight = self.rows.land_look(at)?;
        self.notice_look(flight, &verdict, now);
        let owned = match owned {
            Ok(owned) => owned,
            // What is a row's cannot be told from what is nobody's: the page says nothing, and the row stays in doubt.
            Err(error) => {
                self.rows.look_again(at, now.moment)?;
                self.ledger_failed(error, now);
                return Ok(());
            }
        };
        if let ControlOf::Of(_) = self.rows.recovery_mut(at)?.control {
            return self.control_looked(at, verdict, owned, flight, now);
        }
        match verdict {
            Verdict::Done { items: Some(items), .. } => self.weigh(at, &items, owned, now),
            Verdict::Done { items: None, .. } => self.end_unsure(at, Doubt::ShapeUnknown, now),
            Verdict::Retry { cause, after, pushback: false, .. }
                if cause.status.is_some() && self.rows.recovery_mut(at)?.search.is_read() =>
            {
                self.before_first_failed(at, after, now)
            }
            Verdict::Retry { cause, after, pushback, .. } => {
                self.look_later(at, cause, after, pushback, flight, now)
            }
            Verdict::Unauthorized(cause) => self.look_unauthorized(at, cause, flight, now),
            // That the place of the row is not there may be wrong for a while, or said by others: it settles nothing.
            Verdict::Refused(cause) | Verdict::NotFound(cause) => {
                match self.rows.recovery_mut(at)?.search.take_refusal() {
                    Some(lookup) => self.follow_lookup(at, lookup, now),
                    None => self.end_unsure(at, Doubt::ListRefused(Box::new(cause.into())), now),
                }
            }
            Verdict::Unknown { cause, .. } => {
                self.end_unsure(at, Doubt::ListRefused(Box::new(cause.into())), now)
            }
        }
    }

    /// The page before the first may not exist, and servers refuse such a page in any way they like; but a failure may pass. It is none of a moment where the
    /// first page has come each time in between.
    fn before_first_failed(
        &mut self,
        at: usize,
        after: Option<Duration>,
        now: Now,
    ) -> Result<(), Fault> {
        let recovery = self.rows.recovery_mut(at)?;
        match recovery.put_off_before_first(after, now) {
            Some(later) => self.rows.look_anew(at, later, None),
            None => match recovery.search.take_refusal() {
                Some(lookup) => self.follow_lookup(at, lookup, now),
                None => self.end_unsure(at, Doubt::ListUnproven, now),
            },
        }
    }

    /// Takes in what a look says about the other side. That a list is refused says nothing about the token.
    pub(super) fn notice_look(&mut self, flight: Flight, verdict: &Verdict, now: Now) {
        let consequence = self.other_side.notice_look(flight.sent_at, verdict, now);
        self.follow(consequence, now);
        if matches!(verdict, Verdict::Done { items: Some(_), .. }) {
            self.other_side.access.accepted(flight.generation, flight.sent_at);
        }
    }

    pub(super) fn look_unauthorized(
        &mut self,
        at: usize,
        cause: Cause,
        flight: Flight,
        now: Now,
    ) -> Result<(), Fault> {
        let refusal = self.judge_refusal(at, flight)?;
        match refusal {
            Refusal::Row => self.look_later(at, cause.clone(), None, false, flight, now)?,
            _ => self.rows.suspect_look(at)?,
        }
        self.token_refused(refusal, cause, now);
        Ok(())
    }

    fn weigh(
        &mut self,
        at: usize,
        items: &[Value],
        mut owned: Holdings,
        now: Now,
    ) -> Result<(), Fault> {
        for id in self.rows.ids_on_their_way() {
            owned.ids.entry(id).or_default();
        }
        let work = Arc::clone(&self.rows.slot(at, Happening::Looked)?.work);
        self.lists.remember(&work, &owned.elsewhere);
        let dated = self.lists.proven(&work).and_then(|proven| proven.habits.dated);
        let by = (dated, self.settings.longest_request);
        let lookup = self.rows.weigh(at, items, owned, (now.wall, now.remote), by)?;
        self.follow_lookup(at, lookup, now)
    }

    /// What follows from what a search has come to.
    fn follow_lookup(&mut self, at: usize, lookup: Lookup, now: Now) -> Result<(), Fault> {
        match lookup {
            Lookup::NextPage => self.rows.look_on(at),
            Lookup::Found { id } => {
                let left = self.rows.recovery_mut(at)?.left;
                self.bear_witness(at, &id, left.map_or(Bearer::Finder, Bearer::Row))?;
                self.is_to_be_counted(at, now)?;
                let found = Last::found();
                self.end(at, Last { id: Some(id), ..found }, now)
            }
            Lookup::Unsure { doubt } => self.end_unsure(at, doubt, now),
            Lookup::Absent { proof, strangers } => self.silent(at, (proof, strangers), now),
        }
    }

    /// The attempt surely did not act: the row may go again, as often as any.
    pub(super) fn absent(&mut self, at: usize, now: Now) -> Result<(), Fault> {
        self.is_to_be_counted(at, now)?;
        let cause = self.rows.recovery_mut(at)?.lost.take();
        let slot = self.rows.slot_mut(at, Happening::Looked)?;
        slot.tries.attempts += 1;
        let is_too_often = slot.tries.attempts >= self.settings.attempts && slot.is_started();
        self.counts.settled += u64::from(slot.leave_earlier_doubt());
        if is_too_often {
            return self.end(at, Last::given_up().because(cause), now);
        }
        self.defer(at, Outcome::NotFound, cause, Later::At(now.moment), now)
    }

    pub(super) fn look_later(
        &mut self,
        at: usize,
        cause: Cause,
        after: Option<Duration>,
        pushback: bool,
        flight: Flight,
        now: Now,
    ) -> Result<(), Fault> {
        // An outage is not the row's fault, and is not counted against it. An answer that cannot be read is no outage.
        let is_unreadable =
            matches!(cause.reason, Reason::UnreadableAnswer | Reason::AnswerTooLong);
        let counts = u32::from(is_unreadable || !self.other_side.outage.is_on());
        let recovery = self.rows.recovery_mut(at)?;
        recovery.looks += counts;
        let looks = recovery.looks;
        let (wait, most) = match pushback {
            true => (self.push_back(flight, after, now), MOST_PUSHBACKS),
            false => {
                let asked = after.map(asked_wait).unwrap_or_default();
                (back_off(looks.max(1), now.chance).max(asked), self.settings.attempts)
            }
        };
        if looks >= most {
            return self.end_unsure(at, Doubt::ListUnread(Box::new(cause.into())), now);
        }
        self.rows.look_again(at, now.moment.after(wait))
    }

    /// The run stops: what cannot be looked for any more stays in doubt.
    pub(super) fn end_recoveries(&mut self, now: Now) {
        let other_side = &self.other_side;
        let can_ask = other_side.access.is_ready(now.moment) && !other_side.outage.is_on();
        let over = match self.course.looks_until().filter(|_| can_ask) {
            Some(until) if now.moment < until => {
                self.wake_no_later_than(until);
                self.rows.recoveries_not_before(until)
            }
            _ => self.rows.all_recoveries(),
        };
        for at in over {
            let done = self.end_unsure(at, Doubt::StoppedBefore, now);
            self.or_fault(done, now);
        }
    }

    /// Nobody can tell whether the attempt acted; the row stays in doubt.
    pub(super) fn end_unsure(&mut self, at: usize, doubt: Doubt, now: Now) -> Result<(), Fault> {
        let lost = self.rows.slot(at, Happening::Looked)?.lost();
        let cause = Cause { doubt: Some(doubt), ..lost };
        self.end(at, Last::in_doubt().because(cause), now)
    }
}
