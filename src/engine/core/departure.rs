//! What may be started, sent and looked for now, and when to come back if nothing may.
//!
//! Every request waits for the same things: the pace, a token, room among the requests under way, and during an outage the
//! next probe. A row is entered in the ledger shortly before its turn, so that its request leaves on time. Such rows do not
//! count as requests under way, and there are never more of them than there may be requests: so when a run is killed, no
//! more rows are in doubt than twice its concurrency.

use std::time::Duration;

use crate::event::{Event, Fault, Happening, Note, RowEnd};
use crate::plan::decide::Sending;
use crate::row::{Attempted, Cause, Doubt, Reason};
use crate::traffic::pace::{Moment, Report};
use crate::traffic::shared_pace::{Heard, Unheard};

use super::reads::Before;
use super::rows::{Flight, Last, Recovery};
use super::{Action, Core, Now};

/// A wait that nobody has asked for and that is no shorter is told.
const WORTH_TELLING: Duration = Duration::from_secs(10);

impl Core {
    /// Does all that can be done now, and finds out when more can be.
    pub(super) fn proceed(&mut self, now: Now) {
        self.wake = None;
        self.keep_to_deadline(now);
        self.endure(now);
        let done = self.send_what_may_leave(now);
        self.or_fault(done, now);
        if !self.course.goes_on() {
            self.withdraw_cleared(now);
            self.end_recoveries(now);
        }
        self.come(now);
    }

    /// Other runs of the account are told how this one stands when that is due.
    fn come(&mut self, now: Now) {
        let wants = self.has_something_to_send(now);
        let pace = &mut self.other_side.pace;
        let Some(at) = pace.comes_at(now.moment, wants) else { return };
        if at > now.moment {
            return self.wake_no_later_than(at);
        }
        if let Some(report) = pace.come(now.moment, wants, false) {
            self.actions.push(Action::Come(Box::new(report)));
        }
    }

    fn has_something_to_send(&self, now: Now) -> bool {
        let rows = &self.rows;
        let is_sought = self.course.looks_on(now) && rows.first_sought().is_some();
        let waits = rows.first_ready().is_some()
            || rows.first_cleared().is_some()
            || self.reads.are_due(now)
            || (self.settings.token_costs_request
                && self.other_side.access.wants_request(now.moment));
        is_sought || (self.course.goes_on() && (waits || self.counts_are_due(now)))
    }

    /// What other runs of the account do, or that nobody says.
    pub(super) fn heard(&mut self, heard: Result<Heard, Unheard>, now: Now) {
        let note = match heard {
            Ok(heard) => {
                let wait = self.other_side.pace.hear(&heard.view, now.moment);
                let wait = wait.filter(|wait| *wait >= WORTH_TELLING);
                let spent = wait.map(|wait| Note::QuotaSpent { wait });
                heard.begun_anew.map(Note::PaceBegunAnew).or(spent)
            }
            Err(why) => {
                let heeded = self.other_side.pace.go_alone();
                heeded.then_some(Note::OwnPace(why))
            }
        };
        self.actions.extend(note.map(|note| Action::Tell(Box::new(Event::Note(note)))));
    }

    /// The last word to other runs of the account, where there is one to say.
    pub(crate) fn last_report(&mut self, moment: Moment) -> Option<Report> {
        self.other_side.pace.come(moment, false, true)
    }

    fn send_what_may_leave(&mut self, now: Now) -> Result<(), Fault> {
        self.end_waits(now)?;
        self.release_suspects()?;
        self.renew(now);
        self.send_looks(now)?;
        self.send_cleared(now)?;
        self.begin_ready(now)?;
        self.send_reads(now);
        self.send_counts(now);
        Ok(())
    }

    pub(super) fn wake_no_later_than(&mut self, moment: Moment) {
        self.wake = Some(self.wake.map_or(moment, |wake| wake.min(moment)));
    }

    fn end_waits(&mut self, now: Now) -> Result<(), Fault> {
        if !self.course.goes_on() {
            return self.end_waits_for_looks(now);
        }
        while let Some((until, at)) = self.rows.first_waiting() {
            if until > now.moment {
                self.wake_no_later_than(until);
                break;
            }
            self.rows.resume(at)?;
        }
        Ok(())
    }

    /// A run that stops sends nothing again, and still looks for what it has sent.
    fn end_waits_for_looks(&mut self, now: Now) -> Result<(), Fault> {
        for (until, at) in self.rows.waiting_looks() {
            match self.course.looks_on(now) && until <= now.moment {
                true => self.rows.resume(at)?,
                false => self.wake_no_later_than(until),
            }
        }
        Ok(())
    }

