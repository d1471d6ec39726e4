//! A job's mapping, key and operations against the columns of its source, before any row is read.
//!
//! What can be known to be wrong for every row alike is told here, once. What a row holds is for the rest of the room.

use std::sync::Arc;

use serde_json::Value;

use crate::declared::connector::Operation;
use crate::declared::job::{Job, MapEntry, OperationChoice, Rows, Written, find_operation};
use crate::prepare::mapping::{Language, Mapped, Origin};
use crate::prepare::schema::Checker;
use crate::source::{Columns, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::pointer::Pointer;

use super::intake::{Intake, Taken};
use super::{Choice, FieldOrigin, Preparer};

/// The column that names a row's operation where the job does not.
const OPERATION_COLUMN: &str = "operation";

impl Preparer {
    /// Compiles a job against its source. Warnings come with success, errors instead of it.
    pub fn compile(
        job: &Job,
        source: &mut Source,
    ) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut compiler =
            Compiler { job, language: Language::new(job.timezone.clone()), problems: Vec::new() };
        let choice = compiler.choice(source);
        let fields = compiler.fields(source);
        let key = job.key.as_ref().and_then(|written| compiler.key(written, source));
        let intakes = compiler
            .operations()
            .iter()
            .map(|operation| compiler.intake(operation, &fields, source))
            .collect();
        let (errors, warnings): (Vec<_>, Vec<_>) =
            compiler.problems.into_iter().partition(Diagnostic::is_error);
        let language_columns = open_columns(job, source);
        match choice {
            Some(choice) if errors.is_empty() => Ok((
                Self {
                    columns: source.columns().clone(),
                    choice,
                    fields,
                    intakes,
                    key,
                    marker: job.marker.clone(),
                    language_columns,
                },
                warnings,
            )),
            _ => Err(errors),
        }
    }
}

/// Names that the job uses on a source whose columns only the whole of it can tell.
fn open_columns(job: &Job, source: &Source) -> Vec<(usize, Written)> {
    if !source.columns().is_open() {
        return Vec::new();
    }
    let written = job.map.iter().flatten().filter_map(|entry| match &entry.value {
        Value::String(text) => {
            Some(Written { text: text.clone(), place: entry.value_place.clone() })
        }
        _ => None,
    });
    let written: Vec<Written> = written.chain(job.key.clone()).collect();
    let names = source.columns().names().iter().enumerate();
    names
        .filter_map(|(index, name)| {
            let by = written.iter().find(|written| written.text.contains(name.as_ref()))?;
            Some((index, by.clone()))
        })
        .collect()
}

/// Collects what is wrong while a job is compiled.
struct Compiler<'a> {
    job: &'a Job,
    language: Language,
    problems: Vec<Diagnostic>,
}

