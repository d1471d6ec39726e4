//! Noteferry.
pub mod connector;
pub mod diagnostic;
pub mod document;
pub mod quota;
pub mod schema;
pub mod violation;
