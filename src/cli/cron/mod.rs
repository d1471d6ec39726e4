//! What a run needs that nobody watches: a log, files that say how it ended, a monitor, and what to do where the job is held.
//!
//! Nothing of it touches a row or holds a request up. A place that can never be written is refused before anything is sent; what
//! could not be written later is told when all else is done, and the run does not end with 0 then: not in the summary, and not to
//! the monitor either.

mod arguments;
mod early;
mod files;
mod ping;

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Zoned;
use serde_json::{Value, json};

pub(in crate::cli) use arguments::{CronArguments, IfLocked};
pub(in crate::cli) use early::Early;
use ping::{Monitor, Said, UnderWay};

use crate::event::Ending;
use crate::report::{CauseCounts, Reporter, RunFigures, at, exit, finished_event, metrics};
use crate::row::Totals;
use crate::table::Staying;
use crate::task::TimeLimits;
use crate::text::diagnostic::Diagnostic;

use super::environment::Environment;
use super::output::Output;
use super::{signals, streams};

/// Between two tries to have a job that another run holds.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// What a run leaves behind for those who did not watch it.
#[derive(Clone)]
pub(in crate::cli) struct Cron {
    files: Files,
    monitor: Option<Monitor>,
    is_quiet: bool,
    began: Zoned,
    about: Arc<Mutex<About>>,
    causes: CauseCounts,
}

#[derive(Clone)]
struct Files {
    summary: Option<PathBuf>,
    metrics: Option<PathBuf>,
}

/// What is known of the run.
#[derive(Default)]
struct About {
    job: String,
    target: String,
    command: String,
    host: Option<String>,
    /// The last words were said.
    is_told: bool,
    /// What the monitor is told at this moment.
    under_way: Option<UnderWay>,
}

impl Cron {
    /// Gets all of it ready; beside it what is wrong with the places of its files, which are left out then. `staying` are files
    /// that none of them takes the place of.
    pub(in crate::cli) fn new(
        arguments: &CronArguments,
        (job, command): (String, String),
        (rehearses, staying): (bool, &Staying),
        environment: &Environment,
        output: &Output<'_>,
    ) -> (Self, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let mut staying = staying.clone();
        let mut placed = |file: &Option<PathBuf>, kind| {
            let file = file.as_ref()?;
            let found = files::refuse(file, kind, &staying);
            // No two of them lie in one place.
            staying = staying.clone().and(file);
            found.map_err(|problem| problems.push(problem)).ok().map(|()| file.clone())
        };
        let files = Files {
            summary: placed(&arguments.summary_file, files::Kind::Summary),
            metrics: placed(&arguments.metrics_file, files::Kind::Metrics),
        };
        let log = arguments.log_file.as_deref().map(|file| files::open_log(file, &staying));
        match log.transpose() {
            Ok(log) => log.into_iter().for_each(|file| streams::log_to(file, !output.is_json())),
            Err(problem) => problems.push(problem),
        }
        let usual = || environment.ping().filter(|_| !rehearses);
        let monitor = Self::monitor(arguments.ping.clone().or_else(usual), output);
        if !output.is_json() {
            let (version, process) = (env!("CARGO_PKG_VERSION"), std::process::id());
            let host = environment.host().map(|host| format!(" on {host}")).unwrap_or_default();
            let begins = format!("noteferry {version}{host}, process {process}: {command}\n");
            streams::write(streams::log(), &begins);
        }
        let about = About { job, command, host: environment.host(), ..About::default() };
        let about = Arc::new(Mutex::new(about));
        let (is_quiet, began, causes) = (output.quiet, Zoned::now(), CauseCounts::default());
        (Self { files, monitor, is_quiet, began, about, causes }, problems)
    }

    /// Counts for the summary why rows do not succeed; none where nobody wants one.
    pub(in crate::cli) fn reporter(&self) -> Option<Box<dyn Reporter>> {
        self.files.summary.as_ref().map(|_| self.causes.reporter())
    }

