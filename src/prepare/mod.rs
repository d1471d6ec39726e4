//! From a record to a row that can be sent: mapping, types, validation, request, lane and key in one step.
//!
//! `check`, `plan` and `run` all come through here, which is why they cannot disagree. Pure: no clock is
//! read and nothing is sent; what the ledger says of a row is for `plan`. `compile` reads the job once, before any
//! row; here is what is done with each.

mod compile;
pub mod mapping;
pub mod request;
pub mod schema;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::declared::connector::Operation;
use crate::declared::job::{Job, Marker, Written};
use crate::prepare::mapping::{Mapped, Origin};
use crate::prepare::request::Request;
use crate::prepare::schema::{Checker, Finding, Kind};
use crate::row::Digest;
use crate::source::{Columns, Record, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, RowPlace, Severity};
use crate::text::pointer::Pointer;
use crate::text::violation::{Subject, Violation};

/// A job's mapping and operations, compiled against the columns of its source.
pub struct Preparer {
    file: Arc<str>,
    columns: Columns,
    choice: Choice,
    fields: Vec<FieldOrigin>,
    plans: Vec<OperationPlan>,
    key: Option<Origin>,
    marker: Option<Marker>,
    language_columns: Vec<(usize, Written)>,
}

enum Choice {
    Fixed,
    /// Says the operation's name on each row.
    PerRow(Origin),
}

struct FieldOrigin {
    field: Arc<str>,
    origin: Origin,
    /// The one column it depends on, for messages.
    column: Option<Arc<str>>,
}

/// How one operation takes the job's fields.
struct OperationPlan {
    checker: Checker,
    /// In the order of the operation's declaration: index into the job's fields, and the kind of value.
    taken: Vec<(usize, Kind)>,
    /// Fields of the job that this operation does not know; on its rows they must be empty.
    untaken: Vec<usize>,
}

/// A row whose cells could be read. Whether its fields fit the operation is `valid`.
///
/// An invalid row is kept too: it may have been done before, when a time that has passed since lay ahead.
#[derive(Debug)]
pub struct Checked {
    pub valid: bool,
    plan: usize,
    fields: Value,
    marker: Option<String>,
}

/// A row that can be sent.
#[derive(Debug, Clone)]
pub struct Ready {
    pub row: u64,
    pub line: u64,
    pub operation: Arc<Operation>,
    pub lane: String,
    pub request: Request,
    pub digest: Digest,
    /// The last moment to send it, in unix milliseconds.
    pub send_before: Option<i64>,
    /// Whether its fields fit the operation. One that does not may have been sent when it still did.
    pub valid: bool,
    pub fields: Value,
    /// The line of its text that no other row's has.
    pub marker: Option<String>,
}

/// What is wrong with rows. Reused from row to row; what is true of all rows alike is told once.
#[derive(Debug, Default)]
pub struct Findings {
    pub problems: Vec<Diagnostic>,
    told_once: Vec<(Code, Pointer)>,
    scratch: Vec<Finding>,
}

impl Preparer {
    /// Opens the job's source anew, with the columns where this preparer expects them.
    pub fn reopen(&self, job: &Job) -> Result<Source, Vec<Diagnostic>> {
        let mut source = job.rows.open()?;
        for name in self.columns.names() {
            source.column(name);
        }
        Ok(source)
    }

    /// Whether the job says what makes a row the same row next time.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Checks a row; none where a cell cannot be read. `now` is in unix milliseconds.
    pub fn check(&self, record: &Record, now: i64, findings: &mut Findings) -> Option<Checked> {
        let plan_index = self.plan_of(record, findings)?;
        let plan = &self.plans[plan_index];
        let before = findings.problems.len();
        let mut object = Map::with_capacity(plan.taken.len());
        for (index, kind) in &plan.taken {
            let field = &self.fields[*index];
            match self.value(field, *kind, record) {
                Ok(Some(value)) => {
                    object.insert(String::from(&*field.field), value);
                }
                Ok(None) => {}
                Err(violation) => {
                    findings.problems.push(self.diagnostic(
                        record,
                        Some(field),
                        Finding::error(violation),
                    ));
                }
            }
        }
        let marker = self.mark(plan, record, &mut object);
        self.refuse_dots(plan, record, &object, findings);
        self.refuse_untaken(plan, record, findings);
        let unreadable = findings.problems.len() > before;
        let fields = Value::Object(object);
        self.check_fields(plan, record, &fields, now, unreadable, findings);
        let valid = findings.problems[before..].iter().all(|problem| !problem.is_error());
        (!unreadable).then_some(Checked { valid, plan: plan_index, fields, marker })
    }

