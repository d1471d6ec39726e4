//! What a JSON Schema cannot say of an operation's fields: conditions across them, and time.
//!
//! Whether a row keeps the rules is for `schema`.

mod resolve;
pub(super) mod written;

use serde_json::Value;

use crate::row::{Field, Fields};

pub(super) use resolve::resolve;

/// A rule of an operation.
#[derive(Debug, Clone)]
pub enum Rule {
    /// These fields must be there.
    Required { fields: Vec<Field>, when: Condition, hint: Option<String> },
    /// A field is a point in time.
    Time(TimeRule),
    /// Warned of: one time lies after another.
    Order { first: Field, then: Field, when: Condition, remark: Remark },
    /// Warned of: fields that have no effect.
    Idle { fields: Vec<Field>, unless: Condition, remark: Remark },
    /// Warned of: any other value than the expected one.
    Unusual { field: Field, expected: Value, remark: Remark },
    /// Warned of, once a job: a field that is left to its default.
    Explicit { field: Field, remark: Remark },
}

/// A field is a point in time.
#[derive(Debug, Clone)]
pub struct TimeRule {
    pub field: Field,
    pub unit: Unit,
    /// It must lie ahead, until the very request.
    pub ahead: bool,
    pub when: Condition,
    /// The fields that a row leaves out to be sent without this time; none where it cannot do without.
    pub without: Vec<Field>,
}

/// What a number that is a point in time counts, since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Milliseconds,
    Seconds,
}

/// What a connector has to say of a row that breaks a rule.
#[derive(Debug, Clone)]
pub struct Remark {
    pub message: String,
    pub hint: Option<String>,
}

/// Field values, all of which must hold for a rule to apply; none at all hold always.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
struct Term {
    field: Field,
    value: Value,
    /// Whether an absent field holds, its default being the value.
    by_default: bool,
}

impl Condition {
    /// Whether the condition holds for a row's fields.
    pub fn holds(&self, fields: &Fields<'_>) -> bool {
        self.terms.iter().all(|term| match fields.get(term.field) {
            Some(value) => value.is(&term.value),
            None => term.by_default,
        })
    }
}
