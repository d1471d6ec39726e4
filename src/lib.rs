//! Noteferry.
pub mod connector;
pub mod diagnostic;
pub mod document;
pub mod job;
pub mod mapping;
pub mod pace;
pub mod plan;
pub mod prepare;
pub mod quota;
pub mod request;
pub mod row_state;
pub mod sandbox;
pub mod schema;
pub mod source;
pub mod survey;
pub mod violation;
