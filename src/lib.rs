//! Noteferry.
pub mod quota;
pub mod sandbox;
