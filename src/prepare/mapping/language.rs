//! The language of `{{ … }}`: its filters, and what can be known to be wrong with an expression before any row is read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};

use crate::declared::job::{Lookups, VARIABLES, Variables, Written};
use crate::source::{Columns, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::lookalike::Lookalike;

use super::Origin;
use super::ROW;
use super::arguments;
use super::expression::{Compiled, Names, Owned, Program};
use super::filter::{self, Setting};
use super::named::{Scope, Slot};
use super::place::place_in;
use super::scan::{filter_names, find_word, one_of_row, row_subscripts};
use super::scan_calls::{Call, calls};
use super::shortcut::Shortcut;
use super::template::{self, Draft, Kind, MOST_TAGS, Shown, Tag, Template};

/// How many steps one expression may take; far more than any honest one needs.
const FUEL: u64 = 100_000;

/// What expressions are compiled with. One for each job; each expression keeps hold of it.
pub(crate) struct Language {
    environment: Arc<Environment<'static>>,
    setting: Arc<Setting>,
    /// The named values above whatever is compiled next.
    scope: Scope,
    variables: Variables,
}

/// The compiler of expressions calls itself for each operator that follows another, and its stack has an end.
const LONGEST: usize = 4096;

impl Language {
    /// `zone` is for times that name none.
    #[cfg(test)]
    pub(crate) fn new(zone: Option<TimeZone>, lookups: Lookups) -> Self {
        Self::with_variables(zone, lookups, Variables::default())
    }

    /// `zone` is for times that name none. Where there are no variables, `var` is a name like any other.
    pub(crate) fn with_variables(
        zone: Option<TimeZone>,
        lookups: Lookups,
        variables: Variables,
    ) -> Self {
        let setting = Arc::new(Setting { zone, lookups, ..Setting::default() });
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
        Self { environment: Arc::new(environment), setting, scope: Scope::default(), variables }
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
            vec![syntax_problem(&error, place(error.range()), syntax_hint(text, source))]
        })?;
        let code = Spelled { text, parts: std::iter::once(0..text.len()).collect() };
        let paths = owned.expression().undeclared_variables(true).into_iter().collect();
        let names = self.checked(&code, paths, source, &place).map_err(|mut problems| {
            // `note/text` is a quotient to the language; who writes it means the column, not two.
            match odd_column(text, source).map(subscript_hint) {
                Some(hint) => vec![problems.swap_remove(0).hint(hint)],
                None => problems,
            }
        })?;
        let shortcut = Shortcut::find(text, &names, source.columns(), &self.scope);
        let program = Program::Expression(owned);
        Ok(Compiled::new(program, names, text, shortcut, Arc::clone(&self.setting)))
    }

    /// Compiles a text with statements in it.
    pub(crate) fn compile_template(
        &self,
        written: &Written,
        source: &mut Source,
    ) -> Result<Compiled, Vec<Diagnostic>> {
        let text = written.text.as_str();
        let whole = 0..text.len();
        let place = |range: Option<Range<usize>>| place_in(written, &whole, range);
        let tags = template::tags(text);
        let too_much = if text.len() > template::LONGEST {
            Some(format!("a text with statements is longer than {} bytes", template::LONGEST))
        } else if tags.len() > MOST_TAGS {
            Some(format!("a text has more than {MOST_TAGS} expressions and statements"))
        } else if tags.iter().any(|tag| tag.inside.len() > LONGEST) {
            Some(format!("an expression or a statement is longer than {LONGEST} bytes"))
        } else {
            None
        };
        if let Some(message) = too_much {
            return Err(vec![Diagnostic::error(Code::ExpressionSyntax, place(None), message)]);
        }
        let draft = Draft::new(text, &tags);
        let line = |tag: &Tag| match place(Some(tag.whole.clone())) {
            Place::Text(source, span) => {
                source.text.get(..span.start).map(|before| before.matches('\n').count() + 1)
            }
            _ => None,
        };
        let shown = tags.iter().map(|tag| Shown::of(text, tag, line(tag))).collect();
        let compiled = Template::compile(&self.environment, &draft, shown).map_err(|error| {
            let range = error.range().map(|range| draft.original(range));
            vec![syntax_problem(&error, place(range), STATEMENTS.to_owned())]
        })?;
        let parts: Vec<Range<usize>> = tags
            .iter()
            .filter(|tag| tag.kind != Kind::Comment)
            .map(|tag| tag.inside.clone())
            .collect();
        let spelled: Vec<&str> = parts.iter().map(|part| &text[part.clone()]).collect();
        let spelled = spelled.join("\n");
        let names = self.checked(&Spelled { text, parts }, compiled.names(), source, &place)?;
        let program = Program::Template(compiled);
        Ok(Compiled::new(program, names, &spelled, None, Arc::clone(&self.setting)))
    }

    /// What can be known to be wrong before any row; or else the columns that are named.
    fn checked(
        &self,
        code: &Spelled<'_>,
        paths: Vec<String>,
        source: &mut Source,
        place: &impl Fn(Option<Range<usize>>) -> Place,
    ) -> Result<Names, Vec<Diagnostic>> {
        let mut problems = self.unknown_filters(code, place);
        problems.extend(self.unknown_lookups(code, place));
        problems.extend(unknown_subscripts(code, source, &self.scope, place));
        for part in &code.parts {
            let faults = arguments::faults(&code.text[part.clone()], &self.setting);
            problems.extend(faults.into_iter().map(|fault| {
                let range = part.start + fault.at.start..part.start + fault.at.end;
                let problem = Diagnostic::error(fault.code, place(Some(range)), fault.message);
                match fault.hint {
                    Some(hint) => problem.hint(hint),
                    None => problem,
                }
            }));
        }
        let names = self.names_of(code, paths, source, place, &mut problems);
        if problems.is_empty() { Ok(names) } else { Err(problems) }
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
        code: &Spelled<'_>,
        place: &impl Fn(Option<Range<usize>>) -> Place,
    ) -> Vec<Diagnostic> {
        let names = code.find(filter_names).into_iter();
        let unknown = names.filter(|range| !self.has_filter(&code.text[range.clone()]));
        let told = unknown.map(|range| {
            let name = &code.text[range.clone()];
            let message = format!("there is no filter `{name}`");
            Diagnostic::error(Code::UnknownFilter, place(Some(range.clone())), message)
                .hint_names(name, filter::names())
        });
        told.collect()
    }

    /// An unknown table would only show when a row comes to it.
    fn unknown_lookups(
        &self,
        code: &Spelled<'_>,
        place: &impl Fn(Option<Range<usize>>) -> Place,
    ) -> Vec<Diagnostic> {
        let names = code.find(table_names).into_iter();
        let lookups = &self.setting.lookups;
        let unknown = names.filter(|range| lookups.find(&code.text[range.clone()]).is_none());
        let told = unknown.map(|range| {
            let name = &code.text[range.clone()];
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

    /// The columns that are named, each of which must exist; those that do not go to `problems`.
    fn names_of(
        &self,
        code: &Spelled<'_>,
        mut paths: Vec<String>,
        source: &mut Source,
        place: &impl Fn(Option<Range<usize>>) -> Place,
        problems: &mut Vec<Diagnostic>,
    ) -> Names {
        paths.sort();
        let mut columns: Vec<(Arc<str>, Slot)> = Vec::new();
        let mut whole_row = false;
        for path in &paths {
            let (first, rest) = path
                .split_once('.')
                .map_or((path.as_str(), None), |(first, rest)| (first, Some(rest)));
            if first == VARIABLES && !self.variables.is_empty() {
                let name = rest.map(|rest| rest.split('.').next().unwrap_or(rest));
                if let Some(name) = name.filter(|name| !self.variables.has(name)) {
                    add(problems, self.variables.unknown(name, place(code.word(name))));
                }
            } else if first == ROW && source.columns().index(ROW).is_none() {
                whole_row = true;
                if let Some(column) = rest {
                    let column = column.split('.').next().unwrap_or(column);
                    if self.scope.find(column).is_none()
                        && let Err(problem) = column_index(source, column, &self.scope)
                    {
                        add(problems, problem(place(code.word(column))));
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
                    Err(problem) => add(problems, problem(place(code.word(first)))),
                }
            }
        }
        let spelled: Vec<&str> = code.parts.iter().map(|part| &code.text[part.clone()]).collect();
        let of_row = one_of_row(&spelled.join("\n")).and_then(|name| source.columns().index(name));
        let only_column = match columns.as_slice() {
            [(_, slot)] => self.scope.column(*slot),
            _ => None,
        };
        let visible = self.scope.len();
        Names { columns: columns.into(), only_column, visible, whole_row, of_row }
    }
}

/// Ranges of the tables' names that an expression looks up, as far as it says them itself.
fn table_names(text: &str) -> Vec<Range<usize>> {
    let calls = calls(text).into_iter().filter(|call| call.name == filter::LOOKUP);
    let name = |call: Call<'_>| {
        let table = call.argument(0)?;
        table.texts.first().filter(|_| table.texts.len() == 1).cloned()
    };
    calls.filter_map(name).collect()
}

/// A text of the job, and which parts of it are code.
struct Spelled<'t> {
    text: &'t str,
    parts: Vec<Range<usize>>,
}

impl Spelled<'_> {
    /// What is found in the code, by its ranges in the text.
    fn find(&self, find: impl Fn(&str) -> Vec<Range<usize>>) -> Vec<Range<usize>> {
        let of_part = |part: &Range<usize>| {
            let found = find(&self.text[part.clone()]).into_iter();
            let start = part.start;
            found.map(move |range| start + range.start..start + range.end).collect::<Vec<_>>()
        };
        self.parts.iter().flat_map(of_part).collect()
    }

    fn word(&self, word: &str) -> Option<Range<usize>> {
        self.find(|part| find_word(part, word).into_iter().collect()).into_iter().next()
    }
}

