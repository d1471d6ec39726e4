//! Plain expressions, evaluated without the language: columns, filters on them, choices between them.
//!
//! `{{ note | trim }}` and `{{ 1 if remind else 0 }}` stand in most jobs and are evaluated for each row. A shortcut gives
//! what the language gives, or nothing: a failing time, a list, a very long text are left to the language, and so are
//! all other expressions. A test compares the two on random expressions and cells.

mod parse;

use std::borrow::Cow;

use crate::source::{Cell, Columns};

use super::expression::Names;
use super::filter::{Setting, Short};
use super::named::{Row, Scope, Slot};

/// A longer text is left to the language, which counts the work that texts make.
pub(super) const LONGEST_TEXT: usize = 64 * 1024;

/// A plain expression.
#[derive(Debug)]
pub(super) struct Shortcut {
    root: Step,
}

/// A value of a plain expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Nothing,
    Bool(bool),
    Integer(i64),
    Text(Cow<'a, str>),
}

#[derive(Debug)]
enum Step {
    Of(Slot),
    Literal(Scalar<'static>),
    Filter { of: Box<Step>, short: Short, arguments: Vec<Scalar<'static>> },
    Choice { test: Box<Test>, then: Box<Step>, otherwise: Box<Step> },
}

/// What a choice hangs on: a value that is something, or one that equals another.
#[derive(Debug)]
struct Test {
    left: Step,
    /// What it is compared with, and whether it has to be equal.
    right: Option<(Step, bool)>,
    negated: bool,
}

impl Shortcut {
    /// The shortcut of an expression that is known to be good; none where it is not plain.
    pub(super) fn find(
        text: &str,
        names: &Names,
        columns: &Columns,
        scope: &Scope,
    ) -> Option<Self> {
        let column = |name: &str| {
            let named = names.columns.iter().find(|(known, _)| **known == *name);
            named.map(|(_, slot)| *slot)
        };
        let in_row = |name: &str| {
            let found = scope.find(name).or_else(|| columns.index(name).map(Slot::Column));
            found.filter(|_| names.whole_row)
        };
        parse::expression(text, &column, &in_row).map(|root| Self { root })
    }

    /// The value on a row; none where only the language knows.
    pub(super) fn value<'a>(&'a self, row: Row<'a, '_>, setting: &Setting) -> Option<Scalar<'a>> {
        self.root.value(row, setting)
    }
}

impl Step {
    fn value<'a>(&'a self, row: Row<'a, '_>, setting: &Setting) -> Option<Scalar<'a>> {
        match self {
            Self::Of(Slot::Column(index)) => of_cell(row.cell(*index)),
            Self::Of(Slot::Named(index)) => row.named(*index).ok()?.to_scalar(),
            Self::Literal(value) => Some(value.borrowed()),
            Self::Filter { of, short, arguments } => {
                short(of.value(row, setting)?, arguments, setting)
            }
            Self::Choice { test, then, otherwise } => {
                let chosen = if test.holds(row, setting)? { then } else { otherwise };
                chosen.value(row, setting)
            }
        }
    }
}

impl Test {
    fn holds(&self, row: Row<'_, '_>, setting: &Setting) -> Option<bool> {
        let left = self.left.value(row, setting)?;
        let holds = match &self.right {
            None => left.is_true(),
            Some((right, equal)) => match (left, right.value(row, setting)?) {
                (Scalar::Text(left), Scalar::Text(right)) => (left == right) == *equal,
                (Scalar::Integer(left), Scalar::Integer(right)) => (left == right) == *equal,
                (Scalar::Nothing, Scalar::Nothing) => *equal,
                _ => return None,
            },
        };
        Some(holds != self.negated)
    }
}

impl Scalar<'_> {
    /// Whether it is something, as `if` understands it.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Bool(value) => *value,
            Self::Integer(number) => *number != 0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// Appends the value as a text around it shows it.
    pub(super) fn write(&self, into: &mut String) {
        match self {
            Self::Nothing => {}
            Self::Bool(value) => into.push_str(if *value { "true" } else { "false" }),
            Self::Integer(number) => into.push_str(&number.to_string()),
            Self::Text(text) => into.push_str(text),
        }
    }

    pub(super) fn borrowed(&self) -> Scalar<'_> {
        match self {
            Self::Nothing => Scalar::Nothing,
            Self::Bool(value) => Scalar::Bool(*value),
            Self::Integer(number) => Scalar::Integer(*number),
            Self::Text(text) => Scalar::Text(Cow::Borrowed(text)),
        }
    }
}

fn of_cell(cell: Cell<'_>) -> Option<Scalar<'_>> {
    match cell {
        Cell::Absent | Cell::Null => Some(Scalar::Nothing),
        Cell::Bool(value) => Some(Scalar::Bool(value)),
        Cell::Number(text) => text.parse().ok().map(Scalar::Integer),
        Cell::Text(text) if text.len() <= LONGEST_TEXT => Some(Scalar::Text(text.into())),
        Cell::Text(_) | Cell::Json(_) | Cell::Shared(_) => None,
    }
}
