//! The language of `{{ … }}`: its filters, and what can be known to be wrong with an expression before any row is read.

use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior};

use crate::declared::job::Written;
use crate::source::Source;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::ROW;
use super::expression::{Compiled, Names, Owned};
use super::filter::{self, Setting};
use super::scan::{filter_names, find_word, place_in, row_subscripts};
use super::shortcut::Shortcut;

/// How many steps one expression may take; far more than any honest one needs.
const FUEL: u64 = 100_000;

/// What expressions are compiled with. One for each job; each expression keeps hold of it.
pub(crate) struct Language {
    environment: Arc<Environment<'static>>,
    setting: Arc<Setting>,
}

impl Language {
    /// `zone` is for times that name none.
    pub(crate) fn new(zone: Option<TimeZone>) -> Self {
        let setting = Arc::new(Setting { zone });
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        filter::add_own(&mut environment, &setting);
        Self { environment: Arc::new(environment), setting }
    }

    /// Compiles one expression, without its braces. `at` is where in `written` it stands.
    pub(crate) fn compile(
        &self,
        written: &Written,
        at: Range<usize>,
        source: &mut Source,
    ) -> Result<Compiled, Diagnostic> {
        let text = &written.text[at.clone()];
        let place = |range: Option<Range<usize>>| place_in(written, &at, range);
        let owned = Owned::compile(&self.environment, text).map_err(|error| {
            let message = error.detail().unwrap_or("the expression cannot be read").to_owned();
            Diagnostic::error(Code::ExpressionSyntax, place(error.range()), message)
                .hint(syntax_hint(text, source))
        })?;
        self.check_filters(text, &place)?;
        check_subscripts(text, source, &place)?;
        let names = self.names_of(owned.expression(), text, source, &place)?;
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
    fn check_filters(
        &self,
        text: &str,
        place: &impl Fn(Option<Range<usize>>) -> Place,
    ) -> Result<(), Diagnostic> {
        for range in filter_names(text) {
            let name = &text[range.clone()];
            if !self.has_filter(name) {
                let problem = Diagnostic::error(
                    Code::UnknownFilter,
                    place(Some(range)),
                    format!("there is no filter `{name}`"),
                );
                return Err(problem.hint_names(name, filter::names()));
            }
        }
        Ok(())
    }

    /// The columns that an expression names, each of which must exist.
    fn names_of(
        &self,
        expression: &Expression<'_, '_>,
        text: &str,
        source: &mut Source,
        place: &impl Fn(Option<Range<usize>>) -> Place,
    ) -> Result<Names, Diagnostic> {
        let mut found: Vec<String> = expression.undeclared_variables(true).into_iter().collect();
        found.sort();
        let mut columns: Vec<(Arc<str>, usize)> = Vec::new();
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
                && columns.iter().all(|(name, _)| **name != *first)
            {
                let index = column_index(source, first)
                    .map_err(|problem| problem(place(find_word(text, first))))?;
                columns.push((first.into(), index));
            }
        }
        Ok(Names { columns: columns.into(), whole_row })
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
        None => {
            "an expression is a column or a calculation with columns, as in {{ column | trim }}"
                .into()
        }
    }
}

/// The index of a column, or what to say of a name that is none.
fn column_index(
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
