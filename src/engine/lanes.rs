//! Which row may go next: one of a lane at a time, the oldest of all lanes first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use crate::row::Lane;

/// The rows that wait, by slot.
#[derive(Debug, Default)]
pub struct Lanes {
    /// The first of each lane is the one that is ready or under way; the others wait for it.
    queues: HashMap<Lane, VecDeque<(u64, usize)>>,
    ready: BinaryHeap<Reverse<(u64, usize)>>,
    /// Lanes that go no further in this run.
    closed: HashSet<Lane>,
}

impl Lanes {
    /// Adds a row at the end of its lane.
    pub fn push(&mut self, lane: Lane, row: u64, slot: usize) {
        let queue = self.queues.entry(lane).or_default();
        queue.push_back((row, slot));
        if queue.len() == 1 {
            self.ready.push(Reverse((row, slot)));
        }
    }

    /// Whether a lane goes no further in this run.
    pub fn is_closed(&self, lane: Lane) -> bool {
        self.closed.contains(&lane)
    }

    /// The row that is under way in its lane has come to nothing for now. The others must not overtake it: they are
    /// given back, by slot, and no more are to be added.
    pub fn close(&mut self, lane: Lane) -> Vec<usize> {
        self.closed.insert(lane);
        let queue = self.queues.remove(&lane).unwrap_or_default();
        queue.into_iter().skip(1).map(|(_, slot)| slot).collect()
    }

    /// Takes the oldest row that may go. Its lane stays busy until [`release`](Self::release) or [`again`](Self::again).
    pub fn pop(&mut self) -> Option<usize> {
        self.ready.pop().map(|Reverse((_, slot))| slot)
    }

    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The row that is under way in its lane may go once more.
    pub fn again(&mut self, row: u64, slot: usize) {
        self.ready.push(Reverse((row, slot)));
    }

    /// The row that is under way in its lane is over; the next one may go.
    pub fn release(&mut self, lane: Lane) {
        let Some(queue) = self.queues.get_mut(&lane) else { return };
        queue.pop_front();
        match queue.front() {
            Some(next) => self.ready.push(Reverse(*next)),
            None => {
                self.queues.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_lane_gives_its_rows_back() {
        let lane = Lane::named("a");
        let mut lanes = Lanes::default();
        (1..=3).for_each(|row| lanes.push(lane, row, row as usize));
        assert_eq!(lanes.pop(), Some(1));
        assert_eq!(lanes.close(lane), [2, 3]);
        assert!(lanes.is_closed(lane) && !lanes.is_closed(Lane::named("b")));
        assert_eq!(lanes.pop(), None);
    }

    #[test]
    fn a_lane_goes_one_at_a_time_and_the_oldest_lane_first() {
        let (first, second) = (Lane::named("a"), Lane::named("b"));
        let mut lanes = Lanes::default();
        for (lane, row) in [(first, 1), (first, 2), (second, 3), (first, 4)] {
            lanes.push(lane, row, row as usize);
        }
        assert_eq!((lanes.pop(), lanes.pop(), lanes.pop()), (Some(1), Some(3), None));
        lanes.release(second);
        assert_eq!(lanes.pop(), None);
        lanes.again(1, 1);
        assert_eq!(lanes.pop(), Some(1));
        lanes.release(first);
        assert_eq!((lanes.pop(), lanes.pop()), (Some(2), None));
        lanes.release(first);
        lanes.push(first, 5, 5);
        assert_eq!((lanes.pop(), lanes.pop()), (Some(4), None));
        lanes.release(first);
        lanes.release(Lane::named("unknown"));
        assert_eq!((lanes.pop(), lanes.has_ready()), (Some(5), false));
    }
}
