//! A job's mapping, key and operations against the columns of its source, before any row is read.
//!
//! What can be known to be wrong for every row alike is told here, once. What a row holds is for the rest of the room.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::declared::connector::{Connector, Operation};
use crate::declared::job::{
    Job, Lookups, MapEntry, MapValue, OperationChoice, Part, PastReminders, Rows, Shaping, Sketch,
    ValueTable, Variables, Written, find_operation,
};
use crate::prepare::mapping::{Language, Mapped, NamedValue, Origin, ambiguous};
use crate::prepare::schema::{Checker, Kind};
use crate::source::{Columns, Source, TELLING};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, closest, slip_of};
use crate::text::document::Document;
use crate::text::expression::term;
use crate::text::lookalike::did_you_mean;
use crate::text::pointer::Pointer;

use super::comparison;
use super::intake::{Intake, Taken};
use super::naming::named;
use super::sieve::Sieve;
use super::{Choice, FieldOrigin, MOST_LEFT_OUT, Preparer, split};

/// The column that names a row's operation where the job does not.
const OPERATION_COLUMN: &str = "operation";

impl Preparer {
    /// Compiles a job against its source. Warnings come with success, errors instead of it.
    pub fn compile(
        job: &Job,
        source: &mut Source,
    ) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let (lookups, found) = Lookups::load(&job.shaping.lookups);
        let mut compiler = Compiler::new(Declared::of_job(job), lookups);
        let compiled = compiler.compile(source);
        compiler.problems.extend(found);
        compiler.tell_lacking_columns(source);
        let operations = compiler.operations();
        let (errors, warnings): (Vec<_>, Vec<_>) =
            compiler.problems.into_iter().partition(Diagnostic::is_error);
        let language_columns = open_columns(job, source);
        let sifted = sifted(&compiled, source);
        match compiled.choice {
            Some(choice) if errors.is_empty() => Ok((
                Self {
                    columns: source.columns().clone(),
                    choice,
                    fields: compiled.fields.into(),
                    intakes: compiled.intakes,
                    named: compiled.named.into(),
                    sieve: Arc::new(compiled.sieve),
                    key: compiled.key,
                    order: compiled.order,
                    collected: None,
                    used: (0..source.columns().names().len())
                        .map(|column| source.is_asked(column))
                        .collect(),
                    sifted,
                    marker: job.marker.clone(),
                    map_place: compiler.job.map_place(),
                    by_name: matches!(compiler.job.map, Part::Absent),
                    field_names: field_names(&operations),
                    language_columns,
                    read_as: job.rows.encoding().map(Arc::from),
                    returned: matches!(job.rows, Rows::Returned { .. })
                        .then(|| job.name.as_str().into()),
                    place: None,
                    origins: super::Origins::default(),
                },
                warnings,
            )),
            _ => Err(errors),
        }
    }

    /// What else is wrong with a job that cannot be used; without its source nothing is said of columns.
    pub fn faults(sketch: &Sketch, source: Option<Source>) -> Vec<Diagnostic> {
        let mut source = source.unwrap_or_else(Source::of_any_columns);
        let (lookups, found) = Lookups::load(&sketch.shaping.lookups);
        let mut compiler = Compiler::new(Declared::of_sketch(sketch), lookups);
        compiler.compile(&mut source);
        compiler.problems.extend(found);
        compiler.problems.retain(Diagnostic::is_error);
        compiler.problems
    }

    /// What is wrong with a job whose source cannot be read.
    pub fn faults_without_source(job: &Job) -> Vec<Diagnostic> {
        let (lookups, found) = Lookups::load(&job.shaping.lookups);
        let mut compiler = Compiler::new(Declared::of_job(job), lookups);
        compiler.compile(&mut Source::of_any_columns());
        compiler.problems.extend(found);
        compiler.problems.retain(Diagnostic::is_error);
        compiler.problems
    }
}

