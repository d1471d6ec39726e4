//! Killed at any moment, any number of times: the finished import leaves what an undisturbed one leaves.
//!
//! The moments are chance; `NOTEFERRY_KILL_SEED` draws the same ones again, as far as a machine's own timing lets it.
//! `NOTEFERRY_KILLS` is for more of them by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use noteferry::sandbox::{ClockModel, ListModel, Options, Sandbox};
use serde_json::Value;

use crate::ask::{Contents, SEEDED_NOTES, seeded};
use crate::desk::{Desk, Outcome, sandbox_with, texts, unhurried};

/// Each row says what it does.
const JOB: &str = "job: mixed\nsource: { csv: rows.csv }\nkey: \"{{ id }}\"\n";
const COLUMNS: &str = "id,operation,ticket_id,note_id,note,is_internal_note\n";
/// Imports under way at once.
const AT_ONCE: u64 = 4;

/// What an import does.
#[derive(Debug, Clone, Copy)]
struct Work {
    creates: usize,
    tickets: usize,
}

impl Work {
    /// Creates on all tickets in turn; among them seeded notes are changed, changed again, and deleted.
    fn rows(&self) -> (String, Contents) {
        let (mut csv, mut state) = (COLUMNS.to_owned(), Contents::at_first());
        for row in 1..=self.creates {
            let ticket = format!("tk_{}", row % self.tickets);
            // Some say what others of their ticket say, too.
            let text = if row % 4 == 0 { "As before".to_owned() } else { format!("Note {row}") };
            csv.push_str(&format!("c{row},ticket_note.create,{ticket},,{text},true\n"));
            state.created.entry(ticket).or_default().push(text);
            let note = seeded(row % SEEDED_NOTES + 1);
            match (row / SEEDED_NOTES, row % 3) {
                (0 | 1, 0 | 1) => {
                    let text = format!("Changed by {row}");
                    csv.push_str(&format!("u{row},ticket_note.update,,{note},{text},\n"));
                    state.seeded.insert(note, text);
                }
                (2, 2) => {
                    csv.push_str(&format!("d{row},ticket_note.delete,,{note},,\n"));
                    state.seeded.remove(&note);
                }
                _ => {}
            }
        }
        (csv, state)
    }
}

/// Imports that are killed, one after the other, and chance.
struct Loop {
    seed: u64,
    random: fastrand::Rng,
    work: Work,
    faults: &'static [&'static str],
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    imports: u64,
    kills: u64,
    /// Runs that ended by themselves with work left.
    unfinished: u64,
    /// Rows that were told to be in doubt by such a run.
    doubts: u64,
}

/// What is known when something goes wrong.
impl Drop for Loop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("NOTEFERRY_KILL_SEED={} {:?}", self.seed, self.counts);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Imports until so many runs have been killed, or as many as the environment says. Imports wait more than they work,
/// so there are several at once.
fn kill(work: Work, faults: &'static [&'static str], kills: u64) {
    let kills = number("NOTEFERRY_KILLS").unwrap_or(kills).div_ceil(AT_ONCE);
    let seed = number("NOTEFERRY_KILL_SEED").unwrap_or(1);
    let whole = Loop::new(work, faults, seed).undisturbed();
    std::thread::scope(|scope| {
        for at in 0..AT_ONCE {
            // Seeds stand apart, so that no two loops draw the same.
            let mut imports = Loop::new(work, faults, seed + (at << 32));
            scope.spawn(move || imports.kill(kills, whole));
        }
    });
}

