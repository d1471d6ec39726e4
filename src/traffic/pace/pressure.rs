//! What push-backs do to the pace. Pure.
//!
//! A quota that is known is never exceeded, so a push-back tells of one that is not: it is tighter than told, or somebody
//! else uses it too. It tells about a *window*, not about a speed: what the window gave is used up, so nothing leaves until
//! it is over, and then all goes on as before. How long that is the other side says, or the blocks that the quotas may be
//! counted in (`block`).
//!
//! - One that is *stray* changes nothing: requests that left later are let in, or those that come right after the pause, while
//!   the window has not ended. Where such are frequent, so many in a row are waited for as chance would hardly bring.
//! - Where most are let in and many are not, however long it lasts, the *rate* is too high: less is tried for a while, unless
//!   that has just been tried and did not help. The same holds where there are no quotas, so no windows.

use std::time::Duration;

use crate::text::quota::Quota;

use super::block::Block;
use super::{LONGEST_ASKED, Moment, asked_wait, back_off};

/// What is left of a rate that was too much.
const LEFT_OF_RATE: f64 = 0.7;
/// How long it takes to come back to it.
const COME_BACK: Duration = Duration::from_secs(60);
/// Fewer requests than this say nothing about a rate.
const FEW: u32 = 10;
/// Before so many answers nothing is known of chance.
const SOME: u32 = 3;
/// No push-back makes it slower than this, in requests per second.
const SLOWEST: f64 = 1.0 / 60.0;
/// How much one answer counts at least for the share of stray push-backs, and how many are taken for let in before the first.
const ONE_ANSWER: f64 = 0.01;
const BEFORE: f64 = 20.0;
/// Below this share strays are no habit.
const HABIT: f64 = 0.004;
/// As unlikely as this is no chance.
const NO_CHANCE: f64 = 1e-5;
/// So many in a row are no chance, however frequent they are.
const SURELY: f64 = 9.0;
/// One that comes before this part of what is expected of a window is no news before another says the same, unless it asks
/// for longer than chance would.
const EARLY: f64 = 0.6;
const SHORT: Duration = Duration::from_secs(2);
/// From this share on, of so many answers, the rate is too high.
const TOO_MANY: f64 = 0.3;
const MANY: u32 = 200;
/// How long less is not tried again where it did not help.
const NO_HELP: Duration = Duration::from_secs(600);
/// While nothing is let in, probes go out at the ends of the shortest windows, and no more often than at this part of the
/// time that it has lasted.
const PROBES: u32 = 6;
/// The part of what a long window gave last time that is as good as all of it, and that is so where the short one has ended.
const ALL: f64 = 0.99;
const NEARLY: f64 = 0.9;

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
    /// For how long the request that was pushed back waits.
    pub wait: Duration,
    /// Requests per second after that; none for a push-back that tells nothing new.
    pub rate: Option<f64>,
}

/// The pushed-back part of a pace.
#[derive(Debug, Default)]
pub(super) struct Pressure {
    /// The windows that the quotas may be counted in, the shortest first.
    blocks: Vec<Block>,
    /// The other side's clock at our beginning, in unix milliseconds.
    clock: Option<i64>,
    paused_until: Moment,
    episode: Option<Episode>,
    /// Push-backs of which it is open what they mean.
    open: Option<Open>,
    /// The share of answers that are stray push-backs.
    strays: f64,
    /// Answers by now.
    answers: u32,
    /// Answers since the share was last judged, and strays among them.
    judging: (u32, u32),
    /// What was asked for last was too short.
    asked_too_short: bool,
    /// The rate that was too much, and since when less is tried.
    reduced: Option<Reduced>,
    /// Until when less is not tried.
    no_less_until: Moment,
    /// Requests since something was pushed back.
    left: u32,
    counted_from: Moment,
    last_left: Moment,
}

