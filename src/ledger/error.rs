//! What can go wrong with a ledger, in words that say what is safe and what to do.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// A failure of the ledger. Nothing is ever sent that it could not record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error(
        "the ledger {path} was written by a newer noteferry (format {found}, this one knows {known})"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{path} is no ledger of noteferry")]
    NotALedger { path: PathBuf },
    #[error("the ledger {path} is empty, though runs have used it before")]
    Emptied { path: PathBuf },
    #[error(
        "the ledger {path} was deleted while the run used it, and has been written there again with all that is known"
    )]
    PutBack { path: PathBuf },
    #[error(
        "the ledger {path} or its log was replaced while the run used it; all that is known is in {kept}"
    )]
    Replaced { path: PathBuf, kept: PathBuf },
    #[error(
        "the ledger {path} was deleted while the run used it, and cannot be written again: {cause}"
    )]
    Lost { path: PathBuf, cause: String },
    #[error("the ledger {path} was deleted or replaced while the run began")]
    Moved { path: PathBuf },
    #[error("the ledger {path} was replaced during an earlier run, and what it knew is in {kept}")]
    Superseded { path: PathBuf, kept: PathBuf },
    #[error("another run of this job is under way{holder}")]
    Busy { holder: String },
    #[error("the ledger {path} cannot be {deed}: {}", fault.words(cause))]
    Storage { path: PathBuf, deed: &'static str, fault: StorageFault, cause: String },
    #[error("the rescue file {path} cannot be {deed}: {}", fault.words(cause))]
    Rescue { path: PathBuf, deed: &'static str, fault: StorageFault, cause: String },
    #[error("the rescue file {path} does not belong to the ledger beside it")]
    RescueMisfit { path: PathBuf },
    /// `known` is what came of attempts, in words: the first few, of `count`.
    #[error(
        "{cause}; nor can its rescue file: {rescue}. Known and written nowhere: {}{}",
        known.join(", "),
        and_more(*count, known.len())
    )]
    Unrecorded { cause: Box<LedgerError>, rescue: String, known: Vec<String>, count: usize },
    #[error("the ledger {path} contradicts itself at row {key}: {cause}")]
    Inconsistent { path: PathBuf, key: String, cause: String },
}

/// What keeps a file from being read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageFault {
    Full,
    /// The file, its folder or its disk may not be written by this user.
    ReadOnly,
    /// The disk, or the way to it, does not do what it is told.
    InputOutput,
    /// What the file holds makes no sense.
    Damaged,
    /// Another process writes, and does not come to an end.
    Contended,
    /// The file, or one that goes with it, cannot be opened; nobody says why.
    Unopened,
    /// There cannot be a ledger at that path: a folder is there, or a file where a folder should be.
    Misplaced,
    Other,
}

impl LedgerError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Newer { .. } => {
                "use that version of noteferry; another ledger knows nothing of what was sent, and all would be sent again"
            }
            Self::NotALedger { .. } => {
                "name the ledger's own file with --ledger, or one that does not exist yet"
            }
            Self::Emptied { .. } => {
                "put it back from a copy, with the -wal file beside it; to begin anew, which sends everything again, delete it"
            }
            Self::Moved { .. } => "nothing was sent; look what is there now, then run again",
            Self::PutBack { .. } => {
                "find out what deletes it, such as a clean-up or `git clean`, then run again: nothing is lost"
            }
            Self::Replaced { .. } | Self::Superseded { .. } => {
                "put that one in its place, delete the -wal and -shm files that are there, then run again: with any other \
                 ledger all that it does not know would be sent again"
            }
            Self::Lost { .. } => {
                "put it back from a copy, and do not run this job without it: all that the copy does not know would be sent \
                 again"
            }
            Self::Busy { .. } => "wait until it ends; a run that was killed leaves no lock behind",
            Self::Storage { fault, .. } => fault.hint(),
            Self::Rescue { .. } => {
                "it holds outcomes that the last run could not write to the ledger: let this user read and write it, then \
                 run again"
            }
            Self::RescueMisfit { .. } => {
                "it holds outcomes of rows that this ledger does not know: put the ledger back that it belongs to, or move \
                 the file away if they do not matter"
            }
            Self::Unrecorded { .. } => {
                "keep this message; the next run does not know these outcomes and treats their rows as in doubt"
            }
            Self::Inconsistent { .. } => {
                "keep the file for an inquiry, and do not run this job with it"
            }
        }
    }

    /// Whether the same may go well a little later, with nobody changing the job or the ledger.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Storage { fault, .. } | Self::Rescue { fault, .. } => fault.may_pass(),
            Self::PutBack { .. } | Self::Moved { .. } => true,
            _ => false,
        }
    }
}

