//! A run from its first request to its last word.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Sender, UnboundedReceiver, channel, unbounded_channel};

use crate::declared::connector::Answers;
use crate::declared::job::Job;
use crate::engine::dispatch::{self, Feed, Parts, RunEnd};
use crate::engine::{Owing, Settings, Stop};
use crate::event::{Ending, Event, Note, Progress};
use crate::ledger::{
    Books as _, Claim as _, History, Ledger, LedgerError, Left, Mandate, News, Open as _,
    Reader as _, Recorder, Run, RunSource, Watch,
};
use crate::plan::saved::SavedPlan;
use crate::plan::{
    Done, Fate, Fates, Held, LeftOut, Missing, Policy, Stays, Tally, run_mark, taken_for_old,
};
use crate::report::{
    ClosingReport, MISCOUNTED, ReportHandle, ReportThread, Reporter, UNCOUNTED, exit, reason,
};
use crate::row::{Totals, Uncounted};
use crate::traffic::deadline::Deadline;
use crate::traffic::pace::{Moment, Pace, Report};
use crate::traffic::transport::Transport;

use super::corrections;
use super::farewell::{self, Patience};
use super::feed::{Fed, Feeder, WAITING};
use super::invalid::Invalid;
use super::ownership::Ownership;
use super::sharing::{Sharing, Started};
use super::time_left::TimeLeft;
use super::{RunOutcome, World};
use crate::task::Failure;
use crate::task::booking::Booking;
use crate::task::job::Opening;
use crate::task::lately::continued;
use crate::task::limits::Limits;

/// How long a ledger that cannot be written is tried again before the run is stopped.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run, ready to begin.
pub(in crate::task) struct Session<'a> {
    pub job: &'a Job,
    /// The rows that are sent.
    pub cargo: &'a (dyn Cargo + Sync),
    /// How many rows have which fate.
    pub tally: Tally,
    /// Whether rows are known by keys of their own.
    pub has_key: bool,
    /// What is carried out, and on whose word.
    pub mandate: Mandate,
    pub limits: &'a Limits,
    pub settings: Settings,
    /// The moment of the check, which the second reading goes by, too.
    pub now: i64,
    /// Whether what is sent to is a new one each time, and has seen nothing yet.
    pub is_sandbox: bool,
    /// What other runs of the account share with this one.
    pub sharing: Sharing,
    pub world: &'a World<'a>,
}

/// The rows that a run sends: what is written of them before the first is sent, and the way by which they come.
pub(in crate::task) trait Cargo {
    /// Writes what is to be known of the run before its first request.
    fn note(&self, ledger: &Ledger, run: Run, history: &History) -> Result<(), Failure>;

    /// What is missing from their source; none where they are of no source.
    fn missing(&self) -> Option<&Missing> {
        None
    }

    /// Passes the rows on, in a thread of its own, until there are no more or nobody wants them.
    fn feed(&self, run: Run, history: &History, ledger: Option<Ledger>, to: &Sender<Fed>);
}

/// The rows of a source.
pub(super) struct SourceRows<'a> {
    pub opening: &'a Opening,
    pub fates: &'a Fates,
    /// Rows that are not sent, since they are invalid.
    pub invalid: &'a Invalid,
    /// What was saved of the rows, where the run carries out a saved plan.
    pub planned: Option<&'a SavedPlan>,
    pub policy: Policy,
    /// The moment of the check, which the second reading goes by, too.
    pub now: i64,
    /// Whether what updates and deletes are about is read before and kept.
    pub snapshots: bool,
    /// Whether what rows are about may be on the real account alone, and no list shows it.
    pub is_rehearsal: bool,
}

