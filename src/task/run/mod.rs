//! `run`: checks every row, then sends what is to be sent, and writes down what came of it.
//!
//! One step after the other; nothing is written before all is known to be in order, and nothing is read again where
//! nothing is to be sent.

mod connect;
mod corrections;
mod farewell;
pub(super) mod feed;
mod invalid;
mod ownership;
mod session;
mod sharing;
mod time_left;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{Timestamp, Zoned};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::declared::connector::Effect;
use crate::declared::job::{InDoubt, Job, OperationChoice};
use crate::engine::{Settings, Stop};
use crate::event::Ending;
use crate::ledger::{Approval, JobLock, JobName, LedgerError, Mandate, PulseFile};
use crate::plan::saved::{Companion, SavedPlan};
use crate::plan::{Chosen, Filtered, NamedRow, Prior, Stays, Steps, Survey, Tally, survey};
use crate::report::{ReadsAhead, Reporter, of_row};
use crate::row::Totals;
use crate::source::Source;
use crate::text::quota::Quota;
use crate::traffic::pace::Pace;
use crate::traffic::transport::{ClientError, CredentialKind, Transport};

use super::before::reads_ahead;
use super::booking::{Booking, Entered, HeldJob, as_known};
use super::deadline::{RunTime, TimeLimits};
use super::elsewhere::{foretell_done_elsewhere, refuse_done_elsewhere};
use super::exported_rows::exported_rows;
use super::job::{JobOptions, Opening};
use super::limits::{Limits, SendingOptions};
use super::saved;
use super::target::{Target, TargetOptions, passed_over};
use super::{Details, Failure, Listener, Refused, Told};
pub(super) use connect::{Destination, over_http};
pub(super) use feed::{Fed, subject_as_sent, subject_unchanged};
use invalid::Invalid;
use session::SourceRows;
pub(super) use session::standing;
pub(super) use session::{Cargo, Session};
pub(super) use sharing::Sharing;
pub(crate) use sharing::StateFolder;

/// How long the other side may be out of reach, unless that is said.
const GIVE_UP_AFTER: Duration = Duration::from_secs(600);

/// What is to be run, and how.
#[derive(Clone)]
pub(crate) struct RunOptions<'a> {
    pub job: JobOptions,
    pub target: TargetOptions<'a>,
    pub sending: SendingOptions,
    /// Rows that may fail in this run before it stops.
    pub max_failures: Option<Failures>,
    /// How long the other side may be out of reach before the run stops, where that was said.
    pub give_up_after: Option<Duration>,
    pub time: TimeLimits,
    /// Certificates in a PEM file, to be trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Where the pace lies that is shared with other runs of the account.
    pub state_folder: StateFolder,
    /// Lanes that earlier runs have left uncounted are as they should be: somebody has looked.
    pub as_counted: bool,
    /// A saved plan, to be carried out exactly or not at all.
    pub plan: Option<SavedPlan>,
    /// Who has approved the run, where that was said.
    pub approval: Option<Approval>,
}

/// How many rows may fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Failures {
    Rows(u64),
    /// Of the rows to send; in 0..=100.
    Percent(f64),
}

impl Failures {
    /// The number of rows, where so many are to be sent.
    pub(crate) fn of(self, to_send: u64) -> u64 {
        match self {
            Self::Rows(rows) => rows,
            Self::Percent(percent) => (to_send as f64 * percent / 100.0).floor() as u64,
        }
    }
}

/// What a run needs of the world outside.
#[derive(Clone)]
pub(crate) struct World<'a> {
    /// The time of the system, in unix milliseconds.
    pub wall: &'a (dyn Fn() -> i64 + Sync),
    /// When the program began, in the user's zone.
    pub began: Zoned,
    /// The number of this process, which is told to the next who wants the job.
    pub process: u32,
    /// The machine that this is, where it has a name; told likewise.
    pub host: Option<String>,
    /// Hears who holds a job that this run wants, and says whether to try once more.
    pub awaits: &'a dyn Fn(Option<&str>) -> bool,
    /// A number in 0..1, another each time.
    pub chance: &'a dyn Fn() -> f64,
    /// Begins to listen for wishes to stop; called on the runtime that the run is on.
    pub stops: &'a dyn Fn() -> UnboundedReceiver<Stop>,
    /// Whether the run may go on, once it is known what lies ahead and before anything is sent.
    pub consent: &'a dyn Fn(&Outlook) -> bool,
    /// Makes the reporters of the run, once it is known what lies ahead.
    pub reporter: &'a dyn Fn(Outlook) -> Box<dyn Reporter>,
}

