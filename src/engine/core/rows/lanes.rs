//! Which row may go next: of each lane one at a time, of all lanes the oldest row first.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use crate::row::Lane;

/// The rows that wait, by slot.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Of each lane that has a row ready or under way: the rows behind that row, in the order of the source.
    behind: HashMap<Lane, VecDeque<(u64, usize)>>,
    /// Rows that may go, the oldest first.
    ready: BinaryHeap<Reverse<(u64, usize)>>,
    /// Lanes of which no further row goes in this run.
    closed: HashSet<Lane>,
}

impl Lanes {
    /// Adds a row at the end of its lane.
    pub(super) fn push(&mut self, lane: Lane, row: u64, slot: usize) {
        match self.behind.entry(lane) {
            Entry::Occupied(lane) => lane.into_mut().push_back((row, slot)),
            Entry::Vacant(lane) => {
                lane.insert(VecDeque::new());
                self.ready.push(Reverse((row, slot)));
            }
        }
    }

    /// Whether no further row of a lane goes in this run.
    pub(super) fn is_closed(&self, lane: Lane) -> bool {
        self.closed.contains(&lane)
    }

    /// The oldest row that may go.
    pub(super) fn first(&self) -> Option<usize> {
        self.ready.peek().map(|Reverse((_, slot))| *slot)
    }

    /// The oldest row that may go is on its way. Its lane stays busy until [`release`](Self::release) or
    /// [`close`](Self::close).
    pub(super) fn take_first(&mut self) {
        self.ready.pop();
    }

    /// A row that was on its way may go once more.
    pub(super) fn again(&mut self, row: u64, slot: usize) {
        self.ready.push(Reverse((row, slot)));
    }

    /// The row of a lane that was on its way is over: the next row of the lane may go. False where no row of it can have been
    /// on its way; a lane that was closed meanwhile stays so.
    #[must_use]
    pub(super) fn release(&mut self, lane: Lane) -> bool {
        let Entry::Occupied(mut behind) = self.behind.entry(lane) else {
            return self.is_closed(lane);
        };
        match behind.get_mut().pop_front() {
            Some(next) => self.ready.push(Reverse(next)),
            None => {
                behind.remove();
            }
        }
        true
    }

    /// The row of a lane that was on its way goes no further in this run, and no other row must overtake it. Gives the
    /// rows behind it, by slot; rows of the lane that come later are not to be added.
    pub(super) fn close(&mut self, lane: Lane) -> impl Iterator<Item = usize> + use<> {
        self.closed.insert(lane);
        let behind = self.behind.remove(&lane).unwrap_or_default();
        behind.into_iter().map(|(_, slot)| slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(lanes: &mut Lanes) -> Option<usize> {
        let first = lanes.first();
        lanes.take_first();
        first
    }

    #[test]
    fn a_closed_lane_gives_its_rows_back() {
        let lane = Lane::named("a");
        let mut lanes = Lanes::default();
        (1..=3).for_each(|row| lanes.push(lane, row, row as usize));
        assert_eq!(next(&mut lanes), Some(1));
        assert_eq!(lanes.close(lane).collect::<Vec<_>>(), [2, 3]);
        assert!(lanes.is_closed(lane) && !lanes.is_closed(Lane::named("b")));
        assert_eq!(next(&mut lanes), None);
    }

    #[test]
    fn a_lane_goes_one_at_a_time_and_the_oldest_lane_first() {
        let (first, second) = (Lane::named("a"), Lane::named("b"));
        let mut lanes = Lanes::default();
        for (lane, row) in [(first, 1), (first, 2), (second, 3), (first, 4)] {
            lanes.push(lane, row, row as usize);
        }
        assert_eq!([(); 3].map(|()| next(&mut lanes)), [Some(1), Some(3), None]);
        assert!(lanes.release(second));
        assert_eq!(next(&mut lanes), None);
        lanes.again(1, 1);
        assert_eq!(next(&mut lanes), Some(1));
        assert!(lanes.release(first));
        assert_eq!([(); 2].map(|()| next(&mut lanes)), [Some(2), None]);
        assert!(lanes.release(first));
        lanes.push(first, 5, 5);
        assert_eq!([(); 2].map(|()| next(&mut lanes)), [Some(4), None]);
        assert!(lanes.release(first));
        assert!(!lanes.release(Lane::named("unknown")));
        assert_eq!((next(&mut lanes), lanes.first()), (Some(5), None));
    }
}
