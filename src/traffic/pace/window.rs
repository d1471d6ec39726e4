//! One quota, counted as whoever keeps it may count it. Not the spacing of requests, nor what push-backs do.
//!
//! A request may arrive at any moment between its departure and its answer, so it counts from the one until a window after
//! the other. Of two requests of which the later left after that, no window holds both, wherever it is laid and however long
//! each was on its way: so when as many count as the quota allows, none leaves.

use std::collections::VecDeque;
use std::time::Duration;

use crate::text::quota::Quota;

use super::Moment;

/// From so many on, answers that come close together count as one, until the last of them is over.
const FINE: usize = 1_024;
/// Close is this part of a window.
const CLOSE: u32 = 1_024;
/// A window that is counted in milliseconds may hold both its ends.
const GRAIN: Duration = Duration::from_millis(1);

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
}

#[derive(Debug, Clone, Copy)]
struct Group {
    began: Moment,
    until: Moment,
    count: u32,
}

impl Window {
    pub(super) fn new(quota: &Quota) -> Self {
        Self {
            most: quota.requests.get(),
            lasts: quota.window + GRAIN.min(quota.window / 1_000),
            close: quota.window / CLOSE,
            answered: VecDeque::new(),
            count: 0,
        }
    }

    /// The earliest moment, from `now` on, at which one more request may leave. While all that count are under way, that
    /// is not before one is answered, which somebody will tell; then there is nothing to be done before a window is over.
    pub(super) fn next(&self, now: Moment, under_way: u32) -> Moment {
        let mut count = self.count.saturating_add(under_way);
        let mut next = now;
        for group in &self.answered {
            if group.until > now && count < self.most {
                break;
            }
            count -= group.count;
            next = next.max(group.until);
        }
        if count < self.most { next } else { now.after(self.lasts) }
    }

    /// How many requests may leave now.
    pub(super) fn free(&self, now: Moment, under_way: u32) -> u32 {
        let over = self.answered.iter().take_while(|group| group.until <= now);
        let over: u32 = over.map(|group| group.count).sum();
        self.most.saturating_sub((self.count - over).saturating_add(under_way))
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
