//! What happened, durable: the only truth on a rerun.
//!
//! A ledger is a contract. [`Reader`] says what can be asked of it, [`Books`] what is written of jobs and runs, [`Claim`]
//! who may send a job's rows, [`recorder`] what its one writer promises while a run is under way. [`sqlite`] fulfils it
//! with a file; a second kind would stand beside that and change none of it. States are not stored: they follow from the
//! attempts, through the one transition function of [`crate::row::RowState`] and the one fold over a row's entries,
//! [`crate::row::Life`]. What a state means for a rerun is for `plan`; what is said of a ledger is for `report`.

mod contract;
mod error;
mod finding;
mod history;
mod inspection;
mod location;
pub mod recorder;
pub mod sqlite;
mod status;
#[cfg(test)]
pub(crate) mod tests;

pub use contract::{Books, Claim, JobId, JobName, OwnerId, Reader, Run, Validity};
pub use error::{LedgerError, LostOutcome, StorageFault};
pub use finding::{Finding, Findings, LedgerRow, Problem};
pub use history::{History, HistoryRow};
pub use inspection::{CheckScope, Inspection};
pub use location::Location;
pub use recorder::{Ack, News, Note, Recorder, Write};
#[cfg(test)]
pub use sqlite::FORMAT;
pub use sqlite::{InTrouble, JobLock, Left, Rescue, TakenIn, inspect, waiting_outcomes};
pub use status::{FailedRow, JobStatus, RunRecord, Unfinished};

/// A ledger, open: of the one kind that there is. Where there is a second it is one of the two.
pub type Ledger = sqlite::FileLedger;
