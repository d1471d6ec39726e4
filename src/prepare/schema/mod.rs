//! Whether a row's fields fit their operation: its JSON Schema, and the rules that know what time it is.
//!
//! Also turns text cells into the types that the schema asks for, strictly. What is found is a [`Finding`]
//! about a field; where the field came from (row, line, column) is added by `prepare`, who knows it.

mod coerce;
mod past;
mod rules;

use std::sync::Arc;

use jiff::tz::TimeZone;

pub(crate) use coerce::Kind;
use past::mended;
pub(crate) use past::{ON_ITS_WAY, PastReminder, arrival, mended_in_time};
pub(crate) use rules::send_before;

use crate::declared::connector::{Operation, Remark};
use crate::declared::job::PastReminders;
use crate::row::{Field, Fields, Instance};
use crate::text::code::Code;
use crate::text::diagnostic::Severity;
use crate::text::violation::Violation;

/// Something a row's fields do wrong, or unwisely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub severity: Severity,
    pub violation: Violation,
    /// True of every row alike, so it is told for the first one only.
    pub once: bool,
}

impl Finding {
    pub(crate) fn error(violation: Violation) -> Self {
        Self { severity: Severity::Error, violation, once: false }
    }
}

/// An operation's fields, ready to be checked.
pub(crate) struct Checker {
    operation: Arc<Operation>,
    kinds: Vec<(Field, Kind)>,
    /// The job's, in which times are shown.
    zone: Option<TimeZone>,
    /// The job's, for reminders that are past.
    past_reminders: PastReminders,
}

impl Checker {
    pub(crate) fn new(
        operation: &Arc<Operation>,
        zone: Option<TimeZone>,
        past_reminders: PastReminders,
    ) -> Self {
        let properties = operation.fields.properties();
        let kinds = properties.map(|(field, _, schema)| (field, Kind::of(schema))).collect();
        Self { operation: Arc::clone(operation), kinds, zone, past_reminders }
    }

    pub(crate) fn operation(&self) -> &Arc<Operation> {
        &self.operation
    }

    /// The fields in the order of their declaration, and what kind of value each takes.
    pub(crate) fn kinds(&self) -> &[(Field, Kind)] {
        &self.kinds
    }

    /// Checks a row's fields. `now` is in unix milliseconds.
    ///
    /// One finding a field, the one that matters: what is no number is not also no documented number.
    pub(crate) fn check(&self, fields: &Fields<'_>, now: i64, findings: &mut Vec<Finding>) {
        let mut found = Vec::new();
        let instance = Instance::Row { names: self.operation.fields.list(), fields };
        if !self.operation.validator.is_valid(instance) {
            let schema = self.operation.fields.schema();
            let errors = self.operation.validator.iter_errors(instance);
            let violations = errors.flat_map(|error| Violation::all_of(&error, schema));
            found.extend(violations.map(Finding::error));
        }
        let told = (self.zone.as_ref(), self.past_reminders);
        rules::check(&self.operation, fields, now, told, &mut found);
        found.sort_by_key(|finding| {
            (finding.severity == Severity::Warning, finding.violation.code != Code::WrongType)
        });
        for finding in found {
            if findings.iter().all(|earlier| earlier.violation.pointer != finding.violation.pointer)
            {
                findings.push(finding);
            }
        }
    }

    /// The fields that are left to a default that matters, each with what is to be said of it.
    pub(crate) fn left_to_defaults<'a>(
        &'a self,
        fields: &'a Fields<'_>,
    ) -> impl Iterator<Item = (Field, &'a Remark)> {
        rules::left_to_defaults(&self.operation, fields)
    }

    /// What the job says of reminders that are past.
    pub(crate) fn past_reminders(&self) -> PastReminders {
        self.past_reminders
    }

    /// The fields that are sent at a moment in the place of these; none where these can be sent, or none can.
    pub(crate) fn mended(
        &self,
        fields: &Fields<'_>,
        now: i64,
    ) -> Option<(Fields<'static>, PastReminder)> {
        mended(&self.operation, fields, self.past_reminders, now)
    }

    /// The last moment, in unix milliseconds, at which these fields may still be sent.
    pub(crate) fn send_before(&self, fields: &Fields<'_>) -> Option<i64> {
        rules::send_before(&self.operation, fields)
    }
}

#[cfg(test)]
mod tests;
