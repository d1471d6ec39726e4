//! One request: when may it leave, with which token, and what did its answer mean.
//!
//! Pace, access, outage, concurrency and deadline decide; they are pure and take the moment and chance as arguments.
//! `transport` sends; `verdict` reads what came back. Rows are not known here: which request goes is for `engine`.

pub mod access;
mod body;
pub mod concurrency;
pub mod deadline;
pub mod outage;
pub mod pace;
pub mod reply;
pub mod transport;
pub mod verdict;
