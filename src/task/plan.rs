//! `plan`: what a run would do, with no trace on disk or network.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::declared::job::Job;
use crate::ledger::{JobLock, JobName, Ledger, LedgerError, Open as _, Reader as _};
use crate::plan::{
    Checked, Fate, Fates, Insight, Policy, ReadingFailure, Readings, Samples, Steps, Survey,
    survey_contents,
};
use crate::report::{
    PageHead, PlanReport, PlanTotals, PreviewPage, RemoteEnd, RemoteFindings, of_row, of_system,
};
use crate::source::Source;
use crate::text::address;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::spelling::is_same;

use super::booking::{Past, name_in, refuse_other_account};
use super::elsewhere::{foretell_done_elsewhere, refuse_done_elsewhere};
use super::job::{JobOptions, Opening, refuse_changed_key};
use super::limits::{Limits, SendingOptions};
use super::remote::{RemoteWorld, Surroundings};
use super::rescued::tell_waiting;
use super::target::{Target, TargetOptions, passed_over};
use super::{Details, Failure, Listener, Refused, Told};

/// What keys of reading rows begin with in a plan: a run has its number there.
const RUN_MARK: &str = "plan/";

/// What is to be planned.
#[derive(Clone)]
pub(crate) struct PlanOptions<'a> {
    pub job: JobOptions,
    pub target: TargetOptions<'a>,
    pub sending: SendingOptions,
    /// Only these rows are shown, each with all that is known of it; all, where none is named.
    pub rows: BTreeSet<u64>,
}

/// What a plan is about, once its job is open.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The job's name.
    pub job: String,
    /// What holds its rows, as messages call it.
    pub source: String,
    /// In words.
    pub target: String,
    pub address: String,
    /// The header that carries the token, if requests have one.
    pub header: Option<String>,
    /// What one row makes or changes on the other side, in a word of the connector's.
    pub item: String,
}

/// What a plan came to, which has been shown.
#[derive(Debug)]
pub(crate) struct Planned {
    pub checked: Checked,
    pub totals: PlanTotals,
    /// The rows for a page, where one was asked for.
    pub page: Option<PreviewPage>,
}

/// What a plan is shown on.
pub(crate) struct Shows {
    pub report: PlanReport,
    /// None where no page is wanted.
    pub page: Option<PageHead>,
}

/// Plans a job, and shows it on what `show` gives. `now` is in unix milliseconds. With a `world` the other side is asked what
/// is there already.
pub(crate) fn plan(
    options: &PlanOptions<'_>,
    now: i64,
    listener: Listener<'_>,
    show: &dyn Fn(About) -> Shows,
    world: Option<&RemoteWorld<'_>>,
) -> Result<Planned, Failure> {
    let (mut opening, source) = Opening::open(&options.job, options.target.base_url.as_deref())?;
    let target = Target::find_to_plan(&opening.job, &options.target);
    target.refuse_plain_http(&opening.job, &options.target)?;
    let credentials = match world {
        Some(_) => Some(Target::find(&opening.job, &options.target)?.1),
        None => None,
    };
    opening.warnings.extend(passed_over(&opening.job, &options.target));
    let Found { past, running } = find_past(&options.job, &opening.job, &target, listener)?;
    let before = past.as_ref().map(Past::keyed_by).transpose()?;
    refuse_changed_key(&opening.job, before.flatten())?;
    let limits = Limits::new(&opening.job, &options.sending, options.target.rehearsal.as_ref());
    listener(Told::Details(details(options, &opening, &target, &limits)));
    opening.tell_warnings(listener);
    let again = || opening.reopen();
    let planning = Planning {
        readings: opening.readings(&again, now),
        past: past.as_ref(),
        policy: options.sending.policy(&opening.job),
    };
    let (Survey { checked, filtered, fates, .. }, insight) = planning.survey(source, listener)?;
    // Where rows begin and end is a guess then, so nothing of a plan would be true, and a run refuses it.
    if checked.broken || checked.guessed {
        return Err(Failure::Invalid(Refused::new(checked, fates.tally())));
    }
    if !options.sending.as_new {
        let is_first = past.as_ref().is_none_or(Past::is_empty);
        heed_elsewhere((&opening, is_first), &options.job, &target, now, listener)?;
    }
    refuse_missing_rows(&options.rows, fates.rows(), &opening.job)?;
    let open_steps = || planning.steps(&fates);
    let surroundings = world.map(|world| Surroundings {
        opening: &opening,
        target: &target,
        limits: &limits,
        past: past.as_ref(),
        world,
        steps: &open_steps,
    });
    let asked = match (&surroundings, credentials) {
        (Some(surroundings), Some(credentials)) => Some(surroundings.ask(credentials)?),
        _ => None,
    };
    let shows = show(About::new(&opening, &target));
    let (mut report, page) = match options.rows.is_empty() {
        true => planning.show((&fates, &insight.samples), shows)?,
        false => (planning.show_rows(&fates, shows.report, &options.rows)?, None),
    };
    let remote = match (&surroundings, asked) {
        (Some(surroundings), Some(asked)) => Some(surroundings.judge(asked, &mut |row| {
            report.remote_row(row);
            of_system(row).into_iter().for_each(|problem| listener(Told::Problem(problem)));
        })?),
        _ => None,
    };
    remote.iter().for_each(|_| listener(Told::Surveyed));
    let tally = *fates.tally();
    let (duration, limited_by) = limits.timetable(tally.to_send()).answered(tally.to_send());
    let totals = PlanTotals {
        tally,
        duration,
        limited_by,
        contents: insight.contents,
        profile: insight.profile,
        remote,
        filtered,
        zone: opening.job.timezone.clone(),
        by_content: !opening.preparer.has_key(),
        repeated: match &past {
            Some(past) if !opening.preparer.has_key() => past.taken_for_old(fates.tally()),
            _ => 0,
        },
        in_doubt: opening.job.in_doubt,
        running,
    };
    match options.rows.is_empty() {
        true => report.finish(&totals),
        false => report.finish_rows(&totals),
    }
    Ok(Planned { checked, totals, page })
}

