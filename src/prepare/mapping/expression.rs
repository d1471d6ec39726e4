//! `{{ … }}`: compiled once, checked against the columns before any row, evaluated on each row that needs it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::value::{Enumerator, Object, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior, Value};

use crate::declared::job::Written;
use crate::source::{Cell, Columns, Record, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::ValueError;
use super::time::{self, TimeError};

/// How many steps one expression may take; far more than any honest one needs.
const FUEL: u64 = 100_000;
/// The name under which an expression finds all columns: `row["Ticket ID"]`.
const ROW: &str = "row";
/// What hints offer when a filter is unknown.
const FILTERS: &[&str] = &[
    "abs", "default", "epoch_ms", "first", "float", "int", "join", "last", "length", "lower",
    "replace", "round", "split", "string", "title", "trim", "upper",
];

/// What expressions are compiled with. One for each job; lives as long as the program, since compiled
/// expressions borrow from it and travel to worker threads.
pub struct Language {
    environment: &'static Environment<'static>,
}

impl Language {
    /// `zone` is for times that name none.
    pub fn new(zone: Option<TimeZone>) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("epoch_ms", move |value: Value, format: Option<String>| {
            epoch_filter(&value, format.as_deref(), zone.as_ref())
        });
        Self { environment: Box::leak(Box::new(environment)) }
    }

    /// Compiles one expression, without its braces. `at` is where in `written` it stands.
    pub fn compile(
        &self,
        written: &Written,
        at: Range<usize>,
        source: &mut Source,
    ) -> Result<Compiled, Diagnostic> {
        let text = &written.text[at.clone()];
        let place = |range: Option<Range<usize>>| place_in(written, &at, range);
        let expression =
            self.environment.compile_expression_owned(text.to_owned()).map_err(|error| {
                let message = error.detail().unwrap_or("the expression cannot be read").to_owned();
                Diagnostic::error(Code::ExpressionSyntax, place(error.range()), message)
                    .hint(syntax_hint(text, source))
            })?;
        self.check_filters(text, &place)?;
        check_subscripts(text, source, &place)?;
        let (names, whole_row) = self.columns_of(&expression, text, source, &place)?;
        Ok(Compiled { expression, names: names.into(), whole_row, source: text.to_owned() })
    }

    /// An unknown filter would only show when a row comes to it.
    fn check_filters(
        &self,
        text: &str,
        place: &impl Fn(Option<Range<usize>>) -> Place,
    ) -> Result<(), Diagnostic> {
        let mut state = self.environment.empty_state();
        for range in filter_names(text) {
            let name = &text[range.clone()];
            let unknown = matches!(state.apply_filter(name, &[]), Err(error) if error.kind() == ErrorKind::UnknownFilter);
            if unknown {
                let problem = Diagnostic::error(
                    Code::UnknownFilter,
                    place(Some(range)),
                    format!("there is no filter `{name}`"),
                );
                return Err(problem.hint_names(name, FILTERS.iter().copied()));
            }
        }
        Ok(())
    }

    /// The columns that an expression names, each of which must exist; and whether it asks for the whole row.
    #[allow(clippy::type_complexity)]
    fn columns_of(
        &self,
        expression: &Expression<'_, '_>,
        text: &str,
        source: &mut Source,
        place: &impl Fn(Option<Range<usize>>) -> Place,
    ) -> Result<(Vec<(Arc<str>, usize)>, bool), Diagnostic> {
        let mut found: Vec<String> = expression.undeclared_variables(true).into_iter().collect();
        found.sort();
        let mut names: Vec<(Arc<str>, usize)> = Vec::new();
        let mut whole_row = false;
        for path in &found {
            let (first, rest) = path
                .split_once('.')
                .map_or((path.as_str(), None), |(first, rest)| (first, Some(rest)));
            if first == ROW && source.columns().index(ROW).is_none() {
                whole_row = true;
                if let Some(column) = rest {
                    let column = column.split('.').next().unwrap_or(column);
                    column_index(source, column)
                        .map_err(|problem| problem(place(find_word(text, column))))?;
                }
            } else if !self.environment.globals().any(|(name, _)| name == first)
                && names.iter().all(|(name, _)| **name != *first)
            {
                let index = column_index(source, first)
                    .map_err(|problem| problem(place(find_word(text, first))))?;
                names.push((first.into(), index));
            }
        }
        Ok((names, whole_row))
    }
}

/// `row['…']` names a column as plainly as a bare name does. Where later rows may bring more columns, nobody can
/// tell yet.
fn check_subscripts(
    text: &str,
    source: &mut Source,
    place: &impl Fn(Option<Range<usize>>) -> Place,
) -> Result<(), Diagnostic> {
    if source.columns().is_open() || source.columns().index(ROW).is_some() {
        return Ok(());
    }
    for range in row_subscripts(text) {
        column_index(source, &text[range.clone()])
            .map_err(|problem| problem(place(Some(range))))?;
    }
    Ok(())
}

fn syntax_hint(text: &str, source: &Source) -> String {
    let name = text.split('|').next().unwrap_or(text).trim();
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    match source.columns().index(name).filter(|_| !plain) {
        Some(_) => format!("a column with such a name is written row['{name}']"),
        None => "an expression is a column or a calculation with columns, as in {{ note | trim }}"
            .into(),
    }
}

