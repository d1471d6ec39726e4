//! What becomes of each row of a run that is undone, by what the ledger knows of it.
//!
//! Pure: a table over what a row has done, operation by operation. What is done last is undone first: where a later run has
//! acted on a row since, the row is left as it is and that run is named. What is there now is seen when the row's turn comes.

use crate::ledger::{CameTo, Turn, TurnedRow};

/// What becomes of a row of a run that is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UndoFate {
    /// What it has done is undone.
    Undo(Undoing),
    /// It has been undone already.
    Undone,
    /// A later run has acted on it since: that one is undone first.
    Superseded { run: i64 },
    /// Nobody knows what the run has done to it.
    InDoubt,
    /// The run has done nothing to it.
    Nothing,
}

/// How a row is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Undoing {
    /// The place among the row's operations of the one that is undone.
    pub of: usize,
    /// The number of the operation that undoes it.
    pub turn: u32,
    pub begun: Begun,
}

/// Whether an earlier undoing has begun with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    No,
    /// And its request may have acted.
    MayHaveActed,
}

/// Decides what becomes of a row where a run is undone.
pub(crate) fn undo_fate(row: &TurnedRow, run: i64) -> UndoFate {
    let Stack { standing, undone, open } = Stack::of(&row.turns);
    let last = row.turns.last().map_or(0, |turn| turn.number);
    let turn = |at: usize| row.turns.get(at);
    let is_of_run = |at: &usize| turn(*at).is_some_and(|turn| turn.run == run);
    let top = standing.last().copied();
    match (open, top) {
        // A request of a run that was undoing it: it goes on with that.
        (Some(open), Some(of)) if turn(open).is_some_and(|open| open.undoes) => {
            match is_of_run(&of) {
                true => UndoFate::Undo(Undoing { of, turn: last, begun: Begun::MayHaveActed }),
                false => UndoFate::InDoubt,
            }
        }
        (Some(open), _) => match turn(open) {
            Some(open) if open.run != run => UndoFate::Superseded { run: open.run },
            _ => UndoFate::InDoubt,
        },
        // The ledger lets no operation of a row follow one that came to nothing.
        (None, Some(of)) if is_of_run(&of) && is_failed(row.turns.last()) => {
            UndoFate::Superseded { run: row.turns.last().map_or(0, |last| last.run) }
        }
        (None, Some(of)) if is_of_run(&of) => {
            let goes_on =
                row.turns.last().is_some_and(|last| last.undoes && last.came_to == CameTo::Nothing);
            let turn = if goes_on { last } else { last.saturating_add(1) };
            UndoFate::Undo(Undoing { of, turn, begun: Begun::No })
        }
        (None, Some(of)) if standing.iter().any(is_of_run) => {
            UndoFate::Superseded { run: turn(of).map_or(0, |turn| turn.run) }
        }
        (None, _) if undone.iter().any(is_of_run) => UndoFate::Undone,
        (None, _) => UndoFate::Nothing,
    }
}

/// Whether an operation came to nothing that was to do something, and not to undo it.
fn is_failed(turn: Option<&Turn>) -> bool {
    turn.is_some_and(|turn| turn.came_to == CameTo::Nothing && !turn.undoes)
}

/// What of a row's operations stands, and what does not.
struct Stack {
    standing: Vec<usize>,
    undone: Vec<usize>,
    /// One of which nobody knows what came of it.
    open: Option<usize>,
}

impl Stack {
    fn of(turns: &[Turn]) -> Self {
        let mut stack = Self { standing: Vec::new(), undone: Vec::new(), open: None };
        for (at, turn) in turns.iter().enumerate() {
            match (turn.came_to, turn.undoes) {
                (CameTo::Done, false) => stack.standing.push(at),
                (CameTo::Done, true) => stack.undone.extend(stack.standing.pop()),
                (CameTo::Unknown, _) => stack.open = Some(at),
                (CameTo::Nothing, _) => {}
            }
        }
        stack
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::RowId;
    use crate::text::place::RowPlace;

    /// Operations in a word each: the run, `u` where it undoes, and what came of it: `+`, `-` or `?`.
    fn row(words: &str) -> TurnedRow {
        let turns = words.split_whitespace().zip(1..).map(|(word, number)| Turn {
            number,
            run: word[..1].parse().unwrap(),
            operation: "ticket_note.create".to_owned(),
            lane: "ticket tk_1".to_owned(),
            undoes: word.contains('u'),
            came_to: match word.chars().last() {
                Some('+') => CameTo::Done,
                Some('-') => CameTo::Nothing,
                _ => CameTo::Unknown,
            },
            id: None,
            first: None,
            last: number,
            print: None,
        });
        TurnedRow {
            row: RowId(1),
            key: "k1".to_owned(),
            place: RowPlace::of(1, 2),
            turns: turns.collect(),
            attempts: 1,
            attempted: Default::default(),
            is_own: true,
        }
    }

    #[test]
    fn what_is_done_last_is_undone_first_and_once() {
        let undo = |of, turn, begun| UndoFate::Undo(Undoing { of, turn, begun });
        for (words, run, fate) in [
            ("1+", 1, undo(0, 2, Begun::No)),
            ("1-", 1, UndoFate::Nothing),
            ("1?", 1, UndoFate::InDoubt),
            ("1+ 2u+", 1, UndoFate::Undone),
            ("1+ 2u-", 1, undo(0, 2, Begun::No)),
            ("1+ 2u?", 1, undo(0, 2, Begun::MayHaveActed)),
            ("1+ 2+", 1, UndoFate::Superseded { run: 2 }),
            ("1+ 2+", 2, undo(1, 3, Begun::No)),
            ("1+ 2?", 1, UndoFate::Superseded { run: 2 }),
            ("1+ 2-", 1, UndoFate::Superseded { run: 2 }),
            ("1+ 2+ 3u+", 1, undo(0, 4, Begun::No)),
            ("1+ 2+ 3u+", 2, UndoFate::Undone),
            ("1+ 2u+ 3+", 1, UndoFate::Undone),
            ("1+ 2u+ 3+", 3, undo(2, 4, Begun::No)),
            ("1+ 2+ 3u?", 1, UndoFate::InDoubt),
        ] {
            assert_eq!(undo_fate(&row(words), run), fate, "{words}, run {run}");
        }
    }
}