    /// Writes the job's marker below the text that takes it. A row without a key is refused for that elsewhere.
    fn mark(
        &self,
        plan: &OperationPlan,
        record: &Record,
        object: &mut Map<String, Value>,
    ) -> Option<String> {
        let marker = self.marker.as_ref()?;
        let field = plan.checker.operation().marked_field()?;
        let Value::String(text) = object.get_mut(field)? else { return None };
        let marker = marker.of(&self.key(record)?.ok()?);
        text.push('\n');
        text.push_str(&marker);
        Some(marker)
    }

    /// What the job's `key` says of a row; none where the job has none.
    pub fn key(&self, record: &Record) -> Option<Result<String, Diagnostic>> {
        let origin = self.key.as_ref()?;
        let refuse = |message: &str| {
            let place = Place::Row(self.place(record, origin.only_column(), None));
            let hint = "every row needs a key of its own; leave `key` out of the job to know rows by their content";
            Diagnostic::error(Code::MissingKey, place, message).hint(hint)
        };
        Some(match origin.value(record, &self.columns) {
            Ok(Mapped::Text(text)) if !text.is_empty() => Ok(text.into_owned()),
            Ok(Mapped::Number(text)) => Ok(text.into_owned()),
            Ok(Mapped::Json(value)) => Ok(value.to_string()),
            Ok(Mapped::Bool(value)) => Ok(value.to_string()),
            Ok(Mapped::Absent | Mapped::Text(_)) => Err(refuse("the row's key is empty")),
            Err(error) => Err(refuse(&error.to_string())),
        })
    }

    /// The operation of a checked row.
    pub fn operation(&self, checked: &Checked) -> &Arc<Operation> {
        self.plans[checked.plan].checker.operation()
    }

    /// The operation of any row; none where it does not say a known one.
    pub fn operation_of(&self, record: &Record) -> Option<&Arc<Operation>> {
        let plan = self.plan_of(record, &mut Findings::default())?;
        self.plans.get(plan).map(|plan| plan.checker.operation())
    }

    /// The request of a checked row.
    pub fn ready(&self, checked: Checked, record: &Record) -> Result<Ready, Diagnostic> {
        let plan = &self.plans[checked.plan];
        let operation = plan.checker.operation();
        let incomplete = || {
            let place = Place::Row(self.place(record, None, None));
            Diagnostic::error(
                Code::MissingField,
                place,
                "a field that the request's path or lane needs is missing",
            )
        };
        let request = request::build(operation, &checked.fields).ok_or_else(incomplete)?;
        let lane = request::lane(operation, &checked.fields).ok_or_else(incomplete)?;
        Ok(Ready {
            row: record.row,
            line: record.line,
            operation: Arc::clone(operation),
            lane,
            digest: request.digest(&operation.name),
            request,
            send_before: plan.checker.send_before(&checked.fields),
            valid: checked.valid,
            fields: checked.fields,
            marker: checked.marker,
        })
    }

