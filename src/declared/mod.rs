//! What users declare: connectors and jobs, as written and as meant, and the schemas that editors check them by.
//!
//! Data, no code; nothing is sent and no row is read here.

pub mod connector;
pub mod job;
#[cfg(test)]
mod tests;
