//! The language of `{{ … }}`: its filters, and what can be known to be wrong with an expression before any row is read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior};

use crate::declared::job::{VARIABLES, Variables, Written};
use crate::source::{Columns, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::lookalike::Lookalike;

use super::ROW;
use super::expression::{Compiled, Names, Owned};
use super::filter::{self, Setting};
use super::scan::{
    filter_names, find_word, literal_arguments, one_of_row, place_in, row_subscripts,
};
use super::shortcut::Shortcut;
use super::time_format;

/// How many steps one expression may take; far more than any honest one needs.
const FUEL: u64 = 100_000;

/// What expressions are compiled with. One for each job; each expression keeps hold of it.
pub(crate) struct Language {
    environment: Arc<Environment<'static>>,
    setting: Arc<Setting>,
    variables: Variables,
}

/// The compiler of expressions calls itself for each operator that follows another, and its stack has an end.
const LONGEST: usize = 4096;

impl Language {
    /// `zone` is for times that name none.
    #[cfg(test)]
    pub(crate) fn new(zone: Option<TimeZone>) -> Self {
        Self::with_variables(zone, Variables::default())
    }

    /// `zone` is for times that name none. Where there are no variables, `var` is a name like any other.
    pub(crate) fn with_variables(zone: Option<TimeZone>, variables: Variables) -> Self {
        let setting = Arc::new(Setting { zone });
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        filter::add_own(&mut environment, &setting);
        if !variables.is_empty() {
            let values = variables.all().map(|(name, value)| (name.to_owned(), value.to_owned()));
            let values: BTreeMap<String, String> = values.collect();
            environment.add_global(VARIABLES, minijinja::Value::from(values));
        }
        Self { environment: Arc::new(environment), setting, variables }
    }

    /// Compiles one expression, without its braces. `at` is where in `written` it stands.
    pub(crate) fn compile(
        &self,
        written: &Written,
        at: Range<usize>,
        source: &mut Source,
    ) -> Result<Compiled, Vec<Diagnostic>> {
        let text = &written.text[at.clone()];
        if text.len() > LONGEST {
            let message = format!("the expression is longer than {LONGEST} bytes");
            let place = place_in(written, &at, None);
            return Err(vec![Diagnostic::error(Code::ExpressionSyntax, place, message)]);
        }
        let place = |range: Option<Range<usize>>| place_in(written, &at, range);
        let owned = Owned::compile(&self.environment, text).map_err(|error| {
            let message = error.detail().unwrap_or("the expression cannot be read").to_owned();
            let problem = Diagnostic::error(Code::ExpressionSyntax, place(error.range()), message);
            vec![problem.hint(syntax_hint(text, source))]
        })?;
        let mut problems = self.unknown_filters(text, &place);
        problems.extend(unknown_subscripts(text, source, &place));
        problems.extend(wrong_formats(text, &place));
        let names = self.names_of(owned.expression(), text, source, &place, &mut problems);
        if !problems.is_empty() {
            // `note/text` is a quotient to the language; who writes it means the column, not two.
            let meant = odd_column(text, source).map(subscript_hint);
            return Err(match (meant, problems.swap_remove(0)) {
                (Some(hint), first) => vec![first.hint(hint)],
                (None, first) => [vec![first], problems].concat(),
            });
        }
        let shortcut = Shortcut::find(text, &names, source.columns());
        Ok(Compiled::new(owned, names, text, shortcut, Arc::clone(&self.setting)))
    }

    pub(super) fn has_filter(&self, name: &str) -> bool {
        let tried = self.environment.empty_state().apply_filter(name, &[]);
        !matches!(tried, Err(error) if error.kind() == ErrorKind::UnknownFilter)
    }

    /// Knows whether what expressions are compiled with is still there.
    #[cfg(test)]
    pub(super) fn witness(&self) -> std::sync::Weak<Environment<'static>> {
        Arc::downgrade(&self.environment)
    }

    /// An unknown filter would only show when a row comes to it.
    fn unknown_filters(
        &self,
        text: &str,
        place: &impl Fn(Option<Range<usize>>) -> Place,
    ) -> Vec<Diagnostic> {
        let names = filter_names(text).into_iter();
        let unknown = names.filter(|range| !self.has_filter(&text[range.clone()]));
        let told = unknown.map(|range| {
            let name = &text[range.clone()];
            let message = format!("there is no filter `{name}`");
            Diagnostic::error(Code::UnknownFilter, place(Some(range.clone())), message)
                .hint_names(name, filter::names())
        });
        told.collect()
    }

    /// The columns that an expression names, each of which must exist; those that do not go to `problems`.
    fn names_of(
        &self,
        expression: &Expression<'_, '_>,
        text: &str,
        source: &mut Source,
        place: &impl Fn(Option<Range<usize>>) -> Place,
        problems: &mut Vec<Diagnostic>,
    ) -> Names {
        let mut found: Vec<String> = expression.undeclared_variables(true).into_iter().collect();
        found.sort();
        let mut columns: Vec<(Arc<str>, usize)> = Vec::new();
        let mut whole_row = false;
        for path in &found {
            let (first, rest) = path
                .split_once('.')
                .map_or((path.as_str(), None), |(first, rest)| (first, Some(rest)));
            if first == VARIABLES && !self.variables.is_empty() {
                let name = rest.map(|rest| rest.split('.').next().unwrap_or(rest));
                if let Some(name) = name.filter(|name| !self.variables.has(name)) {
                    add(problems, self.variables.unknown(name, place(find_word(text, name))));
                }
            } else if first == ROW && source.columns().index(ROW).is_none() {
                whole_row = true;
                if let Some(column) = rest {
                    let column = column.split('.').next().unwrap_or(column);
                    if let Err(problem) = column_index(source, column) {
                        add(problems, problem(place(find_word(text, column))));
                    }
                }
            } else if !self.environment.globals().any(|(name, _)| name == first)
                && columns.iter().all(|(name, _)| **name != *first)
            {
                match column_index(source, first) {
                    Ok(index) => columns.push((first.into(), index)),
                    Err(problem) => add(problems, problem(place(find_word(text, first)))),
                }
            }
        }
        let of_row = one_of_row(text).and_then(|name| source.columns().index(name));
        Names { columns: columns.into(), whole_row, of_row }
    }
}

