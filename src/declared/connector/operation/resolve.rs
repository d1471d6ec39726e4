//! From an operation's file as written to what is meant, but for how it settles lost answers, which needs the others.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::text::address::Query;
use crate::text::diagnostic::Diagnostic;
use crate::text::document::{Document, Reading};
use crate::text::pointer::Pointer;

use super::super::looking::written::LookFile;
use super::super::reader::Reader;
use super::super::recovery::written::RecoverFile;
use super::super::template::Template;
use super::super::{FieldSet, fields, rules};
use super::Operation;
use super::written::OperationFile;

/// An operation before it knows how to settle its lost answers.
pub(in super::super) struct Unsettled<'a> {
    pub(in super::super) document: &'a Document,
    pub(in super::super) operation: Arc<Operation>,
    pub(in super::super) recover: Option<RecoverFile>,
    pub(in super::super) look: Option<LookFile>,
}

/// Reads an operation's file.
pub(in super::super) fn operation(document: &Document) -> Result<Unsettled<'_>, Vec<Diagnostic>> {
    let Reading { value, mut problems, unsound } = document.read_as::<OperationFile>();
    let Some(file) = value else { return Err(problems) };
    let mut reader = Reader { document, problems: &mut problems, unsound: &unsound };
    let fields = FieldSet::of(file.fields);
    let path = reader.template(&Pointer::of(["path"]), &file.path, &fields);
    if let Some(path) = &path {
        reader.path(&Pointer::of(["path"]), &path.filled_with("x"), Query::Apart);
    }
    let lane = reader.template(&Pointer::of(["lane"]), &file.lane, &fields);
    let query = query(&file.query, &fields, &mut reader);
    let sure_after = reader.duration(&Pointer::of(["sure_after"]), file.sure_after.as_deref());
    reader.named_like(&Pointer::of(["operation"]), &file.operation, stem);
    let id = file.id.as_ref().and_then(|id| reader.pointer(&Pointer::of(["id"]), id));
    let items = reader.pointers(&Pointer::of(["items"]), &file.items);
    let rules = rules::resolve(file.rules, &fields, &mut reader);
    let validator = fields::validator(&fields, &mut reader);
    let (Some(path), Some(lane), Some(validator)) = (path, lane, validator) else {
        return Err(problems);
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    let templates = std::iter::once(&path).chain(query.iter().map(|(_, template)| template));
    let outside_body = templates.flat_map(Template::fields).collect();
    let operation = Operation {
        name: file.operation.into(),
        about: file.about,
        effect: file.effect,
        method: file.method,
        path,
        query,
        wrap: file.wrap,
        outside_body,
        lane,
        repeat: file.repeat,
        sure_after: sure_after.unwrap_or_default(),
        id,
        recover: None,
        look: None,
        items,
        fields: Arc::new(fields),
        validator: Arc::new(validator),
        rules,
    };
    Ok(Unsettled {
        document,
        operation: Arc::new(operation),
        recover: file.recover,
        look: file.look,
    })
}

fn query(
    file: &IndexMap<String, String>,
    fields: &FieldSet,
    reader: &mut Reader<'_>,
) -> Vec<(String, Template)> {
    let mut read = Vec::new();
    for (name, text) in file {
        let template = reader.template(&Pointer::of(["query"]).join(name), text, fields);
        read.extend(template.map(|template| (name.clone(), template)));
    }
    read
}

/// A file's path without `.yaml`.
fn stem(path: &Path) -> Option<&Path> {
    path.file_stem().map(Path::new)
}