impl StorageFault {
    /// What SQLite's code stands for.
    pub(super) fn of_sqlite(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::SystemIoFailure) => Self::InputOutput,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Contended,
            Some(ErrorCode::CannotOpen) => Self::Unopened,
            _ => Self::Other,
        }
    }

    /// What the system's code stands for.
    pub(super) fn of_io(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::Full,
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::ReadOnly,
            Kind::NotADirectory
            | Kind::IsADirectory
            | Kind::AlreadyExists
            | Kind::NotFound
            | Kind::InvalidFilename => Self::Misplaced,
            // Whatever else a disk has to say, it did not do it.
            _ => Self::InputOutput,
        }
    }

    /// Whether the same may go well a little later.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Full | Self::InputOutput | Self::Contended | Self::Unopened)
    }

    fn words(self, cause: &str) -> String {
        let words = match self {
            Self::Full => return "the disk is full".to_owned(),
            Self::Contended => return "another process is writing to it".to_owned(),
            Self::Other => return cause.to_owned(),
            Self::ReadOnly => "it is read-only for this user",
            Self::InputOutput => "the disk reports an error",
            Self::Damaged => "the file is damaged",
            Self::Unopened => "one of its files cannot be opened",
            Self::Misplaced => "there can be no ledger",
        };
        format!("{words} ({cause})")
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Full => {
                "make room on the ledger's disk, then run again: nothing was sent that is not recorded"
            }
            Self::ReadOnly => {
                "let this user write the file, those beside it and their folder, then run again: nothing was sent that \
                 is not recorded"
            }
            Self::InputOutput => {
                "look in the system's log for a failing disk or a lost network drive, and copy the ledger's folder to a \
                 safe place; then run again: nothing was sent that is not recorded"
            }
            Self::Damaged => {
                "do not delete it, it alone knows what was sent: copy its folder, then put back a copy from after the last \
                 run, or recover this one with sqlite3's .recover"
            }
            Self::Contended => {
                "close what holds it, such as a database browser or a backup, then run again: nothing is lost"
            }
            Self::Unopened => {
                "look at its folder's permissions, and for too many open files; then run again: nothing is lost"
            }
            Self::Misplaced => "name a file with --ledger, in a folder that exists or can be made",
            Self::Other => {
                "look for a full disk, missing permissions, or a network drive; then run again: nothing is lost"
            }
        }
    }
}

fn and_more(count: usize, told: usize) -> String {
    match count.saturating_sub(told) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
    }

    #[test]
    fn every_code_of_sqlite_names_its_cause() {
        use rusqlite::ffi;
        for (code, fault) in [
            (ffi::SQLITE_FULL, StorageFault::Full),
            (ffi::SQLITE_READONLY, StorageFault::ReadOnly),
            (ffi::SQLITE_READONLY_DIRECTORY, StorageFault::ReadOnly),
            (ffi::SQLITE_PERM, StorageFault::ReadOnly),
            (ffi::SQLITE_IOERR_WRITE, StorageFault::InputOutput),
            (ffi::SQLITE_IOERR_FSYNC, StorageFault::InputOutput),
            (ffi::SQLITE_CORRUPT, StorageFault::Damaged),
            (ffi::SQLITE_CORRUPT_INDEX, StorageFault::Damaged),
            (ffi::SQLITE_NOTADB, StorageFault::Damaged),
            (ffi::SQLITE_BUSY, StorageFault::Contended),
            (ffi::SQLITE_BUSY_RECOVERY, StorageFault::Contended),
            (ffi::SQLITE_CANTOPEN, StorageFault::Unopened),
            (ffi::SQLITE_CONSTRAINT, StorageFault::Other),
        ] {
            assert_eq!(StorageFault::of_sqlite(&sqlite(code)), fault, "{code}");
        }
        assert_eq!(
            StorageFault::of_sqlite(&rusqlite::Error::QueryReturnedNoRows),
            StorageFault::Other
        );
    }

    #[test]
    fn every_code_of_the_system_names_its_cause() {
        use io::ErrorKind as Kind;
        for (kind, fault) in [
            (Kind::StorageFull, StorageFault::Full),
            (Kind::QuotaExceeded, StorageFault::Full),
            (Kind::PermissionDenied, StorageFault::ReadOnly),
            (Kind::ReadOnlyFilesystem, StorageFault::ReadOnly),
            (Kind::IsADirectory, StorageFault::Misplaced),
            (Kind::NotADirectory, StorageFault::Misplaced),
            (Kind::Other, StorageFault::InputOutput),
        ] {
            assert_eq!(StorageFault::of_io(&kind.into()), fault, "{kind}");
        }
    }

    #[test]
    fn each_cause_says_what_happened_and_what_to_do() {
        use StorageFault as Fault;
        let faults = [
            Fault::Full,
            Fault::ReadOnly,
            Fault::InputOutput,
            Fault::Damaged,
            Fault::Contended,
            Fault::Unopened,
            Fault::Misplaced,
            Fault::Other,
        ];
        let told = faults.map(|fault| {
            let cause = "what the system says".to_owned();
            let error =
                LedgerError::Storage { path: "ledger.db".into(), deed: "written", fault, cause };
            format!("{error}\n = hint: {}\n", error.hint())
        });
        let path = std::path::PathBuf::from("ledger.db");
        let gone = [
            LedgerError::PutBack { path: path.clone() },
            LedgerError::Replaced { path: path.clone(), kept: "ledger.db.kept".into() },
            LedgerError::Superseded { path: path.clone(), kept: "ledger.db.kept".into() },
            LedgerError::Lost { path, cause: "what the system says".into() },
        ];
        let gone = gone.map(|error| format!("{error}\n = hint: {}\n", error.hint()));
        insta::assert_snapshot!([told.as_slice(), gone.as_slice()].concat().join("\n"));
    }
}
