//! `ledger check`: is a ledger file whole, and can what it says have happened?

use std::path::PathBuf;
use std::sync::Arc;

use crate::declared::connector::{Catalogue, Connector, Effect};
use crate::declared::job::{self, DataFile};
use crate::ledger::{CheckScope, Inspection, inspect};
use crate::report::of_no_ledger;
use crate::source::Shape;
use crate::text::diagnostic::Place;

use super::Failure;

/// Which ledger, and which of its jobs.
#[derive(Debug, Clone)]
pub(crate) struct LedgerCheckOptions {
    /// The job; none for all jobs of the ledger.
    pub job: Option<PathBuf>,
    /// Folders in which connectors are looked for first.
    /// What stands between the cells of a data file, where that was said.
    pub delimiter: Option<u8>,
    /// How rows are found in a data file.
    pub shape: Shape,
    pub connectors: Vec<PathBuf>,
    pub ledger: PathBuf,
}

/// Looks a ledger through, and changes nothing. Gives the name of the job that was asked for, and what was found.
pub(crate) fn check_ledger(
    options: &LedgerCheckOptions,
) -> Result<(Option<String>, Inspection), Failure> {
    let job = match &options.job {
        Some(path) => {
            let data = DataFile {
                delimiter: options.delimiter,
                shape: Some(&options.shape),
                ..DataFile::default()
            };
            let loaded = job::load(path, data, &options.connectors);
            Some(loaded.map_err(|broken| broken.problems)?)
        }
        None => None,
    };
    let connectors = match &job {
        Some(job) => vec![Arc::clone(&job.connector)],
        None => within_reach(&options.connectors),
    };
    let creates = |name: &str| {
        let operations = connectors.iter().filter_map(|connector| connector.operations.get(name));
        let mut effects = operations.map(|operation| operation.effect).peekable();
        effects.peek().is_some() && effects.all(|effect| effect == Effect::Create)
    };
    let name = job.map(|job| job.name);
    let scope = CheckScope { job: name.as_deref(), creates: &creates };
    match inspect(&options.ledger, &scope)? {
        Some(checked) => Ok((name, checked)),
        None => Err(Failure::Input(vec![of_no_ledger(&options.ledger)])),
    }
}

/// Of which connector a row is, the ledger does not say. One that is broken is of no use here, and no harm.
fn within_reach(folders: &[PathBuf]) -> Vec<Arc<Connector>> {
    let catalogue = Catalogue::new(folders.iter().cloned());
    let names = catalogue.names().into_iter();
    names.filter_map(|name| catalogue.load(&name, Place::Nowhere).ok()).map(Arc::new).collect()
}
