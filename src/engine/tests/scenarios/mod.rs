//! Plays the stories of `tests/scenarios/*.yaml`: hours of a run in imaginary time, and what must have come of it.
//!
//! A file says what was to be done, how the server behaves from when on, and within which ranges the run must stay.
//! What may go wrong at any moment is for `simulation`; here it is how well a run copes with what servers do.

mod curves;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::declared::connector::Operation;
use crate::declared::job::InDoubt;
use crate::engine::tests::rows::{self, stringeex};
use crate::engine::{Action, Core, Input, Now, Settings, Work};
use crate::event::{Ending, Event, RowEnd};
use crate::ledger::Ack;
use crate::row::{Attempted, Cause, Holdings, Made, Newest, Reason};
use crate::text::quota::{Quota, parse_duration};
use crate::traffic::deadline::Deadline;
use crate::traffic::pace::{Moment, Pace};
use crate::traffic::reply::Granted;
use crate::traffic::verdict::Verdict;

/// The start of imaginary time, in unix milliseconds.
const EPOCH: i64 = 1_800_000_000_000;
/// How long the ledger takes to make something durable, and the server to grant a token.
const COMMIT: Duration = Duration::from_millis(2);
const LOGIN: Duration = Duration::from_millis(50);
/// How many rows the core is given at a time.
const FED: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    story: String,
    rows: u64,
    tickets: u64,
    quotas: Vec<String>,
    concurrency: usize,
    #[serde(default = "ten_minutes", deserialize_with = "duration")]
    give_up_after: Duration,
    #[serde(default, deserialize_with = "some_duration")]
    max_duration: Option<Duration>,
    /// In the order of their moments; the first begins at once.
    server: Vec<Phase>,
    expect: Expected,
}

/// How the server behaves from a moment on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Phase {
    #[serde(deserialize_with = "duration")]
    from: Duration,
    #[serde(default, deserialize_with = "duration")]
    latency: Duration,
    /// So much more for each request that is under way.
    #[serde(default, deserialize_with = "duration")]
    latency_for_each: Duration,
    #[serde(default)]
    state: State,
    /// Requests in a fixed window of its clock; what is beyond gets a 429.
    limit: Option<Quota>,
    /// What a 429 asks for. Left out: it does not say.
    #[serde(default, deserialize_with = "some_duration")]
    retry_after: Option<Duration>,
    /// A 429 asks for as many whole seconds as the window lasts.
    #[serde(default)]
    asks_for_the_rest: bool,
    /// What another program wants of each window, in hundredths of the limit.
    #[serde(default)]
    others: Option<Others>,
    /// Of a hundred requests, how many get a 429 for no reason.
    #[serde(default)]
    strays: u8,
    /// What is known of its clock.
    #[serde(default)]
    clock: Told,
    /// Of a hundred answers, how many are lost; of every two, one after the note was made.
    #[serde(default)]
    lost: u8,
    /// One ticket of so many, the first among them, answers 403, whatever the token.
    forbidden: Option<u64>,
    /// How far this machine's clock is set wrong, in hours.
    #[serde(default)]
    clock_wrong_by: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    #[default]
    Up,
    /// 503 to everything.
    Busy,
    /// 429 to everything.
    PushingBack,
    Unreachable,
    /// No token is good.
    Revoked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Others {
    from: u32,
    to: u32,
    /// All at one moment of the window, or evenly.
    #[serde(default)]
    bursts: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    #[default]
    Exactly,
    /// By a `Date`, in whole seconds.
    InSeconds,
    Never,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    ending: String,
    /// Of the run.
    #[serde(deserialize_with = "times")]
    duration: RangeInclusive<Duration>,
    #[serde(deserialize_with = "counts")]
    succeeded: RangeInclusive<u64>,
    #[serde(default = "none", deserialize_with = "counts")]
    failed: RangeInclusive<u64>,
    #[serde(default = "none", deserialize_with = "counts")]
    in_doubt: RangeInclusive<u64>,
    #[serde(default = "none", deserialize_with = "counts")]
    pushbacks: RangeInclusive<u64>,
    /// Notes per second in a part of the run.
    #[serde(default)]
    rates: Vec<Rate>,
    /// From the beginning of the last phase to the next note.
    #[serde(default, deserialize_with = "some_duration")]
    recovers_within: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    #[serde(deserialize_with = "times")]
    between: RangeInclusive<Duration>,
    #[serde(deserialize_with = "numbers")]
    is: RangeInclusive<f64>,
}

fn ten_minutes() -> Duration {
    Duration::from_secs(600)
}

