//! Rows that leave a field to a default that matters: counted by field and by why it is left, so that one warning tells of
//! all of them.
//!
//! Which fields these are, the connector says. A default is no mistake: the rows are sent.

use std::sync::Arc;

use crate::declared::connector::Remark;
use crate::source::Lines;
use crate::text::code::Code;
use crate::text::diagnostic::{CellPlace, Diagnostic, Place};

/// Why a field is left to its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Nothing fills it on any row.
    Unfilled,
    /// The row's cell is empty, or the row has none.
    EmptyCell,
    /// What the job says comes to nothing on the row.
    Nothing,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Defaults(Vec<Left>);

#[derive(Debug)]
struct Left {
    field: Arc<str>,
    why: Why,
    remark: Remark,
    /// The first row of all.
    first: CellPlace,
    rows: Lines,
}

impl Defaults {
    /// A row leaves a field to its default.
    pub(super) fn add(
        &mut self,
        (field, why): (&str, Why),
        remark: &Remark,
        line: u64,
        place: impl FnOnce() -> CellPlace,
    ) {
        let known = self.0.iter_mut().find(|left| *left.field == *field && left.why == why);
        if let Some(left) = known {
            left.rows.add(line);
            return;
        }
        let mut rows = Lines::default();
        rows.add(line);
        let remark = remark.clone();
        self.0.push(Left { field: field.into(), why, remark, first: place(), rows });
    }

    /// Takes in what was counted of rows that come later.
    pub(crate) fn append(&mut self, later: Self) {
        for left in later.0 {
            let is_it = |known: &&mut Left| known.field == left.field && known.why == left.why;
            match self.0.iter_mut().find(is_it) {
                Some(known) => known.rows.append(&left.rows),
                None => self.0.push(left),
            }
        }
    }

    /// A warning for each field and reason.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = Diagnostic> {
        self.0.iter().map(|left| {
            let Left { remark, first, rows, .. } = left;
            let count = match rows.count {
                1 => "1 row".to_owned(),
                count => format!("{count} rows"),
            };
            let why = match (left.why, &first.column) {
                (Why::EmptyCell, Some(column)) => {
                    format!("in {count} the cell `{column}` is empty")
                }
                (Why::EmptyCell, None) => format!("in {count} its cell is empty"),
                (Why::Nothing, _) => {
                    format!("in {count} what the job says of `{}` comes to nothing", left.field)
                }
                (Why::Unfilled, _) => format!("in {count} nothing fills `{}`", left.field),
            };
            let message = format!("{}: {why}: {}", remark.message, rows.lines());
            let warning =
                Diagnostic::warning(Code::ImplicitDefault, Place::Row(first.clone()), message);
            Diagnostic { hint: remark.hint.clone(), once: true, ..warning }
        })
    }
}
