//! Rows that are not done, by what they were last sent for: counted by their causes, and the first of them by name.

use std::collections::BTreeMap;

use super::mask;
use crate::ledger::{Exported, Unfinished};
use crate::report::page::Mask;
use crate::row::{Cause, Doubt, Standing};

/// So many rows are named.
pub(super) const NAMED: usize = 200;
/// So many causes are told apart.
const CAUSES: usize = 200;
/// So much of a key, a lane or a message is told.
pub(super) const LONGEST: usize = 300;

/// A row that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RejectedRow {
    pub row: i64,
    pub line: i64,
    pub key: String,
    pub lane: String,
    pub state: Unfinished,
    pub attempts: i64,
    pub run: i64,
    pub cause: Option<Cause>,
}

/// Why rows are not done, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CauseCount {
    pub state: Unfinished,
    pub cause: Option<Cause>,
    pub rows: u64,
    /// The first of them.
    pub first: i64,
}

/// Rows that are not done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rejected {
    mask: Option<Mask>,
    first: BTreeMap<(i64, i64), RejectedRow>,
    causes: Vec<CauseCount>,
    /// Rows whose cause was one too many to be told apart.
    pub(super) other_causes: u64,
    rows: u64,
}

impl Rejected {
    /// With `mask`, nothing of a text or a key is kept.
    pub(crate) fn new(mask: bool) -> Self {
        Self { mask: mask.then(Mask::default), ..Self::default() }
    }

    /// Takes note of a request, which may be of a row that is not done.
    pub(crate) fn see(&mut self, request: &Exported) {
        let state = match request.standing() {
            _ if !request.is_last => return,
            Standing::Refused | Standing::GivenUp => Unfinished::Failed,
            Standing::Started
            | Standing::UnderWay
            | Standing::InDoubt
            | Standing::Contradictory => Unfinished::InDoubt,
            Standing::NotStarted
            | Standing::Deferred
            | Standing::Done
            | Standing::Dismissed
            | Standing::Undone => return,
        };
        self.rows += 1;
        let cause = request.cause().map(|cause| self.told(cause));
        self.count(state, cause.as_ref(), request.row);
        let place = (request.row, request.id);
        let is_among = |last: &(i64, i64)| place < *last;
        let is_full = self.first.len() == NAMED;
        if is_full && !self.first.last_key_value().is_some_and(|(last, _)| is_among(last)) {
            return;
        }
        if is_full {
            self.first.pop_last();
        }
        let row = RejectedRow {
            row: request.row,
            line: request.line,
            key: mask(self.mask, &request.key),
            lane: mask(None, &request.lane),
            state,
            attempts: request.attempt,
            run: request.run,
            cause,
        };
        self.first.insert(place, row);
    }

    /// A cause as it may be told.
    fn told(&self, cause: Cause) -> Cause {
        match self.mask {
            None => Cause { message: cause.message.map(|text| mask(None, &text)), ..cause },
            Some(_) => Cause { message: None, doubt: cause.doubt.map(without_words), ..cause },
        }
    }

    fn count(&mut self, state: Unfinished, cause: Option<&Cause>, row: i64) {
        // Each such doubt names another thing.
        let named = |doubt: &Doubt| doubt.word().contains(": ") && !is_of_list(doubt);
        let kind = cause.map(|cause| match &cause.doubt {
            Some(doubt) if named(doubt) => Cause { doubt: None, ..cause.clone() },
            _ => cause.clone(),
        });
        let is_full = self.causes.len() == CAUSES;
        match self.causes.iter_mut().find(|one| one.state == state && one.cause == kind) {
            Some(one) => {
                one.rows += 1;
                one.first = one.first.min(row);
            }
            None if is_full => self.other_causes += 1,
            None => self.causes.push(CauseCount { state, cause: kind, rows: 1, first: row }),
        }
    }

    /// Why rows are not done, the most frequent first.
    pub(super) fn causes(&self) -> Vec<&CauseCount> {
        let mut causes: Vec<&CauseCount> = self.causes.iter().collect();
        causes.sort_by_key(|one| (std::cmp::Reverse(one.rows), one.first));
        causes
    }

    /// The first of them, in the order of the source.
    pub(super) fn first(&self) -> impl Iterator<Item = &RejectedRow> {
        self.first.values()
    }

    /// How many of them are not among the first.
    pub(super) fn more(&self) -> u64 {
        self.rows - self.first.len() as u64
    }
}

fn is_of_list(doubt: &Doubt) -> bool {
    matches!(doubt, Doubt::ListRefused(_) | Doubt::ListUnread(_))
}

/// Without what others have said.
fn without_words(doubt: Doubt) -> Doubt {
    match doubt {
        Doubt::ListRefused(mut look) => {
            look.message = None;
            Doubt::ListRefused(look)
        }
        Doubt::ListUnread(mut look) => {
            look.message = None;
            Doubt::ListUnread(look)
        }
        other => other,
    }
}