fn none() -> RangeInclusive<u64> {
    0..=0
}

fn duration<'de, D: Deserializer<'de>>(reader: D) -> Result<Duration, D::Error> {
    parse_duration(&String::deserialize(reader)?).map_err(D::Error::custom)
}

fn some_duration<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Duration>, D::Error> {
    duration(reader).map(Some)
}

/// Reads `a..b`, both included, or one value.
fn range<T: Clone>(
    text: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<RangeInclusive<T>, String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let ends = read(from).zip(read(to)).ok_or_else(|| format!("`{text}` is no range"))?;
    Ok(ends.0..=ends.1)
}

fn times<'de, D: Deserializer<'de>>(reader: D) -> Result<RangeInclusive<Duration>, D::Error> {
    range(&String::deserialize(reader)?, |text| parse_duration(text).ok()).map_err(D::Error::custom)
}

fn counts<'de, D: Deserializer<'de>>(reader: D) -> Result<RangeInclusive<u64>, D::Error> {
    range(&String::deserialize(reader)?, |text| text.parse().ok()).map_err(D::Error::custom)
}

fn numbers<'de, D: Deserializer<'de>>(reader: D) -> Result<RangeInclusive<f64>, D::Error> {
    range(&String::deserialize(reader)?, |text| text.parse().ok()).map_err(D::Error::custom)
}

/// Something that will happen.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Coming {
    Durable(Vec<(usize, bool)>),
    Answer {
        slot: usize,
    },
    List {
        slot: usize,
        row: u64,
    },
    /// Nobody is told here what is there: how long that takes is what counts.
    Count {
        lane: usize,
    },
    Token,
}

struct Play<'a> {
    scenario: &'a Scenario,
    operation: Arc<Operation>,
    core: Core,
    random: fastrand::Rng,
    clock: Duration,
    coming: BinaryHeap<Reverse<(Duration, u64, Coming)>>,
    order: u64,
    writes: Vec<(usize, bool)>,
    under_way: u32,
    fed: u64,
    /// The row that each slot holds.
    slots: HashMap<usize, u64>,
    token: u32,
    /// Requests in the server's present window: which it is, how many, and how many of them are others'.
    window: (u64, u32, u32),
    /// What the server's clock showed at the beginning, going by the last answer.
    remote_began: Option<i64>,
    /// When each 429 was given.
    pushed_back: Vec<Duration>,
    /// When each note was made, by row, and in which order.
    notes: Vec<(Duration, u64)>,
    /// Those whose ids the ledger knows.
    owned: HashSet<String>,
    /// How many rows have ended in which way.
    told: HashMap<&'static str, u64>,
    pushbacks: u64,
}

