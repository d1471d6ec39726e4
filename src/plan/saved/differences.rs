//! How what a survey finds differs from what was planned: facts, for `report` to tell.

use crate::text::place::RowPlace;

/// So many rows of a kind are named.
const NAMED: usize = 5;

/// Some rows: how many, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SomeRows {
    pub count: u64,
    /// Row and line. A row that is gone has no line.
    pub first: Vec<(u64, Option<u64>)>,
}

impl SomeRows {
    pub(super) fn add(&mut self, place: &RowPlace) {
        self.put(place.row, Some(place.line));
    }

    pub(super) fn put(&mut self, row: u64, line: Option<u64>) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push((row, line));
        }
    }
}

/// What differs between a plan and what would be done now.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Rows that say something else than when the plan was made.
    pub changed: SomeRows,
    /// Rows that the plan does not have.
    pub added: SomeRows,
    /// Rows of the plan that the source does not have.
    pub gone: SomeRows,
    /// Rows that stand elsewhere than in the plan, where nothing else has changed.
    pub moved: SomeRows,
    /// Rows that were to be sent, and that another run has sent, or tried to.
    pub done_meanwhile: SomeRows,
    /// Rows that were to be sent and are invalid by now.
    pub invalid: SomeRows,
    /// Rows that were to be sent, and are not for a reason that lies in no run.
    pub kept_back: SomeRows,
    /// Rows that were not to be sent and would be.
    pub unplanned: SomeRows,
    /// Why the plan could not be read to its end, if so.
    pub unreadable: Option<std::io::Error>,
}

impl Differences {
    /// Whether exactly what was planned can be done.
    pub(crate) fn is_empty(&self) -> bool {
        let kinds = [
            &self.changed,
            &self.added,
            &self.gone,
            &self.moved,
            &self.done_meanwhile,
            &self.invalid,
            &self.kept_back,
            &self.unplanned,
        ];
        self.unreadable.is_none() && kinds.iter().all(|rows| rows.count == 0)
    }
}