impl World<'_> {
    /// Takes a job's lock for this process.
    pub(super) fn lock(&self, ledger: &Path, job: &JobName) -> Result<JobLock, LedgerError> {
        let since = self.began.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let process = match &self.host {
            Some(host) => format!("{} on {host}", self.process),
            None => self.process.to_string(),
        };
        loop {
            match JobLock::take(ledger, job, &process, &since) {
                Err(LedgerError::Busy { holder }) if (self.awaits)(holder.as_deref()) => {}
                taken => return taken,
            }
        }
    }
}

/// What lies ahead, before the first request.
#[derive(Debug, Clone)]
pub(crate) struct Outlook {
    /// The job's name.
    pub job: String,
    /// What one row makes or changes on the other side, in a word.
    pub item: String,
    /// In words.
    pub target: String,
    pub is_sandbox: bool,
    /// The job has sent nothing there so far.
    pub is_first: bool,
    /// Rows may delete what is there.
    pub may_delete: bool,
    pub ledger: PathBuf,
    /// Where the credentials come from.
    pub credentials: CredentialKind,
    pub tally: Tally,
    /// What is carried out, and on whose word.
    pub mandate: Mandate,
    /// What the job says of rows in doubt.
    pub in_doubt: InDoubt,
    /// In a rehearsal: that rows may be for things that only the real account has.
    pub is_presumed: bool,
    /// Why rows are left out.
    pub filtered: Filtered,
    /// The first of the rows that are done and have changed since.
    pub changed: Vec<NamedRow>,
    /// The first of the rows that are held for somebody to decide on.
    pub held: Vec<NamedRow>,
    /// What stays there though it is missing from the source.
    pub stays: Stays,
    /// By when the run has to be over, as --deadline says, and how long that is.
    pub until: Option<(Timestamp, Duration)>,
    /// How long sending takes at the quotas; zero where there are none.
    pub duration: Duration,
    /// The quota that binds.
    pub limited_by: Option<Quota>,
    /// Where the run says how it goes, to whoever looks on.
    pub pulse: Option<PulseFile>,
    /// What is read and kept before rows change or delete something.
    pub before: ReadsAhead,
}

/// What came of a run.
#[derive(Debug)]
#[allow(dead_code)] // its numbers are told by the reporters; who drives the task otherwise reads them here
pub(crate) struct RunOutcome {
    /// Its number in the ledger.
    pub run: i64,
    pub totals: Totals,
    pub ending: Ending,
    pub exit: u8,
    /// Why it could not be reported to its end, if so.
    pub fault: Option<String>,
}

/// Runs a job.
pub(crate) fn run(
    options: &RunOptions<'_>,
    world: &World<'_>,
    listener: Listener<'_>,
) -> Result<RunOutcome, Failure> {
    let ca_file = options.ca_file.as_deref();
    let connect = |destination: Destination<'_>| over_http(destination, ca_file);
    run_through(connect, options, world, listener)
}

