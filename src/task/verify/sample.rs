//! Which lists are read, where not all are: the same ones each time, so that a second look is one at the same things.

use sha2::{Digest as _, Sha256};

/// How many lists are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sample {
    Lists(u64),
    /// Of all, at least one.
    Percent(f64),
}

impl Sample {
    /// So many of a number of lists.
    fn of(self, all: usize) -> usize {
        match self {
            Self::Lists(count) => usize::try_from(count).unwrap_or(usize::MAX).min(all),
            // As many as fit into memory: far below 2^53.
            Self::Percent(percent) => {
                ((all as f64 * percent / 100.0).ceil() as usize).clamp(usize::from(all > 0), all)
            }
        }
    }
}

/// Which of some lists are chosen, by their names alone: a smaller sample is a part of a larger one.
pub(super) fn chosen<'n>(sample: Sample, names: impl Iterator<Item = &'n str>) -> Vec<bool> {
    let mut ranked: Vec<([u8; 32], usize)> =
        names.enumerate().map(|(at, name)| (Sha256::digest(name.as_bytes()).into(), at)).collect();
    let mut is_chosen = vec![false; ranked.len()];
    ranked.sort_unstable();
    for (_, at) in ranked.iter().take(sample.of(is_chosen.len())) {
        if let Some(chosen) = is_chosen.get_mut(*at) {
            *chosen = true;
        }
    }
    is_chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_the_same_each_time_and_part_of_a_larger_one() {
        let names: Vec<String> = (0..200).map(|at| format!("ticket {at}")).collect();
        let chosen = |sample| chosen(sample, names.iter().map(String::as_str));
        let count = |chosen: &[bool]| chosen.iter().filter(|chosen| **chosen).count();
        let (few, more) = (chosen(Sample::Percent(5.0)), chosen(Sample::Lists(40)));
        assert_eq!((count(&few), count(&more)), (10, 40));
        assert_eq!(chosen(Sample::Percent(5.0)), few);
        assert!(few.iter().zip(&more).all(|(few, more)| !few || *more));
        assert_eq!(count(&chosen(Sample::Percent(0.1))), 1);
        assert_eq!(count(&chosen(Sample::Lists(999))), 200);
    }
}
