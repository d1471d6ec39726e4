//! Writing an attempt: what is entered before its request leaves, and what came of it.

use rusqlite::{Transaction, params};

use crate::row::{AttemptEnd, AttemptStart, RowId};

use super::{JobId, RunId, stated};

/// Enters a row, or brings the one that is known up to date.
pub(super) fn enter_row(
    transaction: &Transaction<'_>,
    job: JobId,
    start: &AttemptStart,
    known: Option<RowId>,
) -> rusqlite::Result<RowId> {
    if let Some(id) = known {
        transaction
            .prepare_cached(
                "UPDATE rows SET row = ?2, line = ?3, operation = ?4, lane = ?5, digest = ?6 WHERE id = ?1",
            )?
            .execute(params![id.0, start.row, start.line, start.operation, start.lane, start.digest.0])?;
        return Ok(id);
    }
    transaction
        .prepare_cached(
            "INSERT INTO rows (job, key, row, line, operation, lane, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![job.0, start.key, start.row, start.line, start.operation, start.lane, start.digest.0])?;
    Ok(RowId(transaction.last_insert_rowid()))
}

pub(super) fn enter_attempt(
    transaction: &Transaction<'_>,
    id: RowId,
    run: RunId,
    start: &AttemptStart,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO attempts (row, number, run, started_at, remote_started_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![id.0, start.number, run.0, start.at, start.remote_at])?;
    Ok(())
}

/// Gives how many attempts there are of which this is the end: one, or none.
pub(super) fn complete_attempt(
    transaction: &Transaction<'_>,
    id: RowId,
    end: &AttemptEnd,
) -> rusqlite::Result<usize> {
    let cause = end.cause.as_ref();
    transaction
        .prepare_cached(
            "UPDATE attempts SET ended_at = ?3, outcome = ?4, status = ?5, code = ?6, message = ?7, remote_id = ?8 \
             WHERE row = ?1 AND number = ?2",
        )?
        .execute(params![
            id.0,
            end.number,
            end.at,
            end.outcome.word(),
            cause.and_then(|cause| cause.status),
            cause.and_then(|cause| cause.code.as_deref()),
            cause.map(stated::cause),
            end.remote_id,
        ])
}
