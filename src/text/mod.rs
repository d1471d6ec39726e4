//! What people write and are told: YAML with the place of each value, diagnostics and what their codes mean, schema
//! violations in words, JSON pointers, quotas in their notation, and values that cannot be printed.
//!
//! Nothing here knows jobs, connectors or rows.

pub mod code;
pub mod diagnostic;
pub mod document;
pub mod place;
pub mod pointer;
pub mod quota;
pub mod secret;
pub mod violation;
