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

/// How long the other side has been out of reach.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    failures: u32,
    since: Option<Moment>,
    probes: u32,
    next_probe: Moment,
    /// Whether it answers, and accepts no token.
    of_access: bool,
}

impl Outage {
    /// Whether there is one.
    pub(crate) fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// Whether the other side answers, and accepts no token.
    pub(crate) fn is_of_access(&self) -> bool {
        self.of_access
    }

    /// An answer has come, whatever it said. True: that ends an outage.
    pub(crate) fn answered(&mut self) -> bool {
        let ended = self.is_on();
        *self = Self::default();
        ended
    }

    /// No answer has come, or one that says "not now". True: that begins an outage.
    pub(crate) fn failed(&mut self, now: Moment, chance: f64) -> bool {
        self.failures += 1;
        (self.is_on() || self.failures >= FAILURES) && self.begin(now, chance)
    }

    /// A fresh token was refused where others have served. True: that begins an outage.
    pub(crate) fn refused(&mut self, now: Moment, chance: f64) -> bool {
        self.of_access = true;
        self.begin(now, chance)
    }

    fn begin(&mut self, now: Moment, chance: f64) -> bool {
        self.probes += 1;
        self.next_probe = now.after(back_off(self.probes, chance).max(SHORTEST_WAIT));
        let began = self.since.is_none();
        self.since.get_or_insert(now);
        began
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

    #[test]
    fn failures_in_a_row_are_an_outage_and_an_answer_ends_it() {
        let now = Moment(Duration::from_secs(5));
        let mut outage = Outage::default();
        for _ in 0..3 {
            (1..FAILURES).for_each(|_| assert!(!outage.failed(now, 1.0)));
            assert!(!outage.answered());
        }
        (1..FAILURES).for_each(|_| assert!(!outage.failed(now, 1.0)));
        assert!(outage.failed(now, 1.0));
        assert!(!outage.failed(now, 1.0), "it begins once");
        assert_eq!(
            outage.lasts_until(Duration::from_secs(60)),
            Some(Moment(Duration::from_secs(65)))
        );
        assert!(outage.answered());
        assert_eq!((outage.is_on(), outage.next_probe()), (false, None));
    }

    #[test]
    fn probes_come_at_growing_intervals() {
        let mut outage = Outage::default();
        (1..FAILURES).for_each(|_| assert!(!outage.failed(Moment::default(), 1.0)));
        let waits = (0..9).map(|_| {
            outage.failed(Moment::default(), 1.0);
            outage.next_probe().unwrap().0.as_secs()
        });
        assert_eq!(waits.collect::<Vec<_>>(), [1, 1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
