//! What every verb begins with: the job, its source and its mapping.

use std::path::{Path, PathBuf};

use crate::declared::job::{self, Job};
use crate::prepare::Preparer;
use crate::source::Source;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::pointer::Pointer;

use super::arguments::{CommonArguments, JobArguments};
use super::environment::Environment;
use super::target;

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
    open_address(&target::address(common, &job.connector))?;
    let mut source = job.rows.open()?;
    let (preparer, warnings) = Preparer::compile(&job, &mut source)?;
    Ok(Opening { job, source, preparer, warnings })
}

/// Refuses an address that holds credentials, and does not repeat it: it would be shown, and kept in the ledger.
fn open_address(address: &str) -> Result<(), Vec<Diagnostic>> {
    let parsed = url::Url::parse(address).ok();
    if parsed.is_none_or(|url| url.username().is_empty() && url.password().is_none()) {
        return Ok(());
    }
    let message = "the base URL has a name or a password in it";
    let problem = Diagnostic::error(Code::SecretInAddress, Place::Nowhere, message);
    Err(vec![
        problem.hint("credentials come from the environment; leave the part before the @ out"),
    ])
}

/// Where the job's ledger is.
pub fn ledger_path(job: &Path, common: &CommonArguments, environment: &Environment) -> PathBuf {
    let named = common.ledger.clone().or_else(|| environment.ledger());
    let path = named.unwrap_or_else(|| {
        job.parent().unwrap_or(Path::new("")).join(".noteferry").join("ledger.db")
    });
    // What lies beside a ledger belongs to it, and lies beside the file, not beside a link to it.
    if path.is_symlink() { path.canonicalize().unwrap_or(path) } else { path }
}

/// Under another key every row would be a new one, and everything that is done would be sent again. `before` is what
/// the rows were known by until now, if any were sent.
pub fn key_changed(job: &Job, before: Option<String>) -> Option<Diagnostic> {
    let before = before.filter(|before| before != job.keyed_by())?;
    let words = |key: &str| match key {
        "" => "their content".to_owned(),
        key => format!("the key `{key}`"),
    };
    let place = match (&job.document, &job.key) {
        (_, Some(key)) => key.place.clone(),
        (Some(document), None) => document.place_of_key(&Pointer::of(["job"])),
        (None, None) => Place::Nowhere,
    };
    let (now, before) = (words(job.keyed_by()), words(&before));
    let message =
        format!("the rows of this job were known by {before} until now, and would be by {now}");
    let problem = Diagnostic::error(Code::KeyChanged, place, message);
    Some(problem.hint(
        "rows that are done would be sent again: put the key back, or give the job another name",
    ))
}
