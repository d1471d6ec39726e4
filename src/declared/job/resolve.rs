//! From a job as written to a job as meant; finds every mistake it can.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::declared::connector::{Catalogue, Connector, DEFAULT_CONNECTOR, Operation};
use crate::source::{InlineRow, OwnedCell};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, line_and_column};
use crate::text::document::{Content, Document, Node, Reading, Unsound};
use crate::text::pointer::Pointer;
use crate::text::quota::Quota;

use super::condition::{conditions, required};
use super::data_file;
use super::file::JobFile;
use super::given::Given;
use super::parts::SourcePart;
use super::past_reminders;
use super::sources::Naming;
use super::trial::trials;
use super::upkeep::Rest;
use super::value::{entries, with_meanings};
use super::variables::Variables;
use super::{Broken, Job, MapEntry, Marker, OperationChoice, Part, Rows, Shaping, Sketch, Written};

pub(super) const DEFAULT_ATTEMPTS: u32 = 5;

/// Loads a job: a YAML file, or a data file with everything left to defaults.
///
/// `connector_folders` come before a `schemas` folder beside the job, and that before the built-in ones.
pub fn load(path: &Path, given: &Given, connector_folders: &[PathBuf]) -> Result<Job, Broken> {
    let beside = path.parent().unwrap_or(Path::new("")).to_owned();
    let near = [beside.join("schemas"), beside.join("..").join("schemas")];
    let catalogue = Catalogue::new(connector_folders.iter().cloned()).beside(near);
    match data_file::format_of(path, given)? {
        Some(format) => Ok(data_file::job(path, given, format, &catalogue)?),
        None => {
            let document = Document::read(path).map_err(|problem| vec![problem])?;
            yaml_job(document, &beside, &catalogue, given)
        }
    }
}

/// Finds an operation of a connector by its name.
pub fn find_operation(
    connector: &Connector,
    name: &str,
    place: Place,
) -> Result<Arc<Operation>, Diagnostic> {
    connector.operations.get(name).cloned().ok_or_else(|| {
        let message = format!("the connector `{}` has no operation `{name}`", connector.name);
        let known = connector.operations.keys().map(String::as_str);
        Diagnostic::error(Code::UnknownOperation, place, message).hint_names(name, known)
    })
}

fn yaml_job(
    document: Document,
    beside: &Path,
    catalogue: &Catalogue,
    given: &Given,
) -> Result<Job, Broken> {
    let Reading { value, mut problems, unsound } = document.read_as::<JobFile>();
    let Some(mut file) = value else { return Err(problems.into()) };
    let variables = Variables::read(&document, &given.variables, &mut problems);
    let mut resolver =
        Resolver { document: &document, problems, unsound, is_piped: false, parts: Vec::new() };
    let connector = resolver.connector(&file, catalogue);
    let operation = connector.as_ref().and_then(|connector| resolver.operation(&file, connector));
    let naming = Naming { beside, variables: &variables, replaced: given.source.as_deref() };
    let rows = resolver.rows(&file, naming);
    let timezone = file.timezone.as_deref().and_then(|name| resolver.timezone(name));
    let rate = file.limits.as_ref().and_then(|limits| limits.rate.as_ref());
    let rate = rate.map(|rate| resolver.quotas(rate));
    let map = file.map.as_ref().map(|map| resolver.map(map));
    let key = resolver.written("key", file.key.as_ref());
    let order_by = resolver.written("order_by", file.order_by.as_ref());
    let shaping = resolver.shaping(&mut file, Naming { replaced: None, ..naming });
    let marker = resolver.marker(&file, operation.as_ref(), connector.as_deref());
    let rest = Rest::of(operation.as_ref(), connector.as_deref(), map.as_deref());
    let on_change = resolver.on_change(&file, &rest);
    let on_missing = resolver.on_missing(&file, &rest);
    resolver.limits(&file);
    let past = file.past_reminders.as_ref();
    let past_reminders = past_reminders::resolve(past, &document, &mut resolver.problems);
    let Resolver { problems, unsound, parts, .. } = resolver;
    let limits = file.limits.as_ref();
    match (connector, operation, rows) {
        (Some(connector), Some(operation), Some(rows)) if problems.is_empty() => Ok(Job {
            name: file.job,
            operation,
            rows,
            variables,
            map,
            shaping,
            key,
            order_by,
            marker,
            timezone,
            quotas: rate.unwrap_or_else(|| connector.quotas.clone()),
            concurrency: limits.and_then(|own| own.concurrency).unwrap_or(connector.concurrency),
            attempts: limits.and_then(|own| own.attempts).unwrap_or(DEFAULT_ATTEMPTS),
            in_doubt: file.in_doubt.unwrap_or_default(),
            past_reminders,
            on_change,
            on_missing,
            parts,
            let_go: Vec::new(),
            is_source_replaced: given.source.is_some(),
            account: file.account,
            min_rows: file.min_rows.unwrap_or_default(),
            allow_system_notes: file.allow_system_notes.unwrap_or_default(),
            snapshot: file.snapshot.unwrap_or(true),
            connector,
            document: Some(document),
        }),
        (connector, operation, rows) => {
            let map = match map {
                _ if unsound.covers(&Pointer::of(["map"])) => Part::Unknown,
                None => Part::Absent,
                Some(map) => Part::Known(map),
            };
            let sketch = Sketch {
                connector,
                operation,
                rows,
                variables,
                map,
                shaping,
                key,
                order_by,
                timezone,
                document,
            };
            Err(Broken { problems, sketch: Some(Box::new(sketch)) })
        }
    }
}

