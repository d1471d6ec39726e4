//! Pace against whoever keeps the quota: requests that are under way for any time, and arrive at any moment of it.

mod shared;

use proptest::prelude::*;

use super::*;

fn quotas(texts: &[&str]) -> Vec<Quota> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A request: when it left, when it arrived, when its answer came.
#[derive(Debug, Clone, Copy)]
struct Way {
    arrived: Duration,
    answered: Duration,
}

/// Sends so many requests as soon as each may leave, and gives when they arrived, in order. `way` says how long a request
/// is under way and where in that time it arrives, in 0..1; `dawdle` by how much the sender misses a turn.
fn send(
    pace: &mut Pace,
    from: Moment,
    count: usize,
    mut way: impl FnMut() -> (Duration, f64),
    mut dawdle: impl FnMut() -> Duration,
) -> Vec<Way> {
    let (mut now, mut late) = (from, from);
    let mut ways: Vec<Way> = Vec::new();
    let mut under_way: Vec<Duration> = Vec::new();
    while ways.len() < count {
        under_way.sort_unstable_by(|one, other| other.cmp(one));
        let next = pace.next(now).max(late);
        let answer = under_way.last().map(|answer| Moment(*answer));
        if let Some(answer) = answer.filter(|answer| *answer <= next) {
            under_way.pop();
            now = answer.max(now);
            pace.answered(now);
            continue;
        }
        now = next;
        if pace.acquire(now).is_err() {
            // All that count are under way.
            continue;
        }
        let (latency, arrival) = way();
        let answered = now.0 + latency;
        ways.push(Way { arrived: now.0 + latency.mul_f64(arrival), answered });
        under_way.push(answered);
        late = now.after(dawdle());
    }
    ways.sort_unstable_by_key(|way| way.arrived);
    ways
}

/// The most that any window sees, wherever it is laid.
fn most_in_a_window(ways: &[Way], window: Duration) -> usize {
    let mut end = 0;
    let most = ways.iter().enumerate().map(|(at, start)| {
        while ways.get(end).is_some_and(|way| way.arrived - start.arrived < window) {
            end += 1;
        }
        end - at
    });
    most.max().unwrap_or(0)
}

