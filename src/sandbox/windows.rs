//! Quotas as StringeeX keeps them: counters over fixed blocks of the wall clock.
//!
//! Not a pace: nothing waits here, a request is let in or turned away.

use crate::text::quota::Quota;

/// One quota and the block it is counting.
struct Window {
    requests: u32,
    /// In milliseconds.
    length: i64,
    /// Which block since 1970 `used` belongs to.
    block: i64,
    used: u32,
}

impl Window {
    fn new(quota: &Quota) -> Self {
        let length = i64::try_from(quota.window.as_millis()).unwrap_or(i64::MAX).max(1);
        Self { requests: quota.requests.get(), length, block: i64::MIN, used: 0 }
    }

    /// Moves to the block of `now` and says how many milliseconds it still lasts if it is full.
    fn wait(&mut self, now: i64) -> Option<i64> {
        let block = now.div_euclid(self.length);
        if block != self.block {
            self.block = block;
            self.used = 0;
        }
        (self.used >= self.requests).then(|| self.length - now.rem_euclid(self.length))
    }
}

/// All quotas of an account.
pub(super) struct Windows(Vec<Window>);

impl Windows {
    pub(super) fn new(quotas: &[Quota]) -> Self {
        Self(quotas.iter().map(Window::new).collect())
    }

    /// Counts a request at `now` (unix milliseconds) in every window, or in none.
    ///
    /// # Errors
    /// Some window is full: the milliseconds until the last of the full ones ends.
    pub(super) fn admit(&mut self, now: i64) -> Result<(), i64> {
        let longest = self.0.iter_mut().filter_map(|window| window.wait(now)).max();
        match longest {
            Some(wait) => Err(wait),
            None => {
                self.0.iter_mut().for_each(|window| window.used += 1);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(quotas: &[&str]) -> Windows {
        let quotas: Vec<Quota> = quotas.iter().map(|text| text.parse().unwrap()).collect();
        Windows::new(&quotas)
    }

    #[test]
    fn blocks_follow_the_clock_and_refusals_do_not_count() {
        let mut windows = windows(&["2/10s", "3/1m"]);
        for (now, expected) in [
            (9_000, Ok(())),
            (9_999, Ok(())),
            (9_999, Err(1)),
            (10_000, Ok(())),
            // The ten seconds have room; the minute is full.
            (10_001, Err(49_999)),
            (59_999, Err(1)),
            (60_000, Ok(())),
            (60_001, Ok(())),
            // Refused by the ten seconds: the minute keeps its third.
            (60_002, Err(9_998)),
            (70_000, Ok(())),
            (70_001, Err(49_999)),
            (120_000, Ok(())),
        ] {
            assert_eq!(windows.admit(now), expected, "at {now}");
        }
    }

    #[test]
    fn the_longest_wait_is_told() {
        let mut windows = windows(&["1/10s", "1/1m"]);
        assert_eq!(windows.admit(0), Ok(()));
        assert_eq!(windows.admit(1), Err(59_999));
    }

    #[test]
    fn time_before_1970_has_blocks_too() {
        let mut windows = windows(&["1/10s"]);
        assert_eq!(windows.admit(-1), Ok(()));
        assert_eq!(windows.admit(-1), Err(1));
        assert_eq!(windows.admit(0), Ok(()));
    }

    #[test]
    fn no_quota_lets_everything_in() {
        let mut windows = windows(&[]);
        assert!((0..10_000).all(|_| windows.admit(5).is_ok()));
    }
}
