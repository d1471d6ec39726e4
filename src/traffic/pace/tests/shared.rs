//! Several runs that share a pace, against whoever keeps the quota: no window sees too many, nearly all of it is used, nobody
//! is starved, and what a run leaves behind when it dies is given back.

use super::*;
use crate::traffic::pace::register::{Register, Run};

#[test]
fn one_that_goes_by_its_own_pace_tells_the_others_what_it_sends_and_heeds_nobody() {
    let quotas = vec!["10/60s".parse::<Quota>().unwrap()];
    let mut register = Register::begin(0);
    let own = Run { number: 1, process: None };
    let mut telling = Pace::for_requests(&quotas, 8).told();
    let at = |milliseconds| Moment(Duration::from_millis(milliseconds));
    let mut left = 0;
    for moment in 0..8_000 {
        if left < 8 && telling.acquire(at(moment)).is_ok() {
            telling.answered(at(moment));
            left += 1;
        }
        if telling.comes_at(at(moment), left < 8).is_some_and(|due| due <= at(moment)) {
            let report = telling.come(at(moment), left < 8, false).unwrap();
            let view = register.come(&own, &report, moment, &|_| false);
            assert_eq!((view.permits, telling.hear(&view, at(moment))), (0, None));
        }
    }
    assert_eq!(left, 8, "it need not be heard of before");
    let mut sharing = Pace::for_requests(&quotas, 8).shared();
    let report = sharing.come(at(0), true, false).unwrap();
    let other = Run { number: 2, process: None };
    let view = register.come(&other, &report, 8_000, &|_| false);
    sharing.hear(&view, at(0));
    let permitted = (0..100).filter(|moment| sharing.acquire(at(*moment)).is_ok()).count();
    assert!(permitted <= 2, "{permitted}");
}

/// One run in imaginary time. It answers to nobody but the register.
struct Player {
    pace: Pace,
    run: Run,
    began: Duration,
    /// When it dies, without a word.
    dies: Duration,
    left_to_send: usize,
    latency: Duration,
    under_way: Vec<Duration>,
    /// When it hears, and what.
    hears: Option<(Duration, View)>,
    is_gone: bool,
}

impl Player {
    fn new(number: u64, quotas: &[Quota], count: usize) -> Self {
        Self {
            pace: Pace::for_requests(quotas, count as u64).shared(),
            run: Run { number, process: None },
            began: Duration::ZERO,
            dies: Duration::MAX,
            left_to_send: count,
            latency: Duration::from_millis(5),
            under_way: Vec::new(),
            hears: None,
            is_gone: false,
        }
    }

    fn moment(&self, clock: Duration) -> Moment {
        Moment(clock.saturating_sub(self.began))
    }

    fn wants(&self) -> bool {
        self.left_to_send > 0
    }

    /// Does what can be done now; gives when requests arrived.
    fn go(&mut self, clock: Duration, register: &mut Register, arrivals: &mut Vec<(u64, Way)>) {
        if clock < self.began || self.is_gone {
            return;
        }
        let now = self.moment(clock);
        self.is_gone = clock >= self.dies;
        if self.is_gone {
            return;
        }
        let answered = self.under_way.len();
        self.under_way.retain(|at| *at > clock);
        for _ in self.under_way.len()..answered {
            self.pace.answered(now);
        }
        if let Some((_, view)) = self.hears.take_if(|(at, _)| *at <= clock) {
            self.pace.hear(&view, now);
        }
        while self.wants() && self.pace.acquire(now).is_ok() {
            self.left_to_send -= 1;
            let answered = clock + self.latency;
            self.under_way.push(answered);
            let arrived = clock + self.latency / 2;
            arrivals.push((self.run.number, Way { arrived, answered }));
        }
        let leaves = !self.wants() && self.under_way.is_empty();
        if leaves || self.pace.comes_at(now, self.wants()).is_some_and(|at| at <= now) {
            let report = self.pace.come(now, self.wants(), leaves).unwrap();
            let wall = 1_000_000_000 + u64::try_from(clock.as_millis()).unwrap();
            let view = register.come(&self.run, &report, wall, &|_| false);
            self.hears = Some((clock + Duration::from_micros(300), view));
            self.is_gone = leaves;
        }
    }

    fn next(&self, clock: Duration) -> Duration {
        if self.is_gone {
            return Duration::MAX;
        }
        let now = self.moment(clock);
        let turn = self.wants().then(|| self.pace.next(now)).filter(|next| *next > now);
        let comes = self.pace.comes_at(now, self.wants()).filter(|at| *at > now);
        let own = turn.into_iter().chain(comes).map(|moment| self.began + moment.0);
        let hears = self.hears.as_ref().map(|(at, _)| *at);
        own.chain(hears)
            .chain(self.under_way.iter().copied())
            .chain([self.dies, self.began])
            .filter(|at| *at > clock)
            .min()
            .unwrap_or(Duration::MAX)
    }
}

fn begin() -> Register {
    Register::begin(0)
}