/// From a push-back that tells of a window until a request is let in that left after the pause.
#[derive(Debug)]
struct Episode {
    began: Moment,
    /// When the first and the last that were refused had left.
    first: Moment,
    last: Moment,
    /// How many were refused, and how many let in that left well after the first.
    refused: u32,
    let_in: u32,
    /// How many pauses there were, but for the first.
    probes: u32,
    /// Whether the pause is as long as asked for.
    as_asked: bool,
    /// What each block had let in when it began, and when it was to end: see [`Block::ends`].
    counts: Vec<(u32, Option<(Moment, Moment)>)>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    first: Moment,
    count: u32,
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
    pub(super) fn new(quotas: &[Quota]) -> Self {
        let mut blocks: Vec<Block> = quotas.iter().map(Block::new).collect();
        blocks.sort_by_key(|block| block.length);
        blocks.dedup_by_key(|block| block.length);
        Self { blocks, ..Self::default() }
    }

    /// A request leaves. `allowed` is what the quotas allow, in requests per second.
    pub(super) fn leave(&mut self, now: Moment, allowed: f64) {
        self.left = self.left.saturating_add(1);
        self.last_left = now;
        self.roll(now);
        if self.reduced.is_some_and(|reduced| reduced.at(now) >= allowed) {
            self.reduced = None;
        }
    }

    /// The time between two requests; none while the quotas alone decide.
    pub(super) fn gap(&self, now: Moment) -> Option<Duration> {
        let rate = self.reduced?.at(now);
        Some(Duration::try_from_secs_f64(rate.recip()).unwrap_or(Duration::MAX))
    }

    /// The earliest moment at which the next request may leave; `under_way` have no answer yet.
    pub(super) fn next(&self, now: Moment, under_way: u32) -> Moment {
        let turn = self.gap(now).map_or(now, |gap| self.last_left.after(gap).max(now));
        let turn = turn.max(self.paused_until);
        // While nothing is let in, or it is open whether anything is, one goes at a time.
        let alone = self.episode.is_some() || (self.open.is_some() && self.strays < HABIT);
        let waits = alone && self.paused_until <= now && under_way > 0;
        let full = self.blocks.first().and_then(|block| block.full_until(now, under_way));
        match full.filter(|_| self.episode.is_none()) {
            Some(until) => turn.max(until),
            None if waits => turn.max(now.after(LOOK_AGAIN)),
            None => turn,
        }
    }

    /// How long nothing leaves.
    pub(super) fn paused(&self, now: Moment) -> Option<Duration> {
        (self.paused_until > now).then(|| self.paused_until.since(now))
    }

    fn roll(&mut self, now: Moment) {
        for block in &mut self.blocks {
            block.roll(now, self.clock);
        }
    }

    /// A request that left at `sent_at` has been let in.
    pub(super) fn let_in(&mut self, sent_at: Moment, now: Moment, allowed: f64) {
        self.roll(now);
        self.answers = self.answers.saturating_add(1);
        self.judging.0 += 1;
        self.strays *= 1.0 - self.weight();
        for block in &mut self.blocks {
            block.count = block.count.saturating_add(1);
        }
        match &mut self.episode {
            Some(_) if sent_at >= self.paused_until => self.end_episode(sent_at, now, allowed),
            Some(episode) if sent_at > episode.middle() && episode.probes == 0 => {
                episode.let_in += 1;
                if episode.let_in >= episode.refused {
                    let refused = episode.refused;
                    self.episode = None;
                    self.paused_until = now;
                    self.were_stray(refused, now, allowed);
                }
            }
            Some(_) => {}
            None => {
                if let Some(open) = self.open.take_if(|open| sent_at > open.first) {
                    self.were_stray(open.count, now, allowed);
                }
            }
        }
    }

    /// Push-backs have said nothing about a window.
    fn were_stray(&mut self, count: u32, now: Moment, allowed: f64) {
        for _ in 0..count {
            self.answers = self.answers.saturating_add(1);
            self.strays += self.weight() * (1.0 - self.strays);
        }
        for block in &mut self.blocks {
            block.was_not_spent();
        }
        self.judging = (self.judging.0 + count, self.judging.1 + count);
        let (answers, strays) = self.judging;
        if answers < MANY {
            return;
        }
        self.judging = (0, 0);
        let is_too_fast = f64::from(strays) >= f64::from(answers) * TOO_MANY;
        match self.reduced {
            _ if !is_too_fast || now < self.no_less_until => {}
            None => self.reduced = Some(Reduced { rate: allowed, since: now }),
            Some(_) => {
                self.no_less_until = now.after(NO_HELP);
                self.reduced = None;
            }
        }
    }

