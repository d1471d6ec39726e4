//! Writes attempts, in groups: whatever waits is one transaction, and is acknowledged when that is durable.
//!
//! A thread of its own, since SQLite blocks. The order of what it is given is kept, so an outcome that was
//! given before another row's start is durable no later than that start.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Transaction, TransactionBehavior, params};

use crate::request::Digest;
use crate::row_state::RowEvent;
use crate::verdict::Cause;

use super::{JobId, Ledger, LedgerError, RunId};

/// As many writes as one transaction takes at the most.
const LARGEST_GROUP: usize = 1024;

/// An attempt that is about to leave.
#[derive(Debug, Clone)]
pub struct AttemptStart {
    /// The row's id, where the ledger knows it already.
    pub known: Option<i64>,
    pub key: String,
    pub row: u64,
    pub line: u64,
    pub operation: String,
    pub lane: String,
    pub digest: Digest,
    /// Counts from 1, over all runs.
    pub number: u32,
    /// Unix milliseconds.
    pub at: i64,
    /// The same by the other side's clock, where that is known.
    pub remote_at: Option<i64>,
}

/// What came of an attempt.
#[derive(Debug, Clone)]
pub struct AttemptEnd {
    pub outcome: Outcome,
    /// The row's id, where the attempt is of an earlier run.
    pub known: Option<i64>,
    pub number: u32,
    pub cause: Option<Cause>,
    pub remote_id: Option<String>,
    pub at: i64,
}

/// How an attempt ended, in the ledger's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    Refused,
    Deferred,
    GivenUp,
    Lost,
    Found,
    NotFound,
}

impl Outcome {
    pub(super) const ALL: [Self; 7] = [
        Self::Succeeded,
        Self::Refused,
        Self::Deferred,
        Self::GivenUp,
        Self::Lost,
        Self::Found,
        Self::NotFound,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Refused => "refused",
            Self::Deferred => "deferred",
            Self::GivenUp => "given_up",
            Self::Lost => "lost",
            Self::Found => "found",
            Self::NotFound => "not_found",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// The event that this outcome is for its row.
    pub fn event(self, id: Option<String>) -> RowEvent {
        match self {
            Self::Succeeded => RowEvent::Succeeded { id },
            Self::Refused => RowEvent::Refused,
            Self::Deferred => RowEvent::Deferred,
            Self::GivenUp => RowEvent::GivenUp,
            Self::Lost => RowEvent::Lost,
            Self::Found => RowEvent::Found { id },
            Self::NotFound => RowEvent::NotFound,
        }
    }
}

/// A write is durable. `slot` is the writer's own name for the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    Started { slot: usize },
    Ended { slot: usize },
}

enum Write {
    Start { slot: usize, start: Box<AttemptStart> },
    End { slot: usize, end: Box<AttemptEnd> },
}

/// The one writer of a run.
#[derive(Debug)]
pub struct Recorder {
    writes: Sender<Write>,
    thread: JoinHandle<Ledger>,
}

impl Recorder {
    /// Starts the writer. `acknowledge` hears what has become durable, or why nothing will any more; after a
    /// failure nothing further is written.
    pub fn start(
        ledger: Ledger,
        job: JobId,
        run: RunId,
        acknowledge: impl FnMut(Result<Vec<Ack>, LedgerError>) + Send + 'static,
    ) -> Self {
        let (writes, waiting) = channel();
        let thread = std::thread::spawn(move || {
            let mut writer = Writer { ledger, job, run, ids: HashMap::new() };
            writer.serve(&waiting, acknowledge);
            writer.ledger
        });
        Self { writes, thread }
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

    /// Writes what waits, and gives the ledger back. None where the writer died.
    pub fn finish(self) -> Option<Ledger> {
        drop(self.writes);
        self.thread.join().ok()
    }
}

struct Writer {
    ledger: Ledger,
    job: JobId,
    run: RunId,
    /// Ledger ids of the rows that are in somebody's hands, by slot.
    ids: HashMap<usize, i64>,
}

impl Writer {
    fn serve(
        &mut self,
        waiting: &Receiver<Write>,
        mut acknowledge: impl FnMut(Result<Vec<Ack>, LedgerError>),
    ) {
        while let Ok(first) = waiting.recv() {
            let more = std::iter::from_fn(|| waiting.try_recv().ok()).take(LARGEST_GROUP - 1);
            let group: Vec<Write> = std::iter::once(first).chain(more).collect();
            match self.write(&group) {
                Ok(acks) => acknowledge(Ok(acks)),
                Err(error) => {
                    acknowledge(Err(self.ledger.storage("written", &error)));
                    return;
                }
            }
        }
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

/// Enters a row, or brings the one that is known up to date.
fn enter_row(
    transaction: &Transaction<'_>,
    job: JobId,
    start: &AttemptStart,
    known: Option<i64>,
) -> rusqlite::Result<i64> {
    if let Some(id) = known {
        transaction
            .prepare_cached(
                "UPDATE rows SET row = ?2, line = ?3, operation = ?4, lane = ?5, digest = ?6 WHERE id = ?1",
            )?
            .execute(params![id, start.row, start.line, start.operation, start.lane, start.digest.0])?;
        return Ok(id);
    }
    transaction
        .prepare_cached(
            "INSERT INTO rows (job, key, row, line, operation, lane, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![job.0, start.key, start.row, start.line, start.operation, start.lane, start.digest.0])?;
    Ok(transaction.last_insert_rowid())
}

fn enter_attempt(
    transaction: &Transaction<'_>,
    id: i64,
    run: RunId,
    start: &AttemptStart,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO attempts (row, number, run, started_at, remote_started_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![id, start.number, run.0, start.at, start.remote_at])?;
    Ok(())
}

fn complete_attempt(
    transaction: &Transaction<'_>,
    id: i64,
    end: &AttemptEnd,
) -> rusqlite::Result<()> {
    let cause = end.cause.as_ref();
    transaction
        .prepare_cached(
            "UPDATE attempts SET ended_at = ?3, outcome = ?4, status = ?5, code = ?6, message = ?7, remote_id = ?8 \
             WHERE row = ?1 AND number = ?2",
        )?
        .execute(params![
            id,
            end.number,
            end.at,
            end.outcome.word(),
            cause.and_then(|cause| cause.status),
            cause.and_then(|cause| cause.code.as_deref()),
            cause.map(|cause| cause.message.as_str()),
            end.remote_id,
        ])?;
    Ok(())
}
