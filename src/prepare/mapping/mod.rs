//! From a row's cells to values for fields: constants, bare columns, expressions, texts with expressions in them.
//!
//! Names are checked against the columns before any row is read, so what can go wrong on a row is what the
//! row holds. A cell is data: text that looks like an expression is never evaluated. Which values fit a
//! field is for `schema`.

mod arguments;
mod comparison;
mod expression;
mod filter;
mod joined;
mod language;
mod lazy;
mod mapped;
mod named;
mod place;
mod scan;
mod scan_calls;
mod shortcut;
mod table;
mod template;
mod time;
mod time_count;
mod time_format;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use minijinja::value::ValueKind;
use serde_json::Value;

use crate::declared::job::{MapValue, Written, has_expression};
use crate::source::{Cell, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::lookalike::Lookalike;

use expression::{Compiled, Evaluated};
use shortcut::Scalar;
use table::Table;

pub(crate) use comparison::{Comparison, Misread};
pub(crate) use filter::{Argument, Example, FILTERS, Filter, MissingKey, find as find_filter};
pub use filter::{html_to_text, jira_to_text};
pub(crate) use language::{Language, ambiguous};
pub(crate) use named::{Kept, NamedValue, Row};
pub(crate) use time::TimeError;

/// The name under which an expression finds all columns: `row["Ticket ID"]`.
const ROW: &str = "row";

/// Where a value comes from.
#[derive(Debug)]
pub(crate) enum Origin {
    Constant(Mapped<'static>),
    /// A bare column: its cell as it is, without evaluation.
    Column(usize),
    /// A named value, and the one column that it depends on.
    Named(usize, Option<usize>),
    /// What a table of values says.
    Table(Box<Table>),
    /// One expression: the value keeps its type. Or a text with statements.
    Expression(Box<Compiled>),
    /// Text around expressions: always text.
    Text(Vec<Part>),
}

#[derive(Debug)]
pub(crate) enum Part {
    Literal(String),
    Expression(Box<Compiled>),
}

/// A value for a field, before its schema has seen it.
#[derive(Debug, PartialEq)]
pub(crate) enum Mapped<'a> {
    Absent,
    Bool(bool),
    /// A number as written.
    Number(Cow<'a, str>),
    /// A whole number that was computed.
    Integer(i64),
    Text(Cow<'a, str>),
    Json(Value),
}

/// Why a row has no value for a field. The words are for the person who wrote row and job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    #[error(transparent)]
    Time(#[from] TimeError),
    #[error(transparent)]
    Lookup(#[from] MissingKey),
    #[error("{} is not in the table of values", named_value(.value))]
    NotListed { value: String, hint: String },
    #[error("{} names something that this row does not have", on_line(.expression, *.line))]
    Undefined {
        expression: String,
        /// The line of the job that it stands on, where it is one of many in a text.
        line: Option<usize>,
    },
    /// In the words of the language, or of one of its filters.
    #[error("{words}")]
    Evaluation { words: String },
    #[error("the expression's value is of no use for a field: {cause}")]
    Useless { cause: String },
}

impl ValueError {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Time(_) => Code::InvalidTime,
            Self::Lookup(_) => Code::LookupMissing,
            Self::NotListed { .. } => Code::ValueNotListed,
            Self::Undefined { .. } | Self::Evaluation { .. } | Self::Useless { .. } => {
                Code::Expression
            }
        }
    }
}

impl ValueError {
    /// What to do about it, where more is known than the code says.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Lookup(missing) => Some(format!(
                "add the key to {}, leave such rows out with `where`, or say what stands for it, as in \
                 lookup('{}', default='…')",
                missing.file, missing.table
            )),
            Self::NotListed { hint, .. } => Some(hint.clone()),
            _ => None,
        }
    }

    /// The value that is at fault, where the same one is at fault in many rows.
    pub(crate) fn about(&self) -> Option<&str> {
        match self {
            Self::Lookup(missing) => Some(&missing.key),
            Self::NotListed { value, .. } => Some(value),
            _ => None,
        }
    }
}

/// A part of the job in quotes, with its line where that is told.
fn on_line(part: &str, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("`{part}` (line {line} of the job)"),
        None => format!("`{part}`"),
    }
}

/// A value in quotes; of an empty one, that it is that.
fn named_value(value: &str) -> String {
    match value {
        "" => "an empty cell".to_owned(),
        value => format!("\"{}\"", crate::text::visible::shown(value)),
    }
}