impl Loop {
    fn new(work: Work, faults: &'static [&'static str], seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self { seed, random, work, faults, counts: Counts::default() }
    }

    fn kill(&mut self, kills: u64, whole: Duration) {
        let began = Instant::now();
        while self.counts.kills < kills {
            self.import(whole);
        }
        println!("{:?} of {whole:?} each, {:?}", self.counts, began.elapsed());
    }

    /// How long an import takes that nobody kills.
    fn undisturbed(&self) -> Duration {
        let (desk, sandbox, expected) = self.prepare("");
        let began = Instant::now();
        let outcome = run(&desk, &sandbox).outcome().exits(0);
        let whole = began.elapsed();
        check(&desk, &sandbox, &expected, &outcome);
        whole
    }

    fn prepare(&self, faults: &str) -> (Desk, Sandbox, Contents) {
        let (csv, expected) = self.work.rows();
        let mut desk = Desk::new().file("job.yaml", JOB).file("rows.csv", csv);
        desk = desk.sure_after(if faults.is_empty() { "50ms" } else { "550ms" });
        if !faults.is_empty() {
            // Other runs follow, so none needs much patience, but what a list is worth shows in several answers, of which half
            // fail; and what is slow is later than anybody waits.
            desk = desk
                .file("job.yaml", format!("{JOB}limits: {{ attempts: 4 }}\n"))
                .with_connector(|text| text.replace("request: 30s", "request: 250ms"));
        }
        let options = Options {
            latency: Duration::from_millis(8),
            slow: Duration::from_millis(500),
            faults: faults.parse().unwrap(),
            seed: self.seed + self.counts.imports,
            ..unhurried()
        };
        (desk, sandbox_with(options), expected)
    }

    /// One import, killed at moments between its first and what would be its last, until a run finishes it.
    fn import(&mut self, whole: Duration) {
        self.counts.imports += 1;
        let faults = self.faults[self.counts.imports as usize % self.faults.len()];
        let (desk, sandbox, expected) = self.prepare(faults);
        let mut told = BTreeSet::new();
        for earlier in 0..400 {
            // On a busy machine a run takes longer than the one that was measured: the more runs an import has had, the
            // later they are killed, so that it comes to its end.
            let whole = whole.mul_f64(1.0 + f64::from(earlier).min(200.0) / 20.0);
            let outcome = self.one_run(&desk, &sandbox, whole, !faults.is_empty());
            let done = done(&outcome);
            assert!(told.is_disjoint(&done), "done twice: {done:?} after {told:?}\n{outcome}");
            told.extend(done);
            if !outcome.killed && outcome.status == 0 {
                check(&desk, &sandbox, &expected, &outcome);
                return;
            }
        }
        panic!("an import that does not come to its end\n{}", run(&desk, &sandbox).outcome());
    }

    fn one_run(
        &mut self,
        desk: &Desk,
        sandbox: &Sandbox,
        whole: Duration,
        faulty: bool,
    ) -> Outcome {
        let run = run(desk, sandbox);
        // Faults cost time, and what has to wait for it must get it at times.
        let spared = faulty && self.random.f64() < 0.3;
        let outcome = if spared {
            run.outcome()
        } else {
            std::thread::sleep(whole.mul_f64(self.random.f64() * if faulty { 2.0 } else { 1.0 }));
            run.kill()
        };
        assert!(!outcome.stderr.contains("panicked"), "{outcome}");
        if outcome.killed {
            self.counts.kills += 1;
        } else if outcome.status != 0 {
            assert!(faulty, "{outcome}");
            self.counts.unfinished += 1;
            self.counts.doubts += outcome.finished()["in_doubt"].as_u64().unwrap();
        }
        outcome
    }
}

fn run(desk: &Desk, sandbox: &Sandbox) -> crate::desk::Started {
    desk.start_run(sandbox, "job.yaml --concurrency 4")
}

/// The rows that a run told to be done. The last line of a killed run may be half a line.
fn done(outcome: &Outcome) -> BTreeSet<u64> {
    let events = outcome.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let rows = events.filter(|event| event["event"] == "row" && event["state"] == "succeeded");
    rows.map(|event| event["row"].as_u64().unwrap()).collect()
}

