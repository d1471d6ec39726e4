//! What happened, durable: the only truth on a rerun.
//!
//! A ledger is a contract. [`Reader`] says what can be asked of it, [`Books`] what is written of jobs and runs, [`Claim`]
//! who may send a job's rows, [`recorder`] what its one writer promises while a run is under way. [`sqlite`] fulfils it
//! with a file; a second kind would stand beside that. [`Open`] says how one comes to a ledger; where it is ([`Location`]) has a variant for each
//! kind; the promises are the same for all. States are not stored: they follow from the
//! attempts, through the one transition function of [`crate::row::RowState`] and the one fold over a row's entries,
//! [`crate::row::Life`]. What a state means for a rerun is for `plan`; what is said of a ledger is for `report`.

mod act;
mod contract;
mod corrections;
mod done;
mod error;
mod exported;
mod finding;
mod history;
mod inspection;
mod invalid;
mod location;
mod mandate;
mod pruning;
mod pulse;
pub(crate) mod recorder;
mod settling;
pub(crate) mod source_files;
mod sqlite;
mod status;
#[cfg(test)]
pub(crate) mod tests;
mod turned;
mod verification;

pub(crate) use act::{Act, Acts};
pub(crate) use contract::{
    Books, Claim, JobId, JobName, Open, OwnerId, Reader, Requests, Run, TakenIn, Validity, Watch,
};
pub(crate) use corrections::{Correction, Corrections};
pub(crate) use done::{DoneRow, DoneSince};
pub(crate) use error::{
    Deed, LedgerError, LedgerFault, LostOutcome, Misfit, Missing, NoCopy, SpecialFile, StorageFault,
};
pub(crate) use exported::Exported;
pub(crate) use finding::{Finding, Findings, LedgerRow, Problem, ViewRow, ViewSays};
pub(crate) use history::{Candidate, History, HistoryRow, ROW_IDS};
pub(crate) use inspection::{CheckScope, Inspection};
pub(crate) use invalid::{INVALID_KEPT, InvalidRow};
pub(crate) use location::Location;
pub(crate) use mandate::{Approval, Mandate, PlanId};
pub(crate) use pruning::{Extent, Pruning};
pub(crate) use pulse::Pulse;
pub(crate) use recorder::{Ack, Left, News, Note, Recorder, Write};
pub(crate) use settling::{
    Before, RowName, SETTLED, SettledDeed, SettledNow, SettledRow, Settling, Unsettled,
};
pub(crate) use source_files::{FilesNow, ReadFile};
#[cfg(test)]
pub(crate) use sqlite::{FORMAT, InTrouble, Rescue};
pub(crate) use sqlite::{JobLock, PulseFile, inspect, waiting_outcomes};
pub(crate) use status::{FailedRow, JobStatus, RunRecord, RunSource, Unfinished};
pub(crate) use turned::{Turn, TurnedRow};
pub(crate) use verification::Verification;

/// A ledger, open: of the one kind that there is. Where there is a second it is one of the two.
pub(crate) type Ledger = sqlite::FileLedger;
