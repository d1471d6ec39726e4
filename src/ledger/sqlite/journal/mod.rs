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
use rows::{Group, Rows};
use trouble::Unsaved;

use super::{FileLedger, JobLock, Rescue};
use crate::ledger::recorder::{Hurry, Journal, Write};
use crate::ledger::{LedgerError, News, OwnerId, Recorder, Run};

/// How long SQLite waits for another writer by itself. It cannot be hurried, so it is short: the rest is patience.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// What a recorder needs, and what it does when the ledger cannot be written.
#[derive(Debug)]
pub(crate) struct InTrouble {
    /// For how long a write that fails for a reason that may pass is tried again.
    pub patience: Duration,
    /// Where outcomes go after that.
    pub rescue: Rescue,
    /// The job's lock: who starts requests holds it. It is held until the recorder's [`Left`] is dropped.
    pub lock: JobLock,
}

/// What a recorder leaves.
#[derive(Debug)]
pub(crate) struct Left {
    pub ledger: FileLedger,
    /// That the ledger was deleted or replaced, if that was found only in the end.
    pub found_late: Option<LedgerError>,
    _lock: JobLock,
}

impl Recorder {
    /// Starts the writer of a run over its ledger. `hear` hears what has become durable, or why nothing is started any
    /// more.
    pub(crate) fn start(
        ledger: FileLedger,
        run: Run,
        trouble: InTrouble,
        hear: impl FnMut(News) + Send + 'static,
    ) -> Self {
        Self::over(|hurry| Box::new(FileJournal::new(ledger, run, trouble, hurry)), hear)
    }
}

/// The writer of a run.
struct FileJournal {
    ledger: FileLedger,
    run: Run,
    rows: Rows,
    hurry: Hurry,
    trouble: InTrouble,
    mode: Mode,
}

/// What is done with a group.
enum Mode {
    Writing,
    /// Nothing is started any more; outcomes are still written.
    Closing,
    /// Likewise, and another run holds the job: what it has found out holds.
    Overtaken,
    /// The ledger cannot be written: outcomes are kept beside it.
    Saving(Unsaved),
}

impl Journal for FileJournal {
    fn take(&mut self, group: Vec<Write>, hear: &mut dyn FnMut(News)) {
        let group = self.rows.enter(group);
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
        Left { ledger, found_late, _lock: trouble.lock }
    }
}

impl FileJournal {
    fn new(ledger: FileLedger, run: Run, trouble: InTrouble, hurry: Hurry) -> Self {
        // Where that fails, whatever follows says why.
        let _ = ledger.connection.busy_timeout(BUSY_TIMEOUT);
        Self { ledger, run, rows: Rows::new(run.first_row), hurry, trouble, mode: Mode::Writing }
    }

    fn write_group(&mut self, group: Group, hear: &mut dyn FnMut(News)) {
        let written = match self.write(&group) {
            Ok(homeless) => Ok(homeless),
            Err(error) => self.persist(&group, &error, hear),
        };
        match written {
            _ if !self.ledger.presence.is_kept() => self.write_elsewhere(group, hear),
            Ok(Homeless::None) => match self.trouble.lock.renew(&self.ledger.path) {
                Ok(()) => {
                    hear(News::Durable(group.acks()));
                    self.rows.settle(group);
                }
                Err(error) => self.be_overtaken(error, &group, hear),
            },
            Ok(Homeless::Some(homeless)) => self.have_gone_back(group, homeless, hear),
            Err(error) => self.save(error, &group, hear),
        }
    }

    /// Writes a group, whole or not at all. A second time it changes nothing.
    fn write(&mut self, group: &Group) -> rusqlite::Result<Homeless> {
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

fn write_entries(
    connection: &Connection,
    owner: OwnerId,
    rows: &Rows,
    group: &Group,
) -> rusqlite::Result<Homeless> {
    let mut entries = Entries::prepare(connection)?;
    let mut homeless = None;
    for (at, (write, row)) in group.iter().enumerate() {
        let Some(row) = row else { continue };
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