    fn weight(&self) -> f64 {
        (f64::from(self.answers) + BEFORE).recip().max(ONE_ANSWER)
    }

    /// A request that left after the pause was let in.
    fn end_episode(&mut self, sent_at: Moment, now: Moment, allowed: f64) {
        let Some(episode) = self.episode.take() else { return };
        let first_end = episode.counts.first().and_then(|(_, end)| *end);
        let was_early = first_end.is_some_and(|(early, _)| sent_at < early);
        if episode.as_asked && was_early {
            return self.were_stray(episode.refused, now, allowed);
        }
        let at_once = !episode.outlasted(&self.blocks, now);
        for (at, (block, (count, end))) in self.blocks.iter_mut().zip(&episode.counts).enumerate() {
            let is_over = end.is_some_and(|(_, end)| end <= now);
            if at == 0 {
                block.learn_edge(episode.last, now);
                if at_once && !episode.as_asked {
                    block.judge_clock(episode.probes == 0);
                }
            }
            // A pause that chance asks for may well end with a window that had more to give.
            let says_nothing = episode.as_asked && block.part(*count) < EARLY;
            match if at == 0 { at_once } else { !at_once && is_over } {
                true if at == 0 && says_nothing => block.was_perhaps_spent(*count),
                true => block.was_spent(*count),
                false => {}
            }
            if at == 0 || is_over {
                block.begin(now, self.clock);
                block.count = 1;
            }
        }
    }

    /// So many push-backs in a row are no chance.
    fn enough(&self, asked: Option<Duration>) -> u32 {
        let usual = match self.strays < HABIT {
            true => 1,
            false => (NO_CHANCE.ln() / self.strays.ln()).ceil().clamp(1.0, SURELY) as u32,
        };
        let is_early = self.answers >= SOME
            && asked.is_none_or(|asked| asked <= SHORT)
            && self.blocks.first().is_some_and(|block| block.given() < EARLY)
            && !self.blocks.iter().any(|block| block.gives.is_some() && block.given() >= NEARLY);
        usual.max(1 + u32::from(is_early))
    }

    /// Takes a push-back in. `allowed` is as for [`leave`](Self::leave).
    pub(super) fn pushed_back(
        &mut self,
        push_back: PushBack,
        allowed: f64,
        now: Moment,
        chance: f64,
    ) -> Slowdown {
        self.hear_clock(push_back.clock, now);
        self.roll(now);
        let asked = push_back.asked.filter(|asked| !asked.is_zero()).map(asked_wait);
        let sent_at = push_back.sent_at;
        let mut is_new = false;
        match &mut self.episode {
            Some(episode) if sent_at < self.paused_until => {
                episode.refused += 1;
                episode.last = episode.last.max(sent_at);
                let until = now.after(asked.filter(|_| episode.as_asked).unwrap_or_default());
                self.paused_until = self.paused_until.max(until);
                return Slowdown { wait: self.paused_until.since(now), rate: None };
            }
            Some(episode) => {
                episode.probes += 1;
                episode.last = episode.last.max(sent_at);
                self.asked_too_short |= std::mem::take(&mut episode.as_asked);
            }
            None => {
                let mut open = self.open.unwrap_or(Open { first: sent_at, count: 0 });
                open.count += 1;
                if open.count < self.enough(asked) {
                    self.open = Some(open);
                    let wait = asked.unwrap_or_else(|| back_off(1, chance));
                    return Slowdown { wait, rate: None };
                }
                self.open = None;
                self.begin_episode(open, now);
                is_new = true;
            }
        }
        let resume = self.resume_at(asked, now, chance);
        self.paused_until = self.paused_until.max(resume);
        if is_new && self.blocks.is_empty() {
            self.reduce(allowed, now);
        }
        let rate = self.reduced.map_or(allowed, |reduced| reduced.at(resume).min(allowed));
        Slowdown { wait: self.paused_until.since(now), rate: is_new.then_some(rate) }
    }

    fn begin_episode(&mut self, open: Open, now: Moment) {
        let ends = |block: &Block| (block.count, block.ends(now, self.clock));
        let counts = self.blocks.iter().map(ends).collect();
        self.episode = Some(Episode {
            began: now,
            first: open.first,
            last: open.first,
            refused: open.count,
            let_in: 0,
            probes: 0,
            as_asked: false,
            counts,
        });
    }

