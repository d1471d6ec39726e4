//! Reads before writes: the list that shows what a row changes or deletes is read right before the row's request.
//!
//! One reading serves all rows in hand that are about something in the same list, each thing once: what a row has done there
//! is seen by nobody who has read before. Each thing is as old as the page that has shown it, and is fresh or not at the moment
//! at which the row's request departs. So a row goes as soon as its page is there, before the rest of the list is read; what
//! is too old by then is read again, a few times and no more. What a list says of a row is for `recover`; here is only when it
//! is read. What is kept of it until the rows have taken it is in `lists`.

mod lists;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::event::{Fault, Happening};
use crate::recover::Extent;
use crate::row::{Cause, Outcome, Reason};
use crate::traffic::pace::{Moment, asked_wait, back_off};
use crate::traffic::verdict::Verdict;

use super::rows::{Flight, Later};
use super::{Action, Core, MOST_PUSHBACKS, Now};
use lists::{AsOf, Stage, Told};
pub(super) use lists::{Before, Reads};

/// What was read longer ago, when a request departs, says nothing of what is there.
pub(crate) const FRESH: Duration = Duration::from_secs(60);
/// So often a list is read for one request of a row.
pub(super) const MOST_READINGS: u32 = 3;

impl Core {
    /// Whether nothing has to be read any more before a row is begun.
    pub(super) fn has_seen(&self, at: usize, now: Now) -> Result<bool, Fault> {
        let slot = self.rows.slot(at, Happening::Begun)?;
        let Some(subject) = &slot.work.subject else { return Ok(true) };
        Ok(slot.before.is_fresh(now) && !slot.repeats()
            || self.reads.tells(subject, now) == Told::Now)
    }

    /// Until when a list is not to be read for a row, since the row's request could not follow at once; none where it may be
    /// now.
    pub(super) fn may_read_from(&self, at: usize, now: Now) -> Option<Moment> {
        let subject = self.rows.slot(at, Happening::Begun).ok()?.work.subject.as_ref()?;
        if self.reads.tells(subject, now) != Told::Nothing {
            return None;
        }
        let from = self.other_side.pace.two_within(FRESH, now.moment)?;
        // Another that goes first takes a turn of these.
        let others = self.rows.ahead() + self.reads.under_way();
        let from = if others == 0 { from } else { now.moment.after(FRESH) };
        (from > now.moment).then_some(from)
    }

    /// Sees to it that what is there before a row's request is known and lets it leave. Gives whether the row may be begun now;
    /// otherwise it waits for its list.
    pub(super) fn looks_before(&mut self, at: usize, now: Now) -> Result<bool, Fault> {
        let slot = self.rows.slot_mut(at, Happening::Begun)?;
        let Some(subject) = slot.work.subject.clone() else { return Ok(true) };
        let repeats = slot.repeats();
        if !repeats && slot.before.is_fresh(now) {
            return Ok(true);
        }
        slot.before = Before::Unknown;
        match self.reads.tells(&subject, now) {
            Told::Now => {
                slot.before = self.reads.take(&subject, repeats).unwrap_or_default();
                return Ok(true);
            }
            Told::Nothing if slot.readings >= MOST_READINGS => {
                slot.before = Before::Against(Cause::of(Reason::ListStale));
                return Ok(true);
            }
            Told::Nothing => slot.readings += 1,
            Told::Later => {}
        }
        let work = Arc::clone(&slot.work);
        let wanted = self.rows.wanted_in(&subject.list);
        self.rows.await_reading(at)?;
        self.reads.ask(at, &work, wanted, now);
        Ok(false)
    }

    /// What was seen for a row is too old by the turn of its request: it is read once more, or the row is over. The ledger has
    /// the start, and is to have that nothing came of it.
    pub(super) fn end_stale(&mut self, at: usize, now: Now) -> Result<(), Fault> {
        let slot = self.rows.slot_mut(at, Happening::Sent)?;
        slot.before = Before::Unknown;
        let cause = Cause::of(Reason::ListStale);
        if slot.readings >= MOST_READINGS {
            slot.before = Before::Against(cause);
            return self.withhold(at, now);
        }
        self.wake_no_later_than(now.moment);
        self.defer(at, Outcome::Deferred, Some(cause), Later::At(now.moment), now)
    }

    /// Asks for the pages that are due; they are requests like any other.
    pub(super) fn send_reads(&mut self, now: Now) {
        for _ in 0..self.reads.due.len() {
            let Some(at) = self.reads.due.pop_front() else { return };
            let Some(due) = self.reads.due_at(at) else { continue };
            if due > now.moment {
                self.wake_no_later_than(due);
                self.reads.due.push_back(at);
                continue;
            }
            if !self.may_leave(now) || !self.send_read(at, now) {
                return self.reads.due.push_front(at);
            }
        }
    }

