//! `plan`: what a run would do. No row is sent, and the ledger stays as it is; nothing else leaves than what is asked of lists.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::Duration;

use crate::declared::job::{Job, PastReminders};
use crate::ledger::{JobLock, JobName, Ledger, LedgerError, Open as _, PlanId, Reader as _};
use crate::plan::saved::{Companion, Differences, PlanWriter, SavedPlan};
use crate::plan::{
    Checked, Chosen, Fate, Fates, Filtered, Insight, Policy, ReadingFailure, Readings, Samples,
    Stays, Step, Steps, Survey, Tally, survey_contents,
};
use crate::prepare::ON_ITS_WAY;
use crate::report::{
    PageHead, PlanReport, PlanTotals, PreviewPage, ReadsAhead, RemoteEnd, RemoteFindings,
    of_missing_row, of_plan_beside_run, of_row, of_system,
};
use crate::source::Source;
use crate::text::address;
use crate::text::diagnostic::Diagnostic;
use crate::text::spelling::is_same;
use crate::traffic::transport::Credentials;

use super::asking::{Inquiry, RemoteWorld};
use super::before::reads_ahead;
use super::booking::{Past, name_in, refuse_other_account};
use super::elsewhere::{foretell_done_elsewhere, refuse_done_elsewhere};
use super::exported_rows::exported_rows;
use super::job::{JobOptions, Opening, refuse_changed_key};
use super::limits::{Limits, SendingOptions, USUAL_LATENCY};
use super::remote::Surroundings;
use super::rescued::tell_waiting;
use super::saved::{self, Saving};
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
    /// A plan that was saved, to be shown again: if it still holds.
    pub plan: Option<SavedPlan>,
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
    /// The name of the plan that was saved; none where none was to be, or a run would refuse its rows.
    pub saved: Option<PlanId>,
}

/// What a plan is shown on.
pub(crate) struct Shows {
    pub report: PlanReport,
    /// None where no page is wanted.
    pub page: Option<PageHead>,
}

/// Plans a job, and shows it on what `show` gives. `now` is in unix milliseconds. Where the plan is to be saved it is
/// written whole, or else nothing of what was written is of use. With a `world` the other side is asked what is there already.
pub(crate) fn plan(
    options: &PlanOptions<'_>,
    saving: Option<Saving<'_>>,
    now: i64,
    listener: Listener<'_>,
    show: &dyn Fn(About) -> Shows,
    world: Option<&RemoteWorld<'_>>,
) -> Result<Planned, Failure> {
    let ((mut opening, source), (target, credentials)) = open(options, world.is_some())?;
    opening.job.let_go.clone_from(&options.sending.gone);
    let Found { past, running } = find_past(&options.job, &opening.job, &target, listener)?;
    if saving.is_some() && running.is_some() {
        return Err(of_plan_beside_run(running.as_deref().unwrap_or_default()).into());
    }
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
    let (command, mut writer) =
        saving.map(|saving| (saving.command, PlanWriter::new(saving.to))).unzip();
    let held = options.plan.as_ref().map(|plan| planning.held(plan)).transpose()?;
    let prior = past.as_ref().map(Past::prior);
    let chosen = match held {
        // A saved plan has chosen its rows.
        Some(_) => None,
        None => options.sending.chosen(&opening.job, planning.readings, prior)?,
    };
    let found = planning.survey(source, (writer.as_mut(), chosen), held, listener)?;
    let (Survey { checked, filtered, fates, .. }, insight, differences) = found;
    // Where rows begin and end is a guess then, so nothing of a plan would be true, and a run refuses it.
    if checked.broken || checked.guessed {
        return Err(Failure::Invalid(Refused::new(checked, fates.tally())));
    }
    if let Some((plan, differences)) = options.plan.as_ref().zip(differences) {
        saved::refuse_differences(plan, &differences)?;
    }
    if !options.sending.as_new {
        let is_first = past.as_ref().is_none_or(Past::is_empty);
        heed_elsewhere((&opening, is_first), &options.job, &target, now, listener)?;
    }
    refuse_missing_rows(&options.rows, fates.rows(), &opening.job)?;
    let open_steps = || planning.steps(&fates);
    let surroundings = world.map(|world| Surroundings {
        opening: &opening,
        inquiry: inquiry((&opening, &target, &limits), &options.job.ledger, world),
        past: past.as_ref(),
        steps: &open_steps,
    });
    let asking = surroundings.as_ref().zip(credentials);
    let asked = asking.map(|(surroundings, with)| surroundings.ask(with)).transpose()?;
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
    let before = planning.reads_ahead(&fates, &limits, target.is_sandbox)?;
    let is_refused = is_invalid(&checked, &tally) && !options.sending.skip_invalid;
    let saved = match writer.zip(command).filter(|_| !is_refused) {
        Some(writer) => Some(planning.save(writer, (&opening, &target), &fates)?),
        None => None,
    };
    let totals = PlanTotals {
        plan: saved.or(options.plan.as_ref().map(|plan| plan.id)),
        remote,
        filtered,
        stays: fates.missing().stays.clone(),
        running,
        ..planning.totals(&opening, &limits, (tally, before), insight)
    };
    match options.rows.is_empty() {
        true => report.finish(&totals),
        false => report.finish_rows(&totals),
    }
    Ok(Planned { checked, totals, page, saved })
}

