//! A row's cells as the fields of its operation: mapped, read as what their schema asks for, marked, checked.
//!
//! What is wrong is told at the cell that it came from. What a schema allows is for `schema`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::declared::connector::Operation;
use crate::row::{FieldValue, Fields};
use crate::source::{Cell, Record, Share};
use crate::text::code::Code;
use crate::text::diagnostic::{CellPlace, Diagnostic, Place, slip_of};
use crate::text::lookalike::did_you_mean;
use crate::text::pointer::Pointer;
use crate::text::spelling::canonical;
use crate::text::violation::{Subject, Violation};
use crate::text::visible::shown;

use super::compile::slip;
use super::defaults::Why;
use super::intake::Intake;
use super::mapping::{Mapped, Origin, Row};
use super::prepared::{Findings, RowKey};
use super::request::misleading;
use super::schema::{Finding, Kind};
use super::sieve::Sifted;
use super::{Choice, FieldOrigin, Preparer, split};

/// A record that has been taken in, and is to be checked.
pub(super) struct UncheckedRow<'a> {
    pub intake: &'a Intake,
    pub row: Row<'a, 'a>,
    pub fields: &'a Fields<'a>,
    /// Where the row's findings begin.
    pub first: usize,
}

/// A value that does not fit its field.
struct Unfit {
    violation: Violation,
    /// The value, where the same one may be at fault in many rows.
    about: Option<Box<str>>,
}

impl Preparer {
    /// What the job's `key` says of a row; none of a row that the job leaves out.
    pub fn row_key(&self, record: &Record) -> Option<RowKey> {
        let kept = self.kept();
        let row = self.row(record, &kept);
        match self.sift(row, &mut Vec::new()) {
            Sifted::Kept | Sifted::Unknown => {
                Some(Self::key_of_share(self.identity_of(row).0, record.share))
            }
            Sifted::Out(_) => None,
        }
    }