impl Origin {
    /// What a field or a named value comes from.
    pub(crate) fn of_value(
        language: &Language,
        value: &MapValue,
        place: &Place,
        source: &mut Source,
    ) -> Result<Self, Vec<Diagnostic>> {
        match value {
            MapValue::Given(Value::String(text)) => {
                let written = Written { text: text.clone(), place: place.clone() };
                Self::compile(language, &written, source)
            }
            MapValue::Given(other) => Ok(Self::constant(other)),
            MapValue::Split(split) if has_expression(&split.from.text) => {
                Self::compile(language, &split.from, source)
            }
            MapValue::Split(split) => language.named_column(&split.from, source),
            MapValue::Table(table) => {
                Table::compile(language, table, source).map(Box::new).map(Self::Table)
            }
        }
    }

    /// Reads a text of the job: a bare column, an expression, a text with expressions, or plain text. All that is wrong
    /// with it is told.
    pub(crate) fn compile(
        language: &Language,
        written: &Written,
        source: &mut Source,
    ) -> Result<Self, Vec<Diagnostic>> {
        if template::has_statements(&written.text) {
            let compiled = language.compile_template(written, source)?;
            return Ok(Self::Expression(Box::new(compiled)));
        }
        let pieces = pieces(written).map_err(|problem| vec![problem])?;
        if let [Piece::Expression(range)] = pieces.as_slice() {
            if let Some(name) = bare_column(&written.text[range.clone()]) {
                if let Some(named) = language.named(name) {
                    return Ok(named);
                }
                let is_known = source.columns().index(name).is_some();
                if is_known || (source.columns().is_open() && !is_keyword(name)) {
                    let index = source.column(name);
                    return index.map(Self::Column).ok_or_else(|| vec![unreadable(written)]);
                }
            }
            let compiled = language.compile(written, range.clone(), source)?;
            return Ok(Self::Expression(Box::new(compiled)));
        }
        if pieces.iter().all(|piece| matches!(piece, Piece::Literal(_))) {
            return Ok(Self::Constant(Mapped::Text(written.text.clone().into())));
        }
        let (mut parts, mut problems) = (Vec::new(), Vec::new());
        for piece in pieces {
            match piece {
                Piece::Literal(range) => parts.push(Part::Literal(written.text[range].to_owned())),
                Piece::Expression(range) => match language.compile(written, range, source) {
                    Ok(compiled) => parts.push(Part::Expression(Box::new(compiled))),
                    Err(found) => problems.extend(found),
                },
            }
        }
        if problems.is_empty() { Ok(Self::Text(parts)) } else { Err(problems) }
    }

    /// Whether the value depends on a column.
    pub(crate) fn uses(&self, column: usize, name: &str) -> bool {
        match self {
            Self::Constant(_) | Self::Named(..) => false,
            Self::Column(index) => *index == column,
            Self::Table(table) => table.from().uses(column, name),
            Self::Expression(compiled) => compiled.uses(column, name),
            Self::Text(parts) => parts.iter().any(|part| match part {
                Part::Literal(_) => false,
                Part::Expression(compiled) => compiled.uses(column, name),
            }),
        }
    }

    /// Whether the value depends on a column, be it by named values.
    pub(crate) fn reads(&self, column: usize, name: &str, named: &[NamedValue]) -> bool {
        let by_names = |compiled: &Compiled| {
            compiled.named(named).any(|value| value.origin.reads(column, name, named))
        };
        self.uses(column, name)
            || match self {
                Self::Constant(_) | Self::Column(_) => false,
                Self::Named(index, _) => {
                    named.get(*index).is_some_and(|value| value.origin.reads(column, name, named))
                }
                Self::Table(table) => table.from().reads(column, name, named),
                Self::Expression(compiled) => by_names(compiled),
                Self::Text(parts) => parts.iter().any(|part| match part {
                    Part::Literal(_) => false,
                    Part::Expression(compiled) => by_names(compiled),
                }),
            }
    }

