//! `undo`: takes back what a run has done, as a run of its own.
//!
//! What was created is deleted, what was changed gets its former text back, and what was deleted is made anew; each only where
//! what is there is as the run has left it, which is read first. It needs no source: the ledger knows what was done. What is
//! undone of a row is a further operation of that row, so that it happens once, whatever happens to the run.

pub(super) mod inverse;
mod rows;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::declared::connector::Effect;
use crate::declared::job;
use crate::event::Ending;
use crate::ledger::{JobName, Ledger, LedgerError, Mandate, Open as _, PulseFile, Reader as _};
use crate::plan::{Filtered, Stays, Tally};
use crate::report::{ReadsAhead, UndoHead, UndoRow, exit, of_no_ledger, of_nothing_to_undo};
use crate::row::Totals;
use crate::text::spelling::is_same;
use crate::traffic::transport::{CredentialKind, Transport as _};

use super::booking::{Entered, HeldJob, as_known};
use super::job::JobOptions;
use super::limits::{Limits, SendingOptions};
use super::run::{
    Destination, Outlook, RunOutcome, Session, Sharing, StateFolder, World, over_http, settings,
    standing,
};
use super::target::{Target, TargetOptions};
use super::{Details, Failure, Listener, Told};
use rows::{Count, Undoable};

/// What is to be undone, and how.
pub(crate) struct UndoOptions<'a> {
    pub job: JobOptions,
    /// The run that is undone.
    pub run: i64,
    pub target: TargetOptions<'a>,
    pub sending: SendingOptions,
    pub give_up_after: Option<Duration>,
    pub ca_file: Option<PathBuf>,
    pub state_folder: StateFolder,
    /// A person wants it undone whatever is there now.
    pub even_if_changed: bool,
    /// Nothing is sent; what would be done is told.
    pub dry_run: bool,
}

/// Hears what an undoing comes to, before anything is sent.
pub(crate) struct UndoHearing<'h> {
    pub row: &'h mut dyn FnMut(UndoRow),
    /// All rows have been told of.
    pub planned: &'h mut dyn FnMut(&UndoHead),
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Undone {
    /// Nothing was to be sent, or nothing was to be but told. With where the rows stand, and the exit code of that.
    Planned(Totals, u8),
    Ran(RunOutcome),
}

/// Undoes a run.
pub(crate) fn undo(
    options: &UndoOptions<'_>,
    world: &World<'_>,
    listener: Listener<'_>,
    hearing: UndoHearing<'_>,
) -> Result<Undone, Failure> {
    let job = job::load(&options.job.path, &options.job.given, &options.job.connectors)
        .map_err(|broken| Failure::Input(broken.problems))?;
    match options.dry_run {
        true => plan(options, &job, hearing),
        false => carry_out(options, &job, (world, listener), hearing),
    }
}

fn plan(
    options: &UndoOptions<'_>,
    job: &job::Job,
    mut hearing: UndoHearing<'_>,
) -> Result<Undone, Failure> {
    let target = Target::find_to_plan(job, &options.target);
    let limits = Limits::new(job, &options.sending, None);
    let path = &options.job.ledger;
    let name = as_known(path, target.job_name(job));
    let ledger = Ledger::open_to_read(path)?;
    let ledger = ledger.ok_or_else(|| Failure::Input(vec![of_no_ledger(path)]))?;
    // Without credentials it is not known as whom: the one account that there is.
    let id = match (&target.account, ledger.find_job(&name)?) {
        (_, Some(id)) => Some(id),
        (None, None) => {
            let jobs = ledger.jobs()?.into_iter();
            let is_it =
                |known: &JobName| known.name == name.name && known.base_url == name.base_url;
            let mut here = jobs.filter(|(_, known)| is_it(known));
            here.next().map(|(id, _)| id).filter(|_| here.next().is_none())
        }
        (Some(_), None) => None,
    };
    let id = id.ok_or_else(|| nothing(options))?;
    let undoable = Undoable::read((&ledger, id), job, (options.run, options.even_if_changed))?;
    let count = look(&undoable, &ledger, (options, &target, &limits, job), &mut hearing)?;
    let totals = standing(&count.tally);
    Ok(Undone::Planned(totals, exit::DONE))
}

