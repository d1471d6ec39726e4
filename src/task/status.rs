//! `status`: where a job stands, by its ledger and its source.
//!
//! The rows of a job that is named are those that its source has now, each where the ledger says that it stands. Where
//! the source cannot be read, and where no job is named, there are only the ledger's own counts. Nothing is changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::declared::job::{self, Given, InDoubt, Job};
use crate::ledger::{
    Candidate, History, InvalidRow, JobId, JobLock, JobName, JobStatus, Ledger, LedgerError,
    Open as _, Pulse, PulseFile, Reader as _, SettledRow, Verification,
};
use crate::plan::{Chronicle, Counts, Stand, Standings, standings};
use crate::report::{Owed, of_ledger, of_row};
use crate::row::{KeyHash, Sought, Standing, Totals};
use crate::source::Source;
use crate::text::address;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, Severity};
use crate::text::spelling::is_same;

use super::job::{Opening, refuse_changed_key};
use super::rescued::tell_waiting;
use super::{Details, Failure, Listener, Told, one_target, owed};

/// So many rows that need a look are read, unless all are asked for: enough to tell their causes.
const ROWS: u32 = 10_000;

/// Which ledger, and which of its jobs.
#[derive(Debug, Clone)]
pub(crate) struct StatusOptions {
    /// The job; none for all jobs of the ledger.
    pub job: Option<PathBuf>,
    /// What the command line says of it.
    pub given: Given,
    /// Folders in which connectors are looked for first.
    pub connectors: Vec<PathBuf>,
    /// Only where requests went to this address; none for all targets.
    pub address: Option<String>,
    pub ledger: PathBuf,
    /// All rows that need a look are wanted, and not only the first.
    pub all: bool,
}

impl StatusOptions {
    fn is_at(&self, known: &JobName) -> bool {
        let normal = |address: &String| address::normal(address);
        self.address.as_ref().is_none_or(|asked| normal(asked) == normal(&known.base_url))
    }
}

/// Where jobs stand.
#[derive(Debug)]
pub(crate) struct Status {
    /// The name of the job that was asked for.
    pub job: Option<String>,
    pub ledger: LedgerFound,
    /// One for each target; none where the ledger knows nothing of what was asked for.
    pub jobs: Vec<JobStanding>,
    /// The source's rows where the ledger knows nothing of the job; none where they cannot be told.
    pub unknown: Option<Totals>,
}

/// What there is at the ledger's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LedgerFound {
    Missing,
    /// A file in which no ledger was ever written.
    Empty,
    There,
}

/// Where a job stands at one target.
#[derive(Debug)]
pub(crate) struct JobStanding {
    /// By the ledger alone.
    pub status: JobStatus,
    /// By the source; none where its rows cannot be told.
    pub source: Option<SourceStanding>,
    /// Rows with a request under way: of all rows, and counted nowhere else.
    pub under_way: u64,
    /// The run that holds the job at this moment, as it says itself; it may say nothing.
    pub running: Option<String>,
    /// What that run says of how it goes.
    pub pulse: Option<Pulse>,
    /// Rows of which a person's word holds.
    pub settled: Vec<SettledRow>,
    /// All that persons have said of rows, whether it still holds or not.
    pub settlements: Vec<SettledRow>,
    /// What was left to be counted.
    pub owed: Owed,
    /// Rows that were invalid when the last run began, as far as the ledger keeps them.
    pub invalid: Vec<InvalidRow>,
    /// What the last verification came to.
    pub verified: Option<Verification>,
    /// Of each row of the status that needs a look, what more there is to say.
    pub marks: Vec<Mark>,
}

/// Where the rows stand that a source has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceStanding {
    pub totals: Totals,
    /// Rows that the ledger knows and the source does not have.
    pub gone: Totals,
    /// Among the invalid ones: rows whose keys are those of other rows that are done, so that no run sends them.
    pub taken: u64,
}

/// What more there is to say of a row that needs a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mark {
    pub under_way: bool,
    /// The source does not have it.
    pub gone: bool,
}

/// Says where a job stands, or all of a ledger. `now` is in unix milliseconds.
pub(crate) fn status(
    options: &StatusOptions,
    now: i64,
    listener: Listener<'_>,
) -> Result<Status, Failure> {
    let job = match &options.job {
        Some(path) => {
            let job = job::load(path, &options.given, &options.connectors);
            Some(job.map_err(|broken| broken.problems)?)
        }
        None => None,
    };
    if let Some(job) = &job {
        listener(Told::Details(Details::of(job)));
    }
    let name = job.as_ref().map(|job| job.name.clone());
    let ledger = Ledger::open_to_read(&options.ledger)?;
    let found = match (&ledger, options.ledger.exists()) {
        (Some(_), _) => LedgerFound::There,
        (None, true) => LedgerFound::Empty,
        (None, false) => LedgerFound::Missing,
    };
    let known = match &ledger {
        Some(ledger) => {
            let is_asked_for = |known: &JobName| {
                name.as_ref().is_none_or(|name| is_same(name, &known.name)) && options.is_at(known)
            };
            known_jobs(ledger, options, &is_asked_for, listener)?
        }
        None => Vec::new(),
    };
    let can_be_sought = job.as_ref().map(sought_operations).unwrap_or_default();
    let counted = job.and_then(|job| {
        let refused = known.iter().find_map(|one| one.refuses(&job).err());
        let counted = refused.map_or_else(|| count(job, ledger.as_ref(), &known, now), Err);
        counted.map_err(|problems| tell_as_warnings(problems, listener)).ok()
    });
    let stands = counted.map(|found| found.targets).unwrap_or_default();
    let unknown = stands.first().filter(|_| known.is_empty()).map(by_source);
    let mut stands = stands.into_iter();
    let jobs = known.into_iter().map(|one| one.standing(stands.next(), &can_be_sought)).collect();
    Ok(Status { job: name, ledger: found, jobs, unknown })
}

