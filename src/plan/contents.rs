//! What is in the rows that would be sent, counted for whoever has to approve them: by operation, how many rows and
//! lanes, how many say yes to each field that is true or false, from when to when their times reach.
//!
//! Counts only; what becomes of a row has been decided, and how it is said is for `report`.

use std::collections::HashSet;
use std::sync::Arc;

use crate::declared::connector::{Effect, Operation, TimeRule, Unit};
use crate::prepare::{Draft, PastReminder};
use crate::row::{Field, FieldValue, Fields, Lane};
use crate::text::place::RowPlace;

use super::notable::Look;
use super::spread::Spread;
use super::turns::Queue;

/// What is in the rows that would be sent: an entry an operation, those first that take most away.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    pub operations: Vec<OperationContents>,
    /// The rows in their order, for what depends on when each has its turn.
    pub queue: Queue,
    /// What a pilot takes of them, where that is asked for.
    pub spread: Option<Spread>,
}

/// What is in the rows of an operation.
#[derive(Debug, Clone)]
pub(crate) struct OperationContents {
    pub operation: Arc<Operation>,
    pub rows: u64,
    /// The fields that are true or false, in the order of their declaration.
    pub flags: Vec<FlagCount>,
    /// The fields that are points in time.
    pub times: Vec<TimeCount>,
    lanes: HashSet<Lane>,
}

/// How many rows say yes to a field, and how many no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlagCount {
    pub field: Field,
    pub yes: u64,
    pub no: u64,
    /// Of both, rows that do not say so themselves: the field's default does.
    pub by_default: u64,
    /// Rows that say nothing, where there is no default.
    pub unsaid: u64,
}

/// How many rows bear a time, and from when to when they reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeCount {
    pub field: Field,
    pub rows: u64,
    /// The first and the last, in unix milliseconds.
    pub span: Option<(i64, i64)>,
}

/// What is counted of a row.
#[derive(Debug)]
pub(super) struct Traits {
    operation: Arc<Operation>,
    lane: Option<Lane>,
    /// Of each field that is true or false, in their order: what the row says.
    flags: Vec<Option<bool>>,
    /// Of each field that is a time and applies, in their order: unix milliseconds.
    times: Vec<Option<i64>>,
    /// What is made of its reminder, and the last moment to send it as it is.
    reminder: (Option<PastReminder>, Option<i64>),
    pub(super) look: Look,
}

impl Traits {
    /// None of a row of which no request can be made.
    pub(super) fn of(draft: &Draft<'_>, now: i64) -> Option<Self> {
        let operation = draft.operation()?;
        let sent = draft.sent_at(now)?;
        let fields = &*sent.fields;
        let said = |field: Field| match fields.get(field) {
            Some(FieldValue::Bool(value)) => Some(*value),
            _ => None,
        };
        let flags: Vec<Option<bool>> = operation.fields.flags().map(said).collect();
        let times: Vec<Option<i64>> = operation.times().map(|rule| moment(rule, fields)).collect();
        // What the row does, what it says yes and no to, and whether it has a reminder.
        let has_times: Vec<bool> = times.iter().map(Option::is_some).collect();
        Some(Self {
            look: Look::of_fields((&operation.name, &flags, has_times), fields),
            lane: draft.lane().map(|lane| Lane::named(&lane)),
            flags,
            times,
            reminder: (sent.made, sent.send_before),
            operation: Arc::clone(operation),
        })
    }
}

/// The time that a row bears, in unix milliseconds; none where it has no effect.
fn moment(rule: &TimeRule, fields: &Fields<'_>) -> Option<i64> {
    let number = fields.get(rule.field).and_then(FieldValue::as_i64)?;
    let milliseconds = match rule.unit {
        Unit::Milliseconds => Some(number),
        Unit::Seconds => number.checked_mul(1_000),
    };
    milliseconds.filter(|_| rule.when.holds(fields))
}

impl Contents {
    /// Counts a row that would be sent.
    pub(super) fn add(&mut self, ordinal: u64, place: &RowPlace, row: Traits) {
        self.queue.add(place, row.lane, row.reminder);
        if let Some(spread) = &mut self.spread {
            spread.see(ordinal, row.lane, row.look);
        }
        let known = self.operations.iter().position(|known| known.is_of(&row.operation));
        let at = known.unwrap_or_else(|| {
            self.operations.push(OperationContents::of(&row.operation));
            self.operations.len() - 1
        });
        self.operations[at].add(row);
    }

    /// Puts what takes most away first; operations of one effect stay in the order in which they came.
    pub(super) fn finish(&mut self) {
        self.operations.sort_by_key(|one| match one.operation.effect {
            Effect::Delete => 0,
            Effect::Update => 1,
            Effect::Create => 2,
            Effect::Read => 3,
        });
    }
}

impl OperationContents {
    fn of(operation: &Arc<Operation>) -> Self {
        let flag = |field| FlagCount { field, yes: 0, no: 0, by_default: 0, unsaid: 0 };
        let time = |rule: &TimeRule| TimeCount { field: rule.field, rows: 0, span: None };
        Self {
            rows: 0,
            flags: operation.fields.flags().map(flag).collect(),
            times: operation.times().map(time).collect(),
            lanes: HashSet::new(),
            operation: Arc::clone(operation),
        }
    }

    fn is_of(&self, operation: &Arc<Operation>) -> bool {
        self.operation.name == operation.name
    }

    /// How many lanes the rows are in.
    pub(crate) fn lanes(&self) -> u64 {
        self.lanes.len() as u64
    }

    fn add(&mut self, row: Traits) {
        self.rows += 1;
        self.lanes.extend(row.lane);
        let defaults = &self.operation.fields;
        for (count, said) in self.flags.iter_mut().zip(row.flags) {
            let default = || defaults.default_of(defaults.name(count.field))?.as_bool();
            count.by_default += u64::from(said.is_none() && default().is_some());
            match said.or_else(default) {
                Some(true) => count.yes += 1,
                Some(false) => count.no += 1,
                None => count.unsaid += 1,
            }
        }
        for (count, moment) in self.times.iter_mut().zip(row.times) {
            let Some(moment) = moment else { continue };
            let (first, last) = count.span.unwrap_or((moment, moment));
            count.rows += 1;
            count.span = Some((first.min(moment), last.max(moment)));
        }
    }
}