/// Where rows would go, and, where something is asked there, with what that is let in.
type Addressee = (Target, Option<Credentials>);

/// Who is asked what is there already, and how.
fn inquiry<'a>(
    (opening, target, limits): (&'a Opening, &'a Target, &'a Limits),
    ledger: &'a Path,
    world: &'a RemoteWorld<'a>,
) -> Inquiry<'a> {
    Inquiry { job: &opening.job, target, limits, ledger, world }
}

/// The job, at its first row, and where its rows would go.
fn open(
    options: &PlanOptions<'_>,
    is_asked: bool,
) -> Result<((Opening, Source), Addressee), Failure> {
    let (mut opening, source) = Opening::open(&options.job, options.target.base_url.as_deref())?;
    let target = Target::find_to_plan(&opening.job, &options.target);
    target.refuse_plain_http(&opening.job, &options.target)?;
    opening.preparer.goes_to(&target.place());
    let credentials = match is_asked {
        true => Some(Target::find(&opening.job, &options.target)?.1),
        false => None,
    };
    opening.warnings.extend(passed_over(&opening.job, &options.target));
    opening.warnings.extend(exported_rows(&opening.job, &source));
    if let Some(plan) = &options.plan {
        saved::refuse_other(plan, (&opening, &target))?;
    }
    Ok(((opening, source), (target, credentials)))
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
        refused > 0 || is_invalid(&self.checked, &self.totals.tally)
    }
}

fn is_invalid(checked: &Checked, tally: &Tally) -> bool {
    checked.invalid() > 0 || tally.sum(|fate| fate == Fate::Reject) > 0
}

/// The two readings of a plan.
struct Planning<'a> {
    readings: Readings<'a>,
    past: Option<&'a Past>,
    policy: Policy,
}