/// What to write instead of statements that cannot be read.
const STATEMENTS: &str = "statements are {% for item in list %} … {% endfor %}, {% if a %} … {% else %} … {% endif %} and {% set \
     name = a %}; every one that opens is closed";

fn syntax_problem(error: &Error, place: Place, hint: String) -> Diagnostic {
    let message = error.detail().unwrap_or("the expression cannot be read").to_owned();
    Diagnostic::error(Code::ExpressionSyntax, place, message).hint(hint)
}

/// `row['…']` names a column as plainly as a bare name does. Where later rows may bring more columns, nobody can
/// tell yet.
fn unknown_subscripts(
    code: &Spelled<'_>,
    source: &mut Source,
    scope: &Scope,
    place: &impl Fn(Option<Range<usize>>) -> Place,
) -> Vec<Diagnostic> {
    if source.columns().is_open() || source.columns().index(ROW).is_some() {
        return Vec::new();
    }
    let subscripts = code.find(row_subscripts).into_iter();
    let subscripts = subscripts.filter(|range| scope.find(&code.text[range.clone()]).is_none());
    let unknown = subscripts.filter_map(|range| {
        let found = column_index(source, &code.text[range.clone()], scope);
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
    scope: &Scope,
) -> Result<usize, impl FnOnce(Place) -> Diagnostic + use<>> {
    let found = source.column(name);
    let columns = source.columns().clone();
    let named = scope.names().map(Arc::from);
    let known: Vec<Arc<str>> = columns.names().iter().cloned().chain(named).collect();
    let name = name.to_owned();
    found.ok_or(move |place: Place| {
        if let Some(problem) = ambiguous(&columns, &name, place.clone()) {
            return problem;
        }
        Diagnostic::error(Code::UnknownColumn, place, format!("there is no column `{name}`"))
            .hint_names(&name, known.iter().map(AsRef::as_ref))
    })
}
