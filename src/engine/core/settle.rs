//! Rows whose answers were lost: when to look for what they may have made, and what follows.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::time::Duration;

use crate::declared::job::InDoubt;
use crate::event::RowEnd;
use crate::prepare::request::Request;
use crate::recover::{Lookup, Search, Since};
use crate::row::Outcome;
use crate::row::RowState;
use crate::row::{Cause, Doubt, Reason};
use crate::traffic::pace::{Moment, asked_wait, back_off};
use crate::traffic::verdict::Verdict;

use super::outcome::Last;
use super::slot::{Phase, Slot};
use super::{Action, Core, MOST_PUSHBACKS, Now};
use crate::traffic::access::Refusal;

impl Core {
    /// The request for [`Action::Look`]; none where the row lacks a field that the list asks for.
    pub fn look_request(&self, slot: usize) -> Option<Request> {
        let slot = self.slots.get(slot)?.as_ref()?;
        let recover = slot.work.ready.operation.recover.as_ref()?;
        slot.search.as_ref()?.request(recover, &slot.work.ready)
    }

    /// Sends looks that are due; they are requests like any other.
    pub(super) fn send_looks(&mut self, now: Now) {
        if self.stopping.is_some() {
            self.end_looks(now);
            return;
        }
        while let Some(at) = self.to_look.front().copied() {
            if !self.access.is_ready(now.moment) || !self.may_go(now) {
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
                slot.sent_at = now.moment;
                slot.search_began.get_or_insert(now.moment);
                slot.generation = generation;
                self.flying += 1;
                self.counts.requests += 1;
                self.actions.push(Action::Look { slot: at });
            }
        }
    }

    /// The run stops: what has not been found by now stays in doubt.
    fn end_looks(&mut self, now: Now) {
        self.to_look.clear();
        let lost = |slot: &Slot| {
            slot.search.is_some() && matches!(slot.phase, Phase::Lost | Phase::Waiting)
        };
        for at in 0..self.slots.len() {
            if self.slots[at].as_ref().is_some_and(lost) {
                self.end_unsure(at, Doubt::StoppedBefore, now);
            }
        }
    }

    /// The attempt may have acted: it is looked for before the lane goes on, where that can be done.
    pub(super) fn lost(&mut self, at: usize, cause: Cause, after: Option<Duration>, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        if self.settings.in_doubt == InDoubt::Resend {
            slot.repeat_when_sure(now.moment);
            self.retry(at, cause, after, false, now);
            return;
        }
        let operation = &slot.work.ready.operation;
        let may_look = self.settings.in_doubt != InDoubt::Hold && self.stopping.is_none();
        if operation.recover.is_none() || !may_look {
            self.end_row(at, Last::new(Outcome::Lost, RowEnd::InDoubt).because(cause), now);
            return;
        }
        slot.sure_at = now.moment.after(operation.sure_after);
        slot.lost = Some(cause);
        match after {
            Some(asked) => self.look_at(at, now.moment.after(asked_wait(asked))),
            None => self.look_for(at),
        }
    }

    pub(super) fn look_for(&mut self, at: usize) {
        self.begin_search(at);
        self.to_look.push_back(at);
    }