impl Planning<'_> {
    /// Writes the rest of a plan that is saved; gives its name.
    fn save(
        &self,
        (writer, command): (PlanWriter<'_>, Vec<String>),
        whole: (&Opening, &Target),
        fates: &Fates,
    ) -> Result<PlanId, Failure> {
        let last_run = self.past.map_or(Ok(0), Past::last_run)?;
        let to_send = fates.tally().to_send();
        let facts = saved::facts(whole, command, last_run, to_send, self.readings.now);
        saved::finish(writer, fates, &facts)
    }

    /// What is read and kept before rows change or delete something.
    fn reads_ahead(
        &self,
        fates: &Fates,
        limits: &Limits,
        is_rehearsal: bool,
    ) -> Result<ReadsAhead, ReadingFailure> {
        let sent = (fates, &limits.quotas[..]);
        reads_ahead(self.readings.job, sent, is_rehearsal, || self.steps(fates))
    }

    /// What it comes to.
    fn totals(
        &self,
        opening: &Opening,
        limits: &Limits,
        (tally, before): (Tally, ReadsAhead),
        insight: Insight,
    ) -> PlanTotals {
        let Insight { contents, profile, .. } = insight;
        let requests = tally.to_send() + before.requests;
        let timetable = limits.timetable(requests);
        let (duration, limited_by) = timetable.answered(requests);
        let answered = |requests| timetable.answered(requests).0;
        let by_content = !opening.preparer.has_key();
        let lead = match opening.job.past_reminders {
            PastReminders::Reject => Duration::ZERO,
            PastReminders::Drop | PastReminders::Shift(_) => ON_ITS_WAY,
        };
        PlanTotals {
            turns: contents.queue.turns(self.readings.now, (answered, USUAL_LATENCY), lead),
            past_reminders: opening.job.past_reminders,
            tally,
            stays: Stays::default(),
            duration,
            limited_by,
            contents,
            profile,
            remote: None,
            filtered: Filtered::default(),
            zone: opening.job.timezone.clone(),
            by_content,
            repeated: match self.past {
                Some(past) if by_content => past.taken_for_old(&tally),
                _ => 0,
            },
            in_doubt: opening.job.in_doubt,
            running: None,
            plan: None,
            before,
        }
    }

    /// What a plan that was saved holds this one to.
    fn held(&self, plan: &SavedPlan) -> Result<saved::Held, LedgerError> {
        let touched = self.past.map(|past| past.touched_since(plan)).transpose()?;
        Ok(saved::Held::to(plan, touched.unwrap_or_default()))
    }

    /// The first reading, written along or held to a plan that was saved; and how it differs from that.
    fn survey(
        &self,
        source: Source,
        (writer, chosen): (Option<&mut PlanWriter<'_>>, Option<HashSet<u64>>),
        mut held: Option<saved::Held>,
        listener: Listener<'_>,
    ) -> Result<(Survey, Insight, Option<Differences>), LedgerError> {
        let tell = &mut |problem| listener(Told::Problem(of_row(problem)));
        let prior = self.past.map(Past::prior);
        let has_rows = held.is_some() || chosen.is_some();
        let policy = match has_rows {
            true => Policy { limit: u64::MAX, ..self.policy },
            false => self.policy,
        };
        let writer = writer.map(|writer| writer as &mut dyn Companion);
        let along = writer.or(held.as_mut().map(|held| &mut held.oracle as &mut dyn Companion));
        let mut picked;
        let companion: Option<&mut dyn Companion> = match chosen {
            Some(rows) => {
                picked = Chosen::new(rows, along);
                Some(&mut picked)
            }
            None => along,
        };
        let (found, insight) =
            survey_contents(self.readings, source, prior, policy, companion, tell)?;
        listener(Told::Surveyed);
        Ok((found, insight, held.map(|held| held.oracle.differences())))
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
        let (mut left, mut unseen) = (rows.len(), rows.clone());
        while left > 0
            && let Some((step, insight)) = steps.next_of(rows)?
        {
            report.row(&step, &insight);
            left -= usize::from(!insight.may_go_on);
            unseen.remove(&step.place.row);
        }
        let source = self.readings.job.rows.name();
        // Where rows come to several and keep their numbers, the highest is not how many there are.
        let missing: Vec<_> = unseen.iter().map(|row| of_missing_row(*row, None, source)).collect();
        if missing.is_empty() { Ok(report) } else { Err(ReadingFailure::Source(missing)) }
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
        // What is deleted comes first: nothing is graver.
        for row in &fates.missing().rows {
            let step = Step::of_missing(row);
            report.step(&step);
            if let Some(page) = page.as_mut() {
                page.step(&step);
            }
        }
        left = left.saturating_sub(fates.missing().rows.len() as u64);
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
    let problems: Vec<Diagnostic> =
        missing.map(|row| of_missing_row(*row, Some(all), job.rows.name())).collect();
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
