//! `ledger export`: all requests of a ledger, one after the other, for other programs.

use std::path::PathBuf;

use crate::declared::job::{self, Given};
use crate::ledger::{Exported, JobId, JobName, Ledger, Open as _, Reader as _};
use crate::report::of_no_ledger;
use crate::text::address;
use crate::text::spelling::is_same;

use super::Failure;

/// Which ledger, and which of its jobs.
#[derive(Debug, Clone)]
pub(crate) struct LedgerExportOptions {
    /// The job; none for all jobs of the ledger.
    pub job: Option<PathBuf>,
    /// What the command line says of it.
    pub given: Given,
    /// Folders in which connectors are looked for first.
    pub connectors: Vec<PathBuf>,
    /// Only where requests went to this address; none for all targets.
    pub address: Option<String>,
    pub ledger: PathBuf,
}

/// Hands on every request until `take` wants no more; changes nothing. Gives how many there were.
pub(crate) fn export_ledger(
    options: &LedgerExportOptions,
    take: &mut dyn FnMut(&Exported) -> bool,
) -> Result<u64, Failure> {
    let wanted = match &options.job {
        Some(path) => {
            let loaded = job::load(path, &options.given, &options.connectors);
            Some(loaded.map_err(|broken| broken.problems)?.name)
        }
        None => None,
    };
    let Some(ledger) = Ledger::open_to_read(&options.ledger)? else {
        return Err(Failure::Input(vec![of_no_ledger(&options.ledger)]));
    };
    let is_meant = |name: &JobName| {
        let normal = |address: &String| address::normal(address);
        wanted.as_ref().is_none_or(|wanted| is_same(wanted, &name.name))
            && options.address.as_ref().is_none_or(|asked| normal(asked) == normal(&name.base_url))
    };
    let jobs = ledger.jobs()?.into_iter().filter(|(_, name)| is_meant(name));
    let jobs: Vec<JobId> = jobs.map(|(id, _)| id).collect();
    let mut count = 0;
    ledger.export(&jobs, &mut |request| {
        count += 1;
        take(request)
    })?;
    Ok(count)
}
