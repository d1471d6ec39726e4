//! Whether the run goes on, and how it ends.
//!
//! A run that stops starts nothing more, and what is under way comes to its end; answers that were lost are looked for a
//! little longer, where the other side can be asked. Only an interruption that cannot wait, the end of the time that the
//! run was given, and the loss of the recorder leave requests to their fate: their rows are in doubt.

use std::time::Duration;

use crate::event::{Ending, Event, Fault, Note};
use crate::ledger::LedgerError;
use crate::row::{Cause, Outcome, Reason};
use crate::text::diagnostic::Diagnostic;
use crate::traffic::pace::Moment;

use super::rows::{Last, Later};
use super::{Action, Core, Now, Stop};

/// What is under way gets at least so long, and at most so long, to come to an end before the deadline.
const SHORTEST_DRAIN: Duration = Duration::from_secs(1);
const LONGEST_DRAIN: Duration = Duration::from_secs(60);
/// A request that could not end before the deadline is not begun, where that costs no more than this part of the time.
const DRAIN_PART: u32 = 10;
/// A run that stops looks for lost answers for so long.
const LONGEST_SEARCH: Duration = Duration::from_secs(20);

/// Whether the run goes on.
#[derive(Debug, Default)]
pub(super) struct Course {
    pub source_ended: bool,
    stopping: Option<Ending>,
    recorder_gone: bool,
    /// Until when lost answers are looked for although the run stops; none where the other side, or the ledger, is why.
    looks_until: Option<Moment>,
    /// The deadline has come, and nothing is waited for.
    is_cut: bool,
    /// After a fault: until when what is under way is waited for. What has lost its row may never end.
    patience_ends: Option<Moment>,
    patience_over: bool,
}

impl Course {
    pub(super) fn goes_on(&self) -> bool {
        self.stopping.is_none()
    }

    /// Whether lost answers are looked for.
    pub(super) fn looks_on(&self, now: Now) -> bool {
        self.goes_on() || self.looks_until.is_some_and(|until| now.moment < until)
    }

    pub(super) fn looks_until(&self) -> Option<Moment> {
        self.looks_until
    }

    pub(super) fn wants_rows(&self) -> bool {
        self.goes_on() && !self.source_ended
    }

    /// The first reason to stop stands, but for a ledger that fails later on, or a fault of ours: the user has to know of
    /// those.
    fn set(&mut self, ending: Ending, now: Now) {
        let ledger =
            |ending: &Ending| matches!(ending, Ending::LedgerFailed(_) | Ending::RecorderGone);
        let present = self.stopping.as_ref();
        let replaces = match &ending {
            Ending::Fault(_) => !present
                .is_some_and(|present| ledger(present) || matches!(present, Ending::Fault(_))),
            ending => present.is_none() || ledger(ending),
        };
        if replaces {
            let can_look = matches!(
                ending,
                Ending::Interrupted { .. }
                    | Ending::Deadline
                    | Ending::MaxDuration
                    | Ending::TooManyFailures { .. }
                    | Ending::SourceFailed(_)
            );
            self.looks_until = can_look.then(|| now.moment.after(LONGEST_SEARCH));
            self.stopping = Some(ending);
        }
    }
}

impl Core {
    /// How the run ended, once it has: nothing is under way, and everything is durable that can be.
    pub(crate) fn ended(&self) -> Option<Ending> {
        let is_quiet = self.rows.is_quiet()
            && (self.course.goes_on() || self.rows.all_recoveries().is_empty());
        match &self.course.stopping {
            Some(ending) if is_quiet || self.course.recorder_gone || self.course.patience_over => {
                Some(ending.clone())
            }
            // Rows whose lanes were lost to another machine are that one's.
            None if is_quiet
                && self.course.source_ended
                && self.rows.in_hand() == self.rows.withdrawn()
                && self.audits.are_over() =>
            {
                Some(Ending::Finished)
            }
            _ => None,
        }
    }

    /// Nothing is started any more, and what is under way comes to its end.
    pub(super) fn stop(&mut self, ending: Ending, now: Now) {
        self.course.set(ending, now);
        self.withdraw_cleared(now);
        self.leave_counts_to_the_next();
    }

    /// Goes on, or ends the run with a fault.
    pub(super) fn or_fault(&mut self, done: Result<(), Fault>, now: Now) {
        if let Err(fault) = done {
            self.course.set(Ending::Fault(fault), now);
            let end = now.moment.after(LONGEST_DRAIN);
            self.course.patience_ends.get_or_insert(end);
        }
    }

