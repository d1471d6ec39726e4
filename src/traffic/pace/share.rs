//! What this run may do of the pace that it shares with others: how many requests may leave before it has to say again how it
//! stands, and when it does. What others do is for `register`, that their requests count for `window`.

use std::time::Duration;

use crate::text::quota::Quota;

use super::register::LEASE;
use super::{EndedRequests, Moment};

/// How often a run comes that holds permits or has something to tell.
const BEAT: Duration = Duration::from_millis(500);
/// Where others are there it is this part of the shortest window, but no more often than that;
const BEATS: u32 = 20;
const SHORTEST_BEAT: Duration = Duration::from_millis(20);
/// likewise where it waits for others.
const ASKS: u32 = 100;
const SHORTEST_WAIT: Duration = Duration::from_millis(5);
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// See the module's text.
#[derive(Debug)]
pub(super) struct Share {
    /// The shortest window of the quotas.
    shortest: Duration,
    /// Whether it only says what it does, and heeds nobody.
    only_tells: bool,
    permits: u32,
    /// Until when they are good.
    until: Moment,
    /// When it came last; none before it has come.
    came: Option<Moment>,
    /// Whether it has come and not been answered yet. Nothing leaves then: what it has said holds.
    is_asking: bool,
    /// How many other runs are there.
    other_runs: u32,
    /// Whether there were no permits for it.
    was_refused: bool,
    /// Requests that have ended since it came.
    ended: Vec<(Moment, u32)>,
}

impl Share {
    /// None where there are no quotas, so nothing to share.
    pub(super) fn new(quotas: &[Quota]) -> Option<Self> {
        let shortest = quotas.iter().map(|quota| quota.window).min()?;
        Some(Self {
            shortest,
            only_tells: false,
            permits: 0,
            until: Moment::default(),
            came: None,
            is_asking: false,
            other_runs: 0,
            was_refused: false,
            ended: Vec::new(),
        })
    }

    /// One that goes by its own pace, and lets others know what it sends.
    pub(super) fn telling(quotas: &[Quota]) -> Option<Self> {
        Self::new(quotas).map(|share| Self { only_tells: true, ..share })
    }

    pub(super) fn only_tells(&self) -> bool {
        self.only_tells
    }

    /// The earliest moment at which a request may leave, as far as that is known before it comes again.
    pub(super) fn next(&self, now: Moment) -> Moment {
        if self.only_tells {
            return now;
        }
        match self.permits(now) {
            0 if self.is_asking || !self.was_refused => now.after(SHORTEST_WAIT),
            0 => self.came.unwrap_or(now).after(self.wait()).max(now.after(SHORTEST_WAIT)),
            _ => now,
        }
    }

    /// How many requests may leave now.
    pub(super) fn permits(&self, now: Moment) -> u32 {
        match self.only_tells {
            true => u32::MAX,
            false if self.is_asking || now >= self.until => 0,
            false => self.permits,
        }
    }

    pub(super) fn left(&mut self) {
        self.permits = self.permits.saturating_sub(1);
    }

    pub(super) fn ended(&mut self, now: Moment) {
        match self.ended.last_mut() {
            // A register counts in milliseconds.
            Some((at, count)) if at.0.as_millis() == now.0.as_millis() => {
                (*at, *count) = (now, count.saturating_add(1));
            }
            _ => self.ended.push((now, 1)),
        }
    }

    /// When it is to come next; none while there is no need.
    pub(super) fn comes_at(&self, now: Moment, wants: bool, under_way: u32) -> Option<Moment> {
        if self.is_asking {
            return None;
        }
        let Some(came) = self.came else { return wants.then_some(now) };
        let holds =
            (self.permits > 0 && !self.only_tells) || under_way > 0 || !self.ended.is_empty();
        let beat = holds.then(|| came.after(self.beat()));
        let asks = (wants && self.permits(now) == 0).then(|| match self.was_refused {
            true => came.after(self.wait()),
            false => now,
        });
        beat.into_iter().chain(asks).min().map(|at| at.max(now))
    }

    /// It comes now: what has ended since it came last.
    pub(super) fn comes(&mut self, now: Moment) -> Vec<EndedRequests> {
        (self.came, self.is_asking) = (Some(now), true);
        let ended = std::mem::take(&mut self.ended).into_iter();
        ended.map(|(at, count)| EndedRequests { ago: now.since(at), count }).collect()
    }

    /// How many other runs are there.
    pub(super) fn other_runs(&self) -> u32 {
        self.other_runs
    }

    /// Whether it has never been answered.
    pub(super) fn is_new(&self) -> bool {
        self.until == Moment::default()
    }

    /// It has been answered.
    pub(super) fn hears(&mut self, permits: u32, other_runs: u32) {
        self.is_asking = false;
        self.permits = permits;
        self.other_runs = other_runs;
        self.was_refused = permits == 0;
        self.until = self.came.unwrap_or_default().after(LEASE);
    }

    fn beat(&self) -> Duration {
        match self.other_runs > 0 {
            true => (self.shortest / BEATS).clamp(SHORTEST_BEAT, BEAT),
            false => BEAT,
        }
    }

    fn wait(&self) -> Duration {
        (self.shortest / ASKS).clamp(SHORTEST_WAIT, LONGEST_WAIT)
    }
}
