//! One row beside what the ledger knows of it: how it differs from what was sent, and what becomes of it.

use crate::declared::connector::{Connector, Counterpart, Effect, Operation, Repeat};
use crate::declared::job::InDoubt;
use crate::prepare::Ready;
use crate::row::{Known, RowState};
use crate::text::place::RowPlace;
use crate::text::spelling::is_same;

use super::decide::{Facts, Fate, Last, decide};
use super::missing::Deletes;
use super::row_problem::{RowProblem, TakenKey};

/// What the user has decided about rows that need a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    pub in_doubt: InDoubt,
    pub retry_failed: bool,
    /// A row is sent again of which what it had done was undone.
    pub undone: bool,
    /// So many rows are sent at the most.
    pub limit: u64,
    /// What a changed row has made is changed.
    pub updates: bool,
    /// A row is made anew that comes again after what it had made was deleted.
    pub comes_again: bool,
    /// What missing rows have made is deleted.
    pub deletes: Deletes,
}

impl Policy {
    /// Where only a part of the job's rows may be read for what they say.
    pub(super) fn for_rows(self, is_partly: bool) -> Self {
        Self { deletes: self.deletes.for_rows(is_partly), ..self }
    }

    /// Sends what is new and looks for what was lost, as a job does that says nothing else.
    pub(crate) const fn plain(in_doubt: InDoubt) -> Self {
        Self {
            in_doubt,
            retry_failed: false,
            undone: false,
            limit: u64::MAX,
            updates: false,
            comes_again: false,
            deletes: Deletes::Never,
        }
    }
}

/// How a row differs from what was last sent of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It does not, or nothing was sent.
    None,
    Content,
    /// It stands in another lane, or has another list, so what was sent is not where this would be.
    Lane,
    Operation,
}

/// A row when its fate is to be decided, but for its place among the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    pub connector: &'a Connector,
    pub operation: Option<&'a Operation>,
    /// None where no request can be made of the row.
    pub ready: Option<&'a Ready>,
    pub known: Option<&'a Known>,
    /// Whether the row comes back corrected, so that it is the row of its key, whatever it is for now.
    pub returned: bool,
}

impl Look<'_> {
    /// What was sent last under the row's key.
    pub(super) fn last(&self) -> Last {
        let (Some(known), Some(operation)) = (self.known, self.operation) else { return Last::Own };
        let is_last = |other: Option<Counterpart>| {
            other.is_some_and(|other| *other.operation.name == *known.operation)
        };
        match () {
            () if *operation.name == *known.operation => Last::Own,
            () if is_last(self.connector.update_of(operation)) => Last::Update,
            () if is_last(self.connector.delete_of(operation)) => Last::Delete,
            () => Last::Another,
        }
    }

    pub(super) fn change(&self) -> Change {
        let Some(known) = self.known else { return Change::None };
        if self.last() == Last::Another {
            return Change::Operation;
        }
        let Some(ready) = self.ready.filter(|ready| !ready.has_content(known.digest)) else {
            return Change::None;
        };
        let recover = self.operation.and_then(|operation| operation.recover.as_ref());
        let one_list = recover.is_none_or(|recover| recover.lists_lane);
        if is_same(&ready.lane, &known.lane) && one_list { Change::Content } else { Change::Lane }
    }

    /// That the row's key is the one of a row that is done and was another one; none where it is not.
    pub(super) fn taken_key(&self, place: &RowPlace, key: &str) -> Option<RowProblem> {
        let known = self.known.filter(|_| !self.returned).filter(|known| {
            (known.earlier.turn() == 1 || matches!(self.last(), Last::Own | Last::Update))
                && matches!(
                    known.earlier.state,
                    RowState::Succeeded { .. } | RowState::Dismissed { .. }
                )
        })?;
        let (then, now) = match self.change() {
            Change::Operation => (&*known.operation, &*self.operation?.name),
            Change::Lane => (&*known.lane, &*self.ready?.lane),
            Change::None | Change::Content => return None,
        };
        Some(RowProblem::KeyTaken(Box::new(TakenKey {
            place: place.clone(),
            key: key.to_owned(),
            then: then.to_owned(),
            now: now.to_owned(),
            dismissed: matches!(known.earlier.state, RowState::Dismissed { .. }),
        })))
    }

    /// The row's fate, as far as the rows before it let it.
    pub(super) fn fate(&self, policy: &Policy) -> Fate {
        let change = self.change();
        decide(&Facts {
            earlier: self.known.map(|known| &known.earlier),
            valid: self.ready.is_some_and(|ready| ready.valid),
            unchanged: change == Change::None,
            is_another: matches!(change, Change::Operation | Change::Lane) && !self.returned,
            last: self.last(),
            updates: policy.updates
                && !self.returned
                && self.known.is_some_and(|known| known.thing.is_some()),
            comes_again: policy.comes_again && !self.returned,
            effect: self.operation.map_or(Effect::Create, |operation| operation.effect),
            repeat: match (change, self.operation) {
                // What was another operation, or somewhere else, is not repeated by this.
                (Change::Operation | Change::Lane, _) | (_, None) => Repeat::Harmful,
                // Nor what was edited since: see below.
                (Change::Content, _) if self.returned => Repeat::Harmful,
                (_, Some(operation)) => operation.repeat,
            },
            // What was sent with another content is not found by this one, and the ledger keeps none.
            settles: change == Change::None
                && self.ready.is_some()
                && self.operation.is_some_and(|operation| operation.recover.is_some()),
            in_doubt: match policy.in_doubt {
                // That it was edited is no reason to send a row that may be there.
                InDoubt::Resend if self.returned && change != Change::None => InDoubt::Hold,
                in_doubt => in_doubt,
            },
            retry_failed: policy.retry_failed,
            undone: policy.undone,
        })
    }
}
