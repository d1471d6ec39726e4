//! What a row becomes whose reminder is past: what its job's policy makes of it. Pure; the row itself, and what it is known
//! by, stays what it is.

use std::time::Duration;

use serde_json::Value;

use crate::declared::connector::{Operation, Rule, TimeRule, Unit};
use crate::declared::job::PastReminders;
use crate::row::{Field, Fields};

use super::rules::{disordered, moment};

/// What was made of a row whose reminder was past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PastReminder {
    /// It goes without.
    LeftOut,
    /// It comes later.
    Shifted,
    /// It comes later, and behind a time that it should come before.
    ShiftedBehind,
}

impl PastReminder {
    /// The word in the NDJSON output.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::LeftOut => "left_out",
            Self::Shifted => "shifted",
            Self::ShiftedBehind => "shifted_behind",
        }
    }
}

/// A request may be on its way for so long: a reminder that is nearer than this when the row has its turn may be past where
/// the request arrives, and then counts as past. It is less than any time that a reminder is moved by.
pub(crate) const ON_ITS_WAY: Duration = Duration::from_secs(30);

/// The same as [`mended`] at the turn of a row: what may be past where the request arrives is past.
pub(crate) fn mended_in_time(
    operation: &Operation,
    fields: &Fields<'_>,
    policy: PastReminders,
    now: i64,
) -> Option<(Fields<'static>, PastReminder)> {
    mended_by(operation, fields, policy, (now, arrival(now)))
}

/// The last moment at which a request may arrive that is sent now.
pub(crate) fn arrival(now: i64) -> i64 {
    now.saturating_add(i64::try_from(ON_ITS_WAY.as_millis()).unwrap_or(i64::MAX))
}

/// The fields that are sent at a moment in the place of a row's own; none where those can be sent, or nothing makes them
/// such as can. `now` is in unix milliseconds.
pub(crate) fn mended(
    operation: &Operation,
    fields: &Fields<'_>,
    policy: PastReminders,
    now: i64,
) -> Option<(Fields<'static>, PastReminder)> {
    mended_by(operation, fields, policy, (now, now))
}

/// A reminder counts as past where it lies before `arrival`.
fn mended_by(
    operation: &Operation,
    fields: &Fields<'_>,
    policy: PastReminders,
    (now, arrival): (i64, i64),
) -> Option<(Fields<'static>, PastReminder)> {
    if policy == PastReminders::Reject {
        return None;
    }
    let reminders: Vec<&TimeRule> =
        past(operation, fields, arrival).filter(|rule| !rule.without.is_empty()).collect();
    if reminders.is_empty() {
        return None;
    }
    let mut mended = fields.clone().into_owned();
    let how = match policy {
        PastReminders::Reject => return None,
        PastReminders::Drop => {
            let without = reminders.iter().flat_map(|rule| &rule.without);
            without.for_each(|field| mended.remove(*field));
            PastReminder::LeftOut
        }
        PastReminders::Shift(span) => {
            for rule in &reminders {
                let later = later(now, span, rule.unit)?;
                mended.set(rule.field, Value::from(later).into());
            }
            let is_shifted = |field: Field| reminders.iter().any(|rule| rule.field == field);
            match disordered(operation, &mended).any(is_shifted) {
                true => PastReminder::ShiftedBehind,
                false => PastReminder::Shifted,
            }
        }
    };
    // What else is past, and is no reminder, the row cannot do without.
    let is_mended = self::past(operation, &mended, now).next().is_none();
    is_mended.then_some((mended, how))
}

/// The times that must lie ahead, and do not.
fn past<'o>(
    operation: &'o Operation,
    fields: &'o Fields<'_>,
    now: i64,
) -> impl Iterator<Item = &'o TimeRule> {
    operation.rules.iter().filter_map(move |rule| match rule {
        Rule::Time(rule) if rule.ahead && rule.when.holds(fields) => {
            moment(rule, fields).filter(|moment| *moment < now).map(|_| rule)
        }
        _ => None,
    })
}

/// So long after a moment, as a rule counts time. Seconds are rounded up.
fn later(now: i64, span: Duration, unit: Unit) -> Option<i64> {
    let later = now.checked_add(i64::try_from(span.as_millis()).ok()?)?;
    Some(match unit {
        Unit::Milliseconds => later,
        Unit::Seconds => later.div_euclid(1000) + i64::from(later.rem_euclid(1000) > 0),
    })
}
