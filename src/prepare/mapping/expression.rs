//! One `{{ … }}`, compiled once and evaluated on each row that needs it.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object};
use minijinja::{Environment, Error, Expression, Value};
use self_cell::self_cell;

use crate::source::{Cell, Columns, Record};

use super::filter::{self, Setting};
use super::lazy;
use super::scan::find_word;
use super::shortcut::{Scalar, Shortcut};
use super::{ROW, ValueError};

type Borrowed<'e> = Expression<'e, 'static>;

self_cell!(
    /// An expression together with the language that it borrows from.
    pub(super) struct Owned {
        owner: Arc<Environment<'static>>,
        #[covariant]
        dependent: Borrowed,
    }
);

impl Owned {
    pub(super) fn compile(
        environment: &Arc<Environment<'static>>,
        text: &str,
    ) -> Result<Self, Error> {
        Self::try_new(Arc::clone(environment), |environment| {
            environment.compile_expression_owned(text.to_owned())
        })
    }

    pub(super) fn expression(&self) -> &Borrowed<'_> {
        self.borrow_dependent()
    }
}

/// The columns that an expression names, and whether it asks for the whole row.
pub(super) struct Names {
    pub(super) columns: Arc<[(Arc<str>, usize)]>,
    pub(super) whole_row: bool,
    /// The column that all of its `row["…"]` and `row.…` name, if it is one.
    pub(super) of_row: Option<usize>,
}

/// A compiled expression and the columns it needs.
pub(crate) struct Compiled {
    owned: Owned,
    names: Names,
    text: String,
    shortcut: Option<Shortcut>,
    setting: Arc<Setting>,
}

/// What an expression comes to on a row.
pub(super) enum Evaluated<'a> {
    Scalar(Scalar<'a>),
    Value(Value),
}

impl Compiled {
    pub(super) fn new(
        owned: Owned,
        names: Names,
        text: &str,
        shortcut: Option<Shortcut>,
        setting: Arc<Setting>,
    ) -> Self {
        Self { owned, names, text: text.to_owned(), shortcut, setting }
    }

    /// The column it depends on, if that is exactly one.
    pub(crate) fn only_column(&self) -> Option<usize> {
        match (&*self.names.columns, self.names.whole_row) {
            ([(_, index)], false) => Some(*index),
            ([], true) => self.names.of_row,
            _ => None,
        }
    }

    /// Whether it depends on no column.
    pub(super) fn is_of_job(&self) -> bool {
        self.names.columns.is_empty() && !self.names.whole_row
    }

    /// Whether it depends on a column. Where it asks for the whole row, it is taken to use the columns it spells.
    pub(super) fn uses(&self, column: usize, name: &str) -> bool {
        self.names.columns.iter().any(|(_, index)| *index == column)
            || (self.names.whole_row && find_word(&self.text, name).is_some())
    }

    /// The value on a row: by the shortcut, where there is one that is sure of it.
    pub(super) fn evaluate<'a>(
        &'a self,
        record: &'a Record,
        columns: &Columns,
    ) -> Result<Evaluated<'a>, ValueError> {
        match self.short(record) {
            Some(value) => Ok(Evaluated::Scalar(value)),
            None => self.evaluate_fully(record, columns).map(Evaluated::Value),
        }
    }

    /// The value on a row as the shortcut has it; none where there is no shortcut, or it is not sure.
    pub(super) fn short<'a>(&'a self, record: &'a Record) -> Option<Scalar<'a>> {
        self.shortcut.as_ref()?.value(record, &self.setting)
    }

    /// The value on a row, as the language has it.
    pub(super) fn evaluate_fully(
        &self,
        record: &Record,
        columns: &Columns,
    ) -> Result<Value, ValueError> {
        let indexes = self.names.columns.iter().map(|(_, index)| *index);
        let context = Context {
            columns: Arc::clone(&self.names.columns),
            values: indexes.map(|index| cell_value(record.cell(index))).collect(),
            row: self.names.whole_row.then(|| Value::from_object(WholeRow::new(record, columns))),
        };
        let value = self.owned.expression().eval(Value::from_object(context));
        let value = value.map_err(|error| self.explain(&error))?;
        if value.is_undefined() {
            return Err(ValueError::Undefined { expression: self.text.trim().to_owned() });
        }
        Ok(value)
    }

    fn explain(&self, error: &Error) -> ValueError {
        if let Some(time) = filter::time_error(error) {
            return ValueError::Time(time.clone());
        }
        let words = match error.detail() {
            Some(detail) => format!("`{}`: {}", self.text.trim(), in_words(detail)),
            None => format!("`{}` cannot be evaluated: {}", self.text.trim(), error.kind()),
        };
        ValueError::Evaluation { words }
    }
}

/// What the language says, with the names of its types as people call them.
fn in_words(detail: &str) -> String {
    let word = |word: &str| match word {
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number from 0".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "bool" => "true or false".to_owned(),
        "String" | "&str" | "str" | "string" => "text".to_owned(),
        other => other.to_owned(),
    };
    detail.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

impl fmt::Debug for Compiled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Compiled").field(&self.text).finish()
    }
}

/// What an expression sees: the columns it names, and perhaps the whole row.
#[derive(Debug)]
struct Context {
    columns: Arc<[(Arc<str>, usize)]>,
    values: Vec<Value>,
    row: Option<Value>,
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let at = self.columns.iter().position(|(name, _)| **name == *key);
        match at {
            Some(at) => self.values.get(at).cloned(),
            None if key == ROW => self.row.clone(),
            None => None,
        }
    }
}

/// `row`: every column by its name.
#[derive(Debug)]
struct WholeRow {
    columns: Columns,
    values: Vec<Value>,
}

impl WholeRow {
    fn new(record: &Record, columns: &Columns) -> Self {
        let values =
            (0..columns.names().len()).map(|index| cell_value(record.cell(index))).collect();
        Self { columns: columns.clone(), values }
    }
}

impl Object for WholeRow {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.columns.index(key.as_str()?).and_then(|index| self.values.get(index)).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.columns.names().iter().map(|name| Value::from(name.as_ref())).collect(),
        )
    }
}

fn cell_value(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Absent | Cell::Null => Value::from(()),
        Cell::Bool(value) => Value::from(value),
        Cell::Number(text) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::from(number),
            // Digits beyond what a number holds stay text, so that nothing is lost.
            _ if text.bytes().all(|byte| byte.is_ascii_digit()) => Value::from(text),
            (_, Ok(number)) => Value::from(number),
            _ => Value::from(text),
        },
        Cell::Text(text) => Value::from(text),
        Cell::Json(value) => Value::from(minijinja::value::Serde(value)),
        Cell::Shared(value) => lazy::value(value),
    }
}
