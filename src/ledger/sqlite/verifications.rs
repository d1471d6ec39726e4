//! What verifications of a job came to, in a table that older files may not have.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Map, Value};

use super::later;
use crate::ledger::{JobId, Verification};

const TABLE: &str = "verifications";

/// Writes what a verification came to; gives its number.
pub(super) fn write(
    connection: &Connection,
    job: JobId,
    found: &Verification,
) -> rusqlite::Result<i64> {
    later::make(connection, TABLE)?;
    let by_kind = found.found.iter().map(|(kind, rows)| (kind.clone(), Value::from(*rows)));
    let by_kind = Value::Object(by_kind.collect::<Map<_, _>>()).to_string();
    connection.execute(
        "INSERT INTO verifications (job, began_at, ended_at, by, sample, lists, lists_read, rows, there, found, strange, \
         requests, exit) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            job.0,
            found.began_at,
            found.ended_at,
            found.by,
            found.sample,
            found.lists,
            found.lists_read,
            found.rows,
            found.right,
            by_kind,
            found.strange,
            found.requests,
            found.exit
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

/// The last verification of a job.
pub(super) fn last(connection: &Connection, job: JobId) -> rusqlite::Result<Option<Verification>> {
    if !later::is_there(connection, TABLE)? {
        return Ok(None);
    }
    let query = "SELECT began_at, ended_at, by, sample, lists, lists_read, rows, there, found, strange, requests, exit \
                 FROM verifications WHERE job = ?1 ORDER BY id DESC LIMIT 1";
    let found = connection.query_row(query, [job.0], |row| {
        let by_kind: String = row.get(8)?;
        // What is no mapping of counts says nothing.
        let by_kind: Map<String, Value> = serde_json::from_str(&by_kind).unwrap_or_default();
        let count = |(kind, rows): (String, Value)| Some((kind, rows.as_u64()?));
        Ok(Verification {
            began_at: row.get(0)?,
            ended_at: row.get(1)?,
            by: row.get(2)?,
            sample: row.get(3)?,
            lists: row.get(4)?,
            lists_read: row.get(5)?,
            rows: row.get(6)?,
            right: row.get(7)?,
            found: by_kind.into_iter().filter_map(count).collect(),
            strange: row.get(9)?,
            requests: row.get(10)?,
            exit: row.get(11)?,
        })
    });
    found.optional()
}
