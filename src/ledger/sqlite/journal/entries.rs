//! The two statements that a row takes: its start, before its request leaves, and its end.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use crate::ledger::OwnerId;
use crate::ledger::sqlite::fault::Unwritten;
use crate::ledger::sqlite::snapshots;
use crate::row::{AttemptEnd, AttemptStart, Cause, Doubt, Reason, RowId};

/// The statements, prepared; for as long as one group is written.
pub(in crate::ledger::sqlite) struct Entries<'c> {
    connection: &'c Connection,
    start: CachedStatement<'c>,
    end: CachedStatement<'c>,
}

/// Whether an outcome found the start that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger::sqlite) enum Belongs {
    ToItsStart,
    ToNone,
}

impl<'c> Entries<'c> {
    pub(crate) fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        let start = connection.prepare_cached(
            "INSERT INTO starts (id, number, turn, owner, key, row, line, operation, lane, digest, at, remote_at, print) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING",
        )?;
        let end = connection.prepare_cached(
            "INSERT INTO ends (id, number, owner, at, outcome, status, code, reason, doubt, message, remote_id) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 \
             WHERE EXISTS (SELECT 1 FROM starts WHERE id = ?1 AND number = ?2 AND owner <= ?3) \
             ON CONFLICT DO UPDATE SET at = excluded.at, outcome = excluded.outcome, status = excluded.status, \
             code = excluded.code, reason = excluded.reason, doubt = excluded.doubt, message = excluded.message, \
             remote_id = excluded.remote_id",
        )?;
        Ok(Self { connection, start, end })
    }

    /// Enters a start. A second time it changes nothing.
    pub(crate) fn begin(
        &mut self,
        row: RowId,
        owner: OwnerId,
        start: &AttemptStart,
    ) -> Result<(), Unwritten> {
        let entered = self.start.execute(params![
            row.0,
            start.number,
            start.turn,
            owner.0,
            start.key,
            start.place.row,
            start.place.line,
            start.operation,
            start.lane,
            start.digest.0,
            start.at,
            start.remote_at,
            start.print,
        ])?;
        if entered == 0 && !self.is_same(row, owner, start)? {
            return Err(Unwritten::NumberTaken { row, number: start.number });
        }
        if let Some(snapshot) = &start.snapshot {
            snapshots::keep(self.connection, (row, start.number), snapshot)?;
        }
        Ok(())
    }

    /// Whether the start that is there already is this one, written before.
    fn is_same(&self, row: RowId, owner: OwnerId, start: &AttemptStart) -> rusqlite::Result<bool> {
        let query = "SELECT owner = ?3 AND key = ?4 AND digest = ?5 AND at = ?6 FROM starts WHERE id = ?1 AND number = ?2";
        let of = params![row.0, start.number, owner.0, start.key, start.digest.0, start.at];
        let found = self.connection.query_row(query, of, |row| row.get(0)).optional()?;
        Ok(found == Some(true))
    }

    /// Enters what came of an attempt, as far as its start is there. Who finds out is the one who began it, or one who
    /// came later: the attempt of a later owner that has the same number is another. A second time it changes nothing.
    pub(crate) fn end(
        &mut self,
        row: RowId,
        owner: OwnerId,
        end: &AttemptEnd,
    ) -> rusqlite::Result<Belongs> {
        let cause = end.cause.as_ref();
        let entered = self.end.execute(params![
            row.0,
            end.number,
            owner.0,
            end.at,
            end.outcome.word(),
            cause.and_then(|cause| cause.status),
            cause.and_then(|cause| cause.code.as_deref()),
            cause.and_then(reason),
            cause.and_then(|cause| cause.doubt.as_ref()).map(Doubt::word),
            cause.and_then(|cause| cause.message.as_deref()),
            end.remote_id,
        ])?;
        Ok(if entered == 0 { Belongs::ToNone } else { Belongs::ToItsStart })
    }
}

/// The word for a cause's reason; none where the message is all there is.
pub(in crate::ledger::sqlite) fn reason(cause: &Cause) -> Option<&'static str> {
    (cause.reason != Reason::Told).then(|| cause.reason.word())
}
