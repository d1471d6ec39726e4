//! Night after night from a seed: a source that changes, runs that die in the middle, persons who edit and delete notes, settle rows
//! and undo runs; and another side with faults. The real deciders and the real core, the real lives of rows.
//!
//! A failing seed is told as a story and can be played again alone.

mod books;
mod known_faults;
mod night;
mod promises;
mod server;
mod source;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZero;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::declared::connector::Method;
use crate::declared::job::{self, Given, Job};
use crate::row::{RowId, RowState, Settlement};

use books::{Books, Run};
use night::Night;
use server::{Deed, LATE, Manner, Pages, Server};
use source::Source;

/// The start of imaginary time, in unix milliseconds.
const EPOCH: i64 = 1_800_000_000_000;
/// So many stories of failing seeds are told.
const STORIES: usize = 3;
/// In some hundred stories all of this happens, or they prove nothing.
const WHAT_HAPPENS: [&str; 11] = [
    "made",
    "changed",
    "deleted",
    "made anew",
    "given back",
    "taken back",
    "died",
    "edited",
    "confirmed",
    "denied",
    "dismissed",
];

/// Tells something, where a story is told.
macro_rules! tell {
    ($world:expr, ($($words:tt)*)) => {
        if $world.story.is_told {
            let line = format!($($words)*);
            $world.tell(line);
        }
    };
}
use tell;

/// All that outlives a night.
struct World<'j> {
    job: &'j Job,
    random: fastrand::Rng,
    server: Server,
    /// Its lists show so much and no more.
    is_cut: bool,
    books: Books,
    source: Source,
    /// Keys of rows that were told to be there more than once.
    told: HashSet<String>,
    /// The operation of a row by which one of its operations was undone.
    undone: HashMap<(RowId, u32), u32>,
    /// How often what has happened.
    seen: BTreeMap<&'static str, u64>,
    story: Story,
}

/// What has happened, for whoever plays a seed again.
struct Story {
    seed: u64,
    /// Words cost more than what they tell of.
    is_told: bool,
    lines: Vec<String>,
}

impl Drop for Story {
    fn drop(&mut self) {
        if self.is_told {
            eprintln!("seed {}:\n{}", self.seed, self.lines.join("\n"));
        }
    }
}

impl<'j> World<'j> {
    fn new(job: &'j Job, seed: u64, is_told: bool) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let source = Source::new(&mut random);
        let server = Server::new(random.u64(..));
        let is_cut = matches!(server.manner.pages, Pages::Cut(_));
        let lines = match is_told {
            true => vec![format!("{:?}\n{:?}", server.manner, source.rows)],
            false => Vec::new(),
        };
        Self {
            job,
            random,
            server,
            is_cut,
            books: Books::default(),
            source,
            told: HashSet::new(),
            undone: HashMap::new(),
            seen: BTreeMap::new(),
            story: Story { seed, is_told, lines },
        }
    }

    fn tell(&mut self, line: String) {
        let clock = self.server.clock;
        self.story.lines.push(format!(
            "{:>9}.{:03} {line}",
            clock.as_secs(),
            clock.subsec_millis()
        ));
    }

