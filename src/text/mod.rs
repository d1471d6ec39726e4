//! What people write and are told: YAML with the place of each value, diagnostics, schema violations in words,
//! quotas in their notation, and values that cannot be printed.
//!
//! Nothing here knows jobs, connectors or rows.

pub mod diagnostic;
pub mod document;
pub mod quota;
pub mod secret;
pub mod violation;
