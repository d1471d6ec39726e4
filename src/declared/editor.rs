//! The JSON Schemas by which editors complete and check files, as they stand under `schemas/`.
//!
//! Here they are only handed out; a test makes them from the written types and keeps both together.

/// A kind of file that an editor can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EditorSchema {
    Job,
    Connector,
    Operation,
}

impl EditorSchema {
    /// The schema, in JSON, with a line break at its end.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Job => include_str!("../../schemas/job.schema.json"),
            Self::Connector => include_str!("../../schemas/connector.schema.json"),
            Self::Operation => include_str!("../../schemas/operation.schema.json"),
        }
    }
}
