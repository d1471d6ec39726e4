//! One request: when may it leave, with which token, and what did its answer mean.
//!
//! Pace, access, outage, concurrency and deadline decide; they are pure and take the moment and chance as arguments.
//! `transport` sends; `verdict` reads what came back. Rows are not known here: which request goes is for `engine`.

pub(crate) mod access;
mod body;
pub(crate) mod concurrency;
pub(crate) mod deadline;
pub(crate) mod outage;
pub(crate) mod pace;
pub(crate) mod reply;
pub(crate) mod transport;
pub(crate) mod verdict;
