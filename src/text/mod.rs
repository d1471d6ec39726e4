//! What people write and are told: YAML with the place of each value, diagnostics and what their codes mean, schema
//! violations in words, what a schema wants at a place, JSON pointers, addresses, accounts, commands, quotas in their notation, ways
//! to write one text, values that cannot be printed, and how files are opened that others may have put there.
//!
//! Nothing here knows jobs, connectors or rows.

pub(crate) mod account;
pub(crate) mod address;
pub(crate) mod code;
pub(crate) mod command;
pub(crate) mod diagnostic;
pub(crate) mod document;
pub(crate) mod expression;
pub(crate) mod file_kind;
pub(crate) mod fingerprint;
pub(crate) mod lookalike;
pub(crate) mod outline;
pub(crate) mod place;
pub(crate) mod pointer;
pub(crate) mod private_file;
pub(crate) mod quota;
pub(crate) mod redaction;
pub(crate) mod secret;
pub(crate) mod small_file;
pub(crate) mod spelling;
pub(crate) mod term;
pub(crate) mod violation;
pub(crate) mod visible;
mod yaml_advice;