    fn monitor(address: Option<String>, output: &Output<'_>) -> Option<Monitor> {
        let monitor = Monitor::new(&address?);
        let told = |why: &&'static str| {
            output.warn(&format!("note: the address to ping is of no use: {why}"));
        };
        monitor.inspect_err(told).ok()
    }

    /// Whether there is something to be said when the run is over.
    fn is_wanted(&self) -> bool {
        self.files.summary.is_some() || self.files.metrics.is_some() || self.monitor.is_some()
    }

    /// Should a signal come before the run listens to it, that is said, too.
    pub(in crate::cli) fn listen_early(&self, waits: bool) -> Early {
        if !self.is_wanted() && !waits {
            return Early::default();
        }
        let cron = self.clone();
        Early::listen(move |signal| {
            let (ending, exit) = (Ending::Interrupted { signal }, exit::interrupted(signal));
            cron.over(
                &finished_event(&Totals::default(), &ending, exit),
                (&Totals::default(), None),
            );
            exit
        })
    }

    /// The run is about to begin: so much is known of it by now.
    pub(in crate::cli) fn begins(&self, job: &str, target: &str) {
        let started = json!({"event": "started"});
        {
            let mut about = self.about();
            job.clone_into(&mut about.job);
            target.clone_into(&mut about.target);
            about.under_way = self.monitor.as_ref().map(|monitor| monitor.say(Said::Started));
        }
        // Should the run be killed, nobody takes the last one's end for its own.
        self.summarize(&started);
    }

    /// The run is over, or did not begin: its closing event, its totals and its number.
    pub(in crate::cli) fn over(&self, closing: &Value, (totals, run): (&Totals, Option<i64>)) {
        let under_way = {
            let mut about = self.about();
            if std::mem::replace(&mut about.is_told, true) {
                return;
            }
            about.under_way.take()
        };
        let mut closing = closing.clone();
        if let (Value::Object(fields), Some(run)) = (&mut closing, run) {
            fields.insert("run".into(), json!(run));
        }
        let exit = self.keep(&mut closing, totals, run);
        self.tell_monitor(under_way, exit == exit::DONE);
    }

    /// Writes down how the run ended: once more where that it could not be written changes how it ends. Gives its exit code.
    fn keep(&self, closing: &mut Value, totals: &Totals, run: Option<i64>) -> u8 {
        loop {
            let exit = closing.get("exit").and_then(Value::as_u64).unwrap_or_default();
            let exit = streams::exit_so_far(u8::try_from(exit).unwrap_or(u8::MAX));
            if let Value::Object(fields) = closing {
                fields.insert("exit".into(), json!(exit));
            }
            self.summarize(closing);
            self.measure(closing, totals, run);
            if streams::exit_so_far(exit) == exit {
                return exit;
            }
        }
    }

    /// This run was left out for another one, which tells of itself: in the files, too.
    pub(in crate::cli) fn skipped(&self) {
        self.about().is_told = true;
    }

    fn summarize(&self, event: &Value) {
        let Some(file) = &self.files.summary else { return };
        let mut event = at(event.clone(), jiff::Timestamp::now());
        if let Value::Object(fields) = &mut event {
            let about = self.about();
            let target = Some(&about.target).filter(|target| !target.is_empty());
            fields.insert("job".into(), json!(about.job));
            fields.insert("target".into(), json!(target));
            fields.insert("host".into(), json!(about.host));
            fields.insert("process".into(), json!(std::process::id()));
            fields.insert("version".into(), json!(env!("CARGO_PKG_VERSION")));
            fields.insert("command".into(), json!(about.command));
            fields.insert("started_at".into(), json!(format!("{:.3}", self.began.timestamp())));
            let (causes, others) = self.causes.json();
            fields.insert("causes".into(), causes);
            fields.insert("other_causes".into(), json!(others));
        }
        if let Err(error) = files::put(file, files::Kind::Summary, &format!("{event}\n")) {
            streams::not_kept("the summary file", error.to_string());
        }
    }

    fn measure(&self, closing: &Value, totals: &Totals, run: Option<i64>) {
        let Some(file) = &self.files.metrics else { return };
        let exit = closing.get("exit").and_then(Value::as_u64).unwrap_or_default();
        let (job, target) = {
            let about = self.about();
            (about.job.clone(), about.target.clone())
        };
        let figures = RunFigures {
            job,
            target,
            run,
            totals: *totals,
            exit: u8::try_from(exit).unwrap_or(u8::MAX),
            reason: closing.get("reason").and_then(Value::as_str).map(str::to_owned),
            started_at: self.began.timestamp().as_millisecond(),
            ended_at: super::wall_clock(),
        };
        if let Err(error) = files::put(file, files::Kind::Metrics, &metrics(&figures)) {
            streams::not_kept("the metrics file", error.to_string());
        }
    }

    /// What cannot be delivered is worth a line, and no more.
    fn tell_monitor(&self, under_way: Option<UnderWay>, is_well: bool) {
        let Some(monitor) = &self.monitor else { return };
        let is_enough = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&is_enough);
        std::thread::spawn(move || {
            if signals::first().is_some() {
                heard.store(true, Ordering::SeqCst);
            }
        });
        let is_enough = || is_enough.load(Ordering::SeqCst);
        let began = under_way.map_or(Ok(()), |began| began.arrive(&is_enough));
        let said = if is_well { Said::Succeeded } else { Said::Failed };
        let ended = monitor.say(said).arrive(&is_enough);
        if let Err(why) = began.and(ended) {
            let host = monitor.host();
            let note = format!("note: {host} was not told how the run went: {why}\n");
            // Nobody gets a mail for it: the monitor itself tells of what it does not hear.
            streams::write(if self.is_quiet { streams::log() } else { streams::words() }, &note);
        }
    }

    fn about(&self) -> std::sync::MutexGuard<'_, About> {
        self.about.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a job that another run holds, where that is wanted.
pub(in crate::cli) struct Wait<'a> {
    pub how: IfLocked,
    pub limits: TimeLimits,
    pub began: Zoned,
    pub output: &'a Output<'a>,
    /// What is waited for has been said.
    pub state: RefCell<WaitState>,
}

#[derive(Default)]
pub(in crate::cli) struct WaitState {
    is_said: bool,
    /// Which limit of time has ended it.
    pub ended_by: Option<Ending>,
}

impl Wait<'_> {
    /// Whether to try once more; some time has passed then.
    pub(in crate::cli) fn goes_on(&self, holder: Option<&str>) -> bool {
        if self.how != IfLocked::Wait {
            return false;
        }
        let mut state = self.state.borrow_mut();
        if !std::mem::replace(&mut state.is_said, true) {
            let holder = holder.map(|holder| format!(" ({holder})")).unwrap_or_default();
            let words =
                format!("another run of this job is under way{holder}; waiting for its end");
            self.output.say(&format!("note: {words}"));
            self.output
                .event(&at(json!({"event": "note", "message": words}), jiff::Timestamp::now()));
        }
        state.ended_by = self.limits.over(&self.began, &Zoned::now());
        if state.ended_by.is_some() {
            return false;
        }
        std::thread::sleep(TRY_AGAIN);
        true
    }
}
