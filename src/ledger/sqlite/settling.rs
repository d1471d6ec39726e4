//! What persons say of rows: written as a run of its own that sends nothing, and read again.
//!
//! Nothing is taken out: a person's word is an outcome by a new owner, and so is its being taken back, which repeats what
//! was known before.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::FileLedger;
use super::books::make_room_for_reason;
use super::fault::text;
use crate::ledger::{Books as _, Claim, JobId, LedgerError, SETTLED, SettledRow, Settling};
use crate::row::{Outcome, RowId, Settlement};
use crate::text::place::RowPlace;

/// An attempt, by its row and its number.
type Attempt = (RowId, u32);

pub(super) fn settle(
    ledger: &FileLedger,
    claim: &dyn Claim,
    settling: &Settling<'_>,
    now: i64,
) -> Result<i64, LedgerError> {
    let job = ledger.enter_job(claim, now)?;
    let written = ledger.writing(|| {
        let immediate = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&ledger.connection, immediate)?;
        make_room_for_reason(&transaction)?;
        transaction.execute(
            "INSERT INTO runs (job, keyed_by, started_at, ended_at, exit, rows, succeeded, already_done, failed, invalid, \
             in_doubt, not_started, requests, reason) VALUES (?1, ?2, ?3, ?3, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?4)",
            params![job.0, settling.keyed_by, now, SETTLED],
        )?;
        let run = transaction.last_insert_rowid();
        transaction
            .execute("INSERT INTO owners (run, name) VALUES (?1, ?2)", params![run, settling.by])?;
        let owner = transaction.last_insert_rowid();
        for (row, attempt, settlement) in &settling.rows {
            let entered = match settlement.outcome() {
                Some(outcome) => {
                    let words = (settlement.id(), settling.comment);
                    say(&transaction, (*row, *attempt), (outcome, words), (owner, now))?
                }
                None => take_back(&transaction, (*row, *attempt), (owner, now))?,
            };
            if entered != 1 {
                return Ok(None);
            }
        }
        transaction.commit()?;
        Ok(Some(run))
    })?;
    // Whoever asks has read the rows while nobody else could send them.
    written.ok_or_else(|| LedgerError::Overtaken { ledger: ledger.location() })
}

/// Enters a person's word about the last attempt of a row; gives how many entries that made.
fn say(
    transaction: &Transaction<'_>,
    (row, attempt): Attempt,
    (outcome, (id, comment)): (Outcome, (Option<&str>, Option<&str>)),
    (owner, now): (i64, i64),
) -> rusqlite::Result<usize> {
    let query = "INSERT INTO ends (id, number, owner, at, outcome, message, remote_id) \
                 SELECT id, number, ?3, ?4, ?5, ?6, ?7 FROM starts WHERE id = ?1 AND number = ?2 \
                 AND number = (SELECT max(number) FROM starts WHERE id = ?1)";
    let mut statement = transaction.prepare_cached(query)?;
    statement.execute(params![row.0, attempt, owner, now, outcome.word(), comment, id])
}

/// Repeats what was known of the last attempt before a person said anything; where that is nothing, its answer is lost.
fn take_back(
    transaction: &Transaction<'_>,
    (row, attempt): Attempt,
    (owner, now): (i64, i64),
) -> rusqlite::Result<usize> {
    let before = "INSERT INTO ends (id, number, owner, at, outcome, status, code, reason, doubt, message, remote_id) \
                  SELECT id, number, ?3, ?4, outcome, status, code, reason, doubt, message, remote_id FROM ends \
                  WHERE id = ?1 AND number = ?2 AND outcome NOT IN ('confirmed', 'denied', 'dismissed') \
                  AND number = (SELECT max(number) FROM starts WHERE id = ?1) ORDER BY owner DESC LIMIT 1";
    let mut statement = transaction.prepare_cached(before)?;
    let repeated = statement.execute(params![row.0, attempt, owner, now])?;
    if repeated > 0 {
        return Ok(repeated);
    }
    let lost = "INSERT INTO ends (id, number, owner, at, outcome, reason) \
                SELECT id, number, ?3, ?4, 'lost', 'run_ended' FROM starts WHERE id = ?1 AND number = ?2 \
                AND number = (SELECT max(number) FROM starts WHERE id = ?1)";
    transaction.prepare_cached(lost)?.execute(params![row.0, attempt, owner, now])
}

/// Rows of a job of which a person's word holds, in the order of the source.
pub(super) fn settled(connection: &Connection, job: JobId) -> rusqlite::Result<Vec<SettledRow>> {
    let moment = connection.unchecked_transaction()?;
    settled_at(&moment, job)
}

