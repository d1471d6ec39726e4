//! What a job's rows did before.

use rusqlite::{OptionalExtension, params};

use crate::row::{Attempted, Digest, Earlier, KeyHash, Known, Outcome, RowId, RowState};

use super::{History, JobId, Ledger, LedgerError};

/// Looks up rows of one job by their keys.
pub struct JobReader {
    ledger: Ledger,
    job: JobId,
    history: History,
}

impl JobReader {
    /// A reader over its own connection, which may be one that only reads.
    pub fn new(ledger: Ledger, job: JobId) -> Result<Self, LedgerError> {
        let history = ledger.history(job)?;
        Ok(Self { ledger, job, history })
    }

    /// What the job's rows were known by in its last run; none where it has sent nothing.
    pub fn keyed_by(&self) -> Result<Option<String>, LedgerError> {
        self.ledger.keyed_by(self.job)
    }

    /// Whether the job has sent nothing yet.
    pub fn is_empty(&self) -> bool {
        self.history.is_empty()
    }

    /// Whether a row is done. What cannot be read is not; whoever goes on with the row will be told why.
    pub fn is_done(&self, key: &str) -> bool {
        let found = self.find(key).ok().flatten();
        found.is_some_and(|known| matches!(known.earlier.state, RowState::Succeeded { .. }))
    }

    /// What is known of a row.
    pub fn find(&self, key: &str) -> Result<Option<Known>, LedgerError> {
        for candidate in self.history.find(KeyHash::of(key)) {
            if let Some(known) = self.ledger.known(candidate.row, key)? {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    /// Whether a row of any job has what the other side calls `id`: then it is nobody else's.
    pub fn owns(&self, id: &str) -> Result<bool, LedgerError> {
        self.ledger.owns(id)
    }
}

impl Ledger {
    /// What is known of a row, if it has this very key.
    pub fn known(&self, row: RowId, key: &str) -> Result<Option<Known>, LedgerError> {
        let sent = self.last_sent(row, key)?;
        sent.map(|known| self.replay(known, key)).transpose()
    }

    /// Whether a row of any job has what the other side calls `id`: then it is nobody else's.
    pub fn owns(&self, id: &str) -> Result<bool, LedgerError> {
        let read = || {
            let query = "SELECT 1 FROM attempts WHERE remote_id = ?1 LIMIT 1";
            self.connection.prepare_cached(query)?.exists([id])
        };
        read().map_err(|error| self.storage("read", &error))
    }

    /// What a row was when it was last sent, if it has this very key; without what came of it.
    fn last_sent(&self, row: RowId, key: &str) -> Result<Option<Known>, LedgerError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT digest, operation, lane FROM rows WHERE id = ?1 AND key = ?2",
            )?;
            let known = |found: &rusqlite::Row<'_>| {
                Ok(Known {
                    id: row,
                    earlier: Earlier { state: RowState::NotStarted, message: None },
                    digest: Digest(found.get(0)?),
                    operation: found.get(1)?,
                    lane: found.get(2)?,
                    remote_id: None,
                    attempted: Attempted::default(),
                })
            };
            statement.query_row(params![row.0, key], known).optional()
        };
        read().map_err(|error| self.storage("read", &error))
    }

    /// Follows a row's attempts through the transition function.
    fn replay(&self, mut known: Known, key: &str) -> Result<Known, LedgerError> {
        let query = match self.knows_remote_clock {
            true => {
                "SELECT outcome, message, remote_id, started_at, remote_started_at FROM attempts WHERE row = ?1 ORDER BY number"
            }
            false => {
                "SELECT outcome, message, remote_id, started_at, NULL FROM attempts WHERE row = ?1 ORDER BY number"
            }
        };
        let read = || {
            let mut statement = self.connection.prepare_cached(query)?;
            let attempts = statement.query_map([known.id.0], |row| {
                Ok(Attempt {
                    outcome: row.get(0)?,
                    message: row.get(1)?,
                    remote_id: row.get(2)?,
                    attempted: Attempted { at: row.get(3)?, remote_at: row.get(4)? },
                })
            })?;
            attempts.collect::<rusqlite::Result<Vec<Attempt>>>()
        };
        let attempts = read().map_err(|error| self.storage("read", &error))?;
        for attempt in attempts {
            known = follow(known, attempt).map_err(|cause| LedgerError::Inconsistent {
                path: self.path.clone(),
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
    attempted: Attempted,
}

/// What is known of a row after one more attempt, or why that cannot be.
fn follow(mut known: Known, attempt: Attempt) -> Result<Known, String> {
    let state = known.earlier.state;
    // Nobody has settled yet what the earlier one did.
    if !state.may_have_acted() {
        known.attempted = attempt.attempted;
    }
    let event = state.start();
    let mut state = state.after(event).map_err(|error| error.to_string())?;
    if let Some(word) = attempt.outcome {
        let outcome = Outcome::parse(&word).ok_or_else(|| format!("outcome {word}"))?;
        state = state
            .after(outcome.event(attempt.remote_id.clone()))
            .map_err(|error| error.to_string())?;
    }
    known.earlier = Earlier { state, message: attempt.message };
    known.remote_id = attempt.remote_id;
    Ok(known)
}
