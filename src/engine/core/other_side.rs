//! What is known of the other side, for all rows alike: how much it bears, whether it can be reached, and whether it
//! accepts the token. Rows are none of its business.

use std::time::Duration;

use crate::event::{Ending, Note, Obstacle};
use crate::row::{Cause, Reason};
use crate::traffic::access::{Access, AfterNoToken, Refusal};
use crate::traffic::concurrency::{Concurrency, Load};
use crate::traffic::outage::{AfterAnswer, AfterFailure, Outage};
use crate::traffic::pace::{Moment, Pace, PushBack, asked_wait};
use crate::traffic::reply::{NoToken, TokenFailure};
use crate::traffic::verdict::Verdict;

use super::{Now, Settings};

/// Push-backs that follow one another within this are told once.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// A wait this long for no answer is one.
const LONG: Duration = Duration::from_secs(5);
/// Answers that cannot be read, one after the other and nothing else, are borne no longer than this: waiting mends little,
/// and each of them costs a row its certainty.
const GARBLED: Duration = Duration::from_secs(20);
/// How long before its turn a row is entered in the ledger, so that its request leaves on time: a ledger on a slow disk
/// takes about so long.
const LEAD: Duration = Duration::from_millis(25);

/// See the module's text.
pub(super) struct OtherSide {
    pub pace: Pace,
    pub access: Access,
    pub outage: Outage,
    concurrency: Concurrency,
    /// Whether getting a token is a request, which the pace counts.
    token_costs_request: bool,
    /// When a push-back was last told.
    told_push_back: Option<Moment>,
    /// Since when no token has come, though one was asked for.
    tokenless_since: Option<Moment>,
    /// When a token was asked for last.
    token_asked_at: Moment,
    /// Since when nothing but "not now" has come.
    pushed_back_since: Option<Moment>,
    /// Until when that is borne as the other side asked for it.
    bears_until: Moment,
    /// How long that is borne otherwise, and how long a request may be under way.
    bears: (Duration, Duration),
    /// Whether anything has ever answered.
    has_answered: bool,
    /// Whether all that has failed since the last good answer was an answer that cannot be read.
    is_garbled: bool,
    /// How the run ends if what failed last goes on failing.
    last_failure: Ending,
}

/// What follows from what has become known of the other side.
#[derive(Debug, PartialEq)]
pub(super) enum Consequence {
    None,
    Tell(Note),
    Stop(Ending),
}

impl OtherSide {
    pub(super) fn new(settings: &Settings, pace: Pace) -> Self {
        Self {
            outage: Outage::new(pace.shortest_window()),
            pace,
            access: Access::new(settings.needs_token),
            concurrency: Concurrency::new(settings.concurrency),
            token_costs_request: settings.token_costs_request,
            told_push_back: None,
            tokenless_since: None,
            token_asked_at: Moment::default(),
            pushed_back_since: None,
            bears_until: Moment::default(),
            bears: (settings.give_up_on_push_backs_after, settings.longest_request),
            has_answered: false,
            is_garbled: false,
            last_failure: Ending::Outage(Obstacle::Request(Cause::default())),
        }
    }

    /// Takes in what an answer to a request that left at `sent_at` says. One that cannot be read is a doubt about its row: but
    /// where nothing that can be read comes in between, nothing more is sent to whoever answers so.
    pub(super) fn notice(&mut self, sent_at: Moment, verdict: &Verdict, now: Now) -> Consequence {
        let is_garbled = is_unreadable(verdict);
        if !self.outage.is_on() || !is_garbled {
            self.is_garbled = is_garbled;
        }
        self.pace.answered(now.moment);
        self.pace.hear_clock(now.remote, now.moment);
        let consequence = match never_to_be(verdict).filter(|_| !self.has_answered) {
            Some(cause) => {
                Consequence::Stop(Ending::WrongAddress(Obstacle::Request(cause.clone())))
            }
            None => self.notice_outage(sent_at, verdict, now),
        };
        self.has_answered |= is_answer(verdict);
        if let Some(load) = load(verdict, now.moment.since(sent_at)) {
            self.concurrency.ended(sent_at, now.moment, load);
        }
        if matches!(verdict, Verdict::Done { .. } | Verdict::Refused(_) | Verdict::NotFound(_)) {
            self.pace.let_in(sent_at, now.moment);
            self.pushed_back_since = None;
        }
        consequence
    }

    /// Likewise of a look. A list that cannot be read says nothing of the other side: that it answers is known, and what is
    /// sent may fare better.
    pub(super) fn notice_look(
        &mut self,
        sent_at: Moment,
        verdict: &Verdict,
        now: Now,
    ) -> Consequence {
        if !is_unreadable(verdict) {
            return self.notice(sent_at, verdict, now);
        }
        self.pace.answered(now.moment);
        self.pace.hear_clock(now.remote, now.moment);
        self.has_answered = true;
        Consequence::None
    }