/// The same, of the moment that a connection is at.
pub(super) fn settled_at(moment: &Connection, job: JobId) -> rusqlite::Result<Vec<SettledRow>> {
    let query = "WHERE ends.outcome IN ('confirmed', 'denied', 'dismissed') AND runs.job = ?1 \
                 AND starts.number = (SELECT max(number) FROM starts AS last WHERE last.id = starts.id) \
                 AND ends.owner = (SELECT owner FROM ends AS last WHERE last.id = starts.id AND last.number = starts.number \
                 ORDER BY last.outcome IN ('succeeded', 'found') DESC, last.owner DESC LIMIT 1) \
                 ORDER BY starts.row, starts.id";
    said(moment, job, query)
}

/// All that persons have ever said of rows of a job, in the order in which it was said.
pub(super) fn settlements(
    connection: &Connection,
    job: JobId,
) -> rusqlite::Result<Vec<SettledRow>> {
    let moment = connection.unchecked_transaction()?;
    said(
        &moment,
        job,
        "WHERE runs.job = ?1 AND runs.reason = 'settled' ORDER BY runs.id, starts.row, starts.id",
    )
}

/// What persons have said, of those words that are `chosen`.
fn said(moment: &Connection, job: JobId, chosen: &str) -> rusqlite::Result<Vec<SettledRow>> {
    // A file in which nobody has settled anything need not be looked through; an older one has no room for a reason.
    let query = "SELECT EXISTS (SELECT 1 FROM runs WHERE job = ?1 AND reason = ?2)";
    let has_settled = match moment.prepare(query) {
        Ok(mut query) => query.query_row(params![job.0, SETTLED], |row| row.get(0))?,
        Err(_) => false,
    };
    if !has_settled {
        return Ok(Vec::new());
    }
    let query = format!(
        "SELECT starts.id, starts.number, starts.key, starts.row, starts.line, starts.lane, ends.outcome, \
         ends.remote_id, ends.message, ends.at, owners.name, owners.run FROM ends \
         CROSS JOIN owners ON owners.id = ends.owner CROSS JOIN runs ON runs.id = owners.run \
         CROSS JOIN starts ON starts.id = ends.id AND starts.number = ends.number {chosen}"
    );
    let mut statement = moment.prepare(&query)?;
    let mut rows = statement.query([job.0])?;
    let mut settled = Vec::new();
    while let Some(row) = rows.next()? {
        let id: Option<String> = row.get(7)?;
        let said = match Outcome::parse(text(row, 6)?) {
            Some(Outcome::Confirmed) => Settlement::There { id },
            Some(Outcome::Denied) => Settlement::Absent,
            Some(Outcome::Dismissed) => Settlement::Dismissed,
            // What was known before is repeated.
            _ => Settlement::Withdrawn,
        };
        let is_withdrawn = said == Settlement::Withdrawn;
        settled.push(SettledRow {
            id: RowId(row.get(0)?),
            attempt: row.get(1)?,
            key: text(row, 2)?.to_owned(),
            place: RowPlace::of(row.get(3)?, row.get(4)?),
            lane: text(row, 5)?.to_owned(),
            said,
            // Nobody's comment is what was known before.
            comment: if is_withdrawn { None } else { row.get(8)? },
            at: row.get(9)?,
            by: text(row, 10)?.to_owned(),
            run: row.get(11)?,
        });
    }
    Ok(settled)
}

/// The row that has made what the other side calls `id`, or of which a person says so, at the target of a job.
pub(super) fn maker(
    connection: &Connection,
    job: JobId,
    id: &str,
) -> rusqlite::Result<Option<(RowPlace, String)>> {
    let query = "SELECT starts.row, starts.line, starts.key FROM ends \
                 CROSS JOIN starts ON starts.id = ends.id AND starts.number = ends.number \
                 CROSS JOIN owners ON owners.id = starts.owner CROSS JOIN runs ON runs.id = owners.run \
                 CROSS JOIN jobs ON jobs.id = runs.job \
                 WHERE ends.remote_id = ?2 AND ends.outcome IN ('succeeded', 'found', 'confirmed') \
                 AND (jobs.base_url, jobs.account) = (SELECT base_url, account FROM jobs WHERE id = ?1) \
                 AND ends.owner = (SELECT owner FROM ends AS last WHERE last.id = starts.id AND last.number = starts.number \
                 ORDER BY last.outcome IN ('succeeded', 'found') DESC, last.owner DESC LIMIT 1) LIMIT 1";
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query(params![job.0, id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some((RowPlace::of(row.get(0)?, row.get(1)?), text(row, 2)?.to_owned())))
}
