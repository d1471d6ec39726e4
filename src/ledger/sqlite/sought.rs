//! Rows whose answers were lost, and of which whoever sent them has not said yet why looking did not settle them.

use rusqlite::{Connection, params};

use super::fault::text;
use super::reader::last_owner;
use crate::ledger::JobId;
use crate::row::{RowId, Sought};

/// No run looks for more rows at once, whatever its ledger says.
const MOST: i64 = 4096;

/// See [`crate::ledger::Reader::sought`].
pub(super) fn read(connection: &Connection, job: JobId) -> rusqlite::Result<Vec<Sought>> {
    let moment = connection.unchecked_transaction()?;
    let owner = last_owner(&moment, job)?;
    let query = "SELECT starts.id, starts.key, starts.operation FROM ends \
                 JOIN starts ON starts.id = ends.id AND starts.number = ends.number \
                 WHERE ends.owner = ?1 AND ends.outcome = 'lost' AND ends.doubt IS NULL \
                 AND starts.number = (SELECT max(number) FROM starts AS last WHERE last.id = starts.id) LIMIT ?2";
    let mut statement = moment.prepare(query)?;
    let rows = statement.query_map(params![owner.0, MOST], |row| {
        Ok(Sought {
            row: RowId(row.get(0)?),
            key: text(row, 1)?.to_owned(),
            operation: text(row, 2)?.to_owned(),
        })
    })?;
    rows.collect()
}