    /// Lets rows go on whose token was refused: when the next token is accepted, or there is no other row to try it with.
    fn release_suspects(&mut self) -> Result<(), Fault> {
        let others = self.rows.under_way() + self.reads.under_way() > 0
            || self.rows.first_ready().is_some()
            || self.rows.first_sought().is_some();
        let count = match self.other_side.access.is_doubted() {
            _ if !self.course.goes_on() => 0,
            false => self.rows.suspects(),
            true => usize::from(!others),
        };
        for at in self.rows.first_suspects(count) {
            self.rows.resume(at)?;
        }
        Ok(())
    }

    /// A login is a request like any other: it waits for its turn. While tokens are refused it goes with a probe.
    fn renew(&mut self, now: Now) {
        if !self.course.goes_on() {
            return;
        }
        let other_side = &mut self.other_side;
        if !other_side.access.wants_request(now.moment) {
            if let Some(wake) = other_side.access.wake_at() {
                self.wake_no_later_than(wake);
            }
            return;
        }
        let outage = &other_side.outage;
        let probe = outage.next_probe().filter(|_| outage.is_of_access());
        if let Some(probe) = probe.filter(|probe| *probe > now.moment) {
            self.wake_no_later_than(probe);
            return;
        }
        let costs = self.settings.token_costs_request;
        match if costs { other_side.pace.acquire(now.moment) } else { Ok(()) } {
            Ok(()) => {
                other_side.token_asked(now);
                self.counts.requests += u64::from(costs);
                self.actions.push(Action::Renew);
            }
            Err(next) => self.wake_no_later_than(next),
        }
    }

    /// Whether another request may leave, but for the pace: there is a token and room. During an outage one request goes
    /// at a time, when a probe is due.
    pub(super) fn may_leave(&mut self, now: Now) -> bool {
        self.course.goes_on() && self.has_room(now)
    }

    /// Likewise for a look, which a run that stops still sends for a while.
    fn may_look(&mut self, now: Now) -> bool {
        self.course.looks_on(now) && self.has_room(now)
    }

    pub(super) fn has_room(&mut self, now: Now) -> bool {
        if !self.other_side.access.is_ready(now.moment) {
            return false;
        }
        match self.other_side.outage.next_probe() {
            None => self.requests_in_flight() < self.other_side.allowed(),
            Some(_) if self.requests_in_flight() > 0 => false,
            Some(probe) if probe > now.moment => {
                self.wake_no_later_than(probe);
                false
            }
            Some(_) => true,
        }
    }

    fn requests_in_flight(&self) -> usize {
        self.rows.in_flight() + self.audits.in_flight() + self.reads.in_flight()
    }

    /// Takes a turn of the pace, for a request that may leave otherwise.
    pub(super) fn take_turn(&mut self, now: Now) -> Option<Flight> {
        match self.other_side.pace.acquire(now.moment) {
            Ok(()) => {
                self.counts.requests += 1;
                let generation = self.other_side.access.generation();
                Some(Flight { generation, sent_at: now.moment })
            }
            Err(next) => {
                self.wake_no_later_than(next);
                None
            }
        }
    }

    /// Sends looks that are due; they are requests like any other.
    fn send_looks(&mut self, now: Now) -> Result<(), Fault> {
        while let Some(at) = self.rows.first_sought().filter(|_| self.may_look(now)) {
            if !self.look_round(at, now)? {
                continue;
            }
            let slot = self.rows.slot(at, Happening::LookSent)?;
            let work = slot.look_work().clone();
            let Some(request) = slot.look_request().map(Box::new) else {
                self.end_unsure(at, Doubt::FieldMissing, now)?;
                continue;
            };
            let Some(flight) = self.take_turn(now) else { break };
            self.rows.look(at, flight)?;
            self.actions.push(Action::Look { slot: at, work, request });
        }
        Ok(())
    }

    fn send_cleared(&mut self, now: Now) -> Result<(), Fault> {
        while let Some(at) = self.rows.first_cleared().filter(|_| self.may_leave(now)) {
            let slot = self.rows.slot_mut(at, Happening::Sent)?;
            if !slot.is_in_time(now.clock()) {
                self.end_too_late(at, now)?;
                continue;
            }
            let work = slot.work.clone();
            let is_seen = work.subject.is_none() || slot.before.is_fresh(now);
            let Some(flight) = (match is_seen {
                true => self.take_turn(now),
                false => {
                    self.end_stale(at, now)?;
                    continue;
                }
            }) else {
                break;
            };
            self.rows.send(at, flight)?;
            self.audits.sent(&work, now.moment);
            self.actions.push(Action::Send { slot: at, work });
        }
        Ok(())
    }