    /// Columns that the job names and that no row had, which only the whole source can tell.
    pub fn never_seen(&self, source: &Source) -> Vec<Diagnostic> {
        let columns = source.columns();
        let missing = self.language_columns.iter().filter(|(index, _)| !source.seen(*index));
        missing
            .map(|(index, written)| {
                let name = columns.names().get(*index).map_or("", AsRef::as_ref);
                let known: Vec<&str> = columns
                    .names()
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| source.seen(*at))
                    .map(|(_, name)| name.as_ref())
                    .collect();
                let message = format!("no row has a column `{name}`");
                Diagnostic::error(Code::UnknownColumn, written.place.clone(), message)
                    .hint_names(name, known)
            })
            .collect()
    }

    fn plan_of(&self, record: &Record, findings: &mut Findings) -> Option<usize> {
        let Choice::PerRow(origin) = &self.choice else {
            return (!self.plans.is_empty()).then_some(0);
        };
        let place = || Place::Row(self.place(record, origin.only_column(), None));
        let known = || self.plans.iter().map(|plan| plan.checker.operation().name.as_str());
        let name = match origin.value(record, &self.columns) {
            Ok(Mapped::Text(name)) => name,
            Ok(_) => Cow::Borrowed(""),
            Err(error) => {
                findings.problems.push(Diagnostic::error(error.code(), place(), error.to_string()));
                return None;
            }
        };
        let found = self.plans.iter().position(|plan| plan.checker.operation().name == name);
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

    /// A field's value; none where it is absent, which an empty text is too.
    fn value(
        &self,
        field: &FieldOrigin,
        kind: Kind,
        record: &Record,
    ) -> Result<Option<Value>, Violation> {
        let at_field =
            |violation: Violation| Violation { pointer: Pointer::of([&*field.field]), ..violation };
        let mapped = field.origin.value(record, &self.columns);
        let mapped =
            mapped.map_err(|error| refused(&field.field, error.code(), error.to_string()))?;
        match mapped {
            Mapped::Absent => Ok(None),
            Mapped::Text(text) if text.is_empty() => Ok(None),
            Mapped::Text(text) if kind == Kind::Text => Ok(Some(Value::String(text.into_owned()))),
            Mapped::Text(text) if text.trim().is_empty() => Ok(None),
            Mapped::Text(text) => kind.read(&text).map(Some).map_err(at_field),
            Mapped::Number(text) => kind.read_number(&text).map(Some).map_err(at_field),
            Mapped::Bool(value) => kind.read_boolean(value).map(Some).map_err(at_field),
            Mapped::Json(value) => Ok(Some(value)),
        }
    }

    /// `.` and `..` in a path mean another path, and no way of writing them keeps them from it.
    fn refuse_dots(
        &self,
        plan: &OperationPlan,
        record: &Record,
        object: &Map<String, Value>,
        findings: &mut Findings,
    ) {
        for name in plan.checker.operation().path.fields() {
            if let Some(Value::String(text)) =
                object.get(name).filter(|value| **value == "." || **value == "..")
            {
                let message = format!("`{text}` cannot stand in the path of a request");
                let violation = refused(name, Code::InvalidValue, message);
                let field = self.fields.iter().find(|field| *field.field == *name);
                findings.problems.push(self.diagnostic(record, field, Finding::error(violation)));
            }
        }
    }

    fn refuse_untaken(&self, plan: &OperationPlan, record: &Record, findings: &mut Findings) {
        for index in &plan.untaken {
            let field = &self.fields[*index];
            let empty = match field.origin.value(record, &self.columns) {
                Ok(Mapped::Absent) => true,
                Ok(Mapped::Text(text)) => text.is_empty(),
                // A constant or an expression that is meant for the other operations of the job.
                _ => field.column.is_none(),
            };
            if !empty && field.column.is_some() {
                let name = &plan.checker.operation().name;
                let message = format!("{name} takes no `{}`", field.field);
                let violation = Violation {
                    hint: Some("leave the cell empty on this row".to_owned()),
                    subject: Subject::Key,
                    ..refused(&field.field, Code::UnknownField, message)
                };
                findings.problems.push(self.diagnostic(
                    record,
                    Some(field),
                    Finding::error(violation),
                ));
            }
        }
    }

    fn check_fields(
        &self,
        plan: &OperationPlan,
        record: &Record,
        fields: &Value,
        now: i64,
        unreadable: bool,
        findings: &mut Findings,
    ) {
        let mut found = std::mem::take(&mut findings.scratch);
        found.clear();
        plan.checker.check(fields, now, &mut found);
        for finding in found.drain(..) {
            // A cell that could not be read has been told of; that its field is now missing is no news.
            if unreadable && self.told(&findings.problems, record, &finding) {
                continue;
            }
            if finding.once {
                let name = (finding.violation.code, finding.violation.pointer.clone());
                if findings.told_once.contains(&name) {
                    continue;
                }
                findings.told_once.push(name);
            }
            let name = finding.violation.pointer.first();
            let field = self.fields.iter().find(|field| name.as_deref() == Some(&*field.field));
            findings.problems.push(self.diagnostic(record, field, finding));
        }
        findings.scratch = found;
    }

    fn told(&self, problems: &[Diagnostic], record: &Record, finding: &Finding) -> bool {
        problems.iter().any(|problem| match &problem.place {
            Place::Row(place) => {
                place.row == record.row
                    && place.pointer.as_ref() == Some(&finding.violation.pointer)
            }
            _ => false,
        })
    }

    fn diagnostic(
        &self,
        record: &Record,
        field: Option<&FieldOrigin>,
        finding: Finding,
    ) -> Diagnostic {
        let Violation { pointer, code, message, hint, subject } = finding.violation;
        let mut place = self.place(record, None, Some(pointer));
        place.column = field.and_then(|field| field.column.clone());
        let message = match (&place.column, field, subject) {
            (None, Some(field), Subject::Value) => format!("{}: {message}", field.field),
            _ => message,
        };
        let mut diagnostic = Diagnostic::error(code, Place::Row(place), message);
        diagnostic.severity = finding.severity;
        diagnostic.once = finding.once;
        diagnostic.hint = hint;
        if code == Code::MissingField
            && diagnostic.hint.is_none()
            && field.is_some_and(|field| field.column.is_some())
        {
            diagnostic.hint = Some("the cell is empty".to_owned());
        }
        diagnostic
    }

    fn place(&self, record: &Record, column: Option<usize>, pointer: Option<Pointer>) -> RowPlace {
        let column = column.and_then(|index| self.columns.names().get(index)).cloned();
        RowPlace {
            file: Arc::clone(&self.file),
            row: record.row,
            line: record.line,
            column,
            pointer,
        }
    }
}

/// A field whose value will not do.
fn refused(field: &str, code: Code, message: String) -> Violation {
    let pointer = Pointer::of([field]);
    Violation { pointer, code, message, hint: None, subject: Subject::Value }
}

impl Findings {
    /// Takes the problems found so far; what has been told once stays told.
    pub fn take(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.problems)
    }

    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}
