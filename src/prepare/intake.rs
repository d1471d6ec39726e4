//! How a record is taken in for one operation: which of the job's fields become fields of the row, and how they are read
//! and checked.

use crate::row::{Field, FieldValue, Fields};

use super::schema::{Checker, Kind};

/// See the module's text. A job has one for each operation that its rows may have.
pub(super) struct Intake {
    pub checker: Checker,
    /// In the order of the operation's declaration.
    pub taken: Vec<Taken>,
    /// Fields of the job that this operation does not know; on its rows they must be empty.
    pub untaken: Vec<usize>,
}

/// A field that an operation takes.
pub(super) struct Taken {
    pub field: Field,
    pub kind: Kind,
    /// Index into the job's fields.
    pub origin: usize,
}

impl Intake {
    /// Whether a request and a lane can be made of the fields.
    pub(super) fn is_complete(&self, fields: &Fields<'_>) -> bool {
        let operation = self.checker.operation();
        let mut needed = operation.path.fields().chain(operation.lane.fields());
        needed.all(|field| fields.get(field).is_some_and(FieldValue::is_something))
    }
}
