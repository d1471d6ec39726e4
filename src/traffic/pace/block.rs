//! What one window of the other side's clock gives to us. Not the keeping of our own quota (`window`), nor what a push-back
//! means (`pressure`).
//!
//! The windows that a server counts in are blocks of time, one after the other. Where one ends is known from its clock; where
//! that is not known, or they do not go by it, from when requests were refused and let in again: the edge lies in between, and is
//! found by halving.

use std::time::Duration;

use crate::text::quota::Quota;

use super::Moment;

/// So many ends by the clock at which nothing was let in say that blocks do not go by it.
const DISTRUST: u32 = 2;
/// An edge that is known to this part of a block is known.
const FINE: u32 = 20;
/// Beyond what the last block gave, one more may be under way for so many that were let in.
const CAREFUL: u32 = 4;

/// So many that gave about the same are no chance.
const NO_CHANCE: u32 = 3;
/// Fewer than this are as easily chance.
const FEW: u32 = 10;

#[derive(Debug)]
pub(super) struct Block {
    pub(super) length: Duration,
    most: u32,
    /// When the present one ends, if that is known.
    until: Option<Moment>,
    /// Own requests that it has let in.
    pub(super) count: u32,
    /// How many one lets in, if that is fewer than the quota says.
    pub(super) gives: Option<u32>,
    /// Whether the one before gave about as many.
    is_usual: bool,
    /// What the last ones gave by the word of the other side, which may have been chance, and how many were about alike.
    perhaps: Option<(u32, u32)>,
    /// An edge lies after the first and no later than the second.
    edge: Option<(Moment, Moment)>,
    /// How often in a row it had not ended when the clock said so.
    distrust: u32,
}

impl Block {
    pub(super) fn new(quota: &Quota) -> Self {
        let (length, most) = (quota.window, quota.requests.get());
        Self {
            length,
            most,
            until: None,
            count: 0,
            gives: None,
            is_usual: false,
            perhaps: None,
            edge: None,
            distrust: 0,
        }
    }

    /// When the present block ends: a moment at which that may be found out, and one at which it surely has. `clock` is the
    /// other side's at our beginning, in unix milliseconds.
    pub(super) fn ends(&self, now: Moment, clock: Option<i64>) -> Option<(Moment, Moment)> {
        if let Some(clock) = clock.filter(|_| self.distrust < DISTRUST) {
            let elapsed = i64::try_from(now.0.as_millis()).unwrap_or(i64::MAX);
            let length = i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX).max(1);
            let left = length - clock.saturating_add(elapsed).rem_euclid(length);
            let end = now.after(Duration::from_millis(left.unsigned_abs()));
            return Some((end, end));
        }
        let (from, to) = self.edge?;
        let sure = self.next_after(to, now);
        let wide = to.since(from);
        let middle = Moment(sure.0.saturating_sub(wide / 2));
        match wide > self.length / FINE && middle > now {
            true => Some((middle, sure)),
            false => Some((sure, sure)),
        }
    }

    /// A moment of every block, the first after `now`.
    fn next_after(&self, moment: Moment, now: Moment) -> Moment {
        let length = self.length.as_nanos().max(1);
        match now.0.checked_sub(moment.0) {
            None => moment,
            Some(passed) => {
                let blocks = u32::try_from(passed.as_nanos() / length + 1).unwrap_or(u32::MAX);
                moment.after(self.length.saturating_mul(blocks))
            }
        }
    }

    /// Goes on to the block of this moment.
    pub(super) fn roll(&mut self, now: Moment, clock: Option<i64>) {
        if self.until.is_some_and(|until| until > now) {
            return;
        }
        if self.until.is_some() {
            // It gave that much, and has not said no.
            let gives = self.gives.map(|gives| gives.max(self.count));
            self.gives = gives.filter(|gives| *gives < self.most);
            self.count = 0;
        }
        self.until = self.ends(now, clock).map(|(_, sure)| sure);
    }

    /// A block has begun that lets requests in again, of which `now` one has been answered.
    pub(super) fn begin(&mut self, now: Moment, clock: Option<i64>) {
        self.count = 0;
        self.until = self.ends(now, clock).map(|(_, sure)| sure);
    }

    /// Whether it had ended when the clock said so.
    pub(super) fn judge_clock(&mut self, had_ended: bool) {
        self.distrust = if had_ended { 0 } else { self.distrust + 1 };
    }

    /// Requests were refused until after `refused`, and let in by `let_in`: in between a block ended.
    pub(super) fn learn_edge(&mut self, refused: Moment, let_in: Moment) {
        let learnt = self.edge.map(|(from, to)| {
            let (to, wide) = (self.next_after(to, refused), to.since(from));
            let from = Moment(to.0.saturating_sub(wide));
            (from.max(refused), to.min(let_in))
        });
        self.edge = learnt.filter(|(from, to)| from < to).or(Some((refused, let_in)));
    }

    /// It had let in so many when it was spent.
    pub(super) fn was_spent(&mut self, count: u32) {
        let alike = |gives: u32| gives.abs_diff(count) <= gives / 4;
        self.is_usual = count >= FEW && self.gives.is_some_and(alike);
        self.gives = Some(count);
    }

    /// It may have let in so many when it was spent, or was not spent: so few that it may be chance, which is not alike time and
    /// again.
    pub(super) fn was_perhaps_spent(&mut self, count: u32) {
        let alike = |other: u32| other.abs_diff(count) <= other / 4;
        let times = match self.perhaps {
            Some((other, times)) if alike(other) => times + 1,
            _ => 1,
        };
        self.perhaps = Some((count, times)).filter(|_| count >= FEW);
        if count >= FEW && times >= NO_CHANCE {
            self.was_spent(count);
        }
    }

    /// Push-backs were chance.
    pub(super) fn was_not_spent(&mut self) {
        (self.gives, self.perhaps) = (None, None);
    }

    /// How many it has let in, as a part of what is expected of it: what the last ones gave if they gave about the same.
    pub(super) fn given(&self) -> f64 {
        self.part(self.count)
    }

    /// So many, as a part of what is expected of it.
    pub(super) fn part(&self, count: u32) -> f64 {
        let gives = self.gives.filter(|_| self.is_usual).unwrap_or(self.most);
        f64::from(count) / f64::from(gives.max(1))
    }

    /// Until when no more may leave, where it has given all that the last one gave: then they go one by one, and ever more
    /// at once as they are let in.
    pub(super) fn full_until(&self, now: Moment, under_way: u32) -> Option<Moment> {
        let until = self.until.filter(|until| *until > now)?;
        let gives = self.gives?;
        let careful = 1 + self.count.saturating_sub(gives) / CAREFUL;
        let is_full = self.count.saturating_add(under_way) >= gives && under_way >= careful;
        is_full.then_some(until)
    }
}
