//! How much of what a client that knows everything would get the pace gets, from servers that allow less than they say, are
//! shared, refuse by chance, or are out of order for a minute. The figures are a snapshot.

use std::fmt::Write as _;

use super::*;

/// How long each is watched, in windows.
const WATCHED: u32 = 60;

/// One curve.
struct Curve {
    name: &'static str,
    quotas: &'static [&'static str],
    server: Vec<Phase>,
    watched: Duration,
}

/// What came of it.
struct Figures {
    /// Notes, by window of the server.
    notes: Vec<u32>,
    pushed_back: Vec<u32>,
    /// Notes of what a client that knows everything would have made.
    share: f64,
    /// From the end of a minute out of order until the first window with nine tenths of the pace has begun.
    recovery: Option<Duration>,
}

fn phase(limit: &str) -> Phase {
    Phase {
        from: Duration::ZERO,
        // No more than two parts of a hundred of a window.
        latency: Duration::from_millis(if limit.ends_with("/1s") { 15 } else { 60 }),
        latency_for_each: Duration::ZERO,
        state: State::Up,
        limit: Some(limit.parse().unwrap()),
        retry_after: None,
        asks_for_the_rest: false,
        others: None,
        strays: 0,
        clock: Told::InSeconds,
        lost: 0,
        forbidden: None,
        clock_wrong_by: 0,
    }
}