    /// What the job's `key` says of a row, and what is wrong with that.
    pub(super) fn key_of(&self, row: Row<'_, '_>) -> (RowKey, Option<Diagnostic>) {
        let Some(origin) = &self.key else { return (RowKey::Content, None) };
        let text = match origin.value(row) {
            Ok(Mapped::Text(text)) if !text.is_empty() => Ok(text.into_owned()),
            Ok(Mapped::Number(text)) => Ok(text.into_owned()),
            Ok(Mapped::Integer(number)) => Ok(number.to_string()),
            Ok(Mapped::Json(value)) => Ok(value.to_string()),
            Ok(Mapped::Bool(value)) => Ok(value.to_string()),
            Ok(Mapped::Absent | Mapped::Text(_)) => Err("the row's key is empty".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let place = || Place::Row(self.place(row.record, origin.only_column(), None));
        match text {
            Ok(text) => match self.unfit_key(&text, place) {
                Some(problem) => (RowKey::Missing, Some(problem)),
                None => (RowKey::Written(text), None),
            },
            Err(message) => {
                let hint = "every row needs a key of its own; leave `key` out of the job to know rows by their content";
                let problem = Diagnostic::error(Code::MissingKey, place(), message).hint(hint);
                (RowKey::Missing, Some(problem))
            }
        }
    }

    /// How the row's record is taken in; none where it does not say a known operation.
    pub(super) fn intake_of(&self, row: Row<'_, '_>, findings: &mut Findings) -> Option<&Intake> {
        let Choice::PerRow(origin) = &self.choice else { return self.intakes.first() };
        let place = || Place::Row(self.place(row.record, origin.only_column(), None));
        let known = || self.intakes.iter().map(|intake| &*intake.checker.operation().name);
        let name = match origin.value(row) {
            Ok(Mapped::Text(name)) => name,
            Ok(_) => Cow::Borrowed(""),
            Err(error) => {
                findings.problems.push(Diagnostic::error(error.code(), place(), error.to_string()));
                return None;
            }
        };
        let found = self.intakes.iter().find(|intake| *intake.checker.operation().name == *name);
        if found.is_none() {
            let message = match name.as_ref() {
                "" => "the row does not say its operation".to_owned(),
                name => format!("there is no operation `{name}`"),
            };
            findings.problems.push(
                Diagnostic::error(Code::UnknownOperation, place(), message)
                    .hint_names(&name, known()),
            );
        }
        found
    }

    /// The row's fields and its marker. Where something is found wrong a cell cannot be read.
    pub(super) fn fill<'p>(
        &'p self,
        intake: &Intake,
        row: Row<'p, '_>,
        key: &RowKey,
        findings: &mut Findings,
    ) -> (Fields<'p>, Option<String>) {
        let mut fields = self.map_cells(intake, row, findings);
        let marker = self.mark(intake, key, &mut fields);
        self.refuse_dots(intake, row, &fields, findings);
        self.refuse_untaken(intake, row, findings);
        (fields, marker)
    }

    fn map_cells<'p>(
        &'p self,
        intake: &Intake,
        row: Row<'p, '_>,
        findings: &mut Findings,
    ) -> Fields<'p> {
        let mut fields = Fields::with_capacity(intake.taken.len());
        for taken in &intake.taken {
            let field = &self.fields[taken.origin];
            match self.value(field, taken.kind, row) {
                Ok(Some(value)) => fields.set(taken.field, value),
                Ok(None) => {}
                Err(Unfit { violation, about }) => {
                    let problem = self.diagnostic(row, Some(field), Finding::error(violation));
                    findings.problems.push(Diagnostic { about, ..problem });
                }
            }
        }
        fields
    }

    /// Writes the job's marker below the text that takes it. A row without a key is refused for that elsewhere.
    fn mark(&self, intake: &Intake, key: &RowKey, fields: &mut Fields<'_>) -> Option<String> {
        let marker = self.marker.as_ref()?;
        let field = intake.checker.operation().marked_field()?;
        let FieldValue::Text(text) = fields.get_mut(field)? else { return None };
        let RowKey::Written(key) = key else { return None };
        let (marker, text) = (marker.of(key), text.to_mut());
        text.push('\n');
        text.push_str(&marker);
        Some(marker)
    }

    /// A field's value; none where it is absent, which an empty text is too.
    fn value<'p>(
        &self,
        field: &'p FieldOrigin,
        kind: Kind,
        row: Row<'p, '_>,
    ) -> Result<Option<FieldValue<'p>>, Unfit> {
        let at_field = |violation: Violation| Unfit {
            violation: Violation { pointer: Pointer::of([&*field.field]), ..violation },
            about: None,
        };
        let mapped = match &field.origin {
            // Most fields are a cell as it is: nothing can go wrong with that.
            Origin::Column(column) => row.cell(*column).into(),
            origin => origin.value(row).map_err(|error| Unfit {
                violation: Violation {
                    hint: error.hint(),
                    ..refused(&field.field, error.code(), error.to_string())
                },
                about: error.about().map(Box::from),
            })?,
        };
        let mapped = match field.split_at {
            None => mapped,
            Some(split_at) => split_mapped(field, mapped, (split_at, row.record.share))?,
        };
        match mapped {
            Mapped::Absent => Ok(None),
            Mapped::Text(text) if text.is_empty() => Ok(None),
            Mapped::Text(text) if kind != Kind::Text && is_blank(&text) => Ok(None),
            Mapped::Text(text) | Mapped::Number(text) => {
                kind.read(text).map(Some).map_err(at_field)
            }
            Mapped::Integer(number) => kind.read_integer(number).map(Some).map_err(at_field),
            Mapped::Bool(value) => kind.read_boolean(value).map(Some).map_err(at_field),
            Mapped::Json(value) => Ok(Some(value.into())),
        }
    }

    /// `.` and `..` in a path mean another path, as does nothing, and no way of writing them keeps them from it.
    fn refuse_dots(
        &self,
        intake: &Intake,
        row: Row<'_, '_>,
        fields: &Fields<'_>,
        findings: &mut Findings,
    ) {
        let operation = intake.checker.operation();
        let Some(field) = misleading(operation, fields) else { return };
        let name = operation.fields.name(field);
        let message = match fields.get(field).and_then(FieldValue::as_str) {
            Some("") => "an empty text cannot stand in the path of a request".to_owned(),
            text => format!("`{}` cannot stand in the path of a request", text.unwrap_or_default()),
        };
        let violation = refused(name, Code::InvalidValue, message);
        let field = self.fields.iter().find(|field| *field.field == *name);
        findings.problems.push(self.diagnostic(row, field, Finding::error(violation)));
    }

    fn refuse_untaken(&self, intake: &Intake, row: Row<'_, '_>, findings: &mut Findings) {
        for index in &intake.untaken {
            let field = &self.fields[*index];
            let empty = match field.origin.value(row) {
                Ok(Mapped::Absent) => true,
                Ok(Mapped::Text(text)) => text.is_empty(),
                // A constant or an expression that is meant for the other operations of the job.
                _ => field.column.is_none(),
            };
            if !empty && field.column.is_some() {
                let name = &intake.checker.operation().name;
                let message = format!("{name} takes no `{}`", field.field);
                let violation = Violation {
                    hint: Some("leave the cell empty on this row".to_owned()),
                    subject: Subject::Key,
                    ..refused(&field.field, Code::UnknownField, message)
                };
                findings.problems.push(self.diagnostic(
                    row,
                    Some(field),
                    Finding::error(violation),
                ));
            }
        }
    }

    /// Checks the fields of a row. `now` is in unix milliseconds.
    pub(super) fn check_fields(&self, row: &UncheckedRow<'_>, now: i64, findings: &mut Findings) {
        let UncheckedRow { intake, row, fields, first } = *row;
        let cells = findings.problems.len();
        let mut found = std::mem::take(&mut findings.scratch);
        found.clear();
        intake.checker.check(fields, now, &mut found);
        for finding in found.drain(..) {
            // A cell that could not be read has been told of; that its field is now missing is no news.
            let name = finding.violation.pointer.first().unwrap_or_default();
            let field = self.fields.iter().find(|field| *name == *field.field);
            let filled = field.and_then(|field| field.at.as_ref());
            let mut of_cells = findings.problems[first..cells].iter();
            if of_cells.any(|problem| is_of(problem, &finding.violation.pointer, filled)) {
                continue;
            }
            let Violation { code, pointer, .. } = &finding.violation;
            if finding.once && !findings.told.is_news(*code, pointer) {
                continue;
            }
            let operation = intake.checker.operation();
            let is_lacking = field.is_none()
                && finding.violation.code == Code::MissingField
                && operation.fields.is_required(&name);
            findings.problems.push(match is_lacking {
                true => self.lacking(operation, &name),
                false => self.diagnostic(row, field, finding),
            });
        }
        findings.scratch = found;
    }

    /// Warns of a text of very many lines: a quote may be missing that should have closed it.
    pub(super) fn note_many_lines(&self, row: &UncheckedRow<'_>, findings: &mut Findings) {
        let operation = row.intake.checker.operation();
        for (field, value) in row.fields.iter() {
            let text = value.as_str().filter(|text| text.len() > MANY_LINES);
            let lines = text.map_or(0, |text| canonical(text).lines().count());
            if lines <= MANY_LINES {
                continue;
            }
            let name = operation.fields.name(field);
            let origin = self.fields.iter().find(|field| *field.field == *name);
            let place = CellPlace {
                column: origin.and_then(|field| field.column.clone()),
                ..self.place(row.row.record, None, Some(Pointer::of([name])))
            };
            let message = format!("`{name}` has {lines} lines");
            findings.problems.push(
                Diagnostic::warning(Code::ManyLines, Place::Row(place), message).hint(
                    "is it one text? a quote that is missing takes the rows below it for text",
                ),
            );
        }
    }

    /// Counts the row where it leaves a field to a default that matters, unless something is told of that field anyway.
    pub(super) fn note_defaults(&self, row: &UncheckedRow<'_>, findings: &mut Findings) {
        let operation = row.intake.checker.operation();
        for (field, remark) in row.intake.checker.left_to_defaults(row.fields) {
            let name = operation.fields.name(field);
            let pointer = || Pointer::of([name]);
            let filled = self.fields.iter().find(|field| *field.field == *name);
            let at = filled.and_then(|field| field.at.as_ref());
            let mut told = findings.problems[row.first..].iter();
            if told.any(|problem| is_of(problem, &pointer(), at)) {
                continue;
            }
            let why = match filled {
                None => Why::Unfilled,
                Some(field) if field.origin.only_column().is_some() => Why::EmptyCell,
                Some(_) => Why::Nothing,
            };
            let place = || CellPlace {
                column: filled.and_then(|field| field.column.clone()),
                ..self.place(row.row.record, None, Some(pointer()))
            };
            findings.remarks.defaults.add((name, why), remark, row.row.record.place.line, place);
        }
    }

    /// Where the columns are the fields: a name that comes near to a field that the row does not have. Dropped without a
    /// word, a note would be seen by customers that is meant to be internal.
    pub(super) fn refuse_slips(&self, row: &UncheckedRow<'_>, findings: &mut Findings) {
        if !self.by_name {
            return;
        }
        for name in row.row.record.strays() {
            if !findings.slips.contains_key(name) {
                let known: Vec<&str> = self.field_names.iter().map(AsRef::as_ref).collect();
                let meant = slip_of(name, &known).map(Arc::from);
                findings.slips.insert(Arc::clone(name), meant);
            }
            let Some(Some(meant)) = findings.slips.get(name) else { continue };
            let is_there = |field: &FieldOrigin| {
                *field.field == **meant
                    && !matches!(field.origin.value(row.row), Ok(Mapped::Absent))
            };
            if self.fields.iter().any(is_there) {
                continue;
            }
            // That its field is missing then is no news.
            let mut at = 0;
            findings.problems.retain(|problem| {
                at += 1;
                at <= row.first || !is_missing(problem, meant)
            });
            let mut place = self.place(row.row.record, None, None);
            place.column = Some(Arc::clone(name));
            findings.problems.push(slip(name, meant, Place::Row(place)));
        }
    }

    /// A field that every row of an operation has to have and nothing fills: a mistake of the job, not of its rows.
    fn lacking(&self, operation: &Operation, name: &str) -> Diagnostic {
        let message = format!("{} needs `{name}`, and nothing fills it", operation.name);
        let problem = Diagnostic::error(Code::MissingField, self.map_place.clone(), message);
        let hint = format!("fill `{name}` by the job's map, or by a column of that name");
        Diagnostic { once: true, ..problem.hint(hint) }
    }

    fn diagnostic(
        &self,
        row: Row<'_, '_>,
        field: Option<&FieldOrigin>,
        finding: Finding,
    ) -> Diagnostic {
        let value = field.and_then(|field| self.shown_value(field, row));
        let words = finding.violation.words(value.as_deref());
        let Violation { pointer, code, hint, subject, .. } = finding.violation;
        let mut place = self.place(row.record, None, Some(pointer));
        place.column = field.and_then(|field| field.column.clone());
        let place = self.addressed(place);
        let message = match (&place.column, field, subject) {
            (None, Some(field), subject) if subject != Subject::Key => {
                format!("{}: {words}", field.field)
            }
            _ => words,
        };
        // What the job says itself, whatever the row, is its mistake and none of each row.
        let of_job =
            field.filter(|field| field.origin.is_of_job()).and_then(|field| field.at.clone());
        let once = finding.once || of_job.is_some();
        let mut diagnostic = Diagnostic::error(code, of_job.unwrap_or(Place::Row(place)), message);
        diagnostic.severity = finding.severity;
        diagnostic.once = once;
        diagnostic.hint = hint;
        if code == Code::MissingField
            && diagnostic.hint.is_none()
            && field.is_some_and(|field| field.column.is_some())
        {
            diagnostic.hint = Some("the cell is empty".to_owned());
            self.say_what_the_row_lacks(row.record, field, &mut diagnostic);
        }
        diagnostic
    }

    /// Of a source whose rows may have any keys: whether the row has that of a field at all, or one that comes near to it.
    fn say_what_the_row_lacks(
        &self,
        record: &Record,
        field: Option<&FieldOrigin>,
        problem: &mut Diagnostic,
    ) {
        let Some(field) = field.filter(|_| self.columns.is_open()) else { return };
        let (Some(index), Some(column)) = (field.origin.only_column(), &field.column) else {
            return;
        };
        if !matches!(record.cell(index), Cell::Absent) {
            return;
        }
        let strays: Vec<&str> = record.strays().iter().map(AsRef::as_ref).collect();
        let near = slip_of(column, &strays).map(|name| did_you_mean(column, name));
        let near = near.map(|near| format!(": {near}")).unwrap_or_default();
        problem.hint = Some(format!("the row has no `{}`{near}", shown(column)));
        problem.lacks = Some(Arc::clone(column));
    }

    /// What a field's value was made of, for a message: the cell, or what the expression comes to.
    fn shown_value(&self, field: &FieldOrigin, row: Row<'_, '_>) -> Option<String> {
        let cell = field.origin.only_column().map(|index| Mapped::from(row.record.cell(index)));
        let mapped = match cell {
            Some(cell) => cell,
            None => field.origin.value(row).ok()?,
        };
        let text = match mapped {
            Mapped::Absent => return None,
            Mapped::Bool(value) => value.to_string(),
            Mapped::Number(text) | Mapped::Text(text) => text.into_owned(),
            Mapped::Integer(number) => number.to_string(),
            Mapped::Json(value) => value.to_string(),
        };
        (!text.is_empty()).then(|| quoted(&text))
    }

    pub(super) fn place(
        &self,
        record: &Record,
        column: Option<usize>,
        pointer: Option<Pointer>,
    ) -> CellPlace {
        let column = column.and_then(|index| self.columns.names().get(index)).cloned();
        self.addressed(CellPlace { row: record.place.clone(), column, pointer })
    }

    /// The place, with what the cell is called in its sheet.
    fn addressed(&self, mut place: CellPlace) -> CellPlace {
        if place.row.within.is_none() {
            let column = place.column.as_deref().and_then(|name| self.columns.index(name));
            place.row.within =
                column.and_then(|column| self.columns.cell_address(column, place.row.line));
        }
        place
    }
}

