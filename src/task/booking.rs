//! A job's place in the ledger: what earlier runs have done there, and the right to be the only run.
//!
//! A run holds the job's lock before it reads what was done: what is decided from that would not hold beside another
//! run. Where there is no ledger yet there is nothing to read, and nothing is made before the rows are known to be in
//! order.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::declared::connector::Effect;
use crate::declared::job::Job;
use crate::ledger::{
    Approval, Books as _, History, JobId, JobLock, JobName, Ledger, LedgerError, Open as _,
    OwnerId, Reader as _, RunRecord, SETTLED, waiting_outcomes,
};
use crate::plan::saved::SavedPlan;
use crate::plan::{Prior, Tally, taken_for_old};
use crate::report::MISCOUNTED;
use crate::row::{KeyHash, Uncounted};
use crate::text::address;
use crate::text::spelling::is_same;

use super::job::refuse_changed_key;
use super::run::World;
use super::{Failure, Listener, Told};

/// What earlier runs have done to a job's rows.
pub(super) struct Past {
    ledger: Ledger,
    job: JobId,
    history: History,
}

impl Past {
    /// Reads all of it, with a ledger that may be one that only reads.
    pub(super) fn read(ledger: Ledger, job: JobId) -> Result<Self, LedgerError> {
        let history = ledger.history(job)?;
        Ok(Self { ledger, job, history })
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn job(&self) -> JobId {
        self.job
    }

    /// Whether the job has sent nothing yet.
    pub(super) fn is_empty(&self) -> bool {
        self.history.is_empty()
    }

    pub(super) fn prior(&self) -> Prior<'_> {
        Prior { history: &self.history, ledger: &self.ledger }
    }

    /// Rows that are taken for old ones by nothing but their content.
    pub(super) fn taken_for_old(&self, tally: &Tally) -> u64 {
        taken_for_old(tally, &self.history)
    }

    /// The number of the job's last run.
    pub(super) fn last_run(&self) -> Result<i64, LedgerError> {
        self.ledger.last_run(self.job)
    }

    /// The keys of rows that others than the runs of a saved plan have sent or settled since it was made.
    pub(super) fn touched_since(&self, plan: &SavedPlan) -> Result<HashSet<KeyHash>, LedgerError> {
        self.ledger.touched_behind(self.job, plan.facts.last_run, plan.id)
    }

    /// What the rows were known by in the last run; none where nothing was sent.
    pub(super) fn keyed_by(&self) -> Result<Option<String>, LedgerError> {
        self.ledger.keyed_by(self.job)
    }
}

/// A job that this run alone may send, with what was done to its rows before.
pub(super) struct HeldJob {
    path: PathBuf,
    name: JobName,
    /// None where there is no ledger yet.
    held: Option<Held>,
}

struct Held {
    lock: JobLock,
    ledger: Ledger,
    /// None where the ledger does not know the job.
    job: Option<JobId>,
    /// The last to send the job's rows before they were read.
    last_owner: OwnerId,
    history: History,
}

/// A claim, entered in the ledger.
pub(super) struct Booking {
    pub path: PathBuf,
    pub name: JobName,
    pub lock: JobLock,
    pub ledger: Ledger,
    /// The last to send the job's rows before they were read.
    pub last_owner: OwnerId,
    pub history: History,
    /// Lanes that earlier runs have left uncounted.
    pub uncounted: Vec<Uncounted>,
}

/// What came of entering a claim.
pub(super) enum Entered {
    Booked(Box<Booking>),
    /// Another run has sent rows since the claim was made, when there was no ledger yet: the claim as it is now.
    Overtaken(Box<HeldJob>),
}

impl Booking {
    /// Whether the last run of the job has counted something more than once.
    pub(super) fn was_miscounted(&self) -> Result<bool, LedgerError> {
        let Some(id) = self.ledger.find_job(&self.name)? else { return Ok(false) };
        let runs = self.ledger.status(id, self.name.clone(), u32::MAX, 0)?.runs;
        let is_run =
            |run: &&RunRecord| run.ended_at.is_some() && run.reason.as_deref() != Some(SETTLED);
        let last = runs.iter().find(is_run);
        Ok(last.is_some_and(|run| run.reason.as_deref() == Some(MISCOUNTED)))
    }
}

impl HeldJob {
    /// Claims a job. Where there is a ledger its lock is held from here on, and what the last run could not write is
    /// brought in.
    pub(super) fn make(
        path: &Path,
        name: JobName,
        job: &Job,
        world: &World<'_>,
        listener: Listener<'_>,
    ) -> Result<Self, Failure> {
        let waits = !waiting_outcomes(path, &name)?.is_empty();
        let held = match waits || path.exists() {
            true => Some(Held::take(path, &name, job, world, listener)?),
            false => None,
        };
        Ok(Self { path: path.to_owned(), name, held })
    }

