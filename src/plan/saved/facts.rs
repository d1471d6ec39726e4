//! What a saved plan says beside its rows: for which job, connector, target and state of the ledger it was made.
//!
//! What is written is a type of its own; nothing is taken for a fact before all of it is there.

use serde::{Deserialize, Serialize};

use crate::text::fingerprint::Fingerprint;

/// For what a plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlanFacts {
    /// When, in unix milliseconds.
    pub made_at: i64,
    /// The program's version.
    pub version: String,
    /// What `run` is given to do the same, but for where the plan lies: the job first, then flags. Paths are relative to the
    /// plan's folder, or whole.
    pub command: Vec<String>,
    pub job: Named,
    pub connector: Named,
    pub base_url: String,
    /// None where no credentials said which, when the plan was made.
    pub account: Option<String>,
    /// The last run of the job in the ledger; 0 where there was none.
    pub last_run: i64,
    /// How many rows are to be sent.
    pub to_send: u64,
}

/// Something by its name and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub name: String,
    pub fingerprint: Fingerprint,
}

/// As it is written. A field that is not known is of a version to come, and refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactsFile {
    made_at: i64,
    noteferry: String,
    command: Vec<String>,
    job: NamedFile,
    connector: NamedFile,
    base_url: String,
    account: Option<String>,
    last_run: i64,
    rows: u64,
    to_send: u64,
    /// The SHA-256 of all marks: of the source as it was read and mapped.
    source: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedFile {
    name: String,
    sha256: String,
}

impl FactsFile {
    pub(super) fn of(facts: &PlanFacts, rows: u64, source: Fingerprint) -> Self {
        let named = |named: &Named| NamedFile {
            name: named.name.clone(),
            sha256: named.fingerprint.to_string(),
        };
        Self {
            made_at: facts.made_at,
            noteferry: facts.version.clone(),
            command: facts.command.clone(),
            job: named(&facts.job),
            connector: named(&facts.connector),
            base_url: facts.base_url.clone(),
            account: facts.account.clone(),
            last_run: facts.last_run,
            rows,
            to_send: facts.to_send,
            source: source.to_string(),
        }
    }

    /// The facts and how many rows there are; none where they make no sense.
    pub(super) fn meant(self) -> Option<(PlanFacts, u64)> {
        let named = |file: NamedFile| {
            let fingerprint = Fingerprint::of_hex(&file.sha256)?;
            Some(Named { name: file.name, fingerprint })
        };
        Fingerprint::of_hex(&self.source)?;
        if self.command.is_empty() || self.to_send > self.rows {
            return None;
        }
        let facts = PlanFacts {
            made_at: self.made_at,
            version: self.noteferry,
            command: self.command,
            job: named(self.job)?,
            connector: named(self.connector)?,
            base_url: self.base_url,
            account: self.account,
            last_run: self.last_run,
            to_send: self.to_send,
        };
        Some((facts, self.rows))
    }
}