impl Cargo for SourceRows<'_> {
    fn note(&self, ledger: &Ledger, run: Run, history: &History) -> Result<(), Failure> {
        let totals = standing(self.fates.tally());
        let came_back = self.opening.preparer.returns();
        let source = RunSource {
            name: self.opening.job.rows.called().to_owned(),
            came_back,
            rows: totals.rows - totals.left_out(),
            invalid: totals.invalid,
        };
        ledger.note_source(run, &source)?;
        ledger.note_files(run, &self.fates.missing().files, self.now)?;
        if !came_back {
            // Rows that come back are but some of those that may be invalid.
            return Ok(ledger.note_invalid(run, self.invalid.rows())?);
        }
        let again = || self.opening.reopen();
        let readings = self.opening.readings(&again, self.now);
        corrections::write(ledger, run, (readings, history), (self.policy, self.fates))
    }

    fn missing(&self) -> Option<&Missing> {
        Some(self.fates.missing())
    }

    fn feed(&self, run: Run, history: &History, ledger: Option<Ledger>, to: &Sender<Fed>) {
        let again = || self.opening.reopen();
        let feeder = Feeder {
            readings: self.opening.readings(&again, self.now),
            policy: self.policy,
            fates: self.fates,
            history,
            ledger,
            run_mark: run_mark(run.number()),
            planned: self.planned.map(SavedPlan::planned),
            snapshots: self.snapshots,
            is_rehearsal: self.is_rehearsal,
        };
        feeder.run(to);
    }
}

/// What a run waits with, and the wishes that it should stop: they are heard until its last word is.
struct Runtime {
    /// Or why there is none.
    executor: Result<tokio::runtime::Runtime, String>,
    stops: Option<UnboundedReceiver<Stop>>,
    began: Instant,
}

impl Runtime {
    fn new() -> Self {
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let executor = executor.map_err(|error| error.to_string());
        Self { executor, stops: None, began: Instant::now() }
    }

    /// Waits for those who read what the run says, for as long as is right.
    fn say_farewell(
        self,
        closing: &mut ClosingReport,
        was_stopped: bool,
        deadline: Option<Deadline>,
        wall: &dyn Fn() -> i64,
    ) {
        let Self { executor, stops, began } = self;
        let Ok(executor) = executor else {
            // Without one nothing was sent, and there is little to read.
            while !closing.is_shown() && began.elapsed() < farewell::STILL {
                std::thread::sleep(farewell::LOOK);
            }
            return;
        };
        let is_late = || {
            let left = |deadline: Deadline| deadline.left(Moment(began.elapsed()), wall());
            deadline.is_some_and(|deadline| left(deadline).is_zero())
        };
        let mut stops = stops.unwrap_or_else(|| unbounded_channel().1);
        let patience = Patience::new(was_stopped, Instant::now());
        executor.block_on(farewell::wait(closing, patience, &mut stops, &is_late));
        // The system may still be asked for an address; nobody waits for what it says.
        executor.shutdown_background();
    }
}

/// The ledger of a run under way.
struct OpenLedger {
    recorder: Recorder,
    /// Answers which rows own what lists show.
    owners: Ownership,
    watch: Box<dyn Watch>,
}

impl OpenLedger {
    fn open(booking: Booking, run: Run) -> Result<(Self, UnboundedReceiver<News>), LedgerError> {
        let owners = Ownership::start(booking.ledger.open_again()?, booking.path.clone(), run.job);
        let watch = booking.lock.watch();
        let (say, news) = unbounded_channel();
        // The engine is gone when the run is over; then nobody waits for an acknowledgement.
        let say = move |news| drop(say.send(news));
        let recorder = booking.ledger.record(run, booking.lock, PATIENCE, say);
        Ok((Self { recorder, owners, watch }, news))
    }

    /// Writes what is still to be written. The writer is the last to close the ledger, since who is last tidies up.
    fn close(self) -> Option<Left> {
        let Self { recorder, owners, .. } = self;
        owners.close();
        recorder.finish()
    }
}