/// The index of a column, or what to say of a name that is none.
pub fn column_index(
    source: &mut Source,
    name: &str,
) -> Result<usize, impl FnOnce(Place) -> Diagnostic + use<>> {
    let found = source.column(name);
    let known: Vec<Arc<str>> = source.columns().names().to_vec();
    let name = name.to_owned();
    found.ok_or(move |place| {
        Diagnostic::error(Code::UnknownColumn, place, format!("there is no column `{name}`"))
            .hint_names(&name, known.iter().map(AsRef::as_ref))
    })
}

/// A compiled expression and the columns it needs.
pub struct Compiled {
    expression: Expression<'static, 'static>,
    names: Arc<[(Arc<str>, usize)]>,
    whole_row: bool,
    source: String,
}

impl Compiled {
    /// The column it depends on, if that is exactly one.
    pub fn only_column(&self) -> Option<usize> {
        match (&*self.names, self.whole_row) {
            ([(_, index)], false) => Some(*index),
            _ => None,
        }
    }

    /// The value on a row.
    pub fn evaluate(&self, record: &Record, columns: &Columns) -> Result<Value, ValueError> {
        let context = Context {
            names: Arc::clone(&self.names),
            values: self.names.iter().map(|(_, index)| cell_value(record.cell(*index))).collect(),
            row: self.whole_row.then(|| Value::from_object(WholeRow::new(record, columns))),
        };
        let value = self
            .expression
            .eval(Value::from_object(context))
            .map_err(|error| self.explain(&error))?;
        if value.is_undefined() {
            return Err(ValueError::Undefined { expression: self.source.trim().to_owned() });
        }
        Ok(value)
    }

    fn explain(&self, error: &Error) -> ValueError {
        if let Some(time) = time_error(error) {
            return ValueError::Time(time.clone());
        }
        let words = match error.detail() {
            Some(detail) => detail.to_owned(),
            None => format!("`{}` cannot be evaluated: {}", self.source.trim(), error.kind()),
        };
        ValueError::Evaluation { words }
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Compiled").field(&self.source).finish()
    }
}

/// What an expression sees: the columns it names, and perhaps the whole row.
#[derive(Debug)]
struct Context {
    names: Arc<[(Arc<str>, usize)]>,
    values: Vec<Value>,
    row: Option<Value>,
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let at = self.names.iter().position(|(name, _)| **name == *key);
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
    }
}

fn epoch_filter(
    value: &Value,
    format: Option<&str>,
    zone: Option<&TimeZone>,
) -> Result<Value, Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(Value::from(()));
    }
    let Some(text) = value.as_str() else {
        let kind = if value.kind() == ValueKind::Number { "a number" } else { "no text" };
        return Err(refusal(TimeError::NotWritten { kind }));
    };
    if text.trim().is_empty() {
        return Ok(Value::from(()));
    }
    time::epoch_milliseconds(text, format, zone).map(Value::from).map_err(refusal)
}

/// Carries the error through the evaluation of the expression around the filter.
fn refusal(error: TimeError) -> Error {
    Error::new(ErrorKind::InvalidOperation, error.to_string()).with_source(error)
}

/// The error of the filter `epoch_ms`, where the evaluation failed because of it.
fn time_error(error: &Error) -> Option<&TimeError> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
        .find_map(|error| error.downcast_ref::<TimeError>())
}

/// Ranges of the names that stand behind a `|` outside quotes.
fn filter_names(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut names = Vec::new();
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'|') => {
                let blanks =
                    bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let start = at + 1 + blanks;
                let length = bytes[start..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                    .count();
                if length > 0 {
                    names.push(start..start + length);
                }
            }
            _ => {}
        }
    }
    names
}

/// Ranges of the names in `row['…']` and `row["…"]` outside quotes; but for names with an escape in them.
fn row_subscripts(text: &str) -> Vec<Range<usize>> {
    let mut names = Vec::new();
    let mut quote = None;
    let mut before = None;
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None => {
                let begins = before.is_none_or(|before| !is_word(before) && before != '.');
                names.extend(Some(at).filter(|_| begins).and_then(|at| row_subscript(text, at)));
            }
        }
        before = Some(letter);
    }
    names
}

/// The range of the name where `row['…']` begins at `at`.
fn row_subscript(text: &str, at: usize) -> Option<Range<usize>> {
    let inside = text[at..].strip_prefix(ROW)?.trim_start().strip_prefix('[')?.trim_start();
    let open = inside.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
    let name = inside[1..].split(open).next()?;
    let closed = inside[1 + name.len()..].strip_prefix(open)?.trim_start().starts_with(']');
    let start = text.len() - inside.len() + 1;
    (closed && !name.contains('\\')).then(|| start..start + name.len())
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where a name stands as a word of its own.
fn find_word(text: &str, word: &str) -> Option<Range<usize>> {
    text.match_indices(word).map(|(at, _)| at..at + word.len()).find(|range| {
        !text[..range.start].ends_with(is_word) && !text[range.end..].starts_with(is_word)
    })
}

/// The place of a range of an expression, where the YAML shows its text as it is; else of the whole value.
fn place_in(written: &Written, at: &Range<usize>, range: Option<Range<usize>>) -> Place {
    let Place::Text(source, span) = &written.place else { return written.place.clone() };
    let raw = source.text.get(span.clone()).unwrap_or_default();
    let Some(start) = raw.find(written.text.as_str()).map(|offset| span.start + offset + at.start)
    else {
        return written.place.clone();
    };
    let range = range.unwrap_or(0..at.len());
    Place::Text(Arc::clone(source), start + range.start..start + range.end)
}
