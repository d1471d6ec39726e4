//! How many requests may be under way at once. Pure.
//!
//! The job says how many at the most. Below that, what the other side bears is found out: one more after every round of
//! answers, half as many when it says that it is busy, four fifths when its answers take much longer than they did.
//!
//! A connection that breaks at once may have been one too many: it is left at one less for a while, and for longer each time.
//! Where they break although there is but one at a time, they break by chance; then fewer of them are no better, and none is
//! known to be too many.

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

/// How long one more than is borne is not tried at first, and at the most.
const LEAVE_IT: Duration = Duration::from_secs(60);
const LEAVE_IT_LONGEST: Duration = Duration::from_secs(3600);
/// So many connections that break although there is but one at a time break by chance,
const BY_CHANCE: u32 = 2;
/// unless there are as many answers in between.
const FORGOTTEN: u32 = 200;
/// How long it is believed that they break by chance.
const BELIEVED: Duration = Duration::from_secs(600);

/// What an answer, or the wait for it, says about how busy the other side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// It did what it was asked to, or looked at it.
    Served,
    /// It turned the request away, or failed under it.
    Busy,
    /// The connection broke before anything had come.
    Broken,
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
    /// How long answers have taken in the mean, the last ones before all.
    mean: Option<Duration>,
    slowest: Duration,
    /// As many have been under way for a round without a connection that broke.
    borne: Option<usize>,
    /// What is left at what was borne: until when, and for how long the next time.
    left_at: Option<LeftAt>,
    /// Connections that broke with no other beside them, and answers since.
    by_chance: (u32, u32),
    /// Until when it is believed that they break by chance.
    believed_until: Moment,
}

#[derive(Debug, Clone, Copy)]
struct LeftAt {
    allowed: usize,
    until: Moment,
    wait: Duration,
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
            mean: None,
            slowest: Duration::ZERO,
            borne: None,
            left_at: None,
            by_chance: (0, 0),
            believed_until: Moment::default(),
        }
    }

    /// Requests under way at the most; at least one.
    pub(crate) fn allowed(&self) -> usize {
        self.allowed as usize
    }

    /// How long a request is under way; none before a round of answers.
    pub(crate) fn mean(&self) -> Option<Duration> {
        self.mean
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
        match load {
            Load::Busy => return self.reduce(LEFT_WHEN_BUSY, now),
            Load::Broken => return self.broke(now),
            Load::Served => {}
        }
        self.answers += 1;
        self.by_chance.1 += 1;
        if self.by_chance.1 >= FORGOTTEN {
            self.by_chance = (0, 0);
        }
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
        self.mean = Some(self.mean.map_or(mean, |known| (known * 3 + mean) / 4));
        if mean > usual * SLOW && mean > usual + SLOW_BY {
            self.reduce(LEFT_WHEN_SLOW, now);
        } else {
            self.borne = Some(self.allowed());
            let left_at = self.left_at.filter(|left_at| now < left_at.until);
            let most = left_at.map_or(self.most, |left_at| self.most.min(left_at.allowed as f64));
            self.allowed = (self.allowed + 1.0).min(most).max(1.0);
        }
    }

    /// A connection has broken at once.
    fn broke(&mut self, now: Moment) {
        let allowed = self.allowed();
        match self.borne {
            _ if now < self.believed_until => self.reduce(LEFT_WHEN_BUSY, now),
            None => self.reduce(LEFT_WHEN_BUSY, now),
            Some(borne) if allowed > borne => self.leave_at(borne, now),
            // The other side may count one that is closed for a while longer.
            Some(_) if allowed > 1 => self.leave_at(allowed - 1, now),
            Some(_) => {
                self.by_chance = (self.by_chance.0 + 1, 0);
                if self.by_chance.0 >= BY_CHANCE {
                    self.believed_until = now.after(BELIEVED);
                    self.left_at = None;
                }
                self.reduce(LEFT_WHEN_BUSY, now);
            }
        }
    }

    /// More than so many are not tried for a while.
    fn leave_at(&mut self, borne: usize, now: Moment) {
        let again = self.left_at.filter(|left_at| left_at.allowed == borne);
        let wait = again.map_or(LEAVE_IT, |again| (again.wait * 2).min(LEAVE_IT_LONGEST));
        self.left_at = Some(LeftAt { allowed: borne, until: now.after(wait), wait });
        self.borne = Some(borne);
        self.reduce(borne as f64 / self.allowed, now);
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

    /// Rounds of as many as are allowed, of which those beyond `bears` break at once; gives how many broke.
    fn bounded(concurrency: &mut Concurrency, bears: usize, count: u64) -> usize {
        let mut broke = 0;
        for round in 0..count {
            let (sent_at, now) = (at(round * 100), at(round * 100 + 50));
            let allowed = concurrency.allowed();
            for _ in bears..allowed {
                concurrency.ended(sent_at, at(round * 100 + 1), Load::Broken);
                broke += 1;
            }
            for _ in 0..allowed.min(bears) {
                concurrency.ended(sent_at, now, Load::Served);
            }
        }
        broke
    }

    #[test]
    fn what_breaks_at_once_beyond_some_is_left_at_that() {
        for bears in 1..=8 {
            let mut concurrency = Concurrency::new(8);
            let broke = bounded(&mut concurrency, bears, 100);
            let found = bounded(&mut concurrency, bears, 300);
            assert_eq!((concurrency.allowed(), found), (bears, 0), "{bears}: {broke} broke first");
            assert!(broke <= 16, "{bears}: {broke}");
            // One more is tried again later, and then less often.
            assert!(bounded(&mut concurrency, bears, 100_000) <= 12);
        }
    }

    #[test]
    fn connections_that_are_counted_for_a_while_longer_are_not_broken_by_chance() {
        for bears in 3..=6 {
            let mut concurrency = Concurrency::new(8);
            let mut late = 0;
            for round in 0..600 {
                let (sent_at, now) = (at(round * 100), at(round * 100 + 50));
                let allowed = concurrency.allowed();
                // Now and then the other side still counts one that was closed just before.
                let room = bears - usize::from(matches!(round, 20 | 30 | 40));
                for _ in room..allowed {
                    concurrency.ended(sent_at, at(round * 100 + 1), Load::Broken);
                }
                for _ in 0..allowed.min(room) {
                    concurrency.ended(sent_at, now, Load::Served);
                }
                late += if round > 40 { allowed.saturating_sub(room) } else { 0 };
            }
            assert!(late <= 2, "{bears}: {late} broke late");
        }
    }

    #[test]
    fn what_breaks_by_chance_is_not_left_at_little() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut concurrency = Concurrency::new(8);
        let (mut now, mut sum) = (at(0), 0);
        for round in 0..4_000 {
            let sent_at = now;
            now = now.after(Duration::from_millis(50));
            sum += if round >= 200 { concurrency.allowed() } else { 0 };
            for _ in 0..concurrency.allowed() {
                let load = if random.u8(0..100) < 2 { Load::Broken } else { Load::Served };
                concurrency.ended(sent_at, now, load);
            }
        }
        assert!(sum / 3_800 >= 4, "{}", sum / 3_800);
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