    /// Gives whether it could be sent.
    fn send_read(&mut self, at: usize, now: Now) -> bool {
        let Some(list) = self.reads.lists.get(at) else { return true };
        if list.is_enough() {
            self.reading_ended(at, Stage::Read(Extent::Cut), now);
            return true;
        }
        let of = Arc::clone(&list.of);
        let request = of.subject.as_ref().and_then(|subject| {
            let recover = subject.maker.recover.as_ref()?;
            list.enquiry.request(recover, &subject.asked_by)
        });
        let Some(request) = request.map(Box::new) else {
            self.reading_failed(at, Cause::of(Reason::Unsendable), now);
            return true;
        };
        let Some(flight) = self.take_turn(now) else { return false };
        if let Some(list) = self.reads.lists.get_mut(at) {
            list.as_of = Some(AsOf { moment: now.moment, wall: now.wall });
            list.stage = Stage::Asked(flight);
        }
        self.reads.in_flight += 1;
        self.actions.push(Action::Read { list: at, of, request });
        true
    }

    /// A page that is read has lain in a cache for so long: what it shows is that old.
    pub(super) fn reading_aged(&mut self, at: usize, age: Duration) {
        if let Some(list) = self.reads.lists.get_mut(at) {
            list.is_stale |= age > FRESH;
            let milliseconds = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
            list.as_of = list.as_of.map(|AsOf { moment, wall }| AsOf {
                moment: Moment(moment.0.saturating_sub(age)),
                wall: wall.saturating_sub(milliseconds),
            });
        }
    }

    /// A page has come, or not.
    pub(super) fn read(&mut self, at: usize, verdict: Verdict, now: Now) {
        let Some(list) = self.reads.lists.get_mut(at) else { return };
        let Stage::Asked(flight) = list.stage else { return };
        self.reads.in_flight -= 1;
        self.notice_look(flight, &verdict, now);
        let (cause, wait, is_pushback) = match verdict {
            Verdict::Done { items: Some(items), .. } => return self.page_came(at, &items, now),
            Verdict::Done { items: None, .. } => {
                let cause = Cause::of(Reason::UnreadableAnswer);
                return self.page_refused(at, cause, now);
            }
            Verdict::Refused(cause) | Verdict::NotFound(cause) => {
                return self.page_refused(at, cause, now);
            }
            Verdict::Retry { cause, after, pushback: true, .. } => {
                (cause, self.push_back(flight, after, now), true)
            }
            Verdict::Retry { cause, after, .. } | Verdict::Unknown { cause, after } => {
                (cause, after.map(asked_wait).unwrap_or_default(), false)
            }
            Verdict::Unauthorized(cause) => {
                let Flight { generation, sent_at } = flight;
                let refusal = self.other_side.access.refused(generation, sent_at, None);
                self.token_refused(refusal, cause.clone(), now);
                (cause, Duration::ZERO, false)
            }
        };
        self.page_failed(at, cause, (wait, is_pushback), now);
    }

    fn page_came(&mut self, at: usize, items: &[Value], now: Now) {
        let Some(list) = self.reads.lists.get_mut(at) else { return };
        // Each page is asked for as often as any row is sent.
        (list.failures, list.pushbacks) = (0, 0);
        let over = list.take(items);
        // Such a list shows nothing of what is there now, and the next one need be no younger.
        if list.is_stale {
            list.found.clear();
            return self.reading_failed(at, Cause::of(Reason::ListStale), now);
        }
        match over {
            Some(extent) => self.reading_ended(at, Stage::Read(extent), now),
            None => {
                self.reads.put_off(at, now.moment);
                let served = self.reads.served(at);
                self.resume_read(served, now);
            }
        }
    }

    /// A page is refused: the list, where it is the first.
    fn page_refused(&mut self, at: usize, cause: Cause, now: Now) {
        let Some(list) = self.reads.lists.get_mut(at) else { return };
        if list.enquiry.is_at_first() {
            return self.reading_failed(at, cause, now);
        }
        let step = list.enquiry.take_refusal();
        // Why the list ended, and not what was said of the page that shows whether it has.
        list.refused.get_or_insert(cause);
        match list.over(&step) {
            Some(extent) => self.reading_ended(at, Stage::Read(extent), now),
            None => self.reads.put_off(at, now.moment),
        }
    }

    /// A page could not be had; it is asked for as often as any row is sent.
    fn page_failed(
        &mut self,
        at: usize,
        cause: Cause,
        (wait, is_pushback): (Duration, bool),
        now: Now,
    ) {
        // An outage is not the list's fault, and is not counted against it.
        let counts = u32::from(!is_pushback && !self.other_side.outage.is_on());
        let Some(list) = self.reads.lists.get_mut(at) else { return };
        list.failures += counts;
        list.pushbacks += u32::from(is_pushback);
        let failures = list.failures;
        if failures >= self.settings.attempts || list.pushbacks >= MOST_PUSHBACKS {
            return self.page_refused(at, cause, now);
        }
        let wait = wait.max(back_off(failures.max(1), now.chance));
        self.reads.put_off(at, now.moment.after(wait));
    }

    fn reading_failed(&mut self, at: usize, cause: Cause, now: Now) {
        if let Some(list) = self.reads.lists.get_mut(at) {
            list.as_of.get_or_insert(AsOf { moment: now.moment, wall: now.wall });
        }
        self.reading_ended(at, Stage::Failed(cause), now);
    }

    fn reading_ended(&mut self, at: usize, stage: Stage, now: Now) {
        let waiting = self.reads.end(at, stage);
        self.resume_read(waiting, now);
    }

    fn resume_read(&mut self, rows: Vec<usize>, now: Now) {
        for row in rows {
            let done = self.rows.reading_ended(row);
            self.or_fault(done, now);
        }
    }
}
