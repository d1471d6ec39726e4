//! From arguments and environment to what a task is given.

use std::path::{Path, PathBuf};

use crate::sandbox;
use crate::task::{JobOptions, Rehearsal, Secrets, SendingOptions, TargetOptions, ledger_place};
use crate::text::secret::Secret;
use crate::traffic::transport::{CredentialError, HeldSecret};

use super::arguments::{AskingArguments, CommonArguments, JobArguments, SendingArguments};
use super::environment::Environment;

pub(super) fn job(
    job: &JobArguments,
    common: &CommonArguments,
    environment: &Environment,
) -> JobOptions {
    JobOptions {
        path: job.job.clone(),
        from: job.from.first().cloned(),
        given: job.layout.given(job.operation.as_ref()),
        min_rows: job.min_rows,
        connectors: common.connectors.clone(),
        ledger: ledger(Some(&job.job), common, environment),
    }
}

/// Where the ledger of a job is; of no job, that of the jobs here.
pub(super) fn ledger(
    job: Option<&PathBuf>,
    common: &CommonArguments,
    environment: &Environment,
) -> PathBuf {
    ledger_at(job, common.ledger.clone(), environment)
}

/// Likewise, where one may be named.
pub(super) fn ledger_at(
    job: Option<&PathBuf>,
    named: Option<PathBuf>,
    environment: &Environment,
) -> PathBuf {
    let named = named.or_else(|| environment.ledger());
    ledger_place(job.map_or(Path::new(""), PathBuf::as_path), named)
}

/// Who says something: as they call themselves, or as the system does.
pub(super) fn person(named: Option<&String>, environment: &Environment) -> String {
    named.cloned().or_else(|| environment.user()).unwrap_or_else(|| "somebody".to_owned())
}

pub(super) fn sending(arguments: &SendingArguments) -> SendingOptions {
    SendingOptions {
        rate: arguments.rate.clone(),
        concurrency: arguments.concurrency,
        limit: arguments.limit,
        spread: arguments.spread,
        skip_invalid: arguments.skip_invalid,
        retry_failed: arguments.retry_failed,
        undone: arguments.undone,
        as_new: arguments.as_new,
        gone: arguments.gone.clone(),
    }
}

/// Where requests go. `rehearsal` is the address of a sandbox that stands in for it.
pub(super) fn target<'a>(
    common: &CommonArguments,
    allow_http: bool,
    secrets: Secrets<'a>,
    rehearsal: Option<&str>,
) -> TargetOptions<'a> {
    let rehearsal = rehearsal.map(|base_url| Rehearsal {
        base_url: base_url.to_owned(),
        quotas: sandbox::rehearsal_quotas(),
    });
    TargetOptions { base_url: common.base_url.clone(), allow_http, secrets, rehearsal }
}

/// The job and the target of a verb that asks the other side for lists.
pub(super) fn asked<'a>(
    (of_job, asking): (&JobArguments, &AskingArguments),
    common: &CommonArguments,
    secrets: Secrets<'a>,
    environment: &Environment,
) -> (JobOptions, TargetOptions<'a>) {
    let target = target(common, asking.allow_http, secrets, None);
    (job(of_job, common, environment), target)
}

/// Looks up secrets: a rehearsal has those of the sandbox, whatever the environment holds.
pub(super) fn secrets(
    rehearses: bool,
    environment: &Environment,
) -> impl Fn(&str) -> Result<Option<HeldSecret>, CredentialError> {
    move |name| match rehearses {
        true => Ok(sandbox::variable(name).map(|value| Secret::new(value.to_owned()).into())),
        false => environment.secret(name),
    }
}