/// A job, or as much of one as is known.
struct Declared<'a> {
    connector: Option<&'a Connector>,
    operation: Option<&'a OperationChoice>,
    rows: Option<&'a Rows>,
    map: Part<&'a [MapEntry]>,
    shaping: &'a Shaping,
    key: Option<&'a Written>,
    variables: &'a Variables,
    order_by: Option<&'a Written>,
    timezone: Option<&'a TimeZone>,
    past_reminders: PastReminders,
    document: Option<&'a Document>,
}

impl<'a> Declared<'a> {
    fn of_job(job: &'a Job) -> Self {
        Self {
            connector: Some(&job.connector),
            operation: Some(&job.operation),
            rows: Some(&job.rows),
            map: job.map.as_deref().map_or(Part::Absent, Part::Known),
            shaping: &job.shaping,
            key: job.key.as_ref(),
            variables: &job.variables,
            order_by: job.order_by.as_ref(),
            timezone: job.timezone.as_ref(),
            past_reminders: job.past_reminders,
            document: job.document.as_ref(),
        }
    }

    fn of_sketch(sketch: &'a Sketch) -> Self {
        Self {
            connector: sketch.connector.as_deref(),
            operation: sketch.operation.as_ref(),
            rows: sketch.rows.as_ref(),
            map: match &sketch.map {
                Part::Known(map) => Part::Known(map.as_slice()),
                Part::Absent => Part::Absent,
                Part::Unknown => Part::Unknown,
            },
            shaping: &sketch.shaping,
            key: sketch.key.as_ref(),
            variables: &sketch.variables,
            order_by: sketch.order_by.as_ref(),
            timezone: sketch.timezone.as_ref(),
            past_reminders: PastReminders::default(),
            document: Some(&sketch.document),
        }
    }

    /// As messages call what holds the rows.
    fn name(&self) -> Arc<str> {
        let document = || self.document.map_or("", Document::name).into();
        self.rows.map_or_else(document, |rows| Arc::clone(rows.name()))
    }

    fn entries(&self) -> &'a [MapEntry] {
        match self.map {
            Part::Known(map) => map,
            Part::Absent | Part::Unknown => &[],
        }
    }

    /// Where fields would be added that nothing fills.
    fn map_place(&self) -> Place {
        let Some(document) = self.document else { return Place::File(self.name()) };
        let written = ["map", "source", "sources"].map(|key| Pointer::of([key]));
        let at = written.iter().find(|at| document.at(at).is_some());
        document.place_of_key(at.unwrap_or(&Pointer::root()))
    }
}

/// What a job comes to; none of it is for use where there are errors.
struct Parts {
    choice: Option<Choice>,
    fields: Vec<FieldOrigin>,
    named: Vec<NamedValue>,
    sieve: Sieve,
    key: Option<Origin>,
    order: Option<Origin>,
    intakes: Vec<Intake>,
}

/// By column, whether the conditions of a job hang on it.
fn sifted(compiled: &Parts, source: &Source) -> Vec<bool> {
    let reads = |(column, name): (usize, &Arc<str>)| {
        compiled.sieve.conditions().any(|origin| origin.reads(column, name, &compiled.named))
    };
    source.columns().names().iter().enumerate().map(reads).collect()
}

/// Names that the job uses on a source whose columns only the whole of it can tell.
fn open_columns(job: &Job, source: &Source) -> Vec<(usize, Written)> {
    if !source.columns().is_open() {
        return Vec::new();
    }
    let shaping = &job.shaping;
    let entries = shaping.named.iter().chain(job.map.iter().flatten());
    let written = entries.filter_map(|entry| match &entry.value {
        MapValue::Given(Value::String(text)) => {
            Some(Written { text: text.clone(), place: entry.value_place.clone() })
        }
        MapValue::Given(_) => None,
        MapValue::Table(table) => {
            let ValueTable { from, .. } = &**table;
            Some(from.clone())
        }
        MapValue::Split(split) => Some(split.from.clone()),
    });
    let conditions = shaping.conditions.iter().map(|condition| condition.keep.clone());
    let written = written.chain(conditions).chain(shaping.required.iter().cloned());
    let written: Vec<Written> =
        written.chain(job.key.clone()).chain(job.order_by.clone()).collect();
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
    job: Declared<'a>,
    language: Language,
    problems: Vec<Diagnostic>,
    /// Fields that a column was told to be meant for: that nothing fills them is no news.
    meant: Vec<String>,
}