/// Who holds a job at this moment, and what the run says of how it goes; none where nobody does. Locks nothing.
pub(crate) fn look_on(ledger: &Path, job: &JobName) -> Option<(String, Option<Pulse>)> {
    let holder = JobLock::held_by(ledger, job)?;
    Some((holder, PulseFile::of(ledger, job).read()))
}

/// The operations of a job whose rows a run looks for where their answers are lost.
fn sought_operations(job: &Job) -> HashSet<String> {
    if job.in_doubt != InDoubt::Verify {
        return HashSet::new();
    }
    let operations = job.connector.operations.iter();
    let sought = operations.filter(|(_, operation)| operation.recover.is_some());
    sought.map(|(name, _)| name.to_string()).collect()
}

/// The targets at which a ledger knows the jobs that are asked for.
fn known_jobs(
    ledger: &Ledger,
    options: &StatusOptions,
    is_asked_for: &dyn Fn(&JobName) -> bool,
    listener: Listener<'_>,
) -> Result<Vec<KnownJob>, LedgerError> {
    let mut known = Vec::new();
    let used = one_target::used(ledger, is_asked_for)?;
    for (id, name) in ledger.jobs()?.into_iter().filter(|(_, name)| is_asked_for(name)) {
        // A run may hold a target to which it has not sent anything yet.
        let is_used = used.iter().any(|(used, _)| *used == id);
        if !is_used && JobLock::held_by(&options.ledger, &name).is_none() {
            continue;
        }
        tell_waiting(&options.ledger, &name, listener)?;
        known.push(KnownJob::read(ledger, options, id, name)?);
    }
    Ok(known)
}

/// That the rows cannot be counted is no failure of what is to be told.
fn tell_as_warnings(problems: Vec<Diagnostic>, listener: Listener<'_>) {
    let warnings = problems.into_iter();
    warnings.for_each(|problem| {
        listener(Told::Problem(Diagnostic { severity: Severity::Warning, ..problem }));
    });
    listener(Told::Surveyed);
}

/// Counts the rows of a source, once for all targets; an error where they cannot be told.
fn count(
    job: Job,
    ledger: Option<&Ledger>,
    known: &[KnownJob],
    now: i64,
) -> Result<Standings, Vec<Diagnostic>> {
    let (opening, source): (Opening, Source) = Opening::of(job)?;
    let (nothing, again) = (History::default(), || opening.reopen());
    let histories: Option<Vec<&History>> =
        known.iter().map(|one| one.history.as_ref().ok()).collect();
    let chronicles: Vec<Chronicle<'_>> = match histories {
        // What is wrong with the ledger is told with it.
        None => return Err(known.iter().filter_map(KnownJob::problem).collect()),
        Some(all) if all.is_empty() => vec![Chronicle { history: &nothing, runs: &[] }],
        Some(all) => {
            let runs = known.iter().map(|one| one.runs.as_slice());
            all.into_iter().zip(runs).map(|(history, runs)| Chronicle { history, runs }).collect()
        }
    };
    let mut problems = Vec::new();
    let of_file = |problem: &Diagnostic| {
        !matches!(problem.place, Place::Row(_)) || problem.code == Code::UnclosedQuote
    };
    let found = standings(
        opening.readings(&again, now),
        source,
        (&chronicles, ledger),
        None,
        &mut |problem| {
            // What is wrong with a row is for `check` to tell.
            let problem = of_row(problem);
            if problem.is_error() && of_file(&problem) {
                problems.push(problem);
            }
        },
    );
    let found = found.map_err(|error| vec![of_ledger(&error)])?;
    match found.checked.broken || found.checked.guessed {
        true => Err(problems),
        false => Ok(found),
    }
}

/// A job at one target as the ledger alone knows it.
struct KnownJob {
    status: JobStatus,
    settled: Vec<SettledRow>,
    settlements: Vec<SettledRow>,
    owed: Owed,
    invalid: Vec<InvalidRow>,
    verified: Option<Verification>,
    keyed_by: Option<String>,
    history: Result<History, LedgerError>,
    /// The numbers of its runs, the newest first.
    runs: Vec<i64>,
    running: Option<String>,
    pulse: Option<Pulse>,
    /// Rows that the run which holds the job looks for, if their operation lets it.
    sought: Vec<Sought>,
}

