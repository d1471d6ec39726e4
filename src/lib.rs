//! Noteferry.
pub mod quota;
