//! Whether there is a token to send with, and when to get another. Pure.
//!
//! One token serves the run. It is renewed before it expires, and once when it is refused. Where none has ever served, a
//! fresh one that is refused ends the run, since no further one would fare better; later on it is a reason to wait. A row
//! that is refused again with a token that serves others is tried as often as any.

use std::time::Duration;

use crate::pace::{Moment, back_off};
use crate::verdict::TokenFailure;

/// How long before its end a token is renewed, at the most; a shorter-lived one is renewed after four fifths of its life.
const MARGIN: Duration = Duration::from_secs(60);
/// So long before its end a token is not sent with any more: it has to last until the request arrives.
const LAST_USE: Duration = Duration::from_secs(2);

/// The state of the run's access.
#[derive(Debug)]
pub struct Access {
    needed: bool,
    /// Counts tokens; a request remembers the one that it left with.
    generation: u32,
    /// Whether there is a token that has not been refused.
    held: bool,
    /// Until when it serves, where it ends.
    serves_until: Option<Moment>,
    /// When the next one is to be asked for.
    renew_at: Option<Moment>,
    asking: Asking,
    /// Whether a request has been accepted with the present token.
    proven: bool,
    /// Whether one has been with any.
    ever_proven: bool,
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
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another token is on its way, or has come since.
    Renew,
    /// A fresh token was refused, though others have served: whatever it is may pass.
    Pause,
    /// The token serves others.
    Row,
    /// A fresh token was refused, and none has ever served.
    Final,
}

impl Access {
    pub fn new(needed: bool) -> Self {
        Self {
            needed,
            generation: 0,
            held: false,
            serves_until: None,
            renew_at: None,
            asking: Asking::No,
            proven: false,
            ever_proven: false,
            failures: 0,
        }
    }