    fn begin_search(&mut self, at: usize) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        let Some(recover) = slot.work.ready.operation.recover.as_ref() else { return };
        slot.search = Some(Box::new(Search::new(
            recover,
            &slot.work.ready.fields,
            slot.work.ready.marker.as_deref(),
        )));
        slot.search_began = None;
        slot.phase = Phase::Lost;
    }

    pub(super) fn looked(
        &mut self,
        at: usize,
        verdict: Verdict,
        mut owned: HashSet<String>,
        now: Now,
    ) {
        owned.extend(self.ids_on_their_way());
        let looking = |slot: &&mut Slot| slot.phase == Phase::Looking;
        let Some(slot) = self.slots[at].as_mut().filter(looking) else { return };
        self.flying -= 1;
        slot.phase = Phase::Lost;
        let sent_at = slot.sent_at;
        self.notice(sent_at, &verdict, now);
        let Some(slot) = self.slots[at].as_mut() else { return };
        match verdict {
            Verdict::Done { items: Some(items), .. } => {
                self.access.accepted(slot.generation, sent_at);
                self.search_page(at, &items, &owned, now);
            }
            Verdict::Done { items: None, .. } => {
                self.end_unsure(at, Doubt::ShapeUnknown, now);
            }
            Verdict::Retry { cause, after, pushback, .. } => {
                self.look_later(at, cause, after, pushback, now)
            }
            Verdict::Unauthorized(cause) => {
                let refusal = slot.token_refused(&mut self.access);
                match refusal {
                    Refusal::Row => self.look_later(at, cause.clone(), None, false, now),
                    _ => {
                        slot.phase = Phase::Waiting;
                        self.suspects.push_back(at);
                    }
                }
                self.token_refused(refusal, cause, now);
            }
            Verdict::Refused(cause) | Verdict::NotFound(cause) => {
                match slot.search.as_mut().and_then(|search| search.take_refusal()) {
                    Some(step) => self.follow(at, step, now),
                    None => self.end_refused_look(at, cause, now),
                }
            }
            Verdict::Unknown { cause, .. } => self.end_refused_look(at, cause, now),
        }
    }

    fn end_refused_look(&mut self, at: usize, cause: Cause, now: Now) {
        self.end_unsure(at, Doubt::ListRefused(Box::new(cause.into())), now);
    }

    /// What rows are known to have made, and the ledger may not say yet.
    fn ids_on_their_way(&self) -> impl Iterator<Item = String> {
        let ends = self.slots.iter().flatten().filter_map(|slot| slot.end.as_ref());
        ends.filter_map(|end| end.id.clone())
    }

    pub(super) fn search_page(
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
        let since = Since::of(slot.attempted, now.wall, now.remote);
        let step = search.take(recover, items, owned, since);
        self.follow(at, step, now);
    }

    /// What follows from what a search has come to.
    fn follow(&mut self, at: usize, lookup: Lookup, now: Now) {
        match lookup {
            Lookup::NextPage => self.to_look.push_back(at),
            Lookup::Found { id } => {
                let found = Last::new(Outcome::Found, RowEnd::Succeeded);
                self.end_row(at, Last { id: Some(id), ..found }, now);
            }
            Lookup::Unsure { doubt } => self.end_unsure(at, doubt, now),
            Lookup::Absent => {
                let Some(slot) = self.slots[at].as_ref() else { return };
                let sure = slot.sure_at;
                match slot.search_began.is_some_and(|began| began < sure) {
                    // Only a list of that moment or later says that the other side did not act.
                    true => self.look_at(at, sure),
                    false => self.absent(at, now),
                }
            }
        }
    }

    /// Begins to look for a row at a moment that is still to come.
    fn look_at(&mut self, at: usize, moment: Moment) {
        self.begin_search(at);
        if let Some(slot) = self.slots[at].as_mut() {
            slot.phase = Phase::Waiting;
            self.waiting.push(Reverse((moment, at)));
        }
    }

    /// The attempt surely did not act: the row may go again, as often as any.
    pub(super) fn absent(&mut self, at: usize, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        self.counts.settled += u64::from(slot.leave_earlier_doubt());
        slot.search = None;
        slot.looks = 0;
        slot.tries += 1;
        let cause = slot.lost.take();
        if slot.tries >= self.settings.attempts && matches!(slot.state, RowState::Started { .. }) {
            self.end_row(at, Last::new(Outcome::GivenUp, RowEnd::Failed).because(cause), now);
            return;
        }
        self.defer(at, Outcome::NotFound, cause, now);
        self.waiting.push(Reverse((now.moment, at)));
    }

    pub(super) fn look_later(
        &mut self,
        at: usize,
        cause: Cause,
        after: Option<Duration>,
        pushback: bool,
        now: Now,
    ) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        // An outage is not the row's fault, and is not counted against it.
        slot.looks += u32::from(!self.outage.is_on());
        let (looks, sent_at) = (slot.looks, slot.sent_at);
        let (wait, most) = match pushback {
            true => (self.push_back(sent_at, after, now), MOST_PUSHBACKS),
            false => {
                let asked = after.map(asked_wait).unwrap_or_default();
                (back_off(looks.max(1), now.chance).max(asked), self.settings.attempts)
            }
        };
        if looks >= most {
            self.end_unsure(at, Doubt::ListUnread(Box::new(cause.into())), now);
            return;
        }
        if let Some(slot) = self.slots[at].as_mut() {
            slot.phase = Phase::Waiting;
            self.waiting.push(Reverse((now.moment.after(wait), at)));
        }
    }

    /// Nobody can tell whether the attempt acted; the row stays in doubt.
    pub(super) fn end_unsure(&mut self, at: usize, doubt: Doubt, now: Now) {
        let Some(slot) = self.slots[at].as_mut() else { return };
        slot.search = None;
        let lost = slot.lost.take().unwrap_or_else(|| Cause::of(Reason::RunEnded));
        let cause = Cause { doubt: Some(doubt), ..lost };
        self.end_row(at, Last::new(Outcome::Lost, RowEnd::InDoubt).because(cause), now);
    }
}
