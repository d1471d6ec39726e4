//! A run: lanes, concurrency, retries, tokens, stopping.
//!
//! [`Core`] decides. It is pure: what happened, the moment and a bit of chance go in, and what is to be done
//! comes out, so that a test can play any run at any speed. `dispatch` performs: it sends, records
//! and waits as the core says, and is the only one here that touches the world.
//!
//! A row's way: queued in its lane, *started* in the ledger, sent when the pace allows, its outcome in the
//! ledger, told. At most one row of a lane is on that way at a time, the oldest first. Where an answer was lost and
//! the operation says how to look for what it may have made, the lane waits until that is settled.

mod core;
pub mod dispatch;
mod lanes;
#[cfg(test)]
mod ledger_faults;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod simulation;

pub use core::{Action, Core, Input, Now, Settings, Stop};

use crate::plan::decide::Sending;
use crate::prepare::Ready;
use crate::row::{Attempted, RowId};

/// A row that the run has to send.
#[derive(Debug, Clone)]
pub struct Work {
    pub ready: Ready,
    pub key: String,
    /// The row's id in the ledger, where it has one.
    pub known: Option<RowId>,
    /// How many requests have left for it in earlier runs.
    pub attempts: u32,
    /// When the last of them was started; of several in a row that may have acted, the first.
    pub attempted: Option<Attempted>,
    pub sending: Sending,
}

impl Work {
    /// About how much memory the row holds.
    pub fn bytes(&self) -> usize {
        let request = &self.ready.request;
        let body = request.body.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.key.len() + self.ready.lane.len() + request.path.len() + body
    }
}
