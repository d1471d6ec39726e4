//! Writes attempts, in groups: whatever waits is one transaction, and is acknowledged when that is durable.
//!
//! A thread of its own, since SQLite blocks. The order of what it is given is kept, so an outcome that was
//! given before another row's start is durable no later than that start.
//! What follows when a write fails, or goes to a file that nobody will find, is in `trouble`.

mod trouble;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::TransactionBehavior;

use super::attempt::{complete_attempt, enter_attempt, enter_row};
use super::rescue::Rescue;
use super::{JobId, JobLock, Ledger, LedgerError, RunId};
use crate::row::{AttemptEnd, AttemptStart, RowId};

/// As many writes as one transaction takes at the most.
const LARGEST_GROUP: usize = 1024;
/// How long SQLite waits for another writer by itself. It cannot be hurried, so it is short: the rest is patience.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// A write is durable. `slot` is the writer's own name for the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    Started { slot: usize },
    Ended { slot: usize },
}

/// What a recorder has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Writes are durable, in the order in which they were given.
    Durable(Vec<Ack>),
    /// Something worth telling, in words.
    Note(String),
    /// The ledger cannot be written, and patience is over; or it was deleted or replaced. Said again where it gets worse.
    Failed(LedgerError),
    /// What nobody will ever write, by its slots; said after [`News::Failed`].
    Unwritten { starts: Vec<usize>, ends: Vec<usize> },
}

/// What a recorder does when the ledger cannot be written.
#[derive(Debug)]
pub struct InTrouble {
    /// For how long a write that fails for a reason that may pass is tried again.
    pub patience: Duration,
    /// Where outcomes go after that.
    pub rescue: Rescue,
    /// The job's lock, which may have to be taken once more. It is held until the recorder's [`Written`] is dropped.
    pub lock: JobLock,
}

enum Write {
    Start { slot: usize, start: Box<AttemptStart> },
    End { slot: usize, end: Box<AttemptEnd> },
}

impl Write {
    fn slot(&self) -> usize {
        match self {
            Self::Start { slot, .. } | Self::End { slot, .. } => *slot,
        }
    }
}

/// The one writer of a run.
#[derive(Debug)]
pub struct Recorder {
    writes: Sender<Write>,
    thread: JoinHandle<Written>,
    hurry: Arc<AtomicBool>,
}

impl Recorder {
    /// Starts the writer. `trouble` is for when a write fails. `hear` hears what has become
    /// durable, or why nothing is started any more.
    pub fn start(
        ledger: Ledger,
        job: JobId,
        run: RunId,
        trouble: InTrouble,
        hear: impl FnMut(News) + Send + 'static,
    ) -> Self {
        let (writes, waiting) = channel();
        let hurry = Arc::new(AtomicBool::new(false));
        let hurried = Arc::clone(&hurry);
        let thread = std::thread::spawn(move || {
            let mut writer =
                Writer { ledger, job, run, ids: HashMap::new(), hurry: hurried, trouble };
            writer.serve(&waiting, hear);
            writer.finish()
        });
        Self { writes, thread, hurry }
    }

    /// Gives an attempt that is about to leave; it may leave when it is acknowledged.
    pub fn begin(&self, slot: usize, start: AttemptStart) {
        // A writer that is gone has said why.
        let _ = self.writes.send(Write::Start { slot, start: Box::new(start) });
    }

    /// Gives what came of an attempt; it counts when it is acknowledged.
    pub fn end(&self, slot: usize, end: AttemptEnd) {
        let _ = self.writes.send(Write::End { slot, end: Box::new(end) });
    }

    /// Lets the writer's patience be over: what fails from now on is tried no more than once again.
    pub fn hurry(&self) {
        self.hurry.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }

    /// Writes what waits, and gives the ledger back. None where the writer died.
    pub fn finish(self) -> Option<Written> {
        drop(self.writes);
        self.thread.join().ok()
    }
}

/// What a recorder leaves.
#[derive(Debug)]
pub struct Written {
    pub ledger: Ledger,
    /// That the ledger was deleted or replaced, if that was found only in the end.
    pub found_late: Option<LedgerError>,
    _lock: JobLock,
}

struct Writer {
    ledger: Ledger,
    job: JobId,
    run: RunId,
    /// Ledger ids of the rows that are in somebody's hands, by slot.
    ids: HashMap<usize, RowId>,
    hurry: Arc<AtomicBool>,
    trouble: InTrouble,
}

impl Writer {
    fn serve(&mut self, waiting: &Receiver<Write>, mut hear: impl FnMut(News)) {
        // Where that fails, whatever follows says why.
        let _ = self.ledger.connection.busy_timeout(BUSY_TIMEOUT);
        while let Some(group) = next_group(waiting) {
            let written = match self.write(&group) {
                Ok(acks) => Ok(acks),
                Err(error) => self.persist(&group, &error, &mut hear),
            };
            match written {
                _ if !self.ledger.presence.is_kept() => {
                    return self.write_elsewhere(group, waiting, hear);
                }
                Ok(acks) => hear(News::Durable(acks)),
                Err(error) => {
                    hear(News::Failed(error.clone()));
                    return self.save(error, group, waiting, hear);
                }
            }
        }
    }

    /// The last look at the ledger.
    fn finish(mut self) -> Written {
        let found_late = match self.ledger.presence.is_kept() {
            true => None,
            false => Some(self.regain(&[]).map_or_else(|error| error, |(error, _)| error)),
        };
        self.trouble.rescue.finish();
        Written { ledger: self.ledger, found_late, _lock: self.trouble.lock }
    }

    fn write(&mut self, group: &[Write]) -> rusqlite::Result<Vec<Ack>> {
        let connection = &mut self.ledger.connection;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut acks = Vec::with_capacity(group.len());
        for write in group {
            acks.push(match write {
                Write::Start { slot, start } => {
                    let present = self.ids.get(slot).copied().filter(|_| start.number > 1);
                    let id = enter_row(&transaction, self.job, start, start.known.or(present))?;
                    enter_attempt(&transaction, id, self.run, start)?;
                    self.ids.insert(*slot, id);
                    Ack::Started { slot: *slot }
                }
                Write::End { slot, end } => {
                    if let Some(id) = end.known.or_else(|| self.ids.get(slot).copied()) {
                        complete_attempt(&transaction, id, end)?;
                    }
                    Ack::Ended { slot: *slot }
                }
            });
        }
        transaction.commit()?;
        Ok(acks)
    }
}

/// What waits, as far as one transaction takes it; none where nothing will come any more.
fn next_group(waiting: &Receiver<Write>) -> Option<Vec<Write>> {
    let first = waiting.recv().ok()?;
    let more = std::iter::from_fn(|| waiting.try_recv().ok()).take(LARGEST_GROUP - 1);
    Some(std::iter::once(first).chain(more).collect())
}

#[cfg(test)]
mod tests;
