//! What can go wrong with a ledger: facts, and whether it may pass.
//!
//! What is said of it, and what to do about it, is for `report`.

use std::path::PathBuf;

use super::Location;
use crate::row::{Contradiction, Outcome, RowId};

/// A failure of the ledger. Nothing is ever sent that it could not record.
///
/// A `cause` is what SQLite or the system has to say, in their words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LedgerError {
    /// A newer version has written it, in the format `found`.
    Newer {
        ledger: Location,
        found: i64,
        known: i64,
    },
    NotALedger {
        ledger: Location,
    },
    /// Runs have used it before, and it is empty now.
    Emptied {
        path: PathBuf,
    },
    /// It was deleted while the run used it, and has been written there again with all that is known.
    PutBack {
        path: PathBuf,
    },
    /// It or its log was replaced while the run used it; all that is known has been written to `kept`.
    Replaced {
        path: PathBuf,
        kept: PathBuf,
    },
    /// It was deleted while the run used it, and cannot be written again.
    Lost {
        path: PathBuf,
        cause: NoCopy,
    },
    /// It was deleted or replaced while the run began.
    Moved {
        path: PathBuf,
    },
    /// It was replaced during an earlier run, and what it knew is in `kept`.
    Superseded {
        path: PathBuf,
        kept: PathBuf,
    },
    /// Another run of the job is under way: who runs it, as far as that can be read.
    Busy {
        holder: Option<String>,
    },
    /// The file has a second name, under which another run could hold the same job.
    TwoNames {
        path: PathBuf,
    },
    /// The lock was gone for a while, and in that time another run held the job.
    Overtaken {
        ledger: Location,
    },
    /// An older version writes to the ledger, which would not understand the present format.
    OlderInUse {
        ledger: Location,
        holder: Option<String>,
    },
    /// A fault of noteferry.
    Fault {
        ledger: Location,
        fault: LedgerFault,
    },
    Storage {
        ledger: Location,
        deed: Deed,
        fault: StorageFault,
        cause: String,
    },
    /// The same of the rescue file beside it.
    Rescue {
        path: PathBuf,
        deed: Deed,
        fault: StorageFault,
        cause: String,
    },
    /// The rescue file does not belong to the ledger beside it.
    RescueMisfit {
        path: PathBuf,
    },
    /// What came of attempts can be written neither to the ledger nor to the rescue file. `known` is the first few, of
    /// `count`; `rescue` is what the system says of the rescue file.
    Unrecorded {
        cause: Box<LedgerError>,
        rescue: String,
        known: Vec<LostOutcome>,
        count: usize,
    },
    /// SQLite can read the file, but an entry does not hold what its columns promise. None where it is not known which.
    Misfit {
        ledger: Location,
        misfit: Option<Misfit>,
    },
    /// Something is not there without which no ledger is one.
    Incomplete {
        ledger: Location,
        missing: Missing,
    },
    /// Another start of the row has the same number.
    NumberTaken {
        ledger: Location,
        row: RowId,
        number: u32,
    },
    /// The entries of the row with this key contradict each other.
    Inconsistent {
        ledger: Location,
        key: String,
        cause: Contradiction,
    },
    /// Two rows of the job bear one key: one of them hides what the other has done.
    KeyTwice {
        ledger: Location,
        key: String,
    },
    /// Attempts of which nobody knows any more for which job they were.
    OwnersMissing {
        ledger: Location,
        starts: u64,
    },
    /// Outcomes of rows whose starts are gone: what those rows have done would be sent again.
    StartsMissing {
        ledger: Location,
        ends: u64,
    },
    /// A run of the job has done more rows than are known to be done by it.
    OutcomesGone {
        ledger: Location,
        run: i64,
        told: u64,
        found: u64,
    },
    /// The counts of a run of the job come to less than the rows that it had: somebody has lowered one.
    RunSum {
        ledger: Location,
        run: i64,
        rows: i64,
        sum: i64,
    },
    /// An outcome did not find its start, so something has put an older state of the ledger in its place.
    WentBack {
        ledger: Location,
    },
}

/// What was to be done with a file when that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Make,
    Open,
    Read,
    Write,
    /// Bringing it from an older format to the present one.
    Upgrade,
    Lock,
    Empty,
    /// Giving it another name.
    Move,
    /// Looking whether there is one.
    Find,
}

/// Why a ledger that was deleted cannot be written again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoCopy {
    /// SQLite takes no other paths for a copy.
    PathNotUtf8,
    /// In the words of SQLite or the system.
    Told(String),
}

/// A value that is not what its column promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub table: &'static str,
    /// The row's id; none where that is not told.
    pub id: Option<i64>,
    /// None where it is not known which.
    pub column: Option<String>,
}

/// What is missing in a ledger that somebody has edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A table or a column, in SQLite's words.
    Table(String),
    /// The jobs of so many runs.
    Jobs { runs: u64 },
    /// A next id that no row has: what stands there, if anything does.
    NextId(Option<i64>),
    /// Nothing is missing, but a file of this format has something of this name that only a later format has, or that is made
    /// while it is brought up to date.
    OutOfPlace { format: i64, name: String },
    /// Nothing is missing, but somebody has added a trigger of this name, which may change what is written.
    Trigger(String),
}

/// What only a fault of noteferry can bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LedgerFault {
    /// The recorder was given an entry of a row that it does not know.
    UnknownRow,
    /// What reads the ledger beside the recorder ended before the run.
    ReaderGone,
}

/// What came of an attempt and is written nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LostOutcome {
    pub row: RowId,
    /// The row's key; none where it could not be read.
    pub key: Option<String>,
    pub outcome: Outcome,
    /// What the other side calls what was made.
    pub id: Option<String>,
}

/// What keeps a file from being read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StorageFault {
    Full,
    /// The file may not become any larger: a limit of the system for this process.
    FileLimit,
    /// The file, its folder or its disk may not be written by this user.
    ReadOnly,
    /// The disk, or the way to it, does not do what it is told.
    InputOutput,
    /// What the file holds makes no sense.
    Damaged,
    /// Another process writes, and does not come to an end.
    Contended,
    /// SQLite does not do with the file what can be done with every ledger, so it is laid out otherwise.
    Altered,
    /// The file, or one that goes with it, cannot be opened, and the system gives no reason.
    Unopened,
    /// A folder is where the file should be.
    Folder,
    /// There cannot be a ledger at that path, as where a file is in place of its folder.
    Misplaced,
    /// A pipe, a device or the like is where the file should be.
    Special(SpecialFile),
    Other,
}

/// What stands where a file should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpecialFile {
    Pipe,
    Socket,
    Device,
    Folder,
    Link,
    /// A link to what is not there.
    DanglingLink,
    /// Links that lead to each other.
    LinkLoop,
    /// The system does not say.
    #[cfg_attr(unix, allow(dead_code, reason = "Unix says"))]
    Other,
}

impl LedgerError {
    /// Whether the same call may succeed a little later, though neither the job nor the ledger is changed.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Storage { fault, .. } | Self::Rescue { fault, .. } => fault.may_pass(),
            Self::PutBack { .. } | Self::Moved { .. } => true,
            _ => false,
        }
    }
}

impl StorageFault {
    /// Whether the same may go well a little later.
    pub(crate) fn may_pass(self) -> bool {
        matches!(self, Self::Full | Self::InputOutput | Self::Contended | Self::Unopened)
    }
}
