//! What SQLite's and the system's codes stand for, and what is told of a file that cannot be opened.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::ledger::{LedgerError, StorageFault};

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
}

pub(super) fn of_io(path: &Path, deed: &'static str, error: &io::Error) -> LedgerError {
    let fault = StorageFault::of_io(error);
    LedgerError::Storage { ledger: path.into(), deed, fault, cause: error.to_string() }
}

/// Why a file could not be opened. SQLite hardly says, so the system is asked.
pub(super) fn not_opened(path: &Path, to_write: bool, error: &rusqlite::Error) -> LedgerError {
    let deed = "opened";
    let fault = StorageFault::of_sqlite(error);
    let storage = |fault, cause| LedgerError::Storage { ledger: path.into(), deed, fault, cause };
    if path.is_dir() {
        return storage(StorageFault::Misplaced, "it is a folder".to_owned());
    }
    let mut options = std::fs::OpenOptions::new();
    match options.read(true).write(to_write).create(to_write).open(path) {
        Err(error) if fault == StorageFault::Unopened => of_io(path, deed, &error),
        _ => storage(fault, error.to_string()),
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
}
