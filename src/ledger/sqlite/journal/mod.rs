//! The recorder's writer over a ledger file: a group is one transaction, acknowledged when that is durable.
//!
//! What the writer does when a write fails, or goes to a file that was deleted, is in `trouble`.

mod entries;
mod ids;
mod rows;
mod trouble;

use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub(super) use entries::{Belongs, Entries, reason};
pub(super) use ids::take_ids;
use rows::{Entered, Group, RowsInHand};
use trouble::Unsaved;

use super::fault::Unwritten;
use super::lock::Renewed;
use super::rescue::Rescue;
use super::{FileLedger, JobLock};
use crate::ledger::recorder::{Hurry, Journal, Left, Write};
use crate::ledger::{LedgerError, News, OwnerId, Reader as _, Recorder, Run};

/// How long SQLite waits for another writer by itself. It cannot be hurried, so it is short: the rest is patience.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// What a recorder needs, and what it does when the ledger cannot be written.
#[derive(Debug)]
pub(crate) struct InTrouble {
    /// For how long a write that fails for a reason that may pass is tried again.
    pub patience: Duration,
    /// Where outcomes go after that.
    pub rescue: Rescue,
    /// The job's lock: who starts requests holds it. It is held until what the recorder leaves is dropped.
    pub lock: JobLock,
}

impl FileLedger {
    /// Starts the writer of a run over its ledger. A write that fails for a reason that may pass is tried again for as
    /// long as the run has `patience`. `hear` hears what has become durable, or why nothing is started any more.
    pub(crate) fn record(
        self,
        run: Run,
        lock: JobLock,
        patience: Duration,
        hear: impl FnMut(News) + Send + 'static,
    ) -> Recorder {
        let rescue = Rescue::reserve(&self.path, &lock, run.owner);
        self.record_with(run, InTrouble { patience, rescue, lock }, hear)
    }

    /// Likewise; what is done in trouble is said.
    pub(crate) fn record_with(
        self,
        run: Run,
        trouble: InTrouble,
        hear: impl FnMut(News) + Send + 'static,
    ) -> Recorder {
        Recorder::over(|hurry| Box::new(FileJournal::new(self, run, trouble, hurry)), hear)
    }
}

/// The writer of a run.
struct FileJournal {
    ledger: FileLedger,
    run: Run,
    rows: RowsInHand,
    hurry: Hurry,
    trouble: InTrouble,
    mode: Mode,
}

/// What is done with a group.
enum Mode {
    Writing,
    /// Nothing is started any more; outcomes are still written.
    Closing,
    /// Likewise, and the job is not this run's own any more, as far as can be told: what another run has found out holds.
    Overtaken,
    /// The ledger cannot be written: outcomes are kept beside it.
    Saving(Unsaved),
}

impl Journal for FileJournal {
    fn take(&mut self, group: Vec<Write>, hear: &mut dyn FnMut(News)) {
        let Entered { group, unknown } = self.rows.enter(group);
        if !unknown.is_empty() {
            self.refuse(unknown, hear);
        }
        match &self.mode {
            Mode::Writing => self.write_group(group, hear),
            Mode::Closing | Mode::Overtaken => self.write_ends(group, hear),
            Mode::Saving(_) => self.save_group(&group, hear),
        }
    }

    /// The last look at the ledger.
    fn finish(mut self: Box<Self>) -> Left {
        let found_late = match self.ledger.presence.is_kept() {
            true => None,
            false => {
                let regained = self.regain(&Group::default());
                Some(regained.map_or_else(|error| error, |(error, _)| error))
            }
        };
        let Self { ledger, rows, mut trouble, mode, .. } = *self;
        if found_late.is_none() && matches!(mode, Mode::Writing) {
            // Where that fails, some ids are never used.
            let _ = rows.give_back(&ledger.connection);
        }
        trouble.rescue.finish();
        Left { ledger, found_late, _claim: Box::new(trouble.lock) }
    }
}

impl FileJournal {
    fn new(ledger: FileLedger, run: Run, trouble: InTrouble, hurry: Hurry) -> Self {
        // Where that fails, whatever follows says why.
        let _ = ledger.connection.busy_timeout(BUSY_TIMEOUT);
        Self {
            ledger,
            run,
            rows: RowsInHand::new(run.first_row),
            hurry,
            trouble,
            mode: Mode::Writing,
        }
    }

