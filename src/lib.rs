//! Noteferry.
pub mod diagnostic;
pub mod quota;
pub mod source;
