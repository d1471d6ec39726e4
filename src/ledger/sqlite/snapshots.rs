//! What was there before requests changed or deleted it, and the prints of what they have left there.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Map, Value};

use super::{later, values};
use crate::row::{Digest, RowId, Snapshot};

const TABLE: &str = "snapshots";

/// Keeps what was there before an attempt. A second time it changes nothing.
pub(super) fn keep(
    connection: &Connection,
    (row, number): (RowId, u32),
    snapshot: &Snapshot,
) -> rusqlite::Result<()> {
    later::make(connection, TABLE)?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO snapshots (id, number, remote_id, maker, fields, made_at, read_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    )?;
    let fields = Value::Object(snapshot.fields.clone()).to_string();
    let Snapshot { id, maker, made_at, read_at, .. } = snapshot;
    statement.execute(params![row.0, number, id, maker, fields, made_at, read_at]).map(drop)
}

/// What was there before an attempt; none where it was not kept.
pub(super) fn before(
    connection: &Connection,
    (row, number): (RowId, u32),
) -> rusqlite::Result<Option<Snapshot>> {
    if !later::is_there(connection, TABLE)? {
        return Ok(None);
    }
    let query = "SELECT remote_id, maker, fields, made_at, read_at FROM snapshots WHERE id = ?1 AND number = ?2";
    let mut statement = connection.prepare_cached(query)?;
    let read = |row: &rusqlite::Row<'_>| {
        let fields: String = row.get(2)?;
        // What cannot be read cannot be given back, and an empty text is not given in its place.
        let Some(fields) = of_text(&fields) else { return Ok(None) };
        Ok(Some(Snapshot {
            id: row.get(0)?,
            maker: row.get::<_, Arc<str>>(1)?,
            fields,
            made_at: row.get(3)?,
            read_at: row.get(4)?,
        }))
    };
    statement.query_row(params![row.0, number], read).optional().map(Option::flatten)
}

/// The column of a snapshot that does not hold what can be given back; none where all do. The columns are `id, number,
/// remote_id, maker, fields, made_at, read_at`.
pub(super) fn fault(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<&'static str>> {
    let text = |at: usize| row.get_ref(at).map(|value| value.as_str().ok());
    let is_name = |at: usize| text(at).map(|name| name.is_some_and(|name| !name.is_empty()));
    let is_object = text(4)?.is_some_and(|fields| of_text(fields).is_some());
    let moment = |at: usize| row.get::<_, Option<i64>>(at).map(values::is_moment_or_null);
    let all = [
        ("remote_id", is_name(2)?),
        ("maker", is_name(3)?),
        ("fields", is_object),
        ("made_at", moment(5)?),
        ("read_at", moment(6)?),
    ];
    Ok(all.into_iter().find_map(|(name, is_sound)| (!is_sound).then_some(name)))
}

/// What was shown; none where it is not what was written.
fn of_text(fields: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(fields).ok().filter(|fields: &Map<_, _>| !fields.is_empty())
}

/// The print of what a row has left there with a content.
pub(super) fn print(
    connection: &Connection,
    row: RowId,
    content: Digest,
) -> rusqlite::Result<Option<i64>> {
    if !has_prints(connection)? {
        return Ok(None);
    }
    let query = "SELECT print FROM starts WHERE id = ?1 AND digest = ?2 AND print IS NOT NULL \
                 ORDER BY number DESC LIMIT 1";
    let mut statement = connection.prepare_cached(query)?;
    statement.query_row(params![row.0, content.0], |row| row.get(0)).optional()
}

/// Makes room for prints in a file of a version that kept none.
pub(super) fn make_room_for_prints(connection: &Connection) -> rusqlite::Result<()> {
    match has_prints(connection)? {
        true => Ok(()),
        false => connection.execute_batch("ALTER TABLE starts ADD COLUMN print INTEGER"),
    }
}

/// Whether starts have prints, by the version that has made the file or has written to it.
pub(super) fn has_prints(connection: &Connection) -> rusqlite::Result<bool> {
    let query = "SELECT count(*) FROM main.pragma_table_info('starts') WHERE name = 'print'";
    connection.query_row(query, [], |row| row.get::<_, i64>(0)).map(|count| count > 0)
}