    /// Whether requests may leave. A token serves to its end, also while the next one is awaited.
    pub fn is_ready(&self, now: Moment) -> bool {
        !self.needed || (self.held && self.serves_until.is_none_or(|end| now < end))
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether to ask for a token now; if so it counts as asked for.
    pub fn request(&mut self, now: Moment) -> bool {
        let wanted = self.wants_request(now);
        if wanted {
            self.asking = Asking::Requested;
        }
        wanted
    }

    /// Whether a token would be asked for at once.
    pub fn wants_request(&self, now: Moment) -> bool {
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
    pub fn wake_at(&self) -> Option<Moment> {
        match self.asking {
            Asking::After(moment) => Some(moment),
            Asking::No | Asking::Requested => None,
        }
    }

    /// A token has come. `expires_at` and `clock`, which is now, are in unix milliseconds, by the other side's clock if
    /// that is known. What is left of the token's life is then measured by moments, so that no clock can be set meanwhile.
    pub fn granted(&mut self, expires_at: Option<i64>, now: Moment, clock: i64) {
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

    /// No token has come. True: there is no use in trying again.
    pub fn failed(&mut self, failure: &TokenFailure, now: Moment, chance: f64) -> bool {
        self.failures += 1;
        self.asking = Asking::After(
            now.after(back_off(self.failures, chance).max(Duration::from_millis(100))),
        );
        !failure.transient
    }

    /// A request with the token of this generation was accepted.
    pub fn accepted(&mut self, generation: u32) {
        self.ever_proven = true;
        if generation == self.generation {
            self.proven = true;
            // Whoever was refused with it was refused for something else.
            self.held |= self.asking == Asking::No;
        }
    }

    /// A request with the token of this generation was refused; `before` says whether the same row was refused before.
    pub fn refused(&mut self, generation: u32, before: bool) -> Refusal {
        if !self.needed {
            return Refusal::Final;
        }
        if generation < self.generation || !self.held {
            return Refusal::Renew;
        }
        if before && self.proven {
            return Refusal::Row;
        }
        self.held = false;
        let fresh = before || (self.generation > 1 && !self.proven);
        match (fresh, self.ever_proven) {
            (false, _) => Refusal::Renew,
            (true, true) => Refusal::Pause,
            (true, false) => Refusal::Final,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(Duration::ZERO);
    const CLOCK: i64 = 1_800_000_000_000;

    fn at(milliseconds: u64) -> Moment {
        Moment(Duration::from_millis(milliseconds))
    }

    fn granted() -> Access {
        let mut access = Access::new(true);
        assert!(!access.is_ready(NOW));
        assert!(access.request(NOW));
        assert!(!access.request(NOW), "one request at a time");
        access.granted(Some(CLOCK + 3_600_000), NOW, CLOCK);
        access
    }

    #[test]
    fn a_token_is_renewed_before_it_expires_and_serves_meanwhile() {
        let mut access = granted();
        assert!(!access.wants_request(at(3_539_999)));
        assert!(access.request(at(3_540_000)));
        assert!(access.is_ready(at(3_597_999)));
        assert!(!access.is_ready(at(3_598_000)), "it might expire on the way");
        access.granted(Some(CLOCK + 3_550_000), at(3_540_000), CLOCK + 3_540_000);
        assert!(!access.wants_request(at(3_547_999)));
        assert!(access.wants_request(at(3_548_000)), "a short life is used for four fifths");
    }

    #[test]
    fn a_token_of_another_clock_is_used_until_it_is_refused() {
        let mut access = Access::new(true);
        access.request(NOW);
        access.granted(Some(CLOCK - 1), NOW, CLOCK);
        assert!(access.is_ready(at(1 << 40)) && !access.wants_request(at(1 << 40)));
    }

    #[test]
    fn a_refusal_renews_once() {
        let mut access = granted();
        access.accepted(1);
        assert_eq!(access.refused(1, false), Refusal::Renew);
        assert_eq!(
            access.refused(1, false),
            Refusal::Renew,
            "others that left with the same token"
        );
        assert!(access.request(NOW));
        access.granted(None, NOW, CLOCK);
        assert_eq!(access.refused(1, false), Refusal::Renew, "a late answer to the old token");
        assert_eq!(access.refused(2, false), Refusal::Pause);
        assert_eq!(access.refused(2, false), Refusal::Renew, "that is known by now");
        assert!(access.request(NOW));
    }

    #[test]
    fn where_no_token_has_ever_served_a_second_one_is_the_last() {
        let mut access = granted();
        assert_eq!(access.refused(1, false), Refusal::Renew);
        access.granted(None, NOW, CLOCK);
        assert_eq!(access.refused(2, false), Refusal::Final);
    }

    #[test]
    fn a_row_that_is_refused_again_with_what_serves_others_costs_no_further_token() {
        let mut access = granted();
        access.accepted(1);
        assert_eq!(access.refused(1, false), Refusal::Renew);
        assert!(access.request(NOW));
        access.granted(None, NOW, CLOCK);
        assert_eq!(access.refused(2, true), Refusal::Pause, "nobody knows yet");
        // Another that left with it is accepted.
        access.accepted(2);
        assert!(access.is_ready(NOW) && !access.wants_request(NOW));
        assert_eq!(access.refused(2, true), Refusal::Row);
        assert!(access.is_ready(NOW));
    }

    #[test]
    fn a_proven_token_may_be_refused_later() {
        let mut access = granted();
        assert_eq!(access.refused(1, false), Refusal::Renew);
        access.granted(None, NOW, CLOCK);
        access.accepted(2);
        assert_eq!(access.refused(2, false), Refusal::Renew);
        access.granted(None, NOW, CLOCK);
        access.accepted(3);
        assert_eq!(access.refused(3, false), Refusal::Renew);
    }

    #[test]
    fn a_login_that_gets_no_answer_is_tried_again_and_one_that_is_refused_is_not() {
        let mut access = Access::new(true);
        let transient = TokenFailure { message: "busy".into(), transient: true };
        for attempt in 1..20 {
            let now = Moment(Duration::from_secs(3600 * attempt));
            assert!(access.request(now));
            assert!(!access.failed(&transient, now, 1.0));
            assert!(access.wake_at().unwrap() > now);
        }
        let wrong = TokenFailure { message: "wrong password".into(), transient: false };
        assert!(Access::new(true).failed(&wrong, NOW, 1.0));
    }

    #[test]
    fn without_authentication_nothing_is_asked_for() {
        let mut access = Access::new(false);
        assert!(access.is_ready(NOW));
        assert!(!access.request(NOW));
        assert_eq!(access.refused(0, false), Refusal::Final);
    }
}
