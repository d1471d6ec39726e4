//! Night after night: a file whose rows change, vanish and come back, runs that are killed amid faults, persons who edit notes and undo
//! runs. In the end each note says what its row says, once, and what persons have written is there.
//!
//! `NOTEFERRY_NIGHTS` is for more stories by hand, `NOTEFERRY_NIGHT_SEED` for the first of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use noteferry::sandbox::{Alteration, ListModel, Options, Sandbox};

use crate::desk::{Desk, NOTES_JOB, Outcome, sandbox_with, texts, unhurried};

const POLICIES: &str =
    "on_change: update\non_missing: { delete: { at_most: 100% } }\nlimits: { attempts: 4 }\n";
const PACE: &str = "--rate 1000/10ms --format json --yes";
const FAULTS: [&str; 3] = [
    "",
    "reset-after=8%,reset=6%,503=4%,503-after=3%,429=3%",
    "500-after=6%,cut-after=4%,html=3%,502=3%,reset-after=6%",
];
const LISTS: [&[ListModel]; 4] =
    [&[], &[ListModel::OldestFirst], &[ListModel::Cached], &[ListModel::NestedData]];
/// So many stories, so many of them at once.
const STORIES: u64 = 4;
const AT_ONCE: u64 = 4;
const NIGHTS: usize = 4;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[test]
fn night_after_night_each_note_says_what_its_row_says_and_once() {
    let first = number("NOTEFERRY_NIGHT_SEED").unwrap_or(1);
    let seeds: Vec<u64> = (first..first + number("NOTEFERRY_NIGHTS").unwrap_or(STORIES)).collect();
    for seeds in seeds.chunks(AT_ONCE as usize) {
        std::thread::scope(|scope| {
            for seed in seeds {
                scope.spawn(|| Story::new(*seed).play());
            }
        });
    }
}

struct Story {
    seed: u64,
    random: fastrand::Rng,
    desk: Desk,
    sandbox: Sandbox,
    /// The ticket and the text of each row of the file.
    rows: BTreeMap<String, (String, String)>,
    /// What persons have made of notes, by the keys of their rows.
    edited: BTreeMap<String, String>,
    versions: u64,
    said: Vec<String>,
}

/// What is known when something goes wrong.
impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let last = self.said.len().saturating_sub(60);
            eprintln!("NOTEFERRY_NIGHT_SEED={}\n{}", self.seed, self.said[last..].join("\n"));
        }
    }
}

impl Story {
    fn new(seed: u64) -> Self {
        let at = |of: usize| usize::try_from(seed).unwrap() % of;
        let sandbox = sandbox_with(Options {
            latency: Duration::from_millis(4),
            faults: FAULTS[at(FAULTS.len())].parse().unwrap(),
            lists: LISTS[at(LISTS.len())].to_vec(),
            seed,
            ..unhurried()
        });
        let desk = Desk::new().file("job.yaml", format!("{NOTES_JOB}{POLICIES}"));
        Self {
            seed,
            random: fastrand::Rng::with_seed(seed),
            desk: desk.sure_after("100ms"),
            sandbox,
            rows: BTreeMap::new(),
            edited: BTreeMap::new(),
            versions: 0,
            said: Vec::new(),
        }
    }

    fn play(mut self) {
        for row in 1..=8 {
            self.say(&format!("k{row}"));
        }
        for _ in 0..NIGHTS {
            self.write();
            let is_whole = self.random.bool() && self.finish();
            if !is_whole {
                self.killed();
            }
            // In a list that lies in a cache nobody sees what was edited right before.
            let is_seen = self.seed % 4 != 2;
            if is_whole && is_seen && self.random.bool() {
                self.edit();
            }
            if is_whole && self.random.u8(0..3) == 0 {
                self.undo();
            }
            self.change(is_whole);
        }
        self.write();
        assert!(self.finish(), "there is always something more to do");
        self.check();
    }

    /// A row says something new.
    fn say(&mut self, key: &str) {
        self.versions += 1;
        let ticket = self.rows.get(key).map(|(ticket, _)| ticket.clone());
        let ticket = ticket.unwrap_or_else(|| format!("tk_{}", self.random.u8(0..3)));
        let text = format!("{key} says {}", self.versions);
        self.rows.insert(key.to_owned(), (ticket, text));
    }

    fn write(&self) {
        let mut csv = "id,ticket,body\n".to_owned();
        for (key, (ticket, text)) in &self.rows {
            csv.push_str(&format!("{key},{ticket},{text}\n"));
        }
        self.desk.write("notes.csv", csv);
    }

    /// Rows change. Of a row whose update has failed the note stays where it vanishes, so rows vanish only after nights that came to
    /// their end: see the known faults of the nights that are simulated.
    fn change(&mut self, may_vanish: bool) {
        let keys: Vec<String> = self.rows.keys().cloned().collect();
        for key in keys {
            match self.random.u8(0..10) {
                0..4 => self.say(&key),
                4 if may_vanish && self.rows.len() > 1 => drop(self.rows.remove(&key)),
                _ => {}
            }
        }
        let new = format!("n{}", self.versions);
        self.say(&new);
    }

    fn heard(&mut self, outcome: &Outcome) {
        assert!(!outcome.stderr.contains("panicked"), "{outcome}");
        self.said.extend(outcome.stdout.lines().map(str::to_owned));
    }

    fn killed(&mut self) {
        let run = self.desk.start_run(&self.sandbox, "job.yaml --concurrency 4");
        std::thread::sleep(Duration::from_millis(self.random.u64(20..400)));
        let outcome = run.kill();
        self.heard(&outcome);
        self.said.push("killed".to_owned());
    }

