//! What a run promises, played: single decisions by hand, whole lives from seeds, stories of hours, and ledgers whose disks
//! fail at every moment.

mod decisions;
mod ledger_faults;
mod reads;
pub(crate) mod rows;
mod scenarios;
pub(crate) mod server;
mod simulation;
