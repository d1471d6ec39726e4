//! What one row does: its request, its lane, its fields, and whether a second time does harm.

mod resolve;
pub(super) mod written;

use std::sync::Arc;
use std::time::Duration;

use jsonschema::Validator;

use crate::row::{Field, RowJson};
use crate::text::pointer::Pointer;

use super::template::Template;
use super::{FieldSet, Looking, Recover, Rule, TimeRule};

pub(super) use resolve::{Unsettled, operation};

/// What one row does.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Shared, since each attempt in the ledger bears it.
    pub name: Arc<str>,
    /// What it does, in a line; none where its file does not say.
    pub about: Option<String>,
    pub effect: Effect,
    pub method: Method,
    pub path: Template,
    pub query: Vec<(String, Template)>,
    pub wrap: Option<String>,
    /// Fields that stand in the path or the query, and so not in the body.
    pub outside_body: Vec<Field>,
    pub lane: Template,
    pub repeat: Repeat,
    /// How long after the loss of an answer the other side may still act on the request.
    pub sure_after: Duration,
    pub id: Option<Pointer>,
    pub recover: Option<Recover>,
    /// Where a plan finds what is there before.
    pub look: Option<Looking>,
    pub items: Vec<Pointer>,
    pub fields: Arc<FieldSet>,
    /// Says whether a row's fields fit their schema.
    pub validator: Arc<Validator<RowJson>>,
    pub rules: Vec<Rule>,
}

/// What an operation does to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Create,
    Update,
    Delete,
    /// Changes nothing; done anew in every run.
    Read,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Whether the same request a second time does harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Repeat {
    /// A second time changes nothing: a lost answer is settled by asking again.
    Harmless,
    /// A second time acts a second time: never sent again unless it surely did not act.
    Harmful,
}

impl Operation {
    /// The field that takes a job's marker.
    pub fn marked_field(&self) -> Option<Field> {
        self.recover.as_ref()?.marker
    }

    /// The rules of fields that are points in time.
    pub fn times(&self) -> impl Iterator<Item = &TimeRule> {
        self.rules.iter().filter_map(|rule| match rule {
            Rule::Time(rule) => Some(rule),
            _ => None,
        })
    }
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}