impl<'a> Compiler<'a> {
    fn new(job: Declared<'a>, lookups: Lookups) -> Self {
        let language =
            Language::with_variables(job.timezone.cloned(), lookups, job.variables.clone());
        Self { job, language, problems: Vec::new(), meant: Vec::new() }
    }

    fn compile(&mut self, source: &mut Source) -> Parts {
        let shaping = self.job.shaping;
        let named = named(&mut self.language, &shaping.named, source, &mut self.problems);
        let rules = (shaping.conditions.as_slice(), shaping.required.as_slice());
        let sieve = Sieve::compile(&self.language, rules, source, &mut self.problems);
        let choice = self.choice(source);
        let before = self.problems.len();
        let key = self.job.key.and_then(|written| self.key(written, source));
        let of_key = self.problems.split_off(before);
        let order = self.job.order_by;
        let order =
            order.and_then(|written| self.keep(Origin::compile(&self.language, written, source)));
        let of_choice = match &choice {
            Some(Choice::PerRow(origin)) => Some(origin),
            Some(Choice::Fixed) | None => None,
        };
        let elsewhere = of_choice.into_iter().chain(&key).chain(&order).chain(sieve.origins());
        let elsewhere: Vec<&Origin> =
            elsewhere.chain(named.iter().map(|named| &named.origin)).collect();
        let fields = self.fields(&elsewhere, source);
        self.problems.extend(of_key);
        let operations = self.operations();
        self.tell_misread(&operations, &fields, &sieve);
        let intakes = operations.iter().map(|operation| self.intake(operation, &fields, source));
        Parts { choice, intakes: intakes.collect(), fields, named, sieve, key, order }
    }

    /// Where all cells are texts, whatever takes one for something else.
    fn tell_misread(
        &mut self,
        operations: &[Arc<Operation>],
        fields: &[FieldOrigin],
        sieve: &Sieve,
    ) {
        if !self.job.rows.is_some_and(Rows::are_texts) {
            return;
        }
        let is_flag = |name: &str| {
            operations.iter().any(|operation| {
                let set = &operation.fields;
                set.flags().any(|flag| set.name(flag) == name)
            })
        };
        let of_fields = fields.iter().filter_map(|field| {
            comparison::misread(&field.origin, field.at.as_ref()?, is_flag(&field.field))
        });
        let conditions = sieve.written();
        let of_where =
            conditions.filter_map(|(origin, place)| comparison::misread(origin, place, true));
        self.problems.extend(of_fields.chain(of_where));
    }

    /// Of files that are read together, those that lack a column which the job uses.
    fn tell_lacking_columns(&mut self, source: &Source) {
        for (file, name) in source.lacking() {
            let columns = source.columns().all(name);
            if columns.into_iter().any(|column| source.is_asked(column)) {
                let message =
                    format!("the file has no column `{name}`, as others of its source have");
                let place = Place::File(Arc::clone(file));
                let problem = Diagnostic::error(Code::MissingColumn, place, message);
                let hint = "add the column to the file, or read the file as a source of its own, under `sources`";
                self.problems.push(problem.hint(hint));
            }
        }
    }

    fn choice(&mut self, source: &mut Source) -> Option<Choice> {
        match self.job.operation? {
            OperationChoice::Fixed(_) => Some(Choice::Fixed),
            OperationChoice::Expression(written) => {
                let origin = self.keep(Origin::compile(&self.language, written, source))?;
                if let Origin::Constant(Mapped::Text(name)) = &origin {
                    let connector = self.job.connector?;
                    let found = find_operation(connector, name, written.place.clone());
                    found.map_err(|problem| self.problems.push(problem)).ok()?;
                }
                Some(Choice::PerRow(origin))
            }
            OperationChoice::Column => match self.named_or_column(OPERATION_COLUMN, source) {
                Some(origin) => Some(Choice::PerRow(origin)),
                None => {
                    let place = Place::File(self.job.name());
                    let several = ambiguous(source.columns(), OPERATION_COLUMN, place);
                    self.problems.push(several.unwrap_or_else(|| self.missing_operation()));
                    None
                }
            },
        }
    }