    /// Starts rows in the ledger as far ahead as their turn is near.
    fn begin_ready(&mut self, now: Now) -> Result<(), Fault> {
        while let Some(at) = self.rows.first_ready().filter(|_| self.may_begin(now)) {
            // What has been seen goes before anything else is read: it grows old.
            let (ahead, reads_from) = match self.has_seen(at, now)? {
                true if self.rows.slot(at, Happening::Begun)?.work.subject.is_some() => {
                    (self.rows.ahead(), None)
                }
                true => (self.ahead(), None),
                false => (self.ahead(), self.may_read_from(at, now)),
            };
            let until = self.other_side.too_early_until(ahead, now).or(reads_from);
            if let Some(until) = until {
                self.wake_no_later_than(until);
                break;
            }
            self.begin(at, now)?;
        }
        Ok(())
    }

    /// Whether another row may be started.
    fn may_begin(&mut self, now: Now) -> bool {
        if !self.output_taken
            || !self.course.goes_on()
            || !self.other_side.access.is_ready(now.moment)
        {
            return false;
        }
        if let Some(probe) = self.other_side.outage.next_probe() {
            let is_idle = self.rows.under_way() + self.reads.under_way() == 0;
            let is_due = is_idle && probe <= now.moment;
            if is_idle && !is_due {
                self.wake_no_later_than(probe);
            }
            return is_due;
        }
        let room = self.other_side.allowed() + self.other_side.allowed_ahead();
        self.rows.in_flight() + self.reads.in_flight() + self.ahead() < room
    }

    /// What leaves before a row that is begun now.
    fn ahead(&self) -> usize {
        self.rows.ahead() + self.reads.under_way() - self.reads.in_flight()
    }

    fn begin(&mut self, at: usize, now: Now) -> Result<(), Fault> {
        let slot = self.rows.slot_mut(at, Happening::Begun)?;
        if slot.work.sending == Sending::Settle && slot.is_in_doubt() {
            return self.settle(at, now);
        }
        if !slot.work.ready.valid {
            return self.end_unsent(at, Reason::Invalid, now);
        }
        if !slot.is_in_time(now.clock()) {
            return self.end_unsent(at, Reason::TooLate, now);
        }
        if let Some(until) = slot.repeat_from().filter(|until| *until > now.moment) {
            self.wake_no_later_than(until);
            return self.rows.hold(at, until);
        }
        if !self.looks_before(at, now)? {
            return Ok(());
        }
        let attempted = Attempted { at: now.wall, remote_at: now.remote };
        let start = self.rows.begin(at, attempted)?;
        self.actions.push(Action::Begin { slot: at, start });
        Ok(())
    }

    /// An attempt of an earlier run may have acted: the row is looked for first.
    fn settle(&mut self, at: usize, now: Now) -> Result<(), Fault> {
        let slot = self.rows.slot(at, Happening::Sought)?;
        // Nobody works on it any longer than on one that was lost when this run began.
        let sure_at = Moment(slot.work.ready.operation.sure_after);
        let lost = slot.work.lost.as_deref().cloned();
        let recovery = Recovery::new(&slot.work, (lost, None), sure_at)
            .ok_or_else(|| slot.fault(Happening::Sought))?;
        self.rows.seek(at, recovery)?;
        self.send_looks(now)
    }

    /// What is there before does not let a row's request leave: the row is over, and the ledger is to have why.
    pub(super) fn withhold(&mut self, at: usize, now: Now) -> Result<(), Fault> {
        let slot = self.rows.slot_mut(at, Happening::Ended)?;
        let Before::Against(cause) = &slot.before else { return Ok(()) };
        let cause = cause.clone();
        let last = match slot.repeats() {
            true => Last::in_doubt(),
            // Waiting mends nothing, so a person decides; nothing behind the row waits for that.
            false if cause.reason.needs_a_person() => Last::refused(),
            false => Last::given_up(),
        };
        self.end(at, last.because(cause), now)
    }

    /// A time of a row has passed between its start in the ledger and its request.
    fn end_too_late(&mut self, at: usize, now: Now) -> Result<(), Fault> {
        let last = match self.rows.slot(at, Happening::Ended)?.repeats() {
            true => Last::in_doubt(),
            false => Last::unsent(),
        };
        self.end(at, last.because(Cause::of(Reason::TooLate)), now)
    }

    /// A row may not be sent any more, before its start: the ledger need not hear of it.
    fn end_unsent(&mut self, at: usize, reason: Reason, now: Now) -> Result<(), Fault> {
        let end = match self.rows.slot(at, Happening::Ended)?.repeats() {
            true => RowEnd::InDoubt,
            false => RowEnd::Invalid,
        };
        let settled = self.rows.end_unsent(at, end, Cause::of(reason))?;
        if let Some(ended) = self.settled(settled) {
            self.tell(ended, now);
        }
        Ok(())
    }
}
