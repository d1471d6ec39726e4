//! Rows that lack a column which no row has had so far: where none ever has it, its name is wrong in the job, and that is told
//! once instead of a mistake on each row.
//!
//! Only a column that the first row lacks is waited for. It keeps sixteen bytes a row as long as no row has the column.

use std::sync::Arc;

use crate::text::diagnostic::{Diagnostic, Place};

use super::row_problem::RowProblem;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Lacking(Vec<Held>);

/// The rows that lack a column.
#[derive(Debug)]
struct Held {
    column: Arc<str>,
    /// What was told of the first of them.
    first: Diagnostic,
    /// Row and line of the others.
    others: Vec<(u64, u64)>,
}

impl Lacking {
    /// Whether nothing is held back, so that a sound row changes nothing.
    pub(super) fn holds_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in what is wrong with a row, and gives what is to be told by now.
    pub(super) fn hold_back(
        &mut self,
        problems: Vec<RowProblem>,
        is_first: bool,
    ) -> Vec<RowProblem> {
        if self.0.is_empty() && !is_first {
            return problems;
        }
        let lacks = |problem: &RowProblem| match problem {
            RowProblem::Written(problem) => problem.lacks.clone(),
            _ => None,
        };
        // A row without that mistake has the column, or need not have it: then it is a mistake of the others.
        let lacked: Vec<Arc<str>> = problems.iter().filter_map(lacks).collect();
        let mut told = self.release(|column| !lacked.iter().any(|name| **name == *column));
        for problem in problems {
            match problem {
                RowProblem::Written(problem) => match self.hold(problem, is_first) {
                    Ok(()) => {}
                    Err(problem) => told.push(RowProblem::Written(*problem)),
                },
                problem => told.push(problem),
            }
        }
        told
    }

    /// Holds a mistake back, or gives it back.
    fn hold(&mut self, problem: Diagnostic, is_first: bool) -> Result<(), Box<Diagnostic>> {
        let (Some(column), Place::Row(place)) = (&problem.lacks, &problem.place) else {
            return Err(Box::new(problem));
        };
        // Of one column several fields may come.
        let is_known = |held: &&mut Held| held.column == *column && is_like(&held.first, &problem);
        match self.0.iter_mut().find(is_known) {
            Some(held) => held.others.push((place.row.row, place.row.line)),
            None if is_first => {
                let column = Arc::clone(column);
                self.0.push(Held { column, first: problem, others: Vec::new() });
            }
            None => return Err(Box::new(problem)),
        }
        Ok(())
    }

    /// What was held back of the columns that are wanted, in the order of the rows; nothing more is held back of any column
    /// of these.
    pub(super) fn release(&mut self, wants: impl Fn(&str) -> bool) -> Vec<RowProblem> {
        let (wanted, kept): (Vec<Held>, Vec<Held>) =
            std::mem::take(&mut self.0).into_iter().partition(|held| wants(&held.column));
        self.0 = kept;
        let mut all: Vec<Diagnostic> = Vec::new();
        for Held { first, others, .. } in wanted {
            let others = others.into_iter().map(|at| of_row(&first, at));
            all.extend(others);
            all.push(first);
        }
        all.sort_by_key(row_of);
        all.into_iter().map(RowProblem::Written).collect()
    }
}

/// Whether two mistakes differ in nothing but the row.
fn is_like(one: &Diagnostic, other: &Diagnostic) -> bool {
    let (Place::Row(one_place), Place::Row(other_place)) = (&one.place, &other.place) else {
        return false;
    };
    let is_of_one_cell =
        (&one_place.column, &one_place.pointer) == (&other_place.column, &other_place.pointer);
    let says_the_same = one.message == other.message && one.hint == other.hint;
    is_of_one_cell && one.code == other.code && says_the_same
}

fn row_of(problem: &Diagnostic) -> u64 {
    match &problem.place {
        Place::Row(place) => place.row.row,
        _ => 0,
    }
}

/// The same mistake of another row.
fn of_row(problem: &Diagnostic, (row, line): (u64, u64)) -> Diagnostic {
    let mut problem = problem.clone();
    if let Place::Row(place) = &mut problem.place {
        (place.row.row, place.row.line) = (row, line);
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::code::Code;
    use crate::text::place::RowPlace;

    fn lacks(row: u64, column: &str) -> RowProblem {
        let place = RowPlace::of(row, row + 1).into();
        let problem = Diagnostic::error(Code::MissingField, place, format!("no {column}"));
        RowProblem::Written(Diagnostic { lacks: Some(column.into()), ..problem })
    }

    #[test]
    fn each_field_that_comes_of_one_column_is_held_back() {
        let field = |row: u64, name: &str| {
            let RowProblem::Written(problem) = lacks(row, "a") else { unreachable!() };
            RowProblem::Written(Diagnostic { message: format!("{name} is missing"), ..problem })
        };
        let mut lacking = Lacking::default();
        for row in 1..=3 {
            let problems = vec![field(row, "note"), field(row, "subject")];
            assert!(lacking.hold_back(problems, row == 1).is_empty(), "row {row}");
        }
        assert_eq!(rows(lacking.release(|_| true)), [1, 1, 2, 2, 3, 3]);
    }

    fn rows(problems: Vec<RowProblem>) -> Vec<u64> {
        let row = |problem: &RowProblem| match problem {
            RowProblem::Written(problem) => row_of(problem),
            _ => 0,
        };
        problems.iter().map(row).collect()
    }

    #[test]
    fn what_every_row_lacks_is_told_of_none_and_what_some_lack_is_told_of_each() {
        let mut lacking = Lacking::default();
        for row in 1..=4 {
            let told = lacking.hold_back(vec![lacks(row, "a"), lacks(row, "b")], row == 1);
            assert!(told.is_empty());
        }
        // The fifth row has `b`.
        assert_eq!(rows(lacking.hold_back(vec![lacks(5, "a")], false)), [1, 2, 3, 4]);
        assert_eq!(rows(lacking.hold_back(vec![lacks(6, "a"), lacks(6, "b")], false)), [6]);
        assert!(lacking.release(|column| column != "a").is_empty());
        assert_eq!(rows(lacking.release(|_| true)), [1, 2, 3, 4, 5, 6]);
        // Nothing is held back of a column that the first row has.
        assert_eq!(rows(Lacking::default().hold_back(vec![lacks(2, "a")], false)), [2]);
    }
}
