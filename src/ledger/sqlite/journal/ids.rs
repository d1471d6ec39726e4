//! Ids for new rows, set aside before they are needed.
//!
//! A row's id is chosen before its start is written, so that the same start written again is the same row. The writer of
//! another job on the same file must not choose the same id: each writer sets ids aside in the file, always a group ahead
//! of the ids that it uses, and uses none before the setting aside is durable. The ids that are left in the end are given
//! back, so that ids stay small.

use std::ops::Range;

use rusqlite::Connection;

use crate::ledger::recorder::LARGEST_GROUP;
use crate::row::RowId;

/// So many ids are set aside at once: two groups of new rows.
const BLOCK: i64 = 2 * LARGEST_GROUP as i64;

/// Sets ids aside within the transaction that is under way; gives the first of them.
pub(in crate::ledger::sqlite) fn take_ids(connection: &Connection) -> rusqlite::Result<RowId> {
    let mut statement =
        connection.prepare_cached("UPDATE ids SET next = next + ?1 RETURNING next - ?1")?;
    statement.query_row([BLOCK], |row| row.get(0).map(RowId))
}

/// The ids that a writer may choose.
#[derive(Debug)]
pub(super) struct Ids {
    present: Range<i64>,
    /// Those that follow when the present ones are used up.
    next: Range<i64>,
}

impl Ids {
    pub(super) fn from(first: RowId) -> Self {
        Self { present: first.0..first.0 + BLOCK, next: 0..0 }
    }

    /// Whether more are to be set aside with the group that is written now, so that the one after it has enough.
    pub(super) fn run_low(&self) -> bool {
        self.next.is_empty() && self.present.end - self.present.start < LARGEST_GROUP as i64
    }

    /// More were set aside, and that is durable.
    pub(super) fn add(&mut self, first: RowId) {
        self.next = first.0..first.0 + BLOCK;
    }

    /// Gives back the ids that are left, unless another writer has set ids aside since.
    pub(super) fn give_back(self, connection: &Connection) -> rusqlite::Result<()> {
        let follows = self.present.end == self.next.start;
        let (from, to) = match (self.next.is_empty(), follows) {
            (true, _) => (self.present.start, self.present.end),
            (false, true) => (self.present.start, self.next.end),
            (false, false) => (self.next.start, self.next.end),
        };
        connection.execute("UPDATE ids SET next = ?1 WHERE next = ?2", [from, to]).map(drop)
    }

    /// The next one; none where a group has more new rows than there are ids, which is never.
    pub(super) fn choose(&mut self) -> Option<RowId> {
        if self.present.is_empty() {
            self.present = std::mem::take(&mut self.next);
        }
        self.present.next().map(RowId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_always_ids_for_a_whole_group_and_none_is_chosen_twice() {
        let mut ids = Ids::from(RowId(1));
        let (mut set_aside, mut chosen) = (1 + BLOCK, Vec::new());
        for group in [1, LARGEST_GROUP, 7, LARGEST_GROUP, LARGEST_GROUP, 1, LARGEST_GROUP] {
            chosen.extend((0..group).map(|_| ids.choose().unwrap().0));
            if ids.run_low() {
                ids.add(RowId(set_aside));
                set_aside += BLOCK;
            }
        }
        let all = chosen.len();
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!((chosen.len(), *chosen.last().unwrap() < set_aside), (all, true));
    }
}
