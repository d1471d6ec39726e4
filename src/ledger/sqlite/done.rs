//! Rows of a job that are done, one after the other, in one scan.

use rusqlite::{Connection, Row};

use super::fault::Unread;
use super::scan::{Listener, Owners, Which, scan};
use crate::ledger::{DoneRow, JobId, OwnerId};
use crate::row::{Life, RowState, Standing};
use crate::text::place::RowPlace;

/// Tells of each row of a job that is done, in the order in which they were first sent; until `tell` says that it has heard
/// enough.
pub(super) fn read(
    connection: &Connection,
    job: JobId,
    tell: &mut dyn FnMut(&DoneRow) -> bool,
) -> Result<(), Unread> {
    let moment = connection.unchecked_transaction()?;
    let owners = Owners::read(&moment)?;
    let row = DoneRow {
        key: String::new(),
        remote_id: None,
        operation: String::new(),
        lane: String::new(),
        place: RowPlace::default(),
        at: 0,
        run: 0,
    };
    scan(&moment, Which::All, &mut Telling { owners, job, row, made: None, tell, is_over: false })
}

struct Telling<'t> {
    owners: Owners,
    job: JobId,
    /// The row in hand.
    row: DoneRow,
    /// What it has made.
    made: Option<String>,
    tell: &'t mut dyn FnMut(&DoneRow) -> bool,
    is_over: bool,
}

impl Listener for Telling<'_> {
    const START: &'static str = "key, row, line, lane";
    const END: &'static str = "at, owner";

    fn start(&mut self, owner: OwnerId, start: &Row<'_>) -> rusqlite::Result<()> {
        // What did not undo a row leaves it as it was.
        if self.owners.undoes(owner) {
            return Ok(());
        }
        self.made = None;
        let text = |into: &mut String, column: usize| -> rusqlite::Result<()> {
            into.clear();
            into.push_str(start.get_ref(column)?.as_str()?);
            Ok(())
        };
        text(&mut self.row.operation, 4)?;
        text(&mut self.row.key, Self::START_FROM)?;
        text(&mut self.row.lane, Self::START_FROM + 3)?;
        self.row.place.row = start.get(Self::START_FROM + 1)?;
        self.row.place.line = start.get(Self::START_FROM + 2)?;
        Ok(())
    }

    fn end(&mut self, end: &Row<'_>) -> rusqlite::Result<()> {
        let owner = OwnerId(end.get(Self::END_FROM + 1)?);
        if self.owners.undoes(owner) {
            return Ok(());
        }
        self.row.at = end.get(Self::END_FROM)?;
        self.made = end.get::<_, Option<String>>(3)?.or(self.made.take());
        self.row.run = self.owners.job_and_run(owner).map_or(0, |(_, run)| run);
        Ok(())
    }

    fn row(&mut self, _: i64, owner: OwnerId, life: Life) -> Result<(), Unread> {
        if self.is_over
            || self.owners.job(owner) != Some(self.job)
            || self.owners.standing(owner, &life) != Standing::Done
        {
            return Ok(());
        }
        self.row.remote_id = match life.row_state() {
            RowState::Succeeded { id, .. } => id,
            _ => self.made.take(),
        };
        self.is_over = !(self.tell)(&self.row);
        Ok(())
    }
}
