//! The recorder: the one writer of a run, which takes what its engine does and says when that is durable.
//!
//! # What a recorder promises
//! Whatever the kind of ledger; the engine relies on nothing else.
//!
//! 1. [`Ack::Started`] is said when the start is durable, and the right to its lane was held at that moment. Nothing
//!    leaves before.
//! 2. [`Ack::Ended`] is said when the outcome is durable. Nothing counts before.
//! 3. The order is kept: an outcome that was given before another row's start is durable no later than that start. That
//!    is the order of a lane.
//! 4. Writes are made in groups of at most [`LARGEST_GROUP`], each all or nothing, and acknowledged in the order in which
//!    they were given.
//! 5. What is not acknowledged is not known. The same group may be written again, and a second time changes nothing: a
//!    row's id is chosen before its start is written, and a start needs no answer from the ledger.
//! 6. While a fault may pass nothing is said but a [`Note`]; the write is tried again for as long as the run has
//!    patience, and [`Recorder::hurry`] ends that.
//! 7. After [`News::Failed`] no start is acknowledged any more. Outcomes still go to the ledger, or to where the next run
//!    finds them; of the rest [`News::Unwritten`] is said.
//! 8. [`Recorder::finish`] writes what waits.
//! 9. Where the right to all lanes is lost that is a failure. Where single lanes are lost, as to another machine,
//!    [`News::Unwritten`] is said of their starts as they are given, and of their outcomes, which are kept as evidence
//!    where they may help whoever has the lane now. The run goes on in the lanes that it still has.
//! 10. An outcome finds its start. Where it does not, the ledger has gone back to an earlier time: of an attempt that this
//!     run began the recorder writes both; of one of an earlier run, of which it does not know the start, it keeps the outcome
//!     beside the ledger. The run is told ([`LedgerError::WentBack`]).
//!
//! This module is the queue, the groups and the thread, which are the same for each kind. What is done with a group is a
//! [`Journal`]'s affair.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Claim, Ledger, LedgerError};
use crate::row::{AttemptEnd, AttemptStart};

/// As many writes as one transaction takes at the most.
pub(crate) const LARGEST_GROUP: usize = 1024;

/// A write is durable. `slot` is the writer's own name for the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ack {
    Started { slot: usize },
    Ended { slot: usize },
}

/// What a recorder has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// Writes are durable, in the order in which they were given.
    Durable(Vec<Ack>),
    Note(Note),
    /// The ledger cannot be written, and patience is over; or it was deleted or replaced. Said again where it gets worse.
    Failed(LedgerError),
    /// Starts and ends that will never be written, by their slots: after [`News::Failed`], or since the right to their
    /// lanes is lost.
    Unwritten {
        starts: Vec<usize>,
        ends: Vec<usize>,
    },
}

/// What is worth telling while a recorder goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// A write has failed for a reason that may pass. Nothing is sent meanwhile, and it is tried again for so long.
    Trouble { error: LedgerError, patience: Duration },
    /// It can be written again, after so long.
    Mended { after: Duration },
    /// What comes of requests under way is kept in that file; the next run brings it into the ledger.
    Kept { path: PathBuf },
}

/// Something to write.
#[derive(Debug)]
pub(crate) enum Write {
    Start { slot: usize, start: Box<AttemptStart> },
    End { slot: usize, end: Box<AttemptEnd> },
}

impl Write {
    /// The writer's own name for the row.
    pub(crate) fn slot(&self) -> usize {
        match self {
            Self::Start { slot, .. } | Self::End { slot, .. } => *slot,
        }
    }
}

/// What a recorder leaves. The right to send ends when that is dropped.
#[derive(Debug)]
pub(crate) struct Left {
    pub ledger: Ledger,
    /// That the ledger was deleted or replaced, if that was found only in the end.
    pub found_late: Option<LedgerError>,
    pub(super) _claim: Box<dyn Claim + Send>,
}

/// What a kind of ledger does with groups of writes, in a thread of its own. Its promises are the recorder's.
pub(crate) trait Journal: Send {
    /// Writes a group, or does whatever is left to do where it cannot be written; says what became of each write.
    fn take(&mut self, group: Vec<Write>, hear: &mut dyn FnMut(News));

    /// Nothing more comes.
    fn finish(self: Box<Self>) -> Left;
}

/// Whether a run's patience is to be over: what fails from now on is tried no more than once again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hurry(Arc<AtomicBool>);

impl Hurry {
    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Waits in a recorder's thread, but not for somebody who is in a hurry.
    pub(crate) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        while !self.is_on() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }
}

/// The one writer of a run.
#[derive(Debug)]
pub(crate) struct Recorder {
    writes: Sender<Vec<Write>>,
    thread: JoinHandle<Left>,
    hurry: Hurry,
}

impl Recorder {
    /// Starts the writer of a run. `hear` hears what has become durable, or why nothing is started any more.
    pub(crate) fn over(
        journal: impl FnOnce(Hurry) -> Box<dyn Journal>,
        mut hear: impl FnMut(News) + Send + 'static,
    ) -> Self {
        let (writes, waiting) = channel();
        let hurry = Hurry::default();
        let mut journal = journal(hurry.clone());
        let thread = std::thread::spawn(move || {
            while let Some(mut writes) = what_waits(&waiting) {
                while !writes.is_empty() {
                    let rest = writes.split_off(writes.len().min(LARGEST_GROUP));
                    journal.take(std::mem::replace(&mut writes, rest), &mut hear);
                }
            }
            journal.finish()
        });
        Self { writes, thread, hurry }
    }

    /// Gives what is to be written: an attempt may leave when its start is acknowledged, an outcome counts when it is.
    /// What is given at once is one group, as far as a group goes.
    pub(crate) fn write(&self, writes: Vec<Write>) {
        // A writer that is gone has said why.
        let _ = self.writes.send(writes);
    }

    /// Gives an attempt that is about to leave.
    #[cfg(test)]
    pub(crate) fn begin(&self, slot: usize, start: AttemptStart) {
        self.write(vec![Write::Start { slot, start: Box::new(start) }]);
    }

    /// Gives what came of an attempt.
    #[cfg(test)]
    pub(crate) fn end(&self, slot: usize, end: AttemptEnd) {
        self.write(vec![Write::End { slot, end: Box::new(end) }]);
    }

    /// Lets the writer's patience be over: what fails from now on is tried no more than once again.
    pub(crate) fn hurry(&self) {
        self.hurry.0.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }

    /// Writes what waits, and gives the ledger back. None where the writer died.
    pub(crate) fn finish(self) -> Option<Left> {
        drop(self.writes);
        self.thread.join().ok()
    }
}

/// What waits, for one group at the least; none where nothing will come any more.
fn what_waits(waiting: &Receiver<Vec<Write>>) -> Option<Vec<Write>> {
    let mut writes = waiting.recv().ok()?;
    while writes.len() < LARGEST_GROUP
        && let Ok(more) = waiting.try_recv()
    {
        writes.extend(more);
    }
    Some(writes)
}
