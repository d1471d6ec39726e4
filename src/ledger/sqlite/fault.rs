//! What SQLite's and the system's codes stand for, and what keeps a file from being opened, read and written.

use std::io;
use std::path::Path;

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{ErrorCode, Row};

use super::file::beside;
use crate::ledger::{Deed, LedgerError, Misfit, SpecialFile, StorageFault};
use crate::row::RowId;

/// Why entries could not be read.
#[derive(Debug)]
pub(super) enum Unread {
    Sqlite(rusqlite::Error),
    Misfit(Misfit),
}

/// Why entries could not be written.
#[derive(Debug)]
pub(super) enum Unwritten {
    Sqlite(rusqlite::Error),
    /// Another start of the row has the number.
    NumberTaken {
        row: RowId,
        number: u32,
    },
}

impl From<rusqlite::Error> for Unread {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<rusqlite::Error> for Unwritten {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
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
            // What was asked for makes no sense to it: a table or a column is gone or another one, or a rule was added.
            Some(
                ErrorCode::Unknown
                | ErrorCode::SchemaChanged
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch,
            ) => Self::Altered,
            _ => Self::Other,
        }
    }

    /// What SQLite's code stands for, of a ledger. It does not tell a disk that fails from one that is
    /// full, or from a file that may not grow.
    pub(super) fn of_ledger(path: &Path, error: &rusqlite::Error) -> Self {
        match Self::of_sqlite(error) {
            Self::InputOutput if is_at_its_limit(path) => Self::FileLimit,
            Self::InputOutput if has_no_room(path) => Self::Full,
            fault => fault,
        }
    }

    /// What the system's code stands for.
    pub(super) fn of_io(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => Self::Full,
            Kind::FileTooLarge => Self::FileLimit,
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::ReadOnly,
            Kind::IsADirectory => Self::Folder,
            Kind::NotADirectory | Kind::AlreadyExists | Kind::NotFound | Kind::InvalidFilename => {
                Self::Misplaced
            }
            // Whatever else a disk has to say, it did not do it.
            _ => Self::InputOutput,
        }
    }
}

/// Whether a ledger, or what SQLite keeps beside it, is as large as the system lets this process make a file; by less than
/// what SQLite writes at once.
#[cfg(unix)]
fn is_at_its_limit(path: &Path) -> bool {
    use rustix::process::{Resource, getrlimit};
    const AT_ONCE: u64 = 8 << 10;
    let Some(limit) = getrlimit(Resource::Fsize).current else { return false };
    let files = ["", "-wal", "-shm", "-journal"].map(|ending| beside(path, ending));
    let mut sizes = files.iter().filter_map(|file| Some(file.metadata().ok()?.len()));
    limit < AT_ONCE || sizes.any(|size| size.saturating_add(AT_ONCE) > limit)
}

/// Whether the disk of a ledger has less room left than what SQLite asks for at once, such as the index of its log.
#[cfg(unix)]
fn has_no_room(path: &Path) -> bool {
    const AT_ONCE: u64 = 64 << 10;
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    rustix::fs::statvfs(folder)
        .is_ok_and(|found| found.f_bavail.saturating_mul(found.f_frsize) < AT_ONCE)
}

/// The system is not asked.
#[cfg(not(unix))]
fn has_no_room(_: &Path) -> bool {
    false
}

/// There is no such limit.
#[cfg(not(unix))]
fn is_at_its_limit(_: &Path) -> bool {
    false
}

pub(super) fn of_io(path: &Path, deed: Deed, error: &io::Error) -> LedgerError {
    let fault = match StorageFault::of_io(error) {
        // It is not the ledger, but something that goes with it.
        StorageFault::Folder if !path.is_dir() => StorageFault::Misplaced,
        fault => fault,
    };
    LedgerError::Storage { ledger: path.into(), deed, fault, cause: error.to_string() }
}

/// A folder is not opened as a ledger: SQLite takes one for a file that cannot be read. Nor is what is no file at all, such
/// as a pipe, at which it would wait; nor links that lead to each other, or to what is not there: SQLite would make that, and
/// nobody knows whether it was there before.
pub(super) fn refuse_folder(path: &Path) -> Result<(), LedgerError> {
    let special = |what| {
        let (deed, fault) = (Deed::Open, StorageFault::Special(what));
        Err(LedgerError::Storage { ledger: path.into(), deed, fault, cause: String::new() })
    };
    match path.metadata() {
        Ok(found) if found.is_dir() => {
            Err(of_io(path, Deed::Open, &io::ErrorKind::IsADirectory.into()))
        }
        Ok(found) if !found.is_file() => special(kind_of(found.file_type())),
        Err(error) if leads_nowhere(&error) => special(SpecialFile::LinkLoop),
        Err(_) if path.is_symlink() => special(SpecialFile::DanglingLink),
        _ => refuse_special_beside(path),
    }
}