impl Planned {
    /// The signal that interrupted the asking.
    pub(crate) fn interrupted(&self) -> Option<i32> {
        match self.totals.remote.as_ref()?.end {
            RemoteEnd::Interrupted { signal, .. } => Some(signal),
            _ => None,
        }
    }

    /// Whether asking stopped before its end.
    pub(crate) fn has_stopped(&self) -> bool {
        let remote = self.totals.remote.as_ref();
        remote.is_some_and(|remote| matches!(remote.end, RemoteEnd::Stopped { .. }))
    }

    /// Whether a run would stop at invalid rows.
    pub(crate) fn has_invalid(&self) -> bool {
        let refused = self.totals.remote.as_ref().map_or(0, RemoteFindings::refused);
        refused > 0
            || self.checked.invalid() > 0
            || self.totals.tally.sum(|fate| fate == Fate::Reject) > 0
    }
}

/// The two readings of a plan.
struct Planning<'a> {
    readings: Readings<'a>,
    past: Option<&'a Past>,
    policy: Policy,
}

impl Planning<'_> {
    fn survey(
        &self,
        source: Source,
        listener: Listener<'_>,
    ) -> Result<(Survey, Insight), LedgerError> {
        let tell = &mut |problem| listener(Told::Problem(of_row(problem)));
        let prior = self.past.map(Past::prior);
        let found = survey_contents(self.readings, source, prior, self.policy, tell)?;
        listener(Told::Surveyed);
        Ok(found)
    }

    /// The second reading.
    fn steps<'s>(&'s self, fates: &'s Fates) -> Result<Steps<'s>, ReadingFailure> {
        let prior = self.past.map(Past::prior);
        Ok(Steps::open(self.readings, prior, self.policy, fates, RUN_MARK.to_owned())?)
    }

    /// Shows some rows with all that is known of them.
    fn show_rows(
        &self,
        fates: &Fates,
        mut report: PlanReport,
        rows: &BTreeSet<u64>,
    ) -> Result<PlanReport, ReadingFailure> {
        let mut steps = self.steps(fates)?;
        let mut left = rows.len();
        while left > 0
            && let Some((step, insight)) = steps.next_of(rows)?
        {
            report.row(&step, &insight);
            left -= 1;
        }
        Ok(report)
    }

    /// Shows rows until no more are wanted. Where none are, the source is not read again.
    fn show(
        &self,
        (fates, samples): (&Fates, &Samples),
        shows: Shows,
    ) -> Result<(PlanReport, Option<PreviewPage>), ReadingFailure> {
        let mut report = shows.report;
        let mut page = shows.page.map(|head| PreviewPage::new(head, fates.tally()));
        let has_page = page.is_some();
        if let Some(sample) = report.sample() {
            report.choose(samples.chosen(fates, sample));
        }
        let mut left = match has_page {
            true => fates.tally().sum(|fate| PreviewPage::wants(fate) || report.wants(fate)),
            false => report.wanted(fates.tally()),
        };
        if left == 0 {
            return Ok((report, page));
        }
        let mut steps = self.steps(fates)?;
        while left > 0
            && let Some(step) = steps.next_where(|row, fate| {
                report.wants_row(row, fate) || has_page && PreviewPage::wants(fate)
            })?
        {
            report.step(&step);
            if let Some(page) = page.as_mut().filter(|_| PreviewPage::wants(step.fate)) {
                page.step(&step);
            }
            left -= 1;
        }
        Ok((report, page))
    }
}

