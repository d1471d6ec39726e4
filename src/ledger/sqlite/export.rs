//! Every request of a file, one after the other in the order of rows: a scan that holds one at a time.

use rusqlite::Row;

use super::FileLedger;
use crate::ledger::{Exported, JobId, LedgerError};

/// `CROSS JOIN` keeps the order of the first table, which is that of its key: nothing is sorted.
const REQUESTS: &str = "SELECT jobs.name, jobs.base_url, jobs.account, owners.run, starts.id, starts.row, starts.line, \
     starts.key, starts.lane, starts.operation, starts.number, \
     starts.number = (SELECT max(number) FROM starts AS later WHERE later.id = starts.id), \
     starts.at, ends.at, ends.outcome, ends.status, ends.code, ends.reason, ends.doubt, ends.message, ends.remote_id, \
     (SELECT name FROM owners AS finder WHERE finder.id = ends.owner) \
     FROM starts CROSS JOIN owners ON owners.id = starts.owner CROSS JOIN runs ON runs.id = owners.run \
     CROSS JOIN jobs ON jobs.id = runs.job \
     LEFT JOIN ends ON ends.id = starts.id AND ends.number = starts.number AND ends.owner = ( \
     SELECT owner FROM ends AS last WHERE last.id = starts.id AND last.number = starts.number \
     ORDER BY last.outcome IN ('succeeded', 'found') DESC, last.owner DESC LIMIT 1)";

impl FileLedger {
    /// Hands on every request of some jobs, of one moment, until `take` wants no more.
    pub(crate) fn export(
        &self,
        jobs: &[JobId],
        take: &mut dyn FnMut(&Exported) -> bool,
    ) -> Result<(), LedgerError> {
        let ids: Vec<String> = jobs.iter().map(|job| job.0.to_string()).collect();
        let query = format!(
            "{REQUESTS} WHERE jobs.id IN ({}) ORDER BY starts.id, starts.number",
            ids.join(", ")
        );
        self.reading(|| -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare(&query)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                if !take(&exported(row)?) {
                    break;
                }
            }
            Ok(())
        })
    }
}

fn exported(row: &Row<'_>) -> rusqlite::Result<Exported> {
    Ok(Exported {
        job: row.get(0)?,
        base_url: row.get(1)?,
        account: row.get(2)?,
        run: row.get(3)?,
        id: row.get(4)?,
        row: row.get(5)?,
        line: row.get(6)?,
        key: row.get(7)?,
        lane: row.get(8)?,
        operation: row.get(9)?,
        attempt: row.get(10)?,
        is_last: row.get(11)?,
        started_at: row.get(12)?,
        ended_at: row.get(13)?,
        outcome: row.get(14)?,
        status: row.get(15)?,
        code: row.get(16)?,
        reason: row.get(17)?,
        doubt: row.get(18)?,
        message: row.get(19)?,
        remote_id: row.get(20)?,
        by: row.get(21)?,
    })
}
