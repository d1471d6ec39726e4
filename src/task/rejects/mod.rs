//! `rejects`: the rows of a job that failed, are invalid or in doubt, as its source has them, to be corrected and to come back.
//!
//! Reads the source once, beside the ledger, and changes nothing. What is written of a row, and where to, is for whoever asks.

mod edited;
mod layout;
mod telling;

use crate::declared::job::Job;
use crate::ledger::{FailedRow, History, JobLock, JobName, Ledger, Reader as _, Unfinished};
use crate::plan::{Chronicle, RowProblem, Stand, Watched, standings};
use crate::report::{Advice, Why, of_row};
use crate::table::Out;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;

use self::layout::refuse_own_columns;
use self::telling::Telling;

use super::job::{JobOptions, Opening, refuse_changed_key};
use super::rescued::tell_waiting;
use super::{Details, Failure, Listener, SANDBOX, Told, one_target};

pub(crate) use self::edited::unsent_corrections;
pub(crate) use self::layout::Layout;

/// Which rows of which job.
#[derive(Debug, Clone)]
pub(crate) struct RejectsOptions {
    pub job: JobOptions,
    /// Where the job has gone, where it has gone to several places.
    pub address: Option<String>,
    /// Only rows that stand so; any where none is named.
    pub states: Vec<RejectState>,
    /// Only rows with one of these codes; any where none is named.
    pub codes: Vec<String>,
}

/// How a row stands that is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RejectState {
    Invalid,
    Failed,
    InDoubt,
}

impl RejectState {
    /// The word in the output.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
        }
    }
}

/// A row that is not done.
#[derive(Debug)]
pub(crate) struct Reject<'a> {
    /// By which it comes back; empty where it cannot.
    pub reference: String,
    /// Where it stands in the source.
    pub place: RowPlace,
    pub state: RejectState,
    /// Why it is not done.
    pub why: Why,
    /// What to do with it, beside what its problems advise.
    pub advice: Option<Advice>,
    /// Its cells, with the names of their columns.
    pub cells: Vec<(&'a str, Out<'a>)>,
}

/// Takes rows.
pub(crate) trait Sink {
    /// Before the first row, once it is known what the source is like.
    fn begin(&mut self, layout: &Layout) -> Result<(), Vec<Diagnostic>>;
    /// Takes a row. What goes wrong is remembered there.
    fn row(&mut self, row: &Reject<'_>);
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub job: String,
    /// None where the ledger knows nothing of the job there.
    pub target: Option<JobName>,
    pub failed: u64,
    pub in_doubt: u64,
    pub invalid: u64,
    /// Rows that cannot be read at all, so that nothing can be written of them.
    pub unreadable: u64,
    /// Rows with a request under way.
    pub under_way: u64,
    /// Rows that are failed, invalid or in doubt, and otherwise than was asked for.
    pub others: u64,
    /// Rows that the source has no longer.
    pub gone: Vec<FailedRow>,
}

/// Tells of each row that is not done. `now` is in unix milliseconds.
pub(crate) fn rejects(
    options: &RejectsOptions,
    now: i64,
    sink: &mut dyn Sink,
    listener: Listener<'_>,
) -> Result<Rejected, Failure> {
    // A rehearsal is a target, and no address.
    let address = options.address.as_deref().filter(|address| *address != SANDBOX);
    let (mut opening, mut source) = Opening::open(&options.job, address)?;
    listener(Told::Details(Details {
        ledger: Some(options.job.ledger.clone()),
        ..Details::of(&opening.job)
    }));
    opening.tell_warnings(listener);
    let known = known(options, &opening.job, listener)?;
    if let Some(known) = &known {
        opening.preparer.goes_to(&known.name.base_url);
    }
    source.name_rows();
    refuse_own_columns(&opening.job, &source)?;
    sink.begin(&Layout::of(&opening.job, &source))?;
    let nothing = History::default();
    let (history, runs) = match &known {
        Some(known) => (&known.history, known.runs.as_slice()),
        None => (&nothing, &[][..]),
    };
    let ledger = known.as_ref().map(|known| &known.ledger);
    let again = || opening.reopen();
    let readings = opening.readings(&again, now);
    let mut telling =
        Telling::new((options, &opening), known.as_ref(), source.written_columns(), sink);
    let chronicle = [Chronicle { history, runs }];
    let mut broken = Vec::new();
    let mut hear = |problem: RowProblem| {
        let problem = of_row(problem);
        if problem.is_error()
            && (!matches!(problem.place, Place::Row(_)) || problem.code == Code::UnclosedQuote)
        {
            broken.push(problem);
        }
    };
    let watch = &mut |row: Watched<'_>| telling.hear(row);
    let found = standings(readings, source, (&chronicle, ledger), Some(watch), &mut hear)?;
    listener(Told::Surveyed);
    if found.checked.broken || found.checked.guessed {
        return Err(Failure::Input(broken));
    }
    let counts = telling.end();
    let stand = found.targets.into_iter().next().unwrap_or_default();
    Ok(Rejected {
        job: opening.job.name.clone(),
        failed: counts.failed,
        in_doubt: counts.in_doubt,
        invalid: counts.invalid,
        unreadable: found.unreadable,
        under_way: counts.under_way,
        others: counts.others,
        gone: gone(options, known.as_ref(), &stand)?,
        target: known.map(|known| known.name),
    })
}

/// What a ledger knows of a job.
struct Known {
    ledger: Ledger,
    name: JobName,
    history: History,
    runs: Vec<i64>,
    /// A run holds the job.
    is_run: bool,
}

fn known(
    options: &RejectsOptions,
    job: &Job,
    listener: Listener<'_>,
) -> Result<Option<Known>, Failure> {
    let place = &options.job.ledger;
    let found = one_target::find(place, &job.name, options.address.as_deref())?;
    let Some((ledger, id, name)) = found else { return Ok(None) };
    tell_waiting(place, &name, listener)?;
    refuse_changed_key(job, ledger.keyed_by(id)?)?;
    let is_run = JobLock::held_by(place, &name).is_some();
    let (status, history) = ledger.status_and_history(id, name.clone(), u32::MAX, 0)?;
    let runs = status.runs.iter().map(|run| run.id).collect();
    Ok(Some(Known { ledger, name, history, runs, is_run }))
}

/// Rows that the ledger knows as not done, and that the source has no longer. A file of some rows tells nothing of others.
fn gone(
    options: &RejectsOptions,
    known: Option<&Known>,
    stand: &Stand,
) -> Result<Vec<FailedRow>, Failure> {
    let Some(known) = known.filter(|_| options.job.from.is_none()) else { return Ok(Vec::new()) };
    let mut gone = Vec::new();
    for row in stand.gone_rows(&known.history).filter(|row| row.standing.is_unfinished()) {
        let Some(row) = known.ledger.unfinished(row.row)? else { continue };
        let code = row.cause.as_ref().and_then(|cause| cause.code.as_deref());
        if options.wants(state_of(row.state), code) {
            gone.push(row);
        }
    }
    Ok(gone)
}

impl RejectsOptions {
    fn wants(&self, state: RejectState, code: Option<&str>) -> bool {
        (self.states.is_empty() || self.states.contains(&state))
            && (self.codes.is_empty()
                || code.is_some_and(|code| self.codes.iter().any(|wanted| wanted == code)))
    }
}

fn state_of(unfinished: Unfinished) -> RejectState {
    match unfinished {
        Unfinished::Failed => RejectState::Failed,
        Unfinished::InDoubt => RejectState::InDoubt,
    }
}