impl Session<'_> {
    /// Sends what is to be sent.
    pub(in crate::task) fn run(
        self,
        mut booking: Booking,
        transport: &impl Transport,
        reporter: Box<dyn Reporter>,
    ) -> Result<RunOutcome, Failure> {
        // Before the run is in the ledger: of one without an end every entry would be looked at.
        let pace = self.pace(&booking)?;
        let (owed, uncountable) = match self.settings.counts {
            true => self.owed(&booking)?,
            false => Default::default(),
        };
        let sharing = self.sharing.start((self.world.chance)(), self.world.process);
        let pace = sharing.apply(pace);
        let key = self.job.keyed_by();
        let run = booking.ledger.begin_run(&booking.lock, booking.last_owner, key, self.now)?;
        booking.ledger.entrust(run, &self.mandate)?;
        let history = std::mem::take(&mut booking.history);
        self.cargo.note(&booking.ledger, run, &history)?;
        let ledger = (!history.is_empty()).then(|| booking.ledger.open_again()).transpose()?;
        let (books, news) = OpenLedger::open(booking, run)?;
        let reports = ReportThread::start(reporter);
        let handle = reports.handle();
        // Nothing waits there yet.
        let mut first = vec![Event::Started { run: run.number() }];
        first.extend(sharing.why_not().map(|why| Event::Note(Note::OwnPace(why))));
        first.extend(uncountable.iter().map(|lane| Event::Note(Note::of_uncountable(lane))));
        first.extend(
            self.cargo
                .missing()
                .into_iter()
                .flat_map(|missing| notes_of(&missing.stays))
                .map(Event::Note),
        );
        handle.offer(first);
        let repeated = match self.has_key {
            true => 0,
            false => taken_for_old(&self.tally, &history),
        };
        let mut runtime = Runtime::new();
        let outcome = std::thread::scope(|scope| {
            let (feed, rows) = channel(WAITING);
            let (cargo, history) = (self.cargo, &history);
            scope.spawn(move || cargo.feed(run, history, ledger, &feed));
            self.dispatch(
                transport,
                (pace, &sharing),
                &books,
                &handle,
                (news, rows, owed),
                &mut runtime,
            )
        });
        let (mut outcome, last_report) = outcome;
        // Nobody has counted them: they are left to the next run.
        outcome.uncounted += uncountable.len() as u64;
        outcome.owed.iter_mut().for_each(|owed| owed.extend(uncountable.iter().cloned()));
        sharing.leave(last_report);
        let doubted = self.cargo.missing().and_then(|missing| missing.stays.doubted());
        if let (Ending::Finished, Some(kept)) = (&outcome.ending, doubted) {
            outcome.ending = Ending::NothingDeleted(kept.clone());
        }
        let left = books.close();
        Ok(self.conclude(run, (outcome, repeated), left, reports, runtime))
    }

    /// Lanes that earlier runs have left uncounted, each with what has made its items; and those of which the connector no
    /// longer says how they are counted.
    fn owed(&self, booking: &Booking) -> Result<(Owing, Vec<Uncounted>), LedgerError> {
        let operations = &self.job.connector.operations;
        let (mut lanes, mut uncountable) = (Vec::new(), Vec::new());
        for uncounted in &booking.uncounted {
            let operation = operations.get(uncounted.operation.as_str());
            match operation.filter(|operation| operation.recover.is_some()) {
                Some(operation) => lanes.push((Arc::clone(operation), uncounted.clone())),
                None => uncountable.push(uncounted.clone()),
            }
        }
        let last = match lanes.is_empty() {
            true => None,
            false => booking.ledger.last_request(&booking.name.base_url)?,
        };
        let quiet_for = last.map(|last| (self.world.wall)().saturating_sub(last));
        let quiet_for = quiet_for.and_then(|quiet| u64::try_from(quiet).ok()).unwrap_or_default();
        Ok((Owing { lanes, quiet_for: Duration::from_millis(quiet_for) }, uncountable))
    }

    fn pace(&self, booking: &Booking) -> Result<Pace, LedgerError> {
        let quotas = &self.limits.quotas;
        let pace = Pace::for_requests(quotas, self.tally.to_send());
        match self.is_sandbox {
            true => Ok(pace),
            false => {
                let known = (&booking.ledger, &*booking.name.base_url);
                continued(pace, quotas, known, (self.world.wall)())
            }
        }
    }

    /// The engine, on a runtime of its own.
    fn dispatch(
        &self,
        transport: &impl Transport,
        (pace, sharing): (Pace, &Started),
        books: &OpenLedger,
        handle: &ReportHandle,
        (news, feed, owed): (UnboundedReceiver<News>, Feed, Owing),
        runtime: &mut Runtime,
    ) -> (RunEnd, Option<Report>) {
        let to_send = self.tally.to_send();
        let mut time_left = TimeLeft::new(self.limits.timetable(to_send), to_send);
        let answers: &Answers = &self.job.connector.answers;
        let executor = match &runtime.executor {
            Ok(executor) => executor,
            Err(error) => return (not_begun(Ending::NoRuntime(error.clone())), None),
        };
        executor.block_on(async {
            let stops = runtime.stops.insert((self.world.stops)());
            let parts = Parts {
                transport,
                shared_pace: sharing.shared_pace(),
                answers,
                recorder: &books.recorder,
                owed,
                news,
                feed,
                stops,
                tell: &mut |events| handle.offer(events),
                progress: &mut |progress| handle.progress(time_left.told(progress)),
                owned: &|page| books.owners.owned(page),
                holds: &|lane| books.watch.holds(lane),
                wall: self.world.wall,
                chance: &mut || (self.world.chance)(),
            };
            dispatch::run(self.settings, pace, parts).await
        })
    }

    /// The last word: told, and written down.
    fn conclude(
        &self,
        run: Run,
        (mut outcome, repeated): (RunEnd, u64),
        left: Option<Left>,
        reports: ReportThread,
        runtime: Runtime,
    ) -> RunOutcome {
        let found_late = left.as_ref().and_then(|left| left.found_late.as_ref());
        let ending = match found_late {
            Some(error) => Ending::LedgerFailed(error.clone()),
            None => outcome.ending.clone(),
        };
        let held = self.tally.sum(|fate| fate == Fate::Hold(Held::UnderWay));
        let ending = match ending {
            Ending::Finished if held > 0 => Ending::InOtherHands { rows: held },
            ending => ending,
        };
        let totals = Totals { repeated, ..totals(&self.tally, &outcome) };
        let to_send = self.tally.to_send();
        let exit = exit::of(&totals, &ending);
        let now = (self.world.wall)();
        // As long as the ledger says that it took.
        if let Ok(elapsed) = u64::try_from(now.saturating_sub(self.now)) {
            let elapsed = Duration::from_millis(elapsed);
            reports.handle().progress(Progress {
                elapsed,
                to_send,
                left: None,
                ..outcome.progress
            });
        }
        let mut last = std::mem::take(&mut outcome.untold);
        last.push(Event::Finished { totals, ending: ending.clone() });
        let mut closing = reports.close(last);
        if let Some(left) = left {
            // What is there twice is counted again by the next run, and so is what could not be counted.
            let miscounted = (totals.miscounted > 0).then_some(MISCOUNTED);
            let uncounted = (totals.uncounted > 0).then_some(UNCOUNTED);
            let exit = (exit, reason(&ending).or(miscounted).or(uncounted));
            // The rows are in the ledger already; that this run's own line is not is no loss.
            let owed = match self.settings.counts {
                true => outcome.owed.as_deref(),
                false => None,
            };
            let _ = left.ledger.end_run(run, &totals, exit, owed, now);
        }
        let was_stopped = ending != Ending::Finished;
        runtime.say_farewell(&mut closing, was_stopped, self.settings.deadline, self.world.wall);
        RunOutcome { run: run.number(), totals, ending, exit, fault: closing.fault() }
    }
}