    fn count(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    fn advance(&mut self, to: Duration) {
        for deed in self.server.advance(to) {
            self.see(Some(deed));
        }
    }

    /// The server has done something.
    fn see(&mut self, deed: Option<Deed>) {
        let Some(deed) = deed else { return };
        let key = self.books.entries(deed.sent.row).key.clone();
        let sent = (deed.sent.request.method, deed.sent.turn, deed.sent.number, deed.sent.undoes);
        tell!(self, ("  the server: {key} {sent:?} {}: {:?}", deed.note, deed.text));
        let word = match (deed.sent.request.method, deed.sent.undoes.is_some()) {
            (Method::Post, false) => "made",
            (Method::Put, false) => "changed",
            (Method::Post, true) => "made anew",
            (Method::Put, true) => "given back",
            (_, false) => "deleted",
            (_, true) => "taken back",
        };
        self.count(word);
        promises::check_deed(self, &deed);
    }

    fn pause(&mut self) {
        let seconds = match self.random.u8(0..4) {
            0 => self.random.u64(0..5),
            1 => self.random.u64(5..100),
            _ => self.random.u64(3_600..90_000),
        };
        self.advance(self.server.clock + Duration::from_secs(seconds));
    }

    /// The run of a night.
    fn night(&mut self, crash_after: usize, retry_failed: bool) -> night::Ended {
        let work = self.source.work(self.job, &self.books, retry_failed);
        let rows: Vec<String> =
            work.iter().map(|work| format!("{} {:?}", work.key, work.sending)).collect();
        tell!(self, ("run {}: {}", self.books.runs + 1, rows.join(", ")));
        let most = promises::most_requests(work.len(), self.is_faulty());
        let ended = Night::new(self, None).play(work, (crash_after, most));
        self.end_of(&ended);
        ended
    }

    fn undo(&mut self, run: Run, crash_after: usize) {
        let even_if_changed = self.random.u8(0..8) == 0;
        let (work, of) = source::undoing(self.job, &self.books, (run, even_if_changed));
        let rows: Vec<String> =
            work.iter().map(|work| format!("{} {:?}", work.key, work.sending)).collect();
        let number = self.books.runs + 1;
        tell!(self, ("run {number} undoes run {run} ({even_if_changed}): {}", rows.join(", ")));
        let most = promises::most_requests(work.len(), self.is_faulty());
        let ended = Night::new(self, Some(of)).play(work, (crash_after, most));
        self.end_of(&ended);
    }

    fn is_faulty(&self) -> bool {
        self.server.manner.faults > 0 || !self.server.manner.is_honest()
    }

    fn end_of(&mut self, ended: &night::Ended) {
        tell!(self, ("  ends: {:?}, {} requests", ended.ending, ended.requests));
        promises::check(self);
        match ended.ending {
            Some(_) => promises::check_copies(self),
            None => self.count("died"),
        }
    }

    /// Somebody at the help desk changes notes by hand, deletes some, writes some.
    fn meddle(&mut self) {
        for at in 0..self.server.notes.len() {
            let note = &self.server.notes[at];
            let is_open = |row| self.books.read(row).life.may_have_acted();
            let is_lost = known_faults::EDITED_NOTES_ARE_NOT_FOUND && note.row.is_some_and(is_open);
            if note.text().is_none() || is_lost || self.random.u8(0..8) > 0 {
                continue;
            }
            self.count("edited");
            let id = self.server.notes[at].id.clone();
            let text = (self.random.u8(0..3) > 0)
                .then(|| format!("sửa lại lúc {}", self.server.clock.as_millis()));
            tell!(self, ("a person makes of {id}: {text:?}"));
            self.server.touch(at, text);
        }
        if self.random.u8(0..4) == 0 {
            let at = self.server.clock.as_millis();
            self.server.write("tk_0", format!("khách hàng đã gọi lại lúc {at}"));
        }
    }

    /// A person looks what became of rows, when that is over, and says it.
    fn settle(&mut self, says_all: bool) {
        self.advance(self.server.clock + LATE);
        for row in self.books.ids() {
            let read = self.books.read(row);
            let dismisses = !says_all && self.random.u8(0..8) == 0;
            let said = match read.life.state() {
                RowState::Dismissed { .. } => continue,
                // So may one be that was refused in the end, where an answer before was lost.
                _ if read.life.may_have_acted() => {
                    if !says_all && self.random.bool() {
                        continue;
                    }
                    let turn = u32::try_from(read.life.turn()).unwrap();
                    let starts = &self.books.entries(row).starts;
                    let content = |number: u32| starts[number as usize - 1].start.digest;
                    let last = starts.last().unwrap().start.digest;
                    let of_turn = |deed: &&Deed| (deed.sent.row, deed.sent.turn) == (row, turn);
                    let mut deeds = self.server.deeds.iter().filter(of_turn);
                    match deeds.next_back() {
                        _ if dismisses => Settlement::Dismissed,
                        // What was sent last is asked about, and another content is there: a person goes on by hand.
                        Some(deed) if content(deed.sent.number) != last => Settlement::Dismissed,
                        Some(deed) if deed.before.is_none() => {
                            Settlement::There { id: Some(deed.note.clone()) }
                        }
                        Some(_) => Settlement::There { id: None },
                        None => Settlement::Absent,
                    }
                }
                RowState::Refused { .. } | RowState::GivenUp { .. } if dismisses => {
                    Settlement::Dismissed
                }
                _ => continue,
            };
            self.say(row, &said);
        }
        if !says_all && self.random.u8(0..10) == 0 {
            let said = self.books.settled();
            if !said.is_empty() {
                let row = said[self.random.usize(0..said.len())];
                self.say(row, &Settlement::Withdrawn);
            }
        }
    }

    fn say(&mut self, row: RowId, said: &Settlement) {
        self.count(match said {
            Settlement::There { .. } => "confirmed",
            Settlement::Absent => "denied",
            Settlement::Dismissed => "dismissed",
            Settlement::Withdrawn => "withdrawn",
        });
        let key = self.books.entries(row).key.clone();
        tell!(self, ("a person says of {key}: {said:?}"));
        let at = EPOCH + i64::try_from(self.server.clock.as_millis()).unwrap();
        self.books.settle(row, said, at);
    }

    /// What happens between two nights, and one night.
    fn live(&mut self) {
        let crash_after = if self.random.bool() { usize::MAX } else { self.random.usize(1..60) };
        match self.random.u8(0..10) {
            0..6 => {
                let retry_failed = self.random.u8(0..4) == 0;
                self.night(crash_after, retry_failed);
            }
            6 | 7 => {
                let runs = promises::runs(self);
                if let Some(last) = runs.len().checked_sub(1) {
                    let at = if self.random.bool() { last } else { self.random.usize(0..=last) };
                    self.undo(runs[at], crash_after);
                }
            }
            8 => self.settle(false),
            _ => self.meddle(),
        }
        self.pause();
        if self.random.bool() {
            let (random, story) = (&mut self.random, &mut self.story);
            let mut tell = |line: String| {
                if story.is_told {
                    story.lines.push(format!("              {line}"));
                }
            };
            self.source.change(random, &mut tell);
        }
    }

    /// Nothing goes wrong any more, and persons say what is to be said: all comes to an end.
    fn rest(&mut self) {
        self.advance(self.server.clock + Duration::from_secs(86_400));
        self.server.manner = Manner::PLAIN;
        tell!(self, ("from now on nothing goes wrong"));
        for _ in 0..4 {
            self.night(usize::MAX, true);
            self.settle(true);
            self.advance(self.server.clock + Duration::from_secs(86_400));
        }
        let writes = self.night(usize::MAX, true).writes;
        promises::check_end(self);
        assert_eq!(writes, 0, "there is always something more to do");
    }
}

/// Plays a whole story; gives how often what has happened in it.
fn play(jobs: &[Job], seed: u64, is_told: bool) -> BTreeMap<&'static str, u64> {
    let job = &jobs[usize::try_from(seed).unwrap() % jobs.len()];
    let mut world = World::new(job, seed, is_told);
    for _ in 0..world.random.u8(3..10) {
        world.live();
    }
    world.rest();
    std::mem::take(&mut world.seen)
}

