//! The moves of a row whose attempt is over, one function each: from which phases it may start, and what it gives.

use super::slot::Phase;
use super::{Last, Refused, Rows};
use crate::event::{Fault, Happening, RowEnd, RowEnded};
use crate::row::{AttemptEnd, Cause, Outcome};
use crate::traffic::pace::Moment;

/// What becomes of a row whose attempt surely did not act, or is to be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::core) enum Later {
    /// It goes again at a moment.
    At(Moment),
    /// It goes again when its token is known to be good, or when no other row can tell.
    Suspect,
    /// It goes again in another run.
    AnotherRun,
}

/// Something of a row that something has become known of.
#[derive(Debug)]
pub(in crate::engine::core) struct Settled<T> {
    pub what: T,
    /// Whether the row was in doubt from an earlier run until now.
    pub was_in_earlier_doubt: bool,
}

impl Rows {
    /// A row's attempt surely did not act, or is to be repeated: the row goes again later, and the ledger is to have that.
    pub(crate) fn defer(
        &mut self,
        at: usize,
        outcome: Outcome,
        cause: Option<Cause>,
        later: Later,
        wall: i64,
    ) -> Result<Box<AttemptEnd>, Fault> {
        let end = self.shift(at, Happening::PutOff, |slot, phase| {
            let (Phase::Landed { .. } | Phase::Cleared) = phase else { return Err(phase.into()) };
            // What may have acted once may have acted, whatever became of the attempts since.
            let outcome = if slot.repeats() { Outcome::Lost } else { outcome };
            if let Err(transition) = slot.step(outcome.event(None)) {
                return Err(Refused { phase, transition: Some(transition) });
            }
            slot.ends_on_their_way += 1;
            let next = match later {
                Later::At(until) => Phase::Waiting { until, recovery: None },
                Later::Suspect => Phase::Suspect { recovery: None },
                Later::AnotherRun => Phase::Withdrawn,
            };
            Ok((next, slot.attempt_end(outcome, cause, None, wall)))
        })?;
        self.ends_on_their_way += 1;
        Ok(end)
    }

    /// A row's answer is lost, and the row is looked for: if that comes to no end, the ledger is to have why.
    pub(crate) fn lose(
        &mut self,
        at: usize,
        cause: Cause,
        wall: i64,
    ) -> Result<Box<AttemptEnd>, Fault> {
        let slot = self.slot_mut(at, Happening::Sought)?;
        slot.ends_on_their_way += 1;
        let end = slot.attempt_end(Outcome::Lost, Some(cause), None, wall);
        self.ends_on_their_way += 1;
        Ok(end)
    }

    /// A row has come to its end in this run, and the ledger is to have that. The next row of its lane may go, unless
    /// nothing may overtake this one.
    pub(crate) fn end(
        &mut self,
        at: usize,
        last: Last,
        wall: i64,
    ) -> Result<Settled<Box<AttemptEnd>>, Fault> {
        let outcome = last.outcome;
        let (lane, settled) = self.shift(at, Happening::Ended, |slot, phase| {
            if !phase.may_end() {
                return Err(phase.into());
            }
            if let Err(transition) = slot.step(outcome.event(None)) {
                return Err(Refused { phase, transition: Some(transition) });
            }
            slot.ends_on_their_way += 1;
            let Last { end, cause, id, items, .. } = last;
            let ended = slot.ended(end, cause.clone());
            let ended = Box::new(RowEnded { id: id.clone(), items, ..ended });
            let was_in_earlier_doubt = slot.leave_earlier_doubt();
            let what = slot.attempt_end(outcome, cause, id, wall);
            Ok((Phase::Ending(ended), (slot.lane, Settled { what, was_in_earlier_doubt })))
        })?;
        self.ends_on_their_way += 1;
        match outcome {
            // The row will be sent by another run, or its fate found out: until then nothing may overtake it.
            Outcome::GivenUp | Outcome::Lost => self.close(lane),
            // The ledger keeps the order of writes, so the lane's next row cannot overtake this outcome.
            _ => self.release(at, lane)?,
        }
        Ok(settled)
    }

    /// A row that waits in its lane has come to its end without a request, of which the ledger need not hear. Gives what is
    /// to be told, unless an end of an earlier attempt is still on its way to the ledger: then that is waited for.
    pub(crate) fn end_unsent(
        &mut self,
        at: usize,
        end: RowEnd,
        cause: Cause,
    ) -> Result<Settled<Option<RowEnded>>, Fault> {
        let (lane, waits, was_in_earlier_doubt) =
            self.shift(at, Happening::Ended, |slot, phase| match phase {
                Phase::Queued => {
                    let ended = Box::new(slot.ended(end, Some(cause)));
                    let was_in_earlier_doubt = slot.leave_earlier_doubt();
                    let given = (slot.lane, slot.ends_on_their_way > 0, was_in_earlier_doubt);
                    Ok((Phase::Ending(ended), given))
                }
                other => Err(other.into()),
            })?;
        match end {
            RowEnd::InDoubt => self.close(lane),
            _ => self.release(at, lane)?,
        }
        let what = if waits { None } else { self.forget(at) };
        Ok(Settled { what, was_in_earlier_doubt })
    }

    /// The ledger has an end of a row. Gives what is to be told where that was the row's last.
    pub(crate) fn ended(&mut self, at: usize) -> Result<Option<RowEnded>, Fault> {
        self.take_end(at, Happening::EndDurable)?;
        let slot = self.slot(at, Happening::EndDurable)?;
        let is_last = slot.ends_on_their_way == 0 && matches!(slot.phase, Phase::Ending(_));
        Ok(if is_last { self.forget(at) } else { None })
    }

    /// The ledger will never have an end of a row, which is in doubt from now on. It is not told: the run ends, or the
    /// row's lane is another's, and so is what is said of the row. Nothing behind it goes.
    pub(crate) fn not_ended(&mut self, at: usize) -> Result<Settled<()>, Fault> {
        self.take_end(at, Happening::EndUnwritten)?;
        let slot = self.slot_mut(at, Happening::EndUnwritten)?;
        slot.unrecorded = true;
        let (lane, was_in_earlier_doubt) = (slot.lane, slot.leave_earlier_doubt());
        if matches!(slot.phase, Phase::Ending(_)) {
            self.shift(at, Happening::EndUnwritten, |_, _| Ok((Phase::Withdrawn, ())))?;
        }
        self.close(lane);
        Ok(Settled { what: (), was_in_earlier_doubt })
    }

    /// An end that was given to the ledger is not on its way there any more.
    fn take_end(&mut self, at: usize, happening: Happening) -> Result<(), Fault> {
        let slot = self.slot_mut(at, happening)?;
        let left = slot.ends_on_their_way.checked_sub(1).ok_or_else(|| slot.fault(happening))?;
        slot.ends_on_their_way = left;
        self.ends_on_their_way -= 1;
        Ok(())
    }
}
