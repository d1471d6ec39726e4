//! A large JSON value as an expression sees it: what it does not look at is not brought over.
//!
//! Each comment of a ticket sees the whole ticket as `parent`, with all its comments: to bring all of it over for each of
//! them would take the square of their number. Not for values of one row: those are brought over whole.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, Serde};

/// Something within a JSON value.
#[derive(Debug)]
struct Within {
    whole: Arc<serde_json::Value>,
    way: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// The value as an expression sees it.
pub(super) fn value(whole: &Arc<serde_json::Value>) -> Value {
    at(whole, Vec::new())
}

fn at(whole: &Arc<serde_json::Value>, way: Vec<Step>) -> Value {
    let here = Within { whole: Arc::clone(whole), way };
    match here.json() {
        serde_json::Value::Object(_) | serde_json::Value::Array(_) => Value::from_object(here),
        serde_json::Value::Null => Value::from(()),
        other => Value::from(Serde(other)),
    }
}

impl Within {
    fn json(&self) -> &serde_json::Value {
        self.way.iter().fold(&self.whole, |value, step| match step {
            Step::Key(key) => &value[key.as_str()],
            Step::Index(index) => &value[*index],
        })
    }

    fn below(&self, step: Step) -> Value {
        let way = self.way.iter().cloned().chain([step]).collect();
        at(&self.whole, way)
    }
}

impl Object for Within {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.json() {
            serde_json::Value::Array(_) => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let step = match self.json() {
            serde_json::Value::Array(items) => {
                let index = usize::try_from(key.clone()).ok()?;
                items.get(index).map(|_| Step::Index(index))
            }
            other => other
                .get(key.as_str()?)
                .and_then(|_| key.as_str())
                .map(|key| Step::Key(key.to_owned())),
        };
        step.map(|step| self.below(step))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.json() {
            serde_json::Value::Array(items) => Enumerator::Seq(items.len()),
            serde_json::Value::Object(entries) => {
                Enumerator::Values(entries.keys().map(|key| Value::from(key.as_str())).collect())
            }
            _ => Enumerator::NonEnumerable,
        }
    }
}