    /// Nothing says what the rows do.
    fn missing_operation(&self) -> Diagnostic {
        let operations = self.job.connector.map(|connector| connector.operations.keys());
        let example = operations.and_then(|mut names| names.next()).map_or("", String::as_str);
        match self.job.document {
            Some(document) => {
                let place = document.place_of_key(&Pointer::root());
                let message = "the job does not say what its rows do";
                Diagnostic::error(Code::MissingOperation, place, message)
                    .hint(format!("add `operation: {example}`, or a column `operation`"))
            }
            None => {
                let place = Place::File(self.job.name());
                let message = "nothing says what the rows do";
                Diagnostic::error(Code::MissingOperation, place, message)
                    .hint(format!("add --operation {example}, or a column `operation`"))
            }
        }
    }

    /// `elsewhere` is what uses columns for anything but fields.
    fn fields(&mut self, elsewhere: &[&Origin], source: &mut Source) -> Vec<FieldOrigin> {
        match self.job.map {
            Part::Known(map) => {
                map.iter().filter_map(|entry| self.mapped_field(entry, source)).collect()
            }
            Part::Absent => self.fields_by_name(elsewhere, source),
            Part::Unknown => Vec::new(),
        }
    }

    fn mapped_field(&mut self, entry: &MapEntry, source: &mut Source) -> Option<FieldOrigin> {
        self.check_field_name(entry);
        let origin = Origin::of_value(&self.language, &entry.value, &entry.value_place, source);
        let origin = self.keep(origin)?;
        self.tell_text_of_column(entry, &origin, source);
        let field = field_origin(&entry.field, origin, source.columns());
        let split_at = match &entry.value {
            MapValue::Split(split) => Some(split.at),
            MapValue::Given(_) | MapValue::Table(_) => None,
        };
        if split_at.is_some() {
            self.check_split(entry);
        }
        Some(FieldOrigin { at: Some(entry.value_place.clone()), split_at, ..field })
    }

    /// A text for all rows that is called as a column or a named value is: its braces may have been forgotten.
    fn tell_text_of_column(&mut self, entry: &MapEntry, origin: &Origin, source: &Source) {
        let (MapValue::Given(Value::String(text)), Origin::Constant(_)) = (&entry.value, origin)
        else {
            return;
        };
        let name = text.trim();
        let is_named = self.job.shaping.named.iter().any(|named| named.field == name);
        let what = match source.columns().all(name).is_empty() {
            _ if name.is_empty() => return,
            false => "the source has a column",
            true if is_named => "`let` has a value",
            true => return,
        };
        let message =
            format!("`{}` is the text `{name}` in every row, and {what} of that name", entry.field);
        let hint = format!("for what it holds, write \"{{{{ {} }}}}\"", term(name));
        let place = entry.value_place.clone();
        self.problems.push(Diagnostic::warning(Code::TextOfColumn, place, message).hint(hint));
    }

    /// What is split is made anew, by the one operation of all rows.
    fn check_split(&mut self, entry: &MapEntry) {
        let place = &entry.value_place;
        let problem = match self.job.operation {
            Some(OperationChoice::Fixed(operation)) => {
                split::unfit(operation.effect, &operation.name, place)
            }
            Some(_) => {
                let message = "`split_at` needs one operation for all rows";
                let problem = Diagnostic::error(Code::InvalidValue, place.clone(), message);
                Some(problem.hint("name it, as in operation: ticket_note.create"))
            }
            None => None,
        };
        self.problems.extend(problem);
    }

