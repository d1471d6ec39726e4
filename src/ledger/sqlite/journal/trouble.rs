//! What the writer does when the ledger cannot be written, is not where it was, or is not what it was.
//!
//! What fails for a reason that may pass is tried again for as long as the caller has patience. Meanwhile nothing is
//! acknowledged, so nothing is sent. After that nothing is started any more, and outcomes go to the rescue file. A ledger
//! that was deleted is put back, takes what comes of requests under way, and nothing is started any more either; so it is
//! where an older state of the ledger was put in its place, or another run has taken the job.

use std::time::{Duration, Instant};

use rusqlite::params;

use super::rows::Group;
use super::{FileJournal, Homeless, Mode};
use crate::ledger::recorder::Write;
use crate::ledger::sqlite::presence::{Regained, RunWrites};
use crate::ledger::sqlite::rescue::Line;
use crate::ledger::{Ack, Deed, LedgerError, LedgerFault, LostOutcome, News, Note};
use crate::row::{AttemptEnd, Cause, Outcome, Reason, RowId};

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

impl FileJournal {
    /// The ledger was deleted, or another was put in its place: puts it back, and ends the run.
    pub(super) fn write_elsewhere(&mut self, group: Group, hear: &mut dyn FnMut(News)) {
        match self.regain(&group) {
            Ok((error, is_copy)) => {
                hear(News::Failed(error));
                self.mode = Mode::Closing;
                if is_copy {
                    self.withdraw(&group);
                }
                self.write_ends(group, hear);
            }
            Err(error) => {
                self.save(error, &group, hear);
            }
        }
    }

    /// Gives what is to be said, and whether what is written from now on goes to a copy with all that was written before.
    pub(super) fn regain(&mut self, group: &Group) -> Result<(LedgerError, bool), LedgerError> {
        // Where the job is not this run's own any more, what is there is another's.
        let is_ours = !matches!(self.mode, Mode::Overtaken) && self.keep_claim().is_ok();
        let starts = group.iter().filter(|(write, _)| matches!(write, Write::Start { .. })).count();
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (starts, ends) = (count(starts), count(group.len() - starts));
        let written = RunWrites { run: self.run, starts, ends };
        let Regained { ledger, error, is_copy } = self.ledger.regain(is_ours, Some(written))?;
        self.ledger = ledger;
        Ok((error, is_copy))
    }

    /// The job is not this run's own any more, and the group is not written.
    pub(super) fn lose_claim(
        &mut self,
        lost: LedgerError,
        group: Group,
        hear: &mut dyn FnMut(News),
    ) {
        hear(News::Failed(lost));
        self.mode = Mode::Overtaken;
        self.write_ends(group, hear);
    }

    /// Says of entries of rows that are not known that they are never written, and starts nothing any more.
    pub(super) fn refuse(&mut self, unknown: Vec<Write>, hear: &mut dyn FnMut(News)) {
        hear(News::Failed(LedgerError::Fault {
            ledger: self.ledger.location(),
            fault: LedgerFault::UnknownRow,
        }));
        if matches!(self.mode, Mode::Writing) {
            self.mode = Mode::Closing;
        }
        let is_start = |write: &Write| matches!(write, Write::Start { .. });
        let (starts, ends): (Vec<Write>, Vec<Write>) = unknown.into_iter().partition(is_start);
        let slots = |writes: Vec<Write>| writes.iter().map(Write::slot).collect();
        hear(News::Unwritten { starts: slots(starts), ends: slots(ends) });
    }

    /// An older state of the ledger has been put in its place. The starts and outcomes that the writer still knew are in it
    /// again; which others it has lost is not known, so nothing is started any more.
    pub(super) fn have_gone_back(
        &mut self,
        group: Group,
        homeless: Vec<usize>,
        hear: &mut dyn FnMut(News),
    ) {
        let error = LedgerError::WentBack { ledger: self.ledger.location() };
        let mode = match self.mode {
            Mode::Overtaken => Mode::Overtaken,
            _ => Mode::Closing,
        };
        self.end_written((error, mode), group, homeless, hear);
    }

