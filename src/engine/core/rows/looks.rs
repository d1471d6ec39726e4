//! The moves of a row that is looked for, one function each: from which phases it may start, and what it gives.

use std::time::Duration;

use serde_json::Value;

use super::slot::Phase;
use super::{ControlLook, ControlOf, Flight, Recovery, Rows};
use crate::engine::core::lists::{Bearer, Witness};
use crate::event::{Fault, Happening};
use crate::recover::{Circumstances, Control, Dated, Kind, Lookup};
use crate::row::Holdings;
use crate::traffic::pace::Moment;

impl Rows {
    /// A row is to be looked for before its lane goes on.
    pub(crate) fn seek(&mut self, at: usize, recovery: Box<Recovery>) -> Result<(), Fault> {
        self.shift(at, Happening::Sought, |_, phase| match phase {
            Phase::Queued | Phase::Landed { recovery: None } => Ok((Phase::Sought(recovery), ())),
            other => Err(other.into()),
        })
    }

    /// A row is to be looked for at a moment that is still to come.
    pub(crate) fn seek_at(
        &mut self,
        at: usize,
        recovery: Box<Recovery>,
        until: Moment,
    ) -> Result<(), Fault> {
        self.shift(at, Happening::Sought, |_, phase| match phase {
            Phase::Landed { recovery: None } => {
                Ok((Phase::Waiting { until, recovery: Some(recovery) }, ()))
            }
            other => Err(other.into()),
        })
    }

    /// A look for a row leaves.
    pub(crate) fn look(&mut self, at: usize, flight: Flight) -> Result<(), Fault> {
        self.shift(at, Happening::LookSent, |_, phase| match phase {
            Phase::Sought(mut recovery) => {
                recovery.began.get_or_insert(flight.sent_at);
                Ok((Phase::Looking { flight, recovery }, ()))
            }
            other => Err(other.into()),
        })
    }

    /// What a look will show is older than the look.
    pub(crate) fn age_look(&mut self, at: usize, age: Duration) -> Result<(), Fault> {
        let slot = self.slot_mut(at, Happening::Looked)?;
        let fault = slot.fault(Happening::Looked);
        let Phase::Looking { flight, recovery } = &mut slot.phase else { return Err(fault) };
        let shown = Moment(flight.sent_at.0.saturating_sub(age));
        recovery.began = recovery.began.map(|began| began.min(shown));
        recovery.is_aged |= shown <= recovery.left.unwrap_or_default();
        recovery.age = recovery.age.max(age);
        Ok(())
    }

    /// A look for a row has come to an end.
    pub(crate) fn land_look(&mut self, at: usize) -> Result<Flight, Fault> {
        self.shift(at, Happening::Looked, |_, phase| match phase {
            Phase::Looking { flight, recovery } => {
                Ok((Phase::Landed { recovery: Some(recovery) }, flight))
            }
            other => Err(other.into()),
        })
    }

    /// The search that goes on for a row whose look has come to an end.
    pub(crate) fn recovery_mut(&mut self, at: usize) -> Result<&mut Recovery, Fault> {
        let slot = self.slot_mut(at, Happening::Looked)?;
        let fault = slot.fault(Happening::Looked);
        match &mut slot.phase {
            Phase::Landed { recovery: Some(recovery) } => Ok(recovery),
            _ => Err(fault),
        }
    }

    /// What follows from a page of the list. `owned` is what rows own of it, and of the lane, `wall` is now by this
    /// machine's clock, `remote` by the other side's, `dated` is of another list, and a request may take so long.
    pub(crate) fn weigh(
        &mut self,
        at: usize,
        items: &[Value],
        owned: Holdings,
        (wall, remote): (i64, Option<i64>),
        (dated, longest_request): (Option<Dated>, Duration),
    ) -> Result<Lookup, Fault> {
        let slot = self.slot_mut(at, Happening::Looked)?;
        let fault = slot.fault(Happening::Looked);
        match (&mut slot.phase, slot.work.ready.operation.recover.as_ref()) {
            (Phase::Landed { recovery: Some(recovery) }, Some(recover)) => {
                let attempted = slot.attempted;
                let span = longest_request + slot.work.ready.operation.sure_after;
                let known = Circumstances { holdings: owned, attempted, wall, remote, dated, span };
                Ok(recovery.search.take(recover, items, known))
            }
            _ => Err(fault),
        }
    }

