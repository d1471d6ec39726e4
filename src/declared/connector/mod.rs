//! A plugin: base URL, authentication, quotas, operations, and how an answer is read. Data, no code.
//!
//! A connector is a folder: `connector.yaml` and a file for each operation. Each concept has a folder here: what is
//! written (`written`), what is meant (the concept's own file), and the way from the one to the other (`resolve`),
//! which finds every mistake it can. Only what is meant leaves the room: a [`Connector`] in hand has no broken
//! template, no unknown field in a rule, no schema that says nothing sensible and no unreadable quota.
//!
//! The built-in connectors are made of the very files under `schemas/`; a folder of the user's with the same name
//! takes the place of one. Whether a *row* fits an operation is for `schema`; what an answer means for a row is for
//! `verdict`.

mod answers;
mod api;
mod authentication;
mod built_in;
mod fields;
mod load;
mod looking;
mod operation;
mod reader;
mod recovery;
mod resolve;
mod rules;
pub(crate) mod template;

#[cfg(test)]
mod tests;

pub(crate) use answers::Answers;
pub use api::Connector;
pub(crate) use authentication::{
    Authentication, Choices, Filling, Login, Piece, SignedToken, TokenHeader, Way,
};
pub(crate) use built_in::DEFAULT_CONNECTOR;
pub(crate) use fields::FieldSet;
#[cfg(test)]
pub(super) use fields::KEYWORDS;
pub use load::Catalogue;
pub(crate) use looking::{Counterpart, Looking, SystemMark};
pub(crate) use operation::{Effect, Method, Operation, Repeat};
pub(crate) use recovery::Recover;
pub use recovery::TextChange;
pub(crate) use rules::{Condition, Remark, Rule, TimeRule, Unit};

pub(super) use api::written::ConnectorFile;
#[cfg(test)]
pub(super) use operation::written::OperationFile;
