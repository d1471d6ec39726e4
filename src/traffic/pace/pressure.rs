//! What push-backs do to the pace: a pause for everybody, and less than before after it. Pure.
//!
//! A quota that is known is never exceeded, so a push-back tells of one that is not: it is tighter than told, or
//! somebody else uses it too. How fast requests may leave then is found out: 70 % of the rate that was too much, back to
//! that rate within a minute, and from there ever faster to what the quotas allow.

use std::time::Duration;

use crate::text::quota::Quota;

use super::{LONGEST_ASKED, Moment, asked_wait, back_off};

/// What is left of a rate that was too much.
const LEFT_OF_RATE: f64 = 0.7;
/// How long it takes to come back to it.
const COME_BACK: Duration = Duration::from_secs(60);
/// Fewer requests than this say nothing about a rate.
const FEW: u32 = 10;
/// No push-back makes it slower than this, in requests per second.
const SLOWEST: f64 = 1.0 / 60.0;

/// A request was told "not now, you ask too much".
#[derive(Debug, Clone, Copy)]
pub(crate) struct PushBack {
    pub sent_at: Moment,
    /// For how long, if it was said.
    pub asked: Option<Duration>,
    /// The other side's clock, in unix milliseconds, if that is known: fixed windows are counted by it.
    pub clock: Option<i64>,
}

/// What follows from a push-back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slowdown {
    /// For how long nothing leaves.
    pub wait: Duration,
    /// Requests per second after that; none for a push-back that tells nothing new.
    pub rate: Option<f64>,
}

/// The pushed-back part of a pace.
#[derive(Debug, Default)]
pub(super) struct Pressure {
    /// The rate that was too much, and since when less is tried.
    reduced: Option<Reduced>,
    /// Requests that left before this tell nothing new.
    judged_until: Moment,
    /// Push-backs since the last request that was let in.
    in_a_row: u32,
    /// Requests since then.
    left: u32,
    counted_from: Moment,
    last_left: Moment,
}

#[derive(Debug, Clone, Copy)]
struct Reduced {
    /// Requests per second.
    rate: f64,
    since: Moment,
}

impl Reduced {
    fn at(self, now: Moment) -> f64 {
        let way = now.since(self.since).as_secs_f64() / COME_BACK.as_secs_f64();
        let share = if way < 1.0 { LEFT_OF_RATE + (1.0 - LEFT_OF_RATE) * way } else { way * way };
        self.rate * share
    }
}

impl Pressure {
    /// A request leaves. `allowed` is what the quotas allow, in requests per second.
    pub(super) fn leave(&mut self, now: Moment, allowed: f64) {
        self.left = self.left.saturating_add(1);
        self.last_left = now;
        if self.reduced.is_some_and(|reduced| reduced.at(now) >= allowed) {
            self.reduced = None;
        }
    }

    /// The time between two requests; none while the quotas alone decide.
    pub(super) fn gap(&self, now: Moment) -> Option<Duration> {
        let rate = self.reduced?.at(now);
        Some(Duration::try_from_secs_f64(rate.recip()).unwrap_or(Duration::MAX))
    }

    /// The earliest moment at which the next request may leave.
    pub(super) fn next(&self, now: Moment) -> Moment {
        self.gap(now).map_or(now, |gap| self.last_left.after(gap).max(now))
    }

    /// A request that left then has been let in.
    pub(super) fn let_in(&mut self, sent_at: Moment) {
        if sent_at >= self.judged_until {
            self.in_a_row = 0;
        }
    }

    /// Takes a push-back in. `allowed` is as for [`leave`](Self::leave).
    pub(super) fn pushed_back(
        &mut self,
        push_back: PushBack,
        windows: &Windows,
        allowed: f64,
        now: Moment,
        chance: f64,
    ) -> Slowdown {
        let news = push_back.sent_at >= self.judged_until;
        self.in_a_row += u32::from(news || self.in_a_row == 0);
        let wait = match push_back.asked {
            Some(asked) => asked_wait(asked),
            None => windows.wait(push_back.clock, self.in_a_row, chance),
        };
        if !news {
            return Slowdown { wait, rate: None };
        }
        let tried = self.reduced.map_or(allowed, |reduced| reduced.at(now).min(allowed));
        let elapsed = now.since(self.counted_from).max(Duration::from_secs(1)).as_secs_f64();
        let seen = f64::from(self.left) / elapsed;
        let too_much = if self.left < FEW { tried } else { tried.min(seen) };
        let resume = now.after(wait);
        let reduced = Reduced { rate: too_much.max(SLOWEST), since: resume };
        self.reduced = Some(reduced);
        self.judged_until = resume;
        self.counted_from = resume;
        self.left = 0;
        Slowdown { wait, rate: Some(reduced.at(resume)) }
    }
}

/// The fixed windows that the quotas may be counted in.
#[derive(Debug, Default)]
pub(super) struct Windows {
    shortest: Option<Duration>,
    longest: Option<Duration>,
}

impl Windows {
    pub(super) fn of(quotas: &[Quota]) -> Self {
        let windows = || quotas.iter().map(|quota| quota.window);
        Self { shortest: windows().min(), longest: windows().max() }
    }

