//! Whether there is a token to send with, and when to get another. Pure.
//!
//! One token serves the run. It is renewed before it expires, and once when it is refused; a token that is
//! refused although it is fresh ends the run, since no further one would fare better.

use std::time::Duration;

use crate::pace::{Moment, back_off};
use crate::verdict::TokenFailure;

/// How long before its end a token is renewed, at the most; a shorter-lived one is renewed after four fifths of its life.
const MARGIN_MILLISECONDS: i64 = 60_000;

/// The state of the run's access.
#[derive(Debug)]
pub struct Access {
    needed: bool,
    /// Counts tokens; a request remembers the one that it left with.
    generation: u32,
    state: State,
    /// When the token is to be renewed, in unix milliseconds.
    renew_at: Option<i64>,
    /// Whether a request has been accepted with the present token.
    proven: bool,
    failures: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Missing,
    Requested,
    /// To be asked for again at a moment.
    Waiting(Moment),
    Ready,
}

/// What follows from a refusal of a token.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another token is on its way, or has come since.
    Renew,
    /// A fresh token was refused.
    Final,
}

impl Access {
    pub fn new(needed: bool) -> Self {
        let state = if needed { State::Missing } else { State::Ready };
        Self { needed, generation: 0, state, renew_at: None, proven: false, failures: 0 }
    }

    /// Whether requests may leave. `wall` is in unix milliseconds.
    pub fn is_ready(&self, wall: i64) -> bool {
        self.state == State::Ready && self.renew_at.is_none_or(|renew_at| wall < renew_at)
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether to ask for a token now; if so it counts as asked for.
    pub fn request(&mut self, now: Moment, wall: i64) -> bool {
        let wanted = self.wants_request(now, wall);
        if wanted {
            self.state = State::Requested;
        }
        wanted
    }

    /// Whether a token would be asked for at once.
    pub fn wants_request(&self, now: Moment, wall: i64) -> bool {
        match self.state {
            State::Missing => true,
            State::Waiting(until) => now >= until,
            State::Requested => false,
            State::Ready => !self.is_ready(wall),
        }
    }

    /// When to look again, if there is something to wait for.
    pub fn wake_at(&self) -> Option<Moment> {
        match self.state {
            State::Waiting(until) => Some(until),
            _ => None,
        }
    }

    /// A token has come. `expires_at` is in unix milliseconds.
    pub fn granted(&mut self, expires_at: Option<i64>, wall: i64) {
        self.generation += 1;
        self.state = State::Ready;
        self.proven = false;
        self.failures = 0;
        // A fresh token that has expired tells of clocks that differ; asking for others would not end.
        let expires_at = expires_at.filter(|expires_at| *expires_at > wall);
        self.renew_at = expires_at.map(|expires_at| {
            let life = expires_at.saturating_sub(wall);
            expires_at.saturating_sub((life / 5).min(MARGIN_MILLISECONDS))
        });
    }

    /// No token has come. True: there is no use in trying again.
    pub fn failed(&mut self, failure: &TokenFailure, now: Moment, chance: f64) -> bool {
        self.failures += 1;
        self.state = State::Waiting(
            now.after(back_off(self.failures, chance).max(Duration::from_millis(100))),
        );
        !failure.transient
    }

    /// A request with the token of this generation was accepted.
    pub fn accepted(&mut self, generation: u32) {
        self.proven |= generation == self.generation;
    }

    /// A request with the token of this generation was refused; `before` says whether the same row was refused before.
    pub fn refused(&mut self, generation: u32, before: bool) -> Refusal {
        if generation < self.generation {
            return Refusal::Renew;
        }
        let renewed = self.generation > 1 && !self.proven;
        if !self.needed || before || renewed {
            return Refusal::Final;
        }
        if self.state == State::Ready {
            self.state = State::Missing;
        }
        Refusal::Renew
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(Duration::ZERO);

    fn granted() -> Access {
        let mut access = Access::new(true);
        assert!(!access.is_ready(0));
        assert!(access.request(NOW, 0));
        assert!(!access.request(NOW, 0), "one request at a time");
        access.granted(Some(3_600_000), 0);
        access
    }

    #[test]
    fn a_token_is_renewed_before_it_expires() {
        let mut access = granted();
        assert!(access.is_ready(3_539_999));
        assert!(!access.is_ready(3_540_000));
        assert!(access.request(NOW, 3_540_000));
        access.granted(Some(3_540_000 + 10_000), 3_540_000);
        assert!(access.is_ready(3_547_999));
        assert!(!access.is_ready(3_548_000), "a short life is used for four fifths");
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
        assert!(access.request(NOW, 0));
        access.granted(None, 0);
        assert_eq!(access.refused(1, false), Refusal::Renew, "a late answer to the old token");
        assert_eq!(access.refused(2, false), Refusal::Final);
    }

    #[test]
    fn a_proven_token_may_be_refused_later() {
        let mut access = granted();
        assert_eq!(access.refused(1, false), Refusal::Renew);
        access.granted(None, 0);
        access.accepted(2);
        assert_eq!(access.refused(2, false), Refusal::Renew);
        access.granted(None, 0);
        access.accepted(3);
        assert_eq!(access.refused(3, true), Refusal::Final, "the same row, twice");
    }

    #[test]
    fn a_login_that_gets_no_answer_is_tried_again_and_one_that_is_refused_is_not() {
        let mut access = Access::new(true);
        let transient = TokenFailure { message: "busy".into(), transient: true };
        for attempt in 1..20 {
            let now = Moment(Duration::from_secs(3600 * attempt));
            assert!(access.request(now, 0));
            assert!(!access.failed(&transient, now, 1.0));
            assert!(access.wake_at().unwrap() > now);
        }
        let wrong = TokenFailure { message: "wrong password".into(), transient: false };
        assert!(Access::new(true).failed(&wrong, NOW, 1.0));
    }

    #[test]
    fn without_authentication_nothing_is_asked_for() {
        let mut access = Access::new(false);
        assert!(access.is_ready(0));
        assert!(!access.request(NOW, 0));
        assert_eq!(access.refused(0, false), Refusal::Final);
    }
}
