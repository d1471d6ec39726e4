//! Rows whose texts are split: what became of the parts before a part, and whether another version of the row was sent.
//!
//! A part by itself is new where a text has grown by it, and yet the end of that text was sent before, in fewer parts or
//! whole. So a row is taken as one: where what was sent of it is not what it says now, nothing more of it is sent. Which
//! version was sent is asked of the ledger, and only for the first part that would be sent.
//!
//! Not for jobs without a key, in which a text that has changed is a new one.

use crate::ledger::LedgerError;
use crate::prepare::{Findings, key_of_part};
use crate::row::{Known, RowState};
use crate::source::{Record, Share};

use super::Readings;
use super::decide::{Done, Fate, Sending};
use super::look::{Change, Look, Policy};
use super::prior::Prior;

/// The row of which the parts come.
#[derive(Debug, Default)]
pub(super) struct PartedRow {
    /// Its first part is rejected, and is valid by itself or not.
    rejected: Option<Rejected>,
    /// Whether another version of it was sent, where that was asked.
    is_changed: Option<bool>,
}

/// How a first part that is rejected was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rejected {
    valid: bool,
}

/// What becomes of a part beside the others of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub fate: Fate,
    /// Whether nothing is wrong with it.
    pub valid: bool,
}

/// By what parts are decided.
pub(super) struct Asked<'a, 'p> {
    pub readings: &'a Readings<'a>,
    pub prior: Option<&'a Prior<'p>>,
    pub policy: &'a Policy,
}

impl PartedRow {
    /// What becomes of a row, or of a part of one, that would come to `part` by itself. Parts of a row come one after the other.
    pub(super) fn decide(
        &mut self,
        asked: &Asked<'_, '_>,
        record: &Record,
        part: Part,
    ) -> Result<Part, LedgerError> {
        if record.share.is_none_or(|share| share.number == 1) {
            let rejected = (part.fate == Fate::Reject).then_some(Rejected { valid: part.valid });
            *self = Self { rejected, is_changed: None };
        }
        if !matches!(part.fate, Fate::Send(Sending::Fresh | Sending::IfSettled)) {
            return Ok(part);
        }
        // A text does not begin with its second part.
        if let Some(Rejected { valid }) = self.rejected {
            return Ok(Part { fate: Fate::Reject, valid });
        }
        let is_changed = match self.is_changed {
            Some(is_changed) => is_changed,
            None => asked.was_sent_otherwise(record)?,
        };
        self.is_changed = Some(is_changed);
        Ok(if is_changed { Part { fate: Fate::Skip(Done::Changed), ..part } } else { part })
    }
}

impl Asked<'_, '_> {
    /// Whether something was sent of a row that is not in what it says now, or may have been.
    fn was_sent_otherwise(&self, record: &Record) -> Result<bool, LedgerError> {
        let Readings { preparer, now, .. } = *self.readings;
        let Some((prior, key)) = self.prior.zip(preparer.whole_key(record)) else {
            return Ok(false);
        };
        let count = record.share.map_or(1, |share| share.count);
        let mut other = None;
        let mut findings = Findings::default();
        for number in 1.. {
            let known = prior.known(&key_of_part(key.clone(), number))?;
            let Some((known, _)) = known else {
                match number > count {
                    true => break,
                    false => continue,
                }
            };
            if !may_have_acted(&known) {
                continue;
            }
            if number > count {
                return Ok(true);
            }
            let other = other.get_or_insert_with(|| record.clone());
            other.share = (count > 1).then_some(Share { number, count });
            let prepared = preparer.prepare(other, now, &mut findings);
            findings.problems.clear();
            let operation = prepared.operation().cloned();
            let ready = prepared.ready();
            let look = Look {
                connector: &self.readings.job.connector,
                operation: operation.as_deref(),
                ready: ready.as_ref(),
                known: Some(&known),
                returned: preparer.returns(),
            };
            // One that goes again as it is now, since the job says so, is of this version from then on.
            if look.change() != Change::None && !matches!(look.fate(self.policy), Fate::Send(_)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether something may be there of what was sent last of a row, or somebody has decided that nothing need be.
fn may_have_acted(known: &Known) -> bool {
    known.earlier.turn() > 1
        || match known.earlier.state {
            RowState::NotStarted
            | RowState::Deferred { .. }
            | RowState::Refused { .. }
            | RowState::GivenUp { .. } => false,
            RowState::Succeeded { .. }
            | RowState::Dismissed { .. }
            | RowState::Started { .. }
            | RowState::InDoubt { .. } => true,
        }
}
