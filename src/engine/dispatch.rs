//! Does what the core says: sends, records, waits, tells.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, LocalBoxFuture};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::time::{Instant, Interval};

use crate::declared::connector::{Answers, Operation, Recover};
use crate::event::{Ending, Event, Note, Progress};
use crate::ledger::{LedgerError, News, Recorder, Write};
use crate::recover::item_id;
use crate::row::{Cause, Holdings, Page, Reason, Uncounted};
use crate::text::diagnostic::Diagnostic;
use crate::text::redaction::Redactor;
use crate::traffic::pace::{Moment, Pace, Report};
use crate::traffic::reply::Answer;
use crate::traffic::reply::Granted;
use crate::traffic::reply::Reply;
use crate::traffic::reply::TokenFailure;
use crate::traffic::shared_pace::{Heard, SharedPace, Unheard};
use crate::traffic::transport::Transport;
use crate::traffic::verdict::{Verdict, judge};

use super::Work;
use super::core::{Action, Core, Input, Now, Owing, Owned, Settings, Stop};

/// How often watchers get a new snapshot.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// How many requests that have come to an end are dealt with before anything else gets its turn.
const LANDINGS_A_TURN: usize = 64;

/// Where a run gets its rows, in the order of the source. The channel's end is the source's end.
pub(crate) type Feed = Receiver<Result<Vec<Work>, FeedFailure>>;

/// Why there are no more rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FeedFailure {
    /// The source cannot be read again.
    Source(Vec<Diagnostic>),
    /// What the ledger knows of the rows cannot be read.
    Ledger(LedgerError),
}

/// What a run needs.
pub(crate) struct Parts<'a, T> {
    pub transport: &'a T,
    /// The way to other runs of the account; none where the pace is this run's own.
    pub shared_pace: Option<&'a SharedPace>,
    pub answers: &'a Answers,
    pub recorder: &'a Recorder,
    /// Lanes that earlier runs have left uncounted.
    pub owed: Owing,
    /// What the recorder has to say.
    pub news: UnboundedReceiver<News>,
    pub feed: Feed,
    /// Wishes to stop, from outside.
    pub stops: &'a mut UnboundedReceiver<Stop>,
    /// Hears events in order, several at a time, and gives back those that nobody can take yet. Never waits.
    pub tell: &'a mut dyn FnMut(Vec<Event>) -> Vec<Event>,
    pub progress: &'a mut dyn FnMut(Progress),
    /// What rows own of a page of a list, and of the lane that is looked through.
    pub owned: &'a dyn Fn(Page) -> LocalBoxFuture<'static, Owned>,
    /// Whether a lane is this run's own at this very moment.
    pub holds: &'a dyn Fn(&str) -> bool,
    /// Unix milliseconds.
    pub wall: &'a dyn Fn() -> i64,
    pub chance: &'a mut dyn FnMut() -> f64,
}

/// How a run came out, as far as the engine knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunEnd {
    pub ending: Ending,
    pub requests: u64,
    pub succeeded: u64,
    /// Of these: what they had made was changed, or deleted.
    pub updated: u64,
    pub deleted: u64,
    pub failed: u64,
    pub in_doubt: u64,
    pub invalid: u64,
    /// Rows in doubt from an earlier run of which something has become known.
    pub settled: u64,
    /// Rows that do not have exactly one item on the other side, and lanes of which nobody can tell.
    pub miscounted: u64,
    pub uncounted: u64,
    /// The lanes that the next run has to count once more; none where this one never knew.
    pub owed: Option<Vec<Uncounted>>,
    /// How it stood in the end.
    pub progress: Progress,
    /// What nobody has taken yet of what there is to tell.
    pub untold: Vec<Event>,
}