fn carry_out(
    options: &UndoOptions<'_>,
    job: &job::Job,
    (world, listener): (&World<'_>, Listener<'_>),
    mut hearing: UndoHearing<'_>,
) -> Result<Undone, Failure> {
    let (target, credentials) = Target::find(job, &options.target)?;
    target.refuse_plain_http(job, &options.target)?;
    let limits = Limits::new(job, &options.sending, None);
    let kind = credentials.kind();
    let transport = over_http(
        Destination {
            connector: &job.connector,
            base_url: &target.base_url,
            credentials,
            concurrency: limits.concurrency as usize,
        },
        options.ca_file.as_deref(),
    )?;
    listener(Told::Details(Details {
        target: Some(target.words()),
        credentials: Some(kind),
        ledger: Some(options.job.ledger.clone()),
        limits: Some(limits.clone()),
        ..Details::of(job)
    }));
    let path = &options.job.ledger;
    if !path.exists() {
        return Err(Failure::Input(vec![of_no_ledger(path)]));
    }
    let name = as_known(path, target.job_name(job));
    let claim = HeldJob::make(path, name, job, world, listener)?;
    let booking = match claim.enter(job, world, listener)? {
        Entered::Booked(booking) => *booking,
        Entered::Overtaken(_) => return Err(nothing(options)),
    };
    let id = booking.ledger.find_job(&booking.name)?.ok_or_else(|| nothing(options))?;
    let of = (options.run, options.even_if_changed);
    let undoable = Undoable::read((&booking.ledger, id), job, of)?;
    let count = look(&undoable, &booking.ledger, (options, &target, &limits, job), &mut hearing)?;
    if count.tally.to_send() == 0 {
        let totals = standing(&count.tally);
        let exit = exit::of(&totals, &Ending::Finished);
        return Ok(Undone::Planned(totals, exit));
    }
    let pulse = Some(PulseFile::of(&booking.path, &booking.name));
    let ahead = outlook(options, job, (&target, kind), (&count, &limits));
    let ahead = Outlook { pulse, ..ahead };
    if !(world.consent)(&ahead) {
        return Err(Failure::Declined);
    }
    let reporter = (world.reporter)(ahead);
    let session = Session {
        job,
        cargo: &undoable,
        tally: count.tally,
        has_key: true,
        mandate: Mandate::default(),
        limits: &limits,
        settings: crate::engine::Settings {
            needs_token: transport.needs_token(),
            token_costs_request: transport.token_costs_request(),
            ..settings(job, &limits, options.give_up_after)
        },
        now: (world.wall)(),
        is_sandbox: false,
        sharing: Sharing::new(&options.state_folder, &target),
        world,
    };
    session.run(booking, &transport, reporter).map(Undone::Ran)
}

/// Tells what becomes of each row, and what that comes to.
fn look(
    undoable: &Undoable<'_>,
    ledger: &Ledger,
    (options, target, limits, job): (&UndoOptions<'_>, &Target, &Limits, &job::Job),
    hearing: &mut UndoHearing<'_>,
) -> Result<Count, Failure> {
    let count = undoable.look(ledger, hearing.row)?;
    if count.tally.rows() == 0 {
        return Err(nothing(options));
    }
    let requests = count.tally.to_send() + count.lists;
    let (duration, limited_by) = limits.timetable(requests).answered(requests);
    (hearing.planned)(&UndoHead {
        job: job.name.clone(),
        item: job.connector.item.clone(),
        target: target.words(),
        run: options.run,
        requests,
        lists: count.lists,
        duration,
        limited_by,
        dry_run: options.dry_run,
    });
    Ok(count)
}

fn nothing(options: &UndoOptions<'_>) -> Failure {
    Failure::Input(vec![of_nothing_to_undo(options.run)])
}

fn outlook(
    options: &UndoOptions<'_>,
    job: &job::Job,
    (target, credentials): (&Target, CredentialKind),
    (count, limits): (&Count, &Limits),
) -> Outlook {
    let tally: Tally = count.tally;
    let requests = tally.to_send() + count.lists;
    let (duration, limited_by) = limits.timetable(requests).answered(requests);
    let deletes = job.connector.operations.values().any(|known| known.effect == Effect::Delete);
    Outlook {
        job: job.name.clone(),
        item: job.connector.item.clone(),
        target: target.words(),
        is_sandbox: false,
        is_first: false,
        may_delete: deletes,
        ledger: options.job.ledger.clone(),
        credentials,
        tally,
        mandate: Mandate::default(),
        in_doubt: job.in_doubt,
        is_presumed: false,
        filtered: Filtered::default(),
        stays: Stays::default(),
        changed: Vec::new(),
        held: Vec::new(),
        until: None,
        duration,
        limited_by,
        pulse: None,
        before: ReadsAhead::default(),
    }
}

/// The name of the job of a run; none where the ledger does not know the run.
pub(crate) fn job_of_run(ledger: &Path, run: i64) -> Result<Option<String>, LedgerError> {
    let Some(ledger) = Ledger::open_to_read(ledger)? else { return Ok(None) };
    for (id, name) in ledger.jobs()? {
        let known = ledger.status(id, name.clone(), u32::MAX, 0)?.runs;
        if known.iter().any(|known| known.id == run) {
            return Ok(Some(name.name));
        }
    }
    Ok(None)
}

/// The file in a folder that declares a job of that name; none where no file does, or several do.
pub(crate) fn job_file_here(folder: &Path, name: &str, connectors: &[PathBuf]) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let is_yaml =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(is_yaml).collect();
    files.sort();
    let declares = |path: &PathBuf| {
        let job = job::load(path, &job::Given::default(), connectors);
        job.is_ok_and(|job| is_same(&job.name, name))
    };
    let mut found = files.into_iter().filter(declares);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