    /// Tells an outage from the misfortune of a row.
    fn notice_outage(&mut self, sent_at: Moment, verdict: &Verdict, now: Now) -> Consequence {
        match verdict {
            Verdict::Retry { cause, pushback: false, .. } | Verdict::Unknown { cause, .. } => {
                self.last_failure = Ending::Outage(Obstacle::Request(cause.clone()));
                self.outage.failing_since(sent_at);
                let after = match cause.reason {
                    Reason::Redirected => self.outage.begins(now.moment, now.chance),
                    _ => self.outage.failed(now.moment, now.chance),
                };
                told_of_outage(after, cause)
            }
            Verdict::Retry { cause, .. } if !self.outage.is_on() => {
                self.last_failure = Ending::Outage(Obstacle::Request(cause.clone()));
                let _ = self.outage.answered(now.moment);
                Consequence::None
            }
            // While tokens are refused, only what gets in says that they are accepted again.
            Verdict::Unauthorized(_) | Verdict::Retry { .. } if self.outage.is_of_access() => {
                Consequence::None
            }
            // A push-back is an answer, and has a pause of its own.
            _ => match self.outage.answered(now.moment) {
                AfterAnswer::OutageEnded => Consequence::Tell(Note::Answered),
                AfterAnswer::NothingChanged => Consequence::None,
            },
        }
    }

    /// No connection was made to the other side, as often as a row is tried.
    pub(super) fn nobody_is_there(&mut self, cause: &Cause, now: Now) -> Consequence {
        if self.outage.is_on() {
            return Consequence::None;
        }
        told_of_outage(self.outage.begins(now.moment, now.chance), cause)
    }

    /// A request that left at `sent_at` was told "not now": all rows wait. Gives for how long.
    pub(super) fn push_back(
        &mut self,
        sent_at: Moment,
        asked: Option<Duration>,
        now: Now,
    ) -> (Duration, Consequence) {
        let since = *self.pushed_back_since.get_or_insert(sent_at);
        let (patience, longest_request) = self.bears;
        // What is asked for is waited for, and then tried once.
        if let Some(asked) = asked.filter(|_| now.moment < since.after(patience)) {
            let tried = now.moment.after(asked_wait(asked)).after(longest_request);
            self.bears_until = self.bears_until.max(tried);
        }
        let push_back = PushBack { sent_at, asked, clock: now.remote };
        let slowdown = self.pace.push_back(push_back, now.moment, now.chance);
        let told =
            self.told_push_back.is_some_and(|told| now.moment.since(told) < TELL_AGAIN_AFTER);
        let consequence = match slowdown.rate.filter(|_| !told) {
            Some(rate) => {
                self.told_push_back = Some(now.moment);
                Consequence::Tell(Note::PushedBack { wait: slowdown.wait, rate })
            }
            None => Consequence::None,
        };
        (slowdown.wait, consequence)
    }

    /// What follows from the refusal of a token for all rows but the one that was refused.
    pub(super) fn token_refused(
        &mut self,
        refusal: Refusal,
        cause: Cause,
        now: Now,
    ) -> Consequence {
        match refusal {
            Refusal::Renew | Refusal::Row => Consequence::None,
            Refusal::Final => Consequence::Stop(Ending::Unauthorized(Obstacle::Request(cause))),
            Refusal::Pause => {
                self.last_failure = Ending::Unauthorized(Obstacle::Request(cause.clone()));
                match self.outage.refused(now.moment, now.chance) {
                    AfterFailure::OutageBegan => Consequence::Tell(Note::TokenRefused(cause)),
                    AfterFailure::NothingChanged => Consequence::None,
                }
            }
        }
    }

    pub(super) fn token_granted(&mut self, expires_at: Option<i64>, now: Now) {
        self.token_came_or_not(now);
        self.tokenless_since = None;
        self.access.granted(expires_at, now.moment, now.clock());
    }

    /// Takes note that a token is being asked for.
    pub(super) fn token_asked(&mut self, now: Now) {
        self.access.requested();
        self.token_asked_at = now.moment;
    }

    fn token_came_or_not(&mut self, now: Now) {
        if self.token_costs_request {
            self.pace.answered(now.moment);
        }
    }

    pub(super) fn token_failed(
        &mut self,
        failure: TokenFailure,
        give_up_after: Duration,
        now: Now,
    ) -> Consequence {
        self.token_came_or_not(now);
        match &failure.why {
            NoToken::LoginFailed(cause) if cause.reason.is_lasting() && !self.has_answered => {
                return Consequence::Stop(Ending::WrongAddress(Obstacle::Token(failure.why)));
            }
            _ => {}
        }
        match self.access.failed(&failure, now.moment, now.chance) {
            AfterNoToken::AskAgain => {}
            AfterNoToken::GiveUp if matches!(failure.why, NoToken::NoLoginThere { .. }) => {
                return Consequence::Stop(Ending::NoLoginThere(Obstacle::Token(failure.why)));
            }
            AfterNoToken::GiveUp => {
                return Consequence::Stop(Ending::Unauthorized(Obstacle::Token(failure.why)));
            }
        }
        let is_first = self.tokenless_since.is_none();
        let since = *self.tokenless_since.get_or_insert(self.token_asked_at);
        self.last_failure = Ending::Outage(Obstacle::Token(failure.why.clone()));
        if now.moment.since(since) >= give_up_after {
            Consequence::Stop(self.last_failure.clone())
        } else if is_first {
            Consequence::Tell(Note::NoToken(failure.why))
        } else {
            Consequence::None
        }
    }

