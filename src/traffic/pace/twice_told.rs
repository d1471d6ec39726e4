//! Requests of earlier runs that are told of twice: by the ledger, and by the register that runs share. Each counts once.
//!
//! Neither says whose a request was. So they are paired by when they came to their ends, not by how many there are: what the
//! ledger tells and the register does not, as of a run with a pace of its own, or of one at another time, is not taken for what
//! others have sent. What the ledger tells of a moment at which nobody says that there was a request is counted beside the rest.

use std::time::Duration;

use super::EndedRequests;
use super::register::LEASE;

/// The register keeps a moment to this part of its age.
const FINE: u32 = 64;
/// The ledger tells whole seconds.
const SECOND: Duration = Duration::from_secs(1);

/// What was told first and is not among what was told then. The second telling is `later` than the first by so much.
pub(super) fn untold(
    first: &[EndedRequests],
    second: &[EndedRequests],
    later: Duration,
) -> Vec<EndedRequests> {
    let mut second: Vec<EndedRequests> = second.to_vec();
    second.sort_unstable_by_key(|told| told.ago);
    let mut first: Vec<EndedRequests> =
        first.iter().map(|told| EndedRequests { ago: told.ago + later, ..*told }).collect();
    first.sort_unstable_by_key(|told| told.ago);
    let mut begin = 0;
    for told in &mut first {
        let nearly = nearly(told.ago);
        let from = told.ago.saturating_sub(nearly);
        begin += second[begin..].iter().take_while(|other| other.ago < from).count();
        let near = second[begin..].iter_mut().take_while(|other| other.ago <= told.ago + nearly);
        for other in near {
            let both = told.count.min(other.count);
            told.count -= both;
            other.count -= both;
        }
    }
    first.retain(|told| told.count > 0);
    first
}

/// Two moments that differ by no more may be one: that is how exactly they are kept, and so long a run that has died may have
/// used its permits without a word.
fn nearly(ago: Duration) -> Duration {
    SECOND + LEASE + ago / FINE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(groups: &[(u64, u32)]) -> Vec<EndedRequests> {
        let groups = groups.iter();
        groups
            .map(|(ago, count)| EndedRequests { ago: Duration::from_secs(*ago), count: *count })
            .collect()
    }

    #[test]
    fn what_ended_at_about_the_same_moment_is_one() {
        for (ledger, register, expected) in [
            (&[(5, 10)][..], &[(5, 10)][..], &[][..]),
            (&[(5, 10)], &[(7, 4), (4, 7)], &[]),
            (&[(5, 10)], &[(5, 4)], &[(5, 6)]),
            (&[(1_800, 90)], &[(1_790, 90)], &[]),
            // As many, and at another time.
            (&[(5, 10)], &[(60, 10)], &[(5, 10)]),
            (&[(5, 10)], &[(0, 1_000), (60, 1_000)], &[(5, 10)]),
            (&[(5, 10), (60, 3)], &[(60, 5), (600, 50)], &[(5, 10)]),
            (&[(5, 10)], &[], &[(5, 10)]),
        ] {
            let left = untold(&told(ledger), &told(register), Duration::ZERO);
            assert_eq!(left, told(expected), "{ledger:?} {register:?}");
        }
        // Told ten seconds later, it is as much longer ago.
        let left = untold(&told(&[(5, 1)]), &told(&[(15, 1)]), Duration::from_secs(10));
        assert_eq!(left, []);
    }

    proptest! {
        #[test]
        fn no_request_vanishes_and_none_is_invented(
            ledger in proptest::collection::vec((0_u64..200, 1_u32..50), 0..12),
            register in proptest::collection::vec((0_u64..200, 1_u32..50), 0..12),
        ) {
            let (ledger, register) = (told(&ledger), told(&register));
            let left = untold(&ledger, &register, Duration::ZERO);
            let sum = |groups: &[EndedRequests]| groups.iter().map(|group| group.count).sum::<u32>();
            prop_assert!(sum(&left) <= sum(&ledger));
            prop_assert!(sum(&left) + sum(&register) >= sum(&ledger));
            for group in &left {
                let at = ledger.iter().filter(|told| told.ago == group.ago);
                prop_assert!(at.map(|told| told.count).sum::<u32>() >= group.count);
            }
            prop_assert_eq!(untold(&ledger, &ledger, Duration::ZERO), vec![]);
        }
    }
}