    /// The next page of the list is to be looked at.
    pub(crate) fn look_on(&mut self, at: usize) -> Result<(), Fault> {
        self.shift(at, Happening::Sought, |_, phase| match phase {
            Phase::Landed { recovery: Some(recovery) } => Ok((Phase::Sought(recovery), ())),
            other => Err(other.into()),
        })
    }

    /// The same page is to be looked at once more, at a moment.
    pub(crate) fn look_again(&mut self, at: usize, until: Moment) -> Result<(), Fault> {
        self.shift(at, Happening::PutOff, |_, phase| match phase {
            Phase::Landed { recovery: Some(recovery) } => {
                Ok((Phase::Waiting { until, recovery: Some(recovery) }, ()))
            }
            other => Err(other.into()),
        })
    }

    /// The list is to be read from its first page on, whose number is given as far as it is known, at a moment.
    pub(crate) fn look_anew(
        &mut self,
        at: usize,
        until: Moment,
        first_page: Option<u32>,
    ) -> Result<(), Fault> {
        self.shift(at, Happening::PutOff, |slot, phase| match phase {
            Phase::Landed { recovery: Some(recovery) } => {
                let recovery = Some(recovery.anew(&slot.work, first_page));
                Ok((Phase::Waiting { until, recovery }, ()))
            }
            other => Err(other.into()),
        })
    }

    /// Likewise, at once, of a row that has waited.
    pub(crate) fn search_anew(&mut self, at: usize, first_page: u32) -> Result<(), Fault> {
        self.shift(at, Happening::Sought, |slot, phase| match phase {
            Phase::Sought(recovery) => {
                Ok((Phase::Sought(recovery.anew(&slot.work, Some(first_page))), ()))
            }
            other => Err(other.into()),
        })
    }

    /// A row that is to be looked for waits: what lists are worth is not known.
    pub(crate) fn await_control(
        &mut self,
        at: usize,
        needs_text: bool,
        until: Moment,
    ) -> Result<(), Fault> {
        self.shift(at, Happening::PutOff, |_, phase| match phase {
            Phase::Landed { recovery: Some(mut recovery) } | Phase::Sought(mut recovery) => {
                recovery.control = ControlOf::Awaited { needs_text };
                Ok((Phase::Waiting { until, recovery: Some(recovery) }, ()))
            }
            other => Err(other.into()),
        })
    }

    /// What lists are worth is found out before a row is looked for any further: at once where no moment is given.
    pub(crate) fn look_for(
        &mut self,
        at: usize,
        witness: Witness,
        until: Option<Moment>,
    ) -> Result<(), Fault> {
        self.shift(at, Happening::Sought, |slot, phase| match phase {
            Phase::Landed { recovery: Some(mut recovery) } | Phase::Sought(mut recovery) => {
                let control = match (&slot.work.ready.operation.recover, witness.bearer) {
                    (Some(recover), Bearer::Ledger) => {
                        Control::of_kind(Kind::of_row(recover, &slot.work.ready.fields))
                    }
                    _ => Control::new(),
                };
                recovery.control = ControlOf::Of(Box::new(ControlLook { control, witness }));
                Ok(match until {
                    Some(until) => (Phase::Waiting { until, recovery: Some(recovery) }, ()),
                    None => (Phase::Sought(recovery), ()),
                })
            }
            other => Err(other.into()),
        })
    }

    /// The token of a look was refused: other rows are tried first.
    pub(crate) fn suspect_look(&mut self, at: usize) -> Result<(), Fault> {
        self.shift(at, Happening::PutOff, |_, phase| match phase {
            Phase::Landed { recovery: Some(recovery) } => {
                Ok((Phase::Suspect { recovery: Some(recovery) }, ()))
            }
            other => Err(other.into()),
        })
    }
}