impl KnownJob {
    fn read(
        ledger: &Ledger,
        options: &StatusOptions,
        id: JobId,
        name: JobName,
    ) -> Result<Self, LedgerError> {
        let held_by = || JobLock::held_by(&options.ledger, &name);
        let before = held_by();
        let sought = before.as_ref().map(|_| ledger.sought(id)).transpose()?.unwrap_or_default();
        let (runs, rows) = (u32::MAX, if options.all { u32::MAX } else { ROWS });
        let (status, history) = match ledger.status_and_history(id, name.clone(), runs, rows) {
            Ok((status, history)) => (status, Ok(history)),
            // What can be told is told, and what is wrong with it beside that.
            Err(_) => (ledger.status(id, name.clone(), runs, rows)?, ledger.history(id)),
        };
        let keyed_by = ledger.keyed_by(id)?;
        let running = before.or_else(held_by);
        let runs = status.runs.iter().map(|run| run.id).collect();
        let (settled, invalid) = (ledger.settled(id)?, ledger.invalid_rows(id)?);
        let (settlements, owed) = (ledger.settlements(id)?, owed::owed(ledger, id, &name)?);
        let verified = ledger.last_verification(id)?;
        // What is there without a run is the last word of one that was killed.
        let pulse = running.as_ref().and_then(|_| PulseFile::of(&options.ledger, &name).read());
        Ok(Self {
            status,
            settled,
            settlements,
            owed,
            invalid,
            verified,
            keyed_by,
            history,
            runs,
            running,
            pulse,
            sought,
        })
    }

    fn refuses(&self, job: &Job) -> Result<(), Vec<Diagnostic>> {
        refuse_changed_key(job, self.keyed_by.clone())
    }

    fn problem(&self) -> Option<Diagnostic> {
        self.history.as_ref().err().map(of_ledger)
    }

    /// Where the job stands, by the source where that could be counted.
    fn standing(self, stand: Option<Stand>, can_be_sought: &HashSet<String>) -> JobStanding {
        let Self {
            mut status,
            settled,
            settlements,
            owed,
            invalid,
            verified,
            history,
            running,
            pulse,
            sought,
            ..
        } = self;
        let history = history.unwrap_or_default();
        let is_run = running.is_some();
        // A row whose answer was lost is under way as long as it is looked for.
        let is_sought = |row: &&Sought| {
            let stands_so =
                |found: Candidate| found.row == row.row && found.standing == Standing::InDoubt;
            is_run
                && can_be_sought.contains(&row.operation)
                && history.find(KeyHash::of(&row.key)).any(stands_so)
        };
        let sought: HashSet<&str> =
            sought.iter().filter(is_sought).map(|row| row.key.as_str()).collect();
        let sought_here = sought.iter().filter(|key| match &stand {
            Some(stand) => stand.has(&history, key),
            None => true,
        });
        let sought_here = sought_here.count() as u64;
        let mark = |key: &str| {
            let mut found = history.find(KeyHash::of(key));
            Mark {
                under_way: sought.contains(key)
                    || found.any(|found| is_started(found.standing, is_run)),
                gone: stand.as_ref().is_some_and(|stand| !stand.has(&history, key)),
            }
        };
        let marks = status.failed.iter().map(|row| mark(&row.key)).collect();
        let all: Counts = history.standings().collect();
        let started = |counts: &Counts| if is_run { counts.started } else { 0 };
        let under_way = match &stand {
            Some(stand) => started(&stand.here) + sought_here,
            None => (started(&all) + sought_here).min(status.totals.in_doubt),
        };
        if stand.is_none() {
            status.totals.in_doubt -= under_way;
        }
        let source = stand.map(|stand| SourceStanding {
            totals: without_started(by_source(&stand), under_way),
            gone: Totals { deleted: stand.deleted, ..totals_of(&stand.gone) },
            taken: stand.taken,
        });
        JobStanding {
            status,
            source,
            under_way,
            running,
            pulse,
            settled,
            settlements,
            owed,
            invalid,
            verified,
            marks,
        }
    }
}

fn is_started(standing: Standing, is_run: bool) -> bool {
    is_run && matches!(standing, Standing::Started | Standing::UnderWay)
}

/// Rows that were started and of which nothing is known are in doubt, unless they are under way.
fn without_started(mut totals: Totals, started: u64) -> Totals {
    totals.in_doubt = totals.in_doubt.saturating_sub(started);
    totals
}

fn by_source(stand: &Stand) -> Totals {
    let totals = totals_of(&stand.here);
    Totals {
        rows: totals.rows + stand.invalid + stand.filtered + stand.duplicates,
        invalid: stand.invalid,
        filtered: stand.filtered,
        duplicates: stand.duplicates,
        changed: stand.changed,
        ..totals
    }
}

fn totals_of(counts: &Counts) -> Totals {
    Totals {
        rows: counts.rows(),
        succeeded: counts.succeeded,
        failed: counts.failed,
        in_doubt: counts.in_doubt + counts.started,
        not_started: counts.not_started,
        dismissed: counts.dismissed,
        undone: counts.undone,
        ..Totals::default()
    }
}