fn curve(name: &'static str, quotas: &'static [&'static str], phase: Phase) -> Curve {
    let watched = phase.limit.unwrap().window * WATCHED;
    Curve { name, quotas, server: vec![phase], watched }
}

/// A minute out of order, after a minute.
fn outage(name: &'static str, quotas: &'static [&'static str], up: Phase, down: Phase) -> Curve {
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let down = Phase { from: minutes(1), ..down };
    let again = Phase { from: minutes(2), ..up.clone() };
    Curve { name, quotas, server: vec![up, down, again], watched: minutes(5) }
}

const TEN: &[&str] = &["30/10s"];
const OWN: &[&str] = &["30/10s", "9000/1h"];
const MANY: &[&str] = &["300/10s"];
const FAST: &[&str] = &["100/1s"];

fn tighter_and_shared() -> Vec<Curve> {
    let others = |from, to, bursts| Some(Others { from, to, bursts });
    let no_clock = |phase| Phase { clock: Told::Never, ..phase };
    let shared = |from, to, bursts| Phase { others: others(from, to, bursts), ..phase("30/10s") };
    let rest = |limit| Phase { asks_for_the_rest: true, ..phase(limit) };
    let second = Some(Duration::from_secs(1));
    let long = Phase { limit: Some("300/180s".parse().unwrap()), ..phase("30/10s") };
    let mut curves = vec![
        curve("alone", TEN, phase("30/10s")),
        curve("alone, own quotas", OWN, phase("30/10s")),
        curve("alone, 100/1s", FAST, phase("100/1s")),
        curve("20/10s", TEN, phase("20/10s")),
        curve("20/10s, own quotas", OWN, phase("20/10s")),
        curve("20/10s, no clock", TEN, no_clock(phase("20/10s"))),
        curve(
            "20/10s, nothing to wait for",
            OWN,
            Phase { retry_after: Some(Duration::ZERO), ..phase("20/10s") },
        ),
        curve(
            "20/10s, one second to wait for",
            OWN,
            Phase { retry_after: Some(Duration::from_secs(1)), ..phase("20/10s") },
        ),
        curve("12/10s, that asks for the rest", TEN, rest("12/10s")),
        curve("12/10s, that asks for the rest, own quotas", OWN, rest("12/10s")),
        curve("12/10s, that asks for the rest, no clock", TEN, no_clock(rest("12/10s"))),
        curve("100/10s instead of 300, that asks for the rest", MANY, rest("100/10s")),
        curve("150/10s instead of 300, that asks for the rest", MANY, rest("150/10s")),
        curve("40/1s instead of 100, that asks for the rest", FAST, rest("40/1s")),
        curve(
            "12/10s, one second to wait for",
            TEN,
            Phase { retry_after: second, ..phase("12/10s") },
        ),
        curve("200/10s instead of 300", MANY, phase("200/10s")),
        curve("60/1s instead of 100", FAST, phase("60/1s")),
        curve("60/1s instead of 100, no clock", FAST, no_clock(phase("60/1s"))),
        curve("shared, spread", TEN, shared(10, 60, false)),
        curve("shared, bursts", TEN, shared(10, 60, true)),
        curve("shared, light", TEN, shared(0, 30, false)),
        curve("shared, own quotas", OWN, shared(10, 60, false)),
        curve("shared, no clock", TEN, no_clock(shared(10, 60, false))),
        curve("shared, 300/10s", MANY, Phase { others: others(10, 60, false), ..phase("300/10s") }),
        curve(
            "shared, bursts, 300/10s",
            MANY,
            Phase { others: others(10, 60, true), ..phase("300/10s") },
        ),
    ];
    let told = |retry_after: u64| Some(Duration::from_secs(retry_after));
    curves.push(Curve {
        watched: Duration::from_secs(1800),
        ..curve("long window spent", &["30/10s", "540/180s"], long.clone())
    });
    curves.push(Curve {
        watched: Duration::from_secs(1800),
        ..curve(
            "long window spent, twenty seconds to wait for",
            &["30/10s", "540/180s"],
            Phase { retry_after: told(20), ..long },
        )
    });
    curves
}

fn strays() -> Vec<Curve> {
    let mut curves = Vec::new();
    let second = Some(Duration::from_secs(1));
    for (name, quotas, limit, retry_after) in [
        ("strays that ask for a second", TEN, "30/10s", second),
        ("strays without a word", TEN, "30/10s", None),
        ("strays that ask for a second, 100/1s", FAST, "100/1s", second),
        ("strays without a word, 100/1s", FAST, "100/1s", None),
    ] {
        for strays in [1, 5, 10, 20] {
            curves.push(curve(name, quotas, Phase { strays, retry_after, ..phase(limit) }));
        }
    }
    curves
}

fn outages() -> Vec<Curve> {
    let up = || phase("30/10s");
    let pushing = |retry_after| Phase { state: State::PushingBack, retry_after, ..phase("30/10s") };
    let second = Some(Duration::from_secs(1));
    let fast = |state| Phase { state, ..phase("100/1s") };
    vec![
        outage("a minute of 429", TEN, up(), pushing(None)),
        outage("a minute of 429, own quotas", OWN, up(), pushing(None)),
        outage("a minute of 429 that asks for a second", TEN, up(), pushing(second)),
        outage("a minute of 429, 100/1s", FAST, phase("100/1s"), fast(State::PushingBack)),
        outage("a minute of 503", TEN, up(), Phase { state: State::Busy, ..up() }),
        outage("a minute of 503, own quotas", OWN, up(), Phase { state: State::Busy, ..up() }),
        outage("a minute of 503, 100/1s", FAST, phase("100/1s"), fast(State::Busy)),
        outage("a minute without", TEN, up(), Phase { state: State::Unreachable, ..up() }),
    ]
}

impl Curve {
    fn figures(&self) -> Figures {
        let limit = self.server[0].limit.unwrap();
        let scenario = Scenario {
            story: self.name.into(),
            // Fewer than fit in an hour, where that is a quota.
            rows: if self.quotas.contains(&"9000/1h") { 8_000 } else { 1_000_000 },
            tickets: 500_000,
            quotas: self.quotas.iter().map(|text| (*text).to_owned()).collect(),
            concurrency: 8,
            give_up_after: Duration::from_secs(3600),
            max_duration: None,
            server: self.server.clone(),
            expect: Expected {
                ending: String::new(),
                duration: Duration::ZERO..=Duration::MAX,
                succeeded: none(),
                failed: none(),
                in_doubt: none(),
                pushbacks: none(),
                rates: Vec::new(),
                recovers_within: None,
            },
        };
        let mut play = Play::new(&scenario);
        play.play_until(self.watched);
        let windows = (self.watched.as_millis() / limit.window.as_millis()) as usize;
        let by_window = |moments: &mut dyn Iterator<Item = Duration>| {
            let mut counts = vec![0_u32; windows];
            for moment in moments {
                let at = (moment.as_millis() / limit.window.as_millis()) as usize;
                if let Some(count) = counts.get_mut(at) {
                    *count += 1;
                }
            }
            counts
        };
        let notes = by_window(&mut play.notes.iter().map(|(at, _)| *at));
        let pushed_back = by_window(&mut play.pushed_back.iter().copied());
        let ideal: f64 = (0..windows as u64).map(|number| self.ideal(number, &limit)).sum();
        let share = f64::from(notes.iter().sum::<u32>()) / ideal;
        let recovery = self.recovery(&notes, &limit);
        Figures { notes, pushed_back, share, recovery }
    }

    /// What a client that knows everything gets of a window.
    fn ideal(&self, number: u64, limit: &Quota) -> f64 {
        let from = limit.window * u32::try_from(number).unwrap();
        let phase = self.server.iter().rev().find(|phase| phase.from <= from).unwrap();
        if phase.state != State::Up {
            return 0.0;
        }
        let wanted = phase.others.map_or(0, |others| others.of_window(number, limit).0);
        // What is refused by chance has arrived, and counts where the quota is kept.
        f64::from(limit.requests.get() - wanted) * (1.0 - f64::from(phase.strays) / 100.0)
    }

    fn recovery(&self, notes: &[u32], limit: &Quota) -> Option<Duration> {
        let end = self.server.get(2)?.from;
        let first = (end.as_millis() / limit.window.as_millis()) as usize;
        let full = f64::from(limit.requests.get()) * 0.9;
        let at = notes[first..].iter().position(|count| f64::from(*count) >= full)?;
        Some(limit.window * u32::try_from(at).unwrap())
    }
}

/// A table of figures, and which of them are not good enough.
fn table(curves: Vec<Curve>, most_in_a_window: Option<f64>) -> (String, Vec<String>) {
    let (mut table, mut misses) = (String::new(), Vec::new());
    for curve in curves {
        let figures = curve.figures();
        let windows = figures.notes.len() as f64;
        let refused = f64::from(figures.pushed_back.iter().sum::<u32>()) / windows;
        let share = 100.0 * figures.share;
        let first: Vec<String> = figures.notes.iter().take(24).map(u32::to_string).collect();
        let recovery =
            figures.recovery.map_or(String::new(), |took| format!(", back after {took:?}"));
        let strays = match curve.server[0].strays {
            0 => String::new(),
            strays => format!(", {strays} %"),
        };
        let line =
            format!("{}{strays}: {share:.0} %, {refused:.1} 429s a window{recovery}", curve.name);
        writeln!(table, "{line}\n    {}", first.join(" ")).unwrap();
        let late = curve.server.len() > 1
            && figures.recovery.is_none_or(|took| took > curve.server[0].limit.unwrap().window);
        if (share < 90.0 && curve.server.len() == 1)
            || late
            || most_in_a_window.is_some_and(|most| refused > most)
        {
            misses.push(line);
        }
    }
    (table, misses)
}

#[test]
fn a_tighter_or_shared_quota_is_used_up_and_no_more_is_asked_for() {
    let (table, misses) = table(tighter_and_shared(), Some(2.0));
    println!("{table}");
    assert!(misses.is_empty(), "{misses:#?}\n{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn push_backs_by_chance_do_not_lower_the_pace() {
    let (table, misses) = table(strays(), None);
    println!("{table}");
    assert!(misses.is_empty(), "{misses:#?}\n{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn after_a_minute_out_of_order_the_pace_is_back_within_a_window() {
    let (table, misses) = table(outages(), Some(2.0));
    println!("{table}");
    assert!(misses.is_empty(), "{misses:#?}\n{table}");
    insta::assert_snapshot!(table);
}