fn details(
    options: &PlanOptions<'_>,
    opening: &Opening,
    target: &Target,
    limits: &Limits,
) -> Details {
    Details {
        target: Some(target.words()),
        credentials: options.target.kind(&opening.job),
        variables: options.target.variables(&opening.job),
        ledger: Some(options.job.ledger.clone()),
        limits: Some(limits.clone()),
        ..Details::of(&opening.job)
    }
}

/// What other jobs have done of the same: refused where this one has done nothing yet, and foretold in a rehearsal.
fn heed_elsewhere(
    (opening, is_first): (&Opening, bool),
    options: &JobOptions,
    target: &Target,
    now: i64,
    listener: Listener<'_>,
) -> Result<(), Failure> {
    if is_first {
        refuse_done_elsewhere(opening, options, target, now)?;
    }
    if target.is_sandbox {
        let foretold = foretell_done_elsewhere(opening, options, now);
        foretold.into_iter().for_each(|problem| listener(Told::Problem(problem)));
    }
    Ok(())
}

/// Refuses rows that the source does not have.
fn refuse_missing_rows(rows: &BTreeSet<u64>, all: u64, job: &Job) -> Result<(), Vec<Diagnostic>> {
    let missing = rows.iter().filter(|row| **row == 0 || **row > all);
    let problems: Vec<Diagnostic> = missing
        .map(|row| {
            let place = Place::File(Arc::clone(job.rows.name()));
            let message = format!("there is no row {row}: the source has {all}");
            Diagnostic::error(Code::UnknownRow, place, message).hint(
                "rows count from 1, and the header is none; a line of the file is another number",
            )
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

impl About {
    fn new(opening: &Opening, target: &Target) -> Self {
        let authentication = opening.job.connector.authentication.as_ref();
        Self {
            job: opening.job.name.clone(),
            source: opening.job.rows.name().to_string(),
            target: target.words(),
            address: target.base_url.clone(),
            header: authentication.map(|file| file.header.clone()),
            item: opening.job.connector.item.clone(),
        }
    }
}

/// What there is of a job before a plan.
#[derive(Default)]
struct Found {
    /// What earlier runs have done.
    past: Option<Past>,
    /// The run that holds the job at this moment, as it says itself.
    running: Option<String>,
}

/// What earlier runs have done, if there is a ledger that says so, and whether one is at it.
fn find_past(
    options: &JobOptions,
    job: &Job,
    target: &Target,
    listener: Listener<'_>,
) -> Result<Found, Failure> {
    let Some(ledger) = Ledger::open_to_read(&options.ledger)? else {
        return Ok(Found::default());
    };
    let name = match target.account {
        Some(_) => Some(name_in(&ledger, target.job_name(job))?),
        None => only_account(&ledger, &target.job_name(job))?,
    };
    let Some(name) = name else { return Ok(Found::default()) };
    let running = JobLock::held_by(&options.ledger, &name);
    tell_waiting(&options.ledger, &name, listener)?;
    let id = ledger.find_job(&name)?;
    refuse_other_account(&ledger, &name, id)?;
    let past = id.map(|job| Past::read(ledger, job)).transpose()?;
    Ok(Found { past, running })
}

/// Without credentials the account is not known; where the ledger has just one for the address, it is that.
fn only_account(ledger: &Ledger, wanted: &JobName) -> Result<Option<JobName>, LedgerError> {
    let jobs = ledger.jobs()?.into_iter().map(|(_, name)| name);
    let is_there = |name: &JobName| address::normal(&name.base_url) == wanted.base_url;
    let mut fitting = jobs.filter(|name| is_same(&name.name, &wanted.name) && is_there(name));
    Ok(fitting.next().filter(|_| fitting.next().is_none()))
}