    /// What earlier runs have done.
    pub(super) fn prior(&self) -> Option<Prior<'_>> {
        self.held.as_ref().map(|held| Prior { history: &held.history, ledger: &held.ledger })
    }

    /// The keys of rows that others than the runs of a saved plan have sent or settled since it was made.
    pub(super) fn touched_since(&self, plan: &SavedPlan) -> Result<HashSet<KeyHash>, LedgerError> {
        let held = self.held.as_ref().and_then(|held| Some((&held.ledger, held.job?)));
        let touched = held
            .map(|(ledger, job)| ledger.touched_behind(job, plan.facts.last_run, plan.id))
            .transpose();
        touched.map(Option::unwrap_or_default)
    }

    /// Who has approved a saved plan, as an earlier run of it was told.
    pub(super) fn approval_of(&self, plan: &SavedPlan) -> Result<Option<Approval>, LedgerError> {
        let approval = self.held.as_ref().map(|held| held.ledger.approval_of(plan.id)).transpose();
        approval.map(Option::flatten)
    }

    /// Enters the job in the ledger, which is made where there is none.
    pub(super) fn enter(
        self,
        job: &Job,
        world: &World<'_>,
        listener: Listener<'_>,
    ) -> Result<Entered, Failure> {
        let Self { path, name, held } = self;
        let (held, is_late) = match held {
            Some(held) => (held, false),
            None => (Held::take(&path, &name, job, world, listener)?, true),
        };
        if is_late && !held.history.is_empty() {
            return Ok(Entered::Overtaken(Box::new(Self { path, name, held: Some(held) })));
        }
        let Held { lock, ledger, history, job: known, last_owner } = held;
        let operations = &job.connector.operations;
        let id = match known {
            Some(id) => id,
            None => ledger.enter_job(&lock, (world.wall)())?,
        };
        let mut uncounted = ledger.uncounted(id)?;
        // Where something was changed or deleted, nothing has become more.
        uncounted.retain(|lane| {
            let operation = operations.get(lane.operation.as_str());
            operation.is_none_or(|operation| operation.effect == Effect::Create)
        });
        let booking = Booking { path, name, lock, ledger, last_owner, history, uncounted };
        Ok(Entered::Booked(Box::new(booking)))
    }
}

impl Held {
    fn take(
        path: &Path,
        name: &JobName,
        job: &Job,
        world: &World<'_>,
        listener: Listener<'_>,
    ) -> Result<Self, Failure> {
        let (lock, ledger) = match Ledger::open_to_read(path)? {
            // A file that is no good, and a job that may not be sent, are refused before anything is written: an older ledger
            // stays one that an older version reads.
            Some(present) => {
                let lock = world.lock(path, name)?;
                refuse_unfit(&present, name, job)?;
                drop(present);
                let ledger = Ledger::open_claimed(path, &lock)?;
                (lock, ledger)
            }
            // A lock beside a ledger that is not there says that the ledger has been emptied.
            None => {
                let ledger = Ledger::open(path)?;
                (world.lock(path, name)?, ledger)
            }
        };
        for taken in ledger.take_in(&lock)? {
            listener(Told::BroughtIn(taken));
        }
        let id = refuse_unfit(&ledger, name, job)?;
        let (last_owner, history) = match id {
            Some(id) => (ledger.last_owner(id)?, ledger.history(id)?),
            None => (OwnerId(0), History::default()),
        };
        Ok(Self { lock, ledger, job: id, last_owner, history })
    }
}

/// The name by which a ledger knows a job: however it is spelt, since a file's name may change its letters on its way from one
/// system to another. Versions before this one took an address as it was written: what they have
/// done there is found, and goes on, under that name. Where the ledger cannot be read that is told when it is opened.
pub(super) fn as_known(path: &Path, wanted: JobName) -> JobName {
    let Ok(Some(ledger)) = Ledger::open_to_read(path) else { return wanted };
    name_in(&ledger, wanted.clone()).unwrap_or(wanted)
}

/// Likewise, in a ledger that is open. The written form counts where the job is not known under the one spelling; that
/// of another account shows that the accounts differ.
pub(super) fn name_in(ledger: &Ledger, wanted: JobName) -> Result<JobName, LedgerError> {
    let jobs = ledger.jobs()?.into_iter().map(|(_, name)| name);
    let same = |name: &JobName| {
        is_same(&name.name, &wanted.name) && address::normal(&name.base_url) == wanted.base_url
    };
    let known: Vec<JobName> = jobs.filter(same).collect();
    let exact = known.iter().find(|name| **name == wanted);
    let own = || known.iter().rfind(|name| name.account == wanted.account);
    let known = exact.or_else(own).or_else(|| known.last());
    Ok(match known {
        Some(known) => {
            let (name, base_url) = (known.name.clone(), known.base_url.clone());
            JobName { name, base_url, ..wanted }
        }
        None => wanted,
    })
}

/// Refuses a job that has another key than in its last run, or another account; gives its id, where the ledger knows it.
fn refuse_unfit(ledger: &Ledger, name: &JobName, job: &Job) -> Result<Option<JobId>, Failure> {
    let id = ledger.find_job(name)?;
    if let Some(id) = id {
        refuse_changed_key(job, ledger.keyed_by(id)?)?;
    }
    refuse_other_account(ledger, name, id)?;
    Ok(id)
}

/// An account for which the job has done nothing may be the one for which it has, under another name.
pub(super) fn refuse_other_account(
    ledger: &Ledger,
    name: &JobName,
    id: Option<JobId>,
) -> Result<(), Failure> {
    if id.map(|id| ledger.has_done(id)).transpose()?.unwrap_or_default() {
        return Ok(());
    }
    let others = ledger.other_accounts(name)?;
    match others.is_empty() {
        true => Ok(()),
        false => Err(Failure::OtherAccount { present: name.account.clone(), others }),
    }
}
