//! What must be true after any life, whatever went wrong in it.

use std::collections::{HashMap, HashSet};

use super::manner::{Note, Pages};
use super::world::{Row, World, is_internal};
use crate::declared::connector::Repeat;
use crate::event::RowEnd;
use crate::row::RowState;

/// The promises, after any life.
///
/// Rows of one lane with one text are told apart by nobody, least of all by the reader of the ticket: what counts is
/// how many of their notes there are.
pub(super) fn check(world: &World, seed: u64) {
    let mut groups: HashMap<(&str, String), (usize, usize, usize)> = HashMap::new();
    for row in world.rows.iter().filter(|row| row.operation.repeat == Repeat::Harmful) {
        let (made, done, open) =
            groups.entry((row.lane.as_str(), world.text(row.number))).or_default();
        *made += world.acted.iter().filter(|acted| **acted == row.number).count();
        match world.ledger.get(&row.number) {
            Some(RowState::Succeeded { .. }) => *done += 1,
            Some(RowState::Started { .. } | RowState::InDoubt { .. }) => *open += 1,
            _ => {}
        }
    }
    for (group, (made, done, open)) in groups {
        let beyond = |row: &&u64| {
            let of_group = world.row(**row);
            (of_group.lane.as_str(), world.text(**row)) == group
        };
        let beyond = world.beyond.iter().filter(beyond).count();
        assert!(
            made >= done,
            "seed {seed}: of {group:?} {made} were made and {done} are said to be\n{}",
            world.describe(group.0)
        );
        assert!(
            made <= done + open + beyond,
            "seed {seed}: of {group:?} {made} were made, and only {done} are known\n{}",
            world.describe(group.0)
        );
    }
    for (row, state) in &world.ledger {
        let refused = matches!(state, RowState::Refused { .. });
        assert!(!refused || world.refused.contains(row), "seed {seed}: row {row} pays for others");
    }
    check_order(world, seed);
    check_updates(world, seed);
    check_pace(world, seed);
}

/// What was there more often than the ledger knows when its lane was counted was told by its name; or it was told that it
/// could not be counted, where the server's lists are odd.
pub(super) fn check_counts(world: &World, seed: u64) {
    let mut groups: HashMap<(&str, String), Vec<u64>> = HashMap::new();
    for row in world.rows.iter().filter(|row| world.creates(row.number)) {
        let group = (row.lane.as_str(), world.text(row.number));
        groups.entry(group).or_default().push(row.number);
    }
    for ((lane, text), rows) in groups {
        let Some(counted) = world.counted.get(lane) else { continue };
        let shown_until = i64::try_from(counted.saturating_sub(world.manner.lag).as_millis());
        let shown_until = shown_until.unwrap();
        let is_of = |note: &&Note| {
            let of_row = |row: &u64| note.id.starts_with(&format!("tn_{row}_"));
            note.at < shown_until && rows.iter().any(of_row)
        };
        let made = world.notes.iter().filter(is_of).count();
        let state = |row: &u64| world.ledger.get(row);
        let is_done = |row: &&u64| matches!(state(row), Some(RowState::Succeeded { .. }));
        let known = rows.iter().filter(is_done).count();
        let is_settled = |row: &u64| world.settled.contains(row);
        // What no list shows is counted by nobody, and a row in doubt is told of as that. Of what a row has made whose id
        // nobody knows, and of what stands on a page that nobody need read, a double is seen where a look has settled it.
        let is_exempt = rows.iter().any(|row| {
            let is_open = state(row).is_some_and(RowState::may_have_acted);
            let is_nameless = matches!(state(row), Some(RowState::Succeeded { id: None, .. }));
            let is_hidden = world.manner.hides_internal && is_internal(*row);
            let is_far = !matches!(world.pages, Pages::Whole | Pages::Of(100));
            is_open || is_hidden || ((is_nameless || is_far) && !is_settled(row))
        });
        let is_told = rows.iter().any(|row| world.told.contains(row));
        assert!(
            made <= known || is_told || is_exempt || world.uncounted.contains(lane),
            "seed {seed}: {lane}: {text:?} is there {made} times, {known} are known, and nobody was told\n{}",
            world.describe(lane)
        );
        let is_odd = world.manner.is_crowded || !world.beyond.is_empty();
        assert!(!is_told || is_odd, "seed {seed}: {lane}: {text:?} was told to be there twice");
    }
}

