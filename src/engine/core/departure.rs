//! What may be started, sent and looked for now, and when to come back if nothing may.
//!
//! Everything waits for the same things: the pace, a token, and during an outage the next probe. A row is entered in the
//! ledger shortly before its turn, so that it leaves on time.

use std::cmp::Reverse;
use std::time::Duration;

use crate::plan::decide::Sending;
use crate::row::Attempted;
use crate::row::RowState;
use crate::traffic::pace::Moment;

use super::slot::Phase;
use super::{Action, Core, Now};

/// How long before its turn a row is entered in the ledger, so that it leaves on time.
const LEAD: Duration = Duration::from_millis(25);

impl Core {
    /// Does all that can be done now, and finds out when more can be.
    pub(super) fn proceed(&mut self, now: Now) {
        self.wake = None;
        self.keep_to_deadline(now);
        self.endure(now);
        self.end_waits(now);
        self.release_suspects();
        self.renew(now);
        self.send_looks(now);
        self.send_cleared(now);
        self.start_ready(now);
    }

    /// During an outage: gives up in the end.
    fn endure(&mut self, now: Now) {
        let Some(end) = self.outage.lasts_until(self.settings.give_up_after) else { return };
        if self.stopping.is_none() && now.moment >= end {
            self.stop(self.last_failure.clone(), now);
        } else if self.stopping.is_none() {
            self.wake_no_later_than(end);
        }
    }

    /// Whether another request may get under way: during an outage one at a time, when a probe is due.
    pub(super) fn may_go(&mut self, now: Now) -> bool {
        let Some(probe) = self.outage.next_probe() else { return true };
        if self.under_way() > 0 {
            return false;
        }
        if probe > now.moment {
            self.wake_no_later_than(probe);
        }
        probe <= now.moment
    }

    pub(super) fn wake_no_later_than(&mut self, moment: Moment) {
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
            self.go_on(at);
        }
    }

    /// Requests that have left, or are about to.
    pub(super) fn under_way(&self) -> usize {
        self.starting + self.cleared.len() + self.flying
    }

    /// Lets rows go on whose token was refused: when the next one is accepted, or there is no other row to try it with.
    fn release_suspects(&mut self) {
        let others = self.under_way() > 0 || self.lanes.has_ready() || !self.to_look.is_empty();
        let count = match self.access.is_doubted() {
            _ if self.stopping.is_some() => 0,
            false => self.suspects.len(),
            true => usize::from(!others),
        };
        for at in self.suspects.drain(..count.min(self.suspects.len())).collect::<Vec<_>>() {
            self.go_on(at);
        }
    }

    /// A row has waited long enough, for another attempt or another look.
    pub(super) fn go_on(&mut self, at: usize) {
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

    /// A login is a request like any other: it waits for its turn. While tokens are refused it goes with a probe.
    fn renew(&mut self, now: Now) {
        if self.stopping.is_some() && self.cleared.is_empty() {
            return;
        }
        if !self.access.wants_request(now.moment) {
            if let Some(wake) = self.access.wake_at() {
                self.wake_no_later_than(wake);
            }
            return;
        }
        let probe = self.outage.next_probe().filter(|_| self.outage.is_of_access());
        if let Some(probe) = probe.filter(|probe| *probe > now.moment) {
            self.wake_no_later_than(probe);
            return;
        }
        let costs = self.settings.token_costs_request;
        let permit = if costs { self.pace.acquire(now.moment) } else { Ok(()) };
        match permit {
            Ok(()) => {
                self.access.request(now.moment);
                self.counts.requests += u64::from(costs);
                self.actions.push(Action::Renew);
            }
            Err(next) => self.wake_no_later_than(next),
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
            if !self.access.is_ready(now.moment) {
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
        if slot.is_too_late(now.clock()) {
            self.end_too_late(at, now);
            return;
        }
        slot.phase = Phase::Flying;
        slot.sent_at = now.moment;
        slot.generation = generation;
        self.flying += 1;
        self.counts.requests += 1;
        self.actions.push(Action::Send { slot: at });
    }

    /// Starts rows in the ledger as far ahead as their turn is near.
    fn start_ready(&mut self, now: Now) {
        while self.stopping.is_none() && self.lanes.has_ready() {
            if !self.may_go(now) {
                return;
            }
            let ahead = self.starting + self.cleared.len() + self.to_look.len();
            if ahead + self.flying >= self.concurrency.allowed()
                || !self.access.is_ready(now.moment)
            {
                return;
            }
            let turn = self.pace.next(now.moment).after(
                self.pace
                    .period(now.moment)
                    .saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX)),
            );
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
        if slot.is_too_late(now.clock()) || !slot.work.ready.valid {
            self.end_unsent(at);
            return;
        }
        let sure_at = slot.sure_at;
        if sure_at > now.moment {
            slot.phase = Phase::Waiting;
            self.waiting.push(Reverse((sure_at, at)));
            self.wake_no_later_than(sure_at);
            return;
        }
        slot.step(slot.state.start());
        slot.attempted = Attempted { at: now.wall, remote_at: now.remote };
        slot.phase = Phase::Starting;
        self.starting += 1;
        let start = Box::new(slot.attempt_start());
        self.actions.push(Action::Begin { slot: at, start });
    }
}
