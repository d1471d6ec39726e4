//! Whether the other side is out of reach as a whole, or lets nobody in. Pure.
//!
//! When nothing but failures has come back for a while, or a fresh token is refused where others have served, no row is to
//! blame: the run stops starting, sends one request at a time at growing intervals, and goes on when one is answered.

use std::time::Duration;

use crate::traffic::pace::{Moment, back_off};

/// So many failures in a row, across all lanes, are an outage.
const FAILURES: u32 = 10;
/// The shortest wait between two probes.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// The longest is this, or this part of the time that the outage has lasted.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const PART: u32 = 8;
/// Before that there is a probe in every window of the quotas, so that none is lost when the outage ends.
const EVERY_WINDOW: Duration = Duration::from_secs(120);

/// How long the other side has been out of reach.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    failures: u32,
    /// When the first of them left, or when the last answer came, if that was later.
    failing_since: Option<Moment>,
    answered_at: Moment,
    since: Option<Moment>,
    /// When that became known: probes are spaced by the time since.
    known_at: Moment,
    probes: u32,
    next_probe: Moment,
    /// Whether it answers, and accepts no token.
    of_access: bool,
    /// The shortest window of the quotas, if there are any.
    window: Option<Duration>,
}

/// What a failure, or the refusal of a token, changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum AfterFailure {
    OutageBegan,
    /// There is no outage yet, or it goes on.
    NothingChanged,
}

/// What an answer changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum AfterAnswer {
    OutageEnded,
    /// There was no outage.
    NothingChanged,
}

impl Outage {
    /// `window` is the shortest of the quotas.
    pub(crate) fn new(window: Option<Duration>) -> Self {
        Self { window, ..Self::default() }
    }

    /// Whether there is one.
    pub(crate) fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// Whether the other side answers, and accepts no token.
    pub(crate) fn is_of_access(&self) -> bool {
        self.of_access
    }

    /// Since when there has been one.
    pub(crate) fn since(&self) -> Option<Moment> {
        self.since
    }

    /// A request that has failed left at that moment: an outage lasts from there on.
    pub(crate) fn failing_since(&mut self, sent_at: Moment) {
        self.failing_since.get_or_insert(sent_at.max(self.answered_at));
    }

    /// An answer has come, whatever it said.
    pub(crate) fn answered(&mut self, now: Moment) -> AfterAnswer {
        let after = Self { answered_at: now, window: self.window, ..Self::default() };
        let before = std::mem::replace(self, after);
        match before.is_on() {
            true => AfterAnswer::OutageEnded,
            false => AfterAnswer::NothingChanged,
        }
    }

    /// No answer has come, or one that says "not now".
    pub(crate) fn failed(&mut self, now: Moment, chance: f64) -> AfterFailure {
        self.failures += 1;
        match self.is_on() || self.failures >= FAILURES {
            true => self.put_off(now, chance),
            false => AfterFailure::NothingChanged,
        }
    }

    /// Whatever is asked for next would fare no better: the answer leads elsewhere, or nobody is there.
    pub(crate) fn begins(&mut self, now: Moment, chance: f64) -> AfterFailure {
        self.failures += 1;
        self.put_off(now, chance)
    }

    /// A fresh token was refused where others have served.
    pub(crate) fn refused(&mut self, now: Moment, chance: f64) -> AfterFailure {
        self.of_access = true;
        self.put_off(now, chance)
    }

    /// Puts the next probe off, in an outage that begins now unless it is on.
    fn put_off(&mut self, now: Moment, chance: f64) -> AfterFailure {
        self.probes += 1;
        let lasted = self.since.map(|_| now.since(self.known_at)).unwrap_or_default();
        let longest = match self.window {
            // Not where tokens are refused: who asks for them too often is locked out.
            Some(window) if lasted < EVERY_WINDOW && !self.of_access => {
                (window / 2).max(SHORTEST_WAIT / 2)
            }
            _ => Duration::MAX,
        };
        let longest = longest.min((lasted / PART).max(LONGEST_WAIT));
        let wait = back_off(self.probes, chance).max(SHORTEST_WAIT).min(longest);
        self.next_probe = now.after(wait);
        match self.since {
            Some(_) => AfterFailure::NothingChanged,
            None => {
                self.since = Some(self.failing_since.unwrap_or(now));
                self.known_at = now;
                AfterFailure::OutageBegan
            }
        }
    }

    /// When the next request may leave, while there is an outage.
    pub(crate) fn next_probe(&self) -> Option<Moment> {
        self.since.map(|_| self.next_probe)
    }

    /// The moment at which the outage has lasted so long.
    pub(crate) fn lasts_until(&self, patience: Duration) -> Option<Moment> {
        self.since.map(|since| since.after(patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One failure fewer than an outage takes.
    fn fail_almost(outage: &mut Outage, now: Moment) {
        for _ in 1..FAILURES {
            assert_eq!(outage.failed(now, 1.0), AfterFailure::NothingChanged);
        }
    }

    #[test]
    fn failures_in_a_row_are_an_outage_and_an_answer_ends_it() {
        let now = Moment(Duration::from_secs(5));
        let mut outage = Outage::default();
        for _ in 0..3 {
            fail_almost(&mut outage, now);
            assert_eq!(outage.answered(now), AfterAnswer::NothingChanged);
        }
        fail_almost(&mut outage, now);
        assert_eq!(outage.failed(now, 1.0), AfterFailure::OutageBegan);
        assert_eq!(outage.failed(now, 1.0), AfterFailure::NothingChanged, "it begins once");
        assert_eq!(
            outage.lasts_until(Duration::from_secs(60)),
            Some(Moment(Duration::from_secs(65)))
        );
        assert_eq!(outage.answered(now), AfterAnswer::OutageEnded);
        assert_eq!((outage.is_on(), outage.next_probe()), (false, None));
    }

    #[test]
    fn one_answer_that_leads_elsewhere_is_an_outage() {
        let mut outage = Outage::default();
        assert_eq!(outage.begins(Moment::default(), 1.0), AfterFailure::OutageBegan);
        assert_eq!(outage.begins(Moment::default(), 1.0), AfterFailure::NothingChanged);
        assert!(!outage.is_of_access());
        assert_eq!(outage.answered(Moment::default()), AfterAnswer::OutageEnded);
    }

    #[test]
    fn an_outage_lasts_from_the_departure_of_what_failed_first() {
        let at = |seconds| Moment(Duration::from_secs(seconds));
        let mut outage = Outage::default();
        assert_eq!(outage.answered(at(3)), AfterAnswer::NothingChanged);
        for sent_at in [1, 5, 6] {
            outage.failing_since(at(sent_at));
            let _ = outage.begins(at(30), 1.0);
        }
        assert_eq!(outage.since(), Some(at(3)));
    }

    #[test]
    fn probes_come_at_growing_intervals() {
        let mut outage = Outage::default();
        fail_almost(&mut outage, Moment::default());
        let waits = (0..9).map(|_| {
            let _ = outage.failed(Moment::default(), 1.0);
            outage.next_probe().unwrap().0.as_secs()
        });
        assert_eq!(waits.collect::<Vec<_>>(), [1, 1, 2, 4, 5, 5, 5, 5, 5]);
    }
}
