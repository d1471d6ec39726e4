//! From the files of a connector to the connector: operations first, then how they settle lost answers, then the whole.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::document::{Document, Reading, Unsound};
use crate::text::fingerprint::Fingerprint;

use super::operation::{Unsettled, operation};
use super::reader::Reader;
use super::{Connector, ConnectorFile, Operation, api, looking, recovery};

/// Reads the files of a connector, `connector.yaml` first; finds every mistake it can.
pub(super) fn connector(
    files: impl Iterator<Item = Result<Document, Diagnostic>>,
) -> Result<Connector, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let files: Vec<Option<Document>> =
        files.map(|file| file.map_err(|problem| problems.push(problem)).ok()).collect();
    let head = files.first().and_then(|file| Some(file.as_ref()?.name().to_owned()));
    let documents: Vec<Document> = files.into_iter().flatten().collect();
    let is_headed =
        documents.first().is_some_and(|document| Some(document.name()) == head.as_deref());
    let Some((head, operations)) = documents.split_first().filter(|_| is_headed) else {
        // What the operations lack is told all the same.
        settled(&documents, &mut problems);
        return Err(problems);
    };
    let fingerprint = Fingerprint::of(documents.iter().map(|file| file.source().text.as_str()));
    let operations = settled(operations, &mut problems);
    let Reading { value, problems: found, unsound } = head.read_as::<ConnectorFile>();
    problems.extend(found);
    let mut reader = Reader { document: head, problems: &mut problems, unsound: &unsound };
    match value.map(|file| api::connector(file, operations, &mut reader)) {
        Some(connector) if problems.is_empty() => Ok(Connector { fingerprint, ..connector }),
        _ => Err(problems),
    }
}

/// Reads the operations and gives each its way to settle lost answers.
fn settled(
    documents: &[Document],
    problems: &mut Vec<Diagnostic>,
) -> IndexMap<String, Arc<Operation>> {
    let mut read: Vec<Unsettled<'_>> = Vec::new();
    for document in documents {
        match operation(document) {
            Ok(unsettled) => read.push(unsettled),
            Err(found) => problems.extend(found),
        }
    }
    let all: Vec<Arc<Operation>> = read.iter().map(|one| Arc::clone(&one.operation)).collect();
    let (before, some_are_broken) = (problems.len(), read.len() < documents.len());
    let settled = read.into_iter().map(|one| settle(one, &all, problems));
    let settled = settled.map(|operation| (operation.name.to_string(), operation)).collect();
    if some_are_broken {
        // Whatever is missed may be one of those.
        let found = problems.split_off(before);
        problems.extend(found.into_iter().filter(|found| found.code != Code::UnknownOperation));
    }
    settled
}

fn settle(
    unsettled: Unsettled<'_>,
    all: &[Arc<Operation>],
    problems: &mut Vec<Diagnostic>,
) -> Arc<Operation> {
    let Unsettled { document, operation, recover, look } = unsettled;
    let mut reader = Reader { document, problems, unsound: &Unsound::default() };
    let recover = recover.and_then(|file| recovery::resolve(file, &operation, all, &mut reader));
    let look = look.and_then(|file| looking::resolve(file, &operation, all, &mut reader));
    match (recover, look) {
        (None, None) => operation,
        (recover, look) => Arc::new(Operation { recover, look, ..(*operation).clone() }),
    }
}
