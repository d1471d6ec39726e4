//! What can go wrong with a ledger, in words that say what is safe and what to do.

use std::path::PathBuf;

/// A failure of the ledger. Nothing is ever sent that it could not record.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(
        "the ledger {path} was written by a newer noteferry (format {found}, this one knows {known})"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{path} is no ledger of noteferry")]
    NotALedger { path: PathBuf },
    #[error("another run of this job is under way{holder}")]
    Busy { holder: String },
    #[error("the ledger {path} cannot be {deed}: {cause}")]
    Storage { path: PathBuf, deed: &'static str, cause: String },
    #[error("the ledger {path} contradicts itself at row {key}: {cause}")]
    Inconsistent { path: PathBuf, key: String, cause: String },
}

impl LedgerError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Newer { .. } => "use that version of noteferry, or another ledger with --ledger",
            Self::NotALedger { .. } => {
                "name the ledger's own file with --ledger, or one that does not exist yet"
            }
            Self::Busy { .. } => "wait until it ends; a run that was killed leaves no lock behind",
            Self::Storage { .. } => {
                "look for a full disk, missing permissions, or a network drive; then run again: nothing is lost"
            }
            Self::Inconsistent { .. } => {
                "keep the file for an inquiry, and do not run this job with it"
            }
        }
    }
}
