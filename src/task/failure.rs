//! Why a task came to nothing.

use std::path::PathBuf;

use super::run::standing;
use crate::ledger::LedgerError;
use crate::plan::{Checked, DoneElsewhere, Fate, ReadingFailure, Tally};
use crate::report::{
    exit, of_account, of_client, of_credentials, of_done_elsewhere, of_ledger, of_source_change,
};
use crate::row::Totals;
use crate::text::diagnostic::Diagnostic;
use crate::traffic::transport::{ClientError, CredentialError};

/// Why a task came to nothing. Nothing was sent.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something is wrong with what the user has written.
    Input(Vec<Diagnostic>),
    Credentials(CredentialError),
    Client(ClientError),
    Ledger(LedgerError),
    /// The ledger knows the job at this address, but for other accounts.
    OtherAccount {
        present: String,
        others: Vec<String>,
    },
    /// The job has done nothing yet, and another has done its rows.
    DoneElsewhere(DoneBy),
    /// Somebody was asked, and did not want it.
    Declined,
    /// Rows are invalid, or the source as a whole is. All of that has been told.
    Invalid(Refused),
}

/// Rows that are done, and who has done them.
#[derive(Debug, Clone)]
pub(crate) struct DoneBy {
    pub found: DoneElsewhere,
    /// The job that has done the first of them, and the ledger that says so.
    pub job: String,
    /// It bears this one's name, and only the ledger is another.
    pub is_same_job: bool,
    /// What that job's rows are known by, where this one's are known by something else; empty for their content.
    pub keyed_by: Option<String>,
    pub ledger: PathBuf,
}

/// Rows that are refused, with where all rows stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused {
    pub checked: Checked,
    /// What the closing event says.
    pub totals: Totals,
    /// Rows that would be sent if the invalid ones were left out.
    pub to_send: u64,
    /// Rows that a run without --limit would send, too.
    pub beyond_limit: u64,
}

impl Refused {
    pub(super) fn new(checked: Checked, tally: &Tally) -> Self {
        let mut totals = standing(tally);
        // A row in doubt may be invalid now, which is why nothing is sent. It is counted once.
        let also_in_doubt = checked.invalid().saturating_sub(totals.invalid).min(totals.in_doubt);
        totals.invalid += also_in_doubt;
        totals.in_doubt -= also_in_doubt;
        let beyond_limit = tally.sum(|fate| matches!(fate, Fate::Later(_)));
        Self { checked, totals, to_send: tally.to_send(), beyond_limit }
    }
}

impl Failure {
    /// What is to be told. What was told on the way is not told again.
    pub(crate) fn problems(&self) -> Vec<Diagnostic> {
        match self {
            Self::Input(problems) => problems.clone(),
            Self::Credentials(error) => vec![of_credentials(error)],
            Self::Client(error) => vec![of_client(error)],
            Self::Ledger(error) => vec![of_ledger(error)],
            Self::OtherAccount { present, others } => {
                vec![of_account(present, others)]
            }
            Self::DoneElsewhere(DoneBy { found, job, is_same_job, keyed_by, ledger }) => {
                let ledger = (ledger.as_path(), *is_same_job);
                vec![of_done_elsewhere(found, (job, keyed_by.as_deref()), ledger)]
            }
            Self::Declined | Self::Invalid(_) => Vec::new(),
        }
    }

    /// A word for scripts where the code of a problem does not say it.
    pub(crate) fn reason(&self) -> Option<&'static str> {
        match (self, self.exit()) {
            (_, exit::LOCKED) => Some("locked"),
            (Self::Invalid(_), _) => Some("invalid"),
            (Self::Declined, _) => Some("declined"),
            _ => None,
        }
    }

    pub(crate) fn exit(&self) -> u8 {
        match self {
            Self::Ledger(
                LedgerError::Busy { .. }
                | LedgerError::Overtaken { .. }
                | LedgerError::OlderInUse { .. },
            ) => exit::LOCKED,
            Self::Declined => exit::STOPPED,
            Self::Ledger(error) if error.may_pass() => exit::STOPPED,
            Self::Invalid(found) if !found.checked.broken => exit::INVALID,
            Self::Input(_)
            | Self::Credentials(_)
            | Self::Client(_)
            | Self::Ledger(_)
            | Self::OtherAccount { .. }
            | Self::DoneElsewhere(_)
            | Self::Invalid(_) => exit::USAGE,
        }
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self::Input(problems)
    }
}

impl From<Diagnostic> for Failure {
    fn from(problem: Diagnostic) -> Self {
        Self::Input(vec![problem])
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Self {
        Self::Credentials(error)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<ReadingFailure> for Failure {
    fn from(failure: ReadingFailure) -> Self {
        match failure {
            ReadingFailure::Source(problems) => Self::Input(problems),
            ReadingFailure::Changed(change) => Self::Input(vec![of_source_change(&change)]),
            ReadingFailure::Ledger(error) => Self::Ledger(error),
        }
    }
}
