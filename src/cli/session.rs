//! A run from its first request to its last word.

use std::io::stderr;
use std::time::Duration;

use indicatif::ProgressDrawTarget;
use jiff::Zoned;
use tokio::sync::mpsc::{Sender, UnboundedReceiver, channel, unbounded_channel};

use crate::engine::dispatch::{self, FeedFailure, Parts, RunEnd};
use crate::engine::{Settings, Work};
use crate::event::{Ending, Event, Progress};
use crate::ledger::{InTrouble, JobReader, LedgerError, News, Recorder, Rescue};
use crate::plan::decide::Action;
use crate::plan::steps::{Step, Steps, Tally};
use crate::plan::survey::Survey;
use crate::report::exit;
use crate::report::{ReportHandle, ReportThread, Reporter, RunView, Several, bar, ndjson, plain};
use crate::row::Totals;
use crate::traffic::deadline::Deadline;
use crate::traffic::pace::{Moment, Pace};
use crate::traffic::transport::{Http, Transport as _};

use super::arguments::RunArguments;
use super::deadline::RunTime;
use super::opening::Opening;
use super::output::{Output, data};
use super::run::Booking;
use super::target::Target;
use super::{signals, wall_clock};

/// Rows that travel to the engine together.
const BATCH: usize = 32;
/// Batches that may wait for it.
const WAITING: usize = 4;
/// How long a ledger that cannot be written is tried again before the run is stopped.
const PATIENCE: Duration = Duration::from_secs(60);
/// Before this the pace so far says nothing about the time left.
const YOUNG: Duration = Duration::from_secs(10);

/// A run, ready to begin.
pub struct Session<'a> {
    pub arguments: &'a RunArguments,
    pub output: Output,
    pub opening: &'a Opening,
    pub target: &'a Target,
    pub booked: Booking,
    pub tally: Tally,
    pub found: Survey,
    /// The moment of the check, which the second reading goes by too.
    pub now: i64,
    /// When it has to be over.
    pub time: RunTime,
}

impl Session<'_> {
    /// Sends what is to be sent; gives the exit code.
    pub fn run(self, transport: &Http) -> Result<u8, LedgerError> {
        let run =
            self.booked.ledger.begin_run(self.booked.job, self.opening.job.keyed_by(), self.now)?;
        let reader = self.booked.reader()?;
        let owners = self.booked.reader()?;
        let reports = ReportThread::start(self.reporter());
        let handle = reports.handle();
        let limit = self.to_send();
        let (opening, found, tally) = (self.opening, &self.found, self.tally);
        let retry_failed = self.arguments.sending.retry_failed;
        let run_mark = format!("run {}/", run.number());
        let steps = Steps::open(
            &opening.job,
            &opening.preparer,
            Some(reader),
            found.repeated.clone(),
            retry_failed,
            run_mark,
        );
        let pace = self.pace();
        let Booking { ledger, lock, .. } = self.booked;
        let (say, news) = unbounded_channel();
        // The engine is gone when the run is over; then nobody waits for an acknowledgement.
        let rescue = Rescue::reserve(&self.booked.path, &self.target.job_name(&opening.job));
        let trouble = InTrouble { patience: PATIENCE, rescue, lock };
        let recorder = Recorder::start(ledger, self.booked.job, run, trouble, move |news| {
            drop(say.send(news));
        });
        let (feed, rows) = channel(WAITING);
        let now = self.now;
        let mut outcome = std::thread::scope(|scope| {
            scope.spawn(move || match steps {
                Ok(steps) => feed_rows(steps, now, limit, &feed),
                Err(problems) => drop(feed.blocking_send(Err(FeedFailure::Source(problems)))),
            });
            let parts = Running {
                opening,
                transport,
                recorder: &recorder,
                handle: &handle,
                owners: &owners,
                to_send: limit,
                give_up_after: self.arguments.give_up_after,
                deadline: self.time.deadline(),
                max_failures: self.arguments.max_failures.map(|failures| failures.of(limit)),
            };
            parts.run(pace, news, rows)
        });
        // The writer is the last who closes the ledger: it tidies up.
        drop(owners);
        let written = recorder.finish();
        if let Some(error) = written.as_ref().and_then(|written| written.found_late.as_ref()) {
            outcome.ending = Ending::LedgerFailed(error.clone());
        }
        let totals = totals(tally, &outcome);
        let exit = exit::of(&totals, &outcome.ending);
        handle.tell(Event::Finished { totals, ending: outcome.ending });
        drop(handle);
        if let Some(written) = written {
            // The rows are in the ledger already; that this run's own line is not is no loss.
            let _ = written.ledger.end_run(run, &totals, exit, wall_clock());
        }
        if let Some(fault) = reports.finish() {
            self.output.warn(&format!("The output could not be written to its end: {fault}"));
        }
        Ok(exit)
    }

    /// Rows that this run sends at the most.
    fn to_send(&self) -> u64 {
        self.tally.send.min(self.arguments.sending.limit.unwrap_or(u64::MAX))
    }

    fn pace(&self) -> Pace {
        let mut pace = Pace::new(&self.opening.job.quotas);
        if let Some(last) = self.booked.last_request {
            let ago = u64::try_from(wall_clock().saturating_sub(last)).unwrap_or(0);
            pace.continue_after(Moment::default(), Duration::from_millis(ago));
        }
        pace
    }

    fn reporter(&self) -> Box<dyn Reporter> {
        // A reporter for people says its head as soon as there is one.
        let bar = || bar(self.view(), ProgressDrawTarget::stderr());
        match (self.output.is_json(), self.output.bar) {
            (false, true) => bar(),
            (false, false) => plain(Box::new(stderr()), self.view()),
            (true, true) => Box::new(Several(vec![ndjson(data()), bar()])),
            (true, false) => ndjson(data()),
        }
    }

    fn view(&self) -> RunView {
        let (duration, limited_by) =
            crate::traffic::pace::duration(self.to_send(), &self.opening.job.quotas);
        RunView {
            job: self.opening.job.name.clone(),
            job_path: self.arguments.job.words(&self.arguments.common),
            target: self.target.words(),
            ledger: self.booked.path.display().to_string(),
            credentials: self.target.credentials.origin().to_owned(),
            rows: self.found.rows,
            to_send: self.to_send(),
            already_done: self.tally.skip,
            held_in_doubt: self.tally.held_in_doubt,
            held_refused: self.tally.held_refused,
            held_behind: self.tally.held_behind,
            invalid: self.tally.reject,
            changed: self.tally.changed,
            limited_by,
            duration,
            started: Zoned::now(),
            quiet: self.output.quiet,
            color: self.output.color,
            sandbox: self.target.is_sandbox,
        }
    }
}