    /// How long to wait where nobody says so: until the shortest window is over, then, as long as that does not help,
    /// twice as long each time, but not beyond the end of the longest.
    fn wait(&self, clock: Option<i64>, in_a_row: u32, chance: f64) -> Duration {
        let (Some(shortest), Some(longest)) = (self.shortest, self.longest) else {
            return back_off(in_a_row, chance);
        };
        let more = shortest.saturating_mul((1 << in_a_row.saturating_sub(1).min(20)) - 1);
        let first = left_of(shortest, clock);
        first.saturating_add(more).min(left_of(longest, clock).max(first)).min(LONGEST_ASKED)
    }
}

/// How long the present window lasts. Windows are blocks of the other side's clock; where that is not known, it may
/// have just begun.
fn left_of(window: Duration, clock: Option<i64>) -> Duration {
    let length = u64::try_from(window.as_millis()).unwrap_or(u64::MAX).max(1);
    match clock.and_then(|clock| u64::try_from(clock).ok()) {
        Some(clock) => Duration::from_millis(length - clock % length),
        None => window,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::pace::Pace;

    const CLOCK: i64 = 1_800_000_003_000;

    fn at(seconds: u64) -> Moment {
        Moment(Duration::from_secs(seconds))
    }

    fn pace(quotas: &[&str]) -> Pace {
        let quotas: Vec<Quota> = quotas.iter().map(|text| text.parse().unwrap()).collect();
        Pace::new(&quotas)
    }

    fn told(sent_at: Moment) -> PushBack {
        PushBack { sent_at, asked: None, clock: Some(CLOCK) }
    }

    /// Requests that leave within so many seconds.
    fn leave(pace: &mut Pace, from: Moment, seconds: u64) -> usize {
        let (mut now, end) = (from, from.after(Duration::from_secs(seconds)));
        let mut left = 0;
        while now < end {
            match pace.acquire(now) {
                Ok(()) => {
                    left += 1;
                    pace.answered(now);
                }
                Err(next) => now = next,
            }
        }
        left
    }

    #[test]
    fn without_a_word_the_pause_lasts_to_the_end_of_the_window_and_longer_each_time() {
        let mut pace = pace(&["30/10s", "9000/1h"]);
        let mut now = at(0);
        let waits = (0..12).map(|_| {
            let slowdown = pace.push_back(told(now), now, 0.5);
            assert_eq!(pace.acquire(now), Err(now.after(slowdown.wait)));
            now = now.after(slowdown.wait);
            slowdown.wait.as_secs()
        });
        // Seven seconds are left of the ten, 3597 of the hour.
        let expected = [7, 17, 37, 77, 157, 317, 637, 1277, 2557, 3597, 3597, 3597];
        assert_eq!(waits.collect::<Vec<_>>(), expected);
        pace.let_in(now);
        assert_eq!(pace.push_back(told(now), now, 0.5).wait.as_secs(), 7);
    }

    #[test]
    fn what_is_asked_for_is_kept_and_an_unknown_clock_costs_a_whole_window() {
        let mut known = pace(&["30/10s"]);
        let asked = PushBack { asked: Some(Duration::from_secs(4)), ..told(at(0)) };
        assert_eq!(known.push_back(asked, at(0), 0.5).wait.as_secs(), 4);
        let unknown = PushBack { clock: None, ..told(at(0)) };
        assert_eq!(pace(&["30/10s"]).push_back(unknown, at(0), 0.5).wait.as_secs(), 10);
        assert_eq!(pace(&[]).push_back(unknown, at(0), 0.5).wait.as_millis(), 250);
    }

    #[test]
    fn after_the_pause_it_goes_on_below_what_was_too_much_and_comes_back() {
        let mut pace = pace(&["100/1s"]);
        let before = leave(&mut pace, at(0), 100);
        assert!((9_900..=10_000).contains(&before), "{before}");
        let slowdown = pace.push_back(told(at(100)), at(100), 0.5);
        let rate = slowdown.rate.unwrap();
        assert!((69.0..70.0).contains(&rate), "{rate}");
        let resume = at(100).after(slowdown.wait);
        let first = leave(&mut pace, resume, 10);
        assert!((690..750).contains(&first), "{first}");
        leave(&mut pace, resume.after(Duration::from_secs(10)), 50);
        let back = leave(&mut pace, resume.after(Duration::from_secs(60)), 10);
        assert!((980..=1_000).contains(&back), "{back}");
    }

    #[test]
    fn requests_that_left_before_the_pause_tell_nothing_new() {
        let mut pace = pace(&["100/1s", "100000/1h"]);
        leave(&mut pace, at(0), 10);
        let first = pace.push_back(told(at(9)), at(10), 0.5);
        assert!(first.rate.is_some());
        for _ in 0..7 {
            assert_eq!(pace.push_back(told(at(9)), at(10), 0.5).rate, None);
        }
        pace.let_in(at(9));
        let again = at(10).after(first.wait);
        let second = pace.push_back(told(again), again, 0.5);
        assert!(second.wait > first.wait, "the second in a row");
    }

    #[test]
    fn a_rate_that_is_far_too_high_is_found_at_once() {
        // 30 are let in at once, the rest is not: a quota that nobody told of.
        let mut pace = pace(&["100000/1s"]);
        let mut now = at(5);
        for _ in 0..30 {
            while let Err(next) = pace.acquire(now) {
                now = next;
            }
        }
        let rate = pace.push_back(told(now), now, 0.5).rate.unwrap();
        assert!(rate < 30.0, "{rate}");
    }
}