/// What there is to say of what is missing from the source and stays: said before anything is sent, since nobody knows how a
/// run ends.
fn notes_of(stays: &Stays) -> impl Iterator<Item = Note> {
    let Stays { kept, unprovable, unfinished } = stays.clone();
    let unprovable = (unprovable > 0).then_some(Note::NotShownAsSent { rows: unprovable });
    let unfinished = (unfinished > 0).then_some(Note::Unfinished { rows: unfinished });
    kept.map(Note::NothingDeleted).into_iter().chain(unprovable).chain(unfinished)
}

/// Where a row ends of which the run says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    AlreadyDone,
    Failed,
    Invalid,
    InDoubt,
    NotStarted,
    Filtered,
    Duplicate,
    Dismissed,
    Undone,
}

impl Rest {
    fn of(fate: Fate) -> Self {
        match fate {
            Fate::Skip(_) => Self::AlreadyDone,
            Fate::Hold(Held::Refused) => Self::Failed,
            Fate::Reject => Self::Invalid,
            Fate::LeaveOut(LeftOut::Filtered) => Self::Filtered,
            Fate::LeaveOut(LeftOut::Duplicate) => Self::Duplicate,
            Fate::LeaveOut(LeftOut::Dismissed) => Self::Dismissed,
            Fate::LeaveOut(LeftOut::Undone) => Self::Undone,
            // What was in doubt before, and of which nothing has become known, still is.
            Fate::Hold(Held::InDoubt) => Self::InDoubt,
            Fate::Send(sending) | Fate::Later(sending) if sending.may_have_acted() => Self::InDoubt,
            // What somebody else has in hand is theirs to tell of.
            Fate::Hold(Held::Behind | Held::UnderWay) | Fate::Send(_) | Fate::Later(_) => {
                Self::NotStarted
            }
        }
    }
}

