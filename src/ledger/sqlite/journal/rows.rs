//! The rows that are in an engine's hands, by its names for them, and the ids that they have in the ledger.

use super::ids::Ids;
use crate::ledger::Ack;
use crate::ledger::recorder::Write;
use crate::row::{AttemptStart, RowId};

/// Writes that go into the ledger together, each with the id of its row. The ids are chosen once: what is written again
/// is written of the same rows.
#[derive(Debug, Default)]
pub(super) struct Group {
    writes: Vec<(Write, RowId)>,
}

/// What came of taking a group's rows in hand.
pub(super) struct Entered {
    pub group: Group,
    /// Writes of rows that have no id: outcomes of rows that are not in hand, or starts for which no id was set aside.
    pub unknown: Vec<Write>,
}

/// The rows in hand.
#[derive(Debug)]
pub(super) struct RowsInHand {
    hands: Vec<Option<Hand>>,
    ids: Ids,
}

/// A row in hand.
#[derive(Debug)]
struct Hand {
    row: RowId,
    /// Its attempt that is under way, or was before the one that is being entered, where this run has begun it.
    start: Option<Box<AttemptStart>>,
}

impl Group {
    /// Each write and the id of its row.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Write, RowId)> {
        self.writes.iter().map(|(write, row)| (write, *row))
    }

    /// What is said when all of it is durable.
    pub(super) fn acks(&self) -> Vec<Ack> {
        let ack = |(write, _): &(Write, _)| match write {
            Write::Start { slot, .. } => Ack::Started { slot: *slot },
            Write::End { slot, .. } => Ack::Ended { slot: *slot },
        };
        self.writes.iter().map(ack).collect()
    }

    /// The outcomes and the starts, apart.
    pub(super) fn apart(self) -> (Self, Self) {
        let is_end = |(write, _): &(Write, _)| matches!(write, Write::End { .. });
        let (ends, starts) = self.writes.into_iter().partition(is_end);
        (Self { writes: ends }, Self { writes: starts })
    }

    /// The writes at some places, and the others. The places are in order.
    pub(super) fn split(self, places: &[usize]) -> (Self, Self) {
        let writes = self.writes.into_iter().enumerate();
        let (there, others): (Vec<_>, Vec<_>) =
            writes.partition(|(at, _)| places.binary_search(at).is_ok());
        let group = |writes: Vec<(usize, _)>| writes.into_iter().map(|(_, write)| write).collect();
        (group(there), group(others))
    }

    /// The engine's names for the rows.
    pub(super) fn slots(&self) -> Vec<usize> {
        self.writes.iter().map(|(write, _)| write.slot()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.writes.len()
    }
}

impl FromIterator<(Write, RowId)> for Group {
    fn from_iter<T: IntoIterator<Item = (Write, RowId)>>(writes: T) -> Self {
        Self { writes: writes.into_iter().collect() }
    }
}

impl RowsInHand {
    /// `first` is the first of the ids that are set aside.
    pub(super) fn new(first: RowId) -> Self {
        Self { hands: Vec::new(), ids: Ids::from(first) }
    }

    /// Takes the rows of a group in hand, each with the id that it has, or will have.
    pub(super) fn enter(&mut self, writes: Vec<Write>) -> Entered {
        let mut entered = Entered {
            group: Group { writes: Vec::with_capacity(writes.len()) },
            unknown: Vec::new(),
        };
        for write in writes {
            let row = match &write {
                Write::Start { slot, start } => self.take(*slot, start),
                Write::End { slot, end } => end.known.or_else(|| self.row(*slot)),
            };
            match row {
                Some(row) => entered.group.writes.push((write, row)),
                None => entered.unknown.push(write),
            }
        }
        entered
    }

    fn take(&mut self, slot: usize, start: &AttemptStart) -> Option<RowId> {
        let present = self.row(slot).filter(|_| start.number > 1);
        let row = start.known.or(present).or_else(|| self.ids.choose())?;
        if self.hands.len() <= slot {
            self.hands.resize_with(slot + 1, || None);
        }
        // The attempt before this one may end in the same group, and is still to be known until that is durable.
        let before = self.hands[slot].take().filter(|hand| hand.row == row);
        self.hands[slot] = Some(Hand { row, start: before.and_then(|hand| hand.start) });
        Some(row)
    }

    fn row(&self, slot: usize) -> Option<RowId> {
        self.hands.get(slot)?.as_ref().map(|hand| hand.row)
    }

    /// The start of an attempt that is under way, where it was begun by this run.
    pub(super) fn start(&self, slot: usize, number: u32) -> Option<&AttemptStart> {
        let start = self.hands.get(slot)?.as_ref()?.start.as_deref();
        start.filter(|start| start.number == number)
    }

    /// The key of a row whose attempt is under way, where it was begun by this run.
    pub(super) fn key(&self, slot: usize) -> Option<&str> {
        let start = self.hands.get(slot)?.as_ref()?.start.as_deref();
        start.map(|start| &*start.key)
    }

    /// A group is durable: its attempts are under way, or over.
    pub(super) fn settle(&mut self, group: Group) {
        for (write, _) in group.writes {
            let Some(hand) = self.hands.get_mut(write.slot()).and_then(Option::as_mut) else {
                continue;
            };
            hand.start = match write {
                Write::Start { start, .. } => Some(start),
                Write::End { .. } => None,
            };
        }
    }

    /// Whether more ids are to be set aside.
    pub(super) fn run_low(&self) -> bool {
        self.ids.run_low()
    }

    /// Nothing is in hand any more: gives back the ids that are left.
    pub(super) fn give_back(self, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
        self.ids.give_back(connection)
    }

    /// More ids are set aside, and that is durable.
    pub(super) fn add_ids(&mut self, first: RowId) {
        self.ids.add(first);
    }
}
