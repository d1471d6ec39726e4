//! The language of `{{ … }}`: its filters, and what can be known to be wrong with an expression before any row is read.

use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior};

use crate::declared::job::{Lookups, Written};
use crate::source::Source;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::lookalike::Lookalike;

use super::expression::{Compiled, Names, Owned};
use super::filter::{self, Setting};
use super::named::{Scope, Slot};
use super::scan::{
    filter_names, find_word, literal_arguments, one_of_row, place_in, row_subscripts,
};
use super::shortcut::Shortcut;
use super::{Origin, ROW, time_format};

/// How many steps one expression may take; far more than any honest one needs.
const FUEL: u64 = 100_000;

/// What expressions are compiled with. One for each job; each expression keeps hold of it.
pub(crate) struct Language {
    environment: Arc<Environment<'static>>,
    setting: Arc<Setting>,
    /// The named values above whatever is compiled next.
    scope: Scope,
}

/// The compiler of expressions calls itself for each operator that follows another, and its stack has an end.
const LONGEST: usize = 4096;

impl Language {
    /// `zone` is for times that name none.
    pub(crate) fn new(zone: Option<TimeZone>, lookups: Lookups) -> Self {
        let setting = Arc::new(Setting { zone, lookups });
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        filter::add_own(&mut environment, &setting);
        Self { environment: Arc::new(environment), setting, scope: Scope::default() }
    }

    /// Whatever is compiled from here on sees a further named value.
    pub(crate) fn add_named(&mut self, name: &Arc<str>, origin: &Origin) {
        self.scope.add(name, origin.only_column());
    }

    /// The named value of a name; none where there is none.
    pub(crate) fn named(&self, name: &str) -> Option<Origin> {
        match self.scope.find(name)? {
            Slot::Named(index) => Some(Origin::Named(index, self.scope.column(Slot::Named(index)))),
            Slot::Column(index) => Some(Origin::Column(index)),
        }
    }

    /// A named value, or else a column, by its plain name.
    pub(crate) fn named_column(
        &self,
        written: &Written,
        source: &mut Source,
    ) -> Result<Origin, Vec<Diagnostic>> {
        let name = written.text.trim();
        match self.named(name) {
            Some(named) => Ok(named),
            None => match column_index(source, name, &self.scope) {
                Ok(index) => Ok(Origin::Column(index)),
                Err(problem) => Err(vec![problem(written.place.clone())]),
            },
        }
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
        problems.extend(self.unknown_lookups(text, &place));
        problems.extend(unknown_subscripts(text, source, &self.scope, &place));
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
        let shortcut = Shortcut::find(text, &names, source.columns(), &self.scope);
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

    /// An unknown table would only show when a row comes to it.
    fn unknown_lookups(
        &self,
        text: &str,
        place: &impl Fn(Option<Range<usize>>) -> Place,
    ) -> Vec<Diagnostic> {
        let names = literal_arguments(text, filter::LOOKUP).into_iter();
        let lookups = &self.setting.lookups;
        let unknown = names.filter(|range| lookups.find(&text[range.clone()]).is_none());
        let told = unknown.map(|range| {
            let name = &text[range.clone()];
            let message = format!("the job has no lookup `{name}`");
            let problem =
                Diagnostic::error(Code::UnknownLookup, place(Some(range.clone())), message);
            match lookups.names().next() {
                Some(_) => problem.hint_names(name, lookups.names()),
                None => {
                    problem.hint("the job's `lookups` say which tables there are, and it has none")
                }
            }
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
        let mut columns: Vec<(Arc<str>, Slot)> = Vec::new();
        let mut whole_row = false;
        for path in &found {
            let (first, rest) = path
                .split_once('.')
                .map_or((path.as_str(), None), |(first, rest)| (first, Some(rest)));
            if first == ROW && source.columns().index(ROW).is_none() {
                whole_row = true;
                if let Some(column) = rest {
                    let column = column.split('.').next().unwrap_or(column);
                    if self.scope.find(column).is_none()
                        && let Err(problem) = column_index(source, column, &self.scope)
                    {
                        add(problems, problem(place(find_word(text, column))));
                    }
                }
            } else if !self.environment.globals().any(|(name, _)| name == first)
                && columns.iter().all(|(name, _)| **name != *first)
            {
                let named = self.scope.find(first).map(Ok);
                let found = named
                    .unwrap_or_else(|| column_index(source, first, &self.scope).map(Slot::Column));
                match found {
                    Ok(slot) => columns.push((first.into(), slot)),
                    Err(problem) => add(problems, problem(place(find_word(text, first)))),
                }
            }
        }
        let of_row = one_of_row(text).and_then(|name| source.columns().index(name));
        let only_column = match columns.as_slice() {
            [(_, slot)] => self.scope.column(*slot),
            _ => None,
        };
        let visible = self.scope.len();
        Names { columns: columns.into(), only_column, visible, whole_row, of_row }
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
    scope: &Scope,
    place: &impl Fn(Option<Range<usize>>) -> Place,
) -> Vec<Diagnostic> {
    if source.columns().is_open() || source.columns().index(ROW).is_some() {
        return Vec::new();
    }
    let subscripts = row_subscripts(text).into_iter();
    let subscripts = subscripts.filter(|range| scope.find(&text[range.clone()]).is_none());
    let unknown = subscripts.filter_map(|range| {
        let found = column_index(source, &text[range.clone()], scope);
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

/// The index of a column, or what to say of a name that is none.
fn column_index(
    source: &mut Source,
    name: &str,
    scope: &Scope,
) -> Result<usize, impl FnOnce(Place) -> Diagnostic + use<>> {
    let found = source.column(name);
    let named = scope.names().map(Arc::from);
    let known: Vec<Arc<str>> = source.columns().names().iter().cloned().chain(named).collect();
    let name = name.to_owned();
    found.ok_or(move |place| {
        Diagnostic::error(Code::UnknownColumn, place, format!("there is no column `{name}`"))
            .hint_names(&name, known.iter().map(AsRef::as_ref))
    })
}
