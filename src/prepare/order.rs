//! When a row is its turn, where the job has an `order_by`; and the source in that order.
//!
//! Deliberately not here: how rows wait. Of the same turn are rows in the order of their source.

use std::sync::Arc;

use crate::source::{Collected, Collector, LONGEST_TURN, Read, Record, Source, Turn, no_room};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::Preparer;
use super::mapping::{Mapped, Row};

const HINT: &str = "`order_by` is a whole number or a text, as in {{ created_at | epoch_ms }}";

impl Preparer {
    /// The source in the order that the job asks for: read to its end, if it asks for one.
    ///
    /// # Errors
    /// There is no room for its rows to wait.
    pub(crate) fn in_order(&mut self, source: Source) -> Result<Source, Vec<Diagnostic>> {
        if self.order.is_none() {
            return Ok(self.unfolded(source));
        }
        let name = Arc::clone(source.name());
        let collected = self.collect(source).map_err(|error| vec![no_room(&name, error)])?;
        self.collected = Some(Arc::clone(&collected));
        Ok(self.unfolded(Source::ordered(collected)))
    }

    fn collect(&self, mut source: Source) -> std::io::Result<Arc<Collected>> {
        let mut collector = Collector::new()?;
        let mut record = Record::default();
        loop {
            match source.next(&mut record) {
                Read::Row if self.unreadable_cells(&record, &self.used).next().is_some() => {
                    collector.add(&record, Turn::Unknown)?;
                }
                // What is wrong with a turn is told with the row.
                Read::Row => {
                    let kept = self.kept();
                    let turn = self.turn(self.row(&record, &kept)).unwrap_or(Turn::Unknown);
                    collector.add(&record, turn)?;
                }
                Read::Problem(problem) => collector.add_problem(&problem)?,
                Read::End => return collector.finish(&source),
            }
        }
    }

    /// Refuses a row whose turn nothing says, where the job asks for an order; but where the same was told of the row already.
    pub(super) fn refuse_turn(
        &self,
        row: Row<'_, '_>,
        first: usize,
        problems: &mut Vec<Diagnostic>,
    ) {
        let Err(refused) = self.turn(row) else { return };
        let is_told = |problem: &Diagnostic| {
            problem.code == refused.code && problem.message.ends_with(&refused.message)
        };
        if !problems[first..].iter().any(is_told) {
            problems.push(refused);
        }
    }

    /// What a row is put in order by, where that is a moment: unix milliseconds.
    pub(super) fn turn_moment(&self, row: Row<'_, '_>) -> Option<i64> {
        self.order.as_ref()?;
        match self.turn(row).ok()? {
            Turn::Number(number) => moment_of(number),
            Turn::Text(text) => {
                let moment: jiff::Timestamp = text.trim().parse().ok()?;
                Some(moment.as_millisecond())
            }
            Turn::Unknown => None,
        }
    }

    fn turn<'a>(&'a self, row: Row<'a, '_>) -> Result<Turn<'a>, Diagnostic> {
        let Some(origin) = &self.order else { return Ok(Turn::Unknown) };
        let refuse = |code, message: String| {
            let place = Place::Row(self.place(row.record, origin.only_column(), None));
            Diagnostic::error(code, place, message).hint(HINT)
        };
        let wrong = |message: &str| Err(refuse(Code::Expression, message.to_owned()));
        match origin.value(row) {
            Ok(Mapped::Integer(number)) => Ok(Turn::Number(number)),
            Ok(Mapped::Number(text)) => match text.parse() {
                Ok(number) => Ok(Turn::Number(number)),
                Err(_) => wrong("what the row is put in order by is no whole number"),
            },
            Ok(Mapped::Text(text)) if text.trim().is_empty() => {
                wrong("what the row is put in order by is empty")
            }
            Ok(Mapped::Text(text)) if text.len() > LONGEST_TURN => Err(refuse(
                Code::Expression,
                format!("what the row is put in order by is longer than {LONGEST_TURN} bytes"),
            )),
            Ok(Mapped::Text(text)) => Ok(Turn::Text(text)),
            Ok(Mapped::Absent) => wrong("what the row is put in order by is empty"),
            Ok(Mapped::Bool(_) | Mapped::Json(_)) => {
                wrong("what the row is put in order by is neither a number nor a text")
            }
            Err(error) => {
                let problem = refuse(error.code(), error.to_string()).about(error.about());
                Err(Diagnostic { hint: error.hint().or(problem.hint.clone()), ..problem })
            }
        }
    }
}

/// A number as a moment, in unix milliseconds: from the year 2001 on it is one in seconds or in milliseconds.
fn moment_of(number: impl TryInto<i64>) -> Option<i64> {
    let number = number.try_into().ok()?;
    match number {
        1_000_000_000..100_000_000_000 => Some(number * 1_000),
        100_000_000_000..100_000_000_000_000 => Some(number),
        _ => None,
    }
}