/// Something that came to an end.
enum Flight {
    Replied {
        slot: usize,
        work: Arc<Work>,
        reply: Reply,
    },
    Looked {
        slot: usize,
        work: Arc<Work>,
        reply: Reply,
    },
    /// The ledger has said whose the items of a page are.
    Owned {
        slot: usize,
        verdict: Verdict,
        owned: Owned,
    },
    Counted {
        lane: usize,
        of: Arc<Operation>,
        name: Arc<str>,
        reply: Reply,
    },
    /// Likewise, and the ledger has said whose its items are.
    Counts {
        lane: usize,
        verdict: Verdict,
        owned: Owned,
    },
    Read {
        list: usize,
        of: Arc<Work>,
        reply: Reply,
    },
    Token(Result<Granted, TokenFailure>),
    Heard(Result<Heard, Unheard>),
}

/// Runs until everything has an end, or a reason to stop. Gives how it stands then, for other runs of the account, too.
pub(crate) async fn run<T: Transport>(
    settings: Settings,
    pace: Pace,
    parts: Parts<'_, T>,
) -> (RunEnd, Option<Report>) {
    let mut shell = Shell {
        core: Core::new(settings, pace),
        began: Instant::now(),
        flights: FuturesUnordered::new(),
        feed_open: true,
        recorder_there: true,
        remote_began: None,
        writes: Vec::new(),
        told: Vec::new(),
        output_taken: true,
        shown_at: None,
        progress: tokio::time::interval(PROGRESS_EVERY),
        parts,
    };
    let owed = std::mem::take(&mut shell.parts.owed);
    shell.take(Input::Owed(owed));
    loop {
        shell.show();
        shell.hand_over();
        if let Some(ending) = shell.core.ended() {
            let last_report = shell.core.last_report(Moment(shell.began.elapsed()));
            return (shell.outcome(ending), last_report);
        }
        let input = shell.next_input().await;
        shell.take(input);
        shell.take_what_waits();
    }
}

struct Shell<'a, T> {
    core: Core,
    began: Instant,
    flights: FuturesUnordered<LocalBoxFuture<'static, Flight>>,
    feed_open: bool,
    /// Whether somebody writes the ledger.
    recorder_there: bool,
    /// What the other side's clock showed when this run began, by its last answer; unix milliseconds.
    remote_began: Option<i64>,
    /// What is to be entered in the ledger at the end of a turn, in one group: the end of a row and the start of the next row
    /// of its lane become durable together, and the recorder wakes once.
    writes: Vec<Write>,
    /// Events that are told at the end of a turn.
    told: Vec<Event>,
    /// Whether they could be told last time.
    output_taken: bool,
    shown_at: Option<Moment>,
    progress: Interval,
    parts: Parts<'a, T>,
}

