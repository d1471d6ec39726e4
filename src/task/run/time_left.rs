//! How long a run still takes: by the reckoning of its pace with what is known of the other side by now, or by what it has
//! come to lately where that is less.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::Progress;
use crate::traffic::pace::Timetable;

/// Before this nothing is said by how it went so far.
const YOUNG: Duration = Duration::from_secs(10);
/// Lately is so long.
const LATELY: Duration = Duration::from_secs(60);
/// It is slower than reckoned if it takes longer by this part: less is the jitter of windows.
const SLOWER: f64 = 1.1;

/// Sees how a run stands from time to time.
#[derive(Debug)]
pub(super) struct TimeLeft {
    timetable: Timetable,
    to_send: u64,
    /// When, and how many rows were over; the oldest is about as old as `LATELY`.
    seen: VecDeque<(Duration, u64)>,
}

impl TimeLeft {
    pub(super) fn new(timetable: Timetable, to_send: u64) -> Self {
        Self { timetable, to_send, seen: VecDeque::new() }
    }

    /// The same with what is left of it.
    pub(super) fn told(&mut self, mut progress: Progress) -> Progress {
        progress.to_send = self.to_send;
        if let Some(latency) = progress.latency {
            self.timetable = self.timetable.with_latency(latency);
        }
        if progress.unreached.is_some() {
            // What could not be done meanwhile says nothing of the pace.
            self.seen.clear();
            return progress;
        }
        if let Some(counting) = progress.counting {
            progress.left = Some(counting.due_in);
            return progress;
        }
        let over = progress.succeeded + progress.failed + progress.in_doubt;
        let paused = progress.paused.unwrap_or_default();
        let spent = progress.spent.unwrap_or_default();
        match paused.is_zero() && spent < LATELY {
            true => self.see(progress.elapsed, over),
            // Nor does a wait that is over at a known time.
            false => self.seen.clear(),
        }
        let takes = |rows| self.timetable.answered(rows).0;
        let left = takes(self.to_send).saturating_sub(takes(over.min(self.to_send)));
        let is_known = over > 0 || !paused.is_zero() || !spent.is_zero();
        if is_known && over < self.to_send {
            let slower = left.as_secs_f64() * self.slower();
            let left = Duration::try_from_secs_f64(slower).ok();
            progress.left = left.map(|left| match over {
                // What has used the quota up was before this run.
                0 => left.saturating_add(spent.max(paused)),
                _ => left.saturating_add(paused).max(spent),
            });
        }
        progress
    }

    fn see(&mut self, elapsed: Duration, over: u64) {
        // A snapshot a second is enough.
        if self.seen.back().is_none_or(|(at, _)| elapsed.saturating_sub(*at).as_secs() >= 1) {
            self.seen.push_back((elapsed, over));
        }
        let edge = elapsed.saturating_sub(LATELY);
        while self.seen.get(1).is_some_and(|(at, _)| *at <= edge) {
            self.seen.pop_front();
        }
    }

    /// How many times longer than reckoned it took lately.
    fn slower(&self) -> f64 {
        let (Some((from, before)), Some((to, over))) = (self.seen.front(), self.seen.back()) else {
            return 1.0;
        };
        let took = to.saturating_sub(*from);
        let takes = |rows| self.timetable.answered(rows).0;
        let reckoned = takes(*over).saturating_sub(takes(*before)).as_secs_f64();
        if took < YOUNG || reckoned <= 0.0 {
            return 1.0;
        }
        let times = took.as_secs_f64() / reckoned;
        if times > SLOWER { times } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(elapsed: f64, over: u64, latency: u64) -> Progress {
        Progress {
            elapsed: Duration::from_secs_f64(elapsed),
            succeeded: over,
            latency: Some(Duration::from_millis(latency)),
            ..Progress::default()
        }
    }

    fn begin(quota: &str, rows: u64) -> TimeLeft {
        let quotas = [quota.parse().unwrap()];
        TimeLeft::new(Timetable::new(rows, &quotas, 8, Duration::from_millis(50)), rows)
    }

    #[test]
    fn what_is_left_is_reckoned_from_the_start_by_quotas_answers_and_concurrency() {
        for (quota, latency, rate) in [("10/1s", 0, 10.0), ("1000/1s", 100, 80.0)] {
            let mut time_left = begin(quota, 5_000);
            for seconds in 1_u32..400 {
                let over = (f64::from(seconds) * rate) as u64;
                let progress = time_left.told(at(f64::from(seconds), over, latency));
                let left = progress.left.map_or(0.0, |left| left.as_secs_f64());
                let expected = 5_000_u64.saturating_sub(over) as f64 / rate;
                assert!(
                    (left - expected).abs() <= 1.0 + expected * 0.05,
                    "{seconds}: {left}, {expected}"
                );
            }
        }
    }

    #[test]
    fn a_wait_until_a_known_time_is_told_with_what_is_left_and_is_not_taken_for_the_pace() {
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        let left = |time_left: &mut TimeLeft, progress| {
            time_left.told(progress).left.map(|left| left.as_secs())
        };
        // Earlier requests have used the quota up.
        let mut time_left = begin("10/1s", 5_000);
        let young = Progress { spent: minutes(40), ..at(1.0, 0, 0) };
        let told = left(&mut time_left, young).unwrap();
        assert!((2_890..=2_910).contains(&told), "{told}");
        // The server asks for a pause in the middle.
        let mut time_left = begin("10/1s", 5_000);
        for seconds in 1_u32..=100 {
            time_left.told(at(f64::from(seconds), u64::from(seconds) * 10, 0));
        }
        let pause = |elapsed, left| Progress { paused: Some(left), ..at(elapsed, 1_000, 0) };
        let told = left(&mut time_left, pause(101.0, Duration::from_secs(600))).unwrap();
        assert!((980..=1_020).contains(&told), "{told}");
        let told = left(&mut time_left, pause(700.0, Duration::from_secs(1))).unwrap();
        assert!((390..=410).contains(&told), "{told}");
        let told = left(&mut time_left, at(702.0, 1_010, 0)).unwrap();
        assert!((390..=410).contains(&told), "{told}");
        // All rows are through, and lists are read once more.
        let counting = Some(crate::event::Counting { lanes: 2, due_in: Duration::from_secs(12) });
        let counted = Progress { counting, ..at(1_100.0, 5_000, 0) };
        assert_eq!(left(&mut time_left, counted), Some(12));
        assert_eq!(left(&mut time_left, at(1_200.0, 5_000, 0)), None);
    }

    #[test]
    fn a_server_that_gives_less_is_noticed_and_an_outage_is_not_taken_for_one() {
        let mut time_left = begin("10/1s", 5_000);
        for seconds in 1_u32..=60 {
            time_left.told(at(f64::from(seconds), u64::from(seconds) * 5, 0));
        }
        let left = time_left.told(at(61.0, 305, 0)).left.unwrap().as_secs_f64();
        assert!((left - 4_695.0 / 5.0).abs() < 50.0, "{left}");
        let mut time_left = begin("10/1s", 5_000);
        time_left.told(at(1.0, 10, 0));
        let unreached = crate::event::Unreached {
            for_so_long: Duration::from_secs(500),
            gives_up_in: Duration::from_secs(100),
        };
        time_left.told(Progress { unreached: Some(unreached), ..at(501.0, 10, 0) });
        let left = time_left.told(at(502.0, 20, 0)).left.unwrap().as_secs_f64();
        assert!((left - 498.0).abs() < 25.0, "{left}");
    }
}