    /// A group is written but for outcomes that have nowhere to go, and from now on nothing may leave.
    pub(super) fn end_written(
        &mut self,
        (error, mode): (LedgerError, Mode),
        group: Group,
        homeless: Vec<usize>,
        hear: &mut dyn FnMut(News),
    ) {
        hear(News::Failed(error.clone()));
        self.mode = mode;
        self.withdraw(&group);
        let (homeless, at_home) = group.split(&homeless);
        self.tell_of_written(&at_home, hear);
        if homeless.len() > 0 {
            let mut unsaved = Unsaved::new(error);
            self.keep_beside(&homeless, &mut unsaved, hear);
        }
    }

    /// Says of starts that are written and will never be acknowledged that nothing of them was sent.
    fn withdraw(&mut self, group: &Group) {
        let unsent = group.iter().filter_map(|(write, row)| Some((write.unsent()?, row)));
        let unsent: Group = unsent.collect();
        // Where that fails, the next run looks for what was never sent.
        let _ = self.try_write(&unsent);
    }

    /// A group is written, but none of its starts may leave.
    fn tell_of_written(&mut self, group: &Group, hear: &mut dyn FnMut(News)) {
        let is_start = |write: &Write| matches!(write, Write::Start { .. });
        let slots = |wanted: bool| -> Vec<usize> {
            let writes = group.iter().filter(|(write, _)| is_start(write) == wanted);
            writes.map(|(write, _)| write.slot()).collect()
        };
        let ended = slots(false).into_iter().map(|slot| Ack::Ended { slot });
        hear(News::Durable(ended.collect()));
        hear(News::Unwritten { starts: slots(true), ends: Vec::new() });
    }

    /// Starts nothing any more, but writes what comes of what is under way.
    pub(super) fn write_ends(&mut self, group: Group, hear: &mut dyn FnMut(News)) {
        let (ends, starts) = group.apart();
        let settled = match self.mode {
            Mode::Overtaken => self.settled_since(&ends),
            _ => Ok(Vec::new()),
        };
        let settled = match settled {
            Ok(settled) => settled,
            // What another has found out cannot be asked, so nothing is written beside it.
            Err(error) => {
                hear(News::Unwritten { starts: starts.slots(), ends: Vec::new() });
                return self.save(error, &ends, hear);
            }
        };
        let (late, ends) = ends.split(&settled);
        let late = late.slots();
        match self.write(&ends) {
            Ok(Homeless::Some(homeless)) if !homeless.is_empty() => {
                hear(News::Unwritten { starts: starts.slots(), ends: late });
                return self.have_gone_back(ends, homeless, hear);
            }
            Ok(_) => hear(News::Durable(ends.acks())),
            Err(error) => {
                hear(News::Unwritten { starts: starts.slots(), ends: late });
                return self.save(error, &ends, hear);
            }
        }
        hear(News::Unwritten { starts: starts.slots(), ends: late });
    }

    /// The places in a group of the outcomes of attempts which another run has dealt with since.
    fn settled_since(&self, ends: &Group) -> Result<Vec<usize>, LedgerError> {
        let query = "SELECT EXISTS (SELECT 1 FROM starts WHERE id = ?1 AND (number > ?2 OR (number = ?2 AND owner > ?3))) \
                     OR EXISTS (SELECT 1 FROM ends WHERE id = ?1 AND number = ?2 AND owner > ?3)";
        let is_settled = |row: RowId, number: u32| -> rusqlite::Result<bool> {
            let mut statement = self.ledger.connection.prepare_cached(query)?;
            statement.query_row(params![row.0, number, self.run.owner.0], |row| row.get(0))
        };
        let mut settled = Vec::new();
        for (at, (write, row)) in ends.iter().enumerate() {
            let Write::End { end, .. } = write else { continue };
            let asked = is_settled(row, end.number);
            if asked.map_err(|error| self.ledger.storage(Deed::Read, &error))? {
                settled.push(at);
            }
        }
        Ok(settled)
    }

