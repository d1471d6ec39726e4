//! A plugin: base URL, authentication, quotas, operations, and how an answer is read. Data, no code.
//!
//! A connector is a folder: `connector.yaml` and a file for each operation. [`file`](mod@file) is what is
//! written, this module what is meant: a [`Connector`] in hand has no broken template, no unknown field in
//! a rule and no unreadable quota. The four operations of StringeeX are built in from the very files under
//! `schemas/`; a folder of the user's with the same name takes their place. Whether a *row* fits an
//! operation is for `schema`; what an answer means for a row is for `verdict`.

pub mod file;
mod load;
mod resolve;
pub mod template;

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Map, Value};

pub use file::{Effect, Method, Repeat, TextChange};
pub use load::Catalogue;

use crate::text::document::Document;
use crate::text::pointer::Pointer;
use crate::text::quota::Quota;
use file::{AuthenticationFile, Condition, PagesFile, RuleFile};
use template::Template;

/// An API, ready for use.
#[derive(Debug, Clone)]
pub struct Connector {
    pub name: String,
    /// Without a slash at its end.
    pub base_url: String,
    pub quotas: Vec<Quota>,
    /// Requests under way at once, at the most.
    pub concurrency: u32,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    pub headers: Vec<(String, String)>,
    pub authentication: Option<AuthenticationFile>,
    pub answers: Answers,
    pub operations: IndexMap<String, Arc<Operation>>,
}

/// How an answer is read.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Pointer and value that make a success; without it any 2xx is one.
    pub success: Option<(Pointer, Value)>,
    pub code: Vec<Pointer>,
    pub message: Vec<Pointer>,
    /// Statuses that surely did not act and may be asked again.
    pub retry: Vec<u16>,
    pub unauthorized: Vec<u16>,
    pub not_found: NotFound,
}

/// How a refusal says that what was asked for is not there.
#[derive(Debug, Clone)]
pub struct NotFound {
    pub status: Vec<u16>,
    pub code: Vec<String>,
    /// Parts of the message, in lower case.
    pub message: Vec<String>,
}

/// What one row does.
#[derive(Debug, Clone)]
pub struct Operation {
    pub name: String,
    pub effect: Effect,
    pub method: Method,
    pub path: Template,
    pub query: Vec<(String, Template)>,
    pub wrap: Option<String>,
    pub lane: Template,
    pub repeat: Repeat,
    /// How long after the loss of an answer the other side may still act on the request.
    pub sure_after: Duration,
    pub id: Option<Pointer>,
    pub recover: Option<Recover>,
    pub items: Vec<Pointer>,
    /// The JSON Schema of the fields.
    pub fields: Value,
    pub rules: Vec<RuleFile>,
    /// For complaints about the operation itself.
    pub document: Document,
}

/// How a lost answer of an operation is settled.
#[derive(Debug, Clone)]
pub struct Recover {
    pub list: Arc<Operation>,
    /// Field of the list, and the field of the operation that fills it.
    pub with: Vec<(String, String)>,
    /// Whether all rows of a lane have one list.
    pub lists_lane: bool,
    /// Fields of the list that make it begin with what is newest, and their values.
    pub newest_first: Map<String, Value>,
    /// Field that must be equal, and where an item has it.
    pub fields: Vec<(String, Vec<Pointer>)>,
    pub id: Vec<Pointer>,
    pub created: Vec<Pointer>,
    pub text: Vec<TextChange>,
    pub pages: Option<PagesFile>,
    /// The field that takes a job's marker; its content is what an item is known by then.
    pub marker: Option<String>,
}

impl Operation {
    /// The fields that the operation knows, in the order of their declaration.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.property_map().into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
    }

    /// The field that takes a job's marker.
    pub fn marked_field(&self) -> Option<&str> {
        self.recover.as_ref()?.marker.as_deref()
    }

    pub fn has_field(&self, name: &str) -> bool {
        self.property_map().is_some_and(|properties| properties.contains_key(name))
    }

    pub fn is_required(&self, name: &str) -> bool {
        let required = self.fields.get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|field| field == name))
    }

    /// What an absent field counts as.
    pub fn default_of(&self, name: &str) -> Option<&Value> {
        self.property_map()?.get(name)?.get("default")
    }

    /// Whether a condition of a rule holds for these fields.
    pub fn holds(&self, condition: &Condition, fields: &Map<String, Value>) -> bool {
        condition.iter().all(|(name, expected)| {
            fields.get(name).or_else(|| self.default_of(name)) == Some(expected)
        })
    }

    fn property_map(&self) -> Option<&Map<String, Value>> {
        self.fields.get("properties").and_then(Value::as_object)
    }
}
