//! A row as expressions see it: its cells, and the job's named values, each made when it is first asked for and then kept.
//!
//! A named value sees the cells and the named values above it, so that none can go round in a circle. What a name means
//! is settled when an expression is compiled: a named value before a column.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::source::{Cell, Columns, Record};

use super::{Mapped, Origin, ValueError};

/// Where the value of a name is found on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// In a column.
    Column(usize),
    /// Among the named values.
    Named(usize),
}

/// A value of the job that has a name.
#[derive(Debug)]
pub(crate) struct NamedValue {
    pub name: Arc<str>,
    pub origin: Origin,
}

/// The named values of a row, as far as they were asked for.
#[derive(Debug)]
pub(crate) struct Kept<'p> {
    named: &'p [NamedValue],
    values: Box<[OnceCell<Result<Mapped<'static>, ValueError>>]>,
}

/// A row as expressions see it. See the module's text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'r, 'k> {
    pub record: &'r Record,
    pub columns: &'k Columns,
    kept: &'k Kept<'k>,
}

impl<'p> Kept<'p> {
    /// Nothing has been asked for yet.
    pub(crate) fn of(named: &'p [NamedValue]) -> Self {
        Self { named, values: named.iter().map(|_| OnceCell::new()).collect() }
    }
}

impl<'r, 'k> Row<'r, 'k> {
    pub(crate) fn new(record: &'r Record, columns: &'k Columns, kept: &'k Kept<'k>) -> Self {
        Self { record, columns, kept }
    }

    /// The cell of a column.
    pub(crate) fn cell(self, column: usize) -> Cell<'r> {
        self.record.cell(column)
    }

    /// A named value.
    pub(super) fn named(self, index: usize) -> Result<&'k Mapped<'static>, ValueError> {
        let slot = self.kept.values.get(index).zip(self.kept.named.get(index));
        // Every slot was given out for a value that is there.
        let Some((value, named)) = slot else { return Ok(&Mapped::Absent) };
        let made = value.get_or_init(|| named.origin.value(self).map(Mapped::into_owned));
        made.as_ref().map_err(Clone::clone)
    }

    /// The names of the first so many named values.
    pub(super) fn names(self, visible: usize) -> impl Iterator<Item = &'k Arc<str>> {
        self.kept.named.iter().take(visible).map(|named| &named.name)
    }
}

/// What names mean where an expression stands: the named values above it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope(Vec<(Arc<str>, Option<usize>)>);

impl Scope {
    /// A further named value, which all that is compiled from here on sees; and the one column that it depends on, if it
    /// does on one.
    pub(super) fn add(&mut self, name: &Arc<str>, column: Option<usize>) {
        self.0.push((Arc::clone(name), column));
    }

    /// The named value of a name.
    pub(super) fn find(&self, name: &str) -> Option<Slot> {
        self.0.iter().rposition(|(known, _)| **known == *name).map(Slot::Named)
    }

    /// The one column that the value in a slot depends on.
    pub(super) fn column(&self, slot: Slot) -> Option<usize> {
        match slot {
            Slot::Column(index) => Some(index),
            Slot::Named(index) => self.0.get(index).and_then(|(_, column)| *column),
        }
    }

    /// How many named values there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }
}