/// A format that no time can fit, or that would read a time wrongly, is wrong for all rows.
fn wrong_formats(text: &str, place: &impl Fn(Option<Range<usize>>) -> Place) -> Vec<Diagnostic> {
    let formats = literal_arguments(text, "epoch_ms").into_iter();
    let wrong = formats.filter_map(|range| {
        let fault = time_format::fault(&text[range.clone()])?;
        let problem = Diagnostic::error(Code::TimeFormat, place(Some(range)), fault.message);
        Some(problem.hint(fault.hint))
    });
    wrong.collect()
}

/// `row['…']` names a column as plainly as a bare name does. Where later rows may bring more columns, nobody can
/// tell yet.
fn unknown_subscripts(
    text: &str,
    source: &mut Source,
    place: &impl Fn(Option<Range<usize>>) -> Place,
) -> Vec<Diagnostic> {
    if source.columns().is_open() || source.columns().index(ROW).is_some() {
        return Vec::new();
    }
    let subscripts = row_subscripts(text).into_iter();
    let unknown = subscripts.filter_map(|range| {
        let found = column_index(source, &text[range.clone()]);
        found.err().map(|problem| problem(place(Some(range))))
    });
    unknown.collect()
}

/// A name that is met twice is missed once.
fn add(problems: &mut Vec<Diagnostic>, problem: Diagnostic) {
    if problems.iter().all(|known| known.message != problem.message) {
        problems.push(problem);
    }
}

/// What to write instead of an expression that is none, or of names that are none.
fn syntax_hint(text: &str, source: &Source) -> String {
    match (odd_column(text, source), Lookalike::of_signs(text)) {
        (Some(name), _) => subscript_hint(name),
        (None, Some(found)) => {
            format!("there is {} in it: {}", found.named(), found.advice())
        }
        (None, None) => {
            "an expression is a column or a calculation with columns, as in {{ column | trim }}"
                .into()
        }
    }
}

/// The column of which an expression spells the name, where such a name is none in the language.
fn odd_column<'a>(text: &'a str, source: &Source) -> Option<&'a str> {
    let name = text.split('|').next().unwrap_or(text).trim();
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    (!plain && source.columns().index(name).is_some()).then_some(name)
}

fn subscript_hint(name: &str) -> String {
    let quote = if name.contains('\'') { '"' } else { '\'' };
    format!("a column with such a name is written row[{quote}{name}{quote}]")
}

/// What is wrong with a name that several columns have; none where it names one, or none.
pub(crate) fn ambiguous(columns: &Columns, name: &str, place: Place) -> Option<Diagnostic> {
    let alike = columns.all(name);
    if alike.len() < 2 {
        return None;
    }
    let message = format!("`{name}` is the name of {} columns", alike.len());
    let names = alike.iter().filter_map(|index| columns.names().get(*index));
    let shown: Vec<String> = names.take(3).map(|name| format!("row['{name}']")).collect();
    let more = if alike.len() > shown.len() { " and so on" } else { "" };
    let hint = format!("say which one is meant: {}{more}, from left to right", shown.join(", "));
    Some(Diagnostic::error(Code::DuplicateColumn, place, message).hint(hint))
}

/// The index of a column, or what to say of a name that is none.
fn column_index(
    source: &mut Source,
    name: &str,
) -> Result<usize, impl FnOnce(Place) -> Diagnostic + use<>> {
    let found = source.column(name);
    let columns = source.columns().clone();
    let name = name.to_owned();
    found.ok_or(move |place: Place| {
        if let Some(problem) = ambiguous(&columns, &name, place.clone()) {
            return problem;
        }
        let known = columns.names();
        Diagnostic::error(Code::UnknownColumn, place, format!("there is no column `{name}`"))
            .hint_names(&name, known.iter().map(AsRef::as_ref))
    })
}