    /// The column that the value hangs on by a comparison with a text, if it does.
    pub(crate) fn comparison(&self) -> Option<Comparison<'_>> {
        match self {
            Self::Expression(compiled) => compiled.comparison(),
            Self::Table(_) | Self::Named(..) => None,
            Self::Constant(_) | Self::Column(_) | Self::Text(_) => None,
        }
    }

    /// A column that is taken for true, false or a number in an expression, if there is one.
    pub(crate) fn misread(&self) -> Option<Misread<'_>> {
        match self {
            Self::Expression(compiled) => compiled.misread(),
            Self::Text(parts) => parts.iter().find_map(|part| match part {
                Part::Literal(_) => None,
                Part::Expression(compiled) => compiled.misread(),
            }),
            Self::Table(table) => table.from().misread(),
            Self::Constant(_) | Self::Column(_) | Self::Named(..) => None,
        }
    }

    /// A value that stands in the job itself and is no text.
    pub(crate) fn constant(value: &Value) -> Self {
        Self::Constant(match value {
            Value::Null => Mapped::Absent,
            Value::Bool(value) => Mapped::Bool(*value),
            Value::Number(number) => Mapped::Number(number.to_string().into()),
            Value::String(text) => Mapped::Text(text.clone().into()),
            other => Mapped::Json(other.clone()),
        })
    }

    /// The column that the value depends on, if that is exactly one.
    pub(crate) fn only_column(&self) -> Option<usize> {
        match self {
            Self::Constant(_) => None,
            Self::Column(index) => Some(*index),
            Self::Named(_, column) => *column,
            Self::Table(table) => table.from().only_column(),
            Self::Expression(compiled) => compiled.only_column(),
            Self::Text(parts) => {
                let mut columns = parts.iter().filter_map(|part| match part {
                    Part::Expression(compiled) => Some(compiled.only_column()),
                    Part::Literal(_) => None,
                });
                columns.next().flatten().filter(|_| columns.next().is_none())
            }
        }
    }

    /// Whether the job alone says the value, whatever stands in the row.
    pub(crate) fn is_of_job(&self) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::Column(_) | Self::Named(..) => false,
            Self::Table(table) => table.from().is_of_job(),
            Self::Expression(compiled) => compiled.is_of_job(),
            Self::Text(parts) => parts.iter().all(|part| match part {
                Part::Literal(_) => true,
                Part::Expression(compiled) => compiled.is_of_job(),
            }),
        }
    }

    /// The value on a row.
    pub(crate) fn value<'a>(&'a self, row: Row<'a, '_>) -> Result<Mapped<'a>, ValueError> {
        match self {
            Self::Constant(value) => Ok(value.borrowed()),
            Self::Column(index) => Ok(row.cell(*index).into()),
            Self::Named(index, _) => row.named(*index).map(Mapped::owned),
            Self::Table(table) => table.value(row),
            Self::Expression(compiled) => match compiled.evaluate(row)? {
                Evaluated::Scalar(value) => Ok(value.into()),
                Evaluated::Value(value) => evaluated(value),
            },
            Self::Text(parts) => {
                let mut text = String::with_capacity(64);
                for part in parts {
                    part.write(row, &mut text)?;
                }
                Ok(Mapped::Text(text.into()))
            }
        }
    }
}

impl Part {
    fn write(&self, row: Row<'_, '_>, text: &mut String) -> Result<(), ValueError> {
        match self {
            Self::Literal(literal) => text.push_str(literal),
            Self::Expression(compiled) => match compiled.evaluate(row)? {
                Evaluated::Scalar(value) => value.write(text),
                Evaluated::Value(value) => push_text(&value, text)
                    .map_err(|words| ValueError::Evaluation { words: compiled.at_fault(&words) })?,
            },
        }
        Ok(())
    }
}

impl Mapped<'_> {
    fn borrowed(&self) -> Mapped<'_> {
        match self {
            Self::Absent => Mapped::Absent,
            Self::Bool(value) => Mapped::Bool(*value),
            Self::Number(text) => Mapped::Number(Cow::Borrowed(text)),
            Self::Integer(number) => Mapped::Integer(*number),
            Self::Text(text) => Mapped::Text(Cow::Borrowed(text)),
            Self::Json(value) => Mapped::Json(value.clone()),
        }
    }
}

impl<'a> From<Scalar<'a>> for Mapped<'a> {
    fn from(value: Scalar<'a>) -> Self {
        match value {
            Scalar::Nothing => Self::Absent,
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Integer(number) => Self::Integer(number),
            Scalar::Text(text) => Self::Text(text),
        }
    }
}

impl<'a> From<Cell<'a>> for Mapped<'a> {
    #[inline]
    fn from(cell: Cell<'a>) -> Self {
        match cell {
            Cell::Absent | Cell::Null => Self::Absent,
            Cell::Bool(value) => Self::Bool(value),
            Cell::Number(text) => Self::Number(text.into()),
            Cell::Text(text) => Self::Text(text.into()),
            Cell::Json(value) => Self::Json(value.clone()),
            Cell::Shared(value) => Self::Json(value.as_ref().clone()),
        }
    }
}

