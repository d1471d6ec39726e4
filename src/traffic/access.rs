//! Whether there is a token to send with, and when to get another. Pure.
//!
//! One token serves the run. It is renewed before it expires, and when it is refused. Where a fresh token is refused and no
//! token of this run has ever been accepted, the run ends, since another token would be refused as well; where one has been
//! accepted before, the run waits. A row whose token is refused again, although other rows were accepted with the same token
//! meanwhile, is tried as often as any row.

use std::time::Duration;

use crate::traffic::pace::{Moment, back_off};
use crate::traffic::reply::TokenFailure;

/// How long before its end a token is renewed, at the most; a shorter-lived one is renewed after four fifths of its life.
const MARGIN: Duration = Duration::from_secs(60);
/// So long before its end a token is not sent with any more: it has to last until the request arrives.
const LAST_USE: Duration = Duration::from_secs(2);

/// The state of the run's access.
#[derive(Debug)]
pub(crate) struct Access {
    needed: bool,
    /// Counts tokens; a request remembers the one that it left with.
    generation: u32,
    /// Whether there is a token, and it is not believed to be over.
    held: bool,
    /// Until when it serves, where it ends.
    serves_until: Option<Moment>,
    /// When the next one is to be asked for.
    renew_at: Option<Moment>,
    asking: Asking,
    /// Whether a request has been accepted with the present token.
    proven: bool,
    /// When the last request left that was accepted, with whatever token.
    last_accepted: Option<Moment>,
    /// When the request left with which the present token was refused.
    refused_at: Moment,
    failures: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Asking {
    /// Nothing is under way.
    No,
    Requested,
    /// The last time it failed; to be asked for again at a moment.
    After(Moment),
}

/// What follows from a refusal of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another token is on its way, or has come since.
    Renew,
    /// A fresh token was refused, though others have served: whatever it is may pass.
    Pause,
    /// The token serves others.
    Row,
    /// A fresh token was refused, and none has ever served.
    Final,
}

/// What follows where no token has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum AfterNoToken {
    AskAgain,
    /// Asking again would give the same.
    GiveUp,
}

impl Access {
    pub(crate) fn new(needed: bool) -> Self {
        Self {
            needed,
            generation: 0,
            held: false,
            serves_until: None,
            renew_at: None,
            asking: Asking::No,
            proven: false,
            last_accepted: None,
            refused_at: Moment::default(),
            failures: 0,
        }
    }

