//! How things of a list are written down: a line for each, with columns that bear the names of the fields of the operation that
//! makes such things, so that what was exported can be run back in as it is.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::declared::connector::{Connector, Operation, Recover};
use crate::recover::{made_at, name_of};
use crate::row::{Field, Fields};
use crate::text::pointer::Pointer;

/// When a thing was made; no field of any operation.
pub(in crate::task) const CREATED: &str = "created";

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExportFormat {
    Csv,
    JsonLines,
}

impl ExportFormat {
    /// By the ending of a file's name.
    pub(super) fn of_path(path: &std::path::Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }
}

/// What is written of each thing.
#[derive(Debug, Clone)]
pub(super) struct Form {
    format: ExportFormat,
    maker: Arc<Operation>,
    recover: Arc<Recover>,
    /// What a thing is called, under the name by which operations ask for that.
    id_column: String,
}

impl Form {
    /// `recover` says how the list is read.
    pub(super) fn new(
        format: ExportFormat,
        connector: &Connector,
        (maker, recover): (Arc<Operation>, Arc<Recover>),
    ) -> Self {
        let mut looks = connector.operations.values().filter_map(|operation| {
            let look = operation.look.as_ref().filter(|look| look.made_by == maker.name)?;
            Some(operation.fields.name(look.id).to_owned())
        });
        let id_column = looks.next().unwrap_or_else(|| "id".to_owned());
        Self { format, maker, recover, id_column }
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> Vec<String> {
        let own = [self.id_column.clone(), CREATED.to_owned()].into_iter();
        own.chain(self.maker.fields.names().map(str::to_owned)).collect()
    }

    /// What stands above all lines.
    pub(super) fn head(&self) -> Vec<u8> {
        match self.format {
            ExportFormat::Csv => self.line(&self.columns()),
            ExportFormat::JsonLines => Vec::new(),
        }
    }

    /// A yes or no that a thing of a list does not show: written as nothing it would be taken for what counts where nothing is
    /// said, as that the customer may see it.
    pub(super) fn untold(&self, items: &[Value], asked_by: &Fields<'_>) -> Option<String> {
        let flags: Vec<Field> = self.maker.fields.flags().collect();
        let mut fields = self.maker.fields.properties().filter(|(field, ..)| flags.contains(field));
        let is_told = |value: &Value| match value {
            Value::Bool(_) => true,
            Value::String(text) => {
                let text = text.trim().to_ascii_lowercase();
                matches!(text.as_str(), "true" | "false" | "1" | "0")
            }
            _ => false,
        };
        let is_untold = |field: Field, name: &str| {
            items.iter().any(|item| !is_told(&self.value(item, (field, name), asked_by)))
        };
        fields.find_map(|(field, name, _)| is_untold(field, name).then(|| name.to_owned()))
    }

    /// Lines for things of a list that was asked for by these fields, the oldest first as far as they say when they were made.
    pub(super) fn lines(&self, items: &[Value], asked_by: &Fields<'_>) -> Vec<u8> {
        let mut items: Vec<(Option<i64>, &Value)> =
            items.iter().map(|item| (made_at(&self.recover, item), item)).collect();
        if items.iter().all(|(made, _)| made.is_some()) {
            items.sort_by_key(|(made, _)| *made);
        }
        let lines = items.into_iter().flat_map(|(made, item)| self.thing(item, made, asked_by));
        lines.collect()
    }

    fn thing(&self, item: &Value, made: Option<i64>, asked_by: &Fields<'_>) -> Vec<u8> {
        let id = name_of(&self.recover, item).map(Value::from).unwrap_or_default();
        let made = made.and_then(|made| Timestamp::from_millisecond(made).ok());
        let made = made.map(|made| Value::from(made.to_string())).unwrap_or_default();
        let fields = self.maker.fields.properties();
        let fields = fields.map(|(field, name, _)| self.value(item, (field, name), asked_by));
        let values = [id, made].into_iter().chain(fields);
        match self.format {
            ExportFormat::Csv => self.line(&values.map(|value| cell(&value)).collect::<Vec<_>>()),
            ExportFormat::JsonLines => {
                let named = self.columns().into_iter().zip(values);
                let named: Map<String, Value> =
                    named.filter(|(_, value)| !value.is_null()).collect();
                format!("{}\n", Value::Object(named)).into_bytes()
            }
        }
    }

    /// What a thing says of a field; what it does not say and the list was asked by is that.
    fn value(&self, item: &Value, (field, name): (Field, &str), asked_by: &Fields<'_>) -> Value {
        let declared = self.recover.fields.iter().chain(&self.recover.kinds);
        let pointers: &[Pointer] = declared
            .clone()
            .find(|(known, _)| *known == field)
            .map_or(&[], |(_, pointers)| pointers.as_slice());
        let found = pointers.iter().find_map(|pointer| pointer.find(item));
        let found = found.or_else(|| item.get(name)).filter(|found| !found.is_null());
        let value = found.cloned().or_else(|| Some(asked_by.get(field)?.to_json()));
        let is_flag = self.maker.fields.flags().any(|flag| flag == field);
        match value.unwrap_or_default() {
            // Some lists show yes and no as numbers, which the operation does not take.
            Value::Number(number) if is_flag && number.as_i64() == Some(1) => Value::Bool(true),
            Value::Number(number) if is_flag && number.as_i64() == Some(0) => Value::Bool(false),
            value => value,
        }
    }

    fn line(&self, cells: &[String]) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Into memory, and with as many cells as any other line: that does not fail.
        let written = writer.write_record(cells).and_then(|()| writer.flush().map_err(Into::into));
        written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default()
    }
}

/// A value as a cell; what is not there is empty.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