    /// No window explains the push-back: less than what was too much.
    fn reduce(&mut self, allowed: f64, now: Moment) {
        let tried = self.reduced.map_or(allowed, |reduced| reduced.at(now).min(allowed));
        let elapsed = now.since(self.counted_from).max(Duration::from_secs(1)).as_secs_f64();
        let seen = f64::from(self.left) / elapsed;
        let too_much = if self.left < FEW { tried } else { tried.min(seen) };
        self.reduced = Some(Reduced { rate: too_much.max(SLOWEST), since: self.paused_until });
        self.counted_from = self.paused_until;
        self.left = 0;
    }

    /// The other side tells whole seconds, so of several tellings the latest is the nearest, unless its clock was set.
    pub(super) fn hear_clock(&mut self, clock: Option<i64>, now: Moment) {
        let elapsed = i64::try_from(now.0.as_millis()).unwrap_or(i64::MAX);
        let Some(told) = clock.map(|clock| clock.saturating_sub(elapsed)) else { return };
        let known = self.clock.filter(|known| known.saturating_sub(told) < 2_000);
        self.clock = Some(known.map_or(told, |known| known.max(told)));
    }

    /// When to try again.
    fn resume_at(&mut self, asked: Option<Duration>, now: Moment, chance: f64) -> Moment {
        let Some(episode) = &mut self.episode else { return now };
        let probes = episode.probes;
        if let Some(asked) = asked.filter(|_| probes == 0 && !self.asked_too_short) {
            episode.as_asked = true;
            return now.after(asked);
        }
        let asked = now.after(asked.unwrap_or_default());
        let (Some(first), Some(longest)) = (self.blocks.first(), self.blocks.last()) else {
            return now.after(back_off(probes + 1, chance)).max(asked);
        };
        // A long window that has given what it gave last time.
        let part = if probes == 0 { ALL } else { NEARLY };
        let spent =
            self.blocks.iter().zip(&episode.counts).skip(1).rev().find(|(block, counts)| {
                let gives = block.gives.map(|gives| f64::from(gives) * part);
                gives.is_some_and(|gives| f64::from(counts.0) >= gives)
            });
        let lasted = now.since(episode.began);
        if let Some((_, end)) = spent.and_then(|(_, counts)| counts.1).filter(|(_, end)| *end > now)
        {
            return end.max(asked);
        }
        let rare = now.after(if lasted > first.length { lasted / PROBES } else { Duration::ZERO });
        let until = match (first.ends(rare, self.clock), probes) {
            (Some((early, _)), 0) => early,
            (Some((_, sure)), _) => sure,
            (None, 0) => now.after(first.length / 2),
            (None, 1) => episode.began.after(first.length).max(now.after(first.length / 4)),
            (None, _) => rare.max(now.after(first.length)),
        };
        let end = longest.ends(now, self.clock).map(|(_, sure)| sure);
        let until = end.map_or(until, |end| until.min(end)).max(asked);
        until.min(now.after(LONGEST_ASKED))
    }
}

impl Episode {
    /// Halfway between the departure of the first and its answer: what left later arrived later, or soon after.
    fn middle(&self) -> Moment {
        self.first.after(self.began.since(self.first) / 2)
    }

    /// Whether it has outlasted the shortest block in which it began.
    fn outlasted(&self, blocks: &[Block], now: Moment) -> bool {
        let length = blocks.first().map(|block| block.length).unwrap_or_default();
        now.since(self.began) > length + length / 2
    }
}

