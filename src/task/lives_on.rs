//! The files that a job lives on, which nothing that is written takes the place of.

use std::path::{Path, PathBuf};

use crate::declared::job::{self, Given};
use crate::table::Staying;

/// The job, the files that it names as far as they are known, and its ledger.
pub(crate) fn lives_on(
    path: &Path,
    given: &Given,
    connectors: &[PathBuf],
    ledger: &Path,
) -> Staying {
    let staying = Staying::new([path], Some(ledger));
    // What comes through a pipe can be read only once.
    if !path.is_file() {
        return staying;
    }
    match job::load(path, given, connectors) {
        Ok(job) => job.files().into_iter().fold(staying, Staying::and),
        // What is wrong with it is told by whoever needs it.
        Err(_) => staying,
    }
}
