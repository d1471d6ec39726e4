//! The two readings and what they decide.

mod decide;
mod fates;
mod readings;