    /// Whether requests may leave. A token serves to its end, also while the next one is awaited.
    pub(crate) fn is_ready(&self, now: Moment) -> bool {
        !self.needed || (self.held && self.serves_until.is_none_or(|end| now < end))
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// A token is being asked for.
    pub(crate) fn requested(&mut self) {
        self.asking = Asking::Requested;
    }

    /// Whether a token would be asked for at once.
    pub(crate) fn wants_request(&self, now: Moment) -> bool {
        let due = !self.held || self.renew_at.is_some_and(|renew_at| now >= renew_at);
        self.needed
            && due
            && match self.asking {
                Asking::No => true,
                Asking::Requested => false,
                Asking::After(moment) => now >= moment,
            }
    }

    /// When to look again, if there is something to wait for.
    pub(crate) fn wake_at(&self) -> Option<Moment> {
        match self.asking {
            Asking::After(moment) => Some(moment),
            Asking::No | Asking::Requested => None,
        }
    }

    /// A token has come. `expires_at` and `clock`, which is now, are in unix milliseconds, by the other side's clock if
    /// that is known. What is left of the token's life is then measured by moments, so that no clock can be set meanwhile.
    pub(crate) fn granted(&mut self, expires_at: Option<i64>, now: Moment, clock: i64) {
        self.generation += 1;
        self.held = true;
        self.asking = Asking::No;
        self.proven = false;
        self.failures = 0;
        // A fresh token that has expired tells of clocks that differ; asking for others would not end.
        let life = expires_at
            .and_then(|expires_at| u64::try_from(expires_at.saturating_sub(clock)).ok())
            .filter(|life| *life > 0)
            .map(Duration::from_millis);
        self.renew_at = life.map(|life| now.after(life - MARGIN.min(life / 5)));
        self.serves_until = life.map(|life| now.after(life - LAST_USE.min(life / 10)));
    }

    /// No token has come.
    pub(crate) fn failed(
        &mut self,
        failure: &TokenFailure,
        now: Moment,
        chance: f64,
    ) -> AfterNoToken {
        self.failures += 1;
        self.asking = Asking::After(
            now.after(back_off(self.failures, chance).max(Duration::from_millis(100))),
        );
        match failure.transient {
            true => AfterNoToken::AskAgain,
            false => AfterNoToken::GiveUp,
        }
    }

    /// Whether nobody knows if there is a token that is any good.
    pub(crate) fn is_doubted(&self) -> bool {
        self.needed && !(self.held && self.proven)
    }

    /// A request that left at `sent_at` with the token of this generation was accepted.
    pub(crate) fn accepted(&mut self, generation: u32, sent_at: Moment) {
        self.last_accepted = self.last_accepted.max(Some(sent_at));
        if generation == self.generation {
            self.proven = true;
            // It left later than whoever was refused, and that was for something else.
            self.held |= self.asking == Asking::No && sent_at > self.refused_at;
        }
    }

    /// A request that left at `sent_at` with the token of this generation was refused. `before` says when the one left
    /// with which the same row was refused before.
    pub(crate) fn refused(
        &mut self,
        generation: u32,
        sent_at: Moment,
        before: Option<Moment>,
    ) -> Refusal {
        if !self.needed {
            return Refusal::Final;
        }
        if generation < self.generation || !self.held {
            return Refusal::Renew;
        }
        let others_since = before.is_some() && self.last_accepted > before;
        if self.proven && others_since {
            return Refusal::Row;
        }
        self.held = false;
        self.refused_at = sent_at;
        match (self.generation > 1 && !self.proven, self.last_accepted.is_some()) {
            (false, _) => Refusal::Renew,
            (true, true) => Refusal::Pause,
            (true, false) => Refusal::Final,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::reply::NoToken;

    /// Asks for a token where one would be asked for.
    fn request(access: &mut Access, now: Moment) -> bool {
        let wanted = access.wants_request(now);
        if wanted {
            access.requested();
        }
        wanted
    }

    const NOW: Moment = Moment(Duration::ZERO);
    const CLOCK: i64 = 1_800_000_000_000;

    fn at(milliseconds: u64) -> Moment {
        Moment(Duration::from_millis(milliseconds))
    }

    fn granted() -> Access {
        let mut access = Access::new(true);
        assert!(!access.is_ready(NOW));
        assert!(request(&mut access, NOW));
        assert!(!request(&mut access, NOW), "one request at a time");
        access.granted(Some(CLOCK + 3_600_000), NOW, CLOCK);
        access
    }

    #[test]
    fn a_token_is_renewed_before_it_expires_and_serves_meanwhile() {
        let mut access = granted();
        assert!(!access.wants_request(at(3_539_999)));
        assert!(request(&mut access, at(3_540_000)));
        assert!(access.is_ready(at(3_597_999)));
        assert!(!access.is_ready(at(3_598_000)), "it might expire on the way");
        access.granted(Some(CLOCK + 3_550_000), at(3_540_000), CLOCK + 3_540_000);
        assert!(!access.wants_request(at(3_547_999)));
        assert!(access.wants_request(at(3_548_000)), "a short life is used for four fifths");
    }

    #[test]
    fn a_token_of_another_clock_is_used_until_it_is_refused() {
        let mut access = Access::new(true);
        request(&mut access, NOW);
        access.granted(Some(CLOCK - 1), NOW, CLOCK);
        assert!(access.is_ready(at(1 << 40)) && !access.wants_request(at(1 << 40)));
    }

    #[test]
    fn a_refusal_renews_and_that_of_a_fresh_token_is_a_reason_to_wait() {
        let mut access = granted();
        access.accepted(1, at(1));
        assert_eq!(access.refused(1, at(2), None), Refusal::Renew);
        let again = "others that left with the same token";
        assert_eq!(access.refused(1, at(2), None), Refusal::Renew, "{again}");
        assert!(request(&mut access, NOW));
        access.granted(None, NOW, CLOCK);
        assert!(access.is_doubted());
        let late = "a late answer to the old token";
        assert_eq!(access.refused(1, at(2), None), Refusal::Renew, "{late}");
        assert_eq!(access.refused(2, at(3), None), Refusal::Pause);
        assert_eq!(access.refused(2, at(3), None), Refusal::Renew, "that is known by now");
        assert!(request(&mut access, NOW));
    }

    #[test]
    fn where_no_token_has_ever_served_a_second_one_is_the_last() {
        let mut access = granted();
        assert_eq!(access.refused(1, at(1), None), Refusal::Renew);
        access.granted(None, NOW, CLOCK);
        assert_eq!(access.refused(2, at(2), None), Refusal::Final);
    }

    #[test]
    fn a_proven_token_may_be_refused_later() {
        let mut access = granted();
        assert_eq!(access.refused(1, at(1), None), Refusal::Renew);
        access.granted(None, NOW, CLOCK);
        access.accepted(2, at(2));
        assert_eq!(access.refused(2, at(3), None), Refusal::Renew);
    }

    #[test]
    fn a_row_that_is_refused_again_while_others_are_served_costs_no_further_token() {
        let mut access = granted();
        access.accepted(1, at(1));
        assert_eq!(access.refused(1, at(2), None), Refusal::Renew);
        access.granted(None, NOW, CLOCK);
        access.accepted(2, at(3));
        assert_eq!(access.refused(2, at(4), Some(at(2))), Refusal::Row);
        assert!(!access.is_doubted());
        // Nobody has been served since, so the token may be over.
        assert_eq!(access.refused(2, at(5), Some(at(4))), Refusal::Renew);
        assert!(access.is_doubted());
    }

    #[test]
    fn who_left_before_a_refusal_says_nothing_of_the_token_and_who_left_later_does() {
        let mut access = granted();
        access.accepted(1, at(1));
        assert_eq!(access.refused(1, at(3), None), Refusal::Renew);
        access.accepted(1, at(2));
        assert!(access.is_doubted() && access.wants_request(NOW));
        access.accepted(1, at(4));
        assert!(access.is_ready(NOW) && !access.is_doubted());
    }

    #[test]
    fn a_login_that_gets_no_answer_is_tried_again_and_one_that_is_refused_is_not() {
        let mut access = Access::new(true);
        let transient =
            TokenFailure { why: NoToken::NoneInAnswer { status: 503 }, transient: true };
        for attempt in 1..20 {
            let now = Moment(Duration::from_secs(3600 * attempt));
            assert!(request(&mut access, now));
            assert_eq!(access.failed(&transient, now, 1.0), AfterNoToken::AskAgain);
            assert!(access.wake_at().unwrap() > now);
        }
        let wrong = TokenFailure { why: NoToken::NotAHeader, transient: false };
        assert_eq!(Access::new(true).failed(&wrong, NOW, 1.0), AfterNoToken::GiveUp);
    }

    #[test]
    fn without_authentication_nothing_is_asked_for() {
        let mut access = Access::new(false);
        assert!(access.is_ready(NOW));
        assert!(!request(&mut access, NOW));
        assert!(!access.is_doubted());
        assert_eq!(access.refused(0, NOW, None), Refusal::Final);
    }
}
