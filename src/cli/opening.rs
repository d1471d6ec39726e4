//! What every verb begins with: the job, its source and its mapping.

use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::job::{self, Job};
use crate::prepare::Preparer;
use crate::source::Source;

use super::arguments::{CommonArguments, JobArguments};
use super::environment::Environment;

/// A job, ready to be read.
pub struct Opening {
    pub job: Job,
    pub source: Source,
    pub preparer: Preparer,
    /// Told, and passed over.
    pub warnings: Vec<Diagnostic>,
}

/// Opens a job and everything that it names.
pub fn open(job: &JobArguments, common: &CommonArguments) -> Result<Opening, Vec<Diagnostic>> {
    let job = job::load(&job.job, job.operation.as_deref(), &common.connectors)?;
    let mut source = job.rows.open()?;
    let (preparer, warnings) = Preparer::compile(&job, &mut source)?;
    Ok(Opening { job, source, preparer, warnings })
}

/// Where the job's ledger is.
pub fn ledger_path(job: &Path, common: &CommonArguments, environment: &Environment) -> PathBuf {
    let named = common.ledger.clone().or_else(|| environment.ledger());
    named.unwrap_or_else(|| {
        job.parent().unwrap_or(Path::new("")).join(".noteferry").join("ledger.db")
    })
}