/// What the language came to.
fn evaluated(value: minijinja::Value) -> Result<Mapped<'static>, ValueError> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(Mapped::Absent),
        ValueKind::Bool => Ok(Mapped::Bool(value.is_true())),
        ValueKind::Number => Ok(number(&value)),
        ValueKind::String => Ok(Mapped::Text(value.to_string().into())),
        _ => serde_json::to_value(&value)
            .map(Mapped::Json)
            .map_err(|error| ValueError::Useless { cause: error.to_string() }),
    }
}

/// Whole numbers without a point, whatever way they were computed, as long as nothing is lost.
fn number(value: &minijinja::Value) -> Mapped<'static> {
    match i64::try_from(value.clone()) {
        Ok(number) => Mapped::Integer(number),
        Err(_) => Mapped::Number(value.to_string().into()),
    }
}

/// Writes a value into a text; what is wrong with an object or a list there.
fn push_text(value: &minijinja::Value, text: &mut String) -> Result<(), String> {
    if let Some(what) = filter::no_text(value) {
        return Err(filter::in_text(what));
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => {}
        ValueKind::Bool => text.push_str(if value.is_true() { "true" } else { "false" }),
        _ => match value.as_str() {
            Some(value) => text.push_str(value),
            None => text.push_str(&value.to_string()),
        },
    }
    Ok(())
}

enum Piece {
    Literal(Range<usize>),
    Expression(Range<usize>),
}

/// The curly quote that an expression stands in where a usual one was meant.
fn odd_quotes(text: &str) -> Option<Lookalike> {
    let is_quote = |found: &Lookalike| matches!(found.meant, Some('"' | '\''));
    let first = Lookalike::of_signs(text.get(..text.find("{{")?)?.trim_start());
    let last = Lookalike::of_signs(text.get(text.rfind("}}")? + 2..)?.trim_end());
    last.filter(is_quote)?;
    first.filter(|found| is_quote(found) && found.at == 0)
}

/// A text without its first and last letter.
fn inside(text: &str) -> &str {
    let mut letters = text.trim().chars();
    letters.next();
    letters.next_back();
    letters.as_str()
}

/// Cuts a text at its `{{` and `}}`.
fn pieces(written: &Written) -> Result<Vec<Piece>, Diagnostic> {
    let text = written.text.as_str();
    if let Some(quote) = odd_quotes(text) {
        let message = format!(
            "{} is no quote of YAML, and would be sent as a part of the text",
            quote.named()
        );
        let problem = Diagnostic::error(Code::ExpressionSyntax, written.place.clone(), message);
        return Err(
            problem.hint(format!("write \" in its place, on both sides: \"{}\"", inside(text)))
        );
    }
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find("{{").map(|offset| at + offset) {
        let Some(close) = closing(&text[open + 2..]).map(|offset| open + 2 + offset) else {
            let problem = Diagnostic::error(
                Code::ExpressionSyntax,
                written.place.clone(),
                "`{{` is never closed",
            );
            return Err(problem.hint("close the expression with }}"));
        };
        if open > at {
            pieces.push(Piece::Literal(at..open));
        }
        pieces.push(Piece::Expression(open + 2..close));
        at = close + 2;
    }
    if at < text.len() || pieces.is_empty() {
        pieces.push(Piece::Literal(at..text.len()));
    }
    Ok(pieces)
}

/// Where the `}}` of an expression stands: outside quotes and outside braces of its own.
fn closing(text: &str) -> Option<usize> {
    let (mut quote, mut is_escaped, mut depth) = (None, false, 0_u32);
    let bytes = text.as_bytes();
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), b'\\') => is_escaped = true,
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

/// The column that an expression is nothing but: `name`, `row.name` or `row["name"]`.
fn bare_column(expression: &str) -> Option<&str> {
    let expression = expression.trim();
    let is_name = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    if let Some(inside) = expression.strip_prefix("row[").and_then(|rest| rest.strip_suffix(']')) {
        let quote = inside.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let name = inside.strip_prefix(quote)?.strip_suffix(quote)?;
        return (!name.contains(['"', '\'', '\\'])).then_some(name);
    }
    let name = expression.strip_prefix("row.").unwrap_or(expression);
    is_name(name).then_some(name)
}

/// Words of the language that look like names.
fn is_keyword(name: &str) -> bool {
    matches!(name, "true" | "false" | "none" | "True" | "False" | "None" | "row")
}

fn unreadable(written: &Written) -> Diagnostic {
    Diagnostic::error(Code::UnknownColumn, written.place.clone(), "there is no such column")
}