/// All requests, in the order of their arrival, by run.
fn play(mut players: Vec<Player>, register: &mut Register, end: Duration) -> Vec<(u64, Way)> {
    let (mut clock, mut arrivals) = (Duration::ZERO, Vec::new());
    while clock < end {
        for player in &mut players {
            player.go(clock, register, &mut arrivals);
        }
        // A millisecond at the least, as clocks have it; else two that wait for one another take for ever.
        let next = players.iter().map(|player| player.next(clock)).min().unwrap();
        clock = next.max(clock + Duration::from_micros(100)).min(end);
    }
    arrivals.sort_unstable_by_key(|(_, way)| way.arrived);
    arrivals
}

fn ways(arrivals: &[(u64, Way)]) -> Vec<Way> {
    arrivals.iter().map(|(_, way)| *way).collect()
}

fn of(arrivals: &[(u64, Way)], run: u64, from: u64, to: u64) -> usize {
    let within = Duration::from_secs(from)..Duration::from_secs(to);
    arrivals.iter().filter(|(by, way)| *by == run && within.contains(&way.arrived)).count()
}

#[test]
fn several_runs_together_keep_the_quota_use_it_and_starve_nobody() {
    for (texts, runs) in [
        (&["100/1s"][..], 2_u64),
        (&["100/1s"], 5),
        (&["1000/1s"], 2),
        (&["30/10s", "9000/1h"], 2),
        (&["50/1s"], 3),
        (&["2/1s"], 2),
        (&["3/1s"], 5),
    ] {
        let quotas = quotas(texts);
        let players = (1..=runs).map(|number| Player::new(number, &quotas, 1_000_000));
        let seconds = 60;
        let arrivals = play(players.collect(), &mut begin(), Duration::from_secs(seconds));
        for quota in &quotas {
            let most = most_in_a_window(&ways(&arrivals), quota.window);
            assert!(most <= quota.requests.get() as usize, "{texts:?}, {runs} runs: {most}");
        }
        let ideal = quotas[0].per_second() * seconds as f64;
        let used = arrivals.len() as f64 / ideal;
        let shares: Vec<usize> = (1..=runs).map(|run| of(&arrivals, run, 10, 60)).collect();
        println!("{texts:?}, {runs} runs: {:.0} % used, {shares:?}", 100.0 * used);
        assert!(used >= 0.93, "{texts:?}, {runs} runs: {used}");
        let fair = shares.iter().sum::<usize>() as f64 / runs as f64;
        assert!(shares.iter().all(|share| *share as f64 >= fair * 0.6), "{texts:?}: {shares:?}");
    }
}

#[test]
fn alone_a_run_is_as_fast_as_with_a_pace_of_its_own_and_seldom_comes() {
    for text in ["100/1s", "30/10s", "1000/1s", "2/1s"] {
        let quotas = quotas(&[text]);
        let count = quotas[0].requests.get() as usize * 20;
        let alone =
            play(vec![Player::new(1, &quotas, count)], &mut begin(), Duration::from_secs(900));
        let took = alone.last().unwrap().1.arrived.as_secs_f64();
        let way = || (Duration::from_millis(5), 0.5);
        let own = send(&mut Pace::new(&quotas), Moment::default(), count, way, Duration::default);
        let own = own.last().unwrap().arrived.as_secs_f64();
        assert!(took <= own * 1.02, "{text}: {took} instead of {own}");
    }
}

#[test]
fn one_that_comes_later_gets_its_share_within_two_windows() {
    let quotas = quotas(&["100/1s"]);
    let late = Player { began: Duration::from_secs(10), ..Player::new(2, &quotas, 10_000) };
    let players = vec![Player::new(1, &quotas, 100_000), late];
    let arrivals = play(players, &mut begin(), Duration::from_secs(20));
    assert!(most_in_a_window(&ways(&arrivals), quotas[0].window) <= 100);
    assert!(of(&arrivals, 2, 10, 12) >= 40, "{}", of(&arrivals, 2, 10, 12));
    assert!(of(&arrivals, 2, 13, 20) >= 250, "{}", of(&arrivals, 2, 13, 20));
}

#[test]
fn what_a_run_has_used_counts_when_it_is_over_and_what_one_that_dies_holds_is_given_back() {
    let hour = quotas(&["9000/1h"]);
    let mut register = begin();
    let first = Player::new(1, &hour, 9_000);
    let used = play(vec![first], &mut register, Duration::from_secs(3_590));
    assert_eq!(used.len(), 9_000);
    let last = used.last().unwrap().1.arrived;
    let began = last + Duration::from_secs(1_800);
    let second = Player { began, ..Player::new(2, &hour, 10) };
    let arrivals = play(vec![second], &mut register, Duration::from_secs(20_000));
    let first = arrivals.first().unwrap().1.arrived;
    // An hour after they were made those of the first are over, or a little later.
    assert!((3_600..3_660).contains(&first.as_secs()), "{first:?}, {began:?}");
    let quick = quotas(&["100/1s"]);
    for dies in [1_000, 1_234, 5_017] {
        let dies = Duration::from_millis(dies);
        let dying = Player { dies, ..Player::new(1, &quick, 100_000) };
        let after = Player { began: dies, ..Player::new(2, &quick, 100_000) };
        let arrivals = play(vec![dying, after], &mut begin(), Duration::from_secs(20));
        assert!(most_in_a_window(&ways(&arrivals), quick[0].window) <= 100);
        let from = dies.as_secs() + 4;
        assert!(of(&arrivals, 2, from, from + 10) >= 960, "{}", of(&arrivals, 2, from, from + 10));
    }
}

