//! When each row's turn comes, as far as that can be reckoned, and whether its reminder still lies ahead then.
//!
//! The reckoning is that of the plan's duration: quotas, and how many requests may be under way; and rows of one lane go one
//! at a time. What else may hold a run up, nobody knows: a reminder that is reckoned to be in time is no promise.

use std::collections::HashMap;
use std::time::Duration;

use crate::prepare::PastReminder;
use crate::row::Lane;
use crate::text::place::RowPlace;

/// So many rows are named.
const NAMED: usize = 5;

/// What is known of the turns of rows with reminders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Turns {
    /// Reminders that will be past before their rows' turns.
    pub late: u64,
    /// Row and line of the first of them.
    pub first_late: Vec<(u64, u64)>,
    /// The last moment to start the run at which none of them is, in unix milliseconds; none where no row has one.
    pub start_by: Option<i64>,
    /// Reminders that are past already, and what is made of them.
    pub left_out: u64,
    pub shifted: u64,
    /// Of those that are shifted, reminders that come behind their rows' due dates then.
    pub behind: u64,
}

/// The rows that would be sent, in their order: thirty-two bytes for each that has a reminder, and twenty for each lane.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    rows: u64,
    lanes: HashMap<Lane, u32>,
    dues: Vec<Due>,
    left_out: u64,
    shifted: u64,
    behind: u64,
}

/// A row that has to be sent before a moment.
#[derive(Debug, Clone, Copy)]
struct Due {
    /// The how many it is of all that are sent.
    nth: u64,
    /// The how many it is in its lane.
    in_lane: u32,
    row: u64,
    line: u64,
    /// In unix milliseconds.
    before: i64,
}

impl Queue {
    /// The next row: its lane, what is made of its reminder, and the last moment to send it as it is.
    pub(super) fn add(
        &mut self,
        place: &RowPlace,
        lane: Option<Lane>,
        (made, before): (Option<PastReminder>, Option<i64>),
    ) {
        self.rows += 1;
        let in_lane = lane.map_or(1, |lane| {
            let count = self.lanes.entry(lane).or_default();
            *count = count.saturating_add(1);
            *count
        });
        match (made, before) {
            (Some(PastReminder::LeftOut), _) => self.left_out += 1,
            (Some(PastReminder::Shifted), _) => self.shifted += 1,
            (Some(PastReminder::ShiftedBehind), _) => {
                self.shifted += 1;
                self.behind += 1;
            }
            (None, Some(before)) => self.dues.push(Due {
                nth: self.rows,
                in_lane,
                row: place.row,
                line: place.line,
                before,
            }),
            (None, None) => {}
        }
    }

    /// Where the run starts at `now`. `answered` says after how long so many requests are answered, and `latency` how long one
    /// is under way; a reminder that is nearer than `lead` at a turn counts as past.
    pub(crate) fn turns(
        &self,
        now: i64,
        (answered, latency): (impl Fn(u64) -> Duration, Duration),
        lead: Duration,
    ) -> Turns {
        let mut turns = Turns {
            left_out: self.left_out,
            shifted: self.shifted,
            behind: self.behind,
            ..Turns::default()
        };
        for due in &self.dues {
            let turn = answered(due.nth).max(latency.saturating_mul(due.in_lane));
            let turn = turn.saturating_add(lead);
            let turn = i64::try_from(turn.as_millis()).unwrap_or(i64::MAX);
            let start_by = due.before.saturating_sub(turn);
            turns.start_by = Some(turns.start_by.map_or(start_by, |other| other.min(start_by)));
            if start_by < now {
                turns.late += 1;
                if turns.first_late.len() < NAMED {
                    turns.first_late.push((due.row, due.line));
                }
            }
        }
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The turns of rows of these lanes, each with its moment, at one a second.
    fn turns(rows: &[(&str, Option<i64>)], latency: u64) -> Turns {
        let mut queue = Queue::default();
        for (row, (lane, before)) in (1..).zip(rows) {
            let place = RowPlace::of(row, row + 1);
            queue.add(&place, Some(Lane::named(lane)), (None, *before));
        }
        queue.turns(1_000_000, (Duration::from_secs, Duration::from_secs(latency)), Duration::ZERO)
    }

    #[test]
    fn a_reminder_is_late_where_its_row_has_its_turn_after_it() {
        // The third row has its turn after three seconds.
        for (before, late) in [(1_002_999, 1), (1_003_000, 0), (1_003_001, 0)] {
            let found = turns(&[("a", None), ("b", None), ("c", Some(before))], 0);
            assert_eq!((found.late, found.start_by), (late, Some(before - 3_000)), "{before}");
            assert_eq!(found.first_late.first(), (late > 0).then_some(&(3, 4)));
        }
        assert_eq!(turns(&[("a", None)], 0), Turns::default());
    }

    #[test]
    fn a_reminder_that_is_near_at_the_turn_is_late_where_it_counts_as_past_then() {
        let mut queue = Queue::default();
        queue.add(&RowPlace::of(1, 2), None, (None, Some(1_031_000)));
        let lead = Duration::from_secs(30);
        for (now, late) in [(1_000_000, 0), (1_000_001, 1)] {
            let found = queue.turns(now, (Duration::from_secs, Duration::ZERO), lead);
            assert_eq!((found.late, found.start_by), (late, Some(1_000_000)));
        }
    }

    #[test]
    fn rows_of_a_lane_wait_for_each_other() {
        let rows = [("a", None), ("a", None), ("a", Some(1_010_000)), ("b", Some(1_010_000))];
        let found = turns(&rows, 5);
        assert_eq!((found.late, found.first_late), (1, vec![(3, 4)]));
        assert_eq!(found.start_by, Some(995_000));
    }

    #[test]
    fn the_first_of_many_are_named_and_all_are_counted() {
        let rows = vec![("a", Some(0)); 100];
        let found = turns(&rows, 0);
        assert_eq!((found.late, found.first_late.len()), (100, NAMED));
        assert_eq!(found.start_by, Some(-100_000));
    }
}
