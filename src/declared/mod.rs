//! What users declare: connectors and jobs, as written and as meant. The schemas that editors check them by are made from the
//! written types, by a test.
//!
//! Data, no code; nothing is sent and no row is read here.

pub(crate) mod connector;
mod editor;
pub mod job;
#[cfg(test)]
mod tests;

pub(crate) use editor::EditorSchema;