/// Collects what is wrong while values are read.
pub(super) struct Resolver<'a> {
    pub(super) document: &'a Document,
    pub(super) problems: Vec<Diagnostic>,
    pub(super) unsound: Unsound,
    /// Whether something reads what is piped in, which can be read once.
    pub(super) is_piped: bool,
    /// The files that the rows come from.
    pub(super) parts: Vec<SourcePart>,
}

impl Resolver<'_> {
    fn connector(&mut self, file: &JobFile, catalogue: &Catalogue) -> Option<Arc<Connector>> {
        let at = Pointer::of(["connector"]);
        if self.unsound.covers(&at) {
            return None;
        }
        let name = file.connector.as_deref().unwrap_or(DEFAULT_CONNECTOR);
        let loaded = catalogue.load(name, self.document.place_at(&at));
        loaded.map_err(|found| self.problems.extend(found)).ok().map(Arc::new)
    }

    fn operation(&mut self, file: &JobFile, connector: &Connector) -> Option<OperationChoice> {
        if self.unsound.covers(&Pointer::of(["operation"])) {
            return None;
        }
        let Some(text) = &file.operation else { return Some(OperationChoice::Column) };
        let place = self.document.place_at(&Pointer::of(["operation"]));
        if text.contains("{{") {
            return Some(OperationChoice::Expression(Written { text: text.clone(), place }));
        }
        match find_operation(connector, text, place) {
            Ok(operation) => Some(OperationChoice::Fixed(operation)),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// A text of the job at its place; none where there is none that can be read.
    fn written(&self, key: &str, text: Option<&String>) -> Option<Written> {
        let at = Pointer::of([key]);
        let text = text.filter(|_| !self.unsound.covers(&at))?.clone();
        Some(Written { text, place: self.document.place_at(&at) })
    }

    pub(super) fn inline_rows(&mut self) -> Rows {
        self.parts.push(SourcePart::inline(self.document.name()));
        let items =
            match self.document.at(&Pointer::of(["source", "rows"])).map(|node| &node.content) {
                Some(Content::List(items)) => items.as_slice(),
                _ => &[],
            };
        let text = &self.document.source().text;
        let rows = items.iter().map(|item| inline_row(item, text)).collect();
        Rows::Inline { name: self.document.name().into(), rows: Arc::new(rows) }
    }

    /// Complains of numbers and names that a job cannot have.
    fn limits(&mut self, file: &JobFile) {
        if file.job.trim().is_empty() {
            self.refuse(&["job"], "a job needs a name", "the ledger knows the job by it");
        }
        let limits = file.limits.as_ref();
        if limits.and_then(|limits| limits.concurrency).is_some_and(|n| !(1..=1024).contains(&n)) {
            self.refuse(&["limits", "concurrency"], "this must be from 1 to 1024", "as in 8");
        }
        if limits.and_then(|limits| limits.attempts).is_some_and(|n| !(1..=100).contains(&n)) {
            self.refuse(&["limits", "attempts"], "this must be from 1 to 100", "as in 5");
        }
    }

    fn marker(
        &mut self,
        file: &JobFile,
        operation: Option<&OperationChoice>,
        connector: Option<&Connector>,
    ) -> Option<Marker> {
        let text = file.marker.as_ref()?;
        let marker = Marker::parse(text);
        if marker.is_none() {
            let message = "a marker is a line of text in which {{ key }} stands once";
            self.refuse(&["marker"], message, "as in \"[ref {{ key }}]\"");
        }
        if file.key.is_none() && !self.unsound.covers(&Pointer::of(["key"])) {
            let hint = "say what tells one row from another, as in key: \"{{ legacy_id }}\"";
            self.refuse(&["marker"], "a marker needs the job's `key`", hint);
        }
        let markable = match (operation, connector) {
            (Some(OperationChoice::Fixed(operation)), _) => operation.marked_field().is_some(),
            (Some(_), Some(connector)) => {
                connector.operations.values().any(|operation| operation.marked_field().is_some())
            }
            _ => true,
        };
        if !markable {
            let message = "no operation of this job says where a marker goes";
            let hint =
                "leave the marker out, or name the field in the connector, under recover: marker";
            self.refuse(&["marker"], message, hint);
        }
        marker
    }

    fn refuse(&mut self, path: &[&str], message: &str, hint: &str) {
        self.refuse_at(&Pointer::of(path.iter().copied()), message, hint);
    }

    pub(super) fn refuse_at(&mut self, at: &Pointer, message: &str, hint: &str) {
        if self.unsound.covers(at) {
            return;
        }
        let place = self.document.place_at(at);
        self.problems.push(Diagnostic::error(Code::InvalidValue, place, message).hint(hint));
    }

    fn timezone(&mut self, name: &str) -> Option<TimeZone> {
        TimeZone::get(name)
            .map_err(|_| {
                let place = self.document.place_at(&Pointer::of(["timezone"]));
                let problem = Diagnostic::error(
                    Code::UnknownTimezone,
                    place,
                    format!("there is no time zone `{name}`"),
                );
                self.problems.push(
                    problem.hint("use a name of the IANA database, as in Asia/Ho_Chi_Minh or UTC"),
                );
            })
            .ok()
    }

    fn quotas(&mut self, rate: &[String]) -> Vec<Quota> {
        let mut quotas = Vec::new();
        for (at, text) in rate.iter().enumerate() {
            match text.parse::<Quota>() {
                Ok(quota) => quotas.push(quota),
                Err(_) if self.unsound.covers(&Pointer::of(["limits", "rate"]).join(at)) => {}
                Err(error) => {
                    let place = self.document.place_at(&Pointer::of(["limits", "rate"]).join(at));
                    let problem = Diagnostic::error(Code::InvalidQuota, place, error.to_string());
                    self.problems.push(problem.hint(error.hint()));
                }
            }
        }
        quotas
    }

    fn map(&mut self, map: &indexmap::IndexMap<String, serde_json::Value>) -> Vec<MapEntry> {
        entries(self.document, "map", map, &mut self.problems)
    }

    /// What is made of rows before they are mapped.
    fn shaping(&mut self, file: &mut JobFile, naming: Naming<'_>) -> Shaping {
        let document = self.document;
        let is_sound = |key: &str| !self.unsound.touches(&Pointer::of([key]));
        let keep = file.keep.take().filter(|_| is_sound("where"));
        let columns = file.required.take().filter(|_| is_sound("required"));
        let tests = file.tests.take().filter(|_| is_sound("tests"));
        let named = file.named.take().unwrap_or_default();
        Shaping {
            lookups: self.lookups(file.lookups.as_ref(), naming),
            keyed_by: file.key.as_ref().and_then(|key| with_meanings(key, &named)),
            named: entries(document, "let", &named, &mut self.problems),
            conditions: conditions(document, keep),
            required: required(document, columns),
            duplicates: file.duplicates.unwrap_or_default(),
            trials: trials(document, tests, &mut self.problems),
        }
    }
}

pub(super) fn inline_row(node: &Node, text: &str) -> InlineRow {
    let (line, _) = line_and_column(text, node.span.start);
    let cells = match &node.content {
        Content::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.name.as_ref().into(), owned_cell(value)))
            .collect(),
        _ => Vec::new(),
    };
    InlineRow { line: u64::try_from(line).unwrap_or(u64::MAX), cells }
}

fn owned_cell(node: &Node) -> OwnedCell {
    match &node.content {
        Content::Null => OwnedCell::Null,
        Content::Bool(value) => OwnedCell::Bool(*value),
        Content::Number(text) => OwnedCell::Number(text.clone()),
        Content::Text(text) => OwnedCell::Text(text.clone()),
        Content::List(_) | Content::Map(_) => OwnedCell::Json(node.to_json()),
    }
}