/// The most that a window of a clock that counts milliseconds sees, which begins `phase` after the full one.
fn most_in_a_block(ways: &[Way], window: Duration, phase: u128) -> usize {
    let mut counts = std::collections::HashMap::new();
    for way in ways {
        *counts.entry((way.arrived.as_millis() + phase) / window.as_millis()).or_insert(0) += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

proptest! {
    #[test]
    fn no_window_sees_more_than_its_quota(
        requests in 1_u32..400,
        window in 10_u64..20_000,
        other in 1_u32..50,
        other_window in 10_u64..5_000,
        latency in 0_u64..8_000,
        jitter in 0_u64..8_000,
        seed in any::<u64>(),
        dawdles in proptest::collection::vec(0_u64..3_000, 1..20),
    ) {
        let texts = [format!("{requests}/{window}ms"), format!("{other}/{other_window}ms")];
        let quotas: Vec<Quota> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut turn = 0;
        let way = || {
            let latency = Duration::from_millis(latency + random.u64(0..=jitter));
            // At its beginning, at its end, or anywhere between.
            (latency, [0.0, 1.0, random.f64()][random.usize(0..3)])
        };
        let dawdle = || {
            turn += 1;
            Duration::from_millis(dawdles[turn % dawdles.len()])
        };
        let ways = send(&mut Pace::new(&quotas), Moment::default(), 500, way, dawdle);
        for quota in &quotas {
            let most = quota.requests.get() as usize;
            prop_assert!(most_in_a_window(&ways, quota.window) <= most, "{quota}");
            for phase in [0, 1, quota.window.as_millis() / 2, quota.window.as_millis() / 3] {
                prop_assert!(most_in_a_block(&ways, quota.window, phase) <= most, "{quota}");
            }
        }
    }

    #[test]
    fn nearly_all_of_a_quota_is_used_where_the_latency_is_small(
        requests in 1_u32..2_000,
        window in 1_000_u64..60_000,
        latency in 0_u64..100,
        seed in any::<u64>(),
    ) {
        let quotas = quotas(&[&format!("{requests}/{window}ms")]);
        let mut random = fastrand::Rng::with_seed(seed);
        // Up to two percent of the window, one in the mean to two.
        let most = Duration::from_millis(window).mul_f64(0.0002 * latency as f64);
        let way = || (most.mul_f64(random.f64()), random.f64());
        let windows = 20;
        let count = requests as usize * windows + 1;
        let ways = send(&mut Pace::new(&quotas), Moment::default(), count, way, Duration::default);
        let took = ways.last().unwrap().arrived.as_secs_f64();
        let ideal = quotas[0].window.as_secs_f64() * windows as f64;
        prop_assert!(ideal / took >= 0.97, "{}", ideal / took);
    }

    #[test]
    fn no_window_over_two_runs_sees_more_than_its_quota(
        requests in 1_u32..60,
        first in 1_usize..100,
        gap in 0_u64..3_000,
        latency in 0_u64..100,
    ) {
        let quotas = quotas(&[&format!("{requests}/1s")]);
        let way = || (Duration::from_millis(latency), 0.5);
        let mut ways = send(&mut Pace::new(&quotas), Moment::default(), first, way, Duration::default);
        let ended = ways.iter().map(|way| way.answered).max().unwrap();
        let gap = Duration::from_millis(gap);
        let began = Moment(ended + gap);
        let mut second = Pace::new(&quotas);
        second.continue_after(began, &Past::About(gap, Vec::new()));
        ways.extend(send(&mut second, began, 100, way, Duration::default));
        prop_assert!(most_in_a_window(&ways, quotas[0].window) <= requests as usize);
    }
}

#[test]
fn what_is_known_of_an_earlier_run_is_all_that_counts() {
    let mut pace = Pace::for_requests(&quotas(&["10/10s", "100/1h"]), 5);
    let known = vec![
        EndedRequests { ago: Duration::from_secs(1800), count: 90 },
        EndedRequests { ago: Duration::from_secs(4), count: 7 },
    ];
    let now = Moment::default();
    pace.continue_after(now, &Past::All(known.clone()));
    for _ in 0..3 {
        assert_eq!(pace.acquire(now), Ok(()));
        pace.answered(now);
    }
    // The hour has none left until half of it is over.
    let next = pace.acquire(now).unwrap_err();
    assert_eq!(next.0.as_secs(), 1800);
    assert_eq!(pace.acquire(next), Ok(()));
    // Where some may be missing, the short window is waited for.
    let mut pace = Pace::for_requests(&quotas(&["10/10s", "100/1h"]), 5);
    pace.continue_after(now, &Past::About(Duration::from_secs(4), known));
    let next = pace.acquire(now).unwrap_err();
    assert_eq!(next.0.as_secs(), 6);
    assert_eq!(pace.acquire(next), Ok(()));
}

#[test]
fn the_rate_is_used() {
    for (texts, count, at_least, at_most) in [
        (vec!["30/10s"], 30, 9.6, 10.0),
        (vec!["9000/1h"], 9000, 3599.0, 3600.0),
        (vec!["30/10s", "300/10s", "9000/1h"], 9000, 3599.0, 3601.0),
        (vec!["1/1s"], 10, 9.0, 9.1),
        (vec!["20000/s"], 20_000, 0.99, 1.01),
        (vec!["1000/10ms"], 10_000, 0.09, 0.111),
        (vec![], 1000, 0.0, 0.0),
    ] {
        let mut pace = Pace::new(&quotas(&texts));
        let at_once = || (Duration::ZERO, 0.0);
        let ways = send(&mut pace, Moment::default(), count, at_once, Duration::default);
        let took = ways.last().unwrap().arrived.as_secs_f64();
        assert!((at_least..=at_most).contains(&took), "{texts:?} took {took}");
    }
}

#[test]
fn turns_that_were_missed_are_caught_up_within_the_window() {
    // Every second the sender is away for half of one.
    for text in ["50/1s", "300/10s", "1000/1s"] {
        let quotas = quotas(&[text]);
        let mut turn = 0;
        let each = quotas[0].per_second() as u32;
        let dawdle = || {
            turn += 1;
            Duration::from_millis(if turn % each == 0 { 150 } else { 0 })
        };
        let count = each as usize * 20;
        let at_once = || (Duration::from_millis(1), 0.5);
        let ways = send(&mut Pace::new(&quotas), Moment::default(), count, at_once, dawdle);
        let took = ways.last().unwrap().arrived.as_secs_f64();
        assert!(took < 20.6, "{text} took {took}");
    }
}

#[test]
fn a_job_that_fits_in_a_window_need_not_wait_for_it() {
    let quotas = quotas(&["30/10s", "9000/1h"]);
    let at_once = || (Duration::ZERO, 0.0);
    for (requests, at_most) in [(30, 0.0), (320, 107.0), (8_999, 3_000.0)] {
        let mut pace = Pace::for_requests(&quotas, requests);
        let ways =
            send(&mut pace, Moment::default(), requests as usize, at_once, Duration::default);
        let took = ways.last().unwrap().arrived.as_secs_f64();
        assert!(took <= at_most, "{requests} took {took}");
    }
}

#[test]
fn memory_is_bounded() {
    let quotas = quotas(&["1000000/1h"]);
    let mut pace = Pace::for_requests(&quotas, 1);
    for request in 0..1_000_000_u64 {
        let now = Moment(Duration::from_micros(request * 100));
        assert_eq!(pace.acquire(now), Ok(()));
        pace.answered(now);
    }
    assert!(pace.quota_windows[0].groups() <= 2_500, "{}", pace.quota_windows[0].groups());
    let end = Moment(Duration::from_secs(100));
    let next = pace.acquire(end).unwrap_err();
    assert!(next.0.as_secs() >= 3600 && next.0.as_secs() < 3610, "{next:?}");
}

#[test]
fn a_fast_rate_survives_coarse_timers() {
    // Timers wake a millisecond late; what is saved up makes up for it.
    let mut pace = Pace::new(&quotas(&["5000/s"]));
    let (mut now, mut left) = (Moment::default(), 0);
    while now.0 < Duration::from_secs(2) {
        match pace.acquire(now) {
            Ok(()) => {
                left += 1;
                pace.answered(now);
            }
            Err(next) => now = next.after(Duration::from_millis(1)),
        }
    }
    assert!(left >= 9_800, "{left}");
}

#[test]
fn a_pause_holds_everything() {
    let mut pace = Pace::new(&quotas(&["1000/s"]));
    let resume = Moment(Duration::from_secs(3));
    for seconds in [3, 1] {
        let asked = Some(Duration::from_secs(seconds));
        let sent_at = Moment::default();
        pace.push_back(PushBack { sent_at, asked, clock: None }, sent_at, 0.5);
    }
    assert_eq!(pace.acquire(Moment::default()), Err(resume));
    assert_eq!(pace.acquire(resume), Ok(()));
}

#[test]
fn back_off_doubles_and_ends() {
    for (attempts, chance, expected) in [
        (1, 1.0, 500),
        (2, 1.0, 1_000),
        (3, 0.5, 1_000),
        (8, 1.0, 60_000),
        (1000, 1.0, 60_000),
        (5, 0.0, 0),
    ] {
        assert_eq!(back_off(attempts, chance), Duration::from_millis(expected));
    }
    assert_eq!(asked_wait(Duration::from_secs(999_999)), LONGEST_ASKED);
}

/// How long so many requests take where each is under way for so long, and only so many at once.
fn played(quotas: &[Quota], requests: u64, concurrency: usize, latency: Duration) -> Duration {
    let mut pace = Pace::for_requests(quotas, requests);
    let mut under_way = std::collections::VecDeque::new();
    let (mut now, mut left) = (Moment::default(), requests);
    loop {
        while under_way.front().is_some_and(|answer| *answer <= now) {
            under_way.pop_front();
            pace.answered(now);
        }
        if left > 0 && under_way.len() < concurrency && pace.acquire(now).is_ok() {
            left -= 1;
            under_way.push_back(now.after(latency));
            continue;
        }
        let turn = (left > 0 && under_way.len() < concurrency).then(|| pace.next(now));
        match under_way.front().copied().into_iter().chain(turn).min() {
            Some(next) => now = next,
            None => return now.0,
        }
    }
}

#[test]
fn an_estimate_is_what_it_takes() {
    let mut worst: f64 = 0.0;
    for texts in [
        &["2/1s"][..],
        &["30/10s"],
        &["50/1s"],
        &["300/10s"],
        &["9000/1h"],
        &["1000/1s"],
        &["30/10s", "300/10s", "9000/1h"],
        &[],
    ] {
        let quotas = quotas(texts);
        for requests in [1, 2, 20, 31, 320, 5_000, 9_000, 9_001, 50_000] {
            for latency in [0, 20, 150, 2_000] {
                for concurrency in [1, 8, 64] {
                    let is_long = requests > 9_001 && (concurrency, latency) != (8, 150);
                    if is_long || (requests > 5_000 && concurrency != 8) {
                        continue;
                    }
                    let latency = Duration::from_millis(latency);
                    let took = played(&quotas, requests, concurrency, latency).as_secs_f64();
                    let concurrency = u32::try_from(concurrency).unwrap();
                    let timetable = Timetable::new(requests, &quotas, concurrency, latency);
                    let estimate = timetable.answered(requests).0.as_secs_f64();
                    let off = (estimate - took).abs() / took.max(0.1);
                    worst = worst.max(off);
                    assert!(
                        off <= 0.05,
                        "{requests} at {texts:?}, {concurrency} at once, {latency:?}: {estimate}, not {took}"
                    );
                }
            }
        }
    }
    println!("off by {:.1} % at the most", 100.0 * worst);
}

#[test]
fn the_tightest_quota_binds() {
    let quotas = quotas(&["30/10s", "300/10s", "9000/1h"]);
    let duration = |requests, quotas: &[Quota], latency| {
        let latency = Duration::from_millis(latency);
        Timetable::new(requests, quotas, 8, latency).answered(requests)
    };
    let (takes, quota) = duration(50_000, &quotas, 0);
    assert_eq!(quota, Some(quotas[2]));
    assert!((19_990.0..20_010.0).contains(&takes.as_secs_f64()), "{takes:?}");
    // A few requests never come near the quota of an hour, nor are they spread over it.
    let (takes, quota) = duration(320, &quotas, 0);
    assert_eq!((takes.as_secs(), quota), (106, Some(quotas[0])));
    assert_eq!(duration(9_000, &quotas, 0).1, Some(quotas[0]));
    assert_eq!(duration(1, &quotas, 0), (Duration::ZERO, None));
    assert_eq!(duration(5, &[], 0), (Duration::ZERO, None));
    // Where answers take long they are what is waited for.
    assert_eq!(duration(320, &quotas, 10_000), (Duration::from_secs(400), None));
}
