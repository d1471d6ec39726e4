//! One `{{ … }}`, compiled once and evaluated on each row that needs it.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object};
use minijinja::{Environment, Error, ErrorKind, Expression, Value};
use self_cell::self_cell;

use crate::source::{Cell, Columns};

use super::comparison::{self, Comparison, Misread};
use super::filter::{self, MissingKey, Setting};
use super::joined;
use super::lazy;
use super::named::{NamedValue, Row, Slot};
use super::scan::find_word;
use super::shortcut::{Scalar, Shortcut};
use super::template::Template;
use super::{ROW, ValueError, on_line};

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
        let written = Self::of(environment, text)?;
        let marked = joined::marked(text).and_then(|text| Self::of(environment, &text).ok());
        Ok(marked.unwrap_or(written))
    }

    fn of(environment: &Arc<Environment<'static>>, text: &str) -> Result<Self, Error> {
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
    pub(super) columns: Arc<[(Arc<str>, Slot)]>,
    /// The one column that it depends on, if that is exactly one.
    pub(super) only_column: Option<usize>,
    /// So many named values stand above it.
    pub(super) visible: usize,
    pub(super) whole_row: bool,
    /// The column that all of its `row["…"]` and `row.…` name, if it is one.
    pub(super) of_row: Option<usize>,
}

/// What is evaluated.
pub(super) enum Program {
    Expression(Owned),
    Template(Template),
}

/// A compiled expression, or a text with statements, and the columns it needs.
pub(crate) struct Compiled {
    program: Program,
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
        program: Program,
        names: Names,
        text: &str,
        shortcut: Option<Shortcut>,
        setting: Arc<Setting>,
    ) -> Self {
        Self { program, names, text: text.to_owned(), shortcut, setting }
    }

    /// The column it depends on, if that is exactly one.
    pub(crate) fn only_column(&self) -> Option<usize> {
        match (&*self.names.columns, self.names.whole_row) {
            (_, false) => self.names.only_column,
            ([], true) => self.names.of_row,
            _ => None,
        }
    }

    /// The comparison of a column with a text that is in it, if there is one.
    pub(super) fn comparison(&self) -> Option<Comparison<'_>> {
        let named = |name: &str| self.names.columns.iter().any(|(column, _)| **column == *name);
        comparison::with_text(&self.text, |name| named(name) || self.names.whole_row)
    }

    /// A column of the source that is taken for true, false or a number in it, if there is one.
    pub(super) fn misread(&self) -> Option<Misread<'_>> {
        let is_column = |name: &str| {
            let mut columns = self.names.columns.iter();
            let found = columns.find(|(column, _)| **column == *name);
            found.map_or(self.names.whole_row, |(_, slot)| matches!(slot, Slot::Column(_)))
        };
        comparison::misread(&self.text, is_column)
    }

    /// Whether it depends on no column.
    pub(super) fn is_of_job(&self) -> bool {
        self.names.columns.is_empty() && !self.names.whole_row
    }

    /// Whether it depends on a column. Where it asks for the whole row, it is taken to use the columns it spells.
    pub(super) fn uses(&self, column: usize, name: &str) -> bool {
        self.names.columns.iter().any(|(_, slot)| *slot == Slot::Column(column))
            || (self.names.whole_row && find_word(&self.text, name).is_some())
    }

    /// The named values that it depends on. Where it asks for the whole row, those that it spells.
    pub(super) fn named<'n>(
        &self,
        named: &'n [NamedValue],
    ) -> impl Iterator<Item = &'n NamedValue> {
        let spelled = |name: &str| self.names.whole_row && find_word(&self.text, name).is_some();
        named.iter().take(self.names.visible).enumerate().filter_map(move |(at, value)| {
            let is_named = self.names.columns.iter().any(|(_, slot)| *slot == Slot::Named(at));
            (is_named || spelled(&value.name)).then_some(value)
        })
    }

    /// The value on a row: by the shortcut, where there is one that is sure of it.
    pub(super) fn evaluate<'a>(&'a self, row: Row<'a, '_>) -> Result<Evaluated<'a>, ValueError> {
        match self.short(row) {
            Some(value) => Ok(Evaluated::Scalar(value)),
            None => self.evaluate_fully(row).map(Evaluated::Value),
        }
    }

    /// The value on a row as the shortcut has it; none where there is no shortcut, or it is not sure.
    pub(super) fn short<'a>(&'a self, row: Row<'a, '_>) -> Option<Scalar<'a>> {
        self.shortcut.as_ref()?.value(row, &self.setting)
    }

    /// The value on a row, as the language has it.
    pub(super) fn evaluate_fully(&self, row: Row<'_, '_>) -> Result<Value, ValueError> {
        let slots = self.names.columns.iter().map(|(_, slot)| *slot);
        let whole = || Value::from_object(WholeRow::new(row, self.names.visible));
        let context = Context {
            columns: Arc::clone(&self.names.columns),
            values: slots.map(|slot| slot_value(row, slot)).collect(),
            row: self.names.whole_row.then(whole),
        };
        let context = Value::from_object(context);
        let value = match &self.program {
            Program::Expression(owned) => owned.expression().eval(context),
            Program::Template(template) => template.render(context).map(Value::from),
        };
        let value = value.map_err(|error| self.explain(&error))?;
        if value.is_undefined() {
            return Err(ValueError::Undefined {
                expression: self.text.trim().to_owned(),
                line: None,
            });
        }
        Ok(value)
    }

    /// What is wrong with its value, in words.
    pub(super) fn at_fault(&self, words: &str) -> String {
        format!("{}: {words}", on_line(self.text.trim(), None))
    }

    fn explain(&self, error: &Error) -> ValueError {
        if let Some(time) = filter::time_error(error) {
            return ValueError::Time(time.clone());
        }
        if let Some(missing) = source_of::<MissingKey>(error) {
            return ValueError::Lookup(missing.clone());
        }
        // What is wrong with a named value is that, wherever it is used.
        if let Some(of_named) = source_of::<ValueError>(error) {
            return of_named.clone();
        }
        let shown = match &self.program {
            Program::Expression(_) => on_line(self.text.trim(), None),
            Program::Template(template) => {
                let part = error.range().and_then(|range| template.part(range));
                let (part, line) = part.unwrap_or(("{% … %}", None));
                if error.kind() == ErrorKind::UndefinedError {
                    return ValueError::Undefined { expression: part.to_owned(), line };
                }
                on_line(part, line)
            }
        };
        let words = match (error.kind(), error.detail()) {
            (ErrorKind::OutOfFuel, _) => format!(
                "{shown} takes too much work: a loop goes on for too long, or a text is very long"
            ),
            (_, Some(detail)) => format!("{shown}: {}", in_words(detail)),
            (kind, None) => format!("{shown} cannot be evaluated: {kind}"),
        };
        ValueError::Evaluation { words }
    }
}

