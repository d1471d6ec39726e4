//! A saved plan beside what there is now: made for this job, this connector and this target, and for these rows?
//!
//! Where anything differs nothing is sent, and all that differs is told. What differs between rows is found in `plan::saved`;
//! where the file lies is for `cli`.

use std::collections::HashSet;
use std::io::Write;

use crate::ledger::PlanId;
use crate::plan::Fates;
use crate::plan::saved::{Differences, Named, NotSaved, Oracle, PlanFacts, PlanWriter, SavedPlan};
use crate::report::{Outdated, of_differences, of_outdated, of_unsaved_plan};
use crate::row::KeyHash;
use crate::text::diagnostic::Diagnostic;
use crate::text::fingerprint::Fingerprint;
use crate::text::spelling::is_same;

use super::Failure;
use super::job::Opening;
use super::target::Target;

/// Where a plan is saved to.
pub(crate) struct Saving<'s> {
    pub to: &'s mut (dyn Write + Send),
    /// What `run` is given to do the same; see [`PlanFacts::command`].
    pub command: Vec<String>,
}

/// What a run of a saved plan is held to.
pub(super) struct Held {
    pub oracle: Oracle,
}

/// For what a plan is made. `last_run` is that of the job in the ledger.
pub(super) fn facts(
    (opening, target): (&Opening, &Target),
    command: Vec<String>,
    last_run: i64,
    to_send: u64,
    now: i64,
) -> PlanFacts {
    let connector = &opening.job.connector;
    PlanFacts {
        made_at: now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command,
        job: Named { name: opening.job.name.clone(), fingerprint: fingerprint(opening) },
        connector: Named { name: connector.name.clone(), fingerprint: connector.fingerprint },
        base_url: target.place(),
        account: target.account.clone(),
        last_run,
        to_send,
    }
}

/// Names the job by what its file says; a data file says nothing but its rows.
fn fingerprint(opening: &Opening) -> Fingerprint {
    let document = opening.job.document.as_ref();
    Fingerprint::of(document.map(|document| document.source().text.as_str()))
}

/// Refuses a plan that was made for something else.
pub(super) fn refuse_other(
    plan: &SavedPlan,
    (opening, target): (&Opening, &Target),
) -> Result<(), Vec<Diagnostic>> {
    let facts = &plan.facts;
    let (job, connector) = (&opening.job, &opening.job.connector);
    let is_job =
        is_same(&facts.job.name, &job.name) && facts.job.fingerprint == fingerprint(opening);
    let is_connector = facts.connector.name == connector.name
        && facts.connector.fingerprint == connector.fingerprint;
    let account = target.account.as_ref();
    // A plan that was made without credentials is for whatever account they are of.
    let is_account =
        facts.account.is_none() || account.is_none() || facts.account.as_ref() == account;
    let there = target.place();
    let kinds = [
        (!is_job).then(|| Outdated::Job(job.name.clone())),
        (!is_connector).then(|| Outdated::Connector(connector.name.clone())),
        (facts.base_url != there)
            .then(|| Outdated::Address { then: facts.base_url.clone(), now: there }),
        (!is_account).then(|| Outdated::Account {
            then: facts.account.clone().unwrap_or_default(),
            now: account.cloned().unwrap_or_default(),
        }),
    ];
    let problems: Vec<Diagnostic> =
        kinds.into_iter().flatten().map(|kind| of_outdated(plan, &kind)).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Refuses a plan of which not exactly that can be done which was planned.
pub(super) fn refuse_differences(
    plan: &SavedPlan,
    found: &Differences,
) -> Result<(), Vec<Diagnostic>> {
    if found.is_empty() { Ok(()) } else { Err(of_differences(plan, found)) }
}

impl Held {
    /// `touched` are the keys of rows that others have sent or settled since.
    pub(super) fn to(plan: &SavedPlan, touched: HashSet<KeyHash>) -> Self {
        Self { oracle: Oracle::new(plan, touched) }
    }
}

/// Writes the rest of a plan; gives its name.
pub(super) fn finish(
    writer: PlanWriter<'_>,
    fates: &Fates,
    facts: &PlanFacts,
) -> Result<PlanId, Failure> {
    writer.finish(fates, facts).map_err(|error| match error {
        NotSaved::Io(error) => Failure::Input(vec![of_unsaved_plan(Some(&error))]),
        NotSaved::Miscounted => Failure::Input(vec![of_unsaved_plan(None)]),
    })
}
