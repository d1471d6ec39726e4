//! From a job as written to a job as meant; finds every mistake it can.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::declared::connector::{Catalogue, Connector, DEFAULT_CONNECTOR, Operation};
use crate::declared::job::InDoubt;
use crate::source::{Format, InlineRow, OwnedCell, RowLimit, Shape, delimiter_of};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, line_and_column};
use crate::text::document::{Content, Document, Node, Reading, Unsound};
use crate::text::pointer::Pointer;
use crate::text::quota::Quota;

use super::file::{JobFile, SourceFile};
use super::sources::misfit;
use super::{Broken, Job, MapEntry, Marker, OperationChoice, Part, Rows, Sketch, Written};

const DEFAULT_ATTEMPTS: u32 = 5;

/// What is said of a data file that is a job by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct DataFile<'a> {
    /// What each row does; left out: its column `operation` says.
    pub operation: Option<&'a str>,
    /// What stands between its cells; left out: what the file's name says.
    pub delimiter: Option<u8>,
    /// How rows are found in it, where that was said.
    pub shape: Option<&'a Shape>,
}

/// Loads a job: a YAML file, or a data file with everything left to defaults.
///
/// `connector_folders` come before a `schemas` folder beside the job, and that before the built-in ones.
pub fn load(path: &Path, data: DataFile<'_>, connector_folders: &[PathBuf]) -> Result<Job, Broken> {
    let beside = path.parent().unwrap_or(Path::new("")).to_owned();
    let near = [beside.join("schemas"), beside.join("..").join("schemas")];
    let catalogue = Catalogue::new(connector_folders.iter().cloned()).beside(near);
    refuse_misfit(path, data).map_err(|problem| vec![problem])?;
    match (Format::of_path(path), data.delimiter) {
        (Some(Format::JsonLines | Format::Json | Format::Workbook), Some(_)) => {
            let message = "JSON has no delimiter, and neither has a workbook";
            Err(vec![no_delimiter(path, message, "leave --delimiter out")].into())
        }
        (Some(_), Some(delimiter)) => {
            Ok(data_job(path, data, Format::Csv { delimiter }, &catalogue)?)
        }
        (Some(format), None) => Ok(data_job(path, data, format, &catalogue)?),
        // Before it is read: rows of another format make broken YAML, and that would be told instead.
        (None, None) if data.operation.is_some() => Err(vec![no_data_file(path)].into()),
        (None, Some(_)) if is_yaml(path) => {
            let message = "--delimiter is for data files; a job file says its delimiter itself";
            let hint = "write it into the job, as in source: { csv: notes.csv, delimiter: \";\" }";
            Err(vec![no_delimiter(path, message, hint)].into())
        }
        (None, Some(delimiter)) => Ok(data_job(path, data, Format::Csv { delimiter }, &catalogue)?),
        (None, None) => {
            yaml_job(Document::read(path).map_err(|problem| vec![problem])?, &beside, &catalogue)
        }
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// `--delimiter` was given with a file that has none, or says its own.
fn no_delimiter(path: &Path, message: &str, hint: &str) -> Diagnostic {
    let place = Place::File(path.display().to_string().into());
    Diagnostic::error(Code::Usage, place, message).hint(hint)
}

/// Refuses flags that are of no use for the file.
fn refuse_misfit(path: &Path, data: DataFile<'_>) -> Result<(), Diagnostic> {
    let Some(shape) = data.shape.filter(|shape| **shape != Shape::default()) else { return Ok(()) };
    let refuse = |message: &str, hint: &str| {
        let place = Place::File(path.display().to_string().into());
        Err(Diagnostic::error(Code::Usage, place, message).hint(hint))
    };
    match (Format::of_path(path), data.delimiter) {
        (None, None) if is_yaml(path) => refuse(
            "--at, --each, --sheet and --header-row are for data files; a job file says such things itself",
            "write them into the job, under `source`",
        ),
        (format, delimiter) => {
            let Some(format) = format.or(delimiter.map(|delimiter| Format::Csv { delimiter }))
            else {
                return Ok(());
            };
            match misfit(format, shape) {
                Some((_, message, hint)) => refuse(message, hint),
                None => Ok(()),
            }
        }
    }
}

/// `--operation` was given with a file that is taken for a job.
fn no_data_file(path: &Path) -> Diagnostic {
    let (message, hint) = if is_yaml(path) {
        (
            "--operation is for data files; a job file says its operation itself",
            "leave --operation out",
        )
    } else {
        (
            "the file's name does not say how its rows are written",
            "data files end in .csv, .tsv, .jsonl, .ndjson, .json, .xlsx or .ods",
        )
    };
    Diagnostic::error(Code::Usage, Place::File(path.display().to_string().into()), message)
        .hint(hint)
}

/// A data file without a job file: everything is left to defaults.
fn data_job(
    path: &Path,
    data: DataFile<'_>,
    format: Format,
    catalogue: &Catalogue,
) -> Result<Job, Vec<Diagnostic>> {
    let connector = Arc::new(catalogue.load(DEFAULT_CONNECTOR, Place::Nowhere)?);
    let operation = match data.operation {
        Some(name) => OperationChoice::Fixed(
            find_operation(&connector, name, Place::Nowhere).map_err(|problem| vec![problem])?,
        ),
        None => OperationChoice::Column,
    };
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Ok(Job {
        name: stem.unwrap_or_else(|| "data".to_owned()),
        operation,
        rows: Rows::File {
            path: path.to_owned(),
            name: path.display().to_string().into(),
            format,
            longest: RowLimit::default(),
            shape: data.shape.cloned().unwrap_or_default(),
            written: None,
        },
        map: None,
        key: None,
        order_by: None,
        marker: None,
        timezone: None,
        quotas: connector.quotas.clone(),
        concurrency: connector.concurrency,
        attempts: DEFAULT_ATTEMPTS,
        in_doubt: InDoubt::default(),
        account: None,
        min_rows: 0,
        document: None,
        connector,
    })
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

fn yaml_job(document: Document, beside: &Path, catalogue: &Catalogue) -> Result<Job, Broken> {
    let Reading { value, problems, unsound } = document.read_as::<JobFile>();
    let Some(file) = value else { return Err(problems.into()) };
    let mut resolver = Resolver { document: &document, problems, unsound };
    let connector = resolver.connector(&file, catalogue);
    let operation = connector.as_ref().and_then(|connector| resolver.operation(&file, connector));
    let rows = resolver.all_rows(&file, beside);
    let timezone = file.timezone.as_deref().and_then(|name| resolver.timezone(name));
    let rate = file.limits.as_ref().and_then(|limits| limits.rate.as_ref());
    let rate = rate.map(|rate| resolver.quotas(rate));
    let map = file.map.as_ref().map(|map| resolver.map(map));
    let key = file.key.as_ref().map(|text| Written {
        text: text.clone(),
        place: document.place_at(&Pointer::of(["key"])),
    });
    let key = key.filter(|_| !resolver.unsound.covers(&Pointer::of(["key"])));
    let order_by = file.order_by.as_ref().map(|text| Written {
        text: text.clone(),
        place: document.place_at(&Pointer::of(["order_by"])),
    });
    let order_by = order_by.filter(|_| !resolver.unsound.covers(&Pointer::of(["order_by"])));
    let marker = resolver.marker(&file, operation.as_ref(), connector.as_deref());
    resolver.limits(&file);
    let Resolver { problems, unsound, .. } = resolver;
    match (connector, operation, rows) {
        (Some(connector), Some(operation), Some(rows)) if problems.is_empty() => Ok(Job {
            name: file.job,
            operation,
            rows,
            map,
            key,
            order_by,
            marker,
            timezone,
            quotas: rate.unwrap_or_else(|| connector.quotas.clone()),
            concurrency: file
                .limits
                .as_ref()
                .and_then(|limits| limits.concurrency)
                .unwrap_or(connector.concurrency),
            attempts: file
                .limits
                .as_ref()
                .and_then(|limits| limits.attempts)
                .unwrap_or(DEFAULT_ATTEMPTS),
            in_doubt: file.in_doubt.unwrap_or_default(),
            account: file.account,
            min_rows: file.min_rows.unwrap_or_default(),
            connector,
            document: Some(document),
        }),
        (connector, operation, rows) => {
            let map = match map {
                _ if unsound.covers(&Pointer::of(["map"])) => Part::Unknown,
                None => Part::Absent,
                Some(map) => Part::Known(map),
            };
            let sketch = Sketch { connector, operation, rows, map, key, timezone, document };
            Err(Broken { problems, sketch: Some(Box::new(sketch)) })
        }
    }
}

/// Collects what is wrong while values are read.
pub(super) struct Resolver<'a> {
    pub(super) document: &'a Document,
    pub(super) problems: Vec<Diagnostic>,
    pub(super) unsound: Unsound,
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

    /// Rows that stand in the job itself.
    pub(super) fn rows(&mut self, source: &SourceFile) -> Option<Rows> {
        let named = [&source.csv, &source.jsonl, &source.json, &source.xlsx, &source.ods];
        if named.iter().any(|file| file.is_some()) {
            let place = self.document.place_of_key(&Pointer::of(["source"]));
            let message = "a source is exactly one of csv, jsonl, json, xlsx, ods and rows";
            let problem = Diagnostic::error(Code::InvalidValue, place, message);
            self.problems.push(problem.hint("as in source: { csv: notes.csv }"));
            return None;
        }
        let is_sound = !self.unsound.covers(&Pointer::of(["source", "rows"]));
        is_sound.then(|| self.inline_rows())
    }

    pub(super) fn delimiter(&mut self, source: &SourceFile, at: &Pointer) -> Option<u8> {
        let text = source.delimiter.as_ref()?;
        let delimiter = delimiter_of(text);
        if delimiter.is_none() {
            let message = "a delimiter is one ASCII character";
            self.refuse_at(&at.join("delimiter"), message, "as in \";\" or \"\\t\"");
        }
        delimiter
    }

    pub(super) fn longest_row(&mut self, source: &SourceFile, at: &Pointer) -> RowLimit {
        let Some(mebibytes) = source.longest_row_mib else { return RowLimit::default() };
        u16::try_from(mebibytes).ok().and_then(RowLimit::of_mebibytes).unwrap_or_else(|| {
            self.refuse_at(&at.join("longest_row_mib"), "this must be from 1 to 1024", "as in 64");
            RowLimit::default()
        })
    }

    fn inline_rows(&self) -> Rows {
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

    fn map(&self, map: &indexmap::IndexMap<String, serde_json::Value>) -> Vec<MapEntry> {
        map.iter()
            .map(|(field, value)| {
                let pointer = Pointer::of(["map", field]);
                MapEntry {
                    field: field.clone(),
                    value: value.clone(),
                    field_place: self.document.place_of_key(&pointer),
                    value_place: self.document.place_at(&pointer),
                }
            })
            .collect()
    }
}

pub(super) fn csv_format(path: &Path, delimiter: Option<u8>) -> Format {
    match (delimiter, Format::of_path(path)) {
        (Some(delimiter), _) => Format::Csv { delimiter },
        (None, Some(format @ Format::Csv { .. })) => format,
        (None, _) => Format::Csv { delimiter: b',' },
    }
}

fn inline_row(node: &Node, text: &str) -> InlineRow {
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
