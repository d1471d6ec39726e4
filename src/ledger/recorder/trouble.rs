//! What the writer does when the ledger cannot be written, or is not where it was.
//!
//! What fails for a reason that may pass is tried again for as long as the caller has patience. Meanwhile nothing is
//! acknowledged, so nothing is sent. After that nothing is started any more, and outcomes go to the rescue file. A ledger
//! that was deleted is put back, takes what comes of requests under way, and nothing is started any more either.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use crate::ledger::LedgerError;
use crate::ledger::presence::{Regained, RunWrites};
use crate::ledger::rescue::{Line, Rescue};
use crate::row::{AttemptEnd, Outcome};
use crate::row::{Cause, Reason};

use super::{Ack, News, Write, Writer, next_group};

/// How long to wait before a failed write is tried again; each wait is twice the one before.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// So many outcomes are told that are written nowhere.
const MOST_TOLD: usize = 10;

impl Write {
    /// What is to be said of a start that was written and never acknowledged.
    fn unsent(&self) -> Option<Self> {
        let Self::Start { slot, start } = self else { return None };
        let end = AttemptEnd {
            outcome: if start.repeats { Outcome::Lost } else { Outcome::Deferred },
            known: start.known,
            number: start.number,
            cause: Some(Cause::of(Reason::Withdrawn)),
            remote_id: None,
            at: start.at,
        };
        Some(Self::End { slot: *slot, end: Box::new(end) })
    }
}

impl Writer {
    /// The ledger was deleted, or another was put in its place: puts it back, and ends the run.
    pub(super) fn write_elsewhere(
        &mut self,
        group: Vec<Write>,
        waiting: &Receiver<Write>,
        mut hear: impl FnMut(News),
    ) {
        match self.regain(&group) {
            Ok((error, is_copy)) => {
                hear(News::Failed(error));
                if is_copy {
                    let unsent: Vec<Write> = group.iter().filter_map(Write::unsent).collect();
                    // Where that fails, the next run looks for what was never sent.
                    let _ = self.write(&unsent);
                }
                self.write_ends(group, waiting, hear);
            }
            Err(error) => {
                hear(News::Failed(error.clone()));
                self.trouble.rescue.renew();
                self.save(error, group, waiting, hear);
            }
        }
    }

    /// Gives what is to be said, and whether what is written from now on goes to a copy with all that was written before.
    pub(super) fn regain(&mut self, group: &[Write]) -> Result<(LedgerError, bool), LedgerError> {
        // Where that fails, another run holds the job: what is there is its own.
        let is_ours = self.trouble.lock.renew(self.ledger.path()).is_ok();
        let starts = group.iter().filter(|write| matches!(write, Write::Start { .. })).count();
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (starts, ends) = (count(starts), count(group.len() - starts));
        let written = RunWrites { job: self.job, run: self.run, starts, ends };
        let Regained { ledger, error, is_copy } = self.ledger.regain(is_ours, Some(written))?;
        self.ledger = ledger;
        self.trouble.rescue.renew();
        Ok((error, is_copy))
    }

    /// Starts nothing any more, but writes what comes of what is under way.
    fn write_ends(
        &mut self,
        mut group: Vec<Write>,
        waiting: &Receiver<Write>,
        mut hear: impl FnMut(News),
    ) {
        loop {
            let (ends, starts): (Vec<Write>, Vec<Write>) =
                group.into_iter().partition(|write| matches!(write, Write::End { .. }));
            match self.write(&ends) {
                Ok(acks) => hear(News::Durable(acks)),
                Err(error) => {
                    let error = self.ledger.storage("written", &error);
                    group = ends.into_iter().chain(starts).collect();
                    return self.save(error, group, waiting, hear);
                }
            }
            let starts = starts.iter().map(Write::slot).collect();
            hear(News::Unwritten { starts, ends: Vec::new() });
            match next_group(waiting) {
                Some(next) => group = next,
                None => return,
            }
        }
    }

    /// Writes nothing to the ledger any more. What is under way comes to its end all the same, and that is kept.
    pub(super) fn save(
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
            let kept = if lines.is_empty() { Ok(()) } else { self.trouble.rescue.keep(&lines) };
            match kept {
                Ok(()) => {
                    if !lines.is_empty() && !std::mem::replace(&mut is_told, true) {
                        hear(News::Note(saved(&self.trouble.rescue)));
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
    pub(super) fn persist(
        &mut self,
        group: &[Write],
        error: &rusqlite::Error,
        hear: &mut impl FnMut(News),
    ) -> Result<Vec<Ack>, LedgerError> {
        let began = Instant::now();
        let (mut error, mut wait) = (self.ledger.storage("written", error), FIRST_WAIT);
        let mut is_told = false;
        while error.may_pass() && !self.hurry.load(Ordering::Acquire) {
            let left = self.trouble.patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            if !std::mem::replace(&mut is_told, true) {
                hear(News::Note(trouble(&error, self.trouble.patience)));
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

fn trouble(error: &LedgerError, patience: Duration) -> String {
    format!(
        "{error}; nothing is sent until it can be, and it is tried again for {} s",
        patience.as_secs()
    )
}