impl<T: Transport> Shell<'_, T> {
    fn now(&mut self) -> Now {
        let moment = Moment(self.began.elapsed());
        Now {
            moment,
            wall: (self.parts.wall)(),
            remote: self.remote_began.map(|began| began + milliseconds(moment)),
            chance: (self.parts.chance)(),
        }
    }

    /// Gives the core what happened and does what it says.
    fn take(&mut self, input: Input) {
        let now = self.now();
        self.core.handle(input, now);
        for action in self.core.take_actions() {
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Begin { slot, start } => self.writes.push(Write::Start { slot, start }),
            Action::End { slot, end } => self.writes.push(Write::End { slot, end }),
            Action::Tell(event) => self.told.push(*event),
            // Nor does whoever leaves requests to their fate wait for a ledger that cannot be written.
            Action::Abandon => {
                self.flights.clear();
                self.parts.recorder.hurry();
            }
            // A row may have waited since its start was durable, and another run may hold the job by now. Then it does not
            // leave, and the recorder finds out with its outcome.
            Action::Send { slot, work } if !(self.parts.holds)(&work.ready.lane) => {
                let reply = Reply::NotSent(Cause::of(Reason::Withdrawn));
                self.flights.push(Box::pin(async move { Flight::Replied { slot, work, reply } }));
            }
            Action::Send { slot, work } => {
                let sending = self.parts.transport.send(&work.ready.request);
                self.flights.push(Box::pin(async move {
                    Flight::Replied { slot, work, reply: sending.await }
                }));
            }
            Action::Look { slot, work, request } => {
                let looking = self.parts.transport.send(&request);
                self.flights.push(Box::pin(async move {
                    Flight::Looked { slot, work, reply: looking.await }
                }));
            }
            Action::Count { lane, of, name, request } => {
                let looking = self.parts.transport.send(&request);
                self.flights.push(Box::pin(async move {
                    Flight::Counted { lane, of, name, reply: looking.await }
                }));
            }
            Action::Read { list, of, request } => {
                let reading = self.parts.transport.send(&request);
                self.flights
                    .push(Box::pin(async move { Flight::Read { list, of, reply: reading.await } }));
            }
            Action::Come(report) => {
                let Some(shared_pace) = self.parts.shared_pace else { return };
                let coming = shared_pace.come(*report);
                self.flights.push(Box::pin(async move { Flight::Heard(coming.await) }));
            }
            Action::Renew => {
                let clock = self.now().clock();
                let renewing = self.parts.transport.renew(clock);
                self.flights.push(Box::pin(async move { Flight::Token(renewing.await) }));
            }
        }
    }

    async fn next_input(&mut self) -> Input {
        let wake = self.core.wake_at().map(|moment| self.began + moment.0);
        let pause = match wake {
            Some(moment) => Either::Left(tokio::time::sleep_until(moment)),
            None => Either::Right(std::future::pending()),
        };
        let wants_rows = self.feed_open && self.core.wants_rows();
        tokio::select! {
            biased;
            Some(stop) = self.parts.stops.recv() => self.stopped(stop),
            news = self.parts.news.recv(), if self.recorder_there => self.recorded(news),
            Some(flight) = self.flights.next(), if !self.flights.is_empty() => self.landed(flight),
            rows = self.parts.feed.recv(), if wants_rows => self.fed(rows),
            () = pause => Input::Tick,
            _ = self.progress.tick() => Input::Tick,
        }
    }

    /// Takes what has happened meanwhile without waiting for it, so that it is dealt with in one go.
    fn take_what_waits(&mut self) {
        while let Ok(news) = self.parts.news.try_recv() {
            let input = self.recorded(Some(news));
            self.take(input);
        }
        for _ in 0..LANDINGS_A_TURN {
            let Some(Some(flight)) = self.flights.next().now_or_never() else { break };
            let input = self.landed(flight);
            self.take(input);
        }
        while self.feed_open && self.core.wants_rows() {
            match self.parts.feed.try_recv() {
                Ok(rows) => {
                    let input = self.fed(Some(rows));
                    self.take(input);
                }
                Err(_) => break,
            }
        }
    }

    /// A user who interrupts the run for a second time does not wait for a ledger that cannot be written either.
    fn stopped(&self, stop: Stop) -> Input {
        if matches!(stop, Stop::Now { .. }) {
            self.parts.recorder.hurry();
        }
        Input::Stop(stop)
    }

    fn recorded(&mut self, news: Option<News>) -> Input {
        let Some(news) = news else {
            self.recorder_there = false;
            return Input::RecorderGone;
        };
        match news {
            News::Durable(acks) => Input::Durable(acks),
            News::Note(note) => {
                self.told.push(Event::Note(Note::Ledger(note)));
                Input::Tick
            }
            News::Failed(error) => Input::LedgerFailed(error),
            News::Unwritten { starts, ends } => Input::Unwritten { starts, ends },
        }
    }

    fn landed(&mut self, flight: Flight) -> Input {
        match flight {
            Flight::Token(result) => {
                self.read_clock(result.as_ref().ok().and_then(|granted| granted.date));
                Input::Token(result)
            }
            Flight::Replied { slot, work, reply } => {
                self.read_clock(date_of(&reply));
                let redactor = self.parts.transport.redactor();
                let operation = &work.ready.operation;
                let mut verdict = judge(self.parts.answers, operation, reply, &redactor);
                if let Verdict::Done { items: Some(items), .. } = &mut verdict {
                    items.iter_mut().for_each(|item| redactor.redact_value(item));
                }
                Input::Replied { slot, verdict }
            }
            Flight::Looked { slot, work, reply } => {
                self.read_clock(date_of(&reply));
                if let Some(age) = age_of(&reply) {
                    self.take(Input::LookAged { slot, age });
                }
                self.look_landed(slot, &work, reply)
            }
            Flight::Counted { lane, of, name, reply } => {
                self.read_clock(date_of(&reply));
                if let Some(age) = age_of(&reply) {
                    self.take(Input::CountAged { lane, age });
                }
                self.count_landed(lane, (&of, &name), reply)
            }
            Flight::Read { list, of, reply } => {
                self.read_clock(date_of(&reply));
                if let Some(age) = age_of(&reply) {
                    self.take(Input::ReadAged { list, age });
                }
                self.read_landed(list, &of, reply)
            }
            Flight::Counts { lane, verdict, owned } => Input::Counted { lane, verdict, owned },
            Flight::Heard(heard) => Input::Heard(heard),
            Flight::Owned { slot, verdict, owned } => Input::Looked { slot, verdict, owned },
        }
    }

    fn count_landed(&mut self, lane: usize, (of, name): (&Operation, &str), reply: Reply) -> Input {
        let read = of.recover.as_ref().map(|recover| {
            let redactor = self.parts.transport.redactor();
            let mut verdict = judge(self.parts.answers, &recover.list, reply, &redactor);
            if let Verdict::Done { items: Some(items), .. } = &mut verdict {
                redact_names(recover, items, &redactor);
            }
            (recover, verdict)
        });
        match read {
            Some((recover, verdict)) => match &verdict {
                Verdict::Done { items: Some(items), .. } => {
                    let ids = items.iter().filter_map(|item| item_id(recover, item)).collect();
                    let (operation, name) = (of.name.to_string(), name.to_owned());
                    let page = Page { ids, operation, lane: name, wants_makers: true };
                    let asking = (self.parts.owned)(page);
                    self.flights.push(Box::pin(async move {
                        Flight::Counts { lane, verdict, owned: asking.await }
                    }));
                    Input::Tick
                }
                _ => Input::Counted { lane, verdict, owned: Ok(Holdings::default()) },
            },
            // Without a way to look there is no count.
            None => Input::Tick,
        }
    }

    fn look_landed(&mut self, slot: usize, work: &Work, reply: Reply) -> Input {
        // Without a way to look there is no look; then the answer has no list.
        let Some(recover) = work.ready.operation.recover.as_ref() else {
            let verdict = Verdict::Done { id: None, items: None };
            return Input::Looked { slot, verdict, owned: Ok(Holdings::default()) };
        };
        let redactor = self.parts.transport.redactor();
        let mut verdict = judge(self.parts.answers, &recover.list, reply, &redactor);
        let items = match &mut verdict {
            // Of an item nothing is kept but its name. What was sent may hold what is a secret, too.
            Verdict::Done { items: Some(items), .. } => {
                redact_names(recover, items, &redactor);
                items.as_slice()
            }
            _ => &[],
        };
        let ids: HashSet<String> = items.iter().filter_map(|item| item_id(recover, item)).collect();
        // That what is listed is not there says something where nothing is owned there.
        if !matches!(verdict, Verdict::Done { items: Some(_), .. } | Verdict::NotFound(_)) {
            return Input::Looked { slot, verdict, owned: Ok(Holdings::default()) };
        }
        let operation = work.ready.operation.name.to_string();
        let asking = (self.parts.owned)(Page {
            ids,
            operation,
            lane: work.ready.lane.clone(),
            wants_makers: false,
        });
        self.flights
            .push(Box::pin(async move { Flight::Owned { slot, verdict, owned: asking.await } }));
        Input::Tick
    }

    fn read_landed(&mut self, list: usize, of: &Work, reply: Reply) -> Input {
        let recover = of.subject.as_ref().and_then(|subject| subject.maker.recover.as_ref());
        // Without a way to read there is no reading; then the answer has no list.
        let Some(recover) = recover else {
            return Input::Read { list, verdict: Verdict::Done { id: None, items: None } };
        };
        let redactor = self.parts.transport.redactor();
        let mut verdict = judge(self.parts.answers, &recover.list, reply, &redactor);
        if let Verdict::Done { items: Some(items), .. } = &mut verdict {
            items.iter_mut().for_each(|item| hide_secrets(recover, item, &redactor));
        }
        Input::Read { list, verdict }
    }

    /// The other side's clock is remembered by the run's own, which nobody can set.
    fn read_clock(&mut self, date: Option<i64>) {
        let elapsed = milliseconds(Moment(self.began.elapsed()));
        self.remote_began = date.map(|date| date - elapsed).or(self.remote_began);
    }

    fn fed(&mut self, rows: Option<Result<Vec<Work>, FeedFailure>>) -> Input {
        match rows {
            Some(Ok(rows)) => Input::Rows(rows),
            Some(Err(failure)) => {
                self.feed_open = false;
                match failure {
                    FeedFailure::Source(problems) => Input::SourceFailed(problems),
                    FeedFailure::Ledger(error) => Input::LedgerFailed(error),
                }
            }
            None => {
                self.feed_open = false;
                Input::SourceEnded
            }
        }
    }

    fn hand_over(&mut self) {
        if !self.writes.is_empty() {
            self.parts.recorder.write(std::mem::take(&mut self.writes));
        }
    }

    fn show(&mut self) {
        if !self.told.is_empty() {
            self.told = (self.parts.tell)(std::mem::take(&mut self.told));
        }
        if self.told.is_empty() != self.output_taken {
            self.output_taken = !self.output_taken;
            self.take(Input::OutputTaken(self.output_taken));
        }
        let now = Moment(self.began.elapsed());
        if self.shown_at.is_none_or(|last| now.since(last) >= PROGRESS_EVERY) {
            self.shown_at = Some(now);
            let progress = self.core.progress(now);
            (self.parts.progress)(progress);
        }
    }

    fn outcome(mut self, ending: Ending) -> RunEnd {
        let progress = self.core.progress(Moment(self.began.elapsed()));
        let (miscounted, uncounted) = self.core.miscounted();
        let (updated, deleted) = self.core.further();
        RunEnd {
            ending,
            updated,
            deleted,
            requests: progress.requests,
            succeeded: progress.succeeded,
            failed: progress.failed,
            in_doubt: progress.in_doubt + self.core.left_in_doubt(),
            invalid: self.core.invalid(),
            settled: self.core.settled_rows(),
            miscounted,
            uncounted,
            owed: Some(self.core.owed_counts()),
            progress,
            untold: std::mem::take(&mut self.told),
        }
    }
}