#[test]
fn what_the_ledger_alone_knows_counts_beside_what_others_have_sent() {
    let quotas = quotas(&["100/1h"]);
    let wall = |seconds: u64| 1_000_000_000 + seconds * 1_000;
    // Half an hour ago another ledger's run has made 60, and just now one of this ledger that shared nothing as many.
    let mut register = Register::begin(0);
    let other = Run { number: 1, process: None };
    let ended = vec![EndedRequests { ago: Duration::ZERO, count: 60 }];
    let report = Report { quotas: quotas.clone(), ended, leaves: true, ..Report::default() };
    register.come(&other, &report, wall(0), &|_| false);
    for (ago, expected) in [(5, 0), (1_800, 40)] {
        let mut pace = Pace::new(&quotas).shared();
        let known = vec![EndedRequests { ago: Duration::from_secs(ago), count: 60 }];
        pace.continue_after(Moment::default(), &Past::All(known));
        let now = Moment(Duration::from_millis(3));
        let report = pace.come(now, true, false).unwrap();
        let own = Run { number: 2, process: None };
        let view = register.clone().come(&own, &report, wall(1_800), &|_| false);
        pace.hear(&view, now);
        let free = pace.quota_windows[0].free(now, 0);
        assert_eq!(free, expected, "{ago}");
    }
}

#[test]
fn a_slow_run_is_not_starved_by_a_fast_one_and_neither_goes_faster_than_it_may() {
    let (slow, fast) = (quotas(&["30/10s", "9000/1h"]), quotas(&["100/1s"]));
    let players = vec![Player::new(1, &slow, 8_000), Player::new(2, &fast, 100_000)];
    let arrivals = play(players, &mut begin(), Duration::from_secs(60));
    assert!(most_in_a_window(&ways(&arrivals), fast[0].window) <= 100);
    assert!(of(&arrivals, 1, 0, 60) >= 150, "{}", of(&arrivals, 1, 0, 60));
    let own: Vec<Way> = arrivals.iter().filter(|(run, _)| *run == 1).map(|(_, way)| *way).collect();
    assert!(most_in_a_window(&own, slow[0].window) <= 30);
    assert!(of(&arrivals, 2, 0, 60) >= 5_400, "{}", of(&arrivals, 2, 0, 60));
}

#[test]
fn a_clock_that_is_set_and_a_register_of_nonsense_block_nobody_for_long() {
    let quotas = quotas(&["100/1s"]);
    for text in [
        r#"{"since":99999999999999999,"longest":18446744073709551615,"past":[[18446744073709551615,4294967295],[0,4294967295]],"runs":[]}"#,
        r#"{"since":0,"longest":0,"past":[],"runs":[{"run":9,"process":null,"came":18446744073709551615,"reserved":4294967295,"waits":[0,4294967295],"quotas":[[0,0],[1,4294967295]],"ended":[[18446744073709551615,4294967295]]}]}"#,
    ] {
        let mut register: Register = serde_json::from_str(text).unwrap();
        register.shift(i64::MIN);
        register.shift(i64::MAX);
        let player = Player::new(1, &quotas, 100_000);
        let arrivals = play(vec![player], &mut register, Duration::from_secs(20));
        assert!(of(&arrivals, 1, 5, 20) >= 1_400, "{}", of(&arrivals, 1, 5, 20));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_window_sees_more_than_its_quota_whoever_comes_and_goes(
        requests in 1_u32..200,
        window in 200_u64..5_000,
        lives in proptest::collection::vec((0_u64..8_000, 0_u64..10_000, 1_usize..400, 0_u64..400), 1..5),
    ) {
        let quotas = quotas(&[&format!("{requests}/{window}ms")]);
        let players = lives.iter().zip(1..).map(|((began, lives, count, latency), number)| {
            let began = Duration::from_millis(*began);
            let dies = if *lives > 5_000 { Duration::MAX } else { began + Duration::from_millis(*lives) };
            let latency = Duration::from_millis(*latency);
            Player { began, dies, latency, ..Player::new(number, &quotas, *count) }
        });
        let arrivals = play(players.collect(), &mut begin(), Duration::from_secs(20));
        prop_assert!(most_in_a_window(&ways(&arrivals), quotas[0].window) <= requests as usize);
    }
}
