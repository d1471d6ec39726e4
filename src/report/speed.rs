//! How fast a run is and when it will end, told from its snapshots.
//!
//! The pace is kept elsewhere; this only looks on.

use std::collections::VecDeque;
use std::time::Duration;

use super::RunView;
use super::words;
use crate::event::{Counting, Progress};

/// The rate is taken over so long.
const WINDOW: Duration = Duration::from_secs(10);
/// A rate over less than this would jump about.
const SHORTEST: Duration = Duration::from_secs(1);

/// A wait is told with the times of day, unless it is shorter: then with how long it takes.
const LONG: Duration = Duration::from_secs(60);

/// The rate of requests over the last ten seconds or so.
#[derive(Debug, Default)]
pub(super) struct Speed {
    /// When, and how many requests had been sent; the oldest is at the window's edge or just outside it.
    seen: VecDeque<(Duration, u64)>,
    /// What the run waits for, and since when.
    waits: Option<(Wait, Duration)>,
}

/// What a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Somebody at the other end.
    Reach,
    /// The end of a pause that the other side has asked for.
    Pause,
    /// Room in a quota.
    Quota,
    /// The time at which lists surely show everything.
    Count,
}

impl Wait {
    /// The most pressing of what a run waits for, and how long that still takes.
    fn of(progress: &Progress) -> Option<(Self, Duration)> {
        let is_some = |wait: &Duration| !wait.is_zero();
        let unreached = progress.unreached.map(|unreached| (Self::Reach, unreached.gives_up_in));
        unreached
            .or_else(|| progress.paused.filter(is_some).map(|wait| (Self::Pause, wait)))
            .or_else(|| progress.spent.filter(is_some).map(|wait| (Self::Quota, wait)))
            .or_else(|| progress.counting.map(|counting| (Self::Count, counting.due_in)))
    }
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
        self.waits = Wait::of(progress).map(|(wait, _)| match self.waits {
            Some((before, since)) if before == wait => (wait, since),
            _ => (wait, progress.elapsed),
        });
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
        let speed = match (now, allowed) {
            (Some(now), Some(allowed)) => format!("{now} of {allowed}"),
            (Some(now), None) => now,
            (None, Some(allowed)) => format!("at most {allowed}"),
            (None, None) => return None,
        };
        Some(format!("{speed}{}", shared(progress)))
    }

    /// What the run waits for, since when and until when, if it does: `nothing gets through since 14:02, trying until 14:12`,
    /// `paused since 14:02, until 14:13: the server asked for it`.
    pub(super) fn wait_words(&self, progress: &Progress, view: &RunView) -> Option<String> {
        let (wait, left) = Wait::of(progress)?;
        let since = self.waits.filter(|(before, _)| *before == wait).map(|(_, since)| since);
        let moments = moments(progress, since.unwrap_or(progress.elapsed), left, view);
        let paused = |why: &str| match &moments {
            Some((since, until)) if left >= LONG => {
                format!("paused since {since}, until {until}: {why}")
            }
            _ => format!("paused {}: {why}", words::span(left)),
        };
        Some(match wait {
            Wait::Reach => unreached_words(progress, view)?,
            Wait::Pause => paused("the server asked for it"),
            Wait::Quota => paused(&format!("the quota is used up{}", shared(progress))),
            Wait::Count => counting_words(progress.counting?, moments.map(|(_, until)| until)),
        })
    }
}

/// `, shared with 2 other runs`.
fn shared(progress: &Progress) -> String {
    match progress.shared_with {
        0 => String::new(),
        others => format!(", shared with {}", words::counted(others.into(), "other run")),
    }
}

/// When a wait began and when it is over.
fn moments(
    progress: &Progress,
    since: Duration,
    left: Duration,
    view: &RunView,
) -> Option<(String, String)> {
    let at = |elapsed| words::later(&view.started, elapsed);
    let (now, since) = (at(progress.elapsed)?, at(since)?);
    let until = at(progress.elapsed.checked_add(left)?)?;
    Some((words::clock(&since, &now), words::clock(&until, &now)))
}

/// `all rows are through; 2 lists are read once more at 14:13`.
fn counting_words(counting: Counting, until: Option<String>) -> String {
    let lists = match counting.lanes {
        1 => "1 list is".to_owned(),
        lanes => format!("{} lists are", words::number(lanes)),
    };
    let when = match (counting.due_in.is_zero(), until) {
        (true, _) => "now".to_owned(),
        (false, Some(until)) if counting.due_in >= LONG => format!("at {until}"),
        (false, _) => format!("in {}", words::span(counting.due_in)),
    };
    format!("all rows are through; {lists} read again {when}")
}

/// How long the run still takes: by its own reckoning, or by the quotas while it is young. Nobody knows while nothing gets
/// through.
pub(super) fn left(progress: &Progress, view: &RunView) -> Option<Duration> {
    if progress.unreached.is_some() {
        return None;
    }
    let over = progress.succeeded + progress.failed + progress.in_doubt;
    let by_quota = || {
        let left = view.duration.checked_sub(progress.elapsed);
        // When all rows are over nothing is left of what the quotas would have taken.
        left.filter(|left| over < progress.to_send && !left.is_zero())
    };
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

fn unreached_words(progress: &Progress, view: &RunView) -> Option<String> {
    let unreached = progress.unreached?;
    let began = progress.elapsed.saturating_sub(unreached.for_so_long);
    let end = progress.elapsed.saturating_add(unreached.gives_up_in);
    let at = |elapsed| words::later(&view.started, elapsed);
    Some(match (at(began), at(end), at(progress.elapsed)) {
        (Some(began), Some(end), Some(now)) => format!(
            "nothing gets through since {}, trying until {}",
            words::clock(&began, &now),
            words::clock(&end, &now)
        ),
        _ => "nothing gets through".to_owned(),
    })
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
        let all_over = Progress { succeeded: 50_000, ..progress(100) };
        assert_eq!(left(&all_over, &view()), None);
    }

    #[test]
    fn a_wait_is_told_with_its_reason_its_beginning_and_its_end() {
        let mut told = Vec::new();
        let mut speed = Speed::default();
        let mut tell = |progress: Progress| {
            speed.see(&progress);
            let words = speed.wait_words(&progress, &view()).or_else(|| speed.words(&progress));
            told.extend(words);
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        tell(Progress { paused: seconds(600), ..progress(60) });
        tell(Progress { paused: seconds(300), ..progress(360) });
        tell(Progress { spent: seconds(3_000), shared_with: 2, ..progress(700) });
        tell(Progress { shared_with: 1, ..progress(3_700) });
        let counting = |lanes, due_in| {
            let due_in = Duration::from_secs(due_in);
            Progress { counting: Some(Counting { lanes, due_in }), ..progress(3_800) }
        };
        tell(counting(2, 90));
        tell(counting(1, 0));
        insta::assert_snapshot!(told.join("\n"), @r"
        paused since 21:41, until 21:51: the server asked for it
        paused since 21:41, until 21:51: the server asked for it
        paused since 21:51, until 22:41: the quota is used up, shared with 2 other runs
        2.5/s of 2.5/s, shared with 1 other run
        all rows are through; 2 lists are read again at 22:44
        all rows are through; 1 list is read again now
        ");
    }
}