/// What SQLite keeps beside a ledger has names that others can foresee, and it would wait at a pipe there, too.
fn refuse_special_beside(path: &Path) -> Result<(), LedgerError> {
    for ending in ["-journal", "-wal", "-shm"] {
        let beside = beside(path, ending);
        let what = match beside.symlink_metadata().map(|found| found.file_type()) {
            Ok(found) if found.is_symlink() => SpecialFile::Link,
            Ok(found) if found.is_dir() => SpecialFile::Folder,
            Ok(found) if !found.is_file() => kind_of(found),
            _ => continue,
        };
        let (deed, fault) = (Deed::Open, StorageFault::Special(what));
        return Err(LedgerError::Storage {
            ledger: beside.into(),
            deed,
            fault,
            cause: String::new(),
        });
    }
    Ok(())
}

#[cfg(unix)]
fn leads_nowhere(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
fn leads_nowhere(_: &io::Error) -> bool {
    false
}

/// What is no file and no folder.
#[cfg(unix)]
fn kind_of(found: std::fs::FileType) -> SpecialFile {
    use std::os::unix::fs::FileTypeExt as _;
    if found.is_fifo() {
        SpecialFile::Pipe
    } else if found.is_socket() {
        SpecialFile::Socket
    } else {
        SpecialFile::Device
    }
}

#[cfg(not(unix))]
fn kind_of(_: std::fs::FileType) -> SpecialFile {
    SpecialFile::Other
}

/// The column of a value that could not be taken for what it should be; none for any other error. There may be no such
/// column, since rusqlite does not always know it.
pub(super) fn misfit_column(error: &rusqlite::Error) -> Option<usize> {
    use rusqlite::Error;
    match error {
        Error::FromSqlConversionFailure(column, ..)
        | Error::IntegralValueOutOfRange(column, _)
        | Error::Utf8Error(column, _)
        | Error::InvalidColumnType(column, ..) => Some(*column),
        _ => None,
    }
}

/// What in an entry is not what its column promises; the error itself where it is another one.
pub(super) fn misfit(
    table: &'static str,
    id: Option<i64>,
    row: &Row<'_>,
    error: rusqlite::Error,
) -> rusqlite::Result<Misfit> {
    let Some(column) = misfit_column(&error) else { return Err(error) };
    let column = row.as_ref().column_name(column).ok().map(str::to_owned);
    Ok(Misfit { table, id, column })
}

/// A text of an entry, in place. Where it is none the error names its column, which rusqlite's own does not.
pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r str> {
    row.get_ref(column)?.as_str().map_err(|error| no_text(row, column, error))
}

pub(super) fn text_or_null<'r>(
    row: &'r Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<&'r str>> {
    row.get_ref(column)?.as_str_or_null().map_err(|error| no_text(row, column, error))
}

fn no_text(row: &Row<'_>, column: usize, error: FromSqlError) -> rusqlite::Error {
    let found = row.get_ref(column).map_or(Type::Null, |value| value.data_type());
    rusqlite::Error::FromSqlConversionFailure(column, found, Box::new(error))
}

/// Why a file could not be opened. SQLite hardly says, so the system is asked.
pub(super) fn not_opened(path: &Path, to_write: bool, error: &rusqlite::Error) -> LedgerError {
    if let Err(error) = refuse_folder(path) {
        return error;
    }
    let (deed, fault) = (Deed::Open, StorageFault::of_ledger(path, error));
    let mut options = std::fs::OpenOptions::new();
    match options.read(true).write(to_write).create(to_write).open(path) {
        Err(error) if fault == StorageFault::Unopened => of_io(path, deed, &error),
        _ => LedgerError::Storage { ledger: path.into(), deed, fault, cause: error.to_string() },
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
            (ffi::SQLITE_ERROR, StorageFault::Altered),
            (ffi::SQLITE_CONSTRAINT, StorageFault::Altered),
            (ffi::SQLITE_NOMEM, StorageFault::Other),
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
            (Kind::FileTooLarge, StorageFault::FileLimit),
            (Kind::PermissionDenied, StorageFault::ReadOnly),
            (Kind::ReadOnlyFilesystem, StorageFault::ReadOnly),
            (Kind::IsADirectory, StorageFault::Folder),
            (Kind::NotADirectory, StorageFault::Misplaced),
            (Kind::Other, StorageFault::InputOutput),
        ] {
            assert_eq!(StorageFault::of_io(&kind.into()), fault, "{kind}");
        }
    }
}
