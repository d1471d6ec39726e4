//! Writes attempts, in groups: whatever waits is one transaction, and is acknowledged when that is durable.
//!
//! A thread of its own, since SQLite blocks. The order of what it is given is kept, so an outcome that was
//! given before another row's start is durable no later than that start.
//!
//! What fails for a reason that may pass is tried again for as long as the caller has patience. Meanwhile nothing is
//! acknowledged, so nothing is sent. After that nothing is started any more, and outcomes go to the rescue file.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::TransactionBehavior;

use super::attempt::{AttemptEnd, AttemptStart, complete_attempt, enter_attempt, enter_row};
use super::rescue::{Line, Rescue};
use super::{JobId, Ledger, LedgerError, RunId};

/// As many writes as one transaction takes at the most.
const LARGEST_GROUP: usize = 1024;
/// How long to wait before a failed write is tried again; each wait is twice the one before.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long SQLite waits for another writer by itself. It cannot be hurried, so it is short: the rest is patience.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// So many outcomes are told that are written nowhere.
const MOST_TOLD: usize = 10;

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
    /// The ledger cannot be written, and patience is over. Said again where it gets worse.
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
    hurry: Arc<AtomicBool>,
}

impl Recorder {
    /// Starts the writer. `patience` is for how long a write that fails is tried again. `hear` hears what has become
    /// durable, or why nothing will any more; after a failure nothing further is written.
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
            let InTrouble { patience, rescue } = trouble;
            let ids = HashMap::new();
            let mut writer = Writer { ledger, job, run, ids, patience, hurry: hurried, rescue };
            writer.serve(&waiting, hear);
            writer.rescue.finish();
            writer.ledger
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
    patience: Duration,
    hurry: Arc<AtomicBool>,
    rescue: Rescue,
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
                Ok(acks) => hear(News::Durable(acks)),
                Err(error) => {
                    hear(News::Failed(error.clone()));
                    return self.save(error, group, waiting, hear);
                }
            }
        }
    }

    /// Writes nothing to the ledger any more. What is under way comes to its end all the same, and that is kept.
    fn save(
        &mut self,
        cause: LedgerError,
        mut group: Vec<Write>,
        waiting: &Receiver<Write>,
        mut hear: impl FnMut(News),
    ) {
        let mut unsaved = Unsaved { cause, known: Vec::new(), count: 0 };
        let mut is_told = false;
        loop {
            let (starts, mut ends, lines) = self.known(&group);
            let kept = if lines.is_empty() { Ok(()) } else { self.rescue.keep(&lines) };
            match kept {
                Ok(()) => {
                    if !lines.is_empty() && !std::mem::replace(&mut is_told, true) {
                        hear(News::Note(saved(&self.rescue)));
                    }
                    hear(News::Durable(ends.drain(..).map(|slot| Ack::Ended { slot }).collect()));
                }
                Err(error) => hear(News::Failed(unsaved.add(&lines, &error))),
            }
            hear(News::Unwritten { starts, ends });
            match next_group(waiting) {
                Some(next) => group = next,
                None => return,
            }
        }
    }

    /// The slots of starts, the slots of ends, and what came of attempts.
    fn known(&self, group: &[Write]) -> (Vec<usize>, Vec<usize>, Vec<Line>) {
        let (mut starts, mut ends, mut lines) = (Vec::new(), Vec::new(), Vec::new());
        for write in group {
            match write {
                Write::Start { slot, .. } => starts.push(*slot),
                Write::End { slot, end } => {
                    ends.push(*slot);
                    if let Some(id) = end.known.or_else(|| self.ids.get(slot).copied()) {
                        lines.push(Line::new(id, self.ledger.key_of(id), end));
                    }
                }
            }
        }
        (starts, ends, lines)
    }

    /// Tries again what has failed, until it goes well or patience is over.
    fn persist(
        &mut self,
        group: &[Write],
        error: &rusqlite::Error,
        hear: &mut impl FnMut(News),
    ) -> Result<Vec<Ack>, LedgerError> {
        let began = Instant::now();
        let (mut error, mut wait) = (self.ledger.storage("written", error), FIRST_WAIT);
        let mut is_told = false;
        while error.may_pass() && !self.hurry.load(Ordering::Acquire) {
            let left = self.patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            if !std::mem::replace(&mut is_told, true) {
                hear(News::Note(trouble(&error, self.patience)));
            }
            self.pause(wait.min(left));
            wait = (wait * 2).min(LONGEST_WAIT);
            match self.write_again(group) {
                Ok(acks) => {
                    let seconds = began.elapsed().as_secs_f64();
                    let note = format!("the ledger can be written again, after {seconds:.1} s");
                    hear(News::Note(note));
                    return Ok(acks);
                }
                Err(again) => error = self.ledger.storage("written", &again),
            }
        }
        Err(error)
    }

    /// Waits, but not for somebody who is in a hurry.
    fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        while !self.hurry.load(Ordering::Acquire) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }

    /// Writes a group that has failed. SQLite may have ended the transaction by itself or not; nothing of it counts.
    fn write_again(&mut self, group: &[Write]) -> rusqlite::Result<Vec<Ack>> {
        if !self.ledger.connection.is_autocommit() {
            self.ledger.connection.execute_batch("ROLLBACK")?;
        }
        self.write(group)
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

/// What came of attempts and is written nowhere.
struct Unsaved {
    cause: LedgerError,
    /// The first few, in words.
    known: Vec<String>,
    count: usize,
}

impl Unsaved {
    fn add(&mut self, lines: &[Line], error: &std::io::Error) -> LedgerError {
        self.count += lines.len();
        let more = lines.iter().map(Line::words).take(MOST_TOLD.saturating_sub(self.known.len()));
        self.known.extend(more);
        LedgerError::Unrecorded {
            cause: Box::new(self.cause.clone()),
            rescue: error.to_string(),
            known: self.known.clone(),
            count: self.count,
        }
    }
}

fn saved(rescue: &Rescue) -> String {
    format!(
        "what comes of requests under way is kept in {}; the next run brings it into the ledger",
        rescue.path().display()
    )
}

/// What waits, as far as one transaction takes it; none where nothing will come any more.
fn next_group(waiting: &Receiver<Write>) -> Option<Vec<Write>> {
    let first = waiting.recv().ok()?;
    let more = std::iter::from_fn(|| waiting.try_recv().ok()).take(LARGEST_GROUP - 1);
    Some(std::iter::once(first).chain(more).collect())
}

fn trouble(error: &LedgerError, patience: Duration) -> String {
    format!(
        "{error}; nothing is sent until it can be, and it is tried again for {} s",
        patience.as_secs()
    )
}
