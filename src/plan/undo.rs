//! What becomes of each row of a run that is undone, by what the ledger knows of it.
//!
//! Pure: a table over what a row has done, operation by operation. What is done last is undone first: where a later run has
//! acted on a row since, the row is left as it is and that run is named. What is there now is seen when the row's turn comes.

use crate::ledger::{Turn, TurnedRow};
use crate::row::{CameTo, Next, Purpose};

/// What becomes of a row of a run that is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UndoFate {
    /// What it has done is undone.
    Undo(UndoneTurn),
    /// It has been undone already.
    Undone,
    /// A later run has acted on it since: that one is undone first.
    Superseded { run: i64 },
    /// Nobody knows what the run has done to it.
    InDoubt,
    /// A person wants no more of its undoing.
    Dismissed,
    /// The run has done nothing to it.
    Nothing,
}

/// How a row is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UndoneTurn {
    /// The place among the row's operations of the one that is undone.
    pub of: usize,
    /// The attempt that undoes it.
    pub next: Next,
    pub begun: Begun,
}

/// Whether an earlier undoing has begun with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    No,
    /// And its request may have acted.
    MayHaveActed,
}

/// The operation that is undone, with the print of what is there now, which is what was done last, be it to undo a later
/// operation of the row; and what that is called by now, where it was deleted since and made anew.
pub(crate) fn as_it_is(row: &TurnedRow, of: usize) -> Option<(Turn, Option<&str>)> {
    let is_done = |turn: &&Turn| turn.came_to == CameTo::Done;
    let print = row.turns.iter().rfind(is_done).and_then(|turn| turn.print);
    let since = row.turns.iter().skip(of + 1).filter(is_done).filter(|turn| turn.undoes);
    let anew = since.filter_map(|turn| turn.id.as_deref()).next_back();
    row.turns.get(of).map(|turn| (Turn { print, ..turn.clone() }, anew))
}

/// Decides what becomes of a row where a run is undone.
pub(crate) fn undo_fate(row: &TurnedRow, run: i64) -> UndoFate {
    let Stack { standing, undone } = Stack::of(&row.turns);
    let turn = |at: usize| row.turns.get(at);
    let is_of_run = |at: &usize| turn(*at).is_some_and(|turn| turn.run == run);
    let top = standing.last().copied();
    let open = row.turns.last().filter(|last| last.came_to == CameTo::Unknown);
    match (open, top) {
        (Some(open), Some(of)) if open.undoes && is_of_run(&of) => undo(row, of),
        (Some(open), _) if open.undoes || open.run == run => UndoFate::InDoubt,
        (Some(open), _) => UndoFate::Superseded { run: open.run },
        (None, Some(of)) if is_of_run(&of) => undo(row, of),
        (None, Some(of)) if standing.iter().any(is_of_run) => {
            UndoFate::Superseded { run: turn(of).map_or(0, |turn| turn.run) }
        }
        (None, _) if undone.iter().any(is_of_run) => UndoFate::Undone,
        (None, _) => UndoFate::Nothing,
    }
}

/// What undoes the last of a row's operations that stands.
fn undo(row: &TurnedRow, of: usize) -> UndoFate {
    match row.position.next(Purpose::Undo) {
        Some(next) => {
            let begun = match next.before().may_have_acted() {
                true => Begun::MayHaveActed,
                false => Begun::No,
            };
            UndoFate::Undo(UndoneTurn { of, next, begun })
        }
        None => UndoFate::Dismissed,
    }
}

/// What of a row's operations stands, and what does not.
struct Stack {
    standing: Vec<usize>,
    undone: Vec<usize>,
}

impl Stack {
    fn of(turns: &[Turn]) -> Self {
        let mut stack = Self { standing: Vec::new(), undone: Vec::new() };
        for (at, turn) in turns.iter().enumerate() {
            match (turn.came_to, turn.undoes) {
                (CameTo::Done, false) => stack.standing.push(at),
                (CameTo::Done, true) => stack.undone.extend(stack.standing.pop()),
                (CameTo::Unknown | CameTo::Nothing, _) => {}
            }
        }
        stack
    }
}

#[cfg(test)]
mod tests;
