//! What runs carry out and who has approved them, in a table of its own: a file of an older version has none until there
//! is something to write into it, and an older version does not mind that there is one.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::later;
use crate::ledger::{Approval, JobId, Mandate, PlanId};
use crate::row::KeyHash;

const TABLE: &str = "mandates";

/// Writes what a run carries out.
pub(super) fn write(connection: &Connection, run: i64, mandate: &Mandate) -> rusqlite::Result<()> {
    later::make(connection, TABLE)?;
    let approval = mandate.approval.as_ref();
    connection.execute(
        "INSERT INTO mandates (run, plan, approved_by, comment) VALUES (?1, ?2, ?3, ?4)",
        params![
            run,
            mandate.plan.as_ref().map(|plan| plan.0.as_slice()),
            approval.map(|approval| &approval.by),
            approval.and_then(|approval| approval.comment.as_ref())
        ],
    )?;
    Ok(())
}

/// What a run carries out; nothing where nobody has written it down.
pub(super) fn read(connection: &Connection, run: i64) -> rusqlite::Result<Mandate> {
    if !later::is_there(connection, TABLE)? {
        return Ok(Mandate::default());
    }
    let query = "SELECT plan, approved_by, comment FROM mandates WHERE run = ?1";
    let found = connection.query_row(query, [run], |row| {
        let plan: Option<Vec<u8>> = row.get(0)?;
        let (by, comment): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
        Ok(Mandate {
            plan: plan.and_then(|plan| plan.try_into().ok()).map(PlanId),
            approval: by.map(|by| Approval { by, comment }),
        })
    });
    found.optional().map(Option::unwrap_or_default)
}

/// Who has approved a plan, by the last run of it that says so.
pub(super) fn approval_of(
    connection: &Connection,
    plan: PlanId,
) -> rusqlite::Result<Option<Approval>> {
    if !later::is_there(connection, TABLE)? {
        return Ok(None);
    }
    let query = "SELECT approved_by, comment FROM mandates WHERE plan = ?1 AND approved_by IS NOT NULL \
                 ORDER BY run DESC LIMIT 1";
    let found = connection.query_row(query, [plan.0.as_slice()], |row| {
        Ok(Approval { by: row.get(0)?, comment: row.get(1)? })
    });
    found.optional()
}

/// The last run of a job; 0 where there was none.
pub(super) fn last_run(connection: &Connection, job: JobId) -> rusqlite::Result<i64> {
    let query = "SELECT coalesce(max(id), 0) FROM runs WHERE job = ?1";
    connection.query_row(query, [job.0], |row| row.get(0))
}

/// The keys of rows of a job that runs behind one have sent or settled, but for those of a plan.
pub(super) fn touched(
    connection: &Connection,
    job: JobId,
    behind: i64,
    plan: PlanId,
) -> rusqlite::Result<HashSet<KeyHash>> {
    let of_plan = match later::is_there(connection, TABLE)? {
        true => "SELECT run FROM mandates WHERE plan = ?3",
        false => "SELECT NULL WHERE ?3 IS NULL",
    };
    let others = format!(
        "SELECT owners.id FROM owners JOIN runs ON runs.id = owners.run \
         WHERE runs.job = ?1 AND runs.id > ?2 AND runs.id NOT IN ({of_plan})"
    );
    let of = params![job.0, behind, plan.0.as_slice()];
    let query = format!("SELECT count(*) FROM ({others})");
    if connection.query_row(&query, of, |row| row.get::<_, i64>(0))? == 0 {
        // All rows of the job need not be looked at where nobody was there.
        return Ok(HashSet::new());
    }
    let query = format!(
        "SELECT key FROM starts WHERE owner IN ({others}) UNION ALL SELECT starts.key FROM ends \
         JOIN starts ON starts.id = ends.id AND starts.number = ends.number WHERE ends.owner IN ({others})"
    );
    let mut statement = connection.prepare(&query)?;
    let keys = statement
        .query_map(of, |row| row.get_ref(0).map(|key| key.as_str().map(KeyHash::of).ok()))?;
    keys.filter_map(Result::transpose).collect()
}