/// Runs a job through what `connect` makes.
pub(super) fn run_through<T: Transport>(
    connect: impl Fn(Destination<'_>) -> Result<T, ClientError>,
    options: &RunOptions<'_>,
    world: &World<'_>,
    listener: Listener<'_>,
) -> Result<RunOutcome, Failure> {
    let time = RunTime::new(&options.time, &world.began)?;
    let has_waited = Cell::new(false);
    let awaits = |holder: Option<&str>| {
        let goes_on = (world.awaits)(holder);
        has_waited.set(has_waited.get() || goes_on);
        goes_on
    };
    let world = World { awaits: &awaits, ..world.clone() };
    loop {
        has_waited.set(false);
        let waits = (&time, &has_waited);
        if let Some(outcome) = attempt(&connect, options, (&world, waits), listener)? {
            return Ok(outcome);
        }
    }
}

/// One attempt: none where another run was waited for. What was opened and which time it was before the wait is worth
/// nothing after it: a source may be another one, and a reminder past.
fn attempt<T: Transport>(
    connect: &impl Fn(Destination<'_>) -> Result<T, ClientError>,
    options: &RunOptions<'_>,
    (world, (time, has_waited)): (&World<'_>, (&RunTime, &Cell<bool>)),
    listener: Listener<'_>,
) -> Result<Option<RunOutcome>, Failure> {
    let (mut opening, source) = Opening::open(&options.job, options.target.base_url.as_deref())?;
    opening.job.let_go.clone_from(&options.sending.gone);
    let (target, credentials) = Target::find(&opening.job, &options.target)?;
    target.refuse_plain_http(&opening.job, &options.target)?;
    opening.preparer.goes_to(&target.place());
    opening.warnings.extend(passed_over(&opening.job, &options.target));
    opening.warnings.extend(exported_rows(&opening.job, &source));
    if let Some(plan) = &options.plan {
        saved::refuse_other(plan, (&opening, &target))?;
    }
    let limits = Limits::new(&opening.job, &options.sending, options.target.rehearsal.as_ref());
    let kind = credentials.kind();
    let transport = connect(Destination {
        connector: &opening.job.connector,
        base_url: &target.base_url,
        credentials,
        concurrency: limits.concurrency as usize,
    })?;
    tell_details(options, (&opening, &target), (kind, &limits), listener);
    let (now, name) = ((world.wall)(), target.job_name(&opening.job));
    let name = as_known(&options.job.ledger, name);
    let claim = HeldJob::make(&options.job.ledger, name, &opening.job, world, listener)?;
    if has_waited.get() {
        return Ok(None);
    }
    opening.tell_warnings(listener);
    let mandate = mandate(options, &claim)?;
    let running = Running { options, world, opening: &opening, target: &target, now };
    let (found, invalid, mut booking) = running.survey_and_book(source, claim, listener)?;
    if has_waited.get() {
        return Ok(None);
    }
    if options.as_counted {
        // What was there twice when it was counted last is told until it is right, whatever anybody says.
        let are_known = booking.was_miscounted()?;
        booking.uncounted.retain(|lane| are_known && !lane.copies.is_empty());
    }
    let tally = *found.fates.tally();
    let ahead = running.outlook(&found, (&limits, kind), mandate.clone(), time.until);
    let ahead = running.beside_past(ahead, (&found, &limits), &booking)?;
    if !(world.consent)(&ahead) {
        return Err(Failure::Declined);
    }
    let reporter = (world.reporter)(ahead);
    let needs_token = transport.needs_token();
    let settings = Settings {
        deadline: time.deadline(),
        // Whoever has nothing to send, and nothing to count, need not sign in.
        needs_token: needs_token
            && (tally.to_send() > 0 || (!target.is_sandbox && !booking.uncounted.is_empty())),
        token_costs_request: transport.token_costs_request(),
        ..running.settings(&limits, tally.to_send())
    };
    let cargo = SourceRows {
        opening: &opening,
        fates: &found.fates,
        invalid: &invalid,
        planned: options.plan.as_ref(),
        policy: options.sending.policy(&opening.job),
        now,
        // In a rehearsal rows may be for things that only the real account has, and no list shows those.
        snapshots: opening.job.snapshot && !target.is_sandbox,
        is_rehearsal: target.is_sandbox,
    };
    let session = Session {
        job: &opening.job,
        cargo: &cargo,
        tally,
        has_key: opening.preparer.has_key(),
        mandate,
        limits: &limits,
        settings,
        now,
        is_sandbox: target.is_sandbox,
        sharing: Sharing::new(&options.state_folder, &target),
        world,
    };
    session.run(booking, &transport, reporter).map(Some)
}

/// Tells where the run goes, and how.
fn tell_details(
    options: &RunOptions<'_>,
    (opening, target): (&Opening, &Target),
    (kind, limits): (CredentialKind, &Limits),
    listener: Listener<'_>,
) {
    listener(Told::Details(Details {
        is_planned: options.plan.is_some(),
        target: Some(target.words()),
        passed_over: target.passed_over(&opening.job),
        credentials: Some(kind),
        variables: options.target.variables(&opening.job),
        ledger: Some(options.job.ledger.clone()),
        limits: Some(limits.clone()),
        ..Details::of(&opening.job)
    }));
}

/// What is carried out and on whose word: whoever has approved a plan has approved the runs that go on with it.
fn mandate(options: &RunOptions<'_>, claim: &HeldJob) -> Result<Mandate, LedgerError> {
    let plan = options.plan.as_ref();
    let approval = match (&options.approval, plan) {
        (Some(approval), _) => Some(approval.clone()),
        (None, Some(plan)) => claim.approval_of(plan)?,
        (None, None) => None,
    };
    Ok(Mandate { plan: plan.map(|plan| plan.id), approval })
}

/// For how long nothing may get through, and for how long nothing but push-backs is no reason to give up: whoever uses up the
/// rest of a window may be told "not now" to its end. `said` is what the user says of both.
pub(super) fn patience(
    said: Option<Duration>,
    quotas: &[Quota],
    longest_request: Duration,
) -> (Duration, Duration) {
    let window = Pace::longest_window(quotas).unwrap_or_default();
    let usual = GIVE_UP_AFTER.max(window + longest_request);
    (said.unwrap_or(GIVE_UP_AFTER), said.unwrap_or(usual))
}

/// Whether rows may have such an effect.
pub(super) fn may_have(job: &Job, is_meant: impl Fn(Effect) -> bool) -> bool {
    match &job.operation {
        OperationChoice::Fixed(operation) => is_meant(operation.effect),
        _ => job.connector.operations.values().any(|operation| is_meant(operation.effect)),
    }
}

/// How the engine goes about a job's rows, as far as the job says.
pub(super) fn settings(job: &Job, limits: &Limits, give_up_after: Option<Duration>) -> Settings {
    let longest_request = job.connector.request_timeout;
    let (give_up_after, give_up_on_push_backs_after) =
        patience(give_up_after, &limits.quotas, longest_request);
    Settings {
        concurrency: limits.concurrency as usize,
        attempts: job.attempts,
        give_up_after,
        give_up_on_push_backs_after,
        longest_request,
        max_failures: None,
        deadline: None,
        counts: true,
        in_doubt: job.in_doubt,
        needs_token: false,
        token_costs_request: false,
    }
}

struct Running<'a> {
    options: &'a RunOptions<'a>,
    world: &'a World<'a>,
    opening: &'a Opening,
    target: &'a Target,
    /// The moment of the check, which the second reading goes by, too.
    now: i64,
}

impl Running<'_> {
    /// How the engine goes about so many rows, as far as the job and the user say.
    fn settings(&self, limits: &Limits, to_send: u64) -> Settings {
        Settings {
            max_failures: self.options.max_failures.map(|failures| failures.of(to_send)),
            counts: !self.target.is_sandbox,
            ..settings(&self.opening.job, limits, self.options.give_up_after)
        }
    }

    /// What lies ahead.
    fn outlook(
        &self,
        found: &Survey,
        (limits, credentials): (&Limits, CredentialKind),
        mandate: Mandate,
        until: Option<(Timestamp, Duration)>,
    ) -> Outlook {
        let (job, target) = (&self.opening.job, self.target);
        let tally = *found.fates.tally();
        let (duration, limited_by) = limits.timetable(tally.to_send()).answered(tally.to_send());
        Outlook {
            job: job.name.clone(),
            item: job.connector.item.clone(),
            target: target.words(),
            is_sandbox: target.is_sandbox,
            is_first: false,
            may_delete: may_have(job, |effect| effect == Effect::Delete)
                || !found.fates.missing().rows.is_empty(),
            ledger: self.options.job.ledger.clone(),
            credentials,
            tally,
            mandate,
            filtered: found.filtered.clone(),
            changed: found.changed.clone(),
            held: found.held.clone(),
            stays: found.fates.missing().stays.clone(),
            until,
            in_doubt: job.in_doubt,
            is_presumed: target.is_sandbox
                && may_have(job, |effect| matches!(effect, Effect::Update | Effect::Delete)),
            duration,
            limited_by,
            pulse: None,
            before: ReadsAhead::default(),
        }
    }

    /// What lies ahead, once it is known what earlier runs have done.
    fn beside_past(
        &self,
        ahead: Outlook,
        (found, limits): (&Survey, &Limits),
        booking: &Booking,
    ) -> Result<Outlook, Failure> {
        let pulse = Some(PulseFile::of(&booking.path, &booking.name));
        let before = self.reads_ahead((found, limits), booking)?;
        let requests = ahead.tally.to_send() + before.requests;
        let (duration, limited_by) = limits.timetable(requests).answered(requests);
        let is_first = booking.history.is_empty();
        Ok(Outlook { is_first, pulse, before, duration, limited_by, ..ahead })
    }

    /// What is read and kept before rows change or delete something.
    fn reads_ahead(
        &self,
        (found, limits): (&Survey, &Limits),
        booking: &Booking,
    ) -> Result<ReadsAhead, Failure> {
        let again = || self.opening.reopen();
        let readings = self.opening.readings(&again, self.now);
        let policy = self.options.sending.policy(&self.opening.job);
        let steps = || {
            let prior = Prior { history: &booking.history, ledger: &booking.ledger };
            Ok(Steps::open(readings, Some(prior), policy, &found.fates, String::new())?)
        };
        let sent = (&found.fates, &limits.quotas[..]);
        Ok(reads_ahead(&self.opening.job, sent, self.target.is_sandbox, steps)?)
    }

    /// The first reading, and the job's place in the ledger if all is in order. Once more where another run has been
    /// there in between, which it can only where there was no ledger to hold.
    fn survey_and_book(
        &self,
        mut source: Source,
        mut claim: HeldJob,
        listener: Listener<'_>,
    ) -> Result<(Survey, Invalid, Booking), Failure> {
        loop {
            let (found, invalid) = self.survey(source, &claim, listener)?;
            self.refuse_invalid(&found)?;
            self.refuse_done_elsewhere(&claim)?;
            self.foretell_done_elsewhere(listener);
            match claim.enter(&self.opening.job, self.world, listener)? {
                Entered::Booked(booking) => return Ok((found, invalid, *booking)),
                Entered::Overtaken(overtaken) => claim = *overtaken,
            }
            source = self.opening.reopen()?;
        }
    }

    fn survey(
        &self,
        source: Source,
        claim: &HeldJob,
        listener: Listener<'_>,
    ) -> Result<(Survey, Invalid), Failure> {
        let again = || self.opening.reopen();
        let readings = self.opening.readings(&again, self.now);
        let mut policy = self.options.sending.policy(&self.opening.job);
        let plan = self.options.plan.as_ref();
        let mut held = match plan {
            Some(plan) => Some(saved::Held::to(plan, claim.touched_since(plan)?)),
            None => None,
        };
        let sending = &self.options.sending;
        // A saved plan has chosen its rows.
        let chosen = match plan {
            Some(_) => None,
            None => sending.chosen(&self.opening.job, readings, claim.prior())?,
        };
        let mut chosen = chosen.map(|rows| Chosen::new(rows, None));
        let companion: Option<&mut dyn Companion> = match (&mut held, &mut chosen) {
            (Some(held), _) => Some(&mut held.oracle),
            (None, Some(chosen)) => Some(chosen),
            (None, None) => None,
        };
        if companion.is_some() {
            policy.limit = u64::MAX;
        }
        let mut invalid = Invalid::default();
        let tell = &mut |problem| {
            let problem = of_row(problem);
            invalid.hear(&problem);
            listener(Told::Problem(problem));
        };
        let found = survey(readings, source, claim.prior(), policy, companion, tell)?;
        listener(Told::Surveyed);
        // Where it is not known where rows begin and end, what else differs says nothing.
        let is_known = !found.checked.broken && !found.checked.guessed;
        if let Some((plan, held)) = plan.zip(held).filter(|_| is_known) {
            saved::refuse_differences(plan, &held.oracle.differences())?;
        }
        Ok((found, invalid))
    }

    fn refuse_done_elsewhere(&self, claim: &HeldJob) -> Result<(), Failure> {
        let is_first = claim.prior().is_none_or(|prior| prior.history.is_empty());
        match is_first && !self.options.sending.as_new {
            true => refuse_done_elsewhere(self.opening, &self.options.job, self.target, self.now),
            false => Ok(()),
        }
    }

    fn foretell_done_elsewhere(&self, listener: Listener<'_>) {
        if self.target.is_sandbox && !self.options.sending.as_new {
            let foretold = foretell_done_elsewhere(self.opening, &self.options.job, self.now);
            foretold.into_iter().for_each(|problem| listener(Told::Problem(problem)));
        }
    }

    fn refuse_invalid(&self, found: &Survey) -> Result<(), Failure> {
        let checked = found.checked;
        let refused = checked.invalid() > 0 && !self.options.sending.skip_invalid;
        match checked.broken || checked.guessed || refused {
            true => Err(Failure::Invalid(Refused::new(checked, found.fates.tally()))),
            false => Ok(()),
        }
    }
}