/// Everything adds up: what is neither over nor held nor invalid has not been started.
pub(super) fn totals(tally: &Tally, outcome: &RunEnd) -> Totals {
    let rest = |rest| tally.sum(|fate| Rest::of(fate) == rest);
    let mut totals = Totals {
        rows: tally.rows(),
        succeeded: outcome.succeeded,
        updated: outcome.updated,
        deleted: outcome.deleted,
        already_done: rest(Rest::AlreadyDone),
        changed: tally.sum(|fate| fate == Fate::Skip(Done::Changed)),
        repeated: 0,
        miscounted: outcome.miscounted,
        uncounted: outcome.uncounted,
        failed: outcome.failed + rest(Rest::Failed),
        invalid: outcome.invalid + rest(Rest::Invalid),
        in_doubt: outcome.in_doubt + rest(Rest::InDoubt).saturating_sub(outcome.settled),
        not_started: 0,
        filtered: rest(Rest::Filtered),
        duplicates: rest(Rest::Duplicate),
        dismissed: rest(Rest::Dismissed),
        undone: rest(Rest::Undone),
        requests: outcome.requests,
    };
    let over =
        totals.succeeded + totals.already_done + totals.failed + totals.invalid + totals.in_doubt;
    totals.not_started = totals.rows.saturating_sub(over + totals.left_out());
    totals
}

/// Where all rows stand of which no run says more than was known before.
pub(in crate::task) fn standing(tally: &Tally) -> Totals {
    totals(tally, &not_begun(Ending::Finished))
}

fn not_begun(ending: Ending) -> RunEnd {
    RunEnd {
        ending,
        requests: 0,
        succeeded: 0,
        updated: 0,
        deleted: 0,
        failed: 0,
        in_doubt: 0,
        invalid: 0,
        settled: 0,
        miscounted: 0,
        uncounted: 0,
        owed: None,
        progress: Progress::default(),
        untold: Vec::new(),
    }
}