/// Everything is there once and in order; the ledger says so, too, and knows what it is called.
fn check(desk: &Desk, sandbox: &Sandbox, expected: &Contents, last: &Outcome) {
    desk.call("ledger check job.yaml").exits(0);
    assert_eq!(&Contents::of(sandbox), expected, "{last}");
    let finished = last.finished();
    let count = |name: &str| finished[name].as_u64().unwrap();
    assert_eq!(count("succeeded") + count("already_done"), count("rows"), "{last}");

    let ledger = desk.ledger();
    let query = "SELECT state, lane, remote_id FROM row_states ORDER BY row";
    let mut query = ledger.prepare(query).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let rows: Vec<(String, String, Option<String>)> = rows.map(Result::unwrap).collect();
    assert!(rows.iter().all(|(state, ..)| state == "succeeded"), "{rows:?}");
    assert_eq!(rows.len() as u64, count("rows"), "{last}");

    let mut arrived = BTreeMap::<String, Vec<String>>::new();
    for note in sandbox.books()["notes"].as_array().unwrap() {
        let lane = format!("ticket {}", note["ticket_id"].as_str().unwrap());
        arrived.entry(lane).or_default().push(note["id"].as_str().unwrap().to_owned());
    }
    let mut owned = BTreeMap::<String, Vec<String>>::new();
    for (_, lane, id) in rows.into_iter().filter(|(_, lane, _)| lane.starts_with("ticket ")) {
        owned.entry(lane).or_default().push(id.unwrap());
    }
    assert_eq!(owned, arrived, "each row knows its own note");
}

#[test]
fn however_often_it_is_killed_an_import_leaves_each_note_once_and_in_order() {
    kill(Work { creates: 48, tickets: 6 }, &[""], 200);
}

/// Every fault of a sandbox but a refusal, which needs a person.
const FAULTS: [&str; 2] = [
    "429=5%,401=5%,503=5%,500=5%,500-after=5%,reset=5%,reset-after=5%,cut-after=5%",
    "html=5%,502=5%,504=5%,502-after=5%,503-after=5%,504-after=5%,reset-after=5%,slow=10%",
];

#[test]
fn killed_amid_faults_an_import_leaves_each_note_once_and_in_order() {
    kill(Work { creates: 24, tickets: 8 }, &FAULTS, 60);
}

/// Ways of listing and of telling the time, each of which some server has, and in how many of the four tickets a row may stay in
/// doubt in the end; nothing overtakes it, so there is no more than one in each. Where lists show every note whole and where it
/// stands, only one that was answered without an id hides what was lost beside it. Where they trim, cut, escape or hide notes, or show
/// them in no order, more can be said of some than of others. Without any date, or in no order and without a zone, little is settled,
/// and every ticket may stop: where each kill meets the same four rows it does.
const MODELS: [(&[ListModel], ClockModel, u64); 8] = [
    (&[ListModel::OldestFirst], ClockModel::Right, 1),
    (&[ListModel::PagesFromZero, ListModel::NumbersAsIds], ClockModel::Behind2h, 1),
    (&[ListModel::HidesInternal], ClockModel::Right, 3),
    (&[ListModel::EscapesHtml, ListModel::NestedData], ClockModel::Behind65s, 3),
    (&[ListModel::Trims, ListModel::PagesIgnored], ClockModel::NoDate, 2),
    (&[ListModel::Cuts], ClockModel::Ahead90s, 3),
    (&[ListModel::Shuffled], ClockModel::CreatedWithoutZone, TICKETS),
    (&[ListModel::BareArray, ListModel::NewestFirst], ClockModel::CreatedAbsent, TICKETS),
];
const KILLS_A_MODEL: u64 = 4;
const TICKETS: u64 = 4;

/// Some creates are answered without an id, or by what nobody can read.
const ODD_ANSWERS: &str = "garbled-after=4%,no-id=2%,reset-after=4%,reset=4%";

