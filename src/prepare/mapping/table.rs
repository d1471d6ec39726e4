//! Tables of values: what a cell says in a word of its own, as a value of the field. What a table does not list is a mistake,
//! unless the table says what stands for the rest.

use serde_json::Value;

use crate::declared::job::{ValueTable, compared, has_expression};
use crate::source::Source;
use crate::text::diagnostic::{Diagnostic, closest};
use crate::text::lookalike::{did_you_mean, seen_as};
use crate::text::visible::shown;

use super::named::Row;
use super::{Language, Mapped, Origin, ValueError};

/// So many entries are named where a value is none of them.
const NAMED: usize = 12;

/// A table and what it is compared with.
#[derive(Debug)]
pub(crate) struct Table {
    from: Origin,
    values: Vec<(String, Mapped<'static>)>,
    default: Option<Mapped<'static>>,
}

impl Table {
    pub(super) fn compile(
        language: &Language,
        table: &ValueTable,
        source: &mut Source,
    ) -> Result<Self, Vec<Diagnostic>> {
        let from = match has_expression(&table.from.text) {
            true => Origin::compile(language, &table.from, source)?,
            false => language.named_column(&table.from, source)?,
        };
        let value = |value: &Value| match Origin::constant(value) {
            Origin::Constant(value) => value,
            _ => Mapped::Absent,
        };
        let values = table.values.iter().map(|(text, of)| (text.clone(), value(of))).collect();
        Ok(Self { from, values, default: table.default.as_ref().map(value) })
    }

    pub(super) fn from(&self) -> &Origin {
        &self.from
    }

    pub(super) fn value<'r>(&'r self, row: Row<'r, '_>) -> Result<Mapped<'r>, ValueError> {
        let found = self.from.value(row)?;
        let text = found.text();
        let text = compared(&text);
        let listed = self.values.iter().find(|(known, _)| *known == *text);
        match listed.map(|(_, value)| value).or(self.default.as_ref()) {
            Some(value) => Ok(value.borrowed()),
            None => Err(self.not_listed(&text)),
        }
    }

    fn not_listed(&self, text: &str) -> ValueError {
        let known: Vec<&str> = self.values.iter().map(|(known, _)| known.as_str()).collect();
        let meant = seen_as(text, &known).or_else(|| closest(text, &known));
        let meant = meant.filter(|meant| !meant.is_empty() && !text.is_empty());
        let meant = meant.map(|meant| format!("{} – ", did_you_mean(text, meant)));
        let listed: Vec<String> =
            known.iter().take(NAMED).map(|known| format!("\"{}\"", shown(known))).collect();
        let more = if known.len() > NAMED { ", …" } else { "" };
        ValueError::NotListed {
            value: text.to_owned(),
            hint: format!(
                "{}correct the cell, or add the value to the table, which lists {}{more}",
                meant.unwrap_or_default(),
                listed.join(", ")
            ),
        }
    }
}