/// Once an update is done, nothing acts any more that stands before it in its lane: the note says what the last row said.
fn check_updates(world: &World, seed: u64) {
    let update = |row: u64| world.repeat(row) == Repeat::Harmless;
    let done =
        |row: &Row| matches!(world.ledger.get(&row.number), Some(RowState::Succeeded { .. }));
    let mut last_done: HashMap<&str, u64> = HashMap::new();
    for row in world.rows.iter().filter(|row| update(row.number) && done(row)) {
        last_done.insert(row.lane.as_str(), row.number);
    }
    for (lane, last) in last_done {
        let of_lane = |row: &u64| world.row(*row).lane == lane;
        let acted = world.acted.iter().rev().find(|row| update(**row) && of_lane(row));
        assert!(
            acted.is_some_and(|acted| *acted >= last),
            "seed {seed}: {lane} says {acted:?}, not {last}"
        );
    }
}

/// The rows of a lane act in the order of the source, however often each is tried and whatever runs it takes.
fn check_order(world: &World, seed: u64) {
    let mut seen = HashSet::new();
    let mut last: HashMap<&str, u64> = HashMap::new();
    let in_time = world.acted.iter().filter(|row| !world.beyond.contains(row));
    for row in in_time.filter(|row| seen.insert(**row)) {
        let lane = world.row(*row).lane.as_str();
        let before = last.insert(lane, *row).unwrap_or(0);
        assert!(before < *row, "seed {seed}: {lane}: row {row} after row {before}");
    }
}

fn check_pace(world: &World, seed: u64) {
    let most = world.quota.requests.get() as usize;
    for (at, start) in world.left.iter().enumerate() {
        if let Some(later) = world.left.get(at + most) {
            assert!(
                *later - *start >= world.quota.window,
                "seed {seed}: too many requests from {start:?} on"
            );
        }
    }
}

/// What reporters heard is what the ledger holds.
pub(super) fn check_told(world: &World, told: &HashMap<u64, RowEnd>) {
    for (row, end) in told {
        let state = &world.ledger[row];
        let fits = match end {
            RowEnd::Succeeded => matches!(state, RowState::Succeeded { .. }),
            RowEnd::Failed => matches!(state, RowState::Refused { .. } | RowState::GivenUp { .. }),
            RowEnd::InDoubt => matches!(state, RowState::InDoubt { .. }),
            RowEnd::Invalid => false,
        };
        assert!(fits, "row {row} was told as {end:?} and is {state:?}");
    }
}

/// Of a server that lists notes as one would expect a row stays in doubt only where nothing of its kind in its lane has a
/// known id, or the clocks of its attempt are not known.
pub(super) fn check_doubts(world: &World, seed: u64) {
    for (row, state) in &world.ledger {
        if !matches!(state, RowState::InDoubt { .. }) || !world.manner.is_plain() {
            continue;
        }
        let lane = &world.row(*row).lane;
        let is_alike = |other: &u64| {
            world.row(*other).lane == *lane && is_internal(*other) == is_internal(*row)
        };
        let owns = world.owned.iter().any(|(_, other, _)| world.creates(*other) && is_alike(other));
        let is_certain = world.started[row].remote_at.is_some() || world.set == 0;
        let is_cut = matches!(world.pages, Pages::Cut(_));
        let doubt = &world.doubts[row];
        assert!(is_cut || !owns || !is_certain, "seed {seed}: row {row} is in doubt: {doubt:?}");
    }
}
