//! Rows that `export` has written and that a job would make once more: told, since nobody but a person knows whether what they
//! were read from is still there.

use crate::declared::job::{Job, OperationChoice};
use crate::report::of_exported_rows;
use crate::source::Source;
use crate::text::diagnostic::Diagnostic;

use super::export::CREATED;

/// A warning where the columns of a job without a map are those of an export, and its rows are made.
pub(super) fn exported_rows(job: &Job, source: &Source) -> Option<Diagnostic> {
    let (OperationChoice::Fixed(maker), None) = (&job.operation, &job.map) else { return None };
    let has = |name: &str| source.columns().names().iter().any(|column| **column == *name);
    let mut ids = job.connector.operations.values().filter_map(|operation| {
        let look = operation.look.as_ref().filter(|look| look.made_by == maker.name)?;
        Some(operation.fields.name(look.id))
    });
    let id = ids.find(|id| has(id)).filter(|_| has(CREATED))?;
    Some(of_exported_rows(job.rows.name(), id, &job.connector.item))
}
