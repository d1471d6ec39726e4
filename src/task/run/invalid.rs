//! Rows that a run leaves out since they are invalid, as it finds them: the first thing that is wrong with each, for the ledger.

use crate::ledger::{INVALID_KEPT, InvalidRow};
use crate::text::diagnostic::{Diagnostic, Place};

/// The first of the rows, in the order in which they are told.
#[derive(Debug, Default)]
pub(super) struct Invalid {
    rows: Vec<InvalidRow>,
}

impl Invalid {
    /// Takes note of what is wrong, if that is a row's.
    pub(super) fn hear(&mut self, problem: &Diagnostic) {
        let Place::Row(place) = &problem.place else { return };
        if !problem.is_error() || self.rows.len() == INVALID_KEPT {
            return;
        }
        let is_same = self.rows.last().is_some_and(|last| {
            last.place.row == place.row.row && last.place.line == place.row.line
        });
        if !is_same {
            let code = problem.code.word();
            let column = place.column.as_deref();
            self.rows.push(InvalidRow::new(place.row.clone(), column, code, &problem.message));
        }
    }

    pub(super) fn rows(&self) -> &[InvalidRow] {
        &self.rows
    }
}
