//! Whole runs: a job of files, a real ledger, and an imaginary server behind the transport.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use jiff::Zoned;
use tokio::sync::mpsc::unbounded_channel;

use crate::declared::job::Given;
use crate::engine::tests::server::{REFUSED, Server, clock};
use crate::event::{Ending, Event, Obstacle, Progress, RowEnd};
use crate::prepare::request::Request;
use crate::report::{Reporter, exit};
use crate::row::{Cause, Reason, Totals};
use crate::task::run::{Destination, RunOutcome, run_through};
use crate::task::{
    JobOptions, RunOptions, SendingOptions, StateFolder, TargetOptions, TimeLimits, World,
};
use crate::text::secret::Secret;
use crate::traffic::reply::{Answer, Granted, NoToken, Reply, TokenFailure};
use crate::traffic::transport::Transport;

/// Ticket and text of each row; the text is its key, too.
const ROWS: [(&str, &str); 6] =
    [("tk_1", "a"), ("tk_2", "b"), ("tk_1", "c"), ("tk_3", "d"), ("tk_2", "e"), ("tk_1", "f")];

/// What becomes of requests on their way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weather {
    Fair,
    /// The first creates get no answer; every other of them does not even arrive.
    LosesFirst,
    /// No token is accepted.
    RefusesTokens,
    /// No token is to be had.
    NoTokens,
}

/// The way to the server.
struct Way {
    server: Rc<RefCell<Server>>,
    weather: Weather,
    creates: Cell<usize>,
    tokens: Rc<Cell<u32>>,
}

impl Way {
    fn reply(&self, request: &Request) -> Reply {
        let mut server = self.server.borrow_mut();
        match (self.weather, &request.body) {
            (Weather::RefusesTokens | Weather::NoTokens, _) => {
                Reply::Answer(Answer { status: 401, date: Some(clock()), ..Answer::default() })
            }
            (Weather::LosesFirst, Some(_)) if self.creates.get() < ROWS.len() => {
                self.creates.set(self.creates.get() + 1);
                if self.creates.get().is_multiple_of(2) {
                    server.answer(request);
                }
                Reply::Lost(Cause::of(Reason::ConnectionBroken))
            }
            (Weather::LosesFirst | Weather::Fair, _) => Reply::Answer(server.answer(request)),
        }
    }
}

impl Transport for Way {
    fn send(&self, request: &Request) -> impl Future<Output = Reply> + 'static {
        std::future::ready(self.reply(request))
    }

    fn renew(&self, _: i64) -> impl Future<Output = Result<Granted, TokenFailure>> + 'static {
        self.tokens.set(self.tokens.get() + 1);
        std::future::ready(match self.weather {
            Weather::NoTokens => {
                Err(TokenFailure { why: NoToken::NoneInAnswer { status: 400 }, transient: false })
            }
            _ => Ok(Granted::default()),
        })
    }

    fn needs_token(&self) -> bool {
        true
    }

    fn token_costs_request(&self) -> bool {
        false
    }
}

/// Keeps what it hears.
#[derive(Clone, Default)]
struct Hearer(Arc<Mutex<Vec<Event>>>);

impl Reporter for Hearer {
    fn hear(&mut self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }

    fn progress(&mut self, _: &Progress) {}
}

/// A folder with a job, its rows and its ledger; and the server, which outlives runs.
struct Desk {
    folder: tempfile::TempDir,
    server: Rc<RefCell<Server>>,
    tokens: Rc<Cell<u32>>,
}

/// What came of a run, and what was told of it.
struct Played {
    outcome: RunOutcome,
    events: Vec<Event>,
}

impl Desk {
    fn new(rows: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let job = "job: notes\noperation: ticket_note.create\nsource: { csv: notes.csv }\n\
                   map: { ticket_id: \"{{ ticket }}\", note: \"{{ body }}\", is_internal_note: true }\n\
                   key: \"{{ body }}\"\n";
        std::fs::write(folder.path().join("job.yaml"), job).unwrap();
        let rows = rows.iter().map(|(ticket, text)| format!("{ticket},{text}\n"));
        let csv: String = std::iter::once("ticket,body\n".to_owned()).chain(rows).collect();
        std::fs::write(folder.path().join("notes.csv"), csv).unwrap();
        write_prompt_stringeex(&folder.path().join("schemas").join("stringeex"));
        Self { folder, server: Rc::default(), tokens: Rc::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, weather: Weather) -> Played {
        let options = RunOptions {
            plan: None,
            approval: None,
            job: JobOptions {
                from: None,
                given: Given::default(),
                min_rows: None,
                path: self.path("job.yaml"),
                connectors: vec![self.path("schemas")],
                ledger: self.path("ledger.db"),
            },
            target: TargetOptions {
                base_url: None,
                allow_http: false,
                secrets: &|_| Ok(Some(Secret::new("token".to_owned()).into())),
                rehearsal: None,
            },
            sending: SendingOptions {
                rate: vec!["100000/1s".parse().unwrap()],
                ..SendingOptions::default()
            },
            max_failures: None,
            give_up_after: None,
            time: TimeLimits::default(),
            ca_file: None,
            state_folder: StateFolder::None,
            as_counted: false,
        };
        let hearer = Hearer::default();
        let world = World {
            host: None,
            awaits: &|_| false,
            consent: &|_| true,
            wall: &clock,
            began: Zoned::now(),
            process: 1,
            // Nothing waits after a failure.
            chance: &|| 0.0,
            stops: &|| unbounded_channel().1,
            reporter: &|_| Box::new(hearer.clone()),
        };
        let way = |_: Destination<'_>| {
            Ok(Way {
                server: Rc::clone(&self.server),
                weather,
                creates: Cell::default(),
                tokens: Rc::clone(&self.tokens),
            })
        };
        let outcome = run_through(way, &options, &world, &mut drop).unwrap();
        let events = hearer.0.lock().unwrap().clone();
        Played { outcome, events }
    }

