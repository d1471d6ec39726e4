//! One quota, counted as whoever keeps it may count it. Not the spacing of requests, nor what push-backs do.
//!
//! A request may arrive at any moment between its departure and its answer, so it counts from the one until a window after
//! the other. Of two requests of which the later left after that, no window holds both, wherever it is laid and however long
//! each was on its way: so when as many count as the quota allows, none leaves.

use std::collections::VecDeque;
use std::time::Duration;

use crate::text::quota::Quota;

use super::{EndedRequests, Moment};

/// From so many on, answers that come close together count as one, until the last of them is over.
const FINE: usize = 1_024;
/// Close is this part of a window.
const CLOSE: u32 = 1_024;
/// A window that is counted in milliseconds may hold both its ends.
const GRAIN: Duration = Duration::from_millis(1);

/// The one of two groups that is over first.
fn earliest<'g>(one: Option<&'g Group>, other: Option<&'g Group>) -> Option<&'g Group> {
    match (one, other) {
        (Some(one), Some(other)) if other.until < one.until => Some(other),
        (one, other) => one.or(other),
    }
}

/// How many of these do not count any more.
fn over(groups: &VecDeque<Group>, now: Moment) -> u32 {
    groups.iter().take_while(|group| group.until <= now).map(|group| group.count).sum()
}

/// The requests that count for one quota. Those under way are counted by whoever asks, for all quotas alike.
#[derive(Debug)]
pub(super) struct Window {
    most: u32,
    /// How long a request counts after its answer.
    lasts: Duration,
    close: Duration,
    answered: VecDeque<Group>,
    /// How many there are in all groups.
    count: u32,
    others: Others,
}

/// Requests of other runs, as of when this one last heard of them.
#[derive(Debug)]
struct Others {
    /// The most of all runs together.
    most: u32,
    answered: VecDeque<Group>,
    count: u32,
    /// How many may be under way at any time.
    reserved: u32,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    began: Moment,
    until: Moment,
    count: u32,
}

impl Window {
    pub(super) fn new(quota: &Quota) -> Self {
        let most = quota.requests.get();
        Self {
            most,
            lasts: quota.window + GRAIN.min(quota.window / 1_000),
            close: quota.window / CLOSE,
            answered: VecDeque::new(),
            count: 0,
            others: Others { most, answered: VecDeque::new(), count: 0, reserved: 0 },
        }
    }

    /// A window of others, which this run's requests by now count for, too, as far as `known` knows of them.
    pub(super) fn of_others(window: Duration, known: &Self) -> Self {
        let lasts = window + GRAIN.min(window / 1_000);
        let groups = known.answered.iter().map(|group| {
            let until = Moment((group.until.0 + lasts).saturating_sub(known.lasts));
            Group { began: until, until, count: group.count }
        });
        Self {
            most: u32::MAX,
            lasts,
            close: window / CLOSE,
            answered: groups.collect(),
            count: known.count,
            others: Others { most: 0, answered: VecDeque::new(), count: 0, reserved: 0 },
        }
    }

    /// The earliest moment, from `now` on, at which one more request may leave. While all that count are under way, that
    /// is not before one is answered, which somebody will tell; then there is nothing to be done before a window is over.
    pub(super) fn next(&self, now: Moment, under_way: u32) -> Moment {
        let mut own = self.count.saturating_add(under_way);
        let mut all = own.saturating_add(self.others.count).saturating_add(self.others.reserved);
        let is_full = |own, all| own >= self.most || all >= self.others.most;
        let mut next = now;
        let (mut answered, mut others) = (self.answered.iter(), self.others.answered.iter());
        let (mut first, mut other) = (answered.next(), others.next());
        while let Some(group) = earliest(first, other) {
            if group.until > now && !is_full(own, all) {
                break;
            }
            all -= group.count;
            if first.is_some_and(|first| std::ptr::eq(first, group)) {
                own -= group.count;
                first = answered.next();
            } else {
                other = others.next();
            }
            next = next.max(group.until);
        }
        if is_full(own, all) { now.after(self.lasts) } else { next }
    }

    /// How many requests may leave now.
    pub(super) fn free(&self, now: Moment, under_way: u32) -> u32 {
        let own = self.counts(now).saturating_add(under_way);
        let others = self.others.count - over(&self.others.answered, now);
        let all = own.saturating_add(others).saturating_add(self.others.reserved);
        self.most.saturating_sub(own).min(self.others.most.saturating_sub(all))
    }

    /// How many requests of its own count that have been answered.
    pub(super) fn counts(&self, now: Moment) -> u32 {
        self.count - over(&self.answered, now)
    }

    /// What is known of others: requests that have ended, how many may be under way, and the most of all together.
    pub(super) fn hear(&mut self, now: Moment, ended: &[EndedRequests], reserved: u32, most: u32) {
        let counting = ended.iter().filter(|earlier| earlier.ago < self.lasts);
        let mut answered: Vec<Group> = counting
            .map(|earlier| {
                let until = now.after(self.lasts.saturating_sub(earlier.ago));
                Group { began: until, until, count: earlier.count }
            })
            .collect();
        answered.sort_unstable_by_key(|group| group.until);
        let mut count: u32 = 0;
        for group in &mut answered {
            // No more than can be counted, whatever was written.
            group.count = group.count.min(u32::MAX / 4 - count);
            count += group.count;
        }
        self.others =
            Others { most, answered: answered.into(), count, reserved: reserved.min(u32::MAX / 4) };
    }

    /// Forgets requests of an earlier run, which others have told of, too.
    pub(super) fn forget_all(&mut self) {
        self.answered.clear();
        self.count = 0;
    }

    /// So many requests have been answered now, or nobody waits for their answers any more.
    pub(super) fn answered(&mut self, count: u32, now: Moment) {
        self.forget(now);
        self.count = self.count.saturating_add(count);
        let until = now.after(self.lasts);
        match self.answered.back_mut() {
            Some(group) if group.until >= until => group.count += count,
            Some(group) if self.count as usize > FINE && now.since(group.began) < self.close => {
                group.count += count;
                group.until = until;
            }
            _ => self.answered.push_back(Group { began: now, until, count }),
        }
    }

    /// So many requests of an earlier run count until then.
    pub(super) fn count_until(&mut self, count: u32, until: Moment) {
        let at = self.answered.partition_point(|group| group.until <= until);
        self.answered.insert(at, Group { began: until, until, count });
        self.count = self.count.saturating_add(count);
    }

    /// How many the quota allows.
    pub(super) fn most(&self) -> u32 {
        self.most
    }

    /// How long a request counts after its answer.
    pub(super) fn lasts(&self) -> Duration {
        self.lasts
    }

    /// How many groups are remembered.
    #[cfg(test)]
    pub(super) fn groups(&self) -> usize {
        self.answered.len()
    }

    fn forget(&mut self, now: Moment) {
        while let Some(group) = self.answered.front().filter(|group| group.until <= now) {
            self.count -= group.count;
            self.answered.pop_front();
        }
    }
}
