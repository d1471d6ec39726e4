//! An attempt as the ledger keeps it: what is written before its request leaves, and what came of it.

use rusqlite::{Transaction, params};

use crate::request::Digest;
use crate::row_state::RowEvent;
use crate::verdict::Cause;

use super::{JobId, RunId};

/// An attempt that is about to leave.
#[derive(Debug, Clone)]
pub struct AttemptStart {
    /// The row's id, where the ledger knows it already.
    pub known: Option<i64>,
    pub key: String,
    pub row: u64,
    pub line: u64,
    pub operation: String,
    pub lane: String,
    pub digest: Digest,
    /// Counts from 1, over all runs.
    pub number: u32,
    /// Whether an earlier one may have acted, so that the row may have, even if this one surely does not.
    pub repeats: bool,
    /// Unix milliseconds.
    pub at: i64,
    /// The same by the other side's clock, where that is known.
    pub remote_at: Option<i64>,
}

/// What came of an attempt.
#[derive(Debug, Clone)]
pub struct AttemptEnd {
    pub outcome: Outcome,
    /// The row's id, where the attempt is of an earlier run.
    pub known: Option<i64>,
    pub number: u32,
    pub cause: Option<Cause>,
    pub remote_id: Option<String>,
    pub at: i64,
}

/// How an attempt ended, in the ledger's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    Refused,
    Deferred,
    GivenUp,
    Lost,
    Found,
    NotFound,
}

impl Outcome {
    pub(super) const ALL: [Self; 7] = [
        Self::Succeeded,
        Self::Refused,
        Self::Deferred,
        Self::GivenUp,
        Self::Lost,
        Self::Found,
        Self::NotFound,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Refused => "refused",
            Self::Deferred => "deferred",
            Self::GivenUp => "given_up",
            Self::Lost => "lost",
            Self::Found => "found",
            Self::NotFound => "not_found",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// The event that this outcome is for its row.
    pub fn event(self, id: Option<String>) -> RowEvent {
        match self {
            Self::Succeeded => RowEvent::Succeeded { id },
            Self::Refused => RowEvent::Refused,
            Self::Deferred => RowEvent::Deferred,
            Self::GivenUp => RowEvent::GivenUp,
            Self::Lost => RowEvent::Lost,
            Self::Found => RowEvent::Found { id },
            Self::NotFound => RowEvent::NotFound,
        }
    }
}

/// Enters a row, or brings the one that is known up to date.
pub(super) fn enter_row(
    transaction: &Transaction<'_>,
    job: JobId,
    start: &AttemptStart,
    known: Option<i64>,
) -> rusqlite::Result<i64> {
    if let Some(id) = known {
        transaction
            .prepare_cached(
                "UPDATE rows SET row = ?2, line = ?3, operation = ?4, lane = ?5, digest = ?6 WHERE id = ?1",
            )?
            .execute(params![id, start.row, start.line, start.operation, start.lane, start.digest.0])?;
        return Ok(id);
    }
    transaction
        .prepare_cached(
            "INSERT INTO rows (job, key, row, line, operation, lane, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![job.0, start.key, start.row, start.line, start.operation, start.lane, start.digest.0])?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn enter_attempt(
    transaction: &Transaction<'_>,
    id: i64,
    run: RunId,
    start: &AttemptStart,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO attempts (row, number, run, started_at, remote_started_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![id, start.number, run.0, start.at, start.remote_at])?;
    Ok(())
}

/// Gives how many attempts there are of which this is the end: one, or none.
pub(super) fn complete_attempt(
    transaction: &Transaction<'_>,
    id: i64,
    end: &AttemptEnd,
) -> rusqlite::Result<usize> {
    let cause = end.cause.as_ref();
    transaction
        .prepare_cached(
            "UPDATE attempts SET ended_at = ?3, outcome = ?4, status = ?5, code = ?6, message = ?7, remote_id = ?8 \
             WHERE row = ?1 AND number = ?2",
        )?
        .execute(params![
            id,
            end.number,
            end.at,
            end.outcome.word(),
            cause.and_then(|cause| cause.status),
            cause.and_then(|cause| cause.code.as_deref()),
            cause.map(|cause| cause.message.as_str()),
            end.remote_id,
        ])
}