/// The error of a kind that an evaluation failed because of.
fn source_of<E: std::error::Error + 'static>(error: &Error) -> Option<&E> {
    let first: &(dyn std::error::Error + 'static) = error;
    let mut all = std::iter::successors(Some(first), |error| error.source());
    all.find_map(|error| error.downcast_ref::<E>())
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
    columns: Arc<[(Arc<str>, Slot)]>,
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
    /// The named values above the expression.
    named: Vec<(Arc<str>, Value)>,
}

impl WholeRow {
    fn new(row: Row<'_, '_>, visible: usize) -> Self {
        let columns = 0..row.columns.names().len();
        let named = row.names(visible).enumerate();
        let named = named.map(|(at, name)| (Arc::clone(name), slot_value(row, Slot::Named(at))));
        Self {
            columns: row.columns.clone(),
            values: columns.map(|index| cell_value(row.cell(index))).collect(),
            named: named.collect(),
        }
    }
}

impl Object for WholeRow {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let named = self.named.iter().find(|(name, _)| **name == *key).map(|(_, value)| value);
        named.or_else(|| self.values.get(self.columns.index(key)?)).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.columns.names().iter().map(|name| Value::from(name.as_ref())).collect(),
        )
    }
}

/// The value in a slot. That of a named value that cannot be made is an error for whoever uses it.
fn slot_value(row: Row<'_, '_>, slot: Slot) -> Value {
    match slot {
        Slot::Column(index) => cell_value(row.cell(index)),
        Slot::Named(index) => match row.named(index) {
            Ok(value) => value.to_value(),
            Err(error) => {
                let words = error.to_string();
                Value::from(
                    Error::new(minijinja::ErrorKind::InvalidOperation, words).with_source(error),
                )
            }
        },
    }
}

/// A number as it is written.
pub(super) fn number_value(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(number), _) => Value::from(number),
        // Digits beyond what a number holds stay text, so that nothing is lost.
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => Value::from(text),
        (_, Ok(number)) => Value::from(number),
        _ => Value::from(text),
    }
}

fn cell_value(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Absent | Cell::Null => Value::from(()),
        Cell::Bool(value) => Value::from(value),
        Cell::Number(text) => number_value(text),
        Cell::Text(text) => Value::from(text),
        Cell::Json(value) => Value::from(minijinja::value::Serde(value)),
        Cell::Shared(value) => lazy::value(value),
    }
}