/// What the engine runs with.
struct Running<'a> {
    opening: &'a Opening,
    transport: &'a Http,
    recorder: &'a Recorder,
    handle: &'a ReportHandle,
    owners: &'a JobReader,
    to_send: u64,
    max_failures: Option<u64>,
    give_up_after: Duration,
    deadline: Option<Deadline>,
}

impl Running<'_> {
    fn run(self, pace: Pace, news: UnboundedReceiver<News>, feed: dispatch::Feed) -> RunEnd {
        let job = &self.opening.job;
        let settings = Settings {
            concurrency: job.concurrency as usize,
            attempts: job.attempts,
            give_up_after: self.give_up_after,
            max_failures: self.max_failures,
            deadline: self.deadline,
            in_doubt: job.in_doubt,
            // Whoever has nothing to send need not sign in.
            needs_token: self.to_send > 0 && self.transport.needs_token(),
            token_costs_request: self.transport.token_costs_request(),
        };
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return not_begun(Ending::NoRuntime(error.to_string())),
        };
        runtime.block_on(async {
            let parts = Parts {
                transport: self.transport,
                answers: &job.connector.answers,
                recorder: self.recorder,
                news,
                feed,
                stops: signals::stops(),
                tell: &mut |events| self.handle.tell_all(events),
                picture: &mut |progress| {
                    self.handle.progress(with_estimate(progress, self.to_send))
                },
                // What cannot be read counts as somebody else's: then the row stays in doubt, which is safe.
                owns: &|id| self.owners.owns(id).unwrap_or(true),
                wall: &wall_clock,
                chance: &mut fastrand::f64,
            };
            dispatch::run(settings, pace, parts).await
        })
    }
}

/// Reads the source once more and passes on what is to be sent, until nobody wants it.
fn feed_rows(
    mut steps: Steps<'_>,
    now: i64,
    limit: u64,
    feed: &Sender<Result<Vec<Work>, FeedFailure>>,
) {
    let mut left = limit;
    let mut batch = Vec::with_capacity(BATCH);
    while left > 0 {
        match steps.next(now) {
            Ok(Some(step)) => {
                if let Some(work) = work(step) {
                    batch.push(work);
                    left -= 1;
                }
            }
            Ok(None) => break,
            Err(error) => {
                let _ = feed.blocking_send(Err(FeedFailure::Ledger(error)));
                return;
            }
        }
        if batch.len() == BATCH
            && feed
                .blocking_send(Ok(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))))
                .is_err()
        {
            return;
        }
    }
    if !batch.is_empty() {
        let _ = feed.blocking_send(Ok(batch));
    }
}

fn work(step: Step) -> Option<Work> {
    match (step.action, step.ready) {
        (Action::Send(sending), Some(ready)) => Some(Work {
            ready,
            key: step.key,
            known: step.known,
            attempts: step.attempts,
            attempted: step.attempted,
            sending,
        }),
        _ => None,
    }
}

fn with_estimate(mut progress: Progress, to_send: u64) -> Progress {
    let over = progress.succeeded + progress.failed + progress.in_doubt;
    progress.to_send = to_send;
    if progress.elapsed >= YOUNG && over > 0 {
        let left =
            progress.elapsed.as_secs_f64() / over as f64 * to_send.saturating_sub(over) as f64;
        progress.left = Duration::try_from_secs_f64(left).ok();
    }
    progress
}

/// Everything adds up: what is neither over nor held nor invalid has not been started.
fn totals(tally: Tally, outcome: &RunEnd) -> Totals {
    let mut totals = Totals {
        rows: tally.rows,
        succeeded: outcome.succeeded,
        already_done: tally.skip,
        failed: outcome.failed + tally.held_refused,
        invalid: outcome.invalid + tally.reject,
        // What was in doubt before, and of which nothing has become known, still is.
        in_doubt: outcome.in_doubt
            + tally.held_in_doubt
            + tally.in_doubt.saturating_sub(outcome.settled),
        not_started: 0,
        requests: outcome.requests,
    };
    let over =
        totals.succeeded + totals.already_done + totals.failed + totals.invalid + totals.in_doubt;
    totals.not_started = totals.rows.saturating_sub(over);
    totals
}

fn not_begun(ending: Ending) -> RunEnd {
    RunEnd { ending, requests: 0, succeeded: 0, failed: 0, in_doubt: 0, invalid: 0, settled: 0 }
}
