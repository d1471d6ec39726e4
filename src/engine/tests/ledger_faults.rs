//! A small import whose ledger's disk fails at the n-th thing that is done to it, for every n.
//!
//! Real dispatcher, recorder and SQLite; an imaginary server, and a disk that fails as it is told. After each such run
//! the disk is mended and the job is run again, and then the promises are checked.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{channel, unbounded_channel};

use super::rows::{self, stringeex};
use super::server::{Note, REFUSED, Server, clock};
use crate::declared::connector::Connector;
use crate::declared::job::InDoubt;
use crate::engine::dispatch::{self, Parts, RunEnd};
use crate::engine::{Owing, Settings, Work};
use crate::event::{Ending, Event, RowEnd};
use crate::ledger::tests::faulty_disk::{Disk, Trouble};
use crate::ledger::{
    Books as _, InTrouble, JobId, JobLock, JobName, Ledger, LedgerError, Reader as _, Rescue,
    StorageFault, waiting_outcomes,
};
use crate::plan::decide::{Facts, Fate, Last, decide};
use crate::prepare::request::Request;
use crate::row::{Cause, KeyHash, Reason, Totals};
use crate::traffic::pace::Pace;
use crate::traffic::reply::{Granted, Reply, TokenFailure};
use crate::traffic::transport::Transport;

/// Rows of the imaginary source, in its order: ticket and text. A text says which row it is.
const ROWS: [(&str, &str); 9] = [
    ("tk_1", "a"),
    ("tk_2", "b"),
    ("tk_1", "c"),
    ("tk_3", "d"),
    ("tk_3", "no"),
    ("tk_2", "e"),
    ("tk_1", "f"),
    ("tk_3", "g"),
    ("tk_2", "h"),
];

/// The way to the server. Nothing gets through without power.
struct Way {
    server: Rc<RefCell<Server>>,
    disk: &'static Disk,
}

impl Transport for Way {
    fn send(&self, request: &Request) -> impl Future<Output = Reply> + 'static {
        let mut wait = Duration::ZERO;
        let reply = if self.disk.is_off() {
            Reply::Lost(Cause::of(Reason::ConnectionBroken))
        } else {
            let mut server = self.server.borrow_mut();
            let answer = server.answer(request);
            // Some are slow, so that they are under way while others end.
            wait = Duration::from_millis(server.notes.len() as u64 % 3);
            Reply::Answer(answer)
        };
        async move {
            if wait.is_zero() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(wait).await;
            }
            reply
        }
    }

    fn renew(&self, _: i64) -> impl Future<Output = Result<Granted, TokenFailure>> + 'static {
        std::future::ready(Ok(Granted::default()))
    }

    fn needs_token(&self) -> bool {
        false
    }

    fn token_costs_request(&self) -> bool {
        false
    }
}

/// How a run goes about trouble.
#[derive(Clone, Copy, Debug)]
struct Manner {
    trouble: Trouble,
    forever: bool,
    /// Whether the rescue file can be written.
    rescue: bool,
    patience: Duration,
    /// How often the job turns out not to be the run's own when a request is about to leave.
    lost_claims: u32,
}

/// What came of one run.
struct Life {
    outcome: RunEnd,
    events: Vec<Event>,
}

impl Life {
    /// The ids of the rows that were told to be done, by their keys.
    fn told(&self) -> HashMap<&str, &str> {
        let rows = self.events.iter().filter_map(|event| match event {
            Event::Row(row) if row.end == RowEnd::Succeeded => {
                Some((&*row.key, row.id.as_deref().unwrap()))
            }
            _ => None,
        });
        rows.collect()
    }

    fn error(&self) -> &LedgerError {
        match &self.outcome.ending {
            Ending::LedgerFailed(error) => error,
            other => panic!("{other:?}"),
        }
    }
}

