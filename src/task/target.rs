//! Where requests go, and as whom: the connector's address or another, or a sandbox in the place of either.

use crate::declared::job::Job;
use crate::ledger::JobName;
use crate::report::{of_plain_http, of_secret_given_twice, target};
use crate::text::address::{self, BaseUrl};
use crate::text::diagnostic::Diagnostic;
use crate::text::quota::Quota;
use crate::traffic::transport::{CredentialError, CredentialKind, Credentials, HeldSecret};

/// What the ledger calls a sandbox, whatever port it is on.
pub(crate) const SANDBOX: &str = "sandbox";

/// Looks up a secret by the name that a connector gives it; none where it is not set.
pub(crate) type Secrets<'a> = &'a dyn Fn(&str) -> Result<Option<HeldSecret>, CredentialError>;

/// Where requests are to go.
#[derive(Clone)]
pub(crate) struct TargetOptions<'a> {
    /// An address instead of the connector's.
    pub base_url: Option<String>,
    /// A token may go to another machine where everybody on the way can read it.
    pub allow_http: bool,
    pub secrets: Secrets<'a>,
    /// Nothing reaches the real API.
    pub rehearsal: Option<Rehearsal>,
}

/// A sandbox in the place of the API.
#[derive(Debug, Clone)]
pub(crate) struct Rehearsal {
    pub base_url: String,
    /// The pace, which need not be that of the API.
    pub quotas: Vec<Quota>,
}

/// Where requests go, and as whom.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// In its one spelling.
    pub base_url: String,
    pub is_sandbox: bool,
    /// Empty where nobody asks for one; none where credentials would tell it and there are none.
    pub account: Option<String>,
    /// The one that a quota is kept for, as far as that is known: the credentials' own where the user names none.
    pub account_served: Option<String>,
}

impl TargetOptions<'_> {
    fn credentials(&self, job: &Job) -> Result<Credentials, CredentialError> {
        Credentials::resolve(job.connector.authentication.as_ref(), self.secrets)
    }

    /// What kind of credentials there are, if there are any.
    pub(super) fn kind(&self, job: &Job) -> Option<CredentialKind> {
        self.credentials(job).ok().map(|credentials| credentials.kind())
    }

    /// The variables that the credentials come from; of a rehearsal, none.
    pub(super) fn variables(&self, job: &Job) -> Vec<String> {
        match self.rehearsal {
            Some(_) => Vec::new(),
            None => Credentials::sources(job.connector.authentication.as_ref(), self.secrets),
        }
    }
}

/// What is to be told of secrets that are given twice: which one counts.
pub(super) fn passed_over(job: &Job, options: &TargetOptions<'_>) -> Vec<Diagnostic> {
    let authentication = job.connector.authentication.as_ref();
    let twice = Credentials::passed_over(authentication, options.secrets).into_iter();
    twice.map(|(taken, passed_over)| of_secret_given_twice(&taken, &passed_over)).collect()
}

impl Target {
    /// The target of a run, and with what it is let in.
    pub(super) fn find(
        job: &Job,
        options: &TargetOptions<'_>,
    ) -> Result<(Self, Credentials), CredentialError> {
        let credentials = options.credentials(job)?;
        Ok((Self::with(job, options, Some(&credentials)), credentials))
    }

    /// The target of a plan, which sends nothing and can do without credentials.
    pub(super) fn find_to_plan(job: &Job, options: &TargetOptions<'_>) -> Self {
        Self::with(job, options, options.credentials(job).ok().as_ref())
    }

    fn with(job: &Job, options: &TargetOptions<'_>, credentials: Option<&Credentials>) -> Self {
        let rehearsal = options.rehearsal.as_ref();
        let named = rehearsal.map(|rehearsal| &rehearsal.base_url).or(options.base_url.as_ref());
        let base_url = address::normal(named.unwrap_or(&job.connector.base_url));
        let account = match (rehearsal, credentials, &job.account) {
            (Some(_), ..) => Some(String::new()),
            (None, None, _) => None,
            (None, Some(_), Some(account)) => Some(account.clone()),
            (None, Some(credentials), None) => Some(credentials.account().to_owned()),
        };
        let named = account.clone().filter(|account| !account.is_empty());
        let account_served = named.or_else(|| Some(credentials?.account().to_owned()));
        Self { base_url, is_sandbox: rehearsal.is_some(), account, account_served }
    }

    /// Refuses to carry credentials over plain HTTP to another machine, unless the user allows it.
    pub(super) fn refuse_plain_http(
        &self,
        job: &Job,
        options: &TargetOptions<'_>,
    ) -> Result<(), Diagnostic> {
        let url = BaseUrl::parse(&self.base_url).ok();
        let open = url.filter(|url| url.is_plain() && !url.is_loopback());
        let carries = job.connector.authentication.is_some() && !options.allow_http;
        let Some(url) = open.filter(|_| carries) else { return Ok(()) };
        Err(of_plain_http(url.host()))
    }

    /// What the ledger calls the place: its base URL, or a sandbox.
    pub(super) fn place(&self) -> String {
        if self.is_sandbox { SANDBOX.to_owned() } else { self.base_url.clone() }
    }

    /// What the ledger knows the job by at this target. An account that is not known is missing in it.
    pub(super) fn job_name(&self, job: &Job) -> JobName {
        let base_url = self.place();
        let account = self.account.clone().unwrap_or_default();
        JobName { name: job.name.clone(), base_url, account }
    }

    /// The connector's own address, where it is another one that requests go to.
    pub(super) fn passed_over(&self, job: &Job) -> Option<String> {
        let own = address::normal(&job.connector.base_url);
        (!self.is_sandbox && own != self.base_url).then_some(own)
    }

    /// In words, for people.
    pub(super) fn words(&self) -> String {
        target(&self.base_url, self.account.as_deref(), self.is_sandbox)
    }
}
