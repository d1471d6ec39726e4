//! What earlier runs have done to a job's rows, as both readings ask for it.

use crate::ledger::{History, Ledger, LedgerError, Reader as _};
use crate::row::{Digest, KeyHash, Known, Standing};

/// What earlier runs have done. Everything is in memory but what few rows ask for.
pub(crate) struct Prior<'a> {
    pub history: &'a History,
    /// Tells all that is known of one row. May be a ledger that only reads.
    pub ledger: &'a Ledger,
}

/// Whether the ledger knows a row, as far as memory tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It does not.
    New,
    /// The row is done, with this very content. It stands there in the history.
    Done(usize),
    /// There may be something to be known of it.
    Perhaps,
}

/// What memory tells of a key under which this content would be sent.
pub(super) fn find(history: &History, key: KeyHash, digest: Option<Digest>) -> Found {
    let mut found = Found::New;
    for candidate in history.find(key) {
        if candidate.standing == Standing::Done && Some(candidate.digest) == digest {
            return Found::Done(candidate.position);
        }
        found = Found::Perhaps;
    }
    found
}

impl Prior<'_> {
    /// All that is known of the row with a key, and where it stands in the history.
    pub(super) fn known(&self, key: &str) -> Result<Option<(Known, usize)>, LedgerError> {
        for candidate in self.history.find(KeyHash::of(key)) {
            if let Some(known) = self.ledger.known(candidate.row, key)? {
                return Ok(Some((known, candidate.position)));
            }
        }
        Ok(None)
    }
}