    /// The notes of each ticket are there once, in the order of the source.
    fn check_notes(&self) {
        let server = self.server.borrow();
        for ticket in ["tk_1", "tk_2", "tk_3"] {
            let notes = server.notes.iter().filter(|note| note.ticket == ticket);
            let wanted = ROWS.iter().filter(|row| row.0 == ticket).map(|row| row.1);
            let texts: Vec<&str> = notes.map(|note| &*note.text).collect();
            assert_eq!(texts, wanted.collect::<Vec<_>>(), "{ticket}");
        }
    }
}

impl Played {
    /// How many rows were told to have ended so.
    fn told(&self, end: RowEnd) -> usize {
        let is_so = |event: &&Event| matches!(event, Event::Row(row) if row.end == end);
        self.events.iter().filter(is_so).count()
    }

    /// The last word is the outcome.
    fn check_last_word(&self) {
        let RunOutcome { totals, ending, fault, .. } = &self.outcome;
        let last = Event::Finished { totals: *totals, ending: ending.clone() };
        assert_eq!((self.events.last(), fault), (Some(&last), &None));
    }
}

/// StringeeX, and a server that is done with a request when its connection breaks.
fn write_prompt_stringeex(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join("stringeex");
    for entry in std::fs::read_dir(shipped).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let prompt = text.replace("sure_after: 10s", "sure_after: 0s");
        std::fs::write(folder.join(path.file_name().unwrap()), prompt).unwrap();
    }
}

#[test]
fn each_row_is_sent_once_and_a_second_run_finds_nothing_to_do() {
    let desk = Desk::new(&ROWS);
    let first = desk.run(Weather::Fair);
    let done = Totals { rows: 6, succeeded: 6, requests: 6, ..Totals::default() };
    assert_eq!((first.outcome.totals, &first.outcome.ending), (done, &Ending::Finished));
    assert_eq!((first.outcome.exit, first.told(RowEnd::Succeeded)), (exit::DONE, 6));
    first.check_last_word();
    desk.check_notes();
    let second = desk.run(Weather::Fair);
    let nothing = Totals { rows: 6, already_done: 6, ..Totals::default() };
    assert_eq!((second.outcome.totals, second.outcome.exit), (nothing, exit::DONE));
    assert_eq!(desk.tokens.get(), 1, "whoever has nothing to send need not sign in");
    second.check_last_word();
}

#[test]
fn a_row_that_the_server_refuses_fails_alone() {
    let desk = Desk::new(&[("tk_1", "a"), ("tk_1", REFUSED), ("tk_1", "b")]);
    let played = desk.run(Weather::Fair);
    let expected = Totals { rows: 3, succeeded: 2, failed: 1, requests: 3, ..Totals::default() };
    assert_eq!((played.outcome.totals, played.outcome.exit), (expected, exit::FAILED));
    assert_eq!((played.told(RowEnd::Succeeded), played.told(RowEnd::Failed)), (2, 1));
    played.check_last_word();
}

#[test]
fn lost_answers_are_looked_for_and_only_what_is_not_there_is_sent_again() {
    let desk = Desk::new(&ROWS);
    let played = desk.run(Weather::LosesFirst);
    let totals = played.outcome.totals;
    assert_eq!((totals.succeeded, totals.in_doubt, totals.not_started), (6, 0, 0));
    assert_eq!((&played.outcome.ending, played.outcome.exit), (&Ending::Finished, exit::DONE));
    played.check_last_word();
    desk.check_notes();
    let server = desk.server.borrow();
    assert!(server.looks >= 6, "{} looks", server.looks);
    assert!(server.sent.values().all(|times| *times == 1), "{:?}", server.sent);
}

#[test]
fn refused_credentials_end_the_run_and_cost_no_row() {
    for weather in [Weather::RefusesTokens, Weather::NoTokens] {
        let desk = Desk::new(&ROWS);
        let refused = desk.run(weather);
        let RunOutcome { totals, ending, exit, .. } = &refused.outcome;
        let obstacle = match ending {
            Ending::Unauthorized(obstacle) => obstacle,
            other => panic!("{other:?}"),
        };
        let had_token = matches!(obstacle, Obstacle::Request(_));
        assert_eq!(had_token, weather == Weather::RefusesTokens);
        // Where a token is refused another one is tried, and no third.
        assert_eq!(desk.tokens.get(), if had_token { 2 } else { 1 });
        assert_eq!((totals.rows, totals.not_started, *exit), (6, 6, exit::STOPPED));
        refused.check_last_word();
        assert!(desk.server.borrow().sent.is_empty());
        let second = desk.run(Weather::Fair);
        assert_eq!((second.outcome.totals.succeeded, second.outcome.exit), (6, exit::DONE));
        desk.check_notes();
    }
}
