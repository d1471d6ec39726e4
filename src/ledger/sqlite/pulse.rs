//! The file beside the ledger in which a run under way says how it goes.
//!
//! It is put in its place whole, is never waited for, and its loss is none.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::lock::beside;
use crate::ledger::{JobName, Pulse};
use crate::text::private_file::open;

/// No such file is longer.
const LONGEST: u64 = 4096;

/// Where a job's run says how it goes.
#[derive(Debug, Clone)]
pub(crate) struct PulseFile {
    path: PathBuf,
    /// Where it is written before it takes its place.
    anew: PathBuf,
}

impl PulseFile {
    pub(crate) fn of(ledger: &Path, job: &JobName) -> Self {
        Self { path: beside(ledger, job, "pulse"), anew: beside(ledger, job, "pulse.new") }
    }

    /// Says how it goes.
    pub(crate) fn write(&self, pulse: &Pulse) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = open(&self.anew, options.write(true).create(true).truncate(true))?;
        file.write_all(pulse.written().as_bytes())?;
        std::fs::rename(&self.anew, &self.path)
    }

    /// What was said last; none where nothing was, or where it cannot be read.
    pub(crate) fn read(&self) -> Option<Pulse> {
        let file = open(&self.path, OpenOptions::new().read(true)).ok()?;
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text).ok()?;
        Pulse::read(&text)
    }

    /// The run is over: it has said all that it has to say.
    pub(crate) fn remove(&self) {
        [&self.path, &self.anew].into_iter().for_each(|path| drop(std::fs::remove_file(path)));
    }
}
