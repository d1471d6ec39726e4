//! Which rows are the job's: conditions that a row has to fulfil or is left out, and columns that may not be empty.
//!
//! A row is never left out in silence: each is counted with its reason. A condition that is neither true nor false leaves
//! nothing out, and is a problem of the row.

use std::sync::Arc;

use crate::declared::job::{Condition, Written};
use crate::source::Source;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::Preparer;
use super::fields::quoted;
use super::mapping::{Language, Mapped, Origin, Row, ValueError};

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    conditions: Vec<Test>,
    needed: Vec<Needed>,
}

/// A condition.
#[derive(Debug)]
struct Test {
    origin: Origin,
    why: Arc<str>,
    place: Place,
}

/// A column that may not be empty.
#[derive(Debug)]
struct Needed {
    name: Arc<str>,
    origin: Origin,
}

/// What became of a row in a sieve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sifted {
    Kept,
    /// It is left out, by the condition of that number.
    Out(usize),
    /// That cannot be said.
    Unknown,
}

impl Sieve {
    /// Compiles conditions and columns. What is wrong with one goes to `problems`.
    pub(super) fn compile(
        language: &Language,
        (conditions, required): (&[Condition], &[Written]),
        source: &mut Source,
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut sieve = Self::default();
        for condition in conditions {
            let keep = &condition.keep;
            let origin = match Origin::compile(language, keep, source) {
                Ok(origin) => origin,
                Err(found) => {
                    problems.extend(found);
                    continue;
                }
            };
            if matches!(origin, Origin::Constant(_) | Origin::Text(_)) {
                let message = "a condition of `where` is one expression that is true or false";
                let problem = Diagnostic::error(Code::InvalidValue, keep.place.clone(), message);
                problems.push(
                    problem.hint("as in \"{{ status != 'deleted' }}\", with nothing around it"),
                );
                continue;
            }
            let (why, place) = (Arc::from(condition.why.as_str()), keep.place.clone());
            sieve.conditions.push(Test { origin, why, place });
        }
        for column in required {
            match language.named_column(column, source) {
                Ok(origin) => sieve.needed.push(Needed { name: column.text.trim().into(), origin }),
                Err(found) => problems.extend(found),
            }
        }
        sieve
    }

    /// All that it asks columns for.
    pub(super) fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.conditions().chain(self.needed.iter().map(|needed| &needed.origin))
    }

    /// What leaves rows out.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Origin> {
        self.conditions.iter().map(|test| &test.origin)
    }

    /// What leaves rows out, and where that is written.
    pub(super) fn written(&self) -> impl Iterator<Item = (&Origin, &Place)> {
        self.conditions.iter().map(|test| (&test.origin, &test.place))
    }

    /// Whether a condition leaves a row out.
    pub(super) fn leaves_out(&self, row: Row<'_, '_>) -> bool {
        for test in &self.conditions {
            match test.origin.value(row) {
                Ok(Mapped::Bool(true)) => {}
                Ok(Mapped::Bool(false)) => return true,
                _ => return false,
            }
        }
        false
    }

    /// Why rows are left out, in the order of the conditions.
    pub(super) fn reasons(&self) -> impl Iterator<Item = &Arc<str>> {
        self.conditions.iter().map(|test| &test.why)
    }
}

impl Preparer {
    /// What becomes of a row in the sieve; where that cannot be said a problem says why.
    pub(super) fn sift(&self, row: Row<'_, '_>, problems: &mut Vec<Diagnostic>) -> Sifted {
        for (number, test) in self.sieve.conditions.iter().enumerate() {
            let refused = match test.origin.value(row) {
                Ok(Mapped::Bool(true)) => continue,
                Ok(Mapped::Bool(false)) => return Sifted::Out(number),
                Ok(other) => self.neither(row, test, &other),
                Err(error) => self.fails(row, test, &error),
            };
            problems.push(refused);
            return Sifted::Unknown;
        }
        Sifted::Kept
    }

    fn neither(&self, row: Row<'_, '_>, test: &Test, value: &Mapped<'_>) -> Diagnostic {
        let value = match value {
            Mapped::Absent => "nothing".to_owned(),
            Mapped::Text(text) => format!("the text {}", quoted(text)),
            Mapped::Number(_) | Mapped::Integer(_) => format!("the number {}", value.text()),
            Mapped::Bool(_) | Mapped::Json(_) => quoted(&value.text()),
        };
        let message = format!(
            "a condition of `where` comes to {value} on this row, and not to true or false ({})",
            test.why
        );
        let place = Place::Row(self.place(row.record, test.origin.only_column(), None));
        Diagnostic::error(Code::Condition, place, message)
            .hint("compare with what is meant, as in {{ deleted != 'true' }}")
    }

    fn fails(&self, row: Row<'_, '_>, test: &Test, error: &ValueError) -> Diagnostic {
        let message = format!("a condition of `where` cannot be evaluated ({}): {error}", test.why);
        let of_job = test.origin.is_of_job();
        let place = match of_job {
            true => test.place.clone(),
            false => Place::Row(self.place(row.record, test.origin.only_column(), None)),
        };
        let problem = Diagnostic::error(error.code(), place, message).about(error.about());
        Diagnostic { hint: error.hint(), once: of_job, ..problem }
    }

    /// Refuses a row in which a required cell is empty; but where something was told of that cell already.
    pub(super) fn refuse_empty(
        &self,
        row: Row<'_, '_>,
        first: usize,
        problems: &mut Vec<Diagnostic>,
    ) {
        for needed in &self.sieve.needed {
            let (told, error) = match needed.origin.value(row) {
                Ok(value) if !value.text().trim().is_empty() => continue,
                Ok(_) => (format!("`{}` is empty, and the job requires it", needed.name), None),
                Err(error) => (error.to_string(), Some(error)),
            };
            let place = self.place(row.record, needed.origin.only_column(), None);
            let is_same = |problem: &Diagnostic| match &problem.place {
                Place::Row(other) => other.column.is_some() && other.column == place.column,
                _ => false,
            };
            if problems[first..].iter().any(is_same) {
                continue;
            }
            let code = error.as_ref().map_or(Code::RequiredCell, ValueError::code);
            let problem = Diagnostic::error(code, Place::Row(place), told);
            problems.push(problem.hint("fill the cell, or leave such rows out with `where`"));
        }
    }
}