    pub(super) fn asked_to_stop(&mut self, stop: Stop, now: Now) {
        match stop {
            Stop::Drain { signal } => {
                let was_going_on = self.course.goes_on();
                self.stop(Ending::Interrupted { signal }, now);
                if was_going_on {
                    self.tell_what_is_waited_for();
                }
            }
            Stop::Now { signal } => {
                self.stop(Ending::Interrupted { signal }, now);
                self.abandon(now);
            }
        }
    }

    fn tell_what_is_waited_for(&mut self) {
        let recoveries = self.rows.all_recoveries().len();
        let requests = self.rows.in_flight();
        if requests + recoveries > 0 {
            // A look may leave when the time for looking is nearly over.
            let at_most = self.settings.longest_request + LONGEST_SEARCH;
            let note = Note::Stopping { rows: (requests + recoveries) as u64, at_most };
            self.actions.push(Action::Tell(Box::new(Event::Note(note))));
        }
    }

    pub(super) fn source_failed(&mut self, problems: Vec<Diagnostic>, now: Now) {
        self.stop(Ending::SourceFailed(problems), now);
    }

    pub(super) fn ledger_failed(&mut self, error: LedgerError, now: Now) {
        self.stop(Ending::LedgerFailed(error), now);
    }

    pub(super) fn recorder_gone(&mut self, now: Now) {
        self.course.recorder_gone = true;
        self.stop(Ending::RecorderGone, now);
    }

    /// Takes note of what the ledger will never have. What has not been started there does not leave; of what has left
    /// the ledger knows no end, so the row is in doubt.
    pub(super) fn unwritten(&mut self, starts: &[usize], ends: &[usize], now: Now) {
        for at in starts {
            let done = self.rows.not_started(*at);
            self.or_fault(done, now);
        }
        for at in ends {
            let done = self.rows.not_ended(*at).map(|settled| self.settled(settled));
            self.or_fault(done, now);
        }
    }

    /// Where the run stops: rows that are in the ledger and have not been sent will not be sent.
    pub(super) fn withdraw_cleared(&mut self, now: Now) {
        for at in self.rows.all_cleared() {
            let cause = Some(Cause::of(Reason::Withdrawn));
            let end = self.rows.defer(at, Outcome::Deferred, cause, Later::AnotherRun, now.wall);
            let done = end.map(|end| self.actions.push(Action::End { slot: at, end }));
            self.or_fault(done, now);
        }
    }

    /// What is under way may have acted or not; nobody will know.
    fn abandon(&mut self, now: Now) {
        self.course.looks_until = None;
        self.actions.push(Action::Abandon);
        for at in self.rows.all_in_flight() {
            let last = Last::in_doubt().because(Cause::of(Reason::Interrupted));
            let done = self.end(at, last, now);
            self.or_fault(done, now);
        }
    }

    /// Stops starting when what is under way needs the rest of the time, and waits for nothing when that is over.
    pub(super) fn keep_to_deadline(&mut self, now: Now) {
        self.keep_to_patience(now);
        let Some(deadline) = self.settings.deadline.filter(|_| !self.course.is_cut) else { return };
        let left = deadline.left(now.moment, now.wall);
        let ending = match deadline.is_by_longest(now.moment, now.wall) {
            true => Ending::MaxDuration,
            false => Ending::Deadline,
        };
        if left.is_zero() {
            self.course.is_cut = true;
            self.stop(ending, now);
            return self.abandon(now);
        }
        let drain = self.other_side.drain().clamp(SHORTEST_DRAIN, LONGEST_DRAIN);
        let whole = self.settings.longest_request.min(deadline.whole() / DRAIN_PART);
        let to_start = left.saturating_sub(drain.max(whole));
        if self.course.goes_on() && to_start.is_zero() {
            self.stop(ending, now);
        }
        let next = if self.course.goes_on() { to_start } else { left };
        self.wake_no_later_than(now.moment.after(next));
    }

    /// After a fault what is under way is not waited for without end.
    fn keep_to_patience(&mut self, now: Now) {
        let Some(end) = self.course.patience_ends else { return };
        self.course.patience_over = now.moment >= end;
        self.wake_no_later_than(end);
    }

    /// While nothing gets through: gives up in the end.
    pub(super) fn endure(&mut self, now: Now) {
        let gives_up_at = self.other_side.gives_up_at(&self.settings);
        let Some(end) = gives_up_at.filter(|_| self.course.goes_on()) else { return };
        match now.moment >= end {
            true => self.stop(self.other_side.last_failure(), now),
            false => self.wake_no_later_than(end),
        }
    }

    /// Rows may fail as often as the run is allowed.
    pub(super) fn keep_to_budget(&mut self, now: Now) {
        let allowed = self.settings.max_failures.filter(|allowed| self.counts.failed > *allowed);
        if let Some(allowed) = allowed.filter(|_| self.course.goes_on()) {
            self.stop(Ending::TooManyFailures { allowed }, now);
        }
    }
}
