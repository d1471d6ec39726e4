//! What a job's rows did before.

use rusqlite::{OptionalExtension, params};

use crate::plan::Earlier;
use crate::request::Digest;
use crate::row_state::{RowEvent, RowState};

use super::{JobId, Ledger, LedgerError, Outcome};

/// Looks up rows of one job by their keys.
pub struct JobReader {
    ledger: Ledger,
    job: JobId,
    /// A job that has sent nothing needs no looking up.
    empty: bool,
}

/// A row that the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The row's id in the ledger.
    pub id: i64,
    pub earlier: Earlier,
    /// Names the content that was last sent.
    pub digest: Digest,
    /// What the other side calls what was made.
    pub remote_id: Option<String>,
}

impl JobReader {
    /// A reader over its own connection, which may be one that only reads.
    pub fn new(ledger: Ledger, job: JobId) -> Result<Self, LedgerError> {
        let found: Option<i64> = ledger
            .connection
            .query_row("SELECT 1 FROM rows WHERE job = ?1 LIMIT 1", [job.0], |row| row.get(0))
            .optional()
            .map_err(|error| ledger.storage("read", &error))?;
        Ok(Self { empty: found.is_none(), ledger, job })
    }

    /// Whether the job has sent nothing yet.
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether a row is done. What cannot be read is not; whoever goes on with the row will be told why.
    pub fn is_done(&self, key: &str) -> bool {
        let found = self.find(key).ok().flatten();
        found.is_some_and(|known| matches!(known.earlier.state, RowState::Succeeded { .. }))
    }

    /// What is known of a row.
    pub fn find(&self, key: &str) -> Result<Option<Known>, LedgerError> {
        if self.empty {
            return Ok(None);
        }
        let storage = |error: rusqlite::Error| self.ledger.storage("read", &error);
        let mut rows = self
            .ledger
            .connection
            .prepare_cached("SELECT id, digest FROM rows WHERE job = ?1 AND key = ?2")
            .map_err(storage)?;
        let found: Option<(i64, [u8; 16])> = rows
            .query_row(params![self.job.0, key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(storage)?;
        let Some((id, digest)) = found else { return Ok(None) };
        let (earlier, remote_id) = self.replay(id, key)?;
        Ok(Some(Known { id, earlier, digest: Digest(digest), remote_id }))
    }

    /// Follows a row's attempts through the transition function.
    fn replay(&self, id: i64, key: &str) -> Result<(Earlier, Option<String>), LedgerError> {
        let query =
            "SELECT outcome, message, remote_id FROM attempts WHERE row = ?1 ORDER BY number";
        let read = || {
            let mut statement = self.ledger.connection.prepare_cached(query)?;
            let attempts = statement.query_map([id], |row| {
                Ok((
                    row.get::<_, Option<String>>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    row.get(2)?,
                ))
            })?;
            attempts.collect::<Result<Vec<(Option<String>, Option<String>, Option<String>)>, _>>()
        };
        let attempts = read().map_err(|error| self.ledger.storage("read", &error))?;
        let inconsistent = |cause: String| LedgerError::Inconsistent {
            path: self.ledger.path.clone(),
            key: key.to_owned(),
            cause,
        };
        let mut state = RowState::NotStarted;
        let (mut message, mut remote_id) = (None, None);
        for (outcome, words, id) in attempts {
            state = state
                .clone()
                .after(start_event(&state))
                .map_err(|error| inconsistent(error.to_string()))?;
            if let Some(outcome) = outcome {
                let outcome = Outcome::parse(&outcome)
                    .ok_or_else(|| inconsistent(format!("outcome {outcome}")))?;
                state = state
                    .after(outcome.event(id.clone()))
                    .map_err(|error| inconsistent(error.to_string()))?;
            }
            message = words;
            remote_id = id;
        }
        Ok((Earlier { state, message }, remote_id))
    }
}

/// The event that another attempt is, after a state.
pub(super) fn start_event(state: &RowState) -> RowEvent {
    match state {
        RowState::Started { .. } | RowState::InDoubt { .. } => RowEvent::Repeated,
        _ => RowEvent::Started,
    }
}