impl<'a> Play<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let connector = stringeex();
        let quotas: Vec<Quota> = scenario.quotas.iter().map(|text| text.parse().unwrap()).collect();
        let deadline = scenario
            .max_duration
            .map(|end| Deadline { until: Some((Moment(end), None)), longest: None });
        let settings = Settings {
            concurrency: scenario.concurrency,
            attempts: 5,
            give_up_after: scenario.give_up_after,
            give_up_on_push_backs_after: Duration::from_secs(86_400),
            longest_request: Duration::ZERO,
            max_failures: None,
            deadline,
            in_doubt: InDoubt::Verify,
            counts: true,
            needs_token: true,
            token_costs_request: true,
        };
        Self {
            scenario,
            operation: Arc::clone(&connector.operations["ticket_note.create"]),
            core: Core::new(settings, Pace::for_requests(&quotas, scenario.rows)),
            random: fastrand::Rng::with_seed(1),
            clock: Duration::ZERO,
            coming: BinaryHeap::new(),
            order: 0,
            writes: Vec::new(),
            under_way: 0,
            fed: 0,
            slots: HashMap::new(),
            token: 0,
            window: (0, 0, 0),
            remote_began: None,
            pushed_back: Vec::new(),
            notes: Vec::new(),
            owned: HashSet::new(),
            told: HashMap::new(),
            pushbacks: 0,
        }
    }

    fn phase(&self) -> &'a Phase {
        let begun = self.scenario.server.iter().rev().find(|phase| phase.from <= self.clock);
        begun.unwrap_or(&self.scenario.server[0])
    }

    fn remote(&self) -> i64 {
        EPOCH + milliseconds(self.clock)
    }

    fn take(&mut self, input: Input) {
        let remote = self.remote();
        let now = Now {
            moment: Moment(self.clock),
            wall: remote + self.phase().clock_wrong_by * 3_600_000,
            remote: match self.phase().clock {
                Told::Exactly => (self.token > 0).then_some(remote),
                Told::InSeconds => self.remote_began.map(|began| began + milliseconds(self.clock)),
                Told::Never => None,
            },
            chance: self.random.f64(),
        };
        self.core.handle(input, now);
        for action in self.core.take_actions() {
            self.perform(action);
        }
    }

    fn after(&mut self, wait: Duration, coming: Coming) {
        self.order += 1;
        self.coming.push(Reverse((self.clock + wait, self.order, coming)));
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Begin { slot, start } => {
                self.slots.insert(slot, start.place.row);
                self.write(slot, true);
            }
            Action::End { slot, end } => {
                self.owned.extend(end.remote_id);
                self.write(slot, false);
            }
            Action::Send { slot, .. } => self.leave(Coming::Answer { slot }),
            Action::Look { slot, work, .. } => {
                self.leave(Coming::List { slot, row: work.ready.place.row });
            }
            Action::Count { lane, .. } => self.leave(Coming::Count { lane }),
            Action::Read { .. } => panic!("its rows are about nothing there"),
            Action::Come(_) => panic!("its pace is its own"),
            Action::Renew => self.after(LOGIN, Coming::Token),
            Action::Tell(event) => {
                if let Event::Row(event) = *event {
                    *self.told.entry(event.end.word()).or_default() += 1;
                }
            }
            Action::Abandon => panic!("nobody has asked for that"),
        }
    }

    fn write(&mut self, slot: usize, starts: bool) {
        self.writes.push((slot, starts));
        if let [_] = self.writes.as_slice() {
            self.after(COMMIT, Coming::Durable(Vec::new()));
        }
    }

    fn leave(&mut self, coming: Coming) {
        self.under_way += 1;
        let phase = self.phase();
        self.after(phase.latency + phase.latency_for_each * self.under_way, coming);
    }

    /// What the server makes of any request: an answer that does not depend on which; none where it is served.
    fn refusal(&mut self) -> Option<Verdict> {
        let phase = self.phase();
        let retry = |cause, after, pushback| {
            Some(Verdict::Retry { cause, after, pushback, may_have_acted: false })
        };
        match phase.state {
            State::Up | State::PushingBack => {}
            State::Busy => return retry(Cause::default(), None, false),
            State::Unreachable => return retry(Cause::of(Reason::NoConnection), None, false),
            State::Revoked => return Some(Verdict::Unauthorized(Cause::default())),
        }
        if phase.state != State::PushingBack && !self.is_stray(phase) && self.has_room(phase) {
            return None;
        }
        self.pushbacks += 1;
        self.pushed_back.push(self.clock);
        let rest = phase.limit.filter(|_| phase.asks_for_the_rest).map(|limit| {
            let passed = self.clock.as_millis() % limit.window.as_millis();
            let left = limit.window.as_millis() - passed;
            Duration::from_secs(u64::try_from(left.div_ceil(1_000)).unwrap())
        });
        retry(Cause::default(), rest.or(phase.retry_after), true)
    }

    fn is_stray(&mut self, phase: &Phase) -> bool {
        phase.strays > 0 && self.random.u8(0..100) < phase.strays
    }

    /// Counts a request in its window, after what others have sent by now.
    fn has_room(&mut self, phase: &Phase) -> bool {
        let Some(limit) = phase.limit else { return true };
        let number = self.clock.as_millis() / limit.window.as_millis();
        let number = u64::try_from(number).unwrap();
        if self.window.0 != number {
            self.window = (number, 0, 0);
        }
        if let Some(others) = phase.others {
            let passed = self.clock.as_secs_f64() / limit.window.as_secs_f64() - number as f64;
            let (wanted, at) = others.of_window(number, &limit);
            let wanted = match others.bursts {
                true if passed < at => 0,
                true => wanted,
                false => (f64::from(wanted) * passed) as u32,
            };
            let room = limit.requests.get().saturating_sub(self.window.1);
            let more = wanted.saturating_sub(self.window.2).min(room);
            self.window.1 += more;
            self.window.2 = wanted;
        }
        if self.window.1 >= limit.requests.get() {
            return false;
        }
        self.window.1 += 1;
        true
    }

    fn answer(&mut self, row: u64) -> Verdict {
        match self.refusal() {
            // A create of which that is said may have acted.
            Some(Verdict::Retry { cause, .. }) if self.phase().state == State::Busy => {
                return Verdict::Unknown { cause, after: None };
            }
            Some(refusal) => return refusal,
            None => {}
        }
        let lost = self.random.u8(0..100) < self.phase().lost;
        if lost && self.random.bool() {
            return Verdict::Unknown { cause: Cause::default(), after: None };
        }
        let ticket = row % self.scenario.tickets;
        if self.phase().forbidden.is_some_and(|each| ticket % each == 1) {
            return Verdict::Unauthorized(Cause::default());
        }
        self.notes.push((self.clock, row));
        match lost {
            true => Verdict::Unknown { cause: Cause::default(), after: None },
            false => Verdict::Done { id: Some(format!("tn_{}", self.notes.len())), items: None },
        }
    }

    /// The notes of a row's ticket, the newest first; this server knows of no pages.
    fn list(&mut self, row: u64) -> Verdict {
        if let Some(refusal) = self.refusal() {
            return refusal;
        }
        let ticket = row % self.scenario.tickets;
        let notes = (1..).zip(&self.notes);
        let items = notes.filter(|(_, (_, made))| made % self.scenario.tickets == ticket).map(
            |(number, (at, made))| {
                let created = EPOCH + i64::try_from(at.as_millis()).unwrap();
                serde_json::json!({"id": format!("tn_{number}"), "note": text(*made), "created": created})
            },
        );
        let mut items: Vec<_> = items.collect();
        items.reverse();
        Verdict::Done { id: None, items: Some(items) }
    }

    /// What the ledger owns on a row's ticket.
    fn holdings(&self, row: u64) -> Holdings {
        let notes = (1_u64..).zip(&self.notes).filter_map(|(number, (at, made))| {
            let id = format!("tn_{number}");
            let at = EPOCH + i64::try_from(at.as_millis()).unwrap();
            let attempted = Attempted { at, remote_at: Some(at) };
            let made = (made % self.scenario.tickets == row % self.scenario.tickets)
                .then_some(Made { attempted, in_lane: true, turn: (1, number) })?;
            self.owned.contains(&id).then_some((id, made))
        });
        let notes: Vec<(String, Made)> = notes.collect();
        let newest = notes.last().map(|(id, made)| {
            let (id, attempted) = (id.clone(), made.attempted);
            Newest { id, attempted }
        });
        let ids = notes.into_iter().map(|(id, made)| (id, Some(made))).collect();
        Holdings { ids, newest, ..Holdings::default() }
    }

    fn happen(&mut self, coming: Coming) {
        match coming {
            Coming::Durable(_) => {
                let acks = std::mem::take(&mut self.writes).into_iter().map(|write| match write {
                    (slot, true) => Ack::Started { slot },
                    (slot, false) => Ack::Ended { slot },
                });
                self.take(Input::Durable(acks.collect()));
            }
            Coming::Answer { slot } => {
                self.under_way -= 1;
                self.remote_began = Some(self.remote() / 1000 * 1000 - milliseconds(self.clock));
                let verdict = self.answer(self.slots[&slot]);
                self.take(Input::Replied { slot, verdict });
            }
            Coming::List { slot, row } => {
                self.under_way -= 1;
                let verdict = self.list(row);
                let owned = Ok(self.holdings(row));
                self.take(Input::Looked { slot, verdict, owned });
            }
            Coming::Count { lane } => {
                self.under_way -= 1;
                let verdict = Verdict::Refused(Cause::default());
                self.take(Input::Counted { lane, verdict, owned: Ok(Holdings::default()) });
            }
            Coming::Token => {
                self.token += 1;
                self.take(Input::Token(Ok(Granted { expires_at: None, date: None })));
            }
        }
    }

    fn work(&self, row: u64) -> Work {
        let ticket = row % self.scenario.tickets;
        rows::row(&self.operation, row).on(&ticket.to_string()).saying(&text(row)).work()
    }

    fn play(&mut self) -> Ending {
        self.play_until(Duration::MAX).unwrap()
    }

    /// Plays until it ends, or until a moment.
    fn play_until(&mut self, end: Duration) -> Option<Ending> {
        self.take(Input::Tick);
        loop {
            if self.clock >= end {
                return None;
            }
            if let Some(ending) = self.core.ended() {
                return Some(ending);
            }
            if self.core.wants_rows() {
                let rows = self.fed + 1..=(self.fed + FED as u64).min(self.scenario.rows);
                self.fed = *rows.end();
                let rows: Vec<Work> = rows.map(|row| self.work(row)).collect();
                self.take(if rows.is_empty() { Input::SourceEnded } else { Input::Rows(rows) });
                continue;
            }
            let wake = self.core.wake_at().map(|moment| moment.0);
            let next = self.coming.peek().map(|Reverse((at, ..))| *at);
            match (wake, next) {
                (wake, Some(at)) if wake.is_none_or(|wake| at <= wake) => {
                    let Some(Reverse((at, _, coming))) = self.coming.pop() else { continue };
                    self.clock = self.clock.max(at);
                    self.happen(coming);
                }
                (Some(wake), _) => {
                    self.clock = self.clock.max(wake);
                    self.take(Input::Tick);
                }
                (None, _) => panic!("nothing will ever happen again"),
            }
        }
    }

    /// What is not as it should be.
    fn misses(&self, ending: &Ending) -> Vec<String> {
        let expect = &self.scenario.expect;
        let mut misses = Vec::new();
        let mut check = |name: &str, good: bool, value: String| {
            if !good {
                misses.push(format!("{name} is {value}"));
            }
        };
        let ending = match ending {
            Ending::Finished => "finished",
            Ending::Outage { .. } => "outage",
            Ending::Unauthorized { .. } => "unauthorized",
            Ending::Deadline => "deadline",
            Ending::MaxDuration => "max-duration",
            Ending::NoLoginThere(_) => "no-login-there",
            other => panic!("{other:?}"),
        };
        check("ending", ending == expect.ending, ending.into());
        check("duration", expect.duration.contains(&self.clock), format!("{:?}", self.clock));
        let told = |end: RowEnd| self.told.get(end.word()).copied().unwrap_or(0);
        for (name, range, count) in [
            ("succeeded", &expect.succeeded, told(RowEnd::Succeeded)),
            ("failed", &expect.failed, told(RowEnd::Failed)),
            ("in_doubt", &expect.in_doubt, told(RowEnd::InDoubt)),
            ("pushbacks", &expect.pushbacks, self.pushbacks),
        ] {
            check(name, range.contains(&count), count.to_string());
        }
        for rate in &expect.rates {
            let made = self.notes.iter().filter(|(at, _)| rate.between.contains(at)).count();
            let span = *rate.between.end() - *rate.between.start();
            let per_second = made as f64 / span.as_secs_f64();
            let name = format!("the rate in {:?}", rate.between);
            check(&name, rate.is.contains(&per_second), format!("{per_second:.2}"));
        }
        if let (Some(within), Some(last)) = (expect.recovers_within, self.scenario.server.last()) {
            let next = self.notes.iter().map(|(at, _)| *at).find(|at| *at >= last.from);
            let took = next.map(|at| at - last.from);
            check("time to recover", took.is_some_and(|took| took <= within), format!("{took:?}"));
        }
        misses.extend(self.broken_promises(told(RowEnd::Succeeded), told(RowEnd::InDoubt)));
        misses
    }

    /// Each note once, and those of a ticket in order; whatever the story.
    fn broken_promises(&self, succeeded: u64, in_doubt: u64) -> Option<String> {
        let mut last: HashMap<u64, u64> = HashMap::new();
        for (_, row) in &self.notes {
            let before = last.insert(row % self.scenario.tickets, *row).unwrap_or(0);
            if before >= *row {
                return Some(format!("the note of row {row} comes after that of row {before}"));
            }
        }
        let made = self.notes.len() as u64;
        let known = succeeded..=succeeded + in_doubt;
        (!known.contains(&made)).then(|| format!("{made} notes were made, and {known:?} are known"))
    }
}

impl Others {
    /// How many they want of a window, and at which part of it where they want them at once.
    fn of_window(self, number: u64, limit: &Quota) -> (u32, f64) {
        let mut random = fastrand::Rng::with_seed(number * 7919 + 13);
        let part = random.u32(self.from..=self.to);
        (limit.requests.get() * part / 100, random.f64())
    }
}

fn milliseconds(clock: Duration) -> i64 {
    i64::try_from(clock.as_millis()).unwrap()
}

fn text(row: u64) -> String {
    format!("text {row}")
}

#[test]
fn every_story_ends_as_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut failed = Vec::new();
    for file in files {
        let scenario: Scenario =
            serde_yaml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let mut play = Play::new(&scenario);
        let ending = play.play();
        let misses = play.misses(&ending);
        // Shown with --no-capture, and when one fails.
        println!(
            "{}: {:.0?}, {:?}, {} push-backs, {ending:?}",
            file.display(),
            play.clock,
            play.told,
            play.pushbacks
        );
        if !misses.is_empty() {
            let name = file.file_name().unwrap().to_string_lossy();
            failed.push(format!("{name}: {}\n  {}", scenario.story.trim(), misses.join("\n  ")));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
