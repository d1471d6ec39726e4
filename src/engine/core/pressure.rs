//! What answers say about how much the other side bears: outages, push-backs, load; and the run's deadline.

use std::time::Duration;

use crate::event::{Ending, Event, Note, Obstacle};
use crate::traffic::pace::{Moment, PushBack};
use crate::traffic::verdict::Verdict;

use super::{Action, Core, Now};
use crate::traffic::concurrency::Load;

/// Push-backs that follow one another within this are told once.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// A wait this long for no answer is one.
const LONG: Duration = Duration::from_secs(5);
/// What is under way gets at least so long, and at most so long, to come to an end before the deadline.
const SHORTEST_DRAIN: Duration = Duration::from_secs(1);
const LONGEST_DRAIN: Duration = Duration::from_secs(60);

impl Core {
    /// Takes in what an answer to a request that left at `sent_at` says about the other side.
    pub(super) fn notice(&mut self, sent_at: Moment, verdict: &Verdict, now: Now) {
        self.notice_outage(verdict, now);
        if let Some(load) = load(verdict, now.moment.since(sent_at)) {
            self.concurrency.ended(sent_at, now.moment, load);
        }
        if matches!(verdict, Verdict::Done { .. } | Verdict::Refused(_) | Verdict::NotFound(_)) {
            self.pace.let_in(sent_at);
        }
    }

    /// Tells an outage from the misfortune of a row.
    fn notice_outage(&mut self, verdict: &Verdict, now: Now) {
        match verdict {
            Verdict::Retry { cause, pushback: false, .. } | Verdict::Unknown { cause, .. } => {
                self.last_failure = Ending::Outage(Obstacle::Request(cause.clone()));
                if self.outage.failed(now.moment, now.chance) {
                    let note = Note::OutageBegan(cause.clone());
                    self.actions.push(Action::Tell(Event::Note(note)));
                }
            }
            // While tokens are refused, only what gets in says that they are accepted again.
            Verdict::Unauthorized(_) | Verdict::Retry { .. } if self.outage.is_of_access() => {}
            // A push-back is an answer, and has a pause of its own.
            _ => {
                if self.outage.answered() {
                    self.actions.push(Action::Tell(Event::Note(Note::Answered)));
                }
            }
        }
    }

    /// A request that left at `sent_at` was told "not now": everybody waits. Gives for how long.
    pub(super) fn push_back(
        &mut self,
        sent_at: Moment,
        asked: Option<Duration>,
        now: Now,
    ) -> Duration {
        let push_back = PushBack { sent_at, asked, clock: now.remote };
        let slowdown = self.pace.push_back(push_back, now.moment, now.chance);
        let told =
            self.told_push_back.is_some_and(|told| now.moment.since(told) < TELL_AGAIN_AFTER);
        if let (Some(rate), false) = (slowdown.rate, told) {
            self.told_push_back = Some(now.moment);
            let note = Note::PushedBack { wait: slowdown.wait, rate };
            self.actions.push(Action::Tell(Event::Note(note)));
        }
        slowdown.wait
    }

    /// Stops starting when what is under way needs the rest of the time.
    pub(super) fn keep_to_deadline(&mut self, now: Now) {
        let Some(deadline) = self.settings.deadline.filter(|_| self.stopping.is_none()) else {
            return;
        };
        let slowest = self.concurrency.slowest();
        let drain = (slowest + slowest / 2).clamp(SHORTEST_DRAIN, LONGEST_DRAIN);
        let left = deadline.left(now.moment, now.wall).saturating_sub(drain);
        if left.is_zero() {
            self.stop(Ending::Deadline, now);
        } else {
            self.wake_no_later_than(now.moment.after(left));
        }
    }
}

/// What a verdict says about load; nothing where the request did not get through at all.
fn load(verdict: &Verdict, took: Duration) -> Option<Load> {
    match verdict {
        Verdict::Done { .. } | Verdict::Refused(_) | Verdict::NotFound(_) => Some(Load::Served),
        Verdict::Unauthorized(_) => None,
        Verdict::Retry { cause, .. } | Verdict::Unknown { cause, .. } => {
            (cause.status.is_some() || took >= LONG).then_some(Load::Busy)
        }
    }
}
