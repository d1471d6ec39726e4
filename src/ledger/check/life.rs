//! The life of a row as its attempts tell it, and what in it cannot have happened. Pure.

use rusqlite::Row;

use super::Problem;
use crate::row::IllegalTransition;
use crate::row::Outcome;
use crate::row::RowState;

/// An attempt, as far as it says what became of its row.
pub(super) struct Attempt {
    pub number: i64,
    pub run: i64,
    outcome: Option<String>,
    has_ended: bool,
    remote_id: Option<String>,
}

impl Attempt {
    /// From its columns in this order; after them come those that are only read, since a run will.
    pub fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        for column in 5..row.as_ref().column_count() {
            row.get::<_, Option<String>>(column)?;
        }
        Ok(Self {
            number: row.get(0)?,
            run: row.get(1)?,
            outcome: row.get(2)?,
            has_ended: row.get(3)?,
            remote_id: row.get(4)?,
        })
    }
}

/// What became of a row, attempt by attempt.
pub(super) struct Life {
    pub state: RowState,
    /// The number of the last attempt; 0 before the first.
    pub last: i64,
    /// The run of the last attempt.
    pub run: i64,
    /// Whether the last attempt was settled by looking.
    pub was_found: bool,
    /// What follows cannot be judged any more.
    pub broken: bool,
}

impl Default for Life {
    fn default() -> Self {
        Self { state: RowState::NotStarted, last: 0, run: 0, was_found: false, broken: false }
    }
}

impl Life {
    /// Takes the next attempt in; gives what is wrong with it.
    pub fn follow(&mut self, attempt: &Attempt) -> Vec<Problem> {
        let number = attempt.number;
        let mut problems = Vec::new();
        if number != self.last.saturating_add(1) && !self.broken {
            problems.push(Problem::Gap { expected: self.last.saturating_add(1), found: number });
            self.broken = true;
        }
        (self.last, self.run) = (number, attempt.run);
        if attempt.outcome.is_some() != attempt.has_ended {
            problems.push(Problem::HalfEnded { attempt: number });
        }
        let after_success = matches!(self.state, RowState::Succeeded { .. });
        match self.step(attempt) {
            Ok(()) => {}
            Err(Problem::Impossible { .. }) if after_success => {
                problems.push(Problem::AfterSuccess { attempt: number });
            }
            Err(problem) => problems.push(problem),
        }
        problems
    }

    fn step(&mut self, attempt: &Attempt) -> Result<(), Problem> {
        let number = attempt.number;
        let impossible = |error: IllegalTransition| Problem::Impossible {
            attempt: number,
            cause: error.to_string(),
        };
        let broken = std::mem::replace(&mut self.broken, true);
        let mut state = self.state.clone().after(self.state.start()).map_err(impossible)?;
        self.was_found = false;
        if let Some(word) = &attempt.outcome {
            let outcome = Outcome::parse(word)
                .ok_or_else(|| Problem::UnknownOutcome { attempt: number, word: word.clone() })?;
            self.was_found = outcome == Outcome::Found;
            state = state.after(outcome.event(attempt.remote_id.clone())).map_err(impossible)?;
        }
        (self.state, self.broken) = (state, broken);
        Ok(())
    }

    /// The state in the words of the output.
    pub fn word(&self) -> &'static str {
        match self.state {
            RowState::NotStarted | RowState::Deferred { .. } => "not_started",
            RowState::Started { .. } | RowState::InDoubt { .. } => "in_doubt",
            RowState::Succeeded { .. } => "succeeded",
            RowState::Refused { .. } | RowState::GivenUp { .. } => "failed",
        }
    }
}