    fn check_field_name(&mut self, entry: &MapEntry) {
        let operations = self.operations();
        let is_known =
            operations.iter().any(|operation| operation.fields.find(&entry.field).is_some());
        if is_known || operations.is_empty() {
            return;
        }
        let message = match operations.as_slice() {
            [operation] => format!("{} has no field `{}`", operation.name, entry.field),
            _ => format!(
                "no operation of `{}` has a field `{}`",
                self.job.connector.map_or("", |connector| &connector.name),
                entry.field
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
        match self.job.operation {
            Some(OperationChoice::Fixed(operation)) => vec![Arc::clone(operation)],
            Some(_) => {
                let all = self.job.connector.map(|connector| connector.operations.values());
                all.into_iter().flatten().cloned().collect()
            }
            // Which of them was meant is not known, so none is missed.
            None => Vec::new(),
        }
    }

    /// Without a map: the columns that bear a field's name.
    fn fields_by_name(&mut self, elsewhere: &[&Origin], source: &mut Source) -> Vec<FieldOrigin> {
        let operations = self.operations();
        let names = field_names(&operations);
        // A key that cannot be read may use any of them.
        let key_is_known = self.job.key.is_none() || !elsewhere.is_empty();
        if !source.columns().is_open() && !operations.is_empty() && key_is_known {
            self.tell_unused_columns(&names, elsewhere, source.columns());
        }
        for name in names.iter().filter(|name| self.language.named(name).is_none()) {
            let place = Place::File(self.job.name());
            self.problems.extend(ambiguous(source.columns(), name, place));
        }
        let found = names.into_iter().filter_map(|name| {
            let origin = self.named_or_column(&name, source)?;
            Some((name, origin))
        });
        let found: Vec<(Arc<str>, Origin)> = found.collect();
        found
            .into_iter()
            .map(|(name, origin)| field_origin(&name, origin, source.columns()))
            .collect()
    }

    fn named_or_column(&self, name: &str, source: &mut Source) -> Option<Origin> {
        self.language.named(name).or_else(|| source.column(name).map(Origin::Column))
    }

    /// A column that is no field is left out; in rows written in the job it can only be a slip, and so is one that comes near
    /// to a field that no column bears.
    fn tell_unused_columns(
        &mut self,
        fields: &[Arc<str>],
        elsewhere: &[&Origin],
        columns: &Columns,
    ) {
        let inline = matches!(self.job.rows, Some(Rows::Inline { .. }));
        let returns = matches!(self.job.rows, Some(Rows::Returned { .. }));
        let known: Vec<&str> = fields.iter().map(AsRef::as_ref).collect();
        let borne: Vec<usize> = known.iter().filter_map(|field| columns.index(field)).collect();
        let is_lacking = |field: &&str| columns.index(field).is_none();
        let lacking: Vec<&str> = known.iter().copied().filter(is_lacking).collect();
        let is_used = |index: usize, name: &str| {
            name.trim() == OPERATION_COLUMN
                || borne.contains(&index)
                || (returns && TELLING.contains(&name))
                || elsewhere.iter().any(|origin| origin.uses(index, name))
        };
        let unused = columns.names().iter().enumerate().filter(|(at, name)| !is_used(*at, name));
        let mut left_out = 0;
        for (_, name) in unused {
            let problem = if inline {
                self.meant.extend(closest(name, &lacking).map(str::to_owned));
                let place = self.place_of_inline_key(name);
                unknown_field(name, place).hint_names(name, known.iter().copied())
            } else if let Some(meant) = slip_of(name, &lacking) {
                self.meant.push(meant.to_owned());
                slip(name, meant, Place::File(self.job.name()))
            } else {
                left_out += 1;
                if left_out > MOST_LEFT_OUT {
                    continue;
                }
                let message = format!("the column `{name}` is no field and is left out");
                let place = self.place_of_inline_key(name);
                Diagnostic::warning(Code::UnusedColumn, place, message)
                    .hint("a job file can map it: see `map`")
            };
            self.problems.push(problem);
        }
        if left_out > MOST_LEFT_OUT {
            let more = left_out - MOST_LEFT_OUT;
            let message = format!("{more} more columns are no fields and are left out");
            let place = Place::File(self.job.name());
            self.problems.push(Diagnostic::warning(Code::UnusedColumn, place, message));
        }
    }

    fn place_of_inline_key(&self, name: &str) -> Place {
        let whole = || Place::File(self.job.name());
        let Some(document) = self.job.document else { return whole() };
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
        let compiled = Origin::compile(&self.language, written, source);
        let compiled = compiled.map_err(|problems| problems.into_iter().map(kept_name).collect());
        let origin = self.keep(compiled)?;
        let whole = self.job.shaping.keyed_by.as_deref().unwrap_or(&written.text);
        if whole.contains("lookup(") {
            let message = "the key depends on a table of the job's lookups: where the table changes, rows that are done are \
                           new ones and are sent again";
            let warning = Diagnostic::warning(Code::LookupTable, written.place.clone(), message);
            self.problems.push(warning.hint("make the key of the row's own columns"));
        }
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
        let checker = Checker::new(operation, self.job.timezone.cloned(), self.job.past_reminders);
        let kinds = checker.kinds().iter();
        let taken: Vec<Taken> = kinds
            .filter_map(|(field, kind)| {
                let name = operation.fields.name(*field);
                let origin = fields.iter().position(|field| *field.field == *name)?;
                Some(Taken { field: *field, kind: *kind, origin })
            })
            .collect();
        let flags = taken.iter().filter(|taken| taken.kind == Kind::Boolean);
        let flags = flags.map(|taken| &fields[taken.origin]);
        for warning in flags.filter_map(comparison::warning) {
            if self.problems.iter().all(|known| known.message != warning.message) {
                self.problems.push(warning);
            }
        }
        let untaken = (0..fields.len())
            .filter(|index| !taken.iter().any(|taken| taken.origin == *index))
            .collect();
        // Where there is no map, later rows may still bring a column that bears the field's name.
        let may_come = match self.job.map {
            Part::Known(_) => false,
            Part::Absent => source.columns().is_open(),
            Part::Unknown => true,
        };
        if matches!(self.job.operation, Some(OperationChoice::Fixed(_))) && !may_come {
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
            let mapped_badly = self.job.entries().iter().any(|entry| entry.field == *name);
            if mapped_badly || self.meant.iter().any(|meant| meant == name) {
                continue;
            }
            let place = self.job.map_place();
            let message = format!("{} needs `{name}`, and nothing fills it", operation.name);
            let known = columns.names().iter().map(AsRef::as_ref);
            let problem = Diagnostic::error(Code::MissingField, place, message);
            self.problems.push(match self.job.map {
                Part::Known(_) => problem.hint(format!("add `{name}:` to the job's map")),
                _ => problem.hint_names(name, known),
            });
        }
    }

    fn keep<T>(&mut self, result: Result<T, Vec<Diagnostic>>) -> Option<T> {
        result.map_err(|problems| self.problems.extend(problems)).ok()
    }
}

/// A key that was used must stay as it is, so the way out where its column is gone is another than for other columns.
fn kept_name(problem: Diagnostic) -> Diagnostic {
    if problem.code != Code::UnknownColumn {
        return problem;
    }
    let known = problem.hint.as_ref().map(|hint| format!("{hint} – ")).unwrap_or_default();
    let hint = format!(
        "{known}but where the job has sent rows already, do not change the key: give the column its old name in the data"
    );
    problem.hint(hint)
}

/// The names of all fields of some operations, each once.
fn field_names(operations: &[Arc<Operation>]) -> Vec<Arc<str>> {
    let mut names: indexmap::IndexSet<Arc<str>> = indexmap::IndexSet::new();
    names.extend(operations.iter().flat_map(|one| one.fields.names()).map(Arc::from));
    names.into_iter().collect()
}

fn unknown_field(name: &str, place: Place) -> Diagnostic {
    Diagnostic::error(Code::UnknownField, place, format!("no operation has a field `{name}`"))
}

/// A name that comes so near to a field's that it can hardly be meant.
pub(super) fn slip(name: &str, meant: &str, place: Place) -> Diagnostic {
    let hint = format!(
        "{} – if it is meant to be left out, call it something else, or write a job whose `map` names the fields",
        did_you_mean(name, meant)
    );
    unknown_field(name, place).hint(hint)
}

fn field_origin(field: &str, origin: Origin, columns: &Columns) -> FieldOrigin {
    let column = origin.only_column().and_then(|index| columns.names().get(index)).cloned();
    FieldOrigin { field: field.into(), origin, column, at: None, split_at: None }
}
