//! Where a ledger is. How it is opened there is for the kind of ledger that it is.

use std::path::{Path, PathBuf};

/// Where a ledger is. Another kind of ledger is another variant, and the compiler asks for it everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// A SQLite file on a local disk.
    File(PathBuf),
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&PathBuf> for Location {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}