    /// Writes nothing to the ledger any more. What is under way comes to its end all the same, and that is kept.
    pub(super) fn save(&mut self, error: LedgerError, group: &Group, hear: &mut dyn FnMut(News)) {
        hear(News::Failed(error.clone()));
        self.mode = Mode::Saving(Unsaved::new(error));
        self.save_group(group, hear);
    }

    pub(super) fn save_group(&mut self, group: &Group, hear: &mut dyn FnMut(News)) {
        // Taken out for the time being, since all of the writer is needed.
        if let Mode::Saving(mut unsaved) = std::mem::replace(&mut self.mode, Mode::Closing) {
            self.keep_beside(group, &mut unsaved, hear);
            self.mode = Mode::Saving(unsaved);
        }
    }

    /// Keeps the outcomes of a group in the rescue file.
    fn keep_beside(&mut self, group: &Group, unsaved: &mut Unsaved, hear: &mut dyn FnMut(News)) {
        let lines: Vec<Line> =
            group.iter().filter_map(|(write, row)| self.line(write, row)).collect();
        let kept = if lines.is_empty() { Ok(()) } else { self.trouble.rescue.keep(&lines) };
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for (write, _) in group.iter() {
            match write {
                Write::Start { slot, .. } => starts.push(*slot),
                Write::End { slot, .. } => ends.push(*slot),
            }
        }
        match kept {
            Ok(()) => {
                if !lines.is_empty() && !std::mem::replace(&mut unsaved.is_told, true) {
                    hear(News::Note(Note::Kept { path: self.trouble.rescue.path().into() }));
                }
                let ended = ends.drain(..).map(|slot| Ack::Ended { slot });
                hear(News::Durable(ended.collect()));
            }
            Err(fault) => hear(News::Failed(unsaved.add(&lines, &fault))),
        }
        hear(News::Unwritten { starts, ends });
    }

    /// What came of an attempt, for the rescue file.
    fn line(&self, write: &Write, row: RowId) -> Option<Line> {
        let Write::End { slot, end } = write else { return None };
        let key = self.rows.key(*slot).filter(|_| end.known.is_none()).map(str::to_owned);
        let key = key.or_else(|| self.ledger.key_of(row));
        Some(Line::new(row, key, self.run.owner, end))
    }

    /// Tries something until it goes well or patience is over.
    pub(super) fn patiently<T>(
        &mut self,
        hear: &mut dyn FnMut(News),
        mut attempt: impl FnMut(&mut Self) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut error = match attempt(self) {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let (began, patience, mut wait) = (Instant::now(), self.trouble.patience, FIRST_WAIT);
        let mut is_told = false;
        while error.may_pass() && !self.hurry.is_on() {
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            if !std::mem::replace(&mut is_told, true) {
                hear(News::Note(Note::Trouble { error: error.clone(), patience }));
            }
            self.hurry.pause(wait.min(left));
            wait = (wait * 2).min(LONGEST_WAIT);
            match attempt(self) {
                Ok(done) => {
                    hear(News::Note(Note::Mended { after: began.elapsed() }));
                    return Ok(done);
                }
                Err(again) => error = again,
            }
        }
        Err(error)
    }
}

/// What came of attempts while the ledger could not be written.
pub(super) struct Unsaved {
    cause: LedgerError,
    /// Whether it was told where outcomes are kept.
    is_told: bool,
    /// The first few outcomes that are written nowhere.
    known: Vec<LostOutcome>,
    count: usize,
}

impl Unsaved {
    fn new(cause: LedgerError) -> Self {
        Self { cause, is_told: false, known: Vec::new(), count: 0 }
    }

    fn add(&mut self, lines: &[Line], error: &std::io::Error) -> LedgerError {
        self.count += lines.len();
        let room = MOST_TOLD.saturating_sub(self.known.len());
        self.known.extend(lines.iter().filter_map(Line::lost).take(room));
        LedgerError::Unrecorded {
            cause: Box::new(self.cause.clone()),
            rescue: error.to_string(),
            known: self.known.clone(),
            count: self.count,
        }
    }
}
