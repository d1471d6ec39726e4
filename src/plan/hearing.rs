//! What is heard of a source while it is read: how many rows there are of what kind, and what is wrong, told in their order.
//!
//! Not for what becomes of a row.

use std::collections::HashSet;
use std::sync::Arc;

use crate::prepare::ToldOnce;
use crate::row::KeyHash;
use crate::source::Record;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::Readings;
use super::crew::WholeSource;
use super::filtered::Count;
use super::lacking::Lacking;
use super::repeats::{Repeats, tell_repeated_keys};
use super::row_problem::RowProblem;
use super::row_set::RowSet;
use super::survey::Checked;

/// What has been heard of a source so far.
pub(super) struct Hearing<'t> {
    pub(super) checked: Checked,
    pub(super) filtered: Count,
    told: ToldOnce,
    lacking: Lacking,
    /// Those that count as valid.
    valid: RowSet,
    tell: &'t mut dyn FnMut(RowProblem),
}

impl<'t> Hearing<'t> {
    pub(super) fn new(tell: &'t mut dyn FnMut(RowProblem)) -> Self {
        Self {
            checked: Checked::default(),
            filtered: Count::default(),
            told: ToldOnce::default(),
            lacking: Lacking::default(),
            valid: RowSet::default(),
            tell,
        }
    }

    /// A row that the condition of that number leaves out.
    pub(super) fn hear_filtered(&mut self, condition: usize) {
        self.checked.rows += 1;
        self.checked.filtered += 1;
        self.filtered.add(condition);
    }

    /// `row` is the how many row of the reading it is.
    pub(super) fn hear_row(&mut self, row: u64, valid: bool, problems: Vec<RowProblem>) {
        self.checked.rows += 1;
        self.checked.valid += u64::from(valid);
        if valid {
            self.valid.insert(row);
        }
        if problems.is_empty() && self.lacking.holds_nothing() {
            return;
        }
        let is_first = self.checked.rows == 1;
        let problems = self.lacking.hold_back(problems, is_first);
        problems.into_iter().for_each(|problem| self.hear(problem));
    }

    /// A problem of the file as a whole is no row.
    pub(super) fn hear_unreadable(&mut self, problem: Diagnostic) {
        let is_row = row_of(&problem) > 0;
        self.checked.rows += u64::from(is_row);
        self.checked.broken |= !is_row;
        self.checked.guessed |= problem.code == Code::UnclosedQuote;
        self.hear(problem.into());
    }

    fn hear(&mut self, problem: RowProblem) {
        let passes = match &problem {
            RowProblem::Written(problem) => self.told.lets_pass(problem),
            _ => true,
        };
        if passes {
            (self.tell)(problem);
        }
    }

    /// What only the whole source can tell.
    pub(super) fn hear_end(&mut self, readings: &Readings<'_>, read: Option<&WholeSource>) {
        let is_never_seen = |column: &str| {
            read.is_some_and(|read| readings.preparer.is_never_seen(&read.source, column))
        };
        let held = self.lacking.release(|column| !is_never_seen(column));
        held.into_iter().for_each(|problem| self.hear(problem));
        let Some(read) = read else { return };
        read.remarks.warnings().for_each(|warning| (self.tell)(warning.into()));
        for problem in readings.preparer.of_whole(&read.source) {
            self.checked.broken |= problem.is_error();
            (self.tell)(problem.into());
        }
    }

    /// Whether there are as many rows as there must be. Says so where there are none.
    pub(super) fn hear_count(&mut self, readings: &Readings<'_>) {
        let (rows, least) = (self.checked.rows, readings.job.min_rows);
        let source = Arc::clone(readings.job.rows.name());
        if rows < least {
            self.checked.broken = true;
            (self.tell)(RowProblem::TooFewRows { source, rows, least });
        } else if rows == 0 && !self.checked.broken {
            (self.tell)(RowProblem::NoRows { source });
        } else if rows > 0 && rows == self.checked.filtered {
            (self.tell)(RowProblem::NoneKept { source, rows });
        }
    }

    /// Gives how many rows come second with their key.
    pub(super) fn hear_repeats(
        &mut self,
        readings: &Readings<'_>,
        repeated: &HashSet<KeyHash>,
        is_corrected: &dyn Fn(&Record) -> bool,
    ) -> Repeats {
        if !readings.preparer.has_key() || repeated.is_empty() {
            return Repeats::default();
        }
        let valid = &mut self.valid;
        tell_repeated_keys(readings, repeated, valid, is_corrected, self.tell).unwrap_or_else(
            |problems| {
                self.checked.broken = true;
                problems.into_iter().for_each(|problem| (self.tell)(problem.into()));
                Repeats::default()
            },
        )
    }
}

/// The row of a problem; 0 for the file as a whole.
fn row_of(problem: &Diagnostic) -> u64 {
    match &problem.place {
        Place::Row(place) => place.row.row,
        _ => 0,
    }
}
