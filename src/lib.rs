//! Noteferry.
pub mod diagnostic;
pub mod quota;
