//! One request: when may it leave, with which token, and what did its answer mean.
//!
//! Pace, access, outage, concurrency and deadline decide; they are pure and take the moment and chance as arguments.
//! `transport` sends; `shared_pace` brings runs together on the disk; `verdict` reads what came back. Rows are not known here: which request goes is for `engine`.

pub(crate) mod access;
mod body;
pub(crate) mod concurrency;
pub(crate) mod deadline;
pub(crate) mod outage;
pub(crate) mod pace;
pub(crate) mod reply;
pub(crate) mod shared_pace;
pub(crate) mod transport;
pub(crate) mod verdict;
