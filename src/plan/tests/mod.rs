//! The two readings and what they decide.

mod decide;
mod fates;
pub(crate) mod nights;
mod readings;