/// The row's share of a text.
fn split_mapped<'p>(
    field: &FieldOrigin,
    mapped: Mapped<'p>,
    (split_at, share): (usize, Option<Share>),
) -> Result<Mapped<'p>, Unfit> {
    let Mapped::Text(text) = &mapped else { return Ok(mapped) };
    match split::share_of(text, split_at, share) {
        Ok(None) => Ok(mapped),
        Ok(Some(part)) => Ok(Mapped::Text(part.into())),
        Err(_) => {
            let message = split::TooMany::message(split_at);
            let violation = Violation {
                hint: Some(
                    "raise `split_at`, or cut the text off, as in {{ note | truncate(10000) }}"
                        .to_owned(),
                ),
                ..refused(&field.field, Code::InvalidValue, message)
            };
            Err(Unfit { violation, about: None })
        }
    }
}

/// Whether there is nothing but white space. Most texts end this with their first letter.
fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// A text of more lines is warned of.
const MANY_LINES: usize = 1000;

/// So many letters of a value are shown.
const SHOWN: usize = 40;

/// A value in quotes, cut where it is long; all on one line, and what is unseen by its code point.
pub(super) fn quoted(text: &str) -> String {
    let mut letters = text.chars();
    let begin: String = letters.by_ref().take(SHOWN).collect();
    let rest = if letters.next().is_some() { "…" } else { "" };
    let line: String =
        begin.chars().map(|letter| if letter == '\n' { '↵' } else { letter }).collect();
    format!("\"{}{rest}\"", shown(&line))
}

/// A field whose value will not do.
fn refused(field: &str, code: Code, message: String) -> Violation {
    let pointer = Pointer::of([field]);
    Violation { pointer, code, message, hint: None, subject: Subject::Value }
}

/// Whether a problem is about a field, which the job fills at a place.
fn is_of(problem: &Diagnostic, field: &Pointer, filled: Option<&Place>) -> bool {
    match &problem.place {
        Place::Row(place) => place.pointer.as_ref() == Some(field),
        other => filled == Some(other),
    }
}
/// Whether all that a problem says is that a row lacks a field.
fn is_missing(problem: &Diagnostic, field: &str) -> bool {
    let Place::Row(place) = &problem.place else { return false };
    let pointer = place.pointer.as_ref().and_then(Pointer::first);
    problem.code == Code::MissingField && pointer.is_some_and(|name| *name == *field)
}
