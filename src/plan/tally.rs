//! How many rows have which fate: the one count that plans, runs and reports go by.

use super::decide::Fate;

/// How many rows have which fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    counts: [u64; Fate::ALL.len()],
}

impl Tally {
    pub(crate) fn count(&mut self, fate: Fate) {
        self.counts[fate.index()] += 1;
    }

    /// The rows whose fate is among those that `among` picks.
    pub(crate) fn sum(&self, among: impl Fn(Fate) -> bool) -> u64 {
        self.each().filter(|(fate, _)| among(*fate)).map(|(_, count)| count).sum()
    }

    /// All rows.
    pub(crate) fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Rows that are to be sent.
    pub(crate) fn to_send(self) -> u64 {
        self.sum(|fate| matches!(fate, Fate::Send(_)))
    }

    /// Each fate with its rows.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Fate, u64)> {
        Fate::ALL.into_iter().zip(self.counts)
    }
}

impl FromIterator<(Fate, u64)> for Tally {
    fn from_iter<T: IntoIterator<Item = (Fate, u64)>>(counts: T) -> Self {
        let mut tally = Self::default();
        counts.into_iter().for_each(|(fate, count)| tally.counts[fate.index()] += count);
        tally
    }
}
