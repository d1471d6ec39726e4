//! How many requests may be under way at once. Pure.
//!
//! The job says how many at the most. Below that, what the other side bears is found out: one more after every round of
//! answers, half as many when it says that it is busy, four fifths when its answers take much longer than they did.

use std::time::Duration;

use crate::traffic::pace::Moment;

const LEFT_WHEN_BUSY: f64 = 0.5;
const LEFT_WHEN_SLOW: f64 = 0.8;
/// Answers are slow when they take this many times as long as they did,
const SLOW: u32 = 2;
/// and this much longer: less may be chance.
const SLOW_BY: Duration = Duration::from_millis(200);
/// By how much what counts as usual rises with each round, so that a change for good is got used to.
const USUAL_RISES: f64 = 1.02;
/// By how much the slowest answer counts less with each one that follows.
const SLOWEST_FADES: f64 = 0.99;

/// What an answer, or the wait for it, says about how busy the other side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// It did what it was asked to, or looked at it.
    Served,
    /// It turned the request away, or failed under it.
    Busy,
}

/// How many may be under way, and why.
#[derive(Debug)]
pub(crate) struct Concurrency {
    /// What the job allows.
    most: f64,
    allowed: f64,
    /// Requests that left before this have nothing to say about what is allowed since.
    judged_from: Moment,
    /// Of this round: answers, and how long they took together.
    answers: u32,
    took: Duration,
    /// How long an answer usually takes.
    usual: Option<Duration>,
    slowest: Duration,
}

impl Concurrency {
    pub(crate) fn new(most: usize) -> Self {
        let most = most.max(1) as f64;
        Self {
            most,
            allowed: most,
            judged_from: Moment::default(),
            answers: 0,
            took: Duration::ZERO,
            usual: None,
            slowest: Duration::ZERO,
        }
    }

    /// Requests under way at the most; at least one.
    pub(crate) fn allowed(&self) -> usize {
        self.allowed as usize
    }

    /// How long a request under way may take, going by the last ones.
    pub(crate) fn slowest(&self) -> Duration {
        self.slowest
    }

    /// How many requests are about to be served in a stretch of time, going by the last round: at most as many as may be
    /// under way, and none as long as nothing is known.
    pub(crate) fn served_within(&self, stretch: Duration) -> usize {
        let Some(usual) = self.usual else { return 0 };
        let rounds = stretch.as_secs_f64() / usual.as_secs_f64();
        (self.allowed * rounds.min(1.0)).ceil() as usize
    }

    /// A request that left at `sent_at` has come to an end.
    pub(crate) fn ended(&mut self, sent_at: Moment, now: Moment, load: Load) {
        let took = now.since(sent_at);
        self.slowest = took.max(self.slowest.mul_f64(SLOWEST_FADES));
        if sent_at < self.judged_from {
            return;
        }
        if load == Load::Busy {
            return self.reduce(LEFT_WHEN_BUSY, now);
        }
        self.answers += 1;
        self.took += took;
        if self.answers as usize >= self.allowed() {
            self.end_round(now);
        }
    }

    fn end_round(&mut self, now: Moment) {
        let mean = self.took / self.answers;
        (self.answers, self.took) = (0, Duration::ZERO);
        let usual = self.usual.map_or(mean, |usual| usual.mul_f64(USUAL_RISES).min(mean));
        self.usual = Some(usual);
        if mean > usual * SLOW && mean > usual + SLOW_BY {
            self.reduce(LEFT_WHEN_SLOW, now);
        } else {
            self.allowed = (self.allowed + 1.0).min(self.most);
        }
    }

    fn reduce(&mut self, left: f64, now: Moment) {
        self.allowed = (self.allowed * left).max(1.0);
        self.judged_from = now;
        (self.answers, self.took) = (0, Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Moment {
        Moment(Duration::from_millis(milliseconds))
    }

    #[test]
    fn what_is_served_in_a_while_is_known_after_a_round() {
        let mut concurrency = Concurrency::new(64);
        let lead = Duration::from_millis(25);
        assert_eq!(concurrency.served_within(lead), 0);
        rounds(&mut concurrency, at(0), 1, 20);
        assert_eq!(concurrency.served_within(lead), 64);
        let mut concurrency = Concurrency::new(64);
        rounds(&mut concurrency, at(0), 1, 2_000);
        assert_eq!(concurrency.served_within(lead), 1);
    }

    /// So many rounds, each of as many requests as are allowed, each taking so long.
    fn rounds(concurrency: &mut Concurrency, from: Moment, count: u32, took: u64) -> Moment {
        let mut now = from;
        for _ in 0..count {
            let sent_at = now;
            now = now.after(Duration::from_millis(took));
            for _ in 0..concurrency.allowed() {
                concurrency.ended(sent_at, now, Load::Served);
            }
        }
        now
    }

    #[test]
    fn a_busy_server_halves_it_once_and_each_round_adds_one() {
        let mut concurrency = Concurrency::new(16);
        let now = rounds(&mut concurrency, at(0), 3, 100);
        assert_eq!(concurrency.allowed(), 16, "never more than the job allows");
        let later = now.after(Duration::from_millis(50));
        for _ in 0..5 {
            concurrency.ended(now, later, Load::Busy);
        }
        assert_eq!(concurrency.allowed(), 8, "they left together, so they count once");
        let now = rounds(&mut concurrency, later, 3, 100);
        assert_eq!(concurrency.allowed(), 11);
        rounds(&mut concurrency, now, 30, 100);
        assert_eq!(concurrency.allowed(), 16);
    }

    #[test]
    fn it_never_ends() {
        let mut concurrency = Concurrency::new(5);
        for second in 0..20 {
            concurrency.ended(at(second * 1000), at(second * 1000 + 1), Load::Busy);
        }
        assert_eq!(concurrency.allowed(), 1);
    }

    #[test]
    fn answers_that_take_longer_and_longer_reduce_it() {
        let mut concurrency = Concurrency::new(16);
        let now = rounds(&mut concurrency, at(0), 5, 100);
        let now = rounds(&mut concurrency, now, 1, 1_000);
        assert_eq!(concurrency.allowed(), 12);
        let now = rounds(&mut concurrency, now, 2, 1_000);
        assert_eq!(concurrency.allowed(), 8);
        rounds(&mut concurrency, now, 20, 120);
        assert_eq!(concurrency.allowed(), 16);
    }

    #[test]
    fn small_differences_and_a_change_for_good_do_not() {
        let mut concurrency = Concurrency::new(8);
        let now = rounds(&mut concurrency, at(0), 5, 2);
        let now = rounds(&mut concurrency, now, 20, 150);
        assert_eq!(concurrency.allowed(), 8, "a fifth of a second is nothing");
        let now = rounds(&mut concurrency, now, 300, 900);
        rounds(&mut concurrency, now, 10, 900);
        assert_eq!(concurrency.allowed(), 8, "what lasts is got used to");
    }
}
