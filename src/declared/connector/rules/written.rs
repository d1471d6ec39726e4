//! `rules` as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Unit;

/// Field values that must hold for a rule to apply, as in { task_type: 1 }; an absent field has its default.
pub(super) type ConditionFile = IndexMap<String, Value>;

/// A rule that a JSON Schema cannot say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(in crate::declared) enum RuleFile {
    /// These fields must be there.
    Required(RequiredFile),
    /// A field is a point in time.
    Time(TimeFile),
    /// Warned of: one time lies after another.
    Order(OrderFile),
    /// Warned of: fields that have no effect.
    Idle(IdleFile),
    /// Warned of: any other value than the expected one.
    Unusual(UnusualFile),
    /// Warned of, once a job: a field that is left to its default.
    Explicit(ExplicitFile),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct RequiredFile {
    pub(super) fields: Vec<String>,
    #[serde(default)]
    pub(super) when: ConditionFile,
    pub(super) hint: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct TimeFile {
    pub(super) field: String,
    pub(super) unit: Unit,
    /// The earliest allowed; checked again right before the request.
    pub(super) not_before: Option<NotBefore>,
    /// What a row leaves out to be sent without this time, once that is past and the job's `past_reminders` says so. Left out:
    /// a row whose time is past is refused, whatever the job says.
    #[serde(default)]
    pub(super) without: Vec<String>,
    #[serde(default)]
    pub(super) when: ConditionFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::declared) enum NotBefore {
    Now,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct OrderFile {
    pub(super) first: String,
    pub(super) then: String,
    #[serde(default)]
    pub(super) when: ConditionFile,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct IdleFile {
    pub(super) fields: Vec<String>,
    pub(super) unless: ConditionFile,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct UnusualFile {
    pub(super) field: String,
    pub(super) expected: Value,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct ExplicitFile {
    pub(super) field: String,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}