/// How soon to look again whether an answer has come, where nothing else tells.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

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
        let clock = CLOCK + i64::try_from(sent_at.0.as_millis()).unwrap();
        PushBack { sent_at, asked: None, clock: Some(clock) }
    }

    /// Requests that leave within so many seconds, and are let in at once.
    fn leave(pace: &mut Pace, from: Moment, seconds: u64) -> usize {
        let (mut now, end) = (from, from.after(Duration::from_secs(seconds)));
        let mut left = 0;
        while now < end {
            match pace.acquire(now) {
                Ok(()) => {
                    left += 1;
                    pace.answered(now);
                    pace.let_in(now, now);
                }
                Err(next) => now = next,
            }
        }
        left
    }

    #[test]
    fn without_a_word_the_pause_lasts_to_the_end_of_the_window_and_longer_in_the_end() {
        let mut pace = pace(&["30/10s", "9000/1h"]);
        let mut now = at(0);
        let waits = (0..15).map(|_| {
            let slowdown = pace.push_back(told(now), now, 0.5);
            assert_eq!(pace.acquire(now), Err(now.after(slowdown.wait)));
            now = now.after(slowdown.wait);
            slowdown.wait.as_secs_f64().round() as u64
        });
        // Seven seconds are left of the ten.
        let expected = [7, 10, 10, 10, 10, 10, 10, 20, 20, 20, 30, 30, 40, 40, 50];
        assert_eq!(waits.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_asked_for_is_kept_and_an_unknown_clock_is_found_out() {
        let mut known = pace(&["30/10s"]);
        let asked = PushBack { asked: Some(Duration::from_secs(4)), ..told(at(0)) };
        assert_eq!(known.push_back(asked, at(0), 0.5).wait.as_secs(), 4);
        let unknown = |now| PushBack { clock: None, ..told(now) };
        let mut pace = pace(&["30/10s"]);
        assert_eq!(pace.push_back(unknown(at(0)), at(0), 0.5).wait.as_secs(), 5);
        assert_eq!(pace.push_back(unknown(at(5)), at(5), 0.5).wait.as_secs(), 5);
        // It has ended between five and ten: the next is looked for in the middle of that.
        pace.let_in(at(10), at(10));
        assert_eq!(pace.push_back(unknown(at(12)), at(12), 0.5).wait.as_millis(), 5_500);
    }

    #[test]
    fn nothing_to_wait_for_is_not_taken_for_a_word() {
        let mut pace = pace(&["30/10s"]);
        let nothing = PushBack { asked: Some(Duration::ZERO), ..told(at(0)) };
        assert_eq!(pace.push_back(nothing, at(0), 0.5).wait.as_secs(), 7);
    }

    #[test]
    fn after_a_window_that_is_spent_all_goes_on_as_before() {
        let mut pace = pace(&["30/10s"]);
        let slowdown = pace.push_back(told(at(0)), at(0), 0.5);
        assert!(slowdown.rate.is_some_and(|rate| (rate - 3.0).abs() < 0.001), "{slowdown:?}");
        let left = leave(&mut pace, at(7), 20);
        assert!((58..=62).contains(&left), "{left}");
    }

    #[test]
    fn without_windows_it_goes_on_below_what_was_too_much_and_comes_back() {
        let mut pace = Pace::new(&[]);
        let mut now = at(100);
        for _ in 0..1_000 {
            assert_eq!(pace.acquire(now), Ok(()));
            pace.answered(now);
            now = now.after(Duration::from_millis(10));
        }
        let rate = pace.push_back(told(now), now, 0.5).rate.unwrap();
        assert!((1.0..70.0).contains(&rate), "{rate}");
        // Probes that are refused do not make it less.
        let later = now.after(Duration::from_secs(1));
        assert_eq!(pace.push_back(told(later), later, 0.5).rate, None);
    }

    #[test]
    fn requests_that_left_before_the_pause_tell_nothing_new() {
        let mut pace = pace(&["100/1s", "100000/1h"]);
        leave(&mut pace, at(0), 10);
        assert!(pace.push_back(told(at(9)), at(10), 0.5).rate.is_some());
        for _ in 0..7 {
            assert_eq!(pace.push_back(told(at(9)), at(10), 0.5).rate, None);
        }
    }

    #[test]
    fn one_that_is_let_in_though_it_left_later_ends_the_pause() {
        let mut pace = pace(&["1000/1s"]);
        let (first, later) = (at(5), Moment(Duration::from_millis(5_090)));
        let now = Moment(Duration::from_millis(5_100));
        let asked = PushBack { asked: Some(Duration::from_secs(1)), ..told(first) };
        let slowdown = pace.push_back(asked, now, 0.5);
        assert_eq!(slowdown.wait.as_secs(), 1, "its row waits");
        assert!(pace.acquire(now).is_err());
        let now = Moment(Duration::from_millis(5_150));
        pace.let_in(later, now);
        assert_eq!(pace.acquire(now), Ok(()));
    }
}
