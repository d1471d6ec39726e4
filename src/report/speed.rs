//! How fast a run is and when it will end, told from its snapshots.
//!
//! The pace is kept elsewhere; this only looks on.

use std::collections::VecDeque;
use std::time::Duration;

use super::RunView;
use super::words;
use crate::event::{Progress, Unreached};

/// The rate is taken over so long.
const WINDOW: Duration = Duration::from_secs(10);
/// A rate over less than this would jump about.
const SHORTEST: Duration = Duration::from_secs(1);

/// The rate of requests over the last ten seconds or so.
#[derive(Debug, Default)]
pub(super) struct Speed {
    /// When, and how many requests had been sent; the oldest is at the window's edge or just outside it.
    seen: VecDeque<(Duration, u64)>,
}

impl Speed {
    /// Takes note of a snapshot.
    pub(super) fn see(&mut self, progress: &Progress) {
        if self.seen.is_empty() {
            self.seen.push_back((Duration::ZERO, 0));
        }
        self.seen.push_back((progress.elapsed, progress.requests));
        let edge = progress.elapsed.saturating_sub(WINDOW);
        while self.seen.get(1).is_some_and(|(at, _)| *at <= edge) {
            self.seen.pop_front();
        }
    }

    /// Requests a second; none while the run is too young to tell.
    pub(super) fn per_second(&self) -> Option<f64> {
        let (first_at, first) = self.seen.front()?;
        let (last_at, last) = self.seen.back()?;
        let time = last_at.checked_sub(*first_at).filter(|time| *time >= SHORTEST)?;
        // Requests of a few seconds are far below 2^53.
        Some(last.saturating_sub(*first) as f64 / time.as_secs_f64())
    }

    /// `2.4/s of 2.5/s`, or as much of it as is known.
    pub(super) fn words(&self, progress: &Progress) -> Option<String> {
        let now = self.per_second().map(words::rate);
        let allowed = progress.allowed_rate.map(words::rate);
        match (now, allowed) {
            (Some(now), Some(allowed)) => Some(format!("{now} of {allowed}")),
            (Some(now), None) => Some(now),
            (None, Some(allowed)) => Some(format!("at most {allowed}")),
            (None, None) => None,
        }
    }
}

/// How long the run still takes: by its own reckoning, or by the quotas while it is young. Nobody knows while nothing gets
/// through.
pub(super) fn left(progress: &Progress, view: &RunView) -> Option<Duration> {
    if progress.unreached.is_some() {
        return None;
    }
    let by_quota = || view.duration.checked_sub(progress.elapsed).filter(|left| !left.is_zero());
    progress.left.or_else(by_quota)
}

/// `5 h 23 min left (until Mon 03:12)`.
pub(super) fn left_words(progress: &Progress, view: &RunView) -> Option<String> {
    let left = left(progress, view)?;
    let now = words::later(&view.started, progress.elapsed);
    let end = now.as_ref().and_then(|now| words::later(now, left));
    Some(match (now, end) {
        (Some(now), Some(end)) => {
            format!("{} left (until {})", words::span(left), words::clock(&end, &now))
        }
        _ => format!("{} left", words::span(left)),
    })
}

/// What the run waits for, if it does: `nothing gets through since 14:02, trying until 14:12`, or
/// `paused 12 s: the server asked for it`.
pub(super) fn wait_words(progress: &Progress, view: &RunView) -> Option<String> {
    progress
        .unreached
        .map(|unreached| unreached_words(unreached, progress, view))
        .or_else(|| pause_words(progress))
}

fn unreached_words(unreached: Unreached, progress: &Progress, view: &RunView) -> String {
    let began = progress.elapsed.saturating_sub(unreached.for_so_long);
    let end = progress.elapsed.saturating_add(unreached.gives_up_in);
    let at = |elapsed| words::later(&view.started, elapsed);
    match (at(began), at(end), at(progress.elapsed)) {
        (Some(began), Some(end), Some(now)) => format!(
            "nothing gets through since {}, trying until {}",
            words::clock(&began, &now),
            words::clock(&end, &now)
        ),
        _ => "nothing gets through".to_owned(),
    }
}

fn pause_words(progress: &Progress) -> Option<String> {
    let pause = progress.paused.filter(|pause| !pause.is_zero())?;
    Some(format!("paused {}: the server asked for it", words::span(pause)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{progress, view};

    #[test]
    fn the_rate_is_that_of_the_last_ten_seconds() {
        let mut speed = Speed::default();
        assert_eq!(speed.per_second(), None);
        for seconds in 0..=100 {
            speed.see(&progress(seconds * 2));
        }
        assert!((speed.per_second().unwrap() - 2.5).abs() < 0.01);
        assert!(speed.seen.len() < 10);
        // Nothing is sent for ten seconds.
        speed.see(&Progress { requests: 500, ..progress(210) });
        assert_eq!(speed.words(&progress(210)).as_deref(), Some("0/s of 2.5/s"));
    }

    #[test]
    fn a_young_run_knows_no_rate_but_the_quotas() {
        let mut speed = Speed::default();
        speed.see(&Progress { elapsed: Duration::from_millis(300), requests: 8, ..progress(0) });
        assert_eq!(speed.words(&progress(0)).as_deref(), Some("at most 2.5/s"));
        assert_eq!(left(&progress(100), &view()), Some(Duration::from_secs(19_900)));
        assert_eq!(left(&progress(30_000), &view()), None);
    }
}
