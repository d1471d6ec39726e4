//! How long answers took: counts in fixed classes, from which percentiles are told to within a fifth.

/// Classes in an octave, and how many there are in all: from one millisecond to a minute.
const IN_OCTAVE: f64 = 4.0;
const CLASSES: usize = 65;

/// How long answers took. Its size does not depend on how many there were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Latencies {
    /// Empty before the first: most slots of a quiet run have none.
    counts: Box<[u32]>,
    sum: u64,
    longest: u64,
}

impl Latencies {
    pub(super) fn see(&mut self, milliseconds: u64) {
        if self.counts.is_empty() {
            self.counts = vec![0; CLASSES].into_boxed_slice();
        }
        let class = match milliseconds {
            0 => 0,
            some => ((some as f64).log2() * IN_OCTAVE).floor() as usize,
        };
        let count = &mut self.counts[class.min(CLASSES - 1)];
        *count = count.saturating_add(1);
        self.sum += 1;
        self.longest = self.longest.max(milliseconds);
    }

    pub(super) fn add(&mut self, other: &Self) {
        if other.counts.is_empty() {
            return;
        }
        if self.counts.is_empty() {
            self.counts = vec![0; CLASSES].into_boxed_slice();
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.sum += other.sum;
        self.longest = self.longest.max(other.longest);
    }

    pub(super) fn count(&self) -> u64 {
        self.sum
    }

    pub(super) fn longest(&self) -> Option<u64> {
        (self.sum > 0).then_some(self.longest)
    }

    /// How long at the most so many percent took, in milliseconds; none where there was no answer.
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        let wanted = (self.sum * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let class = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        })?;
        let end = 2_f64.powf((class as f64 + 1.0) / IN_OCTAVE).round() as u64;
        // The last class has no end.
        Some(if class + 1 == CLASSES { self.longest } else { end.min(self.longest) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_by_hand() {
        let mut found = Latencies::default();
        assert_eq!((found.percentile(50), found.longest()), (None, None));
        (1..=100).for_each(|ms| found.see(ms));
        assert_eq!(found.percentile(100), Some(100));
        let half = found.percentile(50).unwrap();
        assert!((50..=60).contains(&half), "{half}");
        found.see(1_000_000);
        assert_eq!(found.percentile(100), Some(1_000_000));
    }

    proptest! {
        #[test]
        fn a_percentile_is_never_too_small_and_a_fifth_too_great_at_the_most(
            mut times in proptest::collection::vec(0_u64..60_000, 1..200), percent in 1_u64..=100
        ) {
            let (mut found, mut other) = (Latencies::default(), Latencies::default());
            times.iter().enumerate().for_each(|(at, ms)| {
                if at % 2 == 0 { found.see(*ms) } else { other.see(*ms) }
            });
            found.add(&other);
            times.sort_unstable();
            let at = (times.len() as u64 * percent).div_ceil(100).max(1) as usize - 1;
            let (exact, told) = (times[at], found.percentile(percent).unwrap());
            prop_assert!(told + 1 >= exact && told <= exact + exact / 5 + 2, "{exact} is told as {told}");
        }
    }
}