    /// Runs until all is done but what persons have had a hand in. Gives whether that came about.
    fn finish(&mut self) -> bool {
        for run in 1..=30 {
            if run % 8 == 0 {
                self.settle();
            }
            let outcome = self.desk.run(&self.sandbox, "job.yaml --retry-failed");
            self.heard(&outcome);
            let finished = outcome.finished();
            let count = |name: &str| finished[name].as_u64().unwrap();
            // A list that has lain in a cache may show what was there before the row's own last request; later it does not.
            let failed = outcome.all("row").into_iter().filter(|row| row["state"] == "failed");
            let mut keys = failed.map(|row| row["key"].as_str().unwrap().to_owned());
            let is_whole = count("in_doubt") + count("not_started") == 0;
            if is_whole && keys.all(|key| self.edited.contains_key(&key)) {
                return true;
            }
        }
        false
    }

    /// A person looks for the notes of rows that no run can settle, as where their texts have changed since.
    fn settle(&mut self) {
        let ledger = self.desk.ledger();
        let query = "SELECT key FROM row_states WHERE state IN ('in_doubt', 'started')";
        let mut query = ledger.prepare(query).unwrap();
        let keys = query.query_map([], |row| row.get(0)).unwrap();
        let keys: Vec<String> = keys.map(Result::unwrap).collect();
        let books = self.sandbox.books();
        for key in keys {
            let mut notes = books["notes"].as_array().unwrap().iter();
            let note = notes.find(|note| key_of(note["note"].as_str().unwrap()) == key);
            let said = match note {
                Some(note) => format!("--there {}", note["id"].as_str().unwrap()),
                None => "--absent --yes".to_owned(),
            };
            let outcome = self.desk.call(&format!("settle job.yaml --by Lan --key {key} {said}"));
            self.said.push(format!("{key} {said}: {}", outcome.status));
            // The row's own note is there all the same: what was to be done to it is not.
            if outcome.status != 0 {
                self.desk.call(&format!("settle job.yaml --by Lan --key {key} --absent --yes"));
            }
        }
    }

    /// Somebody at the help desk edits a note.
    fn edit(&mut self) {
        let books = self.sandbox.books();
        let notes = books["notes"].as_array().unwrap();
        if notes.is_empty() {
            return;
        }
        let note = &notes[self.random.usize(0..notes.len())];
        let key = key_of(note["note"].as_str().unwrap()).to_owned();
        let text = format!("{key} was edited at {}", self.versions);
        assert!(self.sandbox.alter(note["id"].as_str().unwrap(), Alteration::Text(text.clone())));
        self.said.push(format!("{key} is edited"));
        self.edited.insert(key, text);
    }

    /// A run is undone, whatever it takes.
    fn undo(&mut self) {
        let query = "SELECT max(id) FROM runs WHERE succeeded > 0";
        let run: Option<i64> = self.desk.ledger().query_row(query, [], |row| row.get(0)).unwrap();
        let Some(run) = run else { return };
        let undo = format!("undo {run} {PACE}");
        if self.random.bool() {
            let started = self.desk.start_at(&self.sandbox, &undo);
            std::thread::sleep(Duration::from_millis(self.random.u64(20..300)));
            let outcome = started.kill();
            self.heard(&outcome);
        }
        for _ in 0..30 {
            let outcome = self.desk.call_at(&self.sandbox, &undo);
            self.heard(&outcome);
            // What a run has only found was made by an earlier one.
            let is_nothing = outcome.stdout.contains("nothing-to-undo");
            if is_nothing || [0, 1].contains(&outcome.status) {
                return;
            }
        }
        panic!("an undoing that does not come to its end");
    }

    /// Whether somebody was told that a row's note is there more than once.
    fn is_told_twice(&self, key: &str) -> bool {
        let told = format!("\"key\":\"{key}\"");
        let mut said = self.said.iter();
        said.any(|line| line.contains("\"event\":\"miscounted\"") && line.contains(&told))
    }

    /// The keys of rows of which something was to be undone.
    fn undone(&self) -> BTreeSet<String> {
        let ledger = self.desk.ledger();
        let query = "SELECT DISTINCT key FROM starts JOIN owners ON owners.id = starts.owner \
                     JOIN runs ON runs.id = owners.run WHERE runs.undoes IS NOT NULL";
        // In a file in which nobody has undone anything there is no such column.
        let Ok(mut query) = ledger.prepare(query) else { return BTreeSet::new() };
        let keys = query.query_map([], |row| row.get(0)).unwrap();
        keys.map(Result::unwrap).collect()
    }

    fn check(&self) {
        self.desk.call("ledger check job.yaml").exits(0);
        let mut there = BTreeMap::<String, Vec<String>>::new();
        for text in texts(&self.sandbox) {
            there.entry(key_of(&text).to_owned()).or_default().push(text);
        }
        let undone = self.undone();
        let known: BTreeSet<&String> = there.keys().chain(self.rows.keys()).collect();
        for key in known {
            let found: Vec<&str> =
                there.get(key).into_iter().flatten().map(String::as_str).collect();
            if self.is_told_twice(key) {
                continue;
            }
            assert!(found.len() <= 1, "{key} is there twice: {found:?}");
            match (self.edited.get(key), self.rows.get(key)) {
                (Some(text), _) => assert_eq!(found, [text], "what a person has written"),
                _ if undone.contains(key) => {}
                (None, Some((_, text))) => assert_eq!(found, [text], "{key}"),
                (None, None) => assert_eq!(found, [] as [&str; 0], "{key} is gone"),
            }
        }
    }
}

fn key_of(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}
