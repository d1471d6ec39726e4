//! A run: lanes, concurrency, retries, tokens, stopping.
//!
//! [`self::core::Core`] decides. It is pure: what happened, the moment and a bit of chance go in, and what is to be done
//! comes out, so that a test can play any run at any speed. `dispatch` performs: it sends, records
//! and waits as the core says, and is the only one here that touches the world.
//!
//! A row's way: queued in its lane, *started* in the ledger, sent when the pace allows, its outcome in the
//! ledger, told. At most one row of a lane is on that way at a time, the oldest first. Where an answer was lost and
//! the operation says how to look for what it may have made, the lane waits until that is settled.

mod core;
pub(crate) mod dispatch;
#[cfg(test)]
pub(crate) mod tests;
mod work;

#[cfg(test)]
pub(crate) use core::{Action, Core, Input, Now};
pub(crate) use core::{FRESH, LOOK_AHEAD_ROWS, Owing, Owned, Settings, Stop};
pub(crate) use work::Work;