/// Jobs that change what rows have made, delete it, do both, or neither.
fn jobs() -> Vec<Job> {
    let folder = tempfile::tempdir().unwrap();
    let (update, delete) = ("on_change: update\n", "on_missing: { delete: { at_most: 100% } }\n");
    let both = format!("{update}{delete}");
    let policies = [both.clone(), update.to_owned(), both, String::new()];
    let load = |policies: String| {
        let path = folder.path().join("job.yaml");
        let text = format!(
            "job: nights\noperation: ticket_note.create\nkey: \"{{{{ id }}}}\"\nsource: {{ csv: rows.csv }}\n\
             map:\n  ticket_id: \"{{{{ ticket }}}}\"\n  note: \"{{{{ body }}}}\"\n  is_internal_note: true\n{policies}"
        );
        std::fs::write(&path, text).unwrap();
        std::fs::write(folder.path().join("rows.csv"), "id,ticket,body\n").unwrap();
        job::load(&path, &Given::default(), &[]).unwrap()
    };
    policies.into_iter().map(load).collect()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Another number of seeds: `NOTEFERRY_SEEDS=100000 cargo test --release nights`; one seed alone: `NOTEFERRY_SEED=7`.
#[test]
fn the_promises_hold_night_after_night() {
    let jobs = jobs();
    if let Some(seed) = number("NOTEFERRY_SEED") {
        play(&jobs, seed, true);
        return;
    }
    let end = number("NOTEFERRY_SEEDS").unwrap_or(10_000);
    let next = AtomicU64::new(0);
    let (failed, seen) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::<_, u64>::new()));
    let play_on = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            match std::panic::catch_unwind(AssertUnwindSafe(|| play(&jobs, seed, false))) {
                Ok(counts) => {
                    let mut seen = seen.lock().unwrap();
                    counts
                        .into_iter()
                        .for_each(|(what, count)| *seen.entry(what).or_default() += count);
                }
                Err(_) => failed.lock().unwrap().push(seed),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(play_on);
        }
    });
    let failed = failed.into_inner().unwrap();
    for seed in failed.iter().take(STORIES) {
        let _ = std::panic::catch_unwind(AssertUnwindSafe(|| play(&jobs, *seed, true)));
    }
    assert_eq!(failed, [0_u64; 0], "seeds that fail: NOTEFERRY_SEED=N plays one alone");
    let seen = seen.into_inner().unwrap();
    println!("{seen:?}");
    let unseen = WHAT_HAPPENS.iter().filter(|what| !seen.contains_key(*what));
    assert_eq!(unseen.count(), 0, "stories in which too little happens: {seen:?}");
}
