//! Where requests go, and as whom: the connector's address or another, or a sandbox that is started for the run.

use crate::declared::connector::Connector;
use crate::declared::job::Job;
use crate::ledger::JobName;
use crate::sandbox;
use crate::text::quota::Quota;
use crate::text::secret::Secret;
use crate::traffic::transport::{CredentialError, Credentials};

use super::arguments::{CommonArguments, SendingArguments};
use super::environment::Environment;

/// What the ledger calls a sandbox, whatever port it was on.
const SANDBOX: &str = "sandbox";

/// Where requests go, and as whom.
pub struct Target {
    pub base_url: String,
    pub credentials: Credentials,
    pub is_sandbox: bool,
    account: String,
}

impl Target {
    /// Finds the target of a run. `sandbox_url` is that of the sandbox, if one was started.
    pub fn find(
        job: &Job,
        common: &CommonArguments,
        environment: &Environment,
        sandbox_url: Option<&str>,
    ) -> Result<Self, CredentialError> {
        let authentication = job.connector.authentication.as_ref();
        let credentials = match sandbox_url {
            Some(_) => Credentials::resolve(authentication, &sandbox_secret)?,
            None => Credentials::resolve(authentication, &|name| environment.secret(name))?,
        };
        let base_url =
            sandbox_url.map(str::to_owned).unwrap_or_else(|| address(common, &job.connector));
        let account = match (sandbox_url, &job.account) {
            (Some(_), _) => String::new(),
            (None, Some(account)) => account.clone(),
            (None, None) => credentials.account().to_owned(),
        };
        Ok(Self { base_url, credentials, is_sandbox: sandbox_url.is_some(), account })
    }

    /// What the ledger knows the job by at this target.
    pub fn job_name(&self, job: &Job) -> JobName {
        let base_url = if self.is_sandbox { SANDBOX.to_owned() } else { self.base_url.clone() };
        JobName { name: job.name.clone(), base_url, account: self.account.clone() }
    }

    /// In words, for people.
    pub fn words(&self) -> String {
        match (self.is_sandbox, self.account.as_str()) {
            (true, _) => "a sandbox on this machine".to_owned(),
            (false, "") => self.base_url.clone(),
            (false, account) => format!("{} as {account}", self.base_url),
        }
    }
}

/// The address that a run without a sandbox would send to.
pub fn address(common: &CommonArguments, connector: &Connector) -> String {
    let named = common.base_url.as_deref().unwrap_or(&connector.base_url);
    named.trim_end_matches('/').to_owned()
}

/// The quotas that hold: those of the command line, else the job's; a rehearsal need not take hours.
pub fn quotas(job: &Job, sending: &SendingArguments) -> Vec<Quota> {
    if !sending.rate.is_empty() {
        return sending.rate.clone();
    }
    if sending.sandbox { sandbox::rehearsal_quotas() } else { job.quotas.clone() }
}

/// The sandbox's own credentials, under the names that the connector asks for.
fn sandbox_secret(name: &str) -> Result<Option<Secret>, CredentialError> {
    Ok(sandbox::variable(name).map(|value| Secret::new(value.to_owned())))
}
