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
    /// When the last attempt was started, in unix milliseconds.
    pub attempted_at: i64,
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
        self.replay(
            Known {
                id,
                earlier: Earlier { state: RowState::NotStarted, message: None },
                digest: Digest(digest),
                remote_id: None,
                attempted_at: 0,
            },
            key,
        )
        .map(Some)
    }

    /// Whether a row of any job has what the other side calls `id`: then it is nobody else's.
    pub fn owns(&self, id: &str) -> Result<bool, LedgerError> {
        let read = || {
            let mut statement = self
                .ledger
                .connection
                .prepare_cached("SELECT 1 FROM attempts WHERE remote_id = ?1 LIMIT 1")?;
            statement.exists([id])
        };
        read().map_err(|error| self.ledger.storage("read", &error))
    }

    /// Follows a row's attempts through the transition function.
    fn replay(&self, mut known: Known, key: &str) -> Result<Known, LedgerError> {
        let query = "SELECT outcome, message, remote_id, started_at FROM attempts WHERE row = ?1 ORDER BY number";
        let read = || {
            let mut statement = self.ledger.connection.prepare_cached(query)?;
            let attempts = statement.query_map([known.id], |row| {
                Ok(Attempt {
                    outcome: row.get(0)?,
                    message: row.get(1)?,
                    remote_id: row.get(2)?,
                    started_at: row.get(3)?,
                })
            })?;
            attempts.collect::<rusqlite::Result<Vec<Attempt>>>()
        };
        let attempts = read().map_err(|error| self.ledger.storage("read", &error))?;
        for attempt in attempts {
            known = follow(known, attempt).map_err(|cause| LedgerError::Inconsistent {
                path: self.ledger.path.clone(),
                key: key.to_owned(),
                cause,
            })?;
        }
        Ok(known)
    }
}

struct Attempt {
    outcome: Option<String>,
    message: Option<String>,
    remote_id: Option<String>,
    started_at: i64,
}

/// What is known of a row after one more attempt, or why that cannot be.
fn follow(mut known: Known, attempt: Attempt) -> Result<Known, String> {
    let state = known.earlier.state;
    let event = start_event(&state);
    let mut state = state.after(event).map_err(|error| error.to_string())?;
    if let Some(word) = attempt.outcome {
        let outcome = Outcome::parse(&word).ok_or_else(|| format!("outcome {word}"))?;
        state = state
            .after(outcome.event(attempt.remote_id.clone()))
            .map_err(|error| error.to_string())?;
    }
    known.earlier = Earlier { state, message: attempt.message };
    known.remote_id = attempt.remote_id;
    known.attempted_at = attempt.started_at;
    Ok(known)
}

/// The event that another attempt is, after a state.
pub(super) fn start_event(state: &RowState) -> RowEvent {
    match state {
        RowState::Started { .. } | RowState::InDoubt { .. } => RowEvent::Repeated,
        _ => RowEvent::Started,
    }
}