#[test]
fn killed_amid_lists_and_clocks_of_any_kind_an_import_leaves_nothing_twice() {
    let left: Vec<Left> = std::thread::scope(|scope| {
        let models = MODELS.into_iter().enumerate().map(|(at, (lists, clock, doubts))| {
            (doubts, scope.spawn(move || kill_amid(lists, clock, doubts, at as u64)))
        });
        let models: Vec<_> = models.collect();
        let bounded = models.into_iter().map(|(doubts, left)| (doubts, left.join().unwrap()));
        bounded.filter(|(doubts, _)| *doubts < TICKETS).map(|(_, left)| left).collect()
    });
    // Most of what was lost can be settled where anything can.
    let sum = |of: &dyn Fn(&Left) -> u64| left.iter().map(of).sum::<u64>();
    let (in_doubt, settled) = (sum(&|left| left.in_doubt), sum(&|left| left.settled));
    assert!(in_doubt <= settled, "{in_doubt} in doubt, and {settled} settled");
}

/// What of the lost answers of an import nobody can settle, and what a look has settled.
struct Left {
    in_doubt: u64,
    settled: u64,
}

/// What lists do not tell stays in doubt; nothing is there twice, and what is said to be done is there.
fn kill_amid(lists: &'static [ListModel], clock: ClockModel, doubts: u64, at: u64) -> Left {
    let seed = number("NOTEFERRY_KILL_SEED").unwrap_or(1) + at;
    let kills = number("NOTEFERRY_KILLS").unwrap_or(KILLS_A_MODEL);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut csv = COLUMNS.to_owned();
    for row in 1..=24_u64 {
        // Every other row is for agents alone.
        let is_internal = row % 2 == 0;
        let text = format!("Khách hàng <Lan> & chị Huệ nhờ gọi lại, lần thứ {row} ");
        csv.push_str(&format!(
            "c{row},ticket_note.create,tk_{},,\"{text}\",{is_internal}\n",
            row % TICKETS
        ));
    }
    let job = format!("{JOB}limits: {{ attempts: 4 }}\n");
    let desk = Desk::new().file("job.yaml", job).file("rows.csv", csv).sure_after("50ms");
    let sandbox = sandbox_with(Options {
        latency: Duration::from_millis(8),
        faults: ODD_ANSWERS.parse().unwrap(),
        lists: lists.to_vec(),
        clock,
        seed,
        ..unhurried()
    });
    // Where nothing was ever surely made, no list can be believed, and every ticket may stop.
    desk.run(&sandbox, "job.yaml --limit 4");
    for _ in 0..kills {
        let run = run(&desk, &sandbox);
        std::thread::sleep(Duration::from_millis(random.u64(100..500)));
        run.kill();
    }
    // What the last one has left is settled as far as it can be.
    for _ in 0..2 {
        run(&desk, &sandbox).outcome();
    }
    let last = run(&desk, &sandbox).outcome();
    assert!([0, 6].contains(&last.status), "{lists:?} {clock:?}: {last}");
    let finished = last.finished();
    let count = |name: &str| finished[name].as_u64().unwrap();
    let texts = texts(&sandbox);
    let different: BTreeSet<&String> = texts.iter().collect();
    assert_eq!(different.len(), texts.len(), "{lists:?} {clock:?}: twice: {texts:?}\n{last}");
    assert_eq!(count("miscounted"), 0, "{lists:?} {clock:?}: {last}");
    let done = count("succeeded") + count("already_done");
    let in_doubt = count("in_doubt");
    let there = texts.len() as u64;
    assert!(
        (done..=done + in_doubt).contains(&there),
        "{lists:?} {clock:?}: {there} there\n{last}"
    );
    let settled = settled(&desk);
    assert!(in_doubt <= doubts, "{lists:?} {clock:?}: too many in doubt\n{last}");
    println!(
        "{lists:?} {clock:?}: {done} done, {in_doubt} in doubt, {settled} settled, {} not started",
        count("not_started")
    );
    Left { in_doubt, settled }
}

/// Lost answers of which a look has shown what became of them.
fn settled(desk: &Desk) -> u64 {
    let query = "SELECT count(*) FROM ends WHERE outcome IN ('found', 'not_found')";
    desk.ledger().query_row(query, [], |row| row.get(0)).unwrap()
}