impl Compiler<'_> {
    fn choice(&mut self, source: &mut Source) -> Option<Choice> {
        match &self.job.operation {
            OperationChoice::Fixed(_) => Some(Choice::Fixed),
            OperationChoice::Expression(written) => {
                let origin = self.keep(Origin::compile(&self.language, written, source))?;
                if let Origin::Constant(Mapped::Text(name)) = &origin {
                    let found = find_operation(&self.job.connector, name, written.place.clone());
                    self.keep(found)?;
                }
                Some(Choice::PerRow(origin))
            }
            OperationChoice::Column => match source.column(OPERATION_COLUMN) {
                Some(index) => Some(Choice::PerRow(Origin::Column(index))),
                None => {
                    self.problems.push(self.missing_operation());
                    None
                }
            },
        }
    }

    /// Nothing says what the rows do.
    fn missing_operation(&self) -> Diagnostic {
        let example = self.job.connector.operations.keys().next().map_or("", String::as_str);
        match &self.job.document {
            Some(document) => {
                let place = document.place_of_key(&Pointer::root());
                let message = "the job does not say what its rows do";
                Diagnostic::error(Code::MissingOperation, place, message)
                    .hint(format!("add `operation: {example}`, or a column `operation`"))
            }
            None => {
                let place = Place::File(Arc::clone(self.job.rows.name()));
                let message = "nothing says what the rows do";
                Diagnostic::error(Code::MissingOperation, place, message)
                    .hint(format!("add --operation {example}, or a column `operation`"))
            }
        }
    }

    fn fields(&mut self, source: &mut Source) -> Vec<FieldOrigin> {
        match &self.job.map {
            Some(map) => map.iter().filter_map(|entry| self.mapped_field(entry, source)).collect(),
            None => self.fields_by_name(source),
        }
    }

    fn mapped_field(&mut self, entry: &MapEntry, source: &mut Source) -> Option<FieldOrigin> {
        self.check_field_name(entry);
        let origin = match &entry.value {
            Value::String(text) => {
                let written = Written { text: text.clone(), place: entry.value_place.clone() };
                self.keep(Origin::compile(&self.language, &written, source))?
            }
            other => Origin::constant(other),
        };
        Some(field_origin(&entry.field, origin, source.columns()))
    }

    fn check_field_name(&mut self, entry: &MapEntry) {
        let operations = self.operations();
        if operations.iter().any(|operation| operation.fields.find(&entry.field).is_some()) {
            return;
        }
        let message = match operations.as_slice() {
            [operation] => format!("{} has no field `{}`", operation.name, entry.field),
            _ => format!(
                "no operation of `{}` has a field `{}`",
                self.job.connector.name, entry.field
            ),
        };
        let known: Vec<&str> =
            operations.iter().flat_map(|operation| operation.fields.names()).collect();
        self.problems.push(
            Diagnostic::error(Code::UnknownField, entry.field_place.clone(), message)
                .hint_names(&entry.field, known),
        );
    }

    /// The job's operations: one, or all of its connector.
    fn operations(&self) -> Vec<Arc<Operation>> {
        match &self.job.operation {
            OperationChoice::Fixed(operation) => vec![Arc::clone(operation)],
            _ => self.job.connector.operations.values().cloned().collect(),
        }
    }

    /// Without a map: the columns that bear a field's name.
    fn fields_by_name(&mut self, source: &mut Source) -> Vec<FieldOrigin> {
        let operations = self.operations();
        let mut names: Vec<String> = Vec::new();
        for name in operations.iter().flat_map(|operation| operation.fields.names()) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        if !source.columns().is_open() {
            self.tell_unused_columns(&names, source.columns());
        }
        let found: Vec<(String, usize)> = names
            .into_iter()
            .filter_map(|name| source.column(&name).map(|index| (name, index)))
            .collect();
        found
            .into_iter()
            .map(|(name, index)| field_origin(&name, Origin::Column(index), source.columns()))
            .collect()
    }

    /// A column that is no field is left out; in rows written in the job it can only be a slip.
    fn tell_unused_columns(&mut self, fields: &[String], columns: &Columns) {
        let inline = matches!(self.job.rows, Rows::Inline { .. });
        let unused = columns.names().iter().filter(|name| {
            ***name != *OPERATION_COLUMN && !fields.iter().any(|field| **field == ***name)
        });
        for name in unused {
            let known = fields.iter().map(String::as_str);
            let place = self.place_of_inline_key(name);
            if inline {
                let problem = Diagnostic::error(
                    Code::UnknownField,
                    place,
                    format!("no operation has a field `{name}`"),
                );
                self.problems.push(problem.hint_names(name, known));
            } else {
                let message = format!("the column `{name}` is no field and is left out");
                let problem = Diagnostic::warning(Code::UnusedColumn, place, message);
                self.problems.push(problem.hint("a job file can map it: see `map`"));
            }
        }
    }

    fn place_of_inline_key(&self, name: &str) -> Place {
        let whole = || Place::File(Arc::clone(self.job.rows.name()));
        let Some(document) = &self.job.document else { return whole() };
        let mut at = 0;
        let rows = Pointer::of(["source", "rows"]);
        while document.at(&rows.join(at)).is_some() {
            let pointer = rows.join(at).join(name);
            if document.at(&pointer).is_some() {
                return document.place_of_key(&pointer);
            }
            at += 1;
        }
        whole()
    }

    fn key(&mut self, written: &Written, source: &mut Source) -> Option<Origin> {
        let origin = self.keep(Origin::compile(&self.language, written, source))?;
        if let Origin::Constant(_) = origin {
            let problem = Diagnostic::error(
                Code::InvalidValue,
                written.place.clone(),
                "the key is the same for every row",
            );
            self.problems.push(problem.hint("name a column, as in \"{{ legacy_id }}\""));
            return None;
        }
        Some(origin)
    }

    fn intake(
        &mut self,
        operation: &Arc<Operation>,
        fields: &[FieldOrigin],
        source: &Source,
    ) -> Intake {
        let checker = Checker::new(operation);
        let kinds = checker.kinds().iter();
        let taken: Vec<Taken> = kinds
            .filter_map(|(field, kind)| {
                let name = operation.fields.name(*field);
                let origin = fields.iter().position(|field| *field.field == *name)?;
                Some(Taken { field: *field, kind: *kind, origin })
            })
            .collect();
        let untaken = (0..fields.len())
            .filter(|index| !taken.iter().any(|taken| taken.origin == *index))
            .collect();
        if matches!(self.job.operation, OperationChoice::Fixed(_)) && !source.columns().is_open() {
            self.tell_unmapped(operation, fields, source.columns());
        }
        Intake { checker, taken, untaken }
    }

    /// A required field that nothing fills would be missing on every row: told once, instead.
    fn tell_unmapped(&mut self, operation: &Operation, fields: &[FieldOrigin], columns: &Columns) {
        let unmapped = operation.fields.names().filter(|name| {
            operation.fields.is_required(name) && !fields.iter().any(|field| *field.field == **name)
        });
        for name in unmapped {
            let mapped_badly = self.job.map.iter().flatten().any(|entry| entry.field == *name);
            if mapped_badly {
                continue;
            }
            let place = match &self.job.document {
                Some(document) => document.place_of_key(&Pointer::of(["map"])),
                None => Place::File(Arc::clone(self.job.rows.name())),
            };
            let message = format!("{} needs `{name}`, and nothing fills it", operation.name);
            let known = columns.names().iter().map(AsRef::as_ref);
            let problem = Diagnostic::error(Code::MissingField, place, message);
            self.problems.push(match self.job.map {
                Some(_) => problem.hint(format!("add `{name}:` to the job's map")),
                None => problem.hint_names(name, known),
            });
        }
    }

    fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|problem| self.problems.push(problem)).ok()
    }
}

fn field_origin(field: &str, origin: Origin, columns: &Columns) -> FieldOrigin {
    let column = origin.only_column().and_then(|index| columns.names().get(index)).cloned();
    FieldOrigin { field: field.into(), origin, column }
}
