//! A request as the ledger has it, for whoever takes the ledger elsewhere: values.

use crate::row::{Cause, Doubt, Outcome, Reason, RowState, Standing};

/// A request of a row, with what is known of it in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Exported {
    pub job: String,
    pub base_url: String,
    pub account: String,
    pub run: i64,
    /// The row's id in the ledger, the same for all its requests.
    pub id: i64,
    pub row: i64,
    pub line: i64,
    pub key: String,
    pub lane: String,
    pub operation: String,
    /// Counts from 1 over all requests of the row.
    pub attempt: i64,
    /// It is the row's last one: what holds of it holds of the row.
    pub is_last: bool,
    /// Unix milliseconds.
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// In the ledger's word; none where nothing is known.
    pub outcome: Option<String>,
    pub status: Option<i64>,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub doubt: Option<String>,
    pub message: Option<String>,
    pub remote_id: Option<String>,
    /// Who found out.
    pub by: Option<String>,
}

impl Exported {
    /// What became of it; none where nobody knows, or where the word is of another version.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.outcome.as_deref().and_then(Outcome::parse)
    }

    /// Where the row stands, if this was its last request.
    pub(crate) fn standing(&self) -> Standing {
        let attempts = u32::try_from(self.attempt).unwrap_or(u32::MAX);
        let started = RowState::Started { attempts };
        match (&self.outcome, self.outcome()) {
            (None, _) => started.standing(),
            (Some(_), None) => Standing::Contradictory,
            (Some(_), Some(outcome)) => started
                .after(outcome.event(self.remote_id.clone()))
                .map_or(Standing::Contradictory, |state| state.standing()),
        }
    }

    /// Why it did not succeed; none where nothing says so.
    pub(crate) fn cause(&self) -> Option<Cause> {
        let cause = Cause {
            status: self.status.and_then(|status| u16::try_from(status).ok()),
            code: self.code.clone(),
            reason: self.reason.as_deref().and_then(Reason::parse).unwrap_or_default(),
            doubt: self.doubt.as_deref().and_then(Doubt::parse),
            message: self.message.clone(),
        };
        Some(cause).filter(|cause| *cause != Cause::default())
    }
}