    /// When the run gives up if nothing gets through until then; none while something does.
    pub(super) fn gives_up_at(&self, settings: &Settings) -> Option<Moment> {
        let tokenless = self.tokenless_since.map(|since| since.after(settings.give_up_after));
        let pushed_back =
            self.pushed_back_since.map(|since| since.after(self.bears.0).max(self.bears_until));
        let patience = match self.is_garbled {
            true => settings.give_up_after.min(GARBLED),
            false => settings.give_up_after,
        };
        let outage = self.outage.lasts_until(patience);
        [outage, tokenless, pushed_back].into_iter().flatten().min()
    }

    /// Since when nothing gets through, but for push-backs.
    pub(super) fn unreached_since(&self) -> Option<Moment> {
        [self.outage.since(), self.tokenless_since].into_iter().flatten().min()
    }

    /// How the run ends where an outage has lasted for too long.
    pub(super) fn last_failure(&self) -> Ending {
        self.last_failure.clone()
    }

    /// Requests under way at the most.
    pub(super) fn allowed(&self) -> usize {
        self.concurrency.allowed()
    }

    /// How many rows are entered in the ledger beyond those whose requests may be under way: as many as will leave while
    /// the ledger takes them in. A slow server, or a low limit, makes that few: at most as many again.
    pub(super) fn allowed_ahead(&self) -> usize {
        self.concurrency.served_within(LEAD)
    }

    /// Until when it is too early to enter a row in the ledger, where `ahead` rows leave before it; none where it is time.
    pub(super) fn too_early_until(&self, ahead: usize, now: Now) -> Option<Moment> {
        if self.pace.has_burst(now.moment, ahead) {
            return None;
        }
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        let turn = self.pace.next(now.moment);
        let turn = turn.after(self.pace.period(now.moment).saturating_mul(ahead));
        (turn > now.moment.after(LEAD)).then(|| Moment(turn.0.saturating_sub(LEAD)))
    }

    /// How long a request is under way, going by the last ones.
    pub(super) fn latency(&self) -> Option<Duration> {
        self.concurrency.mean()
    }

    /// How long what is under way may take to come to an end, going by the last answers.
    pub(super) fn drain(&self) -> Duration {
        let slowest = self.concurrency.slowest();
        slowest + slowest / 2
    }
}

fn told_of_outage(after: AfterFailure, cause: &Cause) -> Consequence {
    match after {
        AfterFailure::OutageBegan => Consequence::Tell(Note::OutageBegan(cause.clone())),
        AfterFailure::NothingChanged => Consequence::None,
    }
}

/// Why nothing will ever get there, if a verdict says so.
fn never_to_be(verdict: &Verdict) -> Option<&Cause> {
    match verdict {
        Verdict::Retry { cause, .. } | Verdict::Unknown { cause, .. } => {
            Some(cause).filter(|cause| cause.reason.is_lasting())
        }
        _ => None,
    }
}

/// Whether an answer has come that says success and cannot be read.
fn is_unreadable(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Retry { cause, pushback: false, .. } | Verdict::Unknown { cause, .. } => {
            matches!(cause.reason, Reason::UnreadableAnswer | Reason::AnswerTooLong)
        }
        _ => false,
    }
}

fn is_answer(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Retry { cause, .. } | Verdict::Unknown { cause, .. } => cause.status.is_some(),
        _ => true,
    }
}

/// What a verdict says about load; nothing where the request did not get through at all. A connection that breaks at once,
/// before anything has come, may have been one too many.
fn load(verdict: &Verdict, took: Duration) -> Option<Load> {
    match verdict {
        Verdict::Done { .. } | Verdict::Refused(_) | Verdict::NotFound(_) => Some(Load::Served),
        // That is for the pace: it says how often, not how many at once.
        Verdict::Unauthorized(_) | Verdict::Retry { pushback: true, .. } => None,
        Verdict::Retry { cause, .. } | Verdict::Unknown { cause, .. } => {
            if cause.reason == Reason::ConnectionBroken && took < LONG {
                return Some(Load::Broken);
            }
            (cause.status.is_some() || took >= LONG).then_some(Load::Busy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_breaks_at_once_is_a_sign_of_load_and_a_push_back_is_none() {
        let lost = |reason| Verdict::Unknown { cause: Cause::of(reason), after: None };
        let retry = |reason, pushback| {
            let cause = Cause::of(reason);
            Verdict::Retry { cause, after: None, pushback, may_have_acted: false }
        };
        for (verdict, expected) in [
            (lost(Reason::ConnectionBroken), Some(Load::Broken)),
            (retry(Reason::ConnectionBroken, false), Some(Load::Broken)),
            (retry(Reason::NoConnection, false), None),
            (retry(Reason::Answered, true), None),
        ] {
            assert_eq!(load(&verdict, Duration::from_millis(1)), expected, "{verdict:?}");
        }
    }
}
