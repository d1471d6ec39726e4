//! Where a plan finds what an update or a delete is about, and by what it knows a thing of the system; and what changes or
//! deletes what a create has made.
//!
//! The looking itself is for `recover`.

mod counterparts;
pub(super) mod written;

use std::sync::Arc;

use serde_json::Value;

use crate::row::Field;
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::pointer::Pointer;

use super::reader::Reader;
use super::{Effect, Operation};
pub(crate) use counterparts::Counterpart;
use written::LookFile;

/// Where a plan finds what an operation is about.
#[derive(Debug, Clone)]
pub struct Looking {
    /// The operation that makes such things, whose `recover` says how their list is read.
    pub made_by: Arc<str>,
    /// The field that names the thing.
    pub id: Field,
    pub system: Option<SystemMark>,
}

/// What marks a thing that the other side's system has made.
#[derive(Debug, Clone)]
pub struct SystemMark {
    pub at: Vec<Pointer>,
    /// What things bear that people have made.
    pub unless: Vec<Value>,
}

impl SystemMark {
    /// What marks an item as the system's; none where it is not, or says nothing of it.
    pub(crate) fn of(&self, item: &Value) -> Option<String> {
        let found = self.at.iter().find_map(|pointer| pointer.find(item))?;
        let is_usual = |usual: &Value| {
            let written = usual.to_string();
            found == usual || found.as_str().is_some_and(|found| found == written)
        };
        let is_said = !found.is_null() && !self.unless.iter().any(is_usual);
        let name = self.at.first().map(|pointer| pointer.to_string());
        let name = name.unwrap_or_default();
        is_said.then(|| format!("{} {found}", name.trim_start_matches('/')))
    }
}

/// Resolves where a plan looks, now that all operations are known.
pub(super) fn resolve(
    file: LookFile,
    operation: &Operation,
    all: &[Arc<Operation>],
    reader: &mut Reader<'_>,
) -> Option<Looking> {
    let at = Pointer::of(["look"]);
    let makers = || all.iter().filter(|operation| operation.effect == Effect::Create);
    let maker = makers().find(|maker| *maker.name == *file.made_by);
    if maker.is_none() {
        let place = reader.document.place_at(&at.join("made_by"));
        let message = format!("there is no operation `{}` that makes something", file.made_by);
        let problem = Diagnostic::error(Code::UnknownOperation, place, message);
        let known = makers().map(|operation| &*operation.name);
        reader.problems.push(problem.hint_names(&file.made_by, known));
    }
    let id = reader.field(&at.join("id"), &file.id, &operation.fields)?;
    let system = file.system.map(|system| SystemMark {
        at: reader.pointers(&at.join("system").join("at"), &system.at),
        unless: system.unless,
    });
    Some(Looking { made_by: Arc::clone(&maker?.name), id, system })
}