    fn write_group(&mut self, group: Group, hear: &mut dyn FnMut(News)) {
        // Before anything is written: outcomes of rows that another run has taken up since may contradict what it knows.
        if self.ledger.presence.is_kept()
            && let Err(lost) = self.patiently(hear, Self::keep_claim)
        {
            return self.lose_claim(lost, group, hear);
        }
        let written = self.patiently(hear, |journal| journal.write(&group));
        if !self.ledger.presence.is_kept() {
            return self.write_elsewhere(group, hear);
        }
        // And after it: what is acknowledged now leaves.
        match (written, self.patiently(hear, Self::keep_claim)) {
            (Ok(Homeless::None), Ok(())) => {
                hear(News::Durable(group.acks()));
                self.rows.settle(group);
            }
            (Ok(Homeless::Some(homeless)), Ok(())) => self.have_gone_back(group, homeless, hear),
            (Ok(homeless), Err(lost)) => {
                self.end_written((lost, Mode::Overtaken), group, homeless.places(), hear);
            }
            (Err(error), Ok(())) => self.save(error, &group, hear),
            (Err(_), Err(lost)) => self.lose_claim(lost, group, hear),
        }
    }

    /// Sees to it that the job is this run's own. A lock whose file was deleted kept nobody out: it is taken once more,
    /// unless another run holds the job or has held it meanwhile.
    fn keep_claim(&mut self) -> Result<(), LedgerError> {
        // Another run has put its copy of the ledger there: then this run does not know all that was sent.
        self.ledger.refuse_kept()?;
        match self.trouble.lock.renew(&self.ledger.path)? {
            Renewed::Held => Ok(()),
            Renewed::TakenAgain if self.ledger.last_owner(self.run.job)? > self.run.owner => {
                Err(LedgerError::Overtaken { ledger: self.ledger.location() })
            }
            Renewed::TakenAgain => {
                self.trouble.lock.confirm();
                Ok(())
            }
        }
    }

    /// Writes a group, whole or not at all. A second time it changes nothing.
    fn write(&mut self, group: &Group) -> Result<Homeless, LedgerError> {
        self.try_write(group).map_err(|error| self.ledger.unwritten(&error))
    }

    fn try_write(&mut self, group: &Group) -> Result<Homeless, Unwritten> {
        // SQLite may have ended a transaction that failed by itself, or not; nothing of it counts.
        if !self.ledger.connection.is_autocommit() {
            self.ledger.connection.execute_batch("ROLLBACK")?;
        }
        let immediate = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&self.ledger.connection, immediate)?;
        let homeless = write_entries(&transaction, self.run.owner, &self.rows, group)?;
        let more = self.rows.run_low().then(|| take_ids(&transaction)).transpose()?;
        transaction.commit()?;
        if let Some(first) = more {
            self.rows.add_ids(first);
        }
        Ok(homeless)
    }
}

/// Outcomes that did not find their starts: an older state of the ledger has been put in its place.
enum Homeless {
    None,
    /// Starts that were still known have been written once more, with their outcomes. The places in the group of the
    /// outcomes that have nowhere to go.
    Some(Vec<usize>),
}

impl Homeless {
    fn places(self) -> Vec<usize> {
        match self {
            Self::None => Vec::new(),
            Self::Some(places) => places,
        }
    }
}

fn write_entries(
    connection: &Connection,
    owner: OwnerId,
    rows: &RowsInHand,
    group: &Group,
) -> Result<Homeless, Unwritten> {
    let mut entries = Entries::prepare(connection)?;
    let mut homeless = None;
    for (at, (write, row)) in group.iter().enumerate() {
        match write {
            Write::Start { start, .. } => entries.begin(row, owner, start)?,
            Write::End { slot, end } => {
                if entries.end(row, owner, end)? == Belongs::ToItsStart {
                    continue;
                }
                let homeless: &mut Vec<usize> = homeless.get_or_insert_default();
                match rows.start(*slot, end.number) {
                    Some(start) => {
                        entries.begin(row, owner, start)?;
                        entries.end(row, owner, end)?;
                    }
                    None => homeless.push(at),
                }
            }
        }
    }
    Ok(homeless.map_or(Homeless::None, Homeless::Some))
}
