//! The moves of a row from its lane to its answer, one function each: from which phases it may start, and what it gives.

use super::slot::Phase;
use super::{Flight, Refused, Rows};
use crate::event::{Fault, Happening};
use crate::row::{AttemptStart, Attempted};
use crate::traffic::pace::Moment;

impl Rows {
    /// The turn of a row has come: its attempt is to be entered in the ledger.
    pub(crate) fn begin(
        &mut self,
        at: usize,
        attempted: Attempted,
    ) -> Result<Box<AttemptStart>, Fault> {
        self.shift(at, Happening::Begun, |slot, phase| match phase {
            Phase::Queued => {
                let before = slot.state.clone();
                if let Err(transition) = slot.step(slot.next_start()) {
                    return Err(Refused { phase, transition: Some(transition) });
                }
                slot.attempted = attempted;
                Ok((Phase::Starting { before }, slot.attempt_start()))
            }
            other => Err(other.into()),
        })
    }

    /// The turn of a row has come, and it has to wait: the other side may still be at work on its last request.
    pub(crate) fn hold(&mut self, at: usize, until: Moment) -> Result<(), Fault> {
        self.shift(at, Happening::PutOff, |_, phase| match phase {
            Phase::Queued => Ok((Phase::Waiting { until, recovery: None }, ())),
            other => Err(other.into()),
        })
    }

    /// The turn of a row has come, and it waits until what it is about has been read.
    pub(crate) fn await_reading(&mut self, at: usize) -> Result<(), Fault> {
        self.shift(at, Happening::PutOff, |_, phase| match phase {
            Phase::Queued => Ok((Phase::Unread, ())),
            other => Err(other.into()),
        })
    }

    /// What a row is about has been read, or cannot be: its turn comes again.
    pub(crate) fn reading_ended(&mut self, at: usize) -> Result<(), Fault> {
        self.shift(at, Happening::Resumed, |_, phase| match phase {
            Phase::Unread => Ok((Phase::Queued, ())),
            other => Err(other.into()),
        })
    }

    /// The ledger has a row's start.
    pub(crate) fn started(&mut self, at: usize) -> Result<(), Fault> {
        self.shift(at, Happening::StartDurable, |_, phase| match phase {
            Phase::Starting { .. } => Ok((Phase::Cleared, ())),
            other => Err(other.into()),
        })
    }

    /// The ledger will never have a row's start: its request does not leave, nor does any behind it.
    pub(crate) fn not_started(&mut self, at: usize) -> Result<(), Fault> {
        let lane = self.shift(at, Happening::StartUnwritten, |slot, phase| match phase {
            Phase::Starting { before } => {
                slot.state = before;
                Ok((Phase::Withdrawn, slot.lane))
            }
            other => Err(other.into()),
        })?;
        self.close(lane);
        Ok(())
    }

    /// A row's request leaves.
    pub(crate) fn send(&mut self, at: usize, flight: Flight) -> Result<(), Fault> {
        self.shift(at, Happening::Sent, |slot, phase| match phase {
            Phase::Cleared => {
                slot.readings = 0;
                Ok((Phase::InFlight(flight), ()))
            }
            other => Err(other.into()),
        })
    }

    /// A row's request has come to an end.
    pub(crate) fn land(&mut self, at: usize) -> Result<Flight, Fault> {
        self.shift(at, Happening::Replied, |_, phase| match phase {
            Phase::InFlight(flight) => Ok((Phase::Landed { recovery: None }, flight)),
            other => Err(other.into()),
        })
    }

    /// A row has waited long enough, for another attempt or another look.
    pub(crate) fn resume(&mut self, at: usize) -> Result<(), Fault> {
        self.shift(at, Happening::Resumed, |_, phase| match phase {
            Phase::Waiting { recovery, .. } | Phase::Suspect { recovery } => Ok(match recovery {
                Some(recovery) => (Phase::Sought(recovery), ()),
                None => (Phase::Queued, ()),
            }),
            other => Err(other.into()),
        })
    }
}