fn date_of(reply: &Reply) -> Option<i64> {
    match reply {
        Reply::Answer(Answer { date, .. }) => *date,
        Reply::NotSent(_) | Reply::Lost(_) => None,
    }
}

/// Takes secrets out of the names of items, as they are taken out of the names that answers to rows give.
fn redact_names(recover: &Recover, items: &mut [Value], redactor: &Redactor) {
    let names = || recover.id.iter().map(|pointer| pointer.as_str());
    for item in items {
        let name = names().find(|name| item.pointer(name).is_some());
        let name = name.and_then(|name| item.pointer_mut(name));
        name.into_iter().for_each(|name| redactor.redact_value(name));
    }
}

/// What holds a secret is neither kept nor given back: of such an item nothing is left but its name.
fn hide_secrets(recover: &Recover, item: &mut Value, redactor: &Redactor) {
    let mut clean = item.clone();
    redactor.redact_value(&mut clean);
    if clean == *item {
        return;
    }
    let mut named = Value::Object(Default::default());
    let id = recover.id.first().and_then(|pointer| pointer.as_str().strip_prefix('/'));
    if let (Some(id), Value::Object(fields), Some(name)) =
        (id, &mut named, item_id(recover, &clean))
    {
        fields.insert(id.to_owned(), Value::String(name));
    }
    *item = named;
}

/// How long an answer has lain in a cache.
fn age_of(reply: &Reply) -> Option<Duration> {
    match reply {
        Reply::Answer(Answer { age, .. }) => age.filter(|age| !age.is_zero()),
        Reply::NotSent(_) | Reply::Lost(_) => None,
    }
}

fn milliseconds(moment: Moment) -> i64 {
    i64::try_from(moment.0.as_millis()).unwrap_or(i64::MAX)
}
