//! The lanes that runs leave to be counted once more, as they stand in the file.
//!
//! What has to be counted, and how, is not decided here.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::fault::text;
use crate::ledger::{JobId, Run};
use crate::row::Uncounted;

/// Writes which lanes a run leaves. An older version has made no room for it in its files, and does not mind that there is.
pub(super) fn leave(
    connection: &Connection,
    run: Run,
    lanes: &[Uncounted],
) -> rusqlite::Result<()> {
    make_room(connection)?;
    let query =
        "INSERT OR REPLACE INTO uncounted (run, operation, lane, copies) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = connection.prepare(query)?;
    for lane in lanes {
        let copies = serde_json::json!(lane.copies).to_string();
        statement.execute(params![run.id, lane.operation, lane.lane, copies])?;
    }
    let query =
        "UPDATE runs SET uncounted = (SELECT count(*) FROM uncounted WHERE run = ?1) WHERE id = ?1";
    connection.execute(query, [run.id]).map(drop)
}

fn make_room(connection: &Connection) -> rusqlite::Result<()> {
    let query = "SELECT count(*) FROM pragma_table_info('runs') WHERE name = 'uncounted'";
    if connection.query_row(query, [], |row| row.get::<_, i64>(0))? == 0 {
        connection.execute_batch("ALTER TABLE runs ADD COLUMN uncounted INTEGER")?;
    }
    let schema = include_str!("schema.sql");
    let made = schema.split(';').find_map(|statement| {
        statement.find(TABLE).and_then(|at| statement.get(at + TABLE.len()..))
    });
    let made = made.unwrap_or_default();
    connection.execute_batch(&format!("CREATE TABLE IF NOT EXISTS uncounted {made}"))
}

/// How the table is made in the schema.
const TABLE: &str = "CREATE TABLE uncounted ";

/// See [`crate::ledger::Reader::uncounted`]. A run of an older version, which has not said what it left, has left nothing if it
/// came to its end by itself and without a reason. One whose list is not as long as it says has said nothing.
pub(super) fn left(connection: &Connection, job: JobId) -> rusqlite::Result<Vec<Uncounted>> {
    let moment = connection.unchecked_transaction()?;
    let has = |query| moment.prepare(query).is_ok();
    let by_itself = match has("SELECT reason FROM runs LIMIT 0") {
        true => "exit IN (0, 1, 6) AND reason IS NULL",
        false => "exit IN (0, 1, 6)",
    };
    let has_lists = has("SELECT uncounted FROM runs LIMIT 0")
        && has("SELECT run, operation, lane, copies FROM uncounted LIMIT 0");
    let has_said = match has_lists {
        true => format!(
            "CASE WHEN uncounted IS NULL THEN {by_itself} \
             ELSE uncounted = (SELECT count(*) FROM uncounted WHERE run = runs.id) END"
        ),
        false => by_itself.to_owned(),
    };
    let query = format!(
        "SELECT id, (SELECT coalesce(max(id), 0) FROM owners WHERE run = runs.id) FROM runs \
         WHERE job = ?1 AND ended_at IS NOT NULL AND {has_said} ORDER BY id DESC LIMIT 1"
    );
    let last = moment.query_row(&query, [job.0], |row| Ok((row.get(0)?, row.get(1)?)));
    let (run, owner): (i64, i64) = last.optional()?.unwrap_or_default();
    let mut lanes = match has_lists {
        true => listed(&moment, run)?,
        false => Vec::new(),
    };
    let known: HashSet<(String, String)> =
        lanes.iter().map(|lane| (lane.operation.clone(), lane.lane.clone())).collect();
    let later = settled_since(&moment, job, owner)?.into_iter();
    lanes
        .extend(later.filter(|lane| !known.contains(&(lane.operation.clone(), lane.lane.clone()))));
    Ok(lanes)
}

fn listed(connection: &Connection, run: i64) -> rusqlite::Result<Vec<Uncounted>> {
    let query =
        "SELECT operation, lane, copies FROM uncounted WHERE run = ?1 ORDER BY operation, lane";
    let mut statement = connection.prepare(query)?;
    let lanes = statement.query_map([run], |row| {
        Ok(Uncounted {
            operation: text(row, 0)?.to_owned(),
            lane: text(row, 1)?.to_owned(),
            // What nobody can read is known of no item.
            copies: serde_json::from_str(text(row, 2)?).unwrap_or_default(),
        })
    })?;
    lanes.collect()
}

/// Lanes in which a look has settled something in runs after an owner's, or a person has said that something is not there.
fn settled_since(
    connection: &Connection,
    job: JobId,
    owner: i64,
) -> rusqlite::Result<Vec<Uncounted>> {
    // Only then are the entries looked through.
    let later = "SELECT EXISTS (SELECT 1 FROM owners JOIN runs ON runs.id = owners.run \
                 WHERE runs.job = ?1 AND owners.id > ?2)";
    let is_later: bool = connection.query_row(later, params![job.0, owner], |row| row.get(0))?;
    if !is_later {
        return Ok(Vec::new());
    }
    let query = "SELECT DISTINCT starts.operation, starts.lane FROM ends \
                 CROSS JOIN owners ON owners.id = ends.owner \
                 CROSS JOIN runs ON runs.id = owners.run \
                 CROSS JOIN starts ON starts.id = ends.id AND starts.number = ends.number \
                 WHERE ends.owner > ?2 AND ends.outcome IN ('found', 'not_found', 'denied') AND runs.job = ?1 \
                 ORDER BY starts.operation, starts.lane";
    let mut statement = connection.prepare(query)?;
    let lanes = statement.query_map(params![job.0, owner], |row| {
        Ok(Uncounted {
            operation: text(row, 0)?.to_owned(),
            lane: text(row, 1)?.to_owned(),
            copies: Vec::new(),
        })
    })?;
    lanes.collect()
}
