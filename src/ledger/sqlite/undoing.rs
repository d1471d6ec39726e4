//! Runs that undo what other runs have done, and what there is to be undone.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::fault::{Unread, text, text_or_null};
use super::scan::{Listener, Owners, Which, scan};
use super::snapshots;
use crate::ledger::{JobId, OwnerId, Turn, TurnedRow};
use crate::row::{CameTo, Life, Outcome, Purpose, RowId};
use crate::text::place::RowPlace;

/// Whether a file says which runs undo others: one in which nobody has undone anything need not.
pub(super) fn is_known(connection: &Connection) -> rusqlite::Result<bool> {
    let query = "SELECT count(*) FROM main.pragma_table_info('runs') WHERE name = 'undoes'";
    connection.query_row(query, [], |row| row.get::<_, i64>(0)).map(|count| count > 0)
}

/// Writes down that a run undoes another.
pub(super) fn note(connection: &Connection, run: i64, of: i64) -> rusqlite::Result<()> {
    if !is_known(connection)? {
        connection.execute_batch("ALTER TABLE runs ADD COLUMN undoes INTEGER")?;
    }
    let query = "UPDATE runs SET undoes = ?2 WHERE id = ?1";
    connection.execute(query, params![run, of]).map(drop)
}

/// The run that a run undoes; none where it undoes none.
pub(super) fn undone_by(connection: &Connection, run: i64) -> rusqlite::Result<Option<i64>> {
    if !is_known(connection)? {
        return Ok(None);
    }
    let query = "SELECT undoes FROM runs WHERE id = ?1";
    connection.query_row(query, [run], |row| row.get(0)).optional().map(Option::flatten)
}

/// The owners whose runs undo others.
pub(super) fn owners(connection: &Connection) -> rusqlite::Result<HashSet<OwnerId>> {
    if !is_known(connection)? {
        return Ok(HashSet::new());
    }
    let query = "SELECT owners.id FROM owners JOIN runs ON runs.id = owners.run WHERE runs.undoes IS NOT NULL";
    let mut statement = connection.prepare_cached(query)?;
    let owners = statement.query_map([], |row| row.get(0).map(OwnerId))?;
    owners.collect()
}

/// What the rows have done in which a run has had a hand, in the order in which they were first sent.
pub(super) fn turned(
    connection: &Connection,
    job: JobId,
    run: i64,
) -> Result<Vec<TurnedRow>, Unread> {
    let moment = connection.unchecked_transaction()?;
    let owners = Owners::read(&moment)?;
    let mut gathering = Gathering { owners, job, run, hand: None, rows: Vec::new() };
    scan(&moment, Which::All, &mut gathering)?;
    let mut rows = gathering.rows;
    if snapshots::has_prints(&moment)? {
        let query = "SELECT print FROM starts WHERE id = ?1 AND number = ?2";
        let mut prints = moment.prepare(query)?;
        for row in &mut rows {
            for turn in &mut row.turns {
                let of = params![row.row.0, turn.last];
                turn.print = prints.query_row(of, |row| row.get(0)).optional()?.flatten();
            }
        }
    }
    Ok(rows)
}

struct Gathering {
    owners: Owners,
    job: JobId,
    run: i64,
    hand: Option<TurnedRow>,
    rows: Vec<TurnedRow>,
}

impl Listener for Gathering {
    const START: &'static str = "key, row, line, lane";

    fn start(&mut self, owner: OwnerId, start: &Row<'_>) -> rusqlite::Result<()> {
        let (id, number, turn): (i64, u32, u32) = (start.get(0)?, start.get(1)?, start.get(2)?);
        let (job, run) = self.owners.job_and_run(owner).unwrap_or((JobId(0), 0));
        let from = Self::START_FROM;
        let hand = self.hand.get_or_insert_with(|| TurnedRow {
            row: RowId(id),
            key: String::new(),
            place: RowPlace::default(),
            turns: Vec::new(),
            position: Life::default().position(),
            is_own: false,
        });
        hand.is_own = job == self.job;
        hand.key = text(start, from)?.to_owned();
        hand.place = RowPlace::of(start.get(from + 1)?, start.get(from + 2)?);
        let undoes = self.owners.undoes(owner);
        if hand.turns.last().is_none_or(|last| last.number != turn) {
            hand.turns.push(Turn {
                number: turn,
                run,
                operation: String::new(),
                lane: String::new(),
                undoes,
                came_to: CameTo::Unknown,
                id: None,
                first: None,
                last: number,
                print: None,
            });
        }
        if let Some(last) = hand.turns.last_mut() {
            last.operation = text(start, 4)?.to_owned();
            last.lane = text(start, from + 3)?.to_owned();
            (last.run, last.last) = (run, number);
            last.first.get_or_insert(number);
        }
        Ok(())
    }

    fn end(&mut self, end: &Row<'_>) -> rusqlite::Result<()> {
        let Some(turn) = self.hand.as_mut().and_then(|hand| hand.turns.last_mut()) else {
            return Ok(());
        };
        let outcome = text_or_null(end, 2)?.and_then(Outcome::parse);
        if let Some(id) = text_or_null(end, 3)?.filter(|_| outcome.is_some_and(Outcome::succeeds)) {
            turn.id = Some(id.to_owned());
        }
        Ok(())
    }

    fn attempt(&mut self, life: &Life) {
        let turn = self.hand.as_mut().and_then(|hand| hand.turns.last_mut());
        // What was there before the next attempt is what was there before the operation did anything: not where an attempt before
        // this one may have acted, whatever came of this one.
        if let Some(turn) = turn.filter(|_| life.came_to() == CameTo::Nothing) {
            turn.first = None;
        }
    }

    fn turn(&mut self, _: Purpose, over: Option<CameTo>) {
        let last = self.hand.as_mut().and_then(|hand| hand.turns.last_mut());
        if let (Some(last), Some(came_to)) = (last, over) {
            last.came_to = came_to;
        }
    }

    fn row(&mut self, _: i64, _: OwnerId, life: Life) -> Result<(), Unread> {
        let Some(mut hand) = self.hand.take() else { return Ok(()) };
        if let Some(last) = hand.turns.last_mut() {
            last.came_to = life.came_to();
        }
        hand.position = life.position();
        if hand.is_own && hand.turns.iter().any(|turn| turn.run == self.run) {
            self.rows.push(hand);
        }
        Ok(())
    }
}