struct World {
    folder: tempfile::TempDir,
    disk: &'static Disk,
    server: Rc<RefCell<Server>>,
    connector: Connector,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new(disk: &'static Disk) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            disk,
            server: Rc::default(),
            connector: prompt_stringeex(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    /// What is to be sent, by what the ledger knows.
    fn work(&self, ledger: &Ledger, job: JobId) -> Result<Vec<Work>, LedgerError> {
        let history = ledger.history(job)?;
        let operation = &self.connector.operations["ticket_note.create"];
        let mut work = Vec::new();
        for (row, (ticket, text)) in (1..).zip(ROWS) {
            let found = history.find(KeyHash::of(text)).next();
            let known = found.map(|found| ledger.known(found.row, text)).transpose()?.flatten();
            let earlier = known.as_ref().map(|known| &known.earlier);
            let facts = Facts {
                earlier,
                valid: true,
                unchanged: true,
                is_another: false,
                last: Last::Own,
                updates: false,
                comes_again: false,
                effect: operation.effect,
                repeat: operation.repeat,
                settles: true,
                in_doubt: InDoubt::Verify,
                retry_failed: false,
                undone: false,
            };
            let Fate::Send(sending) = decide(&facts) else { continue };
            let attempts = earlier.map_or(0, |earlier| earlier.state.attempts());
            let draft = rows::row(operation, row).on(ticket).saying(text).sending(sending);
            let draft = draft.attempted(attempts, known.as_ref().map(|known| known.attempted));
            let draft = draft.known(known.as_ref().map(|known| known.id));
            work.push(draft.for_real("/ticketNote", text).work());
        }
        Ok(work)
    }

    /// One run, from the opening of the ledger to its end, as `cli` goes about it.
    fn live(&self, manner: &Manner) -> Result<Life, LedgerError> {
        let path = self.path();
        let ledger = self.disk.ledger(&path)?;
        let lock = JobLock::take(&path, &name(), 1, "now")?;
        ledger.take_in(&lock)?;
        let job = ledger.enter_job(&lock, clock())?;
        let run = ledger.begin_run(&lock, ledger.last_owner(job)?, "", clock())?;
        let owners = self.disk.ledger(&path)?;
        let work = self.work(&owners, job)?;
        let nowhere = self.folder.path().join("nowhere").join("ledger.db");
        let beside = if manner.rescue { &path } else { &nowhere };
        let rescue = Rescue::reserve(beside, &lock, run.owner);
        let (say, news) = unbounded_channel();
        let trouble = InTrouble { patience: manner.patience, rescue, lock };
        let recorder = ledger.record_with(run, trouble, move |news| {
            drop(say.send(news));
        });
        let mut events = Vec::new();
        let lost_claims = Cell::new(manner.lost_claims);
        let outcome = self.runtime.block_on(async {
            let (feed, rows) = channel(1);
            feed.send(Ok(work)).await.unwrap();
            drop(feed);
            let (_stop, mut stops) = unbounded_channel();
            let way = Way { server: Rc::clone(&self.server), disk: self.disk };
            let parts = Parts {
                owed: Owing::default(),
                shared_pace: None,
                transport: &way,
                answers: &self.connector.answers,
                recorder: &recorder,
                news,
                feed: rows,
                stops: &mut stops,
                tell: &mut |told| {
                    events.extend(told);
                    Vec::new()
                },
                progress: &mut |_| {},
                owned: &|page| {
                    let found = owners.owned(job, &[page]).map(|mut held| held.pop().unwrap());
                    Box::pin(std::future::ready(found))
                },
                holds: &|_| {
                    let lost = lost_claims.get();
                    lost_claims.set(lost.saturating_sub(1));
                    lost == 0
                },
                wall: &clock,
                chance: &mut || 0.5,
            };
            dispatch::run(settings(), Pace::new(&["100000/1s".parse().unwrap()]), parts).await.0
        });
        if let Some(left) = recorder.finish() {
            let _ = left.ledger.end_run(run, &Totals::default(), (0, None), None, clock());
        }
        Ok(Life { outcome, events })
    }

    /// A run that goes wrong at the n-th thing that is done to the disk, and a second one that does not. Gives whether
    /// so many things were done at all.
    fn play(&self, manner: Manner, at: u64) -> bool {
        self.disk.fail(manner.trouble, at, manner.forever);
        let first = self.live(&manner);
        let has_failed = self.disk.has_failed();
        self.disk.mend();
        check_cause(&manner, &first);
        self.check_sent();
        let sent = self.server.borrow().sent.clone();
        let second = self.live(&Manner { rescue: true, ..manner }).unwrap();
        assert_eq!(
            (&second.outcome.ending, second.outcome.in_doubt),
            (&Ending::Finished, 0),
            "{:?}",
            second.events
        );
        self.check_notes();
        if let Ok(first) = &first {
            self.check_told(first, &sent);
            if manner.rescue {
                assert_eq!(first.outcome.in_doubt, 0, "every answer came, and was kept");
                assert_eq!(self.server.borrow().looks, 0, "so there was nothing to look for");
            }
        }
        has_failed
    }

    /// Nothing was sent that the ledger does not have as started.
    fn check_sent(&self) {
        drop(self.disk.ledger(&self.path()).unwrap());
        let ledger = rusqlite::Connection::open(self.path()).unwrap();
        let query =
            "SELECT count(*) FROM attempts JOIN rows ON rows.id = attempts.row WHERE key = ?";
        for (text, sent) in &self.server.borrow().sent {
            let started: u32 = ledger.query_row(query, [text], |row| row.get(0)).unwrap();
            assert!(started >= *sent, "{text} was sent {sent} times, and started {started} times");
        }
    }

    /// Each note is there once, in the order of the source, and the ledger knows it by its id.
    fn check_notes(&self) {
        let server = self.server.borrow();
        let ledger = rusqlite::Connection::open(self.path()).unwrap();
        let query = "SELECT state, remote_id FROM row_states WHERE key = ?";
        for ticket in ["tk_1", "tk_2", "tk_3"] {
            let expected = ROWS.into_iter().filter(|row| row.0 == ticket && row.1 != REFUSED);
            let notes = server.notes.iter().filter(|note| note.ticket == ticket);
            let texts: Vec<&str> = notes.map(|note| note.text.as_str()).collect();
            assert_eq!(texts, expected.map(|row| row.1).collect::<Vec<_>>());
        }
        for Note { id, text, .. } in &server.notes {
            let known: (String, String) =
                ledger.query_row(query, [text], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            assert_eq!(known, ("succeeded".to_owned(), id.clone()));
        }
    }

    /// What was told is so, and stays so: it was not sent again.
    fn check_told(&self, first: &Life, sent: &HashMap<String, u32>) {
        let server = self.server.borrow();
        for (key, id) in first.told() {
            let note = server.notes.iter().find(|note| note.id == id).unwrap();
            assert_eq!(note.text, key);
            assert_eq!(server.sent[key], sent[key], "{key} was done and was sent again");
        }
    }
}

/// What ends a run is told by its cause.
fn check_cause(manner: &Manner, first: &Result<Life, LedgerError>) {
    let error = match first {
        Ok(Life { outcome: RunEnd { ending: Ending::Finished, .. }, .. }) => return,
        Ok(life) => life.error(),
        Err(error) => error,
    };
    let (cause, is_unrecorded) = match error {
        LedgerError::Unrecorded { cause, .. } => (&**cause, true),
        cause => (cause, false),
    };
    let LedgerError::Storage { fault, .. } = cause else { panic!("{error:?}") };
    let faults: &[StorageFault] = match manner.trouble {
        Trouble::Full => &[StorageFault::Full],
        _ => &[StorageFault::InputOutput, StorageFault::Unopened],
    };
    assert!(faults.contains(fault), "{error:?}");
    if let Ok(life) = first {
        assert!(manner.forever, "what passes is outlived: {error:?}");
        let lost = life.outcome.in_doubt > 0;
        assert_eq!(is_unrecorded, lost, "{error:?}");
    }
}

fn settings() -> Settings {
    Settings {
        concurrency: 3,
        attempts: 3,
        needs_token: false,
        token_costs_request: false,
        give_up_after: Duration::from_secs(600),
        give_up_on_push_backs_after: Duration::from_secs(86_400),
        longest_request: Duration::ZERO,
        deadline: None,
        max_failures: None,
        counts: true,
        in_doubt: InDoubt::Verify,
    }
}

/// StringeeX, and a server that is done with a request when its connection breaks.
fn prompt_stringeex() -> Connector {
    let mut connector = stringeex();
    for operation in connector.operations.values_mut() {
        Arc::make_mut(operation).sure_after = Duration::ZERO;
    }
    connector
}

fn name() -> JobName {
    let (name, base_url) = ("import".to_owned(), "https://api.example.com/v1".to_owned());
    JobName { name, base_url, account: String::new() }
}

/// Lets everything go wrong that is done to the disk, one after the other.
fn play_all(disk: &str, manner: Manner) {
    let disk = Disk::new(disk);
    for at in 1.. {
        let world = World::new(disk);
        let played =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.play(manner, at)));
        match played {
            Ok(true) => {}
            Ok(false) => {
                assert!(at > 20, "the run did {at} things to its disk, and that is few");
                return;
            }
            Err(_) => panic!("{manner:?} at {at}"),
        }
    }
}

const FOREVER: Manner = Manner {
    trouble: Trouble::Full,
    forever: true,
    rescue: true,
    patience: Duration::ZERO,
    lost_claims: 0,
};

#[test]
fn a_request_does_not_leave_while_the_job_is_not_the_runs_own() {
    let world = World::new(Disk::new("lost claims"));
    let life = world.live(&Manner { lost_claims: 2, ..FOREVER }).unwrap();
    assert_eq!((life.outcome.ending, life.outcome.in_doubt), (Ending::Finished, 0));
    // What did not leave was told to the ledger as not sent, and went when the job was its own again.
    world.check_sent();
    world.check_notes();
    let ledger = rusqlite::Connection::open(world.path()).unwrap();
    let query = "SELECT count(*) FROM attempts WHERE reason = 'withdrawn' AND outcome = 'deferred'";
    assert_eq!(ledger.query_row(query, [], |row| row.get::<_, u32>(0)).unwrap(), 2);
}

#[test]
fn a_disk_that_is_full_from_the_nth_write_on_costs_nothing_that_is_known() {
    play_all("full forever", FOREVER);
}

#[test]
fn a_disk_that_is_broken_from_the_nth_deed_on_costs_nothing_that_is_known() {
    play_all("broken forever", Manner { trouble: Trouble::Broken, ..FOREVER });
}

#[test]
fn a_disk_that_fails_once_is_outlived() {
    for (name, trouble) in [("full once", Trouble::Full), ("broken once", Trouble::Broken)] {
        let patience = Duration::from_millis(2);
        play_all(name, Manner { trouble, forever: false, patience, ..FOREVER });
    }
}

#[test]
fn what_can_be_written_nowhere_is_told_and_looked_for() {
    play_all("no rescue", Manner { trouble: Trouble::Broken, rescue: false, ..FOREVER });
}

#[test]
fn a_power_cut_at_any_moment_leaves_each_note_once() {
    for kept in [0, 1, 2] {
        let trouble = Trouble::PowerCut { kept };
        play_all(&format!("power cut {kept}"), Manner { trouble, rescue: false, ..FOREVER });
    }
}

#[test]
fn what_was_rescued_outlives_trouble_while_it_is_brought_in() {
    let disk = Disk::new("twice");
    let mut rescued = 0;
    for (at, trouble) in
        (1..45).flat_map(|at| [(at, Trouble::Broken), (at, Trouble::PowerCut { kept: 0 })])
    {
        let world = World::new(disk);
        disk.fail(Trouble::Full, 44, true);
        world.live(&FOREVER).unwrap();
        disk.mend();
        rescued += waiting_outcomes(&world.path(), &name()).unwrap().len();
        // No more than bringing in is of interest here, so nothing is kept after that.
        let manner = Manner { trouble, rescue: false, ..FOREVER };
        disk.fail(trouble, at, true);
        let second = world.live(&manner);
        disk.mend();
        check_cause(&manner, &second);
        world.check_sent();
        let last = world.live(&FOREVER).unwrap();
        assert_eq!((last.outcome.ending, last.outcome.in_doubt), (Ending::Finished, 0), "{at}");
        world.check_notes();
        if second.is_err() {
            assert_eq!(world.server.borrow().looks, 0, "{trouble:?} at {at}: an outcome was lost");
        }
    }
    assert!(rescued > 40, "{rescued}");
}
